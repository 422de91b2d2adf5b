//! Why that member took over, or why nobody did.

use super::Statement;
use super::cite::of_event;
use super::words::{event_words, moment};
use crate::incidents::{Incident, Kind};
use crate::model::{SECOND, Span, What, Why};
use crate::timeline::{Hit, Timeline};

/// What keeps a member from taking over, as it says itself.
const BARRED: &[What] = &[
    What::RaceLag,
    What::RaceRejected,
    What::RaceNofailover,
    What::RaceNotHealthiest,
    What::RacePrimaryAlive,
    What::RaceLost,
    What::NoCandidate,
    What::WatchdogRequiredFailed,
];

pub(super) fn succession(t: &Timeline, x: &Incident) -> Vec<Statement> {
    if !matches!(x.kind, Kind::Failover | Kind::Demotion | Kind::NoLeader | Kind::Switchover) {
        return Vec::new();
    }
    let span = Span::new(x.span.from - 2 * t.ttl(), x.span.to + SECOND);
    let promoted = t.find(&[What::Promoted, What::PromotedAgain], span).last();
    let mut out = Vec::new();
    if let Some(p) = promoted {
        out.push(winner(t, x, &p, span));
    }
    // One sentence for each other member: the strongest reason that it gave.
    let rank = |e: &Hit<'_>| BARRED.iter().position(|w| *w == e.what).unwrap_or(BARRED.len());
    let nodes: std::collections::BTreeSet<_> = t.find(BARRED, span).map(|e| e.node).collect();
    for node in nodes.into_iter().filter(|n| promoted.is_none_or(|p| p.node != *n)) {
        if let Some(e) = t.find(BARRED, span).filter(|e| e.node == node).min_by_key(|e| (rank(e), e.index)) {
            out.push(said(
                t,
                &e,
                format!(
                    "{} did not take over: {}",
                    t.name(node),
                    event_words(e.event).replace("may not take over: ", "")
                ),
            ));
        }
    }
    if promoted.is_none() && x.kind != Kind::Switchover {
        let away = [What::DcsUnreachable, What::DcsGetClusterFailed];
        let blind: Vec<Hit<'_>> = t.find(&away, span).filter(|e| x.old != Some(e.node)).collect();
        if let Some(e) = blind.first() {
            let words = format!("{} could not take over: it did not reach the DCS either", t.name(e.node));
            out.push(said(t, e, words));
        }
        if out.is_empty() {
            let text = "no log of another member covers these minutes: why nobody took over cannot be told".to_owned();
            out.push(Statement { text, host: String::new(), evidence: Vec::new() });
        }
    }
    out
}

fn winner(t: &Timeline, x: &Incident, p: &Hit<'_>, span: Span) -> Statement {
    let name = t.name(p.node);
    let wanted = t
        .find(&[What::SwitchoverRequested, What::ManualFailover], span)
        .find(|e| e.who.as_deref().and_then(|w| t.resolve(w)) == Some(p.node));
    let text = if p.what == What::PromotedAgain || x.old == Some(p.node) {
        format!("{name} became primary again at {}: nobody else had taken the lock", moment(p.at))
    } else if wanted.is_some() {
        format!("{name} took over at {} because it was asked for by name", moment(p.at))
    } else {
        let dead = t
            .find(&[What::ProbeFailed], span)
            .find(|e| e.node == p.node && e.who.as_deref().and_then(|w| t.resolve(w)) == x.old);
        let how = dead.map_or("the old primary had let go of the lock, or it had run out", |e| match e.why {
            Why::Refused => "the old primary's REST API refused its probe",
            _ => "the old primary did not answer its probe",
        });
        format!("{name} took over at {}: it was the first to take the free lock ({how})", moment(p.at))
    };
    said(t, p, text)
}

fn said(t: &Timeline, e: &Hit<'_>, text: String) -> Statement {
    Statement { text, host: t.name(e.node).to_string(), evidence: vec![of_event(t, e.event)] }
}
