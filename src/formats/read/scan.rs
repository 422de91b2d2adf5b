//! The fast part of the line loop: a block of lines becomes a few items, most of them runs of lines that are quiet.
//!
//! Looks at nothing but the block, so blocks can be scanned beside each other; `apply` then takes the items in order.
//! A line is part of a run if a lane knows its layout and the tables its meaning, and that meaning is noise, a
//! heartbeat, or an event that folds with its like. Every other line stands for itself and goes the general way.

use super::LINE_MAX;
use super::events::{FOLD, began, folds};
use super::glue::Beginning;
use super::record::{STRANGE_MAX, alarms_by_level, is_continuation_word};
use crate::formats::json;
use crate::formats::lanes::{Lanes, QuickHead};
use crate::messages::{Fields, Found, NoFields, find, find_with};
use crate::model::{Meaning, Micros, Program, Stamp, Volume};
use std::borrow::Cow;

/// What a block holds, in order.
#[derive(Debug, Default)]
pub struct Scanned {
    pub items: Vec<Item>,
    pub lines: u32,
    pub cut_lines: u64,
    pub cut_bytes: u64,
}

#[derive(Debug)]
pub enum Item {
    Line(Place),
    Run(Box<Run>),
}

/// A line in its block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub from: usize,
    pub to: usize,
    /// From 0.
    pub line: u32,
}

/// Consecutive lines that need no look at the state of the reader.
#[derive(Debug, Default)]
pub struct Run {
    pub from: usize,
    pub to: usize,
    pub first_line: u32,
    pub lines: u32,
    pub bytes: u64,
    pub understood: u64,
    pub noise: u64,
    pub unknown: u64,
    /// The first lines that nothing knows.
    pub strange: Vec<Place>,
    /// All lines of a run are of one program: where the writer changes, clocks are compared.
    pub stamps: Option<Stamps>,
    pub events: Vec<Event>,
    pub beats: Vec<Beats>,
    pub last: Option<(Program, Stamp, u32)>,
}

/// The stamps of one program in a run; all have the zone of the first.
#[derive(Debug)]
pub struct Stamps {
    pub program: Program,
    pub count: u64,
    pub first: Stamp,
    pub last: Stamp,
    pub min: Micros,
    pub max: Micros,
    /// Longest step forward beyond the latest stamp so far.
    pub widest: Micros,
    /// Longest step back from one line to the next.
    pub back: Micros,
    /// The last line that carries the latest stamp.
    pub latest: Place,
    pub volume: Volume,
}

/// Equal messages, none further from those before it than [`FOLD`].
#[derive(Debug)]
pub struct Event {
    pub program: Program,
    /// Of the first.
    pub meaning: Meaning,
    /// Largest number of all.
    pub worst: f64,
    /// Of the first.
    pub stamp: Stamp,
    /// When the one began that began first.
    pub since: Micros,
    pub until: Micros,
    pub min: Micros,
    pub count: u32,
    pub pid: u32,
    pub place: Place,
}

/// Equal heartbeats with the steps between them.
#[derive(Debug)]
pub struct Beats {
    pub meaning: Meaning,
    pub stamp: Stamp,
    pub until: Micros,
    pub count: u32,
    pub shortest: Micros,
    pub longest: Micros,
    pub first: Place,
    pub last: Place,
}

/// Fields of an object that has no error in it.
struct NoError<'a>(json::Object<'a>);

impl Fields for NoError<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        if name == "error" { None } else { self.0.get(name) }
    }
}

/// Scans blocks; what it remembers from block to block changes its speed only.
#[derive(Debug, Default)]
pub struct Scanner {
    lanes: Lanes,
    /// Patroni's texts repeat to the letter: what the last ones meant.
    repeats: [(Vec<u8>, Option<Found>); 4],
    detail: Vec<u8>,
    /// Lines with a second record in them go the general way.
    beginning: Beginning,
    /// The line just looked at fits into a run, but not into this one.
    splits: bool,
}

impl Scanner {
    /// Takes a block apart. `quick`: whether runs are worth looking for.
    pub fn scan(&mut self, block: &[u8], quick: bool) -> Scanned {
        let mut out = Scanned::default();
        let mut run = Run::default();
        // Terminal colours and NULs are taken out on the general way.
        let clean = memchr::memchr2(0x1b, 0, block).is_none();
        let mut recorded = false;
        let mut from = 0;
        while from < block.len() {
            let rest = block.get(from..).unwrap_or(&[]);
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let next = from + length + 1;
            let mut line = rest.get(..length).unwrap_or(rest);
            line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut place = Place { from, to: from + line.len(), line: out.lines };
            let max = LINE_MAX as usize;
            let mut taken = false;
            if line.len() > max {
                out.cut_lines += 1;
                out.cut_bytes += (length - max) as u64;
                place.to = from + max;
            } else if quick && clean {
                taken = self.quick(&mut run, line, place, &mut recorded);
                if !taken && run.lines > 0 && self.splits {
                    out.items.push(Item::Run(Box::new(std::mem::take(&mut run))));
                    taken = self.quick(&mut run, line, place, &mut recorded);
                }
            }
            if taken {
                if run.lines == 0 {
                    run.from = from;
                    run.first_line = out.lines;
                }
                run.lines += 1;
                run.bytes += line.len() as u64 + 1;
                run.to = next.min(block.len());
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

    /// Adds a line to the run, or leaves the run as it is.
    #[inline]
    fn quick(&mut self, run: &mut Run, line: &[u8], place: Place, recorded: &mut bool) -> bool {
        self.splits = false;
        match line.first() {
            None => {
                run.noise += 1;
                return true;
            }
            // PostgreSQL puts a tab in front of what goes on; it belongs to the record before, whatever that was.
            Some(b'\t') if *recorded => {
                if line.trim_ascii().is_empty() || !names_a_level(line) {
                    run.noise += 1;
                    return true;
                }
                return false;
            }
            _ => {}
        }
        let Some(head) = self.lanes.head(line) else { return false };
        if line.ends_with(b"\r") || self.beginning.comes_again(line, head.object.unwrap_or(head.message)) {
            return false;
        }
        let taken = match head.program {
            Program::Patroni => self.patroni(run, &head, place),
            _ => self.server(run, &head, place),
        };
        if taken {
            *recorded = true;
            run.last = Some((head.program, head.stamp, head.pid));
        }
        taken
    }

    /// A line of PostgreSQL or etcd.
    #[inline]
    fn server(&mut self, run: &mut Run, head: &QuickHead<'_>, place: Place) -> bool {
        let found = match head.object {
            // The lane takes no line with an error in it from level warning on.
            Some(object) if head.level >= crate::model::Level::Warning => {
                find_with(head.program, head.message, &NoError(json::Object(object)))
            }
            Some(object) => find_with(head.program, head.message, &json::Object(object)),
            None if head.detail => {
                self.detail.clear();
                self.detail.extend_from_slice(b"DETAIL:  ");
                self.detail.extend_from_slice(head.message);
                find(head.program, &self.detail)
            }
            None => find_with(head.program, head.message, &NoFields),
        };
        match found {
            Found::Noise => {
                if !self.stamp(run, head, place) {
                    return false;
                }
                run.noise += 1;
            }
            Found::Unknown => {
                let more = head.detail || is_continuation_word(head.message);
                if !more && (alarms_by_level(head.program, head.level) || has_info(head.message)) {
                    return false;
                }
                if !self.stamp(run, head, place) {
                    return false;
                }
                if more {
                    run.noise += 1;
                } else {
                    run.unknown += 1;
                    if run.strange.len() < STRANGE_MAX {
                        run.strange.push(place);
                    }
                }
            }
            Found::Meaning(meaning) => {
                let merged = head.program == Program::Etcd && head.message.last() == Some(&b']');
                if meaning.me.is_some() || meaning.what.is_beat() || !folds(meaning.what) || merged {
                    return false;
                }
                if !self.stamp(run, head, place) {
                    return false;
                }
                run.understood += 1;
                event(&mut run.events, head, meaning, place);
            }
        }
        true
    }

    /// A line of Patroni: heartbeats and noise only. Its failures are explained by the lines that follow them.
    #[inline]
    fn patroni(&mut self, run: &mut Run, head: &QuickHead<'_>, place: Place) -> bool {
        let message = head.message;
        let known = self.repeats.iter().position(|(text, found)| found.is_some() && text == message);
        let at = match known {
            Some(at) => at,
            None => {
                if message.starts_with(b"PAUSE: ") {
                    return false;
                }
                self.repeats.rotate_right(1);
                if let Some((text, found)) = self.repeats.first_mut() {
                    text.clear();
                    text.extend_from_slice(message);
                    *found = Some(find(Program::Patroni, message));
                }
                0
            }
        };
        let beat = match self.repeats.get(at) {
            Some((_, Some(Found::Noise))) => false,
            Some((_, Some(Found::Meaning(meaning)))) if meaning.what.is_beat() => true,
            _ => return false,
        };
        if !self.stamp(run, head, place) {
            return false;
        }
        let Some((_, Some(Found::Meaning(meaning)))) = self.repeats.get(at).filter(|_| beat) else {
            run.noise += 1;
            return true;
        };
        run.understood += 1;
        match run.beats.last_mut().filter(|b| b.meaning == *meaning) {
            Some(beats) => {
                let step = head.stamp.civil - beats.until;
                beats.shortest = beats.shortest.min(step);
                beats.longest = beats.longest.max(step);
                beats.until = beats.until.max(head.stamp.civil);
                beats.count += 1;
                beats.last = place;
            }
            None => run.beats.push(Beats {
                meaning: meaning.clone(),
                stamp: head.stamp,
                until: head.stamp.civil,
                count: 1,
                shortest: 0,
                longest: 0,
                first: place,
                last: place,
            }),
        }
        true
    }

    /// Counts a stamp; `false`, and nothing done, if program or zone is not that of the run.
    #[inline]
    fn stamp(&mut self, run: &mut Run, head: &QuickHead<'_>, place: Place) -> bool {
        let stamp = head.stamp;
        let Some(stamps) = &mut run.stamps else {
            let mut volume = Volume::default();
            volume.note(stamp.civil);
            run.stamps = Some(Stamps {
                program: head.program,
                count: 1,
                first: stamp,
                last: stamp,
                min: stamp.civil,
                max: stamp.civil,
                widest: 0,
                back: 0,
                latest: place,
                volume,
            });
            return true;
        };
        if (stamps.program, stamps.first.zone) != (head.program, stamp.zone) {
            self.splits = true;
            return false;
        }
        stamps.count += 1;
        stamps.back = stamps.back.max(stamps.last.civil - stamp.civil);
        stamps.volume.note(stamp.civil);
        stamps.last = stamp;
        stamps.min = stamps.min.min(stamp.civil);
        stamps.widest = stamps.widest.max(stamp.civil - stamps.max);
        if stamp.civil >= stamps.max {
            stamps.max = stamp.civil;
            stamps.latest = place;
        }
        true
    }
}

/// Adds an event to its like, as `LogReader::meaning` does.
#[inline]
fn event(events: &mut Vec<Event>, head: &QuickHead<'_>, meaning: Meaning, place: Place) {
    let stamp = head.stamp;
    // The latest of each kind counts; a run holds a handful of kinds.
    let same = |e: &&mut Event| {
        e.program == head.program
            && (e.meaning.what, e.meaning.why) == (meaning.what, meaning.why)
            && e.meaning.who == meaning.who
    };
    if let Some(event) = events.iter_mut().rev().take(32).find(same)
        && (stamp.civil - event.until).abs() <= FOLD
    {
        event.count = event.count.saturating_add(1);
        event.until = event.until.max(stamp.civil);
        event.min = event.min.min(stamp.civil);
        event.since = event.since.min(began(stamp, &meaning));
        if meaning.num.abs() > event.worst.abs() {
            event.worst = meaning.num;
        }
        return;
    }
    let (program, pid) = (head.program, head.pid);
    let (until, min) = (stamp.civil, stamp.civil);
    let (since, worst) = (began(stamp, &meaning), meaning.num);
    events.push(Event { program, meaning, worst, stamp, since, until, min, count: 1, pid, place });
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
