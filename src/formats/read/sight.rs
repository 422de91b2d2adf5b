//! Where a byte stands in 64 bytes, by the widest registers of the machine that this runs on.

use fearless_simd::{Simd, prelude::*, u8x64};

/// Bytes looked at in one go: one for each bit of a mask.
pub(super) const WINDOW: usize = 64;

/// What stands in a window, a bit a byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Line ends.
    pub ends: u64,
    /// The byte that was asked for.
    pub marks: u64,
    /// There are terminal colours or NULs.
    pub odd: bool,
}

#[inline(always)]
pub(super) fn see<S: Simd>(simd: S, window: &[u8; WINDOW], mark: u8) -> Seen {
    let bytes = u8x64::from_slice(simd, window);
    let (ends, marks) = (bytes.simd_eq(b'\n'), bytes.simd_eq(mark));
    let odd = bytes.simd_eq(0) | bytes.simd_eq(0x1b);
    Seen { ends: ends.to_bitmask(), marks: marks.to_bitmask(), odd: odd.any_true() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};
    use proptest::prelude::*;

    fn byte_by_byte(window: &[u8; WINDOW], mark: u8) -> Seen {
        let mask = |of: u8| window.iter().rev().fold(0, |mask, byte| mask << 1 | u64::from(*byte == of));
        Seen { ends: mask(b'\n'), marks: mask(mark), odd: mask(0) | mask(0x1b) != 0 }
    }

    proptest! {
        #[test]
        fn what_is_seen_is_what_stands_there(window in proptest::collection::vec(0u8..0x30, WINDOW), odd: bool) {
            let window: Vec<u8> = window.iter().map(|b| if !odd && matches!(b, 0 | 0x1b) { 0xff } else { *b }).collect();
            let window = window.first_chunk().unwrap();
            let want = byte_by_byte(window, b'-');
            for level in [Level::new(), Level::baseline()] {
                prop_assert_eq!(dispatch!(level, simd => see(simd, window, b'-')), want);
            }
        }
    }
}
