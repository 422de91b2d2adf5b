//! Mounted file systems with a device behind them, one per device.

use super::Kind::{Q, S};
use super::{Activity, Key, Layout, calc, gauge, json, old, run};
use crate::sysstat::binary::item::Pair;

// Fields: f_blocks f_bfree f_bavail (bytes) f_files f_ffree | fs_name mountp
const SIZE: usize = 0;
const FREE: usize = 1;
const AVAILABLE: usize = 2;
const FILES: usize = 3;
const FILES_FREE: usize = 4;
const NAME: usize = 5;
/// The mount point, where the file has it.
pub(crate) const MOUNT: usize = 6;

/// `df` shows yet another share: used / (used + available), rounded up.
pub(crate) static FS: Activity = Activity {
    id: 37,
    name: "filesystem",
    item: Some("FILESYSTEM"),
    columns: &[
        calc("MBfsfree", "MBfsfree", 0, |p| sane(p, p.now(FREE)) / 1_048_576.0),
        calc("MBfsused", "MBfsused", 0, |p| sane(p, p.now(SIZE) - p.now(FREE)) / 1_048_576.0),
        calc("%fsused", "%fsused", 2, |p| used(sane(p, p.now(FREE)), p.now(SIZE))),
        calc("%ufsused", "%ufsused", 2, |p| used(sane(p, p.now(AVAILABLE)), p.now(SIZE))),
        gauge("Ifree", "Ifree", FILES_FREE),
        calc("Iused", "Iused", 0, |p| p.now(FILES) - p.now(FILES_FREE)),
        calc("%Iused", "%Iused", 2, |p| used(p.now(FILES_FREE), p.now(FILES))),
    ],
    json: json(None, "filesystems", Some("filesystem")),
    layout: Some(&LAYOUT),
};

static LAYOUT: Layout = Layout {
    counts: [5, 0, 0],
    chars: &[128, 128],
    old: &[
        old(160, &[run(0, 5, 0, 16, Q), run(NAME, 1, 80, 0, S(72))]),
        old(336, &[run(0, 5, 0, 16, Q), run(NAME, 1, 80, 0, S(128)), run(MOUNT, 1, 208, 0, S(128))]),
    ],
    key: Key::Name(NAME),
    used: Some(SIZE),
    renewed: None,
};

/// 32-bit sadc multiplied blocks by block size in 32 bits: more free than there is means that the numbers are void.
fn sane(p: &Pair<'_>, value: f64) -> f64 {
    if p.now(FREE) > p.now(SIZE) && !p.like_sysstat { f64::NAN } else { value }
}

fn used(free: f64, size: f64) -> f64 {
    if size == 0.0 { 0.0 } else { (size - free) / size * 100.0 }
}
