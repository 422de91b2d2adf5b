//! etcd's database against its quota, and whether its history is ever thrown away.

use super::look::{Look, cluster, size};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{Key, Threshold};

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "etcd_quota_near",
        title: "etcd's database nears its quota",
        threshold: "80 % of the quota (2 GiB unless set)",
        thresholds: &[&SHARE],
        origin: "our choice, below the 95 % of etcd's own alert etcdDatabaseQuotaLowSpace; at 100 % it refuses writes",
        find: near,
    },
    Check {
        id: "etcd_quota_large",
        title: "etcd's quota is larger than it is made for",
        threshold: "8 GiB",
        thresholds: &[&QUOTA_MAX],
        origin: "etcd: System limits; it warns at its start",
        find: large,
    },
    Check {
        id: "etcd_compaction_off",
        title: "etcd keeps its whole history",
        threshold: "auto-compaction-retention not 0",
        thresholds: &[],
        origin: "etcd: Maintenance; off by default, and Patroni writes in every loop",
        find: compaction,
    },
];

static SHARE: Threshold = Threshold::new(
    "etcd.quota_share",
    0.8,
    "of the quota",
    "From this share of its quota on the database is a risk (our choice, below the 95 % of etcd's own alert)",
);
/// etcd's default (DefaultQuotaBytes).
const QUOTA: f64 = 2_147_483_648.0;
static QUOTA_MAX: Threshold = Threshold::new(
    "etcd.quota_max_bytes",
    8_589_934_592.0,
    "bytes",
    "A larger quota than etcd is made for (etcd: System limits)",
);

fn near(l: &Look<'_>) -> Vec<Finding> {
    let quota = l.number(Key::EtcdQuotaBytes);
    let limit = quota.map_or(QUOTA, |q| q.0);
    let sizes = l.facts(Key::EtcdDbSize).filter_map(|(c, k)| Some((k.fact.value.num()?, c)));
    let Some((largest, cite)) = sizes.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(s, _)| *s >= l.limit(&SHARE) * limit)
    else {
        return Vec::new();
    };
    let how = if quota.is_some() { "" } else { " (default)" };
    vec![cluster(
        format!(
            "etcd's database takes {} of its quota of {}{how}: at the quota it refuses every write",
            size(largest),
            size(limit)
        ),
        [Some(cite), quota.map(|q| q.1)].into_iter().flatten(),
        "etcdctl compact to the current revision, then etcdctl defrag on one member after the other, the leader last; turn on auto-compaction; find who else writes there.",
    )]
}

fn large(l: &Look<'_>) -> Vec<Finding> {
    let over = l.number(Key::EtcdQuotaBytes).filter(|(q, _)| *q > l.limit(&QUOTA_MAX));
    over.map(|(q, cite)| {
        cluster(
            format!("etcd's quota is {}: a database of that size makes snapshots and restarts slow", size(q)),
            [cite],
            "Set quota-backend-bytes to 8 GiB or less; Patroni itself needs a few MiB.",
        )
    })
    .into_iter()
    .collect()
}

fn compaction(l: &Look<'_>) -> Vec<Finding> {
    // Only where etcd's own settings were sent: any of them shows that the file was read.
    let read = l.by_host(Key::EtcdDataDir);
    let settings = || l.facts(Key::EtcdSetting);
    let mut hosts: Vec<(String, Cite)> = Vec::new();
    for (node, (cite, _)) in read {
        let retention =
            settings().find(|(_, k)| k.node == node && k.fact.item.as_deref() == Some("auto-compaction-retention"));
        let off = retention.is_none_or(|(_, k)| {
            let value = super::look::text(k);
            value.trim_start_matches(['0', '.']).chars().next().is_none_or(|c| !c.is_ascii_digit())
        });
        if off {
            hosts.push((l.name(node), retention.map_or(cite, |(c, _)| c)));
        }
    }
    if hosts.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = hosts.iter().map(|(n, _)| n.as_str()).collect();
    vec![cluster(
        format!("etcd on {} runs without auto-compaction: its history grows until the quota", names.join(", ")),
        hosts.iter().map(|(_, c)| *c),
        "auto-compaction-mode: periodic, auto-compaction-retention: 1h on every member.",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn conf(extra: &str) -> String {
        format!(
            "//- pg1/etcd.conf.yml\nname: pg1\ndata-dir: /var/lib/etcd\nlisten-client-urls: http://10.0.0.1:2379\ninitial-cluster: pg1=http://10.0.0.1:2380\n{extra}"
        )
    }

    fn status(size: &str) -> String {
        format!(
            "//- pg1/status.txt\n+----------------+------------------+---------+---------+-----------+------------+-----------+------------+--------------------+--------+\n|    ENDPOINT    |        ID        | VERSION | DB SIZE | IS LEADER | IS LEARNER | RAFT TERM | RAFT INDEX | RAFT APPLIED INDEX | ERRORS |\n+----------------+------------------+---------+---------+-----------+------------+-----------+------------+--------------------+--------+\n| 127.0.0.1:2379 | c8811744a9ea5c81 |   3.5.7 | {size:>7} |      true |      false |       124 |    7336826 |            7336826 |        |\n+----------------+------------------+---------+---------+-----------+------------+-----------+------------+--------------------+--------+\n"
        )
    }

    #[test]
    fn a_database_that_nears_its_quota() {
        assert!(found("etcd_quota_near", &status("1.9 GB"))[0].contains("2.0 GiB (default)"));
        assert!(found("etcd_quota_near", &status("20 MB")).is_empty());
        assert!(
            found("etcd_quota_near", &format!("{}{}", status("1.9 GB"), conf("quota-backend-bytes: 8589934592\n")))
                .is_empty()
        );
    }

    #[test]
    fn a_quota_beyond_what_etcd_is_made_for() {
        assert_eq!(found("etcd_quota_large", &conf("quota-backend-bytes: 17179869184\n")).len(), 1);
        assert!(found("etcd_quota_large", &conf("quota-backend-bytes: 8589934592\n")).is_empty());
    }

    #[test]
    fn history_that_is_never_compacted() {
        assert_eq!(found("etcd_compaction_off", &conf("")).len(), 1);
        assert_eq!(found("etcd_compaction_off", &conf("auto-compaction-retention: '0'\n")).len(), 1);
        assert!(found("etcd_compaction_off", &conf("auto-compaction-retention: 1h\n")).is_empty());
        assert!(found("etcd_compaction_off", &status("20 MB")).is_empty());
    }
}
