//! A report as bytes: each output renders the same plain data and decides nothing.

mod card;
mod columns;
mod escape;
pub mod grafana;
#[cfg(test)]
mod hostile;
mod html;
mod json;
mod markdown;
mod plot;
mod term;
#[cfg(test)]
mod testing;
mod times;
mod whois;
mod words;
mod wrap;

use crate::report::Report;
pub use whois::whois;

/// How a renderer may write.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    pub colour: bool,
    /// Show what is folded otherwise.
    pub verbose: bool,
    /// Nothing but ASCII.
    pub ascii: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { width: 80, colour: false, verbose: false, ascii: false }
    }
}

/// One output format.
#[derive(Debug)]
pub struct Renderer {
    pub name: &'static str,
    /// File endings that choose it.
    pub endings: &'static [&'static str],
    pub render: fn(&Report, Style) -> String,
}

macro_rules! renderers {
    ($($name:ident),* $(,)?) => {
        /// All output formats.
        pub static RENDERERS: &[&Renderer] = &[$(&$name::RENDERER),*];
    };
}

renderers! { term, markdown, json, html, card }

/// The renderer of a name.
pub fn by_name(name: &str) -> Option<&'static Renderer> {
    RENDERERS.iter().copied().find(|r| r.name == name)
}

/// The renderer for a file name.
pub fn by_ending(file: &str) -> Option<&'static Renderer> {
    let ending = file.rsplit('.').next()?;
    RENDERERS.iter().copied().find(|r| r.endings.contains(&ending))
}

/// One row of `pgautopsy timeline` as text.
pub fn timeline_line(row: &crate::report::TimelineEvent) -> String {
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

/// What is in a bundle, as `pgautopsy ls` prints it.
pub fn inventory(report: &Report) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for s in &report.inventory.sources {
        let at = |a: &Option<String>| a.clone().unwrap_or_else(|| "-".to_owned());
        let _ = writeln!(
            out,
            "{}\n    {} on {}; {} to {}; zone {} ({}); {} lines: {} understood, {} noise, {} unknown",
            escape::terminal(&s.path, 400),
            escape::terminal(&s.kind, 100),
            escape::terminal(&s.host, 100),
            at(&s.first),
            at(&s.last),
            escape::terminal(&s.zone, 60),
            escape::terminal(&s.zone_why, 200),
            s.lines,
            s.understood,
            s.noise,
            s.unknown
        );
        for problem in &s.problems {
            let _ = writeln!(out, "    ! {}", escape::terminal(problem, 300));
        }
    }
    for s in &report.inventory.skipped {
        let _ = writeln!(out, "{}\n    not read: {}", escape::terminal(&s.path, 400), escape::terminal(&s.why, 300));
    }
    out
}
