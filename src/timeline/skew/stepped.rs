//! A clock that was put forward inside a log: its lines show a silence that never was.
//!
//! The log alone does not tell a step from a host that stood still. What others saw does: before and after the silence
//! the clock differs from theirs by other amounts, and a host that stood still has the same difference again.

use super::{Asked, Bound, CORRECT, evidence, nodes_of, requests, solve};
use crate::model::{Micros, NodeId, Program, SECOND, Span, What, Why};
use crate::timeline::{Event, Timeline};

/// Silences looked at: the longest (our choice).
const SILENCES: usize = 8;

/// More evidence than this would take long for each silence, and belongs to logs of months.
const BOUNDS: usize = 2_000;

/// A step forward of one host's clock.
pub(in crate::timeline) struct Step {
    node: NodeId,
    /// Lines from here on are later: the middle of the silence on that host's clock.
    cut: Micros,
    /// By so much, give or take `unsure`.
    by: Micros,
    unsure: Micros,
    /// The first line after it, on that host's clock.
    after: Micros,
    source: u32,
    line: u32,
    text: std::sync::Arc<str>,
}

/// The first step that what other hosts saw proves.
pub(in crate::timeline) fn find(t: &Timeline, asked: &[Asked]) -> Option<Step> {
    let mut bounds: Vec<Bound> = Vec::new();
    evidence::all(t, &mut bounds);
    if bounds.len() + asked.len() > BOUNDS {
        return None;
    }
    let mut silences = silences(t);
    silences.sort_by_key(|(node, span, ..)| (std::cmp::Reverse(span.length()), *node, span.from));
    silences.truncate(SILENCES);
    silences.sort_by_key(|(node, span, ..)| (span.from, *node));
    silences.into_iter().find_map(|silence| proven(t, &bounds, asked, silence))
}

/// A silence of a host between two heartbeats in which none of its programs wrote near the middle: node, span, the run
/// of heartbeats after it.
type Silence = (NodeId, Span, usize);

fn silences(t: &Timeline) -> Vec<Silence> {
    let mut out = Vec::new();
    for (i, pair) in t.beats.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        let every = before.every.or(after.every).unwrap_or_else(|| t.loop_wait());
        let span = Span::new(before.to, after.from);
        if before.node != after.node || after.from <= before.to || span.length() <= every * 3 / 2 + SECOND {
            continue;
        }
        // A step leaves what the loop itself takes on either side.
        let middle = Span::new(span.from + every, (span.to - every).max(span.from + every));
        let wrote = |e: &Event| e.node == before.node && e.at <= middle.to && e.until >= middle.from;
        if middle.length() > 0 && !t.events.iter().any(wrote) {
            out.push((before.node, span, i + 1));
        }
    }
    out
}

fn proven(t: &Timeline, bounds: &[Bound], asked: &[Asked], (node, span, run): Silence) -> Option<Step> {
    let cut = span.from + span.length() / 2;
    let side = |after: bool| {
        let on = |at: Micros| (at >= cut) == after;
        let place = |p: &super::Place| p.node != node || on(p.at);
        let mut kept: Vec<Bound> =
            bounds.iter().filter(|b| place(&b.anchor.first) && place(&b.anchor.then)).cloned().collect();
        let own: Vec<&Asked> = asked.iter().filter(|a| a.on_clock_of(node).is_none_or(&on)).collect();
        requests::answers(&own, &mut kept);
        let nodes = nodes_of(&kept);
        let most = solve(&mut kept, &nodes);
        let doubt =
            kept.iter().any(|b| b.anchor.refused && (b.anchor.first.node == node || b.anchor.then.node == node));
        (!doubt).then_some((most, nodes))
    };
    let ((before, nodes), (after, _)) = (side(false)?, side(true)?);
    // Clock of the host minus another's: how much more it is after the silence.
    let more = |other: NodeId| {
        let at_least = |most: &super::Most| most.get(&(node, other)).map(|m| -m);
        let at_most = |most: &super::Most| most.get(&(other, node)).copied();
        let high = at_most(&after).zip(at_least(&before)).map(|(a, b)| a - b);
        Some((at_least(&after)? - at_most(&before)?, high))
    };
    let all: Vec<(Micros, Option<Micros>)> = nodes.iter().filter(|n| **n != node).filter_map(|n| more(*n)).collect();
    let low = all.iter().map(|(low, _)| *low).max()?;
    let high = all.iter().filter_map(|(_, high)| *high).min().unwrap_or(Micros::MAX).min(span.length());
    // The step must be most of the silence, or lines about its middle could be of either side.
    if low <= CORRECT || low * 2 <= span.length() || low > high {
        return None;
    }
    let first = t.beats.get(run)?;
    let (source, line, text) = (first.source, first.line, first.text.clone());
    // The loop went on in its rhythm: it waits by a clock that no step moves (patroni/dcs/etcd3.py, `watch`).
    let every = first.every.unwrap_or_else(|| t.loop_wait());
    let by = (span.length() - every).clamp(low, high);
    Some(Step { node, cut, after: span.to, by, unsure: (high - by).max(by - low), source, line, text })
}

/// Takes the step back from all that comes after it, and says that it was.
pub(in crate::timeline) fn undo(t: &mut Timeline, asked: &mut [Asked], step: &Step) {
    let by = step.by;
    super::shift(t, step.node, by, step.unsure, step.cut);
    asked.iter_mut().for_each(|a| a.shift(step.node, by, step.cut));
    let left = 2 * t.loop_wait();
    t.gaps.retain(|g| g.node != step.node || !g.span.contains(step.cut - by / 2) || g.span.length() > left);
    let at = step.after - by;
    t.events.push(Event {
        at,
        since: at,
        until: at,
        slack: step.unsure,
        count: 1,
        what: What::ClockStepped,
        why: Why::Unsaid,
        num: by as f64 / 1_000.0,
        who: None,
        pid: 0,
        node: step.node,
        program: Program::Patroni,
        source: step.source,
        line: step.line,
        text: step.text.clone(),
        dated: true,
    });
    t.events.sort_by_key(|e| (e.at, e.node, e.source, e.line, e.what));
    t.beats.sort_by_key(|b| (b.node, b.from, b.source, b.line));
}
