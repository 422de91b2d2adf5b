//! The incident as a table of text: time downwards, one column per host, its role as a bar.

use super::Style;
use super::escape::terminal;
use super::times::{clock, seconds};
use super::words::{lanes, main_incident};
use super::wrap::{fitted, wrap};
use crate::report::{Phase, Report};
use unicode_width::UnicodeWidthStr;

/// Hosts that fit beside each other, and rows unless everything is asked for.
const HOSTS: usize = 4;
const ROWS: usize = 18;

/// The lines of the table; none without an incident or hosts.
pub fn lines(report: &Report, style: Style) -> Vec<String> {
    let Some(incident) = main_incident(report) else { return Vec::new() };
    let bounds = seconds(&incident.start).zip(seconds(&incident.end));
    let Some((from, to)) = bounds.map(|(a, b)| (a - 60.0, b + 60.0)) else { return Vec::new() };
    let mut hosts: Vec<&str> = incident.hosts.iter().map(String::as_str).collect();
    hosts.extend(lanes(report).map(|l| l.host.as_str()));
    let mut seen = std::collections::BTreeSet::new();
    hosts.retain(|h| seen.insert(*h));
    let left_out = hosts.len().saturating_sub(HOSTS);
    hosts.truncate(HOSTS);
    hosts.sort_unstable();
    // What happened: phases, changes of roles, and the links of the chain.
    let mut rows: Vec<(f64, String, &str, String)> = Vec::new();
    let mut add = |at: &str, host: &str, text: &str| {
        let Some(t) = seconds(at).filter(|t| *t >= from && *t <= to) else { return };
        let Some(host) = hosts.iter().find(|h| **h == host) else { return };
        let text = text.strip_prefix(&format!("{host}: ")).unwrap_or(text);
        if !rows.iter().any(|r| r.2 == *host && r.3 == text && (r.0 - t).abs() < 1.0) {
            rows.push((t, clock(at).to_owned(), host, text.to_owned()));
        }
    };
    incident.phases.iter().for_each(|p| add(&p.at, &p.host, &p.name));
    // A phase says more than the role that begins with it, and is shorter than a link of the chain.
    let near = |at: &str, host: &str| {
        let apart = |p: &Phase| seconds(&p.at).zip(seconds(at)).map_or(f64::MAX, |(a, b)| (a - b).abs());
        incident.phases.iter().any(|p| p.host == host && apart(p) < 1.5)
    };
    for lane in lanes(report) {
        let told = lane.intervals.iter().filter(|s| s.role != "unknown" && !near(&s.from, &lane.host));
        told.for_each(|s| add(&s.from, &lane.host, &s.role));
    }
    if style.verbose {
        report.timeline.iter().filter(|e| e.alarm).for_each(|e| add(&e.at, &e.host, &e.text));
    } else {
        let links = incident.verdict.chain.iter().filter(|l| !near(&l.at, &l.host));
        links.for_each(|l| add(&l.at, &l.host, l.text.split(" [").next().unwrap_or(&l.text)));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.2, &a.3).cmp(&(b.2, &b.3))));
    if hosts.is_empty() || rows.is_empty() {
        return Vec::new();
    }
    let wide = (style.width.saturating_sub(12) / hosts.len()).saturating_sub(3).max(8);
    let pad = |text: &str| format!("{text}{}", " ".repeat(wide.saturating_sub(text.width())));
    let mut head = String::from("            ");
    hosts.iter().for_each(|h| head.push_str(&format!("  {} ", pad(&fitted(&terminal(h, 60), wide)))));
    let mut out = vec![head.trim_end().to_owned()];
    let most = if style.verbose { usize::MAX } else { ROWS };
    let (all, mut shown) = (rows.len(), 0);
    let mut rows = rows.into_iter().peekable();
    while let Some((mut t, at, host, text)) = rows.next() {
        if shown >= most {
            break;
        }
        let mut cells: Vec<Vec<String>> = vec![Vec::new(); hosts.len()];
        let high = if style.verbose { usize::MAX } else { 3 };
        let mut put = |host: &str, text: &str| {
            if let Some(cell) = hosts.iter().position(|h| *h == host).and_then(|i| cells.get_mut(i)) {
                let mut lines = wrap(&terminal(text, 200), wide);
                if lines.len() > high {
                    lines.truncate(high);
                    if let Some(last) = lines.last_mut() {
                        *last = fitted(last, wide - 1) + "…";
                    }
                }
                cell.extend(lines);
            }
        };
        put(host, &text);
        shown += 1;
        // The same second shares a row.
        while let Some(next) = rows.next_if(|r| r.1 == at) {
            put(next.2, &next.3);
            t = next.0;
            shown += 1;
        }
        let high = cells.iter().map(Vec::len).max().unwrap_or(1);
        for i in 0..high {
            let mut line = if i == 0 { format!("  {at}  ") } else { " ".repeat(12) };
            for (host, cell) in hosts.iter().zip(&cells) {
                let text = cell.get(i).map_or("", String::as_str);
                line.push_str(&format!("{} {} ", bar(report, host, t, style.ascii), pad(text)));
            }
            out.push(line.trim_end().to_owned());
        }
    }
    let legend = match style.ascii {
        true => "# leader  | replica  ~ demoting  x down  ? unknown",
        false => "█ leader  │ replica  ▒ demoting  × down  ? unknown",
    };
    out.push(format!("            {legend}"));
    if all > shown || left_out > 0 {
        let rows = if all > shown { format!("{} more events", all - shown) } else { String::new() };
        let more = if left_out > 0 { format!("{left_out} more hosts") } else { String::new() };
        let both = [rows, more].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ");
        out.push(format!("            {both}: -v, or -o report.html"));
    }
    out
}

/// A host's role at a time as one character.
fn bar(report: &Report, host: &str, t: f64, ascii: bool) -> char {
    let lane = lanes(report).find(|l| l.host == host);
    let span = lane.and_then(|l| {
        l.intervals
            .iter()
            .find(|s| seconds(&s.from).is_some_and(|a| a <= t + 0.001) && seconds(&s.to).is_some_and(|b| b > t))
    });
    let (plain, nice) = match span.map_or("unknown", |s| s.role.as_str()) {
        "leader" | "standby leader" => ('#', '█'),
        "replica" | "sync standby" => ('|', '│'),
        "demoting" | "starting" => ('~', '▒'),
        "down" => ('x', '×'),
        _ => ('?', '?'),
    };
    if ascii { plain } else { nice }
}
