//! Holds the message tables against the programs' own sources, tag by tag, and prints the share that is known.
//!
//! ```text
//! cargo run --example upstream -- patroni CLONE TAG...     all calls of Patroni's loggers
//! cargo run --example upstream -- etcd CLONE TAG...        all warnings and errors of etcd's server
//! cargo run --example upstream -- list FILE.tsv            a list of format strings: file, function, level, text, …
//! cargo run --example upstream -- catalogue FILE.md        tables of messages in Markdown: `patroni.x` or `etcd.x` first
//! ```
//! `CLONE` is a git repository with the tags in it; `-u` before the kind prints what is unknown as well.

mod parts;

use parts::{NO_MESSAGE, WITHIN};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::process::Command;

use pgautopsy::input::{Limits, read_all};
use pgautopsy::messages::{Found, find};
use pgautopsy::model::Program;

/// Known and all texts of one level.
type Shares = BTreeMap<&'static str, BTreeMap<String, bool>>;

fn main() -> io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let unknown = args.first().is_some_and(|a| a == "-u");
    if unknown {
        args.remove(0);
    }
    let usage =
        || io::Error::other("usage: upstream [-u] patroni|etcd CLONE TAG... | list FILE.tsv | catalogue FILE.md");
    let (kind, rest) = args.split_first().ok_or_else(usage)?;
    let (place, tags) = rest.split_first().ok_or_else(usage)?;
    match kind.as_str() {
        "list" => show(place, &listed(&std::fs::read_to_string(place)?), unknown),
        "catalogue" => show(place, &catalogued(&std::fs::read_to_string(place)?), unknown),
        "patroni" | "etcd" => {
            let mut all = Shares::new();
            for tag in tags {
                let shares = of_tag(kind, place, tag)?;
                show(tag, &shares, unknown)?;
                for (level, texts) in shares {
                    all.entry(level).or_default().extend(texts);
                }
            }
            show("all of these", &all, false)
        }
        _ => Err(usage()),
    }
}

fn show(name: &str, shares: &Shares, unknown: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (level, texts) in shares {
        let known = texts.values().filter(|k| **k).count();
        let share = known as f64 * 100.0 / texts.len().max(1) as f64;
        writeln!(out, "{name:<14} {level:<20} {known:>4} of {:>4} known, {share:.1} %", texts.len())?;
        for (text, _) in texts.iter().filter(|(_, k)| unknown && !**k) {
            writeln!(out, "    {text}")?;
        }
    }
    Ok(())
}

/// The texts of a list of format strings; what is marked as a part of other messages is left out.
fn listed(list: &str) -> Shares {
    let mut shares = Shares::new();
    for line in list.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let etcd = matches!(columns.get(2), Some(&("cap" | "zap" | "fmt")));
        let (level, text) = match (etcd, columns.get(3), columns.get(4)) {
            (true, Some(level), Some(text)) => (*level, *text),
            (false, Some(text), _) => (columns.get(2).copied().unwrap_or(""), *text),
            _ => continue,
        };
        let level = match level {
            l if l.starts_with("Warn") || l.starts_with("WARN") => "warnings",
            l if l.starts_with("Error") || l.starts_with("ERROR") => "errors",
            l if l.starts_with("Fatal") || l.starts_with("Panic") || l.starts_with("CRIT") => "fatal",
            l if l.starts_with("INFO(cycle-result") => "loop results",
            "INFO" | "Info" | "Infof" => "infos",
            _ => continue,
        };
        let text = text.trim_matches('"');
        // Texts that are made elsewhere: `<self.ha.run_cycle()>`.
        if text.len() <= 3 || (text.starts_with('<') && text.ends_with('>')) {
            continue;
        }
        let program = match columns.get(1) {
            _ if etcd => Program::Etcd,
            Some(&"postgresql") => Program::Postgres,
            _ => Program::Patroni,
        };
        for text in alternatives(text) {
            let text = if etcd && columns.get(2) == Some(&"zap") {
                text.to_owned()
            } else if etcd {
                filled(text, false)
            } else {
                angled(&filled(text, true))
            };
            let known = is_known(program, &text) || is_known_part(program, &text);
            shares.entry(level).or_default().insert(text, known);
        }
    }
    shares
}

fn is_known_part(program: Program, part: &str) -> bool {
    WITHIN.iter().any(|(p, whole)| *p == part && is_known(program, whole))
}

/// A text of etcd without the level and the package in front of it.
fn bare(text: &str) -> String {
    let text = text.split_once(" | ").filter(|(level, _)| level.len() == 1).map_or(text, |(_, t)| t);
    let package = |p: &str| p.len() > 2 && p.bytes().all(|b| b.is_ascii_lowercase() || b"0123456789/".contains(&b));
    text.split_once(": ").filter(|(p, _)| package(p) && *p != "failover").map_or(text, |(_, t)| t).to_owned()
}

/// `[a | b]` stands for either text in lists made by hand; values of the program are no texts.
fn alternatives(text: &str) -> Vec<&str> {
    let values = ["None", "[]", "slots", "ret", "node_to_follow", "self.patroni.scheduled_restart.copy()"];
    match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).filter(|t| t.contains(" | ")) {
        Some(inner) => inner.split(" | ").filter(|t| !values.contains(t)).collect(),
        None => vec![text],
    }
}

/// The texts of catalogues in Markdown: rows that begin with a kind, their texts between backticks.
fn catalogued(text: &str) -> Shares {
    let mut shares = Shares::new();
    let mut columns: Vec<usize> = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let program = match cells.first() {
            Some(c) if c.contains("`patroni.") => Program::Patroni,
            Some(c) if c.contains("`etcd.") => Program::Etcd,
            Some(c) if c.starts_with("Event kind") => {
                let texts = |c: &&str| ["Text", "capnslog", "zap"].iter().any(|t| c.starts_with(t));
                columns = cells.iter().enumerate().filter(|(_, c)| texts(c)).map(|(i, _)| i).collect();
                continue;
            }
            _ => continue,
        };
        for cell in columns.iter().filter_map(|i| cells.get(*i)) {
            for text in cell.split('`').skip(1).step_by(2) {
                let text = text.replace('¦', "|").replace('⇥', "\t").replace("\\t", "\t");
                if NO_MESSAGE.contains(&text.as_str()) {
                    continue;
                }
                let whole = angled(&bare(&text)).replace('…', "7s");
                let known = is_known(program, &whole) || is_known_part(program, &text);
                shares.entry(program.id()).or_default().insert(text, known);
            }
        }
    }
    shares
}

/// A table knows the text with one of the values that its arguments take: a duration, a number, a name.
fn is_known(program: Program, text: &str) -> bool {
    let known = |text: &str| find(program, text.as_bytes()) != Found::Unknown;
    ["7s", "7", "0/3000188", "NOSPACE", "/data/postmaster.pid", "/service/x", "http://h:1/x"]
        .iter()
        .any(|value| known(&text.replace("7s", value)))
        || ["manual failover", "switchover", "alarm", ""].iter().any(|first| known(&text.replacen("7s", first, 1)))
        || known(&format!("{text}: NOSPACE"))
        || known(&text.replacen("7s", "remove_data_directory_on_rewind_failure", 1))
        || text.strip_suffix("7s").is_some_and(|t| known(&format!("{t}not allowed to promote")))
}

/// `<x>` and `{x}` stand for arguments in lists made by hand.
fn angled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(rest.get(..at).unwrap_or(""));
        let after = rest.get(at + 1..).unwrap_or("");
        match after.find('>').filter(|end| !after.get(..*end).unwrap_or(" ").contains(' ')) {
            Some(end) => {
                out.push_str("7s");
                rest = after.get(end + 1..).unwrap_or("");
            }
            None => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn of_tag(kind: &str, clone: &str, tag: &str) -> io::Result<Shares> {
    let archive = std::env::temp_dir().join(format!("upstream-{}.tar", std::process::id()));
    let done =
        Command::new("git").args(["-C", clone, "archive", "--format=tar", "-o"]).arg(&archive).arg(tag).status()?;
    if !done.success() {
        return Err(io::Error::other(format!("git archive {tag}: {done}")));
    }
    let (program, extension, levels) = match kind {
        "patroni" => (Program::Patroni, ".py", patroni_calls()),
        _ => (Program::Etcd, ".go", etcd_calls()),
    };
    let limits = Limits::default();
    let listing = read_all(std::slice::from_ref(&archive), &limits, 1, &|entry, input| {
        let path = format!("/{}", entry.path.rsplit('!').next().unwrap_or(""));
        let wanted = path.ends_with(extension) && is_server(&path);
        let mut text = String::new();
        if wanted {
            let _ = input.take(4 << 20).read_to_string(&mut text);
        }
        text
    });
    let _ = std::fs::remove_file(&archive);
    let mut shares = Shares::new();
    for (_, source) in listing.map_err(|e| io::Error::other(e.to_string()))?.items {
        for (level, call) in &levels {
            for text in format_strings(&source, call, extension == ".py") {
                let known = is_known(program, &text);
                shares.entry(level).or_default().insert(text, known);
            }
        }
    }
    Ok(shares)
}

fn patroni_calls() -> Vec<(&'static str, String)> {
    let of = |level, names: &[&str]| names.iter().map(|n| (level, format!("logger.{n}("))).collect::<Vec<_>>();
    [
        of("warnings", &["warning", "warn"]),
        of("errors", &["error", "exception"]),
        of("fatal", &["fatal", "critical"]),
        of("infos", &["info"]),
    ]
    .concat()
}

fn etcd_calls() -> Vec<(&'static str, String)> {
    let mut calls = Vec::new();
    for owner in ["lg.", "logger.", "Logger().", "plog.", "Lg."] {
        for (level, names) in [
            ("warnings", &["Warn(", "Warningf(", "Warning("][..]),
            ("errors", &["Error(", "Errorf("]),
            ("fatal", &["Fatal(", "Fatalf(", "Panic(", "Panicf("]),
        ] {
            calls.extend(names.iter().map(|n| (level, format!("{owner}{n}"))));
        }
    }
    calls
}

/// Other programs in the same repositories, tests, and copies of libraries.
fn is_server(path: &str) -> bool {
    let others = [
        "test",
        "/ctl",
        "/tools/",
        "/client",
        "/scripts/",
        "/vendor/",
        "/Godeps",
        "/cmd/",
        "/contrib",
        "etcdctl",
        "etcdutl",
        "functional",
        "/proxy/",
        "/cache/",
        "etcd-dump",
        "/hack/",
        "/features/",
        "/docs/",
        "/grpcproxy/",
        "/httpproxy/",
        "/tcpproxy/",
        "etcdmain/grpc_proxy",
        "etcdmain/gateway",
        // A part of the functional tester that lay there in 3.3.1 to 3.3.3.
        "pkg/transport/proxy.go",
    ];
    !others.iter().any(|o| path.contains(o))
}

/// Format strings of a call such as `logger.warning(` in a program's source, with `7s` for every argument.
fn format_strings(source: &str, call: &str, python: bool) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in source.match_indices(call) {
        let Some(mut rest) = source.get(at + call.len()..) else { continue };
        let mut text = String::new();
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('+').filter(|_| !text.is_empty()) {
                rest = after.trim_start();
            }
            let Some(quote) = rest.chars().next().filter(|c| *c == '"' || *c == '`' || (python && *c == '\'')) else {
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
            // Only calls whose name ends in `f` take a format in Go.
            out.push(if python || call.ends_with("f(") { filled(&text, python) } else { text });
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
        let verb = if after.starts_with('%') {
            0
        } else {
            after.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(0)
        };
        match after.as_bytes().get(verb) {
            Some(b'%') => out.push('%'),
            _ => out.push_str("7s"),
        }
        rest = after.get(verb + 1..).unwrap_or("");
    }
    out.push_str(rest);
    out
}
