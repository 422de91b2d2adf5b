//! Bundles made by the tests themselves, read as a whole: every kind, every limit, every kind of damage.

use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

mod make;
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
    got.items
        .iter_mut()
        .for_each(|(entry, _)| entry.path = entry.path.replace(&front, ""));
    got.skipped.iter_mut().for_each(|skipped| {
        skipped.path = skipped.path.replace(&front, "");
        skipped.why = skipped.why.replace(&front, "");
    });
    got
}

fn names(got: &Texts) -> Vec<&str> {
    got.items
        .iter()
        .map(|(entry, _)| entry.path.as_str())
        .collect()
}

fn texts(got: &Texts) -> BTreeMap<&str, &str> {
    got.items
        .iter()
        .map(|(entry, text)| (entry.path.as_str(), std::str::from_utf8(text).unwrap()))
        .collect()
}

/// The one thing that was skipped.
#[track_caller]
fn skipped(got: &Texts) -> (&str, &str, Loss) {
    match &got.skipped[..] {
        [one] => (&one.path, &one.why, one.loss),
        other => panic!("{other:#?}"),
    }
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
        assert_eq!(
            texts(&got),
            [("patroni.log", "LOG:  hello\n")].into(),
            "{kind}"
        );
        assert_eq!(got.skipped, [], "{kind}");
        assert_eq!(got.bytes, 12);
        assert_eq!(got.items[0].0.size, None);
    }
}

#[test]
fn archives_hold_members() {
    let files = [("a.log", &b"one\n"[..]), ("b/c.log", b"two\n")];
    for packed in [
        tar(&files),
        zip_of(&files),
        gz(&tar(&files)),
        zst(&zip_of(&files)),
        lz4(&tar(&files)),
    ] {
        let got = read_bytes("x", &packed);
        assert_eq!(
            texts(&got),
            [("x!a.log", "one\n"), ("x!b/c.log", "two\n")].into()
        );
        assert_eq!(got.skipped, []);
        assert_eq!(got.items[0].0.size, Some(4));
    }
}

#[test]
fn archives_nest() {
    let host = gz(&tar(&[
        ("var/log/messages", b"m\n"),
        ("var/log/patroni.log.1", &gz(b"p\n")),
    ]));
    let inner = zip_of(&[("pg1/sos.tar.gz", &host), ("empty", b"")]);
    let got = read_bytes(
        "ticket.zip",
        &zip_of(&[("all.tar.bz2", &bz2(&tar(&[("in.zip", &inner)])))]),
    );
    let front = "ticket.zip!all.tar.bz2!in.zip!pg1/sos.tar.gz!var/log/";
    assert_eq!(
        names(&got),
        [format!("{front}messages"), format!("{front}patroni.log.1")]
    );
    assert_eq!(
        skipped(&got),
        (
            "ticket.zip!all.tar.bz2!in.zip!empty",
            "empty",
            Loss::Nothing
        )
    );
}

#[test]
fn members_of_one_stream_follow_each_other() {
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
    for (kind, packed) in [
        ("gz", [gz(b"LOG:  a\n"), gz(b"LOG:  b\n")].concat()),
        ("xz", [xz_hello(), vec![0; 8], xz_hello()].concat()),
        (
            "zst",
            [
                skippable.clone(),
                zst(b"LOG:  a\n"),
                skippable.clone(),
                zst(b"LOG:  b\n"),
            ]
            .concat(),
        ),
        ("bz2", [bz2(b"LOG:  a\n"), bz2(b"LOG:  b\n")].concat()),
        (
            "lz4",
            [lz4(b"LOG:  a\n"), skippable.clone(), lz4(b"LOG:  b\n")].concat(),
        ),
        // As from a tape.
        (
            "gz and zeros",
            [gz(b"LOG:  a\n"), gz(b"LOG:  b\n"), vec![0; 1000]].concat(),
        ),
    ] {
        let got = read_bytes("x", &packed);
        assert_eq!(
            got.items[0].1.iter().filter(|byte| **byte == b'\n').count(),
            2,
            "{kind}"
        );
        assert_eq!(got.skipped, [], "{kind}");
    }
}

#[test]
fn what_follows_a_stream_is_told() {
    let got = read_bytes("x.gz", &[gz(b"LOG:  a\n"), b"and more".to_vec()].concat());
    assert_eq!(texts(&got), [("x.gz", "LOG:  a\n")].into());
    let (_, why, loss) = skipped(&got);
    assert!(
        why.contains("what follows the gzip data is something else"),
        "{why}"
    );
    assert_eq!(loss, Loss::Part);
}

/// Text that packs, but not too well.
fn log(lines: usize) -> Vec<u8> {
    let mut seed = 1u64;
    (0..lines)
        .flat_map(|n| {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            format!(
                "2026-01-01 00:00:{:02} UTC [{}] LOG:  duration: {} ms\n",
                n % 60,
                n % 999,
                seed >> 40
            )
            .into_bytes()
        })
        .collect()
}

#[test]
fn truncated_streams_give_what_they_have() {
    let text = log(20_000);
    for (kind, packed) in [
        ("gz", gz(&text)),
        ("zst", zst(&text)),
        ("bz2", bz2(&text)),
        ("lz4", lz4(&text)),
        ("tar.gz", gz(&tar(&[("a", &text)]))),
    ] {
        let got = read_bytes("x", &packed[..packed.len() * 2 / 3]);
        assert!(
            got.items[0].1.len() > 10_000,
            "{kind} {}",
            got.items[0].1.len()
        );
        assert!(text.starts_with(&got.items[0].1), "{kind}");
        assert!(
            got.skipped[0].why.contains("truncated"),
            "{kind} {:?}",
            got.skipped
        );
        assert!(got.skipped.iter().all(|skipped| skipped.loss == Loss::Part));
    }
    let got = read_bytes("x", &xz_hello()[..40]);
    assert!(
        got.skipped[0].why.contains("truncated"),
        "{:?}",
        got.skipped
    );
}

#[test]
fn any_cut_of_any_stream_is_reported() {
    let text = log(3);
    for packed in [
        gz(&text),
        zst(&text),
        bz2(&text),
        lz4(&text),
        tar(&[("a", &text)]),
        zip_of(&[("a", &text)]),
        xz_hello(),
    ] {
        let whole = read_bytes("x", &packed);
        assert_eq!(whole.skipped, []);
        for end in 1..packed.len() {
            let got = read_bytes("x", &packed[..end]);
            // A few bytes are no magic yet, and a tar may be cut in the padding after its end mark.
            let is_known = compress::kind(&packed[..end]) != Kind::Plain;
            let lost = got.items.iter().map(|(_, text)| text.len()).sum::<usize>() < text.len();
            assert!(
                !is_known || !lost || !got.skipped.is_empty(),
                "{:02x?} cut at {end}",
                &packed[..4]
            );
        }
    }
}

#[test]
fn damage_never_breaks_anything() {
    let text = log(50);
    let nested = zip_of(&[(
        "a.tar.gz",
        &gz(&tar(&[("b.xz", &xz_hello()), ("c", &text)])),
    )]);
    let sources = [
        gz(&text),
        zst(&text),
        bz2(&text),
        lz4(&text),
        xz_hello(),
        tar(&[("a", &text), ("b", &text)]),
        nested,
    ];
    for packed in sources {
        for at in 0..packed.len().min(1500) {
            let mut packed = packed.clone();
            packed[at] ^= 0x55;
            let got = read_bytes("x", &packed);
            assert!(
                !got.skipped
                    .iter()
                    .any(|skipped| skipped.why.contains("internal error")),
                "{at}: {:?}",
                got.skipped
            );
        }
    }
}

#[test]
fn damaged_data_are_reported() {
    let text = log(20_000);
    for (kind, mut packed) in [
        ("gz", gz(&text)),
        ("bz2", bz2(&text)),
        ("zip", zip_of(&[("a", &text)])),
    ] {
        let middle = packed.len() / 2;
        packed[middle..middle + 8].fill(0xff);
        let got = read_bytes("x", &packed);
        let (_, why, loss) = skipped(&got);
        assert!(why.contains("damaged"), "{kind} {why}");
        assert_eq!(loss, Loss::Part);
    }
    // A stored member has nothing but its checksum.
    let mut stored = zip_with(&[("a", b"LOG:  hello\n")], ::zip::CompressionMethod::Stored);
    let at = memchr::memmem::find(&stored, b"hello").unwrap();
    stored[at] = b'j';
    let got = read_bytes("x", &stored);
    assert!(skipped(&got).1.contains("checksum"));
    assert_eq!(texts(&got), [("x!a", "LOG:  jello\n")].into());
}

#[test]
fn a_tar_is_read_around_its_damage() {
    let mut packed = tar(&[("a", b"1\n"), ("b", b"2\n"), ("c", b"3\n")]);
    packed[1024 + 150] ^= 0xff;
    let got = read_bytes("x.tar", &packed);
    assert_eq!(texts(&got), [("x.tar!a", "1\n"), ("x.tar!c", "3\n")].into());
    assert_eq!(
        skipped(&got),
        (
            "x.tar",
            "damaged: 1024 bytes from byte 1024 on are no tar and were passed over",
            Loss::Part,
        )
    );
}

#[test]
fn tars_of_all_times_are_read() {
    let long = format!("{}/postgresql.log", "d".repeat(300));
    // GNU long names.
    let mut gnu = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_gnu();
    header.set_size(2);
    gnu.append_data(&mut header, &long, &b"1\n"[..]).unwrap();
    // pax, with a size and time that the header does not have.
    let mut pax = ::tar::Builder::new(Vec::new());
    pax.append_pax_extensions([
        ("path", long.as_bytes()),
        ("size", b"2"),
        ("mtime", b"1700000000.5"),
    ])
    .unwrap();
    pax.append(&tar_header("short", ::tar::EntryType::Regular, 0), &b""[..])
        .unwrap();
    let mut pax = pax.into_inner().unwrap();
    let at = pax.len() - 1024;
    pax.splice(at..at, [b"1\n".to_vec(), vec![0; 510]].concat());
    // ustar: the name in two parts.
    let mut ustar = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_ustar();
    header.set_path(format!("{}/log", "d".repeat(120))).unwrap();
    header.set_size(2);
    header.set_cksum();
    ustar.append(&header, &b"1\n"[..]).unwrap();
    // v7: no magic.
    let mut old = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_old();
    header.set_path("old").unwrap();
    header.set_size(2);
    header.set_cksum();
    old.append(&header, &b"1\n"[..]).unwrap();
    for (packed, name) in [
        (gnu.into_inner().unwrap(), long.clone()),
        (pax, long.clone()),
        (
            ustar.into_inner().unwrap(),
            format!("{}/log", "d".repeat(120)),
        ),
        (old.into_inner().unwrap(), "old".into()),
    ] {
        let got = read_bytes("x", &packed);
        assert_eq!(texts(&got), [(format!("x!{name}").as_str(), "1\n")].into());
        assert_eq!(got.skipped, []);
    }
    // Two tars, one behind the other.
    let got = read_bytes("x", &[tar(&[("a", b"1")]), tar(&[("b", b"2")])].concat());
    assert_eq!(names(&got), ["x!a", "x!b"]);
}

#[test]
fn sparse_members_are_read_without_their_holes() {
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut header = tar_header("lastlog", ::tar::EntryType::GNUSparse, 4);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.sparse[0].set_offset(1 << 40);
    gnu.sparse[0].set_length(4);
    gnu.set_real_size((1 << 40) + 4);
    gnu.set_is_extended(true);
    header.set_cksum();
    // The map goes on in another block.
    builder
        .append(&header, &[&[0; 512][..], b"end\n", &[0; 508]].concat()[..])
        .unwrap();
    let mut packed = builder.into_inner().unwrap();
    packed.truncate(512 + 1024);
    packed.extend([0; 1024]);
    let got = read_bytes("x", &packed);
    assert_eq!(texts(&got), [("x!lastlog", "end\n")].into());
    assert_eq!(
        skipped(&got),
        ("x!lastlog", "sparse: read without its holes", Loss::Nothing)
    );
}

#[test]
fn hostile_names_are_only_shown() {
    let files = [
        ("../../etc/passwd", &b"a"[..]),
        ("/etc/passwd", b"b"),
        ("c\x1b[31m", b"c"),
        ("__MACOSX/._c", b"d"),
        ("x/.DS_Store", b"e"),
    ];
    for packed in [tar(&files), zip_of(&files)] {
        let got = read_bytes("x", &packed);
        assert_eq!(
            texts(&got),
            [
                ("x!etc/passwd", "a"),
                ("x!etc/passwd#2", "b"),
                ("x!c\u{fffd}[31m", "c")
            ]
            .into()
        );
        assert_eq!(
            got.skipped.iter().map(|s| &*s.path).collect::<Vec<_>>(),
            ["x!__MACOSX", "x!x/.DS_Store"]
        );
    }
}

#[test]
fn links_and_devices_in_archives_are_listed_only() {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, kind) in [
        ("hard", ::tar::EntryType::Link),
        ("soft", ::tar::EntryType::Symlink),
        ("fifo", ::tar::EntryType::Fifo),
    ] {
        let mut header = tar_header(name, kind, 0);
        header.set_link_name("../../etc/shadow").unwrap();
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    tar_add(&mut builder, "log", b"x");
    let got = read_bytes("x", &builder.into_inner().unwrap());
    assert_eq!(names(&got), ["x!log"]);
    let lines: Vec<_> = got
        .skipped
        .iter()
        .map(|s| format!("{}: {}", s.path, s.why))
        .collect();
    assert_eq!(
        lines,
        [
            "x!fifo: a FIFO",
            "x!hard: hard link to etc/shadow: not followed",
            "x!soft: symbolic link to etc/shadow: not followed"
        ]
    );
    let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    writer
        .add_symlink(
            "soft",
            "/etc/shadow",
            ::zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
    let got = read_bytes("x", &writer.finish().unwrap().into_inner());
    assert_eq!(
        skipped(&got),
        ("x!soft", "symbolic link: not followed", Loss::Nothing)
    );
}

#[test]
fn a_zip_without_its_end_is_read_from_its_front() {
    let text = log(5_000);
    let packed = zip_of(&[("a", &text), ("b", b"bbb\n"), ("c", &text)]);
    let got = read_bytes("x", &packed[..packed.len() / 3]);
    assert_eq!(names(&got), ["x!a"]);
    let got = read_bytes("x", &packed[..packed.len() - 500]);
    assert_eq!(names(&got), ["x!a", "x!b", "x!c"]);
    assert!(text.starts_with(&got.items[2].1) && got.items[2].1.len() > 100_000);
    assert!(
        got.skipped
            .iter()
            .any(|s| s.path == "x!c" && s.why.contains("truncated")),
        "{:?}",
        got.skipped
    );
}

#[test]
fn sizes_behind_the_data_are_no_problem() {
    // As `zip -` to a pipe, macOS, Java and Go write.
    let mut writer = ::zip::ZipWriter::new_stream(Vec::new());
    let options = ::zip::write::SimpleFileOptions::default()
        .compression_method(::zip::CompressionMethod::Deflated);
    for (name, text) in [("a", &b"one\n"[..]), ("b", &log(5000)), ("c", b"three\n")] {
        writer.start_file(name, options).unwrap();
        writer.write_all(text).unwrap();
    }
    let packed = writer.finish().unwrap().into_inner();
    let limits = Limits {
        zip: 1000,
        ..Limits::default()
    };
    for (name, packed) in [
        ("x", packed.clone()),
        ("x", tar(&[("y", &packed)])),
        ("x", packed[..packed.len() - 30].to_vec()),
    ] {
        let got = read_bytes_with(name, &packed, &limits);
        assert_eq!(got.items.len(), 3, "{:?}", got.skipped);
        assert_eq!(got.items[1].1, log(5000));
        assert_eq!(got.items[2].1, b"three\n");
    }
}

#[test]
fn large_zips_of_the_64_bit_kind_are_read() {
    let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    writer
        .start_file(
            "a",
            ::zip::write::SimpleFileOptions::default().large_file(true),
        )
        .unwrap();
    writer.write_all(b"one\n").unwrap();
    for n in 0..66_000 {
        writer
            .start_file(
                format!("{n}"),
                ::zip::write::SimpleFileOptions::default()
                    .compression_method(::zip::CompressionMethod::Stored),
            )
            .unwrap();
    }
    let packed = writer.finish().unwrap().into_inner();
    let got = read_bytes("x", &packed);
    assert_eq!(texts(&got), [("x!a", "one\n")].into());
    assert_eq!(got.skipped.len(), 66_000);
    // With something in front of it.
    let got = read_bytes(
        "x",
        &[zip_of(&[("no", b"no")])[..33].to_vec(), packed].concat(),
    );
    assert_eq!(texts(&got), [("x!a", "one\n")].into());
}

#[test]
fn locked_members_ask_for_what_they_need() {
    let mut packed = zip_of(&[
        ("open.log", b"one\n"),
        ("a.log", b"two\n"),
        ("b.log", b"three\n"),
    ]);
    // The flag in the headers of the last two, local and central.
    for (magic, flag) in [(LOCAL_MAGIC, 6), (CENTRAL_MAGIC, 8)] {
        let at: Vec<_> = memchr::memmem::find_iter(&packed, magic).skip(1).collect();
        at.into_iter().for_each(|at| packed[at + flag] |= 1);
    }
    let cut = packed.len() - 10;
    for bytes in [&packed[..], &packed[..cut]] {
        let got = read_bytes("t.zip", bytes);
        assert_eq!(texts(&got), [("t.zip!open.log", "one\n")].into());
        let line = &got.skipped[0];
        assert!(line.why.starts_with("2 members are password-protected, t.zip!a.log is the first; unpack it with its password"), "{line:?}");
        assert_eq!((&*line.path, line.loss), ("t.zip", Loss::Part));
    }
    for (magic, what) in [
        (&b"7z\xbc\xaf\x27\x1c\0\x04"[..], "7-Zip"),
        (b"Rar!\x1a\x07\x01\0", "RAR"),
    ] {
        let got = read_bytes("x", magic);
        assert!(
            skipped(&got)
                .1
                .starts_with(&format!("a {what} archive, which is not read; unpack it"))
        );
    }
}

const LOCAL_MAGIC: &[u8] = b"PK\x03\x04";
const CENTRAL_MAGIC: &[u8] = b"PK\x01\x02";

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
    writer
        .start_file(
            "a",
            ::zip::write::SimpleFileOptions::default().last_modified_time(time),
        )
        .unwrap();
    writer.write_all(b"1").unwrap();
    let got = read_bytes("x", &writer.finish().unwrap().into_inner());
    assert_eq!(got.items[0].0.modified, Some(1_700_000_000));
}

#[test]
fn a_panic_costs_one_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "1").unwrap();
    fs::write(dir.path().join("b"), "2").unwrap();
    let read =
        |entry: &Entry, _: &mut dyn BufRead| assert!(!entry.path.ends_with("a"), "on purpose");
    let got = read_all(&[dir.path().into()], &Limits::default(), 2, &read).unwrap();
    assert_eq!(got.items.len(), 1);
    assert!(
        got.skipped[0]
            .why
            .contains("internal error while it was read")
    );
}

mod folders;
mod limits;
mod threads;
