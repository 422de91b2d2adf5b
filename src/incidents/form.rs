//! An incident more closely: when it began, which form of its kind it is, and what clients saw of it.

use super::{Cite, Incident, Kind, Phase};
use crate::model::{MINUTE, Metric, Micros, Program, Role, SECOND, Span, What, Why};
use crate::timeline::Timeline;

/// Between the last heartbeat from before it and the first sign of it.
pub(super) fn onset(t: &Timeline, x: &Incident) -> Span {
    let first = x.span.from;
    // A leader that stands still is seen late: what its log lacks began before.
    let silent = t.beats.iter().filter(|b| Some(b.node) == x.old && b.role == Role::Leader && b.to <= first);
    let last = silent.map(|b| b.to).max();
    let any = t.beats.iter().filter(|b| b.from <= first && (x.old.is_none() || Some(b.node) == x.old));
    let healthy = last.or_else(|| any.map(|b| b.to.min(first)).max());
    let every = t.loop_wait();
    match healthy {
        // It missed its next beat: then it began before that.
        Some(h) if first - h > every + every / 2 + SECOND && matches!(x.kind, Kind::Failover | Kind::Demotion) => {
            Span::new(h, (h + every).min(first))
        }
        Some(h) if first - h <= every + every / 2 + SECOND => {
            Span::new(slow_disk_since(t, x, first).unwrap_or(h).min(h), first)
        }
        _ => Span::new(slow_disk_since(t, x, first).unwrap_or(first), first),
    }
}

/// A disk turns slow before the first line about it: the begin of the run of sysstat's samples that are out of the
/// ordinary and reach to the incident.
fn slow_disk_since(t: &Timeline, x: &Incident, first: Micros) -> Option<Micros> {
    let about =
        |e: &crate::timeline::Event| matches!(e.what, What::FsyncSlow | What::PgSlowStatement | What::PgWalIoSlow);
    if !x.events.iter().filter_map(|i| t.events.get(*i as usize)).any(about) {
        return None;
    }
    let mut since: Option<Micros> = None;
    for s in t.series.iter().filter(|s| s.metric == Metric::DiskAwait && x.nodes.contains(&s.node)) {
        let mut values: Vec<f32> = s.samples.iter().map(|v| v.value).collect();
        values.sort_by(f32::total_cmp);
        let usual = values.get(values.len() / 2).copied().unwrap_or(0.0);
        let high = |v: f32| v >= SLOW_MS.max(usual * 10.0);
        let mut reached = first;
        for v in s.samples.iter().rev().filter(|v| v.from < first) {
            // The fault may begin within a sample, whose average then shows little of it.
            let begins = reached < first && v.value > usual * 2.0;
            if v.to < reached - SECOND || !(high(v.value) || begins) {
                break;
            }
            reached = v.from;
            if !high(v.value) {
                break;
            }
        }
        if reached < first {
            since = Some(since.map_or(reached, |x: Micros| x.min(reached)));
        }
    }
    since
}

/// A spinning disk answers within 10–20 ms; ten times a disk's own usual time is out of the ordinary (our choice).
const SLOW_MS: f32 = 20.0;

/// The id of its form.
pub(super) fn form(t: &Timeline, x: &Incident) -> &'static str {
    let has =
        |whats: &[What]| x.events.iter().any(|i| t.events.get(*i as usize).is_some_and(|e| whats.contains(&e.what)));
    let near = |whats: &[What]| t.find(whats, x.span.widened(5 * SECOND)).next().is_some();
    match x.kind {
        Kind::Failover => "failover",
        Kind::Demotion if x.new == x.old && x.new.is_some() => "demotion_and_back",
        Kind::Demotion => "demotion",
        Kind::NoLeader => "no_eligible_candidate",
        Kind::Crash => {
            let noticed =
                [What::PeerLost, What::PeerInactive, What::PeerUnreachable, What::ProbeFailed, What::PgStandbyLost];
            let only_seen = |i: &u32| t.events.get(*i as usize).is_some_and(|e| noticed.contains(&e.what));
            let on_replica = x.events.iter().all(only_seen)
                || x.old.is_some_and(|o| {
                    !x.events.is_empty()
                        && x.events.iter().all(|i| t.events.get(*i as usize).is_some_and(|e| e.node != o))
                });
            if on_replica {
                "replica_down"
            } else if near(&[
                What::PgBackendSignal,
                What::PgPanic,
                What::PgReinit,
                What::PgCrashRestart,
                What::OomKill,
                What::Segfault,
                What::CoreDump,
            ]) {
                "crash"
            } else if near(&[What::PgNotRunning, What::PgRestarting]) {
                "restart_in_place"
            } else {
                "crash"
            }
        }
        Kind::DcsOutage => {
            let led = t.beats.iter().filter(|b| b.role == Role::Leader && Some(b.node) == x.old);
            let (before, after) =
                led.fold((false, false), |(b, a), r| (b || r.from < x.span.from, a || r.to > x.span.to));
            if has(&[What::FailsafeKept]) {
                "dcs_outage_ridden_out_failsafe"
            } else if before && after {
                "dcs_outage_ridden_out"
            } else if near(&[What::QuorumLost, What::NoRaftLeader]) {
                "quorum_loss"
            } else {
                "dcs_outage"
            }
        }
        Kind::WriteStall => "write_stall",
        Kind::StartFailure => {
            let rejoin = [What::PgDiverged, What::RewindFailed, What::PgWalRemoved];
            let created = has(&[What::BootstrapFailed]);
            if has(&rejoin) {
                "rejoin_failure"
            } else if created || has(&[What::PgWalreceiverLost]) {
                "replica_down"
            } else {
                "start_failure"
            }
        }
        Kind::ClientsCut => "clients_cut",
        Kind::Switchover => "planned_switchover",
        Kind::Restart => {
            let boot = near(&[What::SystemShutdown, What::Boot]);
            let again = t
                .find(
                    &[
                        What::PgReady,
                        What::PgReadyReadOnly,
                        What::PgStarting,
                        What::PgPostmaster,
                        What::PatroniStart,
                        What::UnitStarted,
                    ],
                    Span::new(x.span.from, x.span.to + 10 * MINUTE),
                )
                .any(|e| x.nodes.contains(&e.node));
            match (x.planned, boot, again) {
                (true, true, _) => "planned_reboot",
                (true, false, true) => "planned_restart",
                (true, false, false) => "planned_stop",
                (false, true, _) => "reboot",
                (false, false, true) => "restart",
                (false, false, false) => "stop",
            }
        }
        Kind::NearMiss => {
            if has(&[What::FsyncSlow]) {
                "near_miss_slow_fsync"
            } else if has(&[What::LeaderWon, What::LeaderLost, What::ElectionStart, What::Candidate]) {
                "near_miss_election"
            } else if has(&[What::LockAcquired]) {
                "near_miss_key_vanished"
            } else if x.events.is_empty() {
                "near_miss_late_renewal"
            } else {
                "near_miss"
            }
        }
    }
}

/// What proxies, poolers and address managers wrote in these minutes.
pub(super) fn client_view(t: &Timeline, x: &mut Incident) {
    use What::*;
    let seen = [NoBackend, BackendDown, BackendUp, PoolerServerLost, PoolerFull, VipLost, VipGained];
    let span = Span::new(x.onset.from - SECOND, x.span.to.saturating_add(t.ttl()));
    let mut found: Vec<Phase> = Vec::new();
    for e in t.find(&seen, span).filter(|e| matches!(e.program, Program::Proxy | Program::Other | Program::Patroni)) {
        let name = match e.what {
            NoBackend => "clients: no server left",
            BackendDown => "clients: server taken out",
            BackendUp => "clients: server taken in",
            PoolerServerLost => "clients: pooler lost its server",
            PoolerFull => "clients: pooler full",
            VipLost => "clients: address given up",
            _ => "clients: address taken",
        };
        if e.at >= span.from && found.len() < MOST && !x.phases.iter().any(|p| p.name == name && p.at == e.at) {
            found.push(Phase { name, at: e.at, node: e.node, cite: Some(Cite::Event(e.index)) });
        }
    }
    // Clients that PostgreSQL itself turned away.
    let refused = t.find(&[PgReadOnlyWrite, PgStartingUp, PgTooManyClients], span).find(|e| e.why != Why::Auth);
    if let Some(e) =
        refused.filter(|e| e.at >= span.from && matches!(x.kind, Kind::Failover | Kind::Demotion | Kind::Crash))
    {
        found.push(Phase { name: "clients: turned away", at: e.at, node: e.node, cite: Some(Cite::Event(e.index)) });
    }
    x.phases.extend(found);
    x.phases.sort_by_key(|p| (p.at, p.node));
}

/// Client lines that are shown of one incident.
const MOST: usize = 12;
