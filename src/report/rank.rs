//! From judged causes to one verdict: roots, contributors, rivals.

use crate::causes::{Judged, Status};
use std::collections::BTreeSet;

/// What the judged causes amount to.
#[derive(Debug)]
pub struct Ranking<'a> {
    /// The one root, if nothing rivals it.
    pub root: Option<&'a Judged>,
    /// Proven causes that the root brought about or that stand beside it.
    pub others: Vec<&'a Judged>,
}

/// Keeps confirmed and likely causes; those that another of them leads to are links of its chain, not roots.
pub fn rank(judged: &[Judged]) -> Ranking<'_> {
    let proven: Vec<&Judged> =
        judged.iter().filter(|j| matches!(j.status, Status::Confirmed | Status::Likely)).collect();
    let led_to: BTreeSet<&str> = proven
        .iter()
        .flat_map(|j| {
            // A likely cause does not take the root's place from a confirmed one.
            proven
                .iter()
                .filter(move |k| j.cause.leads_to.contains(&k.cause.id) && j.status <= k.status)
                .map(|k| k.cause.id)
        })
        .collect();
    let mut roots: Vec<&Judged> = proven.iter().copied().filter(|j| !led_to.contains(j.cause.id)).collect();
    roots.sort_by_key(|j| (j.status, j.cause.layer, j.cause.id));
    let root = match roots.as_slice() {
        [] => None,
        [one] => Some(*one),
        [first, second, ..] if first.status < second.status => Some(*first),
        // Two that are equally proven: the deeper layer explains the other, if they are on different layers.
        [first, second, ..] if first.cause.layer < second.cause.layer && first.status == Status::Confirmed => {
            Some(*first)
        }
        _ => None,
    };
    let others = proven.into_iter().filter(|j| root.is_none_or(|r| r.cause.id != j.cause.id)).collect();
    Ranking { root, others }
}
