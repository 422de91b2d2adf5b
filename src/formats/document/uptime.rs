//! `uptime` and `w`: load averages and time since boot; with a `date` nearby, the time of the boot.

use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, stamp};
use crate::model::{Key, Micros, Parsed, Program, SECOND, Stamp, Value, rfc3339};

pub static FORMAT: Document = Document {
    name: "uptime",
    program: Program::Command,
    doc: "` 00:25:46 up 51 min,  0 user,  load average: 6.92, 7.34, 6.26`; `/proc/loadavg`",
    sniff,
    read,
    samples: &[
        " 00:25:46 up 51 min,  0 user,  load average: 6.92, 7.34, 6.26\n",
        " 19:19:18 up 12 days,  3:45,  2 users,  load average: 10.69, 8.99, 6.10\nUSER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if text.lines().take(10).any(|l| row(l).is_some()) { 90 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        if let Some(at) = super::date::stamp_line(line.text) {
            super::date::zone_fact(at, line, &mut sheet);
        }
        facts(line, &mut sheet);
    }
    sheet.account(&text);
}

/// Facts of one line; whether it was one of uptime's.
pub fn facts(line: Line<'_>, sheet: &mut Sheet<'_>) -> bool {
    let Some((up, loads)) = row(line.text) else { return false };
    sheet.num(Key::Uptime, None, up as f64 / SECOND as f64, line);
    if let Some(now) = sheet.at {
        let boot = Stamp { civil: now.civil - up, ..now };
        sheet.fact_at(
            Key::BootTime,
            None,
            Value::Text(rfc3339(boot.civil).trim_end_matches('Z').into()),
            Some(boot),
            line,
        );
    }
    for (name, load) in ["1", "5", "15"].iter().zip(loads) {
        sheet.num(Key::LoadAverage, Some(name), load, line);
    }
    true
}

/// Time since boot and the load averages.
fn row(line: &str) -> Option<(Micros, Vec<f64>)> {
    let line = line.trim().trim_start_matches("top - ");
    let (clock, rest) = line.split_once(" up ")?;
    stamp::iso(format!("2000-01-01 {}", clock.trim()).as_bytes())?;
    let (up, loads) = rest.split_once("load average")?;
    let loads: Vec<f64> = loads
        .trim_start_matches(['s', ':', ' '])
        .split([' '])
        .filter_map(|n| n.trim_end_matches(',').replace(',', ".").parse().ok())
        .collect();
    let mut minutes = 0i64;
    let mut words = up.split([' ', ',']).filter(|w| !w.is_empty()).peekable();
    while let Some(word) = words.next() {
        if let Some((h, m)) = word.split_once(':') {
            minutes += h.parse::<i64>().ok()? * 60 + m.parse::<i64>().ok()?;
        } else if let Ok(n) = word.parse::<i64>() {
            match words.peek().copied().unwrap_or("") {
                w if w.starts_with("day") => minutes += n * 1_440,
                w if w.starts_with("week") => minutes += n * 10_080,
                w if w.starts_with("hour") => minutes += n * 60,
                w if w.starts_with("min") => minutes += n,
                _ => {}
            }
        }
    }
    (loads.len() == 3).then_some((minutes * 60 * SECOND, loads))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_spellings_of_up() {
        for (line, minutes) in [
            (" 00:25:46 up 51 min,  0 user,  load average: 6.92, 7.34, 6.26", 51),
            (" 19:19:18 up 12 days,  3:45,  2 users,  load average: 1.0, 2.0, 3.0", 12 * 1_440 + 225),
            ("19:19:18 up 1 day, 5 min, 1 user, load average: 0,10, 0,20, 0,30", 1_445),
            ("top - 19:19:18 up  3:45,  2 users,  load average: 1.00, 2.00, 3.00", 225),
        ] {
            let (up, loads) = row(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((up, loads.len()), (minutes * 60 * SECOND, 3), "{line}");
        }
        assert!(row("the cluster is up and load average is fine").is_none());
    }

    #[test]
    fn a_date_above_gives_the_time_of_the_boot() {
        let mut out = Parsed::default();
        read(
            b"Sat Nov 21 00:25:46 UTC 2026\n 00:25:46 up 51 min,  0 user,  load average: 6.92, 7.34, 6.26\n",
            "",
            &mut out,
        );
        let boot = out.facts.iter().find(|f| f.key == Key::BootTime).unwrap();
        assert_eq!(rfc3339(boot.at.unwrap().civil), "2026-11-20T23:34:46.000Z");
    }
}
