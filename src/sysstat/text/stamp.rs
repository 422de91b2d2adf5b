//! Times and dates as sysstat prints them in any locale.

use chrono::NaiveDate;

/// Seconds since midnight at the beginning of a line, and the rest of the line.
///
/// Knows `13:20:09`, `01:20:09 PM`, `01:06:38 AM CET`, `01時34分57秒`, `01时34分58秒` and `01시 34분 57초`; the spaces may
/// be the narrow ones of newer C libraries.
pub(crate) fn time(line: &str) -> Option<(u32, &str)> {
    let line = line.trim_start_matches([' ', '\t', '\u{feff}']);
    let (hour, rest) = number(line)?;
    let rest = rest.strip_prefix([':', '.', '時', '时', '시'])?;
    let (minute, rest) = number(rest.trim_start_matches(' '))?;
    let rest = rest.strip_prefix([':', '.', '分', '분'])?;
    let (second, rest) = number(rest.trim_start_matches(' '))?;
    let rest = rest.strip_prefix(['秒', '초']).unwrap_or(rest);
    if hour > 24 || minute > 59 || second > 60 || !rest.is_empty() && !rest.starts_with(is_space) {
        return None;
    }
    let (hour, rest) = match half_day(rest) {
        Some((afternoon, rest)) => {
            let hour = hour % 12 + if afternoon { 12 } else { 0 };
            (hour, after_zone(rest))
        }
        None => (hour, rest),
    };
    Some((hour * 3600 + minute * 60 + second, rest))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{202f}' | '\u{a0}')
}

/// One or two digits.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

/// AM or PM: is it afternoon?
fn half_day(rest: &str) -> Option<(bool, &str)> {
    let word = rest.trim_start_matches(is_space);
    let mut letters = word.chars();
    let afternoon = match letters.next()? {
        'A' | 'a' => false,
        'P' | 'p' => true,
        _ => return None,
    };
    let rest = letters.as_str();
    let rest = rest.strip_prefix('.').unwrap_or(rest).strip_prefix(['M', 'm'])?;
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(is_space)).then_some((afternoon, rest))
}

/// en_IN writes the zone behind AM/PM, one space away; columns stand further off.
fn after_zone(rest: &str) -> &str {
    let Some(word) = rest.strip_prefix(' ').filter(|w| !w.starts_with(' ')) else {
        return rest;
    };
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let behind = word.get(letters..).unwrap_or_default();
    let zone = (3..=5).contains(&letters) && (behind.is_empty() || behind.starts_with(is_space));
    // `CPU` is no zone.
    if zone && !word.starts_with("CPU") && !word.starts_with("DEV") && !word.starts_with("IFACE") {
        behind
    } else {
        rest
    }
}

/// The days that a written date may mean: several if day and month can't be told apart.
///
/// `decimal_comma` and `twelve_hours` come from the rows below: only English locales write month first, and none of
/// them has a decimal comma.
pub(crate) fn dates(written: &str, decimal_comma: bool) -> Vec<NaiveDate> {
    let written = written.trim();
    let cjk = written.contains('年') || written.contains('년');
    let parts: Vec<&str> = written.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).collect();
    let &[a, b, c] = parts.as_slice() else {
        return Vec::new();
    };
    let numbers = |s: &str| s.parse::<u32>().ok();
    let (Some(x), Some(y), Some(z)) = (numbers(a), numbers(b), numbers(c)) else {
        return Vec::new();
    };
    let year = |text: &str, n: u32| if text.len() <= 2 { 2000 + n } else { n };
    let day = |y: u32, m: u32, d: u32| NaiveDate::from_ymd_opt(i32::try_from(y).ok()?, m, d);
    if cjk || a.len() == 4 {
        return day(x, y, z).into_iter().collect();
    }
    let (first_month, first_day) = (day(year(c, z), x, y), day(year(c, z), y, x));
    let mut found: Vec<NaiveDate> = if written.contains('.') || written.contains('-') || decimal_comma {
        // 21.11.2026 and nl_NL's 21-11-26: day first.
        first_day.into_iter().collect()
    } else {
        first_month.into_iter().chain(first_day).collect()
    };
    found.dedup();
    found
}

/// Epoch of a UTC civil time written `2026-11-21`, `00:06:25` (JSON, XML, CSV).
pub(crate) fn epoch(date: &str, time_of_day: &str) -> Option<i64> {
    let (date, second) = civil(date, time_of_day)?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() + i64::from(second))
}

/// The same without a statement about the zone.
pub(crate) fn civil(date: &str, time_of_day: &str) -> Option<(NaiveDate, u32)> {
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    // Old sadf wrote 00-06-25.
    let (second, _) = time(&time_of_day.replace('-', ":"))?;
    Some((date, second))
}

/// A cell: decimal point or comma, a percent sign, and the units of `--human` brought to the unit of the column.
pub(crate) fn value(cell: &str, heading: &str) -> Option<f64> {
    let cell = cell.strip_suffix('%').unwrap_or(cell);
    let mut number = cell;
    let mut scale = 1.0;
    if let Some(unit) = cell.chars().last().filter(char::is_ascii_alphabetic) {
        number = cell.strip_suffix(unit)?;
        let bytes = match unit {
            'B' | 'b' => 1.0,
            'k' | 'K' => 1024.0,
            'M' => 1024.0 * 1024.0,
            'G' => 1024.0 * 1024.0 * 1024.0,
            'T' => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            'P' => 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0,
            _ => return None,
        };
        let column = if heading.starts_with("MB") { 1024.0 * 1024.0 } else { 1024.0 };
        scale = bytes / column;
    }
    let plain = number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'+'));
    if !plain || !number.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let parsed: f64 =
        if number.contains(',') { number.replace(',', ".").parse().ok()? } else { number.parse().ok()? };
    Some(parsed * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_locale() {
        for (line, second, rest) in [
            ("01:34:58        CPU", 5698, "        CPU"),
            ("01:30:01 PM CPU", 48601, " CPU"),
            ("12:00:01 AM       all", 1, "       all"),
            ("12:00:01 PM       all", 43201, "       all"),
            ("01:06:38 AM CET        all", 3998, "        all"),
            ("01時34分57秒      CPU", 5697, "      CPU"),
            ("01시 34분 57초        CPU", 5697, "        CPU"),
            ("01:34:58\u{202f}PM  all", 48898, "  all"),
        ] {
            assert_eq!(time(line), Some((second, rest)), "{line}");
        }
        for line in ["Average:  all", "2026-11-21 00:00:00", "12:34", "12:34:56.789 LOG", "99:00:00 x", ""] {
            assert_eq!(time(line), None, "{line}");
        }
    }

    #[test]
    fn a_date_means_what_it_can_mean() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(dates("2026-11-21", false), [day(2026, 11, 21)]);
        assert_eq!(dates("2026年11月21日", false), [day(2026, 11, 21)]);
        assert_eq!(dates("11/21/26", false), [day(2026, 11, 21)]);
        assert_eq!(dates("21/11/2026", true), [day(2026, 11, 21)]);
        assert_eq!(dates("21-11-26", true), [day(2026, 11, 21)]);
        assert_eq!(dates("03/04/26", false), [day(2026, 3, 4), day(2026, 4, 3)]);
        assert_eq!(dates("03/03/26", false), [day(2026, 3, 3)]);
    }

    #[test]
    fn cells() {
        assert_eq!(value("47,50", "%user"), Some(47.5));
        assert_eq!(value("17.0%", "%util"), Some(17.0));
        assert_eq!(value("1.5G", "kbmemfree"), Some(1.5 * 1024.0 * 1024.0));
        assert_eq!(value("1.5G", "MBfsfree"), Some(1536.0));
        assert_eq!(value("sda", "tps"), None);
    }
}
