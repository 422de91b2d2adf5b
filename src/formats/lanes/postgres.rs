//! PostgreSQL's stderr with a prefix that begins `%m [%p]` or `%t [%p]`, as Debian, Red Hat and most tools set it.
//!
//! What stands between the process id and the severity (`app@shop `) is one of a few texts a log has; the general
//! reader is asked once about each, and if it sees nothing special there, the text is remembered.

use super::clock::Clock;
use super::{Begun, Origin, QuickHead};
use crate::formats::pg_severity::Kind;
use crate::formats::stamp::zone_word;
use crate::formats::{BODIES, near, pg_stderr};
use crate::model::{Grain, Level, Micros, Program, Stamp, Written, Zone};

/// Longest text between stamp and message that is remembered.
const KEY: usize = 96;
/// Texts remembered, a power of two.
const KEYS: usize = 256;

#[derive(Debug)]
pub struct Lane {
    clock: Clock,
    zone: ZoneText,
    known: Vec<Known>,
}

/// ` CET ` and the like: what stands between time and process id, if that is at most eight bytes.
#[derive(Debug)]
struct ZoneText {
    zone: Zone,
    text: u64,
    mask: u64,
    length: usize,
}

impl ZoneText {
    #[inline]
    fn behind<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let head = u64::from_le_bytes(*text.first_chunk::<8>()?);
        if head & self.mask == self.text { text.get(self.length..) } else { None }
    }
}

#[derive(Debug, Clone)]
struct Known {
    text: Vec<u8>,
    kind: Kind,
}

impl Default for Lane {
    fn default() -> Lane {
        // No text is 1 behind a mask of 0.
        let zone = ZoneText { zone: Zone::Unwritten, text: 1, mask: 0, length: 0 };
        Lane { clock: Clock::default(), zone, known: Vec::new() }
    }
}

impl Lane {
    /// Time and process.
    #[inline]
    pub fn begin<'a>(&mut self, line: &'a [u8]) -> Option<Begun<'a>> {
        let (civil, grain, rest) = match line.split_first_chunk::<23>()? {
            (stamp, rest) if stamp[19] == b'.' => (self.clock.moment(stamp, b' ', b'.')?, Grain::Milli, rest),
            _ => {
                let (second, rest) = line.split_first_chunk()?;
                (self.clock.second(second, b' ')?, Grain::Second, rest)
            }
        };
        let rest = match self.zone.behind(rest) {
            Some(rest) => rest,
            None => self.learn_zone(rest)?,
        };
        let (pid, rest) = pid(rest)?;
        let stamp = Stamp { civil, zone: self.zone.zone, written: Written::Full, grain };
        Some(Begun { origin: Origin { program: Program::Postgres, stamp, pid }, level: Level::Debug, rest })
    }

    #[inline]
    pub fn go_on<'a>(&mut self, line: &'a [u8], begun: &Begun<'a>) -> Option<QuickHead<'a>> {
        let Begun { origin, rest, .. } = *begun;
        let colon = near::either(rest.get(..KEY).unwrap_or(rest), b':', b':')?;
        let (key, message) = rest.split_at_checked(colon)?;
        let message = message.strip_prefix(b":  ")?;
        let slot = slot(key)?;
        let kind = match self.known.get(slot) {
            Some(known) if known.text == key => known.kind,
            _ => self.learn(slot, key, line, origin.stamp.civil, origin.pid)?,
        };
        if sqlstate(message) {
            return None;
        }
        let (level, detail, more) = (kind.level(), kind == Kind::Sub, kind.is_more());
        Some(QuickHead { origin, level, message, detail, more, object: None, fields: b"" })
    }

    /// ` CET ` and the like; `text` begins behind the seconds.
    #[cold]
    fn learn_zone<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (zone, used) = zone_word(text)?;
        if text.get(used) != Some(&b' ') {
            return None;
        }
        let length = used + 1;
        let mask = if length < 8 { (1 << (8 * length)) - 1 } else { u64::MAX };
        let head = text.first_chunk::<8>().map(|head| u64::from_le_bytes(*head)).filter(|_| length <= 8);
        let (mask, word) = head.map_or((0, 1), |head| (mask, head & mask));
        self.zone = ZoneText { zone, text: word, mask, length };
        text.get(length..)
    }

    /// Asks the general reader about a text between process id and severity that is new.
    #[cold]
    fn learn(&mut self, slot: usize, key: &[u8], line: &[u8], civil: Micros, pid: u32) -> Option<Kind> {
        // A panic's text is looked up twice, with and without its severity.
        let kind = pg_stderr::plain_kind(key).filter(|k| *k != Kind::Panic)?;
        let head = BODIES.iter().find_map(|b| (b.head)(line))?;
        let stamp = head.stamp?;
        let same = head.program == Program::Postgres
            && head.object.is_none()
            && (stamp.civil, stamp.zone, head.pid, head.level) == (civil, self.zone.zone, pid, kind.level())
            && head.zone_proof.is_none();
        if !same {
            return None;
        }
        // Most files are no log of PostgreSQL's: room for texts is made when there is one.
        if self.known.is_empty() {
            self.known.resize(KEYS, Known { text: Vec::new(), kind: Kind::Info });
        }
        *self.known.get_mut(slot)? = Known { text: key.to_vec(), kind };
        Some(kind)
    }
}

/// Where a text is remembered; none for an empty one.
#[inline]
fn slot(key: &[u8]) -> Option<usize> {
    let last = key.last_chunk::<4>().map_or(0, |c| u32::from_le_bytes(*c));
    let first = key.first_chunk::<4>().map_or(0, |c| u32::from_le_bytes(*c));
    let mixed = (first ^ last.rotate_left(15) ^ key.len() as u32).wrapping_mul(0x9e37_79b1);
    (!key.is_empty()).then_some((mixed >> 24) as usize % KEYS)
}

/// `[77] `, `[77-3] `, `[77]: [3-1] `: the process id, and what follows.
#[inline]
fn pid(text: &[u8]) -> Option<(u32, &[u8])> {
    let (pid, rest) = number(text.strip_prefix(b"[")?)?;
    let rest = match rest.strip_prefix(b"-") {
        Some(rest) => number(rest)?.1,
        None => rest,
    };
    let rest = rest.strip_prefix(b"]")?;
    if let Some(rest) = rest.strip_prefix(b" ") {
        return Some((pid, rest));
    }
    let rest = rest.strip_prefix(b": [")?;
    let rest = number(rest)?.1.strip_prefix(b"-1] ")?;
    Some((pid, rest))
}

/// One to seven digits.
#[inline]
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(eight) = text.first_chunk::<8>() else { return short_number(text) };
    // All bytes at once: a digit without its `0` is below 10, so 6 more leave its upper half empty. What a byte carries
    // over reaches only those behind the first that is none.
    let digits = u64::from_le_bytes(*eight) ^ 0x3030_3030_3030_3030;
    let others = (digits.wrapping_add(0x0606_0606_0606_0606) | digits) & 0xf0f0_f0f0_f0f0_f0f0;
    let count = others.trailing_zeros() / 8;
    if !(1..8).contains(&count) {
        return None;
    }
    // Pairs, then fours, then all eight, with zeros in front.
    let pairs = digits << (64 - 8 * count);
    let pairs = pairs.wrapping_mul(10).wrapping_add(pairs >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let value = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) as u32;
    Some((value, text.get(count as usize..)?))
}

#[cold]
fn short_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let count = text.iter().position(|b| !b.is_ascii_digit()).filter(|n| (1..8).contains(n))?;
    let (digits, rest) = text.split_at_checked(count)?;
    Some((digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')), rest))
}

/// `57P03: ` in front of the text is taken off by the general reader.
#[inline]
fn sqlstate(message: &[u8]) -> bool {
    message.get(5..7) == Some(b": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_what_its_digits_say(text in "[0-9]{0,9}[^0-9]{0,9}") {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let known = (1..8).contains(&digits) && digits < text.len();
            let want = known.then(|| (text[..digits].parse().unwrap(), &text.as_bytes()[digits..]));
            prop_assert_eq!(number(text.as_bytes()), want);
        }
    }
}
