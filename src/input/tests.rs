//! Bundles made by the tests themselves, read as a whole: every kind, every limit, every kind of damage.

use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

mod damage;
mod folders;
mod limits;
mod make;
mod tars;
mod threads;
mod zips;

use make::*;

type Texts = Listing<Vec<u8>>;

fn whole(_: &Entry, stream: &mut dyn BufRead) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

fn read_with(path: &Path, limits: &Limits) -> Texts {
    read_all(&[path.into()], limits, 1, &whole).unwrap()
}

/// Reads one file of these bytes; its folder is taken off the paths.
fn read_bytes_with(name: &str, bytes: &[u8], limits: &Limits) -> Texts {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    strip(read_with(&path, limits), dir.path())
}

fn read_bytes(name: &str, bytes: &[u8]) -> Texts {
    read_bytes_with(name, bytes, &Limits::default())
}

fn strip(mut got: Texts, dir: &Path) -> Texts {
    let front = format!("{}/", path::of_file(dir));
    got.items.iter_mut().for_each(|(entry, _)| entry.path = entry.path.replace(&front, ""));
    got.skipped.iter_mut().for_each(|skipped| {
        skipped.path = skipped.path.replace(&front, "");
        skipped.why = skipped.why.replace(&front, "");
    });
    got
}

fn names(got: &Texts) -> Vec<&str> {
    got.items.iter().map(|(entry, _)| entry.path.as_str()).collect()
}

fn texts(got: &Texts) -> BTreeMap<&str, &str> {
    got.items.iter().map(|(entry, text)| (entry.path.as_str(), std::str::from_utf8(text).unwrap())).collect()
}

/// The one thing that was skipped.
#[track_caller]
fn skipped(got: &Texts) -> (&str, &str, Loss) {
    match &got.skipped[..] {
        [one] => (&one.path, &one.why, one.loss),
        other => panic!("{other:#?}"),
    }
}

/// Text that packs, but not too well.
fn log(lines: usize) -> Vec<u8> {
    let mut seed = 1u64;
    (0..lines)
        .flat_map(|n| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            format!("2026-01-01 00:00:{:02} UTC [{}] LOG:  duration: {} ms\n", n % 60, n % 999, seed >> 40).into_bytes()
        })
        .collect()
}

#[test]
fn every_compression_is_known_by_its_bytes() {
    for (kind, packed) in [
        ("gz", gz(b"LOG:  hello\n")),
        ("xz", xz_hello()),
        ("zst", zst(b"LOG:  hello\n")),
        ("bz2", bz2(b"LOG:  hello\n")),
        ("lz4", lz4(b"LOG:  hello\n")),
    ] {
        // The name says nothing.
        let got = read_bytes("patroni.log", &packed);
        assert_eq!(texts(&got), [("patroni.log", "LOG:  hello\n")].into(), "{kind}");
        assert_eq!(got.skipped, [], "{kind}");
        assert_eq!(got.bytes, 12);
        assert_eq!(got.items[0].0.size, None);
    }
}

#[test]
fn archives_hold_members() {
    let files = [("a.log", &b"one\n"[..]), ("b/c.log", b"two\n")];
    for packed in [tar(&files), zip_of(&files), gz(&tar(&files)), zst(&zip_of(&files)), lz4(&tar(&files))] {
        let got = read_bytes("x", &packed);
        assert_eq!(texts(&got), [("x!a.log", "one\n"), ("x!b/c.log", "two\n")].into());
        assert_eq!(got.skipped, []);
        assert_eq!(got.items[0].0.size, Some(4));
    }
}

#[test]
fn archives_nest() {
    let host = gz(&tar(&[("var/log/messages", b"m\n"), ("var/log/patroni.log.1", &gz(b"p\n"))]));
    let inner = zip_of(&[("pg1/sos.tar.gz", &host), ("empty", b"")]);
    let got = read_bytes("ticket.zip", &zip_of(&[("all.tar.bz2", &bz2(&tar(&[("in.zip", &inner)])))]));
    let front = "ticket.zip!all.tar.bz2!in.zip!pg1/sos.tar.gz!var/log/";
    assert_eq!(names(&got), [format!("{front}messages"), format!("{front}patroni.log.1")]);
    assert_eq!(skipped(&got), ("ticket.zip!all.tar.bz2!in.zip!empty", "empty", Loss::Nothing));
}

/// Tar, zip, gz, xz, zst, bz2 and lz4, each in each, and each pair in each once more.
#[test]
fn every_kind_is_read_in_every_kind() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let kinds: [(&str, Pack, &str); 7] = [
        ("tar", |b| tar(&[("m", b)]), "!m"),
        ("zip", |b| zip_of(&[("m", b)]), "!m"),
        ("gz", gz, ""),
        ("xz", xz, ""),
        ("zst", zst, ""),
        ("bz2", bz2, ""),
        ("lz4", lz4, ""),
    ];
    let mut tried = 0;
    for (outer, pack_outer, at_outer) in kinds {
        for (middle, pack_middle, at_middle) in kinds {
            for (inner, pack_inner, at_inner) in kinds {
                let packed = pack_outer(&pack_middle(&pack_inner(b"LOG:  hello\n")));
                let got = read_bytes("x", &packed);
                let path = format!("x{at_outer}{at_middle}{at_inner}");
                assert_eq!(texts(&got), [(&*path, "LOG:  hello\n")].into(), "{inner} in {middle} in {outer}");
                assert_eq!(got.skipped, [], "{inner} in {middle} in {outer}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 343);
}

#[test]
fn members_of_one_stream_follow_each_other() {
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
    for (kind, packed) in [
        ("gz", [gz(b"LOG:  a\n"), gz(b"LOG:  b\n")].concat()),
        ("xz", [xz_hello(), vec![0; 8], xz_hello()].concat()),
        ("zst", [skippable.clone(), zst(b"LOG:  a\n"), skippable.clone(), zst(b"LOG:  b\n")].concat()),
        ("bz2", [bz2(b"LOG:  a\n"), bz2(b"LOG:  b\n")].concat()),
        ("lz4", [lz4(b"LOG:  a\n"), skippable.clone(), lz4(b"LOG:  b\n")].concat()),
        // As from a tape.
        ("gz and zeros", [gz(b"LOG:  a\n"), gz(b"LOG:  b\n"), vec![0; 1000]].concat()),
    ] {
        let got = read_bytes("x", &packed);
        assert_eq!(got.items[0].1.iter().filter(|byte| **byte == b'\n').count(), 2, "{kind}");
        assert_eq!(got.skipped, [], "{kind}");
    }
}

#[test]
fn times_come_from_the_innermost_that_knows() {
    let got = read_bytes("x", &tar(&[("a", b"1")]));
    assert_eq!(got.items[0].0.modified, Some(1_700_000_000));
    let mut packed = gz(b"1");
    packed[4..8].copy_from_slice(&1_600_000_000u32.to_le_bytes());
    let got = read_bytes("x", &tar(&[("a.gz", &packed), ("b.gz", &gz(b"2"))]));
    assert_eq!(got.items[0].0.modified, Some(1_600_000_000));
    assert_eq!(got.items[1].0.modified, Some(1_700_000_000));
    let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let time = ::zip::DateTime::from_date_and_time(2023, 11, 14, 22, 13, 20).unwrap();
    writer.start_file("a", ::zip::write::SimpleFileOptions::default().last_modified_time(time)).unwrap();
    writer.write_all(b"1").unwrap();
    let got = read_bytes("x", &writer.finish().unwrap().into_inner());
    assert_eq!(got.items[0].0.modified, Some(1_700_000_000));
}
