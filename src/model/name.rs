//! Names that sources give to machines; the cluster stage joins them into nodes.

use std::sync::Arc;

/// In which role a name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Naming {
    /// Host name of the machine that wrote the line (syslog header, `sar` header, `hostname`).
    Host,
    /// Patroni's own member name ("I am pg1").
    Member,
    /// etcd's own member name.
    EtcdName,
    /// etcd's own member id in hex.
    EtcdId,
    /// An address of this machine.
    Address,
    /// Kubernetes pod.
    Pod,
}

impl Naming {
    pub fn words(self) -> &'static str {
        match self {
            Naming::Host => "host name",
            Naming::Member => "Patroni member",
            Naming::EtcdName => "etcd name",
            Naming::EtcdId => "etcd id",
            Naming::Address => "address",
            Naming::Pod => "pod",
        }
    }
}

/// A name for the writer of a stream, with how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameHint {
    pub naming: Naming,
    pub name: Arc<str>,
    pub line: u32,
    pub seen: u32,
}
