//! File systems that are nearly full.

use super::look::{Look, host};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{Key, Metric, NodeId};
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[Check {
    id: "disk_usage_high",
    title: "a file system is nearly full",
    threshold: "75 % used",
    origin: "Crunchy Data's advice for etcd and PostgreSQL volumes; a figure to look at, never a cause",
    find,
}];

const USED_PERCENT: f64 = 75.0;

fn find(l: &Look<'_>) -> Vec<Finding> {
    let mut worst: BTreeMap<(NodeId, String), (f64, Cite)> = BTreeMap::new();
    let mut see = |node: NodeId, mount: Option<&str>, used: f64, cite: Cite| {
        let entry = worst.entry((node, mount.unwrap_or("?").to_owned())).or_insert((used, cite));
        if used > entry.0 {
            *entry = (used, cite);
        }
    };
    for (cite, k) in l.facts(Key::FsUsed) {
        if let Some(used) = k.fact.value.num() {
            see(k.node, k.fact.item.as_deref(), used, cite);
        }
    }
    for (i, s) in l.t.series.iter().enumerate().filter(|(_, s)| s.metric == Metric::FsUsed) {
        for (j, x) in s.samples.iter().enumerate() {
            let cite = Cite::Sample { series: i as u32, sample: j as u32 };
            see(s.node, s.item.as_deref(), f64::from(x.value), cite);
        }
    }
    // Read-only images are always full.
    let image = |mount: &str| mount.starts_with("/snap") || mount.starts_with("/boot");
    let full = worst.into_iter().filter(|((_, mount), (used, _))| *used > USED_PERCENT && !image(mount));
    full.map(|((node, mount), (used, cite))| {
        let name = l.name(node);
        host(
            name.clone(),
            format!("{mount} on {name} is {used:.0} % full (more than {USED_PERCENT:.0} %)"),
            [cite],
            "Free space or extend the volume before it fills; find out what grows (WAL kept by a slot or a failing archiver, logs, backups).",
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_data_volume_above_three_quarters() {
        let df = |used| format!("//- pg1/df.txt\nFilesystem     1K-blocks    Used Available Use% Mounted on\n/dev/sdb1       10255636 8204508   1510000  {used}% /var/lib/pgsql\n");
        assert!(found("disk_usage_high", &df(84))[0].contains("/var/lib/pgsql on pg1 is 84 % full"));
        assert!(found("disk_usage_high", &df(75)).is_empty());
    }
}
