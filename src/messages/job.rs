//! Messages of job.

use super::Message;

pub static MESSAGES: &[Message] = &[
];
