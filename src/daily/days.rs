//! Daily values of what slows a cluster down: loop, fsync, heartbeats, await, iowait, disk space; and what moved.

use super::state::Row;
use super::thresholds as limits;
use crate::model::{DAY, Key, Metric, Micros, Program, SECOND, Source, Threshold, Thresholds, What, date, seconds};
use crate::timeline::Timeline;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How one metric of daily values is judged and shown.
struct Kind {
    id: &'static str,
    words: &'static str,
    unit: &'static str,
    /// The check that says from which value on a change is worth a line.
    floor: &'static Threshold,
    /// Judged by how often, rather than by how much.
    counted: bool,
}

const KINDS: &[Kind] = &[
    Kind { id: "patroni.loop", words: "longest HA loop", unit: "s", floor: &limits::LOOP_S, counted: false },
    Kind {
        id: "etcd.fsync_slow",
        words: "slow fsyncs of etcd",
        unit: "ms",
        floor: &limits::FSYNC_COUNT,
        counted: true,
    },
    Kind {
        id: "etcd.heartbeat_late",
        words: "late etcd heartbeats",
        unit: "ms",
        floor: &limits::HEARTBEAT_COUNT,
        counted: true,
    },
    Kind {
        id: "etcd.request_slow",
        words: "slow etcd requests",
        unit: "ms",
        floor: &limits::REQUEST_COUNT,
        counted: true,
    },
    Kind { id: "disk.await", words: "highest await", unit: "ms", floor: &limits::AWAIT_MS, counted: false },
    Kind { id: "cpu.iowait", words: "highest iowait", unit: "%", floor: &limits::IOWAIT_PCT, counted: false },
    Kind { id: "cpu.steal", words: "highest steal", unit: "%", floor: &limits::STEAL_PCT, counted: false },
];

/// A metric that is not what it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Trend {
    pub host: String,
    pub metric: String,
    pub item: String,
    /// `2026-11-20`
    pub day: String,
    pub unit: String,
    pub value: f64,
    /// Median of the days before: up to 7, and up to 30.
    pub week: Option<f64>,
    pub month: Option<f64>,
    /// Whether the change is worth telling.
    pub moved: bool,
    pub text: String,
}

/// What is new of each source: its first new line, or none of it.
pub(super) type Fresh<'a> = dyn Fn(u32, u32) -> bool + 'a;

/// The rows of what was read now. `fresh(source, line)` tells new lines from context; `whole(source)` names the file
/// if its reading replaces an earlier one.
pub(super) fn rows(
    t: &Timeline,
    sources: &[Source],
    fresh: &Fresh<'_>,
    whole: &dyn Fn(u32) -> Option<String>,
) -> Vec<Row> {
    let mut out: BTreeMap<(i64, String, &'static str, String, String), Row> = BTreeMap::new();
    let mut add = |at: Micros, host: &str, metric: &'static str, item: &str, file: &str, n: u64, value: f64| {
        let day = at.div_euclid(DAY);
        let row = Row {
            day,
            host: host.to_owned(),
            metric: metric.to_owned(),
            item: item.to_owned(),
            file: file.to_owned(),
            n,
            sum: value * n as f64,
            max: value,
            last: value,
            last_at: at,
        };
        out.entry((day, row.host.clone(), metric, row.item.clone(), row.file.clone()))
            .and_modify(|r| r.add(&row))
            .or_insert(row);
    };
    for e in t.events.iter().filter(|e| fresh(e.source, e.line)) {
        let metric = match e.what {
            What::FsyncSlow => "etcd.fsync_slow",
            What::HeartbeatLate => "etcd.heartbeat_late",
            What::ApplySlow | What::RequestSlow | What::ReadSlow | What::CommitSlow => "etcd.request_slow",
            _ => continue,
        };
        add(e.at, &t.name(e.node), metric, "", "", u64::from(e.count), e.num);
    }
    let loop_wait = t.loop_wait();
    for b in t.beats.iter().filter(|b| fresh(b.source, b.last_line) && b.count > 1) {
        let mean = seconds(b.to - b.from) / f64::from(b.count - 1);
        let days = (b.from.div_euclid(DAY)..=b.to.div_euclid(DAY)).rev().take(40);
        for day in days {
            let at = b.to.min(day * DAY + DAY - 1);
            let part = Micros::max(at - b.from.max(day * DAY), SECOND) / Micros::max(loop_wait, SECOND);
            add(at, &t.name(b.node), "patroni.loop", "", "", part.max(1) as u64, mean);
        }
    }
    for g in t.gaps.iter().filter(|g| fresh(g.source, g.line)) {
        add(g.span.to, &t.name(g.node), "patroni.loop", "", "", 1, seconds(g.span.length()));
    }
    for s in &t.series {
        let metric = match s.metric {
            Metric::DiskAwait => "disk.await",
            Metric::CpuIowait => "cpu.iowait",
            Metric::CpuSteal => "cpu.steal",
            Metric::FsUsed => "fs.used",
            _ => continue,
        };
        let item = s.item.as_deref().unwrap_or("");
        let Some(file) = whole(s.source).or_else(|| fresh(s.source, s.line).then(String::new)) else { continue };
        if metric == "fs.used" && unimportant(item) {
            continue;
        }
        for x in &s.samples {
            add(x.to, &t.name(s.node), metric, item, &file, 1, f64::from(x.value));
        }
    }
    for k in t.facts.iter().filter(|k| matches!(k.fact.key, Key::FsUsed | Key::EtcdDbSize)) {
        let modified = sources.get(k.source as usize).and_then(|s| s.modified).map(|s| s * SECOND);
        let (Some(at), Some(value), Some(file)) = (k.at.or(modified), k.fact.value.num(), whole(k.source)) else {
            continue;
        };
        let item = k.fact.item.as_deref().unwrap_or("");
        match k.fact.key {
            Key::FsUsed if !unimportant(item) => add(at, &t.name(k.node), "fs.used", item, &file, 1, value),
            Key::EtcdDbSize => add(at, &t.name(k.node), "etcd.db_mb", item, &file, 1, value / 1e6),
            _ => {}
        }
    }
    out.into_values().collect()
}

/// Images and memory: always full, or never on a disk.
fn unimportant(mount: &str) -> bool {
    ["/snap", "/boot", "/run", "/dev", "/sys", "/proc"]
        .iter()
        .any(|p| mount == *p || mount.strip_prefix(p).is_some_and(|r| r.starts_with('/')))
        || matches!(mount, "tmpfs" | "devtmpfs" | "none" | "udev")
}

/// Values of one day, of all files.
pub(super) fn by_day<'a>(rows: impl Iterator<Item = &'a Row>) -> BTreeMap<i64, Row> {
    let mut days: BTreeMap<i64, Row> = BTreeMap::new();
    for row in rows {
        days.entry(row.day).and_modify(|r| r.add(row)).or_insert_with(|| row.clone());
    }
    days
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Each metric's value of `day` against the medians of the 7 and 30 days before.
pub(super) fn trends(rows: &[Row], day: i64, thresholds: &Thresholds) -> Vec<Trend> {
    let mut out = Vec::new();
    for kind in KINDS {
        let mut things: Vec<(&str, &str)> =
            rows.iter().filter(|r| r.metric == kind.id).map(|r| (r.host.as_str(), r.item.as_str())).collect();
        things.sort_unstable();
        things.dedup();
        // Days on which the log was there and held none of it count as none, not as unknown.
        let first = rows.iter().map(|r| r.day).min().unwrap_or(day);
        for (host, item) in things {
            let days = by_day(rows.iter().filter(|r| r.about() == (host, kind.id, item)));
            let value_of = |d: i64| {
                let row = days.get(&d);
                if kind.counted { Some(row.map_or(0.0, |r| r.n as f64)) } else { row.map(|r| r.max) }
            };
            let Some(value) = value_of(day) else { continue };
            let before = |n: i64| {
                let mut values: Vec<f64> = ((day - n).max(first)..day).filter_map(value_of).collect();
                if values.is_empty() { None } else { median(&mut values) }
            };
            let (week, month) = (before(7), before(30));
            let floor = thresholds.of(kind.floor);
            let factor = thresholds.of(&limits::FACTOR);
            let known = ((day - 30).max(first)..day).filter(|d| value_of(*d).is_some()).count();
            // With less than three days to compare with, any value would be news.
            let worse = |usual: Option<f64>| usual.is_some_and(|u| value >= floor && value >= u * factor);
            let moved = known >= 3 && worse(week) && worse(month);
            let number = |v: f64| if kind.counted || v >= 100.0 { format!("{v:.0}") } else { format!("{v:.1}") };
            let shown = |v: Option<f64>| v.map_or_else(|| "unknown".to_owned(), number);
            let what = if item.is_empty() { kind.words.to_owned() } else { format!("{} of {item}", kind.words) };
            let unit = if kind.counted { String::new() } else { format!(" {}", kind.unit) };
            let worst = days.get(&day).filter(|_| kind.counted && value > 0.0);
            let worst = worst.map_or_else(String::new, |r| format!(", worst {:.0} {}", r.max, kind.unit));
            out.push(Trend {
                host: host.to_owned(),
                metric: kind.id.to_owned(),
                item: item.to_owned(),
                day: date(day.saturating_mul(DAY)),
                unit: if kind.counted { "count".to_owned() } else { kind.unit.to_owned() },
                value,
                week,
                month,
                moved,
                text: format!(
                    "{what} on {host}: {}{unit} on {}{worst}; median of 7 days {}, of 30 days {}",
                    number(value),
                    date(day.saturating_mul(DAY)),
                    shown(week),
                    shown(month)
                ),
            });
        }
    }
    out
}

/// `2026-11-20`
/// Which programs' silence means something, and after how long.
pub(super) fn silence_check(program: Program) -> Option<&'static Threshold> {
    match program {
        Program::Patroni => Some(&limits::SILENT_PATRONI_MIN),
        Program::Sysstat => Some(&limits::SILENT_SYSSTAT_MIN),
        Program::Etcd | Program::Postgres => Some(&limits::SILENT_OTHER_MIN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(values: &[f64]) -> Vec<Row> {
        let row = |(i, v): (usize, &f64)| Row {
            day: i as i64,
            host: "pg1".into(),
            metric: "disk.await".into(),
            item: "sda".into(),
            file: String::new(),
            n: 144,
            sum: 0.0,
            max: *v,
            last: *v,
            last_at: 0,
        };
        values.iter().enumerate().map(row).collect()
    }

    #[test]
    fn a_disk_that_became_slow_is_told_with_its_usual_values() {
        let rows = rows_of(&[8.0, 9.0, 7.0, 8.0, 8.0, 226.0]);
        let found = trends(&rows, 5, &Thresholds::default());
        assert!(found[0].moved);
        assert_eq!(
            found[0].text,
            "highest await of sda on pg1: 226 ms on 1970-01-06; median of 7 days 8.0, of 30 days 8.0"
        );
    }

    #[test]
    fn noise_and_a_young_history_are_not_told() {
        assert!(!trends(&rows_of(&[1.0, 1.0, 1.0, 1.0, 4.0]), 4, &Thresholds::default())[0].moved, "below the floor");
        assert!(!trends(&rows_of(&[8.0, 226.0]), 1, &Thresholds::default())[0].moved, "one day says nothing");
        assert!(!trends(&rows_of(&[80.0, 90.0, 70.0, 80.0, 95.0]), 4, &Thresholds::default())[0].moved, "as always");
    }
}
