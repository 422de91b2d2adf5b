//! The fast part of the line loop: a block of lines becomes a few items, most of them runs of lines that are quiet.
//!
//! Looks at nothing but the block, so blocks can be scanned beside each other; `apply` then takes the items in order.
//! A line is part of a run if a lane knows its layout and the tables its meaning, and that meaning is noise, a
//! heartbeat, or an event that folds with its like. Every other line stands for itself and goes the general way.

use super::LINE_MAX;
use super::events::folds;
use super::glue::Beginning;
use super::record::{alarms_by_level, is_continuation_word};
use super::runs::{Item, Place, Run, Scanned};
use crate::formats::json;
use crate::formats::lanes::{Lanes, QuickHead};
use crate::messages::{DETAIL, Fields, Found, Memo, NoFields, find};
use crate::model::{Level, Program};
use std::borrow::Cow;

/// The fields behind the message of one of etcd's objects.
struct Behind<'a> {
    object: &'a [u8],
    fields: &'a [u8],
    /// The lane has seen that there is no `error` among them.
    no_error: bool,
}

impl Fields for Behind<'_> {
    #[inline]
    fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        match name {
            "error" if self.no_error => None,
            // What may stand in front of the message, and so comes first.
            "level" | "ts" | "logger" | "caller" | "msg" => json::field(self.object, name),
            _ => json::field_behind(self.fields, name),
        }
    }
}

/// Scans blocks; what it remembers from block to block changes its speed only.
#[derive(Debug, Default)]
pub struct Scanner {
    lanes: Lanes,
    postgres: Memo,
    etcd: Memo,
    /// Patroni's texts repeat to the letter: what the last ones meant.
    repeats: [(Vec<u8>, Option<Found>); 4],
    detail: Vec<u8>,
    /// Lines with a second record in them go the general way.
    beginning: Beginning,
}

/// What is to be done with a line.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// It joined the run.
    Taken,
    /// It would join another run.
    Splits,
    General,
}

impl Scanner {
    /// Takes a block apart. `quick`: whether runs are worth looking for.
    pub fn scan(&mut self, block: &[u8], quick: bool) -> Scanned {
        let mut out = Scanned::default();
        let mut run = Run::default();
        // Terminal colours and NULs are taken out on the general way.
        let quick = quick && memchr::memchr2(0x1b, 0, block).is_none();
        let mut recorded = false;
        let mut from = 0;
        let whole = block.strip_suffix(b"\n").unwrap_or(block).len();
        let mut ends = memchr::memchr_iter(b'\n', block);
        while from < block.len() {
            let end = ends.next().unwrap_or(whole);
            let mut line = block.get(from..end).unwrap_or(&[]);
            line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut place = Place { from, to: from + line.len(), line: out.lines };
            let max = LINE_MAX as usize;
            let mut way = Way::General;
            if line.len() > max {
                out.cut_lines += 1;
                out.cut_bytes += (end - from - max) as u64;
                place.to = from + max;
            } else if quick {
                way = self.quick(&mut run, line, place, &mut recorded);
                if way == Way::Splits {
                    out.items.push(Item::Run(Box::new(std::mem::take(&mut run))));
                    way = self.quick(&mut run, line, place, &mut recorded);
                }
            }
            if way == Way::Taken {
                if run.lines == 0 {
                    run.from = from;
                    run.first_line = out.lines;
                }
                run.lines += 1;
                run.bytes += line.len() as u64 + 1;
                run.to = (end + 1).min(block.len());
            } else {
                if run.lines > 0 {
                    out.items.push(Item::Run(Box::new(std::mem::take(&mut run))));
                }
                out.items.push(Item::Line(place));
            }
            out.lines = out.lines.saturating_add(1);
            from = end + 1;
        }
        if run.lines > 0 {
            out.items.push(Item::Run(Box::new(run)));
        }
        out
    }

    /// Adds a line to the run, or leaves the run as it is.
    #[inline]
    fn quick(&mut self, run: &mut Run, line: &[u8], place: Place, recorded: &mut bool) -> Way {
        match line.first() {
            None => {
                run.noise += 1;
                return Way::Taken;
            }
            // PostgreSQL puts a tab in front of what goes on; it belongs to the record before, whatever that was.
            Some(b'\t') if *recorded => {
                if line.trim_ascii().is_empty() || !names_a_level(line) {
                    run.noise += 1;
                    return Way::Taken;
                }
                return Way::General;
            }
            _ => {}
        }
        let Some(head) = self.lanes.head(line) else { return Way::General };
        if line.last() == Some(&b'\r') {
            return Way::General;
        }
        if self.beginning.follow(line) {
            // What was no beginning in a known text may be one now.
            self.repeats.iter_mut().for_each(|r| r.1 = None);
        }
        if head.program != Program::Patroni && self.beginning.comes_again(line, head.object.unwrap_or(head.message)) {
            return Way::General;
        }
        let way = match head.program {
            Program::Patroni => self.patroni(run, &head, line, place),
            _ => self.server(run, &head, place),
        };
        *recorded |= way == Way::Taken;
        way
    }

    /// A line of PostgreSQL or etcd.
    #[inline]
    fn server(&mut self, run: &mut Run, head: &QuickHead<'_>, place: Place) -> Way {
        let found = match head.object {
            // The lane takes no line with an error in it from level warning on.
            Some(object) => {
                let fields = Behind { object, fields: head.fields, no_error: head.level >= Level::Warning };
                self.etcd.find(head.program, head.message, &fields)
            }
            None if head.more => self.detail(head),
            None => self.postgres.find(head.program, head.message, &NoFields),
        };
        match found {
            Found::Noise => {
                if !run.suits(head) {
                    return Way::Splits;
                }
                run.noise += 1;
            }
            Found::Unknown => {
                let more = head.more || is_continuation_word(head.message);
                if !more && (alarms_by_level(head.program, head.level) || has_info(head.message)) {
                    return Way::General;
                }
                if !run.suits(head) {
                    return Way::Splits;
                }
                if more {
                    run.noise += 1;
                } else {
                    run.strange(place);
                }
            }
            Found::Meaning(meaning) => {
                let merged = head.program == Program::Etcd && head.message.last() == Some(&b']');
                if meaning.me.is_some() || meaning.what.is_beat() || !folds(meaning.what) || merged {
                    return Way::General;
                }
                if !run.suits(head) {
                    return Way::Splits;
                }
                run.event(head, &meaning, place);
                return Way::Taken;
            }
        }
        run.stamp(head, place);
        Way::Taken
    }

    /// What DETAIL and its like say; STATEMENT says nothing.
    fn detail(&mut self, head: &QuickHead<'_>) -> Found {
        if !head.detail || !self.postgres.reads_details(head.program) {
            return Found::Unknown;
        }
        self.detail.clear();
        self.detail.extend_from_slice(DETAIL);
        self.detail.extend_from_slice(head.message);
        find(head.program, &self.detail)
    }

    /// A line of Patroni. Its texts repeat to the letter, or are looked up as everywhere.
    #[inline]
    fn patroni(&mut self, run: &mut Run, head: &QuickHead<'_>, line: &[u8], place: Place) -> Way {
        let message = head.message;
        let known = self.repeats.iter().find(|(text, found)| text == message && found.is_some());
        let known = match known {
            Some(known) => known,
            None => {
                if message.starts_with(b"PAUSE: ") || self.beginning.comes_again(line, message) {
                    return Way::General;
                }
                self.repeats.rotate_right(1);
                let [first, ..] = &mut self.repeats;
                first.0.clear();
                first.0.extend_from_slice(message);
                first.1 = Some(find(Program::Patroni, message));
                first
            }
        };
        let meaning = match &known.1 {
            Some(Found::Noise) => None,
            Some(Found::Meaning(meaning)) if meaning.what.is_beat() || folds(meaning.what) => Some(meaning),
            _ => return Way::General,
        };
        if !run.suits(head) {
            return Way::Splits;
        }
        match meaning {
            None => {
                run.noise += 1;
                run.stamp(head, place);
                return Way::Taken;
            }
            Some(meaning) if meaning.what.is_beat() => run.beat(head, meaning, place),
            Some(meaning) => run.event(head, meaning, place),
        }
        if let Some(me) = meaning.and_then(|m| m.me.as_ref()) {
            run.name(me, place);
        }
        Way::Taken
    }
}

/// Whether Patroni's head might be glued into the line: a colon and a space behind a capital letter.
fn names_a_level(line: &[u8]) -> bool {
    memchr::memchr_iter(b':', line).any(|at| {
        line.get(at + 1) == Some(&b' ')
            && at.checked_sub(1).and_then(|i| line.get(i)).is_some_and(u8::is_ascii_uppercase)
    })
}

fn has_info(message: &[u8]) -> bool {
    names_a_level(message) && memchr::memmem::find(message, b" INFO: ").is_some()
}
