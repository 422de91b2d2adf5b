//! Notes of people: recognised, never a source of facts; only log lines that they quote count.

use crate::formats::{BODIES, Document, ENVELOPES, LogReader};
use crate::model::{Parsed, Program};

pub static FORMAT: Document = Document {
    name: "notes",
    program: Program::Other,
    doc: "prose, Markdown, HTML, mails; what people write about an incident is opinion, not evidence",
    sniff,
    read,
    samples: &[
        "We lost the primary at about 10 in the morning, and the replica took over after half a minute.\nPlease find the logs attached. The disk was nearly full, as far as we can tell.\n",
    ],
};

fn sniff(head: &[u8], name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).take(200).collect();
    if lines.is_empty() {
        return 0;
    }
    let markdown = lines
        .iter()
        .filter(|l| l.starts_with("# ") || l.starts_with("## ") || l.starts_with("```") || l.starts_with("* "))
        .count();
    let prose = lines.iter().filter(|l| is_prose(l)).count();
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let named =
        ["notes", "readme", "note", "timeline", "description", "ticket", "comment"].iter().any(|n| file.contains(n))
            || file.ends_with(".md")
            || file.ends_with(".rst");
    if markdown >= 1 && prose * 4 >= lines.len() || prose * 2 >= lines.len() {
        45
    } else if named && !file.ends_with(".log") {
        42
    } else {
        0
    }
}

/// Whether most of a text is sentences: then no line of it is a setting.
pub fn is_mostly_prose(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).take(200).collect();
    lines.iter().filter(|l| is_prose(l)).count() * 3 > lines.len()
}

/// Words of letters, many of them, with the small words that sentences have.
fn is_prose(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let letters = words
        .iter()
        .filter(|w| w.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | ',' | '.' | ';' | ':' | '-' | '?' | '!')))
        .count();
    let small = [
        "the", "a", "is", "was", "and", "to", "of", "we", "in", "on", "at", "it", "und", "der", "die", "das", "le",
        "la", "el", "et", "что", "и", "в", "на",
    ];
    !line.starts_with(['#', '|', '-', '/'])
        && words.len() >= 6
        && letters * 10 >= words.len() * 7
        && words.iter().any(|w| small.contains(&w.to_lowercase().as_str()))
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut log = LogReader::within(None, out.caps);
    let mut quoted = 0u64;
    let mut previous = false;
    for (i, line) in text.lines().enumerate() {
        let body = line.trim_start_matches("> ").trim_end();
        let bytes = body.as_bytes();
        let is_log =
            BODIES.iter().any(|b| (b.head)(bytes).is_some()) || ENVELOPES.iter().any(|e| (e.peel)(bytes).is_some());
        // Continuation lines of a quoted record are indented.
        if is_log || (previous && body.starts_with(['\t', ' ']) && !body.trim().is_empty()) {
            log.line(bytes, i as u32 + 1);
            quoted += 1;
            previous = true;
        } else {
            previous = false;
        }
    }
    let all = text.lines().count() as u64;
    let parsed = log.finish();
    out.streams.extend(parsed.streams);
    out.undated.extend(parsed.undated);
    out.undated_by.extend(parsed.undated_by);
    let (total, from) = (&mut out.coverage, parsed.coverage);
    total.bytes += content.len() as u64;
    total.lines += all;
    total.noise += all.saturating_sub(quoted) + from.noise;
    total.understood += from.understood;
    total.unknown += from.unknown;
    total.unnamed += from.unnamed;
    total.unread += from.unread;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_log_lines_count_and_prose_does_not() {
        let text = "# Outage\nWe saw this in the log of the primary:\n\n```\n2021-02-01 13:45:05,683 INFO: no action. I am (a), the leader with the lock\n```\nThe disk /data was at 97 % and the quota is 2 GB.\n";
        assert!(sniff(text.as_bytes(), "x") >= 40);
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        assert!(out.facts.is_empty());
        assert_eq!(out.streams.iter().map(|s| s.stamped).sum::<u64>(), 1);
    }
}
