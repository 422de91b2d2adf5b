//! The report for a terminal or a plain-text mail: the answer in five lines, then what proves it.

use super::escape::terminal;
use super::{Renderer, Style};
use crate::report::{Hypothesis, Missing, Proof, Report, Verdict, VerdictKind, axis_notes};
use std::fmt::Write;

pub static RENDERER: Renderer = Renderer { name: "text", endings: &["txt", "text"], render };

/// Rows shown of long lists unless everything is asked for.
const FOLDED: usize = 8;

fn render(report: &Report, style: Style) -> String {
    let mut p = Page { out: String::new(), style };
    answer(&mut p, report);
    chain(&mut p, &report.verdict);
    consequences(&mut p, report);
    questions(&mut p, &report.verdict);
    weighed(&mut p, &report.verdict);
    missing(&mut p, &report.verdict);
    steps(&mut p, &report.verdict);
    others(&mut p, report);
    numbers(&mut p, report);
    risks(&mut p, report);
    axis(&mut p, report);
    timeline(&mut p, report);
    inventory(&mut p, report);
    p.out
}

struct Page {
    out: String,
    style: Style,
}

impl Page {
    fn heading(&mut self, text: &str) {
        let _ = if self.style.colour {
            writeln!(self.out, "\n\x1b[1m{text}\x1b[0m")
        } else {
            writeln!(self.out, "\n{text}")
        };
    }

    /// A paragraph wrapped to the width; the first line begins with `lead`, the others are indented as far.
    fn wrapped(&mut self, lead: &str, text: &str) {
        let indent = lead.chars().count();
        let room = self.style.width.saturating_sub(indent).max(20);
        let safe = terminal(text, 4_000);
        let mut line = String::new();
        let mut first = true;
        let flush = |line: &mut String, first: &mut bool, out: &mut String| {
            let _ = if *first { writeln!(out, "{lead}{line}") } else { writeln!(out, "{}{line}", " ".repeat(indent)) };
            *first = false;
            line.clear();
        };
        for word in safe.split_whitespace() {
            let mut word = word.to_owned();
            while word.chars().count() > room {
                if !line.is_empty() {
                    flush(&mut line, &mut first, &mut self.out);
                }
                line = word.chars().take(room).collect();
                word = word.chars().skip(room).collect();
                flush(&mut line, &mut first, &mut self.out);
            }
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                flush(&mut line, &mut first, &mut self.out);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        if !line.is_empty() || first {
            flush(&mut line, &mut first, &mut self.out);
        }
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}", terminal(text, self.style.width));
    }

    fn shown(&self, n: usize) -> usize {
        if self.style.verbose { n } else { n.min(FOLDED) }
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
    let main = report.incidents.iter().find(|i| i.verdict.headline == v.headline);
    let outage = match main.and_then(|i| i.write_outage.as_ref()) {
        Some(o) => format!(
            "{} to {} UTC, {:.1} s (±{:.1} s) without a primary that takes writes",
            clock(&o.from),
            clock(&o.to),
            o.seconds,
            o.uncertainty_s
        ),
        None => match main {
            Some(i) => format!("{} to {} UTC; no write outage can be measured", day_clock(&i.start), clock(&i.end)),
            None => "no incident in the bundle".to_owned(),
        },
    };
    p.wrapped("  When      ", &outage);
    let cause = match (&v.root_cause, v.kind) {
        (Some(cause), _) => {
            let with = if v.contributing.is_empty() {
                String::new()
            } else {
                format!("; contributing: {}", v.contributing.join(", "))
            };
            format!("{cause}{with}")
        }
        (None, VerdictKind::NoIncident) if v.contributing.is_empty() => "nothing failed".to_owned(),
        (None, VerdictKind::NoIncident) => format!("no failure; {}", v.contributing.join(", ")),
        (None, _) => {
            let candidates: Vec<&str> = v
                .hypotheses
                .iter()
                .filter(|h| h.status == "possible" || h.status == "likely")
                .map(|h| h.cause.as_str())
                .collect();
            if candidates.is_empty() {
                "not told by this bundle".to_owned()
            } else {
                format!("not proven; candidates: {}", candidates.join(", "))
            }
        }
    };
    let why = v.hypotheses.iter().find(|h| Some(&h.cause) == v.root_cause.as_ref());
    let sure = why.map_or(String::new(), |h| format!(", {} for and {} against", h.pro.len(), h.against.len()));
    p.wrapped(&format!("  {word}"), &format!("{cause} (certainty {}{sure})", v.confidence.id()));
    let proof = why.and_then(|h| h.pro.first()).or_else(|| v.chain.iter().flat_map(|l| &l.evidence).next());
    match proof {
        Some(proof) => p.wrapped("  Proof     ", &format!("{} {}", proof.text, place(proof))),
        None => p.wrapped("  Proof     ", "none: see what is missing"),
    }
    if let Some(first) = v.missing_evidence.first().filter(|_| v.kind == VerdictKind::InsufficientEvidence) {
        p.wrapped(
            "  Send      ",
            &format!(
                "the {} of {}, {}; it would decide {}",
                first.kind,
                first.host,
                period(first),
                first.decides.join(", ")
            ),
        );
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
        let at = if link.at.is_empty() { "--:--:--".to_owned() } else { clock(&link.at) };
        p.wrapped(&format!("  {at}  "), &link.text);
        for proof in link.evidence.iter().take(if p.style.verbose { 6 } else { 1 }) {
            p.wrapped("            ", &place(proof));
            if let Some(raw) = proof.raw.as_ref().filter(|_| p.style.verbose) {
                p.wrapped("            | ", raw);
            }
        }
    }
}

/// Who took over, what it cost, and what is not to blame.
fn consequences(p: &mut Page, report: &Report) {
    let Some(main) = report.incidents.iter().find(|i| i.verdict.headline == report.verdict.headline) else { return };
    let parts =
        [("Who took over", &main.succession), ("What it cost", &main.cost), ("Do not blame", &main.do_not_blame)];
    for (heading, statements) in parts.into_iter().filter(|(_, s)| !s.is_empty()) {
        p.heading(heading);
        for s in statements.iter().take(p.shown(statements.len())) {
            p.wrapped("  - ", &format!("{} {}", s.text, s.evidence.first().map_or_else(String::new, place)));
        }
    }
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

fn status_words(status: &str) -> &str {
    match status {
        "ruled_out" => "no",
        "not_assessable" => "cannot tell",
        other => other,
    }
}

/// Why a hypothesis stands where it stands: its best reason, or what is missing.
fn reason(h: &Hypothesis) -> String {
    let from = if h.status == "ruled_out" || h.pro.is_empty() { &h.against } else { &h.pro };
    match (from.first(), h.needs.first()) {
        (Some(proof), _) => proof.text.clone(),
        (None, Some(need)) => format!("needs the {} of {}", need.kind, need.host),
        (None, None) => String::new(),
    }
}

fn questions(p: &mut Page, v: &Verdict) {
    let asked: Vec<_> =
        QUESTIONS.iter().filter_map(|(q, id)| Some((q, v.hypotheses.iter().find(|h| h.cause == *id)?))).collect();
    if asked.is_empty() {
        return;
    }
    p.heading("Questions, in the order experts ask");
    for (question, h) in asked {
        p.wrapped(&format!("  {question:<25} {:<12} ", status_words(&h.status)), &reason(h));
    }
}

fn weighed(p: &mut Page, v: &Verdict) {
    if v.hypotheses.is_empty() {
        return;
    }
    p.heading("Causes weighed");
    let words = |status: &str| match status {
        "confirmed" => "confirmed",
        "likely" => "likely",
        "possible" => "possible",
        "ruled_out" => "ruled out",
        _ => "not assessable",
    };
    let mut folded = 0;
    for (i, h) in v.hypotheses.iter().enumerate() {
        let dull = matches!(h.status.as_str(), "not_assessable" | "ruled_out") && i >= p.shown(usize::MAX).min(14);
        if dull && !p.style.verbose {
            folded += 1;
            continue;
        }
        p.wrapped(&format!("  {:<28} {:<15}", h.cause, words(&h.status)), &reason(h));
        if p.style.verbose {
            for proof in h.pro.iter().chain(&h.against) {
                p.wrapped("      ", &format!("{} {}", proof.text, place(proof)));
            }
        }
    }
    if folded > 0 {
        p.line(&format!("  {folded} more without any sign: -v"));
    }
}

fn missing(p: &mut Page, v: &Verdict) {
    if v.missing_evidence.is_empty() {
        return;
    }
    p.heading("Missing, most decisive first");
    let shown = if p.style.verbose { v.missing_evidence.len() } else { v.missing_evidence.len().min(4) };
    for (i, m) in v.missing_evidence.iter().take(shown).enumerate() {
        p.wrapped(
            &format!("  {}  ", i + 1),
            &format!("{} of {}, {} (decides {})", m.kind, m.host, period(m), m.decides.join(", ")),
        );
        p.wrapped("     $ ", &m.command);
    }
}

fn steps(p: &mut Page, v: &Verdict) {
    if v.remedies.is_empty() {
        return;
    }
    p.heading("Next steps");
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
    let shown = p.shown(rest.len());
    for i in rest.iter().take(shown) {
        p.wrapped(&format!("  {:<3} ", i.id), &i.verdict.headline);
    }
    if rest.len() > shown {
        p.line(&format!("  {} more: -v", rest.len() - shown));
    }
}

/// Of the incident that the verdict is about.
fn numbers(p: &mut Page, report: &Report) {
    let main = report.incidents.iter().find(|i| i.verdict.headline == report.verdict.headline);
    let Some(found) = main.map(|i| &i.numbers).filter(|n| !n.is_empty()) else { return };
    p.heading("Numbers that stood out");
    let shown = p.shown(found.len());
    for n in found.iter().take(shown) {
        p.wrapped("  ", &format!("{} {}", n.text, place(n)));
    }
    if found.len() > shown {
        p.line(&format!("  {} more: -v", found.len() - shown));
    }
}

fn risks(p: &mut Page, report: &Report) {
    if report.risks.is_empty() {
        return;
    }
    p.heading("Risks");
    for r in report.risks.iter().take(p.shown(report.risks.len())) {
        let place_ = r.evidence.first().map_or(String::new(), place);
        p.wrapped("  ", &format!("{} {place_}", r.text));
    }
}

/// Lock, quorum, HA loops and clocks: what is out of the ordinary, or all of it.
fn axis(p: &mut Page, report: &Report) {
    let notes = axis_notes(report, p.style.verbose);
    if notes.is_empty() {
        return;
    }
    p.heading("Lock, quorum, HA loops and clocks (UTC)");
    let shown = p.shown(notes.len());
    for (about, text) in notes.iter().take(shown) {
        p.wrapped(&format!("  {about:<7} "), text);
    }
    if notes.len() > shown {
        p.line(&format!("  {} more: -v", notes.len() - shown));
    }
}

fn timeline(p: &mut Page, report: &Report) {
    if !p.style.verbose || report.timeline.is_empty() {
        return;
    }
    p.heading("Timeline (UTC)");
    for e in &report.timeline {
        let mark = if e.alarm { '!' } else { ' ' };
        p.line(&format!("  {} {mark} {:<10} {:<10} {}", clock(&e.at), e.host, e.program, e.text));
    }
}

fn inventory(p: &mut Page, report: &Report) {
    let inv = &report.inventory;
    p.heading(&format!("Read: {} sources of {} hosts", inv.sources.len(), inv.hosts.len()));
    let shown = if p.style.verbose { inv.sources.len() } else { 0 };
    for s in inv.sources.iter().take(shown) {
        let span = match (&s.first, &s.last) {
            (Some(a), Some(b)) => format!("{} to {}", day_clock(a), day_clock(b)),
            _ => "no times".to_owned(),
        };
        p.wrapped("  ", &format!("{} [{}] {} {span}; zone {}: {}", s.path, s.kind, s.host, s.zone, s.zone_why));
        for problem in &s.problems {
            p.wrapped("    ! ", problem);
        }
    }
    let assumed: Vec<&str> =
        inv.sources.iter().filter(|s| s.zone_why.starts_with("assumed")).map(|s| s.path.as_str()).collect();
    if !assumed.is_empty() {
        p.wrapped("  ", &format!("zone assumed to be UTC for {} (set it with --tz)", assumed.join(", ")));
    }
    for s in inv.skipped.iter().take(p.shown(inv.skipped.len())) {
        p.wrapped("  not read: ", &format!("{}: {}", s.path, s.why));
    }
    if inv.skipped.len() > p.shown(inv.skipped.len()) {
        p.line(&format!("  {} more not read: -v", inv.skipped.len() - p.shown(inv.skipped.len())));
    }
    if !p.style.verbose {
        p.line("  -v shows every source, all evidence and the timeline.");
    }
}

/// `[path:line]`, or the metric's window.
fn place(proof: &Proof) -> String {
    match (proof.line, proof.path.is_empty()) {
        (_, true) => String::new(),
        (Some(line), _) => format!("[{}:{line}]", proof.path),
        (None, _) => format!("[{}]", proof.path),
    }
}

/// `13:45:05` of an RFC 3339 stamp.
fn clock(at: &str) -> String {
    at.get(11..19).unwrap_or(at).to_owned()
}

/// `2021-02-01 13:45:05`.
fn day_clock(at: &str) -> String {
    format!("{} {}", at.get(..10).unwrap_or(""), clock(at))
}
