//! What each etcd member was, when: leader, follower, candidate, without a leader, down.

use super::{Hole, HoleKind, Lane, Mark, State, stretches};
use crate::model::{NodeId, Program, SECOND, Span, What};
use crate::timeline::{Cite, Event, Timeline};

/// A process that was told to end may write for so long before it does (our choice: systemd waits 90 s at most, etcd
/// closes its peers' streams within seconds).
const LINGERS: i64 = 30 * SECOND;

/// Lanes of the members whose own logs are in the bundle.
pub(super) fn lanes(t: &Timeline, holes: &[Hole]) -> Vec<Lane> {
    let Some(whole) = t.span() else { return Vec::new() };
    let lane = |node: NodeId| {
        let own = t.covered.iter().filter(|c| c.node == node && c.program == Program::Etcd).map(|c| c.span);
        let known: Span = own.reduce(|a, b| a.union(&b))?;
        let marks = marks(t, node, holes, known);
        (!marks.is_empty()).then(|| Lane { node, program: Program::Etcd, stretches: stretches(&marks, known, whole) })
    };
    t.nodes_with(Program::Etcd).into_iter().filter_map(lane).collect()
}

fn marks(t: &Timeline, node: NodeId, holes: &[Hole], known: Span) -> Vec<Mark> {
    let mut state = State::Unknown;
    let mut out: Vec<Mark> = Vec::new();
    let about = |e: &&(usize, &Event)| {
        e.1.node == node
            && (e.1.program == Program::Etcd
                || e.1.who.as_deref().is_some_and(|w| w.contains("etcd"))
                || matches!(e.1.what, What::SystemShutdown | What::Boot))
    };
    let events: Vec<(usize, &Event)> = t.events.iter().enumerate().collect();
    // A run of equal lines was said at its begin and at its end.
    let mut list: Vec<(i64, usize, &Event)> = events.iter().filter(about).map(|(i, e)| (e.at, *i, *e)).collect();
    let again: Vec<_> = list.iter().filter(|(_, _, e)| e.until > e.at).map(|(_, i, e)| (e.until, *i, *e)).collect();
    list.extend(again);
    list.sort_by_key(|(at, _, e)| (*at, e.source, e.line));
    let frozen: Vec<&Hole> = holes.iter().filter(|h| h.node == node && h.kind == HoleKind::FrozenHost).collect();
    for (at, i, e) in list {
        let cite = Some(Cite::Event(i as u32));
        let stays_down = state == State::Down
            && !matches!(e.what, What::EtcdStart)
            && out.last().is_some_and(|m| e.at - m.at < LINGERS);
        if stays_down {
            continue;
        }
        let me = |e: &Event| e.who.as_deref().and_then(|w| t.resolve(w)) == Some(node);
        let next = match e.what {
            What::LeaderWon => State::Leader,
            What::LeaderSeen | What::LeaderChanged => {
                if me(e) {
                    State::Leader
                } else {
                    State::Follower
                }
            }
            What::RaftFollower | What::QuorumLost | What::NoRaftLeader => match state {
                State::Candidate if e.what == What::NoRaftLeader => State::Candidate,
                State::Follower if e.what == What::NoRaftLeader => State::Follower,
                _ => State::NoLeader,
            },
            What::LeaderLost => {
                // The log begins while a leader was there.
                if out.is_empty() {
                    let was = if me(e) { State::Leader } else { State::Follower };
                    out.push(Mark { at: known.from, line: 0, state: was, cite });
                }
                if state == State::Candidate { state } else { State::NoLeader }
            }
            What::ElectionStart | What::Candidate => State::Candidate,
            // Only a leader sends heartbeats.
            What::HeartbeatLate if out.is_empty() => {
                out.push(Mark { at: known.from, line: 0, state: State::Leader, cite });
                State::Leader
            }
            What::EtcdStart => State::Starting,
            What::EtcdStopSignal
            | What::EtcdFatal
            | What::EtcdPanic
            | What::EtcdDiskFull
            | What::EtcdRemoved
            | What::SystemShutdown
            | What::UnitStopped
            | What::UnitKilled
            | What::OomKill => State::Down,
            What::Boot => State::Down,
            _ => continue,
        };
        if next != state || out.is_empty() {
            out.push(Mark { at, line: e.line, state: next, cite });
            state = next;
        }
    }
    for h in frozen {
        let before = out.iter().rev().find(|m| m.at <= h.still.from).map_or(State::Unknown, |m| m.state);
        if out.iter().any(|m| h.still.contains(m.at) && m.at != h.still.from) {
            continue;
        }
        out.push(Mark { at: h.still.from, line: u32::MAX, state: State::Frozen, cite: Some(h.cite) });
        out.push(Mark { at: h.still.to, line: 0, state: before, cite: Some(h.cite) });
    }
    out.sort_by_key(|m| (m.at, m.line));
    out
}
