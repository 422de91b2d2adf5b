//! Zips by their directory and without it, large, streamed, locked.

use super::*;

#[test]
fn a_zip_without_its_end_is_read_from_its_front() {
    let text = log(5_000);
    let packed = zip_of(&[("a", &text), ("b", b"bbb\n"), ("c", &text)]);
    let got = read_bytes("x", &packed[..packed.len() / 3]);
    assert_eq!(names(&got), ["x!a"]);
    let got = read_bytes("x", &packed[..packed.len() - 500]);
    assert_eq!(names(&got), ["x!a", "x!b", "x!c"]);
    assert!(text.starts_with(&got.items[2].1) && got.items[2].1.len() > 100_000);
    assert!(got.skipped.iter().any(|s| s.path == "x!c" && s.why.contains("truncated")), "{:?}", got.skipped);
}

#[test]
fn sizes_behind_the_data_are_no_problem() {
    // As `zip -` to a pipe, macOS, Java and Go write.
    let mut writer = ::zip::ZipWriter::new_stream(Vec::new());
    let options = ::zip::write::SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Deflated);
    for (name, text) in [("a", &b"one\n"[..]), ("b", &log(5000)), ("c", b"three\n")] {
        writer.start_file(name, options).unwrap();
        writer.write_all(text).unwrap();
    }
    let packed = writer.finish().unwrap().into_inner();
    let limits = Limits { zip: 1000, ..Limits::default() };
    for (name, packed) in
        [("x", packed.clone()), ("x", tar(&[("y", &packed)])), ("x", packed[..packed.len() - 30].to_vec())]
    {
        let got = read_bytes_with(name, &packed, &limits);
        assert_eq!(got.items.len(), 3, "{:?}", got.skipped);
        assert_eq!(got.items[1].1, log(5000));
        assert_eq!(got.items[2].1, b"three\n");
    }
}

#[test]
fn large_zips_of_the_64_bit_kind_are_read() {
    let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    writer.start_file("a", ::zip::write::SimpleFileOptions::default().large_file(true)).unwrap();
    writer.write_all(b"one\n").unwrap();
    for n in 0..66_000 {
        writer
            .start_file(
                format!("{n}"),
                ::zip::write::SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Stored),
            )
            .unwrap();
    }
    let packed = writer.finish().unwrap().into_inner();
    let got = read_bytes("x", &packed);
    assert_eq!(texts(&got), [("x!a", "one\n")].into());
    assert_eq!(got.skipped.len(), 66_000);
    // With something in front of it.
    let got = read_bytes("x", &[zip_of(&[("no", b"no")])[..33].to_vec(), packed].concat());
    assert_eq!(texts(&got), [("x!a", "one\n")].into());
}

#[test]
fn locked_members_ask_for_what_they_need() {
    let mut packed = zip_of(&[("open.log", b"one\n"), ("a.log", b"two\n"), ("b.log", b"three\n")]);
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
        assert!(
            line.why
                .starts_with("2 members are password-protected, t.zip!a.log is the first; unpack it with its password"),
            "{line:?}"
        );
        assert_eq!((&*line.path, line.loss), ("t.zip", Loss::Part));
    }
    for (magic, what) in [(&b"7z\xbc\xaf\x27\x1c\0\x04"[..], "7-Zip"), (b"Rar!\x1a\x07\x01\0", "RAR")] {
        let got = read_bytes("x", magic);
        assert!(skipped(&got).1.starts_with(&format!("a {what} archive, which is not read; unpack it")));
    }
}

const LOCAL_MAGIC: &[u8] = b"PK\x03\x04";
const CENTRAL_MAGIC: &[u8] = b"PK\x01\x02";
