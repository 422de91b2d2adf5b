//! Compressions and archives by their first bytes, and one decoder for all compressions: gz, xz, zst, bz2, lz4.
//!
//! Names are not asked: mail gateways unpack `.gz` and leave the name, and people send `.log` that is gzip.

use super::limits::Limits;
use super::stream::{Source, Stop};
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// What a stream is, as far as unpacking goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Gz,
    Xz,
    Zst,
    Bz2,
    Lz4,
    Tar,
    Zip,
    /// Recognised, to say what to do about it, but not read.
    Foreign(&'static str),
}

/// Bytes needed by [`kind`]: the tar magic stands near the end of the first block.
pub(super) const HEAD: usize = 512;

pub(super) fn kind(head: &[u8]) -> Kind {
    match head {
        [0x1f, 0x8b, 8, ..] => Kind::Gz,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Kind::Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Kind::Zst,
        // The block magic (π) or the end magic (√π) must follow: "BZh1" alone could begin a line of text.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Kind::Bz2,
        [0x04, 0x22, 0x4d, 0x18, ..] => Kind::Lz4,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Kind::Zip,
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Kind::Foreign("7-Zip"),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Kind::Foreign("RAR"),
        _ if super::tar::is_header(head) => Kind::Tar,
        _ => Kind::Plain,
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Gz => "gzip",
            Kind::Xz => "xz",
            Kind::Zst => "zstd",
            Kind::Bz2 => "bzip2",
            Kind::Lz4 => "lz4",
            Kind::Tar => "tar",
            Kind::Zip => "zip",
            Kind::Plain => "plain",
            Kind::Foreign(name) => name,
        }
    }
}

/// The time that gzip keeps of the file it packed.
pub(super) fn gz_modified(head: &[u8]) -> Option<i64> {
    let stamp = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?);
    (stamp != 0).then_some(i64::from(stamp))
}

/// What the decoders read from. It remembers how the source ended, since decoders wrap or swallow that: lz4_flex takes
/// a stream cut between two blocks for a whole one.
struct Feed<'a> {
    source: &'a mut dyn Source,
    end: Rc<End>,
}

#[derive(Default)]
struct End {
    dry: Cell<bool>,
    stop: RefCell<Option<Stop>>,
}

impl Feed<'_> {
    fn note<T>(&self, result: &io::Result<T>, dry: impl Fn(&T) -> bool) {
        match result {
            Ok(got) if dry(got) => self.end.dry.set(true),
            Ok(_) => {}
            Err(error) => *self.end.stop.borrow_mut() = Some(Stop::of(error)),
        }
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.source.read(into);
        self.note(&got, |n| *n == 0 && !into.is_empty());
        got
    }
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let got = self.source.fill_buf().map(<[u8]>::len);
        self.note(&got, |n| *n == 0);
        got?;
        self.source.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.source.consume(n);
    }
}

enum State<'a> {
    /// At the beginning of a gzip member, zstd or lz4 frame, xz or bzip2 stream: there may be many.
    Between(Feed<'a>),
    Gz(Box<flate2::bufread::GzDecoder<Feed<'a>>>),
    /// Of a zip member: nothing may follow.
    Deflate(Box<Inflate<'a>>),
    Xz(Box<lzma_rust2::XzReader<Feed<'a>>>),
    Zst(Box<ruzstd::decoding::StreamingDecoder<Feed<'a>, ruzstd::decoding::FrameDecoder>>),
    Bz2(bzip2::bufread::BzDecoder<Feed<'a>>),
    Lz4(Box<lz4_flex::frame::FrameDecoder<Feed<'a>>>),
    Done,
}

impl<'a> State<'a> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            State::Gz(decoder) => decoder.read(into),
            State::Deflate(decoder) => decoder.read(into),
            State::Xz(decoder) => decoder.read(into),
            State::Zst(decoder) => decoder.read(into),
            State::Bz2(decoder) => decoder.read(into),
            State::Lz4(decoder) => decoder.read(into),
            State::Between(_) | State::Done => Ok(0),
        }
    }

    fn into_feed(self) -> Option<Feed<'a>> {
        match self {
            State::Between(feed) => Some(feed),
            State::Gz(decoder) => Some(decoder.into_inner()),
            State::Xz(decoder) => Some(decoder.into_inner()),
            State::Zst(decoder) => Some(decoder.into_inner()),
            State::Bz2(decoder) => Some(decoder.into_inner()),
            State::Lz4(decoder) => Some(decoder.into_inner()),
            State::Deflate(_) | State::Done => None,
        }
    }
}

/// Raw deflate data. The decoder of flate2 takes data that were cut off for data that ended.
struct Inflate<'a> {
    feed: Feed<'a>,
    state: flate2::Decompress,
    ended: bool,
}

impl Read for Inflate<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !into.is_empty() {
            let input = self.feed.source.fill_buf()?;
            let no_input = input.is_empty();
            let (taken, given) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(input, into, flate2::FlushDecompress::None)?;
            self.feed.consume((self.state.total_in() - taken) as usize);
            self.ended = status == flate2::Status::StreamEnd;
            let given = (self.state.total_out() - given) as usize;
            if given > 0 {
                return Ok(given);
            }
            if no_input && !self.ended {
                self.feed.end.dry.set(true);
                return Ok(0);
            }
        }
        Ok(0)
    }
}

/// One compressed stream, with all the members or frames that were put one after another.
pub(super) struct Decoder<'a> {
    kind: Kind,
    state: State<'a>,
    end: Rc<End>,
    window: u64,
    members: u64,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(kind: Kind, source: &'a mut dyn Source, limits: &Limits) -> Self {
        let end = Rc::new(End::default());
        let state = State::Between(Feed { source, end: Rc::clone(&end) });
        Decoder { kind, state, end, window: limits.window, members: 0 }
    }

    /// A deflated member of a zip. Takes no byte more than belong to it.
    pub(super) fn deflate(source: &'a mut dyn Source, limits: &Limits) -> Self {
        let end = Rc::new(End::default());
        let feed = Feed { source, end: Rc::clone(&end) };
        let state = State::Deflate(Box::new(Inflate { feed, state: flate2::Decompress::new(false), ended: false }));
        Decoder { kind: Kind::Zip, state, end, window: limits.window, members: 0 }
    }

    /// Starts the next member, or ends the stream.
    fn next(&mut self, mut feed: Feed<'a>) -> Result<State<'a>, Stop> {
        let found = {
            let head = feed.source.peek(HEAD).map_err(|error| Stop::of(&error))?;
            if head.is_empty() && self.members > 0 {
                return Ok(State::Done);
            }
            let skippable = matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
            if skippable && matches!(self.kind, Kind::Zst | Kind::Lz4) { None } else { Some(kind(head)) }
        };
        match found {
            None => {
                skip_frame(&mut feed)?;
                self.members += 1;
                return Ok(State::Between(feed));
            }
            Some(found) if found == self.kind => {}
            Some(_) => {
                // Zeros come between xz streams, from tapes, and from files made longer in advance.
                let zeros = skip_zeros(feed.source)?;
                if matches!(feed.source.peek(1), Ok([])) {
                    return Ok(State::Done);
                }
                if zeros > 0 {
                    return Ok(State::Between(feed));
                }
                return Err(Stop::Damaged(format!(
                    "what follows the {} data is something else and was not read",
                    self.kind.name()
                )));
            }
        }
        self.members += 1;
        let kib = u32::try_from(self.window >> 10).unwrap_or(u32::MAX);
        Ok(match self.kind {
            Kind::Gz => State::Gz(Box::new(flate2::bufread::GzDecoder::new(feed))),
            Kind::Xz => State::Xz(Box::new(lzma_rust2::XzReader::new_mem_limit(feed, false, kib))),
            Kind::Bz2 => State::Bz2(bzip2::bufread::BzDecoder::new(feed)),
            Kind::Lz4 => State::Lz4(Box::new(lz4_flex::frame::FrameDecoder::new(feed))),
            Kind::Zst => State::Zst(Box::new(
                ruzstd::decoding::StreamingDecoder::new_with_max_window_size(feed, self.window)
                    .map_err(|error| self.blame(&error.to_string()))?,
            )),
            Kind::Plain | Kind::Tar | Kind::Zip | Kind::Foreign(_) => State::Done,
        })
    }

    /// Who is at fault: the layer below, a missing rest, or this layer's bytes.
    fn blame(&self, message: &str) -> Stop {
        if let Some(stop) = self.end.stop.borrow().clone() {
            return stop;
        }
        let name = self.kind.name();
        if self.end.dry.get() {
            return Stop::Truncated(format!("the {name} data end in the middle"));
        }
        let lower = message.to_ascii_lowercase();
        if lower.contains("memory") || lower.contains("window") {
            return Stop::Limit(format!("the {name} data ask for more memory: {}", Limits::hit("window", self.window)));
        }
        Stop::Damaged(format!("{name}: {message}"))
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.state.read(into) {
                Ok(0) if self.end.dry.get() && !matches!(self.state, State::Between(_) | State::Done) => {
                    self.state = State::Done;
                    return Err(self.blame("").into_io());
                }
                Ok(0) => {
                    let Some(feed) = std::mem::replace(&mut self.state, State::Done).into_feed() else {
                        return Ok(0);
                    };
                    self.state = self.next(feed).map_err(Stop::into_io)?;
                }
                Ok(n) => return Ok(n),
                Err(error) => {
                    self.state = State::Done;
                    return Err(self.blame(&error.to_string()).into_io());
                }
            }
        }
    }
}

/// Passes over a frame that holds no data (pzstd and seekable zstd files have them).
fn skip_frame(feed: &mut Feed<'_>) -> Result<(), Stop> {
    let head = feed.source.peek(8).map_err(|error| Stop::of(&error))?;
    let Some(length) = head.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes) else {
        return Err(Stop::Truncated("ends in the middle of a skippable frame".into()));
    };
    skip_bytes(feed.source, u64::from(length) + 8)
}

pub(super) fn skip_bytes(source: &mut dyn Source, mut left: u64) -> Result<(), Stop> {
    while left > 0 {
        let n = source.fill_buf().map_err(|error| Stop::of(&error))?.len();
        if n == 0 {
            return Err(Stop::Truncated(format!("{left} bytes are missing")));
        }
        let n = n.min(usize::try_from(left).unwrap_or(usize::MAX));
        source.consume(n);
        left -= n as u64;
    }
    Ok(())
}

fn skip_zeros(source: &mut dyn Source) -> Result<u64, Stop> {
    let mut skipped = 0;
    loop {
        let bytes = source.fill_buf().map_err(|error| Stop::of(&error))?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let more = zeros == bytes.len() && zeros > 0;
        source.consume(zeros);
        skipped += zeros as u64;
        if !more {
            return Ok(skipped);
        }
    }
}
