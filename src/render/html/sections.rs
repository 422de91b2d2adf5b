//! The written parts of the page, in the order in which a reader asks.

use super::metrics::panel_of;
use super::page::Page;
use super::roles::kind;
use crate::render::times::{clock, day_clock};
use crate::render::words::{
    consequences as consequences_of, impact, main_incident, proof_of, reason, status_words, sure, why_line,
};
use crate::report::{Excerpt, Proof, Report, Verdict, VerdictKind};

/// Rows of the table of events.
const EVENTS: usize = 400;

/// The answer: what happened, when, why, how sure, what proves it, what to do.
pub fn answer(page: &mut Page, report: &Report) {
    let v = &report.verdict;
    let (class, words) = match v.kind {
        VerdictKind::Cause => ("cause", "Cause found"),
        VerdictKind::InsufficientEvidence => ("open", "Not proven"),
        VerdictKind::NoIncident => ("fine", "No failure"),
    };
    page.raw("<section id=\"answer\" class=\"answer ")
        .raw(class)
        .raw("\" aria-labelledby=\"headline\"><p class=\"badges\"><span class=\"badge\">");
    page.raw(words)
        .raw("</span> <span class=\"badge quiet\">certainty ")
        .raw(v.confidence.id())
        .raw("</span></p><h1 id=\"headline\">");
    page.text(&v.headline).raw("</h1><dl>");
    page.tagged("<div><dt>When</dt><dd>", &impact(report), "</dd></div>");
    page.raw("<div><dt>Why</dt><dd>")
        .text(&why_line(v))
        .raw(" <span class=\"soft\">(")
        .text(&sure(v))
        .raw(")</span></dd></div>");
    page.raw("<div><dt>Proof</dt><dd>");
    match proof_of(v) {
        Some(p) => {
            page.text(&p.text);
            links(page, report, std::slice::from_ref(p));
        }
        None => {
            page.raw("none in this bundle: see <a href=\"#missing\">what is missing</a>");
        }
    }
    page.raw("</dd></div>");
    if let (Some(m), VerdictKind::InsufficientEvidence) = (v.missing_evidence.first(), v.kind) {
        page.raw("<div><dt>Send</dt><dd>the ").text(&m.kind).raw(" of ").text(&m.host);
        page.raw("; it would decide ").text(&m.decides.join(", ")).raw("</dd></div>");
    } else if let Some(r) = v.remedies.first() {
        page.tagged("<div><dt>Do first</dt><dd>", &r.text, "</dd></div>");
    }
    page.raw("</dl></section>");
}

/// Links to the raw lines, or to the plot of the metric, that prove something.
pub fn links(page: &mut Page, report: &Report, proofs: &[Proof]) {
    linked(page, report, proofs, false);
}

/// The same with the file's name only.
pub fn short_links(page: &mut Page, report: &Report, proofs: &[Proof]) {
    linked(page, report, proofs, true);
}

fn linked(page: &mut Page, report: &Report, proofs: &[Proof], short: bool) {
    let mut told: Vec<(&str, Option<u32>)> = Vec::new();
    for p in proofs.iter().filter(|p| !p.path.is_empty()) {
        if told.contains(&(&p.path, p.line)) || told.len() >= 8 {
            continue;
        }
        told.push((&p.path, p.line));
        let shown = if short { p.path.rsplit(['/', '!']).next().unwrap_or(&p.path) } else { &p.path };
        page.raw(" ");
        match (p.line, &p.metric) {
            (Some(line), _) => match excerpt_of(report, &p.path, line) {
                Some(n) => {
                    page.raw("<a class=\"proof\" href=\"#x").int(n).raw("-").int(line as usize).raw("\">");
                    page.text(shown).raw(":").int(line as usize).raw("</a>");
                }
                None => {
                    page.raw("<span class=\"proof\">").text(shown).raw(":").int(line as usize).raw("</span>");
                }
            },
            (None, Some(metric))
                if report.series.iter().any(|s| metric.starts_with(&s.metric)) && panel_of(metric).is_some() =>
            {
                page.raw("<a class=\"proof\" href=\"#")
                    .raw(panel_of(metric).unwrap_or("plots"))
                    .raw("\">")
                    .text(&p.path)
                    .raw("</a>");
            }
            _ => {
                page.raw("<span class=\"proof\">").text(&p.path).raw("</span>");
            }
        }
    }
}

fn excerpt_of(report: &Report, path: &str, line: u32) -> Option<usize> {
    let covers = |x: &Excerpt| x.path == path && line >= x.first && ((line - x.first) as usize) < x.lines.len();
    report.excerpts.iter().position(covers)
}

/// The causal chain.
pub fn chain(page: &mut Page, report: &Report, v: &Verdict, id: &'static str) {
    if v.chain.is_empty() {
        return;
    }
    page.raw("<ol class=\"chain\" aria-labelledby=\"").raw(id).raw("\">");
    for l in &v.chain {
        let role = match l.role.as_str() {
            "root" => "root",
            "trigger" => "trigger",
            "mechanism" => "mechanism",
            _ => "effect",
        };
        page.raw("<li class=\"").raw(role).raw("\" data-host=\"").host(&l.host).raw("\"><time>");
        page.text(if l.at.is_empty() { "no time" } else { clock(&l.at) }).raw("</time><span class=\"role\">").raw(role);
        page.raw("</span><div>").text(&l.text);
        links(page, report, &l.evidence);
        page.raw("</div></li>");
    }
    page.raw("</ol>");
}

/// Who took over, what it cost, what is not to blame.
pub fn consequences(page: &mut Page, report: &Report) {
    let parts = consequences_of(report);
    if parts.is_empty() {
        return;
    }
    page.raw("<section id=\"cost\" aria-label=\"Consequences\">");
    for (title, statements) in parts {
        page.tagged("<h2>", title, "</h2><ul class=\"risks\">");
        for s in statements {
            page.raw("<li>").text(&s.text);
            links(page, report, &s.evidence);
            page.raw("</li>");
        }
        page.raw("</ul>");
    }
    page.raw("</section>");
}

/// Every cause with its status and reasons; those without any sign are folded.
pub fn weighed(page: &mut Page, report: &Report, v: &Verdict) {
    if v.hypotheses.is_empty() {
        return;
    }
    page.raw("<section id=\"weighed\" aria-labelledby=\"h-weighed\"><h2 id=\"h-weighed\">Causes weighed</h2>");
    let (open, dull): (Vec<_>, Vec<_>) =
        v.hypotheses.iter().partition(|h| matches!(h.status.as_str(), "confirmed" | "likely" | "possible"));
    let rows = |page: &mut Page, list: &[&crate::report::Hypothesis], name: &'static str| {
        page.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"").raw(name);
        page.raw("\"><table><thead><tr><th scope=\"col\">cause</th><th scope=\"col\">verdict</th><th scope=\"col\">because</th></tr></thead><tbody>");
        for h in list {
            page.raw("<tr><th scope=\"row\"><code>").text(&h.cause).raw("</code></th><td class=\"status ");
            page.raw(match h.status.as_str() {
                "confirmed" | "likely" => "yes",
                "possible" => "maybe",
                _ => "no",
            });
            page.raw("\">").text(status_words(&h.status)).raw("</td><td>");
            if h.pro.is_empty() && h.against.is_empty() {
                page.text(&reason(h));
            }
            for (sign, list) in [("for", &h.pro), ("against", &h.against)] {
                if list.is_empty() {
                    continue;
                }
                page.raw("<ul class=\"").raw(sign).raw("\">");
                for p in list.iter().take(8) {
                    page.raw("<li><span class=\"sign\">").raw(sign).raw("</span> ").text(&p.text);
                    links(page, report, std::slice::from_ref(p));
                    page.raw("</li>");
                }
                page.raw("</ul>");
            }
            page.raw("</td></tr>");
        }
        page.raw("</tbody></table></div>");
    };
    if !open.is_empty() {
        rows(page, &open, "Causes with signs");
    }
    if !dull.is_empty() {
        page.raw("<details><summary>Ruled out or not assessable: ").int(dull.len()).raw(" more</summary>");
        rows(page, &dull, "Causes ruled out or not assessable");
        page.raw("</details>");
    }
    page.raw("</section>");
}

pub fn missing(page: &mut Page, v: &Verdict) {
    if v.missing_evidence.is_empty() {
        return;
    }
    page.raw("<section id=\"missing\" aria-labelledby=\"h-missing\"><h2 id=\"h-missing\">What is missing, most decisive first</h2><ol class=\"missing\">");
    for m in &v.missing_evidence {
        page.raw("<li><b>").text(&m.kind).raw("</b> of ").text(&m.host);
        if !m.from.is_empty() {
            page.raw(", ").text(&day_clock(&m.from)).raw(" to ").text(clock(&m.to)).raw(" UTC");
        }
        page.raw(" <span class=\"soft\">decides ").text(&m.decides.join(", ")).raw("</span><pre tabindex=\"0\">");
        page.text(&m.command).raw("</pre></li>");
    }
    page.raw("</ol></section>");
}

pub fn remedies(page: &mut Page, v: &Verdict) {
    if v.remedies.is_empty() {
        return;
    }
    page.raw("<section id=\"remedies\" aria-labelledby=\"h-remedies\"><h2 id=\"h-remedies\">What to do</h2><ol class=\"remedies\">");
    for r in &v.remedies {
        page.raw("<li><span class=\"tag\">").raw(match r.kind.as_str() {
            "now" => "now",
            "stopgap" => "stop-gap",
            _ => "long-term",
        });
        page.raw("</span> ").text(&r.text);
        if !r.risk.is_empty() && r.risk != "none" {
            page.raw("<br><span class=\"soft\">Risk: ").text(&r.risk).raw("</span>");
        }
        page.raw("<br><span class=\"soft\">Worked if: ").text(&r.verify).raw("</span></li>");
    }
    page.raw("</ol></section>");
}

/// Numbers of the incident's time beside the host's usual ones.
pub fn numbers(page: &mut Page, report: &Report) {
    let found = main_incident(report).map_or(&[][..], |i| &i.numbers);
    if found.is_empty() {
        return;
    }
    page.raw("<section id=\"numbers\" aria-labelledby=\"h-numbers\"><h2 id=\"h-numbers\">Numbers that stood out</h2><ul class=\"risks\">");
    for n in found {
        page.raw("<li>").text(&n.text);
        links(page, report, std::slice::from_ref(n));
        page.raw("</li>");
    }
    page.raw("</ul></section>");
}

pub fn risks(page: &mut Page, report: &Report) {
    if report.risks.is_empty() {
        return;
    }
    page.raw("<section id=\"risks\" aria-labelledby=\"h-risks\"><h2 id=\"h-risks\">Risks</h2><ul class=\"risks\">");
    for r in &report.risks {
        page.raw("<li>").text(&r.text);
        links(page, report, &r.evidence);
        if !r.remedy.is_empty() {
            page.raw("<br><span class=\"soft\">").text(&r.remedy).raw("</span>");
        }
        page.raw("</li>");
    }
    page.raw("</ul></section>");
}

/// Incidents beside the one of the verdict.
pub fn others(page: &mut Page, report: &Report) {
    let rest: Vec<_> = report.incidents.iter().filter(|i| i.verdict.headline != report.verdict.headline).collect();
    if rest.is_empty() {
        return;
    }
    page.raw("<section id=\"others\" aria-labelledby=\"h-others\"><h2 id=\"h-others\">Also seen</h2>");
    for i in rest {
        page.raw("<details><summary>").text(&day_clock(&i.start)).raw(" ").text(&i.verdict.headline).raw("</summary>");
        chain(page, report, &i.verdict, "h-others");
        page.raw("</details>");
    }
    page.raw("</section>");
}

pub fn events(page: &mut Page, report: &Report) {
    if report.timeline.is_empty() {
        return;
    }
    page.raw("<section id=\"events\" aria-labelledby=\"h-events\"><h2 id=\"h-events\">Events</h2><p class=\"soft\" id=\"shown\">");
    page.int(report.timeline.len().min(EVENTS)).raw(" events, times in UTC.</p><p class=\"soft paper\">On paper only those that are alarms; all of them are in the file.</p><div class=\"scroll tall\" tabindex=\"0\" role=\"group\" aria-label=\"Events\"><table class=\"events\"><thead><tr><th scope=\"col\">time</th><th scope=\"col\">host</th><th scope=\"col\">program</th><th scope=\"col\">event</th><th scope=\"col\">line</th></tr></thead><tbody>");
    for (i, e) in report.timeline.iter().take(EVENTS).enumerate() {
        page.raw("<tr id=\"t").int(i).raw("\" data-host=\"").host(&e.host).raw("\" data-kind=\"").raw(kind(&e.program));
        page.raw("\" data-at=\"").text(&e.at).raw(if e.alarm { "\" class=\"alarm\"" } else { "\"" });
        page.raw("><td><time>").text(&e.at.replace('T', " ").replace('Z', "")).raw("</time></td><td>").text(&e.host);
        page.raw("</td><td>").text(&e.program).raw("</td><td>").raw(if e.alarm {
            "<span class=\"mark\">alarm</span> "
        } else {
            ""
        });
        page.text(&e.text).raw("</td><td>");
        let proof = Proof { path: e.path.clone(), line: Some(e.line), ..Proof::default() };
        if excerpt_of(report, &e.path, e.line).is_some() {
            links(page, report, &[proof]);
        } else {
            page.raw("<details class=\"rawline\"><summary>")
                .text(&e.path)
                .raw(":")
                .int(e.line as usize)
                .raw("</summary><code>");
            page.text(&e.raw).raw("</code></details>");
        }
        page.raw("</td></tr>");
    }
    page.raw("</tbody></table></div></section>");
}

/// The raw lines around what is cited.
pub fn excerpts(page: &mut Page, report: &Report) {
    if report.excerpts.is_empty() {
        return;
    }
    page.raw("<section id=\"lines\" aria-labelledby=\"h-lines\"><h2 id=\"h-lines\">Raw lines</h2><p class=\"soft\">The lines that are cited, as written, with their neighbours; secrets are masked. <span class=\"paper\">On paper without the neighbours.</span></p>");
    for (n, x) in report.excerpts.iter().enumerate() {
        page.raw("<div class=\"excerpt\" id=\"x")
            .int(n)
            .raw("\"><h3>")
            .text(&x.path)
            .raw("</h3><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Lines of ");
        page.text(&x.path).raw(", from ").int(x.first as usize).raw("\"><table class=\"raw\"><tbody>");
        for (i, line) in x.lines.iter().enumerate() {
            let number = x.first as usize + i;
            let cited = x.cited.contains(&(number as u32));
            page.raw("<tr id=\"x").int(n).raw("-").int(number).raw(if cited { "\" class=\"cited\"" } else { "\"" });
            page.raw("><th scope=\"row\">").int(number).raw("</th><td><code>").text(line).raw("</code></td></tr>");
        }
        page.raw("</tbody></table></div></div>");
    }
    page.raw("</section>");
}

pub fn inventory(page: &mut Page, report: &Report) {
    let inv = &report.inventory;
    page.raw("<section id=\"inventory\" aria-labelledby=\"h-inventory\"><h2 id=\"h-inventory\">What was read</h2><details><summary>");
    page.int(inv.hosts.len()).raw(" hosts, ").int(inv.sources.len()).raw(" sources</summary><ul>");
    for h in &inv.hosts {
        page.raw("<li><b>").text(&h.name).raw("</b>");
        let mut names: Vec<&str> = h.aliases.iter().map(|a| a.name.as_str()).filter(|n| *n != h.name).collect();
        names.dedup();
        if !names.is_empty() {
            page.raw(" <span class=\"soft\">also ").text(&names.join(", ")).raw("</span>");
        }
        page.raw("</li>");
    }
    page.raw("</ul><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Sources\"><table><thead><tr><th scope=\"col\">source</th><th scope=\"col\">kind</th><th scope=\"col\">host</th><th scope=\"col\">from (UTC)</th><th scope=\"col\">to (UTC)</th><th scope=\"col\">zone</th><th scope=\"col\">lines</th></tr></thead><tbody>");
    for s in &inv.sources {
        page.raw("<tr data-host=\"")
            .host(&s.host)
            .raw("\"><th scope=\"row\">")
            .text(&s.path)
            .raw("</th><td>")
            .text(&s.kind)
            .raw("</td><td>")
            .text(&s.host)
            .raw("</td><td>");
        page.text(&s.first.as_deref().map(day_clock).unwrap_or_default()).raw("</td><td>");
        page.text(&s.last.as_deref().map(day_clock).unwrap_or_default()).raw("</td><td>").text(&s.zone);
        if !s.zone_why.is_empty() {
            page.raw(" <span class=\"soft\">").text(&s.zone_why).raw("</span>");
        }
        page.raw("</td><td>").text(&s.lines.to_string());
        for p in s.problems.iter().take(5) {
            page.raw("<br><span class=\"soft\">").text(p).raw("</span>");
        }
        page.raw("</td></tr>");
    }
    page.raw("</tbody></table></div></details>");
    for note in &inv.notes {
        page.raw("<p>Note: ").text(note).raw("</p>");
    }
    if !inv.skipped.is_empty() {
        page.raw("<h3>Not read</h3><ul>");
        for s in &inv.skipped {
            page.raw("<li><code>").text(&s.path).raw("</code>: ").text(&s.why).raw("</li>");
        }
        page.raw("</ul>");
    }
    page.raw("</section>");
}
