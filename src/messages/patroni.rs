//! Messages of Patroni 1.3 to 4.1, by concern.
//!
//! Wordings are those of the format strings in the tags 1.3.1 to 4.1.5 of github.com/patroni/patroni;
//! `said_in` names the file and the versions.

use super::Message;
use super::join::{join, length};

mod dcs;
mod ops;
mod pg;
mod role;

const PARTS: &[&[Message]] = &[role::MESSAGES, dcs::MESSAGES, pg::MESSAGES, ops::MESSAGES];
static JOINED: [Message; length(PARTS)] = join(PARTS);
pub static MESSAGES: &[Message] = &JOINED;
