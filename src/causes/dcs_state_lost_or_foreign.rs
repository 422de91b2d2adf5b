//! The DCS answered, but with nothing, or with another cluster's keys.

use super::case::{DCS_ERRORS, cites, hosts, length, list, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::incidents::Kind;
use crate::model::{Program, Role, Span, What};
use crate::timeline::Hit;
use std::collections::BTreeSet;

pub static CAUSE: Cause = Cause {
    id: "dcs_state_lost_or_foreign",
    title: "the DCS came back empty or with another cluster's keys",
    layer: Layer::Dcs,
    leads_to: &["rewind_or_timeline"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Log(Program::Etcd, Who::DcsMembers)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "`patronictl pause` first. Compare `etcdctl endpoint status --cluster` (cluster id, revision) on all members with the value of SCOPE/initialize and `pg_controldata` (Database system identifier) on all PostgreSQL hosts; then start Patroni on the true primary before any other.",
            risk: "a wrong member that starts first takes the lock, and the others are rewound or rebuilt after it",
            verify: "one cluster id on all DCS members, and initialize equals the primary's system identifier",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Restore etcd from its own snapshot only with a new cluster of all members, never from a VM snapshot of one; no second cluster under the same scope and namespace; persistent storage for etcd's data.",
            risk: "none",
            verify: "restore the DCS in a test while the cluster is paused: the primary stays primary",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The keys of the cluster vanish while the DCS itself answers: etcd was restored from an old snapshot or started with an
empty directory, a proxy or DNS name leads to another etcd, somebody deleted the keys, or two clusters share a scope.
All members see no leader at once; whoever is first takes the lock, or nobody dares.

## How we tell
Patroni's `Etcd Cluster ID changed`, `No initialize key in DCS`, `system ID mismatch`; etcd's `cluster ID mismatch`; a
leader key that all members find gone right after the DCS started anew.

## What else looks like it
An expired leader key (the gap before it is longer than ttl), a DCS that does not answer (time-outs), one member whose
own data directory is of another cluster while the rest works, a first start of a new cluster.

## What to do
Pause, find the right state, start the true primary first.

## References
Patroni: FAQ; `patronictl remove`, `pause`. etcd: Disaster recovery.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let changed = c.find(&[What::DcsClusterIdChanged]);
    if !changed.is_empty() {
        a.pro(
            Strength::Decisive,
            format!("{} met a DCS of another cluster id ({})", hosts(c, &changed), said(&changed)),
            cites(&changed),
        );
    }
    let no_key = c.find(&[What::DcsNoInitKey]);
    if let Some(first) = no_key.first() {
        // Before Patroni takes over an existing replica there is no key either.
        let known = c.t.beats.iter().any(|b| b.from < first.at && b.role != Role::Idle);
        a.pro(
            if known { Strength::Decisive } else { Strength::Weak },
            format!(
                "{} found no initialize key in the DCS{}",
                hosts(c, &no_key),
                if known {
                    ", although the cluster had worked before"
                } else {
                    "; nothing shows that there ever was one"
                }
            ),
            cites(&no_key),
        );
    }
    let foreign = c.find(&[What::PgSysidMismatch]);
    if let Some(first) = foreign.first() {
        let nodes: BTreeSet<_> = foreign.iter().map(|e| e.node).collect();
        let was_primary = foreign
            .iter()
            .any(|e| c.t.beats.iter().any(|b| b.node == e.node && b.role == Role::Leader && b.to <= e.at));
        let others_fine = c.t.beats.iter().any(|b| !nodes.contains(&b.node) && b.role != Role::Idle && b.to > first.at);
        // A member that cannot start because of it, with nobody else to ask: it is the reason, whichever side is foreign.
        let led = c.find(&[What::LockOwner]).iter().any(|e| e.who.is_some());
        let refused = c.is(&[Kind::StartFailure]) && !others_fine && !led;
        let strength = match was_primary || nodes.len() > 1 {
            true => Strength::Decisive,
            false if refused => Strength::Strong,
            false => Strength::Weak,
        };
        a.pro(
            strength,
            format!("the system identifier in the DCS is not that of {}", list(nodes.iter().map(|n| c.name(*n)))),
            cites(&foreign),
        );
        if others_fine && nodes.len() == 1 && !was_primary {
            a.con(
                Strength::Strong,
                format!(
                    "the other members go on with the same DCS: the data directory of {} is the foreign one",
                    hosts(c, &foreign)
                ),
                cites(&foreign),
            );
        }
    }
    let peers = c.find(&[What::ClusterIdMismatch]);
    if !peers.is_empty() {
        let hurt = c.has(&[What::QuorumLost, What::NoRaftLeader, What::DcsUnreachable]);
        a.pro(
            if hurt { Strength::Strong } else { Strength::Weak },
            format!("etcd on {} refused a peer of another cluster id ({})", hosts(c, &peers), said(&peers)),
            cites(&peers),
        );
    }
    let broken = c.find(&[What::EtcdRemoved, What::EtcdCorrupt, What::CorruptAlarm]);
    if !broken.is_empty() && !a.evidence.is_empty() {
        a.pro(
            Strength::Weak,
            format!("etcd on {} found its data damaged or its membership gone", hosts(c, &broken)),
            cites(&broken),
        );
    }
    vanished(c, &mut a);
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

/// A leader key that is gone for all, long before its time, while the DCS answers: it was not an expiry.
fn vanished(c: &Case<'_>, a: &mut Assessment) {
    let Some((run, beat)) =
        c.t.beats
            .iter()
            .enumerate()
            .filter(|(_, b)| b.role == Role::Leader && b.to <= c.incident.span.to)
            .max_by_key(|(_, b)| b.to)
    else {
        return;
    };
    let early = Span::new(beat.to, beat.to + c.t.ttl() * 2 / 3);
    let gone: Vec<Hit<'_>> = c.t.find(&[What::LockNobody, What::DcsKeyGone], early).collect();
    let nodes: BTreeSet<_> = gone.iter().map(|e| e.node).collect();
    let silent = c.t.find(DCS_ERRORS, early).any(|e| e.what != What::DcsWatchFailed);
    let released =
        c.has(&[What::LockReleased, What::LockReleasedPgDown, What::LockReleasedDatadir, What::DemoteGraceful]);
    let Some(first) = gone.first().filter(|_| nodes.len() >= 2 && !silent && !released) else { return };
    let anew: Vec<Hit<'_>> = c.t.find(&[What::EtcdStart], Span::new(beat.to - c.t.ttl(), first.at)).collect();
    let started: BTreeSet<_> = anew.iter().map(|e| e.node).collect();
    let majority = started.len() * 2 > c.dcs_members().max(1);
    let words = format!(
        "{} members found no leader {} after the last renewal, before ttl ({}) was over{}",
        nodes.len(),
        length(first.at - beat.to),
        length(c.t.ttl()),
        if majority {
            format!(", and {} of {} etcd members had just started", started.len(), c.dcs_members())
        } else {
            String::new()
        }
    );
    let places = cites(&gone).into_iter().chain(cites(&anew)).chain([Cite::Beats { run: run as u32, last: true }]);
    a.pro(if majority { Strength::Strong } else { Strength::Weak }, words, places);
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn etcd_was_restored_and_is_another_cluster_now() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,101 WARNING: Etcd Cluster ID changed from 14841639068965178418 to 2037210783374497686
2026-03-04 10:00:30,103 ERROR: failed to update leader lock
2026-03-04 10:00:30,205 INFO: Demoting self (immediate-nolock)
2026-03-04 10:00:31,900 INFO: demoted self because failed to update leader lock in DCS
//- pg2/patroni.log
2026-03-04 10:00:00,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:30,223 INFO: Lock owner: None; I am pg2
2026-03-04 10:00:30,225 CRITICAL: No initialize key in DCS and PostgreSQL is running as replica, aborting start
"#,
            expect![[r#"
                dcs_state_lost_or_foreign: confirmed (demotion)
                  + decisive: pg1 met a DCS of another cluster id (1 message)
                  + decisive: pg2 found no initialize key in the DCS, although the cluster had worked before
            "#]],
        );
    }

    #[test]
    fn the_key_expired_because_the_primary_slept() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:10,123 INFO: Lock owner: pg2; I am pg1
2026-03-04 10:01:10,205 INFO: Demoting self (immediate-nolock)
2026-03-04 10:01:11,900 INFO: demoted self because DCS is not accessible and I was a leader
//- pg2/patroni.log
2026-03-04 10:00:00,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,223 INFO: Lock owner: None; I am pg2
2026-03-04 10:00:51,225 INFO: promoted self to leader by acquiring session lock
//- pg3/patroni.log
2026-03-04 10:00:00,323 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,323 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,323 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,323 INFO: Lock owner: None; I am pg3
"#,
            expect![[r#"
                dcs_state_lost_or_foreign: not_assessable (failover)
            "#]],
        );
    }

    #[test]
    fn one_replica_has_the_data_of_another_cluster() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
//- pg3/patroni.log
2026-03-04 10:00:20,425 CRITICAL: system ID mismatch, node pg3 belongs to a different cluster: 6937866666624567297 != 6937866666624567298
"#,
            expect![[r#"
                dcs_state_lost_or_foreign: possible (start_failure)
                  + weak: the system identifier in the DCS is not that of pg3
                  - strong: the other members go on with the same DCS: the data directory of pg3 is the foreign one
            "#]],
        );
    }

    #[test]
    fn only_the_winner_sent_its_log() {
        check(
            &CAUSE,
            r#"//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:40,801 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                dcs_state_lost_or_foreign: not_assessable (failover)
            "#]],
        );
    }

    #[test]
    fn patroni_refuses_a_database_that_was_created_anew() {
        check(
            &CAUSE,
            r#"//- patroni.log
2020-10-30 16:10:57,462 INFO: Selected new etcd server http://10.66.40.178:2379
2020-10-30 16:10:57,475 INFO: No PostgreSQL configuration items changed, nothing to reload.
2020-10-30 16:10:57,486 CRITICAL: system ID mismatch, node pg1 belongs to a different cluster: 6864843511243778900 != 6889429568915863164
2020-10-30 16:10:57,981 INFO: Lock owner: None; I am pg1
"#,
            expect![[r#"
                dcs_state_lost_or_foreign: likely (start_failure)
                  + strong: the system identifier in the DCS is not that of pg1
            "#]],
        );
    }
}
