//! What to say of a bundle in which no incident was found.

use super::cite::{of_event, proof};
use super::manager::other_than_patroni;
use super::missing::{needed, of_patroni};
use super::words::{event_words, moment};
use super::{Confidence, Link, Risk, Verdict, VerdictKind};
use crate::causes::{Need, Who, length};
use crate::incidents::{Cite, rejoined};
use crate::model::{MINUTE, Micros, NodeId, Program, Role, Span, Weight, What, rfc3339};
use crate::timeline::{Hit, Timeline};
use std::collections::BTreeMap;

/// No incident at all: say so only if the logs that would show one are there.
pub(super) fn nothing(t: &Timeline, risks: &[Risk]) -> Verdict {
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
    let open = unhealed(t);
    let leads = t.beats.iter().any(|b| b.role == Role::Leader);
    let (kind, confidence, headline) = if let Some(e) = open.last().filter(|_| led) {
        let host = t.name(e.node);
        (
            VerdictKind::InsufficientEvidence,
            Confidence::Low,
            format!(
                "The log of {host} shows trouble without an end at {}: {}. Whether a role changed is not in this bundle.",
                moment(e.until),
                event_words(e.event)
            ),
        )
    } else if led {
        (
            VerdictKind::NoIncident,
            // A replica's word that it follows says less than the leader's own.
            if leads { Confidence::High } else { Confidence::Medium },
            // A backend may crash and be back before Patroni looks again: its log alone does not tell.
            match t.covers(Program::Postgres, None, Span { from: Micros::MIN, to: Micros::MAX }) {
                true => format!("No demotion, failover or crash{span}: the members' heartbeats went on."),
                false => format!(
                    "No demotion or failover{span}: the members' heartbeats went on; PostgreSQL's own log is not in the bundle."
                ),
            },
        )
    } else if etcd && alarms.is_empty() && !uneasy(t) {
        (
            VerdictKind::NoIncident,
            Confidence::Medium,
            format!("No election, timeout or failure of etcd{span}; Patroni's own log is not in the bundle."),
        )
    } else {
        let why = if t.covers(Program::Patroni, None, Span { from: Micros::MIN, to: Micros::MAX }) {
            "Patroni's log holds no heartbeat"
        } else if t.undated.iter().any(|e| e.program == Program::Patroni) {
            "Patroni's log has no times"
        } else if etcd && alarms.is_empty() {
            "there is no Patroni log, and etcd's is too short or shows slow requests or votes in vain"
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
        let wanted: [(Need, &[&str]); 3] = [
            (Need::Log(Program::Patroni, Who::Any), &["planned_or_external_action"]),
            (Need::Log(Program::Etcd, Who::DcsMembers), &["etcd_slow_disk", "etcd_quorum_loss"]),
            (Need::Log(Program::Postgres, Who::OldPrimary), &["postgres_crash"]),
        ];
        let decides = |d: &[&str]| d.iter().map(|c| (*c).to_owned()).collect();
        let foreign = other_than_patroni(t).is_some();
        let wanted = wanted.iter().filter(|(n, _)| !foreign || !of_patroni(n));
        wanted.map(|(n, d)| needed(t, None, None, whole.from, whole.to, *n, decides(d))).collect()
    } else {
        Vec::new()
    };
    let trouble = open.iter().rev().take(3).filter(|_| led).map(|e| Link {
        role: "trigger".to_owned(),
        text: format!("{}: {}", t.name(e.node), event_words(e.event)),
        at: rfc3339(e.at),
        host: t.name(e.node).to_string(),
        evidence: vec![of_event(t, e.event)],
    });
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
        .chain(trouble)
        .chain((kind == VerdictKind::NoIncident).then(|| healthy(t)).into_iter().flatten())
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

/// Requests that took longer than etcd's usual election timeout (1 s) tell of trouble that this log alone does not date,
/// and so does a member that asks others for votes in vain.
const LONG_MS: f64 = 1_000.0;

/// etcd's heartbeats show in no log: it takes a while of silence to tell anything (our choice).
const LEAST: Micros = MINUTE;

/// Whether etcd's logs, without those of Patroni, leave open that something went wrong.
fn uneasy(t: &Timeline) -> bool {
    let slow = [What::ApplySlow, What::ReadSlow, What::RequestSlow, What::CommitSlow];
    t.span().is_none_or(|s| s.length() < LEAST)
        || t.all(&slow).any(|e| e.num >= LONG_MS)
        || t.all(&[What::VoteIgnored, What::VoteRejected]).next().is_some()
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

/// What Patroni calls out when its loop does not end well; the next heartbeat says that it was overcome.
const TROUBLE: &[What] = &[
    What::DcsRequestFailed,
    What::DcsRetry,
    What::DcsException,
    What::DcsUnreachable,
    What::DcsGetClusterFailed,
    What::DcsWatchFailed,
    What::DcsLeaseLost,
    What::DcsResolveFailed,
    What::K8sError,
    What::LockNobody,
    What::RacePrimaryAlive,
    What::RaceNotHealthiest,
    What::RaceLost,
    What::PatroniBug,
    What::ActionFailed,
    What::PgConnFailed,
    What::RestStatusFailed,
    What::LoopOverrun,
    What::PgStartTimeout,
    What::PgNotRunning,
    What::PgWalreceiverLost,
    What::DnsFailed,
    What::PgPeerCrash,
    What::DcsKeyGone,
    What::BootstrapFailed,
    What::RewindFailed,
    What::PgStartFailed,
    What::PgWalRemoved,
    What::PgDiverged,
];

/// Trouble of members after which their log holds no heartbeat any more.
fn unhealed(t: &Timeline) -> Vec<Hit<'_>> {
    let last = |node: NodeId| {
        let beats = || t.beats.iter().filter(|b| b.role != Role::Idle);
        let own = beats().filter(|b| b.node == node).map(|b| b.to).max();
        own.or_else(|| beats().map(|b| b.to).max()).unwrap_or(Micros::MAX)
    };
    // Sessions that end this way saw a crash or an immediate stop, whatever Patroni says afterwards.
    // And a replica that gets no WAL follows its leader as far as Patroni is concerned.
    let dry = [What::PgWalreceiverLost, What::PgWalRemoved, What::PgDiverged];
    let sure = |e: &Hit<'_>| e.what == What::PgPeerCrash || dry.contains(&e.what) && !rejoined(t, e.event);
    // A request that failed is over when another endpoint answered.
    let moved_on = |e: &Hit<'_>| {
        matches!(e.what, What::DcsRequestFailed | What::DcsRetry | What::DcsWatchFailed)
            && t.find(&[What::DcsServerSelected], Span { from: e.until, to: Micros::MAX }).any(|s| s.node == e.node)
    };
    t.all(TROUBLE).filter(|e| sure(e) || e.until > last(e.node) && !moved_on(e)).collect()
}

/// What proves that all went well: how long each member led or followed, its first and its last heartbeat, leaders first.
fn healthy(t: &Timeline) -> Vec<Link> {
    let mut runs: BTreeMap<(u8, NodeId), Vec<(u32, &crate::timeline::Beats)>> = BTreeMap::new();
    for (i, b) in t.beats.iter().enumerate() {
        let rank = match b.role {
            Role::Leader | Role::StandbyLeader => 0,
            Role::Replica => 1,
            Role::Idle => continue,
        };
        runs.entry((rank, b.node)).or_default().push((i as u32, b));
    }
    let link = |((rank, node), mut runs): ((u8, NodeId), Vec<(u32, &crate::timeline::Beats)>)| {
        runs.sort_by_key(|(_, b)| b.from);
        let (first, last) = (runs.first()?, runs.last()?);
        let times: u32 = runs.iter().map(|(_, b)| b.count).sum();
        let pause = runs.windows(2).filter_map(|w| Some(w.get(1)?.1.from - w.first()?.1.to)).max();
        let did = if rank == 0 { "renewed the leader lock" } else { "followed the leader" };
        let rest = match pause.filter(|p| *p > t.loop_wait() * 3 / 2) {
            Some(p) => format!("the longest pause was {}", length(p)),
            None => "without a hole".to_owned(),
        };
        let cites = [Cite::Beats { run: first.0, last: false }, Cite::Beats { run: last.0, last: true }];
        Some(Link {
            role: "effect".to_owned(),
            text: format!(
                "{} {did} {times} times between {} and {}; {rest}",
                t.name(node),
                moment(first.1.from),
                moment(last.1.to)
            ),
            at: rfc3339(first.1.from),
            host: t.name(node).to_string(),
            evidence: cites.into_iter().filter_map(|c| proof(t, c)).collect(),
        })
    };
    let own_words = |mut l: Link| {
        let text = l.text.clone();
        l.evidence.iter_mut().take(1).for_each(|p| p.text.clone_from(&text));
        l
    };
    runs.into_iter().filter_map(link).map(own_words).take(MOST).collect()
}

/// Members that are named as proof of health.
const MOST: usize = 8;

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

#[cfg(test)]
mod tests {
    use crate::report::{Report, VerdictKind};
    use crate::run::{self, Settings};

    fn report(bundle: &str) -> Report {
        let (t, incidents) = run::timeline_of(&run::files_in(bundle), &Settings::default());
        crate::report::build(&t, &incidents, &[], Vec::new())
    }

    #[test]
    fn heartbeats_are_the_proof_that_nothing_failed() {
        let report = report(
            "//- a/patroni.log
2024-05-01 10:00:00,000 INFO: no action. I am (pg1), the leader with the lock
2024-05-01 10:00:10,000 INFO: no action. I am (pg1), the leader with the lock
2024-05-01 10:00:20,000 INFO: no action. I am (pg1), the leader with the lock
",
        );
        assert_eq!(report.verdict.kind, VerdictKind::NoIncident);
        let proof = &report.verdict.chain[0].evidence;
        assert_eq!((proof[0].line, proof[1].line), (Some(1), Some(3)), "{proof:?}");
        assert!(proof[0].text.starts_with("a renewed the leader lock 3 times"), "{}", proof[0].text);
    }

    #[test]
    fn a_member_that_is_not_created_at_the_end_of_its_log_leaves_it_open() {
        let report = report(
            "//- a/patroni.log
2024-05-01 10:00:00,000 INFO: no action. I am (pg1), the leader with the lock
//- b/patroni.log
2024-05-01 10:00:01,000 INFO: trying to bootstrap from leader 'pg1'
2024-05-01 10:00:02,000 ERROR: failed to bootstrap from leader 'pg1'
",
        );
        assert_eq!(report.verdict.kind, VerdictKind::InsufficientEvidence);
    }

    #[test]
    fn a_replica_that_does_not_reach_its_primary_is_not_healed_by_heartbeats() {
        let lost = "//- b/patroni.log
2019-12-26 13:08:41.918 UTC [3056] FATAL:  could not connect to the primary server: could not connect to server: Connection timed out
2019-12-26 13:08:44,872 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2019-12-26 13:08:54,872 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
";
        assert_eq!(report(lost).verdict.kind, VerdictKind::InsufficientEvidence);
        let back =
            "2019-12-26 13:08:57.918 UTC [3057] LOG:  started streaming WAL from primary at 0/5000000 on timeline 3\n";
        assert_eq!(report(&format!("{lost}{back}")).verdict.kind, VerdictKind::NoIncident);
    }

    #[test]
    fn etcd_alone_proves_health_only_over_a_while_without_slow_requests() {
        let line = |at: &str, text: &str| format!("2018-04-03 19:{at}.103725 {text}\n");
        let quiet = line("50:13", "I | mvcc: store.index: compact 267837780")
            + &line("55:13", "I | mvcc: finished scheduled compaction at 267837780 (took 1.589393ms)");
        assert_eq!(report(&format!("//- a/etcd.log\n{quiet}")).verdict.kind, VerdictKind::NoIncident);
        let slow = line("56:46", "W | etcdserver: apply entries took too long [20.185857579s for 1 entries]");
        assert_eq!(report(&format!("//- a/etcd.log\n{quiet}{slow}")).verdict.kind, VerdictKind::InsufficientEvidence);
        let short = line("50:13", "I | mvcc: store.index: compact 267837780");
        assert_eq!(report(&format!("//- a/etcd.log\n{short}")).verdict.kind, VerdictKind::InsufficientEvidence);
    }
}
