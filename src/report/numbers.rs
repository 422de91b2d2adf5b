//! The hosts' numbers that stood out in an incident, each beside the host's own normal.

use super::Proof;
use super::cite::proof;
use crate::causes::Case;
use crate::causes::strain::LIMITS;
use crate::incidents::Incident;
use crate::model::Metric;
use crate::timeline::Timeline;

/// More lines than these nobody reads.
const MOST: usize = 24;

/// Above a limit and above what the host is used to; in the order of the table of limits.
pub fn numbers(t: &Timeline, incident: &Incident) -> Vec<Proof> {
    let metrics: Vec<Metric> = LIMITS.iter().map(|l| l.metric).collect();
    let found = Case { t, incident }.strained(&metrics, None);
    let proofs = found.into_iter().filter_map(|s| Some(Proof { text: s.words, ..proof(t, s.cite)? }));
    proofs.take(MOST).collect()
}
