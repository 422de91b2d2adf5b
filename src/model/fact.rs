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
