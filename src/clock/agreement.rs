//! Zones by agreement: two programs on one host saw the same thing, so their clocks differ by whole quarter hours.

use super::{At, Proof, Rule, needs_zone, zone};
use crate::cluster::Cluster;
use crate::model::{Micros, NodeId, Program, Raw, Role, SECOND, Source, Stream, What, Written};
use std::collections::{BTreeMap, BTreeSet};

/// Pairs of meanings that happen within seconds of each other on one host: (Patroni, PostgreSQL).
/// Measured distances: 0.08–0.43 s for a start, 0.04–0.11 s for a stop, 2–5 ms for a promotion.
const ANCHORS: &[(What, What)] = &[
    (What::PgPostmaster, What::PgStarting),
    (What::Promoted, What::PgPromoteRequest),
    (What::PromotedAgain, What::PgPromoteRequest),
    (What::DemoteOffline, What::PgShutdownFast),
    (What::DemoteGraceful, What::PgShutdownFast),
    (What::DemoteNolock, What::PgShutdownImmediate),
    (What::DemoteImmediate, What::PgShutdownImmediate),
    (What::DemotedLockUpdate, What::PgShutdownImmediate),
    (What::DemotedDcs, What::PgShutdownFast),
    (What::DcsUnreachable, What::PgShutdownFast),
];

/// Two anchors may be this far apart on one clock.
const NEAR: Micros = 5 * SECOND;
const QUARTER: Micros = 900 * SECOND;

/// For each stream without a zone: the offset to a stream of the same host whose zone is known.
pub(super) fn same_host(sources: &[Source], all: &[At], found: &mut BTreeMap<At, Proof>) {
    let stream = |at: &At| sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream));
    let mut by_program: BTreeMap<(NodeId, bool), Vec<At>> = BTreeMap::new();
    for at in all {
        if let Some(patroni) = stream(at).and_then(|s| is_patroni(s.program)) {
            by_program.entry((at.node, patroni)).or_default().push(*at);
        }
    }
    for at in all {
        let Some(open) = stream(at).filter(|s| needs_zone(s)) else { continue };
        if found.contains_key(at) || !open.own_clock {
            continue;
        }
        let Some(others) = is_patroni(open.program).and_then(|p| by_program.get(&(at.node, !p))) else { continue };
        for other in others {
            let Some(known) = stream(other) else { continue };
            let offset = match found.get(other) {
                Some(proof) => proof.rule.offset(known.min),
                None if !needs_zone(known) => {
                    match known.written_zone.keys().next().and_then(|z| zone::written_offset(*z)) {
                        Some(seconds) => i64::from(seconds) * SECOND,
                        None => continue,
                    }
                }
                None => continue,
            };
            if let Some((difference, n)) = difference(open, known) {
                let rule = Rule::Fixed(((offset + difference) / SECOND) as i32);
                found.insert(*at, Proof { rule, why: format!("agrees with {} on {n} events", known.program.id()) });
                break;
            }
        }
    }
}

/// Of the two programs whose events are compared: whether it is Patroni.
fn is_patroni(program: Program) -> Option<bool> {
    match program {
        Program::Patroni => Some(true),
        Program::Postgres => Some(false),
        _ => None,
    }
}

/// Patroni logs of two hosts agree on who led: a member's own heartbeats as leader, and the others' words about it.
/// Taken only if the hosts cannot be in one zone and exactly one other difference fits.
pub(super) fn across_hosts(sources: &[Source], cluster: &Cluster, all: &[At], found: &mut BTreeMap<At, Proof>) {
    let stream = |at: &At| sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream));
    let patroni = |at: &At| stream(at).filter(|s| s.program == Program::Patroni);
    let mut proven: BTreeSet<At> = found.keys().filter(|at| patroni(at).is_some()).copied().collect();
    for at in all {
        let Some(open) = patroni(at).filter(|s| needs_zone(s)) else { continue };
        if found.contains_key(at) {
            continue;
        }
        for other in proven.iter().filter(|o| o.node != at.node) {
            let (Some(known), Some(proof)) = (stream(other), found.get(other)) else { continue };
            let pairs = [(led(open), seen(known, cluster, at.node)), (seen(open, cluster, other.node), led(known))];
            let mut fits: Vec<Micros> = Vec::new();
            for (mine, theirs) in &pairs {
                for (a, b) in mine.iter().flat_map(|a| theirs.iter().map(move |b| (a, b))) {
                    // The two spans must touch after a shift by whole quarter hours.
                    let low = a.0 - b.1 - NEAR;
                    let high = a.1 - b.0 + NEAR;
                    let mut shift = low.div_euclid(QUARTER) * QUARTER;
                    while shift <= high {
                        if shift >= low && shift.abs() <= 60 * QUARTER && !fits.contains(&shift) {
                            fits.push(shift);
                        }
                        shift += QUARTER;
                    }
                }
            }
            let [only] = fits.as_slice() else { continue };
            let rule = Rule::Fixed(((proof.rule.offset(known.min) + only) / SECOND) as i32);
            found.insert(*at, Proof { rule, why: format!("agrees with {} on who led", cluster.name(other.node)) });
            proven.insert(*at);
            break;
        }
    }
}

/// Civil spans in which the writer says that it leads.
fn led(stream: &Stream) -> Vec<(Micros, Micros)> {
    let beats =
        stream.beats.iter().filter(|b| b.role == Role::Leader && b.written == Written::Full).map(|b| (b.at, b.until));
    let taken = stream
        .raws
        .iter()
        .filter(|r| r.what == What::LockAcquired && r.written == Written::Full)
        .map(|r| (r.at, r.until));
    beats.chain(taken).collect()
}

/// Civil spans in which the writer says that `node` leads.
fn seen(stream: &Stream, cluster: &Cluster, node: NodeId) -> Vec<(Micros, Micros)> {
    let is = |name: &Option<std::sync::Arc<str>>| name.as_deref().and_then(|n| cluster.resolve(n)) == Some(node);
    let beats = stream.beats.iter().filter(|b| is(&b.leader) && b.written == Written::Full).map(|b| (b.at, b.until));
    let owners = stream
        .raws
        .iter()
        .filter(|r| r.what == What::LockOwner && is(&r.who) && r.written == Written::Full)
        .map(|r| (r.at, r.until));
    beats.chain(owners).collect()
}

/// Clock of `a` minus clock of `b`, in microseconds but whole quarter hours, and how many events say so.
fn difference(a: &Stream, b: &Stream) -> Option<(Micros, usize)> {
    let mut votes: BTreeMap<Micros, usize> = BTreeMap::new();
    for x in &a.raws {
        for y in &b.raws {
            let certain = match anchor(x, y) {
                Some(certain) => certain,
                None => continue,
            };
            let gap = x.at - y.at;
            let whole = (gap + gap.signum() * QUARTER / 2) / QUARTER * QUARTER;
            if (gap - whole).abs() <= NEAR && whole.abs() <= 60 * QUARTER {
                *votes.entry(whole).or_default() += if certain { 3 } else { 1 };
            }
        }
    }
    let mut ranked: Vec<_> = votes.into_iter().collect();
    ranked.sort_by_key(|(d, n)| (std::cmp::Reverse(*n), d.abs()));
    match ranked.as_slice() {
        [(d, n)] => Some((*d, (*n).div_ceil(3))),
        [(d, n), (_, m), ..] if n > m => Some((*d, (*n).div_ceil(3))),
        _ => None,
    }
}

/// Whether two events are two views of one; `true` inside if an equal process id proves it.
fn anchor(x: &Raw, y: &Raw) -> Option<bool> {
    if x.written != Written::Full || y.written != Written::Full {
        return None;
    }
    ANCHORS.iter().find(|(p, q)| (x.what == *p && y.what == *q) || (x.what == *q && y.what == *p))?;
    let pid = |r: &Raw, other: &Raw| r.what == What::PgPostmaster && r.num > 0.0 && r.num as u32 == other.pid;
    if x.what == What::PgPostmaster || y.what == What::PgPostmaster {
        return (pid(x, y) || pid(y, x)).then_some(true);
    }
    Some(false)
}
