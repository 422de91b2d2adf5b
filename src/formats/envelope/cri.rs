//! Kubernetes container runtimes: `2021-02-01T13:45:05.683123456Z stderr F text`, and `kubectl logs --timestamps`.

use crate::formats::stamp::iso;
use crate::formats::{Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "cri",
    doc: "RFC 3339 stamp with nanoseconds, stream, F or P, text; `kubectl logs --timestamps` leaves stream and flag out.",
    peel,
    samples: &[
        "2026-11-21T00:42:28.991926016Z stderr F 2026-11-21 00:42:28,900 INFO: no action. I am (a), the leader with the lock",
        "2026-11-21T00:42:28.991926016Z 2026-11-21 00:42:28,900 INFO: no action. I am (a), the leader with the lock",
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    // 9 decimals tell these from syslog's RFC 3339, which has at most 6.
    let fraction = line.get(19..29)?;
    if fraction.first() != Some(&b'.') || !fraction.iter().skip(1).all(u8::is_ascii_digit) {
        return None;
    }
    let (stamp, used) = iso(line)?;
    let rest = line.get(used..)?.strip_prefix(b" ")?;
    let body = [&b"stdout F "[..], b"stderr F ", b"stdout P ", b"stderr P "].iter().find_map(|p| rest.strip_prefix(*p)).unwrap_or(rest);
    Some(Peeled { stamp: Some(stamp), body: Cow::Borrowed(body), ..Peeled::default() })
}
