//! What an incident cost: time without writes, two primaries, lost WAL, members that stayed broken.

use super::Statement;
use super::cite::{of_event, proof};
use crate::axis::{Axis, Lease};
use crate::causes::length;
use crate::incidents::{Cite, Incident, Kind, rejoined};
use crate::model::{MINUTE, Micros, NodeId, Program, Role, SECOND, Span, What};
use crate::timeline::{Hit, Timeline};

/// How long after an incident its damage may show (our choice; pg_rewind and a new copy need their time).
const AFTERMATH: Micros = 30 * MINUTE;

pub(super) fn cost(t: &Timeline, axis: &Axis, x: &Incident) -> Vec<Statement> {
    if x.kind == Kind::NearMiss {
        return Vec::new();
    }
    let mut out = Vec::new();
    if let Some(o) = &x.outage {
        let least = if o.at_least { "at least " } else { "" };
        let (long, unsure) = (o.length(), o.uncertainty);
        let text = if unsure * 4 > long && !o.at_least && unsure > 5 * SECOND {
            let low = (long - unsure).max(0);
            format!("writes stopped for between {} and {}", length(low), length(long + unsure))
        } else {
            format!("writes stopped for {least}{} (known to {})", length(long), length(unsure))
        };
        out.push(Statement { text, host: String::new(), evidence: Vec::new() });
    }
    two_primaries(t, axis, x, &mut out);
    counted(t, axis, x, &mut out);
    lost(t, axis, x, &mut out);
    broken(t, x, &mut out);
    out
}

fn about(t: &Timeline, e: &Hit<'_>, text: String) -> Statement {
    Statement { text, host: t.name(e.node).to_string(), evidence: vec![of_event(t, e.event)] }
}

/// The old primary's time with the lock, as the ledger has it.
fn lease<'a>(t: &Timeline, axis: &'a Axis, x: &Incident) -> Option<&'a Lease> {
    let near = x.span.widened(2 * t.ttl());
    axis.leases.iter().rfind(|l| Some(l.node) == x.old && near.contains(l.last))
}

/// The new primary was there before the old one had stopped. The ledger knows better, where it knows the lease.
fn two_primaries(t: &Timeline, axis: &Axis, x: &Incident, out: &mut Vec<Statement>) {
    let (Some(old), Some(new)) = (x.old, x.new) else { return };
    if lease(t, axis, x).is_some_and(|l| l.overlap.is_none()) {
        return;
    }
    let Some(p) = t.find(&[What::Promoted], x.span.widened(SECOND)).find(|e| e.node == new && old != new) else {
        return;
    };
    let ends = [
        What::PgShutdownImmediate,
        What::PgShutdownFast,
        What::DemoteNolock,
        What::DemoteOffline,
        What::DemotedForeignLock,
        What::DemotedLockUpdate,
        What::DemotedDcs,
    ];
    let end = t.find(&ends, Span::new(p.at, x.span.to + AFTERMATH)).find(|e| e.node == old);
    // Both clocks may be off a little; less than a second proves nothing.
    let Some(end) = end.filter(|e| e.at - p.at > SECOND + e.slack + p.slack) else { return };
    // It must have run when the other one was promoted.
    let ended = [What::PgBackendSignal, What::PgPanic, What::PgShutDown, What::PgNotRunning, What::Boot];
    if t.find(&ended, Span::new(x.span.from - MINUTE, p.at)).any(|e| e.node == old) {
        return;
    }
    let text = format!(
        "two primaries for up to {}: {} was promoted before {} stopped; what {} committed in between is lost",
        length(end.at - p.at),
        t.name(new),
        t.name(old),
        t.name(old)
    );
    let mut s = about(t, &end, text);
    s.evidence.insert(0, of_event(t, p.event));
    out.push(s);
}

/// WAL of the old primary beyond the fork of the timelines, where both positions are known.
fn counted(t: &Timeline, axis: &Axis, x: &Incident, out: &mut Vec<Statement>) {
    if let Some(l) = lease(t, axis, x)
        && let Some(w) = l.lost.as_ref().filter(|w| w.matters())
    {
        let text = format!(
            "{:.0} bytes of WAL that {} alone had written are lost, beyond the end of timeline {}",
            w.bytes(),
            t.name(l.node),
            w.timeline
        );
        let evidence = [w.end_cite, w.fork_cite].into_iter().filter_map(|c| proof(t, c)).collect();
        out.push(Statement { text, host: t.name(l.node).to_string(), evidence });
    }
}

/// WAL that only the old primary had.
fn lost(t: &Timeline, axis: &Axis, x: &Incident, out: &mut Vec<Statement>) {
    let after = Span::new(x.span.from, x.span.to + AFTERMATH);
    for e in t.find(&[What::RewindBegin], after) {
        if out.iter().any(|s| s.host == *t.name(e.node) && s.text.contains("rewound")) {
            continue;
        }
        let kept = lease(t, axis, x).filter(|l| l.node == e.node).and_then(|l| l.lost).is_some_and(|w| !w.matters());
        let what = if kept {
            "no committed data was in the WAL that it alone had"
        } else {
            "WAL that it alone had written is gone"
        };
        let text = format!("{} was rewound: {what}", t.name(e.node));
        out.push(about(t, &e, text));
    }
    if let Some(e) = t.find(&[What::DatadirRemoved], after).next() {
        out.push(about(t, &e, format!("{}'s data directory was removed or set aside and copied anew", t.name(e.node))));
    }
    if let Some(e) = t.find(&[What::PgSyncWaitCancelled], after).next() {
        let text = format!("on {} a commit was acknowledged that no synchronous standby has", t.name(e.node));
        out.push(about(t, &e, text));
    }
}

/// Members that had not found their way back when the logs end.
fn broken(t: &Timeline, x: &Incident, out: &mut Vec<Statement>) {
    let signs = [What::PgDiverged, What::PgWalRemoved, What::RewindFailed, What::BootstrapFailed];
    let after = Span::new(x.span.from, Micros::MAX);
    let mut told: Vec<NodeId> = Vec::new();
    for e in t.find(&signs, after).filter(|e| !rejoined(t, e.event)) {
        let beats = t.beats.iter().any(|b| b.node == e.node && b.role == Role::Leader && b.to > e.until);
        if told.contains(&e.node) || beats {
            continue;
        }
        told.push(e.node);
        out.push(about(
            t,
            &e,
            format!("{} could not follow the primary any more up to the end of its log", t.name(e.node)),
        ));
    }
    let end = t.covered.iter().filter(|c| c.program == Program::Patroni).map(|c| c.span.to).max().unwrap_or(0);
    for node in t.nodes_with(Program::Patroni) {
        let last = t
            .beats
            .iter()
            .enumerate()
            .filter(|(_, b)| b.node == node && b.role != Role::Idle)
            .max_by_key(|(_, b)| b.to);
        let Some((i, last)) = last else { continue };
        if told.contains(&node) || last.to > x.span.to || end - last.to < 2 * t.ttl() || !x.nodes.contains(&node) {
            continue;
        }
        let cite = Cite::Beats { run: i as u32, last: true };
        out.push(Statement {
            text: format!(
                "{} wrote no heartbeat any more up to the end of the logs, {} later",
                t.name(node),
                length(end - last.to)
            ),
            host: t.name(node).to_string(),
            evidence: proof(t, cite).into_iter().collect(),
        });
    }
}
