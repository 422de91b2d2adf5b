//! Takes what `scan` found in a block, in order, into the state of the reader.
//!
//! A run is taken as a whole where that gives exactly what its lines would give one by one; where it might not (steps
//! back in time, a silence, an open csvlog row), its lines go the general way.

use super::events::{self, FOLD};
use super::runs::{Beats, Event, Item, Place, Run, Scanned, Stamps};
use super::streams::STEP;
use super::{Last, LogReader};
use crate::model::{Micros, Naming, Program, SECOND};

impl LogReader {
    /// Takes a block whose first line has the number `first`, from 1.
    pub fn apply(&mut self, scanned: &Scanned, block: &[u8], first: u32) {
        for item in &scanned.items {
            match item {
                Item::Line(place) => self.line(bytes(block, place), first.saturating_add(place.line)),
                Item::Run(run) if self.fits(run) => self.run(run, block, first),
                Item::Run(run) => {
                    let lines = block.get(run.from..run.to).unwrap_or(&[]);
                    let lines = lines.strip_suffix(b"\n").unwrap_or(lines).split(|b| *b == b'\n');
                    for (n, line) in (run.first_line..).zip(lines) {
                        self.line(line.strip_suffix(b"\r").unwrap_or(line), first.saturating_add(n));
                    }
                }
            }
        }
        self.cut.0 += scanned.cut_lines;
        self.cut.1 += scanned.cut_bytes;
    }

    fn fits(&self, run: &Run) -> bool {
        self.row.is_empty()
            && self.booted.is_none()
            && (self.last.is_some() || run.last.is_some() || run.noise == 0)
            && run.stamps.as_ref().is_none_or(|s| self.clock_runs_on(s))
            && self.folds_whole(&run.events)
            && self.beats_whole(&run.beats)
    }

    /// Whether the stamps of a run show nothing of the clock: no other writer before them, no step back, no silence.
    fn clock_runs_on(&self, s: &Stamps) -> bool {
        let at = self.bare(s.program);
        let before = at.and_then(|at| self.out.streams.get(at)?.last);
        if s.back >= STEP
            || before.is_some_and(|l| l.civil - s.first.civil >= STEP)
            || self.last.as_ref().is_some_and(|l| l.program != s.program || Some(l.stream) != at)
        {
            return false;
        }
        if s.program != Program::Patroni {
            return true;
        }
        let latest = at.and_then(|at| self.previous.get(at)?.as_ref().map(|(latest, ..)| *latest));
        let silent = self.silence(at.and_then(|at| self.beats.get(at)?.every()));
        s.widest <= silent && latest.is_none_or(|l| s.first.civil - l <= silent)
    }

    /// Steps up to this long are no silence of Patroni's; see `note_stamp`.
    fn silence(&self, usual: Option<Micros>) -> Micros {
        let usual = usual.unwrap_or(10 * SECOND);
        (4 * SECOND).max(usual + usual / 2 + SECOND)
    }

    /// The stream of a program's bare lines, if there is one yet.
    fn bare(&self, program: Program) -> Option<usize> {
        self.streams.get(&(program, None, true)).copied()
    }

    /// Whether the events of each fold would all join the open event, or none of them; all are of one program.
    fn folds_whole(&self, all: &[Event]) -> bool {
        let stream = all.first().and_then(|event| self.bare(event.program));
        let Some((stream, raws)) = stream.and_then(|at| Some((at, &self.out.streams.get(at)?.raws))) else {
            return true;
        };
        let window = events::window(raws.len());
        // Where the window widens on the way, lines go one by one.
        if window != events::window(raws.len() + all.len()) {
            return false;
        }
        all.iter().filter(|event| !events::measures(event.meaning.what)).all(|event| {
            let m = &event.meaning;
            let open = self.open.get(&events::key(stream, raws.len(), m.what, m.why, m.who.as_ref()));
            let Some(raw) = open.and_then(|at| raws.get(*at)) else { return true };
            let step = event.stamp.civil - raw.until;
            if window == FOLD { step.abs() > FOLD || raw.until - event.min <= FOLD } else { step >= 0 }
        })
    }

    /// Whether heartbeats follow each other in the rhythm that the stream is known to have.
    fn beats_whole(&self, beats: &[Beats]) -> bool {
        if beats.is_empty() {
            return true;
        }
        let Some(folder) = self.bare(Program::Patroni).and_then(|at| self.beats.get(at)) else { return false };
        let mut before = folder.until();
        beats.iter().all(|b| {
            let joins = before.is_none_or(|until| b.stamp.civil >= until);
            before = Some(b.until);
            joins && folder.keeps(b.shortest, b.longest)
        })
    }

    fn run(&mut self, run: &Run, block: &[u8], first: u32) {
        let c = &mut self.out.coverage;
        c.lines += u64::from(run.lines);
        c.bytes += run.bytes;
        c.understood += run.understood;
        c.noise += run.noise;
        c.unknown += run.unknown;
        if let Some(stamps) = &run.stamps {
            let at = self.stream(stamps.program, None, true);
            let number = first.saturating_add(stamps.latest.line);
            self.note_stamps(at, stamps, bytes(block, &stamps.latest), number);
        }
        for place in &run.strange {
            self.strange(bytes(block, place), first.saturating_add(place.line));
        }
        for (name, times, place) in &run.names {
            let at = self.stream(Program::Patroni, None, true);
            self.named(at, Naming::Member, name.clone(), first.saturating_add(place.line), *times);
        }
        let mut raw = None;
        let at = run.events.first().map_or(0, |event| self.stream(event.program, None, true));
        for (n, event) in run.events.iter().enumerate() {
            let number = first.saturating_add(event.place.line);
            let joined = self.events(at, event, bytes(block, &event.place), number);
            if run.last_event == Some(n) {
                raw = joined;
            }
        }
        for beats in &run.beats {
            let at = self.stream(Program::Patroni, None, true);
            self.beats_of(at, beats, block, first);
        }
        if let Some((program, stamp, pid)) = run.last {
            let stream = self.stream(program, None, true);
            self.last = Some(Last { stream, program, stamp, pid, raw });
        }
    }
}

pub fn bytes<'a>(block: &'a [u8], place: &Place) -> &'a [u8] {
    block.get(place.from..place.to).unwrap_or(&[])
}
