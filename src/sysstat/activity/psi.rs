//! Pressure stall information: the share of time in which tasks waited for a resource (kernel 4.20, sysstat 12.3.3).

use super::{Activity, Layout, calc, hundredth, json, single};
use crate::sysstat::binary::item::Pair;

/// The mean over the interval, exact; the -10, -60 and -300 columns are the kernel's own decaying means at its end.
fn mean(p: &Pair<'_>, total: usize) -> f64 {
    if p.has_baseline() { (p.now(total) - p.before(total)) / (100.0 * p.centis) } else { f64::NAN }
}

pub(crate) static CPU: Activity = Activity {
    id: 40,
    name: "psi-cpu",
    item: None,
    columns: &[
        hundredth("%scpu-10", "some_avg10", 1),
        hundredth("%scpu-60", "some_avg60", 2),
        hundredth("%scpu-300", "some_avg300", 3),
        calc("%scpu", "some_avg", 2, |p| mean(p, 0)),
    ],
    json: json(Some("psi"), "psi-cpu", None),
    layout: Some(&CPU_LAYOUT),
};

pub(crate) static IO: Activity = Activity {
    id: 41,
    name: "psi-io",
    item: None,
    columns: &[
        hundredth("%sio-10", "some_avg10", 2),
        hundredth("%sio-60", "some_avg60", 3),
        hundredth("%sio-300", "some_avg300", 4),
        calc("%sio", "some_avg", 2, |p| mean(p, 0)),
        hundredth("%fio-10", "full_avg10", 5),
        hundredth("%fio-60", "full_avg60", 6),
        hundredth("%fio-300", "full_avg300", 7),
        calc("%fio", "full_avg", 2, |p| mean(p, 1)),
    ],
    json: json(Some("psi"), "psi-io", None),
    layout: Some(&IO_LAYOUT),
};

pub(crate) static MEM: Activity = Activity {
    id: 42,
    name: "psi-mem",
    item: None,
    columns: &[
        hundredth("%smem-10", "some_avg10", 2),
        hundredth("%smem-60", "some_avg60", 3),
        hundredth("%smem-300", "some_avg300", 4),
        calc("%smem", "some_avg", 2, |p| mean(p, 0)),
        hundredth("%fmem-10", "full_avg10", 5),
        hundredth("%fmem-60", "full_avg60", 6),
        hundredth("%fmem-300", "full_avg300", 7),
        calc("%fmem", "full_avg", 2, |p| mean(p, 1)),
    ],
    json: json(Some("psi"), "psi-mem", None),
    layout: Some(&MEM_LAYOUT),
};

static CPU_LAYOUT: Layout = single([1, 3, 0], &[]);
static IO_LAYOUT: Layout = single([2, 6, 0], &[]);
static MEM_LAYOUT: Layout = single([2, 6, 0], &[]);
