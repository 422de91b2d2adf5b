//! A report as bytes: each output renders the same plain data and decides nothing.

mod card;
mod columns;
pub(crate) mod escape;
pub mod grafana;
#[cfg(test)]
mod hostile;
mod html;
mod json;
mod lanes;
mod listing;
mod markdown;
mod plot;
mod term;
#[cfg(test)]
mod testing;
pub(crate) mod times;
mod whois;
mod words;
pub(crate) mod wrap;

use crate::report::Report;
pub use lanes::timeline as timeline_text;
pub use listing::inventory;
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
    /// Whether it shows the raw lines around the evidence, which cost a second reading.
    pub excerpts: bool,
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
