//! What each database member was, when: from its own heartbeats, Patroni's actions and PostgreSQL's own words.

use super::{Hole, HoleKind, Lane, Mark, State, stretches};
use crate::model::{Micros, NodeId, Program, Role, SECOND, Span, What};
use crate::timeline::{Cite, Event, Timeline};
use std::collections::{BTreeMap, BTreeSet};

/// Lanes of all members that the bundle knows as database members.
pub(super) fn lanes(t: &Timeline, holes: &[Hole]) -> Vec<Lane> {
    let Some(whole) = t.span() else { return Vec::new() };
    let mut nodes: BTreeSet<NodeId> =
        [Program::Patroni, Program::Postgres].into_iter().flat_map(|p| t.nodes_with(p)).collect();
    nodes.extend(t.beats.iter().filter_map(|b| t.resolve(b.leader.as_deref()?)));
    nodes.extend(t.all(&[What::Promoted, What::PromotedAgain, What::HistoryLeader]).map(|e| e.node));
    let sync = sync_standbys(t);
    let lane = |node: NodeId| {
        let marks = marks(t, node, holes);
        let known = known(t, node, &marks)?;
        let mut stretches = stretches(&marks, known, whole);
        for s in sync.get(&node).into_iter().flatten() {
            stretches = cover(&stretches, *s);
        }
        Some(Lane { node, program: Program::Postgres, stretches })
    };
    nodes.into_iter().filter_map(lane).collect()
}

/// What the member's own logs cover; of a member that only others name, from their first to their last word.
fn known(t: &Timeline, node: NodeId, marks: &[Mark]) -> Option<Span> {
    let own = t
        .covered
        .iter()
        .filter(|c| c.node == node && matches!(c.program, Program::Patroni | Program::Postgres))
        .map(|c| c.span)
        .reduce(|a, b| a.union(&b));
    own.or_else(|| Some(Span::new(marks.first()?.at, marks.last()?.at)))
}

fn marks(t: &Timeline, node: NodeId, holes: &[Hole]) -> Vec<Mark> {
    let mut raw: Vec<(Micros, u32, Sign, Option<Cite>)> = Vec::new();
    let own = t.beats.iter().any(|b| b.node == node)
        || t.covers(Program::Postgres, Some(node), Span { from: Micros::MIN, to: Micros::MAX });
    for (i, b) in t.beats.iter().enumerate() {
        let run = |last| Some(Cite::Beats { run: i as u32, last });
        if b.node == node {
            let state = match b.role {
                Role::Leader => State::Leader,
                Role::StandbyLeader => State::StandbyLeader,
                Role::Replica => State::Replica,
                Role::Idle => continue,
            };
            raw.push((b.from, b.line, Sign::Is(state), run(false)));
            raw.push((b.to, b.last_line, Sign::Is(state), run(true)));
        } else if !own && b.leader.as_deref().and_then(|l| t.resolve(l)) == Some(node) {
            raw.push((b.from, b.line, Sign::Is(State::Leader), run(false)));
            raw.push((b.to, b.last_line, Sign::Is(State::Unknown), run(true)));
        }
    }
    for (i, e) in t.events.iter().enumerate().filter(|(_, e)| e.node == node) {
        if let Some(sign) = sign(e).filter(|_| !said_finer(t, e)) {
            raw.push((e.at, e.line, sign, Some(Cite::Event(i as u32))));
            // A run of equal lines says it again at its end.
            if e.until > e.at && matches!(sign, Sign::Is(_)) {
                raw.push((e.until, e.line, sign, Some(Cite::Event(i as u32))));
            }
        }
    }
    for h in holes.iter().filter(|h| {
        h.node == node && matches!(h.kind, HoleKind::FrozenProcess | HoleKind::FrozenHost | HoleKind::Frozen)
    }) {
        // PostgreSQL runs on while only Patroni stands still, but nobody decides for it.
        raw.push((h.still.from, u32::MAX, Sign::Is(State::Frozen), Some(h.cite)));
        raw.push((h.still.to, 0, Sign::Back, Some(h.cite)));
    }
    raw.sort_by_key(|r| (r.0, r.1));
    let mut state = State::Unknown;
    let mut before_frozen = State::Unknown;
    let mut out: Vec<Mark> = Vec::new();
    for (at, line, sign, cite) in raw {
        let next = match sign {
            Sign::Is(State::Frozen) => {
                before_frozen = state;
                State::Frozen
            }
            Sign::Is(s) => s,
            Sign::Back if state == State::Frozen => before_frozen,
            Sign::Back => state,
            Sign::Stops => match state {
                State::Demoting => State::Demoting,
                _ => State::Down,
            },
            Sign::Up => match state {
                State::Leader | State::Replica | State::SyncStandby | State::StandbyLeader => state,
                _ => State::Starting,
            },
        };
        if next != state || out.is_empty() {
            out.push(Mark { at, line, state: next, cite });
            state = next;
        }
    }
    out
}

/// Whether PostgreSQL's line has no fractions of a second and Patroni says the same within that second.
fn said_finer(t: &Timeline, e: &Event) -> bool {
    use What::*;
    let same: &[What] = match e.what {
        PgReady | PgNewTimeline | PgPromoteRequest => &[Promoted, PromotedAgain],
        PgShutdownFast | PgShutdownImmediate => &[DemoteOffline, DemoteGraceful, DemoteImmediate, DemoteNolock],
        _ => return false,
    };
    e.program == Program::Postgres
        && e.at % SECOND == 0
        && t.find(same, Span::new(e.at, e.at + SECOND)).any(|p| p.node == e.node && p.at >= e.at)
}

/// What an event says about the member's state.
#[derive(Clone, Copy, Debug)]
enum Sign {
    Is(State),
    /// The state from before it stood still.
    Back,
    /// PostgreSQL is told to stop: part of a demotion if one has begun.
    Stops,
    /// PostgreSQL is being started.
    Up,
}

fn sign(e: &Event) -> Option<Sign> {
    use What::*;
    Some(match e.what {
        Promoted | PromotedAgain | LockAcquired | FailsafeKept | PgPromoteRequest | PgNewTimeline | HistoryLeader => {
            Sign::Is(State::Leader)
        }
        PgReady => Sign::Is(State::Leader),
        DemoteOffline | DemoteGraceful | DemoteImmediate | DemoteNolock | DemotedStartTimeout | DemotedCrash => {
            Sign::Is(State::Demoting)
        }
        // Logged when the demotion is over: PostgreSQL runs read-only (offline) or is being started again.
        DemotedDcs | DemotedLostRace | DemotedNotHealthiest | DemotedNofailover => Sign::Is(State::Replica),
        DemotedLockUpdate | DemotedForeignLock => Sign::Is(State::Starting),
        PgReadyReadOnly | PgStreaming => Sign::Is(State::Replica),
        PgShutdownFast | PgShutdownSmart | PgShutdownImmediate => Sign::Stops,
        PgShutDown | PgAbnormalExit | PgBackendSignal | PgPanic | PgReinit | PgCrashRestart | PgNotRunning
        | PgStartFailed | PgStartupFailed | SystemShutdown => Sign::Is(State::Down),
        PgStarting | PgPostmaster | PgNotProperlyShut | PgCrashRecovery | PgStartedSecondary | PgRestarting
        | BootstrapBegin | Boot => Sign::Up,
        _ => return None,
    })
}

/// Stretches in which a node was a synchronous standby, as the primary said.
fn sync_standbys(t: &Timeline) -> BTreeMap<NodeId, Vec<(Span, Cite)>> {
    let mut open: BTreeMap<NodeId, (Micros, Cite)> = BTreeMap::new();
    let mut out: BTreeMap<NodeId, Vec<(Span, Cite)>> = BTreeMap::new();
    let mut close = |open: &mut BTreeMap<NodeId, (Micros, Cite)>, node: NodeId, at: Micros| {
        if let Some((from, cite)) = open.remove(&node) {
            out.entry(node).or_default().push((Span::new(from, at), cite));
        }
    };
    let end = t.span().map_or(0, |s| s.to);
    for e in t.all(&[
        What::SyncAssigned,
        What::SyncShrunk,
        What::SyncNone,
        What::PgSyncStandby,
        What::Promoted,
        What::PromotedAgain,
    ]) {
        let named: BTreeSet<NodeId> = e
            .who
            .as_deref()
            .into_iter()
            .flat_map(|w| w.split([',', ' ', '\'', '"', '[', ']', '(', ')', '{', '}']))
            .filter(|w| !w.is_empty())
            .filter_map(|w| t.resolve(w))
            .collect();
        let all: Vec<NodeId> = open.keys().copied().collect();
        match e.what {
            // PostgreSQL names one candidate a line; Patroni names the whole set.
            What::PgSyncStandby => {}
            What::SyncShrunk if !named.is_empty() => named.iter().for_each(|n| close(&mut open, *n, e.at)),
            _ => all.iter().filter(|n| !named.contains(n)).for_each(|n| close(&mut open, *n, e.at)),
        }
        if matches!(e.what, What::SyncAssigned | What::PgSyncStandby) {
            for n in named {
                open.entry(n).or_insert((e.at, Cite::Event(e.index)));
            }
        }
    }
    for node in open.keys().copied().collect::<Vec<_>>() {
        close(&mut open, node, end);
    }
    out
}

/// Replica stretches become synchronous ones where the primary says so.
fn cover(stretches: &[super::Stretch], (span, cite): (Span, Cite)) -> Vec<super::Stretch> {
    let mut out = Vec::new();
    for s in stretches {
        let (from, to) = (s.from.max(span.from), s.to.min(span.to));
        if s.state != State::Replica || from >= to {
            out.push(*s);
            continue;
        }
        if s.from < from {
            out.push(super::Stretch { to: from, ..*s });
        }
        out.push(super::Stretch { from, to, state: State::SyncStandby, cite: Some(cite) });
        if to < s.to {
            out.push(super::Stretch { from: to, ..*s });
        }
    }
    out
}
