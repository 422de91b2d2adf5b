//! The repository keeps its own rules: layers, documents, one file a thing.

use crate::root;
use std::collections::BTreeMap;
use std::path::Path;

/// Who may use whom. The list is the architecture; `model` may be used by all.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("sysstat", &[]),
    ("input", &[]),
    ("messages", &["formats"]), // formats: the JSON field reader only, in its tests and engine
    ("formats", &["messages", "sysstat", "detect", "input"]), // input: its line cutter, which opens nothing; detect: a file of several commands' outputs is told apart anew
    ("detect", &["formats", "messages"]),
    ("cluster", &[]),
    ("clock", &["cluster"]),
    ("timeline", &["cluster", "clock"]),
    ("axis", &["timeline"]),
    ("incidents", &["timeline", "axis", "messages"]), // messages: which program a unit's name means
    ("causes", &["timeline", "axis", "incidents", "sysstat", "messages"]),
    ("checks", &["timeline", "incidents", "causes"]),
    ("report", &["timeline", "axis", "incidents", "causes", "checks"]),
    ("render", &["report"]),
    ("redact", &["report", "formats", "messages", "sysstat", "cluster", "detect", "input"]), // writes what it reads
    ("daily", &["input", "run", "report", "render", "timeline", "incidents", "checks", "redact", "cluster"]),
    ("collect", &["input", "report", "when"]),
    ("triage", &["collect", "report", "render", "when"]),
    ("config", &["clock", "daily", "run", "messages", "causes", "checks", "incidents", "spelling"]),
    ("when", &[]),
    ("thin", &["formats"]), // formats: which events are listed one by one
    ("spelling", &[]),
    (
        "run",
        &[
            "collect",
            "when",
            "messages",
            "input",
            "detect",
            "formats",
            "sysstat",
            "cluster",
            "clock",
            "timeline",
            "incidents",
            "report",
            "redact",
            "thin",
        ],
    ),
];

fn sources(folder: &Path) -> Vec<(String, String)> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap)
        .filter(|e| e.path().extension().is_some_and(|x| x == "rs"))
        .map(|e| {
            (
                e.path().strip_prefix(root("src")).unwrap().display().to_string(),
                std::fs::read_to_string(e.path()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_cause_is_tried_three_ways() {
    for cause in pgautopsy::causes::CAUSES {
        let text = std::fs::read_to_string(root("src/causes").join(format!("{}.rs", cause.id))).unwrap();
        let tests = text.split("#[cfg(test)]").nth(1).unwrap_or_default();
        let says = |status: &str| tests.contains(&format!("{}: {status}", cause.id));
        assert!(tests.matches("#[test]").count() >= 3, "{}: fires, look-alike, data missing", cause.id);
        assert!(says("confirmed") || says("likely"), "{} never fires in its tests", cause.id);
        assert!(
            says("ruled_out") || says("possible") || tests.contains("no incident"),
            "{} has no look-alike that it leaves alone",
            cause.id
        );
        assert!(says("not_assessable") || says("possible"), "{} is never left without its data", cause.id);
    }
}

#[test]
fn modules_only_use_what_their_layer_may() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in sources(&root("src")) {
        let module = path.split(['/', '.']).next().unwrap();
        if matches!(module, "lib" | "main" | "cli" | "progress") || path.contains("test") {
            continue;
        }
        let allowed = allowed.get(module).unwrap_or_else(|| panic!("{module} is in no layer"));
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + 7..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => {
                    list.split('}').next().unwrap().split(',').map(|n| n.trim().split("::").next().unwrap()).collect()
                }
                None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()],
            };
            for name in names {
                if name != module
                    && name != "model"
                    && !allowed.contains(&name)
                    && LAYERS.iter().any(|(l, _)| *l == name)
                {
                    wrong.push(format!("{path} uses crate::{name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Causes reason over typed events; text is for people.
#[test]
fn causes_never_read_text() {
    for (path, text) in sources(&root("src/causes")) {
        let code = text.split("#[cfg(test)]").next().unwrap();
        assert!(!code.contains(".text."), "{path} reads the text of an event");
        assert!(!code.contains("std::fs"), "{path} opens a file");
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (path, text) in sources(&root("src")) {
        assert!(text.starts_with("//!"), "{path} has no module comment");
    }
}

#[test]
fn nothing_depends_on_the_machine() {
    for (path, text) in sources(&root("src")) {
        // The binary alone knows the time.
        if path.contains("test") || path.contains("damage") || matches!(path.as_str(), "cli/daily.rs" | "progress.rs") {
            continue;
        }
        for forbidden in ["SystemTime::now", "Utc::now", "Local::now", "Instant::now"] {
            assert!(!text.contains(forbidden), "{path} uses {forbidden}");
        }
    }
}

#[test]
fn the_documents_are_there_and_name_every_cause() {
    for file in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "deny.toml",
        "clippy.toml",
    ] {
        assert!(root(file).exists(), "{file}");
    }
    let readme = std::fs::read_to_string(root("README.md")).unwrap();
    for cause in pgautopsy::causes::CAUSES {
        assert!(readme.contains(&format!("`{}`", cause.id)), "README does not name {}", cause.id);
    }
}

#[test]
fn no_line_of_the_repository_names_a_machine() {
    for (path, text) in sources(&root("src")) {
        for word in ["/work/", "/root/"] {
            assert!(!text.contains(word), "{path} holds {word}");
        }
    }
}
