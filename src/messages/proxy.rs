//! Messages of proxy.

use super::Message;

pub static MESSAGES: &[Message] = &[
];
