//! The part of a big plain log that belongs to a span of time, found by halving: the rest of the file is not read.
//!
//! Only where every look at the file shows a later stamp than the look before; a log in another order is read whole.

use crate::formats::BODIES;
use crate::input::{ReadAt, fill};
use crate::model::{HOUR, Micros, SECOND, Span, Written, Zone, certain_offset};
use std::io;
use std::ops::Range;

/// Bytes of one look: some hundred lines.
const LOOK: usize = 64 << 10;

/// Looks at evenly spaced places, to see that the order holds.
const SAMPLES: u64 = 32;

/// Lines of busy servers pass each other by this much (our choice).
const LATE: Micros = 30 * SECOND;

/// Clocks of the world differ from UTC by at most 14 hours; a stamp without zone is given an hour more.
const ANY_ZONE: Micros = 15 * HOUR;

/// What is to be read of a log.
#[derive(Debug, PartialEq)]
pub struct Part {
    pub bytes: Range<u64>,
    /// First and last stamp of the whole file, in UTC as far as the stamps say it.
    pub covers: Span,
}

/// A stamped line.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Where the line begins.
    at: u64,
    civil: Micros,
    zone: Zone,
}

/// The part of `source` that holds the lines of `span`; none if the log is not in order of time, or has no stamps.
pub fn part_of(source: &dyn ReadAt, span: Span) -> Option<Part> {
    let size = source.size();
    let first = look(source, 0, size).ok()??;
    let last = last(source)?;
    let offset = offset(first.zone);
    let unknown = if offset.is_some() { 0 } else { ANY_ZONE };
    let shift = offset.unwrap_or(0);
    let from = span.from.saturating_sub(LATE + unknown).saturating_add(shift);
    let to = span.to.saturating_add(LATE + unknown).saturating_add(shift);
    let mut looks = vec![first];
    for n in 1..SAMPLES {
        looks.extend(look(source, size / SAMPLES * n, size).ok()?);
    }
    looks.push(last);
    let start = if from <= first.civil { 0 } else { bisect(source, &mut looks, from)?.start };
    let end = if to >= last.civil { size } else { bisect(source, &mut looks, to)?.end };
    looks.sort_by_key(|l| l.at);
    let in_order = looks.windows(2).all(|w| match w {
        [a, b] => a.civil - b.civil < LATE && a.zone == b.zone,
        _ => true,
    });
    let covers = Span::new(first.civil - shift, last.civil - shift);
    in_order.then_some(Part { bytes: start..end.max(start), covers })
}

/// The earliest moment, in UTC, at which a log may end: its last stamp, in the zone that makes it earliest.
pub fn end_of(source: &dyn ReadAt) -> Option<Micros> {
    let last = last(source)?;
    Some(last.civil.saturating_sub(offset(last.zone).unwrap_or(ANY_ZONE)))
}

/// Two lines, the first before `civil` and the second not, with about a look's bytes between them.
fn bisect(source: &dyn ReadAt, looks: &mut Vec<Look>, civil: Micros) -> Option<Range<u64>> {
    let size = source.size();
    let (mut low, mut high) = (0, size);
    while high - low > LOOK as u64 {
        let middle = low + (high - low) / 2;
        match look(source, middle, size).ok()? {
            Some(found) if found.at < high => {
                looks.push(found);
                if found.civil < civil { low = found.at } else { high = middle }
            }
            _ => high = middle,
        }
    }
    let end = look(source, high, size).ok()?.map_or(size, |l| l.at);
    Some(low..end)
}

/// The first stamped line that begins behind `from`, or at the very start; at most a few looks away.
fn look(source: &dyn ReadAt, from: u64, size: u64) -> io::Result<Option<Look>> {
    let mut buf = vec![0; LOOK];
    let mut at = from;
    while at < size && at - from < 16 * LOOK as u64 {
        let got = fill(source, at, &mut buf)?;
        let block = buf.get(..got).unwrap_or(&[]);
        let Some(last_end) = memchr::memrchr(b'\n', block) else {
            at += got.max(1) as u64;
            continue;
        };
        // The line that `from` stands in began before.
        let mut begin = match memchr::memchr(b'\n', block) {
            Some(end) if at > 0 => end + 1,
            _ => 0,
        };
        while begin < last_end {
            let rest = block.get(begin..=last_end).unwrap_or(&[]);
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            if let Some((civil, zone)) = rest.get(..length).and_then(stamp) {
                return Ok(Some(Look { at: at + begin as u64, civil, zone }));
            }
            begin += length + 1;
        }
        if at + got as u64 >= size {
            break;
        }
        at += last_end.max(1) as u64;
    }
    Ok(None)
}

/// The last stamped line, if it is near the end.
fn last(source: &dyn ReadAt) -> Option<Look> {
    let from = source.size().saturating_sub(LOOK as u64);
    let mut buf = vec![0; LOOK];
    let got = fill(source, from, &mut buf).ok()?;
    let mut end = got;
    loop {
        let block = buf.get(..end)?;
        let begin = memchr::memrchr(b'\n', block)? + 1;
        if let Some((civil, zone)) = stamp(block.get(begin..)?) {
            return Some(Look { at: from + begin as u64, civil, zone });
        }
        end = begin - 1;
    }
}

fn stamp(line: &[u8]) -> Option<(Micros, Zone)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let stamp = BODIES.iter().find_map(|b| (b.head)(line))?.stamp?;
    (stamp.written == Written::Full).then_some((stamp.civil, stamp.zone))
}

/// What a stamp's zone adds to UTC, if that is certain.
fn offset(zone: Zone) -> Option<Micros> {
    match zone {
        Zone::Utc => Some(0),
        Zone::Offset(seconds) => Some(i64::from(seconds) * SECOND),
        Zone::Abbrev(name) => certain_offset(&name).map(|seconds| i64::from(seconds) * SECOND),
        Zone::Unwritten => None,
    }
}

/// A part of something as a whole.
pub struct Slice<'a> {
    pub source: &'a dyn ReadAt,
    pub bytes: Range<u64>,
}

impl ReadAt for Slice<'_> {
    fn size(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size().saturating_sub(at)).unwrap_or(usize::MAX).min(into.len());
        self.source.read_at(self.bytes.start.saturating_add(at), into.get_mut(..left).unwrap_or(&mut []))
    }
}

/// Bytes in which one thread counts line ends.
const COUNT: u64 = 16 << 20;

/// Line ends in these bytes, counted by several threads of the current pool if there are.
pub fn lines_in(source: &dyn ReadAt, bytes: Range<u64>, threads: usize) -> io::Result<u64> {
    let length = bytes.end.saturating_sub(bytes.start);
    if threads > 1 && length > COUNT {
        let middle = bytes.start + length / 2;
        let (a, b) = rayon::join(
            || lines_in(source, bytes.start..middle, threads),
            || lines_in(source, middle..bytes.end, threads),
        );
        return Ok(a? + b?);
    }
    let mut buf = vec![0; 256 << 10];
    let (mut at, mut lines) = (bytes.start, 0);
    while at < bytes.end {
        let wish = usize::try_from(bytes.end - at).unwrap_or(usize::MAX).min(buf.len());
        let got = fill(source, at, buf.get_mut(..wish).unwrap_or(&mut []))?;
        if got == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', buf.get(..got).unwrap_or(&[])).count() as u64;
        at += got as u64;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DAY, civil};
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Two days of PostgreSQL, a record of two lines every 5 seconds.
    fn log(zone: &str) -> Vec<u8> {
        let start = civil(2026, 11, 20, 0, 0, 0);
        let records = (0..2 * DAY / (5 * SECOND)).map(|n| {
            let stamp = crate::model::rfc3339(start + n * 5 * SECOND).replace('T', " ");
            let stamp = stamp.get(..23).unwrap_or_default();
            format!("{stamp} {zone} [7] a@b LOG:  duration: {n}.5 ms  statement: SELECT\n\tFROM t{}\n", "x".repeat(100))
        });
        records.collect::<String>().into_bytes()
    }

    fn at(hour: u32) -> Micros {
        civil(2026, 11, 20, hour, 0, 0)
    }

    #[test]
    fn the_part_holds_the_span_and_little_more() {
        let log = log("UTC");
        let source = log.as_slice();
        let part = part_of(&source, Span::new(at(12), at(13))).unwrap();
        let text = String::from_utf8_lossy(&log[part.bytes.start as usize..part.bytes.end as usize]);
        assert!(text.starts_with("2026-11-20 11:"), "{}", &text[..30]);
        assert!(text.contains("\n2026-11-20 12:00:00") && text.contains("\n2026-11-20 13:00:00"));
        assert!(text.len() < log.len() / 10, "{} of {}", text.len(), log.len());
        assert_eq!(part.covers, Span::new(at(0), at(0) + 2 * DAY - 5 * SECOND));
    }

    #[test]
    fn ends_that_lie_outside_take_the_file_to_its_ends_and_a_span_beside_it_nothing() {
        let log = log("UTC");
        let source = log.as_slice();
        let all = part_of(&source, Span::new(Micros::MIN / 4, Micros::MAX / 4)).unwrap();
        assert_eq!(all.bytes, 0..log.len() as u64);
        let after = part_of(&source, Span::new(at(0) + 9 * DAY, at(0) + 10 * DAY)).unwrap();
        assert!(after.bytes.end - after.bytes.start <= 2 * LOOK as u64, "{after:?}");
    }

    #[test]
    fn a_zone_that_is_not_certain_widens_the_part() {
        let log = log("IST");
        let source = log.as_slice();
        let part = part_of(&source, Span::new(at(12) + DAY / 2, at(13) + DAY / 2)).unwrap();
        let text = String::from_utf8_lossy(&log[part.bytes.start as usize..part.bytes.end as usize]);
        assert!(text.contains("\n2026-11-20 09:00:00") && text.contains("\n2026-11-21 16:00:00"));
    }

    #[test]
    fn a_log_in_another_order_has_no_part() {
        let (log, later) = (log("UTC"), log("UTC"));
        let twice = [later, log].concat();
        assert_eq!(part_of(&twice.as_slice(), Span::new(at(12), at(13))), None);
        assert_eq!(part_of(&&b"no stamps\nat all\n"[..], Span::new(at(12), at(13))), None);
    }

    struct Counting<'a>(&'a [u8], AtomicU64);

    impl ReadAt for Counting<'_> {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
            self.1.fetch_add(into.len() as u64, Ordering::Relaxed);
            self.0.read_at(at, into)
        }
    }

    #[test]
    fn looking_costs_a_few_blocks() {
        let log = log("UTC");
        let source = Counting(&log, AtomicU64::new(0));
        part_of(&source, Span::new(at(12), at(13))).unwrap();
        let read = source.1.load(Ordering::Relaxed);
        assert!(read <= 64 * LOOK as u64, "{read}");
    }

    #[test]
    fn lines_are_counted_alike_by_one_thread_and_by_several() {
        let line = "x".repeat(99) + "\n";
        let log = line.repeat(400_000).into_bytes();
        for threads in [1, 2, 3] {
            assert_eq!(lines_in(&log.as_slice(), 0..log.len() as u64, threads).unwrap(), 400_000);
            assert_eq!(lines_in(&log.as_slice(), 0..20_000_050, threads).unwrap(), 200_000);
        }
    }

    #[test]
    fn the_end_is_the_last_stamp_in_the_earliest_zone_it_may_be_of() {
        let last = at(0) + 2 * DAY - 5 * SECOND;
        assert_eq!(end_of(&log("UTC").as_slice()), Some(last));
        assert_eq!(end_of(&log("IST").as_slice()), Some(last - ANY_ZONE));
        assert_eq!(end_of(&&b"no stamps\nat all\n"[..]), None);
    }
}
