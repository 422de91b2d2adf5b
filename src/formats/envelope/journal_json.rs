//! `journalctl -o json`: one object a line, microseconds since 1970.

use super::syslog::severity;
use crate::formats::{Envelope, Peeled, json, stamp};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "journal_json",
    doc: "Objects with `__REALTIME_TIMESTAMP` and `MESSAGE`; the stamp is UTC and needs no zone.",
    peel,
    samples: &[
        r#"{"__REALTIME_TIMESTAMP": "1795220973687216", "_HOSTNAME": "pg1", "SYSLOG_IDENTIFIER": "patroni", "_PID": "26391", "MESSAGE": "2026-11-21 11:29:33,687 INFO: REST API thread_pool_size = 5"}"#,
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    // `-o json-sse` and `-o json-seq`.
    let line = line.strip_prefix(b"data: ").or_else(|| line.strip_prefix(b"\x1e")).unwrap_or(line);
    if line.first() != Some(&b'{') || memchr::memmem::find(line, b"\"__REALTIME_TIMESTAMP\"").is_none() {
        return None;
    }
    let mut out = Peeled::default();
    let mut body = None;
    let mut unit = None;
    for (key, raw) in json::entries(line) {
        let text = || json::unescape(raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")).unwrap_or(raw));
        match key {
            b"__REALTIME_TIMESTAMP" => {
                let micros = std::str::from_utf8(&text()).ok()?.parse().ok()?;
                out.stamp = Some(stamp::from_micros(micros));
            }
            b"_HOSTNAME" => out.host = Some(text()),
            b"SYSLOG_IDENTIFIER" => out.ident = Some(text()),
            b"_SYSTEMD_UNIT" => unit = Some(text()),
            b"_PID" => out.pid = std::str::from_utf8(&text()).ok().and_then(|p| p.parse().ok()).unwrap_or(0),
            b"PRIORITY" => {
                out.level = severity(std::str::from_utf8(&text()).ok().and_then(|p| p.parse().ok()).unwrap_or(6));
            }
            // Messages with bytes that are no text come as a list of numbers (systemd's JSON format).
            b"MESSAGE" if raw.first() == Some(&b'[') => {
                let list =
                    raw.split(|b| !b.is_ascii_digit()).filter_map(|n| std::str::from_utf8(n).ok()?.parse::<u8>().ok());
                body = Some(Cow::Owned(list.collect()));
            }
            b"MESSAGE" => body = Some(text()),
            _ => {}
        }
    }
    out.stamp?;
    if out.ident.is_none() {
        out.ident = unit;
    }
    out.body = body.unwrap_or_default();
    Some(out)
}
