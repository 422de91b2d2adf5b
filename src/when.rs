//! Times as people write them: `2026-11-20 13:45`, `2 hours ago`, `yesterday 03:00`, `-90m`, `@1795239845`.

use crate::model::{DAY, HOUR, MINUTE, Micros, SECOND, Span, civil, rfc3339};

/// What a time is counted from where it does not say: the end of the logs, or the clock of the machine.
pub type From = Micros;

/// The part of a bundle that a user wants to know about, as written: relative times count from the last stamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub since: Option<String>,
    pub until: Option<String>,
    /// A moment in the middle instead, and how much before and after it.
    pub at: Option<String>,
    pub around: Option<Micros>,
}

impl Window {
    /// Before and after `--at` if `--window` does not say: ten minutes is what causes look back.
    pub const AROUND: Micros = 10 * MINUTE;

    pub fn is_whole(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.at.is_none()
    }

    /// A span that surely holds what is asked about, if the logs do not end before `end`: a time that counts back from
    /// their end can only be later, and an end that does is open.
    pub fn at_least(&self, end: Micros) -> Option<Span> {
        const FIRST: Micros = Micros::MIN / 4;
        const LAST: Micros = Micros::MAX / 4;
        if self.is_whole() {
            return None;
        }
        let from = |text: &Option<String>| match text {
            Some(text) => parse(text, end).ok(),
            None => Some(FIRST),
        };
        let to = |text: &Option<String>| text.as_deref().and_then(absolute).unwrap_or(LAST);
        let (from, to) = match &self.at {
            Some(_) => {
                let around = self.around.unwrap_or(Self::AROUND);
                (from(&self.at)?.saturating_sub(around), to(&self.at).saturating_add(around))
            }
            None => (from(&self.since)?, to(&self.until)),
        };
        (from <= to).then(|| Span::new(from, to))
    }

    /// The span within what the logs cover. The error names a time that cannot be read, or what the logs do cover.
    pub fn within(&self, whole: Span) -> Result<Span, String> {
        let time = |flag: &str, text: &Option<String>| match text {
            Some(text) => parse(text, whole.to).map(Some).map_err(|e| format!("{flag}: {e}")),
            None => Ok(None),
        };
        let around = self.around.unwrap_or(Self::AROUND);
        let (from, to) = match time("--at", &self.at)? {
            Some(at) => (at - around, at + around),
            None => {
                (time("--since", &self.since)?.unwrap_or(whole.from), time("--until", &self.until)?.unwrap_or(whole.to))
            }
        };
        if to < from && self.since.is_some() && self.until.is_some() {
            return Err("--until lies before --since".to_owned());
        }
        if from > whole.to || to < whole.from {
            return Err(format!(
                "the window {} to {} holds nothing: the logs cover {} to {}",
                rfc3339(from),
                rfc3339(to),
                rfc3339(whole.from),
                rfc3339(whole.to)
            ));
        }
        Ok(Span::new(from, to))
    }
}

/// A time that stands for itself: RFC 3339, `YYYY-MM-DD[ HH:MM[:SS[.mmm]]][Z|+hh:mm]`, `@seconds`. UTC if no zone is said.
pub fn absolute(text: &str) -> Option<Micros> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse::<f64>().ok().filter(|s| s.is_finite()).map(|s| (s * SECOND as f64) as Micros);
    }
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let mut parts = date.split('-');
    let (y, m, d) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    if parts.next().is_some() || !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let rest = rest.strip_prefix(['T', ' ', 't']).unwrap_or(rest).trim_start();
    let split = rest.find(['Z', 'z', '+']).or_else(|| rest.rfind('-')).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(split);
    let clock = clock.trim();
    let clock = if clock.is_empty() { 0 } else { time_of_day(clock)? };
    Some(civil(y as i32, m as u32, d as u32, 0, 0, 0) + clock - offset(zone.trim())?)
}

/// Any time; words and lengths count back from `from`. The error says how to write it.
pub fn parse(text: &str, from: From) -> Result<Micros, String> {
    let words = text.trim().to_ascii_lowercase();
    let help = || {
        format!(
            "{text:?} is no time; write it like \"2026-11-20 13:45\" (UTC), \"2026-11-20T13:45:00+01:00\", \"2 hours ago\", \"-90m\", \"yesterday 03:00\" or \"13:45\""
        )
    };
    if let Some(at) = absolute(text) {
        return Ok(at);
    }
    if words == "now" {
        return Ok(from);
    }
    let midnight = from.div_euclid(DAY) * DAY;
    for (name, start) in [("today", midnight), ("yesterday", midnight - DAY)] {
        if let Some(rest) = words.strip_prefix(name) {
            let rest = rest.trim();
            return if rest.is_empty() { Ok(start) } else { time_of_day(rest).map(|t| start + t).ok_or_else(help) };
        }
    }
    if let Some(t) = time_of_day(&words) {
        let at = midnight + t;
        return Ok(if at > from { at - DAY } else { at });
    }
    let back = words.strip_suffix("ago").map(str::trim).or_else(|| words.strip_prefix('-'));
    back.and_then(length).map(|l| from - l).ok_or_else(help)
}

/// `2 hours`, `90m`, `1h30m`, `1 day 2 h`.
pub fn length(text: &str) -> Option<Micros> {
    let mut total: Micros = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (amount, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let unit = match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
            "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
            "h" | "hr" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            "w" | "week" | "weeks" => 7 * DAY,
            _ => return None,
        };
        let amount: f64 = amount.parse().ok()?;
        if !(0.0..1e6).contains(&amount) {
            return None;
        }
        total = total.checked_add((amount * unit as f64) as Micros)?;
        rest = after.trim_start_matches([' ', ',']).trim_start_matches("and ");
    }
    (total > 0).then_some(total)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `13:45`, `13:45:05`, `13:45:05.683`
fn time_of_day(text: &str) -> Option<Micros> {
    let mut parts = text.splitn(3, ':');
    let (h, m) = (parts.next()?, parts.next()?);
    let (h, m) = (number(h, h.len().clamp(1, 2))?, number(m, 2)?);
    let s = match parts.next() {
        Some(s) => s.replace(',', ".").parse::<f64>().ok()?,
        None => 0.0,
    };
    if h > 24 || m > 59 || !(0.0..61.0).contains(&s) {
        return None;
    }
    Some(h * HOUR + m * MINUTE + (s * SECOND as f64).round() as Micros)
}

/// Microseconds east of UTC.
fn offset(text: &str) -> Option<Micros> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let (h, m) = (number(digits.get(..2)?, 2)?, if digits.len() == 2 { 0 } else { number(digits.get(2..)?, 2)? });
    Some(sign * (h * HOUR + m * MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    #[test]
    fn times_as_people_write_them() {
        let from = absolute("2026-11-21T06:00:00Z").unwrap();
        for (text, at) in [
            ("2026-11-20", "2026-11-20T00:00:00.000Z"),
            ("2026-11-20 13:45", "2026-11-20T13:45:00.000Z"),
            ("2026-11-20T13:45:05.683Z", "2026-11-20T13:45:05.683Z"),
            ("2026-11-20 13:45:05,683", "2026-11-20T13:45:05.683Z"),
            ("2026-11-20T13:45:00+05:30", "2026-11-20T08:15:00.000Z"),
            ("2026-11-20 13:45:00-0400", "2026-11-20T17:45:00.000Z"),
            ("@0", "1970-01-01T00:00:00.000Z"),
            ("2 hours ago", "2026-11-21T04:00:00.000Z"),
            ("-90m", "2026-11-21T04:30:00.000Z"),
            ("1 day 2 h ago", "2026-11-20T04:00:00.000Z"),
            ("yesterday", "2026-11-20T00:00:00.000Z"),
            ("Yesterday 03:10", "2026-11-20T03:10:00.000Z"),
            ("05:30", "2026-11-21T05:30:00.000Z"),
            ("23:50", "2026-11-20T23:50:00.000Z"),
            ("now", "2026-11-21T06:00:00.000Z"),
        ] {
            assert_eq!(parse(text, from).map(rfc3339).as_deref(), Ok(at), "{text}");
        }
    }

    #[test]
    fn a_window_counts_from_the_end_of_the_logs_and_says_where_they_lie() {
        let (from, to) = (absolute("2026-11-20").unwrap(), absolute("2026-11-21").unwrap());
        let whole = Span::new(from, to);
        let since = |text: &str| Window { since: Some(text.to_owned()), ..Window::default() }.within(whole);
        assert_eq!(since("2 hours ago"), Ok(Span::new(to - 2 * HOUR, to)));
        let at = Window { at: Some("2026-11-20 13:45".to_owned()), ..Window::default() };
        assert_eq!(at.within(whole).unwrap().length(), 20 * MINUTE);
        assert!(since("2026-12-01").unwrap_err().contains("cover"), "after the logs");
        assert!(Window { until: Some("2025-01-01".into()), ..Window::default() }.within(whole).is_err());
        assert!(since("tomorrow").unwrap_err().contains("--since"));
    }

    #[test]
    fn a_window_can_be_bounded_before_the_end_of_the_logs_is_known() {
        let end = civil(2026, 11, 21, 12, 0, 0);
        let asked = |since: Option<&str>, until: Option<&str>, at: Option<&str>| {
            let text = |t: Option<&str>| t.map(str::to_owned);
            Window { since: text(since), until: text(until), at: text(at), around: None }
        };
        for window in [
            asked(Some("-2h"), None, None),
            asked(Some("yesterday 03:00"), Some("-30m"), None),
            asked(None, None, Some("11:20")),
            asked(Some("2026-11-21 09:00"), Some("2026-11-21 11:00"), None),
        ] {
            let bound = window.at_least(end).unwrap();
            // The logs may end later than this one.
            for later in [0, MINUTE, 5 * HOUR] {
                let span = window.within(Span::new(end - 9 * DAY, end + later)).unwrap();
                assert!(bound.from <= span.from && span.to <= bound.to, "{window:?} {later}");
            }
        }
        let bound = asked(Some("-2h"), Some("2026-11-21 11:00"), None).at_least(end).unwrap();
        assert_eq!(bound, Span::new(end - 2 * HOUR, end - HOUR));
        assert_eq!(Window::default().at_least(end), None);
        assert_eq!(asked(Some("tomorrow"), None, None).at_least(end), None);
    }

    #[test]
    fn what_is_no_time_is_answered_with_examples() {
        for text in ["", "soon", "2026-13-01", "25:99", "2 fortnights ago", "-", "2026-11-20 99:99", "@x", "ago"] {
            assert!(parse(text, 0).unwrap_err().contains("2 hours ago"), "{text}");
        }
    }
}
