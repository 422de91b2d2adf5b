//! Finds what happened: episodes of role changes, crashes, outages and stalls, planned ones told apart. Uses events only.

mod classify;
mod form;
mod near;
mod outage;
mod silent;
#[cfg(test)]
mod tests;
mod triggers;

use crate::model::{Micros, NodeId, SECOND, Span, Threshold, What};
pub use crate::timeline::Cite;
use crate::timeline::{Event, Timeline};
pub use classify::{STRAYED, rejoined};
pub use outage::Outage;
pub use triggers::{Class, class_of, first_election};

/// What kind of episode, as CONTRACT names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Another member became primary.
    Failover,
    /// The primary stopped being primary; the same member, or nobody, took over.
    Demotion,
    /// Nobody could become primary although the cluster had none.
    NoLeader,
    /// PostgreSQL crashed and recovered, or could not start, without a change of roles.
    Crash,
    /// The DCS failed its clients, roles stayed.
    DcsOutage,
    /// The primary stayed primary but did not serve writes in time.
    WriteStall,
    /// A service could not be started.
    StartFailure,
    /// Clients were cut by a proxy, pooler or address manager; roles stayed.
    ClientsCut,
    /// PostgreSQL or Patroni was stopped and started.
    Restart,
    /// Somebody asked for another primary.
    Switchover,
    /// Nothing failed, but not for want of trying.
    NearMiss,
}

impl Kind {
    pub fn id(self) -> &'static str {
        match self {
            Kind::Failover => "failover",
            Kind::Demotion => "demotion",
            Kind::NoLeader => "no_leader",
            Kind::Crash => "crash",
            Kind::DcsOutage => "dcs_outage",
            Kind::WriteStall => "write_stall",
            Kind::StartFailure => "start_failure",
            Kind::ClientsCut => "clients_cut",
            Kind::Restart => "restart",
            Kind::Switchover => "switchover",
            Kind::NearMiss => "near_miss",
        }
    }

    /// Lower is worse: which incident stands for the bundle.
    pub fn rank(self) -> u8 {
        match self {
            Kind::Failover | Kind::Demotion | Kind::NoLeader => 0,
            Kind::Crash => 1,
            Kind::DcsOutage | Kind::WriteStall | Kind::StartFailure => 2,
            Kind::ClientsCut => 3,
            Kind::Restart | Kind::Switchover => 4,
            Kind::NearMiss => 5,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Phase {
    pub name: &'static str,
    pub at: Micros,
    pub node: NodeId,
    pub cite: Option<Cite>,
}

#[derive(Clone, Debug)]
pub struct Incident {
    pub kind: Kind,
    pub planned: bool,
    /// The moment that the question is about: demotion, crash, first failure.
    pub at: Micros,
    pub span: Span,
    /// Where causes may lie: from well before the trigger to the end.
    pub window: Span,
    pub old: Option<NodeId>,
    pub new: Option<NodeId>,
    pub nodes: Vec<NodeId>,
    /// Indices of the events that make up the episode.
    pub events: Vec<u32>,
    pub outage: Option<Outage>,
    pub phases: Vec<Phase>,
    /// The trouble began in here: after the last proof that all was well, at the latest with the first sign of it.
    pub onset: Span,
    /// What kind of `kind` it is, for people: `dcs_outage_ridden_out_failsafe`, `rejoin_failure`, …
    pub form: &'static str,
}

/// What the finding of incidents lets a user change.
pub static THRESHOLDS: &[&Threshold] = &[&near::FSYNC_SLOW_MS];

/// Triggers closer than this belong to one episode. Patroni needs at most ttl (30 s) to react to a cause and
/// etcd some seconds; two and a half ttl keep two separate faults apart (our choice).
const MERGE: Micros = 75 * SECOND;

/// A cluster without a leader keeps its episode open this long for the promotion that ends it, a machine that was told
/// to shut down for its boot (our choice).
const OPEN: Micros = 30 * 60 * SECOND;

/// Turns of one crash loop may be this far apart: Patroni waits up to primary_start_timeout (300 s by default).
const LOOP: Micros = 300 * SECOND;

/// All episodes of the bundle in order of time.
pub fn find(t: &Timeline) -> Vec<Incident> {
    let mut episodes: Vec<Episode> = Vec::new();
    let mut triggers: Vec<(u32, &Event, Class)> =
        t.events.iter().enumerate().filter_map(|(i, e)| class_of(t, e).map(|c| (i as u32, e, c))).collect();
    triggers.sort_by_key(|(i, e, _)| (e.began(), *i));
    for (i, event, class) in &triggers {
        let joins = episodes.last().is_some_and(|ep| {
            let distance = event.began() - ep.span.to;
            distance <= MERGE
                || (distance <= LOOP
                    && *class == Class::Crash
                    && ep.triggers.iter().any(|(i, c)| {
                        *c == Class::Crash && t.events.get(*i as usize).is_some_and(|e| e.node == event.node)
                    }))
                || (event.what == What::Boot
                    && distance <= OPEN
                    && ep.triggers.iter().any(|(i, _)| {
                        let told = t.events.get(*i as usize);
                        told.is_some_and(|e| e.what == What::SystemShutdown && e.node == event.node)
                    }))
                || (ep.leaderless
                    && distance <= OPEN
                    && (matches!(class, Class::Promotion | Class::Demotion | Class::NoLeader)
                        || event.what == What::FailoverKeyCleanup))
        });
        if !joins {
            episodes.push(Episode { span: event.span(), triggers: Vec::new(), leaderless: false });
        }
        if let Some(ep) = episodes.last_mut() {
            ep.span = ep.span.union(&event.span());
            ep.leaderless = match class {
                Class::Demotion | Class::NoLeader => true,
                Class::Request if event.what == What::DemoteGraceful => true,
                Class::Promotion => false,
                _ => ep.leaderless,
            };
            ep.triggers.push((*i, *class));
        }
    }
    let mut incidents: Vec<Incident> = episodes.iter().filter_map(|ep| classify::episode(t, ep)).collect();
    classify::silences(t, &mut incidents);
    classify::stalls(t, &mut incidents);
    classify::stuck_replicas(t, &mut incidents);
    near::misses(t, &mut incidents);
    silent::replicas(t, &mut incidents);
    incidents.sort_by_key(|i| (i.at, i.kind));
    for incident in &mut incidents {
        outage::measure(t, incident);
        incident.onset = form::onset(t, incident);
        incident.form = form::form(t, incident);
        form::client_view(t, incident);
    }
    incidents
}

/// Triggers that belong together.
#[derive(Debug)]
pub(super) struct Episode {
    pub span: Span,
    pub triggers: Vec<(u32, Class)>,
    pub leaderless: bool,
}

impl Timeline {
    /// The node that held the lock last before `at`, with the heartbeat that says so.
    pub fn leader_before(&self, at: Micros) -> Option<(NodeId, Option<Cite>)> {
        use crate::model::Role;
        let own = self
            .beats
            .iter()
            .enumerate()
            .filter(|(_, b)| b.role == Role::Leader && b.from < at)
            .max_by_key(|(_, b)| b.to.min(at))
            .map(|(i, b)| (b.to.min(at), b.node, Some(Cite::Beats { run: i as u32, last: true })));
        let named = self
            .beats
            .iter()
            .enumerate()
            .filter(|(_, b)| b.role == Role::Replica && b.from < at)
            .filter_map(|(i, b)| {
                Some((
                    b.to.min(at),
                    self.cluster.resolve(b.leader.as_deref()?)?,
                    Some(Cite::Beats { run: i as u32, last: true }),
                ))
            })
            .max_by_key(|x| x.0);
        let owner = self
            .all(&[What::LockOwner])
            .filter(|e| e.at < at)
            .filter_map(|e| Some((e.until.min(at), self.cluster.resolve(e.who.as_deref()?)?, None)))
            .max_by_key(|x| x.0);
        let taken = self
            .all(&[What::Promoted, What::PromotedAgain, What::LockAcquired])
            .filter(|e| e.at < at)
            .map(|e| (e.until.min(at), e.node, None))
            .max_by_key(|x| x.0);
        // The leader's own word first; others only if theirs is much younger.
        let best = [own, named, taken, owner].into_iter().flatten().max_by_key(|x| x.0)?;
        match own {
            Some(own) if best.0 - own.0 <= self.ttl() => Some((own.1, own.2)),
            _ => Some((best.1, best.2)),
        }
    }

    /// The node that others name as leader, or that says so itself, after `at`.
    pub fn leader_after(&self, at: Micros) -> Option<NodeId> {
        self.next_leader(at).map(|x| x.1)
    }

    /// The same, with the time of the first word about it.
    pub fn next_leader(&self, at: Micros) -> Option<(Micros, NodeId)> {
        use crate::model::Role;
        self.beats
            .iter()
            .filter(|b| b.to > at)
            .filter_map(|b| match b.role {
                Role::Leader => Some((b.from.max(at), b.node)),
                Role::Replica => Some((b.from.max(at), self.cluster.resolve(b.leader.as_deref()?)?)),
                _ => None,
            })
            .min_by_key(|x| x.0)
    }
}
