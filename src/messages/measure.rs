//! Measurements for developers, skipped unless told where to look: `LOGS` names folders or files of real logs,
//! `PATRONI_SRC` and `ETCD_SRC` name checkouts of the programs. Run with `--nocapture` to see the numbers.
#![allow(clippy::print_stderr)]
#![allow(clippy::disallowed_methods)] // tests may look at the clock and the environment

use super::*;
use crate::formats::{BODIES, ENVELOPES, etcd_capnslog, json, read_log};
use crate::model::{Coverage, Level};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files below the paths that an environment variable lists; empty if it is not set.
fn files(variable: &str, keep: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let Ok(list) = std::env::var(variable) else { return Vec::new() };
    let mut out: Vec<PathBuf> = list
        .split(':')
        .filter(|p| !p.is_empty())
        .flat_map(walkdir::WalkDir::new)
        .flatten()
        .filter(|e| e.file_type().is_file() && keep(e.path()))
        .map(|e| e.path().to_path_buf())
        .collect();
    out.sort();
    out
}

/// Digits and ids taken out, so that equal messages look equal.
fn shape(text: &[u8]) -> String {
    let mut out = String::new();
    for word in String::from_utf8_lossy(text).split_inclusive(' ').take(24) {
        let id = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if id.len() >= 12 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
            out.push_str("ID ");
        } else {
            out.extend(word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }));
        }
    }
    engine::clip(&out, 160).to_string()
}

/// Program, level and text of a line, if it has a head or an envelope that names a program.
fn unknown(line: &[u8]) -> Option<(Program, Level, Vec<u8>)> {
    let head = |text: &[u8]| {
        let head = BODIES.iter().find_map(|b| (b.head)(text))?;
        let found = match head.object {
            Some(o) => find_with(head.program, &head.message, &json::Object(o)),
            None => find(head.program, head.message.strip_prefix(b"PAUSE: ").unwrap_or(&head.message)),
        };
        (found == Found::Unknown).then(|| (head.program, head.level, head.message.to_vec()))
    };
    if BODIES.iter().any(|b| (b.head)(line).is_some()) {
        return head(line);
    }
    let peeled = ENVELOPES.iter().find_map(|e| (e.peel)(line))?;
    if BODIES.iter().any(|b| (b.head)(&peeled.body).is_some()) {
        return head(&peeled.body);
    }
    if peeled.ident.as_deref().is_some_and(|i| i.starts_with(b"etcd")) {
        let text = etcd_capnslog::without_package(&peeled.body);
        return (find(Program::Etcd, text) == Found::Unknown).then(|| (Program::Etcd, peeled.level, text.to_vec()));
    }
    None
}

#[test]
fn share_of_real_lines_understood() {
    let mut sum = Coverage::default();
    let mut unknowns: BTreeMap<(Program, Level, String), u32> = BTreeMap::new();
    let mut whats: BTreeMap<What, u32> = BTreeMap::new();
    for path in files("LOGS", |_| true) {
        let Ok(text) = std::fs::read(&path) else { continue };
        if text.iter().take(4096).any(|b| *b == 0) {
            continue;
        }
        let parsed = read_log(&mut text.as_slice(), None, false);
        let ours = |p: Program| matches!(p, Program::Patroni | Program::Etcd);
        if !parsed.streams.iter().any(|s| ours(s.program) && s.stamped > 0) {
            continue;
        }
        for raw in parsed.streams.iter().filter(|s| ours(s.program)).flat_map(|s| &s.raws) {
            *whats.entry(raw.what).or_default() += raw.count;
            if std::env::var("RAWS").is_ok() {
                eprintln!(
                    "  {:?} {:?} num={} who={:?} x{} | {}",
                    raw.what, raw.why, raw.num, raw.who, raw.count, raw.text
                );
            }
        }
        let c = &parsed.coverage;
        eprintln!(
            "{}: {} lines, {} understood, {} noise, {} unknown, {} unnamed, {} unread",
            path.display(),
            c.lines,
            c.understood,
            c.noise,
            c.unknown,
            c.unnamed,
            c.unread
        );
        sum.lines += c.lines;
        sum.understood += c.understood;
        sum.noise += c.noise;
        sum.unknown += c.unknown;
        sum.unnamed += c.unnamed;
        sum.unread += c.unread;
        for line in text.split(|b| *b == b'\n') {
            if let Some((program, level, message)) = unknown(line).filter(|u| ours(u.0)) {
                *unknowns.entry((program, level, shape(&message))).or_default() += 1;
            }
        }
    }
    if sum.lines == 0 {
        return;
    }
    eprintln!("\nall files with Patroni or etcd: {sum:?}");
    let mut list: Vec<_> = unknowns.into_iter().collect();
    list.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    eprintln!("\nunknown messages of Patroni and etcd:");
    for ((program, level, text), n) in list {
        eprintln!("{n:6} {program:?} {level:?} {text}");
    }
    eprintln!("\nmeanings:");
    for (what, n) in whats {
        eprintln!("{n:6} {what:?}");
    }
}

/// Format strings of calls such as `logger.warning(` in a program's source, with `7s` for every argument.
fn format_strings(source: &str, calls: &[&str], python: bool) -> Vec<String> {
    let mut out = Vec::new();
    for call in calls {
        for (at, _) in source.match_indices(call) {
            let Some(mut rest) = source.get(at + call.len()..) else { continue };
            let mut text = String::new();
            loop {
                rest = rest.trim_start();
                if let Some(after) = rest.strip_prefix('+').filter(|_| !text.is_empty()) {
                    rest = after.trim_start();
                }
                let Some(quote) = rest.chars().next().filter(|c| *c == '"' || *c == '`' || (python && *c == '\''))
                else {
                    break;
                };
                let body = rest.get(1..).unwrap_or("");
                let mut end = None;
                let mut escaped = false;
                for (i, c) in body.char_indices() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        c if c == quote => {
                            end = Some(i);
                            break;
                        }
                        _ => {}
                    }
                }
                let Some(end) = end else { break };
                text.push_str(&body.get(..end).unwrap_or("").replace("\\\"", "\"").replace("\\'", "'"));
                rest = body.get(end + 1..).unwrap_or("");
            }
            if text.len() > 3 {
                out.push(filled(&text, python));
            }
        }
    }
    out
}

/// A format string with its placeholders filled in.
fn filled(format: &str, python: bool) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['%', '{']) {
        out.push_str(rest.get(..at).unwrap_or(""));
        let after = rest.get(at + 1..).unwrap_or("");
        if rest.as_bytes().get(at) == Some(&b'{') {
            match after.find('}').filter(|_| python) {
                Some(end) => {
                    out.push_str("7s");
                    rest = after.get(end + 1..).unwrap_or("");
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
            continue;
        }
        let verb = after.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(0);
        match after.as_bytes().get(verb) {
            Some(b'%') => out.push('%'),
            _ => out.push_str("7s"),
        }
        rest = after.get(verb + 1..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn share_known(variable: &str, extension: &str, program: Program, calls: &[&str]) {
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    // Other programs in the same repositories, and copies of libraries.
    let others = [
        "test",
        "/ctl",
        "/tools/",
        "/client",
        "/scripts/",
        "vendor/",
        "Godeps",
        "/cmd/",
        "contrib",
        "etcdctl",
        "etcdutl",
        "functional",
        "/proxy/",
        "/cache/",
        "etcd-dump",
        "/hack/",
    ];
    let ours = |p: &Path| {
        let name = p.to_string_lossy();
        !others.iter().any(|o| name.contains(o))
    };
    for path in files(variable, |p| p.extension().is_some_and(|e| e == extension) && ours(p)) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for message in format_strings(&text, calls, extension == "py") {
            let found = find(program, message.as_bytes()) != Found::Unknown;
            known.insert(message, found);
        }
    }
    if known.is_empty() {
        return;
    }
    let yes = known.values().filter(|k| **k).count();
    for (message, _) in known.iter().filter(|(_, k)| !**k) {
        eprintln!("unknown: {message}");
    }
    eprintln!("{variable}: {yes} of {} format strings known ({} %)", known.len(), yes * 100 / known.len());
}

#[test]
fn share_of_patroni_format_strings_known() {
    let calls =
        ["logger.info(", "logger.warning(", "logger.error(", "logger.exception(", "logger.fatal(", "logger.critical("];
    share_known("PATRONI_SRC", "py", Program::Patroni, &calls);
}

#[test]
fn share_of_etcd_format_strings_known() {
    let mut calls = Vec::new();
    for owner in ["lg.", "logger.", "Logger().", "plog."] {
        for level in ["Warn(", "Error(", "Fatal(", "Panic(", "Warningf(", "Errorf(", "Fatalf(", "Panicf(", "Warning("] {
            calls.push(format!("{owner}{level}"));
        }
    }
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    share_known("ETCD_SRC", "go", Program::Etcd, &calls);
}
