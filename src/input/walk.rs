//! From the paths that the user gave to the list of files to read, in sorted order and each once.

use super::limits::Limits;
use super::{InputError, Loss, Skipped, path};
use std::collections::HashSet;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use walkdir::WalkDir;

/// One file to read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) place: Place,
    /// As shown.
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) modified: Option<i64>,
}

#[derive(Debug)]
pub(super) enum Place {
    Stdin,
    File(PathBuf),
}

pub(super) fn walk(paths: &[PathBuf], limits: &Limits) -> Result<(Vec<Job>, Vec<Skipped>), InputError> {
    let missing: Vec<PathBuf> = paths.iter().filter(|path| !is_stdin(path) && is_missing(path)).cloned().collect();
    if !missing.is_empty() {
        return Err(InputError::Missing(missing));
    }
    let mut found = Found::default();
    for given in paths {
        found.given(given, limits);
    }
    Ok((found.jobs, found.skipped))
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdin")
}

/// A broken link is there: it is reported, not refused.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[derive(Default)]
struct Found {
    jobs: Vec<Job>,
    skipped: Vec<Skipped>,
    /// Real paths of what is to be read: `pgautopsy logs logs/pg1.log` must not count pg1 twice.
    known: HashSet<PathBuf>,
    names: path::Unique,
}

impl Found {
    fn skip(&mut self, path: &Path, why: String, loss: Loss) {
        self.skipped.push(Skipped { path: path::of_file(path), why, loss });
    }

    fn given(&mut self, given: &Path, limits: &Limits) {
        if is_stdin(given) {
            if self.known.insert("-".into()) {
                self.jobs.push(Job { place: Place::Stdin, path: "stdin".into(), size: u64::MAX, modified: None });
            }
            return;
        }
        match fs::metadata(given) {
            Err(error) => self.skip(given, unreadable(&error, given), Loss::All),
            Ok(meta) if meta.is_dir() => self.folder(given, limits),
            // `pgautopsy <(kubectl logs pg-0)`: the shell makes a pipe and gives its name.
            Ok(meta) if is_pipe_of_shell(given, meta.file_type()) => self.file(given, given.into(), &meta),
            Ok(meta) if meta.is_file() => {
                let real = fs::canonicalize(given).unwrap_or_else(|_| given.into());
                self.file(given, real, &meta);
            }
            Ok(meta) => self.skip(given, special(meta.file_type()).into(), Loss::All),
        }
    }

    fn file(&mut self, path: &Path, real: PathBuf, meta: &Metadata) {
        if !self.known.insert(real) {
            self.skip(path, "given twice; read once".into(), Loss::Nothing);
            return;
        }
        let modified = meta.modified().ok().and_then(|time| match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).ok(),
            Err(before) => i64::try_from(before.duration().as_secs()).ok().map(|seconds| -seconds),
        });
        let shown = self.names.name(path::of_file(path));
        self.jobs.push(Job { place: Place::File(path.into()), path: shown, size: meta.len(), modified });
    }

    fn folder(&mut self, root: &Path, limits: &Limits) {
        let real_root = fs::canonicalize(root).unwrap_or_else(|_| root.into());
        let mut entries = 0;
        // Links are looked at here, one by one, so the walk itself can neither loop nor leave the root.
        let mut walk = WalkDir::new(root).follow_links(false).follow_root_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let why = error.io_error().map_or_else(|| error.to_string(), |io| unreadable(io, &path));
                    self.skip(&path, why, Loss::All);
                    continue;
                }
            };
            if entry.depth() == 0 {
                continue;
            }
            entries += 1;
            if entries > limits.entries {
                let why = format!("the rest of the folder is not read: {}", Limits::hit("entries", limits.entries));
                self.skip(root, why, Loss::Part);
                return;
            }
            let kind = entry.file_type();
            if let Some((_, why)) = path::junk(&entry.file_name().to_string_lossy()) {
                if kind.is_dir() {
                    walk.skip_current_dir();
                }
                self.skip(entry.path(), why.into(), Loss::Nothing);
            } else if kind.is_symlink() {
                self.link(entry.path(), &real_root);
            } else if kind.is_file() {
                let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
                match entry.metadata() {
                    Ok(meta) => self.file(entry.path(), real_root.join(below), &meta),
                    Err(error) => self.skip(entry.path(), format!("cannot be read: {error}"), Loss::All),
                }
            } else if !kind.is_dir() {
                self.skip(entry.path(), special(kind).into(), Loss::Nothing);
            }
        }
    }

    fn link(&mut self, link: &Path, real_root: &Path) {
        let target = fs::read_link(link).map(|target| path::of_file(&target)).unwrap_or_default();
        let (why, loss) = match fs::canonicalize(link) {
            Ok(real) if real.starts_with(real_root) => {
                (format!("symbolic link to {target}, which is read there"), Loss::Nothing)
            }
            Ok(_) => (
                format!("symbolic link to {target}, outside of the given folder: not followed; give {target} as well"),
                Loss::All,
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (format!("symbolic link to {target}, which is not there"), Loss::Nothing)
            }
            // ELOOP has no stable kind of its own; permission has.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                (format!("symbolic link to {target}: {}", unreadable(&error, link)), Loss::All)
            }
            Err(error) => (format!("symbolic link to {target}, which leads nowhere: {error}"), Loss::Nothing),
        };
        self.skip(link, why, loss);
    }
}

pub(super) fn unreadable(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("permission denied; make it readable (sudo chmod -R a+rX {})", path::of_file(path))
        }
        _ => format!("cannot be read: {error}"),
    }
}

#[cfg(unix)]
fn is_fifo(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_fifo(_: FileType) -> bool {
    false
}

fn is_pipe_of_shell(path: &Path, kind: FileType) -> bool {
    is_fifo(kind) && (path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd"))
}

/// Opening one of these may wait for ever or have effects.
fn special(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_socket() {
            return "a socket, not a file";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device, not a file";
        }
    }
    if is_fifo(kind) { "a FIFO, not a file; use - to read from a pipe" } else { "not a file" }
}
