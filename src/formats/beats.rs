//! Folds heartbeats into runs without holes; the rhythm is learned from the log, never assumed.

use crate::model::{BeatRun, Micros, Role, SECOND, Stamp};
use std::sync::Arc;

/// How many first intervals are looked at before the rhythm counts as learned.
const LEARN: usize = 16;

/// A heartbeat may be written this long after a later one.
const GRACE: Micros = 5 * SECOND;

#[derive(Debug)]
pub struct BeatFolder {
    /// Runs that are kept; then the last one goes on whatever is said.
    most: u64,
    runs: Vec<BeatRun>,
    intervals: Vec<Micros>,
    every: Option<Micros>,
    /// Wording of the latest beat; becomes `last_text` when its run ends.
    latest: Vec<u8>,
}

impl BeatFolder {
    pub fn new(most: u64) -> BeatFolder {
        BeatFolder { most, runs: Vec::new(), intervals: Vec::new(), every: None, latest: Vec::new() }
    }

    /// The usual time between two heartbeats of this stream: the median of the first ones.
    pub fn every(&self) -> Option<Micros> {
        self.every.or_else(|| median(&self.intervals))
    }

    /// Adds a heartbeat with its wording.
    pub fn beat(&mut self, role: Role, stamp: Stamp, line: u32, leader: Option<Arc<str>>, wording: &[u8]) {
        let every = self.every();
        let full = self.is_full();
        if let Some(run) = self.runs.last_mut() {
            let step = stamp.civil - run.until;
            if self.every.is_none() && step > 0 {
                self.intervals.push(step);
                if self.intervals.len() >= LEARN {
                    self.every = median(&self.intervals);
                }
            }
            let limit = limit(every.unwrap_or(10 * SECOND));
            let same = run.role == role && run.zone == stamp.zone && run.leader == leader;
            if same && (-GRACE..=limit).contains(&step) || full {
                run.until = run.until.max(stamp.civil);
                run.count = run.count.saturating_add(1);
                run.last_line = line;
                self.latest.clear();
                self.latest.extend_from_slice(wording);
                return;
            }
        }
        self.close();
        self.latest.clear();
        self.latest.extend_from_slice(wording);
        let text: Arc<str> = Arc::from(String::from_utf8_lossy(wording).as_ref());
        self.runs.push(BeatRun {
            role,
            at: stamp.civil,
            until: stamp.civil,
            zone: stamp.zone,
            written: stamp.written,
            count: 1,
            line,
            last_line: line,
            last_text: text.clone(),
            text,
            leader,
        });
    }

    /// Whether runs are not told apart any more.
    pub fn is_full(&self) -> bool {
        self.runs.len() as u64 >= self.most
    }

    /// When the latest heartbeat of the open run was.
    pub fn until(&self) -> Option<Micros> {
        self.runs.last().map(|r| r.until)
    }

    /// Whether steps between these two belong to one run; never before the rhythm is learned.
    pub fn keeps(&self, shortest: Micros, longest: Micros) -> bool {
        self.every.is_some_and(|every| shortest >= -GRACE && longest <= limit(every))
    }

    /// Adds `count` more heartbeats like the latest, the last of them at `until`, all within what [`Self::keeps`] says.
    pub fn more(&mut self, count: u32, until: Micros, line: u32, wording: &[u8]) {
        let Some(run) = self.runs.last_mut() else { return };
        run.until = run.until.max(until);
        run.count = run.count.saturating_add(count);
        run.last_line = line;
        self.latest.clear();
        self.latest.extend_from_slice(wording);
    }

    fn close(&mut self) {
        if let Some(run) = self.runs.last_mut().filter(|r| r.count > 1) {
            run.last_text = Arc::from(String::from_utf8_lossy(&self.latest).as_ref());
        }
    }

    pub fn finish(mut self) -> Vec<BeatRun> {
        self.close();
        self.runs
    }
}

/// Half a beat and a second of grace: Patroni's own jitter stays below 0.1 s, a replica adds 0.5 s.
fn limit(every: Micros) -> Micros {
    every * 3 / 2 + SECOND
}

fn median(values: &[Micros]) -> Option<Micros> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}
