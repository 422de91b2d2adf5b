//! Memory, swap space and huge pages, all in kB.

use super::Kind::L;
use super::{Activity, Column, How, Layout, calc, gauge, json, old, run, single};
use crate::sysstat::binary::item::Pair;
use crate::sysstat::model::Version;

// Fields, in the order of sysstat's stats_memory.
const FREE: usize = 0;
const BUFFERS: usize = 1;
const CACHED: usize = 2;
const TOTAL: usize = 3;
const SWAP_FREE: usize = 4;
const SWAP_TOTAL: usize = 5;
const SWAP_CACHED: usize = 6;
const COMMITTED: usize = 7;
const SLAB: usize = 12;
const AVAILABLE: usize = 16;

/// free buffers cached total swapfree swaptotal swapcached committed active inactive dirty anonpages slab kernelstack
/// pagetables vmallocused available shmem
static LAYOUT: Layout = single(
    [18, 0, 0],
    &[
        old(56, &[run(0, 7, 0, 8, L)]),
        old(64, &[run(0, 8, 0, 8, L)]),
        old(80, &[run(0, 10, 0, 8, L)]),
        old(88, &[run(0, 11, 0, 8, L)]),
        old(128, &[run(0, 16, 0, 8, L)]),
        old(136, &[run(0, 17, 0, 8, L)]),
    ],
);

pub(crate) static MEMORY: Activity = Activity {
    id: 7,
    name: "memory",
    item: None,
    columns: &[
        gauge("kbmemfree", "memfree", FREE),
        gauge("kbavail", "avail", AVAILABLE),
        calc("kbmemused", "memused", 0, used),
        calc("%memused", "memused-percent", 2, |p| share(used(p), p.now(TOTAL))),
        gauge("kbbuffers", "buffers", BUFFERS),
        gauge("kbcached", "cached", CACHED),
        gauge("kbcommit", "commit", COMMITTED),
        calc("%commit", "commit-percent", 2, |p| share(p.now(COMMITTED), p.now(TOTAL) + p.now(SWAP_TOTAL))),
        gauge("kbactive", "active", 8),
        gauge("kbinact", "inactive", 9),
        gauge("kbdirty", "dirty", 10),
        gauge("kbshmem", "shared", 17),
        gauge("kbanonpg", "anonpg", 11),
        gauge("kbslab", "slab", SLAB),
        gauge("kbkstack", "kstack", 13),
        gauge("kbpgtbl", "pgtbl", 14),
        gauge("kbvmused", "vmused", 15),
    ],
    json: json(None, "memory", None),
    layout: Some(&LAYOUT),
};

/// What counts as used differs by the version that wrote the file (each prints its own notion): compare hosts by `kbavail`.
fn used(p: &Pair<'_>) -> f64 {
    let v = p.version;
    let reclaimable_counts = (v >= Version(11, 4, 10) && v < Version(11, 5, 0))
        || (v >= Version(11, 6, 4) && v < Version(11, 7, 0))
        || v >= Version(11, 7, 4);
    let unused = if v >= Version(12, 7, 8) {
        // Kernels before 3.14 do not say what is available.
        if p.now(AVAILABLE).is_nan() { p.now(FREE) } else { p.now(AVAILABLE) }
    } else if reclaimable_counts {
        let slab = p.now(SLAB);
        let sum = p.now(FREE) + p.now(BUFFERS) + p.now(CACHED) + if slab.is_nan() { 0.0 } else { slab };
        sum.min(p.now(TOTAL))
    } else {
        p.now(FREE)
    };
    p.now(TOTAL) - unused
}

/// `part` of `whole` in percent, 0 of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole * 100.0 }
}

pub(crate) static SWAP_SPACE: Activity = Activity {
    id: 7,
    name: "swap-space",
    item: None,
    columns: &[
        gauge("kbswpfree", "swpfree", SWAP_FREE),
        calc("kbswpused", "swpused", 0, swap_used),
        calc("%swpused", "swpused-percent", 2, |p| share(swap_used(p), p.now(SWAP_TOTAL))),
        gauge("kbswpcad", "swpcad", SWAP_CACHED),
        calc("%swpcad", "swpcad-percent", 2, |p| share(p.now(SWAP_CACHED), swap_used(p))),
    ],
    json: json(None, "memory", None),
    layout: Some(&LAYOUT),
};

fn swap_used(p: &Pair<'_>) -> f64 {
    p.now(SWAP_TOTAL) - p.now(SWAP_FREE)
}

/// `sar -R`, gone since 11.5.4: pages per second by which free memory, buffers and cache grew.
pub(crate) static RATES: Activity = Activity {
    id: 7,
    name: "memory-rates",
    item: None,
    columns: &[
        calc("frmpg/s", "frmpg", 2, |p| growth(p, FREE)),
        calc("bufpg/s", "bufpg", 2, |p| growth(p, BUFFERS)),
        calc("campg/s", "campg", 2, |p| growth(p, CACHED)),
    ],
    json: json(None, "memory", None),
    layout: Some(&LAYOUT),
};

/// In pages of 4 kB: the file doesn't tell the host's page size.
fn growth(p: &Pair<'_>, field: usize) -> f64 {
    if p.version >= Version(11, 5, 4) || !p.has_baseline() {
        return f64::NAN;
    }
    ((p.now(field) / 4.0).trunc() - (p.before(field) / 4.0).trunc()) / p.centis * 100.0
}

pub(crate) static HUGE: Activity = Activity {
    id: 34,
    name: "hugepages",
    item: None,
    columns: &[
        gauge("kbhugfree", "hugfree", 0),
        calc("kbhugused", "hugused", 0, |p| p.now(1) - p.now(0)),
        calc("%hugused", "hugused-percent", 2, |p| share(p.now(1) - p.now(0), p.now(1))),
        Column { name: "kbhugrsvd", json: "hugrsvd", decimals: 0, unless: None, how: How::Gauge(2) },
        Column { name: "kbhugsurp", json: "hugsurp", decimals: 0, unless: None, how: How::Gauge(3) },
    ],
    json: json(None, "hugepages", None),
    layout: Some(&HUGE_LAYOUT),
};

/// Old files declare the size of the memory structure for it; its content is 16 bytes all the same.
static HUGE_LAYOUT: Layout = single([4, 0, 0], &[old(16, &[run(0, 2, 0, 8, L)])]);
