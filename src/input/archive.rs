//! One file given, and everything inside it: streams are told apart, unpacked, walked, and their leaves handed over.

use super::at::PlainFile;
use super::compress::{self, Decoder, Kind};
use super::limits::{Limits, amount};
use super::stream::{Counted, Handle, Leaf, Meter, Source, Stop, Stream};
use super::tar::{Next, Walk, What};
use super::{Entry, Loss, Progress, Skipped, path, zip};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Cursor, Read};

/// Takes one leaf; false if the taker broke down.
pub(super) type Give<'a> = dyn FnMut(&Entry, &mut Leaf<'_>) -> bool + 'a;

/// One file given, being read.
pub(super) struct Bundle<'a> {
    pub(super) limits: &'a Limits,
    pub(super) meter: &'a Meter,
    give: &'a mut Give<'a>,
    skipped: &'a mut Vec<Skipped>,
    full: bool,
    junk: HashSet<String>,
    pub(super) progress: Option<&'a Progress>,
    /// The file itself, where it is what the next leaf reads.
    pub(super) plain: Option<PlainFile<'a>>,
}

impl<'a> Bundle<'a> {
    pub(super) fn new(
        limits: &'a Limits,
        meter: &'a Meter,
        give: &'a mut Give<'a>,
        skipped: &'a mut Vec<Skipped>,
    ) -> Self {
        Bundle { limits, meter, give, skipped, full: false, junk: HashSet::new(), progress: None, plain: None }
    }

    pub(super) fn skip(&mut self, path: &str, why: String, loss: Loss) {
        self.skipped.push(Skipped { path: path.to_owned(), why, loss });
    }

    fn stopped(&mut self, path: &str, stop: &Stop, loss: Loss) {
        self.skip(path, stop.to_string(), loss);
    }

    /// Counts an archive member; false, with a line in the report, once there are too many.
    pub(super) fn admits_entry(&mut self, container: &str) -> bool {
        if self.full {
            return false;
        }
        Meter::add(&self.meter.entries, 1);
        if self.meter.entries.get() > self.limits.entries {
            self.full = true;
            let why = format!("the rest of it is not read: {}", Limits::hit("entries", self.limits.entries));
            self.skip(container, why, Loss::Part);
        }
        !self.full
    }

    /// Whether a member is known to be no evidence; each such folder is mentioned once.
    pub(super) fn is_junk(&mut self, container: &str, name: &str) -> bool {
        let Some((part, why)) = path::junk(name) else {
            return false;
        };
        let path = path::inside(container, part);
        if self.junk.insert(path.clone()) {
            self.skip(&path, why.into(), Loss::Nothing);
        }
        true
    }

    /// Reads a stream, whatever it is. `depth` is the number of layers around it.
    pub(super) fn open(&mut self, entry: Entry, source: &mut dyn Source, depth: u64) {
        let (kind, gz_modified) = match source.peek(compress::HEAD) {
            Err(error) => return self.stopped(&entry.path, &Stop::of(&error), Loss::All),
            Ok([]) => return self.skip(&entry.path, "empty".into(), Loss::Nothing),
            Ok(head) => (compress::kind(head), compress::gz_modified(head)),
        };
        if !matches!(kind, Kind::Plain | Kind::Foreign(_)) && depth >= self.limits.depth {
            let why = format!("nested too deeply, not read: {}", Limits::hit("depth", self.limits.depth));
            return self.skip(&entry.path, why, Loss::All);
        }
        match kind {
            Kind::Plain => self.leaf(&entry, source),
            Kind::Tar => self.tar(&entry, source, depth + 1),
            Kind::Zip => self.zip_in_memory(&entry, source, depth + 1),
            Kind::Foreign(name) => {
                let why = format!("a {name} archive, which is not read; unpack it and give the folder");
                self.skip(&entry.path, why, Loss::All);
            }
            Kind::Gz | Kind::Xz | Kind::Zst | Kind::Bz2 | Kind::Lz4 => {
                let modified = if kind == Kind::Gz { gz_modified.or(entry.modified) } else { entry.modified };
                let decoder = Decoder::new(kind, source, self.limits);
                let mut stream = Stream::decoded(decoder, None, self.meter, self.limits);
                self.open(Entry { modified, size: None, ..entry }, &mut stream, depth + 1);
            }
        }
    }

    fn leaf(&mut self, entry: &Entry, source: &mut dyn Source) {
        let mut leaf = Leaf::new(source, self.meter, self.limits);
        (leaf.progress, leaf.plain) = (self.progress, self.plain.take());
        let taken = (self.give)(entry, &mut leaf);
        let stop = leaf.stop.take();
        if !taken {
            self.skip(
                &entry.path,
                "internal error while it was read: a bug of ours, please report it".into(),
                Loss::All,
            );
        }
        if let Some(stop) = stop {
            self.stopped(&entry.path, &stop, Loss::Part);
        }
    }

    fn tar(&mut self, container: &Entry, source: &mut dyn Source, depth: u64) {
        let mut walk = Walk::new(source);
        let mut names = path::Unique::default();
        loop {
            let header = match walk.next() {
                Ok(Next::Member(header)) => header,
                Ok(Next::Gap { at, bytes }) => {
                    // Counted like a member: a hostile tar could be nothing but gaps.
                    if !self.admits_entry(&container.path) {
                        return;
                    }
                    let why = format!("damaged: {bytes} bytes from byte {at} on are no tar and were passed over");
                    self.skip(&container.path, why, Loss::Part);
                    continue;
                }
                Ok(Next::End { marked: true }) => return,
                Ok(Next::End { marked: false }) => {
                    let why = format!("truncated: ends at byte {} without the mark of its end", walk.at());
                    return self.skip(&container.path, why, Loss::Part);
                }
                Err(stop) => {
                    let why = format!("{stop} (after {} of tar)", amount(walk.at()));
                    return self.skip(&container.path, why, Loss::Part);
                }
            };
            if !self.admits_entry(&container.path) {
                return;
            }
            let name = path::of_member(&header.name);
            if header.what == What::Folder || self.is_junk(&container.path, &name) {
                continue;
            }
            let path = path::inside(&container.path, &names.name(name));
            match header.what {
                What::Link(kind, target) => {
                    let why = format!("{kind} to {}: not followed", path::of_member(&target));
                    self.skip(&path, why, Loss::Nothing);
                }
                What::Other(kind) => self.skip(&path, kind.into(), Loss::Nothing),
                What::File | What::Sparse | What::Folder => {
                    if header.what == What::Sparse {
                        self.skip(&path, "sparse: read without its holes".into(), Loss::Nothing);
                    }
                    let entry = Entry { path, modified: header.modified, size: Some(header.size) };
                    walk.read(header.size, |member| self.open(entry, member, depth));
                }
            }
        }
    }

    /// A zip has its directory at its end, and a stream has no way back: it is held in memory, or, if it is too large
    /// for that or has lost its end, read from its front.
    fn zip_in_memory(&mut self, container: &Entry, source: &mut dyn Source, depth: u64) {
        let mut held = Vec::new();
        let cut = (&mut *source).take(self.limits.zip).read_to_end(&mut held).err().map(|error| Stop::of(&error));
        let whole = cut.is_none() && matches!(source.peek(1), Ok([]));
        let meter = self.meter;
        // What its members take is taken from memory; the disk is not read meanwhile.
        let raw = meter.raw.get();
        let bytes = || Counted { inner: Cursor::new(&held[..]), meter };
        if !whole || !matches!(zip::by_directory(self, container, bytes(), bytes(), depth), Ok(true)) {
            let rest: Box<dyn Read> = match cut {
                None => Box::new(source),
                Some(stop) => Box::new(Stopped(stop)),
            };
            let mut stream = Stream::new(bytes().chain(rest), None);
            zip::forwards(self, container, &mut stream, depth);
        }
        meter.raw.set(raw.max(meter.raw.get().saturating_sub(held.len() as u64)));
    }

    /// A zip on disk.
    pub(super) fn zip_file(&mut self, container: &Entry, file: &File) {
        let meter = self.meter;
        let bytes = || Counted { inner: Handle { file, at: 0 }, meter };
        match zip::by_directory(self, container, bytes(), bytes(), 1) {
            Ok(true) => {}
            Ok(false) => {
                zip::forwards(self, container, &mut Stream::new(bytes(), None), 1);
            }
            Err(error) => self.skip(&container.path, format!("cannot be read: {error}"), Loss::Part),
        }
    }
}

/// A stream that ended before, for the same reason.
struct Stopped(Stop);

impl Read for Stopped {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.clone().into_io())
    }
}
