//! Messages of systemd.

use super::Message;

pub static MESSAGES: &[Message] = &[
];
