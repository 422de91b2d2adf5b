//! Two hosts that are slow in the same seconds have something in common.

use super::look::{Look, cluster};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{NodeId, SECOND, Threshold, What};

pub(super) static CHECKS: &[Check] = &[Check {
    id: "shared_fate",
    title: "two hosts were slow in the same seconds",
    threshold: "stalls of two hosts that overlap within 5 s",
    thresholds: &[&LONG_MS],
    origin: "two of three etcd members on one ESXi host: the incident in fixtures/cases/57-*; 5 s is our choice",
    find,
}];

const NEAR: i64 = 5 * SECOND;
static LONG_MS: Threshold = Threshold::new(
    "shared_fate.stall_ms",
    1_000.0,
    "ms",
    "Shorter waits happen on every disk (etcd warns from one second on)",
);

/// What only a host in trouble says, and what is measured on the host itself.
const STALLS: &[What] = &[
    What::FsyncSlow,
    What::CommitSlow,
    What::TickMissed,
    What::PgWalIoSlow,
    What::HungTask,
    What::SoftLockup,
    What::Suspended,
    What::DiskTimeout,
    What::PathLost,
    What::FsFrozen,
];

fn find(l: &Look<'_>) -> Vec<Finding> {
    let timed = |w: What| matches!(w, What::FsyncSlow | What::CommitSlow | What::PgWalIoSlow);
    let stalls: Vec<_> = l.t.all(STALLS).filter(|e| !timed(e.what) || e.num >= l.limit(&LONG_MS)).collect();
    let mut pairs: Vec<(NodeId, NodeId, u32, Cite, Cite)> = Vec::new();
    for (i, a) in stalls.iter().enumerate() {
        let later = stalls.iter().skip(i + 1).take_while(|b| b.began() <= a.until + NEAR);
        for b in later.filter(|b| b.node != a.node && b.until + NEAR >= a.began()) {
            let (x, y) = (a.node.min(b.node), a.node.max(b.node));
            match pairs.iter_mut().find(|p| (p.0, p.1) == (x, y)) {
                Some(p) => p.2 += 1,
                None => pairs.push((x, y, 1, Cite::Event(a.index), Cite::Event(b.index))),
            }
        }
    }
    let finding = |(a, b, n, at, bt): (NodeId, NodeId, u32, Cite, Cite)| {
        let times = if n == 1 { "once".to_owned() } else { format!("{n} times") };
        cluster(
            format!(
                "{} and {} were slow in the same seconds ({times}): they may share storage, a hypervisor, a network or a job",
                l.name(a),
                l.name(b)
            ),
            [at, bt],
            "Ask which hypervisor and which storage each of them lives on and what ran there in these minutes; spread the members.",
        )
    };
    pairs.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn sync(host: &str, time: &str) -> String {
        format!("//- {host}/etcd.log\n2026-03-04 {time}.100000 W | wal: sync duration of 3.1s, expected less than 1s\n")
    }

    #[test]
    fn two_members_wait_for_their_disks_together() {
        let both = found("shared_fate", &format!("{}{}", sync("pg1", "10:00:20"), sync("pg2", "10:00:21")));
        assert!(both[0].contains("pg1 and pg2 were slow in the same seconds (once)"), "{both:?}");
    }

    #[test]
    fn one_after_the_other_is_no_shared_fate() {
        assert!(found("shared_fate", &format!("{}{}", sync("pg1", "10:00:20"), sync("pg2", "11:30:21"))).is_empty());
        assert!(found("shared_fate", &sync("pg1", "10:00:20")).is_empty());
    }
}
