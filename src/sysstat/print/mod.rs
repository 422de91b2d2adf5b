//! Writes the numbers out again: tables like `sar`'s, semicolons like `sadf -d`'s, JSON like `sadf -j`'s.

mod csv;
mod json;
mod number;
mod table;

pub use csv::csv;
pub use json::{Json, json};
pub use table::text;

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
