//! Output of `grep` over several files: `postgresql-Fri.log:text`, `patroni.log.1:1234:text`.

use crate::formats::{BODIES, Envelope, Peeled};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "grep",
    doc: "File name, optional line number, colons, and a line that is a log's by itself.",
    peel,
    samples: &[
        "patroni.log:2021-02-01 13:45:05,683 INFO: demoted self because failed to update leader lock in DCS",
        "/var/log/postgresql/postgresql-Fri.log.1:1234:2026-11-20 19:36:22 EST [23926] LOG:  starting PostgreSQL 15.18",
    ],
};

/// Endings of names that logs have; what follows (`.1`, `.gz`) does not matter.
const ENDINGS: &[&[u8]] = &[b".log", b".csv", b".json", b".txt", b"messages", b"syslog"];

/// File name and the rest of the line.
pub fn name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line.get(..200.min(line.len()))?)?;
    let name = line.get(..colon)?;
    let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'@' | b'+'));
    let known = ENDINGS.iter().any(|e| memchr::memmem::find(name, e).is_some());
    if !plain || !known {
        return None;
    }
    let rest = line.get(colon + 1..)?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let numbered = rest.get(digits) == Some(&b':') && digits > 0;
    Some((name, if numbered { rest.get(digits + 1..)? } else { rest }))
}

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    let (_, body) = name(line)?;
    BODIES.iter().any(|b| (b.head)(body).is_some()).then(|| Peeled { body: Cow::Borrowed(body), ..Peeled::default() })
}
