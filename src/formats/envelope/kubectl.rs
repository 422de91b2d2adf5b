//! What tools put in front of container output: `kubectl logs --prefix`, `docker compose logs`, swarm, stern.

use super::cri;
use crate::formats::{BODIES, Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "kubectl",
    doc: "`[pod/name/container] text`; in front of a line that is a log's by itself also `name-1  | text` of docker compose, `service.1.id@node    | text` of swarm, `pod container text` of stern.",
    peel,
    samples: &[
        "[pod/demo-0/postgres] 2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock",
        "demo-patroni1-1  | 2026-11-21 00:13:31,489 INFO: no action. I am (patroni1), the leader with the lock",
        "demo-patroni1-1  | 2026-11-21T00:13:31.489123456Z 2026-11-21 00:13:31,489 INFO: no action. I am (patroni1), the leader with the lock",
        "pg_patroni1.1.k2j4h5g6@node1    | 2026-11-21 00:13:31,489 INFO: no action. I am (patroni1), the leader with the lock",
        "demo-0 postgres 2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock",
        "demo-0 › postgres 2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock",
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
    if let Some((name, body)) = name(line) {
        return is_log(body).then(|| Peeled {
            host: Some(Cow::Borrowed(name)),
            body: Cow::Borrowed(body),
            ..Peeled::default()
        });
    }
    let (pod, container, body) = stern(line)?;
    is_log(body).then(|| Peeled {
        host: Some(Cow::Borrowed(pod)),
        ident: Some(Cow::Borrowed(container)),
        body: Cow::Borrowed(body),
        ..Peeled::default()
    })
}

/// The rest is a log's line, or one behind the stamp of `--timestamps`.
fn is_log(body: &[u8]) -> bool {
    BODIES.iter().any(|b| (b.head)(body).is_some()) || (cri::FORMAT.peel)(body).is_some()
}

/// `name-1  | text` of docker compose; of swarm's `service.1.id@node    | text` the node.
pub fn name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let n = line.iter().take(128).take_while(|b| is_name(**b) || **b == b'@').count();
    let name = line.get(..n).filter(|name| name.iter().any(u8::is_ascii_alphabetic))?;
    let body = line.get(n..)?.trim_ascii_start().strip_prefix(b"|")?;
    let name = name.rsplit(|b| *b == b'@').next().unwrap_or(name);
    Some((name, body.strip_prefix(b" ").unwrap_or(body)))
}

/// `pod container text`; newer versions write `pod › container text`.
fn stern(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let word = |text: &'_ [u8]| text.iter().take(254).take_while(|b| is_name(**b)).count();
    let n = word(line);
    let pod = line.get(..n).filter(|p| p.first().is_some_and(u8::is_ascii_lowercase))?;
    let rest = line.get(n..)?.strip_prefix(b" ")?;
    let rest = rest.strip_prefix("› ".as_bytes()).unwrap_or(rest);
    let n = word(rest);
    let container = rest.get(..n).filter(|c| c.first().is_some_and(u8::is_ascii_lowercase))?;
    Some((pod, container, rest.get(n..)?.strip_prefix(b" ")?))
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
}
