//! How fast etcd's disk really is, from its own histograms.

use super::look::{Look, host};
use super::{Check, Finding};
use crate::model::{Key, Threshold};

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "etcd_fsync_slow",
        title: "etcd's WAL syncs are slow",
        threshold: "p99 < 10 ms",
        thresholds: &[&FSYNC_MS],
        origin: "etcd: FAQ and Hardware recommendations (wal_fsync_duration_seconds)",
        find: |l| slow(l, Key::EtcdFsyncP99Ms, &FSYNC_MS, "WAL syncs"),
    },
    Check {
        id: "etcd_commit_slow",
        title: "etcd's backend commits are slow",
        threshold: "p99 < 25 ms",
        thresholds: &[&COMMIT_MS],
        origin: "etcd: FAQ (backend_commit_duration_seconds)",
        find: |l| slow(l, Key::EtcdCommitP99Ms, &COMMIT_MS, "backend commits"),
    },
];

static FSYNC_MS: Threshold = Threshold::new(
    "etcd.fsync_p99_ms",
    10.0,
    "ms",
    "The 99th percentile of WAL syncs should stay below (etcd: FAQ, Hardware recommendations)",
);
static COMMIT_MS: Threshold = Threshold::new(
    "etcd.commit_p99_ms",
    25.0,
    "ms",
    "The 99th percentile of backend commits should stay below (etcd: FAQ)",
);

fn slow(l: &Look<'_>, key: Key, limit: &Threshold, what: &str) -> Vec<Finding> {
    let limit = l.limit(limit);
    let mut out = Vec::new();
    for (node, (cite, k)) in l.by_host(key) {
        // The figure is the upper bound of its bucket: 16 is between 8 and 16.
        let Some(p99) = k.fact.value.num().filter(|p| *p / 2.0 >= limit || *p > 1.5 * limit) else { continue };
        let name = l.name(node);
        let shown =
            if p99.is_finite() { format!("up to {p99:.0} ms") } else { "more than the largest bucket".to_owned() };
        out.push(host(
            name.clone(),
            format!("the slowest 1 % of etcd's {what} on {name} take {shown} (should stay below {limit:.0} ms), over the life of its process"),
            [cite],
            "Give etcd a disk of its own with low latency (local SSD or provisioned IOPS), or move away what else writes there; measure with fio --fdatasync=1.",
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn metrics(fast: u32) -> String {
        format!(
            "//- pg1/metrics.txt\n# TYPE etcd_disk_wal_fsync_duration_seconds histogram\netcd_disk_wal_fsync_duration_seconds_bucket{{le=\"0.004\"}} {fast}\netcd_disk_wal_fsync_duration_seconds_bucket{{le=\"0.128\"}} 100000\netcd_disk_wal_fsync_duration_seconds_bucket{{le=\"+Inf\"}} 100000\netcd_disk_wal_fsync_duration_seconds_count 100000\n# TYPE etcd_disk_backend_commit_duration_seconds histogram\netcd_disk_backend_commit_duration_seconds_bucket{{le=\"0.004\"}} {fast}\netcd_disk_backend_commit_duration_seconds_bucket{{le=\"0.128\"}} 100000\netcd_disk_backend_commit_duration_seconds_bucket{{le=\"+Inf\"}} 100000\netcd_disk_backend_commit_duration_seconds_count 100000\n"
        )
    }

    #[test]
    fn one_sync_in_ten_is_slow() {
        assert!(found("etcd_fsync_slow", &metrics(90_000))[0].contains("up to 128 ms"));
        assert_eq!(found("etcd_commit_slow", &metrics(90_000)).len(), 1);
    }

    #[test]
    fn one_in_a_thousand_is_not() {
        assert!(found("etcd_fsync_slow", &metrics(99_900)).is_empty());
        assert!(found("etcd_commit_slow", &metrics(99_900)).is_empty());
    }
}
