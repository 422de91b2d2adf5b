//! From triggers to an incident: which kind, whose, planned or not.

use super::triggers::unit;
use super::{Cite, Class, Episode, Incident, Kind, Phase};
use crate::model::{MINUTE, Micros, NodeId, Program, Role, SECOND, Span, What, Why, seconds};
use crate::timeline::{Event, Timeline};
use std::collections::BTreeSet;

/// How far before an episode its cause may lie: Patroni reacts within ttl, and averages of sysstat cover ten minutes.
pub(super) const LOOK_BACK: Micros = 10 * MINUTE;

pub(super) fn episode(t: &Timeline, ep: &Episode) -> Option<Incident> {
    let events: Vec<(&Event, Class)> =
        ep.triggers.iter().filter_map(|(i, c)| Some((t.events.get(*i as usize)?, *c))).collect();
    let has = |class: Class| events.iter().any(|(_, c)| *c == class);
    let first = |class: Class| events.iter().find(|(_, c)| *c == class).map(|(e, _)| *e);
    let any = |whats: &[What]| events.iter().any(|(e, _)| whats.contains(&e.what));

    let demotion = first(Class::Demotion);
    let promotions: Vec<&Event> = events.iter().filter(|(_, c)| *c == Class::Promotion).map(|(e, _)| *e).collect();
    let requested = any(&[What::SwitchoverRequested, What::ManualFailover, What::DemoteGraceful]);
    // A promotion names the next leader, not the one before.
    let before = promotions.iter().map(|e| e.at).fold(ep.span.from + SECOND, Micros::min);
    // One that may not take over knows who has within the same second.
    let loser = has(Class::NoLeader) && demotion.is_none() && promotions.is_empty();
    let leader = t.leader_before(if loser { ep.span.from } else { before });
    let old = demotion.map(|e| e.node).or(leader.map(|l| l.0));
    let bootstrap = old.is_none() || leader.is_none();

    let kind = if let Some(promoted) = promotions.last() {
        let same = old == Some(promoted.node);
        if bootstrap && demotion.is_none() && !requested && !has(Class::Crash) && any_other_member_absent(t, promoted) {
            // The first promotion of a fresh cluster, or a log that begins after the loss of the old leader.
            if first_start(t, promoted.node, promoted.at) {
                return None;
            }
            Kind::Failover
        } else if requested && demotion.is_none_or(|d| d.at >= first_request(&events)) {
            Kind::Switchover
        } else if same && demotion.is_none() && has(Class::NoLeader) {
            // Nobody took over while it was away.
            Kind::NoLeader
        } else if same && demotion.is_none() && has(Class::Crash) {
            // It recovered under its own lock: nobody demoted it.
            Kind::Crash
        } else if same {
            Kind::Demotion
        } else {
            Kind::Failover
        }
    } else if requested && demotion.is_none() && !has(Class::Crash) {
        Kind::Switchover
    } else if let Some(demotion) = demotion {
        match t.leader_after(ep.span.to) {
            Some(next) if next != demotion.node => Kind::Failover,
            _ => Kind::Demotion,
        }
    } else if loser && handed_over(t, ep.span, old) {
        // A loser's log: it may not take over, another one has.
        Kind::Failover
    } else if has(Class::NoLeader) && nobody_leads(t, ep.span) || orphaned(t, ep.span, old).is_some() {
        Kind::NoLeader
    } else if has(Class::Crash) {
        if stopped_in_order(&events, old) { Kind::Restart } else { Kind::Crash }
    } else if has(Class::StartFailure) {
        Kind::StartFailure
    } else if any(&[What::PgShutdownImmediate]) {
        // Nobody but Patroni (or an operator in need) stops a server this way.
        Kind::Demotion
    } else if has(Class::Dcs) {
        Kind::DcsOutage
    } else if has(Class::Stop) && events.iter().any(|(e, c)| *c == Class::Stop && !is_etcd(e)) {
        Kind::Restart
    } else if has(Class::Etcd) || events.iter().any(|(e, _)| is_etcd(e)) {
        etcd_only(t, &events, ep.span)?
    } else if has(Class::Clients) {
        Kind::ClientsCut
    } else if requested {
        Kind::Restart
    } else {
        return None;
    };

    // A promotion known from the history alone began when the old leader was last heard.
    let silent = events.iter().all(|(e, _)| e.what == What::HistoryLeader);
    let heard = t
        .beats
        .iter()
        .filter(|b| b.role == Role::Leader && b.to <= ep.span.from && b.to >= ep.span.from - LOOK_BACK)
        .map(|b| b.to)
        .max();
    // Unless another promotion came in between: then this one is another episode.
    let heard = heard.filter(|h| {
        let won = [What::Promoted, What::PromotedAgain, What::HistoryLeader];
        !t.find(&won, Span::new(*h, ep.span.from)).any(|e| e.at > *h && e.at < ep.span.from)
    });
    // Another member takes over within some loops of the lease's end: where the logs end longer before, what they tell
    // last was overcome, and how it began is not in them.
    let last = t.covered.iter().filter(|c| c.program == Program::Patroni).map(|c| c.span.to).max();
    let told = |h: Micros| last.is_some_and(|l| l + 2 * t.ttl() >= ep.span.from) || ep.span.from - h <= 3 * t.ttl();
    let heard = heard.filter(|h| told(*h) || promotions.last().is_some_and(|p| Some(p.node) == old));
    let span = if silent { Span::new(heard.unwrap_or(ep.span.from), ep.span.to) } else { ep.span };

    let at = match kind {
        // A primary that stood still decides to step down when another one leads already.
        Kind::Failover | Kind::Demotion => demotion
            .map(|e| promotions.first().filter(|p| p.node != e.node).map_or(e.at, |p| p.at.min(e.at)))
            .or_else(|| stop_of(&events, old))
            .or_else(|| promotions.first().map(|e| e.at))
            .unwrap_or(ep.span.from),
        Kind::NoLeader => {
            orphaned(t, ep.span, old).unwrap_or_else(|| events.first().map_or(ep.span.from, |(e, _)| e.at))
        }
        // What came before it may be its cause, or have nothing to do with it.
        Kind::Crash => first(Class::Crash).map_or(ep.span.from, |e| e.began()),
        _ => events.first().map_or(ep.span.from, |(e, _)| e.at),
    };
    let new = match kind {
        Kind::Failover | Kind::Demotion | Kind::Switchover | Kind::NoLeader => {
            promotions.last().map(|e| e.node).or_else(|| t.leader_after(ep.span.to))
        }
        _ => None,
    };
    let planned =
        matches!(kind, Kind::Switchover) || (kind == Kind::Restart && (planned_stop(&events) || in_order(&events)));
    let mut nodes: Vec<NodeId> = events.iter().map(|(e, _)| e.node).collect::<BTreeSet<_>>().into_iter().collect();
    if let Some(node) = old.filter(|n| !nodes.contains(n)) {
        nodes.push(node);
    }
    Some(Incident {
        kind,
        planned,
        at,
        span,
        window: Span::new(span.from - LOOK_BACK, span.to + MINUTE),
        old: if matches!(kind, Kind::NearMiss) { None } else { old },
        new,
        nodes,
        events: ep.triggers.iter().map(|(i, _)| *i).collect(),
        outage: None,
        phases: phases(t, ep, old, at),
        onset: span,
        form: "",
    })
}

fn first_request(events: &[(&Event, Class)]) -> Micros {
    events.iter().filter(|(_, c)| *c == Class::Request).map(|(e, _)| e.at).min().unwrap_or(Micros::MAX)
}

fn stop_of(events: &[(&Event, Class)], old: Option<NodeId>) -> Option<Micros> {
    events
        .iter()
        .find(|(e, c)| *c == Class::Stop && Some(e.node) == old && e.program == Program::Postgres)
        .map(|(e, _)| e.at)
}

fn is_etcd(e: &Event) -> bool {
    e.program == Program::Etcd || unit(e) == Some(Program::Etcd)
}

/// A stop that the service manager or an operator ordered, without any failure around it.
fn planned_stop(events: &[(&Event, Class)]) -> bool {
    !events.iter().any(|(e, c)| {
        matches!(c, Class::Crash | Class::Dcs | Class::StartFailure)
            || matches!(e.what, What::WatchdogReset | What::Suspended | What::Boot)
    })
}

/// Whether the service manager or the machine was told to stop before anything else happened.
fn in_order(events: &[(&Event, Class)]) -> bool {
    let order =
        |e: &Event| matches!(e.what, What::SystemShutdown) || (e.what == What::UnitStopping && unit(e).is_some());
    events.iter().find(|(e, _)| order(e)).is_some_and(|(o, _)| events.iter().all(|(e, _)| e.at + SECOND >= o.at))
}

/// A replica that is stopped in order and found not running when its Patroni starts again did not crash.
fn stopped_in_order(events: &[(&Event, Class)], old: Option<NodeId>) -> bool {
    let crashes = || events.iter().filter(|(_, c)| *c == Class::Crash).map(|(e, _)| *e);
    in_order(events)
        && crashes().all(|e| {
            e.what == What::PgNotRunning
                && Some(e.node) != old
                && events.iter().any(|(s, c)| *c == Class::Stop && s.node == e.node && s.at < e.at)
        })
}

/// Whether another member than the old leader is named as leader right after the span: within two ttl, in which a race
/// is decided if it can be.
fn handed_over(t: &Timeline, span: Span, old: Option<NodeId>) -> bool {
    let next = t.next_leader(span.to).filter(|(at, _)| *at <= span.to + 2 * t.ttl());
    next.is_some_and(|(_, n)| old.is_some_and(|o| o != n))
}

/// When the cluster was left without a leader, if its heartbeats end, members try in vain to obtain the lock after
/// that, and nobody leads any more up to the end of the logs.
pub(super) fn orphaned(t: &Timeline, span: Span, old: Option<NodeId>) -> Option<Micros> {
    let leads = |b: &&crate::timeline::Beats| b.role == Role::Leader && b.from <= span.to;
    let last = t.beats.iter().filter(leads).filter(|b| old.is_none_or(|o| b.node == o)).map(|b| b.to).max()?;
    let after = Span::new(last + t.loop_wait(), Micros::MAX);
    let won = [What::Promoted, What::PromotedAgain, What::LockAcquired, What::HistoryLeader];
    let led = t
        .beats
        .iter()
        .any(|b| b.to > after.from && (b.role == Role::Leader || b.leader.is_some() && b.from > after.from + t.ttl()));
    let tries = t.find(&[What::RaceLost], Span::new(last, span.to.saturating_add(t.ttl())));
    let tried: u32 = tries.filter(|e| e.until > after.from).map(|e| e.count).sum();
    (!led && tried >= VAIN && t.find(&won, after).next().is_none()).then_some(last)
}

/// One member that fails to obtain the lock has lost a race. So many have lost it to nobody (our choice).
const VAIN: u32 = 2;

/// Whether any member leads within or right after the span.
fn nobody_leads(t: &Timeline, span: Span) -> bool {
    !t.beats.iter().any(|b| b.role == Role::Leader && b.to >= span.from && b.from <= span.to)
}

fn any_other_member_absent(t: &Timeline, promoted: &Event) -> bool {
    !t.beats.iter().any(|b| b.role == Role::Leader && b.node != promoted.node && b.from < promoted.at)
}

/// A promotion right after the bootstrap of the cluster is no failover.
fn first_start(t: &Timeline, node: NodeId, at: Micros) -> bool {
    t.find(&[What::BootstrapBegin, What::BootstrapDone, What::PatroniStart], Span::new(at - 3 * MINUTE, at))
        .any(|e| e.node == node)
}

/// Trouble that only etcd's own logs show: an outage if nothing proves that Patroni lived through it.
fn etcd_only(t: &Timeline, events: &[(&Event, Class)], span: Span) -> Option<Kind> {
    // Starting and stopping members elect leaders and lose streams: normal at the edges of a log.
    // (etcd says that it serves clients once in its life: a log that was cut may show no more of its start.)
    let starting = t.find(&[What::EtcdStart, What::EtcdReady], span.widened(30 * SECOND)).next().is_some();
    let severe = events.iter().any(|(e, _)| {
        matches!(
            e.what,
            What::NoSpaceAlarm
                | What::CorruptAlarm
                | What::EtcdDiskFull
                | What::EtcdIoError
                | What::EtcdCorrupt
                | What::EtcdFatal
                | What::EtcdPanic
                | What::EtcdTlsRejected
                | What::FsyncSlow
                | What::EtcdRequestTimeout
                | What::QuorumLost
                | What::NoRaftLeader
                | What::EtcdAuthFailed
        )
    });
    let led_on = t.beats.iter().any(|b| b.role == Role::Leader && b.from <= span.from && b.to >= span.to);
    if led_on {
        return (!starting || severe).then_some(Kind::NearMiss);
    }
    if severe {
        return Some(Kind::DcsOutage);
    }
    if starting {
        return None;
    }
    let patroni = t.covers(Program::Patroni, None, span);
    Some(if patroni { Kind::NearMiss } else { Kind::DcsOutage })
}

/// Leaders whose heartbeat failed for longer than ttl while requests to the DCS failed: the key must have expired.
pub(super) fn silences(t: &Timeline, incidents: &mut Vec<Incident>) {
    let ttl = t.ttl();
    for (i, beat) in t.beats.iter().enumerate().filter(|(_, b)| b.role == Role::Leader) {
        let next = t.beats.iter().filter(|b| b.node == beat.node && b.from > beat.to).map(|b| b.from).min();
        let failures: Vec<(u32, &Event)> = t
            .events
            .iter()
            .enumerate()
            .filter(|(_, e)| e.node == beat.node && e.at > beat.to && next.is_none_or(|n| e.at < n))
            .filter(|(_, e)| {
                matches!(
                    e.what,
                    What::DcsRequestFailed
                        | What::DcsRetry
                        | What::DcsException
                        | What::DcsWatchFailed
                        | What::DcsServerSelected
                        | What::SyncShrunk
                )
            })
            .map(|(i, e)| (i as u32, e))
            .collect();
        let Some((_, last)) = failures.last() else { continue };
        let serious = failures.iter().any(|(_, e)| e.what == What::DcsRequestFailed);
        let silent = next.map_or(last.until, |n| n) - beat.to;
        if !serious || silent <= ttl {
            continue;
        }
        let span = Span::new(beat.to, last.until);
        if incidents.iter().any(|x| x.span.widened(MINUTE).overlaps(&span) && x.kind.rank() <= 2) {
            continue;
        }
        let cite = Some(Cite::Beats { run: i as u32, last: true });
        let new = t.leader_after(span.to).filter(|n| *n != beat.node);
        incidents.push(Incident {
            kind: if new.is_some() { Kind::Failover } else { Kind::DcsOutage },
            planned: false,
            at: beat.to,
            span,
            window: Span::new(span.from - LOOK_BACK, span.to + MINUTE),
            old: Some(beat.node),
            new,
            nodes: vec![beat.node],
            events: failures.iter().map(|(i, _)| *i).collect(),
            outage: None,
            phases: vec![Phase { name: "last renewal", at: beat.to, node: beat.node, cite }],
            onset: span,
            form: "",
        });
    }
}

/// Statements that took this long on the primary count as stalled (our choice; `log_min_duration_statement` is often 1–5 s).
const STALLED_MS: f64 = 2_000.0;
/// Mean request time at which a disk hardly answers. NVMe needs below 1 ms, spinning disks 10–20 ms; a tenth of a
/// second as an average over an interval hides far worse moments (our choice).
pub const AWAIT_HUNG_MS: f32 = 100.0;
/// That many stalled statements make a stall (our choice: one slow query is a slow query).
const STALLED_STATEMENTS: u32 = 3;

/// The primary keeps its lock but its disk makes clients wait: no role changes, and yet an outage.
pub(super) fn stalls(t: &Timeline, incidents: &mut Vec<Incident>) {
    use crate::model::Metric;
    for beat in t.beats.iter().filter(|b| b.role == Role::Leader) {
        let slow: Vec<(u32, &Event)> = t
            .events
            .iter()
            .enumerate()
            .filter(|(_, e)| e.node == beat.node && e.what == What::PgSlowStatement && e.num >= STALLED_MS)
            .filter(|(_, e)| e.at >= beat.from && e.at <= beat.to + t.ttl())
            .map(|(i, e)| (i as u32, e))
            .collect();
        let statements: u32 = slow.iter().map(|(_, e)| e.count).sum();
        let (Some((_, first)), Some((_, last))) = (slow.first(), slow.last()) else { continue };
        if statements < STALLED_STATEMENTS {
            continue;
        }
        let span = Span::new(first.began(), last.until);
        let disk = t.samples(Metric::DiskAwait, span).any(|(s, x)| s.node == beat.node && x.value >= AWAIT_HUNG_MS)
            || t.find(&[What::FsyncSlow, What::PgWalIoSlow], span).any(|e| e.node == beat.node)
            || t.find(&[What::HungTask, What::BlockIoError], span).any(|e| e.node == beat.node);
        if !disk || incidents.iter().any(|x| x.span.overlaps(&span) && x.kind.rank() <= 2) {
            continue;
        }
        incidents.retain(|x| !(x.kind == Kind::NearMiss && x.span.overlaps(&span.widened(MINUTE))));
        incidents.push(Incident {
            kind: Kind::WriteStall,
            planned: false,
            at: span.from,
            span,
            window: Span::new(span.from - LOOK_BACK, span.to + MINUTE),
            old: Some(beat.node),
            new: None,
            nodes: vec![beat.node],
            events: slow.iter().map(|(i, _)| *i).collect(),
            outage: None,
            phases: Vec::new(),
            onset: span,
            form: "",
        });
    }
}

/// A replica asks for WAL every five seconds, Patroni looks every loop: for longer than this it is stuck, not late
/// (our choice).
const STUCK: Micros = MINUTE;

/// So many failures up to the end of a short log are no accident (our choice).
const TRIES: u32 = 3;

/// How long after a change of roles a member may need to find its way back (our choice).
const REJOIN: Micros = 30 * MINUTE;

/// What says that a member cannot follow or cannot be created.
pub const STRAYED: &[What] = &[
    What::PgDiverged,
    What::PgWalRemoved,
    What::PgWalreceiverLost,
    What::BootstrapFailed,
    What::RewindFailed,
    What::PgReplicaRefused,
];

/// Twice PostgreSQL's wal_retrieve_retry_interval: streaming that fails again within this never worked.
const ATTEMPT: Micros = 10 * SECOND;

/// Whether a member found its way back after a failure. Equal messages are folded: the last one of a run counts.
pub fn rejoined(t: &Timeline, e: &Event) -> bool {
    let good = [What::PgStreaming, What::BootstrapDone, What::RewindExit, What::Promoted, What::PromotedAgain];
    t.find(&good, Span::new(e.until, Micros::MAX)).filter(|g| g.node == e.node && g.until > e.until).any(|g| {
        let attempt = Span::new(g.until, g.until.saturating_add(ATTEMPT));
        g.what != What::PgStreaming || !t.find(STRAYED, attempt).any(|b| b.node == g.node && b.until >= g.until)
    })
}

/// Members that cannot replicate or cannot be created while the others work.
pub(super) fn stuck_replicas(t: &Timeline, incidents: &mut Vec<Incident>) {
    // The first one that says so stands for what others say of the same.
    let mut nodes: Vec<NodeId> = Vec::new();
    for e in t.all(STRAYED) {
        if !nodes.contains(&e.node) {
            nodes.push(e.node);
        }
    }
    for node in nodes {
        let hits: Vec<(u32, &Event)> = t
            .all(STRAYED)
            .filter(|e| e.node == node && (e.what != What::PgWalreceiverLost || e.why == Why::Auth))
            .filter(|e| !rejoined(t, e.event))
            .map(|e| (e.index, e.event))
            .collect();
        let (Some((_, first)), Some(last)) = (hits.first(), hits.iter().map(|(_, e)| e.until).max()) else { continue };
        let span = Span::new(first.at, last);
        let times: u32 = hits.iter().map(|(_, e)| e.count).sum();
        let refused =
            hits.iter().filter(|(_, e)| e.what == What::BootstrapFailed).map(|(_, e)| e.count).sum::<u32>() > 1;
        let aftermath = Span::new(span.from - REJOIN, span.to);
        // A refused login, a parted timeline or WAL that is gone does not heal by itself; one is enough where the log ends
        // before a second could come. Anything else must have been tried a few times.
        let end = t.covered.iter().filter(|c| c.node == node).map(|c| c.span.to).max().unwrap_or(last);
        let firm = |e: &Event| {
            e.why == Why::Auth || matches!(e.what, What::PgDiverged | What::PgReplicaRefused | What::PgWalRemoved)
        };
        let cut = end - span.from < STUCK && (times >= TRIES || hits.iter().any(|(_, e)| firm(e)));
        if !(cut || times > 1 && (span.length() >= STUCK || refused))
            || incidents.iter().any(|x| x.kind != Kind::NearMiss && x.span.overlaps(&aftermath))
        {
            continue;
        }
        incidents.push(Incident {
            kind: Kind::StartFailure,
            planned: false,
            at: span.from,
            span,
            window: Span::new(span.from - LOOK_BACK, span.to + MINUTE),
            old: t.leader_before(span.from + t.ttl()).map(|l| l.0).filter(|l| *l != node),
            new: None,
            nodes: vec![node],
            events: hits.iter().map(|(i, _)| *i).collect(),
            outage: None,
            phases: Vec::new(),
            onset: span,
            form: "",
        });
    }
}

fn phases(t: &Timeline, ep: &Episode, old: Option<NodeId>, at: Micros) -> Vec<Phase> {
    use What::*;
    let mut out = Vec::new();
    if let Some(old) = old
        && let Some((i, beat)) = t
            .beats
            .iter()
            .enumerate()
            .filter(|(_, b)| b.node == old && b.role == Role::Leader && b.from <= at)
            .max_by_key(|(_, b)| b.to)
        && beat.to <= at + SECOND
        // Not that of a lease before another one.
        && !t.find(&[Promoted, PromotedAgain, HistoryLeader], Span::new(beat.to, ep.span.from)).any(|e| {
            e.at > beat.to + SECOND && e.at < ep.span.from
        })
    {
        out.push(Phase {
            name: "last renewal",
            at: beat.to,
            node: old,
            cite: Some(Cite::Beats { run: i as u32, last: true }),
        });
        let expiry = beat.to + t.ttl();
        // Who gives the key back lets nothing run out.
        let released = [LockReleased, LockReleasedPgDown, LockReleasedDatadir];
        if t.find(&released, Span::new(beat.to, expiry)).all(|e| e.node != old) {
            out.push(Phase { name: "lease expiry", at: expiry, node: old, cite: None });
        }
    }
    for (i, _) in &ep.triggers {
        let Some(e) = t.events.get(*i as usize) else { continue };
        let name = match e.what {
            DemoteOffline | DemoteImmediate | DemoteNolock | DemoteGraceful => "demotion decided",
            DemotedLockUpdate | DemotedDcs | DemotedForeignLock | DemotedLostRace | DemotedNotHealthiest => "demoted",
            Promoted | PromotedAgain => "promoted",
            LockUpdateFailed => "lock not renewed",
            DcsUnreachable => "DCS unreachable",
            SwitchoverRequested => "switchover requested",
            PgBackendSignal | PgPanic => "crash",
            PgShutdownFast | PgShutdownImmediate | PgShutdownSmart => "shutdown ordered",
            FailsafeKept => "kept by failsafe mode",
            _ => continue,
        };
        out.push(Phase { name, at: e.at, node: e.node, cite: Some(Cite::Event(*i)) });
    }
    out.sort_by_key(|p| (p.at, p.node));
    out.dedup_by(|a, b| a.name == b.name && a.node == b.node && (seconds(a.at - b.at)).abs() < 1.0);
    out
}
