//! Who was what when, and how long each leader's key was valid, for the plot of roles.

use super::plots::{Lane, LaneSpan, Lease};
use crate::model::{Micros, NodeId, Role, SECOND, Span, What, rfc3339};
use crate::timeline::Timeline;

/// Roles of every host that runs Patroni, within the window.
pub fn lanes(t: &Timeline, window: Span) -> Vec<Lane> {
    let mut nodes: Vec<NodeId> = t.beats.iter().map(|b| b.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut out: Vec<Lane> =
        nodes.into_iter().map(|n| Lane { host: t.name(n).to_string(), spans: spans(t, n, window) }).collect();
    out.retain(|l| !l.spans.is_empty());
    out.sort_by(|a, b| a.host.cmp(&b.host));
    out
}

/// What begins at which moment. A heartbeat's role holds until the next one is overdue; an event until another.
fn spans(t: &Timeline, node: NodeId, window: Span) -> Vec<LaneSpan> {
    let mut changes: Vec<(Micros, u8, &'static str)> = Vec::new();
    for b in t.beats.iter().filter(|b| b.node == node) {
        let role = match b.role {
            Role::Leader => "leader",
            Role::StandbyLeader => "standby_leader",
            Role::Replica => "replica",
            Role::Idle => continue,
        };
        let every = b.every.unwrap_or_else(|| t.loop_wait());
        changes.push((b.from, 1, role));
        // Overdue, unless another heartbeat came meanwhile.
        let overdue = b.to + every + every / 2 + SECOND;
        if !t.beats.iter().any(|o| o.node == node && o.from > b.to && o.from <= overdue) {
            changes.push((overdue, 0, "unknown"));
        }
    }
    use What::*;
    let told = t.events.iter().filter(|e| e.node == node).filter_map(|e| {
        let role = match e.what {
            DemoteOffline | DemoteGraceful | DemoteImmediate | DemoteNolock => "demoting",
            PgShutDown | PgAbnormalExit | PgReinit => "down",
            Promoted | PromotedAgain => "leader",
            PgReadyReadOnly => "replica",
            _ => return None,
        };
        Some((e.at, 2, role))
    });
    changes.extend(told);
    changes.sort_unstable();
    let mut out: Vec<LaneSpan> = Vec::new();
    for (at, kind, role) in &changes {
        let current = out.last().map(|s| s.role.as_str());
        // What an event began does not end because heartbeats are missing.
        if *kind == 0 && !matches!(current, Some("leader" | "standby_leader" | "replica")) {
            continue;
        }
        if current == Some(*role) {
            continue;
        }
        if let Some(last) = out.last_mut() {
            last.to = rfc3339((*at).clamp(window.from, window.to));
        }
        let to = rfc3339(window.to);
        out.push(LaneSpan { role: (*role).to_owned(), from: rfc3339((*at).clamp(window.from, window.to)), to });
    }
    out.retain(|s| s.from < s.to);
    out
}

/// The leader key, from holder to holder.
pub fn leases(t: &Timeline, window: Span) -> Vec<Lease> {
    let ttl = t.ttl();
    let mut runs: Vec<(Micros, Micros, NodeId)> =
        t.beats.iter().filter(|b| b.role == Role::Leader).map(|b| (b.from, b.to, b.node)).collect();
    runs.sort_unstable();
    let mut joined: Vec<(Micros, Micros, NodeId)> = Vec::new();
    for (from, to, node) in runs {
        match joined.last_mut() {
            Some(last) if last.2 == node && from - last.1 < ttl => last.1 = last.1.max(to),
            _ => joined.push((from, to, node)),
        }
    }
    joined
        .into_iter()
        .filter(|(from, to, _)| *to + ttl > window.from && *from < window.to)
        .map(|(from, to, node)| Lease {
            host: t.name(node).to_string(),
            from: rfc3339(from.max(window.from)),
            renewed: rfc3339(to.clamp(window.from, window.to)),
            expires: rfc3339((to + ttl).clamp(window.from, window.to)),
        })
        .collect()
}
