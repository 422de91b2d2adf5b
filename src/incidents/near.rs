//! Near misses: nothing failed, but little was missing.

use super::classify::LOOK_BACK;
use super::{Incident, Kind, MERGE};
use crate::axis::{HoleKind, holes};
use crate::model::{HOUR, MINUTE, Micros, NodeId, Role, SECOND, Span, Threshold, What};
use crate::timeline::{Event, Timeline};
use std::collections::BTreeSet;

pub static FSYNC_SLOW_MS: Threshold = Threshold::new(
    "near_miss.sync_ms",
    1_000.0,
    "ms",
    "From here on a sync is a near miss: etcd itself calls it slow (`warnSyncDuration`, wal/wal.go)",
);

/// Near misses of one kind that come again within this time are one (our choice: an hour, as events of months fold).
const AGAIN: Micros = HOUR;

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
        let nodes: BTreeSet<NodeId> = group.iter().map(|(_, e)| e.node).collect();
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
    stretches(t, incidents);
}

/// One for those of a kind that come again and again: what a slow disk does for a day is one piece of news.
fn stretches(t: &Timeline, incidents: &mut Vec<Incident>) {
    let whats = |x: &Incident| {
        let events = x.events.iter().filter_map(|i| t.events.get(*i as usize));
        events.map(|e| e.what).collect::<BTreeSet<What>>()
    };
    let (mut misses, others): (Vec<Incident>, Vec<Incident>) =
        std::mem::take(incidents).into_iter().partition(|x| x.kind == Kind::NearMiss);
    misses.sort_by_key(|x| (x.span.from, x.span.to));
    let mut out: Vec<Incident> = Vec::new();
    let mut of_last = BTreeSet::new();
    for miss in misses {
        let of_miss = whats(&miss);
        let again = out.last().is_some_and(|last| {
            let between = Span::new(last.span.to, miss.span.from);
            // Late renewals are told by no event, and each of them by itself.
            (last.old, &last.nodes) == (miss.old, &miss.nodes)
                && of_last == of_miss
                && !miss.events.is_empty()
                && between.length() <= AGAIN
                && !others.iter().any(|o| o.span.overlaps(&between))
        });
        match out.last_mut().filter(|_| again) {
            Some(last) => {
                last.span = last.span.union(&miss.span);
                last.window = last.window.union(&miss.window);
                last.onset = last.onset.union(&miss.onset);
                last.events.extend(miss.events);
            }
            None => out.push(miss),
        }
        of_last = of_miss;
    }
    *incidents = others;
    incidents.append(&mut out);
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
