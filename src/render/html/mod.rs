//! The report as one HTML file: no network, readable without its script, on paper, in the dark and by a screen reader.

mod draw;
mod figure;
mod metrics;
mod page;
mod roles;
mod sections;

use super::{Renderer, Style, times};
use crate::report::Report;
use draw::Scale;
use page::Page;
use serde_json::json;
use sha2::{Digest, Sha256};

pub static RENDERER: Renderer = Renderer { name: "html", endings: &["html", "htm"], excerpts: true, render };

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

fn render(report: &Report, _: Style) -> String {
    let mut page = Page::default();
    page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>").text(&report.verdict.headline);
    page.raw("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // A line of a log could not run even if it got through the escaping: only our own style and script may.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src ");
    page.text(&hash(CSS))
        .raw("; script-src ")
        .text(&hash(JS))
        .raw("\">\n<link rel=\"icon\" href=\"data:,\">\n<style>")
        .raw(CSS);
    page.raw("</style></head><body><a class=\"skip\" href=\"#answer\">Skip to the answer</a><header><p class=\"name\">pgautopsy</p><nav aria-label=\"Sections\"><a href=\"#chain\">What happened</a> <a href=\"#plots\">Plots</a> <a href=\"#weighed\">Causes</a> <a href=\"#remedies\">What to do</a> <a href=\"#events\">Events</a> <a href=\"#lines\">Raw lines</a></nav><p class=\"buttons\" hidden><button type=\"button\" id=\"theme\">Dark</button></p></header><main>");
    sections::answer(&mut page, report);
    page.raw("<section id=\"chain\" aria-labelledby=\"h-chain\"><h2 id=\"h-chain\">What happened <span class=\"soft\">(UTC)</span></h2>");
    if report.verdict.chain.is_empty() {
        page.raw("<p>Nothing that this bundle could show.</p>");
    }
    sections::chain(&mut page, report, &report.verdict, "h-chain");
    page.raw("</section>");
    sections::consequences(&mut page, report);
    sections::remedies(&mut page, &report.verdict);
    let data = plots(&mut page, report);
    sections::numbers(&mut page, report);
    sections::weighed(&mut page, report, &report.verdict);
    sections::missing(&mut page, &report.verdict);
    sections::risks(&mut page, report);
    sections::others(&mut page, report);
    sections::events(&mut page, report);
    sections::excerpts(&mut page, report);
    sections::inventory(&mut page, report);
    page.raw("</main><footer><p>").text(&report.tool.name).raw(" ").text(&report.tool.version);
    page.raw(". This file needs no network and sends nothing. All times are UTC.</p></footer><div id=\"tip\" hidden></div><div id=\"say\" class=\"hear\" role=\"status\" aria-live=\"polite\"></div><dialog id=\"box\" aria-labelledby=\"box-t\"><div class=\"boxhead\"><h2 id=\"box-t\">Raw lines</h2><button type=\"button\" id=\"close\">Close</button></div><div id=\"box-body\" tabindex=\"0\" role=\"group\" aria-label=\"Lines\"></div></dialog>\n<script type=\"application/json\" id=\"data\">");
    page.json(&data).raw("</script>\n<script>").raw(JS).raw("</script></body></html>\n");
    page.finish()
}

/// `'sha256-…'` of a style or script, for the security policy.
fn hash(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("'sha256-");
    for chunk in Sha256::digest(text.as_bytes()).chunks(3) {
        let byte = |i: usize| chunk.get(i).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS.get((bits >> (18 - 6 * i) & 63) as usize).copied().unwrap_or(b'A');
            out.push(if i > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    out.push('\'');
    out
}

/// All plots with the controls that the script brings to life; gives the script's data.
fn plots(page: &mut Page, report: &Report) -> serde_json::Value {
    let span = report.window.as_ref().and_then(|w| Some((times::seconds(&w.from)?, times::seconds(&w.to)?)));
    let Some((from, to)) = span.filter(|(a, b)| b > a) else { return json!(null) };
    let scale = Scale { from, to, top: 1.0 };
    let mut hosts: Vec<String> = super::words::lanes(report).map(|l| l.host.clone()).collect();
    let others = report
        .series
        .iter()
        .map(|s| &s.host)
        .chain(report.volume.iter().map(|v| &v.host))
        .chain(report.timeline.iter().map(|e| &e.host));
    for h in others.filter(|h| !h.is_empty()) {
        if !hosts.contains(h) {
            hosts.push(h.clone());
        }
    }
    hosts.sort();
    let roles = roles::figure(report, scale, &hosts);
    let (figures, flat) = metrics::figures(report, scale, &hosts);
    if roles.is_none() && figures.is_empty() {
        return json!(null);
    }
    page.raw("<section id=\"plots\" aria-labelledby=\"h-plots\"><h2 id=\"h-plots\">Around it</h2><p class=\"soft\">");
    page.text(
        &report
            .window
            .as_ref()
            .map_or_else(String::new, |w| format!("{} to {} UTC.", times::day_clock(&w.from), times::day_clock(&w.to))),
    );
    page.raw(" Shaded: the incident; darker: no primary that takes writes.</p><form id=\"controls\" hidden><fieldset><legend>Time (UTC)</legend><button type=\"button\" id=\"whole\">Whole</button> <button type=\"button\" id=\"incident\">Incident</button> <button type=\"button\" id=\"in\" aria-label=\"Zoom in\">+</button> <button type=\"button\" id=\"out\" aria-label=\"Zoom out\">&minus;</button> <button type=\"button\" id=\"back\" aria-label=\"Earlier\">&larr;</button> <button type=\"button\" id=\"on\" aria-label=\"Later\">&rarr;</button> <label>from <input id=\"from\" size=\"19\" autocomplete=\"off\"></label> <label>to <input id=\"to\" size=\"19\" autocomplete=\"off\"></label> <button type=\"submit\" id=\"go\">Show</button></fieldset><fieldset id=\"hosts\"><legend>Hosts</legend>");
    for h in &hosts {
        page.raw("<label><input type=\"checkbox\" checked value=\"")
            .text(h)
            .raw("\"><span class=\"dot ")
            .text(&metrics::colour(h, &hosts));
        page.raw("\" aria-hidden=\"true\"></span>").text(h).raw("</label> ");
    }
    page.raw("</fieldset><fieldset id=\"kinds\"><legend>Events</legend>");
    for k in roles::KINDS.iter().filter(|k| report.timeline.iter().any(|e| roles::kind(&e.program) == **k)) {
        page.raw("<label><input type=\"checkbox\" checked value=\"").raw(k).raw("\">").raw(k).raw("</label> ");
    }
    page.raw("<label><input type=\"checkbox\" id=\"alarms\">alarms only</label></fieldset></form>");
    let mut data = Vec::new();
    if let Some(f) = &roles {
        f.write(page, &scale);
        roles::phases(report, page);
        data.push(f.data.clone());
    }
    for f in &figures {
        f.write(page, &scale);
        data.push(f.data.clone());
    }
    if !flat.is_empty() {
        page.raw("<p class=\"soft\">Zero all the time, so not drawn: ").text(&flat.join("; ")).raw(".</p>");
    }
    page.raw("</section>");
    let main = super::words::main_incident(report);
    let bounds = main.and_then(|i| Some([times::seconds(&i.start)? - from, times::seconds(&i.end)? - from]));
    json!({"from": from, "to": to, "incident": bounds, "figs": data})
}
