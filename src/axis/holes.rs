//! Holes in the beat of the HA loop: how long, what filled them, and below which length none can be seen.

use crate::model::{Metric, Micros, NodeId, Program, Role, SECOND, Span, What, Why};
use crate::timeline::{Beats, Cite, Timeline};
use std::collections::BTreeMap;

/// Why heartbeats are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoleKind {
    /// A role change, restart or other action took the loop's place.
    Busy,
    /// Requests to the DCS took the time.
    SlowDcs,
    /// PostgreSQL did not answer.
    SlowPostgres,
    /// Patroni did not run while others on the host did.
    FrozenProcess,
    /// Nothing on the host ran.
    FrozenHost,
    /// Patroni ran, its log did not: records were lost, or equal ones are left out.
    Logging,
    /// It did not run, as it lost its lock meanwhile: the process or the whole host.
    Frozen,
    /// The sender cut or filtered the log.
    Cut,
    /// Patroni was not running, or was restarted.
    Down,
    /// No line at all, and nothing that tells why.
    Silent,
}

impl HoleKind {
    pub fn id(self) -> &'static str {
        match self {
            HoleKind::Busy => "busy",
            HoleKind::SlowDcs => "slow_dcs",
            HoleKind::SlowPostgres => "slow_postgresql",
            HoleKind::FrozenProcess => "frozen_process",
            HoleKind::FrozenHost => "frozen_host",
            HoleKind::Frozen => "frozen",
            HoleKind::Logging => "logging",
            HoleKind::Cut => "cut_or_filtered",
            HoleKind::Down => "not_running",
            HoleKind::Silent => "undecided",
        }
    }
}

/// A hole between two heartbeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    pub node: NodeId,
    pub span: Span,
    /// Usual distance of two heartbeats.
    pub every: Micros,
    /// Longest stretch in it without any line.
    pub still: Span,
    pub kind: HoleKind,
    /// The last heartbeat before it.
    pub cite: Cite,
    /// What tells the kind.
    pub because: Option<Cite>,
    /// It was longer than ttl and yet the others saw the lock renewed.
    pub lock_survived: bool,
}

/// What a Patroni log can show at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    pub node: NodeId,
    pub every: Micros,
    /// Holes shorter than this look like the usual beat.
    pub blind: Micros,
}

/// The grace of the heartbeat folder (formats/beats.rs): half a beat and a second.
fn limit(every: Micros) -> Micros {
    every * 3 / 2 + SECOND
}

/// All holes, and what each log can show.
pub(super) fn find(t: &Timeline) -> (Vec<Hole>, Vec<Sight>) {
    let mut by_node: BTreeMap<NodeId, Vec<(u32, &Beats)>> = BTreeMap::new();
    for (i, b) in t.beats.iter().enumerate() {
        by_node.entry(b.node).or_default().push((i as u32, b));
    }
    let mut holes = Vec::new();
    let mut sights = Vec::new();
    for (node, mut runs) in by_node {
        runs.sort_by_key(|(_, b)| (b.from, b.source, b.line));
        let every = runs.iter().filter_map(|(_, b)| b.every).min().unwrap_or_else(|| t.loop_wait()).max(SECOND);
        let beats: u32 = runs.iter().map(|(_, b)| b.count).sum();
        if beats > 2 {
            sights.push(Sight { node, every, blind: limit(every) });
        }
        let mut last: Option<(u32, &Beats)> = None;
        for (i, b) in runs {
            if let Some((run, before)) = last
                && b.from - before.to > limit(every)
            {
                let span = Span::new(before.to, b.from);
                holes.push(hole(t, node, span, every, Cite::Beats { run, last: true }));
            }
            // The run that reaches furthest counts: two copies of a log overlap.
            if last.is_none_or(|(_, l)| b.to > l.to) {
                last = Some((i, b));
            }
        }
    }
    holes.sort_by_key(|h| (h.span.from, h.node));
    // Logs of several hosts with the very same hole were cut by whoever sent them.
    let spans: Vec<(NodeId, Span, HoleKind)> = holes.iter().map(|h| (h.node, h.span, h.kind)).collect();
    for h in holes.iter_mut().filter(|h| h.kind == HoleKind::Silent && h.span.length() > 60 * SECOND) {
        let same = |s: &Span| (s.from - h.span.from).abs() <= 2 * h.every && (s.to - h.span.to).abs() <= 2 * h.every;
        if spans.iter().any(|(n, s, k)| *n != h.node && *k == HoleKind::Silent && same(s)) {
            h.kind = HoleKind::Cut;
        }
    }
    (holes, sights)
}

const ACTIONS: &[What] = &[
    What::DemoteOffline,
    What::DemoteGraceful,
    What::DemoteImmediate,
    What::DemoteNolock,
    What::DemotedDcs,
    What::DemotedLockUpdate,
    What::DemotedForeignLock,
    What::Promoted,
    What::PromotedAgain,
    What::ActionRunning,
    What::RestartRequested,
    What::ReinitRequested,
    What::BootstrapBegin,
    What::BootstrapDone,
    What::RewindBegin,
    What::PgRestarting,
    What::PgStartedSecondary,
    What::PgPostmaster,
    What::PgNotRunning,
    What::PgCrashRecovery,
    What::LockAcquired,
    What::LockRenewedBusy,
];
const DCS: &[What] = &[
    What::DcsRequestFailed,
    What::DcsRetry,
    What::DcsUnreachable,
    What::DcsGetClusterFailed,
    What::DcsException,
    What::DcsServerSelected,
    What::DcsWaiting,
    What::DcsResolveFailed,
    What::FailsafeKept,
    What::FailsafePeerOk,
    What::FailsafePeerFailed,
];
const POSTGRES: &[What] = &[
    What::PgConnFailed,
    What::PgIsReadyRejecting,
    What::RestStatusFailed,
    What::PgStartTimeout,
    What::PgStatementTimeout,
];

fn hole(t: &Timeline, node: NodeId, span: Span, every: Micros, cite: Cite) -> Hole {
    // What a cycle that has hardly begun writes beside its heartbeat does not fill the hole.
    let inside = Span { from: span.from + 1, to: span.to };
    let still = t
        .gaps
        .iter()
        .filter(|g| g.node == node && g.span.from >= span.from - SECOND && g.span.to <= span.to + SECOND)
        .map(|g| g.span)
        .max_by_key(|g| (g.length(), std::cmp::Reverse(g.from)))
        .unwrap_or(Span::new(span.from, span.from));
    let own = |whats: &[What], span: Span| {
        let found = t.find(whats, span).find(|e| e.node == node && e.program == Program::Patroni);
        found.map(|e| (e.at.max(span.from), Cite::Event(e.index)))
    };
    let survived = span.length() > t.ttl() && lock_seen_on(t, node, span);
    let mut made =
        Hole { node, span, still, every, kind: HoleKind::Silent, cite, because: None, lock_survived: survived };
    let found = said(&own, inside, still, every)
        .or_else(|| silence(t, node, still, every, survived, &own))
        .or_else(|| lost_lock(t, node, still, every))
        .or_else(|| {
            let (at, kind, cite) = first_said(&own, inside)?;
            (at < still.to || still.length() <= limit(every)).then_some((kind, Some(cite)))
        });
    if let Some((kind, because)) = found {
        (made.kind, made.because) = (kind, because);
    } else if still.length() <= limit(every) {
        made.kind = HoleKind::Busy;
    }
    made
}

type Own<'a> = dyn Fn(&[What], Span) -> Option<(Micros, Cite)> + 'a;

/// The first thing that Patroni itself says in a span.
fn first_said(own: &Own<'_>, span: Span) -> Option<(Micros, HoleKind, Cite)> {
    let kinds = [
        (DCS, HoleKind::SlowDcs),
        (ACTIONS, HoleKind::Busy),
        (POSTGRES, HoleKind::SlowPostgres),
        (&[What::PatroniStart, What::PatroniStop][..], HoleKind::Down),
    ];
    kinds.iter().filter_map(|(whats, kind)| own(whats, span).map(|(at, c)| (at, *kind, c))).min_by_key(|f| f.0)
}

/// A hole that Patroni's own lines fill: what they say first, unless the hole began with silence.
fn said(own: &Own<'_>, inside: Span, still: Span, every: Micros) -> Option<(HoleKind, Option<Cite>)> {
    let (at, kind, cite) = first_said(own, inside)?;
    (still.length() <= limit(every) || at <= still.from).then_some((kind, Some(cite)))
}

/// A hole that begins with silence: who else was there tells.
fn silence(
    t: &Timeline,
    node: NodeId,
    still: Span,
    every: Micros,
    survived: bool,
    own: &Own<'_>,
) -> Option<(HoleKind, Option<Cite>)> {
    if still.length() <= limit(every) {
        return None;
    }
    let first = |whats: &[What], span: Span| t.find(whats, span).find(|e| e.node == node).map(|e| Cite::Event(e.index));
    // Silence that ends with an error about a request tells what it waited for.
    let waking = Span::new(still.to, still.to + SECOND / 2);
    let waited = t.find(DCS, waking).find(|e| {
        e.node == node
            && e.program == Program::Patroni
            && matches!(e.why, Why::ReadTimeout | Why::ConnectTimeout)
            && still.length() <= every + 2 * t.retry_timeout() + 4 * SECOND
    });
    if let Some(e) = waited {
        return Some((HoleKind::SlowDcs, Some(Cite::Event(e.index))));
    }
    let stop = Span::new(still.from - SECOND, still.to);
    if let Some(c) = first(&[What::SystemShutdown, What::Boot, What::PatroniStop, What::UnitStopped], stop) {
        return Some((HoleKind::Down, Some(c)));
    }
    if let Some((_, c)) = own(&[What::PatroniStart], Span::new(still.from, still.to + SECOND)) {
        return Some((HoleKind::Down, Some(c)));
    }
    if let Some((_, c)) = own(&[What::LogLost], Span::new(still.from, still.to + 2 * every)) {
        return Some((HoleKind::Logging, Some(c)));
    }
    let dedup = t.facts.iter().position(|k| {
        k.fact.item.as_deref() == Some("log.deduplicate_heartbeat_logs")
            && (k.fact.value.num() == Some(1.0)
                || k.fact.value.text().is_some_and(|v| matches!(v, "true" | "True" | "on")))
    });
    if let Some(i) = dedup.filter(|_| !crossed(t, node, still)) {
        return Some((HoleKind::Logging, Some(Cite::Fact(i as u32))));
    }
    if survived {
        return Some((HoleKind::Cut, None));
    }
    if let Some(c) = first(&[What::Suspended, What::TickMissed, What::FsFrozen], still.widened(2 * SECOND)) {
        return Some((HoleKind::FrozenHost, Some(c)));
    }
    // One long sample among short ones: the collector did not run either.
    if let Some(c) = stretched(t, node, still) {
        return Some((HoleKind::FrozenHost, Some(c)));
    }
    // Others on the host went on.
    let inner = Span::new(still.from + every.min(still.length() / 2), (still.to - SECOND).max(still.from));
    let others = [Program::Postgres, Program::Etcd, Program::Kernel, Program::Systemd];
    let other = t.during(inner).find(|e| e.node == node && others.contains(&e.program) && inner.contains(e.at));
    if let Some(c) = other.map(|e| Cite::Event(e.index)).or_else(|| sampled(t, node, still)) {
        return Some((HoleKind::FrozenProcess, Some(c)));
    }
    // Somebody asked it and got no answer: the host took the connection, the process did not serve it.
    let asked = t.find(&[What::ProbeFailed], still).find(|e| {
        e.node != node && e.why == Why::ReadTimeout && e.who.as_deref().and_then(|w| t.resolve(w)) == Some(node)
    });
    asked.map(|e| (HoleKind::FrozenProcess, Some(Cite::Event(e.index))))
}

/// A long silence in which somebody else won the lock: it was not only the log that stood still.
fn lost_lock(t: &Timeline, node: NodeId, still: Span, every: Micros) -> Option<(HoleKind, Option<Cite>)> {
    let led = t.beats.iter().any(|b| b.node == node && b.role == Role::Leader && b.to >= still.from - every);
    let won = t.find(&[What::Promoted, What::HistoryLeader], still).find(|e| e.node != node);
    let won = won.filter(|_| led && still.length() > limit(every))?;
    Some((HoleKind::Frozen, Some(Cite::Event(won.index))))
}

/// Whether others saw this node renew its lock for longer than the lock lives by itself.
fn lock_seen_on(t: &Timeline, node: NodeId, span: Span) -> bool {
    let from = span.from + t.ttl();
    let named = |l: &Option<std::sync::Arc<str>>| l.as_deref().and_then(|l| t.resolve(l)) == Some(node);
    t.beats.iter().any(|b| b.node != node && named(&b.leader) && b.from < span.to && b.to > from + SECOND)
        && !t.find(&[What::Promoted, What::PromotedAgain, What::HistoryLeader], span).any(|e| e.node != node)
}

/// Whether another member became leader in a span.
fn crossed(t: &Timeline, node: NodeId, span: Span) -> bool {
    t.find(&[What::Promoted, What::HistoryLeader], span).any(|e| e.node != node)
}

/// A sample of sysstat that spans the silence although the others are much shorter.
fn stretched(t: &Timeline, node: NodeId, still: Span) -> Option<Cite> {
    for (i, s) in t.series.iter().enumerate().filter(|(_, s)| s.node == node && s.metric == Metric::CpuIdle) {
        let mut widths: Vec<Micros> = s.samples.iter().map(|x| x.to - x.from).filter(|w| *w > 0).collect();
        widths.sort_unstable();
        let usual = widths.get(widths.len() / 2).copied()?;
        let hit = s.samples.iter().position(|x| {
            x.to - x.from > usual + still.length() / 2
                && x.from < still.to
                && x.to > still.from
                && usual * 2 < still.length() * 3
        });
        if let Some(sample) = hit {
            return Some(Cite::Sample { series: i as u32, sample: sample as u32 });
        }
    }
    None
}

/// Two samples of sysstat that end inside the silence: the host ran.
fn sampled(t: &Timeline, node: NodeId, still: Span) -> Option<Cite> {
    for (i, s) in t.series.iter().enumerate().filter(|(_, s)| s.node == node && s.metric == Metric::CpuIdle) {
        let inside = |x: &&crate::model::Sample| x.to > still.from + SECOND && x.to < still.to - SECOND;
        if s.samples.iter().filter(inside).count() >= 2 {
            let sample = s.samples.iter().position(|x| inside(&x))?;
            return Some(Cite::Sample { series: i as u32, sample: sample as u32 });
        }
    }
    None
}
