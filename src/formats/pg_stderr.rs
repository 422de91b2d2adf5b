//! PostgreSQL on stderr with any `log_line_prefix`: a stamp somewhere in front, then `LOG:  text`.
//!
//! The severity with its two spaces is written by the server itself, whatever the prefix
//! (`src/backend/utils/error/elog.c`), so it is found first and the prefix is what stands before it.

use super::stamp::{epoch, iso, zone_word};
use super::{Body, Head};
use crate::model::{Level, Program, Stamp};
use memchr::memmem;

pub static FORMAT: Body = Body {
    name: "pg_stderr",
    doc: "Any prefix, then a severity, a colon and two spaces. Stamp, zone and process id are taken out of the prefix wherever they stand.",
    head,
    samples: &[
        "2026-11-20 19:36:22 EST [23926]: [3-1] user=,db=,app=,client= LOG:  starting PostgreSQL 15.18",
        "[2020-12-26 12:03:57.005 UTC] p=32103:14@ c=@/: LOG:  received immediate shutdown request",
        "2019-04-28 09:19:25.148 GMT [26252] LOG:  listening on IPv4 address \"10.43.114.177\", port 5432",
    ],
};

/// Severities as the server writes them, and the continuation words with `None`.
const SEVERITIES: &[(&[u8], Option<Level>)] = &[
    (b"LOG", Some(Level::Info)),
    (b"ERROR", Some(Level::Error)),
    (b"FATAL", Some(Level::Fatal)),
    (b"PANIC", Some(Level::Fatal)),
    (b"WARNING", Some(Level::Warning)),
    (b"NOTICE", Some(Level::Info)),
    (b"INFO", Some(Level::Info)),
    (b"DEBUG1", Some(Level::Debug)),
    (b"DEBUG2", Some(Level::Debug)),
    (b"DEBUG3", Some(Level::Debug)),
    (b"DEBUG4", Some(Level::Debug)),
    (b"DEBUG5", Some(Level::Debug)),
    (b"DETAIL", None),
    (b"HINT", None),
    (b"CONTEXT", None),
    (b"STATEMENT", None),
    (b"QUERY", None),
    (b"LOCATION", None),
    (b"BACKTRACE", None),
];

/// How far into a line the prefix may reach; application names are at most 63 bytes, addresses 45.
const PREFIX_MAX: usize = 320;

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (prefix, level, message) = split(line)?;
    let stamp = find_stamp(prefix)?;
    let mut head = Head::plain(Program::Postgres, Some(stamp), level.unwrap_or(Level::Debug), message);
    head.pid = pid(prefix);
    if level.is_none() {
        // DETAIL, HINT and the like carry the stamp of their record; marked as continuation by a debug level
        // and the word kept in front.
        head.message = std::borrow::Cow::Borrowed(line.get(prefix.len()..).unwrap_or(b""));
    }
    Some(head)
}

/// The severity and text of a line that need not have a stamp (behind syslog, or a bare message).
pub fn severity(line: &[u8]) -> Option<(Option<Level>, &[u8])> {
    split(line).map(|(_, level, message)| (level, message))
}

fn split(line: &[u8]) -> Option<(&[u8], Option<Level>, &[u8])> {
    let window = line.get(..PREFIX_MAX.min(line.len()))?;
    for at in memmem::find_iter(window, b":  ") {
        let before = window.get(..at)?;
        for (word, level) in SEVERITIES {
            if let Some(prefix) = before.strip_suffix(*word)
                && !prefix.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
            {
                return Some((prefix, *level, line.get(at + 3..)?));
            }
        }
    }
    None
}

fn find_stamp(prefix: &[u8]) -> Option<Stamp> {
    for at in 0..prefix.len().min(64) {
        if !prefix.get(at)?.is_ascii_digit() || (at > 0 && prefix.get(at - 1)?.is_ascii_digit()) {
            continue;
        }
        let rest = prefix.get(at..)?;
        if let Some((mut stamp, used)) = iso(rest) {
            if let Some((zone, _)) = zone_word(rest.get(used..)?) {
                stamp.zone = zone;
            }
            return Some(stamp);
        }
        if let Some((stamp, _)) = epoch(rest) {
            return Some(stamp);
        }
    }
    None
}

/// The process id: `[77]`, `[77-1]`, `p=77`, `pid=77`.
fn pid(prefix: &[u8]) -> u32 {
    let number = |text: &[u8]| -> Option<(u32, usize)> {
        let n = text.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
        Some((std::str::from_utf8(text.get(..n)?).ok()?.parse().ok()?, n))
    };
    for at in memchr::memchr2_iter(b'[', b'=', prefix) {
        let Some((value, n)) = number(prefix.get(at + 1..).unwrap_or(b"")) else { continue };
        let after = prefix.get(at + 1 + n..).unwrap_or(b"");
        // `[77-3]` is pid and line number; `[2020-12-26` is a date.
        let closes = after.first() == Some(&b']')
            || after.strip_prefix(b"-").is_some_and(|r| r.iter().find(|b| !b.is_ascii_digit()) == Some(&b']'));
        let named = prefix.get(at) == Some(&b'=') && at > 0 && matches!(prefix.get(at - 1), Some(b'p' | b'd'));
        if named || (prefix.get(at) == Some(&b'[') && closes) {
            return value;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_pid_and_text_behind_any_prefix() {
        for (line, pid, message) in [
            ("2026-11-20 19:36:22 EST [23926]: [3-1] user=,db= LOG:  starting", 23926, "starting"),
            ("[2020-12-26 12:03:57.005 UTC] p=32103:14@ c=@/: LOG:  received", 32103, "received"),
            ("1616923456.123 [99] FATAL:  x", 99, "x"),
        ] {
            let head = head(line.as_bytes()).unwrap();
            assert_eq!((head.pid, head.message.as_ref()), (pid, message.as_bytes()), "{line}");
        }
    }
}
