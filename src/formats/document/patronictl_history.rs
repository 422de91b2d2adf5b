//! `patronictl history` and REST `/history`: which timeline ended where, why, when, and who led next.

use crate::formats::cells::{cells, tables};
use crate::formats::sheet::{Line, Sheet, excerpt, lines};
use crate::formats::{Document, stamp, tree};
use crate::model::{Key, Parsed, Program, Stamp, Value};

pub static FORMAT: Document = Document {
    name: "patronictl-history",
    program: Program::Command,
    doc: "timelines that ended: LSN, reason, time with offset, new leader (from 2.1.1 on)",
    sniff,
    read,
    samples: &[
        "+----+----------+------------------------------+----------------------------------+------------+\n| TL |      LSN | Reason                       | Timestamp                        | New Leader |\n+----+----------+------------------------------+----------------------------------+------------+\n|  1 | 68629744 | no recovery target specified | 2026-11-21T01:19:55.526756+00:00 | pg3        |\n",
        "| 39 | 638700975472 | no recovery target specified | 2022-08-17T21:15:19.346029+02:00 | db-3 |\n",
        "[[1, 68629744, \"no recovery target specified\", \"2026-11-21T01:19:55.526756+00:00\", \"pg3\"]]\n",
        "[{\"TL\": 1, \"LSN\": 68629744, \"Reason\": \"no recovery target specified\", \"Timestamp\": \"2026-11-21T01:19:55+00:00\", \"New Leader\": \"pg3\"}]\n",
    ],
};

fn is_header(cells: &[&str]) -> bool {
    cells.first() == Some(&"TL") && cells.contains(&"LSN")
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all = || text.lines().take(60);
    if all().any(|l| cells(l).is_some_and(|c| is_header(&c)) || l.split('\t').map(str::trim).take(2).eq(["TL", "LSN"]))
    {
        return 95;
    }
    // A pasted piece without its header: four or five cells, a timeline, an LSN, a stamp.
    if all().filter(|l| !l.trim().is_empty()).all(|l| crate::formats::cells::is_rule(l) || row(l).is_some())
        && all().any(|l| row(l).is_some())
    {
        return 92;
    }
    let json = text.trim_start();
    let listed = json.starts_with("[[") || json.starts_with("- - ") || json.starts_with("[\n");
    if (listed && json.contains("recovery target")) || (json.contains("\"TL\"") && json.contains("\"LSN\"")) {
        90
    } else {
        0
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let found = tables(&text, is_header);
    for table in &found {
        let column = |name| table.column(&[name]);
        for row in &table.rows {
            let cell = |name| column(name).map_or("", |c| row.get(c));
            entry(
                &mut sheet,
                row.line,
                [cell("TL"), cell("LSN"), cell("Reason"), cell("Timestamp"), cell("New Leader")],
            );
        }
    }
    if found.is_empty() {
        let json = text.trim_start();
        if json.starts_with(['[', '{']) || json.starts_with("- ") {
            structured(&text, &mut sheet);
        } else {
            for line in lines(&text) {
                let cells = row(line.text).or_else(|| {
                    let cells: Vec<&str> = line.text.split('\t').map(str::trim).collect();
                    (cells.len() >= 4 && cells.first()?.parse::<u32>().is_ok()).then_some(cells)
                });
                if let Some(cells) = cells {
                    let cell = |i: usize| cells.get(i).copied().unwrap_or("");
                    entry(&mut sheet, line, [cell(0), cell(1), cell(2), cell(3), cell(4)]);
                }
            }
        }
    }
    sheet.account(&text);
}

/// A drawn row that can only be history: number, number, words, stamp or nothing.
fn row(line: &str) -> Option<Vec<&str>> {
    let cells = cells(line)?;
    let number = |i: usize| cells.get(i).is_some_and(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()));
    let stamped = |i: usize| cells.get(i).is_some_and(|c| c.is_empty() || stamp::iso(c.as_bytes()).is_some());
    ((4..=5).contains(&cells.len()) && number(0) && number(1) && stamped(3)).then_some(cells)
}

fn structured(text: &str, sheet: &mut Sheet<'_>) {
    let (leaves, problems) = match tree::leaves(text) {
        Ok(found) => found,
        Err(problem) => {
            sheet.out.problems.push(problem);
            return;
        }
    };
    sheet.out.problems.extend(problems);
    from_leaves(&leaves, text, sheet);
}

/// Entries of a list of lists (REST, DCS) or of objects (`-f json`); `text` is what the lines of the leaves are of, if anything.
pub fn from_leaves(leaves: &[tree::Leaf], text: &str, sheet: &mut Sheet<'_>) {
    let all: Vec<&str> = text.lines().collect();
    let mut current: Option<(String, Line<'_>, [String; 5])> = None;
    let close = |entry_of: Option<(String, Line<'_>, [String; 5])>, sheet: &mut Sheet<'_>| {
        if let Some((_, line, c)) = entry_of {
            let [timeline, lsn, reason, when, leader] = &c;
            let line = excerpt(&all, line.number, lsn);
            entry(sheet, line, [timeline, lsn, reason, when, leader]);
        }
    };
    for leaf in leaves {
        let Some((index, key)) = leaf.path.strip_prefix('[').and_then(|r| r.split_once(']')) else { continue };
        let at = match key.trim_start_matches(['.', '[']).trim_end_matches(']') {
            "TL" | "0" => 0,
            "LSN" | "1" => 1,
            "Reason" | "2" => 2,
            "Timestamp" | "3" => 3,
            "New Leader" | "4" => 4,
            _ => continue,
        };
        if current.as_ref().is_none_or(|(i, ..)| i != index) {
            let next = (index.to_owned(), Line { number: leaf.line, text: "" }, Default::default());
            close(current.replace(next), sheet);
        }
        if let Some((_, _, cells)) = &mut current
            && let Some(cell) = cells.get_mut(at)
        {
            *cell = leaf.value.text();
        }
    }
    close(current, sheet);
}

fn entry(sheet: &mut Sheet<'_>, line: Line<'_>, [timeline, lsn, reason, when, leader]: [&str; 5]) {
    if timeline.is_empty() || !timeline.bytes().all(|b| b.is_ascii_digit()) {
        return;
    }
    let at: Option<Stamp> = stamp::iso(when.as_bytes()).map(|(s, _)| s);
    let drawn = format!("TL {timeline} | {lsn} | {reason} | {when} | {leader}");
    // Objects and lists are shown as the row that they mean.
    let line = if line.text.is_empty() { Line { number: line.number, text: &drawn } } else { line };
    if let Ok(bytes) = lsn.parse() {
        sheet.fact_at(Key::HistoryLsn, Some(timeline), Value::Num(bytes), at, line);
    }
    if !reason.is_empty() {
        sheet.fact_at(Key::HistoryReason, Some(timeline), Value::Text(reason.into()), at, line);
    }
    if !leader.is_empty() {
        sheet.fact_at(Key::HistoryLeader, Some(timeline), Value::Text(leader.into()), at, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Zone, rfc3339};

    #[test]
    fn reads_tables_lists_and_objects_alike() {
        for text in [
            "+----+---+\n| TL | LSN | Reason | Timestamp | New Leader |\n+----+---+\n|  2 | 69061688 | no recovery target specified | 2026-11-21T00:37:17.834756-05:00 | pg1 |\n+----+---+\n",
            "| 2 | 69061688 | no recovery target specified | 2026-11-21T00:37:17.834756-05:00 | pg1 |\n",
            "TL\tLSN\tReason\tTimestamp\tNew Leader\n2\t69061688\tno recovery target specified\t2026-11-21T00:37:17.834756-05:00\tpg1\n",
            "[[2,69061688,\"no recovery target specified\",\"2026-11-21T00:37:17.834756-05:00\",\"pg1\"]]",
            "- LSN: 69061688\n  New Leader: pg1\n  Reason: no recovery target specified\n  TL: 2\n  Timestamp: '2026-11-21T00:37:17.834756-05:00'\n",
        ] {
            let mut out = Parsed::default();
            assert!(sniff(text.as_bytes(), "") >= 90 || text.starts_with("- "), "{text}");
            read(text.as_bytes(), "", &mut out);
            let leader = out.facts.iter().find(|f| f.key == Key::HistoryLeader).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((leader.item.as_deref(), leader.value.text()), (Some("2"), Some("pg1")), "{text}");
            let at = leader.at.unwrap();
            assert_eq!((rfc3339(at.civil).as_str(), at.zone), ("2026-11-21T00:37:17.834Z", Zone::Offset(-18_000)));
            assert!(out.facts.iter().any(|f| f.key == Key::HistoryLsn && f.value.num() == Some(69_061_688.0)));
        }
    }

    #[test]
    fn old_entries_without_time_or_leader_stay_without() {
        let mut out = Parsed::default();
        read(
            b"| TL | LSN | Reason | Timestamp | New Leader |\n| 1 | 68982832 | no recovery target specified |  |  |\n",
            "",
            &mut out,
        );
        assert!(out.facts.iter().all(|f| f.at.is_none() && f.key != Key::HistoryLeader));
        assert_eq!(out.facts.len(), 2);
    }
}
