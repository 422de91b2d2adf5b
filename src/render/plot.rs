//! The metric that matters as a small plot of text, with the incident marked.

use super::times::{clock, length, seconds};
use super::words::{main_incident, root};
use crate::report::{Report, Series};

/// Rows of the plot.
const ROWS: usize = 5;
/// Columns left of the plot, for its scale.
const SCALE: usize = 12;

/// The lines of the plot, at most `width` columns each; none if there is no metric to show.
pub fn lines(report: &Report, width: usize, ascii: bool) -> Vec<String> {
    let Some((s, span)) = matters(report) else { return Vec::new() };
    let columns = width.saturating_sub(SCALE + 5).clamp(20, 100);
    let start = seconds(&s.start).unwrap_or(0.0);
    let step = (span.1 - span.0) / columns as f64;
    let at = |i: usize| span.0 + step * i as f64;
    let cells: Vec<Option<f64>> = (0..columns)
        .map(|i| {
            let inside = s.points.iter().filter(|p| {
                start + p.1 > at(i) && start + p.0 < at(i + 1)
                    || p.0 == p.1 && (at(i)..at(i + 1)).contains(&(start + p.0))
            });
            inside.map(|p| p.3).reduce(f64::max)
        })
        .collect();
    let top = cells.iter().flatten().copied().fold(s.limit.filter(|_| s.unit == "%").unwrap_or(0.0), f64::max);
    if top <= 0.0 {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut name = s.text.split(',').next().unwrap_or(&s.text).to_owned();
    if let Some(item) = &s.item {
        name.push_str(&format!(" {item}"));
    }
    let limit = s.limit.map_or_else(String::new, |l| format!(" (limit {})", number(l)));
    let told = if s.metric.starts_with("etcd.") {
        String::new()
    } else {
        s.points
            .iter()
            .map(|p| p.1 - p.0)
            .filter(|d| *d > 0.0)
            .min_by(f64::total_cmp)
            .map_or_else(String::new, |d| format!(", averages over {}", length(d)))
    };
    out.push(format!("{} on {}, {}{limit}{told}", name, s.host, s.unit));
    let blocks: &[char] =
        if ascii { &[' ', '.', ':', '#'] } else { &[' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] };
    let steps = blocks.len() - 1;
    for row in (0..ROWS).rev() {
        let label = match row {
            0 => "0".to_owned(),
            r if r == ROWS - 1 => number(top),
            _ => String::new(),
        };
        let line: String = cells
            .iter()
            .map(|c| {
                let Some(v) = c else { return ' ' };
                let units = (v / top * (ROWS * steps) as f64).round() as usize;
                // What is above zero is seen, however small.
                let units = if *v > 0.0 { units.max(1) } else { units };
                let here = units.saturating_sub(row * steps).min(steps);
                blocks.get(here).copied().unwrap_or(' ')
            })
            .collect();
        out.push(format!("{label:>SCALE$} |{}", line.trim_end()));
    }
    let bounds: Vec<(f64, f64)> =
        main_incident(report).into_iter().filter_map(|i| Some((seconds(&i.start)?, seconds(&i.end)?))).collect();
    let mark: String = (0..columns)
        .map(|i| if bounds.iter().any(|(a, b)| *b >= at(i) && *a < at(i + 1)) { '^' } else { '-' })
        .collect();
    out.push(format!("{:>SCALE$} +{mark}", if bounds.is_empty() { "" } else { "incident ^" }));
    let (from, to) = (stamp(span.0), stamp(span.1));
    let gap = columns.saturating_sub(from.len() + to.len());
    out.push(format!("{:>SCALE$}  {from}{}{to}", "", " ".repeat(gap)));
    out
}

fn stamp(t: f64) -> String {
    super::times::stamp(t).map_or_else(String::new, |s| clock(&s).to_owned())
}

fn number(v: f64) -> String {
    if v >= 100.0 || v == v.trunc() { format!("{v:.0}") } else { format!("{v:.1}") }
}

/// The series that the root cause cites; else the one that is furthest beyond its limit in the incident.
fn matters(report: &Report) -> Option<(&Series, (f64, f64))> {
    let window = report.window.as_ref()?;
    let (from, to) = (seconds(&window.from)?, seconds(&window.to)?);
    let cited = root(&report.verdict).into_iter().flat_map(|h| &h.pro).find_map(|p| {
        let metric = p.metric.as_deref()?;
        report.series.iter().find(|s| {
            let item = s.item.as_deref().unwrap_or("");
            s.host == p.host
                && match metric.split_once('/') {
                    Some((m, i)) => s.metric == m && item.split(" = ").any(|part| part == i),
                    None => s.metric == metric,
                }
        })
    });
    let told = || {
        let of_cause = match report.verdict.root_cause.as_deref()? {
            "etcd_slow_disk" => "etcd.fsync_slow",
            "disk_full" | "wal_retention" => "fs.used",
            _ => return None,
        };
        let hosts: Vec<&str> = report.verdict.chain.iter().map(|l| l.host.as_str()).collect();
        let mine = report.series.iter().filter(|s| s.metric == of_cause);
        mine.max_by(|a, b| {
            (hosts.contains(&a.host.as_str()), peak(a))
                .partial_cmp(&(hosts.contains(&b.host.as_str()), peak(b)))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    };
    let beyond = || {
        let over = |s: &&Series| s.metric != "fs.used" && s.limit.is_some_and(|l| peak(s) > l);
        report.series.iter().filter(over).max_by(|a, b| excess(a).total_cmp(&excess(b)))
    };
    let series = cited.or_else(told).or_else(beyond)?;
    let (a, b) = match main_incident(report) {
        Some(i) => {
            let (a, b) = (seconds(&i.start)?, seconds(&i.end)?);
            // Of averages over minutes, some before and after must be there to compare with.
            let period = series.points.iter().map(|p| p.1 - p.0).fold(0.0, f64::max);
            let room = ((b - a) * 1.5).clamp(120.0, 1_800.0).max(4.0 * period);
            ((a - room).max(from), (b + room).min(to))
        }
        None => (from, to),
    };
    (b > a).then_some((series, (a, b)))
}

fn peak(s: &Series) -> f64 {
    s.points.iter().map(|p| p.3).fold(0.0, f64::max)
}

fn excess(s: &Series) -> f64 {
    s.limit.map_or(0.0, |l| peak(s) / l.max(1e-9))
}
