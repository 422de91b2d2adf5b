//! One report out of those of several clusters in one bundle.

use super::{Report, Skip, VerdictKind};
use std::collections::BTreeSet;

/// Joins reports of different scopes; incidents and hosts say to which cluster they belong. The verdict is that of the
/// worst one.
pub fn merge(reports: Vec<(String, Report)>, skipped: Vec<Skip>) -> Report {
    let mut worst: Option<(u8, String, super::Verdict)> = None;
    let mut all: Option<Report> = None;
    for (scope, mut report) in reports {
        let grave = report.incidents.iter().any(|i| !i.planned && i.verdict.kind != VerdictKind::NoIncident);
        let rank = match (grave, report.verdict.kind) {
            (true, VerdictKind::Cause) => 0,
            (true, _) => 1,
            (false, VerdictKind::InsufficientEvidence) => 2,
            _ if !report.incidents.is_empty() => 3,
            _ => 4,
        };
        let since = report.incidents.first().map_or_else(String::new, |i| i.start.clone());
        let mut verdict = report.verdict.clone();
        verdict.headline = format!("{scope}: {}", verdict.headline);
        if worst.as_ref().is_none_or(|(r, s, _)| (rank, &since) < (*r, s)) {
            worst = Some((rank, since, verdict));
        }
        for incident in &mut report.incidents {
            incident.cluster = scope.clone();
            incident.verdict.headline = format!("{scope}: {}", incident.verdict.headline);
        }
        report.inventory.hosts.iter_mut().for_each(|h| h.clusters = vec![scope.clone()]);
        report.leases.iter_mut().for_each(|l| l.cluster = scope.clone());
        match &mut all {
            None => all = Some(report),
            Some(all) => add(all, report),
        }
    }
    let mut all = all.unwrap_or_else(|| empty(&skipped));
    if let Some((_, _, verdict)) = worst {
        all.verdict = verdict;
    }
    all.incidents.sort_by(|a, b| (&a.start, &a.cluster).cmp(&(&b.start, &b.cluster)));
    for (i, incident) in all.incidents.iter_mut().enumerate() {
        incident.id = format!("i{}", i + 1);
    }
    all.timeline.sort_by(|a, b| (&a.at, &a.path, a.line).cmp(&(&b.at, &b.path, b.line)));
    all.inventory.sources.sort_by(|a, b| a.path.cmp(&b.path));
    all.inventory.skipped = skipped;
    all
}

/// Adds the parts of another cluster's report; what both saw (a shared etcd) is kept once.
fn add(all: &mut Report, other: Report) {
    all.incidents.extend(other.incidents);
    all.leases.extend(other.leases);
    let lanes: BTreeSet<(String, String)> = all.lanes.iter().map(|l| (l.host.clone(), l.program.clone())).collect();
    all.lanes.extend(
        other
            .lanes
            .into_iter()
            .filter(|l| l.program != "etcd" || !lanes.contains(&(l.host.clone(), l.program.clone()))),
    );
    if all.quorum.is_empty() {
        all.quorum = other.quorum;
    }
    all.window = match (all.window.take(), other.window) {
        (Some(a), Some(b)) => Some(super::Window { from: a.from.min(b.from), to: a.to.max(b.to) }),
        (a, b) => a.or(b),
    };
    all.series.extend(other.series);
    all.volume.extend(other.volume);
    all.loop_gaps.extend(other.loop_gaps);
    all.loop_sight.extend(other.loop_sight);
    for clock in other.clocks {
        if !all.clocks.iter().any(|c| c.host == clock.host && c.against == clock.against) {
            all.clocks.push(clock);
        }
    }
    for risk in other.risks {
        if !all.risks.iter().any(|r| r.id == risk.id && r.host == risk.host && r.text == risk.text) {
            all.risks.push(risk);
        }
    }
    for host in other.inventory.hosts {
        let same = |h: &&mut super::Host| {
            h.name == host.name && h.aliases.iter().map(|a| &a.why).eq(host.aliases.iter().map(|a| &a.why))
        };
        match all.inventory.hosts.iter_mut().find(same) {
            Some(known) => known.clusters.extend(host.clusters),
            None => all.inventory.hosts.push(host),
        }
    }
    for source in other.inventory.sources {
        if !all.inventory.sources.iter().any(|s| s.path == source.path) {
            all.inventory.sources.push(source);
        }
    }
    all.inventory.contradictions.extend(other.inventory.contradictions);
    all.inventory.contradictions.sort();
    all.inventory.contradictions.dedup();
    all.inventory.notes.extend(other.inventory.notes);
    all.inventory.notes.sort();
    all.inventory.notes.dedup();
    for event in other.timeline {
        if !all.timeline.iter().any(|e| e.path == event.path && e.line == event.line && e.what == event.what) {
            all.timeline.push(event);
        }
    }
}

/// Nothing to join.
fn empty(skipped: &[Skip]) -> Report {
    let t = crate::timeline::Timeline::default();
    super::build(&t, &[], &[], skipped.to_vec())
}
