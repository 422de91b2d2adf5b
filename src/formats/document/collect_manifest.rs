//! The manifest of `pgautopsy collect`: host, window, sums of what was collected, and what was looked for in vain.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Naming, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "collect-manifest",
    program: Program::Command,
    doc: "first line `pgautopsy-manifest 1`; `file CRC SIZE PATH` is verified by the reader, `not WHAT: WHY` was looked for in vain",
    sniff,
    read,
    samples: &[
        "pgautopsy-manifest 1\nhost pg1\ncollected 2026-11-21T06:41:13Z\nzone +0100\nwindow 2026-11-20T02:00:00Z 2026-11-20T03:00:00Z\nfile 1273060115 323 etc/patroni/patroni.yml\nnot commands/etcdctl-status.txt: no command etcdctl on this host\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    if head.starts_with(b"pgautopsy-manifest 1") { 100 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        let Some((word, rest)) = line.text.split_once(' ') else { continue };
        match word {
            "host" => sheet.name(Naming::Host, rest, line),
            "file" => {
                let mut parts = rest.splitn(3, ' ');
                if let (Some(crc), Some(size), Some(path)) = (parts.next(), parts.next(), parts.next()) {
                    sheet.text(Key::Collected, Some(path), &format!("{crc} {size}"), line);
                }
            }
            "not" => {
                let (what, why) = rest.split_once(": ").unwrap_or((rest, ""));
                sheet.text(Key::NotCollected, Some(what), why, line);
            }
            _ => {}
        }
    }
    sheet.account(&text);
}
