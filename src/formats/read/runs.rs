//! Runs of quiet lines: what is kept of them until `apply` takes them in.

use super::events::{FOLD, began, measures};
use super::record::STRANGE_MAX;
use crate::formats::lanes::Origin;
use crate::model::{Meaning, Micros, Program, Stamp, Volume};
use std::sync::Arc;

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
    /// Names that the writer gives itself, how often, and where first.
    pub names: Vec<(Arc<str>, u32, Place)>,
    pub last: Option<(Program, Stamp, u32)>,
    /// The event that the last line with a stamp joined.
    pub last_event: Option<usize>,
    /// Where an event of a kind was last met: a guess that saves a search.
    met: [u16; KINDS],
    /// The text that the last heartbeats were told by, and the writer's name in it, to be compared no more; 0: none.
    beat_text: usize,
    beat_name: Option<usize>,
}

/// Places to remember kinds of events by.
const KINDS: usize = 32;

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

impl Run {
    /// Whether a line of this program and zone can join.
    #[inline]
    pub fn suits(&self, by: &Origin) -> bool {
        self.stamps.as_ref().is_none_or(|s| s.program == by.program && s.first.zone == by.stamp.zone)
    }

    /// Counts a line that has joined; `next` is where the one behind it begins.
    #[inline]
    pub fn cover(&mut self, place: Place, next: usize) {
        if self.lines == 0 {
            self.from = place.from;
            self.first_line = place.line;
        }
        self.lines += 1;
        self.bytes += (place.to - place.from) as u64 + 1;
        self.to = next;
    }

    /// Counts the stamp of a line that [`suits`](Run::suits).
    #[inline]
    pub fn stamp(&mut self, by: &Origin, place: Place) {
        match &mut self.stamps {
            Some(stamps) => stamps.add(by.stamp, place),
            None => self.stamps = Some(Stamps::begin(by, place)),
        }
        self.last = Some((by.program, by.stamp, by.pid));
        self.last_event = None;
    }

    /// Counts a name that the writer gives itself.
    #[inline]
    pub fn name(&mut self, name: &Arc<str>, place: Place) {
        match self.names.iter_mut().find(|(known, ..)| known == name) {
            Some((_, times, _)) => *times = times.saturating_add(1),
            None => self.names.push((name.clone(), 1, place)),
        }
    }

    /// Counts a line that nothing knows.
    pub fn strange(&mut self, place: Place) {
        self.unknown += 1;
        if self.strange.len() < STRANGE_MAX {
            self.strange.push(place);
        }
    }

    /// Adds an event and its stamp to its like, as `LogReader::meaning` does.
    #[inline]
    pub fn event(&mut self, by: &Origin, meaning: &Meaning, place: Place) {
        self.stamp(by, place);
        self.understood += 1;
        let stamp = by.stamp;
        let same = |e: &Event| {
            (e.meaning.what, e.meaning.why) == (meaning.what, meaning.why)
                && e.program == by.program
                && e.meaning.who == meaning.who
        };
        let kind = meaning.what as usize % KINDS;
        if !measures(meaning.what)
            && let Some(at) = self.latest(kind, same)
            && let Some(event) = self.events.get_mut(at)
            && (stamp.civil - event.until).abs() <= FOLD
        {
            event.count = event.count.saturating_add(1);
            event.until = event.until.max(stamp.civil);
            event.min = event.min.min(stamp.civil);
            event.since = event.since.min(began(stamp, meaning));
            if meaning.num.abs() > event.worst.abs() {
                event.worst = meaning.num;
            }
            self.meet(kind, at);
            self.last_event = Some(at);
            return;
        }
        let (program, pid) = (by.program, by.pid);
        let (until, min) = (stamp.civil, stamp.civil);
        let (since, worst) = (began(stamp, meaning), meaning.num);
        let meaning = meaning.clone();
        self.meet(kind, self.events.len());
        self.last_event = Some(self.events.len());
        self.events.push(Event { program, meaning, worst, stamp, since, until, min, count: 1, pid, place });
    }

    /// The latest of equal events; a run holds a handful of them.
    #[inline]
    fn latest(&self, kind: usize, same: impl Fn(&Event) -> bool) -> Option<usize> {
        let guess = self.met.get(kind).map(|at| usize::from(*at));
        let search = || self.events.iter().enumerate().rev().take(32).find(|(_, e)| same(e)).map(|(at, _)| at);
        guess.filter(|at| self.events.get(*at).is_some_and(&same)).or_else(search)
    }

    #[inline]
    fn meet(&mut self, kind: usize, at: usize) {
        if let Some(met) = self.met.get_mut(kind) {
            *met = u16::try_from(at).unwrap_or(u16::MAX);
        }
    }

    /// Adds a heartbeat and its stamp to its like.
    #[inline]
    pub fn beat(&mut self, by: &Origin, meaning: &Meaning, place: Place) {
        self.stamp(by, place);
        self.understood += 1;
        self.beat_text = 0;
        let stamp = by.stamp;
        if let Some(beats) = self.beats.last_mut().filter(|b| b.meaning == *meaning) {
            return beats.add(stamp, place);
        }
        let (until, meaning) = (stamp.civil, meaning.clone());
        let (first, last) = (place, place);
        self.beats.push(Beats { meaning, stamp, until, count: 1, shortest: 0, longest: 0, first, last });
    }

    /// The heartbeat added last was told by this text.
    pub fn knows_beat(&mut self, text: usize, meaning: &Meaning) {
        self.beat_text = text;
        self.beat_name = meaning.me.as_ref().and_then(|me| self.names.iter().position(|(name, ..)| name == me));
    }

    /// Adds another heartbeat if the last one was told by the same text.
    #[inline]
    pub fn beat_again(&mut self, by: &Origin, place: Place, text: usize) -> bool {
        let same = self.beat_text == text;
        if same && let Some(beats) = self.beats.last_mut() {
            beats.add(by.stamp, place);
            self.stamp(by, place);
            self.understood += 1;
            if let Some((_, times, _)) = self.beat_name.and_then(|at| self.names.get_mut(at)) {
                *times = times.saturating_add(1);
            }
        }
        same
    }
}

impl Beats {
    #[inline]
    fn add(&mut self, stamp: Stamp, place: Place) {
        let step = stamp.civil - self.until;
        self.shortest = self.shortest.min(step);
        self.longest = self.longest.max(step);
        self.until = self.until.max(stamp.civil);
        self.count += 1;
        self.last = place;
    }
}

impl Stamps {
    #[cold]
    fn begin(by: &Origin, place: Place) -> Stamps {
        let stamp = by.stamp;
        let mut volume = Volume::default();
        volume.note(stamp.civil);
        Stamps {
            program: by.program,
            count: 1,
            first: stamp,
            last: stamp,
            min: stamp.civil,
            max: stamp.civil,
            widest: 0,
            back: 0,
            latest: place,
            volume,
        }
    }

    #[inline]
    fn add(&mut self, stamp: Stamp, place: Place) {
        self.count += 1;
        self.volume.note(stamp.civil);
        let before = std::mem::replace(&mut self.last, stamp);
        if stamp.civil >= self.max {
            // The usual case: time goes on.
            self.widest = self.widest.max(stamp.civil - self.max);
            self.max = stamp.civil;
            self.latest = place;
            return;
        }
        self.back = self.back.max(before.civil - stamp.civil);
        self.min = self.min.min(stamp.civil);
    }
}
