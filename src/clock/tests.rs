//! Stories about zones.

use crate::model::rfc3339;
use crate::run::{Settings, timeline_of};

/// Zone and reason of the Patroni stream of one file.
fn patroni_zone(log: &str) -> (String, String) {
    let (t, _) = timeline_of(&[("h/patroni.log".to_owned(), log.to_owned())], &Settings::default());
    let clock = t.clocks.of_stream.first().and_then(|c| c.first()).unwrap();
    (clock.label.clone(), clock.why.clone())
}

#[test]
fn postgresqls_lines_in_patronis_output_tell_patronis_zone() {
    let log = "2019-04-28 12:19:25,079 INFO: starting as a secondary\n\
        2019-04-28 09:19:25.148 GMT [26252] LOG:  listening on IPv4 address \"10.0.0.1\", port 5432\n\
        2019-04-28 12:19:26,170 INFO: acquired session lock as a leader\n";
    let (zone, why) = patroni_zone(log);
    assert_eq!(zone, "UTC+03:00", "{why}");
    assert!(why.contains("beside"), "{why}");
}

#[test]
fn lines_of_other_hours_pasted_together_tell_nothing() {
    // Twice the writer changes, with two different distances.
    let log = "2019-04-28 12:19:25,079 INFO: starting as a secondary\n\
        2019-04-28 09:19:25.148 GMT [26252] LOG:  listening on IPv4 address \"10.0.0.1\", port 5432\n\
        2019-04-28 12:19:26,170 INFO: acquired session lock as a leader\n\
        2019-04-28 07:34:26.148 GMT [26252] LOG:  listening on IPv4 address \"10.0.0.1\", port 5432\n\
        2019-04-28 12:19:27,170 INFO: acquired session lock as a leader\n";
    assert!(patroni_zone(log).1.starts_with("assumed"), "{:?}", patroni_zone(log));
}

/// What a bundle shows: kind of each incident with its time, and the heartbeats' runs.
fn story(files: &[(&str, String)]) -> (Vec<String>, Vec<String>) {
    let files: Vec<(String, String)> = files.iter().map(|(p, t)| ((*p).to_owned(), t.clone())).collect();
    let (t, incidents) = crate::run::timeline_of(&files, &crate::run::Settings::default());
    let beats = t.beats.iter().map(|b| format!("{} to {}", rfc3339(b.from), rfc3339(b.to)));
    (incidents.iter().map(|i| format!("{} {}", i.kind.id(), rfc3339(i.at))).collect(), beats.collect())
}

#[test]
fn a_system_log_without_years_goes_on_over_new_year() {
    let beat = |at: &str| format!("{at} a patroni[7]: INFO: no action. I am (a), the leader with the lock\n");
    let log = beat("Dec 31 23:59:42") + &beat("Dec 31 23:59:52") + &beat("Jan  1 00:00:02") + &beat("Jan  1 00:00:12");
    let dated = "2024-01-01 00:00:05.000 UTC [812] LOG:  checkpoint starting: time\n".to_owned();
    let (incidents, beats) = story(&[("a/messages", log), ("a/postgresql.log", dated)]);
    assert_eq!(incidents, [""; 0]);
    // Ten seconds apart: no hole.
    assert_eq!(
        beats,
        [
            "2023-12-31T23:59:42.000Z to 2023-12-31T23:59:52.000Z",
            "2024-01-01T00:00:02.000Z to 2024-01-01T00:00:12.000Z"
        ]
    );
}

#[test]
fn an_export_that_is_newest_first_tells_the_same() {
    let lines = [
        "2024-05-01 10:00:00,000 INFO: no action. I am (a), the leader with the lock",
        "2024-05-01 10:00:10,000 INFO: no action. I am (a), the leader with the lock",
        "2024-05-01 10:00:20,000 INFO: no action. I am (a), the leader with the lock",
        "2024-05-01 10:00:31,000 ERROR: failed to update leader lock",
        "2024-05-01 10:00:31,010 INFO: Demoting self (immediate-nolock)",
        "2024-05-01 10:00:33,000 INFO: demoted self because failed to update leader lock in DCS",
    ];
    let text = |lines: &mut dyn Iterator<Item = &&str>| lines.map(|l| format!("{l}\n")).collect::<String>();
    let forward = story(&[("a/patroni.log", text(&mut lines.iter()))]);
    assert_eq!(forward.0, ["demotion 2024-05-01T10:00:31.010Z"]);
    assert_eq!(story(&[("a/patroni.log", text(&mut lines.iter().rev()))]), forward);
}

#[test]
fn files_named_for_weekdays_are_placed_by_their_lines() {
    // A week has seven of them: one of today's name may be a week old, or be today's.
    let line = |at: &str, text: &str| format!("{at} UTC [812] LOG:  {text}\n");
    let files = [
        ("a/postgresql-Fri.log", line("2024-05-03 09:00:00.000", "checkpoint starting: time")),
        (
            "a/postgresql-Sat.log",
            line("2024-05-04 00:00:10.000", "server process (PID 5) was terminated by signal 11: Segmentation fault"),
        ),
        (
            "a/postgresql-Sun.log",
            line("2024-04-28 00:00:10.000", "server process (PID 6) was terminated by signal 11: Segmentation fault"),
        ),
    ];
    assert_eq!(story(&files).0, ["crash 2024-04-28T00:00:10.000Z", "crash 2024-05-04T00:00:10.000Z"]);
}

#[test]
fn a_clock_that_is_put_forward_is_no_silence_of_the_primary() {
    let beat = |at: &str| format!("2024-05-01 {at},000 INFO: no action. I am (a), the leader with the lock\n");
    let log = beat("10:00:00") + &beat("10:00:10") + &beat("10:00:20") + &beat("10:02:30") + &beat("10:02:40");
    let chrony =
        "2024-05-01T10:02:25.000000+00:00 a chronyd[9]: System clock was stepped by 120.000000 seconds\n".to_owned();
    let (incidents, beats) = story(&[("a/patroni.log", log), ("a/syslog", chrony)]);
    assert_eq!((incidents.len(), beats.len()), (0, 2), "{incidents:?}");
}
