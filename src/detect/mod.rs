//! What a file is, told by its content: names lie (`.log` that is gzip, `.txt` that is sar), so they only break ties.
//!
//! Order: nothing at all → magic numbers → text encoding → documents that are unmistakable →
//! votes of single lines (logs) → documents that are likely → single messages without any stamp.

mod binary;
mod text;
mod votes;

use crate::formats::wash::Wash;
use crate::formats::{DOCUMENTS, Document, Envelope, document, pg_stderr, prompt};
use crate::messages::{self, Found};
use crate::model::Program;
pub use text::{Encoding, decode, encoding};

/// A document this certain wins over logs: its first lines cannot be anything else (`● unit.service - …`).
const UNMISTAKABLE: u8 = 100;
/// A document at least this certain wins over a log that only a part of the lines votes for.
const CERTAIN: u8 = 90;
/// Below this a document is a guess and not taken.
const LIKELY: u8 = 40;

/// Above this a document is more than prose.
const UNLIKE_PROSE: u8 = 50;

/// As much of a text as documents are shown: they are known by how they begin.
const DOCUMENT_HEAD: usize = 16 << 10;

/// What a file was taken for, and the reason in words.
#[derive(Debug)]
pub struct Detection {
    pub found: Detected,
    pub why: String,
    pub encoding: Encoding,
    /// What copying did to the text and has to be undone before it is read.
    pub wash: Option<Wash>,
}

#[derive(Debug)]
pub enum Detected {
    Log {
        envelope: Option<&'static Envelope>,
        newest_first: bool,
    },
    Document(&'static Document),
    /// What it is, in words.
    Binary(&'static str),
    Empty,
    Unknown,
}

/// Tells what a file is from its first bytes (64 KiB are plenty) and, where that leaves a doubt, its name.
pub fn detect(head: &[u8], name: &str) -> Detection {
    let encoding = encoding(head);
    let plain = |found, why: String| Detection { found, why, encoding: Encoding::Utf8, wash: None };
    if head.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        let why = if head.contains(&0) { "holds nothing but NUL bytes" } else { "holds nothing" };
        return plain(Detected::Empty, why.to_owned());
    }
    if encoding == Encoding::Utf8 {
        // Binary sysstat files are documents: ask the documents before the list of magic numbers.
        let sysstat = |d: &&&Document| d.program == Program::Sysstat && (d.sniff)(head, name) >= CERTAIN;
        if let Some(document) = head.contains(&0).then(|| DOCUMENTS.iter().find(sysstat)).flatten() {
            return plain(Detected::Document(document), format!("looks like {}: {}", document.name, document.doc));
        }
        if let Some(what) = binary::kind(head, name) {
            return plain(Detected::Binary(what), format!("begins like {what}"));
        }
    }
    let text = decode(head, encoding);
    let wash = Wash::needed(&text);
    match &wash {
        None => {
            let (found, why) = detect_text(&text, name);
            Detection { found, why, encoding, wash }
        }
        Some(w) => {
            let (found, why) = detect_text(&w.text(&text), name);
            Detection { found, why: format!("{why}; {}", w.words()), encoding, wash }
        }
    }
}

fn detect_text(text: &[u8], name: &str) -> (Detected, String) {
    let votes = votes::count(text);
    let log = || {
        let found = Detected::Log { envelope: votes.envelope(), newest_first: votes.newest_first() };
        (found, votes.words())
    };
    let taken = |d: &'static Document, score: u8| (Detected::Document(d), format!("looks like {} ({score} %)", d.name));
    // Most files of a bundle are logs, and asking some fifty documents takes longer than counting votes.
    if votes.most() && !may_be_unmistakable(text) {
        return log();
    }
    match best(text, name) {
        Some((d, score)) if score >= UNMISTAKABLE => return taken(d, score),
        _ if votes.most() || votes.begins() => return log(),
        Some((d, score)) if score >= CERTAIN => return taken(d, score),
        _ if votes.enough() => return log(),
        // A log that somebody has cut the stamps off reads like prose.
        guess
            if guess.is_none_or(|(_, score)| score < UNLIKE_PROSE)
                && let Some(why) = bare_log(text) =>
        {
            return (Detected::Log { envelope: votes.envelope(), newest_first: false }, why);
        }
        Some((d, score)) if score >= LIKELY => return taken(d, score),
        _ => {}
    }
    if let Some((number, program)) = known_message(text) {
        let found = Detected::Log { envelope: votes.envelope(), newest_first: false };
        return (found, format!("no stamps, but line {number} is a known message of {}", program.id()));
    }
    if votes.any() {
        let (found, why) = log();
        return (found, format!("{why}; little, but nothing else fits"));
    }
    (Detected::Unknown, "no line has a known layout".to_owned())
}

/// The documents that beat logs begin with a mark of `systemctl status`, a PEM header, a prompt, a ruler,
/// a journal's or a log system's export.
fn may_be_unmistakable(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    let first = start.split(|b| *b == b'\n').next().unwrap_or(start);
    let first = String::from_utf8_lossy(first.get(..200).unwrap_or(first));
    first.starts_with("-----BEGIN")
        || first.starts_with(['*', '●', '○', '×', '↻'])
        // Exports of the journal and of log systems: `__CURSOR=…`, `Sat 2026-11-21 … [s=…`, `[{…`, `{` alone.
        || first.starts_with("__")
        || first.contains(" [s=")
        || matches!(first.trim_end(), "[" | "{")
        || ["[{", "[ {"].iter().any(|begin| first.starts_with(begin))
        || document::json_export::is_container(first.as_bytes())
        || document::csv_table::is_header(first.as_bytes())
        || prompt::prompt(&first).is_some()
        || prompt::ruler(&first).is_some()
}

/// The most certain document; the first of equals.
fn best(text: &[u8], name: &str) -> Option<(&'static Document, u8)> {
    let head = text.get(..DOCUMENT_HEAD).unwrap_or(text);
    // Manuals and tickets quote settings; only outputs that were pasted into them count.
    let prose = document::notes::is_mostly_prose(&String::from_utf8_lossy(head));
    let mut best: Option<(&'static Document, u8)> = None;
    for document in DOCUMENTS.iter().filter(|d| !prose || d.program != Program::Config) {
        let score = (document.sniff)(head, name);
        if score > best.map_or(0, |(_, s)| s) {
            best = Some((document, score));
        }
    }
    best
}

/// A log without stamps: most lines are messages that a table knows, or have a severity as PostgreSQL writes it.
fn bare_log(text: &[u8]) -> Option<String> {
    const PROGRAMS: [Program; 5] =
        [Program::Patroni, Program::Etcd, Program::Postgres, Program::Kernel, Program::Systemd];
    let (mut lines, mut hits) = (0usize, 0usize);
    let mut of: Vec<(Program, usize)> = PROGRAMS.iter().map(|p| (*p, 0)).collect();
    for line in text.split(|b| *b == b'\n').take(200) {
        if line.trim_ascii().is_empty() || line.first().is_some_and(u8::is_ascii_whitespace) {
            continue;
        }
        lines += 1;
        let line = line.trim_ascii();
        let postgres = pg_stderr::severity(line).is_some();
        let says =
            |p: &Program| *p == Program::Postgres && postgres || matches!(messages::find(*p, line), Found::Meaning(_));
        if let Some((_, n)) = of.iter_mut().find(|(p, _)| says(p)) {
            *n += 1;
            hits += 1;
        } else if PROGRAMS.iter().any(|p| messages::find(*p, line) == Found::Noise) {
            hits += 1;
        }
    }
    let (program, most) = of.iter().max_by_key(|(_, n)| *n)?;
    (*most > 0 && hits * 2 > lines)
        .then(|| format!("no stamps, but {hits} of {lines} lines are messages, most of them of {}", program.id()))
}

/// A message known to one of the tables in a file without any stamp: an error text pasted by hand.
fn known_message(text: &[u8]) -> Option<(usize, Program)> {
    let programs =
        [Program::Patroni, Program::Etcd, Program::Postgres, Program::Kernel, Program::Systemd, Program::Proxy];
    text.split(|b| *b == b'\n').take(200).enumerate().find_map(|(i, line)| {
        let line = line.trim_ascii();
        // What a client shows of PostgreSQL's or the pooler's messages: `FATAL:  …`, `psql: error: … FATAL:  …`.
        let bare = memchr::memmem::find(line, b":  ").and_then(|at| line.get(at + 3..)).unwrap_or(line);
        let found = |p: &&Program| {
            let known = |text: &[u8]| text.len() >= 12 && matches!(messages::find(**p, text), Found::Meaning(_));
            known(line) || known(bare)
        };
        programs.iter().find(found).map(|p| (i + 1, *p))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> String {
        match detect(text.as_bytes(), "x").found {
            Detected::Log { envelope, newest_first } => {
                let turned = if newest_first { " turned" } else { "" };
                format!("log {}{turned}", envelope.map_or("-", |e| e.name))
            }
            Detected::Document(d) => d.name.to_owned(),
            Detected::Binary(what) => what.to_owned(),
            Detected::Empty => "empty".to_owned(),
            Detected::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn tells_logs_documents_and_nothing_apart() {
        assert_eq!(kind(""), "empty");
        assert_eq!(kind("\0\0\0\0\n"), "empty");
        assert_eq!(kind("2021-02-01 13:45:05,683 INFO: no action. I am (a), the leader with the lock\n"), "log -");
        assert_eq!(kind("Feb  1 13:45:05 h patroni[1]: 2021-02-01 13:45:05,683 INFO: x\n"), "log syslog");
        assert_eq!(kind("Dear all,\nplease find attached\nthe logs.\n"), "unknown");
        assert_eq!(kind("\u{feff}Filesystem Size Used Avail Use% Mounted on\n/dev/sda1 5G 3G 2G 60% /\n"), "df");
    }

    #[test]
    fn every_sample_of_bodies_and_envelopes_is_a_log() {
        for sample in crate::formats::BODIES.iter().flat_map(|b| b.samples) {
            let found = detect(sample.as_bytes(), "").found;
            assert!(matches!(found, Detected::Log { .. }), "{sample} -> {found:?}");
        }
        for envelope in crate::formats::ENVELOPES {
            for sample in envelope.samples {
                let found = detect(sample.as_bytes(), "").found;
                assert!(matches!(found, Detected::Log { .. }), "{sample} -> {found:?}");
            }
        }
    }

    /// A document's sample goes to its document, past all logs; some kinds stand inside a file of several outputs.
    #[test]
    fn every_sample_of_a_document_is_that_document() {
        for document in DOCUMENTS {
            for sample in document.samples {
                let found = detect(sample.as_bytes(), "").found;
                let same = matches!(found, Detected::Document(d) if d.name == document.name);
                assert!(same, "{} of {} -> {found:?}", sample, document.name);
            }
        }
    }

    #[test]
    fn sees_the_newest_line_on_top() {
        let mut lines: Vec<String> =
            (10..40).map(|s| format!("2021-02-01 13:45:{s},683 INFO: no action. I am (a), the leader\n")).collect();
        assert_eq!(kind(&lines.concat()), "log -");
        lines.reverse();
        assert_eq!(kind(&lines.concat()), "log - turned");
    }

    #[test]
    fn reads_utf_16() {
        let text = "2021-02-01 13:45:05,683 INFO: no action\r\n".repeat(3);
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let found = detect(&bytes, "x");
        assert!(matches!(found.found, Detected::Log { .. }), "{found:?}");
        assert_eq!(found.encoding, Encoding::Utf16Le);
    }
}
