//! Settings, versions, mounts and states that hold for a host or the cluster, with the place that says so.

use super::Stamp;
use std::sync::Arc;

/// What a fact is about. `Fact::item` names the thing where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Patroni's dynamic settings, in seconds or bytes.
    Ttl,
    LoopWait,
    RetryTimeout,
    MaximumLag,
    PrimaryStartTimeout,
    /// 1 or 0.
    FailsafeMode,
    SynchronousMode,
    UsePgRewind,
    /// off, automatic, required.
    WatchdogMode,
    Scope,
    /// etcd, etcd3, consul, zookeeper, kubernetes, raft.
    DcsKind,
    PatroniVersion,
    EtcdVersion,
    PgVersion,
    EtcdHeartbeatMs,
    EtcdElectionMs,
    EtcdQuotaBytes,
    /// Size of etcd's database, bytes; item = endpoint or member id.
    EtcdDbSize,
    /// item = member id (hex); value = text of the alarm.
    EtcdAlarm,
    /// Number of members.
    EtcdMembers,
    /// item = member name or id; value = health in words.
    EtcdHealth,
    EtcdDataDir,
    PgDataDir,
    PgWalDir,
    /// item = setting.
    PgSetting,
    /// item = mount point; value = device.
    Mount,
    /// item = mount point; value = % used. Time in `at` if the output says it.
    FsUsed,
    FsInodesUsed,
    /// Time zone of a program or host: value = IANA name, abbreviation or offset; item = program or "host".
    TimeZone,
    /// 1 or 0.
    ClockSynchronised,
    /// Seconds.
    ClockOffset,
    /// What a host's clock showed, in `at`, when `date` was run on several one after the other: item = host; value = 1 if
    /// all were asked at the same time, so that their order says nothing.
    ClockRead,
    /// Rows of `patronictl list`: item = member.
    MemberRole,
    MemberState,
    MemberTimeline,
    MemberLagMb,
    MemberHost,
    /// `patronictl history`: item = timeline; value = new leader; `at` = its time.
    HistoryLeader,
    /// Kubernetes or systemd unit settings: item = unit, value = e.g. Type=notify.
    UnitSetting,
    /// When the machine booted.
    BootTime,
    /// item = address, value = name: from /etc/hosts, member lists, configs.
    AddressOf,
    /// Any other Patroni setting: item = its name or path (`synchronous_mode_strict`, `log.level`).
    PatroniSetting,
    /// 1: the cluster is in maintenance mode.
    Paused,
    /// Number of PostgreSQL's system identifier.
    SystemId,
    /// Rows of `patronictl history`: item = timeline that ended; `at` = its time.
    HistoryReason,
    /// item = timeline that ended; value = LSN as a number of bytes.
    HistoryLsn,
    /// One endpoint of the DCS, as Patroni is told: value = host or host:port.
    DcsHost,
    /// item = member; value = time at which its postmaster started, in `at` too.
    PostmasterStart,
    /// item = member; value = seconds since 1970 on the member's own clock.
    DcsLastSeen,
    /// item = member; value = its tags that matter, as `nofailover=true`.
    MemberTag,
    /// Any other etcd setting: item = its name as in etcd.conf.yml.
    EtcdSetting,
    /// item = member id (hex); value = member name.
    EtcdMemberName,
    /// item = member id (hex); value = host or address at which it is reached.
    EtcdMemberAddress,
    /// value = member id (hex) of the Raft leader; item = who says so (endpoint), if told.
    EtcdLeader,
    /// item = endpoint.
    EtcdTerm,
    EtcdRaftIndex,
    EtcdAppliedIndex,
    /// Bytes in use of etcd's database; item = endpoint.
    EtcdDbInUse,
    /// Milliseconds that a proposal took in `endpoint health`; item = endpoint.
    EtcdHealthMs,
    /// 99th percentile as an upper bound, ms, over the life of the process; item = metric.
    EtcdFsyncP99Ms,
    EtcdCommitP99Ms,
    /// item = peer.
    EtcdPeerRttP99Ms,
    /// Number of operations slower than the bucket bound: item = `metric>seconds`.
    SlowOperations,
    /// Leader changes seen since the process started.
    EtcdLeaderChanges,
    /// A sample of a metrics dump: item = name with labels.
    MetricValue,
    /// File system type; item = mount point.
    MountType,
    /// 1: mounted read-only; item = mount point.
    MountReadOnly,
    /// item = mount point; value = bytes.
    FsSizeBytes,
    FsAvailBytes,
    /// item = device (`dm-0`, `vg0-pgdata`, `sda1`); value = the disk or device that it lies on.
    DeviceParent,
    /// item = device; value = `major:minor`, as in the names that sysstat gives to disks (`dev253-1`).
    DeviceNumber,
    /// item = directory; value = bytes.
    DirSize,
    /// pg_controldata: item = label in English; times in `at` too.
    PgControl,
    /// 1: a file that makes the server a standby was found.
    PgStandbySignal,
    /// Seconds since boot; `at` = when.
    Uptime,
    /// item = 1, 5 or 15.
    LoadAverage,
    /// kB; item = field of /proc/meminfo.
    MemoryKb,
    /// item = resource and field (`io some avg10`), value in %.
    Pressure,
    /// item = name of the kernel setting.
    Sysctl,
    /// Kernel release.
    KernelVersion,
    /// item = unit; value = state in words; `at` = since when.
    UnitState,
    /// item = unit; value = main process id.
    UnitPid,
    /// A package: item = name, value = version.
    Package,
    /// item = program; value = its command line without secrets.
    Process,
    /// A file that `pgautopsy collect` took: item = path below the manifest; value = checksum and size.
    Collected,
    /// What it looked for in vain: item = what; value = why.
    NotCollected,
    /// What else than Patroni decides who is primary: value = its name.
    Manager,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Num(f64),
    Text(Arc<str>),
}

impl Value {
    pub fn num(&self) -> Option<f64> {
        match self {
            Value::Num(n) => Some(*n),
            Value::Text(t) => t.trim().parse().ok(),
        }
    }
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(t) => Some(t),
            Value::Num(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub key: Key,
    pub item: Option<Arc<str>>,
    pub value: Value,
    /// When it held, if the output or its neighbour lines say so.
    pub at: Option<Stamp>,
    pub line: u32,
    pub text: Arc<str>,
}
