//! Patroni's REST API hangs while its HA loop is fine.

use super::case::{DCS_GIVEN_UP, cites, hosts, length, said, times};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{NodeId, Program, SECOND, Span, Threshold, What, Why};
use crate::timeline::Hit;
use std::collections::BTreeMap;

static PROBES: Threshold = Threshold::new(
    "rest_api_unresponsive.probes",
    2.0,
    "times",
    "One probe without an answer happens; two say that it did not come back (our choice)",
);

pub static CAUSE: Cause = Cause {
    id: "rest_api_unresponsive",
    title: "Patroni's REST API did not answer although its HA loop went on",
    layer: Layer::Patroni,
    leads_to: &["vip_or_proxy_healthcheck"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Log(Program::Proxy, Who::Any)],
    thresholds: &[&PROBES],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "On {host}: `curl -m 5 -sv http://localhost:8008/health`; if it hangs while the log goes on, dump the threads (py-spy dump --pid) before `systemctl restart patroni` in paused mode.",
            risk: "a restart of Patroni without pause may fail over",
            verify: "the health check answers within 100 ms from the load balancer's host",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Health checks every 2 to 3 s with a time limit of a second or more and three failures before a server is taken out; use /primary, /replica or /health, not /patroni; keep scanners and slow clients away from port 8008; update Patroni.",
            risk: "a dead server is noticed some seconds later",
            verify: "open a hundred idle connections to port 8008 in a test: the check still answers",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The REST API runs in threads of its own. Slow or idle clients, a TLS handshake that never ends, or a query to a busy
PostgreSQL block it while the HA loop renews its lock. Load balancers take the server out; other members that ask it before
a race or for failsafe mode get no answer.

## How we tell
Probes of other hosts that time out waiting for an answer, and heartbeats of the asked member that go on through it.

## What else looks like it
A frozen member (no heartbeats either), the network (no connection at all), a stopped Patroni (refused), an answer 503
(it answers: not in that role).

## What to do
Find what holds the threads; make the health checks patient.

## References
Patroni: REST API (health check endpoints; thread_pool_size). HAProxy: timeout check, fall.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let asked: Vec<Hit<'_>> = c
        .find(&[What::ProbeFailed, What::FailsafePeerFailed, What::BackendDown])
        .into_iter()
        .filter(|e| e.why == Why::ReadTimeout)
        .collect();
    let mut by_target: BTreeMap<NodeId, Vec<Hit<'_>>> = BTreeMap::new();
    for probe in &asked {
        if let Some(node) = probe.who.as_deref().and_then(|w| asked_member(c, w)) {
            by_target.entry(node).or_default().push(*probe);
        }
    }
    // Where anything else failed there is another reason; then this only took the helpers away.
    let elsewhere = !c.is(&[Kind::ClientsCut, Kind::NearMiss]) || c.has(DCS_GIVEN_UP);
    for (node, probes) in &by_target {
        let (Some(from), Some(to)) = (probes.iter().map(|e| e.at).min(), probes.iter().map(|e| e.until).max()) else {
            continue;
        };
        let span = Span::new(from - SECOND, to);
        if !c.beats_through(*node, span) {
            if c.t.covers(Program::Patroni, Some(*node), span) {
                a.con(
                    Strength::Strong,
                    format!(
                        "{} got no answer from {}, but its heartbeats stopped as well",
                        hosts(c, probes),
                        c.name(*node)
                    ),
                    cites(probes),
                );
            }
            continue;
        }
        let strength = match (f64::from(times(probes)) >= c.limit(&PROBES), elsewhere) {
            (true, false) => Strength::Strong,
            _ => Strength::Weak,
        };
        a.pro(
            strength,
            format!(
                "{} requests of {} to the REST API of {} got no answer within {}, while its heartbeats went on",
                times(probes),
                hosts(c, probes),
                c.name(*node),
                length(to - from)
            ),
            cites(probes),
        );
        let slow: Vec<Hit<'_>> =
            c.t.find(&[What::RestStatusFailed, What::RestApiError], span.widened(30 * SECOND))
                .filter(|e| e.node == *node)
                .collect();
        if !slow.is_empty() {
            a.pro(
                Strength::Weak,
                format!("the REST API of {} reports broken requests itself ({})", c.name(*node), said(&slow)),
                cites(&slow),
            );
        }
    }
    let bind = c.find(&[What::RestApiBind]);
    if !bind.is_empty() {
        a.con(
            Strength::Weak,
            format!("the REST API of {} could not even start: its address is taken or wrong", hosts(c, &bind)),
            cites(&bind),
        );
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

/// The member that was asked: by its name, or as the server in HAProxy's `proxy/server`.
fn asked_member(c: &Case<'_>, who: &str) -> Option<NodeId> {
    c.t.cluster.resolve(who).or_else(|| c.t.cluster.resolve(who.rsplit('/').next()?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_load_balancer_takes_out_a_primary_that_renews_its_lock() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:40,123 INFO: no action. I am (pg1), the leader with the lock
//- lb1/haproxy.log
Mar  4 10:00:15 lb1 haproxy[77]: Server primary/pg1 is DOWN, reason: Layer7 timeout, check duration: 2001ms. 0 active and 0 backup servers left. 12 sessions active, 0 requeued, 0 remaining in queue.
Mar  4 10:00:15 lb1 haproxy[77]: proxy primary has no server available!
Mar  4 10:00:18 lb1 haproxy[77]: Server replicas/pg1 is DOWN, reason: Layer7 timeout, check duration: 2001ms. 0 active and 0 backup servers left. 12 sessions active, 0 requeued, 0 remaining in queue.
"#,
            expect![[r#"
                rest_api_unresponsive: likely (clients_cut)
                  + strong: 2 requests of lb1 to the REST API of pg1 got no answer within 3.0 s, while its heartbeats went on
            "#]],
        );
    }

    #[test]
    fn the_api_hangs_and_the_failsafe_check_gets_no_answer_from_a_replica_that_lives() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 ERROR: Error communicating with DCS
2026-03-04 10:00:22,205 WARNING: Request failed to pg2: POST http://10.0.0.2:8008/failsafe (HTTPConnectionPool(host='10.0.0.2', port=8008): Max retries exceeded with url: /failsafe (Caused by ReadTimeoutError("HTTPConnectionPool(host='10.0.0.2', port=8008): Read timed out. (read timeout=2)")))
2026-03-04 10:00:24,205 WARNING: Request failed to pg2: POST http://10.0.0.2:8008/failsafe (HTTPConnectionPool(host='10.0.0.2', port=8008): Max retries exceeded with url: /failsafe (Caused by ReadTimeoutError("HTTPConnectionPool(host='10.0.0.2', port=8008): Read timed out. (read timeout=2)")))
2026-03-04 10:00:26,105 INFO: continue to run as a leader because failsafe mode is enabled and all members are accessible
//- pg2/patroni.log
2026-03-04 10:00:00,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:30,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:40,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
"#,
            expect![[r#"
                rest_api_unresponsive: possible (dcs_outage)
                  + weak: 2 requests of pg1 to the REST API of pg2 got no answer within 2.0 s, while its heartbeats went on
            "#]],
        );
    }

    #[test]
    fn the_primary_is_frozen_as_a_whole() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:10,123 INFO: Lock owner: pg2; I am pg1
2026-03-04 10:01:10,205 INFO: Demoting self (immediate-nolock)
2026-03-04 10:01:11,900 INFO: demoted self because DCS is not accessible and I was a leader
//- pg2/patroni.log
2026-03-04 10:00:00,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:40,223 WARNING: Request failed to pg1: GET http://10.0.0.1:8008/patroni (HTTPConnectionPool(host='10.0.0.1', port=8008): Max retries exceeded with url: /patroni (Caused by ReadTimeoutError("HTTPConnectionPool(host='10.0.0.1', port=8008): Read timed out. (read timeout=2)")))
2026-03-04 10:00:42,225 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                rest_api_unresponsive: ruled_out (failover)
                  - strong: pg2 got no answer from pg1, but its heartbeats stopped as well
            "#]],
        );
    }

    #[test]
    fn the_asked_member_sent_no_log() {
        check(
            &CAUSE,
            r#"//- pg2/patroni.log
2026-03-04 10:00:00,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:40,223 WARNING: Request failed to pg1: GET http://10.0.0.1:8008/patroni (HTTPConnectionPool(host='10.0.0.1', port=8008): Max retries exceeded with url: /patroni (Caused by ReadTimeoutError("HTTPConnectionPool(host='10.0.0.1', port=8008): Read timed out. (read timeout=2)")))
2026-03-04 10:00:42,225 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                rest_api_unresponsive: not_assessable (failover)
            "#]],
        );
    }
}
