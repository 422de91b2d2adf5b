//! Synchronous replication: what is lost without it, and what stops with it.

use super::look::{Look, cluster, size, text};
use super::{Check, Finding};
use crate::model::Key;

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "synchronous_mode_off",
        title: "a failover may lose committed transactions",
        threshold: "synchronous_mode not true",
        thresholds: &[],
        origin: "Patroni: Replication modes; bounded by maximum_lag_on_failover, 1 MiB by default",
        find: off,
    },
    Check {
        id: "synchronous_strict",
        title: "writes stop when the last synchronous standby is away",
        threshold: "synchronous_mode_strict with fewer than 2 replicas",
        thresholds: &[],
        origin: "Patroni: Replication modes, synchronous_mode_strict",
        find: strict,
    },
];

/// Patroni's default for maximum_lag_on_failover.
const LAG: f64 = 1_048_576.0;

fn on(l: &Look<'_>) -> Option<bool> {
    let live = l.live().is_some();
    let value = l.setting(Key::SynchronousMode).map(|(_, k)| !matches!(text(k).as_str(), "0" | "off" | "false"));
    value.or(live.then_some(false))
}

fn off(l: &Look<'_>) -> Vec<Finding> {
    let (Some(false), Some(live)) = (on(l), l.live()) else { return Vec::new() };
    let (lag, at) = l.number(Key::MaximumLag).map_or((LAG, None), |(n, c)| (n, Some(c)));
    vec![cluster(
        format!(
            "synchronous_mode is off: a failover may lose what was committed last, up to maximum_lag_on_failover ({}) and the WAL of one loop",
            size(lag)
        ),
        [l.setting(Key::SynchronousMode).map_or(live, |(c, _)| c)].into_iter().chain(at),
        "Where no commit may be lost: patronictl edit-config: synchronous_mode: true, with at least two replicas; each commit then waits for one of them.",
    )]
}

fn strict(l: &Look<'_>) -> Vec<Finding> {
    let strict = l
        .facts(Key::PatroniSetting)
        .find(|(_, k)| k.fact.item.as_deref() == Some("synchronous_mode_strict"))
        .filter(|(_, k)| matches!(text(k).to_lowercase().as_str(), "1" | "true" | "on"));
    let members: std::collections::BTreeSet<_> =
        l.facts(Key::MemberRole).filter_map(|(_, k)| k.fact.item.as_deref()).collect();
    let members = members.len();
    match strict {
        Some((cite, _)) if members > 0 && members < 3 && on(l) == Some(true) => vec![cluster(
            format!(
                "synchronous_mode_strict with {members} members: when the only replica is away, every commit waits"
            ),
            [cite],
            "Add a second replica, or switch synchronous_mode_strict off.",
        )],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn live(more: &str) -> String {
        format!(
            "//- pg1/patronictl-show-config.txt\nloop_wait: 10\nmaximum_lag_on_failover: 1048576\nretry_timeout: 10\nttl: 30\n{more}"
        )
    }

    fn list(rows: &str) -> String {
        format!(
            "//- pg1/patronictl-list.txt\n+ Cluster: main (7090415485592090116) ---+----+-----------+\n| Member | Host     | Role    | State     | TL | Lag in MB |\n+--------+----------+---------+-----------+----+-----------+\n{rows}+--------+----------+---------+-----------+----+-----------+\n"
        )
    }

    #[test]
    fn asynchronous_replication_is_named_with_its_price() {
        assert!(found("synchronous_mode_off", &live(""))[0].contains("(1 MiB)"));
        assert!(found("synchronous_mode_off", &live("synchronous_mode: true\n")).is_empty());
        assert!(
            found(
                "synchronous_mode_off",
                "//- pg1/patroni.log\n2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock\n"
            )
            .is_empty()
        );
    }

    #[test]
    fn strict_mode_wants_two_replicas() {
        let strict = live("synchronous_mode: true\nsynchronous_mode_strict: true\n");
        let two = "| pg1    | 10.0.0.1 | Leader  | running   |  1 |           |\n| pg2    | 10.0.0.2 | Sync Standby | streaming |  1 |         0 |\n";
        let three = format!("{two}| pg3    | 10.0.0.3 | Replica | streaming |  1 |         0 |\n");
        assert_eq!(found("synchronous_strict", &format!("{strict}{}", list(two))).len(), 1);
        assert!(found("synchronous_strict", &format!("{strict}{}", list(&three))).is_empty());
    }
}
