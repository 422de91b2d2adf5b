//! The ledger of the leader lock: every proof of renewal, when it had to expire, and what was done early or late.

use crate::model::{Key, Micros, NodeId, Order, Program, Role, SECOND, Span, What};
use crate::timeline::{Cite, Event, Timeline};

/// Renewals without a hole: `count` of them from `from` to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewals {
    pub from: Micros,
    pub to: Micros,
    pub count: u32,
    pub first: Cite,
    pub last: Cite,
}

/// How a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// The holder gave it back.
    Released,
    /// It was not renewed, and had to run out.
    Expired,
    /// It was gone before it could run out, and nobody gave it back: the key was deleted or ran out early.
    GoneEarly,
    /// The log ends while it is held.
    Held,
}

impl Ending {
    pub fn id(self) -> &'static str {
        match self {
            Ending::Released => "released",
            Ending::Expired => "expired",
            Ending::GoneEarly => "gone early",
            Ending::Held => "held at the end of the logs",
        }
    }
}

/// Something done around the end of a lease; `late` is its distance from the expiry, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub at: Micros,
    pub node: NodeId,
    pub late: Micros,
    /// Whether it came before or after the expiry, as far as the hosts' clocks tell.
    pub order: Order,
    pub cite: Option<Cite>,
}

/// Time in which two members could accept writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The new primary accepted writes.
    pub from: Micros,
    /// The old one was told to stop; `None`: its log does not say.
    pub to: Option<Micros>,
}

/// WAL of the old primary that is not on the new timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LostWal {
    pub timeline: u32,
    /// Positions as numbers of bytes.
    pub fork: f64,
    pub end: f64,
    pub fork_cite: Cite,
    pub end_cite: Cite,
}

impl LostWal {
    pub fn bytes(&self) -> f64 {
        (self.end - self.fork).max(0.0)
    }

    /// Whether it can hold anybody's data: a shutdown checkpoint and its switch of WAL leave about 512 bytes that don't.
    pub fn matters(&self) -> bool {
        self.bytes() > 512.0
    }
}

/// One member's time with the lock.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    pub node: NodeId,
    pub renewals: Vec<Renewals>,
    pub count: u32,
    pub last: Micros,
    pub ttl: Micros,
    /// The place that says the ttl; `None`: Patroni's default.
    pub ttl_cite: Option<Cite>,
    pub expiry: Micros,
    /// A new Raft leader starts all leases anew: then the key may have lived until here.
    pub expiry_latest: Micros,
    pub ending: Ending,
    pub steps: Vec<Step>,
    pub overlap: Option<Overlap>,
    /// The old primary could accept writes after the key was gone, for so long.
    pub after_expiry: Option<Micros>,
    pub lost: Option<LostWal>,
}

/// A proof that a member held the lock.
struct Proof {
    from: Micros,
    to: Micros,
    count: u32,
    node: NodeId,
    first: Cite,
    last: Cite,
    begins: Begins,
}

/// Whether the member took the lock with this line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    Yes,
    /// Only if it had stepped down before.
    IfGivenUp,
    No,
}

/// All leases in order of time.
pub(super) fn find(t: &Timeline) -> Vec<Lease> {
    let mut proofs: Vec<Proof> = Vec::new();
    for (i, b) in t.beats.iter().enumerate().filter(|(_, b)| matches!(b.role, Role::Leader | Role::StandbyLeader)) {
        let cite = |last| Cite::Beats { run: i as u32, last };
        let (mut from, mut count, mut first) = (b.from, b.count, cite(false));
        let mut renewed = |from, to, count, first, last| {
            proofs.push(Proof { from, to, count, node: b.node, first, last, begins: Begins::No });
        };
        // A lock that was taken anew in the middle of equal heartbeats: those before it renewed another one.
        let every = (b.to - b.from) / i64::from(b.count.max(2) - 1);
        for e in t.find(&[What::LockAcquired], Span::new(b.from, b.to)).filter(|e| e.node == b.node) {
            let before = if every > 0 { ((e.at - from) / every) as u32 + 1 } else { 1 };
            if e.at <= from || before >= count {
                continue;
            }
            let to = from + every * i64::from(before - 1);
            renewed(from, to, before, first, Cite::Event(e.index));
            (from, count, first) = ((to + every).max(e.until), count - before, Cite::Event(e.index));
        }
        renewed(from, b.to, count, first, cite(true));
    }
    let taken = [What::Promoted, What::PromotedAgain, What::LockAcquired, What::LockRenewedBusy, What::HistoryLeader];
    for e in t.all(&taken) {
        let cite = Cite::Event(e.index);
        let begins = match e.what {
            What::LockRenewedBusy => Begins::No,
            // "I had the session lock": after a demotion or a crash in place.
            What::PromotedAgain => Begins::IfGivenUp,
            _ => Begins::Yes,
        };
        let (from, to, count) = (e.at, e.until, e.count);
        proofs.push(Proof { from, to, count, node: e.node, first: cite, last: cite, begins });
    }
    proofs.sort_by_key(|p| (p.from, p.node, p.first));
    let ttl = t.ttl();
    let ttl_cite = t.setting_index(Key::Ttl).map(Cite::Fact);
    let mut out: Vec<Lease> = Vec::new();
    for p in proofs {
        let renewals = Renewals { from: p.from, to: p.to, count: p.count, first: p.first, last: p.last };
        // A lease lives on while renewals come in time, or nothing says that the member lost it in between.
        let lives = out.last().is_some_and(|l| {
            l.node == p.node
                && match p.begins {
                    Begins::Yes => false,
                    Begins::IfGivenUp => !gave_up(t, p.node, Span::new(l.last, p.from)),
                    Begins::No => true,
                }
        });
        if let Some(lease) = out.last_mut().filter(|_| lives) {
            lease.last = lease.last.max(p.to);
            lease.count += p.count;
            lease.renewals.push(renewals);
            continue;
        }
        out.push(Lease {
            node: p.node,
            renewals: vec![renewals],
            count: p.count,
            last: p.to,
            ttl,
            ttl_cite,
            expiry: 0,
            expiry_latest: 0,
            ending: Ending::Held,
            steps: Vec::new(),
            overlap: None,
            after_expiry: None,
            lost: None,
        });
    }
    let ends: Vec<Option<(NodeId, Micros)>> =
        (0..out.len()).map(|i| out.get(i + 1).and_then(|l| Some((l.node, l.renewals.first()?.from)))).collect();
    for (lease, next) in out.iter_mut().zip(ends) {
        let next = match (next, named_next(t, lease)) {
            (Some(own), Some(named)) if named.1 < own.1 => Some(named),
            (None, named) => named,
            (own, _) => own,
        };
        close(t, lease, next);
    }
    out
}

/// The first other holder that anybody names after a lease, if that one's own log does not say when it took the lock.
fn named_next(t: &Timeline, lease: &Lease) -> Option<(NodeId, Micros)> {
    let other = |name: Option<&str>| name.and_then(|n| t.resolve(n)).filter(|n| *n != lease.node);
    let owners = t.all(&[What::LockOwner]).filter(|e| e.at > lease.last);
    let owners = owners.filter_map(|e| Some((other(e.who.as_deref())?, e.at)));
    let beats = t.beats.iter().filter(|b| b.from > lease.last);
    owners.chain(beats.filter_map(|b| Some((other(b.leader.as_deref())?, b.from)))).min_by_key(|x| (x.1, x.0))
}

/// Whether the member stopped being primary in a span.
fn gave_up(t: &Timeline, node: NodeId, span: Span) -> bool {
    t.find(DECIDED, span).chain(t.find(DONE, span)).chain(t.find(RELEASED, span)).any(|e| e.node == node)
}

const DECIDED: &[What] = &[
    What::DemoteOffline,
    What::DemoteGraceful,
    What::DemoteImmediate,
    What::DemoteNolock,
    What::DemotedStartTimeout,
    What::DemotedCrash,
];
const DONE: &[What] = &[
    What::DemotedDcs,
    What::DemotedLockUpdate,
    What::DemotedForeignLock,
    What::DemotedLostRace,
    What::DemotedNotHealthiest,
    What::DemotedNofailover,
    What::DemotedWatchdog,
];
const RELEASED: &[What] = &[What::LockReleased, What::LockReleasedPgDown, What::LockReleasedDatadir];
const STOPPED: &[What] =
    &[What::PgShutdownFast, What::PgShutdownImmediate, What::PgShutdownSmart, What::PgPanic, What::PgBackendSignal];

/// Fills in what came after the last renewal.
fn close(t: &Timeline, lease: &mut Lease, next: Option<(NodeId, Micros)>) {
    let node = lease.node;
    lease.expiry = lease.last + lease.ttl;
    let elections = t.find(&[What::LeaderWon], Span::new(lease.last, lease.expiry));
    lease.expiry_latest = elections.map(|e| e.at + lease.ttl).fold(lease.expiry, Micros::max);
    // What belongs to this end: until the next holder has had the lock for two ttl, or the log ends.
    let until = next.map_or(lease.expiry + 10 * lease.ttl, |n| n.1 + 2 * lease.ttl);
    let after = Span::new(lease.last, until.max(lease.last));
    let first = |whats: &[What], on: NodeId| t.find(whats, after).find(|e| e.node == on);
    let decided = first(DECIDED, node);
    let stopped = first(STOPPED, node);
    let done = first(DONE, node);
    let released = first(RELEASED, node).filter(|e| next.is_none_or(|n| e.at <= n.1 + SECOND));
    let mut steps: Vec<(&'static str, &Event, u32)> = Vec::new();
    // Members ask each other only when there is no lock to be seen.
    let race = [What::LockNobody, What::ProbeOk, What::ProbeFailed, What::RaceLag, What::RacePrimaryAlive];
    let until_next = Span::new(lease.last, next.map_or(after.to, |n| n.1.max(lease.last)));
    let gone = t.find(&race, until_next).find(|e| e.node != node && e.at > lease.last && e.program == Program::Patroni);
    steps.extend(gone.map(|e| ("lock seen gone", e.event, e.index)));
    let failed = first(&[What::LockUpdateFailed, What::DcsUnreachable], node);
    for (name, e) in [
        ("lock not renewed", failed),
        ("demotion decided", decided),
        ("PostgreSQL told to stop", stopped),
        ("lock given back", released),
        ("demoted", done),
    ] {
        steps.extend(e.map(|e| (name, e.event, e.index)));
    }
    let mut writes = None;
    if let Some((new, at)) = next {
        let around = Span::new(at - SECOND, at + 4 * lease.ttl);
        let promoted =
            t.find(&[What::Promoted, What::PromotedAgain, What::LockAcquired], around).find(|e| e.node == new);
        let name = |e: &Event| if e.what == What::LockAcquired { "lock taken anew" } else { "promoted" };
        steps.extend(promoted.map(|e| (name(e.event), e.event, e.index)));
        let ready = t.find(&[What::PgReady], around).find(|e| e.node == new);
        let begun = t.find(&[What::PgNewTimeline], around).find(|e| e.node == new);
        let accepts = ready.or(begun);
        steps.extend(accepts.map(|e| ("first write accepted", e.event, e.index)));
        writes = accepts.or(promoted).map(|e| e.at);
    }
    let expires = lease.expiry;
    // A run of equal lines that began before: what counts is that it was said again.
    let begin = lease.last;
    let moment = |e: &Event| if e.at >= begin { e.at } else { e.until };
    let list = steps.into_iter().map(|(name, e, index)| Step {
        name,
        at: moment(e),
        node: e.node,
        late: moment(e) - expires,
        order: t.order((node, expires, 0), (e.node, moment(e), 0)).reversed(),
        cite: Some(Cite::Event(index)),
    });
    lease.steps = list.collect();
    lease.steps.sort_by_key(|s| (s.at, s.node, s.name));
    let heard_on =
        t.covered.iter().filter(|c| c.node == node && c.program == Program::Patroni).map(|c| c.span.to).max();
    let before_expiry = |on: NodeId, at: Micros| t.order((on, at, 0), (node, lease.expiry, 0)) == Order::Before;
    // A lock whose giver logs nothing: Patroni that is stopped deletes its key; so does one whose PostgreSQL was stopped.
    let handed = |at: Micros| stopped.is_some_and(|s| s.at <= at + SECOND && decided.is_none());
    let early = gone.filter(|g| before_expiry(g.node, g.at)).map(|g| g.at);
    let taken = next.filter(|(new, at)| before_expiry(*new, *at)).map(|n| n.1);
    lease.ending = match early.into_iter().chain(taken).min() {
        _ if released.is_some() => Ending::Released,
        Some(at) if handed(at) => Ending::Released,
        // The same member took its own lock again after it had stepped down: no new key.
        Some(_) if next.is_some_and(|n| n.0 == node) && decided.is_some() => Ending::Expired,
        Some(_) if decided.is_none_or(|d| d.what != What::DemoteGraceful) => Ending::GoneEarly,
        Some(_) => Ending::Released,
        None if next.is_some() => Ending::Expired,
        None if stopped.is_some_and(|s| s.at > lease.expiry) => Ending::Expired,
        None if heard_on.is_none_or(|h| h <= lease.expiry) && decided.is_none() => Ending::Held,
        None if decided.is_none() && done.is_none() && stopped.is_none() => Ending::Held,
        None => Ending::Expired,
    };
    let stops = stopped.map(|e| e.at).or(decided.map(|e| e.at)).or(done.map(|e| e.at));
    if let (Some((new, _)), Some(writes)) = (next, writes)
        && new != node
        && lease.ending != Ending::Released
        && stops.is_none_or(|s| t.order((new, writes, 0), (node, s, 0)) == Order::Before)
        && stopped.is_none_or(|s| s.at > writes)
    {
        lease.overlap = Some(Overlap { from: writes, to: stops });
    }
    if lease.ending != Ending::Held && lease.ending != Ending::Released {
        lease.after_expiry = stops.map(|s| s - lease.expiry_latest).filter(|d| *d > 0);
    }
    lease.lost = lost(t, lease, after);
}

/// What the old primary had written beyond the point where the new timeline forked off.
fn lost(t: &Timeline, lease: &Lease, after: Span) -> Option<LostWal> {
    let number = |e: &Event| e.who.as_deref().and_then(|w| w.parse::<u32>().ok());
    let span = Span::new(after.from, after.to.saturating_add(30 * 60 * SECOND));
    let end = t.find(&[What::WalPosition], span).find(|e| e.node == lease.node && number(e).is_some())?;
    let timeline = number(end.event)?;
    let told = t
        .find(&[What::WalFork], span)
        .find(|e| e.node == lease.node && number(e) == Some(timeline) && e.at >= end.at)
        .map(|e| (e.num, Cite::Event(e.index)));
    let history = || {
        let rows = t.facts.iter().enumerate().filter(|(_, k)| k.fact.key == Key::HistoryLsn);
        let mut rows = rows.filter(|(_, k)| k.fact.item.as_deref().and_then(|i| i.parse().ok()) == Some(timeline));
        rows.next().and_then(|(i, k)| Some((k.fact.value.num()?, Cite::Fact(i as u32))))
    };
    let (fork, fork_cite) = told.or_else(history)?;
    Some(LostWal { timeline, fork, end: end.num, fork_cite, end_cite: Cite::Event(end.index) })
}
