//! Stories about zones.

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
