//! Lines out of a byte stream, in large blocks and without an allocation per line; endless lines are cut.

use std::io::{self, BufRead};

/// Bytes asked for at a time.
const BLOCK: usize = 256 << 10;

/// One line, without its `\n` or `\r\n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes, at most the limit.
    pub bytes: &'a [u8],
    /// Where it begins in the stream.
    pub offset: u64,
    /// Its number, from 1; stays at the last number when there are more than 2^32 lines.
    pub number: u32,
    /// Whether it was longer than the limit.
    pub cut: bool,
}

/// An iterator over lines that lends each line until the next is asked for.
pub struct Lines<'a> {
    source: &'a mut dyn BufRead,
    max_line: usize,
    /// The unread bytes are `buf[pos..end]`; there is no line break in `buf[pos..scanned]`.
    buf: Vec<u8>,
    pos: usize,
    scanned: usize,
    end: usize,
    /// Of `buf[pos]` in the stream.
    offset: u64,
    number: u32,
    /// The rest of a cut line is still ahead.
    in_cut: bool,
    finished: bool,
    cut_lines: u64,
    cut_bytes: u64,
}

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("offset", &self.offset)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl<'a> Lines<'a> {
    /// Lines of at most `max_line` bytes; the rest of a longer one is passed over and counted.
    pub fn new(source: &'a mut dyn BufRead, max_line: u64) -> Self {
        Lines {
            source,
            max_line: usize::try_from(max_line)
                .unwrap_or(usize::MAX)
                .clamp(1, 1 << 30),
            buf: vec![0; BLOCK],
            pos: 0,
            scanned: 0,
            end: 0,
            offset: 0,
            number: 0,
            in_cut: false,
            finished: false,
            cut_lines: 0,
            cut_bytes: 0,
        }
    }

    /// Lines so far that were longer than the limit.
    pub fn cut_lines(&self) -> u64 {
        self.cut_lines
    }

    /// Bytes so far that were passed over in them.
    pub fn cut_bytes(&self) -> u64 {
        self.cut_bytes
    }

    /// The next line, or nothing at the end. The last line need not end in a line break.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "the line borrows from self, which Iterator cannot say"
    )]
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.in_cut {
            self.pass_rest_of_cut()?;
        }
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buf[self.scanned..self.end]) {
                let stop = self.scanned + found;
                return Ok(Some(self.take(stop, stop + 1)));
            }
            self.scanned = self.end;
            // One byte more than allowed could still be the "\r" of a line break.
            if self.finished || self.end - self.pos > self.max_line + 1 {
                let stop = self.end;
                return Ok((stop > self.pos).then(|| self.take(stop, stop)));
            }
            self.more()?;
        }
    }

    /// The line `buf[pos..stop]`, after which the next begins at `after`.
    fn take(&mut self, stop: usize, after: usize) -> Line<'_> {
        let (start, offset) = (self.pos, self.offset);
        let bytes = &self.buf[start..stop];
        let whole = bytes.strip_suffix(b"\r").unwrap_or(bytes).len();
        let cut = whole > self.max_line;
        let length = whole.min(self.max_line);
        self.pos = if cut { start + length } else { after };
        self.scanned = self.pos;
        self.offset += (self.pos - start) as u64;
        self.number = self.number.saturating_add(1);
        self.in_cut = cut;
        Line {
            bytes: &self.buf[start..start + length],
            offset,
            number: self.number,
            cut,
        }
    }

    fn pass_rest_of_cut(&mut self) -> io::Result<()> {
        self.in_cut = false;
        self.cut_lines += 1;
        loop {
            let found = memchr::memchr(b'\n', &self.buf[self.pos..self.end]);
            let passed = found.unwrap_or(self.end - self.pos);
            self.cut_bytes += passed as u64;
            let step = passed + usize::from(found.is_some());
            self.pos += step;
            self.scanned = self.pos;
            self.offset += step as u64;
            if found.is_some() || self.finished {
                return Ok(());
            }
            self.more()?;
        }
    }

    /// The next block: what is left of this one moves to the front, and the buffer grows up to one whole line.
    #[cold]
    fn more(&mut self) -> io::Result<()> {
        self.buf.copy_within(self.pos..self.end, 0);
        self.end -= self.pos;
        self.scanned -= self.pos;
        self.pos = 0;
        if self.buf.len() - self.end < BLOCK {
            self.buf.resize(self.end + BLOCK, 0);
        }
        loop {
            match self.source.read(&mut self.buf[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    self.finished = n == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
