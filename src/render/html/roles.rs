//! The plot of roles: a lane per host, the leader's key above them, every event as a tick, phases as numbered lines.

use super::draw::{GRID, LEFT, PLOT, Scale, WIDTH, label, layer, time_axis, write};
use super::figure::{BOTTOM, Figure, Key, Mark, TOP};
use super::metrics::{bands, colour};
use super::page::host_key;
use crate::render::times::{clock, day_clock, length, seconds};
use crate::report::{Incident, Report};
use plotters::prelude::*;
use serde_json::json;

/// Heights in pixels: numbers of phases, the lease, a host's lane.
const NUMBERS: i32 = 44;
const LEASE: i32 = 30;
const LANE: i32 = 50;

/// How high a role's bar is and in which words it is named: the shape says it without colour.
const ROLES: &[(&str, &str, i32)] = &[
    ("leader", "leader", 22),
    ("standby_leader", "standby leader", 22),
    ("sync_standby", "sync standby", 16),
    ("demoting", "demoting", 22),
    ("starting", "starting", 8),
    ("replica", "replica", 14),
    ("frozen", "frozen", 8),
    ("down", "down", 4),
    ("unknown", "unknown", 2),
];

/// Programs by which events can be filtered; the rest counts as `other`.
pub const KINDS: &[&str] = &["patroni", "etcd", "postgresql", "kernel", "systemd", "proxy", "other"];

pub fn kind(program: &str) -> &'static str {
    KINDS.iter().copied().find(|k| *k == program).unwrap_or("other")
}

/// The incident that the report's verdict is about.
pub fn main_incident(report: &Report) -> Option<&Incident> {
    report.incidents.iter().find(|i| i.verdict.headline == report.verdict.headline)
}

/// The plot, and the phases that are numbered in it.
pub fn figure(report: &Report, scale: Scale, hosts: &[String]) -> Option<Figure> {
    let mut lanes: Vec<&str> = report.lanes.iter().map(|l| l.host.as_str()).collect();
    for e in report.timeline.iter().filter(|e| e.alarm && inside(&e.at, &scale)) {
        if !lanes.contains(&e.host.as_str()) && lanes.len() < 12 && !e.host.is_empty() {
            lanes.push(&e.host);
        }
    }
    if lanes.is_empty() {
        return None;
    }
    lanes.sort_unstable();
    let numbered: Vec<_> = main_incident(report).map_or_else(Vec::new, |i| i.phases.iter().take(12).collect());
    let top_room = if numbered.iter().any(|p| inside(&p.at, &scale)) { NUMBERS } else { 6 };
    let above = top_room + if report.leases.is_empty() { 0 } else { LEASE };
    let height = (above + LANE * lanes.len() as i32) as u32;
    let lane_top = |host: &str| lanes.iter().position(|l| *l == host).map(|i| above + LANE * i as i32 + 4);
    let mut marks = bands(report, &scale, height);
    let mut texts = Vec::new();
    let mut rows = Vec::new();
    let rect = |a: f64, b: f64, top: i32, bottom: i32| {
        let (a, b) = (scale.gx(a), scale.gx(b).max(scale.gx(a) + 4));
        layer((GRID, height), |area| Ok(area.draw(&Rectangle::new([(a, top), (b, bottom)], BLACK.filled()))?))
    };
    for l in &report.leases {
        let (Some(from), Some(renewed), Some(expires)) = (seconds(&l.from), seconds(&l.renewed), seconds(&l.expires))
        else {
            continue;
        };
        let class = |part: &str| format!("{part} {}", colour(&l.host, hosts));
        let mark = |class: String, svg| Mark { host: l.host.clone(), class, data: Vec::new(), svg };
        marks.push(mark(class("lease"), rect(from, renewed, top_room + 4, top_room + 20)));
        marks.push(mark(class("lease ttl"), rect(renewed, expires, top_room + 9, top_room + 15)));
        texts.push((from, renewed, TOP as i32 + top_room + 16, "rl lit", l.host.clone(), label(&l.host, 24)));
    }
    for lane in &report.lanes {
        let Some(top) = lane_top(&lane.host) else { continue };
        for s in &lane.spans {
            let (Some(from), Some(to)) = (seconds(&s.from), seconds(&s.to)) else { continue };
            let (words, high) = ROLES.iter().find(|r| r.0 == s.role).map_or(("unknown", 2), |r| (r.1, r.2));
            let class = format!("r r-{}", ROLES.iter().find(|r| r.0 == s.role).map_or("unknown", |r| r.0));
            let svg = rect(from, to, top + 22 - high, top + 22);
            marks.push(Mark { host: lane.host.clone(), class, data: Vec::new(), svg });
            let on = match high {
                22 if words == "demoting" => "rl warm",
                22 => "rl lit",
                12.. => "rl on",
                _ => "rl",
            };
            let y = TOP as i32 + top + if high >= 12 { 22 - high / 2 + 4 } else { 14 };
            texts.push((from, to, y, on, lane.host.clone(), words.to_owned()));
            rows.push((
                lane.host.clone(),
                vec![lane.host.clone(), words.to_owned(), day_clock(&s.from), day_clock(&s.to), length(to - from)],
            ));
        }
    }
    let mut events = Vec::new();
    for (i, e) in report.timeline.iter().enumerate() {
        let (Some(at), Some(top)) = (seconds(&e.at).filter(|_| inside(&e.at, &scale)), lane_top(&e.host)) else {
            continue;
        };
        let (x, y) = (scale.gx(at), top + 26);
        let high = if e.alarm { 16 } else { 8 };
        let svg = layer((GRID, height), |area| Ok(area.draw(&PathElement::new(vec![(x, y), (x, y + high)], BLACK))?));
        let class = format!("ev k-{}{}", kind(&e.program), if e.alarm { " alarm" } else { "" });
        let data = vec![("kind", kind(&e.program).to_owned()), ("i", i.to_string())];
        marks.push(Mark { host: e.host.clone(), class, data, svg });
        let text = if e.count > 1 && !e.text.ends_with("times") {
            format!("{}, {} times", e.text, e.count)
        } else {
            e.text.clone()
        };
        let at = ((at - scale.from) * 1_000.0).round() / 1_000.0;
        events.push(json!({"i": i, "t": at, "h": host_key(&e.host), "c": kind(&e.program), "x": label(&text, 160)}));
    }
    let mut ends = [i32::MIN; 3];
    for (n, p) in numbered.iter().enumerate() {
        let Some(at) = seconds(&p.at).filter(|_| inside(&p.at, &scale)) else { continue };
        let x = scale.gx(at);
        let svg = layer((GRID, height), |area| {
            Ok(area.draw(&PathElement::new(vec![(x, top_room - 4), (x, height as i32)], BLACK))?)
        });
        marks.push(Mark { host: String::new(), class: "ph".into(), data: vec![("n", (n + 1).to_string())], svg });
        let px = scale.x(at);
        let row = ends.iter().position(|e| px - 16 >= *e).unwrap_or(2);
        if let Some(end) = ends.get_mut(row) {
            *end = px;
        }
        texts.push((at, at, TOP as i32 + 10 + 14 * row as i32, "pn", String::new(), (n + 1).to_string()));
    }
    let frame = layer((WIDTH, TOP + height + BOTTOM), |area| {
        let left = LEFT as i32;
        if !report.leases.is_empty() {
            write(area, "leader's key", (left - 8, TOP as i32 + top_room + 12), true)?;
        }
        for host in &lanes {
            let top = TOP as i32 + lane_top(host).unwrap_or(0);
            area.draw(&PathElement::new(vec![(left, top - 4), (left + PLOT as i32, top - 4)], BLACK))?;
            write(area, &label(host, 15), (left - 8, top + 12), true)?;
        }
        Ok(())
    });
    let mut keys: Vec<Key> = Vec::new();
    for (role, words, _) in ROLES {
        if report.lanes.iter().flat_map(|l| &l.spans).any(|s| s.role == *role) {
            keys.push(Key { host: String::new(), class: format!("r r-{role}"), text: (*words).to_owned() });
        }
    }
    if !report.leases.is_empty() {
        keys.push(Key {
            host: String::new(),
            class: "lease ttl s0".into(),
            text: "key not renewed, valid until its ttl is over".into(),
        });
    }
    for k in KINDS {
        if report.timeline.iter().any(|e| kind(&e.program) == *k && inside(&e.at, &scale)) {
            keys.push(Key { host: String::new(), class: format!("ev k-{k}"), text: format!("{k} event") });
        }
    }
    Some(Figure {
        id: "plot-roles".into(),
        title: "Roles, the leader's key, and events".into(),
        note: format!(
            "One lane per host; bars are roles, ticks below them events (long ones are alarms). {}",
            if numbered.is_empty() { "" } else { "Numbered lines are the phases listed below." }
        )
        .trim()
        .to_owned(),
        height,
        units: height,
        frame,
        axis: time_axis(&scale, (TOP + height) as i32, TOP + height + BOTTOM, TOP as i32 + top_room - 6),
        marks,
        texts,
        keys,
        head: vec!["host", "role", "from (UTC)", "to (UTC)", "for"],
        rows,
        data: json!({"id": "plot-roles", "e": events, "lanes": lanes.iter().map(|l| json!([host_key(l), lane_top(l).unwrap_or(0)])).collect::<Vec<_>>(), "top": top_room - 6}),
    })
}

fn inside(at: &str, scale: &Scale) -> bool {
    seconds(at).is_some_and(|t| t >= scale.from && t <= scale.to)
}

/// The phases as a list: number, time, name, host, and how long after the first.
pub fn phases(report: &Report, page: &mut super::page::Page) {
    let Some(i) = main_incident(report).filter(|i| !i.phases.is_empty()) else { return };
    let first = i.phases.first().and_then(|p| seconds(&p.at));
    page.raw("<ol class=\"phases\">");
    for p in i.phases.iter().take(12) {
        page.raw("<li data-host=\"")
            .host(&p.host)
            .raw("\"><time>")
            .text(clock(&p.at))
            .raw("</time> <b>")
            .text(&p.name)
            .raw("</b> ");
        page.text(&p.host);
        if let (Some(a), Some(b)) = (first, seconds(&p.at))
            && b > a
        {
            page.raw(" <span class=\"soft\">+").text(&length(b - a)).raw("</span>");
        }
        super::sections::short_links(page, report, &p.evidence);
        page.raw("</li>");
    }
    page.raw("</ol>");
}
