//! Block devices. A file knows them by major and minor number only.

use super::Kind::{I, L, Q};
use super::{Activity, Json, Key, Layout, Node, Old, calc, old, rate, run};
use crate::sysstat::binary::item::{Item, Pair};
use crate::sysstat::model::Version;

// Fields: nr_ios wwn wwn | rd_sect wr_sect dc_sect | rd_ticks wr_ticks tot_ticks rq_ticks major minor dc_ticks part_nr
const IOS: usize = 0;
const READ: usize = 3;
const WRITTEN: usize = 4;
const DISCARDED: usize = 5;
const READ_MS: usize = 6;
const WRITE_MS: usize = 7;
const BUSY_MS: usize = 8;
const QUEUE_MS: usize = 9;
const MAJOR: usize = 10;
const DISCARD_MS: usize = 12;

pub(crate) static DISK: Activity = Activity {
    id: 11,
    name: "disk",
    item: Some("DEV"),
    columns: &[
        rate("tps", "tps", IOS),
        calc("rkB/s", "rkB", 2, |p| p.rate(READ) / 2.0),
        calc("wkB/s", "wkB", 2, |p| p.rate(WRITTEN) / 2.0),
        calc("dkB/s", "dkB", 2, |p| p.rate(DISCARDED) / 2.0),
        calc("areq-sz", "areq-sz", 2, request_size),
        calc("aqu-sz", "aqu-sz", 2, |p| p.rate(QUEUE_MS) / 1000.0),
        calc("await", "await", 2, wait),
        calc("svctm", "svctm", 2, service_time),
        calc("%util", "util-percent", 2, |p| p.rate(BUSY_MS) / 10.0),
    ],
    json: Json {
        group: None,
        name: "disk",
        item: Some("disk-device"),
        // sysstat shows the names of old beside the new ones: sectors of 512 bytes beside kB.
        shape: &[
            Node::Key("tps", 0, 1.0),
            Node::Key("rd_sec", 1, 2.0),
            Node::Key("wr_sec", 2, 2.0),
            Node::Key("dc_sec", 3, 2.0),
            Node::Key("rkB", 1, 1.0),
            Node::Key("wkB", 2, 1.0),
            Node::Key("dkB", 3, 1.0),
            Node::Key("avgrq-sz", 4, 2.0),
            Node::Key("areq-sz", 4, 1.0),
            Node::Key("avgqu-sz", 5, 1.0),
            Node::Key("aqu-sz", 5, 1.0),
            Node::Key("await", 6, 1.0),
            Node::Key("svctm", 7, 1.0),
            Node::Key("util-percent", 8, 1.0),
        ],
    },
    layout: Some(&LAYOUT),
};

static LAYOUT: Layout = Layout {
    counts: [3, 3, 8],
    chars: &[],
    old: &[
        old(64, &[run(IOS, 1, 0, 8, Q), run(READ, 2, 16, 8, L), run(READ_MS, 6, 32, 4, I)]),
        // RHEL 6.3 and later: nr_ios became 64 bits wide and moved forward, when A_IO grew to 80 bytes.
        Old {
            size: 80,
            beside: Some((6, 80)),
            runs: &[run(READ, 2, 0, 16, Q), run(IOS, 1, 32, 8, Q), run(READ_MS, 4, 40, 8, L), run(MAJOR, 2, 72, 4, I)],
        },
        old(80, &[run(READ, 2, 0, 16, Q), run(READ_MS, 4, 32, 8, L), run(IOS, 1, 64, 8, L), run(MAJOR, 2, 72, 4, I)]),
    ],
    key: Key::Device(MAJOR),
    used: None,
    renewed: Some(renewed),
};

/// Requests finished in the interval; negative if the counter went back.
fn finished(p: &Pair<'_>) -> f64 {
    p.now(IOS) - p.before(IOS)
}

/// Differences of fields that older versions lack count as nothing.
fn or_zero(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

fn wait(p: &Pair<'_>) -> f64 {
    let n = finished(p);
    if n <= 0.0 { 0.0 } else { (p.diff(READ_MS) + p.diff(WRITE_MS) + or_zero(p.diff(DISCARD_MS))) / n }
}

/// In kB; the counters are sectors of 512 bytes.
fn request_size(p: &Pair<'_>) -> f64 {
    let n = finished(p);
    if n <= 0.0 { 0.0 } else { (p.diff(READ) + p.diff(WRITTEN) + or_zero(p.diff(DISCARDED))) / n / 2.0 }
}

/// Meaningless, and gone since sysstat 12.1.2; kept so that old files show what old sysstat showed.
fn service_time(p: &Pair<'_>) -> f64 {
    if p.version >= Version(12, 1, 2) {
        return f64::NAN;
    }
    let tput = finished(p) * 100.0 / p.centis;
    if tput == 0.0 { 0.0 } else { p.rate(BUSY_MS) / tput }
}

/// A device whose counters all went back was unplugged and another one plugged in.
fn renewed(old: &Item<'_, '_>, new: &Item<'_, '_>, version: Version) -> bool {
    let went_back = |f: usize| {
        let (before, now) = (old.get(f).unwrap_or(0), new.get(f).unwrap_or(0));
        now < before || (before == 0 && version >= Version(12, 1, 5))
    };
    let discards_too = version < Version(12, 1, 5) || went_back(DISCARDED);
    new.get(IOS) < old.get(IOS) && went_back(READ) && went_back(WRITTEN) && discards_too
}

/// The name that Linux gives to a device by its fixed major number (Documentation/admin-guide/devices.txt), e.g. `sda1`
/// for 8, 1.
///
/// `None` for majors that the kernel hands out as drivers load (device mapper, virtio, NVMe partitions …): only the
/// machine itself knew those, see [`Data::name_disks`](crate::sysstat::Data::name_disks).
pub fn usual_disk_name(major: u32, minor: u32) -> Option<String> {
    let lettered = |prefix: &str, number: u32, per_disk: u32| {
        let (mut disk, partition) = (number / per_disk, number % per_disk);
        let mut letters = Vec::new();
        loop {
            letters.push(char::from(b'a' + u8::try_from(disk % 26).unwrap_or(0)));
            if disk < 26 {
                break;
            }
            disk = disk / 26 - 1;
        }
        let letters: String = letters.iter().rev().collect();
        let partition = if partition == 0 { String::new() } else { partition.to_string() };
        format!("{prefix}{letters}{partition}")
    };
    let block = match major {
        8 => Some(0),
        65..=71 => Some(major - 64),
        128..=135 => Some(major - 120),
        _ => None,
    };
    if let Some(block) = block {
        return Some(lettered("sd", block * 256 + minor.min(255), 16));
    }
    match major {
        7 => Some(format!("loop{minor}")),
        9 => Some(format!("md{minor}")),
        11 => Some(format!("sr{minor}")),
        94 => Some(lettered("dasd", minor, 4)),
        147 => Some(format!("drbd{minor}")),
        202 => Some(lettered("xvd", minor, 16)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::usual_disk_name;

    #[test]
    fn fixed_majors_have_names() {
        let name = |major, minor| usual_disk_name(major, minor);
        assert_eq!(name(8, 0).as_deref(), Some("sda"));
        assert_eq!(name(8, 17).as_deref(), Some("sdb1"));
        assert_eq!(name(65, 160).as_deref(), Some("sdaa"));
        assert_eq!(name(202, 1).as_deref(), Some("xvda1"));
        assert_eq!(name(253, 0), None);
    }
}
