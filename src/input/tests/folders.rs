//! Folders as they come: links, pipes, what may not be read, what is named twice.

use super::*;

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn lines(got: &Texts) -> Vec<String> {
    got.skipped.iter().map(|s| format!("{}: {}", s.path, s.why)).collect()
}

#[test]
fn everything_below_is_read_in_order() {
    let dir = tree(&[
        ("pg2/b.log", "4"),
        ("pg2/a.log", "3"),
        ("pg1/x/y.log", "2"),
        ("pg1/a", "1"),
        ("e", ""),
        (".git/HEAD", "x"),
    ]);
    let got = strip(read_with(dir.path(), &Limits::default()), dir.path());
    assert_eq!(names(&got), ["pg1/a", "pg1/x/y.log", "pg2/a.log", "pg2/b.log"]);
    assert_eq!(lines(&got), [".git: version control data", "e: empty"]);
    assert!(got.items[0].0.modified.unwrap() > 1_700_000_000);
    assert_eq!(got.items[0].0.size, Some(1));
    assert_eq!(got.bytes, 4);
}

#[test]
fn missing_paths_are_named() {
    let dir = tree(&[("a", "1")]);
    let paths = [dir.path().join("a"), dir.path().join("nope"), "neither".into()];
    let error = read_all(&paths, &Limits::default(), 1, &whole).unwrap_err();
    assert!(error.to_string().starts_with("no such file or folder: "));
    assert!(error.to_string().ends_with("nope, neither"), "{error}");
}

#[test]
fn a_file_given_twice_is_read_once() {
    let dir = tree(&[("logs/a", "1"), ("logs/b", "2")]);
    let paths = [dir.path().join("logs"), dir.path().join("logs/a"), dir.path().join("logs/../logs")];
    let got = read_all(&paths, &Limits::default(), 1, &whole).unwrap();
    assert_eq!(got.items.len(), 2);
    assert!(got.skipped.iter().all(|s| s.why == "given twice; read once"));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_or_around() {
    use std::os::unix::fs::symlink;
    let outside = tree(&[("secret", "x")]);
    let dir = tree(&[("root/pg1/a.log", "1"), ("beside", "2")]);
    let root = dir.path().join("root");
    for (target, link) in [
        (outside.path().join("secret"), "out"),
        ("../beside".into(), "up"),
        ("nowhere".into(), "broken"),
        ("loop2".into(), "loop1"),
        ("loop1".into(), "loop2"),
        ("..".into(), "pg1/parent"),
        ("pg1".into(), "current"),
        ("pg1/a.log".into(), "a.log"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    let got = strip(read_with(&root, &Limits::default()), &root);
    assert_eq!(names(&got), ["pg1/a.log"]);
    let told = lines(&got);
    assert_eq!(told.len(), 8, "{told:#?}");
    let has = |start: &str, part: &str| told.iter().any(|line| line.starts_with(start) && line.contains(part));
    assert!(has("out: ", "outside of the given folder: not followed; give "), "{told:#?}");
    assert!(has("up: ", "outside of the given folder"), "{told:#?}");
    assert!(has("broken: ", "symbolic link to nowhere, which is not there"), "{told:#?}");
    assert!(has("loop1: ", "leads nowhere"), "{told:#?}");
    assert!(has("pg1/parent: ", "symbolic link"), "{told:#?}");
    assert!(has("current: ", "symbolic link to pg1, which is read there"), "{told:#?}");
    // A link that the user gives is meant.
    let given = strip(read_with(&root.join("current"), &Limits::default()), &root);
    assert_eq!(names(&given), ["current/a.log"]);
    let given = strip(read_with(&root.join("out"), &Limits::default()), &root);
    assert_eq!(names(&given), ["out"]);
}

#[cfg(unix)]
#[test]
fn pipes_sockets_and_devices_are_not_opened() {
    let dir = tree(&[("a", "1")]);
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("fifo")).status();
    let got = strip(read_with(dir.path(), &Limits::default()), dir.path());
    assert_eq!(names(&got), ["a"]);
    assert!(lines(&got).contains(&"socket: a socket, not a file".to_string()));
    if made.is_ok_and(|status| status.success()) {
        assert!(lines(&got)[0].starts_with("fifo: a FIFO, not a file"));
    }
    let got = read_with(Path::new("/dev/zero"), &Limits::default());
    assert_eq!(skipped(&got), ("/dev/zero", "a device, not a file", Loss::All));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tree(&[("a", "1"), ("b", "2"), ("d/c", "3")]);
    for name in ["b", "d"] {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    // Root may read all, so there is nothing to be seen then.
    if fs::File::open(dir.path().join("b")).is_err() {
        let got = strip(read_with(dir.path(), &Limits::default()), dir.path());
        assert_eq!(names(&got), ["a"]);
        assert_eq!(got.skipped.len(), 2);
        assert!(got.skipped.iter().all(|s| s.why.contains("permission denied") && s.loss == Loss::All));
    }
    fs::set_permissions(dir.path().join("d"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_told_apart() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    for name in [&b"caf\xe9"[..], b"caf\xe8"] {
        fs::write(dir.path().join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    let got = strip(read_with(dir.path(), &Limits::default()), dir.path());
    assert_eq!(names(&got), ["caf\u{fffd}", "caf\u{fffd}#2"]);
}

#[test]
fn a_file_of_holes_is_read_as_zeros() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sparse.log");
    let file = fs::File::create(&path).unwrap();
    file.set_len(2 << 30).unwrap();
    drop(file);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"\nthe end\n").unwrap();
    let read = |_: &Entry, stream: &mut dyn BufRead| {
        let mut lines = Lines::new(stream, 1 << 20);
        let mut last = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            last = line.bytes.to_vec();
        }
        (last, lines.cut_bytes())
    };
    let got = read_all(&[path], &Limits::default(), 1, &read).unwrap();
    assert_eq!(got.items[0].1, (b"the end".to_vec(), (2 << 30) - (1 << 20)));
    assert_eq!(got.skipped, []);
}
