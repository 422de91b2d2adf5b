//! Patroni with `log.type: json`, or a JSON format of one's own: level, message and time under various keys.

use super::{Body, Head, json, stamp};
use crate::model::{Level, Program};
use std::borrow::Cow;

pub static FORMAT: Body = Body {
    name: "patroni_json",
    doc: "Objects with `message` (or `msg`) and Python's level names under `levelname` or `level`; the stamp is asctime under `asctime`, `time`, `timestamp` or `@timestamp`; a traceback stands in `exc_info`.",
    head,
    samples: &[
        r#"{"time": "2020-12-26 12:02:51,341", "name": "patroni.ha", "process": 32085, "level": "INFO", "message": "Lock owner: pg1; I am pg1"}"#,
        r#"{"@timestamp": "2025-04-15 12:38:17,658", "level": "ERROR", "message": "Error communicating with DCS", "module": "ha", "app": "patroni"}"#,
        r#"{"asctime": "2026-11-21 00:14:47,440", "levelname": "INFO", "message": "no action. I am (pg1), the leader with the lock"}"#,
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    // PostgreSQL's objects, which hold the same names besides: seen at a glance.
    if memchr::memmem::find(line, b"\"error_severity\"").is_some() {
        return None;
    }
    let (mut level, mut message, mut at, mut pid, mut traceback) = (None, None, None, 0, None);
    for (key, raw) in json::entries(line) {
        let text = raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\""));
        match (key, text) {
            (b"levelname" | b"level" | b"severity", Some(word)) => level = Some(python_level(word)?),
            (b"message" | b"msg", Some(text)) => message = Some(json::unescape(text)),
            (b"asctime" | b"time" | b"timestamp" | b"@timestamp" | b"ts" | b"datetime", Some(text)) => {
                at = stamp::iso(text).map(|(s, _)| s)
            }
            (b"exc_info", Some(text)) if !text.is_empty() => traceback = Some(json::unescape(text)),
            (b"process", None) => pid = std::str::from_utf8(raw).ok().and_then(|p| p.parse().ok()).unwrap_or(0),
            // jsonlog of PostgreSQL and CloudNativePG's wrapper are other formats.
            (b"error_severity" | b"logging_pod" | b"caller" | b"logger", _) => return None,
            // Log shippers wrap the line and name its level once more.
            (b"@timestamp" | b"_source" | b"kubernetes" | b"insertId" | b"labels", _) => return None,
            _ => {}
        }
    }
    let mut message: Cow<'_, [u8]> = message?;
    if let Some(traceback) = traceback {
        let mut whole = message.into_owned();
        whole.push(b'\n');
        whole.extend_from_slice(&traceback);
        message = Cow::Owned(whole);
    }
    let mut head = Head::plain(Program::Patroni, at, level?, b"");
    head.message = message;
    head.pid = pid;
    Some(head)
}

fn python_level(word: &[u8]) -> Option<Level> {
    Some(match word {
        b"DEBUG" => Level::Debug,
        b"INFO" => Level::Info,
        b"WARNING" | b"WARN" => Level::Warning,
        b"ERROR" => Level::Error,
        b"CRITICAL" | b"FATAL" => Level::Fatal,
        _ => return None,
    })
}
