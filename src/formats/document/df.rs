//! `df` in its usual flags: `-h`, `-k`, `-T`, `-i`, `-P`, wrapped lines, with or without its header.

use crate::formats::{Document, stamp};
use crate::model::{Fact, Key, Parsed, Program, Stamp, Value, Written, Zone};
use std::sync::Arc;

pub static FORMAT: Document = Document {
    name: "df",
    program: Program::Command,
    doc: "Use% and mount point are the last two columns; a preceding `date` line dates the table; the inode table is told by its `I` columns.",
    sniff,
    read,
    samples: &["Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        50G   38G   12G  76% /var/lib/etcd\n"],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let lines = || text.lines().take(60);
    if lines().any(|l| l.starts_with("Filesystem") && l.contains('%') && l.contains("Mounted on")) {
        return 95;
    }
    // Without its header (or in another language): most lines end in `NN% /mount`.
    let rows = lines().filter(|l| row(l).is_some()).count();
    let all = lines().filter(|l| !l.trim().is_empty()).count();
    if rows > 0 && rows * 2 >= all { 60 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut at: Option<Stamp> = None;
    let mut inodes = false;
    let mut wrapped: Option<String> = None;
    for (i, line) in text.lines().enumerate() {
        out.coverage.lines += 1;
        let line = line.trim_end();
        if let Some(found) = date_line(line) {
            at = Some(found);
            out.coverage.understood += 1;
            continue;
        }
        if line.contains("Mounted on") {
            inodes = line.contains("IUse%") || line.contains("IUsed") || line.contains("Inodes");
            out.coverage.understood += 1;
            continue;
        }
        // Old df breaks the line after a long device name.
        let joined = match wrapped.take() {
            Some(device) if line.starts_with(' ') => format!("{device} {}", line.trim()),
            _ => line.to_owned(),
        };
        if joined.starts_with('/') && !joined.trim().contains(' ') {
            wrapped = Some(joined);
            continue;
        }
        let Some((device, used, mount)) = row(&joined) else {
            out.coverage.noise += 1;
            continue;
        };
        out.coverage.understood += 1;
        let text: Arc<str> = Arc::from(line);
        let fact = |key, item: &str, value| Fact { key, item: Some(Arc::from(item)), value, at, line: i as u32 + 1, text: text.clone() };
        out.facts.push(fact(if inodes { Key::FsInodesUsed } else { Key::FsUsed }, mount, Value::Num(used)));
        if !inodes {
            out.facts.push(fact(Key::Mount, mount, Value::Text(Arc::from(device))));
        }
    }
}

/// Device, used per cent, mount point.
fn row(line: &str) -> Option<(&str, f64, &str)> {
    let mut words = line.split_whitespace();
    let device = words.next()?;
    let rest: Vec<&str> = words.collect();
    let at = rest.iter().position(|w| w.len() > 1 && w.ends_with('%'))?;
    let used = rest.get(at)?.trim_end_matches('%').parse().ok()?;
    let mount = rest.get(at + 1)?;
    (mount.starts_with('/') && at >= 2).then_some((device, used, *mount))
}

/// Output of `date` above the table: `Fri Nov 20 19:40:12 EST 2026`, or ISO.
pub fn date_line(line: &str) -> Option<Stamp> {
    if let Some((stamp, used)) = stamp::iso(line.as_bytes()) {
        return (line.len() <= used + 6).then_some(stamp);
    }
    let rest = line.get(4..)?;
    let (mut stamp, used) = stamp::syslog(rest.as_bytes())?;
    let mut words = rest.get(used..)?.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    let (zone, year) = match second {
        Some(year) => (Some(first), year),
        None => (None, first),
    };
    let year: i32 = year.parse().ok().filter(|y| (1990..2200).contains(y))?;
    if let Some(zone) = zone {
        let spaced = format!(" {zone}");
        stamp.zone = stamp::zone_word(spaced.as_bytes()).map_or(Zone::Unwritten, |(z, _)| z);
    }
    let (_, m, d, time) = crate::model::split_civil(stamp.civil);
    stamp.civil = crate::model::civil(year, m, d, 0, 0, 0) + time;
    stamp.written = Written::Full;
    Some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(text: &str) -> Vec<(String, f64)> {
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        out.facts
            .iter()
            .filter(|f| f.key == Key::FsUsed)
            .map(|f| (f.item.as_deref().unwrap_or("").to_owned(), f.value.num().unwrap_or(-1.0)))
            .collect()
    }

    #[test]
    fn reads_wrapped_lines_types_and_dates() {
        let text = "Fri Nov 20 19:40:12 EST 2026\nFilesystem     Type  Size  Used Avail Use% Mounted on\n/dev/sdb       ext4  1.5G   89M  1.4G   7% /var/lib/postgresql\n/dev/mapper/very-long-name\n                      50G   38G   12G  76% /data\n";
        assert_eq!(used(text), [("/var/lib/postgresql".to_owned(), 7.0), ("/data".to_owned(), 76.0)]);
        let at = date_line("Fri Nov 20 19:40:12 EST 2026").unwrap();
        assert_eq!(crate::model::rfc3339(at.civil), "2026-11-20T19:40:12.000Z");
    }
}
