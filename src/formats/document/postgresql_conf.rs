//! postgresql.conf, postgresql.auto.conf, postgresql.base.conf, recovery.conf: `name = value` lines, the last one counts.

use crate::formats::Document;
use crate::formats::settings::parameter;
use crate::formats::sheet::{Line, Sheet, lines};
use crate::model::{Key, Parsed, Program};
use std::collections::BTreeMap;

pub static FORMAT: Document = Document {
    name: "postgresql-conf",
    program: Program::Config,
    doc: "`name = value` or `name value`, quotes doubled inside quotes, comments from # on",
    sniff,
    read,
    samples: &[
        "max_connections = 100\t\t\t# (change requires restart)\nshared_buffers = 128MB\nlog_timezone = 'Etc/UTC'\n",
    ],
};

/// Names that stand in no other kind of config.
static OWN: &[&str] = &[
    "max_connections",
    "wal_level",
    "shared_buffers",
    "hot_standby",
    "primary_conninfo",
    "log_line_prefix",
    "log_timezone",
    "listen_addresses",
    "max_wal_senders",
    "max_replication_slots",
    "max_wal_size",
    "restore_command",
    "recovery_target_timeline",
    "archive_mode",
    "synchronous_commit",
    "wal_log_hints",
    "dynamic_shared_memory_type",
    "standby_mode",
    "primary_slot_name",
    "synchronous_standby_names",
    "wal_keep_segments",
    "wal_keep_size",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let hit = |l: &str| {
        assignment(l.trim_start_matches('#')).is_some_and(|(n, _)| OWN.contains(&n.to_ascii_lowercase().as_str()))
    };
    let (hits, commented): (Vec<&str>, Vec<&str>) = text.lines().filter(|l| hit(l)).partition(|l| !l.starts_with('#'));
    match (hits.len(), hits.len() + commented.len()) {
        (2.., _) | (_, 4..) => 94,
        // recovery.conf and postgresql.auto.conf may hold a single line; prose does not begin so.
        (1, _) if text.lines().all(|l| l.trim().is_empty() || l.starts_with('#') || assignment(l).is_some()) => 70,
        _ => 0,
    }
}

/// Name and value of a line; `=` may be left out before a quote or a word.
fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))?;
    let (name, rest) = line.split_at_checked(end)?;
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (equals, rest) = match rest.trim_start().strip_prefix('=') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, rest.trim_start()),
    };
    if !equals && !rest.starts_with('\'') {
        return None;
    }
    let value = match rest.strip_prefix('\'') {
        Some(inner) => quoted(inner),
        None => rest.split(['#', ' ', '\t', ';']).next().unwrap_or("").to_owned(),
    };
    Some((name, value))
}

/// The text up to the closing quote; doubled quotes and backslashes mean one.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if chars.peek() == Some(&'\'') => {
                chars.next();
                out.push('\'');
            }
            '\'' => break,
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

fn read(content: &[u8], name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    // The server takes the last of several lines.
    let mut last: BTreeMap<String, (String, Line<'_>)> = BTreeMap::new();
    for line in lines(&text).filter(|l| !l.text.trim_start().starts_with('#')) {
        if let Some((name, value)) = assignment(line.text) {
            last.insert(name.to_ascii_lowercase(), (value, line));
        }
    }
    let mut all: Vec<_> = last.into_iter().collect();
    all.sort_by_key(|(_, (_, line))| line.number);
    for (name, (value, line)) in all {
        parameter(&name, &value, line, &mut sheet);
        match name.as_str() {
            "standby_mode" if value == "on" => sheet.num(Key::PgStandbySignal, None, 1.0, line),
            "primary_conninfo" => {
                let host = value.split_whitespace().find_map(|w| w.strip_prefix("host="));
                sheet.text(Key::PgSetting, Some("primary_conninfo host"), host.unwrap_or(""), line);
            }
            _ => {}
        }
    }
    let file = name.rsplit('/').next().unwrap_or(name);
    if file == "standby.signal" {
        sheet.num(Key::PgStandbySignal, None, 1.0, Line { number: 1, text: "standby.signal" });
    }
    sheet.account(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_and_quotes_are_resolved() {
        let mut out = Parsed::default();
        let text = "#max_connections = 50\nmax_connections = 100\t# x\nmax_connections = 200\nlog_line_prefix = '%m [%p] it''s '\nlog_timezone = 'Europe/Berlin'\narchive_command = 'cp %p /x/%f'\narchive_mode on\nsynchronous_standby_names = ''\nprimary_conninfo = 'user=rep password=geheim host=10.0.0.1 port=5432'\n";
        assert_eq!(sniff(text.as_bytes(), ""), 94);
        read(text.as_bytes(), "", &mut out);
        let get = |item: &str| {
            out.facts
                .iter()
                .find(|f| f.key == Key::PgSetting && f.item.as_deref() == Some(item))
                .and_then(|f| f.value.text())
        };
        assert_eq!(get("max_connections"), Some("200"));
        assert_eq!(get("log_line_prefix"), Some("%m [%p] it's"));
        assert_eq!(get("archive_command"), Some("set"));
        assert_eq!(get("synchronous_standby_names"), Some("''"));
        assert_eq!(get("primary_conninfo host"), Some("10.0.0.1"));
        assert!(out.facts.iter().any(|f| f.key == Key::TimeZone && f.value.text() == Some("Europe/Berlin")));
        assert!(!format!("{:?}", out.facts).contains("geheim"));
    }
}
