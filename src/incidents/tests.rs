//! Which incidents a bundle holds: kind, whose, planned or not.

use super::Kind;
use crate::model::SECOND;
use crate::run;
use expect_test::{Expect, expect};

/// One line an incident: kind, planned, old and new primary, seconds of the episode, hosts.
fn check(bundle: &str, expect: Expect) {
    let (t, incidents) = run::timeline_of(&run::files_in(bundle), &run::Settings::default());
    let name = |n: Option<crate::model::NodeId>| n.map_or_else(|| "-".to_owned(), |n| t.name(n).to_string());
    let mut out = String::new();
    for x in &incidents {
        let hosts: Vec<String> = x.nodes.iter().map(|n| t.name(*n).to_string()).collect();
        let planned = if x.planned { ", planned" } else { "" };
        let length = (x.span.to - x.span.from) / 1_000_000;
        out.push_str(&format!(
            "{}{planned}: {} to {}, {length} s, {}\n",
            x.kind.id(),
            name(x.old),
            name(x.new),
            hosts.join(" ")
        ));
    }
    expect.assert_eq(&out);
}

#[test]
fn a_switchover_that_waits_for_the_shutdown_is_one_incident() {
    check(
        r#"//- a1/patroni.log
2025-08-08 19:59:56,000 INFO: no action. I am (a1), the leader with the lock
2025-08-08 20:00:06,000 INFO: received switchover request with leader=a1 candidate=a2 scheduled_at=None
2025-08-08 20:00:06,210 INFO: Demoting self (graceful)
2025-08-08 20:02:37,000 INFO: Leader key released
//- a2/patroni.log
2025-08-08 19:59:56,030 INFO: no action. I am (a2), a secondary, and following a leader (a1)
2025-08-08 20:02:37,100 INFO: Cleaning up failover key after acquiring leader lock...
2025-08-08 20:02:37,200 INFO: promoted self to leader by acquiring session lock
2025-08-08 20:02:47,200 INFO: no action. I am (a2), the leader with the lock
"#,
        expect![[r#"
            switchover, planned: a1 to a2, 151 s, a1 a2
        "#]],
    );
}

#[test]
fn recovery_under_its_own_lock_is_no_demotion() {
    check(
        r#"//- n1/patroni.log
2022-04-18 00:08:41,115 INFO: Lock owner: n1; I am n1
2022-04-18 00:08:51,115 WARNING: Postgresql is not running.
2022-04-18 00:08:51,131 INFO: starting as readonly because i had the session lock
2022-04-18 00:08:51,302 INFO: postmaster pid=976613
2022-04-18 00:08:52,407 INFO: promoted self to leader because i had the session lock
"#,
        expect![[r#"
            crash: n1 to -, 1 s, n1
        "#]],
    );
}

#[test]
fn a_replica_that_is_rebooted_in_order_did_not_crash() {
    check(
        r#"//- y1/patroni.log
2025-04-04 02:59:50,000 INFO: no action. I am (y1), the leader with the lock
2025-04-04 03:00:00,000 INFO: no action. I am (y1), the leader with the lock
2025-04-04 03:00:10,000 INFO: no action. I am (y1), the leader with the lock
2025-04-04 03:00:20,000 INFO: no action. I am (y1), the leader with the lock
2025-04-04 03:00:30,000 INFO: no action. I am (y1), the leader with the lock
2025-04-04 03:00:40,000 INFO: no action. I am (y1), the leader with the lock
2025-04-04 03:00:50,000 INFO: no action. I am (y1), the leader with the lock
2025-04-04 03:01:00,000 INFO: no action. I am (y1), the leader with the lock
//- y2/patroni.log
2025-04-04 02:59:50,030 INFO: no action. I am (y2), a secondary, and following a leader (y1)
2025-04-04 03:01:01,000 WARNING: Postgresql is not running.
2025-04-04 03:01:01,010 INFO: Lock owner: y1; I am y2
2025-04-04 03:01:01,100 INFO: starting as a secondary
//- y2/journal.txt
Apr 04 03:00:01 y2 systemd[1]: Stopping Patroni...
Apr 04 03:00:03 y2 systemd[1]: Stopped Patroni.
//- y2/postgresql.log
2025-04-04 03:00:02.000 UTC [300] LOG:  received fast shutdown request
2025-04-04 03:00:03.000 UTC [300] LOG:  database system is shut down
"#,
        expect![[r#"
            restart, planned: y1 to -, 60 s, y2 y1
        "#]],
    );
}

#[test]
fn a_replica_that_may_not_log_in_is_an_incident() {
    check(
        r#"//- n1/patroni.log
2020-04-12 16:14:09,762 INFO: Lock owner: n3; I am n1
pg_basebackup: error: could not connect to server: FATAL:  password authentication failed for user "replicator"
2020-04-12 16:14:14,909 ERROR: Error when fetching backup: pg_basebackup exited with code=1
2020-04-12 16:14:14,909 ERROR: failed to bootstrap from leader 'n3'
2020-04-12 16:14:19,754 INFO: Lock owner: n3; I am n1
2020-04-12 16:14:19,762 INFO: trying to bootstrap from leader 'n3'
pg_basebackup: error: could not connect to server: FATAL:  password authentication failed for user "replicator"
2020-04-12 16:14:19,820 ERROR: Error when fetching backup: pg_basebackup exited with code=1
"#,
        expect![[r#"
            start_failure: n3 to -, 10 s, n1
        "#]],
    );
}

#[test]
fn a_replica_on_another_timeline_replicates_nothing_though_patroni_is_content() {
    check(
        r#"//- r1/patroni.log
2025-02-20 17:58:00,030 INFO: no action. I am (r1), a secondary, and following a leader (r2)
2025-02-20 18:00:00,030 INFO: no action. I am (r1), a secondary, and following a leader (r2)
2025-02-20 18:02:00,030 INFO: no action. I am (r1), a secondary, and following a leader (r2)
//- r1/postgresql.log
2025-02-20 17:58:00.000 UTC [611] LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/5000098
2025-02-20 17:59:00.000 UTC [611] LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/5000098
2025-02-20 18:01:00.000 UTC [611] LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/5000098
"#,
        expect![[r#"
            start_failure: r2 to -, 180 s, r1
        "#]],
    );
}

#[test]
fn a_primary_that_slept_lost_its_role_when_the_other_was_promoted() {
    let bundle = r#"//- pg1/patroni.log
2025-04-15 01:00:00,000 INFO: no action. I am (pg1), the leader with the lock
2025-04-15 01:01:00,900 INFO: Lock owner: pg2; I am pg1
2025-04-15 01:01:01,000 ERROR: failed to update leader lock
2025-04-15 01:01:01,100 INFO: Demoting self (immediate-nolock)
//- pg2/patroni.log
2025-04-15 00:59:50,030 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2025-04-15 01:00:00,030 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2025-04-15 01:00:32,400 INFO: promoted self to leader by acquiring session lock
"#;
    let (_, incidents) = run::timeline_of(&run::files_in(bundle), &run::Settings::default());
    let at: Vec<String> = incidents.iter().map(|x| crate::model::rfc3339(x.at)).collect();
    expect![[r#"
        [
            "2025-04-15T01:00:32.400Z",
        ]
    "#]]
    .assert_debug_eq(&at);
}

#[test]
fn one_member_of_etcd_that_dies_alone_is_no_incident() {
    check(
        r#"//- o1/patroni.log
2025-09-29 07:59:50,000 INFO: no action. I am (o1), the leader with the lock
2025-09-29 08:00:00,000 INFO: no action. I am (o1), the leader with the lock
2025-09-29 08:00:10,000 INFO: no action. I am (o1), the leader with the lock
2025-09-29 08:00:20,000 INFO: no action. I am (o1), the leader with the lock
//- o3/syslog
Sep 29 08:00:01 o3 systemd[1]: etcd.service: Main process exited, code=killed, status=9/KILL
Sep 29 08:00:01 o3 systemd[1]: etcd.service: Failed with result 'oom-kill'.
Sep 29 08:00:07 o3 systemd[1]: Started etcd.
"#,
        expect![[r#"
            near_miss: - to -, 0 s, o3 o1
        "#]],
    );
}

#[test]
fn the_first_election_of_a_started_etcd_is_no_part_of_a_crash_after_it() {
    check(
        r#"//- n1/etcd.log
{"level":"info","ts":"2026-03-02T06:02:45.003Z","caller":"embed/etcd.go:307","msg":"starting an etcd server","etcd-version":"3.5.1"}
{"level":"info","ts":"2026-03-02T06:02:45.326Z","logger":"raft","caller":"etcdserver/zap_raft.go:77","msg":"11c6416a5f16511c is starting a new election at term 1"}
{"level":"info","ts":"2026-03-02T06:02:45.327Z","logger":"raft","caller":"etcdserver/zap_raft.go:77","msg":"11c6416a5f16511c became candidate at term 2"}
//- n2/patroni.log
2026-03-02 06:03:05,100 INFO: no action. I am (n2), the leader with the lock
2026-03-02 06:03:15,100 INFO: no action. I am (n2), the leader with the lock
2026-03-02 06:03:29,100 INFO: no action. I am (n2), the leader with the lock
//- n2/postgresql.log
2026-03-02 06:03:25.415 UTC [10490] LOG:  server process (PID 10501) was terminated by signal 9: Killed
2026-03-02 06:03:25.416 UTC [10490] LOG:  terminating any other active server processes
2026-03-02 06:03:27.416 UTC [10490] LOG:  all server processes terminated; reinitializing
"#,
        expect![[r#"
            crash: n2 to -, 2 s, n2
        "#]],
    );
}

#[test]
fn nobody_takes_over_until_the_dead_primary_is_back() {
    check(
        r#"//- n1/patroni.log
2026-03-02 06:03:05,100 INFO: no action. I am (n1), the leader with the lock
2026-03-02 06:03:15,100 INFO: no action. I am (n1), the leader with the lock
2026-03-02 06:04:28,000 WARNING: Postgresql is not running.
2026-03-02 06:04:28,100 INFO: doing crash recovery in a single user mode
2026-03-02 06:04:34,100 INFO: promoted self to leader by acquiring session lock
2026-03-02 06:04:44,100 INFO: no action. I am (n1), the leader with the lock
//- n2/patroni.log
2026-03-02 06:03:15,200 INFO: no action. I am (n2), a secondary, and following a leader (n1)
2026-03-02 06:03:41,200 INFO: My wal position exceeds maximum replication lag
2026-03-02 06:03:41,300 INFO: following a different leader because i am not the healthiest node
2026-03-02 06:04:44,200 INFO: no action. I am (n2), a secondary, and following a leader (n1)
"#,
        expect![[r#"
            no_leader: n1 to n1, 52 s, n1 n2
        "#]],
    );
}

#[test]
fn the_winner_of_a_race_is_not_the_old_primary() {
    check(
        r#"//- n1/patroni.log
2026-03-04 10:00:10,123 INFO: no action. I am (n1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (n1), the leader with the lock
//- n2/patroni.log
2026-03-04 10:00:20,123 INFO: no action. I am (n2), a secondary, and following a leader (n1)
2026-03-04 10:00:50,123 INFO: My wal position exceeds maximum replication lag
//- n3/patroni.log
2026-03-04 10:00:20,123 INFO: no action. I am (n3), a secondary, and following a leader (n1)
2026-03-04 10:00:50,323 INFO: promoted self to leader by acquiring session lock
2026-03-04 10:01:00,123 INFO: no action. I am (n3), the leader with the lock
"#,
        expect![[r#"
            failover: n1 to n3, 0 s, n2 n3 n1
        "#]],
    );
}

/// The forms of the incidents of a bundle.
fn forms(files: &[(&str, String)]) -> Vec<&'static str> {
    let (_, incidents) = run::timeline_of(&owned(files), &run::Settings::default());
    incidents.iter().map(|x| x.form).collect()
}

/// Heartbeats of a leader every ten seconds, between two seconds after 10:00.
fn leads(name: &str, from: u32, to: u32) -> String {
    (from..=to)
        .step_by(10)
        .map(|s| line(s, &format!("INFO: no action. I am ({name}), the leader with the lock")))
        .collect()
}

fn follows(name: &str, from: u32, to: u32) -> String {
    let text = format!("INFO: no action. I am ({name}), a secondary, and following a leader (a)");
    (from..=to).step_by(10).map(|s| line(s, &text)).collect()
}

/// A line of Patroni's, so many seconds after ten.
fn line(s: u32, text: &str) -> String {
    format!("2024-05-01 {:02}:{:02}:{:02},000 {text}\n", 10 + s / 3600, s / 60 % 60, s % 60)
}

fn owned(files: &[(&str, String)]) -> Vec<(String, String)> {
    files.iter().map(|(p, t)| ((*p).to_owned(), t.clone())).collect()
}

fn zap(second: u32, text: &str) -> String {
    format!(
        "{{\"level\":\"warn\",\"ts\":\"2024-05-01T{:02}:{:02}:{:02}.250Z\",\"caller\":\"wal/wal.go:1\",{text}}}\n",
        10 + second / 3600,
        second / 60 % 60,
        second % 60
    )
}

const SLOW: &str = "\"msg\":\"slow fdatasync\",\"took\":\"2.5s\",\"expected-duration\":\"1s\"";

#[test]
fn a_sync_of_seconds_that_nobody_noticed_is_a_near_miss_and_one_on_another_hour_another() {
    let files = [
        ("a/patroni.log", leads("a", 0, 7200)),
        (
            "e/etcd.log",
            zap(600, SLOW) + &zap(630, SLOW) + &zap(5400, SLOW) + &zap(7000, "\"msg\":\"compacted raft log\""),
        ),
    ];
    assert_eq!(forms(&files), ["near_miss_slow_fsync", "near_miss_slow_fsync"]);
    // A slow disk is slow for hours: what comes again within one is one piece of news.
    let hours: String = (0..6).map(|n| zap(600 + n * 1800, SLOW)).collect();
    let files = [("a/patroni.log", leads("a", 0, 14400)), ("e/etcd.log", hours)];
    assert_eq!(forms(&files), ["near_miss_slow_fsync"]);
    // Below a second etcd itself does not complain.
    let quick = SLOW.replace("2.5s", "800ms");
    let files = [("a/patroni.log", leads("a", 0, 7200)), ("e/etcd.log", zap(600, &quick))];
    assert_eq!(forms(&files), [""; 0]);
}

#[test]
fn an_election_without_a_failover_is_a_near_miss_but_not_that_of_starting_members() {
    let won = "\"msg\":\"be57c3b2fc3623e8 became leader at term 7\"";
    let lost = "\"msg\":\"raft.node: be57c3b2fc3623e8 lost leader e33aad917e0c358c at term 7\"";
    let files = [
        ("a/patroni.log", leads("a", 0, 1200)),
        ("e/etcd.log", zap(599, lost) + &zap(600, won) + &zap(1100, "\"msg\":\"compacted raft log\"")),
    ];
    assert_eq!(forms(&files), ["near_miss_election"]);
    let start = "\"msg\":\"starting an etcd server\"";
    let files = [("a/patroni.log", leads("a", 0, 1200)), ("e/etcd.log", zap(590, start) + &zap(600, won))];
    assert_eq!(forms(&files), [""; 0]);
}

/// As when somebody deletes the key, or all keys, of a healthy cluster: seen on a real one.
#[test]
fn a_leader_that_takes_its_own_lock_anew_is_a_near_miss_unless_it_was_away() {
    let beat = |s: u32| {
        format!("2024-05-01 10:{:02}:{:02},010 INFO: no action. I am (a), the leader with the lock\n", s / 60, s % 60)
    };
    let log = |between: &str| {
        let before: String = (0..=30).step_by(10).map(beat).collect();
        let after: String = (40..=90).step_by(10).map(beat).collect();
        format!("{before}{between}2024-05-01 10:00:34,871 INFO: acquired session lock as a leader\n{after}")
    };
    assert_eq!(forms(&[("a/patroni.log", log(""))]), ["near_miss_key_vanished"]);
    let restarted = "2024-05-01 10:00:33,100 INFO: No PostgreSQL configuration items changed, nothing to reload.\n2024-05-01 10:00:32,000 INFO: Patroni 4.1.5 started\n2024-05-01 10:00:31,900 INFO: Selected new etcd server http://10.0.0.1:2379\n";
    let away = format!("2024-05-01 10:00:31,000 ERROR: failed to update leader lock\n{restarted}");
    assert!(!forms(&[("a/patroni.log", log(&away))]).contains(&"near_miss_key_vanished"), "its own doing");
}

#[test]
fn a_renewal_that_needed_more_than_half_of_ttl_is_a_near_miss() {
    let timeout = "2024-05-01 10:10:14,000 ERROR: Request to server http://10.0.0.1:2379 failed: ReadTimeoutError(\"HTTPConnectionPool(host='10.0.0.1', port=2379): Read timed out. (read timeout=3.3)\")\n";
    let log = leads("a", 0, 600) + timeout + &leads("a", 628, 1200);
    assert_eq!(forms(&[("a/patroni.log", log)]), ["near_miss_late_renewal"]);
    let log = leads("a", 0, 600) + timeout + &leads("a", 617, 1200);
    assert_eq!(forms(&[("a/patroni.log", log)]), [""; 0]);
}

#[test]
fn twenty_turns_of_a_crash_loop_are_one_incident() {
    let mut log = leads("a", 0, 600);
    for turn in 0..20 {
        let s = 610 + turn * 100;
        let at = |s: u32| format!("2024-05-01 {:02}:{:02}:{:02},000", 10 + s / 3600, s / 60 % 60, s % 60);
        log += &format!(
            "{} WARNING: Postgresql is not running.\n{} INFO: starting as readonly because i had the session lock\n",
            at(s),
            at(s + 1)
        );
    }
    assert_eq!(forms(&[("a/patroni.log", log)]).len(), 1);
}

#[test]
fn a_log_that_begins_within_a_members_start_shows_no_outage() {
    let asks = "\"msg\":\"be57c3b2fc3623e8 is starting a new election at term 1\"";
    let serves = "\"msg\":\"ready to serve client requests\"";
    let files = [("e/etcd.log", zap(0, asks) + &zap(1, serves) + &zap(900, "\"msg\":\"compacted raft log\""))];
    assert_eq!(forms(&files), [""; 0]);
    // The same in the middle of its life is trouble.
    let files = [("e/etcd.log", zap(0, "\"msg\":\"compacted raft log\"") + &zap(900, asks) + &zap(910, asks))];
    assert_eq!(forms(&files).len(), 1);
}

#[test]
fn a_history_does_not_tie_a_promotion_to_trouble_that_was_long_over() {
    let timeout = "2024-05-01 10:10:14,000 ERROR: Request to server http://10.0.0.1:2379 failed: ReadTimeoutError(\"HTTPConnectionPool(host='10.0.0.1', port=2379): Read timed out. (read timeout=3.3)\")\n";
    let files = [
        ("a/patroni.log", leads("a", 0, 600) + timeout),
        (
            "a/patronictl_history.txt",
            "| 4 | 83886080 | no recovery target specified | 2024-05-01T10:13:40.000000+00:00 | b |\n".to_owned(),
        ),
    ];
    let (_, incidents) = run::timeline_of(&owned(&files), &run::Settings::default());
    let x = incidents.iter().find(|x| x.kind == Kind::Failover).expect("a failover");
    assert_eq!(x.span.length(), 0, "the log ends three minutes before: it does not tell how this began");
}

#[test]
fn nobody_obtains_the_lock_of_a_primary_that_died() {
    let full = "ERROR: <ResourceExhausted error: 'etcdserver: mvcc: database space exceeded', code: 8>";
    let lost = |s: u32| line(s, full) + &line(s, "INFO: following new leader after trying and failing to obtain lock");
    let files = [
        ("a/patroni.log", leads("a", 0, 600)),
        ("b/patroni.log", follows("b", 0, 630) + &lost(632) + &lost(642) + &lost(652)),
    ];
    let (t, incidents) = run::timeline_of(&owned(&files), &run::Settings::default());
    let [x] = incidents.as_slice() else { panic!("{incidents:?}") };
    assert_eq!((x.kind, x.new, x.old.map(|n| t.name(n).to_string())), (Kind::NoLeader, None, Some("a".to_owned())));
    let outage = x.outage.as_ref().expect("nobody could write");
    assert!(outage.at_least && outage.length() == 52 * SECOND, "{outage:?}");
    // One lost race tells nothing: another member may have won it.
    let files = [("a/patroni.log", leads("a", 0, 600)), ("b/patroni.log", follows("b", 0, 630) + &lost(632))];
    assert_eq!(forms(&files), ["dcs_outage"]);
}

/// PostgreSQL's line, so many seconds after ten.
fn pg(s: u32, text: &str) -> String {
    format!("2024-05-01 {:02}:{:02}:{:02}.000 UTC [812] {text}\n", 10 + s / 3600, s / 60 % 60, s % 60)
}

/// A line of the system's journal, so many seconds after ten.
fn system(s: u32, text: &str) -> String {
    format!("2024-05-01T{:02}:{:02}:{:02}.000000+00:00 a {text}\n", 10 + s / 3600, s / 60 % 60, s % 60)
}

#[test]
fn a_member_that_cannot_rejoin_is_called_so() {
    let forked =
        "LOG:  new timeline 5 forked off current database system timeline 4 before current recovery point 0/5000098";
    let replica: String = (0..24).map(|n| pg(600 + n * 5, forked)).collect();
    let files = [("a/patroni.log", leads("a", 0, 1200)), ("b/postgresql.log", replica)];
    assert_eq!(forms(&files), ["rejoin_failure"]);
}

#[test]
fn a_replica_that_may_not_log_in_or_crashes_is_down() {
    let refused = "FATAL:  could not connect to the primary server: FATAL:  password authentication failed for user \"replicator\"";
    let replica: String = (0..24).map(|n| pg(600 + n * 5, refused)).collect();
    let files = [("a/patroni.log", leads("a", 0, 1200)), ("b/postgresql.log", replica)];
    assert_eq!(forms(&files), ["replica_down"]);
    let crash = pg(600, "LOG:  server process (PID 23417) was terminated by signal 11: Segmentation fault")
        + &pg(601, "LOG:  all server processes terminated; reinitializing");
    let files = [
        ("a/patroni.log", leads("a", 0, 1200)),
        ("b/patroni.log", follows("b", 0, 1200)),
        ("b/postgresql.log", crash.clone()),
    ];
    assert_eq!(forms(&files), ["replica_down"]);
    // The same on the leader is no replica's.
    let files = [("a/patroni.log", leads("a", 0, 1200)), ("a/postgresql.log", crash)];
    assert_eq!(forms(&files), ["crash"]);
}

#[test]
fn an_etcd_that_lost_its_quorum_is_told_from_one_that_was_ridden_out() {
    let down = zap(100, "\"msg\":\"compacted raft log\"")
        + &zap(600, "\"msg\":\"be57c3b2fc3623e8 stepped down to follower since quorum is not active\"")
        + &zap(605, "\"msg\":\"raft.node: be57c3b2fc3623e8 lost leader be57c3b2fc3623e8 at term 7\"");
    let dcs = line(615, "ERROR: Error communicating with DCS");
    let files = [("e/etcd.log", down.clone()), ("a/patroni.log", leads("a", 0, 600) + &dcs)];
    assert_eq!(forms(&files), ["quorum_loss"]);
    let files = [("e/etcd.log", down), ("a/patroni.log", leads("a", 0, 600) + &dcs + &leads("a", 620, 1200))];
    assert_eq!(forms(&files), ["dcs_outage_ridden_out"]);
}

#[test]
fn stops_that_somebody_ordered_are_planned_and_told_apart() {
    let stop = system(600, "systemd[1]: Stopping patroni.service - High-Availability PostgreSQL...")
        + &system(603, "systemd[1]: Stopped patroni.service - High-Availability PostgreSQL.");
    let start = system(640, "systemd[1]: Started patroni.service - High-Availability PostgreSQL.");
    let files = [("a/syslog", stop.clone()), ("a/patroni.log", leads("a", 0, 600))];
    assert_eq!(forms(&files), ["planned_stop"]);
    let files = [("a/syslog", stop.clone() + &start), ("a/patroni.log", leads("a", 0, 600) + &leads("a", 650, 900))];
    assert_eq!(forms(&files), ["planned_restart"]);
    let reboot = system(598, "systemd-logind[812]: System is rebooting.") + &stop;
    let boot = system(700, "kernel: Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)");
    let files = [("a/syslog", reboot + &boot + &start), ("a/patroni.log", leads("a", 0, 600))];
    assert_eq!(forms(&files), ["planned_reboot"]);
}

#[test]
fn clients_see_the_failover_through_haproxy() {
    let proxy = |s: u32, text: &str| system(s, &format!("haproxy[77]: {text}"));
    let files = [
        (
            "a/patroni.log",
            leads("a", 0, 600) + &line(605, "INFO: demoting self because DCS is not accessible and I was a leader"),
        ),
        ("b/patroni.log", follows("b", 0, 600) + &line(631, "INFO: promoted self to leader by acquiring session lock")),
        (
            "lb/haproxy.log",
            proxy(
                607,
                "Server primary/a is DOWN, reason: Layer7 wrong status, code: 503, info: \"Service Unavailable\", check duration: 2ms. 0 active and 0 backup servers left. 1 sessions active, 0 requeued, 0 remaining in queue.",
            ) + &proxy(607, "backend primary has no server available!")
                + &proxy(
                    634,
                    "Server primary/b is UP, reason: Layer7 check passed, code: 200, check duration: 2ms. 1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.",
                ),
        ),
    ];
    let (_, incidents) = run::timeline_of(&owned(&files), &run::Settings::default());
    let [x] = incidents.as_slice() else { panic!("{incidents:?}") };
    let seen: Vec<&str> = x.phases.iter().map(|p| p.name).filter(|n| n.starts_with("clients")).collect();
    assert_eq!(seen, ["clients: server taken out", "clients: no server left", "clients: server taken in"]);
}

#[test]
fn the_log_of_one_that_lost_the_race_tells_who_won_it() {
    let lost = line(632, "INFO: Wal position of c is ahead of my wal position")
        + &line(632, "INFO: following a different leader because i am not the healthiest node");
    let won = line(632, "INFO: Lock owner: c; I am b")
        + &line(640, "INFO: no action. I am (b), a secondary, and following a leader (c)");
    let files = [("b/patroni.log", follows("b", 0, 620) + &lost + &won)];
    let (t, incidents) = run::timeline_of(&owned(&files), &run::Settings::default());
    let [x] = incidents.as_slice() else { panic!("{incidents:?}") };
    let name = |n: Option<crate::model::NodeId>| n.map(|n| t.name(n).to_string());
    assert_eq!((x.kind, name(x.old), name(x.new)), (Kind::Failover, Some("a".into()), Some("c".into())));
    // Nobody won it as long as its log goes on.
    let files = [("b/patroni.log", follows("b", 0, 620) + &lost)];
    assert_eq!(forms(&files), ["no_eligible_candidate"]);
}

#[test]
fn a_replica_that_dies_whole_is_down_if_the_others_miss_it() {
    let text = |m: &str| format!("\"msg\":\"{m}\"");
    let gone = "\"msg\":\"peer became inactive (message send to peer failed)\",\"peer-id\":\"2222222222222222\",\"error\":\"failed to read 2222222222222222 on stream MsgApp v2 (unexpected EOF)\"";
    let own = zap(5, &text("2222222222222222 became follower at term 2"));
    let leader = zap(5, &text("1111111111111111 became follower at term 2"));
    let files = |missed: bool| {
        vec![
            ("a/patroni.log", leads("a", 0, 200)),
            ("a/etcd.log", if missed { leader.clone() + &zap(84, gone) } else { leader.clone() }),
            ("b/patroni.log", follows("b", 1, 81)),
            ("b/etcd.log", own.clone()),
        ]
    };
    assert_eq!(forms(&files(true)), ["replica_down"]);
    // The look-alike: its logs were copied before the others'.
    assert_eq!(forms(&files(false)), Vec::<&str>::new());
    // It was told to stop.
    let mut told = files(true);
    told[2].1 += &line(82, "INFO: Patroni is shutting down... received SIGTERM");
    told[3].1 += &zap(83, &text("received signal; shutting down"));
    assert!(!forms(&told).contains(&"replica_down"), "{:?}", forms(&told));
}

#[test]
fn a_primary_whose_server_died_took_no_writes_until_the_next_was_ready() {
    let files = [
        (
            "a/patroni.log",
            leads("a", 0, 60)
                + &line(70, "WARNING: Postgresql is not running.")
                + &line(70, "INFO: removed leader key after trying and failing to start postgres")
                + &line(111, "INFO: Demoting self (immediate-nolock)"),
        ),
        (
            "a/postgresql.log",
            pg(1, "LOG:  database system is ready to accept connections")
                + &pg(112, "LOG:  database system is ready to accept read-only connections")
                // Before pg_rewind the replica is stopped once more.
                + &pg(114, "LOG:  received fast shutdown request"),
        ),
        (
            "b/patroni.log",
            follows("b", 1, 61)
                + &line(110, "INFO: promoted self to leader by acquiring session lock")
                + &leads("b", 120, 160),
        ),
        (
            "b/postgresql.log",
            pg(2, "LOG:  database system is ready to accept read-only connections")
                + &pg(66, "FATAL:  could not receive data from WAL stream: server closed the connection unexpectedly")
                + &pg(110, "LOG:  database system is ready to accept connections"),
        ),
    ];
    let files: Vec<(String, String)> = files.iter().map(|(p, t)| ((*p).to_owned(), t.clone())).collect();
    let (_, incidents) = run::timeline_of(&files, &run::Settings::default());
    let outage = incidents.iter().find_map(|x| x.outage.as_ref()).expect("both ends are told");
    assert!((outage.length() - 44 * SECOND).abs() <= SECOND, "{outage:?}");
}
