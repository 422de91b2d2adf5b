//! Forms of evidence: each small file of `fixtures/forms` is taken for what it is, and every line of it is accounted for.

use crate::root;
use pgautopsy::detect::{Detected, decode, detect};
use pgautopsy::formats::DOCUMENTS;
use pgautopsy::report::SourceRow;
use pgautopsy::run::{Settings, analyse};
use std::path::{Path, PathBuf};

const HEAD: &str = "file\tkind\thost\tlines\tunderstood\tnoise\tunknown\tunnamed\tfirst\tlast\tzone\n";

/// All forms, in order.
fn forms() -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = Vec::new();
    for group in std::fs::read_dir(root("fixtures/forms")).unwrap().flatten().filter(|e| e.path().is_dir()) {
        list.extend(std::fs::read_dir(group.path()).unwrap().flatten().map(|e| e.path()));
    }
    list.sort();
    list
}

fn name(path: &Path) -> String {
    path.strip_prefix(root("fixtures/forms")).unwrap().to_string_lossy().replace('\\', "/")
}

fn row(name: &str, s: &SourceRow) -> String {
    let at = |a: &Option<String>| a.clone().unwrap_or_default();
    let (first, last) = (at(&s.first), at(&s.last));
    let counts = [s.lines, s.understood, s.noise, s.unknown, s.unnamed].map(|n| n.to_string()).join("\t");
    format!("{name}\t{}\t{}\t{counts}\t{first}\t{last}\t{}\n", s.kind, s.host, s.zone)
}

#[test]
fn every_form_is_read_as_expected() {
    let mut got = HEAD.to_owned();
    let mut wrong = Vec::new();
    for path in forms() {
        let name = name(&path);
        let settings = Settings { by_host: true, ..Settings::default() };
        let report = analyse(std::slice::from_ref(&path), &settings).unwrap();
        let [source] = report.inventory.sources.as_slice() else {
            wrong.push(format!("{name} is not read: {:?}", report.inventory.skipped));
            continue;
        };
        if source.understood + source.noise + source.unknown != source.lines {
            wrong.push(format!("{name}: lines do not add up: {source:?}"));
        }
        if source.unnamed > 0 {
            wrong.push(format!("{name}: alarms without a name: {:?}", source.problems));
        }
        got.push_str(&row(&name, source));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let path = root("fixtures/forms/expect.tsv");
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    #[allow(clippy::disallowed_methods)] // a developer's switch, as of the other expectations
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &got).unwrap();
        return;
    }
    let differ: Vec<String> = got
        .lines()
        .filter(|l| !expected.lines().any(|e| e == *l))
        .map(|l| {
            let file = l.split('\t').next().unwrap_or("");
            let was = expected.lines().find(|e| e.split('\t').next() == Some(file)).unwrap_or("nothing");
            format!("got      {l}\nexpected {was}")
        })
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert_eq!(got.lines().count(), expected.lines().count(), "expect.tsv lists files that are gone");
}

/// Every form is shown to the reader of every other format: its owner alone is the most certain, and a document that is
/// certain of a log would take it away.
#[test]
fn every_form_is_claimed_by_its_owner_alone() {
    let mut wrong = Vec::new();
    let mut shown = 0;
    for path in forms() {
        let name = name(&path);
        let bytes = std::fs::read(&path).unwrap();
        let head = &bytes[..bytes.len().min(64 << 10)];
        let detection = detect(head, &name);
        let text = decode(head, detection.encoding);
        let text = detection.wash.map_or(text.to_vec(), |w| w.text(&text));
        let scores = DOCUMENTS.iter().map(|d| (d.name, (d.sniff)(&text, &name)));
        let mut claims: Vec<(&str, u8)> = scores.filter(|(_, score)| *score > 0).collect();
        claims.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        shown += DOCUMENTS.len();
        match detection.found {
            Detected::Document(d) if claims.first().is_none_or(|c| c.0 != d.name) => {
                wrong.push(format!("{name} is taken for {}, but {claims:?}", d.name));
            }
            Detected::Document(_) if claims.get(1).is_some_and(|c| c.1 == claims[0].1) => {
                wrong.push(format!("{name} is claimed twice: {claims:?}"));
            }
            Detected::Log { .. } if claims.first().is_some_and(|c| c.1 >= 90) => {
                wrong.push(format!("{name} is a log, but {claims:?}"));
            }
            Detected::Document(_) | Detected::Log { .. } => {}
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shown > 10_000, "{shown} pairs only");
}

#[test]
fn every_form_says_where_it_comes_from() {
    let readme = std::fs::read_to_string(root("fixtures/forms/README.md")).unwrap();
    for path in forms() {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(readme.contains(&format!("| {file} |")), "{}: not in README.md", name(&path));
    }
}

#[test]
fn a_log_without_stamps_is_counted_and_stands_on_no_timeline() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.log");
    let text = "INFO: no action. I am (pg1), the leader with the lock\nERROR: failed to update leader lock\n\
                ERROR: a text that no version of Patroni has\nwords between the lines\n";
    std::fs::write(&file, text).unwrap();
    let report = analyse(&[file], &Settings::default()).unwrap();
    let [source] = report.inventory.sources.as_slice() else { panic!("{:?}", report.inventory) };
    assert_eq!((source.lines, source.understood, source.unknown, source.unnamed), (4, 2, 2, 1), "{source:?}");
    assert_eq!((&source.first, &source.kind), (&None, &"messages of patroni".to_owned()));
    assert!(source.problems.iter().any(|p| p.contains("no line has a stamp")), "{source:?}");
    assert!(source.problems.iter().any(|p| p.contains("line 3: ERROR: a text")), "{source:?}");
    assert!(report.timeline.is_empty(), "{:?}", report.timeline);
    assert!(report.verdict.headline.contains("at an unknown time"), "{}", report.verdict.headline);
}

#[test]
fn in_a_log_format_of_ones_own_unknown_errors_are_alarms() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.log");
    let text = "2021-02-01 13:45:04,683 [7] INFO [MainThread] ha.py:12: no action. I am (pg1), the leader with the lock\n\
                2021-02-01 13:45:05,683 [7] ERROR [MainThread] ha.py:13: a text that no version of Patroni has\n";
    std::fs::write(&file, text).unwrap();
    let report = analyse(&[file], &Settings::default()).unwrap();
    let [source] = report.inventory.sources.as_slice() else { panic!("{:?}", report.inventory) };
    assert_eq!((source.understood, source.unknown, source.unnamed), (1, 1, 1), "{source:?}");
}

/// A new wording must show itself: no line of a recorded cluster at level ERROR or above is without a name.
#[test]
fn no_alarm_of_the_recorded_clusters_is_without_a_name() {
    let cases = std::fs::read_dir(root("fixtures/cases")).unwrap().flatten();
    let mut unnamed = Vec::new();
    let mut seen = 0;
    for case in cases.filter(|c| c.file_name().to_string_lossy().starts_with("lab-")) {
        let report = analyse(&[case.path().join("bundle")], &Settings::default()).unwrap();
        for source in &report.inventory.sources {
            seen += source.lines;
            if source.unnamed > 0 {
                unnamed.push(format!("{}: {:?}", source.path, source.problems));
            }
        }
    }
    assert!(seen > 10_000, "{seen} lines only");
    assert!(unnamed.is_empty(), "{}", unnamed.join("\n"));
}
