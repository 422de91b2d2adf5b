//! Patroni's default layout: `2021-02-01 13:45:05,683 INFO: text`.

use super::clock::Clock;
use super::{Origin, QuickHead};
use crate::formats::patroni_custom;
use crate::model::{Grain, Level, Program, Stamp, Written, Zone};

/// Bytes of `2021-02-01 13:45:05,683`.
pub const STAMP: usize = 23;

#[derive(Debug, Default)]
pub struct Lane {
    clock: Clock,
}

impl Lane {
    #[inline]
    pub fn head<'a>(&mut self, line: &'a [u8]) -> Option<QuickHead<'a>> {
        let (stamp, rest) = line.split_first_chunk::<STAMP>()?;
        let (level, message) = level(rest.strip_prefix(b" ")?)?;
        let message = match message.first() {
            // `patroni.ha: text`, in brackets or not.
            Some(b'p' | b'[') => patroni_custom::without_logger(message),
            _ => message,
        };
        // The general reader wants to see what two spaces and answers of other members are.
        if message.first() == Some(&b' ') || message.starts_with(b"Got response from ") {
            return None;
        }
        let origin = self.origin(stamp)?;
        Some(QuickHead { origin, level, message, detail: false, more: false, object: None, fields: b"" })
    }

    #[inline]
    pub fn origin(&mut self, stamp: &[u8; STAMP]) -> Option<Origin> {
        let civil = self.clock.moment(stamp, b' ', b',')?;
        let stamp = Stamp { civil, zone: Zone::Unwritten, written: Written::Full, grain: Grain::Milli };
        Some(Origin { program: Program::Patroni, stamp, pid: 0 })
    }
}

#[inline]
fn level(text: &[u8]) -> Option<(Level, &[u8])> {
    match text.first()? {
        b'I' => Some((Level::Info, text.strip_prefix(b"INFO: ")?)),
        b'W' => Some((Level::Warning, text.strip_prefix(b"WARNING: ")?)),
        b'E' => Some((Level::Error, text.strip_prefix(b"ERROR: ")?)),
        _ => None,
    }
}
