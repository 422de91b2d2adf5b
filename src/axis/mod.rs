//! What held over time on the axis: roles, Raft roles and quorum, leases of the leader lock, holes in the HA loop.

mod holes;
mod lease;
mod quorum;
mod raft;
mod roles;
#[cfg(test)]
mod tests;

use crate::model::{Micros, NodeId, Program, SECOND, Span};
use crate::timeline::{Cite, Timeline};
pub use holes::{Hole, HoleKind, Sight};
pub use lease::{Ending, Lease, LostWal, Overlap, Renewals, Step};
pub use quorum::{Quorum, Verdict as QuorumState};

/// What a member is during a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// PostgreSQL: primary with the lock. etcd: Raft leader.
    Leader,
    StandbyLeader,
    Replica,
    SyncStandby,
    /// Gives its role up: from the decision until PostgreSQL is down or a replica.
    Demoting,
    Starting,
    /// The process or the host did not run.
    Frozen,
    Down,
    /// etcd: hears a Raft leader.
    Follower,
    /// etcd: asks for votes.
    Candidate,
    /// etcd: runs, but has no Raft leader.
    NoLeader,
    Unknown,
}

impl State {
    pub fn id(self) -> &'static str {
        match self {
            State::Leader => "leader",
            State::StandbyLeader => "standby leader",
            State::Replica => "replica",
            State::SyncStandby => "sync standby",
            State::Demoting => "demoting",
            State::Starting => "starting",
            State::Frozen => "frozen",
            State::Down => "down",
            State::Follower => "follower",
            State::Candidate => "candidate",
            State::NoLeader => "no leader",
            State::Unknown => "unknown",
        }
    }
}

/// A stretch in which a member did not change, with the line that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub from: Micros,
    pub to: Micros,
    pub state: State,
    pub cite: Option<Cite>,
}

/// The states of one member, in order of time, without holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    pub node: NodeId,
    /// `Program::Postgres` (as Patroni and PostgreSQL tell) or `Program::Etcd`.
    pub program: Program,
    pub stretches: Vec<Stretch>,
}

impl Lane {
    /// The state at a moment.
    pub fn at(&self, at: Micros) -> State {
        let here = self.stretches.iter().rev().find(|s| s.from <= at && at <= s.to);
        here.map_or(State::Unknown, |s| s.state)
    }
}

/// Everything that held over time.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    pub lanes: Vec<Lane>,
    pub leases: Vec<Lease>,
    pub quorum: Vec<Quorum>,
    pub holes: Vec<Hole>,
    pub sights: Vec<Sight>,
}

/// Holes in the beat of all HA loops.
pub fn holes(t: &Timeline) -> Vec<Hole> {
    holes::find(t).0
}

/// Derives it from the timeline.
pub fn find(t: &Timeline) -> Axis {
    let (holes, sights) = holes::find(t);
    let mut lanes = roles::lanes(t, &holes);
    let raft = raft::lanes(t, &holes);
    let quorum = quorum::find(t, &raft);
    lanes.extend(raft);
    let leases = lease::find(t);
    Axis { lanes, leases, quorum, holes, sights }
}

/// A change of state, before stretches are made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    at: Micros,
    /// Order of marks of one moment: line in the source.
    line: u32,
    state: State,
    cite: Option<Cite>,
}

/// A log that ends so shortly before the others did not end for a reason (our choice: half a minute).
const TAIL: Micros = 30 * SECOND;

/// Stretches from marks: each state lasts until the next; before the first and after the log's end it is unknown.
fn stretches(marks: &[Mark], known: Span, whole: Span) -> Vec<Stretch> {
    // Logs of one bundle are collected one after the other, and end up to a few loops apart.
    let known = if whole.to - known.to <= TAIL { Span { to: whole.to, ..known } } else { known };
    let mut out: Vec<Stretch> = Vec::new();
    let mut push = |from: Micros, to: Micros, state: State, cite: Option<Cite>| {
        if to < from {
            return;
        }
        match out.last_mut() {
            Some(last) if last.state == state => last.to = last.to.max(to),
            _ if to == from => {}
            _ => out.push(Stretch { from, to, state, cite }),
        }
    };
    let first = marks.first().map_or(known.to, |m| m.at);
    push(whole.from, first.min(whole.to), State::Unknown, None);
    for (i, mark) in marks.iter().enumerate() {
        let end = marks.get(i + 1).map_or(known.to.max(mark.at), |n| n.at);
        push(mark.at, end, mark.state, mark.cite);
    }
    push(known.to.max(first), whole.to, State::Unknown, None);
    out
}
