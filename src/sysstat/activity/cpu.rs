//! Processor time. The percentages are worked out in `binary::cpu`: they need all CPUs of two samples at once.

use super::{Activity, Column, How, Json, Key, Kind::Q, Layout, json, old, run};

const fn percent(name: &'static str, key: &'static str) -> Column {
    Column { name, json: key, decimals: 2, unless: None, how: How::Never }
}

const fn short(name: &'static str, key: &'static str) -> Column {
    Column { name, json: key, decimals: 2, unless: Some("%usr"), how: How::Never }
}

/// `%user` and `%system` (of `sar -u`) hold what `-u ALL` splits: user + guest, sys + irq + soft.
pub(crate) static CPU: Activity = Activity {
    id: 1,
    name: "cpu",
    item: Some("CPU"),
    columns: &[
        short("%user", "user"),
        percent("%usr", "usr"),
        percent("%nice", "nice"),
        short("%system", "system"),
        percent("%sys", "sys"),
        percent("%iowait", "iowait"),
        percent("%steal", "steal"),
        percent("%irq", "irq"),
        percent("%soft", "soft"),
        percent("%guest", "guest"),
        percent("%gnice", "gnice"),
        percent("%idle", "idle"),
    ],
    json: JSON,
    layout: Some(&LAYOUT),
};

const JSON: Json = json(None, "cpu-load", Some("cpu"));

/// user nice sys idle iowait steal hardirq softirq guest guest_nice
static LAYOUT: Layout = Layout {
    counts: [10, 0, 0],
    chars: &[],
    old: &[old(96, &[run(0, 6, 0, 16, Q)]), old(144, &[run(0, 9, 0, 16, Q)]), old(160, &[run(0, 10, 0, 16, Q)])],
    key: Key::Cpu,
    used: None,
    renewed: None,
};
