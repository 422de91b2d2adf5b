//! The byte streams between a file and its reader: buffered, peekable, counted, and ended cleanly at the first trouble.

use super::Progress;
use super::at::PlainFile;
use super::limits::Limits;
use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};

/// One read from disk or decompressor: large enough to make calls cheap, small enough to stay in the L2 cache.
pub(super) const BLOCK: usize = 256 << 10;

/// The least buffer.
const SMALL: usize = 4 << 10;

/// A stream whose next bytes can be looked at, to tell what it is, before someone reads it.
pub(super) trait Source: BufRead {
    /// At least `n` bytes from here on (`n` ≤ [`BLOCK`]), fewer only when the stream ends before.
    fn peek(&mut self, n: usize) -> io::Result<&[u8]>;
}

/// Why a stream ended before its time. Travels as the payload of an `io::Error` through decoders and archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes end in the middle of something: a cut upload, a full disk, a file still being written.
    Truncated(String),
    /// The bytes are not what they should be.
    Damaged(String),
    /// One of our [`Limits`].
    Limit(String),
    /// The operating system would not give the bytes.
    Unreadable(String),
}

impl Stop {
    pub(super) fn of(error: &io::Error) -> Stop {
        if let Some(stop) = error.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
            return stop.clone();
        }
        match error.kind() {
            ErrorKind::UnexpectedEof => Stop::Truncated("ends in the middle".into()),
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => Stop::Damaged(error.to_string()),
            _ => Stop::Unreadable(error.to_string()),
        }
    }

    pub(super) fn into_io(self) -> io::Error {
        let kind = match self {
            Stop::Truncated(_) => ErrorKind::UnexpectedEof,
            _ => ErrorKind::InvalidData,
        };
        io::Error::new(kind, self)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Truncated(text) => write!(f, "truncated: {text}"),
            Stop::Damaged(text) => write!(f, "damaged: {text}"),
            Stop::Limit(text) => f.write_str(text),
            Stop::Unreadable(text) => write!(f, "cannot be read: {text}"),
        }
    }
}

impl std::error::Error for Stop {}

/// What one file given has cost so far. One thread reads it, so plain cells do.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Bytes taken from the disk, from stdin, or from a zip held in memory.
    pub(super) raw: Cell<u64>,
    /// Bytes out of all decompressors, at every layer.
    pub(super) decoded: Cell<u64>,
    /// Archive members met.
    pub(super) entries: Cell<u64>,
    /// Size of the file on disk; 0 for a pipe.
    pub(super) on_disk: Cell<u64>,
    /// Bytes taken that were told to whoever shows the progress.
    pub(super) reported: Cell<u64>,
}

impl Meter {
    pub(super) fn add(cell: &Cell<u64>, n: u64) {
        cell.set(cell.get().saturating_add(n));
    }

    /// Called for every block that a decompressor gives, at whatever depth, read or passed over.
    fn decoded(&self, n: usize, limits: &Limits) -> Result<(), Stop> {
        Self::add(&self.decoded, n as u64);
        let decoded = self.decoded.get();
        if decoded > limits.total {
            return Err(Stop::Limit(Limits::hit("total", limits.total)));
        }
        let packed = self.raw.get().max(self.on_disk.get());
        if decoded > limits.archive_grace && decoded / limits.ratio.max(1) > packed {
            return Err(Stop::Limit(format!(
                "packed more than {} to 1 (a zip bomb?): {}",
                limits.ratio,
                Limits::hit("archive-grace", limits.archive_grace)
            )));
        }
        Ok(())
    }
}

/// Counts what is taken from the disk.
#[derive(Debug)]
pub(super) struct Counted<'a, R> {
    pub(super) inner: R,
    pub(super) meter: &'a Meter,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        Meter::add(&self.meter.raw, n as u64);
        Ok(n)
    }
}

impl<R: Seek> Seek for Counted<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A place of its own in a file that is open once.
#[derive(Debug)]
pub(super) struct Handle<'a> {
    pub(super) file: &'a File,
    pub(super) at: u64,
}

impl Read for Handle<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(self.at))?;
        let n = self.file.read(into)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Handle<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Current(by) = to {
            self.at = self.at.saturating_add_signed(by);
        } else {
            self.at = self.file.seek(to)?;
        }
        Ok(self.at)
    }
}

/// Any reader in blocks. Blocks are filled to the brim, so that what is seen never depends on how a pipe was written,
/// and an error is kept: bytes that came before it are given first, and it stays for whoever asks again.
pub(super) struct Stream<'a> {
    inner: Box<dyn Read + 'a>,
    guard: Option<(&'a Meter, &'a Limits)>,
    buf: Vec<u8>,
    pos: usize,
    end: usize,
    finished: bool,
    stop: Option<Stop>,
}

impl<'a> Stream<'a> {
    /// `size` is what is known of the length; a small thing needs no large buffer.
    pub(super) fn new(inner: impl Read + 'a, size: Option<u64>) -> Self {
        let size = usize::try_from(size.unwrap_or(u64::MAX)).unwrap_or(BLOCK);
        Stream {
            inner: Box::new(inner),
            guard: None,
            buf: vec![0; size.saturating_add(1).clamp(SMALL, BLOCK)],
            pos: 0,
            end: 0,
            finished: false,
            stop: None,
        }
    }

    /// A decompressor's output, which is held against the limits.
    pub(super) fn decoded(inner: impl Read + 'a, size: Option<u64>, meter: &'a Meter, limits: &'a Limits) -> Self {
        Stream { guard: Some((meter, limits)), ..Stream::new(inner, size) }
    }

    fn fill(&mut self, wanted: usize) {
        if self.end - self.pos >= wanted || self.finished {
            return;
        }
        self.buf.copy_within(self.pos..self.end, 0);
        self.end -= self.pos;
        self.pos = 0;
        if self.buf.len() < wanted {
            self.buf.resize(wanted.min(BLOCK), 0);
        }
        while self.end < self.buf.len() && !self.finished {
            let got = take(&mut *self.inner, &mut self.buf[self.end..], self.guard);
            self.end += self.noted(got);
        }
    }

    fn noted(&mut self, got: Result<usize, Stop>) -> usize {
        match got {
            Ok(0) => self.finished = true,
            Ok(n) => return n,
            Err(stop) => {
                self.finished = true;
                self.stop = Some(stop);
            }
        }
        0
    }

    fn trouble(&self) -> io::Result<()> {
        match &self.stop {
            Some(stop) if self.pos == self.end => Err(stop.clone().into_io()),
            _ => Ok(()),
        }
    }
}

fn take(from: &mut dyn Read, into: &mut [u8], guard: Option<(&Meter, &Limits)>) -> Result<usize, Stop> {
    loop {
        match from.read(into) {
            Ok(n) => {
                if let Some((meter, limits)) = guard {
                    meter.decoded(n, limits)?;
                }
                return Ok(n);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Stop::of(&error)),
        }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // A large wish with nothing buffered needs no copy.
        if self.pos == self.end && into.len() >= self.buf.len() && !self.finished {
            let mut n = 0;
            while n < into.len() && !self.finished {
                let got = take(&mut *self.inner, &mut into[n..], self.guard);
                n += self.noted(got);
            }
            if n > 0 {
                return Ok(n);
            }
        }
        let bytes = self.fill_buf()?;
        let n = bytes.len().min(into.len());
        into[..n].copy_from_slice(&bytes[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Stream<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill(1);
        self.trouble()?;
        Ok(&self.buf[self.pos..self.end])
    }

    fn consume(&mut self, n: usize) {
        self.pos = (self.pos + n).min(self.end);
    }
}

impl Source for Stream<'_> {
    fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        self.fill(n);
        self.trouble()?;
        Ok(&self.buf[self.pos..self.end])
    }
}

/// The next `left` bytes of a stream: a tar member, without copying it.
pub(super) struct Member<'a> {
    pub(super) source: &'a mut dyn Source,
    pub(super) left: u64,
}

impl Member<'_> {
    fn part(bytes: &[u8], left: u64) -> io::Result<&[u8]> {
        if bytes.is_empty() && left > 0 {
            return Err(Stop::Truncated(format!("{left} bytes are missing")).into_io());
        }
        Ok(&bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))])
    }
}

impl Read for Member<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if n == 0 {
            return Ok(0);
        }
        let got = self.source.read(&mut into[..n])?;
        if got == 0 {
            Self::part(&[], self.left)?;
        }
        self.left -= got as u64;
        Ok(got)
    }
}

impl BufRead for Member<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        Self::part(self.source.fill_buf()?, self.left)
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= n as u64;
        self.source.consume(n);
    }
}

impl Source for Member<'_> {
    fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        Self::part(self.source.peek(n)?, self.left)
    }
}

/// What a parser gets: the bytes of one entry, which end cleanly whatever happens; what happened stays in `stop`.
pub(super) struct Leaf<'a> {
    source: &'a mut dyn Source,
    meter: &'a Meter,
    limits: &'a Limits,
    raw_before: u64,
    pub(super) out: u64,
    pub(super) stop: Option<Stop>,
    pub(super) progress: Option<&'a Progress>,
    pub(super) plain: Option<PlainFile<'a>>,
}

impl<'a> Leaf<'a> {
    pub(super) fn new(source: &'a mut dyn Source, meter: &'a Meter, limits: &'a Limits) -> Self {
        Leaf { source, meter, limits, raw_before: meter.raw.get(), out: 0, stop: None, progress: None, plain: None }
    }

    /// How many more bytes the limits allow; 0 sets `stop`.
    fn room(&mut self) -> usize {
        if self.stop.is_some() {
            return 0;
        }
        if let Some(progress) = self.progress {
            let raw = self.meter.raw.get();
            progress.add(raw.saturating_sub(self.meter.reported.replace(raw)));
        }
        let limits = self.limits;
        let left = limits.member.saturating_sub(self.out);
        // Up to a block or two were taken from the disk before this entry began.
        let packed = (self.meter.raw.get().saturating_sub(self.raw_before)).saturating_add(2 * BLOCK as u64);
        if self.out > limits.grace && self.out / limits.ratio.max(1) > packed {
            self.stop = Some(Stop::Limit(format!(
                "packed more than {} to 1; read up to there: {}",
                limits.ratio,
                Limits::hit("ratio", limits.ratio)
            )));
            return 0;
        }
        if left == 0 && !matches!(self.source.fill_buf(), Ok([])) {
            self.stop = Some(Stop::Limit(format!("read up to there: {}", Limits::hit("member", limits.member))));
        }
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}

impl Read for Leaf<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Limits are looked at once a block, however much is asked for.
        let n = self.room().min(into.len()).min(BLOCK);
        if n == 0 {
            return Ok(0);
        }
        match self.source.read(&mut into[..n]) {
            Ok(n) => {
                self.out += n as u64;
                Ok(n)
            }
            Err(error) => {
                self.stop = Some(Stop::of(&error));
                Ok(0)
            }
        }
    }
}

impl BufRead for Leaf<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let room = self.room();
        if room == 0 {
            return Ok(&[]);
        }
        match self.source.fill_buf() {
            Ok(bytes) => Ok(&bytes[..bytes.len().min(room)]),
            Err(error) => {
                self.stop = Some(Stop::of(&error));
                Ok(&[])
            }
        }
    }

    fn consume(&mut self, n: usize) {
        self.out += n as u64;
        self.source.consume(n);
    }
}
