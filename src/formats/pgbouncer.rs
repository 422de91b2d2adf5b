//! PgBouncer's own log file: `2026-11-21 00:22:46.320 UTC [25244] LOG S-0x…: text`; up to 1.8 without zone and brackets.

use super::stamp::{iso, zone_word};
use super::{Body, Head};
use crate::model::{Grain, Level, Program};

pub static FORMAT: Body = Body {
    name: "pgbouncer",
    doc: "Stamp with milliseconds, optional zone word, process id (in brackets since 1.9), level without a colon, text.",
    head,
    samples: &[
        "2026-11-21 00:22:46.320 UTC [25244] LOG S-0x55e06faf8f50: app/postgres@127.0.0.1:15960 closing because: server conn crashed? (age=1s)",
        "2018-09-12 16:08:54.775 3392 LOG C-0x1f35cf8: app/postgres@127.0.0.1:40068 login attempt: db=app user=postgres tls=no",
    ],
};

const LEVELS: &[(&[u8], Level)] = &[
    (b"LOG ", Level::Info),
    (b"WARNING ", Level::Warning),
    (b"ERROR ", Level::Error),
    (b"FATAL ", Level::Fatal),
    (b"DEBUG ", Level::Debug),
    (b"NOISE ", Level::Debug),
];

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (mut stamp, used) = iso(line)?;
    let mut rest = line.get(used..)?;
    if stamp.grain != Grain::Milli || line.get(19) != Some(&b'.') {
        return None;
    }
    if let Some((zone, used)) = zone_word(rest) {
        stamp.zone = zone;
        rest = rest.get(used..)?;
    }
    rest = rest.strip_prefix(b" ")?;
    let bracketed = rest.first() == Some(&b'[');
    rest = rest.strip_prefix(b"[").unwrap_or(rest);
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let pid = std::str::from_utf8(rest.get(..n)?).ok()?.parse().ok()?;
    rest = rest.get(n..)?.strip_prefix(if bracketed { &b"] "[..] } else { b" " })?;
    let (level, message) = LEVELS.iter().find_map(|(word, l)| Some((*l, rest.strip_prefix(*word)?)))?;
    let mut head = Head::plain(Program::Proxy, Some(stamp), level, message);
    head.pid = pid;
    Some(head)
}
