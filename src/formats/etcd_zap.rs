//! etcd 3.4 and newer: zap JSON, and zap's tab-separated console form.

use super::{Body, Head, json, stamp};
use crate::model::{Level, Program};

pub static FORMAT: Body = Body {
    name: "etcd_zap",
    doc: "`{\"level\":…,\"ts\":…,\"caller\":…,\"msg\":…}` with a stamp that carries its zone; or `ts<TAB>level<TAB>caller<TAB>msg<TAB>{fields}`.",
    head,
    samples: &[
        r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"7.240018332s","expected-duration":"1s"}"#,
        "2025-12-23T05:26:22.870Z\twarn\twal/wal.go:805\tslow fdatasync\t{\"took\": \"7.240018332s\", \"expected-duration\": \"1s\"}",
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.first() == Some(&b'{') { object(line) } else { console(line) }
}

fn object(line: &[u8]) -> Option<Head<'_>> {
    let (mut level, mut message, mut at, mut caller) = (None, None, None, false);
    for (key, raw) in json::entries(line) {
        let text = raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\""));
        match (key, text) {
            (b"level", Some(word)) => level = Some(zap_level(word)?),
            (b"ts", Some(text)) => at = Some(stamp::iso(text)?.0),
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
    if !caller && memchr::memmem::find(line, b"\"caller\"").is_none() && memchr::memmem::find(line, b"\"logger\"").is_some() {
        return None;
    }
    let mut head = Head::plain(Program::Etcd, Some(at?), level?, b"");
    head.message = message?;
    head.object = Some(line);
    Some(head)
}

fn console(line: &[u8]) -> Option<Head<'_>> {
    let (at, used) = stamp::iso(line)?;
    let mut parts = line.get(used..)?.strip_prefix(b"\t")?.splitn(4, |b| *b == b'\t');
    let level = zap_level(parts.next()?)?;
    let _caller = parts.next()?;
    let message = parts.next()?;
    let mut head = Head::plain(Program::Etcd, Some(at), level, message);
    head.object = parts.next().filter(|f| f.first() == Some(&b'{'));
    Some(head)
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
