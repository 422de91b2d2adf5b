//! What reading one file yields: streams of events on their own clocks, facts, names, coverage.

use super::{Caps, Fact, Micros, NameHint, Raw, RawSeries, Span, Stamp, Volume, Written, Zone};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who writes a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    Patroni,
    Etcd,
    Postgres,
    Kernel,
    Systemd,
    /// PgBouncer, HAProxy, keepalived, vip-manager.
    Proxy,
    /// pgBackRest and other jobs.
    Job,
    Sysstat,
    /// Output of a command.
    Command,
    Config,
    Other,
}

impl Program {
    pub fn id(self) -> &'static str {
        match self {
            Program::Patroni => "patroni",
            Program::Etcd => "etcd",
            Program::Postgres => "postgresql",
            Program::Kernel => "kernel",
            Program::Systemd => "systemd",
            Program::Proxy => "proxy",
            Program::Job => "job",
            Program::Sysstat => "sysstat",
            Program::Command => "command",
            Program::Config => "config",
            Program::Other => "other",
        }
    }
}

/// What a Patroni heartbeat says the writer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Leader,
    StandbyLeader,
    Replica,
    Idle,
}

/// Heartbeats of one role without a hole between them.
#[derive(Clone, Debug, PartialEq)]
pub struct BeatRun {
    pub role: Role,
    pub at: Micros,
    pub until: Micros,
    pub zone: Zone,
    pub written: Written,
    pub count: u32,
    /// Line of the first and of the last beat.
    pub line: u32,
    pub last_line: u32,
    pub text: Arc<str>,
    pub last_text: Arc<str>,
    /// The leader that a replica names.
    pub leader: Option<Arc<str>>,
}

/// One program on one host within one source: the unit that has a clock.
#[derive(Clone, Debug)]
pub struct Stream {
    pub program: Program,
    /// Host as the envelope names it, if it does.
    pub host: Option<Arc<str>>,
    /// Whether stamps are the program's own (`true`) or only its envelope's.
    pub own_clock: bool,
    pub raws: Vec<Raw>,
    pub beats: Vec<BeatRun>,
    pub series: Vec<RawSeries>,
    pub names: Vec<NameHint>,
    /// First and last stamp in file order.
    pub first: Option<Stamp>,
    pub last: Option<Stamp>,
    /// Earliest and latest civil time.
    pub min: Micros,
    pub max: Micros,
    /// Lines with a stamp of this stream.
    pub stamped: u64,
    /// Envelope clock minus own clock, in quarter hours, with counts: two clocks in one line.
    pub pairs: BTreeMap<(Zone, i32), u32>,
    /// Another program's clock in the line before, minus this one's, in quarter hours, with counts: two clocks side by
    /// side in one file.
    pub beside: BTreeMap<(Program, Zone, i32), u32>,
    /// UTC minus the stamp's clock in quarter hours, proven inside lines (session id epoch against session start).
    pub proofs: BTreeMap<i32, u32>,
    /// Learned rhythm of the heartbeats.
    pub beat_every: Option<Micros>,
    /// Zones as written, with counts.
    pub written_zone: BTreeMap<Zone, u64>,
    /// Stretches in which nothing was written for much longer than usual.
    pub gaps: Vec<Silence>,
    /// Stamped lines over time.
    pub volume: Volume,
    /// Places at which the stamps went back by more than lines are ever late: a clock change, or parts in wrong order.
    pub steps: Vec<StepBack>,
    /// What other members' answers say of their clocks.
    pub answers: Vec<Answer>,
}

/// A line whose stamp is older than the one before it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepBack {
    pub from: Micros,
    pub to: Micros,
    pub zone: Zone,
    pub written: Written,
    pub line: u32,
    pub text: Arc<str>,
}

/// Answers of another member's REST API in which it says the same about when it last saw the DCS.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub who: Arc<str>,
    /// `dcs_last_seen`: the second on that member's clock, in microseconds since 1970 UTC.
    pub seen: Micros,
    /// The first and the last such answer, on the writer's clock.
    pub first: Stamp,
    pub last: Stamp,
    pub line: u32,
    pub last_line: u32,
    pub text: Arc<str>,
}

impl Stream {
    pub fn new(program: Program, host: Option<Arc<str>>, own_clock: bool) -> Stream {
        Stream {
            program,
            host,
            own_clock,
            raws: Vec::new(),
            beats: Vec::new(),
            series: Vec::new(),
            names: Vec::new(),
            first: None,
            last: None,
            min: Micros::MAX,
            max: Micros::MIN,
            stamped: 0,
            pairs: BTreeMap::new(),
            beside: BTreeMap::new(),
            proofs: BTreeMap::new(),
            beat_every: None,
            written_zone: BTreeMap::new(),
            gaps: Vec::new(),
            volume: Volume::default(),
            steps: Vec::new(),
            answers: Vec::new(),
        }
    }
}

/// A stretch in which a stream holds no line, with the line before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    pub from: Micros,
    pub to: Micros,
    /// Last line before the silence.
    pub line: u32,
    pub text: Arc<str>,
}

/// How much of a source was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub bytes: u64,
    pub lines: u64,
    /// Lines whose meaning is in a table.
    pub understood: u64,
    /// Lines known to say nothing of interest, continuation lines included.
    pub noise: u64,
    /// Lines with a known layout whose message is in no table.
    pub unknown: u64,
    /// Unknown lines of level ERROR and above.
    pub unnamed: u64,
    /// Lines without any known layout.
    pub unread: u64,
}

/// Something that could not be read as it should.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub line: Option<u32>,
    pub what: String,
}

/// The yield of one source.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Name of the format, e.g. `syslog+patroni`.
    pub kind: String,
    /// Why it was taken for that.
    pub kind_why: String,
    pub streams: Vec<Stream>,
    pub facts: Vec<Fact>,
    /// Messages that carry no time at all (pasted error texts); their `at` means nothing.
    pub undated: Vec<Raw>,
    /// Who says them.
    pub undated_by: BTreeSet<Program>,
    pub coverage: Coverage,
    /// The first lines that no table or layout knows, with their numbers.
    pub strange: Vec<(u32, Arc<str>)>,
    pub problems: Vec<Problem>,
    /// Lines were written newest first and have been turned round.
    pub newest_first: bool,
    /// What the stamps of the whole file cover, in UTC as far as they say it, where only a part of it was read.
    pub covers: Option<Span>,
    /// What its reader may keep.
    pub caps: Caps,
}
