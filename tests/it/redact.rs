//! Redaction: the copy of every labelled bundle gives the same verdict and holds none of the original names.

use crate::root;
use pgautopsy::redact::{of_report, redact_report};
use pgautopsy::render;
use pgautopsy::report::Report;
use pgautopsy::run::{Settings, analyse, redact};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(root("fixtures/cases")).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

fn verdict(report: &Report) -> (String, Option<String>, Vec<String>) {
    let v = &report.verdict;
    let mut incidents: Vec<String> = report
        .incidents
        .iter()
        .map(|i| format!("{} {:?} {:?} {}", i.kind, i.verdict.root_cause, i.verdict.confidence, i.start))
        .collect();
    incidents.sort();
    (format!("{:?} {:?}", v.kind, v.confidence), v.root_cause.clone(), incidents)
}

/// Users and databases that PostgreSQL itself brings along tell nothing.
const EVERYWHERE: &[&str] = &["postgres", "template0", "template1", "replication", "unknown", "root"];

/// Host names, addresses, users and databases of a bundle, found without the redactor: by the nodes of its report, and by
/// reading all its texts for dotted quads and for the places where users and databases stand.
fn originals(report: &Report, bundle: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for h in report.inventory.hosts.iter().filter(|h| h.name != "unnamed host") {
        names.insert(h.name.to_lowercase());
        // An etcd member's id is a random number in hex.
        let random = |n: &str| n.len() > 11 && n.bytes().all(|b| b.is_ascii_hexdigit());
        for a in h.aliases.iter().filter(|a| !random(&a.name)) {
            names.insert(a.name.to_lowercase());
        }
    }
    let quad =
        regex::Regex::new(r"(?:^|[^0-9A-Za-z_.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:$|[^0-9A-Za-z.])").unwrap();
    let named = regex::Regex::new(
        r#"(?:\b(?:user|db|database|dbname)=|\b(?:role|user|database) \\?")([a-z_][a-z0-9_-]{2,40})\b"#,
    )
    .unwrap();
    for (_, text) in texts(bundle) {
        for found in named.captures_iter(&text).filter(|f| !EVERYWHERE.contains(&&f[1])) {
            names.insert(found[1].to_owned());
        }
        for found in quad.captures_iter(&text) {
            let address: std::net::Ipv4Addr = match found[1].parse() {
                Ok(a) => a,
                Err(_) => continue,
            };
            if !(address.is_loopback() || address.is_unspecified() || matches!(address.octets()[0], 0 | 255)) {
                names.insert(address.to_string());
            }
        }
    }
    names
}

/// Path below the folder and content, bytes as characters.
fn texts(folder: &Path) -> Vec<(String, String)> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|e| e.file_type().is_file())
        .map(|e| {
            let path = e.path().strip_prefix(folder).unwrap().display().to_string();
            (path, std::fs::read(e.path()).unwrap().iter().map(|b| char::from(*b)).collect::<String>().to_lowercase())
        })
        .collect()
}

/// The first place at which a name stands alone.
fn seen(text: &str, name: &str) -> Option<String> {
    let text_bytes = text.as_bytes();
    text.match_indices(name).map(|(at, _)| at).find_map(|at| {
        let free = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
        let alone = free(at.checked_sub(1).and_then(|i| text_bytes.get(i))) && free(text_bytes.get(at + name.len()));
        let from = (0..=at).rev().take(60).filter(|i| text.is_char_boundary(*i)).last()?;
        alone.then(|| text.get(from..text.len().min(at + name.len())).unwrap_or(name).to_owned())
    })
}

#[test]
fn a_redacted_copy_gives_the_same_verdict_and_holds_no_original_name() {
    let mut wrong = Vec::new();
    let mut names_in_all = 0;
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let bundle = case.join("bundle");
        let before = analyse(std::slice::from_ref(&bundle), &Settings::default()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("bundle");
        let (redactor, copied) = redact(std::slice::from_ref(&bundle), &copy, &Settings::default()).unwrap();
        assert!(!copied.files.is_empty(), "{name}: nothing was copied");
        let inside = copy.join("bundle");
        let after = analyse(&[inside], &Settings::default()).unwrap();
        if verdict(&before) != verdict(&after) {
            wrong.push(format!("{name}: {:?}\n   became {:?}", verdict(&before), verdict(&after)));
        }
        let originals = originals(&before, &bundle);
        names_in_all += originals.len();
        for (path, text) in texts(&copy) {
            for original in &originals {
                if let Some(place) = seen(&path, original).or_else(|| seen(&text, original)) {
                    wrong.push(format!("{name}: {original} is still in {path}: {place:?}"));
                }
            }
        }
        for (kind, original, pseudonym) in redactor.list() {
            assert!(!originals.contains(pseudonym), "{name}: {kind} {original} became {pseudonym}, an original");
        }
    }
    assert!(names_in_all > 100, "{names_in_all}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_redacted_report_names_nobody_in_any_format() {
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let bundle = case.join("bundle");
        let report =
            analyse(std::slice::from_ref(&bundle), &Settings { excerpts: true, ..Settings::default() }).unwrap();
        let redacted = redact_report(&report, &of_report(&report)).unwrap();
        assert_eq!(verdict(&report), verdict(&redacted), "{name}");
        let originals = originals(&report, &bundle);
        for renderer in render::RENDERERS {
            let text = (renderer.render)(&redacted, render::Style { verbose: true, ..render::Style::default() });
            let text = text.to_lowercase();
            for original in &originals {
                assert!(seen(&text, original).is_none(), "{name} as {}: {:?}", renderer.name, seen(&text, original));
            }
        }
    }
}

/// Passwords, tokens and keys of configs are in no output, redacted or not, and in no copy.
#[test]
fn secrets_are_never_printed() {
    let dir = tempfile::tempdir().unwrap();
    let bundle = dir.path().join("ticket");
    std::fs::create_dir_all(bundle.join("pg1")).unwrap();
    let secrets = [
        "Hunter2!",
        "s3cr3t-t0ken",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB",
        "urlpassw0rd",
        "connpass9",
    ];
    std::fs::write(
        bundle.join("pg1/patroni.yml"),
        "scope: shopcluster\nname: pg1\netcd3:\n  url: http://root:urlpassw0rd@10.9.8.7:2379\n  password: Hunter2!\nrestapi:\n  authentication:\n    username: admin\n    password: 's3cr3t-t0ken'\npostgresql:\n  parameters:\n    primary_conninfo: 'host=10.9.8.6 user=rep password=connpass9'\n  key: |\n    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB\n",
    )
    .unwrap();
    std::fs::write(
        bundle.join("pg1/patroni.log"),
        "2021-02-01 13:44:55,683 INFO: no action. I am (pg1), the leader with the lock\n2021-02-01 13:45:05,683 ERROR: could not connect with host=10.9.8.6 user=rep password=connpass9\n2021-02-01 13:45:05,783 INFO: demoted self because failed to update leader lock in DCS\n",
    )
    .unwrap();
    let report = analyse(std::slice::from_ref(&bundle), &Settings { excerpts: true, ..Settings::default() }).unwrap();
    let redacted = redact_report(&report, &of_report(&report)).unwrap();
    for renderer in render::RENDERERS {
        for report in [&report, &redacted] {
            let text = (renderer.render)(report, render::Style { verbose: true, ..render::Style::default() });
            secrets.iter().for_each(|s| assert!(!text.contains(s), "{}: {s}", renderer.name));
        }
    }
    let copy = dir.path().join("copy");
    let (redactor, _) = redact(std::slice::from_ref(&bundle), &copy, &Settings::default()).unwrap();
    for (path, text) in texts(&copy) {
        secrets.iter().for_each(|s| assert!(!text.contains(&s.to_lowercase()), "{path}: {s}"));
        assert!(!text.contains("shopcluster") && !text.contains("10.9.8"), "{path}: {text}");
    }
    assert!(redactor.list().iter().any(|(_, original, _)| original == "10.9.8.7"));
    secrets.iter().for_each(|s| assert!(!redactor.table().contains(s), "the list of replacements holds {s}"));
}
