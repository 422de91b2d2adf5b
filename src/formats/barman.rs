//! Barman's log: `2026-11-21 00:00:00,123 [4242] barman.server INFO: text`.

use super::stamp::iso;
use super::{Body, Head};
use crate::model::{Level, Program};

pub static FORMAT: Body = Body {
    name: "barman",
    doc: "Python's asctime, process id in brackets, logger that begins with `barman`, level, colon, text.",
    head,
    samples: &[
        "2026-11-21 00:00:00,123 [4242] barman.backup INFO: Starting backup using rsync-concurrent method for server main in /var/lib/barman",
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (stamp, used) = iso(line)?;
    let rest = line.get(used..)?.strip_prefix(b" [")?;
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let pid = std::str::from_utf8(rest.get(..n)?).ok()?.parse().ok()?;
    let rest = rest.get(n..)?.strip_prefix(b"] barman")?;
    let rest = rest.get(memchr::memchr(b' ', rest)? + 1..)?;
    let (level, message) = [
        (&b"INFO: "[..], Level::Info),
        (b"WARNING: ", Level::Warning),
        (b"ERROR: ", Level::Error),
        (b"CRITICAL: ", Level::Fatal),
        (b"DEBUG: ", Level::Debug),
        (b"EXCEPTION: ", Level::Error),
    ]
    .into_iter()
    .find_map(|(word, l)| Some((l, rest.strip_prefix(word)?)))?;
    let mut head = Head::plain(Program::Job, Some(stamp), level, message);
    head.pid = pid;
    Some(head)
}
