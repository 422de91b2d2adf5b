//! The fast part of the line loop: a block of lines becomes a few items, most of them runs of lines that are quiet.
//!
//! Looks at nothing but the block, so blocks can be scanned beside each other; `apply` then takes the items in order.
//! A line is part of a run if a lane knows its layout and the tables its meaning, and that meaning is noise, a
//! heartbeat, or an event that folds with its like. Every other line stands for itself and goes the general way.

use super::events::{folds, measures};
use super::glue::Beginning;
use super::record::{alarms_by_level, is_continuation_word};
use super::runs::{Item, Place, Run, Scanned};
use crate::formats::json;
use crate::formats::lanes::{Lanes, Origin, PATRONI_STAMP, QuickHead};
use crate::messages::{DETAIL, Fields, Found, Memo, NoFields, Sense, find};
use crate::model::{Caps, Level, Meaning, Program};
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

/// A text of Patroni's that a run takes.
#[derive(Debug)]
struct Repeat {
    /// What stands behind the stamp, line end included.
    rest: Vec<u8>,
    meaning: Option<Meaning>,
}

/// Texts of Patroni's that are remembered: it says the same two or three in each turn of its loop.
const REPEATS: usize = 4;

/// Longest text of Patroni's that is remembered.
const REPEAT_MAX: usize = 400;

/// Scans blocks; what it remembers from block to block changes its speed only.
#[derive(Debug)]
pub struct Scanner {
    /// Bytes read of a line.
    max: usize,
    lanes: Lanes,
    postgres: Memo,
    etcd: Memo,
    repeats: Vec<Repeat>,
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
    pub fn new(caps: &Caps) -> Scanner {
        Scanner {
            max: usize::try_from(caps.line).unwrap_or(usize::MAX),
            lanes: Lanes::default(),
            postgres: Memo::default(),
            etcd: Memo::default(),
            repeats: Vec::new(),
            detail: Vec::new(),
            beginning: Beginning::default(),
        }
    }

    /// Takes a block apart. `quick`: whether runs are worth looking for.
    pub fn scan(&mut self, block: &[u8], quick: bool) -> Scanned {
        let mut out = Scanned::default();
        let mut run = Run::default();
        let mut recorded = false;
        let mut from = 0;
        while let Some(rest) = block.get(from..).filter(|rest| !rest.is_empty()) {
            if quick && let Some((origin, repeat)) = self.again(rest) {
                let to = from + PATRONI_STAMP + repeat.rest.len() - 1;
                let place = Place { from, to, line: out.lines };
                if !run.suits(&origin) {
                    out.items.push(Item::Run(Box::new(std::mem::take(&mut run))));
                }
                join(&mut run, &origin, repeat.meaning.as_ref(), place);
                run.cover(place, to + 1);
                recorded = true;
                out.lines = out.lines.saturating_add(1);
                from = to + 1;
                continue;
            }
            // Terminal colours and NULs are taken out on the general way.
            let mut length = memchr::memchr3(b'\n', 0x1b, 0, rest).unwrap_or(rest.len());
            let clean = rest.get(length).is_none_or(|b| *b == b'\n');
            if !clean {
                length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            let mut line = rest.get(..length).unwrap_or(rest);
            line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut place = Place { from, to: from + line.len(), line: out.lines };
            let mut way = Way::General;
            if line.len() > self.max {
                out.cut_lines += 1;
                out.cut_bytes += (length - self.max) as u64;
                place.to = from + self.max;
            } else if quick && clean {
                way = self.quick(&mut run, line, place, &mut recorded);
                if way == Way::Splits {
                    out.items.push(Item::Run(Box::new(std::mem::take(&mut run))));
                    way = self.quick(&mut run, line, place, &mut recorded);
                }
            }
            let next = (from + length + 1).min(block.len());
            if way == Way::Taken {
                run.cover(place, next);
            } else {
                if run.lines > 0 {
                    out.items.push(Item::Run(Box::new(std::mem::take(&mut run))));
                }
                out.items.push(Item::Line(place));
            }
            out.lines = out.lines.saturating_add(1);
            from = next;
        }
        if run.lines > 0 {
            out.items.push(Item::Run(Box::new(run)));
        }
        out
    }

    /// A line that is one of the last of Patroni's again, but for its stamp.
    #[inline]
    fn again(&mut self, rest: &[u8]) -> Option<(Origin, &Repeat)> {
        let (stamp, behind) = rest.split_first_chunk::<PATRONI_STAMP>()?;
        let repeat = self.repeats.iter().find(|r| behind.starts_with(&r.rest))?;
        if !self.beginning.begins(stamp) {
            return None;
        }
        Some((self.lanes.patroni(stamp)?, repeat))
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
            self.repeats.clear();
        }
        if self.beginning.comes_again(line, head.object.unwrap_or(head.message)) {
            return Way::General;
        }
        let way = match head.origin.program {
            Program::Patroni => self.patroni(run, &head, line, place),
            _ => self.server(run, &head, place),
        };
        *recorded |= way == Way::Taken;
        way
    }

    /// A line of PostgreSQL or etcd.
    #[inline]
    fn server(&mut self, run: &mut Run, head: &QuickHead<'_>, place: Place) -> Way {
        let program = head.origin.program;
        let sense = match head.object {
            // The lane takes no line with an error in it from level warning on.
            Some(object) => {
                let fields = Behind { object, fields: head.fields, no_error: head.level >= Level::Warning };
                self.etcd.find(program, head.message, &fields)
            }
            None if head.more => self.detail(head),
            None => self.postgres.find(program, head.message, &NoFields),
        };
        match sense {
            Sense::Noise => {
                if !run.suits(&head.origin) {
                    return Way::Splits;
                }
                run.noise += 1;
            }
            Sense::Unknown => {
                let more = head.more || is_continuation_word(head.message);
                if !more && (alarms_by_level(program, head.level) || has_info(head.message)) {
                    return Way::General;
                }
                if !run.suits(&head.origin) {
                    return Way::Splits;
                }
                if more {
                    run.noise += 1;
                } else {
                    run.strange(place);
                }
            }
            Sense::Meaning => {
                let memo = if head.object.is_some() { &self.etcd } else { &self.postgres };
                let meaning = memo.meaning();
                let merged = program == Program::Etcd && head.message.last() == Some(&b']');
                let listed = !folds(meaning.what) && !measures(meaning.what);
                if meaning.me.is_some() || meaning.what.is_beat() || listed || merged {
                    return Way::General;
                }
                if !run.suits(&head.origin) {
                    return Way::Splits;
                }
                run.event(&head.origin, meaning, place);
                return Way::Taken;
            }
        }
        run.stamp(&head.origin, place);
        Way::Taken
    }

    /// What DETAIL and its like say; STATEMENT says nothing.
    fn detail(&mut self, head: &QuickHead<'_>) -> Sense {
        if !head.detail || !self.postgres.reads_details(head.origin.program) {
            return Sense::Unknown;
        }
        self.detail.clear();
        self.detail.extend_from_slice(DETAIL);
        self.detail.extend_from_slice(head.message);
        self.postgres.keep(find(head.origin.program, &self.detail))
    }

    /// A line of Patroni whose text is new.
    fn patroni(&mut self, run: &mut Run, head: &QuickHead<'_>, line: &[u8], place: Place) -> Way {
        if head.message.starts_with(b"PAUSE: ") {
            return Way::General;
        }
        let meaning = match find(Program::Patroni, head.message) {
            Found::Noise => None,
            Found::Meaning(meaning) if meaning.what.is_beat() || folds(meaning.what) => Some(meaning),
            _ => return Way::General,
        };
        if !run.suits(&head.origin) {
            return Way::Splits;
        }
        join(run, &head.origin, meaning.as_ref(), place);
        if let Some(rest) = line.get(PATRONI_STAMP..).filter(|rest| rest.len() <= REPEAT_MAX) {
            self.repeats.truncate(REPEATS - 1);
            self.repeats.insert(0, Repeat { rest: [rest, b"\n"].concat(), meaning });
        }
        Way::Taken
    }
}

/// Adds a line of Patroni to a run that it suits.
#[inline]
fn join(run: &mut Run, origin: &Origin, meaning: Option<&Meaning>, place: Place) {
    match meaning {
        None => {
            run.noise += 1;
            run.stamp(origin, place);
        }
        Some(meaning) if meaning.what.is_beat() => run.beat(origin, meaning, place),
        Some(meaning) => run.event(origin, meaning, place),
    }
    if let Some(me) = meaning.and_then(|m| m.me.as_ref()) {
        run.name(me, place);
    }
}

/// Whether Patroni's head might be glued into the line: a colon and a space behind four capital letters, as in `INFO: `
/// or `WARNING: `. Autovacuum's `CPU: user: ` has three.
pub(super) fn names_a_level(line: &[u8]) -> bool {
    memchr::memchr_iter(b':', line).any(|at| {
        line.get(at + 1) == Some(&b' ')
            && at.checked_sub(4).and_then(|i| line.get(i..at)).is_some_and(|w| w.iter().all(u8::is_ascii_uppercase))
    })
}

pub(super) fn has_info(message: &[u8]) -> bool {
    names_a_level(message) && memchr::memmem::find(message, b" INFO: ").is_some()
}
