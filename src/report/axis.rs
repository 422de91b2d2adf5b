//! Roles, quorum, leases, holes in the HA loop and clock differences as plain data.

use super::Proof;
use super::cite::proof;
use super::words::moment;
use crate::axis::{Axis, Ending, HoleKind, Lease as Found, QuorumState, State};
use crate::model::{Micros, Order, Program, rfc3339, seconds};
use crate::timeline::{Cite, Place, Timeline};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one member was over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lane {
    pub host: String,
    /// `postgresql` (leader, standby leader, replica, sync standby, demoting, starting, frozen, down, unknown) or
    /// `etcd` (leader, follower, candidate, no leader, starting, frozen, down, unknown).
    pub program: String,
    /// In order of time, without holes.
    pub intervals: Vec<LaneInterval>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LaneInterval {
    pub from: String,
    pub to: String,
    pub role: String,
    /// Where the line stands that began it, `path:line`; empty if nothing says it.
    pub place: String,
    /// That line's meaning in words.
    pub text: String,
}

/// How many etcd members could agree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuorumInterval {
    pub from: String,
    pub to: String,
    pub members: u32,
    pub needed: u32,
    /// Members that surely lead or follow a Raft leader.
    pub reachable: u32,
    /// Members of which the bundle says nothing then.
    pub unknown: u32,
    /// yes, no, unknown, or forming: no member of a new cluster has been elected yet
    pub quorum: String,
}

/// One member's time with the leader lock.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Lease {
    pub leader: String,
    /// Scope of its cluster; empty if the bundle holds one cluster only.
    #[serde(default)]
    pub cluster: String,
    pub from: String,
    /// Proofs of renewal, folded into runs.
    pub renewals: Vec<Renewals>,
    pub renewed: u32,
    pub last_renewal: String,
    pub ttl_s: f64,
    /// What says the ttl.
    pub ttl_why: String,
    /// last renewal + ttl
    pub expiry: String,
    /// Later than `expiry` if a new Raft leader started all leases anew.
    pub expiry_latest: String,
    /// released, expired, gone early, held at the end of the logs
    pub ending: String,
    pub steps: Vec<LeaseStep>,
    pub two_primaries: Option<TwoPrimaries>,
    /// Seconds for which the old primary could accept writes after the key was gone.
    pub writable_after_expiry_s: Option<f64>,
    pub lost_wal: Option<LostWal>,
    /// The ledger in a sentence.
    pub text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Renewals {
    pub from: String,
    pub to: String,
    pub count: u32,
    /// First and last of them.
    pub evidence: Vec<Proof>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LeaseStep {
    /// lock seen gone, lock not renewed, demotion decided, PostgreSQL told to stop, lock given back, demoted, promoted, lock taken anew, first write accepted
    pub name: String,
    pub at: String,
    pub host: String,
    /// Seconds after the expiry; negative before it.
    pub late_s: f64,
    /// before, after or unknown: against the expiry, as far as the hosts' clocks tell.
    pub order: String,
    pub evidence: Vec<Proof>,
}

/// Two members accepted writes at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TwoPrimaries {
    pub from: String,
    /// Null if the old primary's logs do not say when it stopped.
    pub to: Option<String>,
    pub seconds: Option<f64>,
}

/// WAL of the old primary that is not part of the new timeline.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LostWal {
    pub timeline: u32,
    pub fork_lsn: String,
    pub end_lsn: String,
    pub bytes: f64,
    pub evidence: Vec<Proof>,
}

/// A hole between two heartbeats of an HA loop.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LoopGap {
    pub host: String,
    pub from: String,
    pub to: String,
    pub seconds: f64,
    /// Longest stretch in it without any line.
    pub silent_s: f64,
    /// busy, slow_dcs, slow_postgresql, frozen_process, frozen_host, frozen, logging, cut_or_filtered, not_running, undecided
    pub kind: String,
    pub text: String,
    pub evidence: Vec<Proof>,
}

/// What a Patroni log can show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoopSight {
    pub host: String,
    /// Usual distance of two heartbeats, learned from the log.
    pub beat_s: f64,
    /// Holes shorter than this cannot be seen.
    pub blind_below_s: f64,
}

/// A host's clock against the reference host's.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostClock {
    pub host: String,
    pub against: String,
    /// The difference lies between these; null if nothing bounds it.
    pub low_s: Option<f64>,
    pub high_s: Option<f64>,
    /// What was taken off this host's times.
    pub corrected_s: f64,
    /// It surely differs from another host's, and nothing tells which of them is wrong.
    #[serde(default)]
    pub doubtful: bool,
    pub text: String,
    /// Pairs of lines that bound it.
    pub evidence: Vec<Proof>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub lanes: Vec<Lane>,
    pub quorum: Vec<QuorumInterval>,
    pub leases: Vec<Lease>,
    pub loop_gaps: Vec<LoopGap>,
    pub loop_sight: Vec<LoopSight>,
    pub clocks: Vec<HostClock>,
}

/// Intervals of one kind that are kept; the rest of a lane that changes thousands of times says nothing more.
const MOST: usize = 2_000;

pub(super) fn parts(t: &Timeline, axis: &Axis) -> Parts {
    Parts {
        lanes: axis.lanes.iter().map(|l| lane(t, l)).collect(),
        quorum: axis.quorum.iter().take(MOST).map(quorum).collect(),
        leases: axis.leases.iter().take(MOST).map(|l| lease(t, l)).collect(),
        loop_gaps: axis.holes.iter().take(MOST).map(|h| gap(t, h)).collect(),
        loop_sight: axis
            .sights
            .iter()
            .map(|s| LoopSight {
                host: t.name(s.node).to_string(),
                beat_s: round(seconds(s.every)),
                blind_below_s: round(seconds(s.blind)),
            })
            .collect(),
        clocks: clocks(t),
    }
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn proofs(t: &Timeline, cites: impl IntoIterator<Item = Cite>) -> Vec<Proof> {
    cites.into_iter().filter_map(|c| proof(t, c)).collect()
}

fn lane(t: &Timeline, lane: &crate::axis::Lane) -> Lane {
    let intervals = lane.stretches.iter().take(MOST).map(|s| {
        let said = s.cite.and_then(|c| proof(t, c)).filter(|_| s.state != State::Unknown);
        LaneInterval {
            from: rfc3339(s.from),
            to: rfc3339(s.to),
            role: s.state.id().to_owned(),
            place: said.as_ref().map_or_else(String::new, |p| format!("{}:{}", p.path, p.line.unwrap_or(0))),
            text: said.map_or_else(String::new, |p| p.text),
        }
    });
    let program = if lane.program == Program::Etcd { "etcd" } else { "postgresql" };
    Lane { host: t.name(lane.node).to_string(), program: program.to_owned(), intervals: intervals.collect() }
}

fn quorum(q: &crate::axis::Quorum) -> QuorumInterval {
    QuorumInterval {
        from: rfc3339(q.from),
        to: rfc3339(q.to),
        members: q.members,
        needed: q.needed,
        reachable: q.reachable,
        unknown: q.unknown,
        quorum: match q.verdict {
            QuorumState::Yes => "yes",
            QuorumState::No => "no",
            QuorumState::Forming => "forming",
            QuorumState::Unknown => "unknown",
        }
        .to_owned(),
    }
}

/// `52/2AC4A9E0`
pub fn lsn(bytes: f64) -> String {
    let bytes = bytes.max(0.0) as u64;
    format!("{:X}/{:X}", bytes >> 32, bytes & 0xFFFF_FFFF)
}

fn lease(t: &Timeline, l: &Found) -> Lease {
    let late = |at: Micros| round(seconds(at - l.expiry));
    let ttl_why = match l.ttl_cite.and_then(|c| proof(t, c)) {
        Some(p) => format!("{}:{}", p.path, p.line.unwrap_or(0)),
        None => "Patroni's default; nothing in the bundle says it".to_owned(),
    };
    let steps: Vec<LeaseStep> = l
        .steps
        .iter()
        .map(|s| LeaseStep {
            name: s.name.to_owned(),
            at: rfc3339(s.at),
            host: t.name(s.node).to_string(),
            late_s: late(s.at),
            order: order(s.order).to_owned(),
            evidence: proofs(t, s.cite),
        })
        .collect();
    Lease {
        cluster: String::new(),
        leader: t.name(l.node).to_string(),
        from: rfc3339(l.renewals.first().map_or(l.last, |r| r.from)),
        renewals: l
            .renewals
            .iter()
            .take(MOST)
            .map(|r| Renewals {
                from: rfc3339(r.from),
                to: rfc3339(r.to),
                count: r.count,
                evidence: proofs(t, if r.count > 1 { vec![r.first, r.last] } else { vec![r.first] }),
            })
            .collect(),
        renewed: l.count,
        last_renewal: rfc3339(l.last),
        ttl_s: seconds(l.ttl),
        ttl_why,
        expiry: rfc3339(l.expiry),
        expiry_latest: rfc3339(l.expiry_latest),
        ending: l.ending.id().to_owned(),
        text: sentence(t, l),
        steps,
        two_primaries: l.overlap.map(|o| TwoPrimaries {
            from: rfc3339(o.from),
            to: o.to.map(rfc3339),
            seconds: o.to.map(|to| round(seconds(to - o.from))),
        }),
        writable_after_expiry_s: l.after_expiry.map(|d| round(seconds(d))),
        lost_wal: l.lost.map(|w| LostWal {
            timeline: w.timeline,
            fork_lsn: lsn(w.fork),
            end_lsn: lsn(w.end),
            bytes: w.bytes(),
            evidence: proofs(t, [w.end_cite, w.fork_cite]),
        }),
    }
}

pub fn order(order: Order) -> &'static str {
    match order {
        Order::Before => "before",
        Order::After => "after",
        Order::Unknown => "unknown",
    }
}

fn sentence(t: &Timeline, l: &Found) -> String {
    let who = t.name(l.node);
    let mut text = format!("{who} renewed the lock {} times, last at {}", l.count, moment(l.last));
    if l.ending == Ending::Held {
        text.push_str("; it held it when the logs end");
    } else {
        let ran = if l.ending == Ending::Released { "would have run out" } else { "ran out" };
        text.push_str(&format!("; with ttl {:.0} s it {ran} at {}", seconds(l.ttl), moment(l.expiry)));
        if l.expiry_latest > l.expiry {
            text.push_str(&format!(" (up to {} as etcd elected a leader in between)", moment(l.expiry_latest)));
        }
    }
    for s in &l.steps {
        if !matches!(s.name, "promoted" | "lock taken anew" | "demotion decided" | "lock given back" | "lock seen gone")
        {
            continue;
        }
        let side = match s.order {
            Order::Unknown => " (the clocks do not tell whether before or after)".to_owned(),
            _ if l.ending == Ending::Released => String::new(),
            Order::Before => format!(", {:.1} s before that", seconds(-s.late)),
            Order::After => format!(", {:.1} s after that", seconds(s.late)),
        };
        text.push_str(&format!("; {} on {} at {}{side}", s.name, t.name(s.node), moment(s.at)));
    }
    if l.ending == Ending::GoneEarly {
        text.push_str("; the key was gone before it could run out, and nothing shows that it was given back");
    }
    if let Some(o) = l.overlap {
        match o.to {
            Some(to) => text.push_str(&format!("; two primaries accepted writes for {:.1} s", seconds(to - o.from))),
            None => text.push_str("; nothing shows that the old primary stopped accepting writes"),
        }
    } else if let Some(d) = l.after_expiry {
        text.push_str(&format!("; {who} could accept writes for {:.1} s after the key was gone", seconds(d)));
    }
    if let Some(w) = l.lost {
        let bytes = w.bytes();
        text.push_str(&if w.matters() {
            format!("; {bytes:.0} bytes of its WAL, {} to {}, are not on the new timeline", lsn(w.fork), lsn(w.end))
        } else {
            format!("; its WAL ends {bytes:.0} bytes after the fork at {}: no committed data", lsn(w.fork))
        });
    }
    text.push('.');
    text
}

fn gap(t: &Timeline, h: &crate::axis::Hole) -> LoopGap {
    let s = seconds(h.span.length());
    let what = match h.kind {
        HoleKind::Busy => "another action took the loop's place",
        HoleKind::SlowDcs => "its requests to the DCS took the time",
        HoleKind::SlowPostgres => "PostgreSQL did not answer it",
        HoleKind::FrozenProcess => "Patroni stood still while others on the host went on",
        HoleKind::FrozenHost => "the whole host stood still",
        HoleKind::Frozen => "another member won its lock meanwhile: the process or the whole host stood still",
        HoleKind::Logging => "Patroni ran, its log did not (lost or left-out records)",
        HoleKind::Cut => {
            "it renewed its lock all the same, or other hosts' logs have the same hole: the log was cut or filtered, if the clock was not put forward"
        }
        HoleKind::Down => "Patroni was not running",
        HoleKind::Silent => {
            "nothing tells whether it stood still, its clock was put forward or the log was cut; the kernel's log and those of the other hosts would"
        }
    };
    LoopGap {
        host: t.name(h.node).to_string(),
        from: rfc3339(h.span.from),
        to: rfc3339(h.span.to),
        seconds: round(s),
        silent_s: round(seconds(h.still.length())),
        kind: h.kind.id().to_owned(),
        text: format!(
            "no heartbeat for {s:.1} s instead of {:.1} s, {:.1} s of it without any line: {what}",
            seconds(h.every),
            seconds(h.still.length())
        ),
        evidence: proofs(t, std::iter::once(h.cite).chain(h.because)),
    }
}

fn at_place(t: &Timeline, p: &Place, why: &str) -> Proof {
    Proof {
        path: t.path(p.source).to_owned(),
        line: Some(p.line),
        time: Some(rfc3339(p.at)),
        host: t.name(p.node).to_string(),
        raw: Some(p.text.to_string()),
        text: why.to_owned(),
        ..Proof::default()
    }
}

fn clocks(t: &Timeline) -> Vec<HostClock> {
    let Some(reference) = t.skew.reference else { return Vec::new() };
    let against = t.name(reference);
    let row = |o: &crate::timeline::Offset| {
        let s = |v: Option<Micros>| v.map(|v| round(seconds(v)));
        let host = t.name(o.node);
        let range = match (o.low, o.high) {
            (Some(l), Some(h)) => format!("between {:+.3} and {:+.3} s", seconds(l), seconds(h)),
            (Some(l), None) => format!("at least {:+.3} s", seconds(l)),
            (None, Some(h)) => format!("at most {:+.3} s", seconds(h)),
            (None, None) => "not bounded by anything in the bundle".to_owned(),
        };
        let done = if o.corrected == 0 {
            String::new()
        } else {
            format!("; {:+.3} s were taken off all its times", seconds(o.corrected))
        };
        let done = if t.skew.doubtful.contains(&o.node) {
            format!("{done}; it surely differs from another host's, and nothing tells which of them is wrong")
        } else {
            done
        };
        let mine: Vec<_> =
            t.skew.anchors.iter().filter(|a| !a.refused && (a.first.node == o.node || a.then.node == o.node)).collect();
        let refused =
            t.skew.anchors.iter().filter(|a| a.refused && (a.first.node == o.node || a.then.node == o.node)).count();
        let doubt = if refused == 0 {
            String::new()
        } else {
            format!("; {refused} pairs of lines contradict this: a clock was stepped, or lines came late")
        };
        HostClock {
            host: host.to_string(),
            against: against.to_string(),
            low_s: s(o.low),
            high_s: s(o.high),
            corrected_s: round(seconds(o.corrected)),
            doubtful: t.skew.doubtful.contains(&o.node),
            text: format!("{host}'s clock minus {against}'s is {range} ({} pairs of lines){done}{doubt}", mine.len()),
            evidence: mine
                .iter()
                .take(4)
                .flat_map(|a| [at_place(t, &a.first, a.why), at_place(t, &a.then, a.why)])
                .collect(),
        }
    };
    t.skew.offsets.iter().map(row).collect()
}

/// The same in sentences, for outputs of text: (what about, sentence). Without `all`, only what is out of the ordinary.
pub fn notes(report: &super::Report, all: bool) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&'static str, String)> = Vec::new();
    let clock = |at: &str| at.get(11..19).unwrap_or(at).to_owned();
    for l in &report.leases {
        if all || l.ending != Ending::Held.id() {
            out.push(("lock", l.text.clone()));
        }
    }
    for q in report.quorum.iter().filter(|q| q.quorum == "no" && (all || q.from != q.to)) {
        // Below a second it is an election.
        let short = q.from.get(..19) == q.to.get(..19);
        if all || !short {
            out.push((
                "quorum",
                format!(
                    "{} to {}: {} of {} etcd members led or followed a leader, {} are needed",
                    clock(&q.from),
                    clock(&q.to),
                    q.reachable,
                    q.members,
                    q.needed
                ),
            ));
        }
    }
    for g in &report.loop_gaps {
        out.push(("loop", format!("{} {} to {}: {}", g.host, clock(&g.from), clock(&g.to), g.text)));
    }
    for c in &report.clocks {
        if all
            || c.doubtful
            || c.corrected_s != 0.0
            || c.low_s.is_some_and(|l| l > 0.1)
            || c.high_s.is_some_and(|h| h < -0.1)
        {
            out.push(("clock", c.text.clone()));
        }
    }
    if all {
        for s in &report.loop_sight {
            out.push((
                "loop",
                format!(
                    "{} writes a heartbeat every {:.1} s: holes below {:.1} s cannot be seen",
                    s.host, s.beat_s, s.blind_below_s
                ),
            ));
        }
        for l in &report.lanes {
            let roles: Vec<String> = l.intervals.iter().map(|i| format!("{} {}", clock(&i.from), i.role)).collect();
            out.push(("role", format!("{} ({}): {}", l.host, l.program, roles.join(", "))));
        }
    }
    out
}
