//! Patroni: its loop, requests from people and tools, pause, watchdog, configuration, REST API.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(
        LoopOverrun,
        "Loop time exceeded, rescheduling immediately.",
        "Loop time exceeded, rescheduling immediately.",
        "patroni/daemon.py, all",
    ),
    m(
        SwitchoverRequested,
        "received {} request with leader={} candidate={who} scheduled_at={}",
        "received switchover request with leader=pg1 candidate=pg2 scheduled_at=None",
        "patroni/api.py, 1.4.1+",
    ),
    noise("Patroni global thread_pool_size = {}", "Patroni global thread_pool_size = 5", "patroni/__main__.py, 3.3.9+"),
];
