//! What is in a bundle, as `pgautopsy ls` prints it: every source with its kind, host, clock and lines, and why.

use super::escape::terminal;
use crate::report::{Report, SourceRow};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The inventory of a report as text.
/// With `verbose`, also the first unknown lines of each source.
pub fn inventory(report: &Report, verbose: bool) -> String {
    let mut out = String::new();
    for s in &report.inventory.sources {
        source(&mut out, s);
        for line in s.unknown_lines.iter().filter(|_| verbose) {
            let _ = writeln!(out, "    ? {}", terminal(line, 300));
        }
    }
    for s in &report.inventory.skipped {
        let _ = writeln!(out, "{}\n    not read: {}", terminal(&s.path, 400), terminal(&s.why, 300));
    }
    for note in &report.inventory.notes {
        let _ = writeln!(out, "note: {}", terminal(note, 400));
    }
    let sum = |f: fn(&SourceRow) -> u64| report.inventory.sources.iter().map(f).sum::<u64>();
    let _ = writeln!(
        out,
        "{} sources of {} hosts, {} not read; {} lines: {} understood, {} known noise, {} unknown, {} of these of level ERROR or above",
        report.inventory.sources.len(),
        report.inventory.hosts.len(),
        report.inventory.skipped.len(),
        sum(|s| s.lines),
        sum(|s| s.understood),
        sum(|s| s.noise),
        sum(|s| s.unknown),
        sum(|s| s.unnamed)
    );
    out
}

fn source(out: &mut String, s: &SourceRow) {
    let why = |what: &str, why: &str| {
        let what = if what.is_empty() { "-" } else { what };
        if why.is_empty() { what.to_owned() } else { format!("{what} ({why})") }
    };
    let at = |a: &Option<String>| a.clone().unwrap_or_else(|| "-".to_owned());
    let _ = writeln!(out, "{}", terminal(&s.path, 400));
    let _ = writeln!(out, "    kind   {}", terminal(&why(&s.kind, &s.kind_why), 400));
    let _ = writeln!(out, "    host   {}", terminal(&why(&s.host, &s.host_why), 300));
    if s.first.is_some() {
        let _ = writeln!(out, "    time   {} to {}", at(&s.first), at(&s.last));
    }
    let zones: BTreeSet<&str> = s.clocks.iter().map(|c| c.zone.as_str()).collect();
    if zones.len() > 1 {
        for c in &s.clocks {
            let zone = why(&c.zone, &c.why);
            let _ = writeln!(out, "    zone   of {}: {}", terminal(&c.program, 40), terminal(&zone, 300));
        }
    } else if !s.zone.is_empty() {
        let _ = writeln!(out, "    zone   {}", terminal(&why(&s.zone, &s.zone_why), 300));
    }
    let _ = writeln!(
        out,
        "    lines  {}: {} understood, {} known noise, {} unknown",
        s.lines, s.understood, s.noise, s.unknown
    );
    for problem in &s.problems {
        let _ = writeln!(out, "    ! {}", terminal(problem, 300));
    }
}
