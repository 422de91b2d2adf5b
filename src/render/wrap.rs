//! Paragraphs and lines for a terminal: wrapped to its width, harmless, and in ASCII where that is asked for.

use super::Style;
use super::escape::terminal;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text page under construction.
#[derive(Debug)]
pub struct Page {
    pub out: String,
    pub style: Style,
}

impl Page {
    pub fn heading(&mut self, text: &str) {
        let text = self.safe(text, self.style.width);
        let _ = match self.style.colour {
            true => writeln!(self.out, "\n\x1b[1m{text}\x1b[0m"),
            false => writeln!(self.out, "\n{text}"),
        };
    }

    /// Text without control characters, and without anything but ASCII if so asked.
    pub fn safe(&self, text: &str, max: usize) -> String {
        let text = terminal(text, max);
        if !self.style.ascii || text.is_ascii() { text } else { ascii(&text) }
    }

    /// A paragraph wrapped to the width; the first line begins with `lead`, the others are indented as far.
    pub fn wrapped(&mut self, lead: &str, text: &str) {
        let indent = lead.width();
        let room = self.style.width.saturating_sub(indent).max(20);
        let safe = self.safe(text, 4_000);
        let mut first = true;
        for line in wrap(&safe, room) {
            let _ = match first {
                true => writeln!(self.out, "{lead}{line}"),
                false => writeln!(self.out, "{}{line}", " ".repeat(indent)),
            };
            first = false;
        }
    }

    pub fn line(&mut self, text: &str) {
        let text = fitted(&self.safe(text, 4_000), self.style.width);
        let _ = writeln!(self.out, "{text}");
    }

    /// Rows that are shown of a long list unless everything is asked for.
    pub fn shown(&self, n: usize, folded: usize) -> usize {
        if self.style.verbose { n } else { n.min(folded) }
    }
}

/// A label and a text, broken between words at 80 columns; a longer word, such as a path, stays whole.
pub(crate) fn paragraph(out: &mut String, label: &str, text: &str) {
    let indent = label.chars().count();
    let mut column = indent;
    out.push_str(label);
    for (i, word) in terminal(text, 400).split(' ').enumerate() {
        let n = word.chars().count();
        if i > 0 && column + 1 + n > 80 {
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

/// Lines of at most `room` columns, broken between words where possible; never none.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
        }
        while word.width() > room {
            let (head, rest) = word.split_at(columns(word, room));
            lines.push(head.to_owned());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Bytes of the longest beginning that is at most `room` columns wide, at least one character.
fn columns(text: &str, room: usize) -> usize {
    let mut wide = 0;
    for (at, c) in text.char_indices() {
        wide += c.width().unwrap_or(0);
        if wide > room && at > 0 {
            return at;
        }
    }
    text.len()
}

/// A text cut at the end to a width.
pub fn fitted(text: &str, room: usize) -> String {
    if text.width() <= room { text.to_owned() } else { text.get(..columns(text, room)).unwrap_or("").to_owned() }
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => out.push('~'),
            '–' | '—' | '‐' => out.push('-'),
            '±' => out.push_str("+-"),
            '×' => out.push('x'),
            '→' => out.push_str("->"),
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            c if c.is_ascii() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_by_their_width_on_the_screen() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn ascii_is_ascii() {
        assert_eq!(ascii("±1.0 s … ünï"), "+-1.0 s ~ \\u{fc}n\\u{ef}");
    }
}
