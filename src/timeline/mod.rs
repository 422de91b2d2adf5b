//! All events, roles, series and facts of a bundle on one axis of UTC time: sorted, indexed, read-only.

mod copies;
mod roles;
mod skew;
mod steps;
mod twins;

use crate::clock::Clocks;
pub use crate::clock::Rule;
use crate::cluster::Cluster;
pub use crate::cluster::UNNAMED as UNNAMED_HOST;
use crate::model::{
    Fact, HOUR, Key, Metric, Micros, NodeId, Program, Raw, SECOND, Sample, Source, Span, Thresholds, Time, What, Why,
};
pub use copies::Copied;
pub use roles::{Beats, Gap};
pub use skew::{Anchor, Offset, Place, Skew};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A run of equal messages, placed on the axis.
#[derive(Clone, Debug)]
pub struct Event {
    pub at: Micros,
    /// When it began: before `at` for durations, which are logged at their end.
    pub since: Micros,
    pub until: Micros,
    pub slack: Micros,
    pub count: u32,
    pub what: What,
    pub why: Why,
    /// Milliseconds for durations, else the number that the message is about.
    pub num: f64,
    pub who: Option<Arc<str>>,
    pub pid: u32,
    pub node: NodeId,
    pub program: Program,
    pub source: u32,
    pub line: u32,
    pub text: Arc<str>,
    /// `false` for pasted texts without a stamp: `at` then means nothing.
    pub dated: bool,
}

impl Event {
    pub fn time(&self) -> Time {
        Time { at: self.at, slack: self.slack }
    }
    /// Durations are logged at their end: when the thing began.
    pub fn began(&self) -> Micros {
        self.since
    }
    pub fn span(&self) -> Span {
        Span::new(self.began(), self.until)
    }
}

/// Where something stands in the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cite {
    Event(u32),
    Undated(u32),
    /// A run of heartbeats; `last`: its last line rather than its first.
    Beats {
        run: u32,
        last: bool,
    },
    Gap(u32),
    Sample {
        series: u32,
        sample: u32,
    },
    Fact(u32),
}

/// An event together with its index in the timeline, by which evidence cites it.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    pub index: u32,
    pub event: &'a Event,
}

impl std::ops::Deref for Hit<'_> {
    type Target = Event;
    fn deref(&self) -> &Event {
        self.event
    }
}

/// A metric of one item on one node.
#[derive(Clone, Debug)]
pub struct Series {
    pub node: NodeId,
    pub metric: Metric,
    pub item: Option<Arc<str>>,
    pub source: u32,
    pub line: u32,
    pub samples: Vec<Sample>,
}

/// A fact with its node and, if known, its time.
#[derive(Clone, Debug)]
pub struct Known {
    pub node: NodeId,
    pub source: u32,
    pub at: Option<Micros>,
    pub fact: Fact,
}

/// What a program's log covers on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    pub node: NodeId,
    pub program: Program,
    pub source: u32,
    pub span: Span,
}

/// Lines that a program wrote on a node, per stretch of `step`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    pub node: NodeId,
    pub program: Program,
    pub step: Micros,
    pub cells: Vec<(Micros, u32)>,
}

/// Steps of clocks that are taken back (our choice; a clock that is stepped more often is none).
const STEPS: usize = 8;

/// The whole bundle on one axis.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    pub cluster: Cluster,
    pub clocks: Clocks,
    pub paths: Vec<String>,
    pub events: Vec<Event>,
    pub undated: Vec<Event>,
    pub beats: Vec<Beats>,
    pub gaps: Vec<Gap>,
    pub series: Vec<Series>,
    pub facts: Vec<Known>,
    pub covered: Vec<Covered>,
    pub written: Vec<Volume>,
    /// Sources whose lines stand in another source as well.
    pub copies: Vec<Copied>,
    /// How far the hosts' clocks differ; their times are corrected where the difference is proven.
    pub skew: Skew,
    /// As the user set them.
    pub thresholds: Thresholds,
    by_what: BTreeMap<What, Vec<u32>>,
    /// Begin and end of every event by node and time; made when it is first asked for.
    alive: OnceLock<Vec<(NodeId, Micros, u32)>>,
}

/// Places everything that `sources` hold.
pub fn build(sources: &[Source], cluster: Cluster, clocks: Clocks) -> Timeline {
    let mut t = Timeline { paths: sources.iter().map(|s| s.path.clone()).collect(), ..Timeline::default() };
    let mut asked = Vec::new();
    for (i, source) in sources.iter().enumerate() {
        let own = cluster.of_source.get(i).copied().unwrap_or(NodeId(0));
        for (j, stream) in source.parsed.streams.iter().enumerate() {
            let node = cluster.of_stream.get(i).and_then(|s| s.get(j)).copied().unwrap_or(own);
            let Some(clock) = clocks.of_stream.get(i).and_then(|c| c.get(j)) else { continue };
            let again = steps::repeated_hour(stream, clock);
            for raw in &stream.raws {
                let later = again.filter(|(line, from, to)| raw.line >= *line && (*from..=*to).contains(&raw.at));
                let hour = if later.is_some_and(|_| clock.rule.repeats(raw.at)) { HOUR } else { 0 };
                match clock.time(raw.at, raw.zone, raw.written).map(|at| at + hour) {
                    Some(at) => {
                        let until = at + (raw.until - raw.at);
                        let since = at - (raw.at - raw.since);
                        let e = event(raw, at, until, node, stream.program, i);
                        t.events.push(Event { slack: clock.slack(), since, ..e });
                    }
                    None => t.undated.push(Event { dated: false, ..event(raw, 0, 0, node, stream.program, i) }),
                }
            }
            for series in &stream.series {
                let place = |at: Micros| clock.time(at, series.zone, series.written);
                let samples: Vec<Sample> = series
                    .samples
                    .iter()
                    .filter_map(|s| {
                        Some(Sample { from: place(s.from)?, to: place(s.to)?, value: s.value, line: s.line })
                    })
                    .collect();
                if !samples.is_empty() {
                    t.series.push(Series {
                        node,
                        metric: series.metric,
                        item: series.item.clone(),
                        source: i as u32,
                        line: series.line,
                        samples,
                    });
                }
            }
            if stream.stamped > 0
                && let (Some(first), Some(last)) = (stream.first, stream.last)
                // Stamps of several zones cannot be compared as written.
                && let (min, max) =
                    if stream.written_zone.len() < 2 { (stream.min, stream.max) } else { (first.civil, last.civil) }
                && let Some(from) = clock.time(min, first.zone, first.written)
                && let Some(to) = clock.time(max, last.zone, last.written)
            {
                t.covered.push(Covered { node, program: stream.program, source: i as u32, span: Span::new(from, to) });
            }
            if let Some(first) = stream.first {
                let place = |(at, lines): &(Micros, u32)| Some((clock.time(*at, first.zone, first.written)?, *lines));
                let lines = stream.volume.settled();
                let cells: Vec<_> = lines.cells.iter().filter_map(place).collect();
                t.written.push(Volume { node, program: stream.program, step: lines.step, cells });
            }
            t.events.extend(steps::events(stream, clock, node, i));
            asked.extend(skew::Asked::of(stream, clock, &cluster, node, i));
            roles::place(stream, clock, node, i as u32, &mut t.beats, &mut t.gaps, again);
        }
        let clock = clocks.of_source.get(i);
        for fact in &source.parsed.facts {
            let at = fact.at.and_then(|s| clock?.time(s.civil, s.zone, s.written));
            let node = fact_node(fact, &cluster).unwrap_or(own);
            t.facts.push(Known { node, source: i as u32, at, fact: fact.clone() });
        }
        let by = &source.parsed.undated_by;
        let program = by.first().copied().filter(|_| by.len() == 1).unwrap_or(Program::Other);
        for raw in &source.parsed.undated {
            t.undated.push(Event { dated: false, ..event(raw, 0, 0, own, program, i) });
        }
    }
    t.cluster = cluster;
    t.clocks = clocks;
    history(&mut t);
    copies::merge(&mut t);
    t.events.sort_by_key(|e| (e.at, e.node, e.source, e.line, e.what));
    t.beats.sort_by_key(|b| (b.node, b.from, b.source, b.line));
    // Each step taken back changes what the others are measured by.
    for _ in 0..STEPS {
        let Some(step) = skew::step(&t, &asked) else { break };
        skew::undo(&mut t, &mut asked, &step);
    }
    t.skew = skew::measure(&t, &asked);
    skew::correct(&mut t);
    t.events.sort_by_key(|e| (e.at, e.node, e.source, e.line, e.what));
    t.beats.sort_by_key(|b| (b.node, b.from, b.source, b.line));
    t.gaps.sort_by_key(|g| (g.span.from, g.node, g.source));
    for (i, e) in t.events.iter().enumerate() {
        t.by_what.entry(e.what).or_default().push(i as u32);
    }
    widen(&mut t, sources);
    twins::merge(&mut t.series);
    t
}

/// Rows of `patronictl list` are facts of the member they name, not of the host that ran the command.
fn fact_node(fact: &Fact, cluster: &Cluster) -> Option<NodeId> {
    match fact.key {
        Key::MemberRole | Key::MemberState | Key::MemberTimeline | Key::MemberLagMb | Key::ClockRead => {
            cluster.resolve(fact.item.as_deref()?)
        }
        _ => None,
    }
}

fn event(raw: &Raw, at: Micros, until: Micros, node: NodeId, program: Program, source: usize) -> Event {
    Event {
        at,
        since: at,
        until,
        slack: 0,
        count: raw.count,
        what: raw.what,
        why: raw.why,
        num: raw.num,
        who: raw.who.clone(),
        pid: raw.pid,
        node,
        program,
        source: source as u32,
        line: raw.line,
        text: raw.text.clone(),
        dated: true,
    }
}

/// Rows of `patronictl history` within the time of the logs are events: they may be the only trace of a promotion.
fn history(t: &mut Timeline) {
    let Some(span) = t.span().map(|s| s.widened(1_800 * SECOND)) else { return };
    let mut told: Vec<(NodeId, Micros)> = t
        .events
        .iter()
        .filter(|e| matches!(e.what, What::Promoted | What::PromotedAgain))
        .map(|e| (e.node, e.at))
        .collect();
    for k in t.facts.clone().iter().filter(|k| k.fact.key == Key::HistoryLeader) {
        let (Some(at), Some(node)) =
            (k.at.filter(|a| span.contains(*a)), k.fact.value.text().and_then(|v| t.resolve(v)))
        else {
            continue;
        };
        // The same promotion from its own log, or from another host's copy of the history.
        if told.iter().any(|(n, a)| *n == node && (a - at).abs() < 30 * SECOND) {
            continue;
        }
        told.push((node, at));
        t.events.push(Event {
            at,
            since: at,
            until: at,
            slack: SECOND,
            count: 1,
            what: What::HistoryLeader,
            why: Why::Unsaid,
            num: k.fact.item.as_deref().and_then(|i| i.parse().ok()).unwrap_or(0.0),
            who: None,
            pid: 0,
            node,
            program: Program::Patroni,
            source: k.source,
            line: k.fact.line,
            text: k.fact.text.clone(),
            dated: true,
        });
    }
}

/// What a log covers beyond its own lines. etcd, the kernel and the service manager are quiet for hours, so their
/// logs reach as far as the last line of anything else from that host; a system log with lines of either covers both.
fn widen(t: &mut Timeline, sources: &[Source]) {
    let quiet = [Program::Etcd, Program::Kernel, Program::Systemd];
    let mut latest: BTreeMap<NodeId, Micros> = BTreeMap::new();
    for c in &t.covered {
        let end = latest.entry(c.node).or_insert(c.span.to);
        *end = (*end).max(c.span.to);
    }
    let mut both = Vec::new();
    for c in &t.covered {
        if matches!(c.program, Program::Kernel | Program::Systemd) {
            let whole = t
                .covered
                .iter()
                .filter(|o| o.source == c.source && o.node == c.node)
                .map(|o| o.span)
                .fold(c.span, |a, b| a.union(&b));
            let several = sources.get(c.source as usize).is_some_and(|s| s.parsed.streams.len() > 1);
            let programs: &[Program] = if several { &[Program::Kernel, Program::Systemd] } else { &[] };
            both.extend(programs.iter().map(|p| Covered { program: *p, span: whole, ..*c }));
        }
    }
    t.covered.extend(both);
    for c in t.covered.iter_mut().filter(|c| quiet.contains(&c.program)) {
        if let Some(end) = latest.get(&c.node) {
            c.span.to = c.span.to.max(*end);
        }
    }
    t.covered.sort_by_key(|c| (c.node, c.program, c.source, c.span));
    t.covered.dedup();
}

impl Timeline {
    /// All events of the given meanings within a span, in order of time.
    pub fn find(&self, whats: &[What], span: Span) -> impl Iterator<Item = Hit<'_>> + use<'_> {
        let mut hits: Vec<u32> = whats
            .iter()
            .filter_map(|w| self.by_what.get(w))
            .flat_map(|list| {
                // A run that began before the span may still reach into it.
                let end = list.partition_point(|i| self.events.get(*i as usize).is_some_and(|e| e.at <= span.to));
                list.get(..end)
                    .unwrap_or(&[])
                    .iter()
                    .copied()
                    .filter(move |i| self.events.get(*i as usize).is_some_and(|e| e.until >= span.from))
            })
            .collect();
        hits.sort_unstable();
        hits.into_iter().filter_map(|index| Some(Hit { index, event: self.events.get(index as usize)? }))
    }

    /// The zone in which a host counts its days, as far as the bundle tells: by that its schedules run.
    pub fn zone_of(&self, node: NodeId) -> Rule {
        let said = self.facts_of(Key::TimeZone).filter(|k| k.node == node && k.fact.item.as_deref() == Some("host"));
        let said = said.filter_map(|k| Rule::named(k.fact.value.text()?)).next();
        let streams = self
            .cluster
            .of_stream
            .iter()
            .zip(&self.clocks.of_stream)
            .flat_map(|(nodes, clocks)| nodes.iter().zip(clocks));
        let mut rules = streams.filter(|(n, c)| **n == node && !c.assumed).map(|(_, c)| &c.rule);
        // A program may write UTC anywhere; another zone is the host's.
        said.or_else(|| rules.find(|r| **r != Rule::Fixed(0)).cloned()).unwrap_or(Rule::Fixed(0))
    }

    /// All events of the given meanings.
    pub fn all(&self, whats: &[What]) -> impl Iterator<Item = Hit<'_>> + use<'_> {
        self.find(whats, Span { from: Micros::MIN, to: Micros::MAX })
    }

    /// Events of any meaning within a span.
    pub fn during(&self, span: Span) -> impl Iterator<Item = Hit<'_>> {
        let end = self.events.partition_point(|e| e.at <= span.to);
        let list = self.events.get(..end).unwrap_or(&[]).iter().enumerate();
        list.filter(move |(_, e)| e.until >= span.from).map(|(i, event)| Hit { index: i as u32, event })
    }

    /// The last moment up to `moment` and the first one behind it at which an event of a node begins or ends, the first
    /// with the index of its event.
    pub fn around(&self, node: NodeId, moment: Micros) -> (Option<(Micros, u32)>, Option<Micros>) {
        let sorted = || {
            let ends = self.events.iter().zip(0u32..).flat_map(|(e, i)| [(e.node, e.at, i), (e.node, e.until, i)]);
            let mut ends: Vec<_> = ends.collect();
            ends.sort_unstable();
            ends
        };
        let marks = self.alive.get_or_init(sorted);
        let behind = marks.partition_point(|m| (m.0, m.1) <= (node, moment));
        let of_node = |m: &&(NodeId, Micros, u32)| m.0 == node;
        let last = behind.checked_sub(1).and_then(|i| marks.get(i)).filter(of_node).and_then(|last| {
            let first = marks.partition_point(|m| (m.0, m.1) < (node, last.1));
            marks.get(first).map(|m| (m.1, m.2))
        });
        (last, marks.get(behind).filter(of_node).map(|m| m.1))
    }

    /// Whether the log of `program` covers any part of `span`, on `node` or on any node.
    pub fn covers(&self, program: Program, node: Option<NodeId>, span: Span) -> bool {
        self.covered.iter().any(|c| c.program == program && node.is_none_or(|n| c.node == n) && c.span.overlaps(&span))
    }

    /// Nodes on which a log of `program` is part of the bundle.
    pub fn nodes_with(&self, program: Program) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self.covered.iter().filter(|c| c.program == program).map(|c| c.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Samples of a metric that overlap a span: (series, sample).
    pub fn samples(&self, metric: Metric, span: Span) -> impl Iterator<Item = (&Series, &Sample)> {
        self.series.iter().filter(move |s| s.metric == metric).flat_map(move |s| {
            s.samples.iter().filter(move |x| x.from <= span.to && x.to >= span.from).map(move |x| (s, x))
        })
    }

    /// The value of a setting: a live one (`show-config`, REST) before one that only the first start reads, of any node.
    pub fn setting(&self, key: Key) -> Option<&Known> {
        self.setting_index(key).and_then(|i| self.facts.get(i as usize))
    }

    /// Where `setting` found it in `facts`.
    pub fn setting_index(&self, key: Key) -> Option<u32> {
        // Patroni reads `bootstrap.dcs` once, when the cluster is made; an operator's manifest is a wish, not a state.
        // Facts of such sources carry an item (`bootstrap`, `manifest`); live ones carry none.
        let wished = |k: &Known| k.fact.item.is_some();
        let all = self.facts.iter().enumerate().filter(|(_, k)| k.fact.key == key);
        all.min_by_key(|(_, k)| (wished(k), k.source, k.fact.line)).map(|(i, _)| i as u32)
    }

    pub fn number(&self, key: Key) -> Option<f64> {
        self.setting(key).and_then(|k| k.fact.value.num())
    }

    pub fn facts_of(&self, key: Key) -> impl Iterator<Item = &Known> {
        self.facts.iter().filter(move |k| k.fact.key == key)
    }

    /// First and last moment that any log covers.
    pub fn span(&self) -> Option<Span> {
        self.covered.iter().map(|c| c.span).reduce(|a, b| a.union(&b))
    }

    /// Forgets coverage and heartbeats outside of a span; events stay where indices point.
    pub fn narrow(&mut self, span: Span) {
        self.covered.retain(|c| c.span.overlaps(&span));
        for c in &mut self.covered {
            c.span = Span::new(c.span.from.max(span.from), c.span.to.min(span.to));
        }
        self.beats.retain(|b| b.from <= span.to && b.to >= span.from);
    }

    pub fn path(&self, source: u32) -> &str {
        self.paths.get(source as usize).map_or("?", String::as_str)
    }

    pub fn resolve(&self, name: &str) -> Option<NodeId> {
        self.cluster.resolve(name)
    }

    /// No source of the node names its host.
    pub fn is_unnamed(&self, node: NodeId) -> bool {
        *self.name(node) == *crate::cluster::UNNAMED
    }

    pub fn name(&self, node: NodeId) -> Arc<str> {
        self.cluster.name(node)
    }

    /// Patroni's loop_wait: as set, else as its heartbeats show.
    pub fn loop_wait(&self) -> Micros {
        let learned = || {
            let mut all: Vec<Micros> = self.beats.iter().filter_map(|b| b.every).collect();
            all.sort_unstable();
            all.get(all.len() / 2).map(|m| (*m + SECOND / 2) / SECOND * SECOND)
        };
        self.number(Key::LoopWait).map(|s| (s * SECOND as f64) as Micros).or_else(learned).unwrap_or(10 * SECOND)
    }

    /// Lifetime of the leader key: as set, else Patroni's default of 30 s.
    pub fn ttl(&self) -> Micros {
        self.number(Key::Ttl).map_or(30 * SECOND, |s| (s * SECOND as f64) as Micros)
    }

    pub fn retry_timeout(&self) -> Micros {
        self.number(Key::RetryTimeout).map_or(10 * SECOND, |s| (s * SECOND as f64) as Micros)
    }
}
