//! Packets between Patroni and the DCS, or between its members, were lost or late.

use super::case::{cites, hosts, list, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::first_election;
use crate::model::{Metric, NodeId, Program, Threshold, What, Why};
use crate::timeline::Hit;
use std::collections::BTreeSet;

static RETRANS: Threshold = Threshold::new(
    "dcs_network.retrans",
    5.0,
    "1/s",
    "Segments sent again per second that a healthy local network does not show (our choice)",
);

pub static CAUSE: Cause = Cause {
    id: "dcs_network",
    title: "the network between the cluster's hosts failed",
    layer: Layer::Network,
    leads_to: &["dns_failure", "etcd_quorum_loss", "slow_shutdown"],
    needs: &[Need::Log(Program::Etcd, Who::DcsMembers), Need::Log(Program::Patroni, Who::OldPrimary)],
    thresholds: &[&RETRANS],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Check interface errors, switch ports, firewall changes and the hypervisor's network of {host}, with {others} on the other side, {minutes}.",
            risk: "none",
            verify: "no `lost the TCP streaming connection` and no connect timeouts for a day",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Redundant paths; etcd members and PostgreSQL nodes in the same failure domains; three sites for two-site clusters; failsafe_mode.",
            risk: "none",
            verify: "pull one path in a test: no demotion",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
A host (or a site) loses contact. The side without a majority of the DCS demotes its primary after
retry_timeout; the other side promotes when the leader key expires.

## How we tell
Connect timeouts and `i/o timeout` instead of refusals; etcd peers lost in pairs with one host in common; and a
second, independent path that failed in the same minute (walsender or walreceiver timeout, REST probes).

## What else looks like it
A dead host (its own logs end), a frozen host (its logs are silent), a slow disk (sync lines, no lost peers), a
stopped service (refused at once).

## What to do
Find the broken path; make paths redundant.

## References
etcd: Failure modes (network partition). Patroni: FAQ, DCS.";

const TIMED_OUT: [Why; 3] = [Why::ConnectTimeout, Why::NoRoute, Why::ReadTimeout];

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let requests: Vec<Hit<'_>> =
        c.find(&[What::DcsRequestFailed, What::DcsRetry]).into_iter().filter(|e| TIMED_OUT.contains(&e.why)).collect();
    let refused: Vec<Hit<'_>> =
        c.find(&[What::DcsRequestFailed, What::DcsRetry]).into_iter().filter(|e| e.why == Why::Refused).collect();
    let connect: Vec<Hit<'_>> =
        requests.iter().copied().filter(|e| matches!(e.why, Why::ConnectTimeout | Why::NoRoute)).collect();
    let peers: Vec<Hit<'_>> =
        c.find(&[What::PeerLost, What::PeerUnreachable, What::PeerInactive, What::PeerProbeFailed]);
    let lost: Vec<Hit<'_>> =
        peers.iter().copied().filter(|e| TIMED_OUT.contains(&e.why) || e.what == What::PeerInactive).collect();
    let second: Vec<Hit<'_>> = c
        .find(&[
            What::PgWalsenderTimeout,
            What::PgWalreceiverTimeout,
            What::SyncShrunk,
            What::LinkDown,
            What::ProbeFailed,
            What::FailsafePeerFailed,
        ])
        .into_iter()
        .filter(|e| !matches!(e.what, What::ProbeFailed | What::FailsafePeerFailed) || TIMED_OUT.contains(&e.why))
        .collect();
    let links: Vec<Hit<'_>> = second.iter().copied().filter(|e| e.what == What::LinkDown).collect();
    if !links.is_empty() {
        a.pro(Strength::Strong, "a network link went down", cites(&links));
    }
    // A host that cannot reach several others while they still reach each other is cut off.
    let froze = c.froze();
    let stalls = c.has(&[What::FsyncSlow]);
    if !connect.is_empty() && !lost.is_empty() {
        let from: BTreeSet<_> = connect.iter().chain(&lost).map(|e| e.node).collect();
        let strength = if stalls || froze { Strength::Weak } else { Strength::Strong };
        a.pro(
            strength,
            format!(
                "on {}: connections to the DCS timed out and etcd peers were lost at the same time",
                list(from.iter().map(|n| c.name(*n)))
            ),
            cites(&connect).into_iter().chain(cites(&lost)),
        );
        // A member that just started elects, too; and what was elected long before is not the answer to this.
        let begun = connect.iter().chain(&lost).map(|e| e.at).min().unwrap_or(c.incident.at) - c.t.ttl();
        let won: Vec<Hit<'_>> = c
            .find(&[What::LeaderWon])
            .into_iter()
            .filter(|e| c.incident.old != Some(e.node) && e.at >= begun && !first_election(c.t, e.event))
            .collect();
        if !won.is_empty() && !stalls && !froze {
            a.pro(
                Strength::Decisive,
                format!("{} was cut off: the other etcd members elected a leader without it", c.old_name()),
                cites(&won),
            );
        }
    } else if !stalls && !froze && unreachable(c, &connect).len() >= 2 {
        a.pro(
            Strength::Strong,
            format!(
                "{} got no connection to {}, whose etcd members worked meanwhile",
                hosts(c, &connect),
                list(unreachable(c, &connect).into_iter().map(|n| c.name(n)))
            ),
            cites(&connect),
        );
    } else if unreachable(c, &refused).len() >= 2 {
        a.pro(
            Strength::Strong,
            format!(
                "{} was refused by {}, whose etcd members worked meanwhile: something on the way refuses, such as a firewall",
                hosts(c, &refused),
                list(unreachable(c, &refused).into_iter().map(|n| c.name(n)))
            ),
            cites(&refused),
        );
    } else if !requests.is_empty() && !second.is_empty() {
        let strength = if stalls || (froze && connect.is_empty()) { Strength::Weak } else { Strength::Strong };
        a.pro(
            strength,
            "two independent paths failed together: requests to the DCS timed out, and so did replication or another member's REST API",
            cites(&requests).into_iter().chain(cites(&second)),
        );
    } else if c.has(&[What::SyncShrunk]) && c.has(&[What::DcsServerSelected, What::DcsRetry]) && !stalls {
        let shrunk = c.find(&[What::SyncShrunk]);
        a.pro(
            Strength::Strong,
            "a synchronous standby was lost and seconds later the DCS endpoint: two independent paths",
            cites(&shrunk),
        );
    } else if !lost.is_empty() && !stalls {
        a.pro(
            Strength::Weak,
            format!("etcd on {} lost connections to peers by timeout ({})", hosts(c, &lost), said(&lost)),
            cites(&lost),
        );
    } else if !requests.is_empty() {
        a.pro(
            Strength::Weak,
            format!("requests of {} to the DCS timed out ({})", hosts(c, &requests), said(&requests)),
            cites(&requests),
        );
    }
    for (cite, series, x) in c.worst(Metric::TcpRetrans, None).into_iter().take(1) {
        let base = c.baseline(series).unwrap_or(0.0);
        if f64::from(x.value) >= c.limit(&RETRANS) && x.value > 3.0 * base {
            // Alone they tell of a busy or a distant client as well.
            let both = !lost.is_empty() && !requests.is_empty() && !stalls;
            a.pro(
                if both { Strength::Strong } else { Strength::Weak },
                format!(
                    "{:.0} TCP segments a second sent again on {}, usually {base:.1}",
                    x.value,
                    c.name(series.node)
                ),
                [cite],
            );
        }
    }
    if a.evidence.is_empty() && c.t.covers(Program::Etcd, None, c.incident.span) {
        a.con(
            Strength::Weak,
            "etcd's log shows no lost peer: the network is what remains if nothing else is found",
            [],
        );
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

/// Other hosts whose etcd did not answer a connect although it worked.
fn unreachable(c: &Case<'_>, connect: &[Hit<'_>]) -> BTreeSet<NodeId> {
    connect.iter().filter_map(|e| c.etcd_that_worked(e).filter(|n| *n != e.node)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    /// As seen on a real cluster with a firewall rule that answers with resets.
    #[test]
    fn a_firewall_refuses_what_the_members_would_take() {
        let refused = |second: u32, host: u32| {
            format!(
                "2026-03-04 10:00:{second},000 ERROR: Request to server http://10.0.0.{host}:2379 failed: MaxRetryError(\"HTTPConnectionPool(host='10.0.0.{host}', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))\")\n"
            )
        };
        let bundle = |pg2: &str| {
            let times: String = [27, 29, 40, 50].iter().map(|s| refused(*s, 12) + &refused(*s, 13)).collect();
            let (before, after) = times.split_at(times.find("2026-03-04 10:00:40").unwrap());
            format!(
                "//- pg1/patroni.log\n2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock\n2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock\n{before}2026-03-04 10:00:33,200 ERROR: Error communicating with DCS\n2026-03-04 10:00:33,300 INFO: Demoting self (offline)\n2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader\n{after}//- pg2/patroni.log\n2026-03-04 10:00:20,323 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)\n2026-03-04 10:00:36,323 INFO: promoted self to leader by acquiring session lock\n//- hosts.txt\n10.0.0.12 pg2\n10.0.0.13 pg3\n//- pg2/etcd.log\n{pg2}//- pg3/etcd.log\n{{\"level\":\"info\",\"ts\":\"2026-03-04T09:59:26.100000Z\",\"caller\":\"etcdserver/x.go:1\",\"msg\":\"compacted Raft logs\"}}\n{{\"level\":\"info\",\"ts\":\"2026-03-04T10:02:26.100000Z\",\"caller\":\"etcdserver/x.go:1\",\"msg\":\"compacted Raft logs\"}}\n"
            )
        };
        let works = "{\"level\":\"info\",\"ts\":\"2026-03-04T09:59:26.100000Z\",\"caller\":\"etcdserver/x.go:1\",\"msg\":\"compacted Raft logs\"}\n{\"level\":\"info\",\"ts\":\"2026-03-04T10:02:26.100000Z\",\"caller\":\"etcdserver/x.go:1\",\"msg\":\"compacted Raft logs\"}\n";
        check(
            &CAUSE,
            &bundle(works),
            expect![[r#"
            dcs_network: likely (failover)
              + strong: pg1 was refused by pg2 and pg3, whose etcd members worked meanwhile: something on the way refuses, such as a firewall
        "#]],
        );
        let restarted = "{\"level\":\"info\",\"ts\":\"2026-03-04T09:59:20.100000Z\",\"caller\":\"etcdserver/x.go:1\",\"msg\":\"compacted Raft logs\"}\n{\"level\":\"info\",\"ts\":\"2026-03-04T10:00:25.100000Z\",\"caller\":\"etcdserver/x.go:1\",\"msg\":\"received signal; shutting down\",\"signal\":\"terminated\"}\n{\"level\":\"info\",\"ts\":\"2026-03-04T10:00:31.100000Z\",\"caller\":\"etcdmain/etcd.go:73\",\"msg\":\"Running: \",\"args\":[\"etcd\"]}\n{\"level\":\"info\",\"ts\":\"2026-03-04T10:02:26.100000Z\",\"caller\":\"etcdserver/x.go:1\",\"msg\":\"compacted Raft logs\"}\n";
        check(
            &CAUSE,
            &bundle(restarted),
            expect![[r#"
            dcs_network: ruled_out (failover)
              - weak: etcd's log shows no lost peer: the network is what remains if nothing else is found
        "#]],
        );
        check(
            &super::super::etcd_quorum_loss::CAUSE,
            &bundle(works),
            expect![[r#"
            etcd_quorum_loss: ruled_out (failover)
              - decisive: pg2 took the lock in the DCS while others were still refused by it: a majority was there
        "#]],
        );
    }

    #[test]
    fn the_primary_and_its_etcd_member_are_cut_off() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.12:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.12', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by ConnectTimeoutError(<HTTPConnection(host='10.0.0.12', port=2379)>, 'Connection to 10.0.0.12 timed out. (connect timeout=1.67)'))")
2026-03-04 10:00:29,100 ERROR: Request to server http://10.0.0.13:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.13', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by ConnectTimeoutError(<HTTPConnection(host='10.0.0.13', port=2379)>, 'Connection to 10.0.0.13 timed out. (connect timeout=1.67)'))")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
//- pg1/etcd.log
{"level":"warn","ts":"2026-03-04T10:00:27.000000Z","caller":"etcdserver/x.go:1","msg":"lost TCP streaming connection with remote peer","stream-reader-type":"stream Message","local-member-id":"1","remote-peer-id":"2","error":"read tcp 10.0.0.11:2380->10.0.0.12:44: i/o timeout"}
{"level":"warn","ts":"2026-03-04T10:00:27.000010Z","caller":"etcdserver/x.go:1","msg":"lost TCP streaming connection with remote peer","stream-reader-type":"stream Message","local-member-id":"1","remote-peer-id":"3","error":"read tcp 10.0.0.11:2380->10.0.0.13:44: i/o timeout"}
//- pg2/etcd.log
{"level":"info","ts":"2026-03-04T10:00:26.000000Z","caller":"etcdserver/x.go:1","msg":"2 is starting a new election at term 6"}
{"level":"info","ts":"2026-03-04T10:00:26.100000Z","caller":"etcdserver/x.go:1","msg":"2 became leader at term 7"}
{"level":"info","ts":"2026-03-04T10:01:26.100000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
//- pg3/etcd.log
{"level":"info","ts":"2026-03-04T09:59:26.100000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
{"level":"info","ts":"2026-03-04T10:01:26.100000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
"#,
            expect![[r#"
                dcs_network: confirmed (demotion)
                  + strong: on pg1: connections to the DCS timed out and etcd peers were lost at the same time
                  + decisive: pg1 was cut off: the other etcd members elected a leader without it
            "#]],
        );
    }

    #[test]
    fn the_first_election_after_the_start_does_not_prove_a_cut() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.12:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.12', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by ConnectTimeoutError(<HTTPConnection(host='10.0.0.12', port=2379)>, 'Connection to 10.0.0.12 timed out. (connect timeout=1.67)'))")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
//- pg1/etcd.log
{"level":"warn","ts":"2026-03-04T10:00:27.000000Z","caller":"etcdserver/x.go:1","msg":"lost TCP streaming connection with remote peer","stream-reader-type":"stream Message","local-member-id":"1","remote-peer-id":"2","error":"read tcp 10.0.0.11:2380->10.0.0.12:44: i/o timeout"}
//- pg2/etcd.log
{"level":"info","ts":"2026-03-04T09:59:50.000000Z","caller":"embed/etcd.go:307","msg":"starting an etcd server","etcd-version":"3.5.1"}
{"level":"info","ts":"2026-03-04T09:59:51.000000Z","caller":"etcdserver/x.go:1","msg":"2 is starting a new election at term 1"}
{"level":"info","ts":"2026-03-04T09:59:51.100000Z","caller":"etcdserver/x.go:1","msg":"2 became leader at term 2"}
"#,
            expect![[r#"
                dcs_network: likely (demotion)
                  + strong: on pg1: connections to the DCS timed out and etcd peers were lost at the same time
            "#]],
        );
    }

    #[test]
    fn the_service_is_stopped_and_every_port_refuses() {
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
"#,
            expect![[r#"
                dcs_network: ruled_out (demotion)
                  - weak: etcd's log shows no lost peer: the network is what remains if nothing else is found
            "#]],
        );
    }

    #[test]
    fn only_the_winner_was_heard() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,801 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                dcs_network: not_assessable (failover)
            "#]],
        );
    }
}
