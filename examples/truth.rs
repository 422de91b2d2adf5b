//! How near the reports come to what really happened: `truth FOLDER...` compares each case below the folders (a `case.toml`
//! with the truth beside a `bundle/`) and prints case, item, truth, found and error.
#![allow(clippy::print_stdout)]
#![allow(dead_code)] // the test includes this file and has no use for its main

use pgautopsy::clock::Rule;
use pgautopsy::model::{DAY, Micros, SECOND, civil, seconds};
use pgautopsy::report::Report;
use pgautopsy::run::{Settings, analyse};
use std::path::{Path, PathBuf};

fn main() {
    let folders: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let mut rows = Vec::new();
    for folder in &folders {
        let mut cases: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
        cases.push(folder.clone());
        cases.sort();
        for case in cases {
            rows.extend(compare(&case));
        }
    }
    print!("{}", table(&rows));
}

/// One comparison.
#[derive(Debug)]
pub struct Row {
    pub case: String,
    pub item: &'static str,
    pub truth: String,
    pub found: String,
    /// Seconds; `None`: nothing was found, or the two differ in kind.
    pub error: Option<f64>,
    /// Found as it should be.
    pub right: bool,
    /// No line of the bundle shows it: does not count.
    pub unseen: bool,
}

/// Errors of at most this count as right.
pub const NEAR: f64 = 2.0;

/// All comparisons of one case; empty if it has no truth.
pub fn compare(case: &Path) -> Vec<Row> {
    let Ok(text) = std::fs::read_to_string(case.join("case.toml")) else { return Vec::new() };
    let Ok(label) = text.parse::<toml::Table>() else { return Vec::new() };
    let label = label.get("truth").and_then(toml::Value::as_table).cloned().unwrap_or(label);
    let Some(start) = label.get("fault_start_utc").and_then(toml::Value::as_str).and_then(parse) else {
        return Vec::new();
    };
    let Ok(report) = analyse(&[case.join("bundle")], &Settings::default()) else { return Vec::new() };
    let name = case.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut rows = Vec::new();
    let row = |item: &'static str, truth: String, found: String, error: Option<f64>, right: bool| Row {
        case: name.clone(),
        item,
        truth,
        found,
        error,
        right,
        unseen: false,
    };
    let flag = |key: &str| label.get(key).and_then(toml::Value::as_bool).unwrap_or(false);
    let list = |key: &str| label.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();

    // Where nothing failed, nothing should be found; a disk that fills shows when it is full.
    let harmless =
        !label.get("incident").and_then(toml::Value::as_bool).unwrap_or(true) && list("demotions").is_empty();
    let visible = list("timeline").iter().find_map(|e| {
        let e = e.as_table()?;
        (e.get("what")?.as_str()? == "panic_seen").then(|| parse(e.get("at")?.as_str()?))?
    });
    let start = visible.unwrap_or(start);
    // Fault start: inside the onset of an incident, or near its begin.
    let distance = |i: &pgautopsy::report::Incident| {
        let onset = i.onset.as_ref()?;
        let (a, b) = (parse(&onset.from)?, parse(&onset.to)?);
        let away = if start < a {
            start - a
        } else if start > b {
            start - b
        } else {
            0
        };
        Some((away.abs(), -away, format!("{} … {}", short(a), short(b))))
    };
    let best = report.incidents.iter().filter_map(distance).min_by_key(|d| d.0);
    let seen = !flag("fault_start_unseen");
    match best {
        _ if harmless => {
            let found = if report.incidents.is_empty() { "no incident" } else { "an incident" };
            rows.push(row("fault start", "nothing failed".into(), found.into(), None, report.incidents.is_empty()));
        }
        Some((_, away, found)) => {
            let e = seconds(away);
            rows.push(Row { unseen: !seen, ..row("fault start", short(start), found, Some(e), e.abs() <= NEAR) });
        }
        None => rows.push(Row { unseen: !seen, ..row("fault start", short(start), "-".into(), None, false) }),
    }

    // Demotions and promotions, each by its line.
    let phases: Vec<(&str, &str, Micros)> = report
        .incidents
        .iter()
        .flat_map(|i| &i.phases)
        .filter_map(|p| Some((p.name.as_str(), p.host.as_str(), parse(&p.at)?)))
        .collect();
    for (key, item) in [("demotions", "demotion"), ("promotions", "promotion")] {
        let mut told = std::collections::BTreeSet::new();
        for line in list(key).iter().filter_map(toml::Value::as_str) {
            let Some((at, rest)) = line.split_once(' ') else { continue };
            let Some((host, words)) = rest.split_once(": ") else { continue };
            let Some(at) = parse(at) else { continue };
            let name = match item {
                "promotion" if words.contains("promoted") => "promoted",
                "promotion" => continue,
                // The line of the end: since 2.1.2 the begin is a line of its own.
                _ if words.contains("demoted self") || words.contains("I do not have the lock") => "demoted",
                _ => "demotion decided",
            };
            if !told.insert((host.to_owned(), name, at / SECOND)) {
                continue;
            }
            let found = phases.iter().filter(|p| p.0 == name && p.1 == host).min_by_key(|p| (p.2 - at).abs());
            let error = found.map(|f| seconds(f.2 - at));
            let shown = found.map_or_else(|| "-".to_owned(), |f| short(f.2));
            rows.push(row(item, format!("{} {host}", short(at)), shown, error, error.is_some_and(|e| e.abs() <= NEAR)));
        }
    }

    // Write outage: each gap that clients saw against the pieces that the report tells; none against none.
    let gaps: Vec<(Micros, Micros)> = list("client_downtime_gaps")
        .iter()
        .filter_map(|g| Some((parse(g.get("start")?.as_str()?)?, parse(g.get("end")?.as_str()?)?)))
        .collect();
    let pieces: Vec<(Micros, Micros)> = report
        .incidents
        .iter()
        .filter_map(|i| i.write_outage.as_ref())
        .flat_map(|o| &o.pieces)
        .filter_map(|p| Some((parse(&p.from)?, parse(&p.to)?)))
        .collect();
    // Many short waits in a row are a stall, not an outage.
    let stall = report.incidents.iter().find(|i| i.kind == "write_stall");
    let (gaps, pieces) = match (gaps.first(), gaps.last(), stall) {
        (Some(a), Some(b), Some(s)) if gaps.len() > 3 => {
            (vec![(a.0, b.1)], parse(&s.start).zip(parse(&s.end)).into_iter().collect())
        }
        _ => (gaps, pieces),
    };
    for gap in &gaps {
        let text = format!("{} +{:.1} s", short(gap.0), seconds(gap.1 - gap.0));
        let found = pieces.iter().min_by_key(|p| (p.0 - gap.0).abs() + (p.1 - gap.1).abs());
        match found {
            Some(p) => {
                let (from, to) = (seconds(p.0 - gap.0), seconds(p.1 - gap.1));
                let worst = if from.abs() > to.abs() { from } else { to };
                let found = format!("{} +{:.1} s", short(p.0), seconds(p.1 - p.0));
                rows.push(row("write outage", text, found, Some(worst), worst.abs() <= NEAR));
            }
            None => rows.push(row("write outage", text, "-".into(), None, false)),
        }
    }
    if gaps.is_empty() {
        // Clients of the lab wait a second before they notice.
        let longest = pieces.iter().map(|p| seconds(p.1 - p.0)).fold(0.0, f64::max);
        rows.push(row("write outage", "none".into(), format!("{longest:.1} s"), Some(longest), longest <= NEAR));
    }

    // Nodes: exactly the hosts of the truth, and each file on the host whose folder it lies in.
    let hosts: std::collections::BTreeSet<String> = list("host")
        .iter()
        .filter_map(|h| Some(h.get("name")?.as_str()?.to_owned()))
        .chain(list("hosts").iter().filter_map(|h| Some(h.as_str()?.to_owned())))
        .collect();
    if !hosts.is_empty() {
        let found: std::collections::BTreeSet<String> = report.inventory.hosts.iter().map(|h| h.name.clone()).collect();
        let all = |s: &std::collections::BTreeSet<String>| s.iter().cloned().collect::<Vec<_>>().join(" ");
        let strays = report
            .inventory
            .sources
            .iter()
            .filter(|s| hosts.iter().any(|h| s.path.split(['/', '!']).any(|c| c == h) && s.host != *h))
            .count();
        rows.push(row("nodes", all(&hosts), all(&found), Some(strays as f64), found == hosts && strays == 0));
    }
    rows.extend(zones(&label, &report, &name));
    rows
}

/// The zones of all streams of all files against the truth, as offsets at the fault.
fn zones(label: &toml::Table, report: &Report, case: &str) -> Vec<Row> {
    let Some(truth) = label.get("timezones").and_then(toml::Value::as_table) else { return Vec::new() };
    let start = label.get("fault_start_utc").and_then(toml::Value::as_str).and_then(parse).unwrap_or(0);
    let mut rows = Vec::new();
    for (key, program, item) in [
        ("patroni_log", "patroni", "zone patroni"),
        ("etcd_log", "etcd", "zone etcd"),
        ("postgresql_log", "postgresql", "zone postgresql"),
    ] {
        let Some(name) = truth.get(key).and_then(toml::Value::as_str) else { continue };
        let name = name.split(' ').next().unwrap_or(name);
        let Some(want) = Rule::named(name) else { continue };
        let streams = report.inventory.sources.iter().flat_map(|s| &s.clocks).filter(|c| c.program == program);
        let streams: Vec<_> = streams.collect();
        let offset = |zone: &str| Rule::named(zone).map(|r| r.offset(start));
        let right = |zone: &str| zone == "as written" || offset(zone) == Some(want.offset(start));
        let wrong = streams.iter().filter(|c| !right(&c.zone)).count();
        let mut found: Vec<&str> = streams.iter().map(|c| c.zone.as_str()).collect();
        found.sort_unstable();
        found.dedup();
        rows.push(Row {
            case: case.to_owned(),
            item,
            truth: name.to_owned(),
            found: format!("{} in {} streams", found.join(", "), streams.len()),
            error: Some(wrong as f64),
            right: wrong == 0,
            unseen: streams.is_empty(),
        });
    }
    rows
}

/// The table, and how many of how many are right.
pub fn table(rows: &[Row]) -> String {
    let mut out = format!("{:<26} {:<15} {:<30} {:<32} {:>8}\n", "case", "item", "truth", "found", "error");
    for r in rows {
        let mark = if r.unseen {
            "(no line)"
        } else if r.right {
            ""
        } else {
            "WRONG"
        };
        let error = r.error.map_or_else(|| "-".to_owned(), |e| format!("{e:+.2}"));
        out.push_str(&format!("{:<26} {:<15} {:<30} {:<32} {error:>8} {mark}\n", r.case, r.item, r.truth, r.found));
    }
    let counted = |which: &dyn Fn(&Row) -> bool| {
        let list: Vec<&Row> = rows.iter().filter(|r| !r.unseen && which(r)).collect();
        let right = list.iter().filter(|r| r.right).count();
        format!("{right} of {}", list.len())
    };
    let space = |r: &Row| r.item.starts_with("zone") || r.item == "nodes";
    out.push_str(&format!(
        "times within {NEAR} s: {}; zones and nodes right: {}\n",
        counted(&|r| !space(r)),
        counted(&|r| space(r))
    ));
    out
}

/// `2026-11-21T00:16:55.020Z`
fn parse(text: &str) -> Option<Micros> {
    let n = |a: usize, b: usize| text.get(a..b)?.parse::<u32>().ok();
    let ms = text.get(20..23).and_then(|m| m.parse::<i64>().ok()).unwrap_or(0);
    Some(civil(n(0, 4)? as i32, n(5, 7)?, n(8, 10)?, n(11, 13)?, n(14, 16)?, n(17, 19)?) + ms * 1_000)
}

fn short(at: Micros) -> String {
    let ms = at.rem_euclid(DAY) / 1_000;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}
