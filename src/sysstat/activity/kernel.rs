//! Tasks, swapping, paging, total I/O, kernel tables and the run queue: one row per sample.

use super::Kind::{I, L, Q};
use super::{Activity, Column, How, Json, Layout, Node, calc, gauge, hundredth, json, old, rate, run, single};
use crate::sysstat::binary::item::Pair;
use crate::sysstat::model::Version;

pub(crate) static PCSW: Activity = Activity {
    id: 2,
    name: "pcsw",
    item: None,
    columns: &[rate("proc/s", "proc", 1), rate("cswch/s", "cswch", 0)],
    json: json(None, "process-and-context-switch", None),
    layout: Some(&PCSW_LAYOUT),
};

static PCSW_LAYOUT: Layout = single([1, 1, 0], &[old(32, &[run(0, 1, 0, 16, Q), run(1, 1, 16, 8, L)])]);

pub(crate) static SWAP: Activity = Activity {
    id: 4,
    name: "swap",
    item: None,
    columns: &[rate("pswpin/s", "pswpin", 0), rate("pswpout/s", "pswpout", 1)],
    json: json(None, "swap-pages", None),
    layout: Some(&SWAP_LAYOUT),
};

static SWAP_LAYOUT: Layout = single([0, 2, 0], &[old(16, &[run(0, 2, 0, 8, L)])]);

pub(crate) static PAGING: Activity = Activity {
    id: 5,
    name: "paging",
    item: None,
    columns: &[
        rate("pgpgin/s", "pgpgin", 0),
        rate("pgpgout/s", "pgpgout", 1),
        rate("fault/s", "fault", 2),
        rate("majflt/s", "majflt", 3),
        rate("pgfree/s", "pgfree", 4),
        rate("pgscank/s", "pgscank", 5),
        rate("pgscand/s", "pgscand", 6),
        rate("pgsteal/s", "pgsteal", 7),
        calc("%vmeff", "vmeff-percent", 2, vmeff),
        rate("pgprom/s", "pgprom", 8),
        rate("pgdem/s", "pgdem", 9),
    ],
    json: json(None, "paging", None),
    layout: Some(&PAGING_LAYOUT),
};

static PAGING_LAYOUT: Layout = single([0, 10, 0], &[old(32, &[run(0, 4, 0, 8, L)]), old(64, &[run(0, 8, 0, 8, L)])]);

/// Share of scanned pages that were reclaimed; dropped in sysstat 12.7.5.
fn vmeff(p: &Pair<'_>) -> f64 {
    if p.version >= Version(12, 7, 5) {
        return f64::NAN;
    }
    let scanned = p.diff(5) + p.diff(6);
    if scanned == 0.0 { 0.0 } else { p.diff(7) / scanned * 100.0 }
}

const fn up(name: &'static str, json: &'static str, field: usize) -> Column {
    Column { name, json, decimals: 2, unless: None, how: How::RateUp(field) }
}

pub(crate) static IO: Activity = Activity {
    id: 6,
    name: "io",
    item: None,
    columns: &[
        up("tps", "tps", 0),
        up("rtps", "rtps", 1),
        up("wtps", "wtps", 2),
        up("dtps", "dtps", 5),
        up("bread/s", "bread", 3),
        up("bwrtn/s", "bwrtn", 4),
        up("bdscd/s", "bdscd", 6),
    ],
    json: Json {
        group: None,
        name: "io",
        item: None,
        shape: &[
            Node::Key("tps", 0, 1.0),
            Node::Open("io-reads"),
            Node::Key("rtps", 1, 1.0),
            Node::Key("bread", 4, 1.0),
            Node::Close,
            Node::Open("io-writes"),
            Node::Key("wtps", 2, 1.0),
            Node::Key("bwrtn", 5, 1.0),
            Node::Close,
            Node::Open("io-discard"),
            Node::Key("dtps", 3, 1.0),
            Node::Key("bdscd", 6, 1.0),
            Node::Close,
        ],
    },
    layout: Some(&IO_LAYOUT),
};

/// Size 80 is Red Hat's own, in RHEL 6.3 and later; sysstat 9.1.5 itself misreads it.
static IO_LAYOUT: Layout = single(
    [7, 0, 0],
    &[old(20, &[run(0, 5, 0, 4, I)]), old(48, &[run(0, 5, 0, 8, Q)]), old(80, &[run(0, 5, 0, 16, Q)])],
);

pub(crate) static KTABLES: Activity = Activity {
    id: 8,
    name: "kernel",
    item: None,
    columns: &[
        gauge("dentunusd", "dentunusd", 2),
        gauge("file-nr", "file-nr", 0),
        gauge("inode-nr", "inode-nr", 1),
        gauge("pty-nr", "pty-nr", 3),
    ],
    json: json(None, "kernel", None),
    layout: Some(&KTABLES_LAYOUT),
};

static KTABLES_LAYOUT: Layout = single([4, 0, 0], &[old(12, &[run(0, 3, 0, 4, I)]), old(16, &[run(0, 4, 0, 4, I)])]);

pub(crate) static QUEUE: Activity = Activity {
    id: 9,
    name: "queue",
    item: None,
    columns: &[
        gauge("runq-sz", "runq-sz", 0),
        gauge("plist-sz", "plist-sz", 2),
        hundredth("ldavg-1", "ldavg-1", 3),
        hundredth("ldavg-5", "ldavg-5", 4),
        hundredth("ldavg-15", "ldavg-15", 5),
        gauge("blocked", "blocked", 1),
    ],
    json: json(None, "queue", None),
    layout: Some(&QUEUE_LAYOUT),
};

/// nr_running procs_blocked nr_threads | load averages × 100
static QUEUE_LAYOUT: Layout = single(
    [3, 0, 3],
    &[
        old(24, &[run(0, 1, 0, 8, L), run(3, 3, 8, 4, I), run(2, 1, 20, 4, I)]),
        // i386 pads less: the same fields in 36 instead of 40 bytes only since 11.7.1, so sizes don't clash here.
        old(32, &[run(0, 2, 0, 8, L), run(3, 3, 16, 4, I), run(2, 1, 28, 4, I)]),
    ],
);
