//! How far the clocks of two hosts differ, from things that both saw: an interval, and an order only where it allows one.

mod collected;
mod evidence;
mod requests;
mod stepped;

use super::{Event, Timeline};
use crate::model::{MINUTE, Micros, NodeId, Order, SECOND, Span};
pub(super) use requests::Asked;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
pub(super) use stepped::{find as step, undo};

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
    most: Most,
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

/// Greatest possible value of (clock of the second − clock of the first).
type Most = BTreeMap<(NodeId, NodeId), Micros>;

/// A constraint: `then − first` of the readings bounds the difference of the clocks from above.
#[derive(Clone)]
struct Bound {
    anchor: Anchor,
    /// Greatest possible true distance, where physics sets one.
    within: Option<Micros>,
    /// How much the order may be wrong by: late lines.
    late: Micros,
    /// What the stamps themselves leave open.
    grain: Micros,
}

/// `then` is not older than `first`.
fn order(first: Place, then: Place, why: &'static str) -> Bound {
    let grain = grain(first.at).max(grain(then.at));
    Bound { anchor: Anchor { first, then, why, refused: false }, within: None, late: 0, grain }
}

/// Collects what two hosts saw and solves for the clocks. `asked`: answers of members to each other.
pub(super) fn measure(t: &Timeline, asked: &[Asked]) -> Skew {
    let mut bounds: Vec<Bound> = Vec::new();
    evidence::all(t, &mut bounds);
    requests::answers(&asked.iter().collect::<Vec<_>>(), &mut bounds);
    bounds.retain(|b| (b.anchor.then.at - b.anchor.first.at).abs() <= FAR);
    let mut collected: Vec<Bound> = Vec::new();
    collected::dates(t, &mut collected);
    collected::offsets(t, &mut collected);
    collected.retain(|b| (b.anchor.then.at - b.anchor.first.at).abs() <= FAR);
    let mut skew = Skew::default();
    let mut nodes = nodes_of(&bounds);
    nodes.extend(nodes_of(&collected));
    let measured = evidence::peers(t);
    nodes.extend(measured.iter().flat_map(|m| [m.0, m.1]));
    nodes.sort_unstable();
    nodes.dedup();
    nodes.truncate(64);
    let mut most = Most::new();
    // Measured differences first, then the order that physics dictates (loosest first: a wrong pair is the one that
    // contradicts the others), then greatest delays; last what was said when the bundle was collected, as a clock may
    // have been put right in between.
    for (a, b, low, high) in &measured {
        tighten(&mut most, &nodes, *a, *b, *high);
        tighten(&mut most, &nodes, *b, *a, -*low);
    }
    take(&mut most, &mut bounds, &nodes);
    take(&mut most, &mut collected, &nodes);
    bounds.extend(collected);
    bounds.sort_by_key(|b| (b.anchor.first.at, b.anchor.first.source, b.anchor.first.line, b.anchor.then.source));
    skew.anchors = bounds.into_iter().map(|b| b.anchor).collect();
    skew.most = most;
    choose(&mut skew, &nodes);
    skew
}

fn nodes_of(bounds: &[Bound]) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = bounds.iter().flat_map(|b| [b.anchor.first.node, b.anchor.then.node]).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// What bounds alone say.
fn solve(bounds: &mut Vec<Bound>, nodes: &[NodeId]) -> Most {
    let mut most = Most::new();
    bounds.retain(|b| (b.anchor.then.at - b.anchor.first.at).abs() <= FAR);
    take(&mut most, bounds, nodes);
    most
}

/// Takes bounds in, those first that leave most open, and marks what contradicts them; then greatest delays.
fn take(most: &mut Most, bounds: &mut [Bound], nodes: &[NodeId]) {
    let distance = |b: &Bound| b.anchor.then.at - b.anchor.first.at + b.late;
    bounds.sort_by_key(|b| (std::cmp::Reverse(distance(b)), b.anchor.first.source, b.anchor.first.line));
    for b in bounds.iter_mut() {
        let limit = distance(b) + b.grain;
        b.anchor.refused = !tighten(most, nodes, b.anchor.first.node, b.anchor.then.node, limit);
    }
    bounds.sort_by_key(|b| (distance(b), b.anchor.first.source, b.anchor.first.line));
    for b in bounds.iter() {
        let Some(within) = b.within else { continue };
        let limit = within + b.anchor.first.at - b.anchor.then.at + b.grain;
        tighten(most, nodes, b.anchor.then.node, b.anchor.first.node, limit);
    }
}

/// Takes `clock of b − clock of a ≤ limit` in; `false` if it contradicts what is known already.
fn tighten(most: &mut Most, nodes: &[NodeId], a: NodeId, b: NodeId, limit: Micros) -> bool {
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
        shift(t, node, by, width, Micros::MIN);
    }
}

/// Takes `by` off all times of a host from `from` on, as far as they stand on its own clock.
fn shift(t: &mut Timeline, node: NodeId, by: Micros, width: Micros, from: Micros) {
    let end = |at: &mut Micros| {
        if *at >= from {
            *at -= by;
        }
    };
    for e in t.events.iter_mut().filter(|e| e.node == node && e.at >= from) {
        (e.at, e.since, e.until, e.slack) = (e.at - by, e.since - by, e.until - by, e.slack + width);
    }
    for v in t.written.iter_mut().filter(|v| v.node == node) {
        v.cells.iter_mut().for_each(|c| end(&mut c.0));
    }
    for b in t.beats.iter_mut().filter(|b| b.node == node && b.from >= from) {
        (b.from, b.to) = (b.from - by, b.to - by);
    }
    let ends = |s: &mut Span| {
        end(&mut s.from);
        end(&mut s.to);
        *s = Span::new(s.from, s.to);
    };
    t.gaps.iter_mut().filter(|g| g.node == node).for_each(|g| ends(&mut g.span));
    t.covered.iter_mut().filter(|c| c.node == node).for_each(|c| ends(&mut c.span));
    for x in t.series.iter_mut().filter(|s| s.node == node).flat_map(|s| &mut s.samples) {
        end(&mut x.from);
        end(&mut x.to);
    }
}
