//! One incident, its files laid out as people lay them out: the same hosts, the same verdict.

use crate::root;
use pgautopsy::model::Source;
use pgautopsy::report::{Report, build};
use pgautopsy::run::{Settings, place, read_one};
use std::collections::{BTreeMap, BTreeSet};

/// The files of a case whose bundle has a folder for each host: (host, path below it, what was read).
fn files(case: &str) -> Vec<(String, String, Source)> {
    let bundle = root("fixtures/cases").join(case).join("bundle");
    let mut out = Vec::new();
    for entry in walkdir::WalkDir::new(&bundle).sort_by_file_name() {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(&bundle).unwrap().display().to_string();
        if let Some((host, rest)) = path.split_once('/').filter(|_| entry.file_type().is_file()) {
            let content = std::fs::read(entry.path()).unwrap();
            if let Ok(parsed) = read_one(&path, &mut content.as_slice()) {
                let source = Source { path: path.clone(), modified: None, parsed };
                out.push((host.to_owned(), rest.to_owned(), source));
            }
        }
    }
    assert!(out.len() > 20, "{case}: {}", out.len());
    out
}

/// What kind of folder a file would lie in if the folders were those of programs.
fn program(path: &str) -> &'static str {
    let kinds = [("patroni.log", "patroni"), ("etcd.log", "etcd"), ("postgresql-", "postgres"), ("sysstat", "sysstat")];
    let more = [("etc/", "config"), ("commands/", "commands")];
    kinds.iter().chain(&more).find(|(part, _)| path.contains(part)).map_or("system", |k| k.1)
}

type Layout = (&'static str, fn(&str, &str, &str, usize) -> String);

/// Paths of a file by host, path below it, own name, and number of the host.
const LAYOUTS: &[Layout] = &[
    ("host folders", |h, p, _, _| format!("{h}/{p}")),
    ("fully qualified", |h, p, _, _| format!("{h}.example.com/{p}")),
    ("a ticket around it", |h, p, _, _| format!("ticket-8812/attachments/{h}/{p}")),
    ("by day, then host", |h, p, _, _| format!("2026-11-20/{h}/{p}")),
    ("by host, then day", |h, p, _, _| format!("{h}/2026-11-20/{p}")),
    ("by program, then host", |h, p, f, _| format!("{}/{h}/{f}", program(p))),
    ("by program, day, host", |h, p, f, _| format!("{}/2026-11-20/{h}/{f}", program(p))),
    ("by program, then a server's number", |_, p, f, n| format!("{}/srv0{n}/{f}", program(p))),
    ("flat, host first", |h, _, f, _| format!("{h}-{f}")),
    ("flat, host last", |h, _, f, _| format!("{f}.{h}")),
    ("flat, host in the middle", |h, _, f, _| match f.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}_{h}.{ending}"),
        None => format!("{f}_{h}"),
    }),
    ("flat, another name first", |_, _, f, n| format!("srv-0{n}-{f}")),
    ("flat, another name last", |_, _, f, n| format!("{f}.srv0{n}")),
    ("by program, file of the host", |h, p, f, _| match program(p) {
        kind @ ("patroni" | "etcd" | "postgres" | "system") => format!("{kind}/{h}.log"),
        kind => format!("{kind}/{h}-{f}"),
    }),
    ("by program, file of another name", |_, p, f, n| match program(p) {
        kind @ ("patroni" | "etcd" | "postgres" | "system") => format!("{kind}/srv0{n}.log"),
        kind => format!("{kind}/srv0{n}-{f}"),
    }),
    ("numbered hosts", |_, p, _, n| format!("node{n}/{p}")),
    ("roles", |_, p, _, n| format!("{}/{p}", ["primary", "replica", "other-replica"][n - 1])),
];

/// The hosts' numbers by the nodes that their files came to, and the report.
fn told(files: &[(String, String, Source)], layout: &Layout) -> (BTreeMap<String, BTreeSet<String>>, Report) {
    let hosts: BTreeSet<&String> = files.iter().map(|f| &f.0).collect();
    let number = |host: &String| hosts.iter().position(|h| *h == host).unwrap() + 1;
    let renamed = |(host, path, source): &(String, String, Source)| {
        let own = path.rsplit('/').next().unwrap();
        Source { path: layout.1(host, path, own, number(host)), ..source.clone() }
    };
    let sources: Vec<Source> = files.iter().map(renamed).collect();
    let (timeline, incidents, sources) = place(sources, &Settings::default());
    let mut of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for ((host, _, source), nodes) in files.iter().zip(&timeline.cluster.of_stream) {
        for (node, _) in nodes.iter().zip(&source.parsed.streams) {
            of.entry(timeline.name(*node).to_string()).or_default().insert(host.clone());
        }
    }
    (of, build(&timeline, &incidents, &sources, Vec::new()))
}

fn same_in_all_layouts(case: &str) {
    let files = files(case);
    let whole = files.iter().map(|f| &f.0).collect::<BTreeSet<_>>().len();
    let plain = told(&files, &LAYOUTS[0]).1;
    let kinds = |r: &Report| r.incidents.iter().map(|i| i.kind.clone()).collect::<Vec<_>>();
    for layout in LAYOUTS {
        let (hosts, report) = told(&files, layout);
        let mixed: Vec<_> = hosts.iter().filter(|(_, of)| of.len() > 1).collect();
        assert!(mixed.is_empty() && hosts.len() == whole, "{case}, {}: {hosts:?}", layout.0);
        let verdict = |r: &Report| (r.verdict.kind, r.verdict.root_cause.clone());
        assert_eq!(verdict(&report), verdict(&plain), "{case}, {}", layout.0);
        assert_eq!(kinds(&report), kinds(&plain), "{case}, {}", layout.0);
    }
}

#[test]
fn a_partition_is_told_in_any_layout() {
    same_in_all_layouts("lab-05-partition-primary");
}

#[test]
fn a_stuck_patroni_is_told_in_any_layout() {
    same_in_all_layouts("lab-12-patroni-stuck");
}
