//! What is carried from record to record: the sample before, restarts, holes.

use super::super::model::{Comment, Data, Fault, Problem, Restart, Span, Stamp, Version};
use super::header::Header;
use super::records::{COMMENT, Event, RESTART, Record, STATS, Walk};
use super::sample::{Interval, Step, Steps};
use super::{Options, cpus};

/// The sample that the next one is compared with.
#[derive(Debug)]
struct Baseline {
    record: Record,
    stamp: Stamp,
    /// Its number among the [`Steps`].
    sample: usize,
}

/// What is carried from record to record.
#[derive(Debug)]
pub(super) struct Reading {
    pub out: Data,
    pub steps: Steps,
    options: Options,
    version: Version,
    new: bool,
    prev: Option<Baseline>,
    /// Uptime of the last sample, also of one that was dropped.
    last_uptime: Option<u64>,
    /// Uptime of the last sample before a RESTART.
    last_stats: Option<u64>,
    last_stamp: Option<Stamp>,
    segment: u32,
    /// RESTARTs that wait for the next sample to tell whether the machine booted.
    pending: Vec<usize>,
    open_hole: Option<usize>,
}

impl Reading {
    /// Goes on from `out`.
    pub fn new(out: Data, header: &Header, options: Options) -> Reading {
        Reading {
            out,
            steps: Steps::new(header.activities.len()),
            options,
            version: options.as_version.unwrap_or(header.version),
            new: header.format == 0x2175,
            prev: None,
            last_uptime: None,
            last_stats: None,
            last_stamp: None,
            segment: 0,
            pending: Vec::new(),
            open_hole: None,
        }
    }

    /// Takes what the walk met.
    pub fn event(&mut self, event: Event, walk: &Walk<'_>) {
        match event {
            Event::More => {}
            Event::Record(r) => self.record(r, walk),
            Event::Hole { from, to, zero } => {
                let (fault, what) = if zero {
                    (Fault::ZeroHole, "zeros where records should be: the host went down before they were on disk")
                } else {
                    (Fault::Garbage, "bytes that are no record")
                };
                let mut p = Problem::new((walk.offset + from) as u64, fault, what);
                p.have = Some((to - from) as u64);
                p.before = self.last_stamp;
                self.open_hole = Some(self.out.problems.len());
                self.out.problems.push(p);
            }
            Event::Cut { at, need } => {
                let mut p = Problem::new((walk.offset + at) as u64, Fault::Truncated, "the file ends inside a record");
                p.need = Some(need as u64);
                p.have = Some(walk.len().saturating_sub(at) as u64);
                p.before = self.last_stamp;
                self.out.problems.push(p);
            }
        }
    }

    /// Where in the bytes at hand the sample begins that the next one is compared with.
    pub fn baseline(&self) -> Option<usize> {
        self.prev.as_ref().and_then(|prev| self.steps.start(prev.sample))
    }

    /// Gives away what was found so far, to go on in bytes that begin so much later: steps, their spans, and the number
    /// that the sample had which the next one is compared with. There it is number 0.
    pub fn part(&mut self, dropped: usize) -> (Steps, Vec<Span>, Option<usize>) {
        let last = self.prev.as_mut().map(|prev| std::mem::take(&mut prev.sample));
        let next = self.steps.after(last, dropped);
        (std::mem::replace(&mut self.steps, next), std::mem::take(&mut self.out.spans), last)
    }

    fn record(&mut self, r: Record, walk: &Walk<'_>) {
        let Ok(epoch) = i64::try_from(r.epoch) else {
            return;
        };
        let stamp = Stamp::from_record(epoch, r.hms);
        if let Some(p) = self.open_hole.take().and_then(|i| self.out.problems.get_mut(i)) {
            p.after = Some(stamp);
        }
        self.last_stamp = Some(stamp);
        match r.kind {
            STATS => self.stats(r, stamp, walk),
            RESTART => {
                self.prev = None;
                // Without samples in between, several RESTARTs part nothing.
                self.segment += u32::from(self.last_uptime.is_some());
                self.last_stats = self.last_uptime.take().or(self.last_stats);
                self.pending.push(self.out.restarts.len());
                let cpus = walk.cpu_nr.filter(|_| self.out.format >= Some(0x2173)).map(cpus);
                let segment = self.segment;
                self.out.restarts.push(Restart { at: stamp, cpus, reboot: None, marked: true, segment });
            }
            COMMENT => self.out.comments.push(Comment { at: stamp, text: walk.comment(&r) }),
            _ => {}
        }
    }

    fn stats(&mut self, r: Record, stamp: Stamp, walk: &Walk<'_>) {
        if let Some(before) = self.last_stats.take() {
            for i in self.pending.drain(..) {
                if let Some(restart) = self.out.restarts.get_mut(i) {
                    restart.reboot = Some(r.uptime < before);
                }
            }
        }
        self.pending.clear();
        if self.last_uptime.is_some_and(|last| r.uptime < last) {
            // The machine booted and nobody wrote a RESTART: no interval crosses that.
            self.prev = None;
            self.segment += 1;
            let segment = self.segment;
            self.out.restarts.push(Restart { at: stamp, cpus: None, reboot: Some(true), marked: false, segment });
        }
        let elapsed = r.uptime.wrapping_sub(self.last_uptime.unwrap_or(r.uptime));
        self.last_uptime = Some(r.uptime);
        // In half seconds as sysstat rounds: less counts as none.
        let v = self.version;
        let drops = v < Version(12, 2, 2) || (v > Version(12, 3, 0) && v < Version(12, 3, 3));
        if self.options.like_sysstat && drops && elapsed < 50 && self.prev.is_some() {
            return;
        }
        let sample = self.steps.sample(&walk.blocks);
        if let Some(prev) = self.prev.take() {
            let interval = self.interval(&prev.record, &r, walk);
            let span = u32::try_from(self.out.spans.len()).unwrap_or(u32::MAX);
            let (from, centis) = (Some(prev.stamp), Some(interval.centis));
            self.out.spans.push(Span { segment: self.segment, to: stamp, from, centis });
            self.steps.steps.push(Step { prev: prev.sample, cur: sample, span, interval });
        }
        self.prev = Some(Baseline { record: r, stamp, sample });
    }

    fn interval(&self, prev: &Record, cur: &Record, walk: &Walk<'_>) -> Interval {
        let one = cur.uptime.wrapping_sub(prev.uptime).max(1);
        if self.new {
            return Interval { centis: one, all_jiffies: one };
        }
        let all = cur.all_jiffies.wrapping_sub(prev.all_jiffies).max(1);
        // With one CPU its jiffies are those of the machine.
        let centis = if walk.cpu_nr.unwrap_or(0) > 2 { one } else { all };
        Interval { centis, all_jiffies: all }
    }
}
