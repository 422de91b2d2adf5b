//! Decompression of a file in blocks, on a thread of its own if there is one to be had, so that parsers run beside it.
//!
//! With or without the thread the blocks are the same and carry the same counts, so limits bite at the same byte.

use super::compress::{Decoder, Kind};
use super::limits::Limits;
use super::stream::{BLOCK, Counted, Handle, Meter, Stop, Stream};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Blocks that may wait for their reader.
const WAITING: usize = 4;

/// Less than this is done before a thread has started.
const WORTH_A_THREAD: u64 = 1 << 20;

/// A compressed file on disk.
pub(super) struct Packed<'a> {
    pub(super) file: &'a File,
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// Unpacks a file and gives the stream of its bytes to `with`.
pub(super) fn unpack(
    packed: &Packed<'_>,
    meter: &Meter,
    limits: &Limits,
    beside: bool,
    with: impl FnOnce(&mut Stream<'_>),
) {
    let with = |next: &mut dyn FnMut() -> Block| {
        let now = Block::default();
        with(&mut Stream::decoded(Blocks { next, now, pos: 0, meter }, None, meter, limits));
    };
    if !beside || packed.size < WORTH_A_THREAD {
        return packed.blocks(limits, |next| with(next));
    }
    thread::scope(|scope| {
        let (full, blocks) = sync_channel(WAITING);
        scope.spawn(move || {
            // After a panic nothing is sent, which the other side takes for what it is.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                packed.blocks(limits, |next| {
                    loop {
                        let block = next();
                        let last = block.last;
                        // The receiver goes away when its reader has had enough.
                        if full.send(block).is_err() || last {
                            return;
                        }
                    }
                });
            }));
        });
        with(&mut || blocks.recv().unwrap_or_else(|_| Block::lost()));
    });
}

impl Packed<'_> {
    fn blocks(&self, limits: &Limits, with: impl FnOnce(&mut dyn FnMut() -> Block)) {
        let meter = Meter::default();
        let file = Counted { inner: Handle { file: self.file, at: 0 }, meter: &meter };
        let mut stream = Stream::new(file, Some(self.size));
        let mut decoder = Decoder::new(self.kind, &mut stream, limits);
        with(&mut || Block::fill(&mut decoder, &meter));
    }
}

#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    /// Bytes taken from the disk when this block was full.
    raw: u64,
    last: bool,
    /// Why it is the last.
    stop: Option<Stop>,
}

impl Block {
    fn fill(decoder: &mut Decoder<'_>, meter: &Meter) -> Block {
        let mut block = Block { bytes: vec![0; BLOCK], ..Block::default() };
        let mut end = 0;
        while end < BLOCK && !block.last {
            match decoder.read(&mut block.bytes[end..]) {
                Ok(0) => block.last = true,
                Ok(n) => end += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    block.last = true;
                    block.stop = Some(Stop::of(&error));
                }
            }
        }
        block.bytes.truncate(end);
        block.raw = meter.raw.get();
        block
    }

    fn lost() -> Block {
        let stop = Stop::Damaged("internal error while it was unpacked: a bug of ours, please report it".into());
        Block { last: true, stop: Some(stop), ..Block::default() }
    }
}

/// The blocks as a stream again.
struct Blocks<'a> {
    next: &'a mut dyn FnMut() -> Block,
    now: Block,
    pos: usize,
    meter: &'a Meter,
}

impl Read for Blocks<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.pos == self.now.bytes.len() {
            if let Some(stop) = self.now.stop.take() {
                return Err(stop.into_io());
            }
            if self.now.last {
                return Ok(0);
            }
            self.now = (self.next)();
            self.pos = 0;
            self.meter.raw.set(self.now.raw);
        }
        let bytes = &self.now.bytes[self.pos..];
        let n = bytes.len().min(into.len());
        into[..n].copy_from_slice(&bytes[..n]);
        self.pos += n;
        Ok(n)
    }
}
