//! The lines of a block, found some thousand bytes at a time.
//!
//! A search a line costs its start more than its bytes, so the line ends of a whole piece are found at once, and with
//! them what would keep a line from being read the short way.

use super::glue::BEGINNING;
use wide::u8x16;

/// Bytes looked at in one go: one for each bit of a mask.
const WINDOW: usize = 64;

/// Windows looked at before the lines in them are taken.
const WINDOWS: usize = 64;

/// Changes of how lines begin that are followed in a block: each costs another look at a piece.
const CHANGES: usize = 16;

/// Where lines of a block end.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Line ends of the current piece, and the first of them that is not passed.
    ends: Vec<usize>,
    next: usize,
    /// Where, but for the beginnings of lines, something begins as lines do.
    within: Vec<usize>,
    next_within: usize,
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
        } else {
            self.expect(beginning);
        }
    }

    fn expect(&mut self, beginning: &[u8; BEGINNING]) {
        self.beginning = Some(*beginning);
        self.ends.clear();
        (self.next, self.end) = (0, 0);
    }

    /// The line of `block` that begins at `from`, behind all lines asked for so far.
    #[inline]
    pub(super) fn line(&mut self, block: &[u8], from: usize) -> Line {
        let to = loop {
            match self.ends.get(self.next) {
                Some(to) if *to >= from => break *to,
                Some(_) => self.next += 1,
                None if self.end >= block.len() && from < self.end => break block.len(),
                None => self.look(block, from.max(self.end), from),
            }
        };
        let marked = match self.within.get(self.next_within) {
            Some(at) if *at < to => self.is_marked(from, to),
            _ => self.beginning.is_none(),
        };
        let clean = !self.odd || block.get(from..to).is_none_or(|line| memchr::memchr2(0x1b, 0, line).is_none());
        Line { to, clean, marked }
    }

    #[cold]
    fn is_marked(&mut self, from: usize, to: usize) -> bool {
        let mut marked = self.beginning.is_none();
        while let Some(at) = self.within.get(self.next_within).filter(|at| **at < to) {
            marked |= *at > from;
            self.next_within += 1;
        }
        marked
    }

    /// Takes the piece at `at` in, as all line ends known are passed; the line looked for begins at `from`.
    #[inline(never)]
    fn look(&mut self, block: &[u8], at: usize, from: usize) {
        self.ends.clear();
        self.next = 0;
        self.within.drain(..self.next_within.min(self.within.len()));
        self.next_within = 0;
        if at == from {
            self.within.clear();
            self.odd = false;
        }
        let piece = block.get(at..).unwrap_or(&[]);
        let looks = piece.len().div_ceil(WINDOW).min(WINDOWS);
        let beginning = self.beginning.unwrap_or_default();
        let (mark, offset) = rarest(&beginning);
        let mut masks = [0; WINDOWS];
        all_masks(piece, mark, &mut masks);
        for (n, mut special) in masks.into_iter().take(looks).enumerate() {
            let window = at + n * WINDOW;
            while special != 0 {
                let found = window + special.trailing_zeros() as usize;
                special &= special - 1;
                match block.get(found) {
                    Some(b'\n') => self.ends.push(found),
                    Some(0 | 0x1b) => self.odd = true,
                    Some(byte) if *byte == mark => {
                        let begin = found.wrapping_sub(offset);
                        if block.get(begin..).is_some_and(|text| text.starts_with(&beginning))
                            && block.get(begin.wrapping_sub(1)).is_some_and(|before| *before != b'\n')
                        {
                            self.within.push(begin);
                        }
                    }
                    _ => {}
                }
            }
        }
        self.end = at + looks * WINDOW;
    }
}

/// A byte of the beginning that texts hold seldom, and where it stands.
fn rarest(beginning: &[u8; BEGINNING]) -> (u8, usize) {
    let at = beginning.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(0);
    (beginning.get(at).copied().unwrap_or(0), at)
}

/// Fills in the masks of a piece: where `mark` stands and where control characters, line ends among them.
#[inline(never)]
fn all_masks(piece: &[u8], mark: u8, masks: &mut [u64; WINDOWS]) {
    for (n, mask) in masks.iter_mut().enumerate() {
        let Some(rest) = piece.get(n * WINDOW..) else { break };
        *mask = match rest.first_chunk() {
            Some(bytes) => specials(bytes, mark),
            None => {
                let mut padded = [b'x'; WINDOW];
                padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                specials(&padded, mark)
            }
        };
    }
}

#[inline]
fn specials(bytes: &[u8; WINDOW], mark: u8) -> u64 {
    let (last_control, mark) = (u8x16::splat(0x1f), u8x16::splat(mark));
    let mut out = 0;
    for (n, part) in bytes.as_chunks().0.iter().enumerate() {
        let part = u8x16::new(*part);
        let hits = part.min(last_control).simd_eq(part) | part.simd_eq(mark);
        out |= u64::from(hits.to_bitmask()) << (16 * n);
    }
    out
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
            let text = String::from_utf8(text.repeat(times)).unwrap().replace('#', "2016-11").into_bytes();
            let mut lines = Lines::default();
            lines.begin(b"2016-11");
            let mut from = 0;
            while from < text.len() {
                let to = text[from..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| from + at);
                let line = lines.line(&text, from);
                prop_assert_eq!(line.to, to);
                let clean = !text[from..to].iter().any(|b| matches!(b, 0x1b | 0));
                prop_assert_eq!(line.clean, clean);
                let within = text[(from + 1).min(to)..to].windows(BEGINNING).any(|w| w == b"2016-11");
                prop_assert!(line.marked || !within);
                from = to + 1;
            }
        }
    }
}
