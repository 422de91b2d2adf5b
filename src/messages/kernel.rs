//! Messages of kernel.

use super::Message;

pub static MESSAGES: &[Message] = &[
];
