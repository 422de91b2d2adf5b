//! pg_controldata: what the server wrote of itself when it last could.

use crate::formats::sheet::{Sheet, lines};
use crate::formats::{Document, stamp};
use crate::model::{Key, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "pg-controldata",
    program: Program::Command,
    doc: "state, system identifier, timeline, times of the last change and checkpoint; labels in many languages, values in English order",
    sniff,
    read,
    samples: &[
        "pg_control version number:            1300\nCatalog version number:               202209061\nDatabase system identifier:           7710427947206209187\nDatabase cluster state:               in production\n",
    ],
};

/// Labels kept, and the short name of each.
static LABELS: &[(&str, &str)] = &[
    ("Database cluster state", "state"),
    ("pg_control last modified", "last_modified"),
    ("Latest checkpoint location", "checkpoint_location"),
    ("Latest checkpoint's REDO location", "redo_location"),
    ("Latest checkpoint's TimeLineID", "timeline"),
    ("Latest checkpoint's PrevTimeLineID", "previous_timeline"),
    ("Time of latest checkpoint", "checkpoint_time"),
    ("Minimum recovery ending location", "min_recovery_end"),
    ("Min recovery ending loc's timeline", "min_recovery_timeline"),
    ("Backup start location", "backup_start"),
    ("wal_log_hints setting", "wal_log_hints"),
    ("Data page checksum version", "checksums"),
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    // The first label holds the file's name in every language; the identifier has 19 digits.
    let first = text.lines().any(|l| l.trim_start().starts_with("pg_control") && l.contains(':'));
    let state = text.lines().any(|l| l.trim_start().starts_with("Database cluster state:"));
    let id = text
        .lines()
        .any(|l| l.rsplit(' ').next().is_some_and(|w| w.len() == 19 && w.bytes().all(|b| b.is_ascii_digit())));
    if state || (first && id) { 95 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        let Some((label, value)) = line.text.split_once(':') else { continue };
        let (label, value) = (label.trim(), value.trim());
        if label == "Database system identifier" || (value.len() == 19 && value.bytes().all(|b| b.is_ascii_digit())) {
            sheet.text(Key::SystemId, None, value, line);
        } else if let Some((_, short)) = LABELS.iter().find(|(l, _)| *l == label) {
            // C locale: `Sat Nov 21 00:15:20 2026`, local time of whoever ran the command.
            let at = stamp::ctime(value.as_bytes()).map(|(s, _)| s).or_else(|| super::date::stamp_line(value));
            sheet.fact_at(Key::PgControl, Some(short), Value::Text(value.into()), at, line);
        }
    }
    sheet.account(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    #[test]
    fn reads_state_and_times() {
        let text = "pg_control version number:            1300\nDatabase system identifier:           7710427947206209187\nDatabase cluster state:               shut down in recovery\npg_control last modified:             Sat 21 Nov 2026 12:15:20 AM UTC\nLatest checkpoint's TimeLineID:       2\nTime of latest checkpoint:            Fri Nov 20 19:15:20 2026\n";
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        let get =
            |item: &str| out.facts.iter().find(|f| f.key == Key::PgControl && f.item.as_deref() == Some(item)).unwrap();
        assert_eq!(get("state").value.text(), Some("shut down in recovery"));
        assert_eq!(get("timeline").value.num(), Some(2.0));
        assert_eq!(rfc3339(get("last_modified").at.unwrap().civil), "2026-11-21T00:15:20.000Z");
        assert_eq!(rfc3339(get("checkpoint_time").at.unwrap().civil), "2026-11-20T19:15:20.000Z");
        assert!(out.facts.iter().any(|f| f.key == Key::SystemId));
    }
}
