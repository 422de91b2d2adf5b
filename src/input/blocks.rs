//! Whole lines out of a byte stream, many at a time, so that what looks at them needs no call a line.

use std::io::{self, BufRead};

/// Bytes asked for at a time: with what the parsers keep beside it, this stays in the L2 cache.
const BLOCK: usize = 256 << 10;

/// Bytes asked for first: most members of a bundle are no longer.
const FIRST: usize = 16 << 10;

/// Some consecutive lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// With their line ends; only the last line of a stream, or a cut one, may have none.
    pub bytes: &'a [u8],
    /// Bytes passed over behind the only line in here, which was longer than the limit; 0: nothing was cut.
    pub cut: u64,
}

/// Lends one block after the other.
pub struct Blocks<'a> {
    source: &'a mut dyn BufRead,
    max_line: usize,
    buf: Vec<u8>,
    pos: usize,
    end: usize,
    finished: bool,
    /// A line that was cut.
    long: Vec<u8>,
}

impl std::fmt::Debug for Blocks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks").field("pos", &self.pos).field("end", &self.end).finish_non_exhaustive()
    }
}

impl<'a> Blocks<'a> {
    /// A line that goes on for more than `max_line` bytes beyond what is read at a time is cut there; its rest is passed
    /// over and counted.
    pub fn new(source: &'a mut dyn BufRead, max_line: u64) -> Self {
        let max_line = usize::try_from(max_line).unwrap_or(usize::MAX).clamp(1, 1 << 30);
        Blocks { source, max_line, buf: Vec::new(), pos: 0, end: 0, finished: false, long: Vec::new() }
    }

    /// The next lines, or nothing at the end.
    #[expect(clippy::should_implement_trait, reason = "the block borrows from self, which Iterator cannot say")]
    pub fn next(&mut self) -> io::Result<Option<Block<'_>>> {
        let mut scanned = self.pos;
        loop {
            let fresh = self.buf.get(scanned..self.end).unwrap_or(&[]);
            if let Some(last) = memchr::memrchr(b'\n', fresh) {
                let to = scanned + last + 1;
                return Ok(Some(self.take(to)));
            }
            scanned = self.end;
            if self.end - self.pos > self.max_line + 1 {
                return self.cut();
            }
            if self.finished {
                return Ok((self.end > self.pos).then(|| self.take(self.end)));
            }
            scanned -= self.pos;
            self.more()?;
        }
    }

    fn take(&mut self, to: usize) -> Block<'_> {
        let from = std::mem::replace(&mut self.pos, to);
        Block { bytes: self.buf.get(from..to).unwrap_or(&[]), cut: 0 }
    }

    /// The line at `pos` has no end within the limit: its beginning, and its rest is passed over.
    #[cold]
    fn cut(&mut self) -> io::Result<Option<Block<'_>>> {
        self.long = self.buf.get(self.pos..self.pos + self.max_line).unwrap_or(&[]).to_vec();
        self.pos += self.long.len();
        let mut passed = 0u64;
        loop {
            let rest = self.buf.get(self.pos..self.end).unwrap_or(&[]);
            let found = memchr::memchr(b'\n', rest);
            passed += found.unwrap_or(rest.len()) as u64;
            self.pos += found.map_or(rest.len(), |at| at + 1);
            if found.is_some() || self.finished {
                return Ok(Some(Block { bytes: &self.long, cut: passed }));
            }
            self.more()?;
        }
    }

    /// What is left moves to the front, and the buffer grows up to one whole line.
    fn more(&mut self) -> io::Result<()> {
        self.buf.copy_within(self.pos..self.end, 0);
        self.end -= self.pos;
        self.pos = 0;
        // A wish for a whole block is read into place, without a copy on the way.
        let wish = if self.buf.is_empty() { FIRST } else { BLOCK };
        if self.buf.len() - self.end < wish {
            self.buf.resize(self.end + wish + wish / 4, 0);
        }
        let n = read_some(self.source, self.buf.get_mut(self.end..).unwrap_or(&mut []))?;
        self.end += n;
        self.finished = n == 0;
        Ok(())
    }
}

/// One read, whatever signals come in between.
pub(super) fn read_some(source: &mut dyn BufRead, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
