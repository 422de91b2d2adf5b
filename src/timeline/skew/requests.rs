//! Clocks of members as their REST APIs answer: `dcs_last_seen` in another member's log.
//!
//! A member that answers has seen the DCS before its answer was logged; and where an answer names a later moment than the
//! one before, that moment lies after the earlier answer. So one log alone bounds the clocks of all members that it asks.

use super::{Bound, Place, order};
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::model::{Micros, NodeId, SECOND, Stream};

/// An answer is made this long before its line is written at most: Patroni waits two seconds for one (patroni/ha.py,
/// `fetch_node_status`), and half a second for the line.
const ANSWER: Micros = 5 * SECOND / 2;

const EARLIER: &str = "a member has seen the DCS before it answers so";
const LATER: &str = "a member that names a later moment has seen the DCS after its earlier answer";

/// Answers of one member to another that name the same moment.
pub(in crate::timeline) struct Asked {
    peer: NodeId,
    /// That moment on the clock of the member that answers: a whole second.
    seen: Micros,
    /// The first and the last answer on the clock of the one that asks.
    first: Place,
    last: Place,
}

impl Asked {
    /// All answers that a stream holds.
    pub(in crate::timeline) fn of(
        stream: &Stream,
        clock: &Clock,
        cluster: &Cluster,
        node: NodeId,
        source: usize,
    ) -> Vec<Asked> {
        let place = |at, line| Place { node, at, source: source as u32, line, text: "".into() };
        let made = stream.answers.iter().filter_map(|a| {
            let peer = cluster.resolve(&a.who).filter(|p| *p != node)?;
            let first = Place { text: a.text.clone(), ..place(clock.instant(a.first)?.at, a.line) };
            let last = Place { text: a.text.clone(), ..place(clock.instant(a.last)?.at, a.last_line) };
            Some(Asked { peer, seen: a.seen, first, last })
        });
        made.collect()
    }

    /// When it was on the clock of a host, if that one asks or answers.
    pub(super) fn on_clock_of(&self, node: NodeId) -> Option<Micros> {
        if self.peer == node { Some(self.seen) } else { Some(self.first.at).filter(|_| self.first.node == node) }
    }

    /// Takes `by` off what stands on a host's clock from `from` on.
    pub(super) fn shift(&mut self, node: NodeId, by: Micros, from: Micros) {
        let asks = self.first.node == node;
        if self.peer == node && self.seen >= from {
            self.seen -= by;
        }
        for place in [&mut self.first, &mut self.last].into_iter().filter(|p| asks && p.at >= from) {
            place.at -= by;
        }
    }
}

/// For each member that asks and each that answers, the tightest bound in either direction.
pub(super) fn answers(asked: &[&Asked], out: &mut Vec<Bound>) {
    let mut pairs: Vec<(NodeId, NodeId, u32)> = asked.iter().map(|a| (a.first.node, a.peer, a.first.source)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    for (node, peer, source) in pairs {
        let list: Vec<&Asked> =
            asked.iter().copied().filter(|a| (a.first.node, a.peer, a.first.source) == (node, peer, source)).collect();
        // On its clock: a place in the line of the one that asks.
        let there = |at: Micros, by: &Place| Place { node: peer, at, ..by.clone() };
        // Python cuts the fraction off, so the true moment is no earlier.
        if let Some(a) = list.iter().min_by_key(|a| (a.first.at - a.seen, a.first.line)) {
            out.push(Bound { grain: 0, ..order(there(a.seen, &a.first), a.first.clone(), EARLIER) });
        }
        let later = list.windows(2).filter_map(|w| match w {
            [before, after] if after.seen > before.seen && after.first.at >= before.last.at => Some((*before, *after)),
            _ => None,
        });
        if let Some((before, after)) = later.min_by_key(|(b, a)| (a.seen - b.last.at, b.last.line)) {
            let then = there(after.seen + SECOND, &after.first);
            out.push(Bound { late: ANSWER, grain: 0, ..order(before.last.clone(), then, LATER) });
        }
    }
}
