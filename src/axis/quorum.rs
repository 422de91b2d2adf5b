//! How many etcd members could agree, when: members, needed, reachable, as stretches.

use super::{Lane, State};
use crate::model::{Key, Micros, Program, What};
use crate::timeline::Timeline;
use std::collections::BTreeSet;

/// Whether writes could be agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    Yes,
    No,
    /// Members start for the first time and have not elected a leader yet: nothing was lost.
    Forming,
    Unknown,
}

/// A stretch with one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    pub from: Micros,
    pub to: Micros,
    pub members: u32,
    pub needed: u32,
    /// Members that surely lead or follow a leader.
    pub reachable: u32,
    /// Members of which nothing is known.
    pub unknown: u32,
    pub verdict: Verdict,
}

/// A member whose own log is not in the bundle: what the others say about it.
struct Silent {
    /// (when, reachable), in order of time.
    said: Vec<(Micros, bool)>,
}

/// Stretches over the whole bundle; none if no member's log is there.
pub(super) fn find(t: &Timeline, lanes: &[Lane]) -> Vec<Quorum> {
    let Some(whole) = t.span() else { return Vec::new() };
    if lanes.is_empty() {
        return Vec::new();
    }
    let told = t.facts_of(Key::EtcdMembers).filter_map(|k| k.fact.value.num()).fold(0.0, f64::max) as usize;
    let ids: BTreeSet<&str> = t.facts_of(Key::EtcdMemberName).filter_map(|k| k.fact.item.as_deref()).collect();
    let absent = silent(t, lanes);
    let members = told.max(ids.len()).max(lanes.len() + absent.len()) as u32;
    let needed = members / 2 + 1;
    let mut moments: BTreeSet<Micros> = lanes.iter().flat_map(|l| &l.stretches).map(|s| s.from).collect();
    moments.extend(absent.iter().flat_map(|a| a.said.iter().map(|s| s.0)));
    moments.insert(whole.from);
    let moments: Vec<Micros> = moments.into_iter().filter(|m| whole.contains(*m)).collect();
    let mut out: Vec<Quorum> = Vec::new();
    for (i, from) in moments.iter().enumerate() {
        let to = moments.get(i + 1).copied().unwrap_or(whole.to);
        let states: Vec<State> = lanes.iter().map(|l| l.at(*from)).collect();
        let up = |s: &State| matches!(s, State::Leader | State::Follower);
        let mut reachable = states.iter().filter(|s| up(s)).count() as u32;
        let mut unknown = states.iter().filter(|s| **s == State::Unknown).count() as u32;
        let mut down = states.len() as u32 - reachable - unknown;
        for a in &absent {
            match a.said.iter().rev().find(|s| s.0 <= *from) {
                Some((_, true)) => reachable += 1,
                Some((_, false)) => down += 1,
                None => unknown += 1,
            }
        }
        unknown += members.saturating_sub(reachable + unknown + down);
        // A leader or a follower proves a majority at the time it was elected; it steps down without one.
        let verdict = if reachable >= needed {
            Verdict::Yes
        } else if reachable + unknown < needed {
            Verdict::No
        } else if states.contains(&State::Leader) {
            Verdict::Yes
        } else {
            Verdict::Unknown
        };
        let next = Quorum { from: *from, to, members, needed, reachable, unknown, verdict };
        match out.last_mut() {
            Some(last) if Quorum { from: last.from, to: last.to, ..next } == *last => last.to = to,
            _ if to == *from => {}
            _ => out.push(next),
        }
    }
    // Before the first agreement, a member that starts says that there was none to lose.
    let first = out.iter().position(|q| q.verdict == Verdict::Yes).unwrap_or(out.len());
    let begins = lanes.iter().filter_map(|l| l.stretches.iter().find(|s| s.state != State::Unknown));
    if begins.map(|s| s.state).any(|s| s == State::Starting) {
        out.iter_mut().take(first).filter(|q| q.verdict == Verdict::No).for_each(|q| q.verdict = Verdict::Forming);
    }
    out
}

/// Members that only their peers speak of.
fn silent(t: &Timeline, lanes: &[Lane]) -> Vec<Silent> {
    use What::*;
    let mut names: BTreeSet<String> = BTreeSet::new();
    let about = [PeerLost, PeerInactive, PeerUnreachable, PeerActive];
    let key = |who: &str| t.resolve(who).map_or_else(|| who.to_owned(), |n| format!("node {}", n.0));
    let own: BTreeSet<String> = lanes.iter().map(|l| format!("node {}", l.node.0)).collect();
    let hexadecimal = |w: &str| w.len() >= 12 && w.bytes().all(|b| b.is_ascii_hexdigit());
    for e in t.all(&about).filter(|e| e.program == Program::Etcd) {
        if let Some(who) = e.who.as_deref().filter(|w| t.resolve(w).is_some() || hexadecimal(w)) {
            names.insert(key(who));
        }
    }
    let list = names.difference(&own).map(|name| {
        let said = t
            .all(&about)
            .filter(|e| e.who.as_deref().is_some_and(|w| key(w) == *name))
            .map(|e| (e.at, e.what == PeerActive))
            .collect();
        Silent { said }
    });
    list.collect()
}
