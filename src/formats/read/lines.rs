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

/// Of the beginning of a record, these two bytes are looked for.
const PAIR: [usize; 2] = [0, 4];

/// Changes of how lines begin that are followed in a block: each costs another look at a piece.
const CHANGES: usize = 16;

/// Where lines of a block end.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Line ends of the current piece, and the first of them that is not passed.
    ends: Vec<usize>,
    next: usize,
    /// Where, but for the beginnings of lines, a record may begin: both bytes of the pair stand there.
    within: Vec<usize>,
    next_within: usize,
    /// Some line of the piece holds terminal colours or NULs.
    odd: bool,
    /// End of the piece.
    end: usize,
    /// How lines begin; none if that changes too often, and anything may be within them.
    pair: Option<[u8; 2]>,
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
            self.pair = None;
        } else {
            self.expect(beginning);
        }
    }

    fn expect(&mut self, beginning: &[u8; BEGINNING]) {
        self.pair = Some(PAIR.map(|at| beginning.get(at).copied().unwrap_or(0)));
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
            _ => self.pair.is_none(),
        };
        let clean = !self.odd || block.get(from..to).is_none_or(|line| memchr::memchr2(0x1b, 0, line).is_none());
        Line { to, clean, marked }
    }

    #[cold]
    fn is_marked(&mut self, from: usize, to: usize) -> bool {
        let mut marked = self.pair.is_none();
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
        let mut masks = [(0, 0); WINDOWS];
        let odd = all_masks(piece, self.pair.unwrap_or([0; 2]), &mut masks);
        // A line that begins with the piece begins no second record.
        let mut before = u64::from(at == from);
        for (n, (mut ends, begins)) in masks.into_iter().take(looks).enumerate() {
            let window = at + n * WINDOW;
            let mut within = begins & !(ends << 1 | before);
            before = ends >> (WINDOW - 1);
            while ends != 0 {
                self.ends.push(window + ends.trailing_zeros() as usize);
                ends &= ends - 1;
            }
            while within != 0 {
                self.within.push(window + within.trailing_zeros() as usize);
                within &= within - 1;
            }
        }
        self.odd |= odd;
        self.end = at + looks * WINDOW;
    }
}

/// Fills in the masks of a piece: where line ends stand, and where both bytes of the pair. `true` if some byte may be
/// no text.
fn all_masks(piece: &[u8], pair: [u8; 2], masks: &mut [(u64, u64); WINDOWS]) -> bool {
    let mut odd = u8x16::splat(0);
    for (n, masks) in masks.iter_mut().enumerate() {
        let Some(rest) = piece.get(n * WINDOW..) else { break };
        *masks = match rest.first_chunk() {
            Some(bytes) => two_masks(bytes, pair, &mut odd),
            None => {
                let mut padded = [b' '; WINDOW + PAIR[1]];
                padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                two_masks(&padded, pair, &mut odd)
            }
        };
    }
    odd.to_bitmask() != 0
}

#[inline]
fn two_masks(bytes: &[u8; WINDOW + PAIR[1]], pair: [u8; 2], odd: &mut u8x16) -> (u64, u64) {
    let [end, first, second, nul, escape] = [b'\n', pair[0], pair[1], 0, 0x1b].map(u8x16::splat);
    let (mut ends, mut begins) = (0, 0);
    let ahead = bytes.get(PAIR[1]..).unwrap_or(&[]);
    for (n, (part, ahead)) in bytes.as_chunks().0.iter().zip(ahead.as_chunks().0).enumerate() {
        let (part, ahead) = (u8x16::new(*part), u8x16::new(*ahead));
        ends |= u64::from(part.simd_eq(end).to_bitmask()) << (16 * n);
        begins |= u64::from((part.simd_eq(first) & ahead.simd_eq(second)).to_bitmask()) << (16 * n);
        *odd |= part.simd_eq(nul) | part.simd_eq(escape);
    }
    (ends, begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_those_that_a_search_byte_by_byte_finds(
            text in proptest::collection::vec(proptest::sample::select(&b"2\n\n-2016\x1b\0abcdefghijkl"[..]), 0..400),
            times in 0usize..40,
        ) {
            let text = text.repeat(times);
            let mut lines = Lines::default();
            lines.begin(b"2016-11");
            let mut from = 0;
            while from < text.len() {
                let to = text[from..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| from + at);
                let line = lines.line(&text, from);
                prop_assert_eq!(line.to, to);
                let clean = !text[from..to].iter().any(|b| matches!(b, 0x1b | 0));
                prop_assert_eq!(line.clean, clean);
                let within = text[(from + 1).min(to)..to].windows(5).any(|w| w[0] == b'2' && w[4] == b'-');
                prop_assert!(line.marked || !within);
                from = to + 1;
            }
        }
    }
}
