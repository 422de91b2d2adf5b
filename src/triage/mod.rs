//! A quick look at tickets: verdict, what came, what is missing most decisively, and a reply to paste.

mod batch;
mod reply;

use crate::collect::Plan;
use crate::render::times::{day_clock, day_minute};
use crate::render::wrap::paragraph;
use crate::report::{Missing, Report, VerdictKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub use batch::{Batch, Row, batch, csv, markdown};
pub use reply::reply;

pub const SCHEMA: &str = "pgautopsy.triage/1";

/// What one ticket's attachment tells.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    pub schema: String,
    /// As given on the command line.
    pub ticket: String,
    pub verdict: VerdictKind,
    pub kind: Option<String>,
    pub cause: Option<String>,
    pub confidence: String,
    pub headline: String,
    pub start: Option<String>,
    pub end: Option<String>,
    pub hosts: Vec<String>,
    /// Of several incidents, how many there are.
    pub incidents: usize,
    /// The best proofs, `path:line` and words.
    pub proofs: Vec<Shown>,
    /// Causes that are still open, if the verdict is not a cause.
    pub candidates: Vec<String>,
    pub risks: Vec<String>,
    pub attached: Vec<Attached>,
    /// Most decisive first.
    pub missing: Vec<Missing>,
    /// What could not be read, with the reason.
    pub errors: Vec<String>,
    /// In the support engineer's words.
    pub reply: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    pub text: String,
    pub place: String,
    pub raw: String,
}

/// What came of one kind from one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attached {
    pub host: String,
    pub kind: String,
    pub files: usize,
    pub first: Option<String>,
    pub last: Option<String>,
    pub zone: String,
}

/// The short form of a report.
pub fn ticket(name: &str, report: &Report) -> Ticket {
    let v = &report.verdict;
    let worst = report.incidents.iter().find(|i| i.verdict.headline == v.headline).or(report.incidents.first());
    let proofs = v
        .chain
        .iter()
        .filter_map(|l| Some((l, l.evidence.first()?)))
        .take(4)
        .map(|(l, p)| Shown {
            text: l.text.clone(),
            place: p.line.map_or_else(|| p.path.clone(), |n| format!("{}:{n}", p.path)),
            raw: p.raw.clone().unwrap_or_default(),
        })
        .collect();
    let open = |status: &'static str| v.hypotheses.iter().filter(move |h| h.status == status).map(|h| h.cause.clone());
    let candidates = match v.kind {
        VerdictKind::InsufficientEvidence => open("likely").chain(open("possible")).take(5).collect(),
        _ => Vec::new(),
    };
    let mut ticket = Ticket {
        schema: SCHEMA.to_owned(),
        ticket: name.to_owned(),
        verdict: v.kind,
        kind: worst.map(|i| i.kind.clone()),
        cause: v.root_cause.clone(),
        confidence: v.confidence.id().to_owned(),
        headline: v.headline.clone(),
        start: worst.map(|i| i.start.clone()),
        end: worst.map(|i| i.end.clone()),
        hosts: report.inventory.hosts.iter().map(|h| h.name.clone()).collect(),
        incidents: report.incidents.len(),
        proofs,
        candidates,
        risks: report.risks.iter().map(|r| r.text.clone()).collect(),
        attached: attached(report),
        missing: missing(report),
        errors: errors(report),
        reply: String::new(),
    };
    ticket.reply = reply(&ticket, report, Plan::for_report(report).ok().as_ref());
    ticket
}

/// A ticket that could not be read at all.
pub fn unreadable(name: &str, why: &str) -> Ticket {
    let mut ticket = Ticket {
        schema: SCHEMA.to_owned(),
        ticket: name.to_owned(),
        verdict: VerdictKind::InsufficientEvidence,
        kind: None,
        cause: None,
        confidence: "low".to_owned(),
        headline: "Nothing in this attachment could be read.".to_owned(),
        start: None,
        end: None,
        hosts: Vec::new(),
        incidents: 0,
        proofs: Vec::new(),
        candidates: Vec::new(),
        risks: Vec::new(),
        attached: Vec::new(),
        missing: Vec::new(),
        errors: vec![why.to_owned()],
        reply: String::new(),
    };
    ticket.reply = reply::unreadable(&ticket);
    ticket
}

/// The first six: nobody fetches more at once.
fn missing(report: &Report) -> Vec<Missing> {
    report.verdict.missing_evidence.iter().take(6).cloned().collect()
}

/// What came, by host and kind.
fn attached(report: &Report) -> Vec<Attached> {
    let mut all: BTreeMap<(String, String), Attached> = BTreeMap::new();
    for s in &report.inventory.sources {
        let entry = all.entry((s.host.clone(), s.kind.clone())).or_insert_with(|| Attached {
            host: s.host.clone(),
            kind: s.kind.clone(),
            files: 0,
            first: None,
            last: None,
            zone: s.zone.clone(),
        });
        entry.files += 1;
        entry.first = [entry.first.take(), s.first.clone()].into_iter().flatten().min();
        entry.last = [entry.last.take(), s.last.clone()].into_iter().flatten().max();
    }
    all.into_values().collect()
}

/// What was skipped or damaged, each reason once with its number of files.
fn errors(report: &Report) -> Vec<String> {
    let mut by_why: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for s in &report.inventory.skipped {
        by_why.entry(&s.why).or_default().insert(&s.path);
    }
    let mut out: Vec<String> = by_why
        .into_iter()
        .map(|(why, paths)| match paths.len() {
            1 => format!("{}: {why}", paths.first().unwrap_or(&"")),
            n => format!("{} and {} more: {why}", paths.first().unwrap_or(&""), n - 1),
        })
        .collect();
    for s in &report.inventory.sources {
        out.extend(s.problems.iter().take(2).map(|p| format!("{}: {p}", s.path)));
    }
    out
}

/// The verdict card with all that stands below it, as text of 80 columns.
pub fn text(t: &Ticket) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &t.headline);
    if let (Some(start), Some(end)) = (&t.start, &t.end) {
        let more = if t.incidents > 1 {
            format!("; {} incidents in all, this is the worst", t.incidents)
        } else {
            String::new()
        };
        paragraph(&mut out, "  When      ", &format!("{} to {} UTC{more}", day_clock(start), day_clock(end)));
    }
    match &t.cause {
        Some(cause) => paragraph(&mut out, "  Cause     ", &format!("{cause} (certainty {})", t.confidence)),
        None if !t.candidates.is_empty() => {
            paragraph(&mut out, "  Possible  ", &format!("{}; the evidence does not decide", t.candidates.join(", ")));
        }
        None => {}
    }
    if let Some(m) = t.missing.first() {
        paragraph(
            &mut out,
            "  Ask for   ",
            &format!("{} of {} (of {} things missing)", m.kind, m.host, t.missing.len()),
        );
    }
    if !t.proofs.is_empty() {
        out.push_str("\nShown by\n");
        for p in &t.proofs {
            paragraph(&mut out, "  - ", &format!("{} [{}]", p.text, p.place));
        }
    }
    out.push_str("\nIn the attachment\n");
    for a in &t.attached {
        let span = match (&a.first, &a.last) {
            (Some(first), Some(last)) => format!("{} to {}", day_minute(first), day_minute(last)),
            _ => String::new(),
        };
        let line = format!("{:<14} {:<24} {:>3} {span}", cut(&a.host, 14), cut(&a.kind, 24), a.files);
        out.push_str(&format!("  {}\n", shown(line.trim_end())));
    }
    for e in &t.errors {
        paragraph(&mut out, "  not read: ", e);
    }
    if t.attached.is_empty() && t.errors.is_empty() {
        out.push_str("  nothing\n");
    }
    if !t.risks.is_empty() {
        out.push_str("\nRisks\n");
        t.risks.iter().for_each(|r| paragraph(&mut out, "  - ", r));
    }
    out.push_str("\nReply\n\n");
    for line in t.reply.lines() {
        out.push_str(&shown(line));
        out.push('\n');
    }
    out
}

fn cut(text: &str, most: usize) -> String {
    crate::render::escape::terminal(text, most.max(8)).chars().take(most).collect()
}

fn shown(text: &str) -> String {
    crate::render::escape::terminal(text, 400)
}
