//! Stories of single logs.

use super::scan::Scanner;
use super::{LogReader, read_log};
use crate::model::{Caps, Role, What, Why};
use proptest::prelude::*;

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

/// Everything that reading gives, with the short way or without it, in blocks of the given numbers of lines.
fn all(log: &[u8], quick: bool, blocks: &[usize]) -> String {
    let mut reader = LogReader::new(None);
    let mut scanner = Scanner::new(&Caps::default());
    let (mut rest, mut number) = (log, 1);
    let mut sizes = blocks.iter().copied().chain(std::iter::repeat(usize::MAX));
    while !rest.is_empty() {
        let lines = sizes.next().unwrap_or(1).max(1);
        let end = memchr::memchr_iter(b'\n', rest).nth(lines - 1).map_or(rest.len(), |at| at + 1);
        let (block, after) = rest.split_at(end);
        // As another thread would: a scanner knows nothing of the blocks before.
        if lines % 2 == 0 {
            scanner = Scanner::new(&Caps::default());
        }
        let scanned = scanner.scan(block, quick);
        reader.apply(&scanned, block, number);
        number += scanned.lines;
        rest = after;
    }
    format!("{:#?}", reader.finish())
}

fn assert_same(log: &[u8], blocks: &[usize], name: &str) {
    let (slow, fast) = (all(log, false, &[]), all(log, true, blocks));
    let differs = || slow.lines().zip(fast.lines()).find(|(a, b)| a != b);
    assert!(slow == fast, "{name}: {:?}\n{}", differs(), String::from_utf8_lossy(log.get(..4000).unwrap_or(log)));
}

#[test]
fn the_short_way_reads_the_labelled_logs_like_the_long_one() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases");
    let mut logs = 0;
    for entry in walkdir::WalkDir::new(cases).sort_by_file_name().into_iter().flatten() {
        let Ok(bytes) = std::fs::read(entry.path()) else { continue };
        logs += 1;
        assert_same(&bytes, &[], &entry.path().display().to_string());
        assert_same(&bytes, &[7, 1, 30, 2, 100], &entry.path().display().to_string());
    }
    assert!(logs > 100, "{logs}");
}

#[test]
fn quiet_lines_are_one_run_whatever_autovacuum_says_in_between() {
    let log = "2024-05-01 10:00:00.000 UTC [7] a@b LOG:  duration: 1.0 ms  statement: SELECT 1\n\
        2024-05-01 10:00:00.100 UTC [9] LOG:  automatic vacuum of table \"a.b.c\": index scans: 1\n\
        \tpages: 0 removed, 5 remain\n\
        \tsystem usage: CPU: user: 0.01 s, system: 0.00 s, elapsed: 0.01 s\n\
        2024-05-01 10:00:00.200 UTC [7] a@b LOG:  duration: 1.0 ms  statement: SELECT 1\n";
    let items = Scanner::new(&Caps::default()).scan(log.as_bytes(), true).items;
    assert!(matches!(items.as_slice(), [super::runs::Item::Run(run)] if run.lines == 5), "{items:?}");
}

#[test]
fn heartbeats_are_one_run_and_a_new_text_joins_it() {
    let log = "2024-05-01 10:00:00,001 INFO: no action. I am (pg1), the leader with the lock\n\
        2024-05-01 10:00:10,002 INFO: no action. I am (pg1), the leader with the lock\n\
        2024-05-01 10:00:10,003 INFO: Lock owner: pg1; I am pg1\n\
        2024-05-01 10:00:20,004 INFO: no action. I am (pg1), the leader with the lock\n\
        2024-05-01 10:00:30,005 INFO: no action. I am (pg1), the leader with the lock\u{1b}[0m\n";
    let items = Scanner::new(&Caps::default()).scan(log.as_bytes(), true).items;
    let [super::runs::Item::Run(run), super::runs::Item::Line(coloured)] = items.as_slice() else {
        panic!("{items:?}")
    };
    assert_eq!((run.lines, coloured.line), (4, 4));
    assert_eq!(run.names.iter().map(|(name, times, _)| (&**name, *times)).collect::<Vec<_>>(), [("pg1", 4)]);
}

/// Lines of every kind that the lanes know or ought to refuse, with `@` where the time stands.
const LINES: &[&str] = &[
    "@.123 UTC [77] app@shop LOG:  duration: 12.5 ms  statement: SELECT 1",
    "@.124 UTC [77] app@shop LOG:  duration: 1200.5 ms  execute S_1: SELECT 1",
    "\tFROM t",
    "\tWHERE 2021-02-01 13:45:05,683 INFO: Lock owner: a; I am b",
    "@.124 UTC [77] app@shop LOG:  duration: 1200.5 s",
    "@.124 UTC [77] app@shop LOG:  duration: 1e5 ms",
    "@.124 UTC [77] app@shop LOG:  duration: 7 ms @.125 UTC [78] LOG:  received fast shutdown request",
    "@.124 UTC [77] app@shop LOG:  disconnection: session time: 0:00:51.511 user=app database=shop",
    "@.124 UTC [123456789] app@shop LOG:  duration: 12.5 ms  statement: SELECT 1",
    "@.125 UTC [78] app@shop DETAIL:  parameters: $1 = '1'",
    "@.125 CET [78] app@shop ERROR:  deadlock detected",
    "@.126 UTC [78] app@shop DETAIL:  Key (t)=(server process (PID 7) was terminated by signal 9) already exists.",
    "@.126 UTC [78] app@shop STATEMENT:  select 'password authentication failed for user \"x\"'",
    "@.126 UTC [78] app@shop STATEMENT:  select 1;@.127 UTC [9] LOG:  archive command failed with exit code 1",
    "@.126 UTC [78] app@shop FATAL:  the unheard of happened",
    "@.126 UTC [78] app@shop ERROR:  some words that stand in no table",
    "@.126 UTC [78] LOG:  archive command failed with exit code 1",
    "@.127 UTC [9] LOG:  received fast shutdown request",
    "@.127 UTC [9] LOG:  server process (PID 7) was terminated by signal 9: Killed",
    "@.128 UTC,\"a\",\"b\",22949,,5abd287b.59a5,4,,@ UTC,,0,LOG,00000,\"open",
    "closed\",,,,",
    "@,100 INFO: no action. I am (pg1), the leader with the lock",
    "@,200 INFO: no action. I am (pg1), the leader with the lock",
    "@,300 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)",
    "@,300 INFO: PAUSE: no action. I am (pg1), the leader with the lock",
    "@,400 INFO: Lock owner: pg1; I am pg1",
    "@,400 INFO: Lock owner: pg2; I am pg1",
    "@,400 INFO: Lock owner: pg2; I am pg3",
    "@,410 WARNING: Request failed to pg2: GET http://10.20.0.12:8008/patroni (timed out)",
    "@,500 ERROR: get_cluster",
    "Traceback (most recent call last):",
    "TimeoutError: timed out",
    "-- Reboot --",
    "",
    "  \t ",
    "{\"level\":\"warn\",\"ts\":\"@.500Z\",\"caller\":\"a.go:1\",\"msg\":\"slow fdatasync\",\"took\":\"1.2s\"}",
    "{\"level\":\"warn\",\"ts\":\"@.500Z\",\"caller\":\"a.go:1\",\"msg\":\"apply request took too long\",\"took\":\"130ms\"}",
    "{\"level\":\"warn\",\"ts\":\"@.600+0100\",\"caller\":\"a.go:1\",\"msg\":\"apply request took too long\",\"took\":\"150ms\",\"error\":\"no leader\"}",
    "{\"level\":\"warn\",\"ts\":\"@.600Z\",\"caller\":\"a.go:1\",\"msg\":\"apply request took too long\",\"took\":\"150ms\",\"alarm\":\"NOSPACE\"}",
    "{\"level\":\"warn\",\"ts\":\"@.600Z\",\"caller\":\"a.go:1\",\"msg\":\"apply request took too long\",\"took\":\"15",
    "{\"level\":\"warn\",\"ts\":\"@.600Z\",\"caller\":\"a.go:1\",\"msg\":\"apply request took too long\",\"took\":\"a while\"}",
    "{\"level\":\"warn\",\"ts\":\"@.600Z\",\"caller\":\"a.go:1\",\"msg\":\"apply request took too long\",\"n\":1,\"took\":\"9ms\"}",
    "{\"level\":\"info\",\"ts\":\"@.600Z\",\"caller\":\"a.go:1\",\"msg\":\"apply request took too long\",\"took\":\"9ms\"}",
    "{\"level\":\"info\",\"ts\":\"@.500Z\",\"caller\":\"a.go:1\",\"msg\":\"storing new hash\",\"hash\":7,\"error\":\"no leader\"}",
    "{\"level\":\"info\",\"ts\":\"@.500Z\",\"caller\":\"a.go:1\",\"msg\":\"storing new hash\",\"hash\":7}",
    "{\"level\":\"info\",\"ts\":\"@.500Z\",\"caller\":\"a.go:1\",\"msg\":\"a1 became leader at term 3\"}",
];

/// Three weeks of an event every 61 seconds, between others that fold all the time.
#[test]
fn events_of_months_fold_by_the_hour_and_alike_on_both_ways() {
    let (mut log, mut at) = (String::new(), 1_700_000_000_000_000i64);
    for n in 0..60_000 {
        at += 30_500_000;
        let stamp = crate::model::rfc3339(at).replace('T', " ");
        let stamp = stamp.get(..23).unwrap_or_default();
        log.push_str(&match n % 2 {
            0 => format!("{stamp} UTC [7] LOG:  archive command failed with exit code 1\n"),
            _ => format!("{stamp} UTC [7] app@shop LOG:  duration: {n}.5 ms  statement: SELECT\n"),
        });
    }
    assert_same(log.as_bytes(), &[1_000, 30_000], "months");
    let parsed = read_log(&mut log.as_bytes(), None, false);
    let raws = &parsed.streams.first().unwrap().raws;
    assert!((20_000..20_010).contains(&raws.len()), "{}", raws.len());
    assert_eq!(raws.iter().map(|r| r.count).sum::<u32>(), 60_000);
}

/// A server that starts and dies twice a second, and errors that name something else each time.
#[test]
fn a_storm_of_events_stays_within_bounds_alike_on_both_ways() {
    let (mut log, mut at) = (String::new(), 1_700_000_000_000_000i64);
    for n in 0..70_000 {
        at += 250_000;
        let stamp = crate::model::rfc3339(at).replace('T', " ");
        let stamp = stamp.get(..23).unwrap_or_default();
        log.push_str(&match n % 3 {
            0 => format!("{stamp} UTC [7] LOG:  database system is ready to accept connections\n"),
            1 => format!("{stamp} UTC [7] LOG:  server process (PID {n}) was terminated by signal 9: Killed\n"),
            _ => {
                let word: String = n.to_string().bytes().map(|b| char::from(b + 49)).collect();
                format!("{stamp} UTC [7] a@b FATAL:  the {word} of {word} happened\n")
            }
        });
    }
    assert_same(log.as_bytes(), &[1_000, 30_000], "storm");
    let parsed = read_log(&mut log.as_bytes(), None, false);
    let raws = &parsed.streams.first().unwrap().raws;
    assert!((20_000..60_100).contains(&raws.len()), "{}", raws.len());
    assert_eq!(raws.iter().map(|r| r.count).sum::<u32>(), 70_000);
    let said = parsed.problems.iter().any(|p| p.what.starts_with("more than 20000 events of postgresql: from line "));
    assert!(said, "{:?}", parsed.problems);
}

#[test]
fn lines_without_an_end_are_cut_alike_in_a_stream_and_in_ranges() {
    let long = "x".repeat(5 << 20);
    let record = "2024-05-01 10:00:00 UTC [7] LOG:  database system is ready to accept connections\n";
    let bare = "y".repeat((1 << 20) + 1);
    let log = format!("{record}{long}\n{record}{bare}\n{bare}z\r\n{record}{long}");
    let stream = format!("{:#?}", read_log(&mut log.as_bytes(), None, false));
    assert!(stream.contains("4 lines are longer than 1048576 bytes; 8388612 bytes"), "{stream}");
    for range in [4 << 10, 1 << 20, 3 << 20, 64 << 20] {
        let parts = super::ranges::read(&log.as_bytes(), 2, range, 1, Caps::default());
        assert_eq!(format!("{parts:#?}"), stream, "{range}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_mix_of_lines_is_read_alike_on_both_ways_however_it_is_cut(
        picks in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![8 => -3i64..30, 1 => -90i64..-25, 1 => 40i64..4_000], 0usize..12), 1..120),
        blocks in prop::collection::vec(1usize..40, 0..8),
        crlf in any::<bool>(),
    ) {
        let (mut at, mut log) = (1_700_000_000_000_000i64, String::new());
        for (pick, step, repeat) in &picks {
            for _ in 0..repeat.saturating_sub(4).max(1) {
                at += step * crate::model::SECOND;
                let stamp = crate::model::rfc3339(at).replace('T', " ");
                let line = pick.get(LINES);
                let mut stamp = stamp.get(..19).unwrap_or_default().to_owned();
                if line.starts_with('{') {
                    stamp = stamp.replace(' ', "T");
                }
                log.push_str(&line.replace('@', &stamp).replace(&format!("app{stamp}shop"), "app@shop"));
                log.push_str(if crlf { "\r\n" } else { "\n" });
            }
        }
        assert_same(log.as_bytes(), &blocks, "mix");
        let range = 1 + 37 * blocks.first().copied().unwrap_or(9) as u64;
        for threads in [1, 3] {
            let parts = super::ranges::read(&log.as_bytes(), threads, range, 1, Caps::default());
            prop_assert_eq!(format!("{parts:#?}"), all(log.as_bytes(), false, &[]), "ranges of {}, {} threads", range, threads);
        }
    }
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
fn a_detail_that_quotes_a_message_is_no_message() {
    let log = "2024-05-01 10:00:00 UTC [7] a@b ERROR:  duplicate key value violates unique constraint \"t_pkey\"\n\
        2024-05-01 10:00:00 UTC [7] a@b DETAIL:  Key (t)=(x (PID 7) was terminated by signal 9) already exists.\n";
    assert_eq!(raws(log), []);
    let quoted = log.replace("DETAIL:  Key (t)=(x", "LOG:  server process");
    assert_eq!(raws(&quoted), [(What::PgBackendSignal, Why::Unsaid, 1)]);
}

/// As the fuzzer found it: the text of a STATEMENT is never looked at, but for a record that begins in it.
#[test]
fn a_record_behind_any_kind_of_line_is_found_on_both_ways() {
    for kind in ["LOG", "STATEMENT", "DETAIL", "HINT", "CONTEXT", "ERROR"] {
        let line = format!("2026-11-21 01:05:58 CET [22200] app@shop {kind}:  selec 1;");
        let log = format!("{line}\n{line}2026-11-21 01:05:58 CET [9] app@shop LOG:  disconnection: session time: 1\n");
        assert_same(log.as_bytes(), &[], kind);
        let parsed = read_log(&mut log.as_bytes(), None, false);
        assert_eq!((parsed.coverage.lines, parsed.problems.len()), (3, 1), "{kind}: {parsed:#?}");
    }
}

#[test]
fn every_line_is_counted_once() {
    let log = "2024-05-01 10:00:00,000 INFO: x2024-05-01 10:00:01,000 INFO: no action. I am (pg1), the leader with the lock\n\
        2024-05-01 10:00:02.000 UTC,,,1,,6.1,1,,2024-05-01 10:00:02 UTC,,0,LOG,00000,\"two\nlines\",,,,,,,,,\"\"\n\
        ...\n\nTraceback (most recent call last):\n";
    // The last row is cut with the file, inside of its quotes.
    let row = "2024-05-01 10:00:03.000 UTC,,,1,,6a1f0000.1,2,,2024-05-01 10:00:02 UTC,,0,LOG,00000,\"archive command failed with exit code 1";
    for log in [log.to_owned(), format!("{log}{row}"), format!("{log}{row}\nand more")] {
        let parsed = read_log(&mut log.as_bytes(), None, false);
        let c = &parsed.coverage;
        assert_eq!(c.understood + c.noise + c.unknown + c.unread, c.lines, "{c:?}");
        let failed = parsed.streams.iter().flat_map(|s| &s.raws).any(|r| r.what == What::PgArchiveFailed);
        assert_eq!(failed, log.contains("archive"));
    }
}
