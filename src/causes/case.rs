//! What a cause may ask: events, samples and coverage around one incident.

use super::{Need, Who};
use crate::incidents::{Cite, Incident, Kind};
use crate::model::{Key, Metric, Micros, NodeId, Program, Role, SECOND, Sample, Span, Threshold, What, Why, seconds};
use crate::timeline::{Event, Hit, Series, Timeline};
use std::collections::BTreeSet;

/// One incident, seen through the timeline.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub t: &'a Timeline,
    pub incident: &'a Incident,
}

impl<'a> Case<'a> {
    /// The value in force of a threshold.
    pub fn limit(&self, threshold: &Threshold) -> f64 {
        self.t.thresholds.of(threshold)
    }

    /// From twice ttl before the incident (Patroni must have reacted by then) to its end.
    pub fn near(&self) -> Span {
        let lead = (2 * self.t.ttl()).max(60 * SECOND);
        Span::new(self.incident.span.from - lead, self.incident.span.to + 5 * SECOND)
    }

    /// Events of these meanings near the incident.
    pub fn find(&self, whats: &[What]) -> Vec<Hit<'a>> {
        self.t.find(whats, self.near()).collect()
    }

    /// The same within the wider window of ten minutes before.
    pub fn find_wide(&self, whats: &[What]) -> Vec<Hit<'a>> {
        self.t.find(whats, self.incident.window).collect()
    }

    /// Pasted messages without a time, anywhere in the bundle.
    pub fn undated(&self, whats: &[What]) -> Vec<(u32, &'a Event)> {
        self.t.undated.iter().enumerate().filter(|(_, e)| whats.contains(&e.what)).map(|(i, e)| (i as u32, e)).collect()
    }

    pub fn has(&self, whats: &[What]) -> bool {
        self.t.find(whats, self.near()).next().is_some()
    }

    /// Whether an event belongs to the old primary.
    pub fn on_old(&self, e: &Event) -> bool {
        self.incident.old == Some(e.node)
    }

    pub fn name(&self, node: NodeId) -> String {
        self.t.name(node).to_string()
    }

    pub fn old_name(&self) -> String {
        self.incident.old.map_or_else(|| "the primary".to_owned(), |n| self.name(n))
    }

    /// Whether the incident is one of these kinds.
    pub fn is(&self, kinds: &[Kind]) -> bool {
        kinds.contains(&self.incident.kind)
    }

    /// The host whose etcd a failed request was for, if its log goes on before and after and tells of no stop.
    pub fn etcd_that_worked(&self, request: &Event) -> Option<NodeId> {
        let node = self.t.cluster.resolve(request.who.as_deref()?)?;
        let around = Span::around(request.at, SECOND, SECOND);
        let within = |whats: &[What], span: Span| self.t.find(whats, span).any(|e| e.node == node);
        let stopped = within(&[What::EtcdStopSignal, What::EtcdPanic], Span::around(request.at, 60 * SECOND, SECOND))
            || within(&[What::EtcdStart], Span::around(request.at, SECOND, 60 * SECOND));
        (self.t.covers(Program::Etcd, Some(node), around) && !stopped).then_some(node)
    }

    /// Samples of a metric around the incident, worst first.
    pub fn worst(&self, metric: Metric, node: Option<NodeId>) -> Vec<(Cite, &'a Series, Sample)> {
        let span = self.incident.span.widened(60 * SECOND);
        let mut out: Vec<(Cite, &Series, Sample)> = Vec::new();
        for (i, series) in self.t.series.iter().enumerate() {
            if series.metric != metric || node.is_some_and(|n| n != series.node) {
                continue;
            }
            for (j, sample) in series.samples.iter().enumerate() {
                if sample.from <= span.to && sample.to >= span.from {
                    out.push((Cite::Sample { series: i as u32, sample: j as u32 }, series, *sample));
                }
            }
        }
        out.sort_by(|a, b| b.2.value.total_cmp(&a.2.value));
        out
    }

    /// Median of a series outside the incident: the host's own normal.
    pub fn baseline(&self, series: &Series) -> Option<f32> {
        let anywhere = Sample { from: 0, to: 0, value: 0.0, line: 0 };
        self.normal(series, anywhere).usual
    }

    /// Nodes that run a member of the DCS: those with an etcd log, or named in its member list.
    pub fn dcs_nodes(&self) -> Vec<NodeId> {
        self.t.nodes_with(Program::Etcd)
    }

    /// How many members the DCS has: as a member list says, else as many as wrote logs.
    pub fn dcs_members(&self) -> usize {
        self.t
            .number(Key::EtcdMembers)
            .map_or_else(|| self.dcs_nodes().len(), |n| n as usize)
            .max(self.dcs_nodes().len())
    }

    /// Whether the data for a need is missing from the bundle.
    pub fn lacks(&self, need: Need) -> bool {
        let span = self.incident.span.widened(60 * SECOND);
        let old = self.incident.old;
        match need {
            Need::Log(program, who) => match who {
                Who::OldPrimary => {
                    old.map_or(!self.t.covers(program, None, span), |n| !self.t.covers(program, Some(n), span))
                }
                Who::NewPrimary => self.incident.new.is_some_and(|n| !self.t.covers(program, Some(n), span)),
                Who::DcsMembers => {
                    let seen: BTreeSet<NodeId> = self
                        .t
                        .covered
                        .iter()
                        .filter(|c| c.program == program && c.span.overlaps(&span))
                        .map(|c| c.node)
                        .collect();
                    seen.len() < self.dcs_members().max(1)
                }
                Who::Any => !self.t.covers(program, None, span),
            },
            Need::Series(metric, who) => {
                let node = if who == Who::OldPrimary { old } else { None };
                !self.t.samples(metric, span).any(|(s, _)| node.is_none_or(|n| s.node == n))
            }
            Need::Disks(_) => {
                !self.t.facts.iter().any(|f| f.fact.key == Key::FsUsed)
                    && !self.t.series.iter().any(|s| s.metric == Metric::FsUsed)
            }
            Need::Config => self.t.setting(Key::Ttl).is_none(),
        }
    }

    /// Whether heartbeats of `node` go on through all of `span`: its HA loop had no trouble.
    pub fn beats_through(&self, node: NodeId, span: Span) -> bool {
        self.t.beats.iter().any(|b| b.node == node && b.from <= span.from && b.to >= span.to)
    }

    /// Whether `node` was part of the working cluster before `at`.
    pub fn worked_before(&self, node: NodeId, at: Micros) -> bool {
        self.t.beats.iter().any(|b| b.node == node && b.from < at && b.role != Role::Idle)
    }

    /// Stretches longer than ttl in which the old primary's Patroni wrote nothing although it led, before the
    /// incident made it busy. With each: whether timeouts of the DCS fill it (they are logged when they end).
    pub fn silences(&self) -> Vec<(Cite, Span, Vec<Hit<'a>>)> {
        let ttl = self.t.ttl();
        let Some(old) = self.incident.old else { return Vec::new() };
        let reach = Span::new(self.incident.span.from - 2 * ttl, self.incident.span.to);
        let busy = [
            What::DemoteOffline,
            What::DemoteImmediate,
            What::DemoteNolock,
            What::DemoteGraceful,
            What::PgShutdownFast,
            What::PgShutdownImmediate,
        ];
        let begun = self.t.find(&busy, reach).filter(|e| e.node == old).map(|e| e.at).min();
        let gaps = self
            .t
            .gaps
            .iter()
            .enumerate()
            .filter(|(_, g)| g.node == old && g.span.overlaps(&reach) && g.span.length() > ttl);
        gaps.filter(|(_, g)| begun.is_none_or(|b| g.span.from + SECOND < b))
            .filter(|(_, g)| {
                self.t.beats.iter().any(|b| {
                    b.node == old && b.role == Role::Leader && b.to >= g.span.from - 2 * ttl && b.from <= g.span.from
                })
            })
            .map(|(i, g)| {
                let failures = [What::DcsRequestFailed, What::DcsRetry, What::DcsException, What::DcsGetClusterFailed];
                // A local agent (Consul) or a proxy tries by itself and answers at the end with what it met. A connection
                // that broke meanwhile proves nothing: so it does while a host stands still.
                let waking = Span::new(g.span.to - SECOND / 2, g.span.to + SECOND / 2);
                let met = |e: &Hit<'_>| {
                    waking.contains(e.at)
                        && matches!(e.why, Why::ServerError | Why::Refused | Why::NoRoute | Why::NoLeader)
                };
                let explained = self.t.find(&failures, Span::new(g.span.from, g.span.to + ttl)).filter(move |e| {
                    let timeout = matches!(e.why, Why::ReadTimeout | Why::ConnectTimeout | Why::ServerTimeout);
                    e.node == old && (timeout || met(e))
                });
                (Cite::Gap(i as u32), g.span, explained.collect())
            })
            .collect()
    }

    /// Whether a silence began in the middle of a cycle of the HA loop. Each cycle first notes who owns
    /// the lock; the leader then asks PostgreSQL for its position and renews (patroni/ha.py, `has_lock` and
    /// `update_lock`). Since 2.1 the note is only written if the cycle ends in anything but a heartbeat
    /// (patroni/log.py). A process that is stopped stands between two cycles nearly always: they take a small part of
    /// loop_wait.
    pub fn mid_cycle(&self, node: NodeId, silent: Span) -> bool {
        let at = Span::around(silent.from, SECOND / 10, SECOND / 10);
        let beaten = self.t.beats.iter().any(|b| b.node == node && (b.to - silent.from).abs() <= SECOND / 10);
        let own = |e: &Hit<'_>| e.who.as_deref().and_then(|w| self.t.resolve(w)) == Some(node);
        !beaten && self.t.find(&[What::LockOwner], at).any(|e| e.node == node && own(&e) && at.contains(e.until))
    }

    /// Whether other programs than Patroni and PostgreSQL wrote on a host within a span: it did not stand still.
    pub fn host_lives(&self, node: NodeId, span: Span) -> bool {
        let other = |p: Program| {
            matches!(
                p,
                Program::Etcd | Program::Kernel | Program::Systemd | Program::Proxy | Program::Job | Program::Other
            )
        };
        // Two samples of sysstat within it; a request that was taken and not answered.
        let inside = |x: &Sample| x.to > span.from + SECOND && x.to < span.to - SECOND;
        let idle = self.t.series.iter().filter(|s| s.node == node && s.metric == Metric::CpuIdle);
        let taken = |e: &Hit<'_>| e.what == What::ProbeFailed && e.why == Why::ReadTimeout && span.contains(e.at);
        self.wrote(node, span, &other)
            || idle.into_iter().any(|s| s.samples.iter().filter(|x| inside(x)).count() >= 2)
            || self.probes_of(node).iter().any(taken)
    }

    /// Whether any of these programs wrote a line within a span.
    pub fn wrote(&self, node: NodeId, span: Span, programs: &dyn Fn(Program) -> bool) -> bool {
        let events =
            self.t.during(span).any(|e| e.node == node && programs(e.program) && e.at > span.from && e.at < span.to);
        events
            || self.t.written.iter().any(|v| {
                let within = |at: Micros| at > span.from && at.saturating_add(v.step) < span.to;
                v.node == node && programs(v.program) && v.cells.iter().any(|(at, lines)| *lines > 0 && within(*at))
            })
    }

    /// Whether the old primary's Patroni stood still for longer than ttl without waiting for the DCS.
    pub fn froze(&self) -> bool {
        self.silences().iter().any(|(_, _, explained)| explained.is_empty())
    }

    /// Whether a request for this incident is recorded: then nobody needs another cause.
    pub fn requested(&self) -> bool {
        self.incident.planned
    }
}

/// What says that Patroni could not use its DCS, or acted upon that.
pub const DCS_GIVEN_UP: &[What] = &[
    What::DcsUnreachable,
    What::DcsGetClusterFailed,
    What::LockUpdateFailed,
    What::DemoteOffline,
    What::DemotedDcs,
    What::DemotedLockUpdate,
    What::DcsWaiting,
    What::FailsafeKept,
    What::NotPromotingLock,
];

/// Events that carry the error text of a request to the DCS, by Patroni.
pub const DCS_ERRORS: &[What] = &[
    What::DcsRequestFailed,
    What::DcsRetry,
    What::DcsException,
    What::DcsGetClusterFailed,
    What::DcsWatchFailed,
    What::DcsResolveFailed,
    What::DcsAuthFailed,
    What::DcsWaiting,
    What::K8sError,
];

/// What makes an incident a crash in its own right.
pub const FAULTS: &[What] = &[
    What::PgBackendSignal,
    What::PgPanic,
    What::PgNoSpace,
    What::PgIoError,
    What::PgCorruption,
    What::OomKill,
    What::PgDatadirBad,
];

/// Number of messages behind some hits.
pub fn times(hits: &[Hit<'_>]) -> u32 {
    hits.iter().map(|h| h.count).sum()
}

/// `1 message`, `7 messages`.
pub fn said(hits: &[Hit<'_>]) -> String {
    match times(hits) {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    }
}

/// Names of the hosts of some hits.
pub fn hosts(c: &Case<'_>, hits: &[Hit<'_>]) -> String {
    list(hits.iter().map(|h| c.name(h.node)))
}

/// The places of some hits.
pub fn cites(hits: &[Hit<'_>]) -> Vec<Cite> {
    hits.iter().map(|h| Cite::Event(h.index)).collect()
}

/// `2.3 s`, `39 ms`, `2 min 49 s`.
pub fn duration(ms: f64) -> String {
    if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else if ms < 100_000.0 {
        format!("{:.1} s", ms / 1_000.0)
    } else {
        let s = (ms / 1_000.0).round() as i64;
        format!("{} min {} s", s / 60, s % 60)
    }
}

/// The same for microseconds.
pub fn length(us: Micros) -> String {
    duration(seconds(us) * 1_000.0)
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    match names.split_last() {
        None => String::new(),
        Some((one, [])) => one.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
