//! The watchdog: without it a frozen primary may go on writing next to the new one.

use super::look::{Look, cluster, host, text};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{Key, What};
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "watchdog_off",
        title: "no watchdog guards a primary whose Patroni stands still",
        threshold: "watchdog.mode: off",
        thresholds: &[],
        origin: "Patroni: Watchdog support; a stopped Patroni left two primaries for 33 s in our recordings",
        find: off,
    },
    Check {
        id: "watchdog_unusable",
        title: "the watchdog is wanted but does not work",
        threshold: "any such message",
        thresholds: &[],
        origin: "patroni/watchdog: it needs ttl >= 2 * loop_wait and a device that it may open",
        find: unusable,
    },
];

fn off(l: &Look<'_>) -> Vec<Finding> {
    let modes = l.facts(Key::WatchdogMode).filter(|(_, k)| matches!(text(k).as_str(), "off" | "false" | "0"));
    let cites: Vec<Cite> = modes.map(|(c, _)| c).collect();
    if cites.is_empty() {
        return Vec::new();
    }
    vec![cluster(
        "watchdog.mode is off: if the primary's Patroni stands still for longer than ttl, its PostgreSQL goes on accepting writes next to the new primary".to_owned(),
        cites,
        "In patroni.yml of each member: watchdog.mode automatic (softdog or hardware, device owned by postgres), required where no write may be lost.",
    )]
}

fn unusable(l: &Look<'_>) -> Vec<Finding> {
    let mut hosts = BTreeMap::new();
    for e in l.t.all(&[What::WatchdogUnsafe, What::WatchdogRequiredFailed]) {
        hosts.entry(e.node).or_insert((e.index, 0)).1 += e.count;
    }
    let finding = |(node, (index, count)): (_, (u32, u32))| {
        let name = l.name(node);
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        host(
            name.clone(),
            format!("the watchdog of {name} could not be used ({times})"),
            [Cite::Event(index)],
            "Keep ttl at least twice loop_wait; load softdog or use the hardware's device, and let postgres own /dev/watchdog.",
        )
    };
    hosts.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_watchdog_that_is_switched_off() {
        let yml = |mode| {
            format!(
                "//- pg1/patroni.yml\nscope: main\nname: pg1\nrestapi:\n  listen: 0.0.0.0:8008\nwatchdog:\n  mode: {mode}\n"
            )
        };
        assert_eq!(found("watchdog_off", &yml("'off'")).len(), 1);
        assert!(found("watchdog_off", &yml("required")).is_empty());
    }

    #[test]
    fn a_ttl_too_short_for_the_watchdog() {
        let log = "//- pg1/patroni.log\n2026-03-04 10:00:00,123 WARNING: Watchdog not supported because leader TTL 12 is less than 2x loop_wait 10\n";
        assert_eq!(found("watchdog_unusable", log).len(), 1);
        assert!(
            found(
                "watchdog_unusable",
                "//- pg1/patroni.log\n2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock\n"
            )
            .is_empty()
        );
    }
}
