//! PostgreSQL on stderr with any `log_line_prefix`: a stamp somewhere in front, then `LOG:  text`.
//!
//! The severity with its two spaces is written by the server itself, whatever the prefix
//! (`src/backend/utils/error/elog.c`), so it is found first and the prefix is what stands before it.

use super::pg_csv::{quarters, session_epoch};
use super::pg_severity::{self, Kind};
use super::stamp::{epoch, iso, since_boot, syslog, zone_word, zone_word_then_colon};
use super::{Body, Head};
use crate::model::{DAY, HOUR, Level, Program, SECOND, Stamp, Zone};
use memchr::memmem;
use std::borrow::Cow;

pub static FORMAT: Body = Body {
    name: "pg_stderr",
    doc: "Any prefix, then a severity in any of 15 languages, a colon and two spaces. Stamp, zone, process id and session id are taken out of the prefix wherever they stand.",
    head,
    samples: &[
        "2026-11-20 19:36:22 EST [23926]: [3-1] user=,db=,app=,client= LOG:  starting PostgreSQL 15.18",
        "[2020-12-26 12:03:57.005 UTC] p=32103:14@ c=@/: LOG:  received immediate shutdown request",
        "2019-04-28 09:19:25.148 GMT [26252] LOG:  listening on IPv4 address \"10.43.114.177\", port 5432",
        "2026-11-21 01:09:07.194 CET [9329] ПАНИКА:  не удалось записать в файл \"pg_wal/xlogtemp.1\": No space left on device",
        "2026-11-21 01:07:07.398 CET [30067] LOG:  00000: connection authorized: user=postgres database=postgres",
    ],
};

/// How far into a line the prefix may reach; application names are at most 63 bytes, addresses 45.
const PREFIX_MAX: usize = 320;

fn head(line: &[u8]) -> Option<Head<'_>> {
    if is_continued(line) || is_wrapped(line) {
        return None;
    }
    let (prefix, kind, text) = split(line)?;
    let times = times(prefix)?;
    let mut head = Head::plain(Program::Postgres, Some(times.stamp), kind.level(), b"");
    head.message = message(kind, text);
    let session = session(prefix);
    head.pid = pid(prefix);
    if head.pid == 0 {
        head.pid = session.map_or(0, |(_, pid)| pid);
    }
    head.zone_proof = zone_proof(&times, session, prefix, &head.message);
    Some(head)
}

/// The kind of line that a prefix without any second stamp, session id or severity of its own is followed by: `app@shop LOG`.
pub(super) fn plain_kind(before_colon: &[u8]) -> Option<Kind> {
    let (prefix, kind) = pg_severity::suffix(before_colon)?;
    (times(prefix).is_none() && session(prefix).is_none() && memmem::find(prefix, b"[1-1]").is_none()).then_some(kind)
}

/// Level and text of a line that need not have a stamp (behind syslog, or a bare message).
/// DETAIL and the like have no level; their word stays in front of the text, in English.
pub fn severity(line: &[u8]) -> Option<(Option<Level>, Cow<'_, [u8]>)> {
    if is_continued(line) {
        return None;
    }
    let (_, kind, text) = split(line)?;
    Some(((!kind.is_more()).then_some(kind.level()), message(kind, text)))
}

/// The message of a line that begins with a severity of an event: PostgreSQL's with an empty prefix.
pub fn bare(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    let colon = memmem::find(line.get(..64.min(line.len()))?, b":  ")?;
    let kind = pg_severity::word(line.get(..colon)?).filter(|k| !k.is_more())?;
    Some(message(kind, line.get(colon + 3..)?))
}

/// The text as the message table wants it: without SQLSTATE; with `PANIC:  ` or `DETAIL:  ` where that is the point.
pub fn message(kind: Kind, text: &[u8]) -> Cow<'_, [u8]> {
    let text = without_sqlstate(text);
    match kind {
        Kind::Sub => Cow::Owned([b"DETAIL:  ", text].concat()),
        Kind::Statement => Cow::Borrowed(b"STATEMENT:  "),
        Kind::Panic if crate::messages::find(Program::Postgres, text) == crate::messages::Found::Unknown => {
            Cow::Owned([b"PANIC:  ", text].concat())
        }
        _ => Cow::Borrowed(text),
    }
}

/// `log_error_verbosity = verbose` puts `57P03: ` in front of every text.
fn without_sqlstate(text: &[u8]) -> &[u8] {
    match (text.get(..5), text.get(5..7)) {
        (Some(code), Some(b": "))
            if code.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
                && code.iter().any(u8::is_ascii_digit) =>
        {
            text.get(7..).unwrap_or(b"")
        }
        _ => text,
    }
}

/// The server puts a tab after every line end inside a text, so nothing behind a tab is a record of its own.
/// rsyslog writes the tab as `#011` behind the part number, journalctl as eight spaces.
fn is_continued(line: &[u8]) -> bool {
    let text = part_number(line);
    text.first() == Some(&b'\t') || text.starts_with(b"#011") || text.starts_with(b"        ")
}

/// Whether the line begins as no `log_line_prefix` does: another program has wrapped it, and knows host and time.
fn is_wrapped(line: &[u8]) -> bool {
    match line.trim_ascii_start().first() {
        Some(b'{' | b'"') => true,
        // `<134>Nov 21 …`, but `< 2026-11-21 00:13:31 CET >LOG:` was the prefix of the RPMs of 9.x.
        Some(b'<') => line.get(1).is_some_and(u8::is_ascii_digit),
        Some(b'[') => line.starts_with(b"[pod/") || since_boot(line.trim_ascii_start()).is_some(),
        // RFC 3339 with `T`; a comma behind the seconds, which is Python's or an export's; journalctl's short-unix.
        Some(b'0'..=b'9') => {
            (line.get(10) == Some(&b'T') && line.get(4) == Some(&b'-'))
                || (line.get(19) == Some(&b',') && line.get(10) == Some(&b' '))
                || epoch(line).is_some_and(|(_, used)| used == 17)
        }
        // `Nov 21 00:13:31 host`, `Sat 2026-11-21 00:13:31 UTC host`, `db-1  | text`.
        Some(b) if b.is_ascii_alphabetic() || *b >= 0x80 => {
            syslog(line).is_some()
                || line.iter().take(6).position(|b| *b == b' ').is_some_and(|at| {
                    iso(line.get(at + 1..).unwrap_or(b"")).is_some() && line.get(..at).is_some_and(is_weekday)
                })
                || super::envelope::kubectl::name(line).is_some()
                || super::envelope::grep::name(line).is_some()
        }
        Some(b'/') => super::envelope::grep::name(line).is_some(),
        _ => false,
    }
}

/// journalctl writes weekdays in English whatever the locale.
fn is_weekday(word: &[u8]) -> bool {
    matches!(word, b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun")
}

/// Skips `[7-2] ` of syslog_sequence_numbers.
fn part_number(line: &[u8]) -> &[u8] {
    let inside = || {
        let inner = line.strip_prefix(b"[")?;
        let close = inner.iter().take(16).position(|b| *b == b']')?;
        let digits = inner.get(..close)?;
        let plain = !digits.is_empty() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'-');
        inner.get(close + 1..).filter(|_| plain)?.strip_prefix(b" ")
    };
    inside().unwrap_or(line)
}

fn split(line: &[u8]) -> Option<(&[u8], Kind, &[u8])> {
    let window = line.get(..PREFIX_MAX.min(line.len()))?;
    for at in memmem::find_iter(window, b":  ") {
        if let Some((prefix, kind)) = pg_severity::suffix(window.get(..at)?) {
            return Some((prefix, kind, line.get(at + 3..)?));
        }
    }
    // Pipelines squeeze two spaces to one. These words are PostgreSQL's alone; the others are everybody's.
    // Those are so where a zone's name stands behind the time, which Python writes none of: what Patroni says in a
    // format with zone and process id is Patroni's, as its table knows it.
    const ALONE: [&[u8]; 4] = [b"LOG: ", b"PANIC: ", b"STATEMENT: ", b"DETAIL: "];
    for word in ALONE.iter().copied().chain([&b"FATAL: "[..], b"ERROR: ", b"WARNING: ", b"HINT: ", b"CONTEXT: "]) {
        if let Some(at) = memmem::find(window, word).filter(|at| *at >= 19)
            && let Some((prefix, kind)) = pg_severity::suffix(window.get(..at + word.len() - 2)?)
            && times(prefix)
                .is_some_and(|t| ALONE.contains(&word) || matches!(t.stamp.zone, Zone::Abbrev(_) | Zone::Utc))
        {
            return Some((prefix, kind, line.get(at + word.len()..)?));
        }
    }
    None
}

struct Times {
    /// When the line was written.
    stamp: Stamp,
    /// When the session began (`%s`), if a second, earlier stamp says so.
    started: Option<Stamp>,
    /// The same moment as an epoch and in local time (`%n` beside `%m`).
    proof: Option<i32>,
}

/// All stamps of a prefix: the latest is the line's own, for a session cannot begin after its lines.
fn times(prefix: &[u8]) -> Option<Times> {
    let (mut first, mut second, mut unix) = (None::<Stamp>, None::<Stamp>, None::<Stamp>);
    let mut at = 0;
    while at < prefix.len() {
        let digit = prefix.get(at)?.is_ascii_digit();
        let inside_number = at > 0 && prefix.get(at - 1)?.is_ascii_digit();
        let rest = prefix.get(at..)?;
        at += 1;
        if !digit || inside_number {
            continue;
        }
        if let Some((mut stamp, used)) = iso(rest) {
            // The severity, which stands in front of a colon as well, is no part of the prefix.
            if let Some((zone, _)) = zone_word_then_colon(rest.get(used..)?) {
                stamp.zone = zone;
            }
            if first.is_none() {
                first = Some(stamp)
            } else {
                second = second.or(Some(stamp))
            }
            at += used - 1;
        } else if let Some((stamp, used)) = epoch(rest) {
            unix = unix.or(Some(stamp));
            at += used - 1;
        }
    }
    let (mut stamp, mut started) = (first.or(unix)?, None);
    if let Some(other) = second {
        let (early, late) = if other.civil < stamp.civil { (other, stamp) } else { (stamp, other) };
        (stamp, started) = (late, Some(early));
    }
    let proof = unix.filter(|_| first.is_some()).and_then(|u| quarters(u.civil - stamp.civil));
    Some(Times { stamp: if proof.is_some() { unix? } else { stamp }, started, proof })
}

/// Session id (`%c`): seconds since 1970 at the session's start, and the process id.
fn session(prefix: &[u8]) -> Option<(i64, u32)> {
    let hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    memchr::memchr_iter(b'.', prefix).find_map(|dot| {
        let start = dot.checked_sub(8)?;
        if !prefix.get(start..dot)?.iter().all(hex) || start.checked_sub(1).and_then(|i| prefix.get(i)).is_some_and(hex)
        {
            return None;
        }
        let tail = prefix.get(dot + 1..)?;
        let len = tail.iter().take_while(|b| hex(b)).count();
        if !(1..=7).contains(&len) || tail.get(len).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let pid = u32::from_str_radix(std::str::from_utf8(tail.get(..len)?).ok()?, 16).ok()?;
        session_epoch(prefix.get(start..dot + 1)?).map(|epoch| (epoch, pid))
    })
}

/// The session id is UTC, so it proves the zone wherever the local time of the same moment is known:
/// beside `%s`, and in the first line of a session.
fn zone_proof(times: &Times, session: Option<(i64, u32)>, prefix: &[u8], message: &[u8]) -> Option<i32> {
    if times.proof.is_some() {
        return times.proof;
    }
    let (epoch, _) = session?;
    let begun = times.started.or_else(|| {
        let first = memmem::find(prefix, b"[1-1]").is_some()
            || [&b"connection received: "[..], b"connection authorized: ", b"starting PostgreSQL "]
                .iter()
                .any(|m| message.starts_with(m));
        first.then_some(times.stamp)
    })?;
    let difference = epoch * SECOND - begun.civil;
    (begun.zone != Zone::Utc || difference.abs() < HOUR).then_some(())?;
    (difference.abs() < DAY).then(|| quarters(difference)).flatten()
}

/// The process id: `[77]`, `[77-1]`, `p=77`, `pid=77`.
fn pid(prefix: &[u8]) -> u32 {
    let number = |text: &[u8]| -> Option<(u32, usize)> {
        let n = text.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
        Some((std::str::from_utf8(text.get(..n)?).ok()?.parse().ok()?, n))
    };
    // syslog's part number looks like a process id with a line number.
    let prefix = part_number(prefix);
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
    bare_pid(prefix).unwrap_or(0)
}

/// `2023-07-10 15:34:17 UTC 1591 LOG:`: a number that stands alone behind the stamp.
fn bare_pid(prefix: &[u8]) -> Option<u32> {
    let (_, used) = iso(prefix)?;
    let rest = prefix.get(used..)?;
    let rest = zone_word(rest).and_then(|(_, n)| rest.get(n..)).unwrap_or(rest);
    let word = rest.split(|b| *b == b' ').find(|w| !w.is_empty())?;
    let plain = word.len() <= 7 && word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word).ok().filter(|_| plain)?.parse().ok()
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
            ("2026-11-21 01:09:07 CET-6b00e1ea.df6-FEHLER:  x", 0xdf6, "x"),
            ("2024-01-01 00:00:00 UTC [7] WARNUNG:  x", 7, "x"),
            ("[7-1] 2026-11-21 01:13:31.618 CET [10750] LOG:  x", 10750, "x"),
            ("< 2026-11-21 01:05:59.938 CET >LOG:  x", 0, "x"),
            ("2023-08-31 04:08:24.909 MSK    147990  FATAL:  x", 147990, "x"),
            ("2024-01-01 00:00:00 UTC [7] LOG: squeezed", 7, "squeezed"),
            ("2024-01-01 00:00:00 UTC [7] PANIC:  XX000: stuck", 7, "PANIC:  stuck"),
        ] {
            let head = head(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((head.pid, head.message.as_ref()), (pid, message.as_bytes()), "{line}");
        }
    }

    #[test]
    fn of_two_stamps_the_later_is_the_lines_own() {
        let line = b"30067-2026-11-21 01:07:07 CET-6b00e0ab.7573-1-2026-11-21 01:09:08.398 CET LOG:  x";
        let head = head(line).unwrap();
        assert_eq!(crate::model::rfc3339(head.stamp.unwrap().civil), "2026-11-21T01:09:08.398Z");
        // 0x6b00e0ab is 2026-11-21 00:07:07 UTC: one hour before the session's start as written.
        assert_eq!(head.zone_proof, Some(-4));
    }

    #[test]
    fn a_session_id_proves_the_zone_in_its_first_line_only() {
        let line = b"2026-11-21 01:07:07 CET [30067]: [1-1] 6b00e0ab.7573 LOG:  x";
        assert_eq!(head(line).unwrap().zone_proof, Some(-4));
        let line = b"2026-11-21 01:07:07 CET [30067]: [9-1] 6b00e0ab.7573 LOG:  x";
        assert_eq!(head(line).unwrap().zone_proof, None);
    }

    #[test]
    fn text_behind_a_tab_or_in_a_wrapping_is_no_record_of_its_own() {
        for line in [
            "{\"msg\":\"2026-11-21 01:07:07 CET [1] LOG:  x\"}",
            "Nov 21 01:07:07 db1 postgres[1]: [1-1] 2026-11-21 01:07:07 CET LOG:  x",
            "2026-11-21T01:07:07Z db1 postgres[1]: 2026-11-21 01:07:07 CET LOG:  x",
            "db-1  | 2026-11-21 01:07:07 CET [1] LOG:  x",
        ] {
            assert!(head(line.as_bytes()).is_none(), "{line}");
        }
        for line in ["\t2026-11-21 01:07:07 CET [1] LOG:  x", "[7-2] #0112026-11-21 01:07:07 CET [1] PANIC:  x"] {
            assert!(head(line.as_bytes()).is_none(), "{line}");
        }
    }
}
