//! A measurement for developers, skipped unless told where to look: `LOGS` names folders or files of real logs.
//! Run with `--nocapture` to see the numbers. The share of the programs' own texts is `examples/upstream.rs`.
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
