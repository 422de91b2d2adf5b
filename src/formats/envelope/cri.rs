//! Kubernetes container runtimes: `2021-02-01T13:45:05.683123456Z stderr F text`, and `kubectl logs --timestamps`.

use crate::formats::stamp::iso;
use crate::formats::{BODIES, Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "cri",
    doc: "RFC 3339 stamp with nanoseconds, stream, F or P, text; `kubectl logs --timestamps` leaves stream and flag out.",
    peel,
    samples: &[
        "2026-11-21T00:42:28.991926016Z stderr F 2026-11-21 00:42:28,900 INFO: no action. I am (a), the leader with the lock",
        "2019-05-16T03:25:06.53207Z 2019-05-16 05:25:06,531 INFO: does not have lock",
        "2026-11-21T00:42:28.991926016Z 2026-11-21 00:42:28,900 INFO: no action. I am (a), the leader with the lock",
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.get(10) != Some(&b'T') {
        return None;
    }
    let (stamp, used) = iso(line)?;
    let rest = line.get(used..)?.strip_prefix(b" ")?;
    let marked =
        [&b"stdout F "[..], b"stderr F ", b"stdout P ", b"stderr P "].iter().find_map(|p| rest.strip_prefix(*p));
    let body = marked.unwrap_or(rest);
    // More than 6 decimals tell these from syslog's RFC 3339, which has at most 6. Go leaves zeros at the end out, so
    // there may be fewer; then the text has to be a log's by itself.
    let decimals = line.iter().skip(20).take_while(|b| b.is_ascii_digit()).count();
    let certain = line.get(19) == Some(&b'.') && decimals > 6;
    if !certain && marked.is_none() && !BODIES.iter().any(|b| (b.head)(body).is_some()) {
        return None;
    }
    Some(Peeled { stamp: Some(stamp), body: Cow::Borrowed(body), ..Peeled::default() })
}
