//! Places inside places: `ticket.zip!pg1/sos.tar.xz!var/log/messages`, shown and sorted the same way everywhere.
//!
//! Such a name is for people and for the report. It is never opened, so `../../etc/passwd` in an archive is only text;
//! it is still shown without the dots, and without control characters, because someone will paste it into a shell.

use std::collections::HashMap;
use std::path::Path;

/// Longest shown name of one archive member; PATH_MAX on Linux. Longer ones are hostile or broken.
const MAX_NAME: usize = 4096;

/// A path as the user gave it, or below it: '/' between parts, no "./" in front, no '/' at the end.
pub(super) fn of_file(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    let absolute = text.starts_with('/');
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => printable(&format!("/{joined}")),
        (false, true) => ".".into(),
        (false, false) => printable(&joined),
    }
}

/// A member's name as the archive holds it: relative, '/' between parts, `..` resolved but never above the archive.
pub(super) fn of_member(raw: &[u8]) -> String {
    let cut = &raw[..raw.len().min(MAX_NAME)];
    let text = String::from_utf8_lossy(cut);
    // Old Windows packers write backslashes; a backslash in a Unix file name is rarer than those.
    let text = if text.contains('/') { text.into_owned() } else { text.replace('\\', "/") };
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    let name = printable(&parts.join("/"));
    if name.is_empty() { "(no name)".into() } else { name }
}

/// The name of `member` inside the archive at `container`.
pub(super) fn inside(container: &str, member: &str) -> String {
    format!("{container}!{member}")
}

/// Control and direction-changing characters, which could forge lines or hide an extension, become U+FFFD.
fn printable(name: &str) -> String {
    let bad = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    name.chars().map(|c| if bad(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The part of `name` that is known to hold no evidence, with the reason: macOS leftovers, version control.
pub(super) fn junk(name: &str) -> Option<(&str, &'static str)> {
    let mut end = 0;
    for part in name.split('/') {
        let start = end;
        end = start + part.len() + 1;
        let why = match part {
            "__MACOSX" => "resource forks that macOS adds to a zip",
            ".DS_Store" => "a folder view of macOS",
            ".git" | ".svn" | ".hg" => "version control data",
            _ if part.starts_with("._") => "a resource fork that macOS adds to a tar",
            _ => continue,
        };
        return Some((&name[..end - 1], why));
    }
    None
}

/// The names of one archive or folder, each made its own: tar may hold two members of one name (later wins when
/// unpacked, but both may be evidence), and two names may look the same once made printable.
#[derive(Default)]
pub(super) struct Unique {
    /// Name → the next number to try for it: a million members of one name must not cost a million squared.
    seen: HashMap<String, u64>,
}

impl Unique {
    pub(super) fn name(&mut self, name: String) -> String {
        let Some(next) = self.seen.get_mut(&name) else {
            self.seen.insert(name.clone(), 2);
            return name;
        };
        let mut n = *next;
        *next += 1;
        loop {
            let other = format!("{name}#{n}");
            if !self.seen.contains_key(&other) {
                self.seen.insert(other.clone(), 2);
                return other;
            }
            n += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_names_are_harmless() {
        for (raw, shown) in [
            (&b"var/log/messages"[..], "var/log/messages"),
            (b"./var//log/./messages", "var/log/messages"),
            (b"/etc/passwd", "etc/passwd"),
            (b"../../etc/passwd", "etc/passwd"),
            (b"a/../../b", "b"),
            (b"pg1\\log\\a.log", "pg1/log/a.log"),
            (b"a\x1b[2Jb\nc", "a\u{fffd}[2Jb\u{fffd}c"),
            (b"caf\xe9.log", "caf\u{fffd}.log"),
            (b"..", "(no name)"),
            (b"", "(no name)"),
        ] {
            assert_eq!(of_member(raw), shown);
        }
        assert!(of_member(&vec![b'x'; 1 << 20]).len() <= MAX_NAME);
        assert_eq!(of_member("exe.\u{202e}gol".as_bytes()), "exe.\u{fffd}gol");
    }

    #[test]
    fn given_paths_stay_as_given() {
        for (given, shown) in
            [("./a/b", "a/b"), ("a//b/", "a/b"), ("/var/log/", "/var/log"), (".", "."), ("../x", "../x"), ("/", "/")]
        {
            assert_eq!(of_file(Path::new(given)), shown);
        }
    }

    #[test]
    fn junk_is_named_up_to_the_junk() {
        assert_eq!(junk("a/.git/objects/x").unwrap().0, "a/.git");
        assert_eq!(junk("__MACOSX/a/._b").unwrap().0, "__MACOSX");
        assert_eq!(junk("a/._b.log").unwrap().0, "a/._b.log");
        assert!(junk("a/git/.gitignore").is_none());
    }

    #[test]
    fn same_names_are_told_apart() {
        let mut names = Unique::default();
        let got: Vec<_> = ["a", "a#2", "a", "a"].map(|n| names.name(n.into())).into();
        assert_eq!(got, ["a", "a#2", "a#3", "a#4"]);
    }
}
