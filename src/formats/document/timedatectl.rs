//! `timedatectl` and `hostnamectl`: zone, synchronisation, host name.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Naming, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "timedatectl",
    program: Program::Command,
    doc: "`Time zone: Europe/Berlin (CET, +0100)`, `System clock synchronized: yes`; `show` prints Timezone=, NTPSynchronized=; `timesync-status` prints Offset",
    sniff,
    read,
    samples: &[
        "               Local time: Sat 2026-11-21 00:25:46 UTC\n           Universal time: Sat 2026-11-21 00:25:46 UTC\n                Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: yes\n",
        "Timezone=Europe/Berlin\nLocalRTC=no\nNTP=yes\nNTPSynchronized=yes\n",
        "   Static hostname: pg1\n         Icon name: computer-vm\n        Machine ID: 0123456789abcdef0123456789abcdef\n",
    ],
};

static LABELS: &[&str] = &[
    "Local time",
    "Universal time",
    "RTC time",
    "Time zone",
    "Timezone",
    "System clock synchronized",
    "NTP synchronized",
    "NTP service",
    "NTPSynchronized",
    "Static hostname",
    "Machine ID",
    "Root distance",
    "Packet count",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    match text.lines().take(60).filter(|l| field(l).is_some_and(|(label, _)| LABELS.contains(&label))).count() {
        0 => 0,
        1 => 50,
        _ => 95,
    }
}

fn field(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (label, value) = line.split_once(": ").or_else(|| line.split_once('='))?;
    Some((label.trim(), value.trim()))
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        let Some((label, value)) = field(line.text) else { continue };
        match label {
            "Local time" => sheet.at = super::date::stamp_line(value.split_once(' ').map_or(value, |(_, rest)| rest)),
            "Time zone" | "Timezone" => {
                let zone = value.split([' ', '(']).next().unwrap_or("");
                // "n/a" where /etc/localtime is no link.
                let zone = if zone == "n/a" {
                    value.split([' ', ',', '(']).find(|w| w.len() > 2 && *w != "n/a").unwrap_or("")
                } else {
                    zone
                };
                sheet.text(Key::TimeZone, Some("host"), zone, line);
            }
            "System clock synchronized" | "NTP synchronized" | "NTPSynchronized" => {
                sheet.num(Key::ClockSynchronised, None, f64::from(u8::from(value == "yes")), line);
            }
            // systemd-timesyncd prints the server's clock minus this one's (`timedatectl timesync-status`).
            "Offset" => {
                if let Some(offset) = seconds(value) {
                    sheet.num(Key::ClockOffset, None, -offset, line);
                }
            }
            "Static hostname" => sheet.name(Naming::Host, value, line),
            _ => {}
        }
    }
    sheet.account(&text);
}

/// `+1.139ms`, `-2min 3.5s`, `762us` (systemd's spans of time) in seconds.
fn seconds(text: &str) -> Option<f64> {
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let parts = text.trim_start_matches(['+', '-']).split_whitespace().map(|part| {
        let unit = part.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = part.split_at_checked(unit)?;
        let one = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        Some(number.parse::<f64>().ok()? * one)
    });
    Some(sign * parts.sum::<Option<f64>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_old_and_new_labels() {
        let text = "      Local time: Fr 2026-11-20 19:25:46 EST\n  Universal time: Sat 2026-11-21 00:25:46 UTC\n        RTC time: Sat 2026-11-21 00:25:46\n       Time zone: America/New_York (EST, -0500)\n     NTP enabled: yes\nNTP synchronized: no\n RTC in local TZ: no\n";
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        assert_eq!(out.facts[0].value.text(), Some("America/New_York"));
        assert!(out.facts[0].at.is_some());
        assert_eq!((out.facts[1].key, out.facts[1].value.num()), (Key::ClockSynchronised, Some(0.0)));
        let mut out = Parsed::default();
        read(FORMAT.samples[1].as_bytes(), "", &mut out);
        assert_eq!(out.facts.len(), 2);
        let text = "       Server: 10.0.0.1 (ntp1)\n         Leap: normal\nRoot distance: 762us (max: 5s)\n       Offset: -1min 2.5s\n Packet count: 12\n";
        assert!(sniff(text.as_bytes(), "") > 90);
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        assert_eq!((out.facts[0].key, out.facts[0].value.num()), (Key::ClockOffset, Some(62.5)));
    }
}
