//! etcd leaders that send their heartbeat late, without effect so far.

use super::look::{Look, host};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{NodeId, Threshold, What};
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[Check {
    id: "etcd_heartbeats_late",
    title: "etcd sends its heartbeat late, again and again",
    threshold: "10 messages of one host",
    thresholds: &[&LATE],
    origin: "our choice: single ones happen on every machine; so many lack CPU or disk time",
    find,
}];

static LATE: Threshold = Threshold::new(
    "etcd.late_heartbeats",
    10.0,
    "times",
    "That many late heartbeats of one host are a risk (our choice: single ones happen on every machine)",
);

fn find(l: &Look<'_>) -> Vec<Finding> {
    let mut hosts: BTreeMap<NodeId, (u32, u32)> = BTreeMap::new();
    for e in l.t.all(&[What::HeartbeatLate]) {
        hosts.entry(e.node).or_insert((e.index, 0)).1 += e.count;
    }
    let finding = |(node, (index, count)): (NodeId, (u32, u32))| {
        let name = l.name(node);
        host(
            name.clone(),
            format!(
                "etcd on {name} sent its heartbeat late {count} times; its hint at a slow disk is a guess that it always prints"
            ),
            [Cite::Event(index)],
            "Compare sar -d (await) and sar -u (%steal, %iowait) of these minutes: slow disk or missing CPU.",
        )
    };
    hosts.into_iter().filter(|(_, (_, n))| f64::from(*n) >= l.limit(&LATE)).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn ten_late_heartbeats_are_worth_a_look() {
        let line = |s: u32| {
            format!(
                "2022-01-12 08:20:{s:02}.169194 W | etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 39.177252ms)\n"
            )
        };
        let log = |n: u32| format!("//- pg1/etcd.log\n{}", (0..n).map(|i| line(i * 5)).collect::<String>());
        assert!(found("etcd_heartbeats_late", &log(11))[0].contains("late 11 times"));
        assert!(found("etcd_heartbeats_late", &log(3)).is_empty());
    }
}
