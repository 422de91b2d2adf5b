//! Hand-written readers of stamps; each gives the stamp and how many bytes it took.
//!
//! By hand because this is the hottest code: a chrono pattern read 0.3–1.2 GB/s of log here,
//! these 2–6 (ARCHITECTURE.md, speed).

use crate::model::{Grain, HOUR, Micros, SECOND, Stamp, Written, Zone, civil};
use std::borrow::Cow;

/// `2021-02-01 13:45:05,683`, `2021-02-01T13:45:05.683123Z`, `2021/02/01 13:45:05`, optionally with
/// an offset glued on or ` +0100` after one space. No zone words: see `zone_word`.
pub fn iso(text: &[u8]) -> Option<(Stamp, usize)> {
    let year = digits(text, 0, 4)?;
    let dash = *text.get(4)?;
    if !matches!(dash, b'-' | b'/') || *text.get(7)? != dash {
        return None;
    }
    let month = digits(text, 5, 2)?;
    let day = digits(text, 8, 2)?;
    // A tab where a table was copied cell by cell.
    if !matches!(text.get(10)?, b' ' | b'T' | b'\t') {
        return None;
    }
    let (time, grain, end) = clock(text, 11)?;
    if !valid(month, day) || year < 1970 {
        return None;
    }
    let at = civil(year as i32, month, day, 0, 0, 0) + time;
    let (zone, end) = offset(text, end);
    Some((Stamp { civil: at, zone, written: Written::Full, grain }, end))
}

/// `13:45:05`, with up to nine decimals after `.` or `,`; the hour may be 24 hours only.
fn clock(text: &[u8], at: usize) -> Option<(Micros, Grain, usize)> {
    let hour = digits(text, at, 2)?;
    let minute = digits(text, at + 3, 2)?;
    let second = digits(text, at + 6, 2)?;
    if *text.get(at + 2)? != b':' || *text.get(at + 5)? != b':' || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let whole = (i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second)) * SECOND;
    let end = at + 8;
    if !matches!(text.get(end), Some(b'.' | b',')) {
        return Some((whole, Grain::Second, end));
    }
    let mut micros = 0i64;
    let mut n = 0;
    while let Some(d) = text.get(end + 1 + n).filter(|b| b.is_ascii_digit()) {
        if n < 6 {
            micros = micros * 10 + i64::from(d - b'0');
        }
        n += 1;
    }
    if n == 0 {
        return Some((whole, Grain::Second, end));
    }
    for _ in n..6 {
        micros *= 10;
    }
    let grain = if n >= 6 { Grain::Micro } else { Grain::Milli };
    Some((whole + micros, grain, end + 1 + n))
}

/// `Z`, `+01`, `+0100`, `+01:00`, ` +0100` at `at`.
fn offset(text: &[u8], at: usize) -> (Zone, usize) {
    let start = match (text.get(at), text.get(at + 1)) {
        (Some(b'Z'), _) => return (Zone::Utc, at + 1),
        (Some(b'+' | b'-'), _) => at,
        (Some(b' '), Some(b'+' | b'-')) => at + 1,
        _ => return (Zone::Unwritten, at),
    };
    let sign = if text.get(start) == Some(&b'-') { -1 } else { 1 };
    let Some(hours) = digits(text, start + 1, 2).filter(|h| *h <= 15) else {
        return (Zone::Unwritten, at);
    };
    let colon = usize::from(text.get(start + 3) == Some(&b':'));
    let (minutes, end) = match digits(text, start + 3 + colon, 2) {
        Some(m) if m < 60 => (m, start + 5 + colon),
        _ => (0, start + 3),
    };
    (Zone::Offset(sign * (hours * 3_600 + minutes * 60) as i32), end)
}

/// A zone word after one space (` UTC`, ` CET`, ` -03`, ` +0530`): the zone and the bytes taken.
pub fn zone_word(text: &[u8]) -> Option<(Zone, usize)> {
    // `… 13:45:05 LOG:  text` names no zone.
    zone_word_then_colon(text).filter(|(zone, end)| text.get(*end) != Some(&b':') || matches!(zone, Zone::Offset(_)))
}

/// The same, where what follows may be a colon: `%t:%r:%u@%d:[%p]:` gives `… 13:45:05 CET:10.0.0.1(4):a@b:[7]:`.
pub fn zone_word_then_colon(text: &[u8]) -> Option<(Zone, usize)> {
    let rest = text.strip_prefix(b" ")?;
    if matches!(rest.first()?, b'+' | b'-') {
        let (zone, end) = offset(text, 0);
        return (zone != Zone::Unwritten).then_some((zone, end));
    }
    let len = rest.iter().position(|b| !b.is_ascii_uppercase()).unwrap_or(rest.len());
    if !(1..=5).contains(&len) || matches!(rest.get(len), Some(b) if b.is_ascii_alphanumeric() || *b == b'_') {
        return None;
    }
    Some((abbreviation(rest.get(..len)?), len + 1))
}

/// The zone that an abbreviation names; UTC and GMT are certain, others stay words.
pub fn abbreviation(word: &[u8]) -> Zone {
    if matches!(word, b"UTC" | b"GMT" | b"Z" | b"UCT") {
        return Zone::Utc;
    }
    let mut name = [0u8; 6];
    for (to, from) in name.iter_mut().zip(word) {
        *to = *from;
    }
    Zone::Abbrev(name)
}

/// `Feb  1 13:45:05`, also with fractions, with a year after the day, or with a month in another language.
pub fn syslog(text: &[u8]) -> Option<(Stamp, usize)> {
    let (month, after) = month(text)?;
    let mut at = after;
    let gap = at;
    while text.get(at) == Some(&b' ') {
        at += 1;
    }
    if at == gap {
        return None;
    }
    let day = match digits(text, at, 2) {
        Some(day) => {
            at += 2;
            day
        }
        None => {
            at += 1;
            digits(text, at - 1, 1)?
        }
    };
    if text.get(at) != Some(&b' ') || !valid(month, day) {
        return None;
    }
    at += 1;
    let mut year = None;
    if let (Some(y), Some(b' ')) = (digits(text, at, 4), text.get(at + 4)) {
        year = Some(y);
        at += 5;
    }
    let (time, grain, end) = clock(text, at)?;
    let base = civil(year.unwrap_or(1972) as i32, month, day, 0, 0, 0);
    let written = if year.is_some() { Written::Full } else { Written::NoYear };
    Some((Stamp { civil: base + time, zone: Zone::Unwritten, written, grain }, end))
}

/// `01.02.2021 13:45:05`, `01/Feb/2021:13:45:05`, `01-Feb-2021 13:45:05`, `01 Feb 2021 13:45:05`: day first.
/// `01/02/2021` is left alone: it is one day in Europe and another in America.
pub fn european(text: &[u8]) -> Option<(Stamp, usize)> {
    let day = digits(text, 0, 2)?;
    let mark = *text.get(2)?;
    if !matches!(mark, b'.' | b'/' | b'-' | b' ') {
        return None;
    }
    let (month, after) = match digits(text, 3, 2).filter(|_| mark == b'.') {
        Some(month) => (month, 5),
        None => month(text.get(3..)?).map(|(m, n)| (m, 3 + n))?,
    };
    if *text.get(after)? != mark {
        return None;
    }
    let year = digits(text, after + 1, 4)?;
    if !matches!(text.get(after + 5)?, b' ' | b':' | b'T') || !valid(month, day) || year < 1970 {
        return None;
    }
    let (time, grain, end) = clock(text, after + 6)?;
    let at = civil(year as i32, month, day, 0, 0, 0) + time;
    let (zone, end) = offset(text, end);
    Some((Stamp { civil: at, zone, written: Written::Full, grain }, end))
}

/// `Tue Jul 14 12:00:00 2020`, as ctime prints.
pub fn ctime(text: &[u8]) -> Option<(Stamp, usize)> {
    let rest = text.get(4..)?;
    if text.get(3) != Some(&b' ') {
        return None;
    }
    let (stamp, used) = syslog(rest)?;
    let at = 4 + used;
    let year = match (text.get(at), digits(text, at + 1, 4)) {
        (Some(b' '), Some(y)) if stamp.written == Written::NoYear => y,
        _ => return None,
    };
    let (_, m, d, time) = crate::model::split_civil(stamp.civil);
    let at_civil = civil(year as i32, m, d, 0, 0, 0) + time;
    Some((Stamp { civil: at_civil, written: Written::Full, ..stamp }, at + 5))
}

/// `[12345.678901]` and `[    1.234567]`: seconds since boot.
pub fn since_boot(text: &[u8]) -> Option<(Stamp, usize)> {
    let inner = text.strip_prefix(b"[")?;
    let close = memchr::memchr(b']', inner.get(..48.min(inner.len()))?)?;
    let number = inner.get(..close)?.trim_ascii();
    // `dmesg --show-delta` and journalctl's short-delta add the time since the line before: `12.3 <    0.000100 >`.
    let number = match memchr::memchr(b'<', number) {
        Some(at) if number.ends_with(b">") => number.get(..at)?.trim_ascii_end(),
        _ => number,
    };
    let dot = memchr::memchr(b'.', number)?;
    let (whole, fraction) = (number.get(..dot)?, number.get(dot + 1..)?);
    if fraction.len() != 6 || whole.is_empty() || whole.len() > 10 {
        return None;
    }
    let seconds = digits(whole, 0, whole.len())?;
    let micros = digits(fraction, 0, 6)?;
    let at = i64::from(seconds) * SECOND + i64::from(micros);
    Some((Stamp { civil: at, zone: Zone::Unwritten, written: Written::SinceBoot, grain: Grain::Micro }, close + 2))
}

/// `1616923456.123`: seconds since 1970 (PostgreSQL's `%n`, journalctl's `short-unix`).
pub fn epoch(text: &[u8]) -> Option<(Stamp, usize)> {
    let whole = digits(text, 0, 10)?;
    if text.get(10) != Some(&b'.') {
        return None;
    }
    let n = text.iter().skip(11).take_while(|b| b.is_ascii_digit()).count();
    if !(3..=6).contains(&n) || whole < 900_000_000 {
        return None;
    }
    let mut micros = i64::from(digits(text, 11, n)?);
    for _ in n..6 {
        micros *= 10;
    }
    let grain = if n == 6 { Grain::Micro } else { Grain::Milli };
    Some((Stamp { civil: i64::from(whole) * SECOND + micros, zone: Zone::Utc, written: Written::Full, grain }, 11 + n))
}

/// `11/21/2026, 12:13:31.489 AM`: month first, as browsers of the United States write it.
pub fn american(text: &[u8]) -> Option<Stamp> {
    let comma = memchr::memchr2(b',', b' ', text)?;
    let mut parts = text.get(..comma)?.split(|b| *b == b'/').map(|p| digits(p, 0, p.len()));
    let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
    let time =
        text.get(comma..)?.trim_ascii_start().strip_prefix(b",").unwrap_or(text.get(comma..)?).trim_ascii_start();
    // Hours of one digit.
    let time: Cow<'_, [u8]> =
        if time.get(1) == Some(&b':') { Cow::Owned([b"0", time].concat()) } else { Cow::Borrowed(time) };
    let (mut of_day, grain, end) = clock(&time, 0)?;
    match time.get(end..)?.trim_ascii() {
        b"AM" | b"am" if of_day / HOUR == 12 => of_day -= 12 * HOUR,
        b"PM" | b"pm" if of_day / HOUR < 12 => of_day += 12 * HOUR,
        _ => {}
    }
    (valid(month, day) && (1970..10_000).contains(&year)).then(|| Stamp {
        civil: civil(year as i32, month, day, 0, 0, 0) + of_day,
        zone: Zone::Unwritten,
        written: Written::Full,
        grain,
    })
}

/// Whatever log shippers put under a time key: RFC 3339, or seconds, milli-, micro- or nanoseconds since 1970.
pub fn shipped(text: &[u8]) -> Option<Stamp> {
    if let Some((stamp, _)) = iso(text).or_else(|| epoch(text)) {
        return Some(stamp);
    }
    let whole = text.split(|b| *b == b'.').next()?;
    let value: i64 = std::str::from_utf8(whole).ok()?.parse().ok().filter(|v| *v > 0)?;
    let micros = match whole.len() {
        10 => value * SECOND,
        13 => value * 1_000,
        16 => value,
        19 => value / 1_000,
        _ => return None,
    };
    let grain = match whole.len() {
        10 => Grain::Second,
        13 => Grain::Milli,
        _ => Grain::Micro,
    };
    Some(Stamp { grain, ..from_micros(micros) })
}

/// A stamp from microseconds since 1970 in UTC.
pub fn from_micros(at: Micros) -> Stamp {
    Stamp { civil: at, zone: Zone::Utc, written: Written::Full, grain: Grain::Micro }
}

/// An unsigned number of exactly `n` digits at `at`.
pub fn digits(text: &[u8], at: usize, n: usize) -> Option<u32> {
    let mut value = 0u32;
    for b in text.get(at..at.checked_add(n)?)? {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u32::from(b - b'0'))?;
    }
    Some(value)
}

fn valid(month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// Month names that syslog and journalctl print under other locales, beside the English ones.
/// Three-letter forms first; a trailing dot is allowed. Source: glibc's `abmon` tables.
static MONTHS: &[(&str, u32)] = &[
    ("Jan", 1),
    ("Feb", 2),
    ("Mar", 3),
    ("Apr", 4),
    ("May", 5),
    ("Jun", 6),
    ("Jul", 7),
    ("Aug", 8),
    ("Sep", 9),
    ("Oct", 10),
    ("Nov", 11),
    ("Dec", 12),
    ("Mär", 3),
    ("Mai", 5),
    ("Okt", 10),
    ("Dez", 12),
    ("janv", 1),
    ("févr", 2),
    ("mars", 3),
    ("avril", 4),
    ("avr", 4),
    ("mai", 5),
    ("juin", 6),
    ("juil", 7),
    ("août", 8),
    ("sept", 9),
    ("oct", 10),
    ("nov", 11),
    ("déc", 12),
    ("ene", 1),
    ("feb", 2),
    ("mar", 3),
    ("abr", 4),
    ("may", 5),
    ("jun", 6),
    ("jul", 7),
    ("ago", 8),
    ("sep", 9),
    ("dic", 12),
    ("gen", 1),
    ("mag", 5),
    ("giu", 6),
    ("lug", 7),
    ("set", 9),
    ("ott", 10),
    ("jan", 1),
    ("fev", 2),
    ("out", 10),
    ("dez", 12),
    ("янв", 1),
    ("фев", 2),
    ("мар", 3),
    ("апр", 4),
    ("май", 5),
    ("мая", 5),
    ("июн", 6),
    ("июл", 7),
    ("авг", 8),
    ("сен", 9),
    ("окт", 10),
    ("ноя", 11),
    ("дек", 12),
    ("июня", 6),
    ("июля", 7),
    ("нояб", 11),
    ("сент", 9),
    ("sty", 1),
    ("lut", 2),
    ("kwi", 4),
    ("maj", 5),
    ("cze", 6),
    ("lip", 7),
    ("sie", 8),
    ("wrz", 9),
    ("paź", 10),
    ("lis", 11),
    ("gru", 12),
    ("led", 1),
    ("úno", 2),
    ("bře", 3),
    ("dub", 4),
    ("kvě", 5),
    ("čen", 6),
    ("čec", 7),
    ("srp", 8),
    ("zář", 9),
    ("říj", 10),
    ("pro", 12),
    ("Oca", 1),
    ("Şub", 2),
    ("Nis", 4),
    ("Haz", 6),
    ("Tem", 7),
    ("Ağu", 8),
    ("Eyl", 9),
    ("Eki", 10),
    ("Kas", 11),
    ("Ara", 12),
    ("mrt", 3),
    ("apr", 4),
    ("mei", 5),
    ("aug", 8),
    ("okt", 10),
    ("dec", 12),
    ("січ", 1),
    ("лют", 2),
    ("бер", 3),
    ("кві", 4),
    ("тра", 5),
    ("чер", 6),
    ("лип", 7),
    ("сер", 8),
    ("вер", 9),
    ("жов", 10),
    ("лис", 11),
    ("гру", 12),
    ("იან", 1),
    ("თებ", 2),
    ("მარ", 3),
    ("აპრ", 4),
    ("მაი", 5),
    ("ივნ", 6),
    ("ივლ", 7),
    ("აგვ", 8),
    ("სექ", 9),
    ("ოქტ", 10),
    ("ნოე", 11),
    ("დეკ", 12),
    ("Ιαν", 1),
    ("Φεβ", 2),
    ("Μάρ", 3),
    ("Απρ", 4),
    ("Μάι", 5),
    ("Ιούν", 6),
    ("Ιούλ", 7),
    ("Αύγ", 8),
    ("Σεπ", 9),
    ("Οκτ", 10),
    ("Νοέ", 11),
    ("Δεκ", 12),
];

/// `2月`, `12월`: Chinese, Japanese and Korean count their months.
fn counted_month(text: &[u8]) -> Option<(u32, usize)> {
    let blank = text.iter().take_while(|b| **b == b' ').count().min(1);
    let n = text.iter().skip(blank).take(2).take_while(|b| b.is_ascii_digit()).count();
    let m = digits(text, blank, n).filter(|m| n > 0 && (1..=12).contains(m))?;
    let rest = text.get(blank + n..)?;
    let word = ["月", "월"].iter().find(|w| rest.starts_with(w.as_bytes()))?;
    Some((m, blank + n + word.len()))
}

/// Month number and the bytes of its name.
fn month(text: &[u8]) -> Option<(u32, usize)> {
    // English first and fast: nearly every line ends here.
    let head = text.get(..3)?;
    if let Some((_, m)) = MONTHS.get(..12)?.iter().find(|(name, _)| name.as_bytes() == head) {
        return Some((*m, 3));
    }
    if !head.first()?.is_ascii_alphabetic() && head.first()?.is_ascii() {
        return if head.iter().any(|b| *b >= 0x80) { counted_month(text) } else { None };
    }
    let (name, m) =
        MONTHS.iter().skip(12).filter(|(n, _)| text.starts_with(n.as_bytes())).max_by_key(|(n, _)| n.len())?;
    let end = name.len();
    Some((*m, end + usize::from(text.get(end) == Some(&b'.'))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    fn read(f: fn(&[u8]) -> Option<(Stamp, usize)>, text: &str) -> (String, Zone, usize) {
        let (stamp, used) = f(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
        (rfc3339(stamp.civil), stamp.zone, used)
    }

    #[test]
    fn a_date_of_the_united_states_has_a_year_of_four_digits() {
        let year = |year: &str| american(format!("11/21/{year}, 12:13:31.489 AM").as_bytes()).map(|s| rfc3339(s.civil));
        assert_eq!(year("2026").as_deref(), Some("2026-11-21T00:13:31.489Z"));
        for other in ["20262026", "2147483647", "4294967295", "26"] {
            assert_eq!(year(other), None, "{other}");
        }
    }

    #[test]
    fn reads_every_iso_spelling() {
        assert_eq!(read(iso, "2021-02-01 13:45:05,683 INFO"), ("2021-02-01T13:45:05.683Z".into(), Zone::Unwritten, 23));
        assert_eq!(read(iso, "2023-05-19T07:04:23.473Z"), ("2023-05-19T07:04:23.473Z".into(), Zone::Utc, 24));
        assert_eq!(
            read(iso, "2026-11-20 19:35:12 -0500 INFO"),
            ("2026-11-20T19:35:12.000Z".into(), Zone::Offset(-18_000), 25)
        );
        assert_eq!(
            read(iso, "2022-08-17T21:15:19.346029+02:00"),
            ("2022-08-17T21:15:19.346Z".into(), Zone::Offset(7_200), 32)
        );
        assert_eq!(read(iso, "2025/03/11 23:54:00 INFO: x"), ("2025-03-11T23:54:00.000Z".into(), Zone::Unwritten, 19));
    }

    #[test]
    fn reads_syslog_ctime_boot_and_epoch() {
        assert_eq!(read(syslog, "Feb  1 13:45:05 patroni:").0, "1972-02-01T13:45:05.000Z");
        assert_eq!(read(syslog, "Feb 1 13:45:05 patroni:").0, "1972-02-01T13:45:05.000Z");
        assert_eq!(read(syslog, "авг 24 10:00:00 db1").0, "1972-08-24T10:00:00.000Z");
        assert_eq!(read(syslog, "2月 24 10:00:00 db1").0, "1972-02-24T10:00:00.000Z");
        assert_eq!(read(syslog, "12월  4 10:00:00 db1").0, "1972-12-04T10:00:00.000Z");
        assert_eq!(read(syslog, "paź 24 10:00:00 db1").0, "1972-10-24T10:00:00.000Z");
        for text in
            ["01.02.2021 13:45:05", "01/Feb/2021:13:45:05 +0000", "01-Feb-2021 13:45:05", "01 févr 2021 13:45:05"]
        {
            assert_eq!(read(european, text).0, "2021-02-01T13:45:05.000Z", "{text}");
        }
        assert!(european(b"01/02/2021 13:45:05").is_none());
        assert_eq!(read(ctime, "Tue Jul 14 12:00:00 2020]").0, "2020-07-14T12:00:00.000Z");
        assert_eq!(read(since_boot, "[   12.345678] x").0, "1970-01-01T00:00:12.345Z");
        assert_eq!(read(since_boot, "[   12.345678 <    0.000072 >] x").0, "1970-01-01T00:00:12.345Z");
        assert_eq!(read(epoch, "1616923456.123 [99]").0, "2021-03-28T09:24:16.123Z");
    }

    #[test]
    fn knows_zone_words() {
        assert_eq!(zone_word(b" UTC [12]"), Some((Zone::Utc, 4)));
        assert_eq!(zone_word(b" -03 [12]"), Some((Zone::Offset(-10_800), 4)));
        assert_eq!(zone_word(b" LOG:  x"), None);
        assert!(matches!(zone_word(b" AEDT,,"), Some((Zone::Abbrev(_), 5))));
    }

    #[test]
    fn refuses_what_is_no_stamp() {
        for bad in ["", "2021-02-01", "2021-13-01 00:00:00", "2021-02-01 25:00:00", "20210201 00:00:00", "\u{1f600}"] {
            assert!(iso(bad.as_bytes()).is_none(), "{bad}");
            assert!(syslog(bad.as_bytes()).is_none(), "{bad}");
            assert!(ctime(bad.as_bytes()).is_none(), "{bad}");
            assert!(since_boot(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
