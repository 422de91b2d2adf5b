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
