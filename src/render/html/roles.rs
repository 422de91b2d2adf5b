//! The plot of roles: a lane per host, the leader's key and etcd's quorum above them, every event as a tick, phases as
//! numbered lines.

use super::draw::{GRID, LEFT, PLOT, Scale, WIDTH, label, layer, time_axis, write};
use super::figure::{BOTTOM, Figure, Key, Mark, TOP};
use super::metrics::{bands, colour};
use super::page::{Page, Svg, host_key};
use crate::render::times::{clock, day_clock, length, seconds};
use crate::render::words::{lanes as pg_lanes, main_incident};
use crate::report::{Report, axis_notes};
use plotters::prelude::*;
use serde_json::json;

/// Heights in pixels: numbers of phases, the lease, the quorum, a host's lane.
const NUMBERS: i32 = 44;
const LEASE: i32 = 28;
const QUORUM: i32 = 20;
const LANE: i32 = 56;

/// A role's name in a report, its class, and how high its bar is: the shape says it without colour.
const ROLES: &[(&str, &str, i32)] = &[
    ("leader", "leader", 22),
    ("standby leader", "leader", 22),
    ("sync standby", "replica", 17),
    ("demoting", "demoting", 22),
    ("starting", "starting", 8),
    ("replica", "replica", 14),
    ("frozen", "starting", 8),
    ("down", "down", 4),
    ("unknown", "unknown", 2),
];

/// Programs by which events can be filtered; the rest counts as `other`.
pub const KINDS: &[&str] = &["patroni", "etcd", "postgresql", "kernel", "systemd", "proxy", "other"];

pub fn kind(program: &str) -> &'static str {
    KINDS.iter().copied().find(|k| *k == program).unwrap_or("other")
}

/// Hosts that get a lane: those with a role, and others that cry out.
fn hosts_of(report: &Report, scale: &Scale) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    let loud = report.timeline.iter().filter(|e| e.alarm && inside(&e.at, scale)).map(|e| &e.host);
    for h in pg_lanes(report).map(|l| &l.host).chain(loud).filter(|h| !h.is_empty()) {
        if !hosts.contains(h) && hosts.len() < 12 {
            hosts.push(h.clone());
        }
    }
    hosts.sort();
    hosts
}

fn inside(at: &str, scale: &Scale) -> bool {
    seconds(at).is_some_and(|t| t >= scale.from && t <= scale.to)
}

/// A bar between two times, in pixels from the top; nothing if it lies outside.
fn bar(scale: &Scale, height: u32, from: &str, to: &str, top: i32, bottom: i32) -> Option<(f64, f64, Svg)> {
    let (from, to) = (seconds(from)?, seconds(to)?);
    if to < scale.from || from > scale.to || to < from {
        return None;
    }
    let (a, b) = (scale.gx(from), scale.gx(to).max(scale.gx(from) + 4));
    let draw = Rectangle::new([(a, top), (b, bottom)], BLACK.filled());
    Some((from, to, layer((GRID, height), |area| Ok(area.draw(&draw)?))))
}

pub fn figure(report: &Report, scale: Scale, hosts: &[String]) -> Option<Figure> {
    let lanes = hosts_of(report, &scale);
    if lanes.is_empty() {
        return None;
    }
    let numbered: Vec<_> = main_incident(report).map_or_else(Vec::new, |i| i.phases.iter().take(12).collect());
    let top = if numbered.iter().any(|p| inside(&p.at, &scale)) { NUMBERS } else { 6 };
    let quorum = top + if report.leases.is_empty() { 0 } else { LEASE };
    let above = quorum + if report.quorum.is_empty() { 0 } else { QUORUM };
    let height = (above + LANE * lanes.len() as i32) as u32;
    let lane_top = |host: &str| lanes.iter().position(|l| l == host).map(|i| above + LANE * i as i32 + 4);
    let mut marks = bands(report, &scale, height);
    let (mut texts, mut rows) = (Vec::new(), Vec::new());
    let plain = |host: &str, class: String, svg: Svg| Mark { host: host.to_owned(), class, data: Vec::new(), svg };
    for l in &report.leases {
        let class = |part: &str| format!("{part} {}", colour(&l.leader, hosts));
        if let Some((a, b, svg)) = bar(&scale, height, &l.from, &l.last_renewal, top + 4, top + 20) {
            marks.push(plain(&l.leader, class("lease"), svg));
            texts.push((a, b, TOP as i32 + top + 16, "rl lit", l.leader.clone(), label(&l.leader, 24)));
        }
        if let Some((_, _, svg)) = bar(&scale, height, &l.last_renewal, &l.expiry, top + 9, top + 15) {
            marks.push(plain(&l.leader, class("lease ttl"), svg));
        }
    }
    for q in &report.quorum {
        let (class, high) = match q.quorum.as_str() {
            "yes" => ("q q-yes", 3),
            "no" => ("q q-no", 10),
            _ => ("q q-unknown", 1),
        };
        if let Some((_, _, svg)) = bar(&scale, height, &q.from, &q.to, quorum + 11 - high, quorum + 11) {
            marks.push(plain("", class.to_owned(), svg));
        }
    }
    for lane in &report.lanes {
        let Some(y) = lane_top(&lane.host) else { continue };
        let etcd = lane.program == "etcd";
        for s in &lane.intervals {
            let known = ROLES.iter().find(|r| r.0 == s.role);
            let (class, high) = match (etcd, s.role.as_str()) {
                (true, "leader") => ("e e-leader", 5),
                (true, "follower") => ("e e-follower", 2),
                (true, "unknown") => continue,
                (true, _) => ("e e-none", 5),
                (false, _) => (known.map_or("unknown", |r| r.1), known.map_or(2, |r| r.2)),
            };
            let (from, to) = if etcd { (y + 29 - high, y + 29) } else { (y + 22 - high, y + 22) };
            let Some((a, b, svg)) = bar(&scale, height, &s.from, &s.to, from, to) else { continue };
            let words = label(&s.role, 24);
            if etcd {
                marks.push(plain(&lane.host, class.to_owned(), svg));
            } else {
                marks.push(plain(&lane.host, format!("r r-{class}"), svg));
                let (on, at) = match high {
                    22 if class == "demoting" => ("rl warm", 15),
                    22 => ("rl lit", 15),
                    12.. => ("rl on", 22 - high / 2 + 4),
                    _ => ("rl", 14),
                };
                texts.push((a, b, TOP as i32 + y + at, on, lane.host.clone(), words.clone()));
            }
            let program = label(&lane.program, 20);
            let said = label(&s.text, 120);
            let row =
                vec![lane.host.clone(), program, words, day_clock(&s.from), day_clock(&s.to), length(b - a), said];
            rows.push((lane.host.clone(), row));
        }
    }
    let mut events = Vec::new();
    for (i, e) in report.timeline.iter().enumerate() {
        let at = seconds(&e.at).filter(|_| inside(&e.at, &scale));
        let (Some(at), Some(y)) = (at, lane_top(&e.host)) else { continue };
        let (x, y) = (scale.gx(at), y + 32);
        let high = if e.alarm { 16 } else { 8 };
        let svg = layer((GRID, height), |area| Ok(area.draw(&PathElement::new(vec![(x, y), (x, y + high)], BLACK))?));
        let class = format!("ev k-{}{}", kind(&e.program), if e.alarm { " alarm" } else { "" });
        let data = vec![("kind", kind(&e.program).to_owned()), ("i", i.to_string())];
        marks.push(Mark { host: e.host.clone(), class, data, svg });
        let at = ((at - scale.from) * 1_000.0).round() / 1_000.0;
        events.push(json!({"i": i, "t": at, "h": host_key(&e.host), "c": kind(&e.program), "x": label(&e.text, 160)}));
    }
    let mut ends = [i32::MIN; 3];
    for (n, p) in numbered.iter().enumerate() {
        let Some(at) = seconds(&p.at).filter(|_| inside(&p.at, &scale)) else { continue };
        let x = scale.gx(at);
        let line = PathElement::new(vec![(x, top - 4), (x, height as i32)], BLACK);
        let svg = layer((GRID, height), |area| Ok(area.draw(&line)?));
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
            write(area, "leader's key", (left - 8, TOP as i32 + top + 12), true)?;
        }
        if !report.quorum.is_empty() {
            write(area, "etcd quorum", (left - 8, TOP as i32 + quorum + 6), true)?;
        }
        for host in &lanes {
            let y = TOP as i32 + lane_top(host).unwrap_or(0);
            area.draw(&PathElement::new(vec![(left, y - 4), (left + PLOT as i32, y - 4)], BLACK))?;
            write(area, &label(host, 15), (left - 8, y + 12), true)?;
        }
        Ok(())
    });
    let numbers = if numbered.is_empty() { "" } else { " Numbered lines are the phases below." };
    let etcd = if report.lanes.iter().any(|l| l.program == "etcd") {
        " The thin line below them is the etcd member: thick as leader."
    } else {
        ""
    };
    let places: Vec<_> = lanes.iter().map(|l| json!([host_key(l), lane_top(l).unwrap_or(0)])).collect();
    Some(Figure {
        id: "plot-roles".into(),
        title: "Roles, the leader's key, and events".into(),
        note: format!(
            "One lane per host; bars are PostgreSQL's roles, ticks events (long ones are alarms).{etcd}{numbers}"
        ),
        height,
        units: height,
        frame,
        axis: time_axis(&scale, (TOP + height) as i32, TOP + height + BOTTOM, TOP as i32 + top - 6),
        marks,
        texts,
        keys: keys(report, &scale),
        head: vec!["host", "program", "role", "from (UTC)", "to (UTC)", "for", "began with"],
        rows,
        data: json!({"id": "plot-roles", "e": events, "lanes": places, "top": top - 6}),
    })
}

fn keys(report: &Report, scale: &Scale) -> Vec<Key> {
    let mut out: Vec<Key> = Vec::new();
    let mut add = |class: String, text: &str| out.push(Key { host: String::new(), class, text: text.to_owned() });
    let mut told = Vec::new();
    for (role, class, _) in ROLES {
        if !told.contains(class) && pg_lanes(report).flat_map(|l| &l.intervals).any(|s| s.role == *role) {
            told.push(class);
            add(format!("r r-{class}"), role);
        }
    }
    if !report.leases.is_empty() {
        add("lease ttl s0".into(), "key not renewed, valid until its ttl is over");
    }
    if report.quorum.iter().any(|q| q.quorum == "no") {
        add("q q-no".into(), "etcd without quorum");
    }
    for k in KINDS {
        if report.timeline.iter().any(|e| kind(&e.program) == *k && inside(&e.at, scale)) {
            add(format!("ev k-{k}"), &format!("{k} event"));
        }
    }
    out
}

/// The phases as a list: number, time, name, host, and how long after the first; then the ledger in sentences.
pub fn phases(report: &Report, page: &mut Page) {
    if let Some(i) = main_incident(report).filter(|i| !i.phases.is_empty()) {
        let first = i.phases.first().and_then(|p| seconds(&p.at));
        page.raw("<ol class=\"phases\">");
        for p in i.phases.iter().take(12) {
            page.raw("<li data-host=\"").host(&p.host).raw("\"><time>").text(clock(&p.at)).raw("</time> <b>");
            page.text(&p.name).raw("</b> ").text(&p.host);
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
    let notes = axis_notes(report, false);
    if !notes.is_empty() {
        page.raw("<ul class=\"notes\">");
        for (about, text) in notes.iter().take(12) {
            page.raw("<li><b>").text(about).raw("</b> ").text(text).raw("</li>");
        }
        page.raw("</ul>");
    }
}
