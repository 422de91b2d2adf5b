//! The line loop that all logs share: envelope → body → meaning → folded events, with every line accounted for.
//!
//! `peel` finds out which program wrote a line, `record` what it means, `events` folds equal ones, `streams` keeps what
//! each stream shows of its clock, its names and its silences. `scan` and `apply` are the short way for the lines of
//! the usual layouts that say nothing new, `ranges` takes it on several cores,
//! `part` leaves out what lies outside of the time that is asked about.

mod apply;
mod events;
mod glue;
mod lines;
mod part;
mod peel;
mod ranges;
mod record;
mod runs;
mod scan;
mod shapes;
mod sight;
mod streams;
#[cfg(test)]
mod tests;

use super::lanes::Lanes;
use super::{Envelope, Peeled, pg_csv};
use crate::formats::beats::BeatFolder;
use crate::formats::wash::without_controls;
use crate::input::{Blocks, Limits};
use crate::messages::Own;
use crate::model::{Caps, Micros, Naming, Parsed, Problem, Program, Stamp, Stream};
use events::FoldKey;
pub use events::folds;
use glue::Beginning;
pub use part::{end_of, part_of};
pub use ranges::{read_log_in_ranges, read_part};
use scan::Scanner;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::sync::Arc;

/// Longest wording kept of a line.
const TEXT_MAX: usize = 400;

/// Reads a log line by line; `envelope` is what detection found around its lines.
pub fn read_log(input: &mut dyn BufRead, envelope: Option<&'static Envelope>, newest_first: bool) -> Parsed {
    read_log_with(input, envelope, newest_first, None, Caps::default())
}

/// The same within other bounds, where lines that no table knows may be among the user's own messages.
pub fn read_log_with(
    input: &mut dyn BufRead,
    envelope: Option<&'static Envelope>,
    newest_first: bool,
    own: Option<&Arc<Own>>,
    caps: Caps,
) -> Parsed {
    let mut reader = LogReader::within(envelope, caps);
    reader.own = own.filter(|o| !o.is_empty()).cloned();
    if newest_first {
        turned_round(&mut reader, input);
        return reader.finish();
    }
    let quick = envelope.is_none() && reader.own.is_none();
    read_blocks(&mut reader, input, quick);
    reader.finish()
}

/// Reads the last line first, for which the whole text is needed.
fn turned_round(reader: &mut LogReader, input: &mut dyn BufRead) {
    let (all, problem) = whole(input, &reader.out.caps);
    reader.out.problems.extend(problem);
    let max = usize::try_from(reader.out.caps.line).unwrap_or(usize::MAX);
    let last = memchr::memchr_iter(b'\n', &all).count() as u64 + 1;
    let mut number = u32::try_from(last).unwrap_or(u32::MAX);
    for line in all.rsplit(|b| *b == b'\n') {
        let read = line.get(..max).unwrap_or(line);
        reader.cut.0 += u64::from(read.len() < line.len());
        reader.cut.1 += (line.len() - read.len()) as u64;
        reader.line(read, number);
        number = number.saturating_sub(1);
    }
    reader.out.newest_first = true;
}

/// All bytes of what can only be read as a whole, up to the limit; and what was wrong with that.
pub fn whole(input: &mut dyn BufRead, caps: &Caps) -> (Vec<u8>, Option<Problem>) {
    let mut all = Vec::new();
    let problem = match input.take(caps.whole).read_to_end(&mut all) {
        Err(e) => Some(format!("reading stopped: {e}")),
        Ok(_) if all.len() as u64 >= caps.whole && !matches!(input.fill_buf(), Ok([])) => {
            Some(format!("read up to there, as it can only be read as a whole: {}", Limits::hit("whole", caps.whole)))
        }
        Ok(_) => None,
    };
    (all, problem.map(|what| Problem { line: None, what }))
}

/// Reads to the end, block by block; `quick` takes the short way where it can.
fn read_blocks(reader: &mut LogReader, input: &mut dyn BufRead, quick: bool) {
    let mut blocks = Blocks::new(input, reader.out.caps.line);
    let mut scanner = Scanner::new(&reader.out.caps);
    let mut number = 1u32;
    loop {
        match blocks.next() {
            Ok(Some(block)) => {
                let mut scanned = scanner.scan(block.bytes, quick);
                scanned.cut_lines += u64::from(block.cut > 0);
                scanned.cut_bytes += block.cut;
                reader.apply(&scanned, block.bytes, number);
                number = number.saturating_add(scanned.lines);
            }
            Ok(None) => break,
            Err(e) => {
                reader.problem(format!("reading stopped: {e}"));
                break;
            }
        }
    }
}

/// The state of reading one log.
#[derive(Debug)]
pub struct LogReader {
    out: Parsed,
    envelope: Option<&'static Envelope>,
    streams: HashMap<(Program, Option<Arc<str>>, bool), usize>,
    beats: Vec<BeatFolder>,
    /// Latest stamp of each stream, and of Patroni's streams the line it stood on.
    previous: Vec<Option<(Micros, u32, Vec<u8>)>>,
    open: HashMap<FoldKey, usize>,
    hosts: HashMap<Vec<u8>, Arc<str>>,
    names: HashMap<(usize, Naming, Arc<str>), usize>,
    last: Option<Last>,
    /// The traceback that is being read ends in a write to the console of the program.
    console: bool,
    /// A csvlog row whose quotes are still open, and the line it began on.
    row: Vec<u8>,
    row_line: u32,
    /// Rows whose quotes did not close within the limit, and the line that the first of them began on.
    rows_cut: Option<(u32, u32)>,
    /// journalctl's mark between two boots, waiting for the time of the next record.
    booted: Option<(Vec<u8>, u32)>,
    /// Messages that the user added.
    own: Option<Arc<Own>>,
    /// Lines longer than the limit, and their bytes that were not read.
    cut: (u64, u64),
    /// Records that stood behind another on its line.
    glued_on: u64,
    /// Messages without a time that were not kept.
    undated_more: u64,
    /// Lines of hosts that are too many.
    crowded: u64,
    /// Answers of other members that were not kept.
    answers_more: u64,
    /// How often a writer gave itself a name that was not kept.
    names_more: u64,
    /// A line of Patroni in a format of somebody's own has been seen.
    custom: bool,
    lanes: Lanes,
    beginning: Beginning,
}

#[derive(Debug, Clone)]
struct Last {
    stream: usize,
    program: Program,
    stamp: Stamp,
    pid: u32,
    raw: Option<usize>,
}

impl LogReader {
    pub fn new(envelope: Option<&'static Envelope>) -> LogReader {
        LogReader::within(envelope, Caps::default())
    }

    /// The same within other bounds.
    pub fn within(envelope: Option<&'static Envelope>, caps: Caps) -> LogReader {
        LogReader {
            out: Parsed { caps, ..Parsed::default() },
            envelope,
            streams: HashMap::new(),
            beats: Vec::new(),
            previous: Vec::new(),
            open: HashMap::new(),
            hosts: HashMap::new(),
            names: HashMap::new(),
            last: None,
            console: false,
            row: Vec::new(),
            row_line: 0,
            rows_cut: None,
            booted: None,
            own: None,
            cut: (0, 0),
            glued_on: 0,
            undated_more: 0,
            crowded: 0,
            answers_more: 0,
            names_more: 0,
            custom: false,
            lanes: Lanes::default(),
            beginning: Beginning::default(),
        }
    }

    fn problem(&mut self, what: String) {
        self.out.problems.push(Problem { line: None, what });
    }

    /// Takes the next line, without its line end.
    pub fn line(&mut self, line: &[u8], number: u32) {
        self.out.coverage.lines += 1;
        self.out.coverage.bytes += line.len() as u64 + 1;
        let cleaned = without_controls(line);
        let line = cleaned.as_ref();
        if !self.row.is_empty() {
            self.row.push(b'\n');
            self.row.extend_from_slice(line);
            self.out.coverage.noise += 1;
            // An odd number of quotes closes what an odd number opened.
            let closed = pg_csv::unfinished(line);
            if closed || self.row.len() as u64 > self.out.caps.line {
                if !closed {
                    let first = self.rows_cut.map_or(self.row_line, |(first, _)| first);
                    self.rows_cut = Some((first, self.rows_cut.map_or(1, |(_, n)| n + 1)));
                }
                self.end_row();
            }
            return;
        }
        if line.trim_ascii().is_empty() {
            self.out.coverage.noise += 1;
            return;
        }
        // `-- Reboot --` up to systemd 248, `-- Boot <id> --` since.
        if line == b"-- Reboot --" || (line.starts_with(b"-- Boot ") && line.ends_with(b" --")) {
            self.out.coverage.understood += 1;
            self.booted = self.last.is_some().then(|| (line.to_vec(), number));
            return;
        }
        if !self.several(line, number) {
            self.whole_line(line, number);
        }
    }

    /// Takes a record that a document has taken out of its own wrapping.
    pub fn take(&mut self, peeled: Peeled<'_>, line: &[u8], number: u32) {
        self.out.coverage.lines += 1;
        let body = Cow::Owned(without_controls(&peeled.body).into_owned());
        self.peeled(Peeled { body, ..peeled }, line, number);
    }
    /// Closes what is open and hands the yield over.
    pub fn finish(mut self) -> Parsed {
        if self.cut.0 > 0 {
            let (n, bytes) = self.cut;
            let (max, limit) = (self.out.caps.line, Limits::hit("line", self.out.caps.line));
            let what =
                format!("{n} lines are longer than {max} bytes; {bytes} bytes at their ends were not read: {limit}");
            self.problem(what);
        }
        if let Some((first, n)) = self.rows_cut {
            let limit = Limits::hit("line", self.out.caps.line);
            let what = format!("the quotes of {n} csvlog rows, the first from line {first} on, do not close: {limit}");
            self.problem(what);
        }
        if self.glued_on > 0 {
            let n = self.glued_on;
            self.problem(format!("{n} records stand behind another on the same line; they were told apart"));
        }
        if !self.row.is_empty() {
            self.end_row();
        }
        self.say_what_was_too_much();
        for (stream, folder) in self.out.streams.iter_mut().zip(self.beats) {
            stream.beat_every = folder.every();
            stream.beats = folder.finish();
            stream.volume = stream.volume.settled();
            // A bundle may hold a hundred thousand small logs.
            stream.beats.shrink_to_fit();
            stream.raws.shrink_to_fit();
            stream.names.shrink_to_fit();
        }
        self.out.streams.shrink_to_fit();
        self.out
    }

    fn say_what_was_too_much(&mut self) {
        let many = |s: &Stream| s.raws.get(events::MANY).map(|r| (s.program.id(), r.line));
        let folded: Vec<_> = self.out.streams.iter().filter_map(many).collect();
        for (program, line) in folded {
            let n = events::MANY;
            self.problem(format!(
                "more than {n} events of {program}: from line {line} on, equal ones within an hour, later a day, are one"
            ));
        }
        if self.beats.iter().any(BeatFolder::is_full) {
            let limit = Limits::hit("beats", self.out.caps.beats);
            self.problem(format!(
                "roles change too often: what Patroni's later heartbeats say of them was not told apart: {limit}"
            ));
        }
        let caps = self.out.caps;
        let undated = ("undated", caps.undated);
        self.beyond(self.undated_more, undated, "messages without a time beyond the first", " were not kept");
        if self.answers_more > 0 {
            let (n, max) = (self.answers_more, record::ANSWERS_MAX);
            self.problem(format!(
                "{n} answers of other members beyond the first {max} were not compared with the clock"
            ));
        }
        let hosts = ("hosts", caps.hosts);
        self.beyond(self.names_more, hosts, "lines name their writer by names beyond the first", "; not kept");
        self.beyond(self.crowded, hosts, "lines of hosts beyond the first", " of this log were not read");
    }

    /// Says how much there was beyond a limit, if there was.
    fn beyond(&mut self, n: u64, (name, max): (&str, u64), what: &str, then: &str) {
        if n > 0 {
            self.problem(format!("{n} {what} {max}{then}: {}", Limits::hit(name, max)));
        }
    }
}
