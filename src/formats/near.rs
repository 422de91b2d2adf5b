//! Searches for bytes that are likely to be near: starting `memchr` costs more than looking at a few dozen bytes.

use wide::u8x16;

/// Pieces of sixteen bytes that are looked at before `memchr` takes over.
const PIECES: usize = 4;

/// The first of two bytes.
#[inline]
pub fn either(text: &[u8], a: u8, b: u8) -> Option<usize> {
    let (pieces, tail) = text.as_chunks();
    let (one, other) = (u8x16::splat(a), u8x16::splat(b));
    for (n, piece) in pieces.iter().take(PIECES).enumerate() {
        let piece = u8x16::new(*piece);
        let hits = (piece.simd_eq(one) | piece.simd_eq(other)).to_bitmask();
        if hits != 0 {
            return Some(16 * n + hits.trailing_zeros() as usize);
        }
    }
    let seen = 16 * PIECES;
    if pieces.len() > PIECES {
        return memchr::memchr2(a, b, text.get(seen..)?).map(|at| seen + at);
    }
    Some(text.len() - tail.len() + tail.iter().position(|c| *c == a || *c == b)?)
}

/// Whether one of two bytes stands right before a third anywhere.
#[inline]
pub fn any_before(text: &[u8], a: u8, b: u8, third: u8) -> bool {
    let (one, other, third_16) = (u8x16::splat(a), u8x16::splat(b), u8x16::splat(third));
    let mut rest = text;
    while let Some((first, next)) = rest.first_chunk().zip(rest.get(1..).and_then(|r| r.first_chunk())) {
        let (first, next) = (u8x16::new(*first), u8x16::new(*next));
        if ((first.simd_eq(one) | first.simd_eq(other)) & next.simd_eq(third_16)).to_bitmask() != 0 {
            return true;
        }
        rest = rest.get(16..).unwrap_or(&[]);
    }
    // What is left is the end of sixteen pairs, most of which were looked at.
    if let Some((first, next)) = text.split_last().and_then(|(_, t)| t.last_chunk()).zip(text.last_chunk()) {
        let (first, next) = (u8x16::new(*first), u8x16::new(*next));
        return ((first.simd_eq(one) | first.simd_eq(other)) & next.simd_eq(third_16)).to_bitmask() != 0;
    }
    rest.windows(2).any(|w| matches!(w, [x, y] if (*x == a || *x == b) && *y == third))
}

/// Whether a byte stands in a text an odd number of times, as the quotes before what is quoted do.
pub fn odd_times(text: &[u8], byte: u8) -> bool {
    let (pieces, tail) = text.as_chunks();
    let wanted = u8x16::splat(byte);
    let mask = pieces.iter().fold(0, |mask, piece| mask ^ u8x16::new(*piece).simd_eq(wanted).to_bitmask());
    tail.iter().fold(mask.count_ones() % 2 == 1, |odd, next| odd ^ (*next == byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_found_is_what_stands_there(text in "[a-d]{0,90}[a-z]{0,90}") {
            let text = text.as_bytes();
            prop_assert_eq!(either(text, b'x', b'm'), text.iter().position(|c| matches!(c, b'x' | b'm')));
            let pair = text.windows(2).any(|w| matches!(w, [b'x' | b'm', b'a']));
            prop_assert_eq!(any_before(text, b'x', b'm', b'a'), pair);
            prop_assert_eq!(odd_times(text, b'b'), text.iter().filter(|c| **c == b'b').count() % 2 == 1);
        }
    }
}
