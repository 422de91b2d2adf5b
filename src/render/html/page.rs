//! A page under construction: markup is written here, everything else is escaped on its way in.

use crate::render::escape;

/// Longest text from a log that is shown in one place.
const LONGEST: usize = 4_000;

/// Longest name of a host.
const HOST: usize = 80;

/// A host's name in the script's data: the same as in [`Page::host`].
pub fn host_key(name: &str) -> String {
    escape::terminal(name, HOST)
}

/// Markup can only come from the program's own text (`raw`) or from a drawing (`svg`).
#[derive(Debug, Default)]
pub struct Page {
    out: String,
}

/// A drawing whose texts are escaped already.
#[derive(Debug, Default, Clone)]
pub struct Svg(pub(super) String);

impl Page {
    pub fn raw(&mut self, markup: &'static str) -> &mut Page {
        self.out.push_str(markup);
        self
    }

    /// Any text, also inside a quoted attribute.
    pub fn text(&mut self, text: &str) -> &mut Page {
        self.out.push_str(&escape::html(text, LONGEST));
        self
    }

    /// A host's name as attributes and the script's data hold it.
    pub fn host(&mut self, name: &str) -> &mut Page {
        self.out.push_str(&escape::html(name, HOST));
        self
    }

    pub fn int(&mut self, n: usize) -> &mut Page {
        self.out.push_str(&n.to_string());
        self
    }

    /// `<tag>text</tag>`
    pub fn tagged(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Page {
        self.raw(open).text(text).raw(close)
    }

    pub fn svg(&mut self, drawing: &Svg) -> &mut Page {
        self.out.push_str(&drawing.0);
        self
    }

    /// Data for the script: JSON in which no tag can begin.
    pub fn json(&mut self, value: &serde_json::Value) -> &mut Page {
        self.out.push_str(&value.to_string().replace('<', "\\u003c").replace(['\u{2028}', '\u{2029}'], " "));
        self
    }

    pub fn finish(self) -> String {
        self.out
    }
}
