//! PostgreSQL's stderr with a prefix that begins `%m [%p]` or `%t [%p]`, as Debian, Red Hat and most tools set it.
//!
//! What stands between the process id and the severity (`app@shop `) is one of a few texts a log has; the general
//! reader is asked once about each, and if it sees nothing special there, the text is remembered.

use super::clock::{Clock, millis};
use super::{Origin, QuickHead};
use crate::formats::pg_severity::Kind;
use crate::formats::stamp::zone_word;
use crate::formats::{BODIES, pg_stderr};
use crate::model::{Grain, Micros, Program, Stamp, Written, Zone};

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
    #[inline]
    pub fn head<'a>(&mut self, line: &'a [u8]) -> Option<QuickHead<'a>> {
        let (second, rest) = line.split_first_chunk::<19>()?;
        let [_, _, _, _, b'-', _, _, _, _, _, b' ', ..] = second else { return None };
        let civil = self.clock.second(second)?;
        let (civil, grain, rest) = match rest.split_first_chunk::<4>()? {
            ([b'.', a, b, c], rest) => (civil + millis([*a, *b, *c])?, Grain::Milli, rest),
            _ => (civil, Grain::Second, rest),
        };
        let rest = match self.zone.behind(rest) {
            Some(rest) => rest,
            None => self.learn_zone(rest)?,
        };
        let (pid, rest) = pid(rest)?;
        let colon = memchr::memchr(b':', rest.get(..KEY).unwrap_or(rest))?;
        let (key, message) = rest.split_at_checked(colon)?;
        let message = message.strip_prefix(b":  ")?;
        let slot = slot(key)?;
        let kind = match self.known.get(slot) {
            Some(known) if known.text == key => known.kind,
            _ => self.learn(slot, key, line, civil, pid)?,
        };
        if sqlstate(message) {
            return None;
        }
        let stamp = Stamp { civil, zone: self.zone.zone, written: Written::Full, grain };
        let origin = Origin { program: Program::Postgres, stamp, pid };
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
    let mut value = 0u32;
    for (n, b) in text.iter().enumerate().take(8) {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return (n > 0).then_some((value, text.get(n..)?));
        }
        value = value * 10 + u32::from(digit);
    }
    None
}

/// `57P03: ` in front of the text is taken off by the general reader.
#[inline]
fn sqlstate(message: &[u8]) -> bool {
    message.get(5..7) == Some(b": ")
}
