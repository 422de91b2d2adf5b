//! `pgautopsy triage` from outside: one card each, one row each, and nothing that stops a batch.

use crate::root;
use std::process::{Command, Output};

fn triage(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pgautopsy")).arg("triage").args(args).current_dir(root("")).output().unwrap()
}

fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

const SEED: &str = "samples/01-slow-etcd-disk/bundle";

#[test]
fn a_card_says_what_it_was_what_came_and_what_to_answer() {
    let o = triage(&[SEED]);
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    let text = out(&o);
    for part in [
        "  Cause     etcd_slow_disk",
        "Shown by",
        "In the attachment",
        "Reply",
        "thank you for the logs",
        "Kind regards",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(out(&triage(&["-f", "reply", SEED])).starts_with("Hello,"));
}

#[test]
fn without_a_cause_the_reply_asks_with_commands_hosts_and_minutes() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(root("samples/01-slow-etcd-disk/bundle/db1/patroni.log"), dir.path().join("patroni.log")).unwrap();
    let text = out(&triage(&["-f", "reply", dir.path().to_str().unwrap()]));
    assert!(text.contains("most important first"), "{text}");
    assert!(text.contains("journalctl") && text.contains("2021-02-01 13:"), "{text}");
    assert!(text.contains("pgautopsy collect --since '2021-02-01 13:"), "{text}");
}

#[test]
fn a_redacted_card_and_reply_hold_no_name_of_the_bundle() {
    let bundle = root("fixtures/cases/lab-05-partition-primary/bundle");
    for format in ["text", "reply", "json"] {
        let text = out(&triage(&["--redact", "-f", format, bundle.to_str().unwrap()]));
        assert!(text.contains("node1") && text.contains("node2"), "pseudonyms stand for hosts:\n{text}");
        for name in ["pg-dc1-a", "pg-dc1-b", "pg-dc2-a", "lab-05", "10."] {
            assert!(!text.contains(name), "{name} in -f {format}:\n{text}");
        }
    }
}

#[test]
fn a_batch_has_a_row_for_each_ticket_whatever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let tar = |name: &str, folder: &str| {
        let mut tar = tar::Builder::new(Vec::new());
        tar.append_dir_all("logs", root(folder)).unwrap();
        std::fs::write(dir.path().join(name), tar.into_inner().unwrap()).unwrap();
    };
    tar("ticket-1.tar", SEED);
    tar("ticket-2.tar", SEED);
    tar("ticket-3.tar", "fixtures/cases/lab-16-planned-switchover/bundle");
    std::fs::write(dir.path().join("ticket-4.zip"), b"PK\x03\x04 and then nothing").unwrap();
    std::fs::write(dir.path().join("ticket-5.png"), b"\x89PNG\r\n\x1a\n a screenshot").unwrap();
    std::fs::write(dir.path().join("=cmd|calc!A0"), "").unwrap();
    let folder = dir.path().to_str().unwrap();
    let o = triage(&["--batch", "-f", "csv", folder]);
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    let mut reader = csv::Reader::from_reader(o.stdout.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6, "{}", out(&o));
    assert!(rows[0][0].starts_with("'="), "a spreadsheet would run it: {:?}", &rows[0]);
    let row = |name: &str| rows.iter().find(|r| &r[0] == name).unwrap();
    assert_eq!((&row("ticket-1.tar")[1], &row("ticket-1.tar")[3]), ("cause", "etcd_slow_disk"));
    assert_eq!(&row("ticket-1.tar")[9], &row("ticket-2.tar")[9], "the same incident twice");
    assert!(!row("ticket-1.tar")[9].is_empty() && row("ticket-3.tar")[9].is_empty());
    assert_eq!(&row("ticket-3.tar")[1], "no_incident");
    for bad in ["ticket-4.zip", "ticket-5.png"] {
        assert_eq!(&row(bad)[1], "unreadable");
        assert!(!row(bad)[8].is_empty(), "{bad} says why");
    }
    let json: serde_json::Value = serde_json::from_slice(&triage(&["--batch", "-f", "json", folder]).stdout).unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), 6);
    assert_eq!(json["groups"]["g1"]["tickets"].as_array().unwrap().len(), 2);
    let md = out(&triage(&["--batch", "-f", "md", folder]));
    assert_eq!(md.lines().filter(|l| l.starts_with('|')).count(), 8);
    let one = triage(&["-f", "pdf", SEED]);
    assert_eq!(one.status.code(), Some(2));
}
