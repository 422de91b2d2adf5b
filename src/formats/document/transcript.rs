//! Several outputs in one file: pasted shell sessions, collectors' reports, `patroni-info` of an operator's export.
//!
//! The text is cut at prompts, rulers and blank lines; neighbouring pieces of one kind are put together, and each
//! goes to the document or log reader that knows it. A `date` dates what follows it.

use crate::detect::{Detected, detect};
use crate::formats::cells;
use crate::formats::prompt::{Prompt, prompt, ruler};
use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{BODIES, DOCUMENTS, Document, ENVELOPES, read_log_with};
use crate::model::{Caps, Naming, Parsed, Problem, Program, Stamp};
use std::collections::BTreeSet;

pub static FORMAT: Document = Document {
    name: "transcript",
    program: Program::Command,
    doc: "outputs of several commands, parted by prompts (`$ df -h`, `[root@pg1 ~]# date`), rulers (`=== df ===`) or blank lines",
    sniff,
    read,
    samples: &[
        "[root@pg1 ~]# df -h\nFilesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        50G   38G   12G  76% /\n[root@pg1 ~]# etcdctl endpoint health\n127.0.0.1:2379 is healthy: successfully committed proposal: took = 3.4ms\n",
    ],
};

/// Kinds that may stand anywhere and do not make a file a transcript.
static MINOR: &[&str] = &["date", "transcript", "notes"];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let marks = text.lines().filter(|l| prompt(l).is_some() || ruler(l).is_some()).count();
    let all: Vec<&str> = text.lines().collect();
    let cut = all
        .windows(2)
        .any(|w| w.last().is_some_and(|l| l.trim().is_empty() || begins_output(w.first().copied().unwrap_or(""), l)));
    if marks == 0 && !cut {
        return 0;
    }
    let mut kinds: BTreeSet<&str> = BTreeSet::new();
    for piece in pieces(&text).iter().take(60) {
        if piece.is_log() {
            kinds.insert("log");
        } else if let Some((document, score)) = best(&piece.text())
            && score >= 85
            && !MINOR.contains(&document.name)
        {
            kinds.insert(document.name);
        }
    }
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let marked = prompt(first).is_some() || ruler(first).is_some();
    // Blank lines alone part configs as well: then every piece must be an output.
    let configs = [
        "patroni-yml",
        "patroni-config",
        "etcd-conf",
        "unit-file",
        "kubernetes",
        "postgresql-conf",
        "environment",
        "metrics",
    ];
    let outputs = kinds.iter().filter(|k| !configs.contains(k)).count();
    match (marks, kinds.len()) {
        // A session that begins with a prompt is one, however much of a log it shows.
        (1.., 2..) if marked => 100,
        (1.., 2..) => 98,
        (0, 2..) if outputs >= 2 && outputs == kinds.len() => 96,
        _ => 0,
    }
}

/// Kinds that are told line by line, so that several may stand in one piece.
static LOOSE: &[&str] = &["date", "uptime", "host-name", "ip-addr", "packages"];

/// Lines between two cuts.
#[derive(Debug, Default)]
struct Piece<'a> {
    command: Option<Prompt<'a>>,
    lines: Vec<Line<'a>>,
}

impl Piece<'_> {
    /// Its first line is a log's.
    fn is_log(&self) -> bool {
        let first = self.lines.iter().find(|l| !l.text.trim().is_empty()).map_or("", |l| l.text).as_bytes();
        BODIES.iter().any(|b| (b.head)(first).is_some()) || ENVELOPES.iter().any(|e| (e.peel)(first).is_some())
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line.text);
            text.push('\n');
        }
        text
    }
}

fn best(text: &str) -> Option<(&'static Document, u8)> {
    let all = DOCUMENTS.iter().filter(|d| d.name != FORMAT.name);
    let scored = all.map(|d| (*d, (d.sniff)(text.as_bytes(), "")));
    scored.filter(|(_, s)| *s > 0).fold(None, |best: Option<(&Document, u8)>, next| match best {
        Some(b) if b.1 >= next.1 => Some(b),
        _ => Some(next),
    })
}

/// Cuts at prompts and rulers; a stretch without any is cut at blank lines.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece<'_>> = vec![Piece::default()];
    for line in lines(text) {
        if line.text.starts_with("```") {
            out.push(Piece::default());
            continue;
        }
        let found = prompt(line.text);
        let titled = ruler(line.text).map(|title| Prompt { host: None, command: title });
        if found.is_some() || titled.is_some() {
            out.push(Piece { command: found.or(titled), lines: vec![] });
            continue;
        }
        let previous = out.last().and_then(|p| p.lines.last()).map(|l| l.text);
        if previous.is_some_and(|p| begins_output(p, line.text)) {
            out.push(Piece::default());
        }
        if let Some(piece) = out.last_mut() {
            piece.lines.push(line);
        }
    }
    out.into_iter().flat_map(at_blanks).filter(|p| p.command.is_some() || !p.lines.is_empty()).collect()
}

/// A line that can only be the first of an output, after `previous` of another.
fn begins_output(previous: &str, line: &str) -> bool {
    let framed = |l: &str| cells::is_rule(l) && l.trim().starts_with(['+', '┌', '└']);
    (framed(previous) && framed(line))
        || (line.starts_with("+ Cluster:") && !previous.trim().is_empty())
        || (line.starts_with("Filesystem") && line.contains("Mounted on"))
        || line.starts_with("pg_control version number:")
        || (line.starts_with("NAME ") && line.contains("MAJ:MIN"))
        || (line.starts_with(' ') && line.contains("total") && line.contains("used") && line.contains("free"))
}

/// The parts between blank lines, put together again where the whole is one document (a YAML, an expanded psql record).
fn at_blanks(piece: Piece<'_>) -> Vec<Piece<'_>> {
    if !piece.lines.iter().any(|l| l.text.trim().is_empty()) {
        return vec![piece];
    }
    let mut parts: Vec<Piece<'_>> = vec![Piece { command: piece.command, lines: vec![] }];
    for line in &piece.lines {
        if line.text.trim().is_empty() {
            parts.push(Piece::default());
        } else if let Some(part) = parts.last_mut() {
            part.lines.push(*line);
        }
    }
    // More blank lines than that stand in logs and configs, not between outputs.
    if parts.len() > 100 || piece.is_log() {
        return vec![piece];
    }
    let kinds: BTreeSet<&str> = parts
        .iter()
        .filter_map(|p| best(&p.text()))
        .filter(|(_, s)| *s >= 85)
        .map(|(d, _)| d.name)
        .filter(|n| !MINOR.contains(n))
        .collect();
    if kinds.len() <= 1 {
        vec![piece]
    } else {
        parts.into_iter().filter(|p| p.command.is_some() || !p.lines.is_empty()).collect()
    }
}

fn read(content: &[u8], name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut at: Option<Stamp> = None;
    let mut hosts: BTreeSet<String> = BTreeSet::new();
    for piece in pieces(&text) {
        out.coverage.lines += u64::from(piece.command.is_some());
        out.coverage.noise += u64::from(piece.command.is_some());
        if let Some(host) = piece.command.and_then(|c| c.host) {
            let first = piece.lines.first().copied().unwrap_or_default();
            hosts.insert(host.to_owned());
            let mut sheet = Sheet::new(out, Program::Command);
            sheet.name(Naming::Host, host, first);
            for line in piece.lines.iter().take(20) {
                if let Some(stamp) = super::date::stamp_line(line.text) {
                    super::date::clock_fact(host, stamp, false, *line, &mut sheet);
                }
            }
        }
        let part = read_piece(&piece, name, out.caps);
        at = part_stamp(&piece).or(at);
        merge(part, &piece, at, out);
    }
    out.coverage.bytes += content.len() as u64;
    if hosts.len() > 1 {
        let list: Vec<String> = hosts.into_iter().collect();
        let what =
            format!("outputs of several hosts in one file ({}): their facts cannot be told apart", list.join(", "));
        out.problems.push(Problem { line: None, what });
    }
}

/// When a piece says that it was taken.
fn part_stamp(piece: &Piece<'_>) -> Option<Stamp> {
    piece.lines.iter().find_map(|l| super::date::stamp_line(l.text))
}

fn read_piece(piece: &Piece<'_>, name: &str, caps: Caps) -> Parsed {
    let text = piece.text();
    let mut parsed = Parsed { caps, ..Parsed::default() };
    let detection = detect(text.as_bytes(), "");
    let text =
        detection.wash.map_or_else(|| text.clone(), |w| String::from_utf8_lossy(&w.text(text.as_bytes())).into_owned());
    match detection.found {
        Detected::Log { envelope, newest_first } => {
            return read_log_with(&mut text.as_bytes(), envelope, newest_first, None, caps);
        }
        Detected::Document(d)
            if d.name != FORMAT.name && !LOOSE.contains(&d.name) && (d.sniff)(text.as_bytes(), "") >= 85 =>
        {
            (d.read)(text.as_bytes(), name, &mut parsed);
            return parsed;
        }
        _ => {}
    }
    loose(piece, &mut parsed);
    parsed
}

/// Outputs of one line each, one below the other: `date; uptime; uname -a; hostname; ip -br addr`.
fn loose(piece: &Piece<'_>, out: &mut Parsed) {
    let mut sheet = Sheet::new(out, Program::Command);
    let mut known = 0;
    for (i, line) in piece.lines.iter().enumerate() {
        let place = Line { number: i as u32 + 1, text: line.text };
        if let Some(stamp) = super::date::stamp_line(line.text) {
            super::date::zone_fact(stamp, place, &mut sheet);
            known += 1;
        } else if super::uptime::facts(place, &mut sheet)
            || super::host_names::facts(place, &mut sheet)
            || super::packages::facts(place, &mut sheet)
            || super::ip_addr::facts(place, &mut sheet)
        {
            known += 1;
        } else {
            // `hostname` prints a bare word: believed only where the prompt says so or `uname` said the same.
            let word = line.text.trim();
            let asked = piece.command.is_some_and(|c| c.command.starts_with("hostname"));
            if asked && super::host_names::is_host(word) {
                sheet.name(Naming::Host, word, place);
                known += 1;
            }
        }
    }
    let all = piece.lines.len() as u64;
    out.coverage.lines += all;
    out.coverage.understood += known;
    out.coverage.noise += all - known.min(all);
}

/// Adds what a piece gave, with its lines counted from the top of the file.
fn merge(part: Parsed, piece: &Piece<'_>, at: Option<Stamp>, out: &mut Parsed) {
    let place = |line: u32| piece.lines.get(line.saturating_sub(1) as usize).map_or(line, |l| l.number);
    for mut fact in part.facts {
        fact.line = place(fact.line);
        fact.at = fact.at.or(at);
        out.facts.push(fact);
    }
    for mut stream in part.streams {
        stream.names.iter_mut().for_each(|n| n.line = place(n.line));
        stream.raws.iter_mut().for_each(|r| r.line = place(r.line));
        for beat in &mut stream.beats {
            beat.line = place(beat.line);
            beat.last_line = place(beat.last_line);
        }
        let samples = stream.series.iter_mut().flat_map(|s| &mut s.samples).filter(|x| x.line > 0);
        samples.for_each(|x| x.line = place(x.line));
        let plain = stream.raws.is_empty() && stream.beats.is_empty() && stream.series.is_empty();
        match out
            .streams
            .iter_mut()
            .find(|s| plain && s.program == stream.program && s.host == stream.host && s.own_clock == stream.own_clock)
        {
            Some(same) => {
                for name in stream.names {
                    match same.names.iter_mut().find(|n| n.naming == name.naming && n.name == name.name) {
                        Some(known) => known.seen = known.seen.saturating_add(name.seen),
                        None => same.names.push(name),
                    }
                }
            }
            None => out.streams.push(stream),
        }
    }
    out.undated_by.extend(part.undated_by);
    for mut raw in part.undated {
        raw.line = place(raw.line);
        out.undated.push(raw);
    }
    for mut problem in part.problems {
        problem.line = problem.line.map(place);
        out.problems.push(problem);
    }
    let (all, from) = (&mut out.coverage, part.coverage);
    all.lines += from.lines;
    all.understood += from.understood;
    all.noise += from.noise;
    all.unknown += from.unknown;
    all.unnamed += from.unnamed;
    all.unread += from.unread;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Key;

    #[test]
    fn each_output_goes_to_its_reader_and_keeps_its_line() {
        let text = "[root@pg1 ~]# date\nSat Nov 21 00:25:46 UTC 2026\n[root@pg1 ~]# df -h\nFilesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        50G   38G   12G  76% /\n[root@pg1 ~]# etcdctl endpoint health\n127.0.0.1:2379 is healthy: successfully committed proposal: took = 3.4ms\n[root@pg1 ~]# journalctl -u patroni\nNov 20 19:15:30 pg1 patroni[22148]: 2026-11-20 19:15:30,123 INFO: no action. I am (pg1), the leader with the lock\n";
        let mut out = Parsed::default();
        assert_eq!(sniff(text.as_bytes(), ""), 100);
        read(text.as_bytes(), "", &mut out);
        let used = out.facts.iter().find(|f| f.key == Key::FsUsed).unwrap();
        assert_eq!((used.line, used.at.is_some()), (5, true));
        assert!(out.facts.iter().any(|f| f.key == Key::EtcdHealth && f.line == 7));
        assert!(out.streams.iter().any(|s| s.program == Program::Patroni));
        assert!(out.streams.iter().any(|s| s.names.iter().any(|n| n.naming == Naming::Host && &*n.name == "pg1")));
        assert_eq!(out.coverage.lines, 9);
    }

    #[test]
    fn every_number_of_a_text_knows_its_line_also_behind_a_prompt() {
        let sar = "Linux 6.1.0-18-amd64 (pg1) \t03/03/2026 \t_x86_64_\t(4 CPU)\n\n09:40:00       DEV       tps     await     %util\n09:50:00       sda      1.00      0.70      1.00\n09:50:00       sdb      1.00      0.80      1.00\n10:00:00       sda      1.00     44.00     97.00\n10:00:00       sdb      1.00      0.90      1.00\n";
        let lines_of = |out: &Parsed| -> Vec<(String, Vec<u32>)> {
            let series =
                out.streams.iter().flat_map(|s| &s.series).filter(|s| s.metric == crate::model::Metric::DiskAwait);
            series
                .map(|s| (s.item.as_deref().unwrap_or("").to_owned(), s.samples.iter().map(|x| x.line).collect()))
                .collect()
        };
        let mut alone = Parsed::default();
        (crate::formats::document::sysstat::FORMAT.read)(sar.as_bytes(), "", &mut alone);
        assert_eq!(lines_of(&alone), [("sda".to_owned(), vec![4, 6]), ("sdb".to_owned(), vec![5, 7])]);
        let mut behind = Parsed::default();
        read(format!("$ date\nSat Nov 21 00:25:46 UTC 2026\n$ sar -d\n{sar}").as_bytes(), "", &mut behind);
        assert_eq!(lines_of(&behind), [("sda".to_owned(), vec![7, 9]), ("sdb".to_owned(), vec![8, 10])]);
    }

    #[test]
    fn blank_lines_part_outputs_and_loose_lines_are_read() {
        let text = "/dev/vda / ext4 rw,relatime 0 0\n/dev/sdb /data ext4 rw,relatime 0 0\n\nFri Nov 20 19:19:18 EST 2026\n 19:19:18 up 45 min,  0 user,  load average: 10.69, 8.99, 6.10\nLinux db01 6.18.44-generic #1 SMP PREEMPT_DYNAMIC @0 x86_64 GNU/Linux\ndb01\nlo               UNKNOWN        127.0.0.1/8 ::1/128 \neth0@if31        UP             10.11.1.11/24 fe80::6c66:a6ff:fec0:1837/64 \n";
        let mut out = Parsed::default();
        assert!(sniff(text.as_bytes(), "") >= 96);
        read(text.as_bytes(), "", &mut out);
        for key in [Key::Mount, Key::Uptime, Key::BootTime, Key::TimeZone] {
            assert!(out.facts.iter().any(|f| f.key == key), "{key:?}");
        }
        let names: Vec<&str> = out.streams.iter().flat_map(|s| &s.names).map(|n| &*n.name).collect();
        assert!(names.contains(&"db01") && names.contains(&"10.11.1.11"), "{names:?}");
    }

    #[test]
    fn outputs_without_anything_between_are_told_apart() {
        let text = "patronictl list\n+ Cluster: x (7710427947206209187) -+----+-----------+\n| Member | Host | Role | State | TL | Lag in MB |\n+--------+------+------+-------+----+-----------+\n| a | 10.0.0.1 | Leader | running | 2 | |\n+--------+------+------+-------+----+-----------+\npatronictl history\n+----+-----+--------+-----------+\n| TL | LSN | Reason | Timestamp |\n+----+-----+--------+-----------+\n| 1 | 25165824 | no recovery target specified | 2022-08-08T15:57:26.0+00:00 |\n+----+-----+--------+-----------+\n";
        for text in [text.to_owned(), text.replace("patronictl list\n", "").replace("patronictl history\n", "")] {
            let mut out = Parsed::default();
            assert!(sniff(text.as_bytes(), "") >= 96, "{text}");
            read(text.as_bytes(), "", &mut out);
            for key in [Key::MemberRole, Key::HistoryReason, Key::Scope] {
                assert!(out.facts.iter().any(|f| f.key == key), "{key:?}");
            }
        }
    }

    #[test]
    fn facts_of_several_hosts_are_told() {
        let text = "root@pg1:~# df -h\nFilesystem Size Used Avail Use% Mounted on\n/dev/sda1 50G 38G 12G 76% /\nroot@pg2:~# uname -a\nLinux pg2 6.1 #1 SMP x86_64\n";
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        assert_eq!(out.problems.len(), 1, "{:?}", out.problems);
    }
}
