//! Messages of etcd.

use super::Message;

pub static MESSAGES: &[Message] = &[
];
