//! A certificate is expired, not yet valid, not trusted, or was not reloaded.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "tls_certificate",
    title: "a TLS certificate was refused",
    layer: Layer::Dcs,
    leads_to: &["etcd_quorum_loss"],
    needs: &[Need::Log(Program::Etcd, Who::DcsMembers), Need::Log(Program::Patroni, Who::OldPrimary)],
    doc: DOC,
    remedies: &[
        Remedy { kind: When::Now, text: "Check each certificate with `openssl x509 -noout -enddate -subject -ext subjectAltName`, renew it, and restart the process that presents it: a running client keeps the old one in memory.", risk: "restart etcd members one at a time", verify: "no rejected connection in etcd's log; etcdctl endpoint health" },
        Remedy { kind: When::LongTerm, text: "Alert 30 days before notAfter of every server, peer and client certificate; renew by a tool that also reloads.", risk: "none", verify: "the alert fires for a test certificate" },
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
        .find(&[What::DcsRequestFailed, What::DcsRetry, What::DcsException, What::TlsFailed, What::PeerLost, What::PeerUnreachable, What::PeerProbeFailed, What::DcsGetClusterFailed, What::K8sError])
        .into_iter()
        .filter(bad)
        .collect();
    let expired: Vec<Hit<'_>> = rejected.iter().chain(&clients).copied().filter(|e| e.why == Why::TlsExpired).collect();
    if !expired.is_empty() {
        a.pro(Strength::Decisive, format!("certificate expired: connections refused on {}", list(expired.iter().map(|e| c.name(e.node)))), cites(&expired));
        if c.find(&[What::ClockStepped]).iter().any(|e| e.at <= expired.first().map_or(0, |x| x.at)) {
            a.con(Strength::Strong, "the clock was stepped before: the certificate may be fine", cites(&c.find(&[What::ClockStepped])));
        }
        return a;
    }
    let refused: Vec<Hit<'_>> = rejected.iter().copied().filter(bad).chain(clients.iter().copied()).collect();
    if !refused.is_empty() {
        let effect = c.has(&[What::DcsUnreachable, What::LockUpdateFailed, What::QuorumLost, What::NoRaftLeader, What::DemotedDcs, What::DcsWaiting]);
        a.pro(if effect { Strength::Strong } else { Strength::Weak }, "TLS connections were refused", cites(&refused));
    }
    a
}
