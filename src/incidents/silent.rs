//! Members that died whole while the others went on: their logs end without a word, and the others say that they are gone.

use super::classify::LOOK_BACK;
use super::{Incident, Kind, MERGE};
use crate::model::{MINUTE, Micros, NodeId, Program, Role, SECOND, Span, What};
use crate::timeline::{Event, Timeline};
use std::collections::BTreeSet;

/// What says that a member was told to stop: then its log ends for a reason.
const TOLD: &[What] = &[
    What::PatroniStop,
    What::PgShutdownFast,
    What::PgShutdownSmart,
    What::PgShutdownImmediate,
    What::PgShutDown,
    What::SystemShutdown,
    What::UnitStopping,
    What::UnitStopped,
    What::EtcdStopSignal,
];

/// Peers see a broken stream at once, and miss a silent host within some seconds: etcd's streams are given up after five.
const NOTICED: Micros = 20 * SECOND;

/// Adds what no incident tells yet; near misses that the same death made are part of it.
pub(super) fn replicas(t: &Timeline, incidents: &mut Vec<Incident>) {
    let nodes: BTreeSet<NodeId> = t.beats.iter().filter(|b| b.role == Role::Replica).map(|b| b.node).collect();
    for node in nodes {
        let Some((last, notices)) = died(t, node) else { continue };
        // It lived at its last line; the others miss it soon after it died.
        let seen = |i: &u32| t.events.get(*i as usize).map(|e| e.at.max(last));
        let at = notices.iter().filter_map(seen).min().unwrap_or(last);
        let led = |b: &&crate::timeline::Beats| {
            b.role == Role::Leader && b.node != node && b.from <= at && b.to >= at + 2 * t.loop_wait()
        };
        let Some(leader) = t.beats.iter().find(led) else { continue };
        let until = notices.iter().filter_map(|i| t.events.get(*i as usize)).map(|e| e.at).max().unwrap_or(at);
        let span = Span::new(at, until);
        let around = |x: &Incident| x.span.widened(MERGE).overlaps(&span);
        if incidents.iter().any(|x| x.kind != Kind::NearMiss && around(x)) {
            continue;
        }
        incidents.retain(|x| x.kind != Kind::NearMiss || !around(x));
        incidents.push(Incident {
            kind: Kind::Crash,
            planned: false,
            at,
            span,
            window: Span::new(span.from - LOOK_BACK, span.to + MINUTE),
            old: Some(leader.node),
            new: None,
            nodes: vec![node],
            events: notices,
            outage: None,
            phases: Vec::new(),
            onset: span,
            form: "",
        });
    }
}

/// When a member's logs end, if it died then: others go on for loops, and say within seconds that it is gone.
fn died(t: &Timeline, node: NodeId) -> Option<(Micros, Vec<u32>)> {
    // Outputs of commands that are run after it tell nothing of its programs, and etcd's silence is usual.
    let logs: BTreeSet<u32> = t.beats.iter().filter(|b| b.node == node).map(|b| b.source).collect();
    let lines = t.covered.iter().filter(|c| c.node == node).filter(|c| match c.program {
        Program::Patroni => logs.contains(&c.source),
        other => other == Program::Postgres,
    });
    let own = lines.map(|c| c.span.to).max()?;
    let end = t.covered.iter().filter(|c| c.node == node && logs.contains(&c.source)).map(|c| c.span.to).max()?;
    let etcd = t.events.iter().filter(|e| e.node == node && e.program == Program::Etcd).map(|e| e.until).max();
    let others = t.covered.iter().filter(|c| c.node != node).map(|c| c.span.to).max()?;
    if own.max(etcd.unwrap_or(own)) > end + t.loop_wait() || others < end + 3 * t.loop_wait() {
        return None;
    }
    let sampled = t.series.iter().filter(|s| s.node == node).flat_map(|s| &s.samples).map(|s| s.from);
    if sampled.max().is_some_and(|s| s > end + t.loop_wait()) {
        return None;
    }
    let role = t.beats.iter().filter(|b| b.node == node).max_by_key(|b| b.to)?.role;
    let around = Span::new(end - MINUTE, end + NOTICED);
    if role != Role::Replica || t.find(TOLD, around).any(|e| e.node == node) {
        return None;
    }
    let after = Span::new(end - 2 * SECOND, end + t.loop_wait() + NOTICED);
    let about = |e: &Event| e.who.as_deref().and_then(|w| t.resolve(w)) == Some(node);
    let notices: Vec<u32> = t
        .find(
            &[What::PeerLost, What::PeerInactive, What::PeerUnreachable, What::ProbeFailed, What::PgStandbyLost],
            after,
        )
        .filter(|e| e.node != node && e.at >= after.from && (about(e.event) || e.what == What::PgStandbyLost))
        .map(|e| e.index)
        .collect();
    // The primary does not say which of its replicas it lost.
    let named = notices.iter().filter_map(|i| t.events.get(*i as usize)).any(about);
    named.then_some((end, notices))
}
