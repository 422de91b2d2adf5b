//! zap JSON of a member whose disk is too slow: most lines matter, which is the worst case on purpose.

use super::generate::Log;
use std::io;

pub fn write(log: &mut Log<'_>) -> io::Result<()> {
    let mut lines = 0u64;
    while !log.full() {
        log.at += 100_000 + log.dice.roll(2_000_000);
        lines += 1;
        one(log)?;
        if lines.is_multiple_of(50_000) {
            election(log)?;
        }
    }
    Ok(())
}

fn say(log: &mut Log<'_>, level: &str, caller: &str, rest: &str) -> io::Result<()> {
    let (clock, micros) = log.clock();
    let clock = clock.replace(' ', "T");
    log.line(&format!("{{\"level\":\"{level}\",\"ts\":\"{clock}.{micros:06}Z\",\"caller\":\"{caller}\",{rest}}}"))
}

fn one(log: &mut Log<'_>) -> io::Result<()> {
    let took = 100_000 + log.dice.roll(1_900_000);
    let (ms, us) = (took / 1_000, took % 1_000);
    let id = log.dice.roll(1 << 30);
    match log.dice.roll(1_000) {
        0..=599 => say(
            log,
            "warn",
            "txn/util.go:93",
            &format!(
                "\"msg\":\"apply request took too long\",\"took\":\"{ms}.{us:03}ms\",\"expected-duration\":\"100ms\",\"prefix\":\"read-only range \",\"request\":\"key:\\\"/service/main/members/pg{}\\\" \",\"response\":\"range_response_count:1 size:{}\"",
                id % 3 + 1,
                id % 900
            ),
        ),
        600..=699 => say(
            log,
            "info",
            "traceutil/trace.go:171",
            &format!(
                "\"msg\":\"trace[{id}] range\",\"detail\":\"{{range_begin:/service/main/; range_end:/service/main0; response_count:9; response_revision:{id}; }}\",\"duration\":\"{ms}.{us:03}ms\",\"start\":\"2026-11-01T00:00:00.000Z\",\"end\":\"2026-11-01T00:00:00.500Z\",\"steps\":[\"trace[{id}] 'agreement among raft nodes before linearized reading'  (duration: {ms}.{us:03}ms)\"],\"step_count\":1"
            ),
        ),
        700..=799 => say(
            log,
            "warn",
            "rafthttp/probing_status.go:82",
            "\"msg\":\"prober found high clock drift\",\"round-tripper-name\":\"ROUND_TRIPPER_RAFT_MESSAGE\",\"remote-peer-id\":\"a1b2c3d4e5f60718\",\"clock-drift\":\"1.204s\",\"rtt\":\"1.1ms\"",
        ),
        800..=899 => say(
            log,
            "info",
            "mvcc/hash.go:151",
            &format!("\"msg\":\"storing new hash\",\"hash\":{id},\"revision\":{id},\"compact-revision\":{id}"),
        ),
        900..=949 => say(
            log,
            "info",
            "etcdserver/server.go:1395",
            &format!(
                "\"msg\":\"triggering snapshot\",\"local-member-id\":\"8e9e05c52164694d\",\"local-member-applied-index\":{id},\"local-member-snapshot-index\":{id},\"local-member-snapshot-count\":100000"
            ),
        ),
        950..=989 => say(
            log,
            "info",
            "mvcc/kvstore_compaction.go:68",
            &format!(
                "\"msg\":\"finished scheduled compaction\",\"compact-revision\":{id},\"took\":\"{}.{us:03}ms\",\"hash\":{id}",
                ms / 10
            ),
        ),
        990..=995 => say(
            log,
            "warn",
            "etcdserver/raft.go:416",
            &format!(
                "\"msg\":\"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk\",\"to\":\"a1b2c3d4e5f60718\",\"heartbeat-interval\":\"100ms\",\"expected-duration\":\"200ms\",\"exceeded-duration\":\"{ms}.{us:03}ms\""
            ),
        ),
        _ => say(
            log,
            "warn",
            "wal/wal.go:805",
            &format!(
                "\"msg\":\"slow fdatasync\",\"took\":\"{}.{us:03}s\",\"expected-duration\":\"1s\"",
                1 + ms / 1_000
            ),
        ),
    }
}

fn election(log: &mut Log<'_>) -> io::Result<()> {
    let term = 2 + log.dice.roll(90);
    for text in [
        format!("8e9e05c52164694d is starting a new election at term {term}"),
        format!("8e9e05c52164694d became candidate at term {}", term + 1),
        format!("8e9e05c52164694d became leader at term {}", term + 1),
        format!("raft.node: 8e9e05c52164694d elected leader 8e9e05c52164694d at term {}", term + 1),
    ] {
        log.at += 300_000;
        say(log, "info", "raft/raft.go:700", &format!("\"logger\":\"raft\",\"msg\":\"{text}\""))?;
    }
    Ok(())
}
