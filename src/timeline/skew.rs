//! How far the clocks of two hosts differ, from things that both saw: an interval, and an order only where it allows one.

use super::{Event, Timeline};
use crate::model::{Key, MINUTE, Micros, NodeId, Order, Program, Role, SECOND, Span, What};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A line on a host's own clock, before any correction.
#[derive(Clone, Debug)]
pub struct Place {
    pub node: NodeId,
    pub at: Micros,
    pub source: u32,
    pub line: u32,
    pub text: Arc<str>,
}

/// Two lines of two hosts of which one cannot be older than the other.
#[derive(Clone, Debug)]
pub struct Anchor {
    pub first: Place,
    pub then: Place,
    pub why: &'static str,
    /// It contradicts stronger or tighter ones: a clock was stepped between them, or a line came late.
    pub refused: bool,
}

/// Clock of a host minus that of the reference host.
#[derive(Clone, Debug)]
pub struct Offset {
    pub node: NodeId,
    pub low: Option<Micros>,
    pub high: Option<Micros>,
    /// What was taken off its times.
    pub corrected: Micros,
}

/// All that the bundle says about differences of clocks.
#[derive(Clone, Debug, Default)]
pub struct Skew {
    pub reference: Option<NodeId>,
    pub offsets: Vec<Offset>,
    pub anchors: Vec<Anchor>,
    /// Hosts whose clocks surely differ from another's although nothing tells which of the two is wrong.
    pub doubtful: BTreeSet<NodeId>,
    /// Greatest possible value of (clock of the second − clock of the first).
    most: BTreeMap<(NodeId, NodeId), Micros>,
}

/// Without any proof, hosts are taken to be kept together this far by NTP (our choice: chrony and ntpd keep
/// milliseconds, but nothing in the bundle proves that they run).
const TRUSTED: Micros = SECOND;

/// An offset below this is left alone: it is within what lines of different programs are late by.
const CORRECT: Micros = SECOND;

/// Two views of one thing further apart than this are not two views of one thing.
const FAR: Micros = 15 * MINUTE;

/// Patroni writes its line about the lock after the request for it: others may see the lock up to that much earlier.
const LOCK_LINE: Micros = 2 * SECOND;

/// Raft tells a new leader's term within one heartbeat and a round trip (0.1 s and less); five times that for a
/// busy machine. Measured: 0.1–2.2 ms.
const HEARTBEAT: Micros = SECOND / 2;

impl Skew {
    /// (clock of `b` − clock of `a`), as far as proven.
    pub fn between(&self, a: NodeId, b: NodeId) -> (Option<Micros>, Option<Micros>) {
        (self.most.get(&(b, a)).map(|m| -m), self.most.get(&(a, b)).copied())
    }

    fn corrected(&self, node: NodeId) -> Micros {
        self.offsets.iter().find(|o| o.node == node).map_or(0, |o| o.corrected)
    }
}

impl Timeline {
    /// How far the clocks of two hosts may still differ after the correction, where they are known to have differed: a
    /// correction takes the middle of an interval, and the truth may lie anywhere in it.
    pub fn apart(&self, a: NodeId, b: NodeId) -> Micros {
        let off = |n: NodeId| self.skew.corrected(n) != 0 || self.skew.doubtful.contains(&n);
        if a == b || !(off(a) || off(b)) {
            return 0;
        }
        let done = self.skew.corrected(b) - self.skew.corrected(a);
        let (low, high) = self.skew.between(a, b);
        let wide = |x: Option<Micros>| x.map_or(FAR, |x| (x - done).abs().min(FAR));
        wide(low).max(wide(high))
    }

    /// How two moments on the corrected axis lie to each other: known on one host, else as far as the clocks allow.
    /// Each moment is a node, a time and what its own stamp leaves open.
    pub fn order(&self, a: (NodeId, Micros, Micros), b: (NodeId, Micros, Micros)) -> Order {
        let (na, ta, ga) = a;
        let (nb, tb, gb) = b;
        if na == nb {
            let distance = tb - ta;
            return if distance > gb.max(ga) {
                Order::Before
            } else if -distance > gb.max(ga) {
                Order::After
            } else {
                Order::Unknown
            };
        }
        let done = self.skew.corrected(nb) - self.skew.corrected(na);
        let (low, high) = self.skew.between(na, nb);
        let (low, high) = (low.map(|l| l - done), high.map(|h| h - done));
        let doubt = self.skew.doubtful.contains(&na) || self.skew.doubtful.contains(&nb);
        // Clocks that may agree are trusted to agree within a second, unless they are known to be off somewhere.
        let (low, high) = if doubt {
            (low.unwrap_or(-FAR), high.unwrap_or(FAR))
        } else {
            let low = low.unwrap_or(Micros::MIN).max(high.map_or(-TRUSTED, |h| h.min(-TRUSTED)));
            (low, high.unwrap_or(Micros::MAX).min(low.max(TRUSTED)))
        };
        let distance = tb - ta;
        if distance - high > ga {
            Order::Before
        } else if distance - low < -gb {
            Order::After
        } else {
            Order::Unknown
        }
    }
}

/// What the stamp itself leaves open: a whole second if it was written without fractions.
fn grain(at: Micros) -> Micros {
    if at % SECOND == 0 { SECOND } else { 20_000 }
}

fn place(e: &Event) -> Place {
    Place { node: e.node, at: e.at, source: e.source, line: e.line, text: e.text.clone() }
}

/// A constraint: `then − first` of the readings bounds the difference of the clocks from above.
struct Bound {
    anchor: Anchor,
    /// Greatest possible true distance, where physics sets one.
    within: Option<Micros>,
    /// How much the order may be wrong by: late lines.
    late: Micros,
}

/// Collects what two hosts saw and solves for the clocks.
pub(super) fn measure(t: &Timeline) -> Skew {
    let mut bounds: Vec<Bound> = Vec::new();
    raft_terms(t, &mut bounds);
    lock_handed_over(t, &mut bounds);
    timelines(t, &mut bounds);
    let mut skew = Skew::default();
    let mut nodes: Vec<NodeId> = bounds.iter().flat_map(|b| [b.anchor.first.node, b.anchor.then.node]).collect();
    let measured = peers(t);
    nodes.extend(measured.iter().flat_map(|m| [m.0, m.1]));
    let told: Vec<(NodeId, Micros)> = t
        .facts_of(Key::ClockOffset)
        .filter_map(|k| Some((k.node, (k.fact.value.num()? * SECOND as f64) as Micros)))
        .collect();
    nodes.extend(told.iter().map(|(n, _)| *n));
    nodes.sort_unstable();
    nodes.dedup();
    nodes.truncate(64);
    let mut most: BTreeMap<(NodeId, NodeId), Micros> = BTreeMap::new();
    // Measured differences first, then the order that physics dictates (loosest first: a wrong pair is the one that
    // contradicts the others), then greatest delays.
    for (a, b, low, high) in &measured {
        tighten(&mut most, &nodes, *a, *b, *high);
        tighten(&mut most, &nodes, *b, *a, -*low);
    }
    for (i, (a, x)) in told.iter().enumerate() {
        for (b, y) in told.iter().skip(i + 1).filter(|(b, _)| b != a) {
            tighten(&mut most, &nodes, *a, *b, y - x + SECOND / 5);
            tighten(&mut most, &nodes, *b, *a, x - y + SECOND / 5);
        }
    }
    bounds.retain(|b| (b.anchor.then.at - b.anchor.first.at).abs() <= FAR);
    let distance = |b: &Bound| b.anchor.then.at - b.anchor.first.at + b.late;
    bounds.sort_by_key(|b| (std::cmp::Reverse(distance(b)), b.anchor.first.source, b.anchor.first.line));
    for b in &mut bounds {
        let slack = b.late + grain(b.anchor.first.at).max(grain(b.anchor.then.at));
        let most_now = b.anchor.then.at - b.anchor.first.at + slack;
        b.anchor.refused = !tighten(&mut most, &nodes, b.anchor.first.node, b.anchor.then.node, most_now);
    }
    bounds.sort_by_key(|b| (distance(b), b.anchor.first.source, b.anchor.first.line));
    for b in &bounds {
        let Some(within) = b.within else { continue };
        let slack = grain(b.anchor.first.at).max(grain(b.anchor.then.at));
        let most_now = within + b.anchor.first.at - b.anchor.then.at + slack;
        tighten(&mut most, &nodes, b.anchor.then.node, b.anchor.first.node, most_now);
    }
    bounds.sort_by_key(|b| (b.anchor.first.at, b.anchor.first.source, b.anchor.first.line, b.anchor.then.source));
    skew.anchors = bounds.into_iter().map(|b| b.anchor).collect();
    skew.most = most;
    choose(&mut skew, &nodes);
    skew
}

/// Takes `clock of b − clock of a ≤ limit` in; `false` if it contradicts what is known already.
fn tighten(
    most: &mut BTreeMap<(NodeId, NodeId), Micros>,
    nodes: &[NodeId],
    a: NodeId,
    b: NodeId,
    limit: Micros,
) -> bool {
    if a == b || most.get(&(b, a)).is_some_and(|back| back + limit < 0) {
        return false;
    }
    if most.get(&(a, b)).is_some_and(|m| *m <= limit) {
        return true;
    }
    most.insert((a, b), limit);
    // What follows for all others: a shortest path over the new edge.
    for x in nodes {
        for y in nodes.iter().filter(|y| *y != x) {
            let to = if *x == a { Some(0) } else { most.get(&(*x, a)).copied() };
            let from = if *y == b { Some(0) } else { most.get(&(b, *y)).copied() };
            if let (Some(to), Some(from)) = (to, from) {
                let sum = to + limit + from;
                let entry = most.entry((*x, *y)).or_insert(sum);
                *entry = (*entry).min(sum);
            }
        }
    }
    true
}

/// The reference is the host that most others may agree with; what surely differs from it is corrected.
fn choose(skew: &mut Skew, nodes: &[NodeId]) {
    let off = |a: NodeId, b: NodeId| {
        let (low, high) = skew.between(a, b);
        low.is_some_and(|l| l > CORRECT) || high.is_some_and(|h| h < -CORRECT)
    };
    let reference = nodes.iter().copied().min_by_key(|r| (nodes.iter().filter(|n| off(*r, **n)).count(), *r));
    let Some(reference) = reference else { return };
    let offsets = nodes.iter().filter(|n| **n != reference).map(|n| {
        let (low, high) = skew.between(reference, *n);
        let corrected = match (low, high) {
            (Some(l), Some(h)) if l > CORRECT || h < -CORRECT => l + (h - l) / 2,
            (Some(l), None) if l > CORRECT => l,
            (None, Some(h)) if h < -CORRECT => h,
            _ => 0,
        };
        Offset { node: *n, low, high, corrected }
    });
    skew.offsets = offsets.collect();
    skew.reference = Some(reference);
    let done = |n: NodeId| skew.corrected(n);
    let doubtful = nodes.iter().filter(|a| {
        nodes.iter().filter(|b| b != a).any(|b| {
            let (low, high) = skew.between(**a, *b);
            let moved = done(*b) - done(**a);
            low.is_some_and(|l| l - moved > CORRECT) || high.is_some_and(|h| h - moved < -CORRECT)
        })
    });
    skew.doubtful = doubtful.copied().collect();
}

/// Takes the proven offsets off all times of their hosts.
pub(super) fn correct(t: &mut Timeline) {
    let moved: Vec<(NodeId, Micros, Micros)> = t
        .skew
        .offsets
        .iter()
        .filter(|o| o.corrected != 0)
        .map(|o| (o.node, o.corrected, o.low.zip(o.high).map_or(0, |(l, h)| (h - l) / 2)))
        .collect();
    for (node, by, width) in moved {
        for e in t.events.iter_mut().filter(|e| e.node == node) {
            (e.at, e.since, e.until, e.slack) = (e.at - by, e.since - by, e.until - by, e.slack + width);
        }
        for v in t.written.iter_mut().filter(|v| v.node == node) {
            v.cells.iter_mut().for_each(|c| c.0 -= by);
        }
        for b in t.beats.iter_mut().filter(|b| b.node == node) {
            (b.from, b.to) = (b.from - by, b.to - by);
        }
        let shifted = |s: Span| Span::new(s.from - by, s.to - by);
        t.gaps.iter_mut().filter(|g| g.node == node).for_each(|g| g.span = shifted(g.span));
        t.covered.iter_mut().filter(|c| c.node == node).for_each(|c| c.span = shifted(c.span));
        for x in t.series.iter_mut().filter(|s| s.node == node).flat_map(|s| &mut s.samples) {
            (x.from, x.to) = (x.from - by, x.to - by);
        }
    }
}

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
        // A member that starts or was cut off learns the term late.
        let fresh = t.events.iter().any(|e| {
            e.node == seen.node
                && matches!(e.what, What::EtcdStart | What::PeerActive | What::Boot)
                && (e.at - seen.at).abs() <= 2 * SECOND
        });
        out.push(Bound {
            anchor: Anchor {
                first: place(first),
                then: place(seen),
                why: "a follower learns of a Raft leader after it has won",
                refused: false,
            },
            within: (!fresh).then_some(HEARTBEAT),
            late: 0,
        });
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
            out.push(Bound { anchor: Anchor { first, then, why, refused: false }, within, late });
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
            let is_new = |b: &super::Beats| b.leader.as_deref().and_then(|l| t.cluster.resolve(l)) == Some(p.node);
            let changes: Vec<_> = named.windows(2).filter(|w| matches!(w, [a, b] if !is_new(a) && is_new(b))).collect();
            let [only] = changes.as_slice() else { continue };
            let [before, after] = only else { continue };
            let at = |b: &super::Beats, end: bool| Place {
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

/// Nobody streams a timeline before the new primary has begun it.
fn timelines(t: &Timeline, out: &mut Vec<Bound>) {
    for begun in t.events.iter().filter(|e| e.what == What::PgNewTimeline && e.num > 1.0) {
        let same = |e: &&Event| e.what == What::PgNewTimeline && e.num == begun.num;
        if t.events.iter().filter(same).count() != 1 {
            continue;
        }
        let mut seen = BTreeSet::new();
        // A run of several lines has the time of its first and the timeline of its last.
        let streaming = t.events.iter().filter(|e| e.what == What::PgStreaming && e.num == begun.num && e.count == 1);
        for e in streaming.filter(|e| e.node != begun.node) {
            if seen.insert(e.node) {
                out.push(Bound {
                    anchor: Anchor {
                        first: place(begun),
                        then: place(e),
                        why: "a replica streams a timeline after the primary has begun it",
                        refused: false,
                    },
                    within: None,
                    late: 0,
                });
            }
        }
    }
}

/// etcd measures the difference itself: (peer, self, low, high) of (clock of self − clock of peer). Only a steady
/// value counts, as a delayed probe looks the same (seen with packet loss between equal clocks).
fn peers(t: &Timeline) -> Vec<(NodeId, NodeId, Micros, Micros)> {
    let mut found: BTreeMap<(NodeId, NodeId), Vec<(Micros, u32)>> = BTreeMap::new();
    for e in t.events.iter().filter(|e| e.what == What::PeerClockDrift) {
        if let Some(peer) = e.who.as_deref().and_then(|w| t.cluster.resolve(w)).filter(|p| *p != e.node) {
            found.entry((peer, e.node)).or_default().push(((e.num * 1_000.0) as Micros, e.count));
        }
    }
    let steady = found.into_iter().filter_map(|((peer, node), list)| {
        let low = list.iter().map(|x| x.0).min()?;
        let high = list.iter().map(|x| x.0).max()?;
        let reports: u32 = list.iter().map(|x| x.1).sum();
        (reports >= 3 && high - low <= SECOND / 2).then_some((peer, node, low - SECOND / 2, high + SECOND / 2))
    });
    steady.collect()
}
