//! The daily report as text of 80 columns: five lines when nothing happened.

use super::{Daily, blocks, facts};
use crate::render::escape::terminal;

const WIDTH: usize = 80;
/// Items of one block; the rest is counted.
const MOST: usize = 20;

/// The whole report; the first line is the subject.
pub fn text(d: &Daily) -> String {
    let mut out = format!("{}\n", d.subject);
    for (title, items) in blocks(d) {
        out.push_str(&format!("\n{title}\n"));
        for item in items.iter().take(MOST) {
            wrapped(&mut out, "  - ", &terminal(&item.head, 400));
            for (name, line) in &item.lines {
                wrapped(&mut out, &format!("      {name:<8}"), &terminal(line, 400));
            }
        }
        if items.len() > MOST {
            out.push_str(&format!("  - {} more\n", items.len() - MOST));
        }
    }
    if out.lines().count() > 1 {
        out.push('\n');
    }
    for (name, line) in facts(d) {
        wrapped(&mut out, &format!("  {name:<10}"), &terminal(&line, 400));
    }
    out
}

/// One paragraph behind a label, broken between words.
fn wrapped(out: &mut String, label: &str, text: &str) {
    let indent = label.chars().count();
    let mut column = indent;
    out.push_str(label);
    for (i, word) in text.split(' ').enumerate() {
        let n = word.chars().count();
        if i > 0 && column + 1 + n > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += n;
    }
    out.push('\n');
}
