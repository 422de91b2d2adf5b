//! `journalctl -o short-monotonic`: seconds since boot in brackets, then host and program.

use super::syslog::names;
use crate::formats::stamp::since_boot;
use crate::formats::{Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "journal_monotonic",
    doc: "`[ 2382.745639] host program[pid]: text`, with `<    0.000100 >` in the brackets of short-delta; the kernel's own lines have no host in front of the program.",
    peel,
    samples: &[
        "[ 2382.474076] vm postgres[13436]: [1-1] 2026-11-21 01:13:49.675 CET [13436] LOG:  ending log output to stderr",
        "[ 2382.474076 <    0.000100 >] vm systemd[1]: Stopped Patroni.",
    ],
};

/// Also asked by the kernel's body, which must leave such lines alone.
pub fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    let (stamp, used) = since_boot(line)?;
    let rest = line.get(used..)?.strip_prefix(b" ")?;
    let mut words = rest.splitn(3, |b| *b == b' ');
    let (host, tag) = (words.next()?, words.next()?);
    // `[ 1.0] usb 1-1: new device` has no process id, `[ 1.0] systemd[1]: text` no host.
    let certain = tag.ends_with(b"]:") || tag == b"kernel:";
    if !certain || host.ends_with(b":") || host.is_empty() {
        return None;
    }
    let (host, ident, pid, body) = names(rest)?;
    Some(Peeled {
        stamp: Some(stamp),
        host: Some(Cow::Borrowed(host?)),
        ident: Some(Cow::Borrowed(ident)),
        pid,
        body: Cow::Borrowed(body),
        ..Peeled::default()
    })
}
