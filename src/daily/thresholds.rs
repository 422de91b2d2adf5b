//! Thresholds of the daily report.

use crate::model::Threshold;

pub(super) static AWAIT_MS: Threshold = Threshold::new(
    "daily.await_ms",
    20.0,
    "ms",
    "daily: a highest await below this is never news (a loaded SSD stays below; our choice)",
);
pub(super) static FACTOR: Threshold = Threshold::new(
    "daily.factor",
    2.0,
    "times",
    "daily: how many times the median of 7 and of 30 days makes a trend worth a line (our choice)",
);
pub(super) static FSYNC_COUNT: Threshold = Threshold::new(
    "daily.fsync_count",
    3.0,
    "a day",
    "daily: fewer slow fsyncs of etcd are never news (etcd warns from 1 s on; our choice)",
);
pub(super) static HEARTBEAT_COUNT: Threshold = Threshold::new(
    "daily.heartbeat_count",
    10.0,
    "a day",
    "daily: fewer late etcd heartbeats are never news (single ones happen on every machine; our choice)",
);
pub(super) static HOLD_H: Threshold = Threshold::new(
    "daily.hold_h",
    24.0,
    "h",
    "daily: how long an incident or near miss keeps the monitoring formats (nagios, prom) off OK (our choice)",
);
pub(super) static IOWAIT_PCT: Threshold =
    Threshold::new("daily.iowait_pct", 10.0, "%", "daily: a highest iowait below this is never news (our choice)");
pub(super) static LOOP_S: Threshold = Threshold::new(
    "daily.loop_s",
    12.0,
    "s",
    "daily: a longest HA loop below this is never news (loop_wait is 10 s by default)",
);
pub(super) static REQUEST_COUNT: Threshold = Threshold::new(
    "daily.request_count",
    20.0,
    "a day",
    "daily: fewer slow etcd requests are never news (etcd warns from 100 ms on; our choice)",
);
pub(super) static STEAL_PCT: Threshold =
    Threshold::new("daily.steal_pct", 10.0, "%", "daily: a highest steal below this is never news (our choice)");
pub(super) static SILENT_OTHER_MIN: Threshold = Threshold::new(
    "silent.other_min",
    1_560.0,
    "min",
    "daily: an etcd or PostgreSQL log without a line for longer is silent (26 h: quiet ones write once a day)",
);
pub(super) static SILENT_PATRONI_MIN: Threshold = Threshold::new(
    "silent.patroni_min",
    60.0,
    "min",
    "daily: a Patroni log without a line for longer is silent (it writes every loop_wait)",
);
pub(super) static SILENT_SYSSTAT_MIN: Threshold = Threshold::new(
    "silent.sysstat_min",
    120.0,
    "min",
    "daily: sysstat without a sample for longer does not collect (its interval is 10 min by default)",
);

/// All of them.
pub static THRESHOLDS: &[&Threshold] = &[
    &AWAIT_MS,
    &FACTOR,
    &FSYNC_COUNT,
    &HEARTBEAT_COUNT,
    &HOLD_H,
    &IOWAIT_PCT,
    &LOOP_S,
    &REQUEST_COUNT,
    &STEAL_PCT,
    &SILENT_OTHER_MIN,
    &SILENT_PATRONI_MIN,
    &SILENT_SYSSTAT_MIN,
];
