//! What each stream shows of itself: its clock, its zone, its names, and Patroni's silences.

use super::events::wording;
use super::runs::Stamps;
use super::{LogReader, TEXT_MAX};
use crate::formats::beats::BeatFolder;
use crate::formats::pg_csv;
use crate::model::{Micros, NameHint, Naming, Program, SECOND, Silence, Stamp, StepBack, Stream, Written};
use std::sync::Arc;

/// Stamps that go back this far are no late lines (those come up to two seconds late; our choice).
pub(super) const STEP: Micros = 30 * SECOND;

/// Zones differ by whole quarter hours.
const QUARTER: Micros = 900 * SECOND;

/// Lines of two programs that follow each other in one file are written within a loop or so (our choice).
const BESIDE: Micros = 15 * SECOND;

impl LogReader {
    /// The host of a line; none if the log holds too many.
    pub(super) fn host(&mut self, name: &[u8]) -> Option<Arc<str>> {
        if let Some(host) = self.hosts.get(name) {
            return Some(host.clone());
        }
        if self.hosts.len() as u64 >= self.out.caps.hosts {
            return None;
        }
        let host: Arc<str> = Arc::from(String::from_utf8_lossy(name).as_ref());
        self.hosts.insert(name.to_vec(), host.clone());
        Some(host)
    }

    pub(super) fn name(&mut self, stream: usize, naming: Naming, name: Arc<str>, line: u32) {
        self.named(stream, naming, name, line, 1);
    }

    pub(super) fn named(&mut self, stream: usize, naming: Naming, name: Arc<str>, line: u32, times: u32) {
        let Some(list) = self.out.streams.get_mut(stream).map(|s| &mut s.names) else { return };
        if list.len() as u64 >= self.out.caps.hosts && !self.names.contains_key(&(stream, naming, name.clone())) {
            self.names_more += u64::from(times);
            return;
        }
        let at = *self.names.entry((stream, naming, name.clone())).or_insert_with(|| {
            list.push(NameHint { naming, name, line, seen: 0 });
            list.len() - 1
        });
        if let Some(hint) = list.get_mut(at) {
            hint.seen = hint.seen.saturating_add(times);
        }
    }

    pub(super) fn stream(&mut self, program: Program, host: Option<Arc<str>>, own: bool) -> usize {
        let key = (program, host, own);
        if let Some(at) = self.streams.get(&key) {
            return *at;
        }
        let mut stream = Stream::new(program, key.1.clone(), own);
        let at = self.out.streams.len();
        if let Some(host) = &key.1 {
            stream.names.push(NameHint { naming: Naming::Host, name: host.clone(), line: 0, seen: 1 });
        }
        self.out.streams.push(stream);
        self.beats.push(BeatFolder::new(self.out.caps.beats));
        self.previous.push(None);
        self.streams.insert(key, at);
        at
    }

    pub(super) fn note_stamp(
        &mut self,
        at: usize,
        stamp: Stamp,
        outer: Option<Stamp>,
        proof: Option<i32>,
        line: &[u8],
        number: u32,
    ) {
        let (Some(stream), Some(previous)) = (self.out.streams.get_mut(at), self.previous.get_mut(at)) else { return };
        stream.stamped += 1;
        stream.volume.note(stamp.civil);
        stream.first.get_or_insert(stamp);
        // Patroni's logger holds lines back for up to two seconds; processes of PostgreSQL write past each other by less.
        if let Some(before) = stream.last.replace(stamp)
            && before.civil - stamp.civil >= STEP
            && (before.zone, before.written) == (stamp.zone, stamp.written)
            && stream.steps.len() < 256
        {
            let (from, to, zone, written) = (before.civil, stamp.civil, stamp.zone, stamp.written);
            stream.steps.push(StepBack { from, to, zone, written, line: number, text: wording(line) });
        }
        stream.min = stream.min.min(stamp.civil);
        stream.max = stream.max.max(stamp.civil);
        *stream.written_zone.entry(stamp.zone).or_default() += 1;
        // Patroni's output carries PostgreSQL's lines: where the writer changes, two clocks stand side by side.
        if let Some(last) = self.last.as_ref().filter(|l| l.stream != at && l.program != stream.program)
            && stream.own_clock
            && (last.stamp.written, stamp.written) == (Written::Full, Written::Full)
            && let Some(q) = pg_csv::quarters(last.stamp.civil - stamp.civil)
            && (last.stamp.civil - stamp.civil - i64::from(q) * QUARTER).abs() <= BESIDE
        {
            *stream.beside.entry((last.program, last.stamp.zone, q)).or_default() += 1;
        }
        if let Some(q) = proof {
            *stream.proofs.entry(q).or_default() += 1;
        }
        if let Some(outer) = outer
            && let Some(q) = clock_difference(outer, stamp)
        {
            *stream.pairs.entry((outer.zone, q)).or_default() += 1;
        }
        if stream.program != Program::Patroni {
            return;
        }
        let (latest, at_line, text) = previous.get_or_insert_with(|| (stamp.civil, number, Vec::new()));
        if stamp.civil - *latest > 4 * SECOND && stream.gaps.len() < 4096 {
            let usual = self.beats.get(at).and_then(BeatFolder::every).unwrap_or(10 * SECOND);
            if stamp.civil - *latest > usual + usual / 2 + SECOND {
                stream.gaps.push(Silence { from: *latest, to: stamp.civil, line: *at_line, text: wording(text) });
            }
        }
        // Patroni holds lines back for up to two seconds: the latest stamp counts, not the last line.
        if stamp.civil >= *latest {
            *latest = stamp.civil;
            *at_line = number;
            text.clear();
            text.extend_from_slice(line.get(..TEXT_MAX.min(line.len())).unwrap_or(line));
        }
    }

    /// What `note_stamp` does with each of a run's stamps, none of which follows on a silence.
    pub(super) fn note_stamps(&mut self, at: usize, stamps: &Stamps, line: &[u8], number: u32) {
        let (Some(stream), Some(previous)) = (self.out.streams.get_mut(at), self.previous.get_mut(at)) else { return };
        stream.stamped += stamps.count;
        stream.volume.append(&stamps.volume);
        stream.first.get_or_insert(stamps.first);
        stream.last = Some(stamps.last);
        stream.min = stream.min.min(stamps.min);
        stream.max = stream.max.max(stamps.max);
        *stream.written_zone.entry(stamps.first.zone).or_default() += stamps.count;
        if stream.program != Program::Patroni {
            return;
        }
        let (latest, at_line, text) = previous.get_or_insert_with(|| (stamps.max, number, Vec::new()));
        if stamps.max >= *latest {
            *latest = stamps.max;
            *at_line = number;
            text.clear();
            text.extend_from_slice(line.get(..TEXT_MAX.min(line.len())).unwrap_or(line));
        }
    }
}

/// Outer minus inner clock in quarter hours; the year of a syslog stamp is taken from the inner one.
fn clock_difference(outer: Stamp, inner: Stamp) -> Option<i32> {
    if inner.written != Written::Full {
        return None;
    }
    let outer = match outer.written {
        Written::Full => outer.civil,
        Written::NoYear => {
            let (year, ..) = crate::model::split_civil(inner.civil);
            let (_, m, d, time) = crate::model::split_civil(outer.civil);
            // Around New Year the two clocks may be in different years.
            [year - 1, year, year + 1]
                .map(|y| crate::model::civil(y, m, d, 0, 0, 0) + time)
                .into_iter()
                .min_by_key(|c| (c - inner.civil).abs())?
        }
        _ => return None,
    };
    pg_csv::quarters(outer - inner.civil)
}
