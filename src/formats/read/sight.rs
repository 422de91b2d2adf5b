//! Where a byte stands in 64 bytes, by the widest registers that are at hand.

use wide::u8x16;

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

/// Something that looks at windows.
pub(super) trait Sight: Copy {
    fn see(self, window: &[u8; WINDOW], mark: u8) -> Seen;
}

/// What every machine can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrow;

impl Sight for Narrow {
    #[inline(always)]
    fn see(self, window: &[u8; WINDOW], mark: u8) -> Seen {
        let (end, mark, nul, escape) = (u8x16::splat(b'\n'), u8x16::splat(mark), u8x16::splat(0), u8x16::splat(0x1b));
        let (mut ends, mut marks, mut odd) = (0, 0, nul);
        for (n, part) in window.as_chunks().0.iter().enumerate() {
            let part = u8x16::new(*part);
            ends |= u64::from(part.simd_eq(end).to_bitmask()) << (16 * n);
            marks |= u64::from(part.simd_eq(mark).to_bitmask()) << (16 * n);
            odd |= part.simd_eq(nul) | part.simd_eq(escape);
        }
        Seen { ends, marks, odd: odd.to_bitmask() != 0 }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use super::{Seen, Sight, WINDOW};
    use pulp::x86::V3;
    use std::arch::x86_64::__m256i;

    /// AVX2, which x86 has had since 2013.
    impl Sight for V3 {
        #[inline(always)]
        fn see(self, window: &[u8; WINDOW], mark: u8) -> Seen {
            let (avx, avx2) = (self.avx, self.avx2);
            let [low, high]: [__m256i; 2] = pulp::cast(*window);
            let equal = |byte: u8| {
                let byte = avx._mm256_set1_epi8(byte.cast_signed());
                (avx2._mm256_cmpeq_epi8(low, byte), avx2._mm256_cmpeq_epi8(high, byte))
            };
            let bits = |half: __m256i| u64::from(avx2._mm256_movemask_epi8(half).cast_unsigned());
            let mask = |(low, high): (__m256i, __m256i)| bits(low) | bits(high) << 32;
            let (nuls, escapes) = (equal(0), equal(0x1b));
            let nuls = avx2._mm256_or_si256(nuls.0, nuls.1);
            let escapes = avx2._mm256_or_si256(escapes.0, escapes.1);
            let odd = bits(avx2._mm256_or_si256(nuls, escapes)) != 0;
            Seen { ends: mask(equal(b'\n')), marks: mask(equal(mark)), odd }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn byte_by_byte(window: &[u8; WINDOW], mark: u8) -> Seen {
        let mask = |of: u8| window.iter().rev().fold(0, |mask, byte| mask << 1 | u64::from(*byte == of));
        Seen { ends: mask(b'\n'), marks: mask(mark), odd: mask(0) | mask(0x1b) != 0 }
    }

    proptest! {
        #[test]
        fn every_sight_sees_what_stands_there(window in proptest::collection::vec(0u8..0x30, WINDOW), odd: bool) {
            let window: Vec<u8> = window.iter().map(|b| if !odd && matches!(b, 0 | 0x1b) { 0xff } else { *b }).collect();
            let window = window.first_chunk().unwrap();
            let want = byte_by_byte(window, b'-');
            prop_assert_eq!(Narrow.see(window, b'-'), want);
            #[cfg(target_arch = "x86_64")]
            if let Some(v3) = pulp::x86::V3::try_new() {
                prop_assert_eq!(v3.see(window, b'-'), want);
            }
        }
    }
}
