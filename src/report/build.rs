//! Puts the report together: verdict of each incident, chain, missing evidence, inventory, timeline.

use super::cite::{of_event, proof};
use super::rank::rank;
use super::words::{event_words, moment};
use super::*;
use crate::causes::{Judged, Need, Side, Status, Who, judge_all, length};
use crate::incidents::{self, Cite, Kind};
use crate::model::{Key, MINUTE, Micros, Program, Role, Source, Span, Weight, What, rfc3339, seconds};
use crate::timeline::Timeline;
use std::collections::BTreeMap;

/// Rows of the report's timeline; the rest is one command away.
const TIMELINE_MAX: usize = 300;

/// The order in which an expert asks (Crunchy Data's article, the maintainers' answers): the server itself first,
/// then orders, then Patroni and its DCS, space, I/O, the host; the network is what remains.
const QUESTIONS: &[&str] = &[
    "postgres_crash",
    "memory_oom",
    "planned_or_external_action",
    "etcd_quorum_loss",
    "etcd_nospace",
    "tls_certificate",
    "auth_failure",
    "disk_full",
    "etcd_slow_disk",
    "host_disk_io",
    "cpu_starvation",
    "host_stall",
    "vm_pause",
    "clock_skew",
    "timeouts_misconfig",
    "dns_failure",
    "k8s_api_unavailable",
    "dcs_network",
];

/// The whole report.
pub fn build(t: &Timeline, incidents: &[incidents::Incident], sources: &[Source], skipped: Vec<Skip>) -> Report {
    let built: Vec<Incident> = incidents.iter().enumerate().map(|(i, x)| incident(t, x, i)).collect();
    let risks = risks::find(t);
    let worst = built
        .iter()
        .zip(incidents)
        .min_by_key(|(b, x)| (x.planned || b.verdict.kind == VerdictKind::NoIncident, x.kind.rank(), x.at))
        .map(|(b, _)| b.verdict.clone());
    let verdict = worst.unwrap_or_else(|| nothing(t, &risks));
    let window = series::window(t, incidents);
    Report {
        window: window.map(|w| Window { from: rfc3339(w.from), to: rfc3339(w.to) }),
        lanes: window.map_or_else(Vec::new, |w| lanes::lanes(t, w)),
        leases: window.map_or_else(Vec::new, |w| lanes::leases(t, w)),
        series: window.map_or_else(Vec::new, |w| series::series(t, incidents, w)),
        volume: window.map_or_else(Vec::new, |w| series::volume(t, w)),
        excerpts: Vec::new(),
        schema: SCHEMA.to_owned(),
        tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        verdict,
        timeline: timeline(t, incidents),
        incidents: built,
        risks,
        inventory: inventory(t, sources, skipped),
    }
}

fn incident(t: &Timeline, x: &incidents::Incident, index: usize) -> Incident {
    let judged = judge_all(t, x);
    let verdict = verdict(t, x, &judged);
    let planned = x.planned || (verdict.kind == VerdictKind::NoIncident && x.kind != Kind::NearMiss);
    let name = |n: Option<crate::model::NodeId>| n.map(|n| t.name(n).to_string());
    Incident {
        id: format!("i{}", index + 1),
        kind: x.kind.id().to_owned(),
        planned,
        start: rfc3339(x.span.from),
        end: rfc3339(x.span.to),
        old_primary: name(x.old),
        new_primary: name(x.new.or(if x.kind == Kind::Demotion && x.outage.is_some() { x.old } else { None })),
        hosts: x.nodes.iter().map(|n| t.name(*n).to_string()).collect(),
        write_outage: x.outage.map(|o| WriteOutage {
            from: rfc3339(o.from),
            to: rfc3339(o.to),
            seconds: round(seconds(o.to - o.from)),
            uncertainty_s: round(seconds(o.uncertainty)),
        }),
        phases: x
            .phases
            .iter()
            .map(|p| Phase {
                name: p.name.to_owned(),
                at: rfc3339(p.at),
                host: t.name(p.node).to_string(),
                evidence: p.cite.and_then(|c| proof(t, c)).into_iter().collect(),
            })
            .collect(),
        verdict,
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn verdict(t: &Timeline, x: &incidents::Incident, judged: &[Judged]) -> Verdict {
    let ranking = rank(judged);
    let ordered = x.planned || ranking.root.is_some_and(|r| r.cause.id == "planned_or_external_action");
    let kind = if ordered || x.kind == Kind::NearMiss || x.kind == Kind::ClientsCut {
        VerdictKind::NoIncident
    } else if ranking.root.is_some() {
        VerdictKind::Cause
    } else {
        VerdictKind::InsufficientEvidence
    };
    let root = ranking.root.filter(|_| kind == VerdictKind::Cause);
    let mut contributing: Vec<String> = ranking.others.iter().map(|j| j.cause.id.to_owned()).collect();
    let tags = ranking.root.iter().copied().chain(ranking.others.iter().copied()).flat_map(|j| &j.assessment.tags);
    contributing.extend(tags.map(|t| (*t).to_owned()));
    if kind == VerdictKind::NoIncident
        && let Some(r) = ranking.root
    {
        contributing.insert(0, r.cause.id.to_owned());
    }
    if ordered && !contributing.iter().any(|c| c == "planned_or_external_action") {
        contributing.insert(0, "planned_or_external_action".to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    contributing.retain(|c| root.is_none_or(|r| r.cause.id != c) && seen.insert(c.clone()));
    let missing = missing(t, x, judged, kind);
    let confidence = confidence(t, kind, ranking.root, x, judged);
    Verdict {
        kind,
        root_cause: root.map(|r| r.cause.id.to_owned()),
        contributing,
        confidence,
        headline: headline(t, x, kind, ranking.root),
        chain: chain(t, x, ranking.root.filter(|_| kind != VerdictKind::InsufficientEvidence), &ranking.others),
        hypotheses: hypotheses(t, x, judged),
        missing_evidence: missing,
        remedies: ranking.root.map_or_else(Vec::new, |r| remedies(t, x, r)),
    }
}

fn confidence(
    t: &Timeline,
    kind: VerdictKind,
    root: Option<&Judged>,
    x: &incidents::Incident,
    judged: &[Judged],
) -> Confidence {
    let Some(root) = root else {
        return match kind {
            VerdictKind::NoIncident if t.beats.iter().any(|b| b.role == Role::Leader) => Confidence::High,
            VerdictKind::NoIncident => Confidence::Medium,
            _ => Confidence::Low,
        };
    };
    let pros: Vec<_> = root.assessment.evidence.iter().filter(|e| e.side == Side::For).collect();
    let against = root.assessment.evidence.iter().any(|e| e.side == Side::Against);
    let rivals = judged.iter().filter(|j| j.status == Status::Possible && j.cause.id != root.cause.id).count();
    let sources: std::collections::BTreeSet<&str> = pros
        .iter()
        .flat_map(|e| &e.cites)
        .filter_map(|c| match c {
            Cite::Event(i) => t.events.get(*i as usize).map(|e| t.path(e.source)),
            Cite::Sample { series, .. } => t.series.get(*series as usize).map(|s| t.path(s.source)),
            Cite::Fact(i) => t.facts.get(*i as usize).map(|f| t.path(f.source)),
            _ => None,
        })
        .collect();
    let _ = x;
    match root.status {
        Status::Confirmed if !against && (sources.len() >= 2 || pros.len() >= 2 || rivals == 0) => Confidence::High,
        Status::Confirmed => Confidence::Medium,
        _ if sources.len() >= 2 && pros.len() >= 2 && !against => Confidence::Medium,
        _ => Confidence::Low,
    }
}

fn headline(t: &Timeline, x: &incidents::Incident, kind: VerdictKind, root: Option<&Judged>) -> String {
    let old = x.old.map_or_else(|| "The primary".to_owned(), |n| t.name(n).to_string());
    let at = moment(x.at);
    let node = || {
        let first = x.events.first().and_then(|i| on(t, *i)).or(x.nodes.first().copied());
        first.map_or_else(|| old.clone(), |n| t.name(n).to_string())
    };
    let what = match x.kind {
        Kind::Failover => match x.new {
            Some(new) => format!("{old} lost the primary role to {} at {at}", t.name(new)),
            None => format!("{old} lost the primary role at {at}"),
        },
        Kind::Demotion => match x.outage.is_some() || x.new == x.old && x.new.is_some() {
            true => format!("{old} was demoted at {at} and became primary again"),
            false => format!("{old} was demoted at {at}"),
        },
        Kind::NoLeader => format!("The cluster had no primary from {at} on and nobody took over"),
        Kind::Crash => format!("{} on {} failed at {at}; the roles did not change", failed(t, x), node()),
        Kind::DcsOutage => format!("The cluster's DCS failed at {at}"),
        Kind::WriteStall => format!("{old} stayed primary but clients waited for seconds from {at} on"),
        Kind::StartFailure if replicates(t, x) => {
            format!("{} could not replicate from {at} on; the roles did not change", node())
        }
        Kind::StartFailure => format!("A service on {} could not be started at {at}", node()),
        Kind::ClientsCut => "Clients were cut, but no role changed".to_owned(),
        Kind::Restart if x.old.is_some_and(|n| x.events.iter().any(|i| on(t, *i) == Some(n))) => {
            format!("{old} was restarted at {at}; it stayed primary")
        }
        Kind::Restart => format!("{} was restarted at {at}; no role changed", node()),
        Kind::Switchover => match x.new {
            Some(new) => format!("Planned: the primary was switched from {old} to {} at {at}", t.name(new)),
            None => format!("Planned: a switchover away from {old} was asked for at {at}"),
        },
        Kind::NearMiss => format!("No role changed; trouble was seen at {at} that had no effect on the roles"),
    };
    match (kind, root) {
        (VerdictKind::Cause, Some(root)) => format!("{what}: {}.", root.cause.title),
        (VerdictKind::InsufficientEvidence, _) => format!("{what}; the evidence does not tell why."),
        (VerdictKind::NoIncident, Some(root)) if root.cause.id == "planned_or_external_action" && !x.planned => {
            format!("{what}, because somebody asked for it.")
        }
        _ => format!("{what}."),
    }
}

/// The host of an event.
fn on(t: &Timeline, event: u32) -> Option<crate::model::NodeId> {
    t.events.get(event as usize).map(|e| e.node)
}

/// Which program crashed: PostgreSQL, unless the system names another one and PostgreSQL says nothing.
fn failed(t: &Timeline, x: &incidents::Incident) -> &'static str {
    let events = || x.events.iter().filter_map(|i| t.events.get(*i as usize));
    let crashes = || events().filter(|e| incidents::class_of(t, e) == Some(incidents::Class::Crash));
    let reported = |e: &crate::timeline::Event| matches!(e.what, What::OomKill | What::CoreDump | What::Segfault);
    let named = |name: &str| crashes().all(|e| reported(e) && e.who.as_deref().is_some_and(|w| w.contains(name)));
    if named("patroni") {
        "Patroni"
    } else if named("etcd") {
        "etcd"
    } else {
        "PostgreSQL"
    }
}

/// Whether a start failure is about a member that cannot replicate.
fn replicates(t: &Timeline, x: &incidents::Incident) -> bool {
    let signs =
        [What::PgDiverged, What::PgWalRemoved, What::PgWalreceiverLost, What::BootstrapFailed, What::RewindFailed];
    x.events.iter().filter_map(|i| t.events.get(*i as usize)).all(|e| signs.contains(&e.what))
}

/// Root, links and effects in order of time, each with its proof.
fn chain(t: &Timeline, x: &incidents::Incident, root: Option<&Judged>, others: &[&Judged]) -> Vec<Link> {
    let mut links: Vec<(Micros, u8, Link)> = Vec::new();
    let mut add = |j: &Judged, role: &str, order: u8| {
        let Some(best) = j.assessment.evidence.iter().filter(|e| e.side == Side::For).max_by_key(|e| e.strength) else {
            return;
        };
        let at = best.cites.iter().filter_map(|c| begin(t, *c)).min().unwrap_or(x.span.from);
        let host = best.cites.iter().filter_map(|c| host_of(t, *c)).next().unwrap_or_default();
        let evidence = best.cites.iter().take(6).filter_map(|c| proof(t, *c)).collect();
        links.push((
            at,
            order,
            Link { role: role.to_owned(), text: best.words.clone(), at: rfc3339(at), host, evidence },
        ));
    };
    if let Some(root) = root {
        add(root, "root", 0);
    }
    for other in others {
        add(other, "mechanism", 1);
    }
    let mut told = std::collections::BTreeSet::new();
    let interesting = t.during(x.span.widened(60_000_000)).filter(|e| role_of(e.what).is_some());
    for e in interesting {
        let Some((role, order)) = role_of(e.what) else { continue };
        if !told.insert((e.what, e.node)) {
            continue;
        }
        links.push((
            e.began(),
            order,
            Link {
                role: role.to_owned(),
                text: format!("{}: {}", t.name(e.node), event_words(e.event)),
                at: rfc3339(e.began()),
                host: t.name(e.node).to_string(),
                evidence: vec![of_event(t, e.event)],
            },
        ));
    }
    links.sort_by_key(|(at, order, _)| (*at, *order));
    // The root stands first: what follows from it cannot come before it by more than a clock's slack.
    if let Some(at) = links.iter().position(|(_, order, _)| *order == 0) {
        let root = links.remove(at);
        links.insert(0, root);
    }
    links.into_iter().map(|(_, _, l)| l).take(14).collect()
}

/// Which events are links of a chain, and in which role.
fn role_of(what: What) -> Option<(&'static str, u8)> {
    use What::*;
    Some(match what {
        HeartbeatLate | FsyncSlow | QuorumLost | NoRaftLeader | LeaderLost | PeerInactive => ("mechanism", 1),
        LockUpdateFailed | DcsUnreachable | DcsGetClusterFailed | LoopOverrun | PgNotRunning | SwitchoverRequested => {
            ("trigger", 2)
        }
        DemoteOffline | DemoteNolock | DemoteImmediate | DemoteGraceful | DemotedLockUpdate | DemotedDcs
        | DemotedForeignLock | Promoted | PromotedAgain | FailsafeKept | PgReinit | RaceLag | LockReleasedPgDown
        | PgShutdownImmediate | PgShutdownFast | RewindBegin => ("effect", 3),
        _ => return None,
    })
}

fn begin(t: &Timeline, cite: Cite) -> Option<Micros> {
    match cite {
        Cite::Event(i) => t.events.get(i as usize).map(|e| e.began()),
        Cite::Sample { series, sample } => t.series.get(series as usize)?.samples.get(sample as usize).map(|s| s.from),
        Cite::Gap(i) => t.gaps.get(i as usize).map(|g| g.span.from),
        Cite::Beats { run, last } => t.beats.get(run as usize).map(|b| if last { b.to } else { b.from }),
        Cite::Undated(_) | Cite::Fact(_) => None,
    }
}

fn host_of(t: &Timeline, cite: Cite) -> Option<String> {
    let node = match cite {
        Cite::Event(i) => t.events.get(i as usize)?.node,
        Cite::Undated(i) => t.undated.get(i as usize)?.node,
        Cite::Sample { series, .. } => t.series.get(series as usize)?.node,
        Cite::Gap(i) => t.gaps.get(i as usize)?.node,
        Cite::Beats { run, .. } => t.beats.get(run as usize)?.node,
        Cite::Fact(i) => t.facts.get(i as usize)?.node,
    };
    Some(t.name(node).to_string())
}

fn hypotheses(t: &Timeline, x: &incidents::Incident, judged: &[Judged]) -> Vec<Hypothesis> {
    let mut order: Vec<&Judged> = judged.iter().collect();
    let question = |id: &str| QUESTIONS.iter().position(|q| *q == id).unwrap_or(QUESTIONS.len());
    order.sort_by_key(|j| (j.status, question(j.cause.id), j.cause.id));
    order.into_iter().map(|j| hypothesis(t, x, j)).collect()
}

fn hypothesis(t: &Timeline, x: &incidents::Incident, j: &Judged) -> Hypothesis {
    let side = |side: Side| -> Vec<Proof> {
        let mut out = Vec::new();
        for e in j.assessment.evidence.iter().filter(|e| e.side == side) {
            let mut proofs: Vec<Proof> = e.cites.iter().take(8).filter_map(|c| proof(t, *c)).collect();
            if proofs.is_empty() {
                proofs.push(Proof { text: e.words.clone(), ..Proof::default() });
            }
            for (i, p) in proofs.iter_mut().enumerate() {
                if i == 0 {
                    p.text = e.words.clone();
                }
            }
            out.extend(proofs);
        }
        out
    };
    let mut against = side(Side::Against);
    if j.status == Status::RuledOut && against.is_empty() {
        against.push(Proof {
            text: "the logs that would show it cover the time and do not".to_owned(),
            ..Proof::default()
        });
    }
    let needs = match j.status {
        Status::RuledOut => Vec::new(),
        _ => j.missing.iter().map(|n| need(t, x, *n, vec![j.cause.id.to_owned()])).collect(),
    };
    Hypothesis { cause: j.cause.id.to_owned(), status: j.status.id().to_owned(), pro: side(Side::For), against, needs }
}

/// What to fetch, the most decisive first: what would decide most of the open causes, likely ones counting more.
fn missing(t: &Timeline, x: &incidents::Incident, judged: &[Judged], kind: VerdictKind) -> Vec<Missing> {
    if x.planned || x.kind == Kind::NearMiss {
        return Vec::new();
    }
    let mut wanted: BTreeMap<Need, (u32, Vec<String>)> = BTreeMap::new();
    for j in judged {
        let weight = match j.status {
            Status::Possible => 6,
            Status::Likely | Status::Confirmed => 3,
            Status::NotAssessable => 1,
            Status::RuledOut => continue,
        };
        for n in &j.missing {
            let entry = wanted.entry(*n).or_default();
            entry.0 += weight;
            entry.1.push(j.cause.id.to_owned());
        }
    }
    let mut list: Vec<_> = wanted.into_iter().collect();
    list.sort_by_key(|(n, (weight, _))| (std::cmp::Reverse(*weight), *n));
    let mut out: Vec<Missing> = list.into_iter().map(|(n, (_, decides))| need(t, x, n, decides)).collect();
    if out.is_empty() && kind == VerdictKind::InsufficientEvidence {
        let all = judged.iter().filter(|j| j.status == Status::Possible).map(|j| j.cause.id.to_owned()).collect();
        out.push(need(t, x, Need::Series(crate::model::Metric::DiskAwait, Who::OldPrimary), all));
    }
    out
}

fn need(t: &Timeline, x: &incidents::Incident, need: Need, decides: Vec<String>) -> Missing {
    let (from, to) = (x.span.from - 10 * MINUTE, x.span.to + 5 * MINUTE);
    needed(t, x.old.map(|n| t.name(n).to_string()), x.new.map(|n| t.name(n).to_string()), from, to, need, decides)
}

fn needed(
    t: &Timeline,
    old: Option<String>,
    new: Option<String>,
    from: Micros,
    to: Micros,
    need: Need,
    decides: Vec<String>,
) -> Missing {
    let (who, kind, command) = describe(need, from, to);
    let host = match who {
        Who::OldPrimary => old.unwrap_or_else(|| "the primary".to_owned()),
        Who::NewPrimary => new.unwrap_or_else(|| "the new primary".to_owned()),
        Who::DcsMembers => "every etcd member".to_owned(),
        Who::Any => "all hosts".to_owned(),
    };
    let _ = t;
    // A bundle without any time: the reader knows when it was, we do not.
    let shown = |at: Micros| if at == 0 { String::new() } else { rfc3339(at) };
    Missing { host, kind, from: shown(from), to: shown(to), command, decides }
}

/// Which data a need means, and the command that fetches it.
fn describe(need: Need, from: Micros, to: Micros) -> (Who, String, String) {
    let stamp = |at: Micros| match at {
        0 => "<time>".to_owned(),
        at => rfc3339(at).get(..19).unwrap_or("").replace('T', " "),
    };
    let journal = |unit: &str| {
        format!("journalctl -u {unit} --utc -o short-iso-precise --since '{}' --until '{}'", stamp(from), stamp(to))
    };
    let day = if from == 0 { "<day>".to_owned() } else { rfc3339(from).get(8..10).unwrap_or("").to_owned() };
    match need {
        Need::Log(program, who) => {
            let (kind, command) = match program {
                Program::Patroni => ("patroni log", journal("patroni")),
                Program::Etcd => ("etcd log", journal("etcd")),
                Program::Postgres => {
                    ("postgresql log", "cp -p $(psql -XAtc 'select pg_current_logfile()') .".to_owned())
                }
                Program::Kernel => (
                    "kernel log",
                    format!(
                        "journalctl -k --utc -o short-iso-precise --since '{}' --until '{}'",
                        stamp(from),
                        stamp(to)
                    ),
                ),
                Program::Systemd => (
                    "system log",
                    format!("journalctl --utc -o short-iso-precise --since '{}' --until '{}'", stamp(from), stamp(to)),
                ),
                Program::Proxy => ("proxy log", journal("haproxy -u pgbouncer -u keepalived -u vip-manager")),
                other => (other.id(), "(ask for the file)".to_owned()),
            };
            (who, kind.to_owned(), command)
        }
        Need::Series(metric, who) => (
            who,
            "sar".to_owned(),
            format!("cp -p /var/log/s*/sa{day} /var/log/sysstat/sa{day} . # {}: {}", metric.id(), metric.doc()),
        ),
        Need::Disks(who) => (who, "df".to_owned(), "date; df -hT; df -i".to_owned()),
        Need::Config => (Who::Any, "patroni config".to_owned(), "patronictl show-config".to_owned()),
    }
}

fn remedies(t: &Timeline, x: &incidents::Incident, root: &Judged) -> Vec<Advice> {
    let seconds = |key: Key, default: &str| t.number(key).map_or_else(|| default.to_owned(), |n| format!("{n:.0}"));
    let host =
        x.old.or_else(|| x.nodes.first().copied()).map_or_else(|| "the host".to_owned(), |n| t.name(n).to_string());
    let fill = |text: &str| {
        text.replace("{ttl}", &seconds(Key::Ttl, "30 (default)"))
            .replace("{loop_wait}", &seconds(Key::LoopWait, "10 (default)"))
            .replace("{retry_timeout}", &seconds(Key::RetryTimeout, "10 (default)"))
            .replace("{host}", &host)
    };
    root.cause
        .remedies
        .iter()
        .map(|r| Advice {
            text: fill(r.text),
            kind: r.kind.id().to_owned(),
            risk: r.risk.to_owned(),
            verify: r.verify.to_owned(),
        })
        .collect()
}

/// No incident at all: say so only if the logs that would show one are there.
fn nothing(t: &Timeline, risks: &[Risk]) -> Verdict {
    let led = t.beats.iter().any(|b| b.role == Role::Leader || b.role == Role::Replica);
    let etcd = t.covers(Program::Etcd, None, Span { from: Micros::MIN, to: Micros::MAX });
    let span = t.span().map_or_else(String::new, |s| {
        format!(" between {} and {} ({})", moment(s.from), moment(s.to), length(s.length()))
    });
    let clients = t.undated.iter().enumerate().find(|(_, e)| e.what == What::PoolerServerLost);
    let mut contributing: Vec<String> = Vec::new();
    if clients.is_some() {
        contributing.push("vip_or_proxy_healthcheck".to_owned());
    }
    if risks.iter().any(|r| r.id == "clock_skew") {
        contributing.push("clock_skew".to_owned());
    }
    let alarms = if led { Vec::new() } else { alarms(t) };
    let (kind, confidence, headline) = if led {
        (
            VerdictKind::NoIncident,
            Confidence::High,
            format!("No demotion, failover or crash{span}: the members' heartbeats went on."),
        )
    } else if etcd && alarms.is_empty() {
        (
            VerdictKind::NoIncident,
            Confidence::Medium,
            format!("No election, timeout or failure of etcd{span}; Patroni's own log is not in the bundle."),
        )
    } else {
        let why = if t.covers(Program::Patroni, None, Span { from: Micros::MIN, to: Micros::MAX }) {
            "Patroni's log holds no heartbeat"
        } else {
            "no Patroni log was found"
        };
        let also = alarms.first().map_or_else(String::new, |(e, n)| {
            let undated = if e.dated { "" } else { ", at an unknown time" };
            format!(
                " What it does show: {}{undated}{}.",
                e.what.words(),
                if *n > 1 { format!(" ({n} messages)") } else { String::new() }
            )
        });
        (
            VerdictKind::InsufficientEvidence,
            Confidence::Low,
            format!("Nothing in this bundle tells whether a role changed{span}: {why}.{also}"),
        )
    };
    let whole = t.span().unwrap_or(Span { from: 0, to: 0 });
    let missing = if kind == VerdictKind::InsufficientEvidence {
        vec![
            needed(
                t,
                None,
                None,
                whole.from,
                whole.to,
                Need::Log(Program::Patroni, Who::Any),
                vec!["planned_or_external_action".to_owned()],
            ),
            needed(
                t,
                None,
                None,
                whole.from,
                whole.to,
                Need::Log(Program::Etcd, Who::DcsMembers),
                vec!["etcd_slow_disk".to_owned(), "etcd_quorum_loss".to_owned()],
            ),
            needed(
                t,
                None,
                None,
                whole.from,
                whole.to,
                Need::Log(Program::Postgres, Who::OldPrimary),
                vec!["postgres_crash".to_owned()],
            ),
        ]
    } else {
        Vec::new()
    };
    let chain = clients
        .and_then(|(i, _)| proof(t, Cite::Undated(i as u32)))
        .map(|p| Link {
            role: "effect".into(),
            text: "clients lost their connection at the pooler; no member of the cluster changed its role".into(),
            at: String::new(),
            host: p.host.clone(),
            evidence: vec![p],
        })
        .into_iter()
        .chain(harmless(t))
        .collect();
    Verdict {
        kind,
        root_cause: None,
        contributing,
        confidence,
        headline,
        chain,
        hypotheses: Vec::new(),
        missing_evidence: missing,
        remedies: Vec::new(),
    }
}

/// What cries out in a bundle without an incident, the most frequent first; messages without a time before all.
fn alarms(t: &Timeline) -> Vec<(&crate::timeline::Event, u32)> {
    let mut found: BTreeMap<What, (&crate::timeline::Event, u32)> = BTreeMap::new();
    for e in t.undated.iter().chain(&t.events).filter(|e| e.what.weight() == Weight::Alarm) {
        // A constant difference between clocks is a risk of its own.
        if e.what == What::PeerClockDrift {
            continue;
        }
        found.entry(e.what).or_insert((e, 0)).1 += e.count;
    }
    let mut list: Vec<_> = found.into_values().collect();
    list.sort_by_key(|(e, n)| (e.dated, std::cmp::Reverse(*n), e.what));
    list
}

/// Loud lines that explain nothing: said once each, so that nobody blames them.
fn harmless(t: &Timeline) -> Option<Link> {
    let renewals: Vec<_> = t.all(&[What::DcsAuthToken, What::DcsAuthTry, What::EtcdAuthToken]).take(6).collect();
    let first = renewals.first()?;
    Some(Link {
        role: "mechanism".to_owned(),
        text: format!("harmless: {} renewed its etcd token, as it does from time to time", t.name(first.node)),
        at: rfc3339(first.at),
        host: t.name(first.node).to_string(),
        evidence: renewals.iter().map(|e| of_event(t, e.event)).collect(),
    })
}

fn timeline(t: &Timeline, incidents: &[incidents::Incident]) -> Vec<TimelineEvent> {
    let windows: Vec<Span> = incidents.iter().map(|x| x.span.widened(2 * MINUTE)).collect();
    let near = |e: &crate::timeline::Event| windows.iter().any(|w| w.overlaps(&Span::new(e.at, e.until)));
    let mut rows: Vec<&crate::timeline::Event> =
        t.events.iter().filter(|e| e.what.weight() >= Weight::Notable && near(e)).collect();
    if rows.len() > TIMELINE_MAX {
        rows.retain(|e| e.what.weight() == Weight::Alarm);
    }
    if windows.is_empty() {
        rows = t.events.iter().filter(|e| e.what.weight() == Weight::Alarm).collect();
    }
    rows.truncate(TIMELINE_MAX);
    rows.into_iter().map(|e| row(t, e)).collect()
}

/// One row of a timeline.
pub fn row(t: &Timeline, e: &crate::timeline::Event) -> TimelineEvent {
    TimelineEvent {
        at: rfc3339(e.at),
        until: (e.until > e.at).then(|| rfc3339(e.until)),
        host: t.name(e.node).to_string(),
        program: e.program.id().to_owned(),
        what: e.what.id().to_owned(),
        text: event_words(e),
        count: e.count,
        path: t.path(e.source).to_owned(),
        line: e.line,
        raw: e.text.to_string(),
        alarm: e.what.weight() == Weight::Alarm,
    }
}

fn inventory(t: &Timeline, sources: &[Source], skipped: Vec<Skip>) -> Inventory {
    let hosts = t
        .cluster
        .nodes
        .iter()
        .map(|n| Host {
            name: n.name.to_string(),
            aliases: n
                .aliases
                .iter()
                .map(|((naming, name), why)| Alias { name: name.to_string(), why: format!("{naming:?}: {why}") })
                .collect(),
        })
        .collect();
    let rows = sources.iter().enumerate().map(|(i, s)| source_row(t, s, i)).collect();
    Inventory { hosts, sources: rows, skipped }
}

fn source_row(t: &Timeline, s: &Source, i: usize) -> SourceRow {
    let spans: Vec<Span> = t.covered.iter().filter(|c| c.source as usize == i).map(|c| c.span).collect();
    let all = spans.into_iter().reduce(|a, b| a.union(&b));
    let clock = t
        .clocks
        .of_stream
        .get(i)
        .and_then(|c| c.iter().zip(&s.parsed.streams).max_by_key(|(_, st)| st.stamped).map(|(c, _)| c));
    let node = t.cluster.of_source.get(i).copied();
    let c = &s.parsed.coverage;
    SourceRow {
        path: s.path.clone(),
        kind: s.parsed.kind.clone(),
        host: node.map_or_else(String::new, |n| t.name(n).to_string()),
        first: all.map(|a| rfc3339(a.from)),
        last: all.map(|a| rfc3339(a.to)),
        zone: clock.map_or_else(String::new, |c| c.label.clone()),
        zone_why: clock.map_or_else(String::new, |c| c.why.clone()),
        lines: c.lines,
        understood: c.understood,
        noise: c.noise,
        unknown: c.unknown + c.unread,
        problems: s
            .parsed
            .problems
            .iter()
            .map(|p| p.line.map_or_else(|| p.what.clone(), |l| format!("line {l}: {}", p.what)))
            .collect(),
    }
}
