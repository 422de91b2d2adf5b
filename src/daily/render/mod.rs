//! The daily report's outputs, one file each; all begin with the same subject line.

mod mail;
mod nagios;
mod prom;
mod text;

use super::{Daily, Level};
use crate::render::times::{day_clock, day_minute};
pub use mail::{Envelope, html, mail};
pub use nagios::{exit_code, nagios};
pub use prom::prom;
pub use text::text;

/// Names of the outputs and the endings of their files.
pub static FORMATS: &[(&str, &str)] = &[
    ("text", ".txt"),
    ("mail", ".eml"),
    ("html", ".html"),
    ("json", ".json"),
    ("nagios", ".nagios"),
    ("prom", ".prom"),
];

/// `OK · leader pg1 for 14 d · 0 failovers · 2 near misses · etcd disk 61 %, 75 % in 7 weeks`
pub fn subject(d: &Daily) -> String {
    let mut parts = vec![d.level.word().to_owned()];
    if d.level == Level::Unknown {
        parts.push("nothing that could be read".to_owned());
        return parts.join(" · ");
    }
    parts.push(match &d.leader {
        Some(l) => format!("leader {} for {}", l.name, l.lasted),
        None => "no leader seen".to_owned(),
    });
    let many = |n: usize, one: &str, more: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {more}") };
    let failovers =
        d.incidents.iter().filter(|i| matches!(i.kind.as_str(), "failover" | "demotion" | "no_leader")).count();
    parts.push(many(failovers, "failover", "failovers"));
    let others = d.incidents.len() - failovers;
    if others > 0 {
        parts.push(many(others, "other incident", "other incidents"));
    }
    if d.under_way > 0 {
        parts.push(many(d.under_way, "incident told before under way", "incidents told before under way"));
    }
    parts.push(many(d.near_misses.len(), "near miss", "near misses"));
    if !d.planned.is_empty() {
        parts.push(many(d.planned.len(), "planned change", "planned changes"));
    }
    if !d.new_risks.is_empty() {
        parts.push(many(d.new_risks.len(), "new risk", "new risks"));
    }
    let stopped = d.silent.iter().filter(|s| !s.text.contains("again")).count() + d.still_silent.len();
    if stopped > 0 {
        parts.push(format!("{stopped} silent"));
    }
    if let Some(disk) = d.disks.first() {
        parts.push(disk.text.clone());
    }
    // A line break in a host name must not forge a header of the mail.
    crate::render::escape::terminal(&parts.join(" · "), 240)
}

/// Bytes in the unit that fits.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

/// The report as blocks of lines that text and mail share: (title, items, what is said instead of no items).
fn blocks(d: &Daily) -> Vec<(&'static str, Vec<Item>)> {
    let mut out: Vec<(&'static str, Vec<Item>)> = Vec::new();
    let mut add = |title: &'static str, items: Vec<Item>| {
        if !items.is_empty() {
            out.push((title, items));
        }
    };
    add("Incidents", d.incidents.iter().map(Item::incident).collect());
    add("Near misses", d.near_misses.iter().map(Item::incident).collect());
    add("Planned", d.planned.iter().map(Item::incident).collect());
    add(
        "New risks",
        d.new_risks.iter().map(|r| Item { head: r.text.clone(), lines: vec![("Do", r.remedy.clone())] }).collect(),
    );
    add("Trends", d.news.iter().map(|n| Item { head: n.clone(), lines: Vec::new() }).collect());
    add("Arriving", d.silent.iter().map(|s| Item { head: s.text.clone(), lines: Vec::new() }).collect());
    out
}

/// A headline with named lines below it.
struct Item {
    head: String,
    lines: Vec<(&'static str, String)>,
}

impl Item {
    fn incident(i: &super::Incident) -> Item {
        use super::When;
        let mut lines = Vec::new();
        match i.when {
            When::New => {}
            When::UnderWay => {
                lines.push(("Note", "not over at the end of the logs; the next report tells it wholly".to_owned()))
            }
            When::Completed => {
                lines.push(("Note", "was under way at the end of the last report; this is the whole of it".to_owned()))
            }
        }
        let outage = i.outage_seconds.map_or(String::new(), |s| format!("; {s:.0} s without writes"));
        lines.push(("When", format!("{} to {} UTC{outage}", day_clock(&i.start), day_clock(&i.end))));
        if let Some(cause) = &i.cause {
            lines.push(("Cause", format!("{cause} (certainty {})", i.confidence)));
        }
        if let Some(p) = &i.proof {
            let at = p.line.map_or_else(|| p.path.clone(), |l| format!("{}:{l}", p.path));
            lines.push(("Proof", format!("{} [{at}]", p.text)));
        }
        if let Some(remedy) = i.remedy.as_ref().filter(|_| i.cause.is_some()) {
            lines.push(("Do", remedy.clone()));
        }
        if let Some(m) = i.missing.as_ref().filter(|_| i.cause.is_none() && !i.planned && i.kind != "near_miss") {
            lines.push(("Missing", format!("{} of {}: {}", m.kind, m.host, m.command)));
        }
        Item { head: i.headline.clone(), lines }
    }
}

/// The lines below the news: what was read, what is as it was.
fn facts(d: &Daily) -> Vec<(&'static str, String)> {
    let span = match (&d.from, &d.to) {
        (Some(from), Some(to)) => format!(", {} to {} UTC", day_minute(from), day_minute(to)),
        _ => ", no new line".to_owned(),
    };
    let count = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    let first = if d.first_run { "; first run: all that the logs hold" } else { "" };
    let mut out =
        vec![("Read", format!("{}, {} new{span}{first}", count(d.read.files, "file"), size(d.read.new_bytes)))];
    if d.news.is_empty() {
        let compared = d.trends.iter().filter(|t| t.week.is_some()).count();
        out.push((
            "Trends",
            match compared {
                0 => "nothing to compare with yet".to_owned(),
                n => format!("nothing moved against 7 and 30 days ({n} compared: loop, etcd, await, iowait, steal)"),
            },
        ));
    }
    if d.silent.is_empty() {
        out.push((
            "Arriving",
            format!("{} of {} logs and counters of {}", d.arriving, d.last_seen.len(), count(d.read.hosts, "host")),
        ));
    }
    for s in &d.still_silent {
        out.push(("Still", s.text.clone()));
    }
    out.push((
        "Known",
        match d.known_risks {
            0 => "no risk told before is open".to_owned(),
            n => format!("{} told before and still there", count(n, "risk")),
        },
    ));
    out.extend(d.read.not_read.iter().take(5).map(|s| ("Not read", format!("{}: {}", s.path, s.why))));
    if d.read.not_read.len() > 5 {
        out.push(("Not read", format!("{} more", d.read.not_read.len() - 5)));
    }
    out.extend(d.notes.iter().take(10).map(|n| ("Note", n.clone())));
    out
}
