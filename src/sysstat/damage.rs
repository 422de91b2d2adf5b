//! Damaged files: nothing panics or hangs, what is whole is read, what is not is reported.
#![allow(clippy::disallowed_methods)] // tests may look at the clock and the environment

use std::time::{Duration, Instant};

use super::model::{Data, Fault};
use super::tests::fixtures;
use super::{Options, read_sa, text};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n.max(1) as u64).expect("fits")
    }
}

/// The file with a few bytes changed, cut, doubled or zeroed.
fn mangle(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(out.len());
        match dice.below(5) {
            0 => out.truncate(at),
            1 => out.splice(at..at, vec![0; dice.below(5000)]).for_each(drop),
            2 => {
                let end = (at + dice.below(5000)).min(out.len());
                out.drain(at..end);
            }
            _ => {
                for _ in 0..8 {
                    let at = dice.below(out.len());
                    let value = dice.below(256);
                    if let Some(byte) = out.get_mut(at) {
                        *byte = u8::try_from(value).expect("fits");
                    }
                }
            }
        }
    }
    out
}

fn sound(data: &Data) {
    for set in &data.sets {
        assert_eq!(set.values.len(), set.rows.len() * set.activity.columns.len());
        assert!(set.rows.is_sorted());
        assert!(set.rows.iter().all(|&row| (row as usize) < data.spans.len()));
    }
}

#[test]
fn mangled_binary_files_neither_panic_nor_hang() {
    let mut dice = Dice(88_172_645_463_325_252);
    for (path, bytes) in fixtures("recorded.tar.xz").iter().filter(|(path, _)| path.ends_with("/sa.x")) {
        for n in 0..40 {
            // Headers are where mangling tells most.
            let mangled = if n % 2 == 0 { mangle(bytes, &mut dice) } else { flip_header(bytes, &mut dice) };
            let started = Instant::now();
            let data = read_sa(&mangled, Options::default());
            sound(&data);
            let mut out = Vec::new();
            super::print::json(std::slice::from_ref(&data), &mut out).expect("written");
            assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&out).is_ok(), "{path} {n}");
            assert!(started.elapsed() < Duration::from_secs(5), "{path} {n}");
            if n % 4 < 2 {
                same_in_pieces(&mangled, &format!("{path} {n}"));
            }
        }
    }
}

/// Reading piece by piece finds as many samples and the same faults as reading all at once.
pub(super) fn same_in_pieces(bytes: &[u8], what: &str) {
    let (mut out, options) = (Vec::new(), Options::default());
    let mut document = super::print::Json::new(&mut out);
    let pieces = document.binary(&mut &*bytes, options, &|_, _| None).expect("written");
    document.finish().expect("written");
    let whole = super::read_files(bytes, options);
    let problems = |all: &[Data]| -> Vec<_> { all.iter().map(|data| data.problems.clone()).collect() };
    assert_eq!(problems(&pieces), problems(&whole), "{what}");
    let samples = memchr::memmem::find_iter(&out, b"\"timestamp\": {").count();
    assert_eq!(samples, whole.iter().map(|data| data.spans.len()).sum::<usize>(), "{what}");
    assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&out).is_ok(), "{what}");
}

fn flip_header(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..3 {
        let at = dice.below(1600.min(bytes.len()));
        let value = dice.below(256);
        if let Some(byte) = out.get_mut(at) {
            *byte = u8::try_from(value).expect("fits");
        }
    }
    out
}

#[test]
fn mangled_texts_neither_panic_nor_hang() {
    let mut dice = Dice(1_181_783_497_276_652_981);
    let mut files = fixtures("sadf.tar.xz");
    files.extend(fixtures("text.tar.xz"));
    for (path, bytes) in files.iter().step_by(3) {
        for _ in 0..3 {
            let mangled = mangle(bytes.get(..bytes.len().min(60_000)).unwrap_or_default(), &mut dice);
            let started = Instant::now();
            let mut all = text::read_sar(&mangled);
            all.extend(text::read_sadf_json(&mangled));
            all.extend(text::read_sadf_xml(&mangled));
            all.extend(text::read_iostat(&mangled));
            all.push(text::read_sadf_csv(&mangled));
            all.push(text::read_sadf_lines(&mangled));
            all.push(text::read_vmstat(&mangled));
            all.iter().for_each(sound);
            assert!(started.elapsed() < Duration::from_secs(5), "{path}");
        }
    }
}

/// After a power cut the last blocks are zeros, and sadc appends behind them: one sample is lost, not the rest.
#[test]
fn holes_are_passed_over_and_reported() {
    for (path, bytes) in fixtures("recorded.tar.xz").iter().filter(|(path, _)| path.ends_with("/sa.all")) {
        let whole = read_sa(bytes, Options::default());
        let samples = whole.spans.len();
        // The middle of the file lies in sample 4 or so of 8: zero from there over one sample's length.
        let length = bytes.len() / 9;
        let middle = bytes.len() / 2;
        let mut holed = bytes.clone();
        holed.get_mut(middle..middle + length).expect("inside").fill(0);
        let data = read_sa(&holed, Options::default());
        assert!(data.spans.len() + 3 >= samples, "{path}: {} of {samples}", data.spans.len());
        assert_eq!(data.spans.last(), whole.spans.last(), "{path}");
        // Zeros inside the tables of one sample and the beginning of the next may also be values: then no hole shows.
        for p in &data.problems {
            assert!(matches!(p.fault, Fault::ZeroHole | Fault::Garbage), "{path}: {p:?}");
            assert!(p.before < p.after, "{path}: {p:?}");
        }
        let mut appended = bytes.clone();
        appended.extend([0; 3000]);
        let data = read_sa(&appended, Options::default());
        assert_eq!(data.spans, whole.spans, "{path}");
        assert_eq!(data.problems.first().map(|p| (p.fault, p.have)), Some((Fault::ZeroHole, Some(3000))), "{path}");
        let cut = read_sa(bytes.get(..bytes.len() - 100).expect("longer"), Options::default());
        assert_eq!(cut.spans.len() + 1, samples, "{path}");
        assert_eq!(cut.problems.first().map(|p| p.fault), Some(Fault::Truncated), "{path}");
    }
}

/// A file of RHEL 5 with one processor, one interface and one disk; counters grow by `n` times a step.
fn rhel5(samples: u64) -> Vec<u8> {
    let put = |bytes: &mut [u8], at: usize, value: &[u8]| {
        bytes.get_mut(at..at + value.len()).expect("inside").copy_from_slice(value);
    };
    let begun = 1_348_151_377u64;
    let mut out = vec![0; 240];
    put(&mut out, 0, &begun.to_le_bytes());
    for (at, n) in [(20, 1u32), (24, 1), (32, 1), (36, 0x2169 | 464 << 16)] {
        put(&mut out, at, &n.to_le_bytes());
    }
    put(&mut out, 40, &[20, 8, 112, 8]);
    put(&mut out, 44, b"Linux");
    put(&mut out, 109, b"old5");
    put(&mut out, 174, b"2.6.18-308.el5");
    for n in 0..samples {
        let mut r = vec![0; 464 + 112 + 144 + 80];
        let epoch = begun + 600 * n;
        let clock = epoch % 86400;
        // uptime of all, of one; user, idle; of the one processor, too.
        for (at, value) in [(0, 60_000 * n), (16, 60_000 * n), (48, 15_000 * n), (96, 45_000 * n), (160, epoch)] {
            put(&mut r, at, &value.to_le_bytes());
        }
        put(&mut r, 464, &(45_000 * n).to_le_bytes());
        put(&mut r, 464 + 32, &(15_000 * n).to_le_bytes());
        // kB of memory free and in all, ten swapped pages a second.
        for (at, value) in [(208, 250_000), (232, 1_000_000), (192, 6_000 * n)] {
            put(&mut r, at, &value.to_le_bytes());
        }
        let (iface, disk) = (464 + 112, 464 + 112 + 144);
        put(&mut r, iface + 16, &(1024 * 600 * n).to_le_bytes());
        put(&mut r, iface + 128, b"eth0");
        // Sectors written, ms of writes, requests; 8, 0.
        for (at, value) in [(16, 1_200 * n), (40, 9_000 * n), (64, 600 * n)] {
            put(&mut r, disk + at, &value.to_le_bytes());
        }
        put(&mut r, disk + 72, &8u32.to_le_bytes());
        put(&mut r, 448, &[1, (clock / 3600) as u8, (clock / 60 % 60) as u8, (clock % 60) as u8]);
        out.extend(r);
    }
    out
}

#[test]
fn files_of_rhel_5_are_read_and_their_holes_reported() {
    let whole = rhel5(6);
    let data = read_sa(&whole, Options::default());
    assert!(super::looks_like_sa(&whole));
    assert_eq!((data.format, data.host.as_deref(), data.spans.len()), (Some(0x2169), Some("old5"), 5));
    assert!(data.problems.is_empty(), "{:?}", data.problems);
    let first = |activity: &str, item: Option<&str>, column: &str| {
        data.set(activity, item).and_then(|set| set.series(&data, column).next()).map(|(_, value)| value)
    };
    assert_eq!(first("cpu", Some("all"), "%usr"), Some(25.0));
    assert_eq!(first("cpu", Some("0"), "%idle"), Some(75.0));
    assert_eq!(first("cpu", Some("all"), "%irq"), None);
    assert_eq!(first("disk", Some("dev8-0"), "await"), Some(15.0));
    assert_eq!(first("disk", Some("dev8-0"), "wkB/s"), Some(1.0));
    assert_eq!(first("net-dev", Some("eth0"), "rxkB/s"), Some(1.0));
    assert_eq!(first("memory", None, "%memused"), Some(75.0));
    assert_eq!(first("swap", None, "pswpin/s"), Some(10.0));
    assert_eq!(data.skipped.len(), 0);
    // One sample is zeros, and the tail is cut.
    let size = (whole.len() - 240) / 6;
    let mut holed = whole.clone();
    holed.get_mut(240 + 2 * size..240 + 3 * size).expect("inside").fill(0);
    holed.truncate(whole.len() - 50);
    let data = read_sa(&holed, Options::default());
    let faults: Vec<Fault> = data.problems.iter().map(|p| p.fault).collect();
    assert_eq!(faults, [Fault::ZeroHole, Fault::Truncated]);
    assert_eq!(data.spans.len(), 3);
    for n in 0..400 {
        let mut dice = Dice(77 + n);
        let mangled = mangle(&whole, &mut dice);
        let _ = read_sa(&mangled, Options::default());
        same_in_pieces(&mangled, &format!("RHEL 5 {n}"));
    }
}

#[test]
fn what_is_too_old_is_named_with_a_remedy() {
    let mut old = rhel5(1);
    old.get_mut(36..38).expect("inside").copy_from_slice(&0x216bu16.to_le_bytes());
    assert!(super::looks_like_sa(&old));
    let data = read_sa(&old, Options::default());
    let problem = data.problems.first().expect("a problem");
    assert_eq!(problem.fault, Fault::Header);
    assert!(problem.what.contains("0x216b") && problem.what.contains("sadf -x"), "{}", problem.what);
    assert!(data.is_unreadable());
}
