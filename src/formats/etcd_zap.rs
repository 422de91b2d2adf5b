//! etcd 3.4 and newer: zap JSON, and zap's tab-separated console form.

use super::{Body, Head, json, stamp};
use crate::model::{Grain, Level, Micros, Program, Stamp, Written, Zone};
use std::borrow::Cow;

pub static FORMAT: Body = Body {
    name: "etcd_zap",
    doc: "`{\"level\":…,\"ts\":…,\"caller\":…,\"msg\":…}` with a stamp that carries its zone; or `ts<TAB>level<TAB>caller<TAB>msg<TAB>{fields}`.",
    head,
    samples: &[
        r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"7.240018332s","expected-duration":"1s"}"#,
        "2025-12-23T05:26:22.870Z    WARN    wal/wal.go:805    slow fdatasync    {\"took\": \"7.240018332s\", \"expected-duration\": \"1s\"}",
        r#"{"level":"warn","ts":1612345678.123456,"caller":"clientv3/retry_interceptor.go:62","msg":"retrying of unary invoker failed","error":"rpc error: code = Unavailable desc = etcdserver: request timed out"}"#,
        "2025-12-23T05:26:22.870123Z\tinfo\traft\tetcdserver/zap_raft.go:77\tfab5ff01cf613aaa became leader at term 3",
        "2025-12-23T05:26:22.870Z\twarn\twal/wal.go:805\tslow fdatasync\t{\"took\": \"7.240018332s\", \"expected-duration\": \"1s\"}",
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.first() == Some(&b'{') { object(line) } else { console(line) }
}

fn object(line: &[u8]) -> Option<Head<'_>> {
    // Looked for before the keys are read one by one: other programs' objects have no such key.
    memchr::memmem::find(line, b"\"msg\"")?;
    let (mut level, mut message, mut at, mut caller) = (None, None, None, false);
    for (key, raw) in json::entries(line) {
        let text = raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\""));
        match (key, text) {
            (b"level", Some(word)) => level = Some(zap_level(word)?),
            (b"ts", Some(text)) => at = Some(stamp::iso(text)?.0),
            (b"ts", None) => at = Some(epoch(raw)?),
            (b"caller", _) => caller = true,
            (b"msg", Some(text)) => message = Some(json::unescape(text)),
            // CloudNativePG's and other operators' zap lines.
            (b"logging_pod" | b"record", _) => return None,
            _ => {}
        }
        if level.is_some() && at.is_some() && message.is_some() {
            break;
        }
    }
    if !caller
        && memchr::memmem::find(line, b"\"caller\"").is_none()
        && memchr::memmem::find(line, b"\"logger\"").is_some()
    {
        return None;
    }
    let mut head = Head::plain(Program::Etcd, Some(at?), level?, b"");
    head.message = with_reason(message?, head.level, line);
    head.object = Some(line);
    Some(head)
}

/// `ts⇥level⇥caller⇥msg⇥{fields}`; lines of the raft library have the logger's name before the caller.
fn console(line: &[u8]) -> Option<Head<'_>> {
    let (at, used) = stamp::iso(line)?;
    let rest = line.get(used..)?;
    // Terminals and chats make several blanks of a tab.
    let rest = rest.strip_prefix(b"\t").or_else(|| rest.strip_prefix(b"  "))?;
    let mut parts = columns(rest).into_iter();
    let level = zap_level(parts.next()?)?;
    if memchr::memmem::find(parts.next()?, b".go:").is_none() {
        memchr::memmem::find(parts.next()?, b".go:")?;
    }
    let message = parts.next()?;
    let object = parts.next().filter(|f| f.first() == Some(&b'{'));
    let mut head = Head::plain(Program::Etcd, Some(at), level, message);
    if let Some(object) = object {
        head.message = with_reason(Cow::Borrowed(message), level, object);
    }
    head.object = object;
    Some(head)
}

/// Parts between tabs or runs of blanks; the fields at the end are one part.
fn columns(text: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() && out.len() < 6 {
        let gap = rest.iter().zip(rest.iter().skip(1)).position(|(a, b)| *a == b'\t' || (*a == b' ' && *b == b' '));
        let end = gap.filter(|_| rest.first() != Some(&b'{')).unwrap_or(rest.len());
        out.push(rest.get(..end).unwrap_or(rest));
        rest = rest.get(end..).unwrap_or(b"").trim_ascii_start();
    }
    out
}

/// zap keeps out of the text what older loggers wrote into it and what decides the meaning: the error, the alarm.
fn with_reason<'a>(message: Cow<'a, [u8]>, level: Level, object: &[u8]) -> Cow<'a, [u8]> {
    if level < Level::Warning {
        return message;
    }
    for (key, raw) in json::entries(object) {
        if !matches!(key, b"error" | b"alarm" | b"internal-server-error") {
            continue;
        }
        let Some(text) = raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")).filter(|t| !t.is_empty()) else {
            continue;
        };
        let mut whole = message.into_owned();
        whole.extend_from_slice(b": ");
        whole.extend_from_slice(&json::unescape(text));
        return Cow::Owned(whole);
    }
    message
}

/// Seconds since 1970 with a fraction: etcd's client library with zap's own settings.
fn epoch(number: &[u8]) -> Option<Stamp> {
    let seconds: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    if !(1e8..1e10).contains(&seconds) {
        return None;
    }
    let civil = (seconds * 1e6) as Micros;
    Some(Stamp { civil, zone: Zone::Utc, written: Written::Full, grain: Grain::Micro })
}

fn zap_level(word: &[u8]) -> Option<Level> {
    Some(match word.to_ascii_lowercase().as_slice() {
        b"debug" => Level::Debug,
        b"info" => Level::Info,
        b"warn" => Level::Warning,
        b"error" => Level::Error,
        b"fatal" | b"panic" | b"dpanic" => Level::Fatal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_belongs_to_the_text() {
        for line in [
            r#"{"level":"fatal","ts":"2026-11-21T00:36:27.450Z","caller":"backend/batch_tx.go:248","msg":"failed to commit tx","error":"write /db: no space left on device"}"#,
            "2026-11-21T00:36:27.450Z\tfatal\tbackend/batch_tx.go:248\tfailed to commit tx\t{\"error\": \"write /db: no space left on device\"}",
        ] {
            let head = head(line.as_bytes()).unwrap();
            assert_eq!(head.message.as_ref(), b"failed to commit tx: write /db: no space left on device");
        }
    }

    #[test]
    fn the_console_form_may_name_a_logger() {
        let line = b"2025-12-23T05:26:22.870123Z\tinfo\traft\tetcdserver/zap_raft.go:77\tfab5 became leader at term 3";
        assert_eq!(head(line).unwrap().message.as_ref(), b"fab5 became leader at term 3");
    }
}
