//! Stories about what held over time: roles, leases, quorum, holes in the loop, clocks.

use super::*;
use crate::model::{Order, SECOND, seconds};
use crate::run;

/// A second of 2024-05-01 10:00 as Patroni stamps it.
fn stamp(second: u32) -> String {
    format!("2024-05-01 10:{:02}:{:02},000", second / 60 % 60, second % 60)
}

/// Heartbeats every ten seconds from `from` to `to`.
fn leader(name: &str, from: u32, to: u32) -> String {
    let beat = |s| format!("{} INFO: no action. I am ({name}), the leader with the lock\n", stamp(s));
    (from..=to).step_by(10).map(beat).collect()
}

fn replica(name: &str, of: &str, from: u32, to: u32) -> String {
    let beat = |s| format!("{} INFO: no action. I am ({name}), a secondary, and following a leader ({of})\n", stamp(s));
    (from..=to).step_by(10).map(beat).collect()
}

fn line(second: u32, text: &str) -> String {
    format!("{} {text}\n", stamp(second))
}

fn pg(second: u32, text: &str) -> String {
    format!("2024-05-01 10:{:02}:{:02}.500 UTC [77] LOG:  {text}\n", second / 60, second % 60)
}

fn read(files: &[(&str, String)]) -> (Timeline, Axis) {
    let files: Vec<(String, String)> = files.iter().map(|(p, t)| ((*p).to_owned(), t.clone())).collect();
    let (t, _) = run::timeline_of(&files, &run::Settings::default());
    let axis = find(&t);
    (t, axis)
}

/// `name: second state, second state, …` of the database lanes, seconds since 10:00.
fn lanes(t: &Timeline, axis: &Axis, program: Program) -> Vec<String> {
    let start = crate::model::civil(2024, 5, 1, 10, 0, 0);
    let row = |l: &Lane| {
        let list: Vec<String> =
            l.stretches.iter().map(|s| format!("{:.0} {}", seconds(s.from - start), s.state.id())).collect();
        format!("{}: {}", t.name(l.node), list.join(", "))
    };
    axis.lanes.iter().filter(|l| l.program == program).map(row).collect()
}

/// A primary whose Patroni stands still for a minute while PostgreSQL goes on.
fn frozen() -> Vec<(&'static str, String)> {
    vec![
        (
            "a/patroni.log",
            leader("a", 0, 100)
                + &line(165, "INFO: Lock owner: b; I am a")
                + &line(165, "INFO: Demoting self (immediate-nolock)")
                + &line(167, "INFO: demoting self because I do not have the lock and I was a leader")
                + &line(168, "INFO: Local timeline=1 lsn=0/5000400")
                + &line(168, "INFO: primary_timeline=2")
                + &line(168, "INFO: primary: history=1\t0/4000000\tno recovery target specified")
                + &replica("a", "b", 175, 200),
        ),
        (
            "a/postgresql.log",
            pg(1, "database system is ready to accept connections")
                + &pg(
                    140,
                    "checkpoint complete: wrote 5 buffers (0.0%); 0 WAL file(s) added, 0 removed, 0 recycled; write=0.1 s, sync=0.1 s, total=0.2 s; sync files=1, longest=0.1 s, average=0.1 s; distance=1 kB, estimate=1 kB",
                )
                + &pg(165, "received immediate shutdown request"),
        ),
        (
            "b/patroni.log",
            replica("b", "a", 1, 121)
                + &line(131, "INFO: promoted self to leader by acquiring session lock")
                + &leader("b", 132, 200),
        ),
        (
            "b/postgresql.log",
            pg(131, "selected new timeline ID: 2") + &pg(131, "database system is ready to accept connections"),
        ),
    ]
}

#[test]
fn a_key_that_vanished_and_was_taken_anew_makes_two_leases() {
    let log = leader("a", 0, 30) + &line(34, "INFO: acquired session lock as a leader") + &leader("a", 40, 90);
    let (t, axis) = read(&[("a/patroni.log", log)]);
    let start = crate::model::civil(2024, 5, 1, 10, 0, 0);
    let told: Vec<(String, f64, u32, Ending)> =
        axis.leases.iter().map(|l| (t.name(l.node).to_string(), seconds(l.last - start), l.count, l.ending)).collect();
    assert_eq!(told, [("a".to_owned(), 30.0, 4, Ending::GoneEarly), ("a".to_owned(), 90.0, 7, Ending::Held)]);
}

#[test]
fn a_primary_that_stood_still_wrote_on_after_its_lease() {
    let (t, axis) = read(&frozen());
    let lease = axis.leases.first().unwrap();
    assert_eq!((t.name(lease.node).as_ref(), lease.count, lease.ending), ("a", 11, Ending::Expired));
    assert_eq!(seconds(lease.expiry - lease.last), 30.0);
    let late: Vec<(&str, f64)> = lease.steps.iter().map(|s| (s.name, seconds(s.late))).collect();
    assert!(late.contains(&("promoted", 1.0)), "{late:?}");
    assert!(late.contains(&("demotion decided", 35.0)), "{late:?}");
    let overlap = lease.overlap.unwrap();
    assert_eq!(seconds(overlap.to.unwrap() - overlap.from), 34.0);
    let lost = lease.lost.unwrap();
    assert_eq!((lost.timeline, lost.bytes()), (1, 16_778_240.0));
    let hole = axis.holes.iter().find(|h| t.name(h.node).as_ref() == "a").unwrap();
    let because = hole.because.unwrap();
    assert!(matches!(because, Cite::Event(i) if t.events[i as usize].what == crate::model::What::PgCheckpoint));
    assert_eq!(hole.kind, HoleKind::FrozenProcess, "PostgreSQL's checkpoint proves that the host ran");
    assert_eq!(
        lanes(&t, &axis, Program::Postgres),
        ["a: 0 leader, 100 frozen, 165 demoting, 167 starting, 175 replica", "b: 0 unknown, 1 replica, 131 leader",]
    );
}

#[test]
fn without_other_logs_process_and_host_are_not_told_apart() {
    let files: Vec<(&str, String)> = frozen().into_iter().filter(|(p, _)| p.ends_with("patroni.log")).collect();
    assert_eq!(kinds(&files), [("a".to_owned(), "frozen")]);
}

#[test]
fn a_lock_that_is_given_back_is_no_overlap() {
    let files = [
        (
            "a/patroni.log",
            leader("a", 0, 100)
                + &line(104, "INFO: received switchover request with leader=a candidate=b scheduled_at=None")
                + &line(104, "INFO: Demoting self (graceful)")
                + &line(107, "INFO: Leader key released")
                + &replica("a", "b", 115, 200),
        ),
        (
            "b/patroni.log",
            replica("b", "a", 1, 101)
                + &line(108, "INFO: promoted self to leader by acquiring session lock")
                + &leader("b", 109, 200),
        ),
    ];
    let (_, axis) = read(&files);
    let lease = axis.leases.first().unwrap();
    assert_eq!((lease.ending, lease.overlap, lease.after_expiry), (Ending::Released, None, None));
    assert_eq!(axis.leases.get(1).map(|l| l.ending), Some(Ending::Held));
}

#[test]
fn a_key_that_vanishes_early_did_not_expire() {
    let files = [
        ("a/patroni.log", leader("a", 0, 100) + &line(300, "INFO: acquired session lock as a leader")),
        (
            "b/patroni.log",
            replica("b", "a", 1, 101)
                + &line(109, "INFO: promoted self to leader by acquiring session lock")
                + &leader("b", 110, 160),
        ),
    ];
    let (_, axis) = read(&files);
    assert_eq!(axis.leases.first().map(|l| l.ending), Some(Ending::GoneEarly));
    // The look-alike: the same after its time.
    let late = [
        ("a/patroni.log", leader("a", 0, 100)),
        (
            "b/patroni.log",
            replica("b", "a", 1, 101)
                + &line(134, "INFO: promoted self to leader by acquiring session lock")
                + &leader("b", 135, 160),
        ),
    ];
    let (_, axis) = read(&late);
    assert_eq!(axis.leases.first().map(|l| l.ending), Some(Ending::Expired));
}

fn kinds(files: &[(&str, String)]) -> Vec<(String, &'static str)> {
    let (t, axis) = read(files);
    axis.holes.iter().map(|h| (t.name(h.node).to_string(), h.kind.id())).collect()
}

#[test]
fn a_hole_full_of_timeouts_is_the_dcs() {
    let timeouts = "ERROR: Request to server http://10.0.0.1:2379 failed: ReadTimeoutError(\"HTTPConnectionPool(host='10.0.0.1', port=2379): Read timed out. (read timeout=3.3)\")";
    let log = leader("a", 0, 100) + &line(113, timeouts) + &line(117, timeouts) + &leader("a", 121, 200);
    assert_eq!(kinds(&[("a/patroni.log", log)]), [("a".to_owned(), "slow_dcs")]);
}

#[test]
fn a_silence_alone_decides_nothing() {
    let log = leader("a", 0, 100) + &leader("a", 126, 200);
    assert_eq!(kinds(&[("a/patroni.log", log)]), [("a".to_owned(), "undecided")]);
}

#[test]
fn a_member_whose_lock_lived_on_was_not_silent_its_log_was_cut() {
    let files =
        [("a/patroni.log", leader("a", 0, 100) + &leader("a", 300, 400)), ("b/patroni.log", replica("b", "a", 1, 401))];
    assert_eq!(kinds(&files), [("a".to_owned(), "cut_or_filtered")]);
}

#[test]
fn the_same_hole_on_two_hosts_is_the_senders() {
    let files = [
        ("a/patroni.log", leader("a", 0, 100) + &leader("a", 300, 400)),
        ("b/patroni.log", replica("b", "a", 1, 101) + &replica("b", "a", 301, 401)),
    ];
    let cut = "cut_or_filtered";
    assert_eq!(kinds(&files), [("a".to_owned(), cut), ("b".to_owned(), cut)]);
}

#[test]
fn a_machine_that_was_suspended_froze_with_all_that_it_ran() {
    let kernel = "2024-05-01T10:02:05.000000+00:00 a kernel: PM: suspend exit\n".to_owned();
    let files = [("a/patroni.log", leader("a", 0, 100) + &leader("a", 130, 200)), ("a/kern.log", kernel)];
    assert_eq!(kinds(&files), [("a".to_owned(), "frozen_host")]);
}

#[test]
fn a_loop_that_postgresql_holds_up_is_called_so() {
    let slow = line(112, "WARNING: Retry got exception: connection problems")
        + &line(117, "WARNING: Failed to determine PostgreSQL state from the connection, falling back to cached role");
    let files = [("a/patroni.log", leader("a", 0, 100) + &slow + &leader("a", 130, 200))];
    assert_eq!(kinds(&files), [("a".to_owned(), "slow_postgresql")]);
}

#[test]
fn heartbeats_that_are_not_written_are_no_stall() {
    // Patroni says that its queue of log records ran over.
    let lost = line(140, "WARNING: QueueHandler has lost 4 log records");
    let files = [("a/patroni.log", leader("a", 0, 100) + &lost + &leader("a", 140, 200))];
    assert_eq!(kinds(&files), [("a".to_owned(), "logging")]);
    // Equal heartbeats are left out by a setting.
    let config = "scope: demo\nname: a\nrestapi:\n  listen: 0.0.0.0:8008\npostgresql:\n  data_dir: /var/lib/pgsql/15/data\nlog:\n  deduplicate_heartbeat_logs: true\n".to_owned();
    let files = [("a/patroni.log", leader("a", 0, 100) + &leader("a", 400, 500)), ("a/patroni.yml", config)];
    assert_eq!(kinds(&files), [("a".to_owned(), "logging")]);
}

#[test]
fn a_regular_loop_has_no_holes_and_says_what_it_cannot_show() {
    let (_, axis) = read(&[("a/patroni.log", leader("a", 0, 300))]);
    assert_eq!(axis.holes, []);
    let sight = axis.sights.first().unwrap();
    assert_eq!((sight.every, sight.blind), (10 * SECOND, 16 * SECOND));
}

/// An etcd line; `ahead` is how much the host's clock is ahead, in seconds.
fn etcd(ahead: f64, second: f64, text: &str) -> String {
    let at = crate::model::civil(2024, 5, 1, 10, 0, 0) + ((second + ahead) * SECOND as f64) as i64;
    format!(
        "{{\"level\":\"info\",\"ts\":\"{}\",\"caller\":\"raft/raft.go:1\",\"msg\":\"{text}\"}}\n",
        crate::model::rfc3339(at)
    )
}

const E1: &str = "1111111111111111";
const E2: &str = "2222222222222222";
const E3: &str = "3333333333333333";

/// Three members; `ahead` is the second one's clock. Terms 2 (led by the first) and 3 (by the second).
fn members(ahead: f64) -> Vec<(&'static str, String)> {
    let follow = |clock: f64, me: &str, other: &str, second: f64, term: u32| {
        etcd(clock, second, &format!("raft.node: {me} elected leader {other} at term {term}"))
    };
    let won = |clock: f64, me: &str, second: f64, term: u32| {
        etcd(clock, second, &format!("{me} became leader at term {term}")) + &follow(clock, me, me, second, term)
    };
    let lost = |clock: f64, me: &str, other: &str, second: f64| {
        etcd(clock, second, &format!("raft.node: {me} lost leader {other} at term 3"))
    };
    vec![
        (
            "e1/etcd.log",
            won(0.0, E1, 10.003, 2)
                + &lost(0.0, E1, E1, 100.0)
                + &follow(0.0, E1, E2, 101.002, 3)
                + &etcd(0.0, 200.0, "compacted raft log at 10"),
        ),
        (
            "e2/etcd.log",
            follow(ahead, E2, E1, 10.003, 2)
                + &lost(ahead, E2, E1, 100.1)
                + &won(ahead, E2, 101.001, 3)
                + &etcd(ahead, 200.0, "compacted raft log at 10"),
        ),
        (
            "e3/etcd.log",
            follow(0.0, E3, E1, 10.003, 2)
                + &lost(0.0, E3, E1, 100.05)
                + &follow(0.0, E3, E2, 101.003, 3)
                + &etcd(0.0, 200.0, "compacted raft log at 10"),
        ),
    ]
}

#[test]
fn two_terms_measure_a_clock_and_it_is_corrected() {
    let (t, axis) = read(&members(40.0));
    let e2 = t.resolve("e2").unwrap();
    let offset = t.skew.offsets.iter().find(|o| o.node == e2).unwrap();
    let (low, high) = (offset.low.unwrap(), offset.high.unwrap());
    assert!(low <= 40 * SECOND && 40 * SECOND <= high && high - low < SECOND, "{low} {high}");
    assert!((offset.corrected - 40 * SECOND).abs() < SECOND / 2);
    // What the correction leaves open widens what is measured between the two.
    let e1 = t.resolve("e1").unwrap();
    assert!(t.apart(e1, e2) > 0 && t.apart(e1, e2) <= high - low, "{}", t.apart(e1, e2));
    // On the corrected axis the three members tell one story.
    let lost: Vec<f64> =
        t.all(&[crate::model::What::LeaderLost]).map(|e| (seconds(e.at) * 10.0).round() / 10.0).collect();
    assert!(lost.last().unwrap() - lost.first().unwrap() < 0.6, "{lost:?}");
    assert!(axis.quorum.iter().any(|q| q.verdict == QuorumState::No));
}

#[test]
fn equal_clocks_stay_as_they_are() {
    let (t, axis) = read(&members(0.0));
    assert!(t.skew.offsets.iter().all(|o| o.corrected == 0));
    assert_eq!(t.apart(t.resolve("e1").unwrap(), t.resolve("e2").unwrap()), 0);
    assert_eq!(
        lanes(&t, &axis, Program::Etcd),
        [
            "e1: 10 leader, 100 no leader, 101 follower",
            "e2: 10 follower, 100 no leader, 101 leader",
            "e3: 10 follower, 100 no leader, 101 follower",
        ]
    );
    let answers: Vec<(u32, QuorumState)> = axis.quorum.iter().map(|q| (q.reachable, q.verdict)).collect();
    assert!(answers.contains(&(3, QuorumState::Yes)) && answers.contains(&(0, QuorumState::No)), "{answers:?}");
}

#[test]
fn a_member_that_learns_late_proves_nothing() {
    // The second member was down during the election and learns of the leader half a minute later.
    let mut files = members(0.0);
    let late = etcd(0.0, 130.0, "starting etcd server")
        + &etcd(0.0, 131.0, &format!("raft.node: {E3} elected leader {E2} at term 3"));
    if let Some(third) = files.get_mut(2) {
        third.1 = etcd(0.0, 10.002, &format!("raft.node: {E3} elected leader {E1} at term 2")) + &late;
    }
    let (t, _) = read(&files);
    assert!(t.skew.offsets.iter().all(|o| o.corrected == 0), "{:?}", t.skew.offsets);
}

#[test]
fn order_between_hosts_is_unknown_within_what_the_clocks_leave_open() {
    let (t, _) = read(&frozen());
    let (a, b) = (t.resolve("a").unwrap(), t.resolve("b").unwrap());
    assert_eq!(t.order((a, 0, 0), (b, SECOND / 2, 0)), Order::Unknown);
    assert_eq!(t.order((a, 0, 0), (b, 60 * SECOND, 0)), Order::Before);
    assert_eq!(t.order((b, 60 * SECOND, 0), (a, 0, 0)), Order::After);
    // One host's own clock orders its lines.
    assert_eq!(t.order((a, 0, 0), (a, SECOND / 2, 0)), Order::Before);
}

#[test]
fn two_clocks_that_surely_differ_are_not_trusted_to_agree_with_a_third() {
    // Only one election between the second and the third member: which of them is off, nothing tells.
    let won = |clock: f64, second: f64| etcd(clock, second, &format!("{E2} became leader at term 3"));
    let seen = |me: &str, second: f64| etcd(0.0, second, &format!("raft.node: {me} elected leader {E2} at term 3"));
    let files = [
        (
            "e1/etcd.log",
            etcd(0.0, 5.5, &format!("{E1} became leader at term 2")) + &etcd(0.0, 200.5, "compacted raft log"),
        ),
        ("e2/etcd.log", won(40.0, 101.003)),
        ("e3/etcd.log", seen(E3, 101.004)),
    ];
    let (t, _) = read(&files);
    let (e2, e3) = (t.resolve("e2").unwrap(), t.resolve("e3").unwrap());
    // One of the two is moved, so that they agree.
    let moved: Vec<f64> = t.skew.offsets.iter().map(|o| seconds(o.corrected).abs().round()).collect();
    assert_eq!(moved, [40.0]);
    let won: Vec<i64> = t.all(&[crate::model::What::LeaderWon]).filter(|e| e.node == e2).map(|e| e.at).collect();
    let seen: Vec<i64> = t.all(&[crate::model::What::LeaderSeen]).filter(|e| e.node == e3).map(|e| e.at).collect();
    assert_eq!(t.order((e2, won[0], 0), (e3, seen[0], 0)), Order::Unknown);
}

/// A line in which `asks` prints what `who` answered: when that one, on its own clock, last saw the DCS.
fn answer(second: u32, who: &str, seen: u32) -> String {
    let epoch = crate::model::civil(2024, 5, 1, 10, 0, 0) / SECOND + i64::from(seen);
    line(
        second,
        &format!(
            "INFO: Got response from {who} http://{who}:8008/patroni: {{\"state\": \"running\", \"role\": \"replica\", \"dcs_last_seen\": {epoch}, \"patroni\": {{\"version\": \"4.1.5\", \"name\": \"{who}\"}}}}"
        ),
    )
}

/// Bounds of (clock of `b` − clock of `a`) in seconds, and what was taken off `b`'s times more than off `a`'s.
fn between(t: &Timeline, a: &str, b: &str) -> (Option<f64>, Option<f64>, f64) {
    let (a, b) = (t.resolve(a).unwrap(), t.resolve(b).unwrap());
    let (low, high) = t.skew.between(a, b);
    let done = |n| t.skew.offsets.iter().find(|o| o.node == n).map_or(0, |o| o.corrected);
    (low.map(seconds), high.map(seconds), seconds(done(b) - done(a)))
}

#[test]
fn answers_of_a_member_bound_its_clock_from_both_sides() {
    // b's clock is 70 s ahead; it saw the DCS at 10, 20 and 30 of a's clock.
    let asked = answer(112, "b", 180) + &answer(119, "b", 180) + &answer(122, "b", 190) + &answer(131, "b", 200);
    let files = [
        ("a/patroni.log", leader("a", 0, 100) + &asked + &leader("a", 140, 200)),
        ("b/patroni.log", line(175, "INFO: no action. I am (b), a secondary, and following a leader (a)")),
    ];
    let (t, _) = read(&files);
    let (low, high, done) = between(&t, "a", "b");
    // 200 − 131 on one side; 191 − (119 − 2.5) on the other.
    assert_eq!((low, high), (Some(69.0), Some(74.5)));
    assert!((69.0..=74.5).contains(&done), "{done}");
    // The look-alike: equal clocks, and a member that has not seen the DCS for half a minute.
    let stale = answer(112, "b", 80) + &answer(122, "b", 80) + &answer(131, "b", 80);
    let files = [
        ("a/patroni.log", leader("a", 0, 100) + &stale + &leader("a", 140, 200)),
        ("b/patroni.log", replica("b", "a", 1, 101)),
    ];
    let (t, _) = read(&files);
    assert_eq!(between(&t, "a", "b"), (Some(-32.0), None, 0.0));
}

#[test]
fn clocks_read_on_several_hosts_in_one_go_bound_them() {
    let logs = [("a/patroni.log", leader("a", 0, 100)), ("b/patroni.log", replica("b", "a", 1, 101))];
    let with = |date: &str| {
        let mut files = logs.to_vec();
        files.push(("date.txt", date.to_owned()));
        between(&read(&files).0, "a", "b")
    };
    // By one command: within half a minute.
    let (low, high, done) = with("a: Wed May  1 11:00:00 UTC 2024\nb: Wed May  1 11:05:00 UTC 2024\n");
    assert_eq!((low, high, done), (Some(269.0), Some(331.0), 300.0));
    // One after the other: b's is behind by at least a minute, and nobody knows how long the second ssh took.
    let (low, high, done) = with("a\nWed May  1 11:00:00 UTC 2024\nb\nWed May  1 10:59:00 UTC 2024\n");
    assert_eq!((low, high, done), (None, Some(-59.0), -59.0));
    // The look-alike: the second was asked ten minutes later.
    let (low, high, done) = with("a\nWed May  1 11:00:00 UTC 2024\nb\nWed May  1 11:10:00 UTC 2024\n");
    assert_eq!((low, high, done), (None, Some(601.0), 0.0));
}

#[test]
fn a_clock_that_ntp_calls_wrong_was_wrong_by_that_or_more() {
    let tracking = |offset: &str, leap: &str| {
        format!(
            "Reference ID    : C0A80001 (ntp1)\nStratum         : 3\nSystem time     : {offset} of NTP time\nLeap status     : {leap}\n"
        )
    };
    let with = |a: String, b: String| {
        let files = [
            ("a/patroni.log", leader("a", 0, 100)),
            ("b/patroni.log", replica("b", "a", 1, 101)),
            ("a/chronyc.txt", a),
            ("b/chronyc.txt", b),
        ];
        between(&read(&files).0, "a", "b")
    };
    let good = || tracking("0.000001 seconds slow", "Normal");
    let (low, high, done) = with(good(), tracking("40.0 seconds fast", "Normal"));
    assert!(low.is_some_and(|l| (38.0..39.1).contains(&l)) && high.is_none() && done > 38.0, "{low:?} {high:?} {done}");
    // Good clocks are trusted no more than without a word about them.
    let (low, high, done) = with(good(), good());
    assert!(low.is_some_and(|l| l < -1.0) && high.is_some_and(|h| h > 1.0) && done == 0.0, "{low:?} {high:?}");
    // Who has no server knows nothing.
    assert_eq!(with(good(), tracking("0.000000 seconds fast", "Not synchronised")), (None, None, 0.0));
}

#[test]
fn a_clock_difference_that_is_only_repeated_is_not_measured() {
    let drift = |second: f64, seconds: &str| {
        etcd(0.0, second, "x").replace(
            "\"msg\":\"x\"",
            &format!("\"msg\":\"prober found high clock drift\",\"round-tripper-name\":\"ROUND_TRIPPER_SNAPSHOT\",\"remote-peer-id\":\"{E1}\",\"clock-drift\":\"{seconds}\",\"rtt\":\"3ms\""),
        )
    };
    let with = |values: [&str; 3]| {
        let reports: String = (5..8).zip(values).map(|(n, v)| drift(f64::from(n) * 30.0, v)).collect();
        let files = [
            ("e1/etcd.log", etcd(0.0, 5.5, &format!("{E1} became leader at term 2"))),
            ("e2/etcd.log", etcd(0.0, 5.5, &format!("{E2} became follower at term 2")) + &reports),
        ];
        between(&read(&files).0, "e1", "e2").2
    };
    assert_eq!(with(["12.755367s", "12.755367s", "12.755367s"]), 0.0);
    let measured = with(["12.755367s", "12.755412s", "12.755220s"]);
    assert!((12.0..13.5).contains(&measured), "{measured}");
}

/// Two members that ask each other before and after a minute in which `a` writes nothing; from then on `a`'s clock is
/// ahead by `ahead` seconds.
fn asked_around_a_silence(ahead: u32) -> Vec<(&'static str, String)> {
    let resumes = if ahead == 0 { 170 } else { 100 + ahead };
    vec![
        (
            "a/patroni.log",
            leader("a", 0, 50)
                + &answer(53, "b", 52)
                + &leader("a", 60, 100)
                + &leader("a", resumes + 10, resumes + 60)
                + &answer(resumes + 65, "b", resumes - ahead + 64)
                + &leader("a", resumes + 70, resumes + 100),
        ),
        (
            "b/patroni.log",
            replica("b", "a", 1, 51)
                + &answer(55, "a", 50)
                + &replica("b", "a", 61, 231)
                + &answer(238, "a", 230 + ahead)
                + &replica("b", "a", 241, 261),
        ),
    ]
}

#[test]
fn a_clock_that_is_put_forward_is_an_event_and_no_silence() {
    let (t, axis) = read(&asked_around_a_silence(70));
    let steps: Vec<(String, f64)> = t
        .all(&[crate::model::What::ClockStepped])
        .map(|e| (t.name(e.node).to_string(), (e.num / 1_000.0).round()))
        .collect();
    assert!(matches!(steps.as_slice(), [(host, by)] if host == "a" && (62.0..=78.0).contains(by)), "{steps:?}");
    assert_eq!(axis.holes, []);
    // What comes after it lies where the other host saw it.
    let start = crate::model::civil(2024, 5, 1, 10, 0, 0);
    let end = t.beats.iter().filter(|b| t.name(b.node).as_ref() == "a").map(|b| b.to).max().unwrap();
    assert!((seconds(end - start) - 200.0).abs() < 10.0, "{}", seconds(end - start));
    // Who stood still has the right clock again.
    let (t, axis) = read(&asked_around_a_silence(0));
    assert_eq!(t.all(&[crate::model::What::ClockStepped]).count(), 0);
    assert_eq!(axis.holes.len(), 1);
    // One side alone proves nothing.
    let before_only: Vec<(&str, String)> =
        asked_around_a_silence(70).into_iter().filter(|(p, _)| p.starts_with('a')).collect();
    let (t, axis) = read(&before_only);
    assert_eq!((t.all(&[crate::model::What::ClockStepped]).count(), axis.holes.len()), (0, 1));
}

#[test]
fn a_cluster_that_is_being_made_has_lost_no_quorum() {
    let start = |second: f64| etcd(0.0, second, "starting an etcd server");
    let mut files = members(0.0);
    for (file, second) in files.iter_mut().zip([5.0, 6.0, 7.0]) {
        file.1 = start(second) + &file.1;
    }
    let (_, axis) = read(&files);
    let first = axis.quorum.iter().position(|q| q.verdict == QuorumState::Yes).unwrap();
    let told = |range: &[Quorum]| range.iter().map(|q| q.verdict).collect::<Vec<_>>();
    assert!(told(&axis.quorum[..first]).contains(&QuorumState::Forming), "{:?}", axis.quorum);
    assert!(!told(&axis.quorum[..first]).contains(&QuorumState::No));
    // Later it can be lost.
    assert!(told(&axis.quorum[first..]).contains(&QuorumState::No));
}
