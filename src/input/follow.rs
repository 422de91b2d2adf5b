//! Files that grow: what stands in them since the last time, through rotation, truncation and copies.
//!
//! A file is known by the hash of its first bytes, not by its name: `patroni.log` is recognised again as
//! `patroni.log.1` and as `patroni.log.2.gz`, and a file that was emptied in place begins anew. pgBadger's one position
//! for all files is its longest list of complaints (its issues 180, 258, 605, 620); here each file has its own.

use super::limits::Limits;
use super::{Entry, InputError, Loss, Skipped, compress, read_all, walk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes that tell a file from others. Log lines begin with a stamp, so a kilobyte is never the same twice.
const HEAD: usize = 1 << 10;
/// Bytes before the place where reading stopped, to see that it still is that place.
const TAIL: u64 = 256;
/// The line index has one entry for so many bytes.
const STEP: u64 = 32 << 10;
/// A last line without its end is looked for so far back.
const LINE: u64 = 1 << 20;
/// Larger files that did not change are not read again.
const SMALL: u64 = 1 << 20;
/// Files untouched for longer give no context any more.
const COLD: i64 = 48 * 3_600;

/// Where reading a file stopped, and how to know the file again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Where it was seen last.
    pub path: String,
    /// Hash of its first `head_bytes` bytes, decompressed.
    pub head: String,
    pub head_bytes: u64,
    /// Bytes and lines, decompressed, that were read and told.
    pub done: u64,
    pub done_line: u64,
    /// Hash of the bytes before `done`.
    pub tail: String,
    /// Where the next reading begins, for context: never behind `done`.
    pub from: u64,
    pub from_line: u64,
    /// Size and time on disk, to pass over what did not change.
    pub size: u64,
    pub modified: i64,
    /// Read as a whole whenever it changes: configs, outputs of commands, `sa` files, archives.
    pub whole: bool,
    /// Seconds since 1970 of the last run that saw it.
    pub seen: i64,
}

/// What one file gave.
#[derive(Debug)]
pub struct Piece<T> {
    pub entry: Entry,
    pub value: T,
    /// Lines from this number on (counted from 1) are new; 0: all are.
    pub new_from_line: u64,
    /// Whether there is anything new in it at all.
    pub changed: bool,
    /// Lines before the first that was read.
    pub lines_before: u64,
    /// New bytes, decompressed.
    pub new_bytes: u64,
    /// Index of its mark, if it may be continued next time.
    pub mark: Option<usize>,
    /// (line, byte) of every 32 KiB, both from the file's beginning.
    index: Vec<(u64, u64)>,
    done: (u64, u64),
}

impl<T> Piece<T> {
    /// The piece without what was read of it, and that.
    pub fn split(self) -> (Piece<()>, T) {
        let Piece { entry, value, new_from_line, changed, lines_before, new_bytes, mark, index, done } = self;
        (Piece { entry, value: (), new_from_line, changed, lines_before, new_bytes, mark, index, done }, value)
    }

    /// The last known line's beginning at or before a byte: (byte, lines before it).
    pub fn before(&self, byte: u64) -> (u64, u64) {
        let at = self.index.partition_point(|(_, b)| *b <= byte);
        let (l, b) = self.index.get(at.wrapping_sub(1)).or(self.index.first()).copied().unwrap_or((1, 0));
        (b, l.saturating_sub(1))
    }

    /// Where the line before `line` (numbered in the whole file) begins at the latest: (byte, lines before it).
    pub fn place(&self, line: u64) -> (u64, u64) {
        let at = self.index.partition_point(|(l, _)| *l <= line);
        let (l, b) = self.index.get(at.wrapping_sub(1)).or(self.index.first()).copied().unwrap_or((1, 0));
        if b > self.done.0 { self.done } else { (b, l.saturating_sub(1)) }
    }
}

/// Everything read in one run.
#[derive(Debug)]
pub struct Followed<T> {
    pub pieces: Vec<Piece<T>>,
    pub marks: Vec<Mark>,
    pub skipped: Vec<Skipped>,
    /// What had to be begun anew, in words.
    pub notes: Vec<String>,
}

/// How to read: as whole, or line by line.
pub struct How<'a, T> {
    /// Whether a file that begins so must be read as a whole.
    pub whole: &'a (dyn Fn(&[u8], &str) -> bool + Sync),
    pub read: &'a (dyn Fn(&Entry, &mut dyn BufRead) -> T + Sync),
    /// Whether a piece from the middle was not understood and the file must be read from its beginning.
    pub lost: &'a (dyn Fn(&T) -> bool + Sync),
    /// Seconds since 1970.
    pub now: i64,
}

impl<T> std::fmt::Debug for How<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("How").field("now", &self.now).finish_non_exhaustive()
    }
}

/// FNV-1a, 64 bits: the same in every version of the program; nobody gains by forging it.
pub fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// Reads what is new below `paths`; `marks` are those of the last run.
pub fn follow<T: Send>(
    paths: &[PathBuf],
    marks: &[Mark],
    limits: &Limits,
    how: &How<'_, T>,
) -> Result<Followed<T>, InputError> {
    let mut paths = paths.to_vec();
    let beside: Vec<PathBuf> = paths.iter().flat_map(|p| rotated(p)).filter(|p| !paths.contains(p)).collect();
    paths.extend(beside);
    let (mut jobs, skipped) = walk::walk(&paths, limits)?;
    // Plain files before packed ones: of a rotated file and its packed copy, the plain one is read.
    jobs.sort_by(|a, b| a.path.cmp(&b.path));
    let mut out = Followed { pieces: Vec::new(), marks: Vec::new(), skipped, notes: Vec::new() };
    let mut packed = Vec::new();
    let mut known = Known { marks: marks.iter().cloned().map(Some).collect(), heads: BTreeSet::new() };
    for job in jobs {
        let walk::Place::File(place) = &job.place else {
            packed.push((job, Vec::new()));
            continue;
        };
        let mut file = match File::open(place) {
            Ok(file) => file,
            Err(e) => {
                let why = walk::unreadable(&e, place);
                out.skipped.push(Skipped { path: job.path.clone(), why, loss: Loss::All });
                continue;
            }
        };
        let mut head = vec![0; HEAD];
        let n = read_full(&mut file, &mut head).unwrap_or(0);
        head.truncate(n);
        if compress::kind(&head) == compress::Kind::Plain {
            if let Err(e) = plain(&job, &mut file, &head, &mut known, how, &mut out) {
                let why = walk::unreadable(&e, place);
                out.skipped.push(Skipped { path: job.path.clone(), why, loss: Loss::All });
            }
        } else {
            packed.push((job, head));
        }
    }
    for (job, head) in packed {
        archive(job, &head, limits, &mut known, how, &mut out)?;
    }
    // What is not there today may be back tomorrow: unpacked, or mounted again.
    out.marks.extend(known.marks.into_iter().flatten());
    out.skipped.sort();
    Ok(out)
}

/// Names that logrotate and log writers give to older files: `x.log.1`, `x.log.2.gz`, `x.log-20261120`.
fn rotated(given: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (given.parent(), given.file_name().map(|n| n.to_string_lossy().into_owned()))
    else {
        return Vec::new();
    };
    if given.is_dir() || name == "-" {
        return Vec::new();
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|e| {
            let other = e.file_name().to_string_lossy().into_owned();
            let rest = other.strip_prefix(&name).and_then(|r| r.strip_prefix(['.', '-']));
            rest.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()))
        })
        .filter(|e| e.file_type().is_ok_and(|t| t.is_file()))
        .map(|e| if given.parent() == Some(Path::new("")) { PathBuf::from(e.file_name()) } else { e.path() })
        .collect();
    found.sort();
    found
}

struct Known {
    marks: Vec<Option<Mark>>,
    /// Heads met in this run.
    heads: BTreeSet<String>,
}

impl Known {
    /// The mark of a file that begins with `head`.
    fn by_head(&mut self, head: &[u8]) -> Option<Mark> {
        let slot = self.marks.iter_mut().find(|m| {
            m.as_ref().is_some_and(|m| {
                let bytes = m.head_bytes as usize;
                !m.whole && bytes > 0 && head.get(..bytes).is_some_and(|h| hash(h) == m.head)
            })
        })?;
        slot.take()
    }

    fn by_path(&mut self, path: &str) -> Option<Mark> {
        let slot = self.marks.iter_mut().find(|m| m.as_ref().is_some_and(|m| m.whole && m.path == path))?;
        slot.take()
    }

    /// The mark of an archive or packed file that was read before, whatever its name was then.
    fn packed(&mut self, head: &str, size: u64) -> Option<Mark> {
        let slot =
            self.marks.iter_mut().find(|m| m.as_ref().is_some_and(|m| m.whole && m.head == head && m.size == size))?;
        slot.take()
    }

    /// Whether another file of this run begins the same: then this is its copy. Short files begin alike by chance.
    fn copy(&mut self, head: &[u8]) -> bool {
        head.len() >= HEAD && !self.heads.insert(hash(head))
    }
}

fn plain<T>(
    job: &walk::Job,
    file: &mut File,
    head: &[u8],
    known: &mut Known,
    how: &How<'_, T>,
    out: &mut Followed<T>,
) -> io::Result<()> {
    if head.is_empty() {
        return Ok(());
    }
    let size = file.metadata()?.len();
    let modified = job.modified.unwrap_or(0);
    let whole = (how.whole)(&sample(file, size)?, &job.path);
    let entry = Entry { path: job.path.clone(), modified: job.modified, size: Some(size) };
    let fresh = |whole| Mark {
        path: job.path.clone(),
        head: hash(head),
        head_bytes: head.len() as u64,
        done: 0,
        done_line: 0,
        tail: String::new(),
        from: 0,
        from_line: 0,
        size,
        modified,
        whole,
        seen: how.now,
    };
    if whole {
        let old = known.by_path(&job.path);
        let same = old.as_ref().is_some_and(|m| m.size == size && m.modified == modified && m.head == hash(head));
        if same && size > SMALL && modified < how.now - COLD {
            out.marks.extend(old.map(|m| Mark { seen: how.now, ..m }));
            return Ok(());
        }
        file.seek(SeekFrom::Start(0))?;
        let value = (how.read)(&entry, &mut BufReader::with_capacity(256 << 10, &*file));
        out.pieces.push(Piece {
            entry,
            value,
            new_from_line: 0,
            changed: !same,
            lines_before: 0,
            new_bytes: if same { 0 } else { size },
            mark: None,
            index: Vec::new(),
            done: (0, 0),
        });
        out.marks.push(Mark { done: size, ..fresh(true) });
        return Ok(());
    }
    if known.copy(head) {
        return Ok(());
    }
    let mut mark = known.by_head(head).unwrap_or_else(|| fresh(false));
    let untouched = mark.size == size && mark.modified == modified;
    if mark.done > 0 && (mark.done > size || tail_hash(file, mark.done)? != mark.tail) {
        out.notes
            .push(format!("{}: was changed before the place where reading stopped; read from its beginning", job.path));
        mark = fresh(false);
    }
    // The last line may still be in the writing, unless nobody wrote since.
    let end = if untouched { size } else { end_of_lines(file, size)?.max(mark.done) };
    if end == mark.done && mark.done > 0 && modified < how.now - COLD {
        out.marks.push(Mark { path: job.path.clone(), size, modified, seen: how.now, ..mark });
        return Ok(());
    }
    let (mut from, mut before) = (mark.from.min(mark.done), mark.from_line.min(mark.done_line));
    let read = |from: u64, before: u64| -> io::Result<(T, Counting<BufReader<io::Take<&File>>>)> {
        (&*file).seek(SeekFrom::Start(from))?;
        let reader = BufReader::with_capacity(256 << 10, (&*file).take(end.saturating_sub(from)));
        let mut counting = Counting::new(reader, from, before);
        let value = (how.read)(&entry, &mut counting);
        io::copy(&mut counting, &mut io::sink())?;
        Ok((value, counting))
    };
    let (mut value, mut counted) = read(from, before)?;
    if from > 0 && (how.lost)(&value) {
        (from, before) = (0, 0);
        (value, counted) = read(0, 0)?;
    }
    let (end, lines) = (counted.offset, counted.lines);
    let changed = end > mark.done;
    out.pieces.push(Piece {
        entry,
        value,
        new_from_line: mark.done_line + 1,
        changed,
        lines_before: before,
        new_bytes: end.saturating_sub(mark.done),
        mark: Some(out.marks.len()),
        index: counted.index,
        done: (end, lines),
    });
    let tail = tail_hash(file, end)?;
    out.marks.push(Mark {
        path: job.path.clone(),
        // A file that was shorter than the head is known by more of it now.
        head: hash(head),
        head_bytes: head.len() as u64,
        done: end,
        done_line: lines,
        tail,
        from,
        from_line: before,
        size,
        modified,
        whole: false,
        seen: how.now,
    });
    Ok(())
}

/// Archives, packed files and standard input: read as a whole if they are not the same as last time. A packed log
/// that is known by its plain head is told from where reading stopped.
fn archive<T: Send>(
    job: walk::Job,
    head: &[u8],
    limits: &Limits,
    known: &mut Known,
    how: &How<'_, T>,
    out: &mut Followed<T>,
) -> Result<(), InputError> {
    let walk::Place::File(place) = &job.place else {
        let listing = read_all(&[PathBuf::from("-")], limits, 1, &|e: &Entry, input: &mut dyn BufRead| {
            (e.size, (how.read)(e, input))
        })?;
        out.skipped.extend(listing.skipped);
        out.pieces.extend(listing.items.into_iter().map(|(entry, (_, value))| whole_piece(entry, value)));
        return Ok(());
    };
    let modified = job.modified.unwrap_or(0);
    // `.2.gz` is `.3.gz` tomorrow: the packed bytes are the same.
    if let Some(old) = known.packed(&hash(head), job.size) {
        out.marks.push(Mark { path: job.path.clone(), modified, seen: how.now, ..old });
        return Ok(());
    }
    // The plain beginnings of logs that this run or an earlier one has read.
    let marks: Vec<Mark> = known.marks.iter().flatten().filter(|m| !m.whole).cloned().collect();
    let heads = &known.heads;
    let listing = read_all(std::slice::from_ref(place), limits, 1, &|e: &Entry, input: &mut dyn BufRead| {
        let first = peek(input);
        if first.len() >= HEAD && heads.contains(&hash(&first)) {
            return None;
        }
        let mark = marks.iter().find(|m| {
            let bytes = m.head_bytes as usize;
            bytes > 0 && first.get(..bytes).is_some_and(|h| hash(h) == m.head)
        });
        let (from, before) = mark.map_or((0, 0), |m| (m.from.min(m.done), m.from_line));
        let _ = io::copy(&mut input.take(from), &mut io::sink());
        let mut counting = Counting::new(input, from, before);
        let value = (how.read)(e, &mut counting);
        let _ = io::copy(&mut counting, &mut io::sink());
        Some((value, mark.cloned(), before, counting.offset))
    })?;
    out.skipped.extend(listing.skipped);
    for (entry, read) in listing.items {
        let Some((value, mark, lines_before, end)) = read else { continue };
        let Some(mark) = mark else {
            out.pieces.push(whole_piece(entry, value));
            continue;
        };
        if end <= mark.done {
            continue;
        }
        out.pieces.push(Piece {
            new_from_line: mark.done_line + 1,
            lines_before,
            new_bytes: end.saturating_sub(mark.done),
            ..whole_piece(entry, value)
        });
    }
    out.marks.push(Mark {
        path: job.path.clone(),
        head: hash(head),
        head_bytes: head.len() as u64,
        done: job.size,
        done_line: 0,
        tail: String::new(),
        from: 0,
        from_line: 0,
        size: job.size,
        modified,
        whole: true,
        seen: how.now,
    });
    Ok(())
}

fn whole_piece<T>(entry: Entry, value: T) -> Piece<T> {
    let new_bytes = entry.size.unwrap_or(0);
    Piece {
        entry,
        value,
        new_from_line: 0,
        changed: true,
        lines_before: 0,
        new_bytes,
        mark: None,
        index: Vec::new(),
        done: (0, 0),
    }
}

/// The first kilobyte, without taking it.
fn peek(input: &mut dyn BufRead) -> Vec<u8> {
    input.fill_buf().map(|b| b.get(..b.len().min(HEAD)).unwrap_or(b).to_vec()).unwrap_or_default()
}

fn read_full(file: &mut File, buf: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while let Some(rest) = buf.get_mut(n..).filter(|r| !r.is_empty()) {
        match file.read(rest)? {
            0 => break,
            got => n += got,
        }
    }
    Ok(n)
}

/// As much of the beginning as tells what a file is.
fn sample(file: &mut File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size.min(64 << 10) as usize];
    file.seek(SeekFrom::Start(0))?;
    let n = read_full(file, &mut bytes)?;
    bytes.truncate(n);
    Ok(bytes)
}

fn tail_hash(file: &mut File, at: u64) -> io::Result<String> {
    let from = at.saturating_sub(TAIL);
    let mut bytes = vec![0; (at - from) as usize];
    file.seek(SeekFrom::Start(from))?;
    let n = read_full(file, &mut bytes)?;
    bytes.truncate(n);
    Ok(hash(&bytes))
}

/// The byte after the last line break.
fn end_of_lines(file: &mut File, size: u64) -> io::Result<u64> {
    let from = size.saturating_sub(LINE);
    let mut bytes = vec![0; (size - from) as usize];
    file.seek(SeekFrom::Start(from))?;
    let n = read_full(file, &mut bytes)?;
    bytes.truncate(n);
    Ok(memchr::memrchr(b'\n', &bytes).map_or(size, |at| from + at as u64 + 1))
}

/// A reader that knows how many bytes and lines went through it.
struct Counting<R> {
    inner: R,
    offset: u64,
    lines: u64,
    index: Vec<(u64, u64)>,
}

impl<R: BufRead> Counting<R> {
    fn new(inner: R, offset: u64, lines: u64) -> Self {
        Counting { inner, offset, lines, index: vec![(lines + 1, offset)] }
    }
}

/// Counts the bytes and keeps a line's beginning every [`STEP`] bytes.
fn count(bytes: &[u8], offset: &mut u64, lines: &mut u64, index: &mut Vec<(u64, u64)>) {
    for at in memchr::memchr_iter(b'\n', bytes) {
        *lines += 1;
        let begins = *offset + at as u64 + 1;
        if index.last().is_none_or(|(_, b)| begins >= b + STEP) {
            index.push((*lines + 1, begins));
        }
    }
    *offset += bytes.len() as u64;
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        count(buf.get(..n).unwrap_or(&[]), &mut self.offset, &mut self.lines, &mut self.index);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }
    fn consume(&mut self, n: usize) {
        // The buffer is still there: what is not empty is not read anew.
        if let Ok(buffer) = self.inner.fill_buf() {
            let taken = buffer.get(..n.min(buffer.len())).unwrap_or(&[]);
            count(taken, &mut self.offset, &mut self.lines, &mut self.index);
        }
        self.inner.consume(n);
    }
}

/// Drops marks of files that nobody has seen for so many days, and sorts the rest.
pub fn forget(marks: &mut Vec<Mark>, now: i64, days: i64) {
    marks.retain(|m| m.seen > now - days * 86_400);
    marks.sort_by(|a, b| (&a.path, &a.head, a.whole).cmp(&(&b.path, &b.head, b.whole)));
}
