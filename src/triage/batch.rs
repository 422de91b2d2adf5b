//! Many tickets at once: one row each, similar ones grouped.

use super::Ticket;
use crate::model::{MINUTE, Micros};
use crate::when::absolute;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All tickets of a folder; `pgautopsy.triage-batch/1`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Batch {
    pub schema: String,
    pub rows: Vec<Row>,
    /// Groups of more than one ticket: what they share, and which they are.
    pub groups: BTreeMap<String, Group>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    pub shares: String,
    pub tickets: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    pub ticket: String,
    /// cause, insufficient_evidence, no_incident or unreadable
    pub verdict: String,
    pub kind: String,
    pub cause: String,
    pub confidence: String,
    pub start: String,
    pub hosts: Vec<String>,
    /// `etcd log of pg2`, most decisive first.
    pub missing: Vec<String>,
    pub errors: Vec<String>,
    /// `g1`; empty if no other ticket is like it.
    pub group: String,
    pub headline: String,
}

/// Rows in the order given.
pub fn batch(tickets: &[Ticket]) -> Batch {
    let mut rows: Vec<Row> = tickets.iter().map(row).collect();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    // The same incident in two tickets binds closer than the same cause.
    let keys: Vec<(Option<String>, Option<String>)> =
        tickets.iter().enumerate().map(|(i, t)| (same_incident(tickets, i), alike(t))).collect();
    let mut next = 0;
    for by in [0, 1] {
        for (i, key) in keys.iter().enumerate() {
            let pick = |k: &(Option<String>, Option<String>)| if by == 0 { k.0.clone() } else { k.1.clone() };
            let Some(key) = pick(key) else { continue };
            if rows.get(i).is_none_or(|r| !r.group.is_empty()) {
                continue;
            }
            let free = |j: &usize| rows.get(*j).is_some_and(|r| r.group.is_empty());
            let members: Vec<usize> = keys
                .iter()
                .enumerate()
                .filter(|(_, k)| pick(k).as_deref() == Some(key.as_str()))
                .map(|(j, _)| j)
                .filter(free)
                .collect();
            if members.len() < 2 {
                continue;
            }
            next += 1;
            let id = format!("g{next}");
            let names = members.iter().filter_map(|j| tickets.get(*j)).map(|t| t.ticket.clone()).collect();
            for j in members {
                if let Some(row) = rows.get_mut(j) {
                    row.group.clone_from(&id);
                }
            }
            groups.insert(id, Group { shares: key, tickets: names });
        }
    }
    Batch { schema: "pgautopsy.triage-batch/1".to_owned(), rows, groups }
}

fn row(t: &Ticket) -> Row {
    let unreadable = t.attached.is_empty();
    let verdict = serde_json::to_value(t.verdict).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    Row {
        ticket: t.ticket.clone(),
        verdict: if unreadable { "unreadable".to_owned() } else { verdict },
        kind: t.kind.clone().unwrap_or_default(),
        cause: t.cause.clone().unwrap_or_default(),
        confidence: t.confidence.clone(),
        start: t.start.clone().unwrap_or_default(),
        hosts: t.hosts.clone(),
        missing: t.missing.iter().take(3).map(|m| format!("{} of {}", m.kind, m.host)).collect(),
        errors: t.errors.clone(),
        group: String::new(),
        headline: t.headline.clone(),
    }
}

/// Two tickets on one incident begin at the same moment as far as their clocks agree, on a host of the same name. Hosts
/// are called pg1 everywhere, so the hour alone would join strangers.
fn same_incident(tickets: &[Ticket], i: usize) -> Option<String> {
    let start = |t: &Ticket| -> Option<Micros> { t.start.as_deref().and_then(absolute) };
    let mine = tickets.get(i)?;
    let at = start(mine)?;
    let first = tickets.iter().find(|t| {
        start(t).is_some_and(|s| (s - at).abs() < 2 * MINUTE)
            && t.kind == mine.kind
            && t.hosts.iter().any(|h| h != crate::report::UNNAMED_HOST && mine.hosts.contains(h))
    })?;
    let host = first.hosts.first().map_or("", String::as_str);
    Some(format!(
        "the same incident on {host} at {}",
        crate::render::times::day_clock(first.start.as_deref().unwrap_or(""))
    ))
}

/// The same cause of the same kind of incident; without a cause, the same open candidates.
fn alike(t: &Ticket) -> Option<String> {
    match (&t.cause, &t.kind) {
        (Some(cause), Some(kind)) => Some(format!("{kind} by {cause}")),
        (None, Some(kind)) if !t.candidates.is_empty() => Some(format!("{kind}, open: {}", t.candidates.join(", "))),
        _ => None,
    }
}

/// Comma-separated values with a header; lists are joined by `; `.
pub fn csv(batch: &Batch) -> String {
    let mut w = csv_writer();
    let _ = w.write_record([
        "ticket",
        "verdict",
        "kind",
        "cause",
        "confidence",
        "start",
        "hosts",
        "missing",
        "errors",
        "group",
        "headline",
    ]);
    for r in &batch.rows {
        let cells = [
            &r.ticket,
            &r.verdict,
            &r.kind,
            &r.cause,
            &r.confidence,
            &r.start,
            &r.hosts.join("; "),
            &r.missing.join("; "),
            &r.errors.join("; "),
            &r.group,
            &r.headline,
        ];
        // A cell that begins like a formula would run in a spreadsheet.
        let safe = cells.map(|c| {
            let c = crate::render::escape::terminal(c, 2_000);
            if c.starts_with(['=', '+', '-', '@']) { format!("'{c}") } else { c }
        });
        let _ = w.write_record(safe);
    }
    String::from_utf8_lossy(&w.into_inner().unwrap_or_default()).into_owned()
}

fn csv_writer() -> ::csv::Writer<Vec<u8>> {
    ::csv::WriterBuilder::new().from_writer(Vec::new())
}

/// A table, and the groups below it.
pub fn markdown(batch: &Batch) -> String {
    let cell = |text: &str| crate::render::escape::markdown(text);
    let mut out = String::from(
        "| ticket | verdict | cause | certainty | start | missing | errors | group |\n|---|---|---|---|---|---|---|---|\n",
    );
    for r in &batch.rows {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
            cell(&r.ticket),
            cell(&r.verdict),
            cell(&r.cause),
            cell(&r.confidence),
            cell(&crate::render::times::day_clock(&r.start)).trim(),
            cell(r.missing.first().map_or("", String::as_str)),
            r.errors.len(),
            r.group
        ));
    }
    if !batch.groups.is_empty() {
        out.push_str("\n## Similar\n\n");
        for (id, g) in &batch.groups {
            out.push_str(&format!("- {id}: {} ({})\n", cell(&g.shares), cell(&g.tickets.join(", "))));
        }
    }
    out
}
