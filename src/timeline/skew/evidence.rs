//! What two hosts saw of one thing in their logs: terms of Raft, hand-overs of the lock, timelines, etcd's own measuring.

use super::{Bound, FAR, HEARTBEAT, LOCK_LINE, Place, order, place};
use crate::model::{Micros, NodeId, Program, Role, SECOND, What};
use crate::timeline::{Beats, Event, Timeline};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the logs' lines say.
pub(super) fn all(t: &Timeline, out: &mut Vec<Bound>) {
    raft_terms(t, out);
    lock_handed_over(t, out);
    timelines(t, out);
}

/// Trouble between two members makes the news of a term late for so long around it (our choice: etcd's probes of its
/// peers run every four seconds, its reports come at least every 30 s).
const TROUBLE: Micros = 30 * SECOND;

/// A Raft term has one leader; its followers cannot know it earlier than itself.
fn raft_terms(t: &Timeline, out: &mut Vec<Bound>) {
    let won: Vec<&Event> = t.events.iter().filter(|e| e.what == What::LeaderWon && e.num > 0.0).collect();
    for seen in t.events.iter().filter(|e| matches!(e.what, What::LeaderSeen) && e.num > 0.0) {
        let Some(leader) = seen.who.as_deref().and_then(|w| t.cluster.resolve(w)) else { continue };
        let mut terms = won.iter().filter(|w| w.node == leader && w.num == seen.num);
        let (Some(first), None) = (terms.next(), terms.next()) else { continue };
        if leader == seen.node {
            continue;
        }
        // A member that starts, was cut off or waits for its disk learns the term late; one that lost its leader in
        // between learns it again.
        let about = |e: &Event, node: NodeId| e.who.as_deref().and_then(|w| t.cluster.resolve(w)) == Some(node);
        let fresh = t.events.iter().any(|e| match e.what {
            What::EtcdStart | What::PeerActive | What::Boot => {
                e.node == seen.node && (e.at - seen.at).abs() <= 2 * SECOND
            }
            What::FsyncSlow | What::TickMissed => {
                e.node == seen.node && e.since - SECOND <= seen.at && seen.at <= e.until + SECOND
            }
            What::PeerLost | What::PeerUnreachable | What::PeerInactive | What::PeerProbeFailed => {
                (e.node == seen.node && about(e, leader) || e.node == leader && about(e, seen.node))
                    && (e.at - seen.at).abs() <= TROUBLE
            }
            What::LeaderSeen => e.node == seen.node && e.num == seen.num && e.at < seen.at,
            _ => false,
        });
        let why = "a follower learns of a Raft leader after it has won";
        out.push(Bound { within: (!fresh).then_some(HEARTBEAT), ..order(place(first), place(seen), why) });
    }
}

/// Nobody sees a new owner of the leader lock before that owner has it.
fn lock_handed_over(t: &Timeline, out: &mut Vec<Bound>) {
    let promoted: Vec<&Event> = t.events.iter().filter(|e| e.what == What::Promoted).collect();
    for p in &promoted {
        // Two changes of the lock within a quarter of an hour could be taken for each other.
        let near =
            |e: &&Event| matches!(e.what, What::Promoted | What::PromotedAgain) && (e.at - p.at).abs() <= 2 * FAR;
        if t.events.iter().filter(near).count() != 1 || promoted.iter().filter(|o| o.node == p.node).count() != 1 {
            continue;
        }
        let mut push = |first: Place, then: Place, why: &'static str, late: Micros, within: Option<Micros>| {
            out.push(Bound { within, late, ..order(first, then, why) });
        };
        // The old owner gave the lock back, or stepped down in order, before.
        let given = t.events.iter().filter(|e| {
            matches!(e.what, What::LockReleased | What::DemoteGraceful)
                && e.node != p.node
                && e.program == Program::Patroni
        });
        let given: Vec<&Event> = given.collect();
        if let [only] = given.as_slice() {
            let within = (only.what == What::LockReleased).then_some(t.loop_wait() + LOCK_LINE);
            push(place(only), place(p), "a lock is given back before another takes it", 0, within);
        }
        // Others name the new owner for the first time.
        let others: BTreeSet<NodeId> = t.beats.iter().map(|b| b.node).filter(|n| *n != p.node).collect();
        for node in others {
            let named: Vec<_> = t.beats.iter().filter(|b| b.node == node && b.leader.is_some()).collect();
            let is_new = |b: &Beats| b.leader.as_deref().and_then(|l| t.cluster.resolve(l)) == Some(p.node);
            let changes: Vec<_> = named.windows(2).filter(|w| matches!(w, [a, b] if !is_new(a) && is_new(b))).collect();
            let [only] = changes.as_slice() else { continue };
            let [before, after] = only else { continue };
            let at = |b: &Beats, end: bool| Place {
                node,
                at: if end { b.to } else { b.from },
                source: b.source,
                line: if end { b.last_line } else { b.line },
                text: if end { b.last_text.clone() } else { b.text.clone() },
            };
            push(place(p), at(after, false), "nobody follows a leader that has no lock yet", LOCK_LINE, None);
            // Its last word about the old leader: a loop later it must have seen the new one.
            let late = t.loop_wait() + t.retry_timeout();
            let back = at(before, true);
            if (late..=FAR).contains(&(back.at - p.at)) && before.role == Role::Replica {
                let first = Place { at: back.at - late, ..back };
                push(first, place(p), "a member sees a change of the lock within a loop", 0, None);
            }
        }
        // A former leader that steps down because another holds the lock.
        let lost: Vec<&Event> = t
            .events
            .iter()
            .filter(|e| e.what == What::DemotedForeignLock && e.node != p.node && e.at > p.at - FAR)
            .collect();
        if let [only] = lost.as_slice() {
            push(place(p), place(only), "the old leader saw the new one's lock", LOCK_LINE, None);
        }
    }
}

/// Nobody streams a timeline before the new primary has begun it: its log says when, else Patroni's history, whose stamp
/// is that of the history file that PostgreSQL writes when it begins one (patroni/ha.py, `update_cluster_history`).
fn timelines(t: &Timeline, out: &mut Vec<Bound>) {
    let number = |e: &Event| match e.what {
        What::PgNewTimeline => Some(e.num),
        // The row names the timeline that ended.
        What::HistoryLeader if e.num > 0.0 => Some(e.num + 1.0),
        _ => None,
    };
    for begun in &t.events {
        let Some(timeline) = number(begun).filter(|n| *n > 1.0) else { continue };
        if t.events.iter().filter(|e| number(e) == Some(timeline)).count() != 1 {
            continue;
        }
        let mut seen = BTreeSet::new();
        // A run of several lines has the time of its first and the timeline of its last.
        let streaming = t.events.iter().filter(|e| e.what == What::PgStreaming && e.num == timeline && e.count == 1);
        for e in streaming.filter(|e| e.node != begun.node) {
            if seen.insert(e.node) {
                out.push(order(place(begun), place(e), "a replica streams a timeline after the primary has begun it"));
            }
        }
    }
}

/// etcd measures the difference itself: (peer, self, low, high) of (clock of self − clock of peer). Only a steady value
/// counts, as a delayed probe looks the same; and one that was measured anew, as the last value is told again every half
/// minute while no probe comes back (both seen with packet loss between equal clocks).
pub(super) fn peers(t: &Timeline) -> Vec<(NodeId, NodeId, Micros, Micros)> {
    let mut found: BTreeMap<(NodeId, NodeId), BTreeSet<Micros>> = BTreeMap::new();
    // A sick cluster says this of the same two peers ten thousand times.
    let mut known: BTreeMap<&str, Option<NodeId>> = BTreeMap::new();
    for e in t.events.iter().filter(|e| e.what == What::PeerClockDrift) {
        let peer = e.who.as_deref().and_then(|who| *known.entry(who).or_insert_with(|| t.cluster.resolve(who)));
        if let Some(peer) = peer.filter(|p| *p != e.node) {
            found.entry((peer, e.node)).or_default().insert((e.num * 1_000.0) as Micros);
        }
    }
    let steady = found.into_iter().filter_map(|((peer, node), values)| {
        let (low, high) = (*values.first()?, *values.last()?);
        (values.len() >= 3 && high - low <= SECOND / 2).then_some((peer, node, low - SECOND / 2, high + SECOND / 2))
    });
    steady.collect()
}
