//! Members that run with different settings or versions.

use super::look::{Look, cluster, text};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{Key, NodeId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "members_differ",
        title: "members run different versions or timeouts",
        threshold: "equal on all members",
        thresholds: &[],
        origin: "etcd: Tuning (the same values on all members); Patroni: Upgrade",
        find: versions,
    },
    Check {
        id: "parameters_differ",
        title: "a parameter that must be equal on all members is not",
        threshold: "equal on all members",
        thresholds: &[],
        origin: "PostgreSQL: Hot Standby, Administrator's Overview: a standby with less than its primary stops",
        find: parameters,
    },
];

const KEYS: &[(Key, &str)] = &[
    (Key::EtcdHeartbeatMs, "etcd's heartbeat-interval"),
    (Key::EtcdElectionMs, "etcd's election-timeout"),
    (Key::EtcdQuotaBytes, "etcd's quota-backend-bytes"),
    (Key::PatroniVersion, "Patroni's version"),
    (Key::EtcdVersion, "etcd's version"),
    (Key::WatchdogMode, "watchdog.mode"),
];

/// A standby must not have less of these than its primary.
const PARAMETERS: &[&str] = &[
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
    "wal_level",
];

fn versions(l: &Look<'_>) -> Vec<Finding> {
    let of = |key: Key| l.by_host(key).into_iter().map(|(n, (c, k))| (n, (c, text(k)))).collect();
    KEYS.iter().filter_map(|(key, name)| apart(l, name, of(*key))).collect()
}

fn parameters(l: &Look<'_>) -> Vec<Finding> {
    PARAMETERS.iter().filter_map(|name| apart(l, name, l.parameter(name))).collect()
}

/// The finding, if the hosts do not agree.
fn apart(l: &Look<'_>, name: &str, values: BTreeMap<NodeId, (Cite, String)>) -> Option<Finding> {
    let different: BTreeSet<&str> = values.values().map(|(_, v)| v.as_str()).collect();
    if different.len() < 2 {
        return None;
    }
    let shown: Vec<String> = values.iter().map(|(n, (_, v))| format!("{} {v}", l.name(*n))).collect();
    Some(cluster(
        format!("{name} differs: {}", shown.join(", ")),
        values.values().map(|(c, _)| *c),
        "Bring the members to one value, one member after the other, replicas first.",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn etcd(host: &str, election: u32) -> String {
        format!(
            "//- {host}/etcd.conf.yml\nname: {host}\ndata-dir: /var/lib/etcd\nlisten-client-urls: http://127.0.0.1:2379\ninitial-cluster: pg1=http://10.0.0.1:2380,pg2=http://10.0.0.2:2380\nelection-timeout: {election}\n"
        )
    }

    fn conf(host: &str, connections: u32) -> String {
        format!(
            "//- {host}/postgresql.conf\n# PostgreSQL configuration file\nlisten_addresses = '*'\nport = 5432\nmax_connections = {connections}\nshared_buffers = 128MB\n"
        )
    }

    #[test]
    fn two_election_timeouts() {
        let apart = found("members_differ", &format!("{}{}", etcd("pg1", 1_000), etcd("pg2", 5_000)));
        assert!(apart[0].contains("etcd's election-timeout differs: pg1 1000, pg2 5000"), "{apart:?}");
        assert!(found("members_differ", &format!("{}{}", etcd("pg1", 1_000), etcd("pg2", 1_000))).is_empty());
    }

    #[test]
    fn a_standby_with_fewer_connections() {
        assert_eq!(found("parameters_differ", &format!("{}{}", conf("pg1", 200), conf("pg2", 100))).len(), 1);
        assert!(found("parameters_differ", &format!("{}{}", conf("pg1", 200), conf("pg2", 200))).is_empty());
    }
}
