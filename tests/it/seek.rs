//! A window of a big log in order of time: the same incident is found, and the rest of the file is not read.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Twelve days of Patroni; the leader is demoted in the middle of the seventh, and once more an hour before the end.
fn log() -> String {
    let mut out = String::new();
    for n in 0..12 * 8640u32 {
        let (day, s) = (n / 8640 + 1, n % 8640 * 10);
        let at = |ms: u32| format!("2026-11-{day:02} {:02}:{:02}:{:02},{ms:03}", s / 3600, s / 60 % 60, s % 60);
        if n == 6 * 8640 + 4320 || n == 12 * 8640 - 360 {
            let _ = writeln!(out, "{} ERROR: failed to update leader lock", at(90));
            let _ = writeln!(out, "{} INFO: demoted self because failed to update leader lock in DCS", at(95));
            let _ = writeln!(out, "{} INFO: promoted self to leader by acquiring session lock", at(900));
        } else {
            let _ = writeln!(out, "{} INFO: no action. I am (pg1), the leader with the lock", at(101));
            let _ = writeln!(out, "{} INFO: Lock owner: pg1; I am pg1", at(102));
        }
    }
    out
}

fn report(folder: &Path, arguments: &[&str], stdin: Stdio) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgautopsy"));
    let o = command.args(["-q", "-f", "json"]).args(arguments).current_dir(folder).stdin(stdin).output().unwrap();
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    serde_json::from_slice(&o.stdout).unwrap()
}

/// Incidents and verdict without the file's name, which standard input has not.
fn told(report: &Value) -> Value {
    fn nameless(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("path");
                map.values_mut().for_each(nameless);
            }
            Value::Array(list) => list.iter_mut().for_each(nameless),
            _ => {}
        }
    }
    let mut told = serde_json::json!([report["incidents"], report["verdict"]]);
    nameless(&mut told);
    told
}

#[test]
fn a_window_of_a_sorted_log_is_found_without_reading_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (text, file) = (log(), folder.path().join("patroni.log"));
    std::fs::write(&file, &text).unwrap();
    assert!(text.len() > 10 << 20, "{}", text.len());
    let windows: [&[&str]; 4] = [
        &["--since", "2026-11-07 11:58", "--until", "2026-11-07T12:03:00Z"],
        &["--at", "2026-11-07 12:00"],
        &["--since", "-90m"],
        &["--since", "2 hours ago", "--until", "2026-11-12 23:30"],
    ];
    for window in windows {
        for threads in ["1", "2"] {
            let seeking =
                report(folder.path(), &[window, &["--threads", threads, "patroni.log"]].concat(), Stdio::null());
            let incidents = seeking["incidents"].as_array().unwrap();
            assert_eq!(incidents.len(), 1, "{window:?}");
            assert_eq!(incidents[0]["kind"], "demotion", "{window:?}");
            let source = &seeking["inventory"]["sources"][0];
            let why = source["kind_why"].as_str().unwrap();
            assert!(why.contains("only bytes ") && why.contains(&format!(" of {} were read", text.len())), "{why}");
            // Patroni writes no zone: it may be any, and so 30 hours are read beside the window.
            let (lines, all) = (source["lines"].as_u64().unwrap(), text.lines().count() as u64);
            assert!(lines < all / 8, "{window:?}: {lines} of {all} lines");
            // Places are those of the whole file.
            let proof =
                incidents[0]["phases"].as_array().unwrap().iter().flat_map(|p| p["evidence"].as_array().unwrap());
            for e in proof {
                let line = e["line"].as_u64().unwrap() as usize;
                assert_eq!(text.lines().nth(line - 1), e["raw"].as_str(), "{e:#}");
            }
        }
    }
}

#[test]
fn a_stream_that_cannot_be_sought_in_gives_the_same_report() {
    let folder = tempfile::tempdir().unwrap();
    let (text, file) = (log(), folder.path().join("patroni.log"));
    std::fs::write(&file, &text).unwrap();
    let window = ["--since", "2026-11-07 11:58", "--until", "2026-11-07 12:03"];
    let sought = report(folder.path(), &[&window[..], &["patroni.log"]].concat(), Stdio::null());
    let stream = std::fs::File::open(&file).unwrap();
    let streamed = report(folder.path(), &[&window[..], &["-"]].concat(), stream.into());
    assert_eq!(streamed["inventory"]["sources"][0]["lines"], text.lines().count());
    assert_eq!(sought["incidents"].as_array().unwrap().len(), 1);
    assert_eq!(told(&sought), told(&streamed));
}

#[test]
fn the_timeline_seeks_as_well() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("patroni.log"), log()).unwrap();
    let rows = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgautopsy"));
        let o = command.args(["timeline", "-f", "jsonl"]).args(arguments).current_dir(folder.path()).output().unwrap();
        String::from_utf8_lossy(&o.stdout).into_owned()
    };
    let part = rows(&["--at", "2026-11-07 12:00", "patroni.log"]);
    assert_eq!(part.lines().filter(|l| l.contains("\"patroni.demote.done.lock_update_failed")).count(), 1, "{part}");
    assert!(part.lines().all(|l| l.contains("2026-11-07T1")), "{part}");
}
