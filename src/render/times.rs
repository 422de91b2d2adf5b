//! Times of a report, which are texts there, for those who draw or shorten them.

use crate::model::{SECOND, civil, rfc3339};

/// Seconds since 1970 of an RFC 3339 time in UTC, as reports hold it.
pub fn seconds(at: &str) -> Option<f64> {
    let part = |range: std::ops::Range<usize>| at.get(range)?.parse::<u32>().ok();
    let (y, m, d) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let ms = part(20..23).unwrap_or(0);
    let whole = civil(i32::try_from(y).ok()?, m, d, hour, minute, second) / SECOND;
    Some(whole as f64 + f64::from(ms) / 1_000.0)
}

/// RFC 3339 of seconds since 1970.
pub fn stamp(t: f64) -> Option<String> {
    let whole = t.floor();
    if !(-6e10..2.5e11).contains(&whole) {
        return None;
    }
    Some(rfc3339(whole as i64 * SECOND + ((t - whole) * 1_000.0) as i64 * 1_000))
}

/// `13:45:05` of an RFC 3339 time.
pub fn clock(at: &str) -> &str {
    at.get(11..19).unwrap_or(at)
}

/// `2021-02-01 13:45:05`.
pub fn day_clock(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!("{} {}", at.get(..10).unwrap_or(""), clock(at)) }
}

/// `2021-02-01 13:45`.
pub fn day_minute(at: &str) -> String {
    let mut text = day_clock(at);
    text.truncate(16);
    text
}

/// A length of time as people say it.
pub fn length(s: f64) -> String {
    let n = s.round().max(0.0) as u64;
    match n {
        _ if s < 10.0 => format!("{s:.1} s"),
        0..120 => format!("{n} s"),
        120..7_200 => format!("{} min {} s", n / 60, n % 60),
        7_200..172_800 => format!("{} h {} min", n / 3_600, n / 60 % 60),
        _ => format!("{} days", n / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shortened() {
        let at = "2021-02-01T13:45:05.683Z";
        assert_eq!(seconds(at), Some(1_612_187_105.683));
        assert_eq!(
            (stamp(1_612_187_105.683).as_deref(), clock(at), day_clock(at), day_minute(at)),
            (Some(at), "13:45:05", "2021-02-01 13:45:05".to_owned(), "2021-02-01 13:45".to_owned())
        );
        assert_eq!((seconds(""), seconds("2021-99-01T00:00:00Z"), seconds("ü")), (None, None, None));
        assert_eq!((length(42.4), length(125.0), length(3.0)), ("42 s".into(), "2 min 5 s".into(), "3.0 s".into()));
    }
}
