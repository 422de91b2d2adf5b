//! Who took over and why, what it cost, and what is not to blame: stories of one incident each.

use pgautopsy::report::{Incident, Statement, VerdictKind, build};
use pgautopsy::run::{Settings, files_in, timeline_of};

/// The first incident of a bundle in one literal.
fn incident(bundle: &str) -> Incident {
    let (timeline, incidents) = timeline_of(&files_in(bundle), &Settings::default());
    build(&timeline, &incidents, &[], Vec::new()).incidents.into_iter().next().expect("an incident")
}

fn says(statements: &[Statement], part: &str) -> bool {
    statements.iter().any(|s| s.text.contains(part))
}

/// Patroni of pg1 stands still for 50 s; pg2 takes over after ttl; pg1 wakes up, stops and is rewound.
const FROZEN: &str = "//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:00,123 INFO: Demoting self (immediate-nolock)
2026-03-04 10:01:01,123 INFO: demoted self because failed to update leader lock in DCS
2026-03-04 10:01:12,123 INFO: running pg_rewind from pg2
2026-03-04 10:01:13,123 INFO: pg_rewind exit code=0
2026-03-04 10:01:23,123 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
//- pg1/postgresql.log
2026-03-04 10:01:00.223 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:01:00.224 UTC [900] WARNING:  terminating connection because of crash of another server process
2026-03-04 10:01:00.523 UTC [811] LOG:  database system is shut down
//- pg2/patroni.log
2026-03-04 10:00:02,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:12,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:42,223 WARNING: Request failed to pg1: GET http://10.0.0.1:8008/patroni (HTTPConnectionPool(host='10.0.0.1', port=8008): Max retries exceeded with url: /patroni (Caused by ReadTimeoutError('Read timed out. (read timeout=2)')))
2026-03-04 10:00:42,225 INFO: promoted self to leader by acquiring session lock
2026-03-04 10:00:52,225 INFO: no action. I am (pg2), the leader with the lock
//- pg3/patroni.log
2026-03-04 10:00:03,223 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:13,223 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:42,233 INFO: My wal position exceeds maximum replication lag
2026-03-04 10:00:42,234 INFO: following a different leader because i am not the healthiest node
";

#[test]
fn the_winner_and_the_loser_are_told_with_their_reasons() {
    let i = incident(FROZEN);
    assert!(says(&i.succession, "pg2 took over"), "{:#?}", i.succession);
    assert!(says(&i.succession, "pg3 did not take over"), "{:#?}", i.succession);
    assert!(says(&i.succession, "maximum_lag_on_failover"), "{:#?}", i.succession);
}

#[test]
fn two_primaries_and_a_rewind_are_counted_as_damage() {
    let i = incident(FROZEN);
    assert!(says(&i.cost, "two primaries for up to 1"), "{:#?}", i.cost);
    assert!(says(&i.cost, "pg1 was rewound"), "{:#?}", i.cost);
}

#[test]
fn an_old_primary_that_stopped_first_is_no_second_one() {
    // The same, but pg1 demotes itself before pg2 is promoted.
    let early = FROZEN.replace("10:01:0", "10:00:2");
    let i = incident(&early);
    assert!(!says(&i.cost, "two primaries"), "{:#?}", i.cost);
}

#[test]
fn sessions_that_end_at_an_immediate_shutdown_saw_no_crash() {
    let i = incident(FROZEN);
    assert!(says(&i.do_not_blame, "immediate shutdown"), "{:#?}", i.do_not_blame);
    assert!(i.do_not_blame.iter().all(|s| !s.evidence.is_empty()));
    // A real crash keeps its echo.
    let crash = FROZEN.replace(
        "LOG:  received immediate shutdown request",
        "LOG:  server process (PID 900) was terminated by signal 11: Segmentation fault",
    );
    assert!(!says(&incident(&crash).do_not_blame, "immediate shutdown"));
}

#[test]
fn nobody_took_over_because_nobody_was_asked() {
    let alone = FROZEN.split("//- pg2/patroni.log").next().unwrap();
    let i = incident(alone);
    assert!(says(&i.succession, "cannot be told"), "{:#?}", i.succession);
}

/// As seen on a real cluster: a library that does not exist was set, and a restart asked for.
#[test]
fn a_restart_that_was_asked_for_and_fails_is_no_planned_change() {
    let beat = |s: u32| format!("2026-03-04 10:00:{s:02},010 INFO: no action. I am (pg1), the leader with the lock\n");
    let asked =
        "2026-03-04 10:00:29,700 INFO: restart initiated\n2026-03-04 10:00:29,701 INFO: Restart request received\n";
    let ends = "2026-03-04 10:00:34,209 ERROR: postmaster is not running\n2026-03-04 10:00:34,349 INFO: removed leader key after trying and failing to start postgres\n2026-03-04 10:00:34,350 WARNING: Postgresql is not running.\n";
    let well = format!("2026-03-04 10:00:32,100 INFO: postmaster pid=1086\n{}{}", beat(35), beat(45));
    let bundle = |after: &str| {
        let old = format!("{}{}{asked}{after}", beat(10), beat(20));
        format!(
            "//- pg1/patroni.log\n{old}//- pg1/postgresql.log\n2026-03-04 10:00:29.810 UTC [77] LOG:  received fast shutdown request\n2026-03-04 10:00:30.100 UTC [77] LOG:  database system is shut down\n"
        )
    };
    let taken = "//- pg2/patroni.log\n2026-03-04 10:00:10,210 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)\n2026-03-04 10:00:20,210 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)\n2026-03-04 10:00:34,520 INFO: promoted self to leader by acquiring session lock\n";
    let failed = incident(&format!("{}{taken}", bundle(ends)));
    assert_eq!(failed.verdict.kind, VerdictKind::Cause, "{}", failed.verdict.headline);
    assert_eq!(failed.verdict.root_cause.as_deref(), Some("planned_or_external_action"));
    let fine = incident(&bundle(&well));
    assert_eq!(fine.verdict.kind, VerdictKind::NoIncident, "{}", fine.verdict.headline);
}

#[test]
fn a_replica_that_is_stopped_in_order_did_not_fail() {
    let leader = |s: u32| {
        format!("2026-03-04 10:{:02}:{:02},010 INFO: no action. I am (pg1), the leader with the lock\n", s / 60, s % 60)
    };
    let follows = |s: u32| {
        format!(
            "2026-03-04 10:{:02}:{:02},110 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)\n",
            s / 60,
            s % 60
        )
    };
    let beats = |f: &dyn Fn(u32) -> String, from: u32, to: u32| (from..=to).step_by(10).map(f).collect::<String>();
    let bundle = format!(
        "//- pg1/patroni.log\n{}//- pg2/patroni.log\n{}2026-03-04 10:01:57,249 WARNING: Postgresql is not running.\n2026-03-04 10:01:58,249 INFO: starting as a secondary\n{}//- pg2/postgresql.log\n2026-03-04 10:00:00.100 UTC [77] LOG:  checkpoint starting: time\n2026-03-04 10:01:23.810 UTC [77] LOG:  received fast shutdown request\n2026-03-04 10:01:24.100 UTC [77] LOG:  database system is shut down\n",
        beats(&leader, 0, 240),
        beats(&follows, 0, 80),
        beats(&follows, 130, 240)
    );
    let stopped = incident(&bundle);
    assert_eq!(stopped.verdict.kind, VerdictKind::NoIncident, "{}", stopped.verdict.headline);
    let crashed = incident(&bundle.replace(
        "received fast shutdown request",
        "server process (PID 99) was terminated by signal 11: Segmentation fault",
    ));
    assert_ne!(crashed.verdict.kind, VerdictKind::NoIncident, "{}", crashed.verdict.headline);
}
