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
fn minute(line: &[u8; 19]) -> u128 {
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
