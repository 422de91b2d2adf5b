//! What a bundle may cost: every limit of reading in one table, with its default and how to change it.
//!
//! Evidence comes from strangers, and a ticket attachment may be a bomb, by malice or by accident (a sparse `lastlog`
//! of 300 GB packs into a few kilobytes). Hitting a limit costs one line of the report, never the report.

use crate::model::Caps;
use std::fmt::Write as _;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Bounds on what is read. All are per file given (or found in a folder), so that one hostile archive cannot take
/// anything away from its neighbours and the order of work cannot change the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Layers of archives and compressions inside each other; zip → xz → tar → gz is four.
    pub depth: u64,
    /// Entries in one archive with all that it holds, and files below one folder.
    pub entries: u64,
    /// Bytes read from one entry.
    pub member: u64,
    /// Bytes decompressed from one archive with all that it holds.
    pub total: u64,
    /// Bytes out for one byte in. Real logs reach 46, zeros 1,030 in gzip and 885,000 in bzip2.
    pub ratio: u64,
    /// Bytes that one entry may always have before its ratio is looked at.
    pub grace: u64,
    /// Bytes that one archive may always have before its ratio is looked at: room for a sparse file or two on the way.
    pub archive_grace: u64,
    /// Bytes of a zip inside another archive (or from stdin) that are held in memory, because a zip has its directory at
    /// the end. A larger one is read from its front, without it.
    pub zip: u64,
    /// Bytes that an xz or zstd stream may ask for as its window.
    pub window: u64,
    /// Hosts that are judged; those with the most lines are kept.
    pub hosts: u64,
    /// Events that are judged; beyond, equal ones further apart from each other become one.
    pub events: u64,
    /// See [`Caps`], as the two below.
    pub line: u64,
    pub whole: u64,
    pub undated: u64,
    pub beats: u64,
}

/// A limit that stays as it is, and why.
struct Fixed {
    amount: &'static str,
    about: &'static str,
    why: &'static str,
}

struct Row {
    name: &'static str,
    default: u64,
    most: u64,
    about: &'static str,
    field: fn(&mut Limits) -> &mut u64,
}

/// The table that names, defaults, help and error messages come from.
#[rustfmt::skip]
const TABLE: [Row; 15] = [
    // The layers are walked by recursion, so the user's freedom ends where the stack does.
    Row { name: "depth", default: 8, most: 64, about: "archives and compressions inside each other", field: |l| &mut l.depth },
    Row { name: "entries", default: 200_000, most: u64::MAX, about: "entries of one archive, files of one folder", field: |l| &mut l.entries },
    Row { name: "member", default: 64 * GIB, most: u64::MAX, about: "bytes of one entry", field: |l| &mut l.member },
    Row { name: "total", default: 256 * GIB, most: u64::MAX, about: "bytes decompressed from one archive", field: |l| &mut l.total },
    Row { name: "ratio", default: 200, most: u64::MAX, about: "bytes out for one byte in", field: |l| &mut l.ratio },
    Row { name: "grace", default: 16 * MIB, most: u64::MAX, about: "bytes of one entry before its ratio counts", field: |l| &mut l.grace },
    Row { name: "archive-grace", default: 4 * GIB, most: u64::MAX, about: "bytes of one archive before its ratio counts", field: |l| &mut l.archive_grace },
    Row { name: "zip", default: 128 * MIB, most: u64::MAX, about: "bytes of a zip inside an archive held in memory", field: |l| &mut l.zip },
    Row { name: "window", default: 128 * MIB, most: 4 * GIB, about: "bytes of memory an xz or zstd stream may ask for", field: |l| &mut l.window },
    // Ids of hosts are numbers of 16 bits.
    Row { name: "hosts", default: 1_000, most: 60_000, about: "hosts of one bundle that are judged, and hosts of one log that are read", field: |l| &mut l.hosts },
    Row { name: "events", default: 100_000, most: u64::MAX, about: "events of one bundle before more of them are counted together", field: |l| &mut l.events },
    // A line must fit into memory several times.
    Row { name: "line", default: MIB, most: GIB, about: "bytes read of one line of a log, or of one csvlog row", field: |l| &mut l.line },
    Row { name: "whole", default: 512 * MIB, most: u64::MAX, about: "bytes of an entry that is held in memory: tables, configs, exports, UTF-16, newest line first", field: |l| &mut l.whole },
    Row { name: "undated", default: 500, most: u64::MAX, about: "messages without a time that are kept of one log", field: |l| &mut l.undated },
    Row { name: "beats", default: 5_000, most: u64::MAX, about: "stretches of Patroni's heartbeats that are told apart in one log", field: |l| &mut l.beats },
];

/// Limits that cut what is shown or how finely it is told apart; each is said where it is hit.
#[rustfmt::skip]
const FIXED: [Fixed; 7] = [
    Fixed { amount: "20,000", about: "events of one log, then equal ones within an hour are one, later within a day; from 60,000 on, those of one kind", why: "nothing is lost but when exactly" },
    Fixed { amount: "400", about: "answers of other members that are compared with one log's clock", why: "each is one bound among hundreds" },
    Fixed { amount: "64 KiB", about: "of an entry decide what it is", why: "all of it is read by what that says" },
    Fixed { amount: "400", about: "bytes of a line are quoted (16 KiB in the raw lines of the HTML page)", why: "what a line means is taken from all of it" },
    Fixed { amount: "5", about: "unknown lines of a source are shown", why: "all are counted" },
    Fixed { amount: "300", about: "rows of the report's timeline", why: "pgautopsy timeline prints all" },
    Fixed { amount: "512 MiB", about: "of a damaged sa file, or of one of RHEL 5, are held in memory", why: "a day's file has less than 100" },
];

impl Default for Limits {
    fn default() -> Self {
        let mut limits = Limits {
            depth: 0,
            entries: 0,
            member: 0,
            total: 0,
            ratio: 0,
            grace: 0,
            archive_grace: 0,
            zip: 0,
            window: 0,
            hosts: 0,
            events: 0,
            line: 0,
            whole: 0,
            undated: 0,
            beats: 0,
        };
        for row in &TABLE {
            *(row.field)(&mut limits) = row.default;
        }
        limits
    }
}

impl Limits {
    /// Changes one limit as the user wrote it: `depth=4`, `total=1T`, `entries=2M`, `ratio=unlimited`.
    pub fn set(&mut self, spec: &str) -> Result<(), String> {
        let (name, value) =
            spec.split_once('=').ok_or_else(|| format!("'{spec}' is not of the form NAME=VALUE, such as depth=4"))?;
        let row = TABLE.iter().find(|row| row.name == name.trim()).ok_or_else(|| {
            let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
            format!("there is no limit '{name}'; there are {}", names.join(", "))
        })?;
        let value = quantity(value.trim())
            .ok_or_else(|| format!("'{value}' is not a number such as 200, 64K, 16M, 4G, 1T or unlimited"))?;
        *(row.field)(self) = value.min(row.most);
        Ok(())
    }

    /// What reading one source may keep.
    pub fn caps(&self) -> Caps {
        // A log has as many hosts as a bundle may have at most.
        let hosts = self.hosts.min(TABLE.iter().find(|row| row.name == "hosts").map_or(0, |row| row.most));
        Caps { line: self.line, whole: self.whole, hosts, undated: self.undated, beats: self.beats }
    }

    /// One line a limit, for `pgautopsy list limits`: name, default, meaning; then those that cannot be changed.
    pub fn help() -> String {
        let mut text = String::new();
        for row in &TABLE {
            let _ = writeln!(text, "{:<14} {:>6}  {}", row.name, amount(row.default), row.about);
        }
        text.push_str("\nFixed, with the reason:\n\n");
        for row in &FIXED {
            let _ = writeln!(text, "{:>8}  {}: {}", row.amount, row.about, row.why);
        }
        text
    }

    /// How a limit that was hit is named in the report, with the way out.
    pub fn hit(name: &str, value: u64) -> String {
        format!("limit {name}={}; raise it with --limit {name}=…", amount(value))
    }
}

/// `16M` for 16,777,216: exact, as [`quantity`] reads it.
pub(super) fn amount(n: u64) -> String {
    let units = [(GIB * KIB, 'T'), (GIB, 'G'), (MIB, 'M'), (KIB, 'K')];
    match units.iter().find(|(unit, _)| n >= *unit && n.is_multiple_of(*unit)) {
        Some((unit, letter)) => format!("{}{letter}", n / unit),
        None => n.to_string(),
    }
}

fn quantity(text: &str) -> Option<u64> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Some(u64::MAX);
    }
    let text = text.trim_end_matches(['B', 'b']).trim_end_matches('i');
    let (digits, unit) = match text.chars().last()? {
        'k' | 'K' => (&text[..text.len() - 1], KIB),
        'm' | 'M' => (&text[..text.len() - 1], MIB),
        'g' | 'G' => (&text[..text.len() - 1], GIB),
        't' | 'T' => (&text[..text.len() - 1], GIB * KIB),
        _ => (text, 1),
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set_by_its_name() {
        for row in &TABLE {
            let mut limits = Limits::default();
            limits.set(&format!("{}=17", row.name)).unwrap();
            assert_eq!(*(row.field)(&mut limits), 17, "{}", row.name);
            assert_ne!(limits, Limits::default());
            assert!(Limits::help().contains(row.name));
        }
    }

    #[test]
    fn what_one_source_may_keep_is_the_same_with_and_without_limits() {
        assert_eq!(Limits::default().caps(), Caps::default());
        let mut limits = Limits::default();
        limits.set("hosts=unlimited").unwrap();
        assert_eq!(limits.caps().hosts, 60_000);
        assert_eq!(Limits { hosts: u64::MAX, ..Limits::default() }.caps().hosts, 60_000);
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, n) in [("200", 200), ("64K", 64 << 10), ("16M", 16 << 20), ("4G", 4 << 30), ("1T", 1 << 40)] {
            assert_eq!(quantity(text), Some(n));
            assert_eq!(amount(n), text);
        }
        assert_eq!(quantity("16MiB"), Some(16 << 20));
        assert_eq!(quantity("unlimited"), Some(u64::MAX));
        for bad in ["", "x", "-1", "1.5G", "K", "99999999999T"] {
            assert_eq!(quantity(bad), None, "{bad}");
        }
    }

    #[test]
    fn mistakes_are_answered_with_what_would_be_right() {
        let mut limits = Limits::default();
        assert!(limits.set("deep=4").unwrap_err().contains("depth, entries"));
        assert!(limits.set("depth").unwrap_err().contains("NAME=VALUE"));
        assert!(limits.set("depth=many").unwrap_err().contains("unlimited"));
        limits.set("depth=unlimited").unwrap();
        assert_eq!(limits.depth, 64);
    }
}
