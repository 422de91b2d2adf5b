//! Messages of Patroni 0.1 to 4.1, by concern.
//!
//! Wordings are those of the format strings in the tags 0.1 to 4.1.5 of github.com/patroni/patroni;
//! `said_in` names the file and the versions.

use super::Message;
use super::join::{join, length};

mod data;
mod dcs;
mod dcs_other;
mod early;
mod ops;
mod pg;
mod role;
mod watchdog;

const PARTS: &[&[Message]] = &[
    role::MESSAGES,
    dcs::MESSAGES,
    dcs_other::MESSAGES,
    pg::MESSAGES,
    data::MESSAGES,
    ops::MESSAGES,
    watchdog::MESSAGES,
    early::MESSAGES,
];
static JOINED: [Message; length(PARTS)] = join(PARTS);
pub static MESSAGES: &[Message] = &JOINED;
