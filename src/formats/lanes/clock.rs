//! Stamps at fixed positions: consecutive lines share their minute, so it is read once.

use crate::formats::stamp::iso;
use crate::model::{Micros, SECOND};

/// The minute read last.
#[derive(Debug, Default)]
pub struct Clock {
    minute: u128,
    at: Micros,
}

impl Clock {
    /// The moment that `2021-02-01 13:45:05,683` means, with `point` in front of the milliseconds; else as
    /// [`second`](Clock::second). Seconds and milliseconds are read at once: this is done for every line.
    #[inline]
    pub fn moment(&mut self, stamp: &[u8; 23], between: u8, point: u8) -> Option<Micros> {
        if minute(stamp) != self.minute {
            self.learn(stamp.first_chunk()?, between)?;
        }
        // The last digit of the minute, then these; below, each digit without its `0`, and nothing in the other bytes.
        let digits = u64::from_le_bytes(*stamp.last_chunk()?)
            ^ u64::from_le_bytes([0, b':', b'0', b'0', point, b'0', b'0', b'0']);
        let digits = digits & !0xff;
        // A byte that is too large is carried into its upper half: tens of seconds end at 5, other digits at 9.
        const ROOM: u64 = u64::from_le_bytes([0, 0, 0x0a, 6, 0, 6, 6, 6]);
        const UPPER: u64 = u64::from_le_bytes([0, 0xff, 0xf0, 0xf0, 0xff, 0xf0, 0xf0, 0xf0]);
        if (digits.wrapping_add(ROOM) | digits) & UPPER != 0 {
            return None;
        }
        // Pairs, then fours: the seconds, and the milliseconds.
        let pairs = (digits * 10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16);
        let (second, milli) = (fours & 0xffff, fours >> 32 & 0xffff);
        Some(self.at + ((second * 1_000 + milli) * 1_000).cast_signed())
    }

    /// The second that `2021-02-01 13:45:05` at the start of `line` means, exactly as [`iso`] reads it, with `between`
    /// the day and the hour.
    #[inline]
    pub fn second(&mut self, line: &[u8; 19], between: u8) -> Option<Micros> {
        let [.., colon, tens, ones] = *line;
        if minute(line) != self.minute {
            self.learn(line, between)?;
        }
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        // 60 is a leap second, and rare enough for the general reader.
        if colon != b':' || tens > 5 || ones > 9 {
            return None;
        }
        Some(self.at + Micros::from(tens * 10 + ones) * SECOND)
    }

    #[cold]
    fn learn(&mut self, line: &[u8; 19], between: u8) -> Option<()> {
        let [_, _, _, _, b'-', _, _, b'-', _, _, blank, ..] = *line else { return None };
        let mut zero = *line;
        zero[16..].copy_from_slice(b":00");
        let (stamp, _) = iso(&zero).filter(|_| blank == between)?;
        (self.minute, self.at) = (minute(line), stamp.civil);
        Some(())
    }
}

/// `2021-02-01 13:45` as one number, which is compared faster than bytes.
#[inline]
fn minute(line: &[u8]) -> u128 {
    line.first_chunk().map_or(0, |minute| u128::from_le_bytes(*minute))
}

/// Three digits as microseconds.
#[inline]
pub fn millis(digits: [u8; 3]) -> Option<Micros> {
    let [a, b, c] = digits.map(|d| d.wrapping_sub(b'0'));
    if a > 9 || b > 9 || c > 9 {
        return None;
    }
    Some((Micros::from(a) * 100 + Micros::from(b) * 10 + Micros::from(c)) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_moment_is_its_second_and_its_milliseconds(tail in "[0-9:,. ]{7}", usual in 0u32..100_000, odd: bool) {
            let usual = format!(":{:02},{:03}", usual / 1_000, usual % 1_000);
            let stamp = format!("2021-02-01 13:45{}", if odd { tail } else { usual });
            let stamp = stamp.as_bytes().first_chunk::<23>().unwrap();
            let (second, [point, a, b, c]) = stamp.split_first_chunk::<19>().unwrap() else { unreachable!() };
            let parts = Clock::default().second(second, b' ').zip(millis([*a, *b, *c])).filter(|_| *point == b',');
            prop_assert_eq!(Clock::default().moment(stamp, b' ', b','), parts.map(|(second, milli)| second + milli));
        }
    }
}
