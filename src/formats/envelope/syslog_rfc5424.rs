//! RFC 5424: `<30>1 2021-02-01T13:45:05.683Z host app 77 - - text`.

use super::syslog::priority;
use crate::formats::stamp::iso;
use crate::formats::{Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "syslog_rfc5424",
    doc: "Priority, version 1, RFC 3339 stamp, host, application, process id, message id, structured data, text.",
    peel,
    samples: &[
        "<30>1 2021-02-01T13:45:05.683Z db1 patroni 77 - - 2021-02-01 13:45:05,683 INFO: no action. I am (db1), the leader with the lock",
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.first() != Some(&b'<') {
        return None;
    }
    let (level, rest) = priority(line);
    let rest = rest.strip_prefix(b"1 ")?;
    let (stamp, used) = iso(rest)?;
    let mut parts = rest.get(used..)?.strip_prefix(b" ")?.splitn(5, |b| *b == b' ');
    let host = parts.next()?;
    let app = parts.next()?;
    let pid = std::str::from_utf8(parts.next()?).ok()?.parse().unwrap_or(0);
    let _message_id = parts.next()?;
    let body = structured_data(parts.next()?);
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    Some(Peeled {
        stamp: Some(stamp),
        host: (host != b"-").then_some(Cow::Borrowed(host)),
        ident: Some(Cow::Borrowed(app)),
        pid,
        level,
        body: Cow::Borrowed(body),
    })
}

/// Skips `-` or `[id a="b"][id2 …]`; brackets inside values are escaped.
fn structured_data(text: &[u8]) -> &[u8] {
    if let Some(rest) = text.strip_prefix(b"-") {
        return rest.strip_prefix(b" ").unwrap_or(rest);
    }
    let mut rest = text;
    while rest.first() == Some(&b'[') {
        let mut at = 1;
        loop {
            match rest.get(at) {
                Some(b'\\') => at += 2,
                Some(b']') => break,
                Some(_) => at += 1,
                None => return text,
            }
        }
        rest = rest.get(at + 1..).unwrap_or(b"");
    }
    rest.strip_prefix(b" ").unwrap_or(rest)
}
