//! Loud lines around an incident that explain nothing, each with the reason.

use super::Statement;
use super::cite::of_event;
use crate::causes::{Judged, Status};
use crate::incidents::{Incident, Kind};
use crate::model::{SECOND, Span, What};
use crate::timeline::{Hit, Timeline};

/// Lines of evidence for one reason.
const CITED: usize = 3;

/// A loud message, the cause that it might be taken for, and why it is not to blame.
const LOUD: &[(&[What], &str, &str)] = &[
    (
        &[What::HeartbeatLate, What::Overloaded],
        "etcd_slow_disk",
        "etcd prints its hint at a slow disk with every late heartbeat, whatever the reason; only slow syncs prove a disk",
    ),
    (
        &[What::PeerClockDrift],
        "clock_skew",
        "a difference between clocks that stays the same moves no lock; under packet loss it is only a late answer to the probe",
    ),
    (
        &[What::DcsAuthToken, What::EtcdAuthToken],
        "auth_failure",
        "etcd's tokens expire and are renewed within milliseconds",
    ),
    (
        &[What::DcsWatchFailed],
        "dcs_network",
        "a watch that breaks is opened again; it accompanies every change of the leader key and every switch of the endpoint",
    ),
    (
        &[What::PatroniBug],
        "patroni_bug",
        "a traceback is how Patroni prints errors of others; its last line names the reason",
    ),
    (&[What::LoopOverrun], "timeouts_misconfig", "the loop took long because of what it waited for"),
    (&[What::RestApiError], "rest_api_unresponsive", "a health check that hangs up early breaks the pipe"),
    (&[What::WatchdogUnavailable], "watchdog_reset", "there is no watchdog device, so none can have fired"),
    (&[What::PeerDropped], "dcs_network", "messages are dropped to a peer that is away; they follow its loss"),
];

pub(super) fn blameless(t: &Timeline, x: &Incident, judged: &[Judged]) -> Vec<Statement> {
    let near = Span::new(x.span.from - 2 * t.ttl(), x.span.to + t.ttl());
    let proven = |id: &str| {
        judged
            .iter()
            .any(|j| j.cause.id == id && matches!(j.status, Status::Confirmed | Status::Likely | Status::Possible))
    };
    let mut out = Vec::new();
    for (whats, cause, why) in LOUD {
        let hits: Vec<Hit<'_>> = t.find(whats, near).collect();
        if !hits.is_empty() && !proven(cause) {
            out.push(statement(t, &hits, why));
        }
    }
    echoes(t, near, &mut out);
    if x.kind == Kind::NoLeader {
        let hits: Vec<Hit<'_>> = t.find(&[What::RaceNotHealthiest], near).collect();
        if !hits.is_empty() {
            out.push(statement(
                t,
                &hits,
                "there is no leader to follow: Patroni prints this whenever it does not take part in the race",
            ));
        }
    }
    out
}

/// What PostgreSQL says to its sessions when it is told to stop.
fn echoes(t: &Timeline, near: Span, out: &mut Vec<Statement>) {
    let before = |e: &Hit<'_>, whats: &[What]| {
        t.find(whats, Span::new(e.at - 30 * SECOND, e.at + SECOND)).any(|o| o.node == e.node)
    };
    let crash = [What::PgBackendSignal, What::PgPanic, What::OomKill];
    let echo: Vec<Hit<'_>> = t
        .find(&[What::PgPeerCrash], near)
        .filter(|e| before(e, &[What::PgShutdownImmediate]) && !before(e, &crash))
        .collect();
    if !echo.is_empty() {
        out.push(statement(
            t,
            &echo,
            "no crash: it is how sessions end when Patroni orders an immediate shutdown, right before it",
        ));
    }
    let stopped: Vec<Hit<'_>> =
        t.find(&[What::PgAdminTerminate], near).filter(|e| before(e, &[What::PgShutdownFast])).collect();
    if !stopped.is_empty() {
        out.push(statement(t, &stopped, "nobody ended these sessions by hand: a fast shutdown does"));
    }
    let archiver: Vec<Hit<'_>> = t
        .find(&[What::PgArchiveFailed], near)
        .filter(|e| e.num > 128.0 && (before(e, &crash) || before(e, &[What::PgShutdownImmediate])))
        .collect();
    if !archiver.is_empty() {
        out.push(statement(
            t,
            &archiver,
            "exit codes above 128 are signals: the archiver was ended along with the server",
        ));
    }
}

fn statement(t: &Timeline, hits: &[Hit<'_>], why: &str) -> Statement {
    let count: u32 = hits.iter().map(|h| h.count).sum();
    let first = hits.first().map_or("", |h| h.what.words());
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    Statement {
        text: format!("\u{201c}{first}\u{201d} ({times}): {why}"),
        host: hits.first().map_or_else(String::new, |h| t.name(h.node).to_string()),
        evidence: hits.iter().take(CITED).map(|h| of_event(t, h.event)).collect(),
    }
}
