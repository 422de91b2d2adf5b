//! Too few etcd members were running or reachable.

use super::case::{cites, hosts, list, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, SECOND, Span, What, Why};
use crate::timeline::Event;
use std::collections::BTreeSet;

pub static CAUSE: Cause = Cause {
    id: "etcd_quorum_loss",
    title: "too few etcd members were running for a majority",
    layer: Layer::Dcs,
    leads_to: &["slow_shutdown"],
    needs: &[Need::Log(Program::Etcd, Who::DcsMembers), Need::Log(Program::Patroni, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Bring back {majority}, the one with the newest data first; do not create a new cluster while a majority can be saved.",
            risk: "a forced new cluster loses what the others had",
            verify: "etcdctl endpoint health --cluster shows a majority healthy",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Three or five members on independent hosts and storage; patch and restart one at a time; enable failsafe_mode in Patroni.",
            risk: "none",
            verify: "stopping any one member changes nothing",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
With fewer than a majority of members no write succeeds. Every Patroni fails at once, the primary demotes
itself (or is kept by failsafe mode), and nobody can be promoted until the majority is back.

## How we tell
Members that stopped (signal, fatal error, service stop) or were refused on all ports, an etcd leader that
stepped down for want of a quorum, and Patroni errors on all hosts.

## What else looks like it
A partition (the other side still has a leader), one slow member, a primary cut off alone.

## What to do
Restore the majority first; then make members independent.

## References
etcd: Failure modes, Disaster recovery. Patroni: DCS Failsafe Mode.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let members = c.dcs_members().max(1);
    let needed = members / 2 + 1;
    let down = c.find(&[What::EtcdStopSignal, What::EtcdDiskFull, What::EtcdFatal, What::EtcdPanic, What::EtcdIoError]);
    let stopped: Vec<_> = c
        .find(&[What::UnitStopped, What::UnitFailed])
        .into_iter()
        .filter(|e| crate::messages::systemd_unit(e.who.as_deref().unwrap_or("")) == Some(Program::Etcd))
        .collect();
    let nodes: BTreeSet<_> = down.iter().chain(&stopped).map(|e| e.node).collect();
    if members >= 2 && nodes.len() > members - needed {
        let places: Vec<_> = down.iter().chain(&stopped).copied().collect();
        let words = format!(
            "{} of {members} etcd members went down ({}); {needed} are needed",
            nodes.len(),
            list(nodes.iter().map(|n| c.name(*n)))
        );
        a.pro(Strength::Decisive, words, cites(&places));
        if down.iter().any(|e| e.what == What::EtcdStopSignal) || !stopped.is_empty() {
            a.tag("external_service_stop");
            a.tag("planned_or_external_action");
        }
    }
    let lost = c.find(&[What::QuorumLost, What::NoRaftLeader]);
    if !lost.is_empty() {
        let leaders = c.has(&[What::LeaderWon]);
        a.pro(
            if leaders { Strength::Weak } else { Strength::Strong },
            format!("etcd had no leader, or its leader had no quorum, as {} says ({})", hosts(c, &lost), said(&lost)),
            cites(&lost),
        );
    }
    // What refuses in the name of a member that works is something on the way.
    let refused: Vec<_> = c
        .find(&[What::DcsRequestFailed, What::DcsRetry])
        .into_iter()
        .filter(|e| e.why == Why::Refused && c.etcd_that_worked(e).is_none())
        .collect();
    let servers: BTreeSet<_> = refused.iter().filter_map(|e| e.who.clone()).collect();
    if servers.len() >= 2 {
        a.pro(
            Strength::Strong,
            format!("{} DCS endpoints refused connections: hosts alive, nothing listening", servers.len()),
            cites(&refused),
        );
    }
    // Who writes into the DCS while others are still refused has found a majority.
    let taken: Vec<_> = c.find(&[What::Promoted]).into_iter().filter(|p| still_refused(c, p) >= 2).collect();
    if !taken.is_empty() {
        a.con(
            Strength::Decisive,
            format!(
                "{} took the lock in the DCS while others were still refused by it: a majority was there",
                hosts(c, &taken)
            ),
            cites(&taken),
        );
    }
    // Somebody had a quorum: the loss was not the cluster's.
    let won: Vec<_> = c.find(&[What::LeaderWon]).into_iter().filter(|e| e.at > c.incident.span.from).collect();
    if !won.is_empty() && nodes.len() <= members.saturating_sub(needed) {
        a.con(
            Strength::Strong,
            format!("etcd on {} elected a leader during the incident: a majority was there", hosts(c, &won)),
            cites(&won),
        );
    }
    a
}

/// Endpoints that refused other members before and after a promotion.
fn still_refused(c: &Case<'_>, promoted: &Event) -> usize {
    let servers = |span: Span| -> BTreeSet<_> {
        c.t.find(&[What::DcsRequestFailed, What::DcsRetry], span)
            .filter(|e| e.why == Why::Refused && e.node != promoted.node)
            .filter_map(|e| e.who.clone())
            .collect()
    };
    let (lead, at) = (c.t.ttl(), promoted.at);
    servers(Span::new(at - lead, at)).intersection(&servers(Span::new(at + SECOND, at + lead))).count()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn two_of_three_members_are_stopped() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,000 ERROR: Request to server http://10.0.0.11:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.11', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.12', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))")
2026-03-04 10:00:40,200 ERROR: Error communicating with DCS
2026-03-04 10:00:40,300 INFO: Demoting self (offline)
2026-03-04 10:00:41,100 INFO: demoted self because DCS is not accessible and I was a leader
//- etcd1/etcd.log
{"level":"info","ts":"2026-03-04T10:00:21.100000Z","caller":"etcdserver/x.go:1","msg":"received signal; shutting down","signal":"terminated"}
//- etcd2/etcd.log
{"level":"info","ts":"2026-03-04T10:00:26.100000Z","caller":"etcdserver/x.go:1","msg":"received signal; shutting down","signal":"terminated"}
//- etcd3/etcd.log
{"level":"info","ts":"2026-03-04T09:59:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
{"level":"info","ts":"2026-03-04T10:05:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
"#,
            expect![[r#"
                etcd_quorum_loss: confirmed (demotion)
                  + decisive: 2 of 3 etcd members went down (etcd1 and etcd2); 2 are needed
                  + strong: 2 DCS endpoints refused connections: hosts alive, nothing listening
            "#]],
        );
    }

    #[test]
    fn one_member_stops_and_the_others_go_on() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,000 ERROR: Request to server http://10.0.0.11:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.11', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))")
2026-03-04 10:00:30,050 INFO: Selected new etcd server http://10.0.0.12:2379
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:40,123 INFO: no action. I am (pg1), the leader with the lock
//- etcd1/etcd.log
{"level":"info","ts":"2026-03-04T10:00:21.100000Z","caller":"etcdserver/x.go:1","msg":"received signal; shutting down","signal":"terminated"}
//- etcd2/etcd.log
{"level":"info","ts":"2026-03-04T10:00:23.100000Z","caller":"etcdserver/x.go:1","msg":"7ab1 became leader at term 7"}
//- etcd3/etcd.log
{"level":"info","ts":"2026-03-04T09:59:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
{"level":"info","ts":"2026-03-04T10:05:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
"#,
            expect![[r#"
                etcd_quorum_loss: ruled_out (near_miss)
                  - strong: etcd on etcd2 elected a leader during the incident: a majority was there
            "#]],
        );
    }

    #[test]
    fn no_log_of_etcd_was_sent() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                etcd_quorum_loss: not_assessable (demotion)
            "#]],
        );
    }
}
