//! Messages of Patroni 1.3 to 4.1.

use super::{Message, m, noise};
use crate::model::What;

pub static MESSAGES: &[Message] = &[
    m(What::BeatLeader, "no action. I am ({me}), the leader with the lock", "no action. I am (pg1), the leader with the lock", "patroni/ha.py, 2.1.2+"),
    m(What::DcsRequestFailed, "Request to server {who} failed: {why}", "Request to server http://10.8.0.5:2379 failed: ReadTimeoutError(\"x: Read timed out.\")", "patroni/dcs/etcd.py, all"),
    noise("Patroni global thread_pool_size = {}", "Patroni global thread_pool_size = 5", "patroni/__main__.py, 3.3.9+"),
];
