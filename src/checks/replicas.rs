//! Members that cannot replicate, whatever Patroni lists them as.

use super::look::{Look, host};
use super::{Check, Finding};
use crate::incidents::{Cite, rejoined};
use crate::model::{NodeId, What, Why};
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[Check {
    id: "replica_not_replicating",
    title: "a member could not replicate up to the end of its log",
    threshold: "any failure without a later success",
    thresholds: &[],
    origin: "Patroni before 3.0 lists such a member as running",
    find,
}];

fn find(l: &Look<'_>) -> Vec<Finding> {
    let mut hosts: BTreeMap<NodeId, (u32, u32, bool)> = BTreeMap::new();
    let signs =
        [What::PgDiverged, What::PgWalRemoved, What::PgWalreceiverLost, What::RewindFailed, What::PgReplicaRefused];
    for e in l.t.all(&signs) {
        if e.what == What::PgWalreceiverLost && e.why != Why::Auth || rejoined(l.t, e.event) {
            continue;
        }
        let entry = hosts.entry(e.node).or_insert((e.index, 0, true));
        entry.1 += e.count;
        entry.2 &= e.what == What::PgReplicaRefused;
    }
    let finding = |(node, (index, count, refuses)): (NodeId, (u32, u32, bool))| {
        let name = l.name(node);
        let messages = if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
        let words = if refuses {
            format!("{name} refuses its replicas ({messages}): pg_hba.conf has no entry for them")
        } else {
            format!(
                "{name} could not replicate ({messages}), and nothing says that it recovered; Patroni may list it as running"
            )
        };
        host(
            name,
            words,
            [Cite::Event(index)],
            "Compare timeline and lag in `patronictl list`, pg_stat_wal_receiver on the replica; `patronictl reinit` if it diverged.",
        )
    };
    hosts.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    const LOST: &str = "//- pg2/postgresql.log\n2026-03-04 10:00:40.123 UTC [911] FATAL:  could not receive data from WAL stream: ERROR:  requested WAL segment 000000230000E38500000004 has already been removed\n";

    #[test]
    fn a_replica_that_finds_its_wal_gone() {
        assert!(found("replica_not_replicating", LOST)[0].contains("pg2 could not replicate (1 message)"));
    }

    #[test]
    fn one_that_streams_again_is_well() {
        let healed = format!(
            "{LOST}2026-03-04 10:05:40.123 UTC [915] LOG:  started streaming WAL from primary at 0/3000000 on timeline 2\n"
        );
        assert!(found("replica_not_replicating", &healed).is_empty());
    }
}
