//! The lines of a block, found some thousand bytes at a time.
//!
//! A search a line costs its start more than its bytes, so the line ends of a whole piece are found at once, and with
//! them what would keep a line from being read the short way.

use super::glue::BEGINNING;
use super::sight::{Seen, WINDOW, see};
use fearless_simd::{Level, Simd, dispatch};

/// Windows looked at before the lines in them are taken.
const WINDOWS: usize = 64;

/// Changes of how lines begin that are followed in a block: each costs another look at a piece.
const CHANGES: usize = 16;

/// Where lines of a block end.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Where lines begin that follow on those of the current piece, in order, then 0.
    starts: Vec<usize>,
    /// The first of them that is not passed.
    next: usize,
    /// Where, but for the beginnings of lines, something begins as lines do; the latest first.
    within: Vec<usize>,
    /// The first of them that is not passed, or none. 0 if anything may be within a line.
    mark: usize,
    /// Some line of the piece holds terminal colours or NULs.
    odd: bool,
    /// End of the piece.
    end: usize,
    /// How lines begin; none if that changes too often, and anything may be within them.
    beginning: Option<[u8; BEGINNING]>,
    changes: usize,
}

/// A line, and what was seen on the way to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// Where its line end stands, or the end of the block.
    pub to: usize,
    /// Neither terminal colours nor NULs in it.
    pub clean: bool,
    /// A second record may begin in it.
    pub marked: bool,
}

impl Lines {
    /// Another block follows, with lines that begin with this.
    pub(super) fn begin(&mut self, beginning: &[u8; BEGINNING]) {
        self.changes = 0;
        self.expect(beginning);
    }

    /// Lines begin otherwise from here on. Where that goes on, any line may hold a second record.
    pub(super) fn change(&mut self, beginning: &[u8; BEGINNING]) {
        self.changes += 1;
        if self.changes > CHANGES {
            self.beginning = None;
            self.mark = 0;
        } else {
            self.expect(beginning);
        }
    }

    fn expect(&mut self, beginning: &[u8; BEGINNING]) {
        self.beginning = Some(*beginning);
        // Every byte may be a line end, and two more places are written to than are used.
        self.starts.resize(WINDOW * WINDOWS + 2, 0);
        if let Some(first) = self.starts.first_mut() {
            *first = 0;
        }
        (self.next, self.end) = (0, 0);
    }

    /// The line of `block` that begins at `from`, behind all lines asked for so far.
    #[inline]
    pub(super) fn line(&mut self, block: &[u8], from: usize) -> Line {
        let to = match self.starts.get(self.next) {
            Some(next) if *next > from => *next - 1,
            _ => self.search(block, from),
        };
        self.next += 1;
        let marked = self.mark < to && self.is_marked(from, to);
        let clean = !self.odd || block.get(from..to).is_none_or(|line| memchr::memchr2(0x1b, 0, line).is_none());
        Line { to, clean, marked }
    }

    /// The end of the line at `from`, if it is not the next that is known.
    #[inline(never)]
    fn search(&mut self, block: &[u8], from: usize) -> usize {
        loop {
            match self.starts.get(self.next) {
                Some(0) | None if self.end >= block.len() && from < self.end => {
                    // What is asked for next is behind the block.
                    return block.len();
                }
                Some(0) | None => self.look(block, from.max(self.end), from),
                Some(next) if *next > from => return *next - 1,
                Some(_) => self.next += 1,
            }
        }
    }

    #[cold]
    fn is_marked(&mut self, from: usize, to: usize) -> bool {
        let mut marked = self.beginning.is_none();
        while let Some(at) = self.within.pop_if(|at| *at < to) {
            marked |= at > from;
        }
        self.remark();
        marked
    }

    /// Keeps where lines might begin, though none do, of what a window's mask says.
    #[cold]
    fn keep_within(&mut self, block: &[u8], window: usize, mut mask: u64, mark: &Mark, beginning: &[u8; BEGINNING]) {
        while mask != 0 {
            let begin = (window + mask.trailing_zeros() as usize).wrapping_sub(mark.offset as usize);
            mask &= mask - 1;
            if block.get(begin..).is_some_and(|text| text.starts_with(beginning))
                && block.get(begin.wrapping_sub(1)).is_some_and(|before| *before != b'\n')
            {
                self.within.push(begin);
            }
        }
    }

    fn remark(&mut self) {
        let first = self.within.last().copied().unwrap_or(usize::MAX);
        self.mark = if self.beginning.is_some() { first } else { 0 };
    }

    /// Takes the piece at `at` in, as all line ends known are passed; the line looked for begins at `from`.
    #[inline(never)]
    fn look(&mut self, block: &[u8], at: usize, from: usize) {
        if at == from {
            self.within.clear();
            self.odd = false;
        }
        self.next = 0;
        let piece = Piece { lines: self, block, at, begins: at == from };
        dispatch!(Level::new(), simd => piece.take_in(simd));
        self.within.sort_unstable_by(|a, b| b.cmp(a));
        self.remark();
    }
}

/// A piece of a block to be taken in.
struct Piece<'a> {
    lines: &'a mut Lines,
    block: &'a [u8],
    at: usize,
    /// With a line.
    begins: bool,
}

impl Piece<'_> {
    #[inline(always)]
    fn take_in<S: Simd>(self, simd: S) {
        let Piece { lines, block, at, begins } = self;
        let beginning = lines.beginning.unwrap_or_default();
        let mark = Mark::of(&beginning);
        // What the window before says of the first bytes of the next: where lines begin there.
        let mut carried = u64::from(begins) << mark.offset;
        let (mut known, mut window) = (0, at);
        for _ in 0..WINDOWS {
            let Some(rest) = block.get(window..).filter(|rest| !rest.is_empty()) else { break };
            let Seen { ends, marks, odd } = match rest.first_chunk() {
                Some(bytes) => see(simd, bytes, mark.byte),
                None => see(simd, &padded(rest), mark.byte),
            };
            lines.odd |= odd;
            // Where the mark stands because a line begins there, and where it does not stand twice, nothing is within.
            let first = carried | (ends << (1 + mark.offset));
            carried = ends >> (63 - mark.offset);
            let within = marks & !first & ((marks >> mark.again) | mark.unseen);
            if within != 0 {
                lines.keep_within(block, window, within, &mark, &beginning);
            }
            // Most windows hold one line end, few more than two.
            let Some([first, second, ..]) = lines.starts.get_mut(known..) else { break };
            let more = ends & ends.wrapping_sub(1);
            *first = window + 1 + ends.trailing_zeros() as usize;
            *second = window + 1 + more.trailing_zeros() as usize;
            known += usize::from(ends != 0) + usize::from(more != 0);
            let mut more = more & more.wrapping_sub(1);
            while more != 0 {
                if let Some(next) = lines.starts.get_mut(known) {
                    *next = window + 1 + more.trailing_zeros() as usize;
                }
                known += 1;
                more &= more - 1;
            }
            window += WINDOW;
        }
        if let Some(last) = lines.starts.get_mut(known) {
            *last = 0;
        }
        lines.end = window;
    }
}

/// A window that the end of the block cuts.
#[cold]
fn padded(rest: &[u8]) -> [u8; WINDOW] {
    let mut padded = [b'x'; WINDOW];
    padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    padded
}

/// A byte of the beginning that texts hold seldom.
#[derive(Clone, Copy, Debug)]
struct Mark {
    byte: u8,
    /// Where it stands in the beginning.
    offset: u32,
    /// How far behind it stands again, as a month is followed by a day; the bytes of a window that this can't be seen of.
    again: u32,
    unseen: u64,
}

impl Mark {
    fn of(beginning: &[u8; BEGINNING]) -> Mark {
        let at = beginning.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(0);
        let byte = beginning.get(at).copied().unwrap_or(0);
        let again = if (at, byte) == (4, b'-') { 3 } else { 0 };
        Mark { byte, offset: at as u32, again, unseen: !(u64::MAX >> again) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_those_that_a_search_byte_by_byte_finds(
            text in proptest::collection::vec(proptest::sample::select(&b"\n\nabcdefghij-#\x1b\0\t"[..]), 0..400),
            times in 0usize..40,
        ) {
            let text = String::from_utf8(text.repeat(times)).unwrap().replace('#', "2016-11-").into_bytes();
            let mut lines = Lines::default();
            lines.begin(b"2016-11");
            let mut from = 0;
            while from < text.len() {
                let to = text[from..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| from + at);
                let line = lines.line(&text, from);
                prop_assert_eq!(line.to, to);
                let clean = !text[from..to].iter().any(|b| matches!(b, 0x1b | 0));
                prop_assert_eq!(line.clean, clean);
                let within = text[(from + 1).min(to)..to].windows(BEGINNING + 1).any(|w| w == b"2016-11-");
                prop_assert!(line.marked || !within);
                from = to + 1;
            }
        }
    }
}
