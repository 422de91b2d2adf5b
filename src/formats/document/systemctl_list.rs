//! `systemctl list-units`, `--failed`: which services run and which failed.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "systemctl-list",
    program: Program::Command,
    doc: "UNIT LOAD ACTIVE SUB DESCRIPTION; our services and everything that failed",
    sniff,
    read,
    samples: &[
        "  UNIT                 LOAD   ACTIVE SUB     DESCRIPTION\n  etcd.service         loaded active running etcd key-value store\n● patroni.service      loaded failed failed  Runners to orchestrate a high-availability PostgreSQL\n",
    ],
};

static OURS: &[&str] = &[
    "patroni",
    "etcd",
    "postgres",
    "consul",
    "haproxy",
    "keepalived",
    "pgbouncer",
    "vip-manager",
    "chrony",
    "ntp",
    "systemd-timesyncd",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let header = |l: &str| l.split_whitespace().take(4).eq(["UNIT", "LOAD", "ACTIVE", "SUB"]);
    if text.lines().take(20).any(header) { 94 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        let words: Vec<&str> = line.text.trim_start_matches([' ', '●', '*', '×']).split_whitespace().collect();
        let [unit, load, active, sub, ..] = words.as_slice() else { continue };
        if !unit.contains('.') || !matches!(*load, "loaded" | "masked" | "not-found" | "error") {
            continue;
        }
        if *active == "failed" || OURS.iter().any(|o| unit.starts_with(o)) {
            sheet.text(Key::UnitState, Some(unit), &format!("{active} ({sub})"), line);
        }
    }
    sheet.account(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units() {
        let mut out = Parsed::default();
        read(FORMAT.samples[0].as_bytes(), "", &mut out);
        let got: Vec<_> = out.facts.iter().map(|f| (f.item.as_deref().unwrap(), f.value.text().unwrap())).collect();
        assert_eq!(got, [("etcd.service", "active (running)"), ("patroni.service", "failed (failed)")]);
    }
}
