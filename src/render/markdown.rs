//! The report as Markdown: a post-mortem draft in the form that teams use.

use super::escape::{markdown, markdown_code};
use super::{Renderer, Style};
use crate::report::{Proof, Report, Verdict, axis_notes};
use std::fmt::Write;

pub static RENDERER: Renderer = Renderer { name: "md", endings: &["md", "markdown"], render };

fn render(report: &Report, _: Style) -> String {
    let mut out = String::new();
    let v = &report.verdict;
    let _ = writeln!(out, "# Post-mortem draft\n\n## Summary\n\n{}\n", markdown(&v.headline));
    let _ = writeln!(
        out,
        "- Root cause: {}",
        v.root_cause.as_deref().map_or_else(|| "not proven".to_owned(), markdown_code)
    );
    let _ = writeln!(out, "- Confidence: {}", v.confidence.id());
    if !v.contributing.is_empty() {
        let _ = writeln!(
            out,
            "- Contributing: {}",
            v.contributing.iter().map(|c| markdown_code(c)).collect::<Vec<_>>().join(", ")
        );
    }
    impact(&mut out, report);
    chain(&mut out, v);
    consequences(&mut out, report);
    weighed(&mut out, v);
    missing(&mut out, v);
    remedies(&mut out, v);
    numbers(&mut out, report);
    risks(&mut out, report);
    timeline(&mut out, report);
    evidence(&mut out, v);
    axis(&mut out, report);
    inventory(&mut out, report);
    out
}

fn impact(out: &mut String, report: &Report) {
    if report.incidents.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n## Impact\n\n| incident | kind | start (UTC) | end (UTC) | old primary | new primary | write outage |\n|---|---|---|---|---|---|---|"
    );
    for i in &report.incidents {
        let outage = i
            .write_outage
            .as_ref()
            .map_or_else(|| "not measurable".to_owned(), |o| format!("{:.1} s ± {:.1} s", o.seconds, o.uncertainty_s));
        let name = |n: &Option<String>| n.as_deref().map_or_else(|| "–".to_owned(), markdown);
        let planned = if i.planned { " (planned)" } else { "" };
        let _ = writeln!(
            out,
            "| {} | {}{planned} | {} | {} | {} | {} | {outage} |",
            i.id,
            markdown(&i.kind),
            i.start,
            i.end,
            name(&i.old_primary),
            name(&i.new_primary)
        );
    }
}

fn chain(out: &mut String, v: &Verdict) {
    if v.chain.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n## Root cause and chain\n\n| time (UTC) | host | link | what | proof |\n|---|---|---|---|---|"
    );
    for l in &v.chain {
        let proof = l.evidence.first().map_or_else(String::new, place);
        let _ = writeln!(out, "| {} | {} | {} | {} | {proof} |", l.at, markdown(&l.host), l.role, markdown(&l.text));
    }
}

fn consequences(out: &mut String, report: &Report) {
    let Some(main) = report.incidents.iter().find(|i| i.verdict.headline == report.verdict.headline) else { return };
    let parts =
        [("Who took over", &main.succession), ("What it cost", &main.cost), ("Do not blame", &main.do_not_blame)];
    for (heading, statements) in parts.into_iter().filter(|(_, s)| !s.is_empty()) {
        let _ = writeln!(out, "\n## {heading}\n");
        for s in statements {
            let proof = s.evidence.first().map_or_else(String::new, place);
            let _ = writeln!(out, "- {} {proof}", markdown(&s.text));
        }
    }
}

fn weighed(out: &mut String, v: &Verdict) {
    if v.hypotheses.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Causes weighed\n\n| cause | status | because |\n|---|---|---|");
    for h in &v.hypotheses {
        let from = if h.status == "ruled_out" { &h.against } else { &h.pro };
        let why = from
            .first()
            .map(|p| p.text.clone())
            .or_else(|| h.needs.first().map(|n| format!("needs the {} of {}", n.kind, n.host)))
            .unwrap_or_default();
        let _ = writeln!(out, "| {} | {} | {} |", markdown_code(&h.cause), h.status.replace('_', " "), markdown(&why));
    }
}

fn missing(out: &mut String, v: &Verdict) {
    if v.missing_evidence.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Missing evidence\n");
    for m in &v.missing_evidence {
        let _ = writeln!(
            out,
            "- {} of {}, {}: {}  \n  decides {}",
            markdown(&m.kind),
            markdown(&m.host),
            if m.from.is_empty() { "around the incident".to_owned() } else { format!("{} to {}", m.from, m.to) },
            markdown_code(&m.command),
            markdown(&m.decides.join(", "))
        );
    }
}

fn remedies(out: &mut String, v: &Verdict) {
    if v.remedies.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Remedies\n");
    for r in &v.remedies {
        let _ = writeln!(
            out,
            "- [ ] ({}) {}  \n  Risk: {}. Worked if: {}.",
            r.kind.replace('_', " "),
            markdown(&r.text),
            markdown(&r.risk),
            markdown(&r.verify)
        );
    }
}

fn numbers(out: &mut String, report: &Report) {
    let main = report.incidents.iter().find(|i| i.verdict.headline == report.verdict.headline);
    let Some(found) = main.map(|i| &i.numbers).filter(|n| !n.is_empty()) else { return };
    let _ = writeln!(out, "\n## Numbers that stood out\n");
    for n in found {
        let _ = writeln!(out, "- {} {}", markdown(&n.text), place(n));
    }
}

fn risks(out: &mut String, report: &Report) {
    if report.risks.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Risks\n");
    for r in &report.risks {
        let _ = writeln!(out, "- {} {}", markdown(&r.text), r.evidence.first().map_or_else(String::new, place));
    }
}

fn timeline(out: &mut String, report: &Report) {
    if report.timeline.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Timeline (UTC)\n\n| time | host | program | event | place |\n|---|---|---|---|---|");
    for e in report.timeline.iter().filter(|e| e.alarm).take(80) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            e.at,
            markdown(&e.host),
            e.program,
            markdown(&e.text),
            markdown_code(&format!("{}:{}", e.path, e.line))
        );
    }
}

fn evidence(out: &mut String, v: &Verdict) {
    let Some(root) = v.hypotheses.iter().find(|h| Some(&h.cause) == v.root_cause.as_ref()) else { return };
    let _ = writeln!(out, "\n## Evidence\n");
    for p in root.pro.iter().chain(&root.against) {
        let _ = writeln!(out, "- {} {}", markdown(&p.text), place(p));
        if let Some(raw) = &p.raw {
            let _ = writeln!(out, "  {}", markdown_code(raw));
        }
    }
}

fn axis(out: &mut String, report: &Report) {
    let notes = axis_notes(report, false);
    if notes.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Lock, quorum, HA loops and clocks\n");
    for (about, text) in notes {
        let _ = writeln!(out, "- {about}: {}", markdown(&text));
    }
}

fn inventory(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "\n## What was read\n\n| source | kind | host | first | last | zone | lines | understood |\n|---|---|---|---|---|---|---|---|"
    );
    for s in &report.inventory.sources {
        let at = |a: &Option<String>| a.clone().unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} ({}) | {} | {} |",
            markdown_code(&s.path),
            markdown(&s.kind),
            markdown(&s.host),
            at(&s.first),
            at(&s.last),
            markdown(&s.zone),
            markdown(&s.zone_why),
            s.lines,
            s.understood
        );
    }
    for s in &report.inventory.skipped {
        let _ = writeln!(out, "\nNot read: {}: {}", markdown_code(&s.path), markdown(&s.why));
    }
}

fn place(p: &Proof) -> String {
    match p.line {
        _ if p.path.is_empty() => String::new(),
        Some(line) => markdown_code(&format!("{}:{line}", p.path)),
        None => markdown_code(&p.path),
    }
}
