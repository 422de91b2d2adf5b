//! Which events make an episode. Loud lines alone do not: see `classify::episode`.

use crate::messages::systemd_unit;
use crate::model::{Program, SECOND, Span, What, Why};
use crate::timeline::{Event, Timeline};

/// What part an event plays in an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Demotion,
    Promotion,
    /// Somebody asked for it.
    Request,
    Crash,
    /// PostgreSQL, Patroni or etcd is being stopped.
    Stop,
    NoLeader,
    /// Patroni could not use its DCS.
    Dcs,
    /// etcd itself is in trouble.
    Etcd,
    StartFailure,
    Clients,
    Near,
}

/// etcd calls a sync slow from one second on (`warnSyncDuration`, wal/wal.go). Five seconds exceed every
/// usual election timeout (1 s by default) by far, so that no leader survives them on a majority (our choice).
pub const FSYNC_SEVERE_MS: f64 = 5_000.0;

/// So many refused connections in a row are a shortage, not a client or two at a restart (our choice).
const REFUSALS: u32 = 10;

/// The class of an event; `None` if it cannot begin an episode.
pub fn class_of(t: &Timeline, e: &Event) -> Option<Class> {
    use What::*;
    Some(match e.what {
        DemoteOffline | DemoteImmediate | DemoteNolock | DemotedLockUpdate | DemotedDcs | DemotedForeignLock
        | DemotedLostRace | DemotedNotHealthiest | DemotedNofailover | DemotedWatchdog | DemotedStartTimeout
        | DemotedCrash | LockReleasedPgDown | LockReleasedDatadir => Class::Demotion,
        Promoted | PromotedAgain | HistoryLeader => Class::Promotion,
        SwitchoverRequested | ManualFailover | DemoteGraceful | FailoverKeyCleanup | RestartRequested
        | ReinitRequested => Class::Request,
        PgBackendSignal
        | PgAbnormalExit
        | PgReinit
        | PgPanic
        | PgNoSpace
        | PgStartupFailed
        | PgStartFailed
        | PgAlreadyRunning
        | PgNotRunning
        | PgCrashRecoveryFailed
        | PgIoError
        | PgPostmasterPidGone
        | PgDatadirBad => Class::Crash,
        OomKill | CoreDump | Segfault if e.who.as_deref().is_some_and(|w| w.contains("etcd")) => Class::Etcd,
        OomKill | CoreDump | Segfault if about_database(e) => Class::Crash,
        PgCorruption if e.count > 0 => Class::Crash,
        // Patroni itself cannot read or write its files.
        PatroniBug | ActionFailed | ConfigError if matches!(e.why, Why::Io | Why::NoSpace) => Class::Crash,
        PgShutdownImmediate => Class::Stop,
        PgShutdownFast | PgShutdownSmart if serving(t, e) => Class::Stop,
        UnitStopping | UnitStopped | UnitKilled if unit(e).is_some() => Class::Stop,
        SystemShutdown | Boot | WatchdogReset | Suspended => Class::Stop,
        RaceLag | RaceRejected | NoCandidate | RaceNofailover => Class::NoLeader,
        LockUpdateFailed | DcsUnreachable | DcsGetClusterFailed | FailsafeKept | DcsNoSpace | DcsLeaseLost
        | DcsAuthFailed | DcsWaiting | DcsResolveFailed | DcsClusterIdChanged | DcsNoInitKey | NotPromotingLock
        | DemoteSkippedPause => Class::Dcs,
        LockAcquired if e.count > 1 || anew(t, e) => Class::Dcs,
        NoSpaceAlarm | CorruptAlarm | EtcdDiskFull | EtcdIoError | EtcdFatal | EtcdPanic | EtcdCorrupt
        | EtcdTlsRejected | EtcdAuthFailed | QuorumLost | NoRaftLeader | EtcdRequestTimeout | EtcdStopSignal
        | EtcdRemoved | ClusterIdMismatch | QuotaExceeded => Class::Etcd,
        FsyncSlow if e.num >= FSYNC_SEVERE_MS => Class::Etcd,
        ElectionStart | LeaderLost | Candidate if !first_election(t, e) => Class::Etcd,
        UnitStartTimeout => Class::StartFailure,
        // Two other members carry on.
        UnitFailed | UnitOom | UnitWatchdog | UnitStopTimeout if unit(e) == Some(Program::Etcd) => Class::Etcd,
        UnitFailed | UnitOom | UnitWatchdog | UnitStopTimeout if unit(e).is_some() => Class::StartFailure,
        PatroniFatal | NodeNameTaken | RestApiBind | PgSysidMismatch => Class::StartFailure,
        PoolerServerLost | NoBackend | VipLost => Class::Clients,
        PgTooManyClients if e.count >= REFUSALS => Class::Clients,
        _ => return None,
    })
}

/// Whether the leader takes its lock again within three loops: the key does not live from one to the next.
fn anew(t: &Timeline, e: &Event) -> bool {
    let around = Span::new(e.at - 3 * t.loop_wait(), e.at + 3 * t.loop_wait());
    t.find(&[What::LockAcquired], around).filter(|x| x.node == e.node).count() > 2
}

/// A starting member knows no leader and asks for votes: within ten of the usual election timeouts of 1 s.
pub fn first_election(t: &Timeline, e: &Event) -> bool {
    t.find(&[What::EtcdStart], Span::new(e.at - 10 * SECOND, e.at)).any(|s| s.node == e.node)
}

/// Whether the process that was killed or crashed is part of the cluster.
fn about_database(e: &Event) -> bool {
    let who = e.who.as_deref().unwrap_or("");
    ["postgres", "postmaster", "patroni", "etcd", "python"].iter().any(|p| who.contains(p)) || who.is_empty()
}

/// The cluster's program that a systemd line is about.
pub fn unit(e: &Event) -> Option<Program> {
    systemd_unit(e.who.as_deref().unwrap_or(""))
}

/// Whether PostgreSQL had served for a while before it was told to stop: bootstraps stop and start it, too.
fn serving(t: &Timeline, e: &Event) -> bool {
    let before = Span::new(e.at - 3_600 * SECOND, e.at - SECOND);
    let leading = t.beats.iter().any(|b| b.node == e.node && b.to >= before.from && b.from <= before.to);
    leading || !t.covers(Program::Patroni, Some(e.node), before.widened(600 * SECOND))
}
