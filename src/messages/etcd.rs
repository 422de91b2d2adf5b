//! Messages of etcd 2.3 to 3.7, by concern.
//!
//! One wording serves capnslog lines (the body takes the package away), journald without level and package, the raft
//! library's own lines and zap's JSON, where the part after ` | ` names fields. Sources: the tags of
//! github.com/etcd-io/etcd and github.com/etcd-io/raft; `said_in` names file and versions.

use super::Message;
use super::join::{join, length};

mod disk;
mod fatal;
mod life;
mod load;
mod peer;
mod quiet;
mod quiet_capnslog;
mod raft;
mod rare;

const PARTS: &[&[Message]] = &[
    load::MESSAGES,
    raft::MESSAGES,
    peer::MESSAGES,
    disk::MESSAGES,
    fatal::MESSAGES,
    life::MESSAGES,
    rare::MESSAGES,
    quiet::MESSAGES,
    quiet_capnslog::MESSAGES,
];
static JOINED: [Message; length(PARTS)] = join(PARTS);
pub static MESSAGES: &[Message] = &JOINED;
