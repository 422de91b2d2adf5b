//! `ps` and `top -b`: which of our programs ran, with which data directory.

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "ps",
    program: Program::Command,
    doc: "command lines of postgres, patroni and etcd; everything else is noise. Titles such as `postgres: walsender` name no fact",
    sniff,
    read,
    samples: &[
        "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\nroot           1  0.0  0.0 167000 12000 ?        Ss   00:15   0:01 /sbin/init\n",
        "etcd     22058 21687 Sat Nov 21 00:15:16 2026 38340 Ssl  /opt/etcd/etcd\npostgres 22663     1 Sat Nov 21 00:15:20 2026 25888 S    /usr/lib/postgresql/15/bin/postgres -D /var/lib/pgsql/15/data\n",
        "top - 00:25:44 up 51 min,  0 users,  load average: 6.92, 7.34, 6.26\nTasks: 120 total,   1 running\n",
    ],
};

fn is_header(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.contains(&"PID") && words.iter().any(|w| matches!(*w, "CMD" | "COMMAND" | "Command" | "%CPU"))
}

/// A row without a header: a user, numbers, and a command path or a title in the end.
fn row(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pid = words.iter().take(3).filter(|w| w.parse::<u32>().is_ok()).count();
    let state = words.iter().any(|w| {
        w.len() <= 4 && w.starts_with(['S', 'R', 'D', 'Z', 'T', 'I']) && w.chars().all(|c| "SRDZTIslN+<Lt".contains(c))
    });
    words.len() >= 5
        && pid >= 1
        && state
        && words.iter().any(|w| w.starts_with('/') || w.starts_with('[') || w.ends_with(':'))
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if text.lines().take(10).any(|l| l.starts_with("top - ") && l.contains("load average")) {
        return 94;
    }
    if text.lines().take(30).any(is_header) {
        return 91;
    }
    let all = text.lines().filter(|l| !l.trim().is_empty()).count();
    let is_log = |l: &str| crate::formats::BODIES.iter().any(|b| (b.head)(l.as_bytes()).is_some());
    let stamped = |l: &str| crate::formats::ENVELOPES.iter().any(|e| (e.peel)(l.as_bytes()).is_some());
    let hits = text.lines().filter(|l| row(l) && !is_log(l) && !stamped(l)).count();
    if hits > 0 && hits * 3 >= all * 2 { 80 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        if line.text.starts_with("top - ") {
            super::uptime::facts(line, &mut sheet);
        }
        process(line, &mut sheet);
    }
    sheet.account(&text);
}

fn process(line: Line<'_>, sheet: &mut Sheet<'_>) {
    let words: Vec<&str> = line.text.split_whitespace().collect();
    let Some(at) = words.iter().position(|w| w.starts_with('/') || w.ends_with("/postgres") || w.ends_with("/etcd"))
    else {
        return;
    };
    let program = words.get(at).and_then(|w| w.rsplit('/').next()).unwrap_or("");
    let command = words.get(at..).unwrap_or_default().join(" ");
    match program {
        "postgres" | "postmaster" => {
            let directory = words.iter().position(|w| *w == "-D").and_then(|i| words.get(i + 1));
            sheet.text(Key::PgDataDir, None, directory.copied().unwrap_or(""), line);
            let name = words.iter().find_map(|w| w.strip_prefix("--cluster_name="));
            sheet.text(Key::Scope, None, name.unwrap_or(""), line);
        }
        "etcd" => {
            crate::formats::etcd_settings::command_line(&command, line, sheet);
            sheet.text(Key::Process, Some("etcd"), &command, line);
        }
        _ if command.contains("/patroni ") || program == "patroni" => {
            sheet.text(Key::Process, Some("patroni"), &command, line)
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_data_directories_and_flags() {
        let mut out = Parsed::default();
        read(FORMAT.samples[1].as_bytes(), "", &mut out);
        assert!(out.facts.iter().any(|f| f.key == Key::PgDataDir && f.value.text() == Some("/var/lib/pgsql/15/data")));
        assert!(out.facts.iter().any(|f| f.key == Key::Process && f.item.as_deref() == Some("etcd")));
    }
}
