//! Sentences that several outputs share.

use super::times::{clock, day_clock};
use crate::report::{Hypothesis, Incident, Lane, Proof, Report, Statement, Verdict, VerdictKind, WriteOutage};

/// The incident that the verdict is about.
pub fn main_incident(report: &Report) -> Option<&Incident> {
    report.incidents.iter().find(|i| i.verdict.headline == report.verdict.headline)
}

/// The roles of PostgreSQL's members.
pub fn lanes(report: &Report) -> impl Iterator<Item = &Lane> {
    report.lanes.iter().filter(|l| l.program == "postgresql")
}

/// Who took over, what it cost, and what is not to blame, as far as the report says; each with its title.
pub fn consequences(report: &Report) -> Vec<(&'static str, &[Statement])> {
    let Some(i) = main_incident(report) else { return Vec::new() };
    let parts = [("Who took over", &i.succession), ("What it cost", &i.cost), ("Do not blame", &i.do_not_blame)];
    parts.into_iter().filter(|(_, s)| !s.is_empty()).map(|(title, s)| (title, s.as_slice())).collect()
}

/// When, and what clients lost.
pub fn impact(report: &Report) -> String {
    let Some(i) = main_incident(report) else { return "no incident in the bundle".to_owned() };
    match &i.write_outage {
        Some(o) => {
            format!("{} to {} UTC, {} without a primary that takes writes", day_clock(&o.from), clock(&o.to), lasted(o))
        }
        None if i.start == i.end => format!("{} UTC; no write outage can be measured", day_clock(&i.start)),
        None => format!("{} to {} UTC; no write outage can be measured", day_clock(&i.start), clock(&i.end)),
    }
}

/// How long nobody could write. Where the clocks leave much open, the middle is no better than any other length.
pub fn lasted(o: &WriteOutage) -> String {
    let (low, high) = ((o.seconds - o.uncertainty_s).max(0.0), o.seconds + o.uncertainty_s);
    let wide = o.uncertainty_s * 4.0 > o.seconds && o.uncertainty_s > 5.0;
    match (wide, o.at_least) {
        (true, true) => return format!("at least {low:.0} s"),
        (true, false) if low < 0.5 => return format!("up to {high:.0} s"),
        (true, false) => return format!("between {low:.0} and {high:.0} s"),
        _ => {}
    }
    let least = if o.at_least { "at least " } else { "" };
    format!("{least}{:.1} s (±{:.1} s)", o.seconds, o.uncertainty_s)
}

/// The cause by name, with what contributed; or the candidates.
pub fn why_line(v: &Verdict) -> String {
    let with = if v.contributing.is_empty() {
        String::new()
    } else {
        format!("; contributing: {}", v.contributing.join(", "))
    };
    match (&v.root_cause, v.kind) {
        (Some(cause), _) => format!("{cause}{with}"),
        (None, VerdictKind::NoIncident) if v.contributing.is_empty() => "nothing failed".to_owned(),
        (None, VerdictKind::NoIncident) => format!("no failure; {}", v.contributing.join(", ")),
        (None, _) => {
            let open = |h: &&Hypothesis| matches!(h.status.as_str(), "confirmed" | "likely" | "possible");
            let candidates: Vec<&str> = v.hypotheses.iter().filter(open).map(|h| h.cause.as_str()).collect();
            if candidates.is_empty() {
                "not told by this bundle".to_owned()
            } else {
                format!("not proven; candidates: {}", candidates.join(", "))
            }
        }
    }
}

/// How sure, and by how much evidence.
pub fn sure(v: &Verdict) -> String {
    let counted = root(v).map_or(String::new(), |h| format!(", {} for and {} against", h.pro.len(), h.against.len()));
    format!("certainty {}{counted}", v.confidence.id())
}

/// The hypothesis that became the root cause.
pub fn root(v: &Verdict) -> Option<&Hypothesis> {
    v.hypotheses.iter().find(|h| Some(&h.cause) == v.root_cause.as_ref())
}

/// The best single proof.
pub fn proof_of(v: &Verdict) -> Option<&Proof> {
    root(v).and_then(|h| h.pro.first()).or_else(|| v.chain.iter().flat_map(|l| &l.evidence).next())
}

/// The status of a cause in words.
pub fn status_words(status: &str) -> &str {
    match status {
        "ruled_out" => "ruled out",
        "not_assessable" => "not assessable",
        other => other,
    }
}

/// Why a hypothesis stands where it stands: its best reason, or what is missing.
pub fn reason(h: &Hypothesis) -> String {
    let from = if h.status == "ruled_out" || h.pro.is_empty() { &h.against } else { &h.pro };
    match (from.first(), h.needs.first()) {
        (Some(proof), _) => proof.text.clone(),
        (None, Some(need)) => format!("needs the {} of {}", need.kind, need.host),
        (None, None) => String::new(),
    }
}
