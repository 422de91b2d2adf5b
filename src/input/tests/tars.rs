//! Tars of all times, and what they may hold beside files.

use super::*;

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
    pax.append_pax_extensions([("path", long.as_bytes()), ("size", b"2"), ("mtime", b"1700000000.5")]).unwrap();
    pax.append(&tar_header("short", ::tar::EntryType::Regular, 0), &b""[..]).unwrap();
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
        (ustar.into_inner().unwrap(), format!("{}/log", "d".repeat(120))),
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
    builder.append(&header, &[&[0; 512][..], b"end\n", &[0; 508]].concat()[..]).unwrap();
    let mut packed = builder.into_inner().unwrap();
    packed.truncate(512 + 1024);
    packed.extend([0; 1024]);
    let got = read_bytes("x", &packed);
    assert_eq!(texts(&got), [("x!lastlog", "end\n")].into());
    assert_eq!(skipped(&got), ("x!lastlog", "sparse: read without its holes", Loss::Nothing));
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
        assert_eq!(texts(&got), [("x!etc/passwd", "a"), ("x!etc/passwd#2", "b"), ("x!c\u{fffd}[31m", "c")].into());
        assert_eq!(got.skipped.iter().map(|s| &*s.path).collect::<Vec<_>>(), ["x!__MACOSX", "x!x/.DS_Store"]);
    }
}

#[test]
fn links_and_devices_in_archives_are_listed_only() {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, kind) in
        [("hard", ::tar::EntryType::Link), ("soft", ::tar::EntryType::Symlink), ("fifo", ::tar::EntryType::Fifo)]
    {
        let mut header = tar_header(name, kind, 0);
        header.set_link_name("../../etc/shadow").unwrap();
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    tar_add(&mut builder, "log", b"x");
    let got = read_bytes("x", &builder.into_inner().unwrap());
    assert_eq!(names(&got), ["x!log"]);
    let lines: Vec<_> = got.skipped.iter().map(|s| format!("{}: {}", s.path, s.why)).collect();
    assert_eq!(
        lines,
        [
            "x!fifo: a FIFO",
            "x!hard: hard link to etc/shadow: not followed",
            "x!soft: symbolic link to etc/shadow: not followed"
        ]
    );
    let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    writer.add_symlink("soft", "/etc/shadow", ::zip::write::SimpleFileOptions::default()).unwrap();
    let got = read_bytes("x", &writer.finish().unwrap().into_inner());
    assert_eq!(skipped(&got), ("x!soft", "symbolic link: not followed", Loss::Nothing));
}

#[test]
fn the_map_of_a_sparse_member_is_no_data() {
    // pax, version 1.0, as GNU tar writes it: two holes, their map in front of the data.
    let map = b"2\n0\n2\n1000000\n2\n";
    let mut data = map.to_vec();
    data.resize(512, 0);
    data.extend(b"a\nb\n");
    let mut builder = ::tar::Builder::new(Vec::new());
    builder
        .append_pax_extensions([
            ("GNU.sparse.major", &b"1"[..]),
            ("GNU.sparse.minor", b"0"),
            ("GNU.sparse.name", b"real.log"),
        ])
        .unwrap();
    tar_add(&mut builder, "GNUSparseFile.0/real.log", &data);
    tar_add(&mut builder, "next", b"x\n");
    let got = read_bytes("x", &builder.into_inner().unwrap());
    assert_eq!(texts(&got), [("x!real.log", "a\nb\n"), ("x!next", "x\n")].into());
}

#[test]
fn a_tar_of_gaps_is_not_told_gap_by_gap() {
    let one = tar(&[("a", b"")])[..512].to_vec();
    let gaps: Vec<u8> = (0..5000).flat_map(|_| [&[1; 512][..], &one].concat()).collect();
    let limits = Limits { entries: 100, ..Limits::default() };
    let got = read_bytes_with("x", &[one.clone(), gaps].concat(), &limits);
    assert!(got.skipped.len() <= 101);
}
