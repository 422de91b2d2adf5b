//! Zones: fixed offsets, IANA names, and what abbreviations may mean.

use crate::model::{DAY, HOUR, MINUTE, Micros, SECOND, Zone, certain_offset};
pub use crate::model::{abbreviation_text, zone_meanings as meanings};
use jiff::tz::TimeZone;

/// From civil time to UTC.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Seconds east of UTC.
    Fixed(i32),
    /// A zone of the tz database (bundled: the same answer on every machine).
    Named(String, TimeZone),
}

impl Rule {
    /// `Europe/Vienna`, `UTC`, `+05:30`, `UTC+9`, `EST`; `None` if it names no zone.
    pub fn named(text: &str) -> Option<Rule> {
        let text = text.trim().trim_matches(['\'', '"']);
        if matches!(text, "UTC" | "GMT" | "Z" | "Etc/UTC" | "Universal") {
            return Some(Rule::Fixed(0));
        }
        let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
        if let Some(seconds) = parse_offset(offset) {
            return Some(Rule::Fixed(seconds));
        }
        if text.contains('/')
            && let Ok(zone) = TimeZone::get(text)
        {
            return Some(Rule::Named(text.to_owned(), zone));
        }
        let mut name = [0u8; 6];
        if text.len() > 6 || text.is_empty() {
            return None;
        }
        for (to, from) in name.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        meanings(&name).first().map(|o| Rule::Fixed(*o))
    }

    /// Civil time minus UTC at a civil time: in the hour that a clock change repeats, as if read for the first time;
    /// in the hour that it leaves out, as before the change.
    pub fn offset(&self, civil: Micros) -> Micros {
        match self {
            Rule::Fixed(seconds) => i64::from(*seconds) * SECOND,
            Rule::Named(_, zone) => {
                let at = |utc: Micros| {
                    jiff::Timestamp::from_microsecond(utc)
                        .map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * SECOND)
                };
                // The offsets of the day before and after: at a change, one of them holds, or both, or none.
                let (before, after) = (at(civil - DAY), at(civil + DAY));
                let holds = |offset: Micros| at(civil - offset) == offset;
                match (holds(before), holds(after)) {
                    (true, true) => before.max(after),
                    (false, true) => after,
                    _ => before,
                }
            }
        }
    }

    /// Civil time minus UTC at a moment.
    pub fn offset_at(&self, utc: Micros) -> Micros {
        match self {
            Rule::Fixed(seconds) => i64::from(*seconds) * SECOND,
            Rule::Named(_, zone) => {
                jiff::Timestamp::from_microsecond(utc).map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * SECOND)
            }
        }
    }

    /// Whether a civil time lies in an hour that the zone has twice.
    pub fn repeats(&self, civil: Micros) -> bool {
        let Rule::Named(_, zone) = self else { return false };
        let at = |utc: Micros| {
            jiff::Timestamp::from_microsecond(utc).map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * SECOND)
        };
        // Two moments an hour apart that read the same.
        let early = self.offset(civil);
        let late = early - HOUR;
        at(civil - early) == early && at(civil - late) == late
    }

    pub fn label(&self) -> String {
        match self {
            Rule::Named(name, _) => name.clone(),
            Rule::Fixed(0) => "UTC".to_owned(),
            Rule::Fixed(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let minutes = seconds.abs() / 60;
                format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..)?.parse::<i32>().ok()?),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Offset of a zone that a stamp states by itself, in seconds.
pub fn written_offset(zone: Zone) -> Option<i32> {
    match zone {
        Zone::Utc => Some(0),
        Zone::Offset(seconds) => Some(seconds),
        Zone::Abbrev(name) => certain_offset(&name),
        Zone::Unwritten => None,
    }
}

/// Whether two offsets could belong to one host in summer and winter.
pub fn near(a: Micros, b: Micros) -> bool {
    (a - b).abs() <= HOUR + MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::civil;

    #[test]
    fn named_zones_know_summer_time() {
        let vienna = Rule::named("Europe/Vienna").unwrap();
        assert_eq!(vienna.offset(civil(2021, 2, 1, 12, 0, 0)), HOUR);
        assert_eq!(vienna.offset(civil(2021, 7, 1, 12, 0, 0)), 2 * HOUR);
        // One minute after the change of 2021-03-28 02:00 CET.
        assert_eq!(vienna.offset(civil(2021, 3, 28, 3, 1, 0)), 2 * HOUR);
    }

    #[test]
    fn the_hour_that_autumn_repeats_is_read_as_its_first_pass_in_every_zone() {
        for (name, at, offset) in [
            ("Europe/Vienna", civil(2021, 10, 31, 2, 30, 0), 2 * HOUR),
            ("America/New_York", civil(2021, 11, 7, 1, 30, 0), -4 * HOUR),
            ("Australia/Sydney", civil(2021, 4, 4, 2, 30, 0), 11 * HOUR),
        ] {
            let rule = Rule::named(name).unwrap();
            assert_eq!(rule.offset(at), offset, "{name}");
            assert!(rule.repeats(at) && !rule.repeats(at - 2 * HOUR) && !rule.repeats(at + 2 * HOUR), "{name}");
        }
        // The hour that spring leaves out does not exist; it is read as before the change.
        assert_eq!(Rule::named("Europe/Vienna").unwrap().offset(civil(2021, 3, 28, 2, 30, 0)), HOUR);
        // Zones with half hours.
        assert_eq!(Rule::named("Asia/Kolkata").unwrap().offset(civil(2021, 7, 1, 0, 0, 0)), 5 * HOUR + HOUR / 2);
        assert_eq!(Rule::named("America/St_Johns").unwrap().offset(civil(2021, 7, 1, 0, 0, 0)), -2 * HOUR - HOUR / 2);
    }

    #[test]
    fn offsets_and_words() {
        assert_eq!(Rule::named("+05:30"), Some(Rule::Fixed(19_800)));
        assert_eq!(Rule::named("UTC+9"), Some(Rule::Fixed(32_400)));
        assert_eq!(Rule::named("EST"), Some(Rule::Fixed(-18_000)));
        assert_eq!(Rule::named("nowhere"), None);
        assert_eq!(Rule::Fixed(-12_600).label(), "UTC-03:30");
    }
}
