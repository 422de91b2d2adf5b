//! The verdict of one incident: what the judged causes amount to, and how sure that is.

use super::chain::chain;
use super::headline::headline;
use super::hypotheses::hypotheses;
use super::missing::missing;
use super::rank::rank;
use super::remedies::remedies;
use super::{Confidence, Verdict, VerdictKind};
use crate::causes::{Judged, Side, Status};
use crate::incidents::{self, Cite, Kind};
use crate::model::{MINUTE, Role, Span, What};
use crate::timeline::Timeline;

pub(super) fn verdict(t: &Timeline, x: &incidents::Incident, judged: &[Judged]) -> Verdict {
    let ranking = rank(judged);
    let ordered = x.planned || ranking.root.is_some_and(|r| r.cause.id == "planned_or_external_action");
    // What was asked for went wrong: a restart after which the server does not start is a failure all the same.
    let failed = ordered && !x.planned && matches!(x.kind, Kind::Failover | Kind::NoLeader) && {
        let after = Span::new(x.span.from, x.span.to + MINUTE);
        t.find(&[What::LockReleasedPgDown], after).any(|e| Some(e.node) == x.old)
    };
    let kind = if failed {
        VerdictKind::Cause
    } else if ordered || x.kind == Kind::NearMiss || x.kind == Kind::ClientsCut {
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
