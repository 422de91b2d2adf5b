//! The only module that opens files: folders, archives, compressed streams, with limits.
//!
//! [`read_all`] finds every readable thing below the given paths and calls a reader once for each, with its plain
//! bytes: compressions and archives, also inside each other, are opened on the way, as streams, and nothing is written
//! to disk. What could not be read is never an error of the whole but a [`Skipped`] line with the place and a remedy.
//!
//! Jobs (a file given or found) run in parallel, an archive is one job, and everything that a job does depends on its
//! bytes alone: limits are counted per job, blocks are filled to the brim, results are sorted by path. So the result
//! is the same at any number of threads.

mod ahead;
mod archive;
mod at;
mod blocks;
mod compress;
pub mod follow;
mod limits;
mod lines;
mod path;
mod progress;
mod stream;
mod tar;
mod walk;
mod zip;

#[cfg(test)]
mod tests;

pub use at::{ReadAt, fill};
pub use blocks::{Block, Blocks};
pub use limits::Limits;
pub use lines::{Line, Lines};
pub use progress::Progress;

use ahead::Packed;
use archive::Bundle;
use compress::Kind;
use rayon::iter::{ParallelBridge, ParallelIterator};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use stream::{Counted, Meter, Source, Stream};
use walk::{Job, Place};

/// One readable thing: a plain file or a member of an archive, however deeply nested.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// `ticket.zip!pg1/sos.tar.xz!var/log/messages`: as the user gave it, and on from there. Unique in a [`Listing`].
    pub path: String,
    /// When its content last changed, in seconds since 1970, by the innermost that says so: tar, zip, gzip, file system.
    pub modified: Option<i64>,
    /// Its bytes, if known before they are read: not for compressed things.
    pub size: Option<u64>,
}

/// How much evidence was lost by not reading something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// None: links, folder views, empty files.
    Nothing,
    /// What could be read of it was read.
    Part,
    /// Nothing of it was read.
    All,
}

/// Something that was not read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// The place, as in [`Entry::path`].
    pub path: String,
    /// The reason, and the remedy where there is one.
    pub why: String,
    /// What that costs the diagnosis.
    pub loss: Loss,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The reader's results, sorted by path.
    pub items: Vec<(Entry, T)>,
    /// What was not read, sorted by path.
    pub skipped: Vec<Skipped>,
    /// Bytes that readers took, after unpacking.
    pub bytes: u64,
}

/// The only ways in which reading can fail as a whole.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Paths that are not there.
    #[error("no such file or folder: {}", .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
    Missing(Vec<PathBuf>),
}

/// Takes the plain bytes of one entry. They end cleanly also where they end too early.
pub type ReadEntry<'a, T> = dyn Fn(&Entry, &mut dyn BufRead) -> T + Sync + 'a;

/// Like [`ReadEntry`], and for a plain file on disk with its bytes at any place, for several threads.
pub type ReadAnywhere<'a, T> = dyn Fn(&Entry, &mut dyn BufRead, Option<&dyn ReadAt>) -> T + Sync + 'a;

/// The same on the thread that asks.
type ReadHere<'a, T> = dyn Fn(&Entry, &mut dyn BufRead, Option<&dyn ReadAt>) -> T + 'a;

/// Calls `read` once for each entry below `paths` (`-` is stdin), on `threads` threads.
pub fn read_all<T: Send>(
    paths: &[PathBuf],
    limits: &Limits,
    threads: usize,
    read: &ReadEntry<'_, T>,
) -> Result<Listing<T>, InputError> {
    read_anywhere(paths, limits, threads, None, &|entry, input, _| read(entry, input))
}

/// [`read_all`] for readers that write at once: one after the other, files in the order of their paths, members of an
/// archive as they lie in it.
pub fn read_in_order(
    paths: &[PathBuf],
    limits: &Limits,
    read: &mut dyn FnMut(&Entry, &mut dyn BufRead),
) -> Result<Listing<()>, InputError> {
    let (mut jobs, skipped) = walk::walk(paths, limits)?;
    jobs.sort_by(|a, b| a.path.cmp(&b.path));
    let read = RefCell::new(read);
    let one = |entry: &Entry, input: &mut dyn BufRead, _: Option<&dyn ReadAt>| {
        if let Ok(mut read) = read.try_borrow_mut() {
            read(entry, input);
        }
    };
    let done = jobs.into_iter().map(|job| read_job(job, limits, true, None, &one)).collect();
    Ok(joined(done, skipped))
}

/// [`read_all`] for readers that can use several threads for one file, and for those who want to see how far it is.
pub fn read_anywhere<T: Send>(
    paths: &[PathBuf],
    limits: &Limits,
    threads: usize,
    progress: Option<&Progress>,
    read: &ReadAnywhere<'_, T>,
) -> Result<Listing<T>, InputError> {
    let (mut jobs, skipped) = walk::walk(paths, limits)?;
    if let Some(progress) = progress {
        let bytes = jobs.iter().map(|job| job.size).filter(|size| *size < u64::MAX).sum();
        progress.expect(jobs.len() as u64, bytes);
    }
    // Large ones first, or the last thread works alone for long.
    jobs.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
    let beside = threads > 1;
    let big = jobs.first().is_some_and(|job| job.size >= WORTH_A_POOL && job.size < u64::MAX);
    let threads = if big { threads } else { threads.min(jobs.len()) };
    let pool = (threads > 1).then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build());
    let done: Vec<Listing<T>> = match pool {
        Some(Ok(pool)) => pool.install(|| {
            jobs.into_iter().par_bridge().map(|job| read_job(job, limits, beside, progress, read)).collect()
        }),
        _ => jobs.into_iter().map(|job| read_job(job, limits, beside, progress, read)).collect(),
    };
    Ok(joined(done, skipped))
}

fn joined<T>(done: Vec<Listing<T>>, skipped: Vec<Skipped>) -> Listing<T> {
    let mut all = Listing { items: Vec::new(), skipped, bytes: 0 };
    for mut job in done {
        all.items.append(&mut job.items);
        all.skipped.append(&mut job.skipped);
        all.bytes += job.bytes;
    }
    all.items.sort_by(|a, b| a.0.cmp(&b.0));
    all.skipped.sort();
    all
}

/// One file of this size is worth several threads.
const WORTH_A_POOL: u64 = 8 << 20;

fn read_job<T>(
    job: Job,
    limits: &Limits,
    beside: bool,
    progress: Option<&Progress>,
    read: &ReadHere<'_, T>,
) -> Listing<T> {
    let mut done = Listing { items: Vec::new(), skipped: Vec::new(), bytes: 0 };
    let shown = job.path.clone();
    let meter = Meter::default();
    let Listing { items, skipped, bytes } = &mut done;
    let mut give = |entry: &Entry, leaf: &mut stream::Leaf<'_>| {
        let plain = leaf.plain.take();
        let result = catch_unwind(AssertUnwindSafe(|| {
            read(entry, leaf, plain.as_ref().filter(|p| p.size >= WORTH_A_POOL).map(|p| p as &dyn ReadAt))
        }));
        *bytes += leaf.out;
        result.map(|value| items.push((entry.clone(), value))).is_ok()
    };
    let mut bundle = Bundle::new(limits, &meter, &mut give, skipped);
    bundle.progress = progress;
    let size = job.size;
    // A decoder may have bugs too; what was read before stays.
    let survived = catch_unwind(AssertUnwindSafe(|| open_job(job, &mut bundle, beside)));
    if survived.is_err() {
        let why = "internal error while it was unpacked: a bug of ours, please report it".into();
        done.skipped.push(Skipped { path: shown, why, loss: Loss::Part });
    }
    if let Some(progress) = progress {
        // What nobody asked for is done as well; a file read in ranges has counted for itself.
        let counted = meter.reported.get();
        progress.add(if size < u64::MAX { size.saturating_sub(counted) } else { 0 });
        progress.done();
    }
    done
}

fn open_job(job: Job, bundle: &mut Bundle<'_>, beside: bool) {
    let entry = Entry { path: job.path, modified: job.modified, size: Some(job.size) };
    let file = match &job.place {
        Place::Stdin => {
            let stdin = Counted { inner: io::stdin().lock(), meter: bundle.meter };
            return bundle.open(Entry { size: None, ..entry }, &mut Stream::new(stdin, None), 0);
        }
        Place::File(path) => match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                return bundle.skip(&entry.path, walk::unreadable(&error, path), Loss::All);
            }
        },
    };
    bundle.meter.on_disk.set(job.size);
    let mut stream = Stream::new(Counted { inner: &file, meter: bundle.meter }, None);
    // A pipe of the shell cannot be read twice.
    let again = bundle.limits.depth > 0 && file.metadata().is_ok_and(|meta| meta.is_file());
    let (kind, gz_modified) = match stream.peek(compress::HEAD) {
        Ok(head) if again => (compress::kind(head), compress::gz_modified(head)),
        _ => (Kind::Plain, None),
    };
    match kind {
        Kind::Zip => bundle.zip_file(&entry, &file),
        Kind::Gz | Kind::Xz | Kind::Zst | Kind::Bz2 | Kind::Lz4 => {
            let modified = if kind == Kind::Gz { gz_modified.or(entry.modified) } else { entry.modified };
            let entry = Entry { modified, size: None, ..entry };
            let packed = Packed { file: &file, size: job.size, kind };
            let (meter, limits) = (bundle.meter, bundle.limits);
            ahead::unpack(&packed, meter, limits, beside, |stream| bundle.open(entry, stream, 1));
        }
        Kind::Plain | Kind::Tar | Kind::Foreign(_) => {
            let whole = kind == Kind::Plain && again && cfg!(unix) && job.size <= bundle.limits.member;
            let progress = bundle.progress;
            bundle.plain = whole.then(|| file.try_clone().ok()).flatten().map(|file| at::PlainFile {
                file,
                size: job.size,
                progress,
            });
            bundle.open(entry, &mut stream, 0);
        }
    }
}
