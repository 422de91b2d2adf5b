//! Patroni's own lines: `2021-02-01 13:45:05,683 INFO: text`, and the usual custom forms.

use super::stamp::{iso, zone_word};
use super::{Body, Head, patroni_custom, pg_csv};
use crate::messages::{Found, find};
use crate::model::{Grain, Level, Micros, Program, SECOND, Zone};

pub static FORMAT: Body = Body {
    name: "patroni",
    doc: "Python's asctime (comma and milliseconds, local time), level, colon, text. Also `time - LEVEL - text` (patronictl; Spilo with the script's name before the level), `[time][LEVEL] text`, `time UTC [pid]: LEVEL: text`.",
    head,
    samples: &[
        "2021-02-01 13:45:05,683 INFO: demoted self because failed to update leader lock in DCS",
        "2026-11-20 19:35:12 -0500 INFO: no action. I am (pg1), the leader with the lock",
        "2026-11-21 00:25:33,139 - ERROR - Failed to get list of machines",
        "2021-05-01 10:00:00,123 - bootstrapping - INFO - Figuring out my environment (Google? AWS? Openstack? Local?)",
        "2020-03-23 03:51:27.527 GMT [176] WARNING: Postgresql is not running.",
        "2024-05-01 10:00:00 UTC [77]: INFO: no action. I am (pg1), the leader with the lock",
        "[2024-05-01 10:00:00,123][WARNING] Loop time exceeded, rescheduling immediately.",
    ],
};

/// Python's level names; `WARN` and `FATAL` appear in custom formats.
pub(super) const LEVELS: &[(&[u8], Level)] = &[
    (b"INFO", Level::Info),
    (b"WARNING", Level::Warning),
    (b"ERROR", Level::Error),
    (b"DEBUG", Level::Debug),
    (b"CRITICAL", Level::Fatal),
    (b"WARN", Level::Warning),
    (b"FATAL", Level::Fatal),
];

/// Level word at the start of `text`, and what follows it.
fn level(text: &[u8]) -> Option<(Level, &[u8])> {
    LEVELS.iter().find_map(|(word, level)| text.strip_prefix(*word).map(|rest| (*level, rest)))
}

fn head(line: &[u8]) -> Option<Head<'_>> {
    let bracketed = line.first() == Some(&b'[');
    let text = if bracketed { line.get(1..)? } else { line };
    let (mut stamp, used) = iso(text)?;
    let mut rest = text.get(used..)?;
    if bracketed {
        let (level, rest) = level(rest.strip_prefix(b"]")?.trim_ascii_start().strip_prefix(b"[")?)?;
        let message = rest.strip_prefix(b"]")?.trim_ascii_start();
        return Some(Head::plain(Program::Patroni, Some(stamp), level, message));
    }
    if let Some((zone, used)) = zone_word(rest) {
        stamp.zone = zone;
        rest = rest.get(used..)?;
    }
    let rest = rest.strip_prefix(b" ")?;
    if let Some(rest) = rest.strip_prefix(b"- ") {
        let (level, rest) = level(rest).or_else(|| {
            let after = memchr::memmem::find(rest.get(..60.min(rest.len()))?, b" - ")?;
            level(rest.get(after + 3..)?)
        })?;
        return Some(Head::plain(Program::Patroni, Some(stamp), level, rest.strip_prefix(b" - ")?));
    }
    let (pid, rest) = bracketed_pid(rest);
    let fatal = rest.starts_with(b"FATAL");
    let (level, rest) = level(rest)?;
    let message = rest.strip_prefix(b": ").or_else(|| rest.strip_prefix(b":"))?;
    // Two spaces after the colon are PostgreSQL's, unless Python's comma stands in the stamp.
    if message.first() == Some(&b' ') && (pid != 0 || stamp.grain != Grain::Milli || line.get(19) != Some(&b',')) {
        return None;
    }
    // Python says CRITICAL. FATAL behind a zone's name is PostgreSQL's, its two spaces lost in a mail.
    let named = line.get(19) != Some(&b',') && matches!(stamp.zone, Zone::Abbrev(_) | Zone::Utc);
    if named && (level == Level::Fatal && fatal || pid != 0 && !says(message)) {
        return None;
    }
    let message = patroni_custom::without_logger(message);
    let mut head = Head::plain(Program::Patroni, Some(stamp), level, message);
    head.pid = pid;
    if message.starts_with(b"Got response from ") {
        head.zone_proof = probe_zone(message, stamp.civil);
    }
    Some(head)
}

/// Whether Patroni is known to say so.
fn says(message: &[u8]) -> bool {
    let text = message.strip_prefix(b"PAUSE: ").unwrap_or(message);
    text.is_empty() || find(Program::Patroni, text) != Found::Unknown
}

/// A second clock inside the answer of another member: the epoch at which it last saw the DCS, or the stamp with
/// zone of what it last replayed. Both lie within a loop of the line's own moment on a cluster that is in use.
fn probe_zone(message: &[u8], civil: Micros) -> Option<i32> {
    let after = |key: &[u8]| {
        let at = memchr::memmem::find(message, key)? + key.len();
        Some(message.get(at..)?.trim_ascii_start())
    };
    let epoch = || pg_csv::quarters(last_seen(message)? - civil);
    let replayed = || {
        let text = after(b"\"replayed_timestamp\":")?.strip_prefix(b"\"")?;
        let (stamp, used) = iso(text)?;
        let offset = match stamp.zone {
            Zone::Unwritten => match zone_word(text.get(used..)?)?.0 {
                Zone::Abbrev(name) => crate::model::certain_offset(&name)?,
                Zone::Offset(seconds) => seconds,
                _ => 0,
            },
            Zone::Offset(seconds) => seconds,
            _ => 0,
        };
        pg_csv::quarters(stamp.civil - i64::from(offset) * SECOND - civil)
    };
    epoch().or_else(replayed)
}

/// The second in which the member that answers last saw the DCS, on its own clock (patroni/api.py).
fn last_seen(message: &[u8]) -> Option<Micros> {
    let key = b"\"dcs_last_seen\":";
    let digits = message.get(memchr::memmem::find(message, key)? + key.len()..)?.trim_ascii_start();
    let n = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    // Twelve digits reach for thirty thousand years.
    let seconds: i64 = std::str::from_utf8(digits.get(..n).filter(|_| n <= 12)?).ok()?.parse().ok()?;
    Some(seconds * SECOND)
}

/// Who answered and when it last saw the DCS, of a line about another member's answer.
pub(super) fn answer(message: &[u8]) -> Option<(&str, Micros)> {
    let rest = message.strip_prefix(b"Got response from ")?;
    let who = std::str::from_utf8(rest.split(|b| *b == b' ').next()?).ok()?;
    Some((who, last_seen(rest)?))
}

/// `[77]: ` or `[77] `.
fn bracketed_pid(text: &[u8]) -> (u32, &[u8]) {
    let inside = || {
        let inner = text.strip_prefix(b"[")?;
        let close = memchr::memchr(b']', inner.get(..12.min(inner.len()))?)?;
        let pid = std::str::from_utf8(inner.get(..close)?).ok()?.parse().ok()?;
        let rest = inner.get(close + 1..)?;
        let rest = rest.strip_prefix(b":").unwrap_or(rest);
        Some((pid, rest.strip_prefix(b" ")?))
    };
    inside().unwrap_or((0, text))
}
