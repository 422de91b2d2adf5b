//! The report for a terminal or a plain-text mail: the answer in five lines, then what proves it.

use super::times::{clock, day_clock};
use super::words::{consequences as consequences_of, impact, proof_of, reason, status_words, sure, why_line};
use super::wrap::Page;
use super::{Renderer, Style, columns, plot};
use crate::report::{Hypothesis, Missing, Proof, Report, Verdict, VerdictKind, axis_notes};
use std::collections::BTreeMap;

pub static RENDERER: Renderer = Renderer { name: "text", endings: &["txt", "text"], excerpts: false, render };

/// Rows shown of long lists unless everything is asked for.
const FOLDED: usize = 6;

fn render(report: &Report, style: Style) -> String {
    let mut p = Page { out: String::new(), style };
    let v = &report.verdict;
    answer(&mut p, report);
    chain(&mut p, v);
    block(&mut p, "Host by host (UTC)", columns::lines(report, style));
    axis(&mut p, report);
    consequences(&mut p, report);
    let lines = plot::lines(report, style.width, style.ascii);
    block(&mut p, "The metric that matters", lines.iter().map(|l| format!("  {l}")).collect());
    weighed(&mut p, v);
    missing(&mut p, v);
    steps(&mut p, v);
    others(&mut p, report);
    numbers(&mut p, report);
    risks(&mut p, report);
    timeline(&mut p, report);
    inventory(&mut p, report);
    p.out
}

fn block(p: &mut Page, title: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        p.heading(title);
        lines.iter().for_each(|l| p.line(l));
    }
}

/// What happened, when, why, how sure, what proves it.
fn answer(p: &mut Page, report: &Report) {
    let v = &report.verdict;
    let (word, colour) = match v.kind {
        VerdictKind::Cause => ("Cause     ", "\x1b[1;31m"),
        VerdictKind::InsufficientEvidence => ("Cause     ", "\x1b[1;33m"),
        VerdictKind::NoIncident => ("Verdict   ", "\x1b[1;32m"),
    };
    if p.style.colour {
        p.out.push_str(colour);
    }
    p.wrapped("", &v.headline);
    if p.style.colour {
        p.out.push_str("\x1b[0m");
    }
    p.wrapped("  When      ", &impact(report));
    p.wrapped(&format!("  {word}"), &format!("{} ({})", why_line(v), sure(v)));
    match proof_of(v) {
        Some(proof) => p.wrapped("  Proof     ", &format!("{} {}", proof.text, place(proof))),
        None if v.missing_evidence.is_empty() => p.wrapped("  Proof     ", "none"),
        None => p.wrapped("  Proof     ", "none: see what is missing"),
    }
    match (v.missing_evidence.first(), v.kind) {
        (Some(m), VerdictKind::InsufficientEvidence) => p.wrapped(
            "  Send      ",
            &format!("the {} of {}, {}; it would decide {}", m.kind, m.host, period(m), m.decides.join(", ")),
        ),
        _ => {
            if let Some(r) = v.remedies.first() {
                p.wrapped("  Do first  ", &r.text);
            }
        }
    }
}

/// The time that missing data should cover.
fn period(m: &Missing) -> String {
    if m.from.is_empty() {
        return "the minutes around the incident".to_owned();
    }
    format!("{} to {} UTC", day_clock(&m.from), clock(&m.to))
}

fn chain(p: &mut Page, v: &Verdict) {
    if v.chain.is_empty() {
        return;
    }
    p.heading("What happened (UTC)");
    for link in &v.chain {
        let at = if link.at.is_empty() { "--:--:--" } else { clock(&link.at) };
        let lead = format!("  {at}  ");
        let proof = link.evidence.first().map(place).unwrap_or_default();
        p.wrapped(&lead, &format!("{} {proof}", link.text));
        for proof in link.evidence.iter().take(if p.style.verbose { 6 } else { 0 }) {
            if link.evidence.len() > 1 {
                p.wrapped("            ", &place(proof));
            }
            if let Some(raw) = &proof.raw {
                p.wrapped("            | ", raw);
            }
        }
    }
}

/// Who took over, what it cost, and what is not to blame.
fn consequences(p: &mut Page, report: &Report) {
    for (heading, statements) in consequences_of(report) {
        p.heading(heading);
        let shown = p.shown(statements.len(), FOLDED);
        for s in statements.iter().take(shown) {
            p.wrapped("  - ", &format!("{} {}", s.text, s.evidence.first().map_or_else(String::new, place)));
        }
        more(p, statements.len() - shown);
    }
}

/// Lock, quorum, HA loops and clocks: what is out of the ordinary, or all of it.
fn axis(p: &mut Page, report: &Report) {
    let notes = axis_notes(report, p.style.verbose);
    if notes.is_empty() {
        return;
    }
    p.heading("Lock, quorum, HA loops and clocks (UTC)");
    let shown = p.shown(notes.len(), FOLDED);
    for (about, text) in notes.iter().take(shown) {
        p.wrapped(&format!("  {about:<7} "), text);
    }
    more(p, notes.len() - shown);
}

/// The order in which experts ask: the server itself, orders, space, I/O, and the network as what remains.
const QUESTIONS: &[(&str, &str)] = &[
    ("PostgreSQL crash?", "postgres_crash"),
    ("Somebody's order?", "planned_or_external_action"),
    ("DCS quorum?", "etcd_quorum_loss"),
    ("Disk space?", "disk_full"),
    ("etcd's disk?", "etcd_slow_disk"),
    ("Host's disk?", "host_disk_io"),
    ("Host or process stalled?", "host_stall"),
    ("Network?", "dcs_network"),
];

/// The experts' questions with their answers, then every other cause that has a sign; the rest on request.
fn weighed(p: &mut Page, v: &Verdict) {
    if v.hypotheses.is_empty() {
        return;
    }
    let answer = |h: &Hypothesis| match h.status.as_str() {
        "ruled_out" => "no",
        "not_assessable" => "cannot tell",
        "confirmed" => "yes",
        "likely" => "likely",
        _ => "possible",
    };
    p.heading("Asked, in the order in which experts ask");
    let asked = |id: &str| QUESTIONS.iter().any(|(_, q)| *q == id);
    for (question, id) in QUESTIONS {
        if let Some(h) = v.hypotheses.iter().find(|h| h.cause == *id) {
            p.wrapped(&format!("  {question:<25} {:<12} ", answer(h)), &reason(h));
        }
    }
    let (signs, dull): (Vec<_>, Vec<_>) = v
        .hypotheses
        .iter()
        .filter(|h| p.style.verbose || !asked(&h.cause))
        .partition(|h| matches!(h.status.as_str(), "confirmed" | "likely" | "possible"));
    if !signs.is_empty() {
        p.heading(if p.style.verbose { "Causes with signs" } else { "Other causes with signs" });
    }
    for h in signs {
        hypothesis(p, h);
    }
    if p.style.verbose {
        p.heading("Ruled out or not assessable");
        dull.into_iter().for_each(|h| hypothesis(p, h));
        return;
    }
    let no = dull.iter().filter(|h| h.status == "ruled_out").count();
    if no > 0 {
        p.line(&format!("  {no} more ruled out, {} not assessable: -v", dull.len() - no));
    }
}

fn hypothesis(p: &mut Page, h: &Hypothesis) {
    p.wrapped(&format!("  {:<28} {:<14} ", h.cause, status_words(&h.status)), &reason(h));
    if p.style.verbose {
        for (sign, list) in [("+", &h.pro), ("-", &h.against)] {
            for proof in list {
                p.wrapped(&format!("      {sign} "), &format!("{} {}", proof.text, place(proof)));
            }
        }
    }
}

fn missing(p: &mut Page, v: &Verdict) {
    if v.missing_evidence.is_empty() {
        return;
    }
    p.heading("Missing, most decisive first");
    // Where the cause is known, what is missing can wait.
    let folded = if v.kind == VerdictKind::InsufficientEvidence { 4 } else { 1 };
    let shown = p.shown(v.missing_evidence.len(), folded);
    for (i, m) in v.missing_evidence.iter().take(shown).enumerate() {
        let text = format!("{} of {}, {} (decides {})", m.kind, m.host, period(m), m.decides.join(", "));
        p.wrapped(&format!("  {}  ", i + 1), &text);
        p.wrapped("     $ ", &m.command);
    }
    more(p, v.missing_evidence.len() - shown);
}

fn more(p: &mut Page, n: usize) {
    if n > 0 {
        p.line(&format!("  {n} more: -v"));
    }
}

fn steps(p: &mut Page, v: &Verdict) {
    if v.remedies.is_empty() {
        return;
    }
    p.heading("What to do");
    for (i, r) in v.remedies.iter().enumerate() {
        let kind = match r.kind.as_str() {
            "now" => "",
            "stopgap" => "Stop-gap: ",
            _ => "Long-term: ",
        };
        p.wrapped(&format!("  {}  ", i + 1), &format!("{kind}{}", r.text));
        if r.risk != "none" && !r.risk.is_empty() {
            p.wrapped("     Risk: ", &r.risk);
        }
        p.wrapped("     Worked if: ", &r.verify);
    }
}

fn others(p: &mut Page, report: &Report) {
    let rest: Vec<_> = report.incidents.iter().filter(|i| i.verdict.headline != report.verdict.headline).collect();
    if rest.is_empty() {
        return;
    }
    p.heading(&format!("Also seen ({})", rest.len()));
    let shown = p.shown(rest.len(), FOLDED);
    for i in rest.iter().take(shown) {
        p.wrapped(&format!("  {:<3} ", i.id), &i.verdict.headline);
    }
    more(p, rest.len() - shown);
}

/// Of the incident that the verdict is about.
fn numbers(p: &mut Page, report: &Report) {
    let main = report.incidents.iter().find(|i| i.verdict.headline == report.verdict.headline);
    let Some(found) = main.map(|i| &i.numbers).filter(|n| !n.is_empty()) else { return };
    p.heading("Numbers that stood out");
    let shown = p.shown(found.len(), FOLDED);
    for n in found.iter().take(shown) {
        p.wrapped("  ", &format!("{} {}", n.text, place(n)));
    }
    more(p, found.len() - shown);
}

fn risks(p: &mut Page, report: &Report) {
    if report.risks.is_empty() {
        return;
    }
    p.heading("Risks");
    let shown = p.shown(report.risks.len(), FOLDED);
    for r in report.risks.iter().take(shown) {
        p.wrapped("  ", &format!("{} {}", r.text, r.evidence.first().map_or(String::new(), place)));
        if p.style.verbose && !r.remedy.is_empty() {
            p.wrapped("      ", &r.remedy);
        }
    }
    more(p, report.risks.len() - shown);
}

fn timeline(p: &mut Page, report: &Report) {
    if !p.style.verbose || report.timeline.is_empty() {
        return;
    }
    p.heading("Timeline (UTC)");
    for e in &report.timeline {
        let mark = if e.alarm { '!' } else { ' ' };
        let (host, program) = (p.safe(&e.host, 10), p.safe(&e.program, 10));
        p.wrapped(&format!("  {} {mark} {host:<10} {program:<10} ", clock(&e.at)), &e.text);
    }
}

fn inventory(p: &mut Page, report: &Report) {
    let inv = &report.inventory;
    p.heading(&format!("Read: {} sources of {} hosts", inv.sources.len(), inv.hosts.len()));
    if p.style.verbose {
        for s in &inv.sources {
            let span = match (&s.first, &s.last) {
                (Some(a), Some(b)) => format!("{} to {}", day_clock(a), day_clock(b)),
                _ => "no times".to_owned(),
            };
            p.wrapped("  ", &format!("{} [{}] {} {span}; zone {}: {}", s.path, s.kind, s.host, s.zone, s.zone_why));
            for problem in &s.problems {
                p.wrapped("    ! ", problem);
            }
        }
    } else {
        hosts(p, report);
    }
    let assumed: Vec<&str> =
        inv.sources.iter().filter(|s| s.zone_why.starts_with("assumed")).map(|s| s.path.as_str()).collect();
    if !assumed.is_empty() {
        p.wrapped("  ", &format!("zone assumed to be UTC for {} (set it with --tz)", assumed.join(", ")));
    }
    for note in &inv.notes {
        p.wrapped("  note: ", note);
    }
    let shown = p.shown(inv.skipped.len(), FOLDED);
    for s in inv.skipped.iter().take(shown) {
        p.wrapped("  not read: ", &format!("{}: {}", s.path, s.why));
    }
    more(p, inv.skipped.len() - shown);
    if !p.style.verbose {
        p.line("  -v: every source, all evidence, the timeline. -o report.html: the plots.");
    }
}

/// Kinds of a host's sources, first and last time.
type Coverage<'a> = (Vec<&'a str>, Option<&'a str>, Option<&'a str>);

/// One line per host: kinds of sources and the time they cover.
fn hosts(p: &mut Page, report: &Report) {
    let mut of: BTreeMap<&str, Coverage<'_>> = BTreeMap::new();
    for s in &report.inventory.sources {
        let entry = of.entry(s.host.as_str()).or_default();
        let kinds = s.kind.split([' ', ':', '+', ',']).filter(|k| !k.is_empty());
        entry.0.extend(kinds);
        let first = s.first.as_deref();
        entry.1 = [entry.1, first].into_iter().flatten().min();
        entry.2 = entry.2.max(s.last.as_deref());
    }
    for (host, (mut kinds, first, last)) in of.into_iter().take(12) {
        kinds.sort_unstable();
        kinds.dedup();
        let programs = ["patroni", "etcd", "postgresql", "sysstat", "kernel", "systemd", "proxy"];
        let named: Vec<&str> = programs.iter().copied().filter(|k| kinds.contains(k)).collect();
        let rest = kinds.iter().filter(|k| !programs.contains(k)).count();
        let also = if rest > 0 { format!(" and {rest} other kinds") } else { String::new() };
        let span = match (first, last) {
            (Some(a), Some(b)) => format!("{} to {}", day_clock(a), clock(b)),
            _ => "no times".to_owned(),
        };
        let host = p.safe(if host.is_empty() { "no host" } else { host }, 14);
        p.wrapped(&format!("  {host:<14} "), &format!("{span}; {}{also}", named.join(", ")));
    }
}

/// `[path:line]`, or the source alone.
fn place(proof: &Proof) -> String {
    match (proof.line, proof.path.is_empty()) {
        (_, true) => String::new(),
        (Some(line), _) => format!("[{}:{line}]", proof.path),
        (None, _) => format!("[{}]", proof.path),
    }
}
