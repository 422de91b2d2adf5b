//! A card of at most twelve lines for a ticket: what a colleague must know before opening anything else.

use super::escape::terminal;
use super::times::{clock, day_clock};
use super::words::{impact, main_incident, proof_of, status_words, sure, why_line};
use super::{Renderer, Style};
use crate::report::{Report, VerdictKind};

pub static RENDERER: Renderer = Renderer { name: "card", endings: &["card"], excerpts: false, render };

/// Columns of the words at the left, and of a line.
const LABEL: usize = 10;
const WIDE: usize = 100;

fn render(report: &Report, _: Style) -> String {
    let v = &report.verdict;
    let mut lines: Vec<(&str, String)> = vec![("", v.headline.clone())];
    lines.push(("When", impact(report)));
    lines.push(("Why", format!("{} ({})", why_line(v), sure(v))));
    if let Some(p) = proof_of(v) {
        let place = p.line.map_or_else(|| p.path.clone(), |l| format!("{}:{l}", p.path));
        lines.push(("Proof", format!("{} [{place}]", p.text)));
    }
    if let Some(i) = main_incident(report) {
        let from = i.old_primary.as_deref().unwrap_or("-");
        let to = i.new_primary.as_deref().unwrap_or("-");
        let phases: Vec<String> = i.phases.iter().take(6).map(|p| format!("{} {}", clock(&p.at), p.name)).collect();
        lines.push(("Primary", format!("{from} -> {to}")));
        if !phases.is_empty() {
            lines.push(("Phases", phases.join(", ")));
        }
    }
    let out: Vec<&str> =
        v.hypotheses.iter().filter(|h| h.status == "ruled_out").map(|h| h.cause.as_str()).take(5).collect();
    if !out.is_empty() {
        lines.push(("Not", out.join(", ")));
    }
    if v.kind == VerdictKind::InsufficientEvidence {
        let open = v.hypotheses.iter().filter(|h| h.status == "possible").take(4);
        let open: Vec<String> = open.map(|h| format!("{} ({})", h.cause, status_words(&h.status))).collect();
        if !open.is_empty() {
            lines.push(("Open", open.join(", ")));
        }
    }
    if let Some(r) = v.remedies.first() {
        lines.push(("Do first", r.text.clone()));
    }
    if let Some(note) = report.inventory.notes.first() {
        lines.push(("Note", note.clone()));
    }
    if let Some(m) = v.missing_evidence.first() {
        let period =
            if m.from.is_empty() { String::new() } else { format!(", {} to {} UTC", day_clock(&m.from), clock(&m.to)) };
        lines.push(("Missing", format!("{} of {}{period}", m.kind, m.host)));
    }
    if let Some(r) = report.risks.first() {
        let more = if report.risks.len() > 1 { format!(" (+{} more)", report.risks.len() - 1) } else { String::new() };
        lines.push(("Risk", format!("{}{more}", r.text)));
    }
    lines.truncate(11);
    lines.push((
        "Read",
        format!(
            "{} sources of {} hosts, {} not read; {} {}",
            report.inventory.sources.len(),
            report.inventory.hosts.len(),
            report.inventory.skipped.len(),
            report.tool.name,
            report.tool.version
        ),
    ));
    let mut out = String::new();
    for (label, text) in lines {
        let room = if label.is_empty() { WIDE } else { WIDE - LABEL };
        if !label.is_empty() {
            out.push_str(&format!("{label:<LABEL$}"));
        }
        out.push_str(&terminal(&text, room));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_has_at_most_twelve_lines_whatever_the_logs_say() {
        let mut report = crate::render::testing::report();
        report.verdict.headline = "a\nb\u{1b}[2J\u{202e}c".repeat(500);
        let card = render(&report, Style::default());
        assert!(card.lines().count() <= 12, "{card}");
        assert!(card.lines().all(|l| l.chars().count() <= WIDE), "{card}");
        assert!(!card.contains(['\u{1b}', '\u{202e}']));
    }
}
