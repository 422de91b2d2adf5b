//! A big plain file in ranges, scanned beside each other and taken in order, so that the result is that of one thread.
//!
//! A line belongs to the range that its first byte lies in; its reader goes on over the range's end to the line's own.

use super::LogReader;
use super::part::{Part, Slice, lines_in};
use super::scan::Scanner;
use crate::input::{ReadAt, fill};
use crate::model::{Caps, Parsed};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes of a range: large beside a line, small beside the caches of a core.
const RANGE: u64 = 1 << 20;

/// Bytes read at a time behind a range's end.
const MORE: usize = 16 << 10;

/// Reads a log without an envelope on up to `threads` threads of the current pool.
pub fn read_log_in_ranges(source: &dyn ReadAt, threads: usize, caps: Caps) -> Parsed {
    read(source, threads, RANGE, 1, caps)
}

/// The same for a part of it.
pub fn read_part(source: &dyn ReadAt, part: &Part, threads: usize, caps: Caps) -> io::Result<Parsed> {
    // A place is a line's number: what stands before is not read, but its line ends are counted.
    let before = u32::try_from(lines_in(source, 0..part.bytes.start, threads)?).unwrap_or(u32::MAX);
    Ok(read(&Slice { source, bytes: part.bytes.clone() }, threads, RANGE, before.saturating_add(1), caps))
}

/// `number` is that of the first line.
pub(super) fn read(source: &dyn ReadAt, threads: usize, range: u64, number: u32, caps: Caps) -> Parsed {
    let turns = Turns {
        next: AtomicU64::new(0),
        state: Mutex::new(State { reader: LogReader::within(None, caps), number, turn: 0, stopped: false }),
        changed: Condvar::new(),
    };
    if threads < 2 {
        turns.work(source, range, &caps);
        let state = turns.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        return state.reader.finish();
    }
    rayon::scope(|scope| {
        // Threads that are busy with other files come when they are done, and find what is left to do.
        for _ in 1..threads {
            scope.spawn(|_| turns.work(source, range, &caps));
        }
        turns.work(source, range, &caps);
    });
    let state = turns.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.reader.finish()
}

struct Turns {
    /// The range that nobody has begun yet.
    next: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    reader: LogReader,
    number: u32,
    /// The range that is to be taken next.
    turn: u64,
    stopped: bool,
}

/// Lets the others go if this thread panics before its turn came.
struct Leaving<'a>(&'a Turns);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().stopped = true;
            self.0.changed.notify_all();
        }
    }
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, source: &dyn ReadAt, range: u64, caps: &Caps) {
        let _leaving = Leaving(self);
        let mut scanner = Scanner::new(caps);
        let mut lines = Lines::new(caps);
        loop {
            let k = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(from) = k.checked_mul(range).filter(|from| *from < source.size()) else { return };
            let read = lines.read(source, from, range);
            let block = lines.buf.get(lines.from..lines.to).unwrap_or(&[]);
            let mut scanned = scanner.scan(block, true);
            scanned.cut_lines += u64::from(lines.cut > 0);
            scanned.cut_bytes += lines.cut;
            let mut state = self.lock();
            while state.turn != k && !state.stopped {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.stopped {
                return;
            }
            let number = state.number;
            state.reader.apply(&scanned, block, number);
            state.number = number.saturating_add(scanned.lines);
            state.turn += 1;
            if let Err(e) = read {
                state.reader.problem(format!("reading stopped: {e}"));
                state.stopped = true;
            }
            drop(state);
            self.changed.notify_all();
        }
    }
}

/// The lines that begin in a range: `buf[from..to]`.
struct Lines {
    /// Bytes read of a line.
    max: usize,
    buf: Vec<u8>,
    from: usize,
    to: usize,
    /// Bytes passed over behind a line that was longer than allowed.
    cut: u64,
}

impl Lines {
    fn new(caps: &Caps) -> Lines {
        // No file has lines of a gigabyte that anybody needs, and memory must hold one.
        let max = usize::try_from(caps.line).unwrap_or(usize::MAX).clamp(1, 1 << 30);
        Lines { max, buf: Vec::new(), from: 0, to: 0, cut: 0 }
    }

    fn read(&mut self, source: &dyn ReadAt, from: u64, range: u64) -> io::Result<()> {
        (self.from, self.to, self.cut) = (0, 0, 0);
        // The byte before tells whether a line begins here.
        let start = from.saturating_sub(1);
        let wanted = usize::try_from(from - start + range).unwrap_or(usize::MAX);
        self.buf.resize(wanted, 0);
        let got = fill(source, start, &mut self.buf)?;
        self.buf.truncate(got);
        if from > 0 {
            match memchr::memchr(b'\n', self.buf.get(..wanted - 1).unwrap_or(&self.buf)) {
                Some(at) => self.from = at + 1,
                None => {
                    self.buf.clear();
                    return Ok(());
                }
            }
        }
        if got < wanted || self.buf.last() == Some(&b'\n') {
            self.to = self.buf.len();
            return Ok(());
        }
        let begun = memchr::memrchr(b'\n', &self.buf).map_or(self.from, |at| at + 1).max(self.from);
        let end = self.line_end(source, start, begun);
        self.to = self.buf.len();
        end
    }

    /// Reads on to the end of the line that begins at `begun`.
    fn line_end(&mut self, source: &dyn ReadAt, start: u64, begun: usize) -> io::Result<()> {
        loop {
            let old = self.buf.len();
            self.buf.resize(old + MORE, 0);
            let got = fill(source, start + old as u64, self.buf.get_mut(old..).unwrap_or(&mut []));
            self.buf.truncate(old + *got.as_ref().unwrap_or(&0));
            let fresh = self.buf.get(old..).unwrap_or(&[]);
            if let Some(at) = memchr::memchr(b'\n', fresh) {
                self.buf.truncate(old + at + 1);
                return Ok(());
            }
            if got? < MORE {
                return Ok(());
            }
            if self.buf.len() - begun > self.max + MORE {
                return self.pass(source, start, begun + self.max);
            }
        }
    }

    /// Cuts the line at `end` and counts what follows of it.
    #[cold]
    fn pass(&mut self, source: &dyn ReadAt, start: u64, end: usize) -> io::Result<()> {
        let mut at = start + end as u64;
        self.buf.truncate(end);
        let mut rest = vec![0; 256 << 10];
        loop {
            let got = fill(source, at, &mut rest)?;
            let fresh = rest.get(..got).unwrap_or(&[]);
            let found = memchr::memchr(b'\n', fresh);
            let passed = found.unwrap_or(got) as u64;
            self.cut += passed;
            at += passed;
            if found.is_some() || got < rest.len() {
                return Ok(());
            }
        }
    }
}
