//! File systems that are nearly full, or will be soon.

use super::look::{Look, host};
use super::usage::{Trend, Usage, usage};
use super::{Check, Finding};
use crate::model::{DAY, Micros, Threshold, date};

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "disk_usage_high",
        title: "a file system is nearly full",
        threshold: "75 % used",
        thresholds: &[&USED_PERCENT],
        origin: "Crunchy Data's advice for etcd and PostgreSQL volumes; a figure to look at, never a cause",
        find: |l| find(l, |l, u| (u.highest > l.limit(&USED_PERCENT)).then(|| full(l, u))),
    },
    Check {
        id: "disk_usage_grows",
        title: "a file system will be nearly full soon",
        threshold: "75 % used within 90 days at the pace seen",
        thresholds: &[&USED_PERCENT, &SOON],
        origin: "a straight line through what the bundle holds; our choice",
        find: |l| find(l, |l, u| if u.highest > l.limit(&USED_PERCENT) { None } else { grows(l, u) }),
    },
];

pub static USED_PERCENT: Threshold = Threshold::new(
    "disk.limit_pct",
    75.0,
    "%",
    "A file system above this is a risk, never a cause; the day on which it gets there is forecast (Crunchy Data's advice for etcd and PostgreSQL)",
);

static SOON: Threshold = Threshold::new(
    "disk.soon_days",
    90.0,
    "days",
    "Growth that reaches the limit only later than this is no risk worth a line (our choice)",
);

const REMEDY: &str = "Free space or extend the volume before it fills; find out what grows (WAL kept by a slot or a failing archiver, logs, backups).";

fn soon(l: &Look<'_>) -> Micros {
    (l.limit(&SOON) * DAY as f64) as Micros
}

fn find(l: &Look<'_>, words: impl Fn(&Look<'_>, &Usage) -> Option<String>) -> Vec<Finding> {
    // Read-only images are always full.
    let image = |mount: &str| mount.starts_with("/snap") || mount.starts_with("/boot");
    let seen = usage(l.t).into_iter().filter(|u| !image(&u.mount));
    seen.filter_map(|u| Some(host(l.name(u.node), words(l, &u)?, [u.cite], REMEDY))).collect()
}

fn full(l: &Look<'_>, u: &Usage) -> String {
    let full = u.trend().and_then(|trend| Some((trend, trend.reaches(100.0)?)));
    let when = full
        .filter(|(trend, at)| at - trend.to <= soon(l))
        .map_or(String::new(), |(trend, at)| format!("; it {}: full on {} at this pace", pace(&trend), date(at)));
    let (mount, name, limit) = (&u.mount, l.name(u.node), l.limit(&USED_PERCENT));
    format!("{mount} on {name} is {:.0} % full (more than {limit:.0} %){when}", u.highest)
}

fn grows(l: &Look<'_>, u: &Usage) -> Option<String> {
    let trend = u.trend()?;
    let limit = l.limit(&USED_PERCENT);
    let at = trend.reaches(limit).filter(|at| at - trend.to <= soon(l))?;
    let (mount, name, pace) = (&u.mount, l.name(u.node), pace(&trend));
    Some(format!("{mount} on {name} is {:.0} % full and {pace}: {limit:.0} % on {} at this pace", trend.last, date(at)))
}

fn pace(trend: &Trend) -> String {
    let days = (trend.to - trend.from) as f64 / DAY as f64;
    let seen = if days < 1.5 { format!("{:.0} h", days * 24.0) } else { format!("{days:.0} days") };
    format!("grows by {:.1} points a day, as seen over {seen}", trend.per_day)
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_data_volume_above_three_quarters() {
        let df = |used| {
            format!(
                "//- pg1/df.txt\nFilesystem     1K-blocks    Used Available Use% Mounted on\n/dev/sdb1       10255636 8204508   1510000  {used}% /var/lib/pgsql\n"
            )
        };
        assert!(found("disk_usage_high", &df(84))[0].contains("/var/lib/pgsql on pg1 is 84 % full"));
        assert!(found("disk_usage_high", &df(75)).is_empty());
    }

    fn df(day: &str, used: u32) -> String {
        format!(
            "//- pg1/df-{day}.txt\n{day}T10:00:00+00:00\nFilesystem      Size  Used Avail Use% Mounted on\n/dev/sdb        100G   {used}G   40G  {used}% /var/lib/pgsql\n"
        )
    }

    #[test]
    fn three_looks_at_a_disk_tell_when_it_will_be_too_full() {
        let grows = [df("2026-03-01", 60), df("2026-03-03", 62), df("2026-03-05", 64)].concat();
        assert!(found("disk_usage_grows", &grows)[0].contains("/var/lib/pgsql on pg1 is 64 % full and grows by 1.0 points a day, as seen over 4 days: 75 % on 2026-03-16 at this pace"));
        let full = [df("2026-03-01", 80), df("2026-03-03", 84), df("2026-03-05", 88)].concat();
        assert!(found("disk_usage_high", &full)[0].contains("/var/lib/pgsql on pg1 is 88 % full (more than 75 %); it grows by 2.0 points a day, as seen over 4 days: full on 2026-03-11 at this pace"));
        let falls = [df("2026-03-01", 66), df("2026-03-03", 64), df("2026-03-05", 62)].concat();
        assert!(found("disk_usage_grows", &falls).is_empty());
    }
}
