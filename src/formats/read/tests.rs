//! Stories of single logs.

use super::read_log;
use crate::model::{Role, What, Why};

fn raws(log: &str) -> Vec<(What, Why, u32)> {
    let parsed = read_log(&mut log.as_bytes(), None, false);
    parsed.streams.iter().flat_map(|s| s.raws.iter().map(|r| (r.what, r.why, r.count))).collect()
}

#[test]
fn a_traceback_says_why_its_record_failed_and_equal_reasons_join() {
    let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nTimeoutError: timed out\n\n\
        During handling of the above exception, another exception occurred:\n\netcd.EtcdException: Bad\n";
    let log = format!(
        "2024-05-01 10:00:00,000 ERROR: get_cluster\n{traceback}\
         2024-05-01 10:00:05,000 ERROR: get_cluster\n\
         2024-05-01 10:00:10,000 ERROR: get_cluster\n\
         2024-05-01 10:00:15,000 INFO: DCS is not accessible\n\
         2024-05-01 10:00:55,000 ERROR: Failed to drop replication slot 'a'\n{traceback}"
    );
    assert_eq!(
        raws(&log),
        [
            (What::DcsGetClusterFailed, Why::ReadTimeout, 1),
            (What::DcsGetClusterFailed, Why::Unsaid, 2),
            (What::DcsUnreachable, Why::Unsaid, 1),
            (What::SlotError, Why::ReadTimeout, 1),
        ]
    );
    let twice = format!(
        "2024-05-01 10:00:00,000 ERROR: get_cluster\n{traceback}2024-05-01 10:00:05,000 ERROR: get_cluster\n{traceback}"
    );
    assert_eq!(raws(&twice), [(What::DcsGetClusterFailed, Why::ReadTimeout, 2)]);
}

#[test]
fn a_paused_loop_is_a_heartbeat_and_a_pause() {
    let log = "2024-05-01 10:00:00,000 INFO: PAUSE: no action. I am (pg1), the leader with the lock\n";
    let parsed = read_log(&mut log.as_bytes(), None, false);
    let stream = parsed.streams.first().unwrap();
    assert_eq!(stream.beats.first().map(|b| b.role), Some(Role::Leader));
    assert_eq!(stream.raws.first().map(|r| r.what), Some(What::PauseOn));
    assert_eq!((parsed.coverage.understood, parsed.coverage.unknown), (1, 0));
}

#[test]
fn messages_without_stamp_and_level_have_the_stamps_of_what_wraps_them() {
    let log = "Feb  1 13:45:01 db1 patroni[7]: no action. I am (pg1), the leader with the lock\n\
        Feb  1 13:45:11 db1 patroni[7]: Loop time exceeded, rescheduling immediately.\n\
        Feb  1 13:45:21 db1 patroni[7]: promoted self to leader because I had the session lock\n";
    let parsed = read_log(&mut log.as_bytes(), None, false);
    let at: Vec<i64> = parsed.streams.iter().flat_map(|s| &s.raws).map(|r| r.at / 1_000_000 % 60).collect();
    assert_eq!(at, [11, 21]);
}

#[test]
fn repeats_that_etcd_left_out_are_counted() {
    let line = "2021-02-01 13:45:01.000001 W | rafthttp: dropped MsgApp to 841787b557710ac7 since streamMsg's sending buffer is full";
    let log = format!("{line}\n{line} [merged 12 repeated lines in 1.01s]\n");
    assert_eq!(raws(&log), [(What::PeerDropped, Why::Unsaid, 13)]);
}

#[test]
fn every_line_is_counted_once() {
    let log = "2024-05-01 10:00:00,000 INFO: x2024-05-01 10:00:01,000 INFO: no action. I am (pg1), the leader with the lock\n\
        2024-05-01 10:00:02.000 UTC,,,1,,6.1,1,,2024-05-01 10:00:02 UTC,,0,LOG,00000,\"two\nlines\",,,,,,,,,\"\"\n\
        ...\n\nTraceback (most recent call last):\n";
    let c = read_log(&mut log.as_bytes(), None, false).coverage;
    assert_eq!(c.understood + c.noise + c.unknown + c.unread, c.lines, "{c:?}");
}
