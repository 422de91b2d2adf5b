//! Host names could not be resolved.

use super::case::{DCS_ERRORS, DCS_GIVEN_UP, cites, hosts, said, times};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, What, Why};
use crate::timeline::Hit;
use std::collections::BTreeSet;

pub static CAUSE: Cause = Cause {
    id: "dns_failure",
    title: "host names could not be resolved",
    layer: Layer::Network,
    leads_to: &["etcd_quorum_loss", "k8s_api_unavailable", "replica_not_eligible"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "On {host}: `getent hosts NAME` for every name in Patroni's and etcd's configuration, and the resolver's own log for these minutes.",
            risk: "none",
            verify: "each name resolves within 100 ms, with each name server of resolv.conf by itself",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Put the names of the DCS members and of the PostgreSQL hosts into /etc/hosts, or use addresses in etcd3.hosts and connect_address; run a caching resolver on each host.",
            risk: "entries in /etc/hosts must follow a change of address",
            verify: "stop the name servers in a test: no message in Patroni's log",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Patroni, etcd and the replicas know each other by name. When the resolver does not answer, or forgets a name, new
connections fail at once although host and service are well. Open connections live on, so only some fail.

## How we tell
The error text of the resolver itself (`Name or service not known`, `Temporary failure in name resolution`, `no such
host`) in requests to the DCS of a host that worked before, and no time-out on connections that had an address.

## What else looks like it
A network that is down takes the name servers with it: then connections to known addresses time out as well. A name
that never resolved is a wrong configuration. A name in an access list that does not resolve is harmless.

## What to do
Repair the resolver; do not let the cluster depend on it.

## References
Patroni: YAML configuration, etcd3 (hosts). resolv.conf(5), getaddrinfo(3).";

/// How else a request fails when packets are lost.
const LOST: [Why; 3] = [Why::ConnectTimeout, Why::ReadTimeout, Why::NoRoute];

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let requests = c.find(DCS_ERRORS);
    let unresolved: Vec<Hit<'_>> =
        requests.iter().copied().filter(|e| e.why == Why::Dns || e.what == What::DcsResolveFailed).collect();
    let lost: Vec<Hit<'_>> = requests.iter().copied().filter(|e| LOST.contains(&e.why)).collect();
    let second: Vec<Hit<'_>> = c.find(&[What::LinkDown, What::NetUnreachable, What::PgWalsenderTimeout]);
    let gave_up = c.find(DCS_GIVEN_UP);
    if let Some(first) = unresolved.first() {
        let nodes: BTreeSet<_> = unresolved.iter().map(|e| e.node).collect();
        let known = nodes.iter().any(|n| c.worked_before(*n, first.at));
        let only = lost.is_empty() && second.is_empty();
        let strength = match (gave_up.is_empty(), only, known) {
            (false, true, true) => Strength::Decisive,
            (false, true, false) => Strength::Strong,
            (false, false, _) if times(&unresolved) > times(&lost) && second.is_empty() => Strength::Strong,
            _ => Strength::Weak,
        };
        let before = if known { ", which had reached it before" } else { "" };
        a.pro(
            strength,
            format!(
                "requests to the DCS failed on {}{before}: its name could not be resolved ({})",
                hosts(c, &unresolved),
                said(&unresolved)
            ),
            cites(&unresolved),
        );
        if !only {
            let all: Vec<Hit<'_>> = lost.iter().chain(&second).copied().collect();
            a.con(
                Strength::Weak,
                format!(
                    "connections that needed no name failed too ({}): the resolver may be a victim of the network",
                    said(&all)
                ),
                cites(&all),
            );
        }
    }
    let peers: Vec<Hit<'_>> = c
        .find(&[What::PeerLost, What::PeerUnreachable, What::PeerProbeFailed, What::DnsFailed])
        .into_iter()
        .filter(|e| e.program == Program::Etcd && (e.why == Why::Dns || e.what == What::DnsFailed))
        .collect();
    if !peers.is_empty() {
        let strength = if c.has(&[What::QuorumLost, What::NoRaftLeader]) { Strength::Strong } else { Strength::Weak };
        a.pro(
            strength,
            format!("etcd on {} could not resolve the names of its peers ({})", hosts(c, &peers), said(&peers)),
            cites(&peers),
        );
    }
    // Replication by name: it makes replicas fall behind long before anybody needs them.
    let replicas: Vec<Hit<'_>> =
        c.find_wide(&[What::PgWalreceiverLost]).into_iter().filter(|e| e.why == Why::Dns).collect();
    if !replicas.is_empty() {
        let refused = c.find(&[What::RaceLag, What::RaceRejected]);
        let strength = if refused.iter().any(|r| replicas.iter().any(|e| e.node == r.node)) {
            Strength::Strong
        } else {
            Strength::Weak
        };
        a.pro(
            strength,
            format!(
                "replication on {} did not find the primary by its name ({})",
                hosts(c, &replicas),
                said(&replicas)
            ),
            cites(&replicas),
        );
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_resolver_dies_and_the_primary_loses_its_dcs() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,201 ERROR: Request to server http://etcd1.db.example:2379 failed: MaxRetryError("HTTPConnectionPool(host='etcd1.db.example', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by NameResolutionError(\"<urllib3.connection.HTTPConnection object at 0x7f2f3c0d>: Failed to resolve 'etcd1.db.example' ([Errno -3] Temporary failure in name resolution)\"))")
2026-03-04 10:00:30,202 INFO: Reconnection allowed, looking for another server.
2026-03-04 10:00:31,210 ERROR: Request to server http://etcd2.db.example:2379 failed: MaxRetryError("HTTPConnectionPool(host='etcd2.db.example', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by NameResolutionError(\"<urllib3.connection.HTTPConnection object at 0x7f2f3c0e>: Failed to resolve 'etcd2.db.example' ([Errno -3] Temporary failure in name resolution)\"))")
2026-03-04 10:00:40,300 ERROR: Error communicating with DCS
2026-03-04 10:00:40,310 INFO: demoting self because DCS is not accessible and I was a leader
2026-03-04 10:00:40,320 INFO: Demoting self (offline)
2026-03-04 10:00:41,900 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                dns_failure: confirmed (demotion)
                  + decisive: requests to the DCS failed on pg1, which had reached it before: its name could not be resolved (2 messages)
            "#]],
        );
    }

    #[test]
    fn the_network_is_down_and_takes_the_resolver_with_it() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:22,201 ERROR: Request to server http://10.0.0.11:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.11', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by ConnectTimeoutError(<HTTPConnection(host='10.0.0.11', port=2379)>, 'Connection to 10.0.0.11 timed out. (connect timeout=1.67)'))")
2026-03-04 10:00:24,202 ERROR: Request to server http://10.0.0.12:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.12', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by ConnectTimeoutError(<HTTPConnection(host='10.0.0.12', port=2379)>, 'Connection to 10.0.0.12 timed out. (connect timeout=1.67)'))")
2026-03-04 10:00:26,202 ERROR: Request to server http://etcd3.db.example:2379 failed: MaxRetryError("HTTPConnectionPool(host='etcd3.db.example', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by NameResolutionError(\"Failed to resolve 'etcd3.db.example' ([Errno -3] Temporary failure in name resolution)\"))")
2026-03-04 10:00:30,300 ERROR: Error communicating with DCS
2026-03-04 10:00:30,320 INFO: Demoting self (offline)
2026-03-04 10:00:31,900 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                dns_failure: possible (demotion)
                  + weak: requests to the DCS failed on pg1, which had reached it before: its name could not be resolved (1 message)
                  - weak: connections that needed no name failed too (2 messages): the resolver may be a victim of the network
            "#]],
        );
    }

    #[test]
    fn the_old_primary_left_no_patroni_log() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:40,801 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                dns_failure: not_assessable (failover)
            "#]],
        );
    }
}
