//! Each incident is told once and wholly: what is new, what goes on, and what was told before.

use super::days::Fresh;
use super::state::{State, Told};
use crate::incidents::{self, Kind};
use crate::model::{DAY, MINUTE, Micros, SECOND, Span};
use crate::report::{self, VerdictKind};
use crate::timeline::Timeline;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An episode that ends less than this before the end of the logs may go on: an episode's parts lie at most 75 s apart,
/// and the logs of several hosts end within minutes of each other.
const UNSURE: Micros = 5 * MINUTE;
/// A cluster without a primary keeps its episode open (as `incidents` does).
const LEADERLESS: Micros = 30 * MINUTE;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Told here for the first time, from its beginning to its end.
    New,
    /// Not over at the end of the logs; the next run tells it wholly.
    UnderWay,
    /// Was under way at the end of the last run; here it is whole.
    Completed,
}

/// One episode in short.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    pub when: When,
    pub kind: String,
    pub planned: bool,
    pub start: String,
    pub end: String,
    pub hosts: Vec<String>,
    pub old_primary: Option<String>,
    pub new_primary: Option<String>,
    pub headline: String,
    /// A name of the vocabulary, if the evidence tells.
    pub cause: Option<String>,
    pub confidence: String,
    pub outage_seconds: Option<f64>,
    /// The line or sample that proves it best.
    pub proof: Option<report::Proof>,
    /// What to do first.
    pub remedy: Option<String>,
    /// What would decide, if the evidence does not tell.
    pub missing: Option<report::Missing>,
}

impl Incident {
    /// Whether clients felt it, or would have.
    pub fn severe(&self) -> bool {
        !matches!(self.kind.as_str(), "restart" | "clients_cut" | "start_failure")
    }
}

/// The new ones, sorted.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub incidents: Vec<Incident>,
    pub near: Vec<Incident>,
    pub planned: Vec<Incident>,
}

pub(super) fn sort(
    t: &Timeline,
    found: &[incidents::Incident],
    reported: Vec<report::Incident>,
    state: &mut State,
    fresh: &Fresh<'_>,
    end: Micros,
    now: Micros,
) -> Sorted {
    let mut out = Sorted::default();
    for (x, r) in found.iter().zip(reported) {
        let is_new = |i: &u32| t.events.get(*i as usize).is_some_and(|e| fresh(e.source, e.line));
        // Stalls and silences are made of gaps and samples rather than of events.
        let new = x.events.iter().any(is_new) || (x.events.is_empty() && x.span.to > state.data_until);
        let known = state.told.iter().position(|told| same(told, x.span, &r));
        let was_open = known.and_then(|k| state.told.get(k)).is_some_and(|k| k.open);
        if !was_open && (known.is_some() || !new) {
            continue;
        }
        let leaderless = matches!(x.kind, Kind::Demotion | Kind::NoLeader) && x.new.is_none() && x.outage.is_none();
        let open = x.span.to > end - if leaderless { LEADERLESS } else { UNSURE };
        let entry = Told {
            kind: r.kind.clone(),
            planned: r.planned,
            hosts: r.hosts.clone(),
            start: x.span.from,
            end: x.span.to,
            open,
            told_at: now,
        };
        match known.and_then(|k| state.told.get_mut(k)) {
            // Nothing new of what is under way: it was told so, and stays open.
            Some(_) if open && !new => continue,
            Some(told) => *told = entry,
            None => {
                let kind = if r.planned { "planned".to_owned() } else { r.kind.clone() };
                *state.totals.entry(kind).or_default() += 1;
                state.told.push(entry);
            }
        }
        let when = match (was_open, open) {
            (_, true) => When::UnderWay,
            (true, false) => When::Completed,
            (false, false) => When::New,
        };
        let (near, planned) = (x.kind == Kind::NearMiss, r.planned || r.verdict.kind == VerdictKind::NoIncident);
        let short = short(r, when);
        match (near, planned) {
            (true, _) => out.near.push(short),
            (_, true) => out.planned.push(short),
            _ => out.incidents.push(short),
        }
    }
    // What was under way and shows no trace any more is over: its lines were told.
    for told in state.told.iter_mut().filter(|x| x.open && x.end < end - LEADERLESS) {
        told.open = false;
    }
    state.told.retain(|x| x.end > end - 60 * DAY || x.open);
    state.told.sort_by(|a, b| (a.start, &a.kind, &a.hosts).cmp(&(b.start, &b.kind, &b.hosts)));
    out
}

/// The same episode, seen with more or less of its lines.
fn same(told: &Told, span: Span, r: &report::Incident) -> bool {
    Span::new(told.start, told.end).widened(75 * SECOND).overlaps(&span)
        && (told.hosts.is_empty() || r.hosts.is_empty() || told.hosts.iter().any(|h| r.hosts.contains(h)))
}

fn short(r: report::Incident, when: When) -> Incident {
    let proof = r.verdict.chain.iter().flat_map(|l| &l.evidence).next().cloned();
    Incident {
        when,
        kind: r.kind,
        planned: r.planned,
        start: r.start,
        end: r.end,
        hosts: r.hosts,
        old_primary: r.old_primary,
        new_primary: r.new_primary,
        cause: r.verdict.root_cause,
        confidence: r.verdict.confidence.id().to_owned(),
        outage_seconds: r.write_outage.map(|o| o.seconds),
        proof,
        remedy: r.verdict.remedies.first().map(|a| a.text.clone()),
        missing: r.verdict.missing_evidence.first().cloned(),
        headline: r.verdict.headline,
    }
}
