//! fio with `--fdatasync=1` or `--fsync=1`: how long a disk takes to make a small write durable.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "fio",
    program: Program::Command,
    doc: "`sync percentiles (usec)` … `99.00th=[ 2180]`; etcd asks for less than 10 ms",
    sniff,
    read,
    samples: &[
        "mytest: (groupid=0, jobs=1): err= 0: pid=12: Sat Nov 21 00:25:46 2026\n  write: IOPS=410, BW=921KiB/s\n  fsync/fdatasync/sync_file_range:\n    sync percentiles (usec):\n     |  1.00th=[  644],  5.00th=[  668],\n     | 99.00th=[ 5866], 99.50th=[ 7504],\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let hit = |l: &str| {
        l.contains("fsync/fdatasync/sync_file_range:")
            || l.trim_start().starts_with("write: IOPS=")
            || l.contains("sync percentiles (")
    };
    if text.lines().any(hit) { 94 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    // Milliseconds of one unit, inside of the percentiles of syncs.
    let mut unit: Option<f64> = None;
    for line in lines(&text) {
        if line.text.contains("percentiles (") {
            let scale = if line.text.contains("(nsec)") {
                1e-6
            } else if line.text.contains("(msec)") {
                1.0
            } else {
                1e-3
            };
            unit = line.text.contains("sync percentiles").then_some(scale);
        } else if let Some(scale) = unit
            && let Some(rest) = line.text.split("99.00th=[").nth(1)
            && let Some(n) = rest.split(']').next().and_then(|n| n.trim().parse::<f64>().ok())
        {
            sheet.num(Key::MetricValue, Some("fio sync p99 ms"), n * scale, line);
        }
    }
    sheet.account(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_percentile_of_syncs_only() {
        let mut out = Parsed::default();
        read(b"  clat percentiles (usec):\n     | 99.00th=[ 99],\n    sync percentiles (usec):\n     | 99.00th=[ 5866], 99.50th=[ 7504],\n", "", &mut out);
        assert_eq!(out.facts.len(), 1);
        assert!(out.facts[0].value.num().is_some_and(|n| (n - 5.866).abs() < 1e-9));
    }
}
