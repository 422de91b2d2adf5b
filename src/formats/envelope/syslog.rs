//! Syslog lines: RFC 3164 with or without host and priority, rsyslog's RFC 3339 stamps, journalctl short*.

use crate::formats::stamp::{ctime, digits, epoch, iso, syslog, zone_word};
use crate::formats::{Envelope, Peeled};
use crate::model::{Level, Stamp};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "syslog",
    doc: "Stamp, host, program[pid]: text. Stamps: `Feb  1 13:45:05` (any of the usual languages), RFC 3339, `short-full`, `short-unix`; host or pid may be missing; `<30>` in front is allowed.",
    peel,
    samples: &[
        "Feb  1 13:45:05 patroni: 2021-02-01 13:45:05,683 INFO: demoted self because failed to update leader lock in DCS",
        "May  3 14:43:46 node-a systemd[1]: Stopping Runners to orchestrate a high-availability PostgreSQL...",
        "2020-12-26T12:03:57.017123+00:00 db1 etcd[2044]: sync duration of 2.3s, expected less than 1s",
        "<30>Oct  9 22:33:20 db1 patroni[77]: 2024-10-09 22:33:20,100 INFO: no action. I am (db1), the leader with the lock",
        "1616923456.123456 db1 kernel: Out of memory: Killed process 77 (postgres)",
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    let (level, rest) = priority(line);
    let (stamp, used) = header_stamp(rest)?;
    let rest = rest.get(used..)?.strip_prefix(b" ")?;
    let (host, ident, pid, body) = names(rest)?;
    Some(Peeled {
        stamp: Some(stamp),
        host: host.map(Cow::Borrowed),
        ident: Some(Cow::Borrowed(ident)),
        pid,
        level,
        body: Cow::Borrowed(body),
    })
}

/// `<PRI>`: facility × 8 + severity (RFC 5424, 6.2.1).
pub fn priority(line: &[u8]) -> (Level, &[u8]) {
    let Some(inner) = line.strip_prefix(b"<") else { return (Level::Info, line) };
    let Some(close) = inner.iter().take(4).position(|b| *b == b'>') else { return (Level::Info, line) };
    let Some(n) = digits(inner, 0, close) else { return (Level::Info, line) };
    (severity(n % 8), inner.get(close + 1..).unwrap_or(b""))
}

/// Syslog severity as a level.
pub fn severity(n: u32) -> Level {
    match n {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warning,
        7 => Level::Debug,
        _ => Level::Info,
    }
}

fn header_stamp(text: &[u8]) -> Option<(Stamp, usize)> {
    match text.first()? {
        // `2月 24 18:18:14`.
        b'0'..=b'9' if text.iter().take(3).any(|b| *b >= 0x80) => syslog(text),
        b'0'..=b'9' => {
            if let Some((stamp, used)) = iso(text) {
                // `2021-02-01 13:45:05 host …` is too weak a sign: many programs begin their own lines so.
                return (text.get(10) == Some(&b'T')).then_some((stamp, used));
            }
            epoch(text)
        }
        _ => syslog(text).or_else(|| full(text)).or_else(|| ctime(text)),
    }
}

/// journalctl `short-full`: `Tue 2021-02-01 13:45:05 CET`.
fn full(text: &[u8]) -> Option<(Stamp, usize)> {
    let space = text.iter().take(6).position(|b| *b == b' ')?;
    if !text.get(..space)?.iter().all(|b| b.is_ascii_alphabetic() || *b >= 0x80 || *b == b'.') {
        return None;
    }
    let (mut stamp, used) = iso(text.get(space + 1..)?)?;
    let mut end = space + 1 + used;
    if let Some((zone, more)) = zone_word(text.get(end..)?) {
        stamp.zone = zone;
        end += more;
    }
    Some((stamp, end))
}

pub type Names<'a> = (Option<&'a [u8]>, &'a [u8], u32, &'a [u8]);

/// `host ident[pid]: body`, `ident[pid]: body`, `host ident: body`.
pub fn names(rest: &[u8]) -> Option<Names<'_>> {
    let (first, mut after) = word(rest)?;
    // BusyBox writes `host daemon.info program[pid]:`, syslog-ng `host/address` of what it relays.
    let first = first.split(|b| *b == b'/').next().filter(|f| !f.is_empty() && !first.ends_with(b":")).unwrap_or(first);
    if let Some((facility, rest)) = word(after)
        && is_facility(facility)
    {
        after = rest;
    }
    if let Some((ident, pid)) = tag(first) {
        return Some((None, ident, pid, after));
    }
    let (second, body) = word(after)?;
    if let Some((ident, pid)) = tag(second) {
        return Some((Some(first), ident, pid, body));
    }
    // rsyslog keeps messages without a tag (`host last message repeated 3 times`); the host is plausible then.
    is_name(first).then_some((Some(first), &b""[..], 0, after))
}

/// `daemon.info`: a facility and a priority of syslog(3).
fn is_facility(word: &[u8]) -> bool {
    const FACILITIES: &[&[u8]] = &[b"daemon", b"user", b"kern", b"auth", b"authpriv", b"cron", b"syslog", b"mail"];
    const PRIORITIES: &[&[u8]] =
        &[b"debug", b"info", b"notice", b"warn", b"warning", b"err", b"error", b"crit", b"alert", b"emerg"];
    let mut parts = word.splitn(2, |b| *b == b'.');
    let facility = parts.next().unwrap_or(b"");
    let local = facility.strip_prefix(b"local").is_some_and(|n| n.len() == 1 && n.iter().all(u8::is_ascii_digit));
    (local || FACILITIES.contains(&facility)) && parts.next().is_some_and(|p| PRIORITIES.contains(&p))
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text).unwrap_or(text.len());
    let after = text.get(end + 1..).unwrap_or(b"");
    (end > 0 && end <= 255).then(|| (text.get(..end).unwrap_or(b""), after))
}

/// `patroni[77]:` or `kernel:`.
fn tag(word: &[u8]) -> Option<(&[u8], u32)> {
    let word = word.strip_suffix(b":")?;
    match word.strip_suffix(b"]").and_then(|w| w.iter().rposition(|b| *b == b'[').map(|at| (w, at))) {
        Some((w, at)) => {
            let pid = std::str::from_utf8(w.get(at + 1..)?).ok()?.parse().unwrap_or(0);
            Some((w.get(..at)?, pid))
        }
        None => (!word.is_empty() && word.len() < 64).then_some((word, 0)),
    }
}

fn is_name(word: &[u8]) -> bool {
    word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        && word.iter().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_host_program_and_pid_apart() {
        let p = peel(b"May  3 14:43:46 node-a systemd[1]: Stopping it").unwrap();
        assert_eq!(p.host.as_deref(), Some(&b"node-a"[..]));
        assert_eq!(p.ident.as_deref(), Some(&b"systemd"[..]));
        assert_eq!((p.pid, p.body.as_ref()), (1, &b"Stopping it"[..]));
        let p = peel(b"Feb  1 13:44:21 db1 daemon.info patroni[7]: x").unwrap();
        assert_eq!((p.host.as_deref(), p.ident.as_deref()), (Some(&b"db1"[..]), Some(&b"patroni"[..])));
        let p = peel(b"Feb  1 13:44:21 db1/10.0.0.3 patroni[7]: x").unwrap();
        assert_eq!(p.host.as_deref(), Some(&b"db1"[..]));
        let p = peel(b"Feb 1 13:44:21 etcd: server is likely overloaded").unwrap();
        assert_eq!((p.host, p.ident.as_deref()), (None, Some(&b"etcd"[..])));
    }

    #[test]
    fn leaves_plain_program_lines_alone() {
        for line in
            ["2021-02-01 13:45:05,683 INFO: x y: z", "2020-01-01 00:00:00.1 UTC [7] LOG:  hello", "Frank said: no", ""]
        {
            assert!(peel(line.as_bytes()).is_none(), "{line}");
        }
    }
}
