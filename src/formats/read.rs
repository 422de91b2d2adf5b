//! The line loop that all logs share: envelope → body → meaning → folded events, with every line accounted for.

use super::{BODIES, ENVELOPES, Envelope, Head, Peeled, etcd_capnslog, kernel, pg_csv, pg_stderr};
use crate::formats::beats::BeatFolder;
use crate::formats::ident::{program_by_text, program_of};
use crate::input::Lines;
use crate::messages::{Found, classify, engine_clip, find, find_with};
use crate::model::{
    Level, MINUTE, Meaning, Micros, NameHint, Naming, Parsed, Problem, Program, Raw, Role, SECOND, Silence, Stamp,
    Stream, What, Why, Written,
};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::sync::Arc;

/// Equal messages of one stream closer than this are one event with a count. A minute is what etcd's own
/// `[merged N repeated lines]` looks back at most.
const FOLD: Micros = MINUTE;

/// Bytes read of one line; what stands behind is counted, not read. No program of the cluster writes longer ones.
const LINE_MAX: u64 = 1 << 20;

/// Longest wording kept of a line.
const TEXT_MAX: usize = 400;

/// Reads a log line by line; `envelope` is what detection found around its lines.
pub fn read_log(input: &mut dyn BufRead, envelope: Option<&'static Envelope>, newest_first: bool) -> Parsed {
    let mut reader = LogReader::new(envelope);
    if newest_first {
        let mut all = Vec::new();
        // Turning round needs the whole text; exports of this kind are small (see limits in README).
        if let Err(e) = input.take(64 << 20).read_to_end(&mut all) {
            reader.problem(format!("reading stopped: {e}"));
        }
        let lines: Vec<&[u8]> = all.split(|b| *b == b'\n').collect();
        for (i, line) in lines.iter().enumerate().rev() {
            reader.line(line, i as u32 + 1);
        }
        reader.out.newest_first = true;
        return reader.finish();
    }
    let mut lines = Lines::new(input, LINE_MAX);
    loop {
        match lines.next() {
            Ok(Some(line)) => reader.line(line.bytes, line.number),
            Ok(None) => break,
            Err(e) => {
                reader.problem(format!("reading stopped: {e}"));
                break;
            }
        }
    }
    if lines.cut_lines() > 0 {
        let (n, bytes) = (lines.cut_lines(), lines.cut_bytes());
        reader
            .problem(format!("{n} lines are longer than {LINE_MAX} bytes; {bytes} bytes at their ends were not read"));
    }
    reader.finish()
}

/// What repeats of one message share: stream, meaning, reason, subject.
type FoldKey = (usize, What, Why, Option<Arc<str>>);

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
    /// A csvlog row whose quotes are still open, and the line it began on.
    row: Vec<u8>,
    row_line: u32,
    /// journalctl's mark between two boots, waiting for the time of the next record.
    booted: Option<(Vec<u8>, u32)>,
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
        LogReader {
            out: Parsed::default(),
            envelope,
            streams: HashMap::new(),
            beats: Vec::new(),
            previous: Vec::new(),
            open: HashMap::new(),
            hosts: HashMap::new(),
            names: HashMap::new(),
            last: None,
            row: Vec::new(),
            row_line: 0,
            booted: None,
        }
    }

    fn problem(&mut self, what: String) {
        self.out.problems.push(Problem { line: None, what });
    }

    /// Takes the next line, without its line end.
    pub fn line(&mut self, line: &[u8], number: u32) {
        self.out.coverage.lines += 1;
        self.out.coverage.bytes += line.len() as u64 + 1;
        let cleaned = clean(line);
        let line = cleaned.as_ref();
        if !self.row.is_empty() {
            self.row.push(b'\n');
            self.row.extend_from_slice(line);
            if !pg_csv::unfinished(&self.row) || self.row.len() > (1 << 20) {
                let row = std::mem::take(&mut self.row);
                self.whole_line(&row, self.row_line);
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
        self.whole_line(line, number);
    }

    /// Takes a record that a document has taken out of its own wrapping.
    pub fn take(&mut self, peeled: Peeled<'_>, line: &[u8], number: u32) {
        self.out.coverage.lines += 1;
        let body = Cow::Owned(clean(&peeled.body).into_owned());
        self.peeled(Peeled { body, ..peeled }, line, number);
    }

    fn whole_line(&mut self, line: &[u8], number: u32) {
        let peeled = self.envelope.and_then(|e| (e.peel)(line));
        let peeled = peeled.or_else(|| match body_head(line) {
            Some(_) => None,
            None => ENVELOPES.iter().find_map(|e| (e.peel)(line)),
        });
        match peeled {
            Some(p) => self.peeled(p, line, number),
            None => match body_head(line) {
                Some(head) if head.object.is_none() && head.program == Program::Postgres && self.begins_row(line) => {
                    self.row = line.to_vec();
                    self.row_line = number;
                }
                Some(head) => self.record(None, head, line, number),
                None => self.headless(line, line, number),
            },
        }
    }

    /// csvlog rows may go on over line ends inside quotes.
    fn begins_row(&self, line: &[u8]) -> bool {
        self.row.is_empty() && (pg_csv::FORMAT.head)(line).is_some() && pg_csv::unfinished(line)
    }

    fn peeled(&mut self, peeled: Peeled<'_>, line: &[u8], number: u32) {
        let body = peeled.body.as_ref();
        // An object's other fields hide its text from a reader; the text is in the object as it stands here.
        let line = if line.first() == Some(&b'{') && !body.is_empty() { body } else { line };
        if let Some(head) = body_head(body) {
            return self.record(Some(&peeled), head, line, number);
        }
        if let Some(inner) = ENVELOPES.iter().find_map(|e| (e.peel)(body)).filter(|p| p.body.len() < body.len()) {
            // Container runtimes and shippers wrap what syslog or the journal wrapped before.
            let inner = Peeled {
                stamp: peeled.stamp.filter(|s| s.written == Written::Full).or(inner.stamp),
                host: inner.host.or_else(|| peeled.host.clone()).map(|h| Cow::Owned(h.into_owned())),
                ident: inner.ident.or_else(|| peeled.ident.clone()).map(|i| Cow::Owned(i.into_owned())),
                body: Cow::Owned(inner.body.into_owned()),
                ..inner
            };
            return self.peeled(inner, line, number);
        }
        let ident = peeled.ident.as_deref().unwrap_or(b"");
        let program = program_of(ident).or_else(|| program_by_text(body));
        if body.is_empty() {
            self.out.coverage.noise += 1;
            return;
        }
        let mut head = Head::plain(program.unwrap_or(Program::Other), None, peeled.level, body);
        match program {
            Some(Program::Etcd) => head.message = Cow::Borrowed(etcd_capnslog::without_package(body)),
            Some(Program::Kernel) => head.message = Cow::Borrowed(kernel::without_uptime(body)),
            Some(Program::Postgres) => {
                // `[7-1] LOG:  text` from syslog_facility's numbering; later parts have no severity.
                match pg_stderr::severity(body) {
                    Some((level, message)) => {
                        head.level = level.unwrap_or(Level::Debug);
                        head.message = message;
                    }
                    None => return self.headless(body, line, number),
                }
            }
            // A line of Patroni's unit without Patroni's head is a continuation or a child's output.
            Some(Program::Patroni) | None => {
                if let Some((level, message)) = pg_stderr::severity(body) {
                    head = Head::plain(Program::Postgres, None, level.unwrap_or(Level::Debug), b"");
                    head.message = message;
                } else if program.is_some() || ident.is_empty() {
                    let belongs = self.last.as_ref().is_some_and(|l| {
                        l.program == Program::Patroni && (peeled.pid == 0 || l.pid == peeled.pid || l.pid == 0)
                    });
                    if belongs {
                        return self.headless(body, line, number);
                    }
                }
            }
            Some(_) => {}
        }
        head.pid = peeled.pid;
        self.record(Some(&peeled), head, line, number);
    }

    /// A line of its own: with a stamp from its program, from its envelope, or from both.
    fn record(&mut self, peeled: Option<&Peeled<'_>>, mut head: Head<'_>, line: &[u8], number: u32) {
        let outer = peeled.and_then(|p| p.stamp);
        let (stamp, own) = match (head.stamp, outer) {
            (Some(inner), Some(outer)) if inner.written == Written::SinceBoot => (outer, false),
            (Some(inner), _) => (inner, true),
            (None, Some(outer)) => (outer, false),
            (None, None) => return self.undated(&head, line, number),
        };
        let host = peeled.and_then(|p| p.host.as_deref()).map(|h| self.host(h));
        if let Some((mark, at)) = self.booted.take() {
            let system = self.stream(Program::Systemd, host.clone(), own && outer.is_none());
            self.meaning(system, outer.unwrap_or(stamp), 0, Meaning::plain(What::Boot), &mark, at);
        }
        let stream = self.stream(head.program, host, own);
        let pid = if head.pid != 0 { head.pid } else { peeled.map_or(0, |p| p.pid) };
        self.note_stamp(stream, stamp, if own { outer } else { None }, head.zone_proof, line, number);
        let mut last = Last { stream, program: head.program, stamp, pid, raw: None };
        // Patroni marks the result of every loop while the cluster is paused (patroni/ha.py, run_cycle).
        if head.program == Program::Patroni && head.message.starts_with(b"PAUSE: ") {
            self.meaning(stream, stamp, pid, Meaning::plain(What::PauseOn), line, number);
            head.message = Cow::Owned(head.message.get(7..).unwrap_or_default().to_vec());
        }
        let found = match head.object {
            Some(object) => find_with(head.program, &head.message, &super::json::Object(object)),
            None => find(head.program, &head.message),
        };
        match found {
            Found::Meaning(meaning) => {
                self.out.coverage.understood += 1;
                last.raw = self.meaning(stream, stamp, pid, meaning, line, number);
            }
            Found::Noise => self.out.coverage.noise += 1,
            Found::Unknown if is_continuation_word(&head.message) => self.out.coverage.noise += 1,
            Found::Unknown => {
                self.out.coverage.unknown += 1;
                if alarms_by_level(head.program, head.level) {
                    self.out.coverage.unnamed += 1;
                    let meaning = Meaning {
                        why: classify(&head.message),
                        who: Some(Arc::from(signature(&head.message))),
                        ..Meaning::plain(What::UnnamedAlarm)
                    };
                    last.raw = self.meaning(stream, stamp, pid, meaning, line, number);
                } else if own && memchr::memmem::find(&head.message, b" INFO: ").is_some() {
                    self.glued(&head.message, line, number);
                }
            }
        }
        self.last = Some(last);
    }

    /// A line without stamp and level: belongs to the record before it, or was glued to another.
    fn headless(&mut self, text: &[u8], line: &[u8], number: u32) {
        if self.glued(text, line, number) {
            return;
        }
        let Some(last) = self.last.clone() else {
            let program = match pg_stderr::severity(text) {
                Some((Some(level), message)) => {
                    let mut head = Head::plain(Program::Postgres, None, level, b"");
                    head.message = message;
                    return self.undated(&head, line, number);
                }
                _ => Program::Patroni,
            };
            return self.undated(&Head::plain(program, None, Level::Info, text), line, number);
        };
        self.out.coverage.noise += 1;
        if text.first().is_some_and(u8::is_ascii_whitespace)
            || text.starts_with(b"Traceback")
            || text.starts_with(b"During handling")
            || text.starts_with(b"The above exception")
        {
            return;
        }
        // The last line of a traceback tells what happened; output of child programs is looked up as well.
        // PostgreSQL's lines may come without any prefix: up to 9.6 that was the default.
        let found = match pg_stderr::bare(text) {
            Some(message) => find(Program::Postgres, &message),
            None => find(last.program, text),
        };
        let why = match &found {
            Found::Meaning(meaning) if meaning.why != Why::Unsaid => meaning.why,
            _ => classify(text),
        };
        if why != Why::Unsaid && last.program == Program::Patroni {
            self.explain(&last, why);
        }
        if let Found::Meaning(meaning) = found {
            self.out.coverage.noise -= 1;
            self.out.coverage.understood += 1;
            self.meaning(last.stream, last.stamp, last.pid, meaning, line, number);
        }
    }

    /// A traceback says why the record failed that it belongs to. That record, pushed or folded without a reason,
    /// joins the others with the same reason.
    fn explain(&mut self, last: &Last, why: Why) {
        let Some(at) = last.raw else { return };
        let Some(raws) = self.out.streams.get_mut(last.stream).map(|s| &mut s.raws) else { return };
        let Some(raw) = raws.get(at).filter(|r| r.why == Why::Unsaid && r.count == 1) else { return };
        let without = (last.stream, raw.what, Why::Unsaid, raw.who.clone());
        let with = (last.stream, raw.what, why, raw.who.clone());
        self.open.remove(&without);
        let (until, newest) = (raw.until, at + 1 == raws.len());
        if folds(raw.what)
            && newest
            && let Some(earlier) = self.open.get(&with).copied()
            && let Some(same) = raws.get_mut(earlier).filter(|r| (until - r.until).abs() <= FOLD)
        {
            same.count = same.count.saturating_add(1);
            same.until = same.until.max(until);
            raws.pop();
            if let Some(l) = &mut self.last {
                l.raw = Some(earlier);
            }
            return;
        }
        if let Some(raw) = raws.get_mut(at) {
            raw.why = why;
        }
        self.open.insert(with, at);
    }

    /// `initdb` and others write without a line end to the same stream: a second head may stand inside a line.
    fn glued(&mut self, text: &[u8], line: &[u8], number: u32) -> bool {
        for sign in [&b" INFO: "[..], b" WARNING: ", b" ERROR: "] {
            let Some(at) = memchr::memmem::find(text, sign) else { continue };
            let Some(start) = at.checked_sub(23) else { continue };
            let Some(rest) = text.get(start..).filter(|_| start > 0) else { continue };
            if let Some(head) = (super::patroni::FORMAT.head)(rest) {
                self.record(None, head, line, number);
                return true;
            }
        }
        false
    }

    fn undated(&mut self, head: &Head<'_>, line: &[u8], number: u32) {
        let candidates =
            [head.program, Program::Etcd, Program::Postgres, Program::Proxy, Program::Kernel, Program::Systemd];
        for program in candidates {
            if let Found::Meaning(m) = find(program, &head.message) {
                self.out.coverage.understood += 1;
                self.out.undated.push(Raw {
                    at: 0,
                    until: 0,
                    zone: crate::model::Zone::Unwritten,
                    written: Written::NoDate,
                    grain: crate::model::Grain::Second,
                    count: 1,
                    what: m.what,
                    why: m.why,
                    num: m.num,
                    who: m.who,
                    pid: 0,
                    line: number,
                    text: wording(line),
                });
                return;
            }
        }
        if find(head.program, &head.message) == Found::Noise {
            self.out.coverage.noise += 1;
            return;
        }
        self.out.coverage.unread += 1;
    }

    fn meaning(
        &mut self,
        stream: usize,
        stamp: Stamp,
        pid: u32,
        meaning: Meaning,
        line: &[u8],
        number: u32,
    ) -> Option<usize> {
        if let Some(me) = meaning.me.clone() {
            let naming = match self.out.streams.get(stream)?.program {
                Program::Etcd => Naming::EtcdId,
                _ => Naming::Member,
            };
            self.name(stream, naming, me, number);
        }
        if meaning.what.is_beat() {
            let role = match meaning.what {
                What::BeatLeader => Role::Leader,
                What::BeatStandbyLeader => Role::StandbyLeader,
                What::BeatReplica => Role::Replica,
                _ => Role::Idle,
            };
            self.beats.get_mut(stream)?.beat(role, stamp, number, meaning.who, line.get(..TEXT_MAX.min(line.len()))?);
            return None;
        }
        let raws = &mut self.out.streams.get_mut(stream)?.raws;
        // Kernels before 4.19 say why in one line and whom in the next; the victim may be a child of the first choice.
        if meaning.what == What::OomKill
            && meaning.why == Why::Unsaid
            && let Some(at) = raws.len().checked_sub(1)
            && let Some(raw) = raws.last_mut().filter(|r| r.what == What::OomKill && r.why != Why::Unsaid)
            && (0..=SECOND).contains(&(stamp.civil - raw.at))
        {
            (raw.num, raw.who) = (meaning.num, meaning.who);
            return Some(at);
        }
        let key = (stream, meaning.what, meaning.why, meaning.who.clone());
        if folds(meaning.what)
            && let Some(at) = self.open.get(&key)
            && let Some(raw) = raws.get_mut(*at)
            && (stamp.civil - raw.until).abs() <= FOLD
            && raw.zone == stamp.zone
            && raw.written == stamp.written
        {
            raw.count = raw.count.saturating_add(1);
            raw.until = raw.until.max(stamp.civil);
            if meaning.num.abs() > raw.num.abs() {
                raw.num = meaning.num;
            }
            return Some(*at);
        }
        raws.push(Raw {
            at: stamp.civil,
            until: stamp.civil,
            zone: stamp.zone,
            written: stamp.written,
            grain: stamp.grain,
            count: 1,
            what: meaning.what,
            why: meaning.why,
            num: meaning.num,
            who: meaning.who,
            pid,
            line: number,
            text: wording(line),
        });
        self.open.insert(key, raws.len() - 1);
        Some(raws.len() - 1)
    }

    fn host(&mut self, name: &[u8]) -> Arc<str> {
        if let Some(host) = self.hosts.get(name) {
            return host.clone();
        }
        let host: Arc<str> = Arc::from(String::from_utf8_lossy(name).as_ref());
        self.hosts.insert(name.to_vec(), host.clone());
        host
    }

    fn name(&mut self, stream: usize, naming: Naming, name: Arc<str>, line: u32) {
        let Some(list) = self.out.streams.get_mut(stream).map(|s| &mut s.names) else { return };
        let at = *self.names.entry((stream, naming, name.clone())).or_insert_with(|| {
            list.push(NameHint { naming, name, line, seen: 0 });
            list.len() - 1
        });
        if let Some(hint) = list.get_mut(at) {
            hint.seen = hint.seen.saturating_add(1);
        }
    }

    fn stream(&mut self, program: Program, host: Option<Arc<str>>, own: bool) -> usize {
        let key = (program, host, own);
        if let Some(at) = self.streams.get(&key) {
            return *at;
        }
        let mut stream = Stream::new(program, key.1.clone(), own);
        let at = self.out.streams.len();
        if let Some(host) = &key.1 {
            stream.names.push(NameHint { naming: Naming::Host, name: host.clone(), line: 0, seen: 1 });
        }
        self.out.streams.push(stream);
        self.beats.push(BeatFolder::default());
        self.previous.push(None);
        self.streams.insert(key, at);
        at
    }

    fn note_stamp(
        &mut self,
        at: usize,
        stamp: Stamp,
        outer: Option<Stamp>,
        proof: Option<i32>,
        line: &[u8],
        number: u32,
    ) {
        let (Some(stream), Some(previous)) = (self.out.streams.get_mut(at), self.previous.get_mut(at)) else { return };
        stream.stamped += 1;
        stream.volume.note(stamp.civil);
        stream.first.get_or_insert(stamp);
        stream.last = Some(stamp);
        stream.min = stream.min.min(stamp.civil);
        stream.max = stream.max.max(stamp.civil);
        *stream.written_zone.entry(stamp.zone).or_default() += 1;
        if let Some(q) = proof {
            *stream.proofs.entry(q).or_default() += 1;
        }
        if let Some(outer) = outer
            && let Some(q) = clock_difference(outer, stamp)
        {
            *stream.pairs.entry((outer.zone, q)).or_default() += 1;
        }
        if stream.program != Program::Patroni {
            return;
        }
        let (latest, at_line, text) = previous.get_or_insert_with(|| (stamp.civil, number, Vec::new()));
        if stamp.civil - *latest > 4 * SECOND && stream.gaps.len() < 4096 {
            let usual = self.beats.get(at).and_then(BeatFolder::every).unwrap_or(10 * SECOND);
            if stamp.civil - *latest > usual + usual / 2 + SECOND {
                stream.gaps.push(Silence { from: *latest, to: stamp.civil, line: *at_line, text: wording(text) });
            }
        }
        // Patroni holds lines back for up to two seconds: the latest stamp counts, not the last line.
        if stamp.civil >= *latest {
            *latest = stamp.civil;
            *at_line = number;
            text.clear();
            text.extend_from_slice(line.get(..TEXT_MAX.min(line.len())).unwrap_or(line));
        }
    }

    /// Closes what is open and hands the yield over.
    pub fn finish(mut self) -> Parsed {
        if !self.row.is_empty() {
            let row = std::mem::take(&mut self.row);
            self.whole_line(&row, self.row_line);
        }
        for (stream, folder) in self.out.streams.iter_mut().zip(self.beats) {
            stream.beat_every = folder.every();
            stream.beats = folder.finish();
        }
        self.out
    }
}

/// Outer minus inner clock in quarter hours; the year of a syslog stamp is taken from the inner one.
fn clock_difference(outer: Stamp, inner: Stamp) -> Option<i32> {
    if inner.written != Written::Full {
        return None;
    }
    let outer = match outer.written {
        Written::Full => outer.civil,
        Written::NoYear => {
            let (year, ..) = crate::model::split_civil(inner.civil);
            let (_, m, d, time) = crate::model::split_civil(outer.civil);
            // Around New Year the two clocks may be in different years.
            [year - 1, year, year + 1]
                .map(|y| crate::model::civil(y, m, d, 0, 0, 0) + time)
                .into_iter()
                .min_by_key(|c| (c - inner.civil).abs())?
        }
        _ => return None,
    };
    pg_csv::quarters(outer - inner.civil)
}

fn body_head(text: &[u8]) -> Option<Head<'_>> {
    BODIES.iter().find_map(|b| (b.head)(text))
}

/// Repeats of these are counted, not listed. Role changes and process starts are always listed.
fn folds(what: What) -> bool {
    use What::*;
    !matches!(
        what,
        Promoted
            | PromotedAgain
            | DemoteOffline
            | DemoteGraceful
            | DemoteImmediate
            | DemoteNolock
            | DemotedLockUpdate
            | DemotedDcs
            | DemotedForeignLock
            | DemotedLostRace
            | PgStarting
            | PgReady
            | PgReadyReadOnly
            | PgShutdownFast
            | PgShutdownImmediate
            | PgShutdownSmart
            | PgShutDown
            | PgPostmaster
            | PgNewTimeline
            | Boot
            | EtcdStart
            | EtcdStopSignal
            // Each of these has its own term, request or way to end.
            | LeaderSeen
            | LeaderLost
            | LeaderChanged
            | QuorumLost
            | LockAcquired
            | LockReleased
            | LockReleasedPgDown
            | LockReleasedDatadir
            | DemotedStartTimeout
            | DemotedCrash
            | DemotedNotHealthiest
            | DemotedNofailover
            | DemotedWatchdog
            | SwitchoverRequested
            | ManualFailover
            | NoSpaceAlarm
            | CorruptAlarm
            | AlarmCleared
            | UnitStarting
            | UnitStarted
            | UnitStopping
            | UnitStopped
            | UnitFailed
            | LeaderWon
            | PgPromoteRequest
            | FsyncSlow
            // Each has its own process.
            | PgBackendSignal
            | OomKill
            | CoreDump
            | SystemShutdown
            | VipGained
            | VipLost
    )
}

fn alarms_by_level(program: Program, level: Level) -> bool {
    match program {
        // ERROR is what clients do to themselves; FATAL ends a session, PANIC the server.
        Program::Postgres => level >= Level::Fatal,
        Program::Other => false,
        _ => level >= Level::Error,
    }
}

/// The first words of a message with its numbers taken out: what repeats of an unnamed alarm share.
fn signature(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    engine_clip(&text, 60).chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

fn is_continuation_word(message: &[u8]) -> bool {
    [&b"DETAIL:  "[..], b"HINT:  ", b"CONTEXT:  ", b"STATEMENT:  ", b"QUERY:  ", b"LOCATION:  ", b"BACKTRACE:  "]
        .iter()
        .any(|w| message.starts_with(w))
}

fn wording(line: &[u8]) -> Arc<str> {
    Arc::from(engine_clip(&String::from_utf8_lossy(line), TEXT_MAX))
}

/// Carriage returns, NUL bytes, terminal colours and quote marks of pasted mails are not the log's.
fn clean(line: &[u8]) -> Cow<'_, [u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    if memchr::memchr2(0x1b, 0, line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut out = Vec::with_capacity(line.len());
    let mut i = 0;
    while let Some(b) = line.get(i) {
        if *b == 0x1b && line.get(i + 1) == Some(&b'[') {
            i += 2;
            while line.get(i).is_some_and(|b| !b.is_ascii_alphabetic()) {
                i += 1;
            }
        } else if *b != 0 {
            out.push(*b);
        }
        i += 1;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raws(log: &str) -> Vec<(What, Why, u32)> {
        let parsed = read_log(&mut log.as_bytes(), None, false);
        parsed.streams.iter().flat_map(|s| s.raws.iter().map(|r| (r.what, r.why, r.count))).collect()
    }

    #[test]
    fn a_traceback_says_why_its_record_failed_and_equal_reasons_join() {
        let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nTimeoutError: timed out\n\n\
            During handling of the above exception, another exception occurred:\n\netcd.EtcdException: Bad\n";
        let log = format!(
            "2024-05-01 10:00:00,000 ERROR: get_cluster\n{traceback}\
             2024-05-01 10:00:05,000 ERROR: get_cluster\n\
             2024-05-01 10:00:10,000 ERROR: get_cluster\n\
             2024-05-01 10:00:15,000 INFO: DCS is not accessible\n\
             2024-05-01 10:00:55,000 ERROR: Failed to drop replication slot 'a'\n{traceback}"
        );
        assert_eq!(
            raws(&log),
            [
                (What::DcsGetClusterFailed, Why::ReadTimeout, 1),
                (What::DcsGetClusterFailed, Why::Unsaid, 2),
                (What::DcsUnreachable, Why::Unsaid, 1),
                (What::SlotError, Why::ReadTimeout, 1),
            ]
        );
        let twice = format!(
            "2024-05-01 10:00:00,000 ERROR: get_cluster\n{traceback}2024-05-01 10:00:05,000 ERROR: get_cluster\n{traceback}"
        );
        assert_eq!(raws(&twice), [(What::DcsGetClusterFailed, Why::ReadTimeout, 2)]);
    }

    #[test]
    fn a_paused_loop_is_a_heartbeat_and_a_pause() {
        let log = "2024-05-01 10:00:00,000 INFO: PAUSE: no action. I am (pg1), the leader with the lock\n";
        let parsed = read_log(&mut log.as_bytes(), None, false);
        let stream = parsed.streams.first().unwrap();
        assert_eq!(stream.beats.first().map(|b| b.role), Some(Role::Leader));
        assert_eq!(stream.raws.first().map(|r| r.what), Some(What::PauseOn));
        assert_eq!((parsed.coverage.understood, parsed.coverage.unknown), (1, 0));
    }
}
