//! `pg_lsclusters` of Debian: version, state and directories of the clusters on a host.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "pg-lsclusters",
    program: Program::Command,
    doc: "Ver Cluster Port Status Owner Data directory Log file",
    sniff,
    read,
    samples: &[
        "Ver Cluster Port Status          Owner    Data directory              Log file\n15  main    5432 online,recovery postgres /var/lib/postgresql/15/main /var/log/postgresql/postgresql-15-main.log\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if text.lines().take(5).any(|l| l.starts_with("Ver Cluster") && l.contains("Data directory")) { 95 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text).filter(|l| l.text.starts_with(|c: char| c.is_ascii_digit())) {
        let words: Vec<&str> = line.text.split_whitespace().collect();
        let [version, _, _, _, _, directory, ..] = words.as_slice() else { continue };
        sheet.text(Key::PgVersion, None, version, line);
        sheet.text(Key::PgDataDir, None, directory, line);
    }
    sheet.account(&text);
}
