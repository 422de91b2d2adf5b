//! What is cut, damaged or followed by something else: the readable part is read, and the rest is told.

use super::*;
use proptest::prelude::*;

#[test]
fn what_follows_a_stream_is_told() {
    let got = read_bytes("x.gz", &[gz(b"LOG:  a\n"), b"and more".to_vec()].concat());
    assert_eq!(texts(&got), [("x.gz", "LOG:  a\n")].into());
    let (_, why, loss) = skipped(&got);
    assert!(why.contains("what follows the gzip data is something else"), "{why}");
    assert_eq!(loss, Loss::Part);
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
        assert!(got.items[0].1.len() > 10_000, "{kind} {}", got.items[0].1.len());
        assert!(text.starts_with(&got.items[0].1), "{kind}");
        assert!(got.skipped[0].why.contains("truncated"), "{kind} {:?}", got.skipped);
        assert!(got.skipped.iter().all(|skipped| skipped.loss == Loss::Part));
    }
    let got = read_bytes("x", &xz_hello()[..40]);
    assert!(got.skipped[0].why.contains("truncated"), "{:?}", got.skipped);
}

#[test]
fn any_cut_of_any_stream_is_reported() {
    let text = log(3);
    for packed in
        [gz(&text), zst(&text), bz2(&text), lz4(&text), tar(&[("a", &text)]), zip_of(&[("a", &text)]), xz_hello()]
    {
        let whole = read_bytes("x", &packed);
        assert_eq!(whole.skipped, []);
        for end in 1..packed.len() {
            let got = read_bytes("x", &packed[..end]);
            // A few bytes are no magic yet, and a tar may be cut in the padding after its end mark.
            let is_known = compress::kind(&packed[..end]) != Kind::Plain;
            let lost = got.items.iter().map(|(_, text)| text.len()).sum::<usize>() < text.len();
            assert!(!is_known || !lost || !got.skipped.is_empty(), "{:02x?} cut at {end}", &packed[..4]);
        }
    }
}

#[test]
fn damage_never_breaks_anything() {
    let text = log(50);
    let nested = zip_of(&[("a.tar.gz", &gz(&tar(&[("b.xz", &xz_hello()), ("c", &text)])))]);
    let sources =
        [gz(&text), zst(&text), bz2(&text), lz4(&text), xz_hello(), tar(&[("a", &text), ("b", &text)]), nested];
    for packed in sources {
        for at in 0..packed.len().min(1500) {
            let mut packed = packed.clone();
            packed[at] ^= 0x55;
            let got = read_bytes("x", &packed);
            assert!(
                !got.skipped.iter().any(|skipped| skipped.why.contains("internal error")),
                "{at}: {:?}",
                got.skipped
            );
        }
    }
}

#[test]
fn damaged_data_are_reported() {
    let text = log(20_000);
    for (kind, mut packed) in [("gz", gz(&text)), ("bz2", bz2(&text)), ("zip", zip_of(&[("a", &text)]))] {
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
        ("x.tar", "damaged: 1024 bytes from byte 1024 on are no tar and were passed over", Loss::Part,)
    );
}

#[test]
fn a_panic_costs_one_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "1").unwrap();
    fs::write(dir.path().join("b"), "2").unwrap();
    let read = |entry: &Entry, _: &mut dyn BufRead| assert!(!entry.path.ends_with("a"), "on purpose");
    let got = read_all(&[dir.path().into()], &Limits::default(), 2, &read).unwrap();
    assert_eq!(got.items.len(), 1);
    assert!(got.skipped[0].why.contains("internal error while it was read"));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..2000), magic in 0usize..9) {
        let magics: [&[u8]; 9] = [b"\x1f\x8b\x08\0", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY", b"\x04\x22\x4d\x18",
            b"PK\x03\x04", b"PK\x05\x06", b"\x50\x2a\x4d\x18", b""];
        bytes.splice(0..0, magics[magic].iter().copied());
        let got = read_bytes("x", &bytes);
        prop_assert!(got.skipped.iter().all(|s| !s.why.contains("internal")), "{:?}", got.skipped);
    }

    #[test]
    fn mutations_of_whole_bundles_are_survived(
        kind in 0usize..8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..12),
    ) {
        let text = log(40);
        let files = [("a.log", &text[..]), ("b", b"1\n")];
        let mut bytes = match kind {
            0 => gz(&tar(&files)),
            1 => zst(&tar(&files)),
            2 => bz2(&text),
            3 => lz4(&text),
            4 => xz_hello(),
            5 => tar(&[("z.zip", &zip_of(&files)), ("x.xz", &xz_hello())]),
            6 => zip_of(&[("t.tar", &tar(&files)), ("s.gz", &gz(&text))]),
            _ => zip_with(&files, ::zip::CompressionMethod::Stored),
        };
        for (at, value, what) in changes {
            let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match what {
                _ if bytes.is_empty() => {}
                0 => bytes[at] = value,
                1 => bytes[at] = bytes[at].wrapping_add(1),
                2 => bytes.insert(at, value),
                _ => drop(bytes.drain(at..(at + usize::from(value)).min(bytes.len()))),
            }
        }
        let got = read_bytes("x", &bytes);
        prop_assert!(got.skipped.iter().all(|s| !s.why.contains("internal")), "{:?}", got.skipped);
    }
}
