//! The report as Markdown: a post-mortem draft in the form that teams use.

use super::escape::{markdown, markdown_cell, markdown_code};
use super::times::{clock, day_clock};
use super::words::{
    consequences as consequences_of, impact as impact_words, main_incident, reason, root, status_words, sure,
};
use super::{Renderer, Style};
use crate::report::{Missing, Proof, Report, Verdict, VerdictKind, axis_notes};
use std::fmt::Write;

pub static RENDERER: Renderer = Renderer { name: "md", endings: &["md", "markdown"], excerpts: false, render };

/// Rows of the timeline: a draft that nobody reads to its end is none.
const ROWS: usize = 60;

fn render(report: &Report, style: Style) -> String {
    let mut out = String::new();
    let v = &report.verdict;
    let day = main_incident(report).map_or_else(String::new, |i| format!(" of {}", i.start.get(..10).unwrap_or("")));
    let _ = writeln!(out, "# Post-mortem draft{day}\n\n## Summary\n\n{}\n", markdown(&v.headline));
    let _ = writeln!(out, "- Verdict: {}, {}", verdict_words(v), sure(v));
    if let Some(p) = super::words::proof_of(v) {
        let _ = writeln!(out, "- Best proof: {} {}", markdown(&p.text), place(p));
    }
    impact(&mut out, report);
    timeline(&mut out, report, style.verbose);
    cause(&mut out, v);
    contributing(&mut out, v);
    ruled_out(&mut out, v);
    detection(&mut out, report);
    consequences(&mut out, report);
    axis(&mut out, report);
    remedies(&mut out, v);
    missing(&mut out, v);
    numbers(&mut out, report);
    risks(&mut out, report);
    evidence(&mut out, report);
    inventory(&mut out, report);
    out
}

fn verdict_words(v: &Verdict) -> String {
    match (&v.root_cause, v.kind) {
        (Some(cause), _) => format!("caused by {}", markdown_code(cause)),
        (None, VerdictKind::NoIncident) => "no failure".to_owned(),
        (None, _) => "the cause is not proven".to_owned(),
    }
}

fn impact(out: &mut String, report: &Report) {
    let _ = writeln!(out, "\n## Impact\n\n{}.\n", markdown(&impact_words(report)));
    if !report.incidents.is_empty() {
        let _ = writeln!(
            out,
            "| incident | kind | start (UTC) | end (UTC) | old primary | new primary | write outage |\n|---|---|---|---|---|---|---|"
        );
    }
    for i in &report.incidents {
        let outage = i.write_outage.as_ref().map_or_else(|| "not measurable".to_owned(), super::words::lasted);
        let name = |n: &Option<String>| n.as_deref().map_or_else(|| "–".to_owned(), markdown);
        let planned = if i.planned { " (planned)" } else { "" };
        let _ = writeln!(
            out,
            "| {} | {}{planned} | {} | {} | {} | {} | {outage} |",
            markdown(&i.id),
            markdown(&i.kind),
            markdown(&day_clock(&i.start)),
            markdown(&day_clock(&i.end)),
            name(&i.old_primary),
            name(&i.new_primary)
        );
    }
    let _ = writeln!(out, "\n- Clients and business: *to be filled in by people*");
}

fn timeline(out: &mut String, report: &Report, verbose: bool) {
    if report.timeline.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Timeline (UTC)\n\n| time | host | program | event | place |\n|---|---|---|---|---|");
    let all = report.timeline.iter().filter(|e| verbose || e.alarm).collect::<Vec<_>>();
    let most = if verbose { usize::MAX } else { ROWS };
    for e in all.iter().take(most) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            markdown(&day_clock(&e.at)),
            markdown(&e.host),
            markdown(&e.program),
            markdown(&e.text),
            markdown_cell(&format!("{}:{}", e.path, e.line))
        );
    }
    if all.len() > most {
        let _ = writeln!(out, "\n{} more events: `pgautopsy timeline`.", all.len() - most);
    }
}

fn cause(out: &mut String, v: &Verdict) {
    let _ = writeln!(out, "\n## Root cause\n");
    match (&v.root_cause, v.kind) {
        (Some(cause), _) => {
            let _ = writeln!(out, "{}, {}.", markdown_code(cause), sure(v));
        }
        (None, VerdictKind::NoIncident) => {
            let _ = writeln!(out, "Nothing failed, or somebody asked for it.");
        }
        (None, _) => {
            let _ = writeln!(out, "Not proven by this bundle; see \"Missing evidence\".");
        }
    }
    if v.chain.is_empty() {
        return;
    }
    let _ = writeln!(out);
    for l in &v.chain {
        let at = if l.at.is_empty() { "no time" } else { clock(&l.at) };
        let proof = l.evidence.first().map_or_else(String::new, place);
        let _ = writeln!(out, "1. {} **{}** {} {proof}", markdown(at), markdown(&l.role), markdown(&l.text));
    }
}

fn contributing(out: &mut String, v: &Verdict) {
    if v.contributing.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Contributing factors\n");
    for c in &v.contributing {
        let why = v.hypotheses.iter().find(|h| h.cause == *c).map(reason).unwrap_or_default();
        let _ = writeln!(out, "- {} {}", markdown_code(c), markdown(&why));
    }
}

fn ruled_out(out: &mut String, v: &Verdict) {
    let rest =
        v.hypotheses.iter().filter(|h| Some(&h.cause) != v.root_cause.as_ref() && !v.contributing.contains(&h.cause));
    let (no, open): (Vec<_>, Vec<_>) = rest.partition(|h| h.status == "ruled_out");
    for (title, list) in [("What was ruled out", no), ("What stays open", open)] {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n## {title}\n\n| cause | status | because |\n|---|---|---|");
        for h in list {
            let (cause, status) = (markdown_cell(&h.cause), markdown(status_words(&h.status)));
            let _ = writeln!(out, "| {cause} | {status} | {} |", markdown(&reason(h)));
        }
    }
}

/// How long the cluster itself needed, as its phases tell; how people noticed only they know.
fn detection(out: &mut String, report: &Report) {
    let _ = writeln!(out, "\n## Detection\n");
    if let Some(i) = main_incident(report).filter(|i| !i.phases.is_empty()) {
        let first = i.phases.first().and_then(|p| super::times::seconds(&p.at));
        for p in &i.phases {
            let after = first.zip(super::times::seconds(&p.at)).map_or(0.0, |(a, b)| b - a);
            let proof = p.evidence.first().map_or_else(String::new, place);
            let _ = writeln!(
                out,
                "- {} +{} {} on {} {proof}",
                clock(&p.at),
                super::times::length(after),
                markdown(&p.name),
                markdown(&p.host)
            );
        }
    }
    let _ = writeln!(out, "- Noticed by: *to be filled in by people (alert, user, chance), and when*");
}

fn consequences(out: &mut String, report: &Report) {
    for (heading, statements) in consequences_of(report) {
        let _ = writeln!(out, "\n## {heading}\n");
        for s in statements {
            let proof = s.evidence.first().map_or_else(String::new, place);
            let _ = writeln!(out, "- {} {proof}", markdown(&s.text));
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

fn remedies(out: &mut String, v: &Verdict) {
    if v.remedies.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Remedies\n");
    for r in &v.remedies {
        let kind = match r.kind.as_str() {
            "now" => "now",
            "stopgap" => "stop-gap",
            _ => "long-term",
        };
        let risk = if r.risk.is_empty() || r.risk == "none" {
            String::new()
        } else {
            format!("Risk: {}. ", markdown(&r.risk))
        };
        let _ = writeln!(out, "- [ ] ({kind}) {}  \n  {risk}Worked if: {}.", markdown(&r.text), markdown(&r.verify));
    }
}

fn missing(out: &mut String, v: &Verdict) {
    if v.missing_evidence.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## Missing evidence\n");
    let period = |m: &Missing| match m.from.is_empty() {
        true => "around the incident".to_owned(),
        false => format!("{} to {} UTC", day_clock(&m.from), clock(&m.to)),
    };
    for m in &v.missing_evidence {
        let _ = writeln!(
            out,
            "- [ ] {} of {}, {}: {}  \n  decides {}",
            markdown(&m.kind),
            markdown(&m.host),
            markdown(&period(m)),
            markdown_code(&m.command),
            markdown(&m.decides.join(", "))
        );
    }
}

fn numbers(out: &mut String, report: &Report) {
    let found = main_incident(report).map_or(&[][..], |i| &i.numbers);
    if found.is_empty() {
        return;
    }
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
        let proof = r.evidence.first().map_or_else(String::new, place);
        let _ = writeln!(out, "- [ ] {} {proof}  \n  {}", markdown(&r.text), markdown(&r.remedy));
    }
}

fn evidence(out: &mut String, report: &Report) {
    let v = &report.verdict;
    let _ = writeln!(out, "\n## Appendix: evidence\n");
    let Some(root) = root(v) else {
        for p in v.chain.iter().flat_map(|l| &l.evidence).take(20) {
            cited(out, "", p);
        }
        return;
    };
    for (sign, list) in [("for", &root.pro), ("against", &root.against)] {
        for p in list {
            cited(out, sign, p);
        }
    }
}

fn cited(out: &mut String, sign: &str, p: &Proof) {
    let sign = if sign.is_empty() { String::new() } else { format!("({sign}) ") };
    let _ = writeln!(out, "- {sign}{} {}", markdown(&p.text), place(p));
    if let Some(raw) = &p.raw {
        let _ = writeln!(out, "  {}", markdown_code(raw));
    }
}

fn inventory(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "\n## Appendix: what was read\n\n| source | kind | host | from (UTC) | to (UTC) | zone | lines | understood |\n|---|---|---|---|---|---|---|---|"
    );
    for s in &report.inventory.sources {
        let at = |a: &Option<String>| markdown(&a.as_deref().map(day_clock).unwrap_or_default());
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} ({}) | {} | {} |",
            markdown_cell(&s.path),
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
    for note in &report.inventory.notes {
        let _ = writeln!(out, "\nNote: {}", markdown(note));
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
