//! Patroni with a `log.format` of one's own: stamp, level, logger and source in any order, or no stamp at all.

use super::patroni::LEVELS;
use super::stamp::{european, iso, syslog, zone_word};
use super::{Body, Head};
use crate::messages::{Found, find};
use crate::model::{Level, Program, Stamp};
use std::borrow::Cow;

pub static FORMAT: Body = Body {
    name: "patroni_custom",
    doc: "A level of Python's among the first words, a stamp before or behind it or none, then a message that Patroni's table knows, or Patroni's logger in front of any other.",
    head,
    samples: &[
        "2021-02-01 13:45:05,683 INFO     patroni.ha[7]: no action. I am (pg1), the leader with the lock",
        "2021-02-01 13:45:05,683 [7] WARNING [MainThread] ha.py:123: Loop time exceeded, rescheduling immediately.",
        "INFO 2021-02-01 13:45:05,683 demoted self because failed to update leader lock in DCS",
        "01.02.2021 13:45:05 INFO: no action. I am (pg1), the leader with the lock",
        "INFO: no action. I am (pg1), the leader with the lock",
        "ERROR:patroni.dcs.etcd3:some text that stands in no table",
    ],
};

/// As far into a line as stamp, level, logger and the like may reach.
const HEAD: usize = 120;

fn head(line: &[u8]) -> Option<Head<'_>> {
    with(line, message)
}

/// The head of a line whose message no table knows, in a log whose other lines are laid out like that.
pub fn any(line: &[u8]) -> Option<Head<'_>> {
    with(line, |before, rest| message(before, rest).or_else(|| unknown(rest)))
}

fn with<'a>(line: &'a [u8], text: impl Fn(&'a [u8], &'a [u8]) -> Option<&'a [u8]>) -> Option<Head<'a>> {
    let first = *line.first()?;
    if !(first.is_ascii_digit() || first == b'[' || first.is_ascii_uppercase()) {
        return None;
    }
    let window = line.get(..HEAD.min(line.len()))?;
    let (start, end, level) = level(window)?;
    let (before, after) = (line.get(..start)?, line.get(end..)?);
    let (stamp, rest) = match stamp(before) {
        Some((from, stamp, used)) => {
            let between = before.get(used..)?;
            // A second stamp is Patroni's own, the first that of whoever wrapped the line.
            let alone = self::stamp(between).is_none();
            (alone && are_parts(before.get(..from)?) && are_parts(between)).then_some((Some(stamp), after))?
        }
        // A format without a stamp, or with the level in front of it.
        None if !are_parts(before) => return None,
        None => match stamp(after.get(..60.min(after.len()))?) {
            Some((from, stamp, used)) if are_parts(after.get(..from)?) => (Some(stamp), after.get(used..)?),
            _ => (None, after),
        },
    };
    let message = text(before, rest)?;
    let mut head = Head::plain(Program::Patroni, stamp, level, b"");
    head.message = Cow::Borrowed(message);
    Some(head)
}

/// `LEVEL: text` without anything in front: what stands in the journal where `log.format` leaves the stamp to it.
pub fn levelled(text: &[u8]) -> Option<(Level, &[u8])> {
    let (word, level) = LEVELS.iter().find(|(word, _)| text.starts_with(word))?;
    let rest = text.get(word.len()..)?.strip_prefix(b":")?;
    // Two spaces behind the colon are PostgreSQL's.
    let message = rest.strip_prefix(b" ").unwrap_or(rest);
    (!message.starts_with(b" ")).then_some((*level, message))
}

/// The first level that stands as a word of its own: where it begins and ends.
fn level(window: &[u8]) -> Option<(usize, usize, Level)> {
    let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let mut found: Option<(usize, usize, Level)> = None;
    for (name, level) in LEVELS {
        let Some(at) = memchr::memmem::find(window, name) else { continue };
        let end = at + name.len();
        if word(window.get(end)) || (at > 0 && word(window.get(at - 1))) {
            continue;
        }
        if found.is_none_or(|(f, ..)| at < f) {
            found = Some((at, end, *level));
        }
    }
    found
}

/// What formats put between stamp and level: numbers, loggers, threads, sources. Host and program are an envelope's.
fn are_parts(text: &[u8]) -> bool {
    let words = text.split(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')));
    words.filter(|w| !w.is_empty()).all(|w| {
        w.iter().all(u8::is_ascii_digit)
            || is_logger(w)
            || w.ends_with(b"Thread")
            || w == b"Thread"
            || w.ends_with(b".py")
    }) && !text.contains(&b'{')
}

/// The first stamp in a text: where it begins, and where it ends.
fn stamp(text: &[u8]) -> Option<(usize, Stamp, usize)> {
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..)?;
        let begins = at == 0 || !text.get(at - 1)?.is_ascii_alphanumeric();
        if begins && let Some((mut stamp, used)) = iso(rest).or_else(|| european(rest)).or_else(|| syslog(rest)) {
            let mut end = at + used;
            if let Some((zone, n)) = zone_word(text.get(end..)?) {
                stamp.zone = zone;
                end += n;
            }
            return Some((at, stamp, end));
        }
        at += 1;
    }
    None
}

/// Where the text begins behind logger, thread, process or source: at a message that the table knows, else behind
/// the name of Patroni's logger.
fn message<'a>(before: &[u8], rest: &'a [u8]) -> Option<&'a [u8]> {
    let mut candidate = separators(rest);
    let mut named: Option<&[u8]> = is_logger(before).then_some(candidate);
    for _ in 0..6 {
        if candidate.is_empty() {
            break;
        }
        let known = find(Program::Patroni, candidate.strip_prefix(b"PAUSE: ").unwrap_or(candidate));
        if known != Found::Unknown {
            return Some(candidate);
        }
        let Some(end) = candidate.iter().position(|b| matches!(b, b' ' | b':' | b']' | b'|' | b'\t')) else { break };
        let (word, after) = (candidate.get(..end)?, separators(candidate.get(end..)?));
        if is_logger(word) && named.is_none() {
            named = Some(after);
        }
        candidate = after;
    }
    named.filter(|m| !m.is_empty())
}

/// What formats put between a field and the next.
fn separators(text: &[u8]) -> &[u8] {
    let n = text.iter().take_while(|b| matches!(b, b' ' | b':' | b'-' | b'[' | b']' | b'|' | b'\t' | b',')).count();
    text.get(n..).unwrap_or(b"")
}

/// The text behind fields that name a logger, a thread, a process or a source: the first word that is none of these.
fn unknown(rest: &[u8]) -> Option<&[u8]> {
    let mut text = separators(rest);
    while let Some(end) = text.iter().position(|b| matches!(b, b' ' | b':' | b']' | b'|' | b'\t')) {
        let word = text.get(..end)?;
        if word.is_empty() || !are_parts(word) {
            break;
        }
        text = separators(text.get(end..)?);
    }
    // The first failure of a request has no text but a traceback.
    Some(text)
}

/// The text behind a logger's name that stands where the message begins: `[patroni.ha] text`, `patroni.ha: text`.
pub fn without_logger(message: &[u8]) -> &[u8] {
    let inside = || {
        let open = message.strip_prefix(b"[").unwrap_or(message);
        let name = open.iter().take(60).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')).count();
        let logger = open.get(..name).filter(|n| n.starts_with(b"patroni.") && is_logger(n))?;
        let rest = open.get(logger.len()..)?;
        [&b"]: "[..], b"] ", b": ", b" - "].iter().find_map(|mark| rest.strip_prefix(*mark))
    };
    inside().unwrap_or(message)
}

/// `patroni.ha`, `patroni.__main__`: the names of Patroni's loggers are those of its modules.
fn is_logger(word: &[u8]) -> bool {
    memchr::memmem::find(word, b"patroni.")
        .is_some_and(|at| word.get(at + 8).is_some_and(u8::is_ascii_lowercase) || word.get(at + 8) == Some(&b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    #[test]
    fn finds_stamp_level_and_text_in_any_order() {
        for (line, at, level, message) in [
            (
                "2021-02-01 13:45:05 +0100 INFO [patroni.ha] demoted self because DCS",
                "2021-02-01T13:45:05.000Z",
                Level::Info,
                "demoted self because DCS",
            ),
            (
                "[2021-02-01 13:45:05,123] patroni.ha ERROR - odd thing",
                "2021-02-01T13:45:05.123Z",
                Level::Error,
                "odd thing",
            ),
            ("ERROR|2021-02-01 13:45:05|patroni.ha|odd: thing", "2021-02-01T13:45:05.000Z", Level::Error, "odd: thing"),
            (
                "01/Feb/2021 13:45:05 WARNING Loop time exceeded, rescheduling immediately.",
                "2021-02-01T13:45:05.000Z",
                Level::Warning,
                "Loop time exceeded, rescheduling immediately.",
            ),
            (
                "Feb 01 13:45:05 INFO Lock owner: a; I am a",
                "1972-02-01T13:45:05.000Z",
                Level::Info,
                "Lock owner: a; I am a",
            ),
        ] {
            let head = head(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            let stamp = head.stamp.map(|s| rfc3339(s.civil));
            assert_eq!(
                (stamp.as_deref(), head.level, head.message.as_ref()),
                (Some(at), level, message.as_bytes()),
                "{line}"
            );
        }
    }

    #[test]
    fn in_a_log_of_such_lines_unknown_texts_keep_their_level() {
        for (line, level, message) in [
            ("2021-02-01 13:45:05,683 [7] ERROR [MainThread] ha.py:123: odd thing", Level::Error, "odd thing"),
            ("CRITICAL 2021-02-01 13:45:05,683 odd thing: very", Level::Fatal, "odd thing: very"),
            ("ERROR: odd thing", Level::Error, "odd thing"),
        ] {
            assert!(head(line.as_bytes()).is_none(), "{line}");
            let head = any(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((head.level, head.message.as_ref()), (level, message.as_bytes()), "{line}");
        }
    }

    #[test]
    fn other_programs_keep_their_lines() {
        for line in [
            "2021-02-01 13:45:05,683 INFO root: something that Patroni never says",
            "INFO: something that Patroni never says",
            "2021-02-01 13:45:05 UTC [7] ERROR:  relation \"INFO\" does not exist",
            "Feb  1 13:45:05 db1 patroni[7]: INFO: no action. I am (pg1), the leader with the lock",
            "2021-02-01T13:45:05Z stderr F INFO: no action. I am (pg1), the leader with the lock",
            "2021-02-01T13:45:05.123456789Z 2021-02-01 13:45:05,101 INFO: no action. I am (pg1), the leader with the lock",
            "[pod/demo-0/db] INFO: no action. I am (pg1), the leader with the lock",
            "INFORMATION: no action. I am (pg1), the leader with the lock",
        ] {
            assert!(head(line.as_bytes()).is_none(), "{line}");
        }
    }
}
