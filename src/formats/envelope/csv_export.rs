//! Exports of log systems as CSV: stamp first, message last, names between (SIEM, Kibana, Loki).

use crate::formats::stamp::iso;
use crate::formats::{Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "csv_export",
    doc: "Rows of three or more columns: stamp, then host, priority and program in any order, and the quoted message last.",
    peel,
    samples: &[
        r#"2025-07-29 23:00:04,sl1236,info,patroni,"2025-07-29 23:00:04,691 INFO: no action. I am (sl1236), a secondary, and following a leader (sl1237)""#,
    ],
};

/// Words of the columns between stamp and message that are priorities, not names.
const PRIORITIES: &[&str] = &["info", "notice", "debug", "warning", "warn", "err", "error", "crit", "alert", "emerg"];

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    let (stamp, used) = iso(line.strip_prefix(b"\"").unwrap_or(line))?;
    let rest = line.get(used..)?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest).strip_prefix(b",")?;
    let open = memchr::memmem::find(rest, b",\"")?;
    let body = rest.get(open + 2..)?.strip_suffix(b"\"")?;
    let names: Vec<&[u8]> = rest.get(..open)?.split(|b| *b == b',').filter(|w| !is_priority(w)).collect();
    let (host, ident) = match names.as_slice() {
        [host, .., ident] => (Some(*host), Some(*ident)),
        [host] => (Some(*host), None),
        [] => (None, None),
    };
    // PostgreSQL's own csvlog has the process id and the session id among its columns.
    if names.iter().any(|n| n.is_empty() || n.iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let body = if memchr::memmem::find(body, b"\"\"").is_some() {
        Cow::Owned(String::from_utf8_lossy(body).replace("\"\"", "\"").into_bytes())
    } else {
        Cow::Borrowed(body)
    };
    Some(Peeled {
        stamp: Some(stamp),
        host: host.map(Cow::Borrowed),
        ident: ident.map(Cow::Borrowed),
        body,
        ..Peeled::default()
    })
}

fn is_priority(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|w| PRIORITIES.contains(&w.to_ascii_lowercase().as_str()))
}
