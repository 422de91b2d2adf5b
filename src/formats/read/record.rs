//! What a line means: a record of its own, a line that belongs to the record before it, or one without any time.

use super::events::wording;
use super::scan::{has_info, names_a_level};
use super::{Last, LogReader};
use crate::formats::wash::is_marker;
use crate::formats::{Head, Peeled, etcd_capnslog, json, patroni, patroni_custom, pg_stderr};
use crate::messages::{Found, classify, engine_clip, find, find_with};
use crate::model::{Answer, Grain, Level, Meaning, Micros, Program, Raw, Stamp, What, Why, Written, Zone};
use std::borrow::Cow;
use std::sync::Arc;

/// Unknown lines kept of a source.
pub(super) const STRANGE_MAX: usize = 5;

/// Answers kept of a stream: each member answers once a loop while there is no leader.
pub(super) const ANSWERS_MAX: usize = 400;

impl LogReader {
    /// A line of its own: with a stamp from its program, from its envelope, or from both.
    pub(super) fn record(&mut self, peeled: Option<&Peeled<'_>>, mut head: Head<'_>, line: &[u8], number: u32) {
        let outer = peeled.and_then(|p| p.stamp);
        let (stamp, own) = match (head.stamp, outer) {
            (Some(inner), Some(outer)) if inner.written == Written::SinceBoot => (outer, false),
            (Some(inner), _) => (inner, true),
            (None, Some(outer)) => (outer, false),
            (None, None) => return self.undated(&head, line, number),
        };
        let host = match peeled.and_then(|p| p.host.as_deref()).map(|h| self.host(h)) {
            // One host too many.
            Some(None) => {
                self.out.coverage.unread += 1;
                self.crowded += 1;
                return;
            }
            host => host.flatten(),
        };
        if let Some((mark, at)) = self.booted.take() {
            let system = self.stream(Program::Systemd, host.clone(), own && outer.is_none());
            self.meaning(system, outer.unwrap_or(stamp), 0, Meaning::plain(What::Boot), &mark, at);
        }
        let stream = self.stream(head.program, host, own);
        let pid = if head.pid != 0 { head.pid } else { peeled.map_or(0, |p| p.pid) };
        self.note_stamp(stream, stamp, if own { outer } else { None }, head.zone_proof, line, number);
        if head.program == Program::Patroni
            && let Some((who, seen)) = patroni::answer(&head.message)
        {
            self.answered(stream, who, seen, stamp, line, number);
        }
        let mut last = Last { stream, program: head.program, stamp, pid, raw: None };
        // Patroni marks the result of every loop while the cluster is paused (patroni/ha.py, run_cycle).
        if head.program == Program::Patroni && head.message.starts_with(b"PAUSE: ") {
            self.meaning(stream, stamp, pid, Meaning::plain(What::PauseOn), line, number);
            head.message = Cow::Owned(head.message.get(7..).unwrap_or_default().to_vec());
        }
        let found = match head.object {
            Some(object) => find_with(head.program, &head.message, &json::Object(object)),
            None => find(head.program, &head.message),
        };
        let found = match (found, &self.own) {
            (Found::Unknown | Found::Noise, Some(own)) if own.find(head.program, &head.message).is_some() => {
                own.find(head.program, &head.message).map_or(Found::Unknown, Found::Meaning)
            }
            (found, _) => found,
        };
        match found {
            Found::Meaning(meaning) => {
                self.out.coverage.understood += 1;
                last.raw = self.meaning(stream, stamp, pid, meaning, line, number);
                if head.program == Program::Etcd {
                    self.more(stream, last.raw, etcd_capnslog::merged(&head.message));
                }
            }
            Found::Noise => self.out.coverage.noise += 1,
            Found::Unknown if is_continuation_word(&head.message) => self.out.coverage.noise += 1,
            Found::Unknown => {
                self.out.coverage.unknown += 1;
                self.strange(line, number);
                if alarms_by_level(head.program, head.level) {
                    self.out.coverage.unnamed += 1;
                    last.raw = self.meaning(stream, stamp, pid, unnamed(&head.message), line, number);
                } else if own && has_info(&head.message) && self.glued(&head.message, line, number) {
                    self.out.coverage.unknown -= 1;
                }
            }
        }
        self.last = Some(last);
    }

    /// Another member's answer says when it last saw the DCS: the first and the last line of each such moment are kept.
    fn answered(&mut self, stream: usize, who: &str, seen: Micros, stamp: Stamp, line: &[u8], number: u32) {
        let Some(answers) = self.out.streams.get_mut(stream).map(|s| &mut s.answers) else { return };
        if let Some(same) = answers.iter_mut().rev().find(|a| *a.who == *who).filter(|a| a.seen == seen) {
            (same.last, same.last_line) = (stamp, number);
        } else if answers.len() >= ANSWERS_MAX {
            self.answers_more += 1;
        } else {
            let (who, text) = (Arc::from(who), wording(line));
            answers.push(Answer { who, seen, first: stamp, last: stamp, line: number, last_line: number, text });
        }
    }

    /// A line without stamp and level: belongs to the record before it, or was glued to another.
    pub(super) fn headless(&mut self, text: &[u8], line: &[u8], number: u32) {
        if self.glued(text, line, number) {
            return;
        }
        let Some(last) = self.last.clone() else {
            let program = match pg_stderr::severity(text) {
                Some((level, message)) => {
                    let mut head = Head::plain(Program::Postgres, None, level.unwrap_or(Level::Debug), b"");
                    head.message = message;
                    return self.undated(&head, line, number);
                }
                _ => Program::Patroni,
            };
            let (level, message) = patroni_custom::levelled(text).unwrap_or((Level::Info, text));
            return self.undated(&Head::plain(program, None, level, message), line, number);
        };
        self.out.coverage.noise += 1;
        if text.first().is_some_and(u8::is_ascii_whitespace)
            || text.starts_with(b"Traceback")
            || text.starts_with(b"During handling")
            || text.starts_with(b"The above exception")
        {
            let console = [&b"sys.stderr."[..], b"sys.stdout."].iter().any(|c| memchr::memmem::find(text, c).is_some());
            // A frame is its place, then its line of code, which may be marked below.
            self.console = console || self.console && !text.trim_ascii_start().starts_with(b"File \"");
            return;
        }
        let console = std::mem::take(&mut self.console);
        // The last line of a traceback tells what happened; output of child programs is looked up as well.
        // PostgreSQL's lines may come without any prefix: up to 9.6 that was the default.
        let found = match pg_stderr::bare(text) {
            Some(message) => find(Program::Postgres, &message),
            None => find(last.program, text),
        };
        let why = match &found {
            Found::Meaning(meaning) if meaning.why != Why::Unsaid => meaning.why,
            _ => classify(text),
        };
        // Who writes to a terminal that is gone gets EIO (patroni#2566): no disk is concerned.
        let why = if console && why == Why::Io { Why::Unsaid } else { why };
        if why != Why::Unsaid && last.program == Program::Patroni {
            self.explain(&last, why);
        }
        if let Found::Meaning(meaning) = found {
            self.out.coverage.noise -= 1;
            self.out.coverage.understood += 1;
            self.meaning(last.stream, last.stamp, last.pid, meaning, line, number);
        }
    }

    /// `initdb` and others write without a line end to the same stream: a second head may stand inside a line.
    pub(super) fn glued(&mut self, text: &[u8], line: &[u8], number: u32) -> bool {
        if !names_a_level(text) {
            return false;
        }
        for sign in [&b" INFO: "[..], b" WARNING: ", b" ERROR: "] {
            let Some(at) = memchr::memmem::find(text, sign) else { continue };
            let Some(start) = at.checked_sub(23) else { continue };
            let Some(rest) = text.get(start..).filter(|_| start > 0) else { continue };
            if let Some(head) = (patroni::FORMAT.head)(rest) {
                self.record(None, head, line, number);
                return true;
            }
        }
        false
    }

    pub(super) fn undated(&mut self, head: &Head<'_>, line: &[u8], number: u32) {
        let candidates =
            [head.program, Program::Etcd, Program::Postgres, Program::Proxy, Program::Kernel, Program::Systemd];
        for program in candidates {
            if let Found::Meaning(meaning) = find(program, &head.message) {
                self.out.coverage.understood += 1;
                self.without_time(program, meaning, line, number);
                return;
            }
        }
        if find(head.program, &head.message) == Found::Noise || is_continuation_word(&head.message) || is_marker(line) {
            self.out.coverage.noise += 1;
            return;
        }
        self.strange(line, number);
        if alarms_by_level(head.program, head.level) {
            self.out.coverage.unknown += 1;
            self.out.coverage.unnamed += 1;
            self.without_time(head.program, unnamed(&head.message), line, number);
        } else {
            self.out.coverage.unread += 1;
        }
    }

    /// Keeps a message that nobody can place.
    fn without_time(&mut self, program: Program, meaning: Meaning, line: &[u8], number: u32) {
        self.out.undated_by.insert(program);
        if self.out.undated.len() as u64 >= self.out.caps.undated {
            self.undated_more += 1;
            return;
        }
        self.out.undated.push(Raw {
            at: 0,
            since: 0,
            until: 0,
            zone: Zone::Unwritten,
            written: Written::NoDate,
            grain: Grain::Second,
            count: 1,
            what: meaning.what,
            why: meaning.why,
            num: meaning.num,
            who: meaning.who,
            pid: 0,
            line: number,
            text: wording(line),
        });
    }

    /// Keeps the first lines that nothing knows, so that a person can see them.
    pub(super) fn strange(&mut self, line: &[u8], number: u32) {
        if self.out.strange.len() < STRANGE_MAX {
            self.out.strange.push((number, wording(line)));
        }
    }
}

pub(super) fn alarms_by_level(program: Program, level: Level) -> bool {
    match program {
        // ERROR is what clients do to themselves; FATAL ends a session, PANIC the server.
        Program::Postgres => level >= Level::Fatal,
        Program::Other => false,
        _ => level >= Level::Error,
    }
}

fn unnamed(message: &[u8]) -> Meaning {
    Meaning { why: classify(message), who: Some(Arc::from(signature(message))), ..Meaning::plain(What::UnnamedAlarm) }
}

/// The first words of a message with its numbers taken out: what repeats of an unnamed alarm share.
fn signature(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    engine_clip(&text, 60).chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

pub(super) fn is_continuation_word(message: &[u8]) -> bool {
    [&b"DETAIL:  "[..], b"HINT:  ", b"CONTEXT:  ", b"STATEMENT:  ", b"QUERY:  ", b"LOCATION:  ", b"BACKTRACE:  "]
        .iter()
        .any(|w| message.starts_with(w))
}
