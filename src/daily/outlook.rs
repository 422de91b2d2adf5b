//! How full the disks are and on which day each reaches its limit, by the straight line through the last thirty days.

use super::days::by_day;
use super::state::Row;
use crate::checks::USED_PERCENT;
use crate::model::{DAY, Key, Thresholds, date};
use crate::timeline::Timeline;
use serde::{Deserialize, Serialize};

/// Days that the line is drawn through, and the least that make one.
const REACH: i64 = 30;
const LEAST: usize = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Disk {
    pub host: String,
    pub mount: String,
    /// What lives on it: `etcd`, `WAL`, `PostgreSQL`, or nothing known.
    pub holds: String,
    pub used_percent: f64,
    /// Per cent a day; null with less than three days.
    pub per_day: Option<f64>,
    pub limit_percent: f64,
    /// The day on which it reaches the limit, `2027-01-09`; null if it does not grow or is above it.
    pub reaches_limit_on: Option<String>,
    pub days_left: Option<i64>,
    pub above: bool,
    /// `etcd disk 61 %, 75 % in 7 weeks`
    pub text: String,
}

/// All file systems, the most urgent first.
pub(super) fn disks(rows: &[Row], t: &Timeline, today: i64, thresholds: &Thresholds) -> Vec<Disk> {
    let limit = thresholds.of(&USED_PERCENT);
    let mut things: Vec<(&str, &str)> =
        rows.iter().filter(|r| r.metric == "fs.used").map(|r| (r.host.as_str(), r.item.as_str())).collect();
    things.sort_unstable();
    things.dedup();
    let mut out: Vec<Disk> = things
        .into_iter()
        .filter_map(|(host, mount)| {
            let days = by_day(rows.iter().filter(|r| r.about() == (host, "fs.used", mount) && r.day > today - REACH));
            let points: Vec<(f64, f64)> = days.iter().map(|(d, r)| (*d as f64, r.last)).collect();
            let (last_day, used) = points.last().copied()?;
            let per_day = slope(&points);
            let above = used >= limit;
            // Less than a tenth of a per cent in a week is not growth but rounding.
            let left = per_day.filter(|s| *s > 0.015 && !above).map(|s| ((limit - used) / s).ceil() as i64);
            let left = left.filter(|l| *l < 3_650);
            let holds = holds(t, host, mount);
            let name = if holds.is_empty() { format!("disk {mount}") } else { format!("{holds} disk") };
            let text = match (above, left) {
                (true, _) => format!("{name} {used:.0} %, above {limit:.0} %"),
                (false, Some(left)) => format!("{name} {used:.0} %, {limit:.0} % in {}", period(left)),
                (false, None) => format!("{name} {used:.0} %"),
            };
            Some(Disk {
                host: host.to_owned(),
                mount: mount.to_owned(),
                holds,
                used_percent: (used * 10.0).round() / 10.0,
                per_day: per_day.map(|s| (s * 1_000.0).round() / 1_000.0),
                limit_percent: limit,
                reaches_limit_on: left.map(|l| date((last_day as i64 + l).saturating_mul(DAY))),
                days_left: left,
                above,
                text,
            })
        })
        .collect();
    // Above the limit first, then what fills first, then what the cluster lives on, then the fullest.
    out.sort_by(|a, b| {
        let key = |d: &Disk| (!d.above, d.days_left.unwrap_or(i64::MAX), d.holds != "etcd", d.holds.is_empty());
        key(a)
            .cmp(&key(b))
            .then(b.used_percent.total_cmp(&a.used_percent))
            .then_with(|| (&a.host, &a.mount).cmp(&(&b.host, &b.mount)))
    });
    out
}

/// Least squares; `None` with too few points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < LEAST {
        return None;
    }
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let over: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    let under: f64 = points.iter().map(|p| (p.0 - mx).powi(2)).sum();
    (under > 0.0).then(|| over / under)
}

/// What lives on a mount point: by the data directories that configs name, else by its name.
fn holds(t: &Timeline, host: &str, mount: &str) -> String {
    let mounts: Vec<&str> = t
        .facts_of(Key::FsUsed)
        .chain(t.facts_of(Key::Mount))
        .filter(|k| &*t.name(k.node) == host)
        .filter_map(|k| k.fact.item.as_deref())
        .chain([mount])
        .collect();
    let below = |dir: &str, m: &str| m == "/" || dir == m || dir.strip_prefix(m).is_some_and(|r| r.starts_with('/'));
    let on = |key: Key| {
        t.facts_of(key).filter(|k| &*t.name(k.node) == host).filter_map(|k| k.fact.value.text()).any(|dir| {
            let best = mounts.iter().filter(|m| below(dir, m)).max_by_key(|m| m.len());
            best.is_some_and(|m| *m == mount)
        })
    };
    let named = |word: &str| mount.to_ascii_lowercase().contains(word);
    let name = if on(Key::EtcdDataDir) || named("etcd") {
        "etcd"
    } else if on(Key::PgWalDir) || named("wal") {
        "WAL"
    } else if on(Key::PgDataDir) || named("pgdata") || named("postgres") || named("pgsql") {
        "PostgreSQL"
    } else {
        ""
    };
    name.to_owned()
}

/// `9 d`, `7 weeks`, `8 months`, `3 years`.
fn period(days: i64) -> String {
    match days {
        ..14 => format!("{days} d"),
        14..=90 => format!("{} weeks", (days + 3) / 7),
        91..=730 => format!("{} months", (days + 15) / 30),
        _ => format!("{} years", (days + 182) / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(mount: &str, values: &[f64]) -> Vec<Row> {
        let row = |(i, v): (usize, &f64)| Row {
            day: 20_000 + i as i64,
            host: "pg2".into(),
            metric: "fs.used".into(),
            item: mount.into(),
            file: String::new(),
            n: 1,
            sum: *v,
            max: *v,
            last: *v,
            last_at: 0,
        };
        values.iter().enumerate().map(row).collect()
    }

    fn one(mount: &str, values: &[f64]) -> Disk {
        let today = 20_000 + values.len() as i64 - 1;
        disks(&rows(mount, values), &Timeline::default(), today, &Thresholds::default()).remove(0)
    }

    #[test]
    fn a_growing_disk_has_its_day() {
        let disk = one("/var/lib/etcd", &[59.8, 60.1, 60.4, 60.7, 61.0]);
        assert_eq!(disk.text, "etcd disk 61 %, 75 % in 7 weeks");
        assert_eq!((disk.days_left, disk.reaches_limit_on.as_deref()), (Some(47), Some("2024-11-24")));
    }

    #[test]
    fn a_full_one_a_quiet_one_and_a_young_one_have_none() {
        assert_eq!(one("/pgdata", &[80.0, 81.0, 82.0]).text, "PostgreSQL disk 82 %, above 75 %");
        assert_eq!(one("/srv", &[40.0, 40.0, 40.0, 40.0]).text, "disk /srv 40 %");
        assert_eq!(one("/srv", &[40.0, 50.0]).per_day, None);
    }

    #[test]
    fn what_fills_first_stands_first() {
        let mut all = rows("/a", &[10.0, 11.0, 12.0]);
        all.extend(rows("/b", &[70.0, 71.0, 72.0]));
        all.extend(rows("/c", &[74.0, 74.0, 74.0]));
        let order: Vec<String> =
            disks(&all, &Timeline::default(), 20_002, &Thresholds::default()).into_iter().map(|d| d.mount).collect();
        assert_eq!(order, ["/b", "/a", "/c"]);
    }
}
