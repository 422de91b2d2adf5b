//! The raw lines around what a report cites: which to fetch, and what becomes of them.

use super::plots::Excerpt;
use super::{Proof, Report, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Lines before and after a cited one.
const CONTEXT: u32 = 3;
/// Places for which lines are fetched; the most important come first.
const PLACES: usize = 240;
/// Characters of a line.
const WIDE: usize = 1_000;

/// Lines to fetch by source, each with what it must hold to be the right one.
pub type Wanted = BTreeMap<String, BTreeMap<u32, String>>;

/// What a report cites, the main verdict first.
pub fn wanted(report: &Report) -> Wanted {
    let mut out = Wanted::new();
    let mut count = 0;
    let verdicts = || std::iter::once(&report.verdict).chain(report.incidents.iter().map(|i| &i.verdict));
    let chains = verdicts().flat_map(|v| v.chain.iter().flat_map(|l| &l.evidence));
    let phases = report.incidents.iter().flat_map(|i| i.phases.iter().flat_map(|p| &p.evidence));
    let risks = report.risks.iter().flat_map(|r| &r.evidence);
    let weighed = verdicts().flat_map(proofs);
    for p in chains.chain(phases).chain(risks).chain(weighed) {
        // A sample in a text has a line, but its numbers are all that was kept of it.
        let raw = p.raw.clone().or_else(|| p.metric.as_ref().map(|_| String::new()));
        if let (Some(line), Some(raw)) = (p.line.filter(|l| *l > 0), raw)
            && count < PLACES
            && out.entry(p.path.clone()).or_default().insert(line, raw).is_none()
        {
            count += 1;
        }
    }
    out
}

fn proofs(v: &Verdict) -> impl Iterator<Item = &Proof> {
    v.hypotheses.iter().filter(|h| h.status != "not_assessable").flat_map(|h| h.pro.iter().chain(&h.against))
}

/// Which lines of a source are needed for the given ones.
pub fn around(lines: &BTreeMap<u32, String>) -> BTreeSet<u32> {
    lines.keys().flat_map(|n| n.saturating_sub(CONTEXT).max(1)..=n.saturating_add(CONTEXT)).collect()
}

/// Cuts fetched lines into excerpts. Without them, and where the source holds another text at that place, the cited
/// line stands alone, as the report has it.
pub fn cut(path: &str, wanted: &BTreeMap<u32, String>, fetched: &BTreeMap<u32, String>) -> Vec<Excerpt> {
    let mut lines: BTreeMap<u32, String> = BTreeMap::new();
    for (number, raw) in wanted {
        let found = fetched.get(number).is_some_and(|line| raw.is_empty() || same(line, raw));
        if found {
            let range = number.saturating_sub(CONTEXT)..=number.saturating_add(CONTEXT);
            lines.extend(fetched.range(range).map(|(n, l)| (*n, clipped(l))));
        } else if !raw.is_empty() {
            lines.insert(*number, clipped(raw));
        }
    }
    let mut out: Vec<Excerpt> = Vec::new();
    for (number, text) in lines {
        match out.last_mut() {
            Some(last) if last.first as usize + last.lines.len() == number as usize => last.lines.push(text),
            _ => out.push(Excerpt { path: path.to_owned(), first: number, lines: vec![text], cited: Vec::new() }),
        }
        if let Some(last) = out.last_mut().filter(|_| wanted.contains_key(&number)) {
            last.cited.push(number);
        }
    }
    out
}

/// Whether a line is the one that was cited: some words in a row are the same.
fn same(line: &str, raw: &str) -> bool {
    let part = raw.split("***").map(str::trim).max_by_key(|p| p.len()).unwrap_or("");
    let part: String = part.chars().take(24).collect();
    !part.is_empty() && (line.contains(part.trim()) || line.contains("\\\""))
}

fn clipped(text: &str) -> String {
    let text = text.trim_end();
    if text.chars().count() <= WIDE {
        return text.to_owned();
    }
    let kept: String = text.chars().take(WIDE).collect();
    format!("{kept} … ({} characters more)", text.chars().count() - WIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_an_excerpt_and_wrong_places_stand_alone() {
        let wanted: BTreeMap<u32, String> =
            [(5, "five".to_owned()), (8, "eight".to_owned()), (40, "forty".to_owned())].into();
        let mut fetched: BTreeMap<u32, String> = (1..=60).map(|n| (n, format!("line {n}"))).collect();
        fetched.insert(5, "it says five".to_owned());
        fetched.insert(8, "it says eight".to_owned());
        let cut = cut("a.log", &wanted, &fetched);
        assert_eq!(cut.len(), 2);
        assert_eq!((cut[0].first, cut[0].lines.len(), cut[0].cited.as_slice()), (2, 10, [5, 8].as_slice()));
        assert_eq!((cut[1].first, cut[1].lines.as_slice()), (40, ["forty".to_owned()].as_slice()));
    }

    #[test]
    fn an_endless_line_is_cut() {
        let long = "x".repeat(2_000_000);
        assert!(clipped(&long).len() < 1_100);
    }
}
