//! The short report for cron: reads what is new since the last run and tells what changed, once.

mod days;
mod outlook;
pub mod render;
mod state;
#[cfg(test)]
mod tests;
mod thresholds;
mod told;

use crate::cluster::Cluster;
use crate::input::InputError;
use crate::input::follow::{self, How, Piece};
use crate::model::{DAY, HOUR, MINUTE, Micros, NodeId, Parsed, Program, SECOND, Source, Stream, rfc3339};
use crate::redact::{self, Redactor};
use crate::report::{self, Skip};
use crate::run::{self, Settings};
use crate::timeline::{Timeline, UNNAMED_HOST};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;
pub use thresholds::THRESHOLDS;

pub use days::Trend;
pub use outlook::Disk;
pub use state::{Leader, Row, State, Told};
pub use told::{Incident, When};

pub const SCHEMA: &str = "pgautopsy.daily/1";

/// Context that the next run reads again before what is new: what a verdict looks back (ten minutes before an
/// incident, half an hour for a cluster without a leader), doubled.
const CONTEXT: Micros = HOUR;
/// And at least so many bytes, by which a log is recognised.
const CONTEXT_BYTES: u64 = 64 << 10;
/// Files that nobody has seen for so long are forgotten, and so are days and told incidents.
const KEEP_DAYS: i64 = 60;

/// What a user may say about a daily report.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub settings: Settings,
    /// All paths belong to this host.
    pub host: Option<String>,
    /// The time of this run; the library has no clock.
    pub now: Micros,
    /// What is told bears pseudonyms; what is remembered does not.
    pub redact: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    Warning,
    Critical,
    /// Nothing readable.
    #[default]
    Unknown,
}

impl Level {
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "OK",
            Level::Warning => "WARNING",
            Level::Critical => "CRITICAL",
            Level::Unknown => "UNKNOWN",
        }
    }
}

/// What one run tells; `pgautopsy.daily/1`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Daily {
    pub schema: String,
    pub level: Level,
    /// Fit for the subject of a mail.
    pub subject: String,
    /// The first run tells all that the logs hold.
    pub first_run: bool,
    /// What the new lines span, RFC 3339.
    pub from: Option<String>,
    pub to: Option<String>,
    pub leader: Option<Lead>,
    pub incidents: Vec<Incident>,
    pub near_misses: Vec<Incident>,
    pub planned: Vec<Incident>,
    pub new_risks: Vec<report::Risk>,
    pub known_risks: usize,
    /// All; `moved` marks those that are news.
    pub trends: Vec<Trend>,
    /// Those of `trends` that are told now for the first time.
    pub news: Vec<String>,
    pub disks: Vec<Disk>,
    /// What stopped arriving, and what arrives again.
    pub silent: Vec<Silence>,
    pub still_silent: Vec<Silence>,
    /// Incidents told before that are not over.
    pub under_way: usize,
    pub arriving: usize,
    pub read: Read,
    /// What had to be begun anew, and other words about the run itself.
    pub notes: Vec<String>,
    /// Of the last day (`daily.hold_h`), for monitoring: by kind of incident.
    pub recent: BTreeMap<String, u64>,
    /// Since the state file began: by kind.
    pub totals: BTreeMap<String, u64>,
    /// Latest stamp of each `host/program`, seconds since 1970.
    pub last_seen: BTreeMap<String, f64>,
    /// Seconds since 1970.
    pub run_at: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Lead {
    pub name: String,
    pub since: String,
    /// `14 d`, `5 h`; `over 14 d` if it led already when the logs begin.
    pub lasted: String,
    pub since_seconds: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Silence {
    pub host: String,
    /// `patroni`, `sysstat`, ... or `everything`.
    pub program: String,
    pub last: String,
    pub text: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Read {
    pub hosts: usize,
    pub files: usize,
    pub new_bytes: u64,
    pub not_read: Vec<Skip>,
}

/// Reads what is new below `paths`, tells it, and brings `state` up to date.
pub fn run(paths: &[PathBuf], options: &Options, state: &mut State) -> Result<Daily, InputError> {
    let now = options.now.div_euclid(SECOND);
    let caps = options.settings.limits.caps();
    let how = How {
        whole: &run::read_as_a_whole,
        read: &|entry: &crate::input::Entry, input: &mut dyn BufRead| {
            run::read_one_with(&entry.path, input, &options.settings.own, caps)
        },
        lost: &|read: &Result<Parsed, String>| read.is_err(),
        now,
    };
    let followed = follow::follow(paths, &state.marks, &options.settings.limits, &how)?;
    let mut marks = followed.marks;
    let mut read = Read { new_bytes: followed.pieces.iter().map(|p| p.new_bytes).sum(), ..Read::default() };
    let mut pieces: Vec<Piece<()>> = Vec::new();
    let mut sources: Vec<Source> = Vec::new();
    for piece in followed.pieces {
        let (piece, parsed) = piece.split();
        let path = piece.entry.path.clone();
        match parsed {
            Ok(mut parsed) => {
                run::shift_lines(&mut parsed, piece.lines_before);
                if let Some(host) = &options.host {
                    belongs_to(host, &mut parsed);
                }
                sources.push(Source { path, modified: piece.entry.modified, parsed });
                pieces.push(piece);
            }
            Err(why) if piece.changed => read.not_read.push(Skip { path, why }),
            Err(_) => {}
        }
    }
    let lost = followed.skipped.into_iter().filter(|s| s.loss == crate::input::Loss::All);
    read.not_read.extend(lost.map(|s| Skip { path: s.path, why: s.why }));
    read.not_read.sort_by(|a, b| (&a.path, &a.why).cmp(&(&b.path, &b.why)));
    read.files = pieces.len();
    // What is kept from day to day is kept by host.
    let settings = Settings { by_host: true, ..options.settings.clone() };
    let (t, incidents, sources) = run::place(sources, &settings);
    let report = report::build(&t, &incidents, &sources, Vec::new());
    read.hosts = t.cluster.nodes.iter().filter(|n| n.has_sources).count();

    let fresh = |source: u32, line: u32| {
        pieces.get(source as usize).is_some_and(|p| p.changed && u64::from(line) >= p.new_from_line)
    };
    let whole = |source: u32| {
        let piece = pieces.get(source as usize).filter(|p| p.changed && p.mark.is_none())?;
        Some(piece.entry.path.clone())
    };
    let new_events = || t.events.iter().filter(|e| fresh(e.source, e.line));
    let (from, to) = (new_events().map(|e| e.at).min(), new_events().map(|e| e.until).max());
    let beats = || t.beats.iter().filter(|b| fresh(b.source, b.last_line));
    let from = from.into_iter().chain(beats().map(|b| b.from.max(state.data_until))).min();
    let to = to.into_iter().chain(beats().map(|b| b.to)).max();
    let seen = last_seen(&t, &sources);
    let end = seen.values().copied().max().unwrap_or(state.data_until).max(state.data_until);

    let first_run = state.runs == 0;
    let found = told::sort(&t, &incidents, report.incidents, state, &fresh, end, options.now);
    let leader = leader(&t, &incidents, state);
    let rows = days::rows(&t, &sources, &fresh, &whole);
    let today = end.div_euclid(DAY);
    state.keep(rows, today, KEEP_DAYS);
    // The newest day with a quarter of its hours behind it: the first minutes of a day compare with nothing.
    let day = (end - 6 * HOUR).div_euclid(DAY);
    let trends = days::trends(&state.rows, day, &options.settings.thresholds);
    let news: Vec<String> = trends
        .iter()
        .filter(|x| x.moved)
        .filter(|x| {
            let about = format!("{}/{}/{}", x.host, x.metric, x.item);
            state.trends.insert(about, day).is_none_or(|told| told < day)
        })
        .map(|x| x.text.clone())
        .collect();
    let disks = outlook::disks(&state.rows, &t, today, &options.settings.thresholds);
    let mut risks = report.risks;
    // The forecast below says it better, with this state's history and the user's limit.
    risks.retain(|r| r.id != "disk_usage_high");
    risks.extend(disks.iter().filter(|d| d.above).map(disk_risk));
    let count = risks.len();
    let new_risks: Vec<report::Risk> = risks
        .into_iter()
        .filter(|r| {
            let told = state.risks.insert(about(r), options.now);
            told.is_none_or(|at| at < options.now - 7 * DAY)
        })
        .collect();
    state.risks.retain(|_, at| *at > options.now - KEEP_DAYS * DAY);
    for (who, at) in seen {
        let last = state.last_seen.entry(who).or_insert(at);
        *last = at.max(*last);
    }
    let (silent, still_silent) = silences(state, end, options);

    // The next run begins before what may still be going on.
    let open_from = state.told.iter().filter(|x| x.open).map(|x| x.start - 15 * MINUTE).min();
    let context = open_from.unwrap_or(Micros::MAX).min(end - CONTEXT);
    for (i, piece) in pieces.iter().enumerate() {
        if let Some(mark) = piece.mark.and_then(|m| marks.get_mut(m)) {
            let (byte, line) = piece.place(first_line(&t, i as u32, context).unwrap_or(u64::MAX));
            let (least, least_line) = piece.before(mark.done.saturating_sub(CONTEXT_BYTES));
            (mark.from, mark.from_line) = if least < byte { (least, least_line) } else { (byte, line) };
        }
    }
    follow::forget(&mut marks, now, KEEP_DAYS);

    let hold = options.now - (options.settings.thresholds.of(&thresholds::HOLD_H) * HOUR as f64) as Micros;
    let mut recent: BTreeMap<String, u64> = BTreeMap::new();
    for x in state.told.iter().filter(|x| x.told_at > hold || x.open) {
        let kind = if x.planned { "planned".to_owned() } else { x.kind.clone() };
        *recent.entry(kind).or_default() += 1;
    }
    state.marks = marks;
    state.leader = leader.clone();
    state.data_until = end;
    state.last_run = options.now;
    state.runs += 1;
    let stopped = silent.iter().any(|s| !s.text.contains("again"));
    let told_now = found.incidents.iter().filter(|i| i.when == When::UnderWay).count();
    let open = state.told.iter().filter(|x| x.open && !x.planned && x.kind != "near_miss").count();
    let under_way = open.saturating_sub(told_now);
    let level = if under_way > 0 || found.incidents.iter().any(|i| i.severe()) {
        Level::Critical
    } else if state.last_seen.is_empty() && disks.is_empty() {
        Level::Unknown
    } else if !found.incidents.is_empty()
        || !found.near.is_empty()
        || !new_risks.is_empty()
        || !news.is_empty()
        || stopped
    {
        Level::Warning
    } else {
        Level::Ok
    };
    let mut daily = Daily {
        schema: SCHEMA.to_owned(),
        level,
        subject: String::new(),
        first_run,
        from: from.map(rfc3339),
        to: to.map(rfc3339),
        leader: leader.map(|l| Lead {
            lasted: format!("{}{}", if l.seen { "" } else { "over " }, lasted(end - l.since)),
            since: rfc3339(l.since),
            since_seconds: crate::model::seconds(l.since),
            name: l.name,
        }),
        incidents: found.incidents,
        near_misses: found.near,
        planned: found.planned,
        known_risks: count - new_risks.len(),
        new_risks,
        trends,
        news,
        disks,
        arriving: state.last_seen.len() - state.silent.len().min(state.last_seen.len()),
        silent,
        still_silent,
        under_way,
        read,
        notes: followed.notes,
        recent,
        totals: state.totals.clone(),
        last_seen: state.last_seen.iter().map(|(k, v)| (k.clone(), crate::model::seconds(*v))).collect(),
        run_at: crate::model::seconds(options.now),
    };
    daily.subject = render::subject(&daily);
    if options.redact {
        daily = under_pseudonyms(daily, &t.cluster, &sources);
    }
    Ok(daily)
}

/// The same report without names: those of the logs, and those remembered from earlier runs.
fn under_pseudonyms(daily: Daily, cluster: &Cluster, sources: &[Source]) -> Daily {
    let mut names = redact::known(sources, cluster);
    let hosts = daily.last_seen.keys().filter_map(|who| Some(who.rsplit_once('/')?.0));
    hosts.filter(|h| *h != UNNAMED_HOST).for_each(|h| names.add(redact::Kind::Host, h));
    let redactor = Redactor::new(&names);
    let Some(mut told) = redact::redact_data(&daily, &redactor) else {
        // Nothing is better than a name.
        return Daily { subject: "UNKNOWN · the report could not be redacted".to_owned(), ..Daily::default() };
    };
    told.last_seen = daily.last_seen.iter().map(|(who, at)| (redactor.text(who), *at)).collect();
    told.subject = render::subject(&told);
    told
}

/// Says of everything that does not name its own host that it was written on this one.
fn belongs_to(host: &str, parsed: &mut Parsed) {
    if parsed.streams.is_empty() {
        parsed.streams.push(Stream::new(Program::Command, None, false));
    }
    for stream in parsed.streams.iter_mut().filter(|s| s.host.is_none()) {
        stream.host = Some(Arc::from(host));
    }
}

/// The number of the first line of a source at or after a moment.
fn first_line(t: &Timeline, source: u32, at: Micros) -> Option<u64> {
    let events = t.events.iter().filter(|e| e.source == source && e.until >= at).map(|e| e.line);
    // Within a run of heartbeats only its ends are known: the run's share is taken.
    let beats = t.beats.iter().filter(|b| b.source == source && b.to >= at).map(|b| {
        let share = (at - b.from).max(0) as f64 / (b.to - b.from).max(1) as f64;
        b.line + (f64::from(b.last_line.saturating_sub(b.line)) * share) as u32
    });
    events.chain(beats).min().map(u64::from)
}

/// What a risk is about, without its numbers, which change from day to day.
fn about(risk: &report::Risk) -> String {
    let text: String = risk.text.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect();
    format!("{}/{}/{text}", risk.id, risk.host)
}

fn disk_risk(disk: &Disk) -> report::Risk {
    report::Risk {
        id: "disk_usage_high".to_owned(),
        host: disk.host.clone(),
        text: format!("{} on {} is {:.0} % full, above {:.0} %", disk.mount, disk.host, disk.used_percent, disk.limit_percent),
        evidence: Vec::new(),
        remedy: "Free space or extend the volume before it fills; find out what grows (WAL kept by a slot or a failing archiver, logs, backups).".to_owned(),
    }
}

/// The last stamp of each program that writes steadily, by `host/program`.
fn last_seen(t: &Timeline, sources: &[Source]) -> BTreeMap<String, Micros> {
    let mut seen: BTreeMap<String, Micros> = BTreeMap::new();
    for (i, source) in sources.iter().enumerate() {
        for (j, stream) in source.parsed.streams.iter().enumerate() {
            let (Some(last), Some(clock), Some(node)) = (
                stream.last,
                t.clocks.of_stream.get(i).and_then(|c| c.get(j)),
                t.cluster.of_stream.get(i).and_then(|n| n.get(j)),
            ) else {
                continue;
            };
            if days::silence_check(stream.program).is_none() {
                continue;
            }
            let Some(at) = clock.time(stream.max, last.zone, last.written) else { continue };
            let entry = seen.entry(format!("{}/{}", t.name(*node), stream.program.id())).or_insert(at);
            *entry = at.max(*entry);
        }
    }
    for s in &t.series {
        if let Some(x) = s.samples.last() {
            let entry = seen.entry(format!("{}/sysstat", t.name(s.node))).or_insert(x.to);
            *entry = x.to.max(*entry);
        }
    }
    seen
}

/// What became silent or came back, and what is silent still.
fn silences(state: &mut State, end: Micros, options: &Options) -> (Vec<Silence>, Vec<Silence>) {
    let (mut changed, mut still) = (Vec::new(), Vec::new());
    // Logs brought together by a copy job may all be old: that is one line, not one for each.
    let checked = |program: &str| {
        let all = [Program::Patroni, Program::Sysstat, Program::Etcd, Program::Postgres];
        all.into_iter().find(|p| p.id() == program).and_then(days::silence_check)
    };
    let mut silent = Vec::new();
    for (who, last) in &state.last_seen {
        let (host, program) = who.rsplit_once('/').unwrap_or((who, ""));
        let Some(check) = checked(program) else { continue };
        let limit = (options.settings.thresholds.of(check) * MINUTE as f64) as Micros;
        let before = state.silent.contains(who);
        let (host, program) = (host.to_owned(), program.to_owned());
        let at = rfc3339(*last);
        let shown = format!("{} {} UTC", at.get(..10).unwrap_or(""), at.get(11..16).unwrap_or(""));
        if end - last > limit {
            let what = if program == "sysstat" { "sysstat does not collect" } else { "nothing arrives" };
            let log = if program == "sysstat" { String::new() } else { format!(" from {program}") };
            let text = format!("{what}{log} on {host} since {shown}");
            silent.push(who.clone());
            let list = if before { &mut still } else { &mut changed };
            list.push(Silence { host, program, last: at, text });
        } else if before {
            changed.push(Silence { text: format!("{program} on {host} arrives again"), host, program, last: at });
        }
    }
    let all_old = options.now - end > 26 * HOUR && !state.last_seen.is_empty() && state.runs > 0;
    if all_old {
        let at = rfc3339(end);
        let who = "*/everything".to_owned();
        let text = format!(
            "nothing has arrived from any host since {} {} UTC",
            at.get(..10).unwrap_or(""),
            at.get(11..16).unwrap_or("")
        );
        let entry = Silence { host: "*".into(), program: "everything".into(), last: at, text };
        if state.silent.contains(&who) {
            still.push(entry)
        } else {
            changed.push(entry)
        }
        silent.push(who);
    }
    state.silent = silent;
    (changed, still)
}

/// Who leads at the end of the logs, and since when.
fn leader(t: &Timeline, incidents: &[crate::incidents::Incident], state: &State) -> Option<Leader> {
    use crate::incidents::Kind;
    use crate::model::Role;
    let Some(end) = t.span().map(|s| s.to) else { return state.leader.clone() };
    let Some((node, _)) = t.leader_before(end + 1) else { return state.leader.clone() };
    let name = t.name(node).to_string();
    let leads = |n: NodeId| move |b: &&crate::timeline::Beats| b.role == Role::Leader && b.node == n;
    let other = t.beats.iter().filter(|b| b.role == Role::Leader && b.node != node).map(|b| b.to).max();
    let changes = [Kind::Failover, Kind::Demotion, Kind::NoLeader, Kind::Switchover];
    let changed = incidents.iter().filter(|x| changes.contains(&x.kind)).map(|x| x.span.to).max();
    let began = t.beats.iter().filter(leads(node)).map(|b| b.from).filter(|f| other.is_none_or(|o| *f > o)).min();
    let since = match (changed.max(other), began) {
        (Some(change), began) => Some((began.filter(|b| *b > change).unwrap_or(change), true)),
        (None, Some(began)) => Some((began, false)),
        (None, None) => None,
    };
    match (&state.leader, since) {
        // What was known before holds as long as nothing happened since.
        (Some(old), Some((since, _)))
            if old.name == name && (since <= state.data_until || changed.max(other).is_none()) =>
        {
            Some(old.clone())
        }
        (_, Some((since, seen))) => Some(Leader { name, since, seen }),
        (old, None) => old.clone().filter(|o| o.name == name).or(Some(Leader { name, since: end, seen: false })),
    }
}

/// `14 d`, `5 h`, `20 min`.
fn lasted(us: Micros) -> String {
    match us {
        ..HOUR => format!("{} min", us.max(0) / MINUTE),
        HOUR..=172_800_000_000 => format!("{} h", us / HOUR),
        _ => format!("{} d", us / DAY),
    }
}
