//! A copy of a bundle under pseudonyms, with the same verdict: archives become folders, texts UTF-8.

use super::{Kind, Names, Redactor};
use crate::detect::{Encoding, decode, detect};
use crate::formats::whole;
use crate::input::{Entry, InputError, Limits, Lines, read_all};
use crate::model::Caps;
use crate::sysstat::looks_like_sa;
use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

/// What was copied, and what was left out and why.
#[derive(Debug, Default)]
pub struct Copied {
    pub files: Vec<String>,
    pub left_out: Vec<(String, String)>,
    /// Copied, but for their ends or the ends of long lines.
    pub cut: Vec<(String, String)>,
}

impl Names {
    /// Adds what all texts below the paths show.
    pub fn scan_paths(&mut self, paths: &[PathBuf], limits: &Limits, threads: usize) -> Result<(), InputError> {
        let (all, caps) = (Mutex::new(std::mem::take(self)), limits.caps());
        read_all(paths, limits, threads, &|_: &Entry, input: &mut dyn BufRead| {
            let mut mine = Names::default();
            let _ = texts(input, &caps, &mut |line, _| mine.scan(line));
            if let Ok(mut all) = all.lock() {
                all.merge(mine);
            }
        })?;
        *self = all.into_inner().unwrap_or_default();
        Ok(())
    }
}

/// Copies everything below `paths` into the folder `to`, which must not hold anything yet.
pub fn copy(
    paths: &[PathBuf],
    to: &Path,
    limits: &Limits,
    shown: &(dyn Fn(&str) -> String + Sync),
    redactor: &Redactor,
) -> Result<Copied, InputError> {
    // One thread: names of files must not depend on who comes first.
    let taken: Mutex<std::collections::BTreeSet<PathBuf>> = Mutex::default();
    let caps = limits.caps();
    let listing = read_all(paths, limits, 1, &|entry: &Entry, input: &mut dyn BufRead| -> Result<Copy, String> {
        let path = shown(&entry.path);
        let mut place = target(&path, redactor);
        if let Ok(mut taken) = taken.lock() {
            while !taken.insert(place.clone()) {
                place.set_file_name(format!("{}_", place.file_name().unwrap_or_default().to_string_lossy()));
            }
        }
        let file = to.join(&place);
        let cut = one(input, &file, redactor, &caps).map_err(|e| e.to_string())?;
        if let Some(at) = entry.modified.and_then(|s| u64::try_from(s).ok())
            && let Ok(f) = File::options().write(true).open(&file)
        {
            // The year of a log may be known from its file's date only.
            let _ = f.set_modified(UNIX_EPOCH + Duration::from_secs(at));
        }
        Ok((place.display().to_string(), cut))
    })?;
    let mut out = Copied::default();
    for (entry, done) in listing.items {
        match done {
            Ok((path, cut)) => {
                out.files.push(path);
                out.cut.extend(cut.map(|why| (shown(&entry.path), why)));
            }
            Err(why) => out.left_out.push((shown(&entry.path), why)),
        }
    }
    out.left_out.extend(listing.skipped.into_iter().map(|s| (shown(&s.path), s.why)));
    Ok(out)
}

/// Where a copy lies, and what of it was cut.
type Copy = (String, Option<String>);

/// Where a source's copy lies: `a.tar.gz!b/c.log.gz` becomes `a/b/c.log`, names replaced, nothing outside the folder.
fn target(path: &str, redactor: &Redactor) -> PathBuf {
    let packed = [
        ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tar.bz2", ".tbz2", ".tar.lz4", ".tar", ".zip", ".gz",
        ".xz", ".zst", ".bz2", ".lz4",
    ];
    let mut out = PathBuf::new();
    for part in path.split('!') {
        let bare = packed
            .iter()
            .find_map(|end| part.strip_suffix(end))
            .filter(|p| !p.is_empty() && !p.ends_with('/'))
            .unwrap_or(part);
        let bare = redactor.path(bare);
        out.extend(Path::new(&bare).components().filter_map(|c| match c {
            Component::Normal(n) => Some(PathBuf::from(n)),
            _ => None,
        }));
    }
    if out.as_os_str().is_empty() { PathBuf::from("stdin.log") } else { out }
}

impl Redactor {
    /// A path: every part is a place where a name may stand alone.
    fn path(&self, path: &str) -> String {
        let parts = path.split('/').map(|part| match self.named(part) {
            Some(new) => new.to_owned(),
            None => self.names_in(&self.addresses_in(part)).into_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

fn one(input: &mut dyn BufRead, file: &Path, redactor: &Redactor, caps: &Caps) -> io::Result<Option<String>> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let head = input.fill_buf()?;
    let head = head.get(..head.len().min(64 << 10)).unwrap_or(head).to_vec();
    if looks_like_sa(&head) {
        let (mut all, problem) = whole(input, caps);
        binary(&mut all, redactor);
        std::fs::write(file, all)?;
        return Ok(problem.map(|p| p.what));
    }
    if head.contains(&0) && detect(&head, "").encoding == Encoding::Utf8 {
        return Err(io::Error::other("binary, and not sysstat's: not copied, for nobody can tell what it holds"));
    }
    let mut out = BufWriter::new(File::create(file)?);
    let mut in_sql = false;
    let cut = texts(input, caps, &mut |line, latin| {
        let new = redactor.line(line, &mut in_sql);
        let written = if latin { out.write_all(&narrow(&new)) } else { out.write_all(new.as_bytes()) };
        let _ = written.and_then(|()| out.write_all(b"\n"));
    })?;
    out.flush()?;
    Ok(cut)
}

/// Calls `each` with every line; `true`: the line is not UTF-8 and stands as one character a byte. Gives what was cut.
fn texts(input: &mut dyn BufRead, caps: &Caps, each: &mut dyn FnMut(&str, bool)) -> io::Result<Option<String>> {
    let head = input.fill_buf()?;
    let head = head.get(..head.len().min(64 << 10)).unwrap_or(head).to_vec();
    let encoding = detect(&head, "").encoding;
    if encoding == Encoding::Utf8 && head.contains(&0) {
        return Ok(None);
    }
    let mut go = |source: &mut dyn BufRead| -> io::Result<Option<String>> {
        let mut lines = Lines::new(source, caps.line);
        while let Some(line) = lines.next()? {
            match std::str::from_utf8(line.bytes) {
                Ok(text) => each(text, false),
                Err(_) => each(&line.bytes.iter().map(|b| char::from(*b)).collect::<String>(), true),
            }
        }
        let (n, bytes) = (lines.cut_lines(), lines.cut_bytes());
        let cut =
            || format!("{bytes} bytes at the ends of {n} lines are not copied: {}", Limits::hit("line", caps.line));
        Ok((n > 0).then(cut))
    };
    if encoding == Encoding::Utf8 {
        return go(input);
    }
    let (all, problem) = whole(input, caps);
    let cut = go(&mut decode(&all, encoding).as_ref())?;
    Ok(problem.map(|p| p.what).or(cut))
}

/// Back from one character a byte.
fn narrow(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// sysstat's files hold the host's name in a field that ends in zero bytes, and no other name of a person's choosing
/// but devices, mount points and comments: the same fields.
fn binary(bytes: &mut [u8], redactor: &Redactor) {
    let mut i = 0;
    while i < bytes.len() {
        let rest = bytes.get(i..).unwrap_or(&[]);
        let len = rest.iter().position(|b| !(0x20..0x7f).contains(b)).unwrap_or(rest.len());
        let zeros = rest.iter().skip(len).take_while(|b| **b == 0).count();
        if len >= 2
            && zeros >= 1
            && let Some(text) = rest.get(..len).and_then(|t| std::str::from_utf8(t).ok())
        {
            let new = match redactor.named(text) {
                Some(new) => new.to_owned(),
                None => redactor.names_in(&redactor.addresses_in(text)).into_owned(),
            };
            // One zero byte must stay behind the text.
            if new != text
                && let Some(field) = bytes.get_mut(i..i + len + zeros - 1)
            {
                let mut new = new.bytes();
                field.iter_mut().for_each(|b| *b = new.next().unwrap_or(0));
            }
        }
        i += len + zeros.max(1);
    }
}

/// The list of replacements as lines of tab-separated values, for the one who keeps the originals.
impl Redactor {
    pub fn table(&self) -> String {
        let mut out = String::from("kind\toriginal\tpseudonym\n");
        for (kind, original, pseudonym) in self.list() {
            out.push_str(&format!("{kind}\t{original}\t{pseudonym}\n"));
        }
        out
    }
}

/// Names that a bundle's joined nodes and facts tell.
pub fn known(sources: &[crate::model::Source], cluster: &crate::cluster::Cluster) -> Names {
    let mut names = Names::default();
    for node in cluster.nodes.iter().filter(|n| n.name.as_ref() != crate::cluster::UNNAMED) {
        names.add(Kind::Host, &node.name);
        node.aliases.keys().for_each(|(naming, name)| names.add_naming(*naming, name));
    }
    for source in sources {
        source.parsed.facts.iter().for_each(|f| names.add_fact(f));
        for stream in &source.parsed.streams {
            stream.names.iter().for_each(|n| names.add_naming(n.naming, &n.name));
        }
    }
    names
}
