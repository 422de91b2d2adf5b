//! Each limit with something that breaks it, and something beside it that is still read.

use super::*;

#[track_caller]
fn hits(got: &Texts, path: &str, limit: &str) {
    let line = got.skipped.iter().find(|s| s.path == path);
    let line = line.unwrap_or_else(|| panic!("{:?}", got.skipped));
    assert!(line.why.contains(&format!("limit {limit}=")), "{line:?}");
    assert!(line.why.contains(&format!("raise it with --limit {limit}=…")), "{line:?}");
}

fn limits(spec: &str) -> Limits {
    let mut limits = Limits::default();
    limits.set(spec).unwrap();
    limits
}

#[test]
fn depth() {
    let mut packed = b"LOG:  deep\n".to_vec();
    for _ in 0..10 {
        packed = gz(&packed);
    }
    let packed = tar(&[("deep", &packed), ("flat.gz", &gz(b"1")), ("log", b"2")]);
    let got = read_bytes("x", &packed);
    assert_eq!(names(&got), ["x!flat.gz", "x!log"]);
    hits(&got, "x!deep", "depth");
    let got = read_bytes_with("x", &packed, &limits("depth=11"));
    assert_eq!(names(&got), ["x!deep", "x!flat.gz", "x!log"]);
    let got = read_bytes_with("x", &packed, &limits("depth=0"));
    hits(&got, "x", "depth");
    let got = read_bytes_with("x", &zip_of(&[("a", b"1")]), &limits("depth=0"));
    hits(&got, "x", "depth");
}

/// A zip that holds itself cannot be written here, but one that goes on for longer than anyone looks can.
#[test]
fn depth_of_zips() {
    let mut packed = zip_of(&[("a.log", b"1")]);
    for _ in 0..100 {
        packed = zip_of(&[("z", &packed)]);
    }
    let got = read_bytes_with("x", &packed, &limits("depth=unlimited"));
    assert_eq!(names(&got), [] as [&str; 0]);
    assert_eq!(got.skipped.len(), 1);
}

#[test]
fn entries_of_an_archive() {
    let mut builder = ::tar::Builder::new(Vec::new());
    for n in 0..100_000 {
        tar_add(&mut builder, &format!("{:03}/{n:06}.log", n % 500), b"x\n");
    }
    let packed = gz(&builder.into_inner().unwrap());
    let got = read_bytes("x", &packed);
    assert_eq!(got.items.len(), 100_000);
    assert_eq!(got.skipped, []);
    assert!(got.items.is_sorted_by(|a, b| a.0.path < b.0.path));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("many.tgz"), &packed).unwrap();
    fs::write(dir.path().join("one.log"), "1").unwrap();
    let got = strip(read_with(dir.path(), &limits("entries=1000")), dir.path());
    assert_eq!(got.items.len(), 1001);
    hits(&got, "many.tgz", "entries");
}

#[test]
fn entries_of_a_zip_and_a_folder() {
    let names: Vec<_> = (0..50).map(|n| n.to_string()).collect();
    let files: Vec<_> = names.iter().map(|name| (&**name, &b"1"[..])).collect();
    let packed = zip_of(&files);
    let got = read_bytes_with("x", &packed, &limits("entries=10"));
    assert_eq!(got.items.len(), 10);
    hits(&got, "x", "entries");
    // Also without the directory, and counted through all layers.
    let got = read_bytes_with("x", &tar(&[("a", &packed[..packed.len() - 1]), ("b", &packed)]), &limits("entries=60"));
    assert_eq!(got.items.len(), 58);
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(dir.path().join(name), bytes).unwrap());
    let got = read_with(dir.path(), &limits("entries=10"));
    assert_eq!(got.items.len(), 10);
    hits(&got, &path::of_file(dir.path()), "entries");
}

#[test]
fn one_name_a_hundred_thousand_times() {
    let mut builder = ::tar::Builder::new(Vec::new());
    (0..100_000).for_each(|_| tar_add(&mut builder, "a", b""));
    let got = read_bytes("x", &builder.into_inner().unwrap());
    assert_eq!(got.skipped.len(), 100_000);
    assert_eq!(got.skipped.last().unwrap().path, "x!a#99999");
}

#[test]
fn bytes_of_a_member() {
    let packed = tar(&[("a", &[b'x'; 5000]), ("b", b"1"), ("c", &[b'x'; 1000])]);
    let got = read_bytes_with("x", &packed, &limits("member=1000"));
    let sizes: Vec<_> = got.items.iter().map(|(_, text)| text.len()).collect();
    assert_eq!(sizes, [1000, 1, 1000]);
    assert_eq!(got.skipped.len(), 1);
    hits(&got, "x!a", "member");
    let got = read_bytes_with("plain", &[b'x'; 5000], &limits("member=1000"));
    assert_eq!(got.items[0].1.len(), 1000);
    hits(&got, "plain", "member");
}

#[test]
fn bytes_of_an_archive() {
    let text = vec![b'x'; 3 << 20];
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.tgz"), gz(&tar(&[("a", &text), ("b", &text), ("c", &text)]))).unwrap();
    fs::write(dir.path().join("b.gz"), gz(b"1")).unwrap();
    let got = strip(read_with(dir.path(), &limits("total=4M")), dir.path());
    assert_eq!(names(&got), ["a.tgz!a", "a.tgz!b", "b.gz"]);
    hits(&got, "a.tgz", "total");
    hits(&got, "a.tgz!b", "total");
}

/// Zeros, without holding them.
fn bomb(kind: &str, megabytes: usize) -> Vec<u8> {
    let block = vec![0; 1 << 20];
    let mut out: Vec<u8> = Vec::new();
    let write = |encoder: &mut dyn Write| (0..megabytes).for_each(|_| encoder.write_all(&block).unwrap());
    match kind {
        "gz" => {
            let mut encoder = flate2::write::GzEncoder::new(&mut out, flate2::Compression::best());
            write(&mut encoder);
            encoder.finish().unwrap();
        }
        _ => {
            let mut encoder = bzip2::write::BzEncoder::new(&mut out, bzip2::Compression::best());
            write(&mut encoder);
            encoder.finish().unwrap();
        }
    }
    out
}

#[test]
fn ratio_of_an_entry() {
    let zeros = vec![0; 200 << 20];
    let packed = zip_of(&[("a.log", b"1"), ("bomb", &zeros), ("z.log", b"2")]);
    for packed in
        [packed.clone(), gz(&tar(&[("a.log", b"1"), ("bomb", &zeros), ("z.log", b"2")])), tar(&[("t.zip", &packed)])]
    {
        let got = read_bytes("x", &packed);
        assert_eq!(got.items.len(), 3);
        let bomb = &got.items[1];
        assert!(bomb.1.len() > 16 << 20 && bomb.1.len() < 130 << 20, "{}", bomb.1.len());
        hits(&got, &bomb.0.path, "ratio");
        assert_eq!(got.skipped.len(), 1);
    }
    let got = read_bytes("bomb.bz2", &bomb("bz2", 200));
    hits(&got, "bomb.bz2", "ratio");
    let got = read_bytes_with("bomb.gz", &bomb("gz", 200), &limits("ratio=2000"));
    assert_eq!(got.items[0].1.len(), 200 << 20);
}

#[test]
fn ratio_of_nested_bombs() {
    let inner = bomb("gz", 1500);
    let got = read_bytes("x", &gz(&inner));
    assert!(got.items[0].1.len() < 150 << 20);
    hits(&got, "x", "ratio");
}

#[test]
fn ratio_of_an_archive() {
    // What is passed over also costs time.
    let zeros = vec![0; 64 << 20];
    let packed = gz(&tar(&[("a.log", b"1"), ("b", &zeros), ("c", &zeros), ("z.log", b"2")]));
    let tight = Limits { archive_grace: 100 << 20, ratio: 50, ..Limits::default() };
    let got = read_bytes_with("x", &packed, &tight);
    assert_eq!(names(&got)[0], "x!a.log");
    assert!(!names(&got).contains(&"x!z.log"));
    hits(&got, "x", "archive-grace");
}

#[test]
fn a_zip_too_large_to_hold_is_read_from_its_front() {
    let inner = zip_of(&[("a", &log(5000)), ("b", b"2")]);
    let got = read_bytes_with("x", &tar(&[("in.zip", &inner), ("log", b"3")]), &limits("zip=1K"));
    assert_eq!(names(&got), ["x!in.zip!a", "x!in.zip!b", "x!log"]);
    assert_eq!(got.items[0].1, log(5000));
    assert_eq!(got.skipped, []);
}

#[test]
fn windows() {
    let got = read_bytes_with("x", &xz_hello(), &limits("window=64K"));
    hits(&got, "x", "window");
    // A zstd frame that asks for 1 GiB.
    let got = read_bytes("x", &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 1, 0, 0]);
    hits(&got, "x", "window");
}

#[test]
fn endless_names_are_not_held() {
    // A GNU long name of 100 MB.
    let mut builder = ::tar::Builder::new(Vec::new());
    let name = vec![b'n'; 100 << 20];
    builder.append(&tar_header("././@LongLink", ::tar::EntryType::GNULongName, name.len()), &name[..]).unwrap();
    tar_add(&mut builder, "short", b"1");
    tar_add(&mut builder, "next", b"2");
    let got = read_bytes("x", &builder.into_inner().unwrap());
    assert_eq!(got.items.len(), 2);
    assert!(got.items.iter().all(|(entry, _)| entry.path.len() < 5000));
}

#[test]
fn impossible_sizes_are_survived() {
    for size in [u64::MAX, u64::MAX / 2, 1 << 62] {
        let mut header = tar_header("a", ::tar::EntryType::Regular, 0);
        header.as_old_mut().size[0] = 0x80;
        header.as_old_mut().size[4..].copy_from_slice(&size.to_be_bytes());
        header.set_cksum();
        let got = read_bytes("x", &[&header.as_bytes()[..], b"1\n"].concat());
        assert!(!got.skipped.is_empty());
        assert!(got.skipped.iter().all(|s| !s.why.contains("internal")), "{:?}", got.skipped);
    }
}
