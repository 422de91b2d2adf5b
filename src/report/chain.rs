//! Root, links and effects of an incident in order of time, each with its proof.

use super::Link;
use super::cite::{of_event, proof};
use super::words::event_words;
use crate::causes::{Judged, Side};
use crate::incidents::{self, Cite};
use crate::model::{Micros, What, rfc3339};
use crate::timeline::Timeline;

/// Root, links and effects in order of time, each with its proof.
pub(super) fn chain(t: &Timeline, x: &incidents::Incident, root: Option<&Judged>, others: &[&Judged]) -> Vec<Link> {
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
        | DemotedForeignLock | Promoted | PromotedAgain | LockAcquired | FailsafeKept | PgReinit | RaceLag
        | LockReleasedPgDown | PgShutdownImmediate | PgShutdownFast | RewindBegin => ("effect", 3),
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
