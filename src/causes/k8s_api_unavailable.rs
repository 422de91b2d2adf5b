//! The Kubernetes API, used as DCS, did not answer.

use super::case::{cites, hosts, list, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Key, Program, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "k8s_api_unavailable",
    title: "the Kubernetes API did not answer Patroni",
    layer: Layer::Dcs,
    leads_to: &["slow_shutdown"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Look at the API server, its etcd and the provider's events for these minutes (upgrade, failover of the control plane).",
            risk: "none",
            verify: "kubectl get --raw /readyz answers within a second from the pod's node",
        },
        Remedy {
            kind: When::LongTerm,
            text: "A control plane with more than one API server; retry_timeout {retry_timeout} and ttl {ttl} long enough for its failover; failsafe_mode in Patroni 3.0 and newer.",
            risk: "a longer ttl delays real failovers",
            verify: "restart one API server in a test: no demotion",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
With Kubernetes as DCS every renewal of the lock is a request to the API server. If it does not answer within
retry_timeout, the primary is demoted; usually the same pod is promoted again seconds later.

## How we tell
Requests to the API's address (443, /api/v1/namespaces) that time out or fail with 5xx, while nothing else of
the pod's network fails in the same minute.

## What else looks like it
The node's network (replication to other nodes fails too), DNS, an expired service account token.

## What to do
Control plane first; longer timeouts and failsafe mode second.

## References
Patroni: Using Patroni with Kubernetes. Kubernetes: API Priority and Fairness.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let k8s_dcs = c.t.facts_of(Key::DcsKind).any(|f| f.fact.value.text().is_some_and(|v| v.contains("kubernetes")));
    let failed: Vec<Hit<'_>> = c
        .find(&[What::K8sError, What::DcsRequestFailed, What::DcsRetry])
        .into_iter()
        .filter(|e| e.what == What::K8sError || k8s_dcs || e.who.as_deref().is_some_and(is_api))
        .filter(|e| !matches!(e.why, Why::Auth | Why::Dns | Why::Tls | Why::TlsExpired))
        .collect();
    if failed.is_empty() {
        let other: Vec<_> =
            c.t.facts_of(Key::DcsKind)
                .filter_map(|f| f.fact.value.text())
                .filter(|v| !v.contains("kubernetes"))
                .map(str::to_owned)
                .collect();
        if !k8s_dcs && !other.is_empty() {
            let words = format!(
                "this cluster's DCS is {}, not Kubernetes ({} settings say so)",
                list(other.clone()),
                other.len()
            );
            a.con(Strength::Strong, words, []);
        }
        return a;
    }
    let gave_up = c.find(&[What::DcsUnreachable, What::DcsGetClusterFailed, What::LockUpdateFailed]);
    let strength = if gave_up.is_empty() { Strength::Weak } else { Strength::Strong };
    a.pro(
        strength,
        format!("requests of {} to the Kubernetes API failed or timed out ({})", hosts(c, &failed), said(&failed)),
        cites(&failed).into_iter().chain(cites(&gave_up)),
    );
    let other = c.find(&[What::PgWalsenderTimeout, What::PgWalreceiverTimeout, What::LinkDown, What::SyncShrunk]);
    if !other.is_empty() {
        a.con(
            Strength::Strong,
            "replication failed in the same minute: the node's network, not only the API",
            cites(&other),
        );
    }
    a
}

/// The API server's address: port 443 or its service name.
fn is_api(who: &str) -> bool {
    let host = who.trim_start_matches("https://").trim_end_matches('/');
    host.ends_with(":443") || host.starts_with("kubernetes") || host.starts_with("/api/") || who.contains("/api/v1/")
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_api_server_is_upgraded_and_the_primary_cannot_renew() {
        check(
            &CAUSE,
            r#"//- pg-0/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg-0), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg-0), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg-0), the leader with the lock
2026-03-04 10:00:30,000 ERROR: Request to server https://10.96.0.1:443 failed: MaxRetryError("HTTPConnectionPool(host='10.96.0.1', port=443): Max retries exceeded with url: /api/v1/namespaces/db/endpoints/pg (Caused by ConnectTimeoutError(<HTTPConnection(host='10.96.0.1', port=443)>, 'Connection to 10.96.0.1 timed out. (connect timeout=1.67)'))")
2026-03-04 10:00:30,050 INFO: Reconnection allowed, looking for another server.
2026-03-04 10:00:40,200 ERROR: Error communicating with DCS
2026-03-04 10:00:40,300 INFO: Demoting self (offline)
2026-03-04 10:00:41,300 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                k8s_api_unavailable: likely (demotion)
                  + strong: requests of pg-0 to the Kubernetes API failed or timed out (1 message)
            "#]],
        );
    }

    #[test]
    fn the_node_loses_its_network_and_replication_with_it() {
        check(
            &CAUSE,
            r#"//- pg-0/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg-0), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg-0), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg-0), the leader with the lock
2026-03-04 10:00:30,000 ERROR: Request to server https://10.96.0.1:443 failed: MaxRetryError("HTTPConnectionPool(host='10.96.0.1', port=443): Max retries exceeded with url: /api/v1/namespaces/db/endpoints/pg (Caused by ConnectTimeoutError(<HTTPConnection(host='10.96.0.1', port=443)>, 'Connection to 10.96.0.1 timed out. (connect timeout=1.67)'))")
2026-03-04 10:00:40,200 ERROR: Error communicating with DCS
2026-03-04 10:00:40,300 INFO: Demoting self (offline)
2026-03-04 10:00:41,100 INFO: demoted self because DCS is not accessible and I was a leader
//- pg-0/postgresql.log
2026-03-04 10:00:31.123 UTC [851] LOG:  terminating walsender process due to replication timeout
"#,
            expect![[r#"
                k8s_api_unavailable: possible (demotion)
                  + strong: requests of pg-0 to the Kubernetes API failed or timed out (1 message)
                  - strong: replication failed in the same minute: the node's network, not only the API
            "#]],
        );
    }

    #[test]
    fn an_etcd_cluster_has_no_kubernetes_api() {
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
                k8s_api_unavailable: ruled_out (demotion)
            "#]],
        );
    }

    #[test]
    fn nothing_of_patroni_was_sent() {
        check(
            &CAUSE,
            r#"//- pg-0/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
"#,
            expect![[r#"
                k8s_api_unavailable: not_assessable (demotion)
            "#]],
        );
    }
}
