//! Puts the report together from its parts.

use super::cite::proof;
use super::{Incident, Phase, Report, SCHEMA, Skip, Tool, VerdictKind, Window, WriteOutage};
use super::{inventory::inventory, lanes, quiet, risks, series, timeline::timeline, verdict::verdict};
use crate::causes::judge_all;
use crate::incidents::{self, Kind};
use crate::model::{Source, rfc3339, seconds};
use crate::timeline::Timeline;

/// The whole report.
pub fn build(t: &Timeline, incidents: &[incidents::Incident], sources: &[Source], skipped: Vec<Skip>) -> Report {
    let built: Vec<Incident> = incidents.iter().enumerate().map(|(i, x)| incident(t, x, i)).collect();
    let risks = risks::find(t);
    let worst = built
        .iter()
        .zip(incidents)
        .min_by_key(|(b, x)| (x.planned || b.verdict.kind == VerdictKind::NoIncident, x.kind.rank(), x.at))
        .map(|(b, _)| b.verdict.clone());
    let verdict = worst.unwrap_or_else(|| quiet::nothing(t, &risks));
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
