//! Reads binary `saDD` files of sysstat 6.1.3 to 12.8 (RHEL 5 and later), of any byte order and word size, whole or damaged.

mod bytes;
mod cpu;
pub(crate) mod cursor;
mod header;
pub(crate) mod item;
mod legacy;
mod records;
pub(crate) mod sample;

use super::activity::name_of;
use super::model::{Comment, Data, Fault, Problem, Restart, Skipped, Source, Span, Stamp, Version};
use bytes::Bytes;
use header::Header;
pub(crate) use legacy::upgrade;
use records::Block;
use records::{COMMENT, Event, RESTART, Record, STATS, Walk};
pub(crate) use sample::{Interval, Rows, Step, Steps};

/// How faithful to sysstat's own output the numbers shall be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Show what the sysstat that wrote the file would show, errors included: a device that appears gets its total since
    /// boot divided by the interval (a false peak), and old versions drop samples less than half a second apart.
    /// Off, such a device gets its first row one sample later, and all samples are shown.
    pub like_sysstat: bool,
    /// Use the formulas of this version instead of the one that wrote the file (they differ in `%memused`, and in what
    /// to do with processor times that go back).
    pub as_version: Option<Version>,
}

/// The files in a text of bytes: one, or several that were put one behind another (`cat sa20 sa21`), each of which has
/// its own header. A header is one only if it can be read as a whole.
pub fn files(data: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut rest = data;
    while let Some((magic, first)) = rest.get(..2).zip(header::read(rest).ok()) {
        let next = memchr::memmem::find_iter(rest.get(first.end..).unwrap_or(b""), magic)
            .map(|at| at + first.end)
            .find(|at| rest.get(*at..).is_some_and(|r| looks_like_sa(r) && header::read(r).is_ok()));
        let Some((file, behind)) = next.and_then(|at| rest.split_at_checked(at)) else { break };
        out.push(file);
        rest = behind;
    }
    out.push(rest);
    out
}

/// Is this the beginning of a binary activity file (of any version, even one too old to read)?
pub fn looks_like_sa(data: &[u8]) -> bool {
    let Some((_, format)) = header::magic(data) else {
        return legacy::magic(data).is_some();
    };
    matches!(format, 0x1170 | 0x2160..=0x21ff)
}

/// Reads a whole file that is already decompressed. Never fails: [`Data::problems`] says what could not be read.
pub fn read_sa(data: &[u8], options: Options) -> Data {
    let upgraded = upgrade(data);
    let Scan { mut data, rows, steps } = scan(data, upgraded.as_ref(), options);
    data.sets = rows.map(|rows| rows.sets(&steps)).unwrap_or_default();
    // Sets open in the order in which devices appear; show them as sysstat does.
    let order = |a: &str| super::activity::ACTIVITIES.iter().position(|t| t.name == a);
    data.sets.sort_by_key(|s| order(s.activity.name));
    data
}

/// A file whose records are found but whose values are not worked out yet.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    /// Everything but the sets.
    pub data: Data,
    /// `None`: the header can't be read.
    pub rows: Option<Rows<'a>>,
    pub steps: Steps,
}

/// A file of the format before, rewritten, with what of it could not be read.
pub(crate) type Upgraded = (Vec<u8>, Vec<Problem>);

/// Walks through all records, of the rewritten file if there is one.
pub(crate) fn scan<'a>(data: &'a [u8], upgraded: Option<&'a Upgraded>, options: Options) -> Scan<'a> {
    let mut out = Data::new(Source::Binary);
    let data = match upgraded {
        Some((rewritten, problems)) => {
            out.problems.clone_from(problems);
            rewritten
        }
        None => data,
    };
    let header = match header::read(data) {
        Ok(header) => header,
        Err(problem) => {
            out.problems.push(*problem);
            return Scan { data: out, rows: None, steps: Steps::default() };
        }
    };
    describe(&mut out, &header);
    let bytes = Bytes { data, big_endian: header.big_endian, long: header.long };
    let (rows, unread) = Rows::new(bytes, &header, options);
    for index in unread {
        let Some(activity) = header.activities.get(index) else {
            continue;
        };
        let name = name_of(activity.id);
        out.skipped.push(Skipped { id: activity.id, name });
        let expected = super::activity::ACTIVITIES.iter().any(|a| a.id == activity.id);
        if expected || name.is_none() {
            let what = format!("activity {} ({}) has an unknown layout", activity.id, name.unwrap_or("unknown"));
            out.problems.push(Problem::new(header.end as u64, Fault::Activity, what));
        }
    }
    let mut reading = Reading {
        out,
        steps: Steps::new(header.activities.len()),
        blocks: Vec::new(),
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
    };
    let mut walk = Walk::new(bytes, &header);
    while let Some(event) = walk.next() {
        reading.event(event, &walk, data.len());
    }
    let mut data = reading.out;
    if walk.swapped {
        let what = "the times of the records have another byte order than the file; they were turned round";
        data.problems.push(Problem::new(header.end as u64, Fault::Header, what));
    }
    if upgraded.is_some() {
        data.format = Some(0x2169);
        // It holds no version.
        data.version = None;
    }
    Scan { data, rows: Some(rows), steps: reading.steps }
}

fn describe(out: &mut Data, header: &Header) {
    let text = |s: &str| Some(s.to_string()).filter(|s| !s.is_empty());
    out.host = text(&header.host);
    out.sysname = text(&header.sysname);
    out.release = text(&header.release);
    out.arch = text(&header.machine);
    out.zone = header.zone.clone();
    out.version = Some(header.version);
    out.format = Some(header.format);
    out.cpus = header.cpu_nr.map(cpus);
    out.created = i64::try_from(header.created).ok().map(Stamp::utc);
}

/// sysstat counts item "all" too, except on kernels for one CPU.
fn cpus(cpu_nr: u32) -> u32 {
    cpu_nr.saturating_sub(1).max(1)
}

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
struct Reading {
    out: Data,
    steps: Steps,
    /// Scratch space for the blocks of a sample.
    blocks: Vec<Block>,
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
    fn event(&mut self, event: Event, walk: &Walk<'_>, len: usize) {
        match event {
            Event::Record(r) => self.record(r, walk),
            Event::Hole { from, to, zero } => {
                let (fault, what) = if zero {
                    (Fault::ZeroHole, "zeros where records should be: the host went down before they were on disk")
                } else {
                    (Fault::Garbage, "bytes that are no record")
                };
                let mut p = Problem::new(from as u64, fault, what);
                p.have = Some((to - from) as u64);
                p.before = self.last_stamp;
                self.open_hole = Some(self.out.problems.len());
                self.out.problems.push(p);
            }
            Event::Cut { at, need } => {
                let mut p = Problem::new(at as u64, Fault::Truncated, "the file ends inside a record");
                p.need = Some(need as u64);
                p.have = Some((len - at) as u64);
                p.before = self.last_stamp;
                self.out.problems.push(p);
            }
        }
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
        walk.blocks(&r, &mut self.blocks);
        let sample = self.steps.sample(&self.blocks);
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

/// Where the first sample of a sound file begins, its length, and where its processors lie.
#[cfg(test)]
pub(super) fn first_sample(data: &[u8]) -> Option<(usize, usize, std::ops::Range<usize>)> {
    let header = header::read(data).ok()?;
    let bytes = Bytes { data, big_endian: header.big_endian, long: header.long };
    let mut walk = Walk::new(bytes, &header);
    let Some(Event::Record(record)) = walk.next() else { return None };
    let mut blocks = Vec::new();
    walk.blocks(&record, &mut blocks);
    let size = |n: usize| {
        let (activity, block) = (header.activities.get(n)?, blocks.get(n)?);
        Some(block.at..block.at + (block.nr * activity.nr2 * activity.size) as usize)
    };
    let cpus = size(header.activities.iter().position(|a| a.id == 1)?)?;
    Some((header.end, size(blocks.len() - 1)?.end - header.end, cpus))
}
