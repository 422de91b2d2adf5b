//! Messages of postgres.

use super::Message;

pub static MESSAGES: &[Message] = &[
];
