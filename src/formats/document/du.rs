//! `du`: sizes of directories.

use crate::formats::sheet::{Sheet, lines};
use crate::formats::{Document, units};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "du",
    program: Program::Command,
    doc: "size and path, parted by a tab; sizes without a unit are kilobytes",
    sniff,
    read,
    samples: &["2.1G\t/var/lib/etcd/member/snap\n64M\t/var/lib/etcd/member/wal\n"],
};

fn row(line: &str) -> Option<(f64, &str)> {
    let (size, path) = line.split_once('\t')?;
    let size = size.trim();
    let bytes = units::bytes(size, false)?;
    let path = path.trim();
    let bytes = if size.bytes().all(|b| b.is_ascii_digit()) { bytes * 1_024.0 } else { bytes };
    (path.starts_with(['/', '.']) || path == "total").then_some((bytes, path))
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all = text.lines().filter(|l| !l.trim().is_empty()).count();
    let hits = text.lines().filter(|l| row(l).is_some()).count();
    if hits > 0 && hits * 3 >= all * 2 { 85 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        if let Some((bytes, path)) = row(line.text) {
            sheet.num(Key::DirSize, Some(path), bytes, line);
        }
    }
    sheet.account(&text);
}
