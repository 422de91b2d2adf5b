//! Time as written (`Stamp`), and time as known after the clock stage (`Time`).
//!
//! A parser never guesses: what a line does not say (zone, year, day) stays unsaid
//! until the clock stage has seen the whole bundle.

/// Microseconds. Civil stamps count from 1970-01-01 as if they were UTC.
pub type Micros = i64;

pub const SECOND: Micros = 1_000_000;
pub const MINUTE: Micros = 60 * SECOND;
pub const HOUR: Micros = 60 * MINUTE;
pub const DAY: Micros = 24 * HOUR;

/// A stamp exactly as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Wall clock reading as if it were UTC; see `written` for which parts of it are real.
    pub civil: Micros,
    pub zone: Zone,
    pub written: Written,
    pub grain: Grain,
}

/// What the stamp says of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    Utc,
    /// Seconds east of UTC.
    Offset(i32),
    /// An abbreviation such as `CET`, padded with zero bytes; what it means is the clock stage's business.
    Abbrev([u8; 6]),
    Unwritten,
}

/// Which parts of the date a stamp carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Written {
    Full,
    /// Classic syslog: month and day; `civil` is in 1972, a leap year, until the year is found.
    NoYear,
    /// Text of `sar`: time of day only; `civil` is on 1970-01-01.
    NoDate,
    /// Kernel ring buffer: time since boot.
    SinceBoot,
}

/// How finely the stamp was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    Micro,
    Milli,
    Second,
    Minute,
}

impl Grain {
    /// Half-open width of the interval that one stamp stands for.
    pub fn width(self) -> Micros {
        match self {
            Grain::Micro => 1,
            Grain::Milli => 1_000,
            Grain::Second => SECOND,
            Grain::Minute => MINUTE,
        }
    }
}

/// An instant in UTC, known up to `slack` on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    pub at: Micros,
    pub slack: Micros,
}

/// How two instants lie to each other, as far as their clocks allow to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Before,
    After,
    Unknown,
}

impl Order {
    pub fn reversed(self) -> Order {
        match self {
            Order::Before => Order::After,
            Order::After => Order::Before,
            Order::Unknown => Order::Unknown,
        }
    }
}

impl Time {
    /// Whether `self` came before or after `other`, if the slack of both leaves no doubt.
    pub fn order(self, other: Time) -> Order {
        let distance = other.at.saturating_sub(self.at);
        let slack = self.slack.saturating_add(other.slack);
        if distance > slack {
            Order::Before
        } else if distance < -slack {
            Order::After
        } else {
            Order::Unknown
        }
    }
}

/// A stretch of UTC time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: Micros,
    pub to: Micros,
}

impl Span {
    pub fn new(from: Micros, to: Micros) -> Span {
        Span { from: from.min(to), to: from.max(to) }
    }
    pub fn around(at: Micros, before: Micros, after: Micros) -> Span {
        Span::new(at.saturating_sub(before), at.saturating_add(after))
    }
    pub fn contains(&self, at: Micros) -> bool {
        self.from <= at && at <= self.to
    }
    pub fn overlaps(&self, other: &Span) -> bool {
        self.from <= other.to && other.from <= self.to
    }
    pub fn length(&self) -> Micros {
        self.to.saturating_sub(self.from)
    }
    pub fn widened(&self, by: Micros) -> Span {
        Span { from: self.from.saturating_sub(by), to: self.to.saturating_add(by) }
    }
    pub fn union(&self, other: &Span) -> Span {
        Span { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's `days_from_civil`).
pub fn days(year: i32, month: u32, day: u32) -> i64 {
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let shifted = i64::from((month + 9) % 12);
    let doy = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Civil microseconds of a date and a time of day.
pub fn civil(year: i32, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Micros {
    days(year, month, day) * DAY + i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second) * SECOND
}

/// The inverse of `civil`: (year, month, day, microseconds into the day).
pub fn split_civil(at: Micros) -> (i32, u32, u32, Micros) {
    let z = at.div_euclid(DAY) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    let year = (yoe + era * 400 + i64::from(month <= 2)) as i32;
    (year, month, day, at.rem_euclid(DAY))
}

/// RFC 3339 in UTC with milliseconds, as CONTRACT asks: `2021-02-01T13:45:05.683Z`.
pub fn rfc3339(at: Micros) -> String {
    let (y, m, d, rest) = split_civil(at);
    let ms = rest / 1_000;
    format!(
        "{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}.{:03}Z",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1_000 % 60,
        ms % 1_000
    )
}

/// The date of `rfc3339`: `2021-02-01`.
pub fn date(at: Micros) -> String {
    let (y, m, d, _) = split_civil(at);
    format!("{y:04}-{m:02}-{d:02}")
}

/// Microseconds as seconds.
pub fn seconds(us: Micros) -> f64 {
    us as f64 / SECOND as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_survive_the_round_trip() {
        for (y, m, d) in [(1970, 1, 1), (1972, 2, 29), (2000, 2, 29), (2021, 12, 31), (1999, 3, 1)] {
            let at = civil(y, m, d, 13, 45, 5);
            assert_eq!(split_civil(at), (y, m, d, 13 * HOUR + 45 * MINUTE + 5 * SECOND));
        }
        assert_eq!(rfc3339(civil(2021, 2, 1, 13, 45, 5) + 683_000), "2021-02-01T13:45:05.683Z");
    }

    #[test]
    fn order_is_unknown_within_the_slack() {
        let a = Time { at: 0, slack: SECOND };
        let b = Time { at: 3 * SECOND, slack: SECOND };
        let c = Time { at: SECOND, slack: SECOND };
        assert_eq!(a.order(b), Order::Before);
        assert_eq!(b.order(a), Order::After);
        assert_eq!(a.order(c), Order::Unknown);
    }
}
