//! Breaches of the checks' rules, with their proofs.

use super::Risk;
use super::cite::proof;
use crate::checks;
use crate::timeline::Timeline;

pub fn find(t: &Timeline) -> Vec<Risk> {
    let risk = |(check, finding): (&checks::Check, checks::Finding)| Risk {
        id: check.id.to_owned(),
        host: finding.host,
        text: finding.words,
        evidence: finding.cites.iter().filter_map(|c| proof(t, *c)).collect(),
        remedy: finding.remedy,
    };
    checks::run(t).into_iter().map(risk).collect()
}
