//! Every recorded file against the output of the sysstat that wrote it.
#![allow(clippy::disallowed_methods)] // tests may look at the clock and the environment
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

use super::model::{Data, Fault, Set};
use super::{Options, read_sa, text};

/// All files of an xz-packed tar below `fixtures/sysstat`.
pub(super) fn fixtures(name: &str) -> BTreeMap<String, Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/sysstat").join(name);
    let packed = std::fs::File::open(path).expect("fixture");
    let mut archive = tar::Archive::new(lzma_rust2::XzReader::new(packed, true));
    let mut files = BTreeMap::new();
    for entry in archive.entries().expect("tar") {
        let mut entry = entry.expect("entry");
        let path = entry.path().expect("path").display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("content");
        files.insert(path, bytes);
    }
    files
}

/// Rows compared and rows that differ, by activity.
type Score = BTreeMap<&'static str, (usize, usize)>;

/// Compares what we read from a binary file with what was read from a text made of it.
fn compare(binary: &Data, printed: &Data, score: &mut Score, examples: &mut Vec<String>) {
    let mut nth = BTreeMap::<&str, usize>::new();
    for theirs in &printed.sets {
        let name = theirs.activity.name;
        let n = nth.entry(name).or_default();
        let ours: Vec<&Set> = binary.sets_of(name).collect();
        // sadf may show the names that the disks had on its machine; the order is the same.
        let found = ours.iter().find(|s| s.item == theirs.item).or_else(|| ours.get(*n).filter(|_| name == "disk"));
        *n += 1;
        let entry = score.entry(name).or_default();
        let Some(ours) = found else {
            entry.0 += theirs.rows.len();
            entry.1 += theirs.rows.len();
            examples.push(format!("{name} {:?}: no such set", theirs.item));
            continue;
        };
        if name == "filesystem" {
            // One that is mounted twice is listed twice, so a text can't tell two samples of one second apart.
            for (tb, row) in theirs.iter() {
                entry.0 += 1;
                if !ours.iter().any(|(ta, ours)| same_time(binary, ta, printed, tb) && same_values(ours, row)) {
                    entry.1 += 1;
                    examples.push(format!("{name} {:?}: nothing like {row:?}", theirs.item));
                }
            }
            continue;
        }
        let (mut a, mut b) = (ours.iter(), theirs.iter());
        loop {
            let (ours, row) = (a.next(), b.next());
            if ours.is_none() && row.is_none() {
                break;
            }
            entry.0 += 1;
            let same = match (ours, row) {
                (Some((ta, ours)), Some((tb, theirs))) => {
                    same_time(binary, ta, printed, tb) && same_values(ours, theirs)
                }
                _ => false,
            };
            if !same {
                entry.1 += 1;
                if examples.len() < 400 {
                    let made_up = match (ours, row) {
                        (Some((ta, ours)), Some((tb, theirs))) => {
                            same_time(binary, ta, printed, tb) && same_but_made_up(ours, theirs)
                        }
                        _ => false,
                    };
                    let why = if made_up { LACKING } else { "" };
                    examples.push(format!("{name} {:?}: ours {ours:?} theirs {row:?}{why}", theirs.item));
                }
            }
        }
    }
}

fn same_time(a: &Data, ta: u32, b: &Data, tb: u32) -> bool {
    match (a.spans.get(ta as usize), b.spans.get(tb as usize)) {
        (Some(_), Some(b)) if b.to.epoch.is_some_and(|t| t < LOST_TIMES + 86400) => true,
        (Some(a), Some(b)) if b.to.epoch.is_some() => a.to.epoch == b.to.epoch,
        // sar prints the time of the zone that it runs in: the host's, or GMT for sysstat's own samples.
        (Some(a), Some(b)) => {
            let printed = b.to.local.map(|l| (l.date, l.second));
            let utc = a.to.epoch.map(|e| e.rem_euclid(86400));
            a.to.local.map(|l| (l.date, l.second)) == printed || utc == printed.map(|(_, second)| i64::from(second))
        }
        _ => false,
    }
}

/// sadf 11.7 to 12.5 of 32-bit big-endian machines print 1970 for all times: samples are numbered from here instead.
const LOST_TIMES: i64 = 1_000_000_000;

fn number_lost_times(csv: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(csv);
    if !text.contains(";1970-01-01") {
        return csv.to_vec();
    }
    let (mut out, mut sample, mut first) = (String::new(), 0, String::new());
    let mut segment = 0;
    for line in text.lines() {
        let cells: Vec<&str> = line.split(';').collect();
        let item = cells.get(3).copied().unwrap_or_default();
        if line.starts_with('#') {
            (sample, first) = (segment * 1000, String::new());
        } else if item.starts_with("LINUX") {
            segment += 1;
        } else {
            let names_item = item.parse::<f64>().is_err() || matches!(item, "-1" | "0" | "1");
            if first.is_empty() {
                first = item.to_string();
            }
            sample += i64::from(item == first || !names_item);
            let time = (LOST_TIMES + sample).to_string();
            let line: Vec<&str> = cells.iter().enumerate().map(|(i, c)| if i == 2 { &time } else { *c }).collect();
            out += &(line.join(";") + "\n");
            continue;
        }
        out += &(line.to_string() + "\n");
    }
    out.into_bytes()
}

/// What stands behind a row that differs only in values which the file does not have.
const LACKING: &str = ", which is not in the file";

/// `sadf -c` puts 0 where an old file has no value, and for the memory that is available what is free.
fn same_but_made_up(ours: &[f64], theirs: &[f64]) -> bool {
    let free = ours.first().copied();
    let made: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(&a, &b)| if a.is_nan() && (b == 0.0 || Some(b) == free) { b } else { a })
        .collect();
    same_values(&made, theirs)
}

/// Equal within the rounding of two decimals (none for MB, whose values are large).
fn same_values(ours: &[f64], theirs: &[f64]) -> bool {
    let close =
        |a: f64, b: f64| (a - b).abs() <= 0.0051 + b.abs() * 1e-12 || (b.fract() == 0.0 && (a - b).abs() <= 0.5);
    // 32-bit sadc overflowed: more free than there is, which its sadf shows as astronomical numbers.
    let overflown = |a: f64, b: f64| a < 0.0 && b > 1e9;
    ours.iter().zip(theirs).all(|(&a, &b)| b.is_nan() || close(a, b) || overflown(a, b))
}

#[test]
fn values_equal_those_of_the_sysstat_that_wrote_the_file() {
    let files = fixtures("recorded.tar.xz");
    let mut table = BTreeMap::<String, Score>::new();
    let mut failures = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with(".csv")) {
        let data = read_sa(bytes, Options { like_sysstat: true, as_version: None });
        assert!(data.problems.is_empty(), "{path}: {:?}", data.problems);
        let Some(csv) = files.get(&format!("{path}.d.csv")) else {
            continue;
        };
        let printed = text::read_sadf_csv(&number_lost_times(csv));
        assert!(printed.problems.is_empty(), "{path}: {:?}", printed.problems);
        let (version, _) = path.split_once('/').expect("folder");
        let mut examples = Vec::new();
        compare(&data, &printed, table.entry(version.to_string()).or_default(), &mut examples);
        failures.extend(examples.into_iter().map(|e| format!("{path}: {e}")));
    }
    print(&table);
    for f in failures.iter().take(30) {
        println!("{f}");
    }
    assert!(failures.is_empty(), "{} rows differ", failures.len());
}

/// The table version × activity: rows compared, and behind a `!` those that differ.
fn print(table: &BTreeMap<String, Score>) {
    let mut names: Vec<&str> = table.values().flat_map(|s| s.keys().copied()).collect();
    names.sort();
    names.dedup();
    println!("{:18} {}", "", names.join(" "));
    for (version, score) in table {
        let cells = names.iter().map(|name| match score.get(name) {
            None => format!("{:>w$}", "-", w = name.len()),
            Some((rows, 0)) => format!("{rows:>w$}", w = name.len()),
            Some((rows, bad)) => format!("{:>w$}", format!("{rows}!{bad}"), w = name.len()),
        });
        println!("{version:18} {}", cells.collect::<Vec<_>>().join(" "));
    }
}

/// `cat sa20 sa21 > days`: headers stand between records.
#[test]
fn files_put_one_behind_another_are_read_one_by_one() {
    let files = fixtures("recorded.tar.xz");
    let all: Vec<&Vec<u8>> =
        files.iter().filter(|(path, b)| !path.ends_with(".csv") && super::looks_like_sa(b)).map(|f| f.1).collect();
    assert!(all.len() > 20, "{} files", all.len());
    let rows = |data: &Data| -> usize { data.sets.iter().map(|s| s.iter().count()).sum() };
    for pair in all.windows(2) {
        let [first, second] = pair else { continue };
        let both = [first.as_slice(), second.as_slice()].concat();
        let read: Vec<usize> = super::read(&both, Options::default()).iter().map(rows).collect();
        let apart = [first, second].map(|b| rows(&read_sa(b, Options::default())));
        assert_eq!(read, apart);
        // The first is cut inside a record: it ends where the second begins.
        let cut = first.get(..first.len() - 100).expect("longer");
        let both = [cut, second.as_slice()].concat();
        super::damage::same_in_pieces(&both, "cut before another");
        let read = super::read(&both, Options::default());
        assert_eq!(read.get(1).map(rows), Some(rows(&read_sa(second, Options::default()))));
        let faults: Vec<Fault> = read.first().expect("two").problems.iter().map(|p| p.fault).collect();
        assert!(faults.contains(&Fault::Truncated), "{faults:?}");
        // The second is cut: the offset is that in the whole.
        let cut = second.get(..second.len() - 1).expect("longer");
        let both = [first.as_slice(), cut].concat();
        super::damage::same_in_pieces(&both, "two files");
        let read = super::read(&both, Options::default());
        let last = read.get(1).and_then(|data| data.problems.iter().rfind(|p| p.fault == Fault::Truncated));
        assert!(last.is_some_and(|p| p.offset > first.len() as u64), "{last:?}");
    }
}

/// A header, and less than a record's head before the next file: found by a fuzzer.
#[test]
fn bytes_of_the_next_file_say_nothing_of_the_one_before() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sysstat/no-record-before-the-next-file.sa");
    let bytes = std::fs::read(path).expect("fixture");
    assert_eq!(super::read(&bytes, Options::default()).len(), 2);
    super::damage::same_in_pieces(&bytes, "no record before the next file");
}

/// Four megabytes in tests, of which an undamaged file needs a few kilobytes.
#[test]
fn damage_that_would_have_to_be_held_beyond_the_limit_is_said() {
    let files = fixtures("recorded.tar.xz");
    let bytes = files.get("HEAD/sa.x").expect("file");
    let read = |bytes: &[u8]| {
        let mut out = Vec::new();
        let mut document = super::print::Json::new(&mut out);
        let data = document.binary(&mut &*bytes, Options::default(), &|_, _| None).expect("written");
        document.finish().expect("written");
        let said = |d: &Data| d.problems.iter().any(|p| p.what.contains("held in memory: read up to there"));
        (data.iter().any(said), data.iter().map(|d| d.spans.len()).sum::<usize>(), out.len())
    };
    let mut damaged = bytes.get(..bytes.len() / 2).expect("longer").to_vec();
    let before = read(&damaged);
    assert!(!before.0 && before.2 > 1_000);
    damaged.resize(6 << 20, 0xff);
    assert!(read(&damaged).0);
}

/// What `for f in sa20 sa21; do sar -A -f $f; done` prints.
#[test]
fn several_days_in_one_text_are_read_one_by_one() {
    let day = |date: &str| {
        format!(
            "Linux 6.1.0 (db1) \t{date} \t_x86_64_\t(4 CPU)\n\n00:00:01        CPU     %user     %nice   %system   %iowait    %steal     %idle\n00:10:01        all      1.00      0.00      1.00      0.50      0.00     97.50\n23:50:01        all      2.00      0.00      1.00      0.50      0.00     96.50\nAverage:        all      1.50      0.00      1.00      0.50      0.00     97.00\n\n"
        )
    };
    let text = day("2026-11-20") + &day("2026-11-21");
    let days: BTreeSet<String> = super::read(text.as_bytes(), Options::default())
        .iter()
        .flat_map(|d| {
            d.sets_of("cpu")
                .flat_map(|s| {
                    s.series(d, "%user")
                        .map(|(span, v)| format!("{:?} {v}", span.to.local.map(|l| (l.date, l.second))))
                        .collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(days.len(), 4, "{days:?}");
}

#[test]
fn json_is_that_of_the_newest_sadf() {
    let files = fixtures("recorded.tar.xz");
    let bytes = files.get("HEAD/sa.x").expect("file");
    let data = read_sa(bytes, Options::default());
    let mut out = Vec::new();
    super::print::json(std::slice::from_ref(&data), &mut out).expect("written");
    serde_json::from_slice::<serde_json::Value>(&out).expect("valid");
    if let Ok(dir) = std::env::var("SA_TEST_OUTPUT") {
        let dir = PathBuf::from(dir);
        std::fs::write(dir.join("out.json"), &out).expect("written");
        let mut out = Vec::new();
        super::print::text(std::slice::from_ref(&data), &mut out).expect("written");
        std::fs::write(dir.join("out.txt"), &out).expect("written");
        let mut out = Vec::new();
        super::print::csv(std::slice::from_ref(&data), &mut out).expect("written");
        std::fs::write(dir.join("out.csv"), &out).expect("written");
    }
}

#[test]
fn the_text_of_sar_says_what_the_binary_file_says() {
    let files = fixtures("recorded.tar.xz");
    let texts = fixtures("text.tar.xz");
    let mut table = BTreeMap::<String, Score>::new();
    let mut failures = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with(".csv")) {
        // sar of 32-bit 11.2.0 prints garbage for memory; that of 32-bit big-endian 11.7 to 12.5 has all times 1970.
        let broken = ["11.2.0-armhf", "11.2.0-i386"].iter().any(|v| path.starts_with(v))
            || ["11.7.3-ppc", "12.0.3-ppc", "12.2.0-ppc", "12.5.4-ppc"].iter().any(|v| path.starts_with(v));
        let Some(text) = texts.get(&format!("{path}.sar.txt")).filter(|_| !broken) else {
            continue;
        };
        let data = read_sa(bytes, Options { like_sysstat: true, as_version: None });
        assert!(text::looks_like_sar(text), "{path}");
        let printed = text::read_sar(text);
        assert_eq!(printed.len(), 1, "{path}");
        let (version, _) = path.split_once('/').expect("folder");
        let mut examples = Vec::new();
        for printed in &printed {
            assert!(printed.problems.is_empty(), "{path}: {:?}", printed.problems);
            assert_eq!(printed.restarts.len(), data.restarts.len(), "{path}");
            assert_eq!(printed.comments.len(), data.comments.len(), "{path}");
            compare(&data, printed, table.entry(version.to_string()).or_default(), &mut examples);
        }
        failures.extend(examples.into_iter().map(|e| format!("{path}: {e}")));
    }
    print(&table);
    for f in failures.iter().take(30) {
        println!("{f}");
    }
    assert!(failures.is_empty(), "{} rows differ", failures.len());
}

#[test]
fn sar_speaks_sixteen_languages() {
    let files = fixtures("recorded.tar.xz");
    let texts = fixtures("text.tar.xz");
    let (mut score, mut failures) = (Score::new(), Vec::new());
    for (path, text) in texts.iter().filter(|(path, _)| path.starts_with("text/sar.v") || path.contains("/sadf-d.")) {
        // sar 10.1.5 has no room for the long Korean time and prints none.
        if path.contains("sar.v10.1.5.ko_KR") {
            continue;
        }
        let version = ["10.1.5", "11.7.3", "12.6.1-debian12"].into_iter().find(|v| path.contains(&v[..6]));
        let Some(bytes) = version.and_then(|v| files.get(&format!("{v}/sa.x"))) else {
            continue;
        };
        let data = read_sa(bytes, Options { like_sysstat: true, as_version: None });
        let printed = if path.ends_with(".csv") {
            assert!(text::looks_like_sadf_csv(text), "{path}");
            text::read_sadf_csv(text)
        } else {
            assert!(text::looks_like_sar(text), "{path}");
            text::read_sar(text).pop().expect("one host")
        };
        assert!(printed.problems.is_empty(), "{path}: {:?}", printed.problems);
        assert!(!printed.sets.is_empty(), "{path}");
        let mut examples = Vec::new();
        compare(&data, &printed, &mut score, &mut examples);
        failures.extend(examples.into_iter().map(|e| format!("{path}: {e}")));
    }
    for f in failures.iter().take(30) {
        println!("{f}");
    }
    assert!(failures.is_empty(), "{} rows differ of {score:?}", failures.len());
}

#[test]
fn the_other_outputs_of_sadf_say_the_same() {
    let files = fixtures("recorded.tar.xz");
    let texts = fixtures("sadf.tar.xz");
    let mut table = BTreeMap::<String, Score>::new();
    let mut failures = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.ends_with("/sa.x")) {
        let data = read_sa(bytes, Options { like_sysstat: true, as_version: None });
        let (version, _) = path.split_once('/').expect("folder");
        for (form, read) in [("json", read_json as fn(&[u8]) -> Data), ("xml", read_xml), ("p.txt", read_lines)] {
            // All times of 32-bit big-endian 11.7 to 12.5 are 1970.
            let lost = ["11.7.3-ppc", "12.0.3-ppc", "12.2.0-ppc", "12.5.4-ppc"].iter().any(|v| path.starts_with(v));
            let Some(text) = texts.get(&format!("{path}.{form}")).filter(|_| !lost) else {
                continue;
            };
            let printed = read(text);
            assert!(printed.problems.is_empty(), "{path}.{form}: {:?}", printed.problems);
            let mut examples = Vec::new();
            compare(&data, &printed, table.entry(format!("{version} {form}")).or_default(), &mut examples);
            failures.extend(examples.into_iter().map(|e| format!("{path}.{form}: {e}")));
        }
    }
    print(&table);
    for f in failures.iter().take(40) {
        println!("{f}");
    }
    assert!(failures.is_empty(), "{} rows differ", failures.len());
}

fn read_json(text: &[u8]) -> Data {
    assert!(text::looks_like_sadf_json(text));
    text::read_sadf_json(text).pop().expect("a host")
}

fn read_xml(text: &[u8]) -> Data {
    assert!(text::looks_like_sadf_xml(text));
    text::read_sadf_xml(text).pop().expect("a host")
}

fn read_lines(text: &[u8]) -> Data {
    assert!(text::looks_like_sadf_lines(text));
    text::read_sadf_lines(text)
}

/// sysstat's own test files are GPL and not in this repository: set SYSSTAT_UPSTREAM to a folder that holds them, with
/// the outputs of sysstat beside them (`sim-*/data.sadf-d.csv`, `upstream-tests/expected.*`).
#[test]
fn upstream_samples() {
    let Ok(root) = std::env::var("SYSSTAT_UPSTREAM").map(PathBuf::from) else {
        return;
    };
    let newest = Some(super::model::Version(12, 8, 0));
    let options = Options { like_sysstat: true, as_version: newest };
    let unpack = |path: &std::path::Path| {
        let bytes = std::fs::read(path).expect("file");
        if path.extension().is_some_and(|e| e == "xz") {
            let mut out = Vec::new();
            lzma_rust2::XzReader::new(bytes.as_slice(), true).read_to_end(&mut out).expect("xz");
            return out;
        }
        bytes
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("folder")
        .flatten()
        .filter(|d| d.path().is_dir())
        .flat_map(|d| std::fs::read_dir(d.path()).expect("folder").flatten().map(|f| f.path()))
        .filter(|p| std::env::var("SYSSTAT_ONLY").map_or(true, |only| p.display().to_string().contains(&only)))
        .collect();
    files.sort();
    let mut bad = 0;
    for path in &files {
        let bytes = unpack(path);
        let name = path.strip_prefix(&root).expect("below").display().to_string();
        if !super::looks_like_sa(&bytes) {
            continue;
        }
        let started = std::time::Instant::now();
        let data = read_sa(&bytes, options);
        println!(
            "{name}: {} spans, {} sets, {} restarts, {} comments, {:?}",
            data.spans.len(),
            data.sets.len(),
            data.restarts.len(),
            data.comments.len(),
            started.elapsed()
        );
        for p in data.problems.iter().take(3) {
            println!("    at {}: {} (need {:?}, have {:?})", p.offset, p.what, p.need, p.have);
        }
        let dir = path.parent().expect("folder");
        let file = path.file_name().expect("name").to_string_lossy().to_string();
        let mut outputs = vec![dir.join(format!("{file}.sadf-d.csv")), dir.join(format!("{file}.sar-AC.txt"))];
        outputs.push(dir.join(format!("expected.{file}")));
        outputs.push(dir.join(format!("{}.xml.xz", file.trim_end_matches(".xz").trim_end_matches(".bin"))));
        for output in outputs.iter().filter(|o| o.exists()) {
            let text = unpack(output);
            let printed = if text::looks_like_sadf_csv(&text) {
                vec![text::read_sadf_csv(&text)]
            } else if text::looks_like_sadf_xml(&text) {
                text::read_sadf_xml(&text)
            } else {
                text::read_sar(&text)
            };
            let (mut score, mut examples) = (Score::new(), Vec::new());
            if data.problems.iter().any(|p| p.what.contains("another byte order")) {
                // The expectation has the times as they stand, in the year 2039, so all its rates are 0.
                let (ours, theirs) = (&data, printed.first().expect("output"));
                let gauges = ["memory", "swap-space", "hugepages", "kernel", "queue", "filesystem"];
                for set in theirs.sets.iter().filter(|s| gauges.contains(&s.activity.name)) {
                    let same = ours.sets_of(set.activity.name).find(|s| s.item == set.item).is_some_and(|s| {
                        s.iter().count() == set.iter().count()
                            && s.iter().zip(set.iter()).all(|((_, a), (_, b))| same_but_made_up(a, b))
                    });
                    println!("    {} {:?}: {}", set.activity.name, set.item, if same { "equal" } else { "differs" });
                    bad += usize::from(!same);
                }
                continue;
            }
            // The XML was made by the version that wrote the file.
            let own = read_sa(&bytes, Options { like_sysstat: true, as_version: None });
            for printed in &printed {
                let data = if printed.source == super::model::Source::SadfXml { &own } else { &data };
                compare(data, printed, &mut score, &mut examples);
            }
            // `sadf -c`, which made the expectations, fills in what old files lack.
            let lacking = examples.iter().filter(|e| e.ends_with(LACKING)).count();
            examples.retain(|e| !e.ends_with(LACKING));
            if lacking > 0 {
                println!("    {lacking} rows differ in what the file lacks and `sadf -c` made up");
            }
            let rows: usize = score.values().map(|s| s.0).sum();
            println!(
                "    {}: {rows} rows, {} differ",
                output.file_name().expect("name").to_string_lossy(),
                examples.len()
            );
            for e in examples.iter().take(4) {
                println!("        {e}");
            }
            // Of the three XML files one lacks rows, one has the numbers of io in wrong columns, one restarts not marked.
            let xml = output.to_string_lossy().ends_with(".xml.xz");
            bad += if xml { 0 } else { examples.len() };
        }
    }
    println!("{bad} rows differ from what sysstat's tests and simulations expect");
    assert_eq!(bad, 0);
}

/// The document with the items of every list in the order of their names.
fn sorted(bytes: &[u8]) -> serde_json::Value {
    fn sort(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(list) => {
                list.iter_mut().for_each(sort);
                if list.iter().all(|v| v.get("timestamp").is_none()) {
                    list.sort_by_cached_key(|v| v.to_string());
                }
            }
            serde_json::Value::Object(members) => members.values_mut().for_each(sort),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(bytes).expect("JSON");
    sort(&mut value);
    value
}

pub(super) fn both_ways(bytes: &[u8], options: Options) -> (Vec<u8>, Vec<u8>) {
    let (mut kept, mut straight) = (Vec::new(), Vec::new());
    super::print::json(&[read_sa(bytes, options)], &mut kept).expect("written");
    let mut document = super::print::Json::new(&mut straight);
    document.binary(&mut &bytes[..], options, &|_, _| None).expect("written");
    document.finish().expect("written");
    (kept, straight)
}

#[test]
fn json_straight_from_the_file_is_that_of_the_rows() {
    let mut same = 0;
    for (path, bytes) in fixtures("recorded.tar.xz").iter().filter(|(path, _)| !path.ends_with(".csv")) {
        for like_sysstat in [false, true] {
            let (kept, straight) = both_ways(bytes, Options { like_sysstat, as_version: None });
            same += usize::from(kept == straight);
            assert_eq!(sorted(&kept), sorted(&straight), "{path}");
        }
    }
    assert!(same > 100, "only {same} have the very same bytes");
}

/// A file long enough for several threads: seven samples again and again, some of them with a processor gone.
#[test]
fn many_samples_are_the_same_at_any_number_of_threads() {
    let files = fixtures("recorded.tar.xz");
    let short = files.get("12.7.9/sa.all").expect("file");
    let long = repeated(short, 900);
    let (kept, straight) = both_ways(&long, Options::default());
    assert_eq!(sorted(&kept), sorted(&straight));
    let rows = read_sa(&long, Options::default());
    assert!(rows.problems.is_empty(), "{:?}", rows.problems);
    assert_eq!(rows.spans.len(), 899);
}

/// The first sample of a file of format 0x2175 without volatile counts, so many times and one second apart; in every
/// fifth the last processor is off.
fn repeated(file: &[u8], times: u64) -> Vec<u8> {
    let (records, len, cpus) = super::binary::first_sample(file).expect("a sound file");
    let record = file.get(records..records + len).expect("a record").to_vec();
    let mut out = file.get(..records).expect("a header").to_vec();
    for n in 0..times {
        let mut record = record.clone();
        let add = |record: &mut Vec<u8>, at: usize, by: u64| {
            let place = record.get_mut(at..at + 8).expect("inside");
            let value = u64::from_le_bytes(place.try_into().expect("eight")) + by;
            place.copy_from_slice(&value.to_le_bytes());
        };
        add(&mut record, 0, 100 * n);
        add(&mut record, 8, 900 * n);
        for cpu in 1..cpus.len() / 80 {
            for field in 0..8 {
                add(&mut record, cpus.start + cpu * 80 + field * 8, n * (field as u64 + 1));
            }
        }
        if n % 5 < 2 {
            record.get_mut(cpus.end - 80..cpus.end).expect("inside").fill(0);
        }
        out.extend(record);
    }
    out
}
