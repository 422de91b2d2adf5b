//! PostgreSQL's jsonlog (15+), the older jsonlog extension, and the record inside CloudNativePG's wrapper.

use super::pg_csv::{quarters, session_epoch};
use super::pg_severity::{self, Kind};
use super::stamp::{iso, zone_word};
use super::{Body, Head, json, pg_stderr};
use crate::model::{Program, SECOND, Stamp};
use std::borrow::Cow;

pub static FORMAT: Body = Body {
    name: "pg_json",
    doc: "Objects with `error_severity` and `message`; the stamp under `timestamp` (jsonlog) or `log_time` (csvlog's names, as CloudNativePG uses them) with its zone word.",
    head,
    samples: &[
        r#"{"timestamp":"2026-11-21 00:51:15.526 CET","pid":32568,"session_id":"6b00dcf3.7f38","line_num":1,"session_start":"2026-11-21 00:51:15 CET","txid":0,"error_severity":"LOG","message":"checkpoints are occurring too frequently (1 second apart)","backend_type":"checkpointer","query_id":0}"#,
        r#"{"log_time":"2021-03-10 14:31:02.201 UTC","process_id":"24","session_id":"6048d936.18","session_line_num":"4","session_start_time":"2021-03-10 14:31:02 UTC","error_severity":"LOG","sql_state_code":"00000","message":"starting PostgreSQL 13.2"}"#,
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let (mut at, mut kind, mut message, mut pid) = (None, None, None, 0);
    let (mut session, mut started) = (None, None);
    for (key, raw) in json::entries(line) {
        let text = || json::unescape(raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")).unwrap_or(raw));
        match key {
            b"timestamp" | b"log_time" => at = stamp(&text()),
            b"error_severity" => kind = Some(pg_severity::word(&text()).unwrap_or(Kind::Info)),
            b"message" => message = Some(text()),
            b"pid" | b"process_id" => pid = std::str::from_utf8(&text()).ok()?.parse().unwrap_or(0),
            b"session_id" => session = session_epoch(&text()),
            b"session_start" | b"session_start_time" => started = stamp(&text()),
            _ => {}
        }
    }
    let kind = kind?;
    let mut head = Head::plain(Program::Postgres, Some(at?), kind.level(), b"");
    head.message = match message? {
        Cow::Borrowed(text) => pg_stderr::message(kind, text),
        Cow::Owned(text) => Cow::Owned(pg_stderr::message(kind, &text).into_owned()),
    };
    head.pid = pid;
    // As in csvlog, the session id is the session's start in UTC.
    head.zone_proof = session.zip(started).and_then(|(epoch, s)| quarters(epoch * SECOND - s.civil));
    Some(head)
}

fn stamp(text: &[u8]) -> Option<Stamp> {
    let (mut stamp, used) = iso(text)?;
    if let Some((zone, _)) = zone_word(text.get(used..)?) {
        stamp.zone = zone;
    }
    Some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_time_pid_text_and_proof() {
        let head = head(FORMAT.samples.first().unwrap().as_bytes()).unwrap();
        assert_eq!((head.pid, head.zone_proof), (32568, Some(-4)));
        assert_eq!(head.message.as_ref(), b"checkpoints are occurring too frequently (1 second apart)");
    }

    #[test]
    fn refuses_other_json() {
        for line in
            [r#"{"level":"info","ts":"2026-01-01T00:00:00Z","msg":"x"}"#, r#"{"error_severity":"LOG"}"#, "{", ""]
        {
            assert!(super::head(line.as_bytes()).is_none(), "{line}");
        }
    }
}
