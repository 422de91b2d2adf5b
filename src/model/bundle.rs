//! One read source of a bundle, as every later stage sees it.

use super::Parsed;

/// A file or archive member with what reading it gave.
#[derive(Clone, Debug)]
pub struct Source {
    /// `ticket.zip!pg1/sos.tar.xz!var/log/messages`
    pub path: String,
    /// Seconds since 1970, if the file system or archive says so.
    pub modified: Option<i64>,
    pub parsed: Parsed,
}

/// Index of a machine in `cluster::Cluster::nodes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);
