//! Rows copied or exported from Kibana's Discover: `Nov 21, 2026 @ 00:13:31.489`, then the message.

use crate::formats::stamp::{iso, syslog};
use crate::formats::{Envelope, Peeled};
use crate::model::{Stamp, Zone, civil, split_civil};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "kibana",
    doc: "Stamp with ` @ ` in the browser's zone (`Nov 21, 2026 @ 00:13:31.489` or `2026-11-21 @ 00:13:31.489`), a tab or comma, text; quoted in CSV exports. Newest first by default.",
    peel,
    samples: &[
        "2022-01-27 @ 00:22:08.842\t2022-01-27 00:22:08,842 INFO: no action. I am (db1), the leader with the lock",
        "\"Jan 27, 2022 @ 00:22:08.842\",\"2022-01-27 00:22:08,842 INFO: no action. I am (db1), the leader with the lock\"",
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    let text = line.strip_prefix(b"\"").unwrap_or(line);
    let at = memchr::memmem::find(text.get(..24.min(text.len()))?, b" @ ")?;
    let time = text.get(at + 3..at + 15)?;
    let stamp = stamp(text.get(..at)?, time)?;
    let rest = text.get(at + 15..)?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let rest = match rest.first()? {
        b'\t' | b',' | b' ' => rest.get(1..)?.trim_ascii_start(),
        _ => return None,
    };
    let body = match rest.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")) {
        Some(quoted) if memchr::memmem::find(quoted, b"\"\"").is_some() => {
            Cow::Owned(String::from_utf8_lossy(quoted).replace("\"\"", "\"").into_bytes())
        }
        Some(quoted) => Cow::Borrowed(quoted),
        None => Cow::Borrowed(rest),
    };
    Some(Peeled { stamp: Some(stamp), body, ..Peeled::default() })
}

/// A stamp that stands alone: `Jan 27, 2022 @ 00:22:08.842`.
pub fn moment(text: &[u8]) -> Option<Stamp> {
    let at = memchr::memmem::find(text, b" @ ")?;
    stamp(text.get(..at)?, text.get(at + 3..)?)
}

/// `2022-01-27` or `Jan 27, 2022` with `00:22:08.842`.
fn stamp(date: &[u8], time: &[u8]) -> Option<Stamp> {
    if date.len() == 10 {
        let joined = [date, b" ", time].concat();
        return iso(&joined).map(|(s, _)| s);
    }
    let comma = memchr::memchr(b',', date)?;
    let year = date.get(comma + 1..)?.trim_ascii();
    let year = str::from_utf8(year).ok()?.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let joined = [date.get(..comma)?, b" ", time].concat();
    let (stamp, _) = syslog(&joined)?;
    let (_, m, d, rest) = split_civil(stamp.civil);
    Some(Stamp {
        civil: civil(year, m, d, 0, 0, 0) + rest,
        written: crate::model::Written::Full,
        zone: Zone::Unwritten,
        ..stamp
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_many_digits_is_no_stamp() {
        let year =
            |year: &str| moment(format!("Jan 27, {year} @ 00:22:08.842").as_bytes()).map(|s| split_civil(s.civil).0);
        assert_eq!(year("2022"), Some(2022));
        for other in ["20222022", "2147483647", "-2147483648", "99999999999", "0"] {
            assert_eq!(year(other), None, "{other}");
        }
    }
}
