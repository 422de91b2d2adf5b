//! What exports of log systems have in common, whatever their layout: the order of their rows, and what is counted.

use super::LogReader;
use crate::model::Parsed;

/// Whether rows with these times, in the order of the file, stand newest first.
pub fn newest_first(times: &[i64]) -> bool {
    let falling = times.windows(2).filter(|w| matches!(w, [a, b] if b < a)).count();
    let rising = times.windows(2).filter(|w| matches!(w, [a, b] if b > a)).count();
    mostly_falling(falling, rising)
}

/// Lines of several writers pass each other now and then; two steps back prove nothing (our choice).
pub fn mostly_falling(falling: usize, rising: usize) -> bool {
    falling >= 3 && falling * 10 > (falling + rising) * 8
}

/// What the rows of an export gave; lines of the file that are no row of their own are its layout.
pub fn finish(reader: LogReader, newest_first: bool, content: &[u8], out: &mut Parsed) {
    let mut parsed = reader.finish();
    parsed.newest_first = newest_first;
    let physical = memchr::memchr_iter(b'\n', content).count() as u64;
    parsed.coverage.noise += physical.saturating_sub(parsed.coverage.lines);
    parsed.coverage.lines = parsed.coverage.lines.max(physical);
    parsed.coverage.bytes = content.len() as u64;
    parsed.problems.append(&mut out.problems);
    let (kind, kind_why) = (std::mem::take(&mut out.kind), std::mem::take(&mut out.kind_why));
    *out = Parsed { kind, kind_why, ..parsed };
}
