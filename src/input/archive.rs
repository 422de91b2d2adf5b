//! One file given, and everything inside it: streams are told apart, unpacked, walked, and their leaves handed over.

use super::compress::{self, Decoder, Kind};
use super::limits::{Limits, amount};
use super::stream::{Counted, Leaf, Meter, Source, Stop, Stream};
use super::tar::{Next, Walk, What};
use super::{Entry, Loss, Skipped, path, zip};
use std::collections::HashSet;
use std::io::{Cursor, Read};

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
}

impl<'a> Bundle<'a> {
    pub(super) fn new(
        limits: &'a Limits,
        meter: &'a Meter,
        give: &'a mut Give<'a>,
        skipped: &'a mut Vec<Skipped>,
    ) -> Self {
        Bundle {
            limits,
            meter,
            give,
            skipped,
            full: false,
            junk: HashSet::new(),
        }
    }

    pub(super) fn skip(&mut self, path: &str, why: String, loss: Loss) {
        self.skipped.push(Skipped {
            path: path.to_owned(),
            why,
            loss,
        });
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
            let why = format!(
                "the rest of it is not read: {}",
                Limits::hit("entries", self.limits.entries)
            );
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
            let why = format!(
                "nested too deeply, not read: {}",
                Limits::hit("depth", self.limits.depth)
            );
            return self.skip(&entry.path, why, Loss::All);
        }
        match kind {
            Kind::Plain => self.leaf(&entry, source),
            Kind::Tar => self.tar(&entry, source, depth + 1),
            Kind::Zip => self.zip_in_memory(&entry, source, depth + 1),
            Kind::Foreign(name) => {
                let why =
                    format!("a {name} archive, which is not read; unpack it and give the folder");
                self.skip(&entry.path, why, Loss::All);
            }
            Kind::Gz | Kind::Xz | Kind::Zst | Kind::Bz2 | Kind::Lz4 => {
                let modified = if kind == Kind::Gz {
                    gz_modified.or(entry.modified)
                } else {
                    entry.modified
                };
                let decoder = Decoder::new(kind, source, self.limits);
                let mut stream = Stream::decoded(decoder, self.meter, self.limits);
                self.open(
                    Entry {
                        modified,
                        size: None,
                        ..entry
                    },
                    &mut stream,
                    depth + 1,
                );
            }
        }
    }

    fn leaf(&mut self, entry: &Entry, source: &mut dyn Source) {
        let mut leaf = Leaf::new(source, self.meter, self.limits);
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
                    let why = format!(
                        "damaged: {bytes} bytes from byte {at} on are no tar and were passed over"
                    );
                    self.skip(&container.path, why, Loss::Part);
                    continue;
                }
                Ok(Next::End { marked: true }) => return,
                Ok(Next::End { marked: false }) => {
                    let why = format!(
                        "truncated: ends at byte {} without the mark of its end",
                        walk.at()
                    );
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
                        self.skip(
                            &path,
                            "sparse: read without its holes".into(),
                            Loss::Nothing,
                        );
                    }
                    let entry = Entry {
                        path,
                        modified: header.modified,
                        size: Some(header.size),
                    };
                    walk.read(header.size, |member| self.open(entry, member, depth));
                }
            }
        }
    }

    /// A zip is read from its end, and a stream has no way back: it is held in memory.
    fn zip_in_memory(&mut self, container: &Entry, source: &mut dyn Source, depth: u64) {
        let mut held = Vec::new();
        let limit = self.limits.zip;
        if let Err(error) = source.take(limit.saturating_add(1)).read_to_end(&mut held) {
            let stop = Stop::of(&error);
            return self.skip(
                &container.path,
                format!("{stop}; a zip without its end is not read"),
                Loss::All,
            );
        }
        if held.len() as u64 > limit {
            let why = format!(
                "a zip inside an archive, too large to hold in memory: {}",
                Limits::hit("zip", limit)
            );
            return self.skip(&container.path, why, Loss::All);
        }
        // What its members take is taken from memory; the disk is not read meanwhile.
        let raw = self.meter.raw.get();
        let bytes = || Counted {
            inner: Cursor::new(&held[..]),
            meter: self.meter,
        };
        let result = zip::read(self, container, bytes(), bytes(), depth);
        self.meter.raw.set(raw);
        self.zip_result(&container.path, result);
    }

    pub(super) fn zip_result(&mut self, path: &str, result: Result<(), ::zip::result::ZipError>) {
        if let Err(error) = result {
            let why = format!("damaged or truncated: {error}; try zip -FF to repair it");
            self.skip(path, why, Loss::All);
        }
    }
}
