//! runit's svlogd, by which GitLab Omnibus keeps the logs of its services: `2020-01-13_16:47:08.59612 text`.

use crate::formats::stamp::iso;
use crate::formats::{Envelope, Peeled};
use crate::model::Zone;
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "svlogd",
    doc: "Date and time joined by `_`, in UTC with five decimals (svlogd -tt, UTC always: svlogd(8)); forwarded, without decimals and with `host program[pid]: ` behind it.",
    peel,
    samples: &[
        "2020-01-13_16:47:08.59612 2020-01-13 16:47:08,596 INFO: no action. I am (pg1), the leader with the lock",
        "2020-01-13_16:47:08 pg1 patroni[11982]:  2020-01-13 16:47:08,596 INFO: Lock owner: pg1; I am pg1",
    ],
};

/// Date and time of day to the second.
const STAMP: usize = 19;

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.get(10) != Some(&b'_') {
        return None;
    }
    let mut text = [b' '; 26];
    let head = line.get(..line.len().min(text.len()))?;
    text.get_mut(..head.len())?.copy_from_slice(head);
    *text.get_mut(10)? = b' ';
    let decimals = line.get(STAMP) == Some(&b'.');
    let end = if decimals { STAMP + 6 } else { STAMP };
    let (mut stamp, used) = iso(text.get(..end)?)?;
    let rest = line.get(end..)?.strip_prefix(b" ").filter(|_| used == end)?;
    if decimals {
        stamp.zone = Zone::Utc;
        return Some(Peeled { stamp: Some(stamp), body: Cow::Borrowed(rest), ..Peeled::default() });
    }
    let mut words = rest.splitn(3, |b| *b == b' ');
    let (host, program) = (words.next()?, words.next()?.strip_suffix(b":")?);
    let (ident, pid) = match memchr::memchr(b'[', program) {
        Some(at) => (program.get(..at)?, program.get(at + 1..)?.strip_suffix(b"]")?),
        None => (program, &b""[..]),
    };
    let body = words.next().unwrap_or(b"");
    Some(Peeled {
        stamp: Some(stamp),
        host: Some(Cow::Borrowed(host)),
        ident: Some(Cow::Borrowed(ident)),
        pid: std::str::from_utf8(pid).ok().and_then(|p| p.parse().ok()).unwrap_or(0),
        body: Cow::Borrowed(body.strip_prefix(b" ").unwrap_or(body)),
        ..Peeled::default()
    })
}
