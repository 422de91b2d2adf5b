//! Near misses: nothing failed, but little was missing.

use super::classify::LOOK_BACK;
use super::{Incident, Kind, MERGE};
use crate::axis::{HoleKind, holes};
use crate::model::{MINUTE, Micros, NodeId, Role, SECOND, Span, Threshold, What};
use crate::timeline::{Event, Timeline};

pub static FSYNC_SLOW_MS: Threshold = Threshold::new(
    "near_miss.sync_ms",
    1_000.0,
    "ms",
    "From here on a sync is a near miss: etcd itself calls it slow (`warnSyncDuration`, wal/wal.go)",
);

/// Adds what no incident tells yet.
pub(super) fn misses(t: &Timeline, incidents: &mut Vec<Incident>) {
    let slow = t.all(&[What::FsyncSlow]).filter(|e| e.num >= t.thresholds.of(&FSYNC_SLOW_MS));
    let elected = t.all(&[What::LeaderWon]).filter(|e| !starting(t, e.event));
    let vanished = t.all(&[What::LockAcquired]).filter(|e| vanished(t, e.event));
    let mut signs: Vec<(u32, &Event)> = slow.chain(elected).chain(vanished).map(|e| (e.index, e.event)).collect();
    signs.sort_by_key(|(i, e)| (e.began(), *i));
    let mut groups: Vec<Vec<(u32, &Event)>> = Vec::new();
    for sign in signs {
        let near = groups.last().and_then(|g| g.last()).is_some_and(|(_, e)| sign.1.began() - e.until <= MERGE);
        match groups.last_mut().filter(|_| near) {
            Some(group) => group.push(sign),
            None => groups.push(vec![sign]),
        }
    }
    for group in groups {
        let (Some(from), Some(to)) =
            (group.iter().map(|(_, e)| e.began()).min(), group.iter().map(|(_, e)| e.until).max())
        else {
            continue;
        };
        let nodes: std::collections::BTreeSet<NodeId> = group.iter().map(|(_, e)| e.node).collect();
        add(t, incidents, Span::new(from, to), nodes.into_iter().collect(), group.iter().map(|(i, _)| *i).collect());
    }
    // A renewal that needed more than half of what the key lives.
    for h in holes(t) {
        let led = t.beats.iter().any(|b| b.node == h.node && b.role == Role::Leader && b.to == h.span.from)
            && t.beats.iter().any(|b| b.node == h.node && b.role == Role::Leader && b.from == h.span.to);
        // Half of ttl beyond the usual beat: with 10 s and 30 s, the key had less than one loop to live.
        let late = h.span.length() - h.every > t.ttl() / 2 - h.every / 2;
        let meant = matches!(h.kind, HoleKind::Busy | HoleKind::Cut | HoleKind::Logging | HoleKind::Down);
        // A clock that is put forward makes time that never passed.
        let stepped = || t.find(&[What::ClockStepped], h.span.widened(h.every)).any(|e| e.node == h.node);
        if led && late && !meant && !stepped() {
            add(t, incidents, h.span, vec![h.node], Vec::new());
        }
    }
}

/// Members that start elect a leader: no near miss. So do those whose leader is told to stop.
fn starting(t: &Timeline, e: &Event) -> bool {
    t.find(&[What::EtcdStart, What::EtcdStopSignal, What::LeaderTransfer], Span::around(e.at, MINUTE, SECOND))
        .next()
        .is_some()
}

/// A leader that takes its own lock anew, in the middle of its heartbeats: somebody or something removed the key, and
/// only luck decided who got it.
fn vanished(t: &Timeline, e: &Event) -> bool {
    let near = |from: Micros, to: Micros| {
        t.beats.iter().any(|b| b.node == e.node && b.role == Role::Leader && b.from <= to && b.to >= from)
    };
    let itself =
        [What::PatroniStart, What::PatroniStop, What::LockReleased, What::DcsUnreachable, What::LockUpdateFailed];
    near(e.at - t.ttl(), e.at)
        && near(e.until, e.until + t.ttl())
        && t.find(&itself, Span::new(e.at - t.ttl() / 2, e.until)).all(|x| x.node != e.node)
}

fn add(t: &Timeline, incidents: &mut Vec<Incident>, span: Span, nodes: Vec<NodeId>, events: Vec<u32>) {
    let told = |x: &Incident| x.span.widened(MERGE).overlaps(&span);
    // Whether it was harmless must be seen: somebody renewed the lock after it.
    let leader = t.beats.iter().find(|b| b.role == Role::Leader && b.from < span.from && last_of(t, b.node) > span.to);
    let Some(leader) = leader.filter(|_| !incidents.iter().any(told)) else { return };
    incidents.push(Incident {
        kind: Kind::NearMiss,
        planned: false,
        at: span.from,
        span,
        window: Span::new(span.from - LOOK_BACK, span.to + MINUTE),
        old: Some(leader.node),
        new: None,
        nodes,
        events,
        outage: None,
        phases: Vec::new(),
        onset: span,
        form: "",
    });
}

/// The last heartbeat of a node as leader.
fn last_of(t: &Timeline, node: NodeId) -> Micros {
    t.beats.iter().filter(|b| b.node == node && b.role == Role::Leader).map(|b| b.to).max().unwrap_or(Micros::MIN)
}
