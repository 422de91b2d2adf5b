//! The daily report as text of 80 columns: five lines when nothing happened.

use super::{Daily, blocks, facts};
use crate::render::wrap::paragraph;

/// Items of one block; the rest is counted.
const MOST: usize = 20;

/// The whole report; the first line is the subject.
pub fn text(d: &Daily) -> String {
    let mut out = format!("{}\n", d.subject);
    for (title, items) in blocks(d) {
        out.push_str(&format!("\n{title}\n"));
        for item in items.iter().take(MOST) {
            paragraph(&mut out, "  - ", &item.head);
            for (name, line) in &item.lines {
                paragraph(&mut out, &format!("      {name:<8}"), line);
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
        paragraph(&mut out, &format!("  {name:<10}"), &line);
    }
    out
}
