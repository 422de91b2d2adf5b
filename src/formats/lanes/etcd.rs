//! etcd's zap JSON as the server writes it: `level`, `ts`, perhaps `logger`, `caller`, `msg`, then fields.

use super::clock::{Clock, millis};
use super::{Begun, Origin, QuickHead};
use crate::formats::{near, vip_manager};
use crate::model::{Grain, Level, Micros, Program, Stamp, Written, Zone};
use memchr::memmem::Finder;

#[derive(Debug)]
pub struct Lane {
    clock: Clock,
    /// Keys whose text the general reader joins to the message.
    error: Finder<'static>,
    alarm: Finder<'static>,
}

impl Default for Lane {
    fn default() -> Lane {
        // Also ends `internal-server-error`.
        Lane { clock: Clock::default(), error: Finder::new("error\""), alarm: Finder::new("\"alarm\"") }
    }
}

impl Lane {
    /// Level and time.
    #[inline]
    pub fn begin<'a>(&mut self, line: &'a [u8]) -> Option<Begun<'a>> {
        let rest = line.strip_prefix(b"{\"level\":\"")?;
        let (level, rest) = match rest.first()? {
            b'i' => (Level::Info, rest.strip_prefix(b"info\"")?),
            b'w' => (Level::Warning, rest.strip_prefix(b"warn\"")?),
            b'd' => (Level::Debug, rest.strip_prefix(b"debug\"")?),
            _ => return None,
        };
        let rest = rest.strip_prefix(b",\"ts\":\"")?;
        let (moment, rest) = rest.split_first_chunk()?;
        let (micros, grain, rest) = micros(rest)?;
        let (zone, rest) = zone(rest)?;
        let civil = self.clock.moment(moment, b'T', b'.')? + micros;
        let stamp = Stamp { civil, zone, written: Written::Full, grain };
        Some(Begun { origin: Origin { program: Program::Etcd, stamp, pid: 0 }, level, rest })
    }

    #[inline]
    pub fn go_on<'a>(&self, line: &'a [u8], begun: &Begun<'a>) -> Option<QuickHead<'a>> {
        let Begun { origin, level, rest } = *begun;
        let rest = rest.strip_prefix(b"\",\"")?;
        let rest = match rest.strip_prefix(b"logger\":\"") {
            Some(rest) => plain(rest)?.1.strip_prefix(b",\"")?,
            None => rest,
        };
        let (caller, rest) = plain(rest.strip_prefix(b"caller\":\"")?)?;
        if vip_manager::is_caller(caller) {
            return None;
        }
        let (message, fields) = plain(rest.strip_prefix(b",\"msg\":\"")?)?;
        if level >= Level::Warning && self.says_more(fields) {
            return None;
        }
        Some(QuickHead { origin, level, message, detail: false, more: false, object: Some(line), fields })
    }

    /// Whether the general reader may join a field to the message. Both keys end like few others: one look for that is
    /// enough for most lines.
    #[inline]
    pub fn says_more(&self, fields: &[u8]) -> bool {
        near::any_before(fields, b'r', b'm', b'"')
            && (self.error.find(fields).is_some() || self.alarm.find(fields).is_some())
    }
}

/// A string up to its closing quote, without escapes, and what stands behind the quote.
#[inline]
fn plain(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = near::either(text, b'"', b'\\')?;
    let (inside, rest) = text.split_at_checked(end)?;
    Some((inside, rest.strip_prefix(b"\"")?))
}

/// What follows on milliseconds: nothing or three digits.
#[inline]
fn micros(rest: &[u8]) -> Option<(Micros, Grain, &[u8])> {
    if !rest.first()?.is_ascii_digit() {
        return Some((0, Grain::Milli, rest));
    }
    let (digits, rest) = rest.split_first_chunk()?;
    let micros = millis(*digits)? / 1_000;
    if rest.first()?.is_ascii_digit() { None } else { Some((micros, Grain::Micro, rest)) }
}

#[inline]
fn zone(text: &[u8]) -> Option<(Zone, &[u8])> {
    if let Some(rest) = text.strip_prefix(b"Z") {
        return Some((Zone::Utc, rest));
    }
    let (offset, rest) = text.split_first_chunk::<5>()?;
    let [sign @ (b'+' | b'-'), h0, h1, m0, m1] = offset.map(|b| b) else { return None };
    let [h0, h1, m0, m1] = [h0, h1, m0, m1].map(|b| i32::from(b) - i32::from(b'0'));
    if [h0, h1, m0, m1].iter().any(|d| !(0..=9).contains(d)) || h0 * 10 + h1 > 14 || m0 > 5 {
        return None;
    }
    let seconds = (h0 * 10 + h1) * 3_600 + (m0 * 10 + m1) * 60;
    Some((Zone::Offset(if sign == b'-' { -seconds } else { seconds }), rest))
}
