//! Reads files piece by piece, so that memory holds a few hundred samples and not a day of them.
//!
//! A piece ends where the next record can't be told yet. Where a file is damaged, all that follows has to be in view to
//! judge it; the piece then grows to the end of the file, and what comes out is what reading it at once would give.

use std::io::{self, Read};

use super::super::model::{Data, Fault, Problem, Source, Span};
use super::bytes::Bytes;
use super::cpu::Times;
use super::cursor::last_times;
use super::header::{self, Header};
use super::reading::Reading;
use super::records::{Event, Walk};
use super::sample::{Rows, Steps, Table};
use super::{Options, describe, finish, legacy};

/// Bytes of an ordinary piece: few enough to stay in a processor's cache until its samples are written. Tests see many
/// ends of pieces.
const PIECE: usize = if cfg!(test) { 3 << 10 } else { 256 << 10 };

/// No header has more bytes.
const HEADER: usize = 1 << 20;

/// Bytes that are held at most, where a file is damaged or of RHEL 5.
const MOST: usize = if cfg!(test) { 4 << 20 } else { 512 << 20 };

/// A stretch of a file.
pub(crate) struct Piece {
    buffer: Vec<u8>,
    len: usize,
    pub steps: Steps,
    /// Those that the steps speak of.
    pub spans: Vec<Span>,
    /// The processors' counters before the first step, where an earlier piece decided on them.
    pub times: Option<Vec<Times>>,
}

impl Piece {
    /// What turns its steps into rows.
    pub fn rows(&self, header: &Header, options: Options) -> Rows<'_> {
        rows(self.buffer.get(..self.len).unwrap_or_default(), header, options)
    }

    /// The memory, for another piece.
    pub fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }
}

fn rows<'a>(data: &'a [u8], header: &Header, options: Options) -> Rows<'a> {
    Rows::new(Bytes { data, big_endian: header.big_endian, long: header.long }, header, options).0
}

/// The tables that can be made of a file with this header.
pub(crate) fn tables(header: &Header, options: Options) -> Vec<Table> {
    rows(&[], header, options).tables()
}

/// What is done with files while they are read.
pub(crate) trait Sink {
    /// A file begins, and its header can be read.
    fn begin(&mut self, data: &Data, header: &Header) -> io::Result<()>;
    /// Its next stretch. Gives back the memory of any that is done with.
    fn piece(&mut self, piece: Piece, header: &Header) -> io::Result<Option<Vec<u8>>>;
    /// It ends; `data` holds all but spans and sets.
    fn end(&mut self, data: &Data) -> io::Result<()>;
}

/// One or several files, one behind another.
pub(crate) struct Stream<'i> {
    input: &'i mut dyn Read,
    options: Options,
    /// What was read and not yet given away: the first `len` bytes.
    buffer: Vec<u8>,
    len: usize,
    /// Where they lie in the input.
    at: u64,
    spare: Vec<u8>,
    /// The input has no more.
    ended: bool,
    failed: Option<io::Error>,
    /// As much is held as may be, and the input has more.
    full: bool,
}

impl<'i> Stream<'i> {
    pub fn new(input: &'i mut dyn Read, options: Options) -> Stream<'i> {
        Stream {
            input,
            options,
            buffer: Vec::new(),
            len: 0,
            at: 0,
            spare: Vec::new(),
            ended: false,
            failed: None,
            full: false,
        }
    }

    /// Reads all files; gives for each of them all but spans and sets.
    pub fn read(&mut self, sink: &mut dyn Sink) -> io::Result<Vec<Data>> {
        let mut all = Vec::new();
        loop {
            let start = self.at;
            let (mut data, another) = self.file(Vec::new(), false, sink)?;
            data.problems.iter_mut().for_each(|p| p.offset += start);
            all.push(data);
            if !another {
                break;
            }
        }
        if let (Some(error), Some(data)) = (self.failed.take(), all.last_mut()) {
            let at = self.at + self.len as u64;
            data.problems.push(Problem::new(at, Fault::Truncated, format!("reading ended early: {error}")));
        }
        if let Some(data) = all.last_mut().filter(|_| self.full) {
            let what = format!("more than {} MiB of it would have to be held in memory: read up to there", MOST >> 20);
            data.problems.push(Problem::new(self.at + self.len as u64, Fault::Truncated, what));
        }
        Ok(all)
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Reads until so many bytes are there, or the input ends.
    fn fill(&mut self, bytes: usize) {
        let bytes = bytes.min(MOST);
        if self.buffer.len() < bytes {
            self.buffer.resize(bytes, 0);
        }
        while !self.ended && self.len < bytes {
            match self.input.read(self.buffer.get_mut(self.len..).unwrap_or_default()) {
                Ok(0) => self.ended = true,
                Ok(n) => self.len += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => (self.failed, self.ended) = (Some(e), true),
            }
        }
        self.full |= !self.ended && self.len >= MOST;
        self.ended |= self.full;
    }

    /// Lets the first bytes go; gives all there were to whoever still works on them.
    fn forget(&mut self, dropped: usize) -> Vec<u8> {
        let rest = self.buffer.get(dropped..self.len).unwrap_or_default();
        if self.spare.len() < rest.len() {
            self.spare.resize(rest.len(), 0);
        }
        if let Some(place) = self.spare.get_mut(..rest.len()) {
            place.copy_from_slice(rest);
        }
        self.len = rest.len();
        self.at += dropped as u64;
        std::mem::replace(&mut self.buffer, std::mem::take(&mut self.spare))
    }

    /// A file of RHEL 5 is rewritten as a whole, and then read like any other.
    fn rewritten(&mut self, sink: &mut dyn Sink) -> Option<io::Result<(Data, bool)>> {
        legacy::magic(self.bytes())?;
        while !self.ended {
            self.fill(2 * self.len);
        }
        let next = legacy::next_file(self.bytes());
        let (bytes, problems) = legacy::upgrade(self.bytes().get(..next.unwrap_or(self.len)).unwrap_or_default())?;
        self.spare = self.forget(next.unwrap_or(self.len));
        let mut input = bytes.as_slice();
        let read = Stream::new(&mut input, self.options).file(problems, true, sink);
        Some(read.map(|(data, _)| (data, next.is_some())))
    }

    /// One file; does another follow?
    fn file(&mut self, problems: Vec<Problem>, rewritten: bool, sink: &mut dyn Sink) -> io::Result<(Data, bool)> {
        self.fill(PIECE);
        if let Some(read) = self.rewritten(sink) {
            return read;
        }
        let mut out = Data::new(Source::Binary);
        out.problems = problems;
        let header = loop {
            match header::read(self.bytes()) {
                Ok(header) => break header,
                Err(p) if p.fault == Fault::Truncated && !self.ended && self.len < HEADER => self.fill(2 * self.len),
                Err(problem) => {
                    out.problems.push(*problem);
                    return Ok((out, false));
                }
            }
        };
        let form = Bytes { data: &[], big_endian: header.big_endian, long: header.long };
        describe(&mut out, &header, &Rows::new(form, &header, self.options).1);
        sink.begin(&out, &header)?;
        let mut reading = Reading::new(out, &header, self.options);
        let mut state = Walk::new(Bytes { data: self.bytes(), ..form }, &header, true).onto(&[], 0, true);
        let mut times = None;
        loop {
            let mut walk = state.onto(self.bytes(), 0, !self.ended);
            let mut more = false;
            while let Some(event) = walk.next() {
                more = matches!(event, Event::More);
                if more {
                    break;
                }
                reading.event(event, &walk);
            }
            let another = walk.next_file.is_some();
            // What is still needed begins here.
            let kept = match more {
                true => reading.baseline().unwrap_or(walk.at).min(walk.at),
                false => walk.next_file.unwrap_or(self.len),
            };
            state = walk.onto(&[], kept, true);
            let (steps, spans, last) = reading.part(kept);
            if steps.steps.is_empty() {
                // The sample that waits for its successor is still the same, or none or a new one does.
                times = times.filter(|_| last == Some(0));
                self.spare = self.forget(kept);
            } else {
                let before = times.take();
                if steps.steps.last().map(|step| step.cur) == last {
                    times = last_times(&rows(self.bytes(), &header, self.options), &steps, before.clone());
                }
                let len = self.len;
                let piece = Piece { buffer: self.forget(kept), len, steps, spans, times: before };
                if let Some(spare) = sink.piece(piece, &header)? {
                    self.spare = spare;
                }
            }
            if !more {
                let mut data = reading.out;
                finish(&mut data, &header, state.turned_round(), rewritten);
                sink.end(&data)?;
                return Ok((data, another));
            }
            // Nothing could go: the next record, or what to make of it, needs more.
            self.fill(if kept == 0 { 2 * self.len.max(PIECE) } else { PIECE.max(2 * self.len) });
        }
    }
}
