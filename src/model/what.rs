//! The vocabulary: every meaning that a message can have, whoever said it and in whichever wording.

/// Severity as the program itself wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    Debug,
    #[default]
    Info,
    Warning,
    Error,
    Fatal,
}

/// How much an event matters to a reader of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Kept for reasoning, shown only on request.
    Detail,
    /// Belongs on a timeline of an incident.
    Notable,
    /// Something is wrong, or a role changes.
    Alarm,
}

macro_rules! whats {
    ($($name:ident $id:literal $weight:ident $words:literal;)*) => {
        /// What a message means. One table: name, stable id, weight, plain words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum What { $(#[doc = $words] $name),* }
        impl What {
            pub const ALL: &'static [What] = &[$(What::$name),*];
            /// Stable id, as printed by `pgautopsy list messages`.
            pub fn id(self) -> &'static str { match self { $(What::$name => $id),* } }
            pub fn weight(self) -> Weight { match self { $(What::$name => Weight::$weight),* } }
            /// The meaning in plain words.
            pub fn words(self) -> &'static str { match self { $(What::$name => $words),* } }
        }
    };
}

whats! {
    // ---- Patroni: heartbeats and lock
    BeatLeader "patroni.hb.leader" Detail "leader, lock renewed";
    BeatReplica "patroni.hb.secondary" Detail "replica, following the leader";
    BeatStandbyLeader "patroni.hb.standby_leader" Detail "standby leader, lock renewed";
    BeatIdle "patroni.hb.idle" Detail "nothing to do";
    LockOwner "patroni.lock.owner_seen" Detail "saw who holds the leader lock";
    LockNobody "patroni.lock.none" Notable "saw that nobody holds the leader lock";
    LockNotMine "patroni.hb.no_lock" Detail "does not hold the lock";
    LockAcquired "patroni.lock.acquired_primary" Notable "took the leader lock while already primary";
    LockUpdateFailed "patroni.lock.update_failed" Alarm "could not renew the leader lock";
    LockReleased "patroni.lock.released" Notable "gave the leader lock back";
    LockReleasedPgDown "patroni.lock.released_pg_down" Alarm "gave the lock back because PostgreSQL would not start";
    LockReleasedDatadir "patroni.lock.released_datadir" Alarm "gave the lock back because the data directory is empty or gone";
    LockRenewedBusy "patroni.lock.renewed_busy" Detail "renewed the lock while another action runs";
    // ---- Patroni: demotion, begin (decision) and end told apart
    DemoteOffline "patroni.demote.begin.offline" Alarm "decided to demote: DCS not accessible";
    DemoteGraceful "patroni.demote.begin.graceful" Notable "began an orderly demotion (switchover)";
    DemoteImmediate "patroni.demote.begin.immediate" Alarm "decided to demote at once";
    DemoteNolock "patroni.demote.begin.nolock" Alarm "decided to demote at once: the lock is not its own any more";
    DemotedLockUpdate "patroni.demote.done.lock_update_failed" Alarm "demoted because the leader lock could not be renewed";
    DemotedDcs "patroni.demote.done.dcs_unreachable" Alarm "demoted because the DCS was not accessible";
    DemotedForeignLock "patroni.demote.done.lost_lock_foreign" Alarm "demoted because another member holds the lock";
    DemotedLostRace "patroni.demote.done.lost_race" Alarm "demoted after failing to obtain the lock";
    DemotedNotHealthiest "patroni.demote.done.not_healthiest" Alarm "demoted because it is not the healthiest node";
    DemotedNofailover "patroni.demote.done.nofailover" Alarm "demoted because it may not become primary";
    DemotedWatchdog "patroni.demote.done.watchdog" Alarm "demoted because the watchdog could not be activated";
    DemotedStartTimeout "patroni.demote.begin.pg_start_timeout" Alarm "demoted because PostgreSQL took too long to start";
    DemotedCrash "patroni.demote.begin.crash_failover" Alarm "fails over because PostgreSQL crashed";
    DemoteSkippedPause "patroni.demote.skipped_pause" Notable "kept running as primary in spite of a failed renewal (pause)";
    NotPromotingLock "patroni.promote.blocked" Notable "did not promote because the lock could not be renewed";
    // ---- Patroni: promotion and race
    Promoted "patroni.promote.begin" Alarm "promoted to leader after winning the lock";
    PromotedAgain "patroni.promote.begin.session" Alarm "promoted to leader again with the lock it still had";
    HistoryLeader "patroni.history" Alarm "became leader on a new timeline (patronictl history)";
    RaceLost "patroni.race.lost" Notable "did not get the lock";
    RaceNotHealthiest "patroni.race.not_eligible" Notable "follows: not the healthiest node";
    RaceLag "patroni.race.reject.lag" Alarm "may not take over: WAL position behind by more than maximum_lag_on_failover";
    RaceRejected "patroni.race.reject" Notable "may not take over";
    RacePrimaryAlive "patroni.race.primary_alive" Notable "does not take over: the old primary still answers";
    RaceNofailover "patroni.race.follow" Notable "follows because of its nofailover tag";
    ProbeOk "patroni.race.probe_ok" Detail "got an answer from another member's REST API";
    ProbeFailed "patroni.race.probe_failed" Notable "got no answer from another member's REST API";
    NoCandidate "patroni.candidate.none" Notable "no member may take over";
    // ---- Patroni: DCS
    DcsRequestFailed "patroni.dcs.request_failed" Alarm "a request to the DCS failed";
    DcsRetry "patroni.dcs.retry" Notable "tries another DCS endpoint";
    DcsServerSelected "patroni.dcs.server_selected" Notable "selected a DCS endpoint";
    DcsUnreachable "patroni.dcs.unreachable" Alarm "could not reach the DCS";
    DcsGetClusterFailed "patroni.dcs.get_cluster_failed" Alarm "could not read the cluster from the DCS";
    DcsException "patroni.dcs.exception" Alarm "the DCS answered with an error";
    DcsNoSpace "patroni.dcs.nospace" Alarm "etcd refused a write: database space exceeded";
    DcsWatchFailed "patroni.dcs.watch_failed" Notable "lost its watch on the DCS";
    DcsKeyGone "patroni.dcs.key_gone" Notable "found a key gone";
    DcsAuthToken "patroni.dcs.auth_token" Detail "authentication token expired, to be renewed";
    DcsAuthTry "patroni.dcs.auth_try" Detail "authenticates to etcd";
    DcsAuthFailed "patroni.dcs.auth_failed" Alarm "the DCS refused the credentials";
    DcsLeaseLost "patroni.dcs.lease_lost" Alarm "its DCS lease or session is gone";
    DcsClusterIdChanged "patroni.dcs.cluster_id_changed" Alarm "found another cluster or an empty one in the DCS";
    DcsNoInitKey "patroni.pg.no_init_key" Alarm "found no initialize key in the DCS";
    DcsResolveFailed "patroni.dcs.resolve_failed" Alarm "could not resolve the name of a DCS endpoint";
    DcsWaiting "patroni.dcs.waiting" Alarm "waits for the DCS to come up";
    RaftNoise "patroni.dcs.raft" Notable "message of the Raft built into Patroni";
    FailsafeKept "patroni.failsafe.kept_primary" Alarm "kept running as primary: failsafe mode, all members reachable";
    FailsafePeerFailed "patroni.failsafe.peer_failed" Alarm "failsafe: a member did not answer";
    FailsafePeerOk "patroni.failsafe.peer_ok" Notable "failsafe: a member agreed";
    // ---- Patroni: loop, requests, process
    LoopOverrun "patroni.loop.overrun" Alarm "the HA loop took longer than loop_wait";
    SwitchoverRequested "patroni.failover.requested" Notable "switchover or failover requested";
    ManualFailover "patroni.failover.executing" Notable "hands over as requested";
    FailoverKeyCleanup "patroni.failover.key_cleanup" Notable "took over as requested";
    FailoverRejected "patroni.failover.rejected" Notable "requested failover not possible";
    RestartRequested "patroni.restart.manual" Notable "restarts PostgreSQL on request or schedule";
    ReinitRequested "patroni.reinit.manual" Notable "reinitialises the member";
    ActionRunning "patroni.task.in_progress" Detail "an action is still running";
    ActionFailed "patroni.task.error" Alarm "an action failed with an exception";
    PauseOn "patroni.pause" Notable "cluster management is paused";
    PatroniStart "patroni.start" Notable "Patroni started";
    PatroniStop "patroni.stop" Notable "Patroni stopped";
    PatroniFatal "patroni.fatal" Alarm "Patroni cannot run";
    PatroniBug "patroni.bug" Alarm "unexpected exception in Patroni";
    LogLost "patroni.log.records_lost" Alarm "Patroni lost log records";
    SystemdUnsupported "patroni.systemd_unsupported" Notable "Patroni cannot notify systemd (python systemd module missing)";
    ConfigAdjusted "patroni.config.adjusted" Alarm "timeouts break the rule and were adjusted";
    ConfigError "patroni.config.error" Alarm "configuration could not be read or written";
    ConfigChanged "patroni.config.changed" Notable "configuration changed";
    NodeNameTaken "patroni.fatal.dup_name" Alarm "another node of the same name runs";
    RestApiError "patroni.api.error" Detail "a REST API request broke off";
    RestApiBind "patroni.api.bind_failed" Alarm "REST API could not start";
    RestStatusFailed "patroni.api.status_failed" Alarm "REST API could not get PostgreSQL's status";
    CallbackFailed "patroni.callback.error" Alarm "a callback script failed";
    // ---- Patroni about PostgreSQL
    PgNotRunning "patroni.pg.not_running" Alarm "found PostgreSQL not running";
    PgRestarting "patroni.pg.restart_primary" Notable "starts PostgreSQL again in place";
    PgStartedSecondary "patroni.pg.start_secondary" Notable "starts PostgreSQL as a replica";
    PgStartFailed "patroni.pg.start_failed" Alarm "PostgreSQL did not start";
    PgAlreadyRunning "patroni.pg.already_running" Alarm "wanted to start PostgreSQL, but one runs already";
    PgPostmaster "patroni.pg.postmaster_started" Notable "started a postmaster";
    PgConnFailed "patroni.pg.conn_failed" Alarm "could not connect to PostgreSQL";
    PgConnOpened "patroni.pg.conn_opened" Detail "opened its connection to PostgreSQL";
    PgIsReadyRejecting "patroni.pg.isready_rejecting" Detail "PostgreSQL rejects connections";
    PgStartTimeout "patroni.pg.start_timeout" Alarm "PostgreSQL still starting up";
    PgStopSlow "patroni.pg.stop_slow" Alarm "PostgreSQL is slow to stop";
    PgSigkill "patroni.pg.sigkill" Alarm "sends SIGKILL to the postmaster";
    PgCrashRecovery "patroni.pg.crash_recovery" Notable "does crash recovery in single-user mode";
    PgCrashRecoveryFailed "patroni.pg.crash_recovery_failed" Alarm "crash recovery failed";
    PgControldata "patroni.pg.controldata" Detail "state from pg_controldata";
    PgCheckpointFailed "patroni.pg.checkpoint_failed" Alarm "checkpoint before an action failed";
    PgShutdownFailed "patroni.pg.shutdown_failed" Alarm "PostgreSQL did not shut down cleanly";
    PgDatadirBad "patroni.pg.datadir_bad" Alarm "data directory missing, empty or not accessible";
    PgSysidMismatch "patroni.pg.sysid_mismatch" Alarm "system identifier does not belong to this cluster";
    RewindNeeded "patroni.rewind.local" Notable "compares timelines after a role change";
    WalPosition "patroni.rewind.position" Detail "its WAL position when it compared timelines";
    WalFork "patroni.rewind.fork" Detail "where the primary's timeline forked off";
    RewindBegin "patroni.rewind.begin" Notable "runs pg_rewind";
    RewindFailed "patroni.rewind.failed" Alarm "pg_rewind failed or is not possible";
    RewindExit "patroni.rewind.exit" Notable "pg_rewind ended";
    BootstrapBegin "patroni.bootstrap.begin" Notable "creates its data directory (bootstrap)";
    BootstrapDone "patroni.bootstrap.done" Notable "data directory created";
    BootstrapFailed "patroni.bootstrap.failed" Alarm "creation of the data directory failed";
    DatadirRemoved "patroni.datadir.moved" Alarm "removed or renamed the data directory";
    SyncAssigned "patroni.sync.assign" Notable "changes the synchronous standbys";
    SyncShrunk "patroni.sync.shrink" Alarm "a synchronous standby went away";
    SyncNone "patroni.sync.none" Alarm "no synchronous standby is left";
    SlotError "patroni.slot.error" Alarm "trouble with replication slots";
    SlotDropped "patroni.slot.dropped" Notable "dropped a replication slot";
    WatchdogArmed "patroni.watchdog.armed" Notable "armed the watchdog";
    WatchdogUnsafe "patroni.watchdog.unsafe" Alarm "watchdog not usable with these timeouts";
    WatchdogUnavailable "patroni.watchdog.unavailable" Notable "no watchdog device";
    WatchdogRequiredFailed "patroni.watchdog.required_failed" Alarm "watchdog is required but could not be activated";
    WatchdogResetPending "patroni.watchdog.reset_pending" Alarm "watchdog will reset the machine";
    // ---- etcd
    HeartbeatLate "etcd.heartbeat.late" Alarm "etcd leader sent its heartbeat late";
    Overloaded "etcd.overloaded" Alarm "etcd says its server is likely overloaded";
    FsyncSlow "etcd.wal.fsync_slow" Alarm "etcd waited long for its WAL to reach the disk";
    ApplySlow "etcd.apply.slow" Notable "etcd took long to apply or answer a request";
    ReadSlow "etcd.read.slow" Notable "etcd waited long for read confirmation";
    RequestSlow "etcd.request.slow" Notable "a request took long in etcd";
    CommitSlow "etcd.backend.commit_slow" Alarm "etcd's backend commit was slow";
    TickMissed "etcd.tick.missed" Alarm "etcd's own clock tick came late: the process did not run";
    EtcdRequestTimeout "etcd.request.timeout" Alarm "etcd timed out on a request of its own";
    ElectionStart "etcd.raft.election_start" Alarm "etcd member started an election";
    Candidate "etcd.raft.candidate" Notable "etcd member became candidate";
    RaftFollower "etcd.raft.follower" Notable "etcd member became follower";
    LeaderWon "etcd.raft.leader_won" Alarm "etcd member became Raft leader";
    LeaderSeen "etcd.raft.leader_seen" Notable "etcd member follows a Raft leader";
    LeaderLost "etcd.raft.leader_lost" Alarm "etcd member lost its Raft leader";
    LeaderChanged "etcd.raft.leader_changed" Notable "etcd member follows another Raft leader";
    NoRaftLeader "etcd.raft.no_leader" Alarm "etcd has no leader";
    QuorumLost "etcd.raft.quorum_lost" Alarm "etcd leader stepped down: quorum not active";
    HigherTerm "etcd.raft.higher_term" Notable "etcd member saw a higher term";
    VoteRejected "etcd.raft.vote_rejected" Notable "etcd member rejected a vote";
    VoteIgnored "etcd.raft.vote_ignored" Notable "etcd member ignored a vote: it still hears its leader";
    RaftDetail "etcd.raft.detail" Detail "Raft detail";
    LeaderTransfer "etcd.raft.transfer" Notable "etcd leader hands its leadership over";
    PeerLost "etcd.peer.lost" Alarm "etcd lost the connection to a peer";
    PeerUnreachable "etcd.peer.unreachable" Alarm "etcd could not reach a peer";
    PeerInactive "etcd.peer.inactive" Alarm "etcd peer became inactive";
    PeerActive "etcd.peer.active" Notable "etcd peer became active";
    PeerProbeFailed "etcd.peer.probe_failed" Alarm "etcd's health probe of a peer failed";
    PeerDropped "etcd.peer.msg_dropped" Notable "etcd dropped a Raft message to a peer";
    PeerClockDrift "etcd.peer.clock_drift" Alarm "etcd measured a clock difference to a peer";
    ClusterIdMismatch "etcd.peer.cluster_id_mismatch" Alarm "etcd peer belongs to another cluster";
    NoSpaceAlarm "etcd.alarm.raised" Alarm "etcd raised the NOSPACE alarm: quota reached";
    CorruptAlarm "etcd.alarm.corrupt" Alarm "etcd raised the CORRUPT alarm";
    AlarmCleared "etcd.alarm.cleared" Notable "etcd alarm disarmed";
    QuotaExceeded "etcd.quota.exceeded" Alarm "etcd's database quota is used up";
    EtcdDiskFull "etcd.disk.full" Alarm "etcd cannot write: no space left on its file system";
    EtcdIoError "etcd.disk.io_error" Alarm "etcd got an I/O error from its disk";
    EtcdFatal "etcd.fatal" Alarm "etcd ended with a fatal error";
    EtcdPanic "etcd.panic" Alarm "etcd panicked";
    EtcdCorrupt "etcd.corrupt" Alarm "etcd's data is damaged or inconsistent";
    EtcdStart "etcd.start" Notable "etcd started";
    EtcdReady "etcd.ready" Notable "etcd serves clients";
    EtcdStopSignal "etcd.stop.signal" Alarm "etcd was told to stop by a signal";
    EtcdStopping "etcd.stop.steps" Detail "etcd is stopping";
    EtcdMemberChange "etcd.member.changed" Notable "etcd membership changed";
    EtcdRemoved "etcd.member.self_removed" Alarm "etcd member was removed from its cluster";
    EtcdTlsRejected "etcd.tls.rejected" Alarm "etcd rejected a TLS connection";
    EtcdAuthFailed "etcd.auth" Alarm "etcd refused credentials or a token";
    EtcdAuthToken "etcd.auth.token" Detail "etcd was shown a token that it does not know (any more)";
    ApplyFailed "etcd.apply.failed" Notable "etcd could not carry out a request";
    FdHigh "etcd.fd_high" Alarm "etcd is running out of file descriptors";
    EtcdLease "etcd.lease" Notable "lease revoked, expired or not found";
    EtcdHealthBad "etcd.health.bad" Alarm "etcd answered its health check with unhealthy";
    EtcdSnapshotSlow "etcd.snapshot.slow" Notable "etcd snapshot took long";
    EtcdSnapshot "etcd.snapshot" Detail "etcd snapshot saved, sent or received";
    EtcdDbSlow "etcd.db_open_slow" Alarm "etcd's database took long to open or defragment";
    EtcdDefrag "etcd.defrag" Notable "etcd defragmented its database";
    EtcdCompact "etcd.compact" Detail "etcd compacted its history";
    EtcdConfig "etcd.config" Detail "etcd setting";
    // ---- PostgreSQL
    PgStarting "pg.starting" Notable "PostgreSQL is starting";
    PgReady "pg.ready" Notable "PostgreSQL accepts connections";
    PgReadyReadOnly "pg.ready_read_only" Notable "PostgreSQL accepts read-only connections";
    PgShutdownSmart "pg.shutdown.smart" Notable "PostgreSQL was asked for a smart shutdown";
    PgShutdownFast "pg.shutdown.fast" Notable "PostgreSQL was asked for a fast shutdown";
    PgShutdownImmediate "pg.shutdown.immediate" Alarm "PostgreSQL was asked for an immediate shutdown";
    PgShutDown "pg.shut_down" Notable "PostgreSQL is shut down";
    PgAbnormalExit "pg.abnormal_exit" Alarm "PostgreSQL ended abnormally";
    PgBackendSignal "pg.crash" Alarm "a PostgreSQL process was terminated by a signal";
    PgBackendExit "pg.child_exit" Alarm "a PostgreSQL process ended with an error code";
    PgReinit "pg.reinit" Alarm "PostgreSQL restarts all its processes after a crash";
    PgPeerCrash "pg.peer_crash" Notable "a session was ended because of a crash of another server process";
    PgPanic "pg.panic" Alarm "PostgreSQL panicked";
    PgNotProperlyShut "pg.recovery.begin" Notable "PostgreSQL was not properly shut down; recovers";
    PgInterrupted "pg.interrupted" Notable "PostgreSQL had been interrupted";
    PgRedo "pg.recovery.redo" Detail "PostgreSQL replays WAL";
    PgNoSpace "pg.nospace" Alarm "PostgreSQL cannot write: no space left on device";
    PgIoError "pg.io_error" Alarm "PostgreSQL got an I/O error";
    PgCorruption "pg.corruption" Alarm "PostgreSQL found damaged data";
    PgOutOfMemory "pg.out_of_memory" Alarm "PostgreSQL could not allocate memory";
    PgTooManyClients "pg.too_many_clients" Alarm "PostgreSQL refused a connection: all slots used";
    PgAdminTerminate "pg.admin_terminate" Detail "a session was ended by administrator command";
    PgStartingUp "pg.starting_up" Detail "PostgreSQL refused a connection: starting up or shutting down";
    PgPromoteRequest "pg.promote.request" Notable "PostgreSQL was asked to promote";
    PgNewTimeline "pg.timeline.new" Notable "PostgreSQL began a new timeline";
    PgEndOfWal "pg.end_of_wal" Detail "replication ended at the end of WAL";
    PgWalreceiverLost "pg.walreceiver.lost" Alarm "the replica lost its connection to the primary";
    PgWalreceiverTimeout "pg.walreceiver.timeout" Alarm "the replica heard nothing from the primary in time";
    PgWalsenderTimeout "pg.walsender.timeout" Alarm "the primary heard nothing from a replica in time";
    PgStreaming "pg.streaming" Notable "the replica streams WAL from the primary";
    PgWalRemoved "pg.wal_removed" Alarm "WAL that a replica needs is gone";
    PgSlotInvalidated "pg.slot.invalidated" Alarm "a replication slot was invalidated";
    PgDiverged "pg.diverged" Alarm "the replica's timeline has diverged from the primary's";
    PgCheckpoint "pg.checkpoint" Detail "checkpoint done";
    PgCheckpointSlow "pg.checkpoint.slow" Notable "checkpoint took long";
    PgCheckpointsFrequent "pg.checkpoint.frequent" Notable "checkpoints come too often";
    PgSlowStatement "pg.statement.slow" Detail "slow statement";
    PgStatementTimeout "pg.statement.timeout" Notable "statement cancelled by timeout or request";
    PgLockWait "pg.lock_wait" Notable "a session waits long for a lock";
    PgDeadlock "pg.deadlock" Notable "deadlock";
    PgAuthFailed "pg.auth_failed" Alarm "PostgreSQL refused a login";
    PgHbaReject "pg.hba_reject" Alarm "no pg_hba.conf entry for a connection";
    PgReplicaRefused "pg.replica_refused" Alarm "no pg_hba.conf entry for a replica";
    PgArchiveFailed "pg.archive.failed" Alarm "archive command failed";
    PgRestoreFailed "pg.restore.failed" Alarm "restore command failed";
    PgStartupFailed "pg.startup.failed" Alarm "PostgreSQL could not start";
    PgConfigBad "pg.config.bad" Alarm "PostgreSQL's configuration has errors";
    PgPostmasterPidGone "pg.lockfile" Alarm "PostgreSQL stopped because its lock file is gone or wrong";
    PgSyncWaitCancelled "pg.cancel_sync_wait" Alarm "a commit gave up waiting for its synchronous standby";
    PgClientLost "pg.client_lost" Detail "connection to a client lost";
    PgXidWrap "pg.wraparound" Alarm "transaction ids are running out";
    PgReload "pg.reload" Detail "PostgreSQL reloads its configuration";
    PgVacuum "pg.autovacuum" Detail "autovacuum finished";
    PgWalIoSlow "pg.io.slow" Notable "an I/O step in PostgreSQL took long";
    PgWasShutDown "pg.was_shut_down" Detail "PostgreSQL had been shut down cleanly before this start";
    PgStandbyMode "pg.standby_mode" Detail "PostgreSQL starts as a standby";
    PgCrashRestart "pg.crash_restart" Alarm "PostgreSQL ends all its processes after a crash of one of them";
    PgWorkerExit "pg.worker_exit" Detail "a background worker of PostgreSQL ended";
    PgSharedMemoryFull "pg.shm_full" Notable "PostgreSQL could not enlarge its shared memory (/dev/shm)";
    PgAuthTimeout "pg.auth_timeout" Notable "a login took too long and was ended";
    PgStandbyLost "pg.standby_lost" Notable "the primary lost its connection to a replica";
    PgSlotError "pg.slot.error" Notable "a replication slot is missing or in use by another process";
    PgSyncStandby "pg.sync_standby" Detail "a replica became synchronous standby or a candidate for it";
    PgRecoveryDone "pg.recovery.done" Detail "archive recovery ended";
    PgStuckChildren "pg.stuck_children" Alarm "PostgreSQL's processes did not end when told to and are killed";
    PgNoResources "pg.no_resources" Alarm "PostgreSQL reached a limit of processes, files or locks";
    PgReadOnlyWrite "pg.read_only_write" Detail "a client tried to write where that is not possible";
    PgRecoveryPaused "pg.recovery_paused" Notable "replay of WAL is paused";
    // ---- kernel and system
    OomKill "kern.oom" Alarm "the kernel killed a process for lack of memory";
    OomInvoked "kern.oom.invoked" Notable "the kernel ran out of memory to give";
    BlockIoError "kern.io_error" Alarm "block device I/O error";
    FsError "kern.fs_error" Alarm "file system error";
    FsReadonly "kern.fs_readonly" Alarm "file system went read-only";
    HungTask "kern.hung_task" Alarm "a task was blocked for minutes";
    SoftLockup "kern.softlockup" Alarm "a CPU was stuck";
    LinkDown "kern.link_down" Alarm "network link down";
    LinkUp "kern.link_up" Notable "network link up";
    HardwareError "kern.mce" Alarm "hardware error reported";
    Segfault "kern.segfault" Alarm "a process crashed with a segmentation fault";
    CoreDump "sys.coredump" Alarm "a process dumped core";
    LogWentBack "clock.went_back" Notable "the log's stamps went back: its clock was set back, or its parts are in wrong order";
    ClockStepped "sys.time_changed" Alarm "the clock was stepped";
    ClockUnsynced "sys.time_unsynced" Notable "the clock is not synchronised";
    ClocksourceUnstable "kern.clocksource" Alarm "the kernel distrusts its clock source";
    Boot "kern.boot" Alarm "the machine booted";
    SystemShutdown "sys.shutdown" Alarm "the machine is shutting down";
    Suspended "kern.suspend" Alarm "the machine was suspended or frozen";
    WatchdogReset "kern.watchdog" Alarm "a watchdog reset the machine";
    NetUnreachable "sys.net" Notable "network trouble seen by the system";
    DiskTimeout "kern.disk_timeout" Alarm "a storage command timed out or was aborted";
    PathLost "kern.path_lost" Alarm "a storage path or device was lost";
    KernelPanic "kern.panic" Alarm "the kernel panicked or oopsed";
    WatchdogLeftArmed "kern.watchdog_armed" Alarm "a watchdog was left running without its keeper";
    FsFrozen "sys.fs_frozen" Alarm "the file systems were frozen for a snapshot";
    FsThawed "sys.fs_thawed" Notable "the file systems were thawed after a snapshot";
    LogSuppressed "sys.log_suppressed" Notable "the system's log dropped messages";
    UnitNotifyRefused "sys.unit.notify_refused" Notable "the service manager refused a process's message of readiness";
    UnitLeftovers "sys.unit.leftover" Notable "processes of the service run on without it";
    UnitStopping "sys.unit.stopping" Notable "service is being stopped";
    UnitStopped "sys.unit.stopped" Notable "service stopped";
    UnitStarting "sys.unit.starting" Notable "service is being started";
    UnitStarted "sys.unit.started" Notable "service started";
    UnitFailed "sys.unit.failed" Alarm "service failed";
    UnitExited "sys.unit.exited" Notable "main process of the service ended";
    UnitStartTimeout "sys.unit.start_timeout" Alarm "service did not report ready in time and is killed";
    UnitStopTimeout "sys.unit.stop_timeout" Alarm "service did not stop in time";
    UnitKilled "sys.unit.killed" Alarm "the service manager killed the service";
    UnitRestart "sys.unit.restart" Notable "service is restarted automatically";
    UnitOom "sys.unit.oom" Alarm "a process of the service was killed for lack of memory";
    UnitWatchdog "sys.unit.watchdog" Alarm "the service manager's watchdog expired";
    AdminCommand "sys.command" Notable "somebody ran a command";
    PackageChange "sys.package" Notable "packages were changed";
    JobStart "job.start" Notable "a job started";
    JobEnd "job.end" Notable "a job ended";
    JobFailed "job.failed" Alarm "a job failed";
    // ---- proxies and virtual addresses
    BackendDown "proxy.backend_down" Alarm "the proxy took a server out";
    BackendUp "proxy.backend_up" Notable "the proxy took a server in";
    NoBackend "proxy.no_backend" Alarm "the proxy has no server left";
    PoolerServerLost "proxy.server_lost" Alarm "the pooler lost its server connection";
    PoolerPaused "proxy.paused" Notable "the pooler was paused or resumed";
    ProxyCheckFailed "proxy.check_failed" Detail "a proxy's check of a server failed";
    PoolerTimeout "proxy.query_wait" Notable "a client waited too long for a server connection";
    PoolerFull "proxy.full" Alarm "the pooler refused a client: all its slots were used";
    VipGained "vip.gained" Notable "took the virtual address";
    VipLost "vip.lost" Alarm "gave up the virtual address";
    VipStandby "vip.standby" Notable "does not hold the virtual address: backup or fault";
    // ---- whoever
    DnsFailed "net.dns_failed" Alarm "a host name could not be resolved";
    TlsFailed "net.tls_failed" Alarm "a TLS connection failed";
    K8sError "k8s.error" Alarm "the Kubernetes API answered with an error";
    UnnamedAlarm "unnamed" Alarm "error without a name in the tables";
}

impl What {
    /// Heartbeats are folded into role spans and never become single events.
    pub fn is_beat(self) -> bool {
        matches!(self, What::BeatLeader | What::BeatReplica | What::BeatStandbyLeader | What::BeatIdle)
    }

    /// Whether `num` is how long something took, in milliseconds, and the line was written when it was over.
    pub fn ends_a_duration(self) -> bool {
        use What::*;
        matches!(
            self,
            FsyncSlow
                | ApplySlow
                | ReadSlow
                | RequestSlow
                | CommitSlow
                | EtcdSnapshotSlow
                | EtcdDbSlow
                | HeartbeatLate
                | PgSlowStatement
                | PgCheckpoint
                | PgCheckpointSlow
                | PgLockWait
                | PgWalIoSlow
        )
    }

    /// Finds a meaning by its stable id.
    pub fn by_id(id: &str) -> Option<What> {
        What::ALL.iter().copied().find(|w| w.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique() {
        let ids: BTreeSet<_> = What::ALL.iter().map(|w| w.id()).collect();
        assert_eq!(ids.len(), What::ALL.len());
    }
}
