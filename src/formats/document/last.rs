//! `last -x`, `who -b`, `journalctl --list-boots`: when the machine went down and came up.

use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, stamp};
use crate::model::{Grain, Key, Parsed, Program, Stamp, Value, What, Written};

pub static FORMAT: Document = Document {
    name: "last",
    program: Program::Command,
    doc: "`reboot   system boot  5.10 Mon Nov 20 10:00`, with `-F` also seconds and year; boot ids with first and last entry",
    sniff,
    read,
    samples: &[
        "reboot   system boot  5.10.0-8-amd64   Fri Nov 20 10:00   still running\nshutdown system down  5.10.0-8-amd64   Fri Nov 20 09:58 - 10:00  (00:01)\n\nwtmp begins Mon Nov  2 08:00:00 2026\n",
        "IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n -1 0123456789abcdef0123456789abcdef Fri 2026-11-20 10:00:00 UTC Sat 2026-11-21 00:10:00 UTC\n",
        "         system boot  2026-11-20 23:34\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let hit = |l: &str| {
        l.starts_with("reboot   system boot")
            || l.starts_with("wtmp begins")
            || l.starts_with("wtmpdb begins")
            || (l.trim().starts_with("system boot ") && boot_stamp(l).is_some())
            || list_boots(l).is_some()
            || (l.contains("BOOT ID") && l.contains("FIRST ENTRY"))
    };
    if text.lines().take(3_000).any(hit) { 95 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut events: Vec<(Stamp, What, Line<'_>)> = Vec::new();
    for line in lines(&text) {
        if let Some((first, _)) = list_boots(line.text) {
            events.push((first, What::Boot, line));
            continue;
        }
        let what = if line.text.contains("system boot") {
            What::Boot
        } else if line.text.contains("system down") && line.text.starts_with("shutdown") {
            What::SystemShutdown
        } else {
            continue;
        };
        if let Some(at) = boot_stamp(line.text) {
            if line.text.trim_start().starts_with("system boot") {
                sheet.fact_at(Key::BootTime, None, Value::Text(line.text.trim().into()), Some(at), line);
            }
            events.push((at, what, line));
        }
    }
    // `last` prints the newest first; streams are in order of time.
    events.sort_by_key(|(at, ..)| at.civil);
    events.dedup_by_key(|(at, what, _)| (at.civil, *what));
    for (at, what, line) in events {
        sheet.event(Program::Systemd, at, what, None, line);
    }
    sheet.account(&text);
}

/// The first stamp of a line of `last` or `who`.
fn boot_stamp(line: &str) -> Option<Stamp> {
    let words: Vec<&str> = line.split_whitespace().collect();
    for (i, word) in words.iter().enumerate() {
        // who: `2026-11-20 23:34`
        if word.len() == 10 && word.as_bytes().get(4) == Some(&b'-') {
            let clock = words.get(i + 1)?;
            let full = if clock.len() == 5 { format!("{word} {clock}:00") } else { format!("{word} {clock}") };
            let (at, _) = stamp::iso(full.as_bytes())?;
            return Some(Stamp { grain: if clock.len() == 5 { Grain::Minute } else { at.grain }, ..at });
        }
        // last --time-format iso
        if word.len() >= 19
            && let Some((at, _)) = stamp::iso(word.as_bytes())
        {
            return Some(at);
        }
        // `Fri Nov 20 10:00` or `Fri Nov 20 10:00:01 2026`
        let (day, clock) = (words.get(i + 1), words.get(i + 2));
        if let (Some(day), Some(clock)) = (day, clock)
            && word.len() == 3
            && clock.contains(':')
        {
            let seconds = clock.len() == 8;
            let time = if seconds { (*clock).to_owned() } else { format!("{clock}:00") };
            let year = words.get(i + 3).filter(|y| seconds && y.len() == 4 && y.bytes().all(|b| b.is_ascii_digit()));
            let probe = match year {
                Some(year) => format!("{word} {day} {year} {time}"),
                None => format!("{word} {day} {time}"),
            };
            if let Some((at, _)) = stamp::syslog(probe.as_bytes()) {
                let grain = if seconds { at.grain } else { Grain::Minute };
                let written = if year.is_some() { Written::Full } else { Written::NoYear };
                return Some(Stamp { grain, written, ..at });
            }
        }
    }
    None
}

/// `-1 <boot id> Fri 2026-11-20 10:00:00 UTC—Sat 2026-11-21 00:10:00 UTC` (a dash before 252, columns since).
fn list_boots(line: &str) -> Option<(Stamp, Option<Stamp>)> {
    let mut words = line.split_whitespace();
    words.next()?.parse::<i32>().ok()?;
    let id = words.next()?;
    if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let rest = line.split_once(id)?.1.replace(['—', '–'], " ");
    let words: Vec<&str> = rest.split_whitespace().collect();
    let mut stamps = words.windows(3).filter_map(|w| {
        let (date, time, zone) = (w.first()?, w.get(1)?, w.get(2)?);
        super::date::stamp_line(&format!("{date} {time} {zone}"))
            .or_else(|| super::date::stamp_line(&format!("{date} {time}")))
    });
    Some((stamps.next()?, stamps.next()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    fn events(text: &str) -> Vec<(String, What)> {
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        out.streams.iter().flat_map(|s| &s.raws).map(|r| (rfc3339(r.at), r.what)).collect()
    }

    #[test]
    fn boots_and_shutdowns_come_in_order() {
        assert_eq!(
            events(FORMAT.samples[0]),
            [
                ("1972-11-20T09:58:00.000Z".to_owned(), What::SystemShutdown),
                ("1972-11-20T10:00:00.000Z".to_owned(), What::Boot),
            ]
        );
        let full =
            "reboot   system boot  3.10.0-1160.el7. Fri Nov 20 10:00:07 2026 - Sat Nov 21 00:25:46 2026  (14:25)\n";
        assert_eq!(events(full), [("2026-11-20T10:00:07.000Z".to_owned(), What::Boot)]);
        assert_eq!(events(FORMAT.samples[1]), [("2026-11-20T10:00:00.000Z".to_owned(), What::Boot)]);
        assert_eq!(
            events(" 0 0123456789abcdef0123456789abcdef Fri 2026-11-20 10:00:00 CET—Sat 2026-11-21 00:10:00 CET\n")
                .len(),
            1
        );
        assert_eq!(events(FORMAT.samples[2]), [("2026-11-20T23:34:00.000Z".to_owned(), What::Boot)]);
    }
}
