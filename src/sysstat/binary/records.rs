//! Walks from record to record, and finds the next good one behind holes and torn records.
//!
//! After a power cut or a watchdog reset the last blocks of the file are zeros, and sadc appends behind them; when a
//! disk is full half a record is left. sysstat loses all that follows. Here a record counts only if its successor looks
//! like one too, and otherwise the next chain of two good records is searched byte by byte. Where another file begins
//! (`cat sa20 sa21`), this one ends.

use super::bytes::{Bytes, text};
use super::header::{self, FileActivity, Header, RecordForm, skip_extra};

pub(crate) const STATS: u8 = 1;
pub(crate) const RESTART: u8 = 2;
const LAST_STATS: u8 = 3;
pub(crate) const COMMENT: u8 = 4;

/// Years of one-second files exist; header and records still agree within this (seconds).
const LATEST: u64 = 400 * 86400;
const EARLIEST: u64 = 2 * 86400;

/// The beginning of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub kind: u8,
    pub epoch: u64,
    pub hms: (u8, u8, u8),
    /// Uptime in 1/100 s (0x2175) or in jiffies of one CPU; 0 in RESTART and COMMENT.
    pub uptime: u64,
    /// Jiffies of all CPUs together (before 11.7.1).
    pub all_jiffies: u64,
    /// Offset behind the record's header.
    pub body: usize,
    extra: bool,
}

/// Items of one activity in a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Block {
    pub at: usize,
    pub nr: u32,
}

/// What the walk meets.
#[derive(Debug)]
pub(crate) enum Event {
    Record(Record),
    /// Bytes that are no record.
    Hole {
        from: usize,
        to: usize,
        zero: bool,
    },
    /// The file ends inside a record.
    Cut {
        at: usize,
        need: usize,
    },
    /// What comes next can't be told before more of the file is there.
    More,
}

/// A cursor over the records. All offsets but `offset` count from the beginning of the bytes at hand.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    bytes: Bytes<'a>,
    /// Where these bytes lie in the file.
    pub offset: usize,
    /// More of the file follows behind them.
    more: bool,
    /// Where another file begins that was put behind this one.
    pub next_file: Option<usize>,
    /// It was looked for.
    looked: bool,
    /// The record that was seen behind the last one.
    ahead: Option<(usize, Record)>,
    /// The blocks of the last sample, one per activity of the header.
    pub blocks: Vec<Block>,
    form: RecordForm,
    new: bool,
    volatile: usize,
    activities: Vec<FileActivity>,
    /// Current number of CPUs + 1.
    pub cpu_nr: Option<u32>,
    pub at: usize,
    base: u64,
    check_offset: bool,
    /// Times in the record headers have the bytes of their words the other way round than all else.
    swapped: bool,
    /// A record has been told.
    told: bool,
}

/// Whichever word of a 64-bit time holds it, with its bytes turned round.
fn turned(time: u64) -> u64 {
    u64::from(((time >> 32) as u32).swap_bytes() | (time as u32).swap_bytes())
}

impl<'a> Walk<'a> {
    /// Begins with the first record; `more`: the bytes are only the first of the file.
    pub fn new(bytes: Bytes<'a>, header: &Header, more: bool) -> Walk<'a> {
        let mut walk = Walk {
            bytes,
            offset: 0,
            more,
            next_file: None,
            looked: false,
            ahead: None,
            blocks: Vec::new(),
            form: header.record,
            new: header.format == 0x2175,
            volatile: header.volatile as usize,
            activities: header.activities.clone(),
            cpu_nr: header.cpu_nr,
            at: header.end,
            base: header.created,
            check_offset: true,
            swapped: false,
            told: false,
        };
        walk.calibrate();
        walk
    }

    /// Goes on in other bytes of the file: those at hand without the first so many, and what follows them.
    pub fn onto<'b>(self, data: &'b [u8], dropped: usize, more: bool) -> Walk<'b> {
        Walk {
            bytes: Bytes { data, big_endian: self.bytes.big_endian, long: self.bytes.long },
            offset: self.offset + dropped,
            more,
            next_file: None,
            looked: false,
            ahead: None,
            blocks: self.blocks,
            form: self.form,
            new: self.new,
            volatile: self.volatile,
            activities: self.activities,
            cpu_nr: self.cpu_nr,
            at: self.at.saturating_sub(dropped),
            base: self.base,
            check_offset: self.check_offset,
            swapped: self.swapped,
            told: self.told,
        }
    }

    /// Whether the times of the records that were told had to be turned round. Without any, the measure was taken from
    /// bytes that may belong to another file.
    pub fn turned_round(&self) -> bool {
        self.swapped && self.told
    }

    /// A file may be odd as a whole (clock of 1987, local mean time): then its first record sets the measure.
    fn calibrate(&mut self) {
        let Some(first) = self.raw(self.at) else {
            return;
        };
        // sadc of a development version before 11.7.2 on big-endian machines.
        if !self.near(first.epoch) && self.near(turned(first.epoch)) {
            self.swapped = true;
            return;
        }
        if !self.near(first.epoch) && (STATS..=COMMENT).contains(&first.kind) {
            self.base = first.epoch;
        }
        self.check_offset = quarter_hour(&first);
    }

    fn near(&self, epoch: u64) -> bool {
        (self.base.saturating_sub(EARLIEST)..=self.base.saturating_add(LATEST)).contains(&epoch)
    }

    fn header_size(&self) -> usize {
        match self.form {
            RecordForm::Jiffies => 48,
            RecordForm::Described { size, .. } => size,
        }
    }

    /// A record header, whatever its values.
    fn raw(&self, at: usize) -> Option<Record> {
        let b = &self.bytes;
        let body = at.checked_add(self.header_size())?;
        b.slice(at, self.header_size())?;
        let (kind_at, epoch, uptime, all_jiffies, extra) = match self.form {
            RecordForm::Jiffies => (at + 40, b.long(at + 32)?, b.u64(at + 16)?, b.u64(at)?, false),
            RecordForm::Described { epoch, extra, kind, .. } => {
                let extra = match extra {
                    Some(offset) => b.u32(at + offset)?,
                    None => 0,
                };
                if extra > 1 {
                    return None;
                }
                (at + kind, b.u64(at + epoch)?, b.u64(at)?, 0, extra == 1)
            }
        };
        let (epoch, uptime) = if self.swapped { (turned(epoch), turned(uptime)) } else { (epoch, uptime) };
        let hms = (b.u8(kind_at + 1)?, b.u8(kind_at + 2)?, b.u8(kind_at + 3)?);
        Some(Record { kind: b.u8(kind_at)?, epoch, hms, uptime, all_jiffies, body, extra })
    }

    /// A record header that makes sense. RESTART and COMMENT have no uptime, which helps to find them behind a hole;
    /// development versions wrote one.
    fn plausible(&self, at: usize) -> Option<Record> {
        self.possible(at).filter(|r| !(matches!(r.kind, RESTART | COMMENT) && r.uptime != 0))
    }

    /// The same where a record is expected.
    fn possible(&self, at: usize) -> Option<Record> {
        let r = self.raw(at)?;
        let last = if self.new { 15 } else { COMMENT };
        let (h, m, s) = r.hms;
        let ok = (STATS..=last).contains(&r.kind)
            && h < 24
            && m < 60
            && s <= 60
            && self.near(r.epoch)
            && (!self.check_offset || quarter_hour(&r));
        if !ok {
            return None;
        }
        let b = &self.bytes;
        let padded = matches!(self.form, RecordForm::Jiffies)
            && !(b.zero(at + 8, 8) && b.zero(at + 24, 8) && b.zero(at + 44, 4));
        (!padded).then_some(r)
    }

    /// Offset behind the record, or how much the file lacks.
    fn end(&self, r: &Record) -> Result<usize, Option<usize>> {
        self.measure(r, |_| {})
    }

    /// The same; gives the blocks of a sample.
    fn measure(&self, r: &Record, mut block: impl FnMut(Block)) -> Result<usize, Option<usize>> {
        let len = self.bytes.data.len();
        let within = |at: Option<usize>| match at {
            Some(end) if end <= len => Ok(end),
            Some(end) => Err(Some(end)),
            None => Err(None),
        };
        let behind_extra = |at: usize| match r.extra {
            true => within(skip_extra(self.bytes, at)),
            false => Ok(at),
        };
        match r.kind {
            RESTART if self.new => behind_extra(within(r.body.checked_add(4))?),
            RESTART => within(r.body.checked_add(20 * self.volatile)),
            COMMENT => behind_extra(within(r.body.checked_add(64))?),
            STATS | LAST_STATS => {
                let mut at = behind_extra(r.body)?;
                for a in &self.activities {
                    let (found, end) = self.block(a, at)?;
                    block(found);
                    at = within(end)?;
                }
                Ok(at)
            }
            _ => behind_extra(r.body),
        }
    }

    /// Where the items of an activity lie, and the offset behind them.
    fn block(&self, a: &FileActivity, mut at: usize) -> Result<(Block, Option<usize>), Option<usize>> {
        let mut nr = a.nr;
        if a.has_nr {
            nr = self.bytes.u32(at).ok_or(at.checked_add(4))?;
            at += 4;
            if nr > 1 << 28 {
                return Err(None);
            }
        }
        let size = u64::from(nr) * u64::from(a.nr2);
        let size = size.checked_mul(u64::from(a.size)).and_then(|n| usize::try_from(n).ok());
        Ok((Block { at, nr }, size.and_then(|n| at.checked_add(n))))
    }

    /// Bytes at hand; where another file follows, only those before it.
    pub fn len(&self) -> usize {
        self.bytes.data.len()
    }

    /// The text of a COMMENT.
    pub fn comment(&self, r: &Record) -> String {
        self.bytes.slice(r.body, 64).map(text).unwrap_or_default()
    }

    /// Does a good record begin here, followed by another or by the end?
    fn chain(&self, at: usize) -> bool {
        let len = self.bytes.data.len();
        self.plausible(at)
            .and_then(|r| self.end(&r).ok())
            .is_some_and(|end| end == len || self.plausible(end).is_some())
    }

    /// The first chain that begins inside the range.
    fn search(&self, from: usize, to: usize) -> Option<usize> {
        let mut at = from;
        while at < to {
            if self.bytes.u8(at) == Some(0) && self.bytes.zero(at, 64) {
                // A header has its type within 64 bytes, so it can't begin in the first zero bytes of such a run
                // unless its uptime or epoch does; stay 16 bytes before the end of the run.
                let rest = self.bytes.data.get(at..to).unwrap_or_default();
                let run = rest.iter().position(|&b| b != 0).unwrap_or(rest.len());
                at += run.saturating_sub(48).max(1);
                continue;
            }
            if self.chain(at) {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// A RESTART changes the number of CPUs, and with it the size of samples (before 11.7.1).
    fn apply_restart(&mut self, r: &Record) {
        if self.new {
            self.cpu_nr = self.bytes.u32(r.body).or(self.cpu_nr);
            return;
        }
        for i in 0..self.volatile {
            let at = r.body + 20 * i;
            let (Some(id), Some(nr)) = (self.bytes.u32(at), self.bytes.u32(at + 8)) else {
                return;
            };
            if id == 0 || nr == 0 || nr > 1 << 28 {
                continue;
            }
            for a in self.activities.iter_mut().filter(|a| a.id == id) {
                a.nr = nr;
            }
            if id == 1 {
                self.cpu_nr = Some(nr);
            }
        }
    }

    fn accept(&mut self, r: Record, end: usize) -> Event {
        if r.kind == RESTART {
            self.apply_restart(&r);
        }
        self.at = end;
        self.told = true;
        let kind = if r.kind == LAST_STATS { STATS } else { r.kind };
        Event::Record(Record { kind, ..r })
    }
}

impl Walk<'_> {
    /// The record that begins here and the offset behind it, if what follows proves both without a look at the rest.
    fn sound(&mut self) -> Option<(Record, usize)> {
        let at = self.at;
        let record = match self.ahead.take() {
            Some((known, record)) if known == at => record,
            _ => self.possible(at)?,
        };
        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.clear();
        let end = self.measure(&record, |block| blocks.push(block));
        self.blocks = blocks;
        let end = end.ok()?;
        self.ahead = self.possible(end).map(|r| (end, r));
        (self.ahead.is_some() || self.begins_file(end)).then_some((record, end))
    }

    /// Does another file begin here?
    fn begins_file(&self, at: usize) -> bool {
        self.bytes.data.get(at..).is_some_and(header::begins)
    }

    /// Nothing of what lies behind that place is ours.
    fn end_at(&mut self, next: Option<usize>) {
        self.next_file = next;
        self.looked = true;
        self.more &= next.is_none();
        self.bytes.data = self.bytes.data.get(..next.unwrap_or(usize::MAX)).unwrap_or(self.bytes.data);
    }
}

impl Iterator for Walk<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if let Some((record, end)) = self.sound() {
            return Some(self.accept(record, end));
        }
        let at = self.at;
        if self.begins_file(at) {
            self.end_at(Some(at));
        }
        // Anything odd is judged with all that follows in view.
        if self.more {
            return Some(Event::More);
        }
        if !self.looked {
            self.end_at(header::find(self.bytes.data, at));
        }
        let len = self.bytes.data.len();
        if at >= len {
            return None;
        }
        let head = self.header_size();
        let record = self.possible(at);
        let end = record.as_ref().map(|r| self.end(r));
        let mut cut = None;
        match (record, end) {
            (Some(r), Some(Ok(end))) => {
                let good = end == len
                    || len - end < head
                    || self.possible(end).is_some()
                    || self.bytes.zero(end, head)
                    // What follows is no record: then this one was cut if a good chain begins inside it.
                    || self.search(at + 1, end).is_none();
                if good {
                    return Some(self.accept(r, end));
                }
            }
            (Some(_), Some(Err(need))) => cut = need,
            _ => {}
        }
        let next = self.search(at + 1, len);
        self.at = next.unwrap_or(len);
        if next.is_none() && (cut.is_some() || len - at < head) && !self.bytes.zero(at, len - at) {
            return Some(Event::Cut { at, need: cut.unwrap_or(at + head).saturating_sub(at) });
        }
        Some(Event::Hole { from: at, to: self.at, zero: self.bytes.zero(at, self.at - at) })
    }
}

/// The host's clock and UTC differ by a multiple of 15 minutes everywhere, give or take the second between two calls.
fn quarter_hour(r: &Record) -> bool {
    let local = u64::from(r.hms.0) * 3600 + u64::from(r.hms.1) * 60 + u64::from(r.hms.2);
    let offset = (local + 86400 - r.epoch % 86400) % 900;
    matches!(offset, 0 | 1 | 899)
}
