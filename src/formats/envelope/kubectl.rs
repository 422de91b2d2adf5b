//! What tools put in front of container output: `kubectl logs --prefix`, `docker compose logs`.

use crate::formats::{BODIES, Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "kubectl",
    doc: "`[pod/name/container] text`; `name-1  | text`, the latter only in front of a line that is a log's by itself.",
    peel,
    samples: &[
        "[pod/demo-0/postgres] 2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock",
        "demo-patroni1-1  | 2026-11-21 00:13:31,489 INFO: no action. I am (patroni1), the leader with the lock",
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if let Some(rest) = line.strip_prefix(b"[pod/") {
        let close = memchr::memchr(b']', rest)?;
        let mut names = rest.get(..close)?.split(|b| *b == b'/');
        let (pod, container) = (names.next()?, names.next());
        let body = rest.get(close + 1..)?;
        return Some(Peeled {
            host: Some(Cow::Borrowed(pod)),
            ident: container.map(Cow::Borrowed),
            body: Cow::Borrowed(body.strip_prefix(b" ").unwrap_or(body)),
            ..Peeled::default()
        });
    }
    let (name, body) = name(line)?;
    BODIES.iter().any(|b| (b.head)(body).is_some()).then(|| Peeled {
        host: Some(Cow::Borrowed(name)),
        body: Cow::Borrowed(body),
        ..Peeled::default()
    })
}

/// `name-1  | text`: what docker compose puts in front.
pub fn name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let n = line.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')).count();
    let name = line.get(..n).filter(|name| name.iter().any(u8::is_ascii_alphabetic))?;
    Some((name, line.get(n..)?.trim_ascii_start().strip_prefix(b"| ")?))
}
