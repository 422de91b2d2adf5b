//! `/etc/timezone`, `/etc/sysconfig/clock`: the zone of a host.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "zone-file",
    program: Program::Config,
    doc: "one IANA zone name, or ZONE=\"…\"",
    sniff,
    read,
    samples: &["Europe/Berlin\n", "ZONE=\"America/New_York\"\nUTC=true\n"],
};

/// The zone that a line names, if the time zone database knows it.
fn zone(line: &str) -> Option<&str> {
    let line = line.trim();
    let name = line.strip_prefix("ZONE=").map_or(line, |z| z.trim_matches('"'));
    let shaped = name.contains('/') || matches!(name, "UTC" | "GMT");
    (shaped && name.len() < 60 && jiff::tz::db().get(name).is_ok()).then_some(name)
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).collect();
    let found = all.iter().filter(|l| zone(l).is_some()).count();
    if found == 1 && all.len() <= 4 && all.iter().all(|l| zone(l).is_some() || l.contains('=')) { 88 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    for line in lines(&text) {
        if let Some(name) = zone(line.text) {
            sheet.text(Key::TimeZone, Some("host"), name, line);
        }
    }
    sheet.account(&text);
}
