//! Times of a report, which are texts there, for those who draw or shorten them.

/// Seconds since 1970 of an RFC 3339 time in UTC, as reports hold it.
pub fn seconds(at: &str) -> Option<f64> {
    let part = |range: std::ops::Range<usize>| at.get(range)?.parse::<i64>().ok();
    let (y, m, d) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let ms = part(20..23).unwrap_or(0);
    let days = crate::render::times::days(y, m, d);
    Some((days * 86_400 + hour * 3_600 + minute * 60 + second) as f64 + ms as f64 / 1_000.0)
}

/// Days since 1970 (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// `2021-02-01` of seconds since 1970.
pub fn day(t: i64) -> String {
    let z = t.div_euclid(86_400) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    format!("{:04}-{month:02}-{:02}", yoe + era * 400 + i64::from(month <= 2), doy - (153 * mp + 2) / 5 + 1)
}

/// RFC 3339 of seconds since 1970.
pub fn stamp(t: f64) -> Option<String> {
    let whole = t.floor();
    if !(-6e10..2.5e11).contains(&whole) {
        return None;
    }
    let s = whole as i64;
    let r = s.rem_euclid(86_400);
    let ms = ((t - whole) * 1_000.0) as i64;
    Some(format!("{}T{:02}:{:02}:{:02}.{ms:03}Z", day(s), r / 3_600, r / 60 % 60, r % 60))
}

/// `13:45:05` of an RFC 3339 time.
pub fn clock(at: &str) -> &str {
    at.get(11..19).unwrap_or(at)
}

/// `2021-02-01 13:45:05`.
pub fn day_clock(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!("{} {}", at.get(..10).unwrap_or(""), clock(at)) }
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
            (day(1_612_187_105), clock(at), day_clock(at)),
            ("2021-02-01".to_owned(), "13:45:05", "2021-02-01 13:45:05".to_owned())
        );
        assert_eq!((seconds(""), seconds("2021-99-01T00:00:00Z"), seconds("ü")), (None, None, None));
        assert_eq!((length(42.4), length(125.0), length(3.0)), ("42 s".into(), "2 min 5 s".into(), "3.0 s".into()));
    }
}
