//! A certificate is expired, not yet valid, not trusted, or was not reloaded.

use super::case::{cites, hosts, list, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "tls_certificate",
    title: "a TLS certificate was refused",
    layer: Layer::Dcs,
    leads_to: &["etcd_quorum_loss"],
    needs: &[Need::Log(Program::Etcd, Who::DcsMembers), Need::Log(Program::Patroni, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Check each certificate of {host} and {others} with `openssl x509 -noout -enddate -subject -ext subjectAltName`, renew it, and restart the process that presents it: a running client keeps the old one in memory.",
            risk: "restart etcd members one at a time",
            verify: "no rejected connection in etcd's log; etcdctl endpoint health",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Alert 30 days before notAfter of every server, peer and client certificate; renew by a tool that also reloads.",
            risk: "none",
            verify: "the alert fires for a test certificate",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
From the second of expiry on, new TLS connections fail. Connections that are open may live on for hours, so
the outage begins at the next reconnect: a restart or a network blip days later.

## How we tell
etcd's `rejected connection … certificate has expired or is not yet valid` (with the times), Patroni's
`CERTIFICATE_VERIFY_FAILED`. If the current time in the message is before notBefore, look at the clock.

## What else looks like it
A wrong clock, wrong CA or name (no expiry in the text), plain HTTP to a TLS port, health checkers.

## What to do
Renew, restart the one that presents it, and watch the dates.

## References
etcd: Transport security model. Patroni: etcd3 cacert, cert, key.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let bad = |e: &Hit<'_>| matches!(e.why, Why::Tls | Why::TlsExpired);
    let rejected: Vec<Hit<'_>> = c.find(&[What::EtcdTlsRejected]);
    let clients: Vec<Hit<'_>> = c
        .find(&[
            What::DcsRequestFailed,
            What::DcsRetry,
            What::DcsException,
            What::TlsFailed,
            What::PeerLost,
            What::PeerUnreachable,
            What::PeerProbeFailed,
            What::DcsGetClusterFailed,
            What::K8sError,
        ])
        .into_iter()
        .filter(bad)
        .collect();
    let expired: Vec<Hit<'_>> = rejected.iter().chain(&clients).copied().filter(|e| e.why == Why::TlsExpired).collect();
    if !expired.is_empty() {
        a.pro(
            Strength::Decisive,
            format!("certificate expired: connections refused on {}", list(expired.iter().map(|e| c.name(e.node)))),
            cites(&expired),
        );
        if c.find(&[What::ClockStepped]).iter().any(|e| e.at <= expired.first().map_or(0, |x| x.at)) {
            a.con(
                Strength::Strong,
                "the clock was stepped before: the certificate may be fine",
                cites(&c.find(&[What::ClockStepped])),
            );
        }
        return a;
    }
    let refused: Vec<Hit<'_>> = rejected.iter().copied().filter(bad).chain(clients.iter().copied()).collect();
    if !refused.is_empty() {
        let effect = c.has(&[
            What::DcsUnreachable,
            What::LockUpdateFailed,
            What::QuorumLost,
            What::NoRaftLeader,
            What::DemotedDcs,
            What::DcsWaiting,
        ]);
        a.pro(
            if effect { Strength::Strong } else { Strength::Weak },
            format!("TLS connections were refused on {} ({})", hosts(c, &refused), said(&refused)),
            cites(&refused),
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
    fn the_certificate_expires_and_the_primary_gives_up() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,000 ERROR: Request to server https://10.0.0.11:2379 failed: MaxRetryError("HTTPSConnectionPool(host='10.0.0.11', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)')))")
2026-03-04 10:00:30,100 ERROR: Request to server https://10.0.0.12:2379 failed: MaxRetryError("HTTPSConnectionPool(host='10.0.0.12', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)')))")
2026-03-04 10:00:40,200 ERROR: Error communicating with DCS
2026-03-04 10:00:40,300 INFO: Demoting self (offline)
2026-03-04 10:00:41,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                tls_certificate: confirmed (demotion)
                  + decisive: certificate expired: connections refused on pg1
            "#]],
        );
    }

    #[test]
    fn a_health_checker_speaks_plain_http_to_a_tls_port() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:40,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:50,123 INFO: no action. I am (pg1), the leader with the lock
//- pg1/postgresql.log
2026-03-04 10:00:31.123 UTC [811] LOG:  server process (PID 4711) was terminated by signal 11: Segmentation fault
2026-03-04 10:00:31.124 UTC [811] LOG:  terminating any other active server processes
2026-03-04 10:00:31.423 UTC [811] LOG:  all server processes terminated; reinitializing
2026-03-04 10:00:32.423 UTC [811] LOG:  database system is ready to accept connections
//- etcd1/etcd.log
{"level":"warn","ts":"2026-03-04T10:00:25.000000Z","caller":"etcdserver/x.go:1","msg":"rejected connection","remote-addr":"10.0.0.99:37830","server-name":"","error":"EOF"}
{"level":"warn","ts":"2026-03-04T10:00:35.000000Z","caller":"etcdserver/x.go:1","msg":"rejected connection","remote-addr":"10.0.0.99:37831","server-name":"","error":"EOF"}
"#,
            expect![[r#"
                tls_certificate: ruled_out (crash)
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
                tls_certificate: not_assessable (failover)
            "#]],
        );
    }
}
