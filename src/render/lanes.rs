//! The merged events as text: one column per host where they fit beside each other, else one line per event.

use super::escape;
use crate::report::TimelineEvent;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Columns of the time in front: `13:45:05.683` and a blank.
const TIME: usize = 13;
/// Narrower columns than this hold no sentence.
const LANE_MIN: usize = 26;
/// Lines of one event in its column.
const LINES_MAX: usize = 5;

/// The rows as text; `width` is that of the terminal, `None` where there is none.
pub fn timeline(rows: &[TimelineEvent], width: Option<usize>) -> String {
    let hosts: Vec<&str> = rows.iter().map(|r| r.host.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let lane = width.map_or(0, |w| w.saturating_sub(TIME) / hosts.len().max(1));
    if hosts.len() < 2 || lane < LANE_MIN {
        return rows.iter().map(line).collect();
    }
    lanes(rows, &hosts, lane)
}

/// One event in one line.
fn line(row: &TimelineEvent) -> String {
    let mark = if row.alarm { '!' } else { ' ' };
    let place = format!("{}:{}", row.path, row.line);
    format!(
        "{} {mark} {:<12} {:<10} {} [{}]\n",
        row.at,
        escape::terminal(&row.host, 12),
        row.program,
        escape::terminal(&row.text, 200),
        escape::terminal(&place, 200)
    )
}

fn lanes(rows: &[TimelineEvent], hosts: &[&str], lane: usize) -> String {
    // One blank between columns.
    let width = lane - 1;
    let mut out = String::new();
    let mut day = "";
    for row in rows {
        let (date, time) = (row.at.get(..10).unwrap_or(""), row.at.get(11..23).unwrap_or(""));
        if date != day {
            day = date;
            let head: String = hosts.iter().map(|h| format!("{:<lane$}", escape::terminal(h, width))).collect();
            let _ = writeln!(out, "{}", format!("{:<TIME$}{head}", "UTC").trim_end());
            let _ = writeln!(out, "{day}");
        }
        let at = hosts.iter().position(|h| *h == row.host).unwrap_or(0);
        let mark = if row.alarm { "! " } else { "" };
        let until = row.until.as_ref().filter(|_| row.count > 1).and_then(|u| u.get(11..19));
        let until = until.map_or_else(String::new, |u| format!(", until {u}"));
        // Most words begin with who says them.
        let said = row.text.get(..row.program.len()).is_some_and(|s| s.eq_ignore_ascii_case(&row.program));
        let who = if said { String::new() } else { format!("{}: ", row.program) };
        let words = format!("{mark}{who}{}{until}", row.text);
        for (i, part) in wrapped(&escape::terminal(&words, 400), width).iter().enumerate() {
            let time = if i == 0 { time } else { "" };
            let _ = writeln!(out, "{time:<TIME$}{:pad$}{part}", "", pad = at * lane);
        }
    }
    out
}

/// The text in lines of at most `width` characters; words that are longer are cut, lines beyond the limit left out.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let mut word: String = word.to_owned();
        while let Some(last) = lines.last_mut() {
            let used = last.chars().count();
            let n = word.chars().count();
            if used == 0 && n > width {
                last.extend(word.chars().take(width));
                word = word.chars().skip(width).collect();
                lines.push(String::new());
            } else if used == 0 || used + 1 + n <= width {
                if used > 0 {
                    last.push(' ');
                }
                last.push_str(&word);
                break;
            } else {
                lines.push("  ".to_owned());
                if n + 2 > width {
                    lines.pop();
                    lines.push(String::new());
                } else if let Some(last) = lines.last_mut() {
                    last.push_str(&word);
                    break;
                }
            }
        }
    }
    lines.retain(|l| !l.trim().is_empty());
    if lines.len() > LINES_MAX {
        lines.truncate(LINES_MAX);
        if let Some(last) = lines.last_mut() {
            *last = last.chars().take(width.saturating_sub(1)).chain(['…']).collect();
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at: &str, host: &str, text: &str, count: u32) -> TimelineEvent {
        TimelineEvent {
            at: at.to_owned(),
            until: (count > 1).then(|| "2021-02-01T13:46:09.000Z".to_owned()),
            host: host.to_owned(),
            program: "etcd".to_owned(),
            what: "x".to_owned(),
            text: text.to_owned(),
            count,
            path: "etcd.log".to_owned(),
            line: 7,
            raw: String::new(),
            alarm: count > 1,
        }
    }

    fn two() -> Vec<TimelineEvent> {
        vec![
            row(
                "2021-02-01T13:45:05.683Z",
                "db1",
                "heartbeat could not be sent in time [5afd16fe1ce3d29f], 12 times",
                12,
            ),
            row("2021-02-02T00:00:01.000Z", "db2", "became leader", 1),
        ]
    }

    #[test]
    fn one_column_a_host_where_they_fit() {
        let expected = "\
UTC          db1                         db2
2021-02-01
13:45:05.683 ! etcd: heartbeat could not
               be sent in time
               [5afd16fe1ce3d29f], 12
               times, until 13:46:09
UTC          db1                         db2
2021-02-02
00:00:01.000                             etcd: became leader
";
        assert_eq!(timeline(&two(), Some(69)), expected);
        assert!(timeline(&two(), Some(69)).lines().all(|l| l.chars().count() <= 69));
    }

    #[test]
    fn one_line_an_event_where_they_do_not() {
        for width in [None, Some(60)] {
            let text = timeline(&two(), width);
            assert_eq!(text.lines().count(), 2, "{text}");
            assert!(text.contains("12 times [etcd.log:7]"), "{text}");
        }
    }

    #[test]
    fn no_word_is_wider_than_its_column() {
        for width in [8, 26, 27] {
            let text = format!("a {} b {}", "x".repeat(70), "y".repeat(27));
            assert!(wrapped(&text, width).iter().all(|l| l.chars().count() <= width), "{:?}", wrapped(&text, width));
        }
    }
}
