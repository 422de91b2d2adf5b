//! A proxy, pooler or address manager cut clients; the database layer did nothing.

use super::case::{cites, hosts, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{Program, What};

pub static CAUSE: Cause = Cause {
    id: "vip_or_proxy_healthcheck",
    title: "a proxy, pooler or address manager cut the clients",
    layer: Layer::Client,
    leads_to: &[],
    needs: &[Need::Log(Program::Proxy, Who::Any)],
    thresholds: &[],
    doc: DOC,
    remedies: &[Remedy {
        kind: When::Now,
        text: "Read the pooler's and the proxy's logs of these seconds: health check timeouts, server_lifetime, maxconn, and what the address manager saw.",
        risk: "none",
        verify: "the check's interval, timeout and fall count survive one slow answer of the REST API",
    }],
    assess,
};

const DOC: &str = "## What happens
HAProxy, PgBouncer, keepalived or vip-manager judge by health checks of their own. One slow answer, and clients
are cut although the primary never changed.

## How we tell
No role change and no missing heartbeat on any member, but a server taken out, an address moved, or
`server conn crashed?` from the pooler.

## What else looks like it
A failover: then Patroni's log has a promotion.

## What to do
Look at the proxy, not at Patroni.

## References
HAProxy: Health checks. PgBouncer: FAQ. Patroni: REST API health checks.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let cut = c.find(&[What::PoolerServerLost, What::NoBackend, What::BackendDown, What::VipLost]);
    if c.is(&[Kind::ClientsCut]) && !cut.is_empty() {
        a.pro(
            Strength::Strong,
            format!(
                "clients were cut by a proxy, pooler or address manager on {} while no role changed ({})",
                hosts(c, &cut),
                said(&cut)
            ),
            cites(&cut),
        );
    } else if !cut.is_empty() {
        a.pro(
            Strength::Weak,
            format!("a proxy, pooler or address manager on {} reacted ({})", hosts(c, &cut), said(&cut)),
            cites(&cut),
        );
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_pooler_cuts_its_clients_and_no_role_changes() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:40,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:50,123 INFO: no action. I am (pg1), the leader with the lock
//- app1/pgbouncer.log
2026-03-04 10:00:25.123 UTC [77] LOG C-0x55e06faf1870: app/postgres@127.0.0.1:40068 pooler error: server conn crashed?
2026-03-04 10:00:25.124 UTC [77] LOG S-0x55e06faf8f50: app/postgres@10.0.0.1:5432 closing because: server conn crashed? (age=1s)
"#,
            expect![[r#"
                vip_or_proxy_healthcheck: likely (clients_cut)
                  + strong: clients were cut by a proxy, pooler or address manager on app1 while no role changed (2 messages)
            "#]],
        );
    }

    #[test]
    fn the_proxy_only_follows_a_failover() {
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
//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,801 INFO: promoted self to leader by acquiring session lock
//- lb1/haproxy.log
Mar  4 10:00:35 lb1 haproxy[77]: Server primary/pg1 is DOWN, reason: Layer7 wrong status, code: 503, check duration: 1ms. 0 active and 0 backup servers left. 12 sessions active, 0 requeued, 0 remaining in queue.
Mar  4 10:00:35 lb1 haproxy[77]: proxy primary has no server available!
"#,
            expect![[r#"
                vip_or_proxy_healthcheck: possible (failover)
                  + weak: a proxy, pooler or address manager on lb1 reacted (2 messages)
            "#]],
        );
    }

    #[test]
    fn no_proxy_sent_its_log() {
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
                vip_or_proxy_healthcheck: not_assessable (demotion)
            "#]],
        );
    }
}
