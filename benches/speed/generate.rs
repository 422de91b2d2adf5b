//! Realistic logs of any size from a fixed seed: PostgreSQL, Patroni, etcd; and storms, in which every line is an event. The same arguments give the same bytes.

use std::io::{self, Write};

/// The kinds of logs that can be made.
pub const KINDS: [&str; 6] = ["postgresql", "patroni", "etcd", "postgresql-storm", "patroni-storm", "etcd-storm"];

/// Writes at least `size` bytes of a log, up to the end of a record; `false` if there is no such kind.
pub fn write(kind: &str, size: u64, out: &mut dyn Write) -> io::Result<bool> {
    // 2026-11-01 00:00:00 UTC.
    let mut log = Log { out, left: size as i64, dice: Dice(0x9e37_79b9_7f4a_7c15), at: 1_793_491_200_000_000 };
    match kind {
        "postgresql" => super::postgresql::write(&mut log)?,
        "patroni" => super::patroni::write(&mut log)?,
        "etcd" => super::etcd::write(&mut log)?,
        "postgresql-storm" => super::storm::postgresql(&mut log)?,
        "patroni-storm" => super::storm::patroni(&mut log)?,
        "etcd-storm" => super::storm::etcd(&mut log)?,
        _ => return Ok(false),
    }
    log.out.flush()?;
    Ok(true)
}

/// A log under way: its clock runs in microseconds since 1970.
pub struct Log<'a> {
    out: &'a mut dyn Write,
    left: i64,
    pub dice: Dice,
    pub at: u64,
}

impl Log<'_> {
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.left -= text.len() as i64 + 1;
        self.out.write_all(text.as_bytes())?;
        self.out.write_all(b"\n")
    }

    pub fn full(&self) -> bool {
        self.left <= 0
    }

    /// `2026-11-20 13:45:05` and the microseconds behind it.
    pub fn clock(&self) -> (String, u64) {
        let (seconds, micros) = (self.at / 1_000_000, self.at % 1_000_000);
        let (day, rest) = (seconds / 86_400, seconds % 86_400);
        let (year, month, date) = date(day as i64);
        let (h, m, s) = (rest / 3_600, rest / 60 % 60, rest % 60);
        (format!("{year:04}-{month:02}-{date:02} {h:02}:{m:02}:{s:02}"), micros)
    }
}

/// Howard Hinnant's `civil_from_days`.
fn date(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// Marsaglia's xorshift with a multiplication: the same numbers on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    /// Whether a thing happens that happens `n` times in a thousand.
    pub fn permille(&mut self, n: u64) -> bool {
        self.roll(1_000) < n
    }

    pub fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len() as u64) as usize]
    }
}
