//! The command line as a user meets it: exit codes, messages, pipes, bad input.

use crate::root;
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pgautopsy"))
        .args(args)
        .current_dir(root(""))
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

const SEED: &str = "samples/01-slow-etcd-disk/bundle";

#[test]
fn analyze_is_the_default() {
    let short = run(&[SEED]);
    let long = run(&["analyze", SEED]);
    assert_eq!(short.status.code(), Some(0));
    assert_eq!(out(&short), out(&long));
    let text = out(&short);
    let answer: Vec<&str> = text.lines().take(6).collect();
    assert!(answer.join("\n").contains("etcd_slow_disk"), "{answer:?}");
    assert!(!text.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn an_incident_is_an_exit_code_only_on_request() {
    assert_eq!(run(&["--exit-code", SEED]).status.code(), Some(1));
    assert_eq!(run(&["--exit-code", "fixtures/cases/lab-23-noisy-harmless/bundle"]).status.code(), Some(0));
}

#[test]
fn a_missing_path_is_named() {
    let o = run(&["no/such/folder"]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("no/such/folder"), "{}", err(&o));
}

#[test]
fn a_mistyped_command_is_told_from_a_path() {
    let o = run(&["trage", SEED]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("did you mean the command `pgautopsy triage`?"), "{}", err(&o));
}

#[test]
fn a_window_keeps_what_happened_in_it_and_says_where_the_logs_lie() {
    let report = |args: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&run(&[&["-f", "json"], args, &[SEED]].concat()).stdout).unwrap()
    };
    let around = report(&["--at", "2021-02-01 13:45", "--window", "15m"]);
    assert_eq!(around["verdict"]["root_cause"], "etcd_slow_disk");
    let before = report(&["--until", "2021-02-01 13:44"]);
    assert_eq!(before["incidents"].as_array().unwrap().len(), 0, "{}", before["verdict"]["headline"]);
    assert!(!before["verdict"]["headline"].as_str().unwrap().contains("13:45"));
    for (wrong, hint) in [("2030-01-01", "the logs cover"), ("soon", "2 hours ago")] {
        let o = run(&["--since", wrong, SEED]);
        assert_eq!(o.status.code(), Some(2));
        assert!(err(&o).contains(hint), "{}", err(&o));
    }
    let o = run(&["timeline", "-f", "csv", "--at", "2021-02-01 13:45:05", "--window", "30s", SEED]);
    assert!(out(&o).lines().skip(1).all(|l| l.starts_with("2021-02-01T13:4")), "{}", out(&o));
}

#[test]
fn a_message_of_ones_own_is_understood() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("pgautopsy.toml");
    std::fs::write(&config, "[[message]]\nprogram = \"patroni\"\npattern = 'acme: node (?P<who>\\S+) fenced'\nmeans = \"sys.unit.killed\"\n").unwrap();
    let log = dir.path().join("patroni.log");
    std::fs::write(&log, "2021-02-01 13:45:05,683 INFO: no action. I am (pg1), the leader with the lock\n2021-02-01 13:45:15,683 INFO: acme: node pg7 fenced\n").unwrap();
    let told = |more: &[&str]| out(&run(&[&["timeline", "-f", "csv"], more, &[log.to_str().unwrap()]].concat()));
    assert!(!told(&[]).contains("pg7"));
    let own = told(&["--config", config.to_str().unwrap()]);
    assert!(own.contains("sys.unit.killed") && own.contains("pg7"), "{own}");
}

#[test]
fn a_threshold_in_the_config_weakens_what_rests_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("pgautopsy.toml");
    std::fs::write(&config, "[thresholds]\n\"etcd_slow_disk.await_ms\" = 5000\n").unwrap();
    let usual = out(&run(&["--card", SEED]));
    let raised = out(&run(&["--card", "--config", config.to_str().unwrap(), SEED]));
    assert!(usual.contains("etcd_slow_disk (certainty medium"), "{usual}");
    assert!(!raised.contains("etcd_slow_disk (certainty medium"), "a disk below the limit proves nothing:\n{raised}");
    std::fs::write(&config, "[thresholds]\n\"etcd_slow_disk.awaitms\" = 5000\n").unwrap();
    let o = run(&["--config", config.to_str().unwrap(), SEED]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("did you mean etcd_slow_disk.await_ms"), "{}", err(&o));
}

#[test]
fn no_path_at_all_says_what_to_do() {
    let o = run(&[]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("--help"), "{}", err(&o));
}

#[test]
fn an_empty_folder_and_garbage_are_nothing_readable() {
    let dir = tempfile::tempdir().unwrap();
    let o = run(&[dir.path().to_str().unwrap()]);
    assert_eq!(o.status.code(), Some(3), "{}", err(&o));
    std::fs::write(
        dir.path().join("noise.bin"),
        (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>(),
    )
    .unwrap();
    let o = run(&[dir.path().to_str().unwrap()]);
    assert_eq!(o.status.code(), Some(3));
    assert!(err(&o).contains("noise.bin"), "{}", err(&o));
}

#[test]
fn garbage_beside_a_log_does_not_stop_the_report() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(root(SEED).join("db1/patroni.log"), dir.path().join("patroni.log")).unwrap();
    std::fs::write(dir.path().join("core"), b"\x7fELF\x02\x01\x01 and so on").unwrap();
    let o = run(&[dir.path().to_str().unwrap()]);
    assert_eq!(o.status.code(), Some(0));
    assert!(out(&o).contains("demoted"), "{}", out(&o));
    assert!(out(&o).contains("core"), "what was not read stands in the report");
}

#[test]
fn too_little_names_the_file_that_would_decide() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("df.txt"),
        "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        20G   11G  9.0G  55% /\n",
    )
    .unwrap();
    let o = run(&["-f", "json", dir.path().to_str().unwrap()]);
    let report: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
    assert_eq!(report["verdict"]["kind"], "insufficient_evidence");
    assert_eq!(report["verdict"]["missing_evidence"][0]["kind"], "patroni log");
}

#[test]
fn a_bundle_may_come_through_a_pipe() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgautopsy"))
        .args(["-f", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("db1", root(SEED).join("db1")).unwrap();
    child.stdin.take().unwrap().write_all(&tar.into_inner().unwrap()).unwrap();
    let o = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
    assert_eq!(report["verdict"]["root_cause"], "etcd_slow_disk");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgautopsy"))
        .args(["-f", "json", "fixtures/cases/lab-05-partition-primary/bundle"])
        .current_dir(root(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let o = child.wait_with_output().unwrap();
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
}

#[test]
fn several_outputs_at_once_and_rendered_again() {
    let dir = tempfile::tempdir().unwrap();
    let (md, json) = (dir.path().join("r.md"), dir.path().join("r.json"));
    let o = run(&["-o", md.to_str().unwrap(), "-o", json.to_str().unwrap(), SEED]);
    assert_eq!((o.status.code(), out(&o).as_str()), (Some(0), ""));
    let again = run(&["render", json.to_str().unwrap(), "-f", "md"]);
    assert_eq!(out(&again), std::fs::read_to_string(md).unwrap());
}

#[test]
fn a_zone_can_be_told() {
    let o = run(&["-f", "json", "--tz", "Europe/Vienna", SEED]);
    let report: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
    let start = report["incidents"][0]["start"].as_str().unwrap();
    assert!(start.starts_with("2021-02-01T12:4"), "{start}");
    let o = run(&["--tz", "Mars/Olympus", SEED]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("Mars/Olympus"));
}

#[test]
fn a_limit_that_is_hit_is_named_and_can_be_raised() {
    let dir = tempfile::tempdir().unwrap();
    let log = std::fs::read(root(SEED).join("db1/patroni.log")).unwrap();
    let mut bytes = log;
    for i in 0..3 {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, if i == 0 { "db1/patroni.log" } else { "inner.tar" }, bytes.as_slice()).unwrap();
        bytes = tar.into_inner().unwrap();
    }
    let path = dir.path().join("ticket.tar");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let low = run(&["--limit", "depth=1", path]);
    assert_eq!(low.status.code(), Some(3));
    assert!(err(&low).contains("--limit depth="), "{}", err(&low));
    assert_eq!(run(&[path]).status.code(), Some(0));
    assert_eq!(run(&["--limit", "no_such=1", path]).status.code(), Some(2));
}

#[test]
fn wrong_usage_is_two() {
    for args in [&["--format", "pdf", SEED][..], &["--no-such-flag"], &["explain", "no_such_cause"]] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn every_verb_prints_something() {
    for args in [
        &["explain", "etcd_slow_disk"][..],
        &["explain", "patroni.lock.update_failed"],
        &["list", "causes"],
        &["list", "messages"],
        &["list", "formats"],
        &["list", "metrics"],
        &["list", "nodes", SEED],
        &["ls", SEED],
        &["schema"],
        &["timeline", SEED],
        &["timeline", "-f", "csv", SEED],
        &["timeline", "-f", "jsonl", SEED],
        &["sar", "samples/01-slow-etcd-disk/bundle/db1/sar-d.txt"],
    ] {
        let o = run(args);
        assert_eq!(o.status.code(), Some(0), "{args:?}: {}", err(&o));
        assert!(!o.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn escapes_in_a_log_do_not_reach_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("patroni.log"), "2021-02-01 13:45:05,683 INFO: demoted self because failed to update leader lock in DCS \u{1b}]0;owned\u{7}\u{202e}\n").unwrap();
    for format in ["text", "md"] {
        let text = out(&run(&["-v", "-f", format, dir.path().to_str().unwrap()]));
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{format}");
    }
}

#[test]
fn a_card_fits_a_ticket() {
    let card = out(&run(&["--card", SEED]));
    assert!(card.lines().count() <= 12 && card.contains("etcd_slow_disk"), "{card}");
    assert_eq!(card, out(&run(&["-f", "card", SEED])));
}

#[test]
fn annotations_for_grafana_are_a_list_of_requests() {
    let list: serde_json::Value = serde_json::from_str(&out(&run(&["timeline", "-f", "grafana", SEED]))).unwrap();
    let first = &list[0];
    assert!(first["time"].as_i64().unwrap() > 1_600_000_000_000 && first["timeEnd"].as_i64() >= first["time"].as_i64());
    assert!(first["tags"].as_array().unwrap().iter().any(|t| t == "pgautopsy") && first["text"].is_string());
}

#[test]
fn nothing_but_ascii_on_request() {
    let text = out(&run(&["-v", "--ascii", "samples/02-partition/bundle"]));
    assert!(text.is_ascii() && text.contains("# leader"), "{text}");
}

#[test]
fn a_redacted_copy_and_its_list() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("shared");
    let o = run(&["redact", SEED, "-o", copy.to_str().unwrap()]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    let list = std::fs::read_to_string(dir.path().join("shared-replaced.tsv")).unwrap();
    assert!(list.lines().any(|l| l.starts_with("host\tdb1\t")), "{list}");
    let report = out(&run(&[copy.to_str().unwrap()]));
    assert!(report.contains("etcd_slow_disk") && !report.contains("db1"), "{report}");
    let again = run(&["redact", SEED, "-o", copy.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "a folder that holds something is not written to");
}

#[test]
fn every_verb_keeps_names_to_itself_when_told_to() {
    for args in [
        &["--redact", SEED][..],
        &["--redact", "-f", "html", SEED],
        &["--redact", "-v", "-f", "md", SEED],
        &["ls", "--redact", SEED],
        &["timeline", "--redact", SEED],
        &["timeline", "--redact", "-f", "csv", SEED],
    ] {
        let o = run(args);
        assert_eq!(o.status.code(), Some(0), "{args:?}: {}", err(&o));
        assert!(!o.stdout.is_empty() && !out(&o).contains("db1") && !err(&o).contains("db1"), "{args:?}");
    }
}
