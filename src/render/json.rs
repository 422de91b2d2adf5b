//! The report as JSON: the contract with scripts.

use super::{Renderer, Style};
use crate::report::Report;

pub static RENDERER: Renderer = Renderer { name: "json", endings: &["json"], render };

fn render(report: &Report, _: Style) -> String {
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}
