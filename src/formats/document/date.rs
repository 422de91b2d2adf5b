//! Output of `date`: the clock of a host at one moment, with its zone; alone in a file or above other outputs.

use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, stamp};
use crate::model::{Key, Parsed, Program, Stamp, Value, Written, Zone, civil, split_civil};

pub static FORMAT: Document = Document {
    name: "date",
    program: Program::Command,
    doc: "one stamp per line: `Sat Nov 21 00:25:46 UTC 2026`, ISO, or with AM/PM",
    sniff,
    read,
    samples: &["Sat Nov 21 00:25:46 UTC 2026\n"],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let mut all = text.lines().filter(|l| !l.trim().is_empty());
    if several(&text).is_some() {
        return 92;
    }
    let one = all.clone().take(4).count();
    let stamped = all.clone().any(|l| stamp_line(l).is_some());
    if one > 0 && stamped && all.all(|l| stamp_line(l).is_some() || l.starts_with(['$', '#'])) { 90 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    if let Some(clocks) = several(&text) {
        for clock in clocks {
            clock_fact(clock.host, clock.stamp, clock.at_once, clock.line, &mut sheet);
        }
        return sheet.account(&text);
    }
    for line in lines(&text) {
        if let Some(stamp) = stamp_line(line.text) {
            zone_fact(stamp, line, &mut sheet);
        }
    }
    sheet.account(&text);
}

/// The clock of one of several hosts.
struct Clock<'a> {
    host: &'a str,
    stamp: Stamp,
    at_once: bool,
    line: Line<'a>,
}

/// `date` of several hosts in one text, and nothing else: behind the host's name as pdsh and clush write it, below it as a
/// loop over ssh writes it, below the header of ansible.
fn several(text: &str) -> Option<Vec<Clock<'_>>> {
    let mut out: Vec<Clock<'_>> = Vec::new();
    let mut above: Option<(&str, bool)> = None;
    for line in lines(text).filter(|l| !l.text.trim().is_empty()).take(4_000) {
        let trimmed = line.text.trim();
        if let Some((host, rest)) = trimmed.split_once(": ").filter(|(h, _)| is_host(h))
            && let Some(stamp) = stamp_line(rest)
        {
            out.push(Clock { host, stamp, at_once: true, line });
        } else if let Some(stamp) = stamp_line(trimmed) {
            let (host, at_once) = above.take()?;
            out.push(Clock { host, stamp, at_once, line });
        } else if let Some((host, _)) = trimmed.split_once(" | ").filter(|(h, r)| is_host(h) && r.ends_with(">>")) {
            above = Some((host, true));
        } else {
            let name = trimmed.trim_matches(|c| matches!(c, '=' | '-' | '#' | '*' | ' ' | ':' | '<' | '>'));
            above = Some((name, false)).filter(|_| is_host(name));
            above?;
        }
    }
    let first = out.first()?.host;
    out.iter().any(|c| c.host != first).then_some(out)
}

/// One word that may name a host, and is no label of a time.
fn is_host(word: &str) -> bool {
    let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let label = ["date", "time", "now", "utc", "rtc", "local", "start", "end", "begin", "clock"];
    plain
        && (1..=253).contains(&word.len())
        && word.bytes().any(|b| b.is_ascii_alphanumeric())
        && !label.contains(&word.to_ascii_lowercase().as_str())
}

/// What the clock of a host showed, among those of others; `at_once`: all were asked by one command.
pub fn clock_fact(host: &str, stamp: Stamp, at_once: bool, line: Line<'_>, sheet: &mut Sheet<'_>) {
    let value = Value::Num(f64::from(u8::from(at_once)));
    sheet.fact_at(Key::ClockRead, Some(host), value, Some(stamp), line);
}

/// The zone that a `date` output proves for its host.
pub fn zone_fact(stamp: Stamp, line: crate::formats::sheet::Line<'_>, sheet: &mut Sheet<'_>) {
    let zone = match stamp.zone {
        Zone::Utc => "UTC".to_owned(),
        Zone::Offset(s) => offset_text(s),
        Zone::Abbrev(word) => String::from_utf8_lossy(&word).trim_end_matches('\0').to_owned(),
        Zone::Unwritten => return,
    };
    sheet.at = Some(stamp);
    sheet.text(Key::TimeZone, Some("host"), &zone, line);
}

/// `+01:00`.
pub fn offset_text(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A line that is a `date` output and nothing else, also behind a `Date:` or `TS` label.
pub fn stamp_line(line: &str) -> Option<Stamp> {
    let line = line.trim();
    let line = ["Date:", "date:", "Local time:", "Time:", "=== ", "--- ", "# "]
        .iter()
        .find_map(|p| line.strip_prefix(p))
        .unwrap_or(line)
        .trim()
        .trim_end_matches(['=', '-', ' ', ':']);
    if let Some((stamp, used)) = stamp::iso(line.as_bytes()) {
        let rest = line.get(used..).unwrap_or("");
        return match stamp::zone_word(rest.as_bytes()) {
            _ if rest.is_empty() => Some(stamp),
            Some((zone, n)) if n == rest.len() => Some(Stamp { zone, ..stamp }),
            _ => None,
        };
    }
    ctime_like(line)
}

/// `Fri Nov 20 19:40:12 EST 2026`, `Fri Nov 20 07:40:12 PM EST 2026`, `Fri 20 Nov 2026 07:40:12 PM EST`.
fn ctime_like(line: &str) -> Option<Stamp> {
    let words: Vec<&str> = line.split_whitespace().map(|w| w.trim_end_matches([',', '.'])).collect();
    if !(4..=8).contains(&words.len()) {
        return None;
    }
    let clock_at = words.iter().position(|w| w.len() >= 7 && w.matches(':').count() == 2)?;
    let year: i32 = words.iter().find_map(|w| w.parse().ok().filter(|y| (1990..2200).contains(y)))?;
    let day: u32 = words.iter().find_map(|w| w.parse().ok().filter(|d| (1..=31).contains(d)))?;
    // The month is found by the reader of syslog stamps, which knows the names of other languages.
    let month = words.iter().find_map(|w| {
        let probe = format!("{w} 01 00:00:00");
        let (stamp, _) = stamp::syslog(probe.as_bytes())?;
        Some(split_civil(stamp.civil).1)
    })?;
    let clock = words.get(clock_at)?;
    let padded = if clock.len() == 7 { format!("0{clock}") } else { (*clock).to_owned() };
    let probe = format!("2000-01-01 {padded}");
    let (time, _) = stamp::iso(probe.as_bytes())?;
    let mut civil_time = time.civil - civil(2000, 1, 1, 0, 0, 0);
    let half_day = 12 * crate::model::HOUR;
    for word in &words {
        match *word {
            "PM" if civil_time < half_day => civil_time += half_day,
            "AM" if civil_time >= half_day => civil_time -= half_day,
            _ => {}
        }
    }
    let known = |w: &&&str| {
        !matches!(**w, "AM" | "PM")
            && w.len() >= 2
            && (w.bytes().all(|b| b.is_ascii_uppercase()) || (w.starts_with(['+', '-']) && w.len() > 2))
    };
    let zone = words.iter().skip(clock_at + 1).find(known).and_then(|w| {
        let spaced = format!(" {w}");
        stamp::zone_word(spaced.as_bytes()).map(|(zone, _)| zone)
    });
    // Prose has more words than a weekday, a date, a time and a zone.
    let rest = words.iter().enumerate().filter(|(i, w)| {
        let number = w.parse::<u32>().is_ok();
        let half = matches!(**w, "AM" | "PM");
        !(*i == clock_at || number || half || known(w))
    });
    if rest.count() > 2 {
        return None;
    }
    Some(Stamp {
        civil: civil(year, month, day, 0, 0, 0) + civil_time,
        zone: zone.unwrap_or(Zone::Unwritten),
        written: Written::Full,
        grain: time.grain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    #[test]
    fn reads_the_spellings_of_date() {
        for (line, want, zone) in [
            ("Fri Nov 20 19:40:12 EST 2026", "2026-11-20T19:40:12.000Z", "EST"),
            ("Fri Nov  6 07:40:12 PM EST 2026", "2026-11-06T19:40:12.000Z", "EST"),
            ("Fri 20 Nov 2026 12:40:12 AM UTC", "2026-11-20T00:40:12.000Z", "UTC"),
            ("Fr 20. Nov 19:40:12 CET 2026", "2026-11-20T19:40:12.000Z", "CET"),
            ("Пт 20 ноя 2026 19:40:12 MSK", "2026-11-20T19:40:12.000Z", "MSK"),
            ("Fri Nov 20 19:40:12 -03 2026", "2026-11-20T19:40:12.000Z", "-03:00"),
            ("2026-11-20T19:40:12+01:00", "2026-11-20T19:40:12.000Z", "+01:00"),
            ("=== 2026-11-20 19:40:12 UTC ===", "2026-11-20T19:40:12.000Z", "UTC"),
        ] {
            let stamp = stamp_line(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(rfc3339(stamp.civil), want, "{line}");
            let mut out = Parsed::default();
            read(line.as_bytes(), "", &mut out);
            assert_eq!(out.facts[0].value.text(), Some(zone), "{line}");
        }
    }

    #[test]
    fn clocks_of_several_hosts_are_told_apart() {
        let pdsh = "pg1: Sat Nov 21 00:25:46 UTC 2026\npg2: Sat Nov 21 00:26:50 UTC 2026\n";
        let ansible = "pg1 | CHANGED | rc=0 >>\nSat Nov 21 00:25:46 UTC 2026\n\npg2 | CHANGED | rc=0 >>\nSat Nov 21 00:26:50 UTC 2026\n";
        let ssh = "pg1\nSat Nov 21 00:25:46 UTC 2026\n== pg2 ==\nSat Nov 21 00:26:50 UTC 2026\n";
        for (text, at_once) in [(pdsh, 1.0), (ansible, 1.0), (ssh, 0.0)] {
            assert!(sniff(text.as_bytes(), "") > 90, "{text}");
            let mut out = Parsed::default();
            read(text.as_bytes(), "", &mut out);
            let read: Vec<_> = out.facts.iter().map(|f| (f.key, f.item.as_deref(), f.value.num())).collect();
            let want = |host| (Key::ClockRead, Some(host), Some(at_once));
            assert_eq!(read, [want("pg1"), want("pg2")], "{text}");
        }
        // One host's clock proves its zone.
        let one = "Date: Sat Nov 21 00:25:46 UTC 2026\nSat Nov 21 00:26:46 UTC 2026\n";
        assert!(several(one).is_none() && sniff(one.as_bytes(), "") == 90);
    }

    #[test]
    fn refuses_prose_and_logs() {
        for line in [
            "2026-11-20 19:40:12,123 INFO: no action",
            "Nov 20 19:40:12 db1 patroni: 2026",
            "the outage began on Nov 20 2026 at 19:40:12 UTC",
            "/dev/sda1 50G 38G 12G 76% /data",
            "",
        ] {
            assert!(stamp_line(line).is_none(), "{line}");
        }
    }
}
