//! Writes the numbers out again: tables like `sar`'s, semicolons like `sadf -d`'s, JSON like `sadf -j`'s.

mod csv;
mod json;
mod number;
mod table;

pub use csv::csv;
pub use json::{Json, json};
pub use table::text;

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate};

use super::model::{Data, Span, Stamp};

/// The columns worth showing of each activity: those with any value, without those that others say in more detail.
fn shown(data: &Data) -> Vec<(&'static str, Vec<usize>)> {
    let mut out: Vec<(&'static str, Vec<usize>)> = Vec::new();
    for set in &data.sets {
        let activity = set.activity;
        let known = set.values.chunks_exact(activity.columns.len().max(1)).take(1000);
        let mut columns: Vec<usize> = Vec::new();
        for row in known {
            for (i, value) in row.iter().enumerate() {
                if value.is_finite() && !columns.contains(&i) {
                    columns.push(i);
                }
            }
        }
        match out.iter_mut().find(|(name, _)| *name == activity.name) {
            Some((_, all)) => all.extend(columns.iter().filter(|c| !all.contains(c)).copied().collect::<Vec<_>>()),
            None => out.push((activity.name, columns)),
        }
    }
    for set in &data.sets {
        let Some((_, columns)) = out.iter_mut().find(|(name, _)| *name == set.activity.name) else {
            continue;
        };
        let detailed = |c: &usize| {
            let unless = set.activity.columns.get(*c).and_then(|c| c.unless);
            unless.and_then(|other| set.activity.column(other))
        };
        let kept: Vec<usize> =
            columns.iter().copied().filter(|c| !detailed(c).is_some_and(|d| columns.contains(&d))).collect();
        *columns = kept;
        columns.sort_unstable();
    }
    out
}

/// Names come out of files that anybody may have written: what moves the cursor, turns the line round or ends a cell
/// becomes a dot, as in sysstat's own output of comments.
fn safe(name: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        c.is_control()
            || c == ';'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match name.contains(harmful) {
        true => Cow::Owned(name.replace(harmful, ".")),
        false => Cow::Borrowed(name),
    }
}

/// The day: in UTC where known, else the host's.
fn date(at: &Stamp) -> Option<NaiveDate> {
    match at.epoch {
        Some(epoch) => DateTime::from_timestamp(epoch, 0).map(|t| t.date_naive()),
        None => at.local?.date,
    }
}

/// The time of day: in UTC where known, else the host's.
fn clock(at: &Stamp) -> String {
    second(at).map(hms).unwrap_or_default()
}

/// The same in seconds since midnight.
fn second(at: &Stamp) -> Option<u32> {
    match (at.epoch, at.local) {
        (Some(epoch), _) => u32::try_from(epoch.rem_euclid(86400)).ok(),
        (None, local) => local.map(|l| l.second),
    }
}

fn hms(second: u32) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Length of a span in whole seconds, as sadf shows it.
fn seconds(span: &Span) -> Option<u64> {
    if let Some(centis) = span.centis {
        return Some(centis.saturating_add(50) / 100);
    }
    let from = span.from?;
    let elapsed = match (from.epoch, span.to.epoch, from.local, span.to.local) {
        (Some(a), Some(b), ..) => b - a,
        (_, _, Some(a), Some(b)) => {
            i64::from(b.second) - i64::from(a.second) + 86400 * (i64::from(b.day) - i64::from(a.day))
        }
        _ => return None,
    };
    u64::try_from(elapsed).ok()
}

#[cfg(test)]
mod tests {
    use crate::sysstat::{Options, print, read};

    #[test]
    fn names_can_not_play_with_the_terminal() {
        let text = "Linux 6.1.0 (db\u{1b}[2J1) \t2026-03-02 \t_x86_64_\t(4 CPU)\n\n10:00:01 IFACE rxpck/s txpck/s rxkB/s txkB/s rxcmp/s txcmp/s rxmcst/s\n10:10:01 e\u{202e}th;0 1.00 1.00 1.00 1.00 0.00 0.00 0.00\n";
        let hosts = read(text.as_bytes(), Options::default());
        assert!(hosts.iter().any(|h| !h.sets.is_empty()));
        let mut out = Vec::new();
        print::text(&hosts, &mut out).expect("written");
        print::csv(&hosts, &mut out).expect("written");
        let out = String::from_utf8(out).expect("text");
        assert!(out.contains("e.th.0"), "{out}");
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{out}");
    }
}
