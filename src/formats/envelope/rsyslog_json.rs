//! rsyslog's JSON templates: `jsonmesg` and the `jsonf` fields that most configurations copy from its manual.

use super::syslog::severity;
use crate::formats::stamp::shipped;
use crate::formats::{Envelope, Peeled, json};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "rsyslog_json",
    doc: "Objects with `msg` or `message`, `hostname` and `syslogtag`, `programname` or `syslog-tag`; the stamp under `timereported`, `timegenerated` or `@timestamp`.",
    peel,
    samples: &[
        r#"{ "msg": " [1-1] 2026-11-21 01:13:31.489 CET [10741] LOG:  ending log output to stderr", "timereported": "2026-11-21T00:13:31.489703+00:00", "hostname": "vm", "syslogtag": "postgres[10741]:", "pri": "134", "syslogfacility": "16", "syslogseverity": "6" }"#,
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let tag = json::first(line, &["syslogtag", "syslog-tag", "programname"])?;
    let stamp = shipped(&json::first(line, &["timereported", "timegenerated", "@timestamp", "timestamp"])?)?;
    let body = json::first(line, &["msg", "message"])?;
    let (ident, pid) = ident(tag);
    let level = json::first(line, &["syslogseverity", "severity"])
        .and_then(|n| std::str::from_utf8(&n).ok()?.parse().ok())
        .map_or_else(Default::default, severity);
    Some(Peeled {
        stamp: Some(stamp),
        host: json::first(line, &["hostname", "host", "fromhost"]),
        ident: Some(ident),
        pid,
        level,
        // rsyslog keeps the blank after the tag.
        body: match body {
            Cow::Borrowed(b) => Cow::Borrowed(b.strip_prefix(b" ").unwrap_or(b)),
            Cow::Owned(b) => Cow::Owned(b.strip_prefix(b" ").map(<[u8]>::to_vec).unwrap_or(b)),
        },
    })
}

/// `postgres[10741]:` → `postgres`, 10741.
fn ident(tag: Cow<'_, [u8]>) -> (Cow<'_, [u8]>, u32) {
    let end = tag.iter().position(|b| matches!(b, b'[' | b':')).unwrap_or(tag.len());
    let pid = tag.get(end + 1..).unwrap_or(b"");
    let pid = pid.split(|b| !b.is_ascii_digit()).next().unwrap_or(b"");
    let pid = std::str::from_utf8(pid).ok().and_then(|p| p.parse().ok()).unwrap_or(0);
    (Cow::Owned(tag.get(..end).unwrap_or(b"").to_vec()), pid)
}
