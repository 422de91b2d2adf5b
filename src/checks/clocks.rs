//! Clocks that differ, jump or run free.

use super::look::{Look, host};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{Key, NodeId, What};
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "clock_skew",
        title: "etcd measured a clock difference to a peer",
        threshold: "1 s, as etcd itself warns",
        thresholds: &[],
        origin: "etcd rafthttp/probing_status.go; a delayed probe under packet loss looks the same",
        find: skew,
    },
    Check {
        id: "clock_stepped",
        title: "a clock was stepped",
        threshold: "any such message",
        thresholds: &[],
        origin: "keys expire early or late, and stamps occur twice",
        find: steps,
    },
    Check {
        id: "clock_unsynchronised",
        title: "a clock is not synchronised",
        threshold: "as timedatectl or chronyc says",
        thresholds: &[],
        origin: "etcd: Hardware recommendations; Patroni's v2 API counts ttl on the leader's clock",
        find: free,
    },
];

fn skew(l: &Look<'_>) -> Vec<Finding> {
    let mut worst: BTreeMap<NodeId, (f64, u32, u32)> = BTreeMap::new();
    for e in l.t.all(&[What::PeerClockDrift]) {
        let entry = worst.entry(e.node).or_insert((e.num.abs(), e.index, 0));
        entry.2 += e.count;
        if e.num.abs() > entry.0 {
            (entry.0, entry.1) = (e.num.abs(), e.index);
        }
    }
    let finding = |(node, (ms, index, count)): (NodeId, (f64, u32, u32))| {
        let name = l.name(node);
        let reports = if count == 1 { "1 report".to_owned() } else { format!("{count} reports") };
        host(
            name.clone(),
            format!("etcd on {name} measured a clock difference of {:.1} s to a peer ({reports})", ms / 1_000.0),
            [Cite::Event(index)],
            "Compare chronyc tracking on both hosts; an unsynchronised clock expires keys early and shifts logs against each other.",
        )
    };
    worst.into_iter().map(finding).collect()
}

fn steps(l: &Look<'_>) -> Vec<Finding> {
    let mut hosts: BTreeMap<NodeId, (u32, u32)> = BTreeMap::new();
    for e in l.t.all(&[What::ClockStepped]) {
        hosts.entry(e.node).or_insert((e.index, 0)).1 += e.count;
    }
    let finding = |(node, (index, count)): (NodeId, (u32, u32))| {
        let name = l.name(node);
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        host(
            name.clone(),
            format!("the clock of {name} was stepped {times}"),
            [Cite::Event(index)],
            "Let chrony slew the clock (makestep only at boot), and stop the hypervisor from setting it.",
        )
    };
    hosts.into_iter().map(finding).collect()
}

fn free(l: &Look<'_>) -> Vec<Finding> {
    let hosts = l.by_host(Key::ClockSynchronised).into_iter().filter(|(_, (_, k))| k.fact.value.num() == Some(0.0));
    hosts
        .map(|(node, (cite, _))| {
            let name = l.name(node);
            host(
                name.clone(),
                format!("the clock of {name} is not synchronised"),
                [cite],
                "systemctl enable --now chronyd (or systemd-timesyncd) with at least three sources; verify with chronyc tracking.",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_clock_that_nobody_sets() {
        let text = |yes| {
            format!(
                "//- pg1/timedatectl.txt\n               Local time: Wed 2026-03-04 10:00:00 UTC\n           Universal time: Wed 2026-03-04 10:00:00 UTC\n                 RTC time: Wed 2026-03-04 10:00:00\n                Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: {yes}\n              NTP service: active\n          RTC in local TZ: no\n"
            )
        };
        assert_eq!(found("clock_unsynchronised", &text("no")).len(), 1);
        assert!(found("clock_unsynchronised", &text("yes")).is_empty());
    }

    #[test]
    fn steps_and_differences_are_counted_per_host() {
        let log = "//- pg1/etcd.log\n2022-01-12 08:20:14.169194 W | rafthttp: the clock difference against peer ffb5a2 is too high [3.2s > 1s] (prober \"ROUND_TRIPPER_RAFT_MESSAGE\")\n";
        assert!(found("clock_skew", log)[0].contains("3.2 s to a peer (1 report)"), "{:?}", found("clock_skew", log));
        assert!(found("clock_stepped", log).is_empty());
        let step = "//- pg1/syslog\n2026-03-04T10:00:00.123456+00:00 pg1 chronyd[700]: System clock was stepped by -95.120000 seconds\n";
        assert!(found("clock_stepped", step)[0].contains("was stepped once"));
        assert!(found("clock_skew", step).is_empty());
    }
}
