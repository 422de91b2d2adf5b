//! Puts the report together from its parts.

use super::axis::order;
use super::blameless::blameless;
use super::cite::proof;
use super::cost::cost;
use super::succession::succession;
use super::{Incident, Phase, Piece, Report, SCHEMA, Skip, Tool, VerdictKind, Window, WriteOutage};
use super::{inventory::inventory, numbers, quiet, risks, series, timeline::timeline, verdict::verdict};
use crate::axis::Axis;
use crate::causes::judge_all;
use crate::incidents::{self, Kind};
use crate::model::{Source, rfc3339, seconds};
use crate::timeline::Timeline;

/// The whole report.
pub fn build(t: &Timeline, incidents: &[incidents::Incident], sources: &[Source], skipped: Vec<Skip>) -> Report {
    let axis = crate::axis::find(t);
    let built: Vec<Incident> = incidents.iter().enumerate().map(|(i, x)| incident(t, &axis, x, i)).collect();
    let risks = risks::find(t);
    let worst = built
        .iter()
        .zip(incidents)
        .min_by_key(|(b, x)| (x.planned || b.verdict.kind == VerdictKind::NoIncident, x.kind.rank(), x.at))
        .map(|(b, _)| b.verdict.clone());
    let verdict = worst.unwrap_or_else(|| quiet::nothing(t, &risks));
    let window = series::window(t, incidents);
    let parts = super::axis::parts(t, &axis);
    Report {
        window: window.map(|w| Window { from: rfc3339(w.from), to: rfc3339(w.to) }),
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
        lanes: parts.lanes,
        quorum: parts.quorum,
        leases: parts.leases,
        loop_gaps: parts.loop_gaps,
        loop_sight: parts.loop_sight,
        clocks: parts.clocks,
    }
}

fn incident(t: &Timeline, axis: &Axis, x: &incidents::Incident, index: usize) -> Incident {
    let judged = judge_all(t, x);
    let verdict = verdict(t, x, &judged);
    let planned = x.planned || (verdict.kind == VerdictKind::NoIncident && x.kind != Kind::NearMiss);
    let name = |n: Option<crate::model::NodeId>| n.map(|n| t.name(n).to_string());
    Incident {
        id: format!("i{}", index + 1),
        kind: x.kind.id().to_owned(),
        form: x.form.to_owned(),
        cluster: String::new(),
        onset: Some(Piece { from: rfc3339(x.onset.from), to: rfc3339(x.onset.to) }),
        planned,
        start: rfc3339(x.span.from),
        end: rfc3339(x.span.to),
        old_primary: name(x.old),
        new_primary: name(x.new.or(if x.kind == Kind::Demotion && x.outage.is_some() { x.old } else { None })),
        hosts: x.nodes.iter().map(|n| t.name(*n).to_string()).collect(),
        write_outage: x.outage.as_ref().map(|o| WriteOutage {
            from: rfc3339(o.from),
            to: rfc3339(o.to),
            seconds: round(seconds(o.length())),
            uncertainty_s: round(seconds(o.uncertainty)),
            pieces: o.pieces.iter().map(|p| Piece { from: rfc3339(p.from), to: rfc3339(p.to) }).collect(),
            cut_off_until: o.cut_off_until.map(rfc3339),
            at_least: o.at_least,
        }),
        phases: x
            .phases
            .iter()
            .enumerate()
            .map(|(n, p)| Phase {
                name: p.name.to_owned(),
                at: rfc3339(p.at),
                previous: n.checked_sub(1).and_then(|n| x.phases.get(n)).map_or_else(String::new, |before| {
                    order(t.order((before.node, before.at, 0), (p.node, p.at, 0))).to_owned()
                }),
                host: t.name(p.node).to_string(),
                evidence: p.cite.and_then(|c| proof(t, c)).into_iter().collect(),
            })
            .collect(),
        numbers: numbers::numbers(t, x),
        verdict,
        succession: succession(t, x),
        cost: cost(t, axis, x),
        do_not_blame: blameless(t, x, &judged),
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
