//! Limits of what one log may hold: a hostile sample hits each, the report says so, goes on, and the limit can be moved.

use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn report(folder: &Path, arguments: &[&str], stdin: Stdio) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgautopsy"));
    let o = command.args(["-q", "-f", "json"]).args(arguments).current_dir(folder).stdin(stdin).output().unwrap();
    assert!(o.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&o.stderr));
    serde_json::from_slice(&o.stdout).unwrap()
}

/// The only source of a report, with its problems in words.
fn source(report: &Value) -> (&Value, Vec<&str>) {
    let [source] = report["inventory"]["sources"].as_array().unwrap().as_slice() else { panic!("{report:#}") };
    (source, source["problems"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect())
}

/// Reads a log of one file with the limit at several values: `hit` in its problems, or nothing of that limit there.
#[track_caller]
fn tried(log: &str, limit: &str, values: &[(&str, Option<&str>)]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("some.log"), log).unwrap();
    for (value, hit) in values {
        let set = format!("{limit}={value}");
        let arguments = if value.is_empty() { vec!["some.log"] } else { vec!["--limit", &set, "some.log"] };
        let report = report(folder.path(), &arguments, Stdio::null());
        let (_, problems) = source(&report);
        let said = problems.iter().find(|p| p.contains(&format!("raise it with --limit {limit}=…")));
        match hit {
            Some(words) => assert!(said.is_some_and(|p| p.contains(words)), "{limit}={value}: {problems:?}"),
            None => assert_eq!(said, None, "{limit}={value}"),
        }
    }
}

/// A log of 9 MB, and in its middle a message behind two megabytes of another field.
fn with_a_long_line() -> String {
    let (mut log, more) = (String::new(), "y".repeat(500));
    for n in 0..12_000u32 {
        let (h, m, s) = (n / 3600, n / 60 % 60, n % 60);
        let at = format!("2026-11-20T{h:02}:{m:02}:{s:02}.000Z");
        if n == 6_000 {
            let pad = "x".repeat(2 << 20);
            let _ = writeln!(
                log,
                "{{\"level\":\"warn\",\"ts\":\"{at}\",\"pad\":\"{pad}\",\"msg\":\"slow fdatasync\",\"took\":\"1.2s\"}}"
            );
        }
        let _ = writeln!(
            log,
            "{{\"level\":\"info\",\"ts\":\"{at}\",\"caller\":\"mvcc/hash.go:137\",\"msg\":\"storing new hash\",\"hash\":{n},\"revision\":{n},\"compact-revision\":1,\"more\":\"{more}\"}}"
        );
    }
    log
}

#[test]
fn the_length_of_a_line_can_be_limited_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let (at, log) = (folder.path(), with_a_long_line());
    assert!(log.len() > 8 << 20, "worth several threads");
    std::fs::write(at.join("etcd.log"), &log).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(log.as_bytes()).unwrap();
    std::fs::write(at.join("etcd.log.gz"), gz.finish().unwrap()).unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_path_with_name(at.join("etcd.log"), "db1/etcd.log").unwrap();
    std::fs::write(at.join("ticket.tar"), tar.into_inner().unwrap()).unwrap();

    let cases = [
        // The message stands behind the first megabyte.
        (None, "1 lines are longer than 1048576 bytes", 0),
        (Some("line=4M"), "", 1),
        (Some("line=unlimited"), "", 1),
        // So short that no line's message is in it.
        (Some("line=60"), "12001 lines are longer than 60 bytes", 0),
        (Some("line=2M"), "1 lines are longer than 2097152 bytes", 0),
    ];
    for (limit, said, known) in cases {
        let limit = limit.map_or(vec![], |l| vec!["--limit", l]);
        let mut all = Vec::new();
        for place in [
            &["--threads", "1", "etcd.log"][..],
            &["--threads", "3", "etcd.log"],
            &["etcd.log.gz"],
            &["ticket.tar"],
            &["-"],
        ] {
            let stdin = match place {
                ["-"] => std::fs::File::open(at.join("etcd.log")).unwrap().into(),
                _ => Stdio::null(),
            };
            let report = report(at, &[&limit, place].concat(), stdin);
            let (source, problems) = source(&report);
            let cut: Vec<&&str> = problems.iter().filter(|p| p.contains("limit line=")).collect();
            match said {
                "" => assert!(cut.is_empty(), "{limit:?} {place:?}: {cut:?}"),
                said => assert!(cut.len() == 1 && cut[0].contains(said), "{limit:?} {place:?}: {cut:?}"),
            }
            assert_eq!(source["lines"], 12_001, "{limit:?} {place:?}");
            assert_eq!(source["understood"], known, "{limit:?} {place:?}: {problems:?}");
            all.push((source["understood"].clone(), cut.iter().map(|c| (**c).to_owned()).collect::<Vec<_>>()));
        }
        assert!(all.windows(2).all(|w| w[0] == w[1]), "{limit:?}: {all:?}");
    }
}

#[test]
fn messages_without_a_time() {
    let mut log = String::from("2024-05-01 10:00:00,000 INFO: no action. I am (pg1), the leader with the lock\n");
    let mut pasted = String::new();
    for _ in 0..600 {
        pasted.push_str("FATAL:  could not write to file \"pg_wal/xlogtemp.77\": No space left on device\n");
    }
    let values =
        [("", Some("100 messages without a time beyond the first 500")), ("599", Some("1 messages")), ("600", None)];
    tried(&pasted, "undated", &values);
    // A log with stamps takes them for lines of the record before.
    log.push_str(&pasted);
    tried(&log, "undated", &[("", None)]);
}

#[test]
fn hosts_of_one_log() {
    let mut log = String::new();
    for n in 0..1_200 {
        let _ = writeln!(
            log,
            "Feb  1 13:45:{:02} db{n:04} patroni[7]: no action. I am (m{n}), the leader with the lock",
            n / 20
        );
    }
    let values = [
        ("", Some("200 lines of hosts beyond the first 1000 of this log")),
        ("50", Some("1150 lines of hosts")),
        ("1200", None),
        ("unlimited", None),
    ];
    tried(&log, "hosts", &values);
}

#[test]
fn names_that_the_writers_of_one_log_give_themselves() {
    let mut log = String::new();
    for n in 0..1_200 {
        let (m, s) = (n / 60, n % 60);
        let _ = writeln!(log, "2026-11-20 10:{m:02}:{s:02},000 INFO: no action. I am (m{n}), the leader with the lock");
    }
    let values = [
        ("", Some("200 lines name their writer by names beyond the first 1000")),
        ("50", Some("1150 lines name")),
        ("unlimited", None),
    ];
    tried(&log, "hosts", &values);
}

#[test]
fn stretches_of_heartbeats() {
    let mut log = String::new();
    for n in 0..12_000u32 {
        let (h, m, s) = (n / 1200, n / 20 % 60, n % 20 * 3);
        let role = if n % 2 == 0 { "the leader with the lock" } else { "a secondary, and following a leader (pg2)" };
        let _ = writeln!(log, "2026-11-20 {h:02}:{m:02}:{s:02},000 INFO: no action. I am (pg1), {role}");
    }
    tried(
        &log,
        "beats",
        &[("", Some("roles change too often")), ("12K", None), ("10", Some("roles change too often"))],
    );
}

#[test]
fn what_must_be_held_as_a_whole() {
    // Newest first: a log system's export.
    let mut lines: Vec<String> = (0..200u32)
        .map(|n| {
            format!(
                "2026-11-20 10:{:02}:{:02}.000 UTC [7] LOG:  archive command failed with exit code 1",
                n / 60,
                n % 60
            )
        })
        .collect();
    lines.reverse();
    let log = lines.join("\n");
    tried(&log, "whole", &[("", None), ("4K", Some("as it can only be read as a whole"))]);
    // As PowerShell writes.
    let folder = tempfile::tempdir().unwrap();
    lines.reverse();
    let wide: Vec<u8> = format!("\u{feff}{}", lines.join("\r\n")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.path().join("some.log"), wide).unwrap();
    for (limit, read) in [("whole=8K", false), ("whole=1M", true)] {
        let report = report(folder.path(), &["--limit", limit, "some.log"], Stdio::null());
        let (source, problems) = source(&report);
        assert_eq!(problems.iter().all(|p| !p.contains("limit whole=")), read, "{problems:?}");
        assert_eq!(source["lines"] == 200, read, "{source:#}");
    }
    // A table.
    let table: String = (0..2_000).map(|n| format!("/dev/sd{n} 100 50 50 50% /data{n}\n")).collect();
    let table = format!("Filesystem 1K-blocks Used Available Use% Mounted on\n{table}");
    tried(&table, "whole", &[("", None), ("2K", Some("as it can only be read as a whole"))]);
}

/// Rows of csvlog may hold whole statements; one whose quotes never close must not swallow the rest of the log.
#[test]
fn a_csvlog_row_that_does_not_end() {
    let row = |n: u32, text: &str| {
        format!(
            "2026-11-20 10:00:{:02}.000 UTC,,,7,,6a1f0000.7,1,,2026-11-20 10:00:00 UTC,,0,LOG,00000,\"{text}\",,,,,,,,,\"\"\n",
            n % 60
        )
    };
    let mut log: String = (0..20).map(|n| row(n, "checkpoint starting: time")).collect();
    let open = row(21, "duration: 1 ms  statement: SELECT\n");
    log.push_str(open.split_once("SELECT").unwrap().0);
    log.push_str(&"SELECT 1\n".repeat(200_000));
    log.push_str(&row(22, "archive command failed with exit code 1"));
    tried(&log, "line", &[("", Some("the quotes of 1 csvlog rows, the first from line 21 on")), ("4M", None)]);
}

#[test]
fn answers_of_other_members() {
    let mut log = String::new();
    for n in 0..600u32 {
        let (m, s, seen) = (n / 60, n % 60, 1_795_168_800 + n);
        let _ = writeln!(
            log,
            "2026-11-20 10:{m:02}:{s:02},000 INFO: Got response from pg2 http://10.0.0.2:8008/patroni: {{\"state\": \"running\", \"role\": \"replica\", \"dcs_last_seen\": {seen}}}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("patroni.log"), &log).unwrap();
    let report = report(folder.path(), &["patroni.log"], Stdio::null());
    let (_, problems) = source(&report);
    assert!(problems.iter().any(|p| p.contains("200 answers of other members beyond the first 400")), "{problems:?}");
}

#[test]
fn limits_that_can_be_changed_and_those_that_cannot_are_listed() {
    let o = Command::new(env!("CARGO_BIN_EXE_pgautopsy")).args(["list", "limits"]).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    for name in ["depth", "hosts", "events", "line", "whole", "undated", "beats"] {
        assert!(text.lines().any(|l| l.starts_with(&format!("{name} "))), "{name}:\n{text}");
    }
    assert!(text.contains("Fixed, with the reason:"), "{text}");
}

/// What is counted together or left out of a whole bundle is no entry that could not be read.
#[test]
fn limits_of_the_bundle_are_notes() {
    let bundle = crate::root("fixtures/cases/lab-04-pgwal-full/bundle");
    for (limit, note) in [("events=50", "events are more than 50"), ("hosts=2", "only the 2 with the most lines")] {
        let o = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pgautopsy"));
            let o = command.args(arguments).args(["--limit", limit]).arg(&bundle).output().unwrap();
            assert!(o.status.success());
            String::from_utf8(o.stdout).unwrap()
        };
        let report: Value = serde_json::from_str(&o(&["-f", "json"])).unwrap();
        assert_eq!(report["inventory"]["skipped"], serde_json::json!([]), "{limit}");
        assert!(report["inventory"]["notes"][0].as_str().unwrap().contains(note), "{limit}");
        let card = o(&["--card"]);
        assert!(card.contains("\nNote ") && card.contains(" 0 not read"), "{card}");
        let list = o(&["ls"]);
        assert!(list.contains("\nnote: ") && list.contains(" 0 not read") && !list.contains("not read:"), "{list}");
        assert!(o(&["-f", "md"]).contains("\nNote: ") && o(&["-f", "html"]).contains("<p>Note: "), "{limit}");
    }
}
