//! Stamps at fixed positions: consecutive lines share their minute, so it is read once.

use crate::formats::stamp::iso;
use crate::model::{Micros, SECOND};

/// `2021-02-01 13:45`
const MINUTE_WIDTH: usize = 16;

/// The minute read last.
#[derive(Debug, Default)]
pub struct Clock {
    minute: [u8; MINUTE_WIDTH],
    at: Micros,
}

impl Clock {
    /// The second that `2021-02-01 13:45:05` at the start of `line` means, exactly as [`iso`] reads it.
    #[inline]
    pub fn second(&mut self, line: &[u8; 19]) -> Option<Micros> {
        let [.., colon, tens, ones] = *line;
        let minute: &[u8; MINUTE_WIDTH] = line.first_chunk()?;
        if *minute != self.minute {
            self.learn(line)?;
        }
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        // 60 is a leap second, and rare enough for the general reader.
        if colon != b':' || tens > 5 || ones > 9 {
            return None;
        }
        Some(self.at + Micros::from(tens * 10 + ones) * SECOND)
    }

    #[cold]
    fn learn(&mut self, line: &[u8; 19]) -> Option<()> {
        let mut zero = *line;
        zero[16..].copy_from_slice(b":00");
        let (stamp, _) = iso(&zero)?;
        self.minute = *line.first_chunk()?;
        self.at = stamp.civil;
        Some(())
    }
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
