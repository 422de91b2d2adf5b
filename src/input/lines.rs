//! Lines out of a byte stream, in large blocks and without an allocation per line; endless lines are cut.

use super::blocks::read_some;
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
        f.debug_struct("Lines").field("offset", &self.offset).field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'a> Lines<'a> {
    /// Lines of at most `max_line` bytes; the rest of a longer one is passed over and counted.
    pub fn new(source: &'a mut dyn BufRead, max_line: u64) -> Self {
        Lines {
            source,
            max_line: usize::try_from(max_line).unwrap_or(usize::MAX).clamp(1, 1 << 30),
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
    #[expect(clippy::should_implement_trait, reason = "the line borrows from self, which Iterator cannot say")]
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
        Line { bytes: &self.buf[start..start + length], offset, number: self.number, cut }
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
        let n = read_some(self.source, &mut self.buf[self.end..])?;
        self.end += n;
        self.finished = n == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{BufReader, Read};

    fn all(text: &[u8], max: u64) -> Vec<(String, u64, u32, bool)> {
        let mut source = text;
        let mut lines = Lines::new(&mut source, max);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((String::from_utf8_lossy(line.bytes).into_owned(), line.offset, line.number, line.cut));
        }
        all
    }

    #[test]
    fn line_breaks_of_all_kinds() {
        let line = |text: &str, offset, number| (text.to_owned(), offset, number, false);
        assert_eq!(all(b"", 10), []);
        assert_eq!(all(b"\n", 10), [line("", 0, 1)]);
        assert_eq!(all(b"a\r\nb\n\nc", 10), [line("a", 0, 1), line("b", 3, 2), line("", 5, 3), line("c", 6, 4)]);
        assert_eq!(all(b"a\rb\n", 10), [line("a\rb", 0, 1)]);
    }

    #[test]
    fn long_lines_are_cut_and_counted() {
        let mut source = &b"123456789\r\n123456\r\n12345\r\n1234567"[..];
        let mut lines = Lines::new(&mut source, 5);
        let mut got = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            got.push((line.bytes.to_vec(), line.offset, line.cut));
        }
        let cut = |offset| (b"12345".to_vec(), offset, true);
        assert_eq!(got, [cut(0), cut(11), (b"12345".to_vec(), 19, false), cut(26)]);
        assert_eq!((lines.cut_lines(), lines.cut_bytes()), (3, 5 + 2 + 2));
    }

    /// One endless line, made while it is read.
    #[test]
    fn a_line_of_200_mb_takes_the_memory_of_one_line() {
        let text = io::repeat(b'x').take(200 << 20).chain(&b"\nnext\n"[..]);
        let mut source = BufReader::new(text);
        let mut lines = Lines::new(&mut source, 1 << 20);
        let first = lines.next().unwrap().unwrap();
        assert_eq!((first.bytes.len(), first.cut), (1 << 20, true));
        let next = lines.next().unwrap().unwrap();
        assert_eq!((next.bytes, next.offset, next.number), (&b"next"[..], (200 << 20) + 1, 2));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(lines.cut_bytes(), 199 << 20);
        assert!(lines.buf.len() < 2 << 20, "{}", lines.buf.len());
    }

    /// Gives a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(into.len()).min(self.0.len());
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_of_a_plain_split(text in "[ab\r\n]{0,200}", step in 1usize..40, max in 1u64..20) {
            let mut source = BufReader::with_capacity(7, Trickle(text.as_bytes(), step));
            let mut lines = Lines::new(&mut source, max);
            let mut got = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                prop_assert_eq!(line.number as usize, got.len() + 1);
                prop_assert!(text.as_bytes()[line.offset as usize..].starts_with(line.bytes));
                got.push(String::from_utf8(line.bytes.to_vec()).unwrap());
            }
            let mut want: Vec<&str> = text.split('\n').collect();
            if want.last() == Some(&"") {
                want.pop();
            }
            let want: Vec<String> = want.iter().map(|line| {
                let line = line.strip_suffix('\r').unwrap_or(line);
                line[..line.len().min(max as usize)].to_owned()
            }).collect();
            prop_assert_eq!(got, want);
        }
    }
}
