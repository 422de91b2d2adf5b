//! Undoes what copying did to a text: quote marks of mails, indentation, code marks, HTML entities, odd blanks, colours.
//!
//! What is undone is decided once for a whole text, from its first lines: an indented line in a log that is not
//! indented is the continuation of a record, and must not become one.

use super::{BODIES, ENVELOPES, unwrap};
use std::borrow::Cow;

/// What has to be undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wash {
    /// Terminal colours.
    colours: bool,
    /// `&quot;`, `&#39;`, `&lt;` …
    entities: bool,
    /// No-break spaces, typographic quotes, invisible characters.
    blanks: bool,
    /// `> `, `>> `, `> > `.
    quotes: bool,
    /// Columns of blanks in front of every line.
    indent: usize,
    /// `` `line` ``.
    ticks: bool,
    /// Columns at which long lines were broken.
    width: Option<usize>,
}

/// Lines looked at.
const LINES: usize = 400;

impl Wash {
    /// What copying did to the text that begins with `head`; `None` if nothing.
    pub fn needed(head: &[u8]) -> Option<Wash> {
        let mut wash = Wash { colours: memchr::memchr(0x1b, head).is_some(), ..Wash::default() };
        // Most logs end here: nothing of the kind in the text, and a first line that is a log's.
        let odd = has_entities(head) || has_blanks(head);
        let raw: Vec<&[u8]> =
            head.split(|b| *b == b'\n').take(LINES).map(|l| l.strip_suffix(b"\r").unwrap_or(l)).collect();
        wash.width = unwrap::width(&raw, |l| is_log(l));
        if !odd && !wash.colours && wash.width.is_none() && first_line(head).is_some_and(is_log) {
            return None;
        }
        let base = Wash { colours: wash.colours, ..Wash::default() };
        let all: Vec<&[u8]> = head.split(|b| *b == b'\n').take(LINES).filter(|l| !l.trim_ascii().is_empty()).collect();
        let logs = |w: &Wash| all.iter().filter(|l| is_log(w.line(l))).count();
        // An escaped text holds none of the characters that it escapes.
        // Only the tags of the page around it do.
        let tags = |l: &&[u8]| l.trim_ascii().starts_with(b"<") && l.trim_ascii().ends_with(b">");
        let plain = || all.iter().filter(|l| !tags(l)).all(|l| memchr::memchr2(b'<', b'>', l).is_none());
        wash.entities = has_entities(head) && plain();
        if has_blanks(head) {
            let with = Wash { blanks: true, ..wash };
            wash.blanks = logs(&with) > logs(&wash) || logs(&base) == 0;
        }
        let lines: Vec<Cow<'_, [u8]>> = all.iter().map(|l| wash.line(l)).collect();
        let marked = lines.iter().filter(|l| l.first() == Some(&b'>')).count();
        if marked > 0 {
            let inner = |l: &[u8]| is_log(unquoted(l).trim_ascii_start());
            let quoted = lines.iter().filter(|l| l.first() == Some(&b'>') && inner(l)).count();
            let plain = lines.iter().filter(|l| l.first() != Some(&b'>') && is_log(l)).count();
            wash.quotes = marked == lines.len() || (quoted > 0 && quoted >= plain);
        }
        let lines: Vec<Cow<'_, [u8]>> = all.iter().map(|l| wash.line(l)).collect();
        wash.indent = indent(&lines);
        let ticked = |l: &Cow<'_, [u8]>| l.starts_with(b"`") && !l.starts_with(b"```") && is_log(unticked(l));
        wash.ticks = lines.iter().any(ticked) && !lines.iter().any(is_log);
        (wash != Wash::default()).then_some(wash)
    }

    /// Whether more than colours has to be undone; those the log reader takes out by itself, line by line.
    pub fn is_thorough(&self) -> bool {
        *self != Wash { colours: self.colours, ..Wash::default() }
    }

    /// A line as it was before it was copied.
    pub fn line<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        let mut line = without_controls(line);
        if self.entities {
            line = Cow::Owned(without_entities(&line));
        }
        if self.blanks {
            line = Cow::Owned(with_replaced(&line, BLANKS));
        }
        if self.quotes && line.first() == Some(&b'>') {
            line = cut(line, |l| l.len() - unquoted(l).len());
        }
        if self.indent > 0 {
            let columns = self.indent;
            line = cut(line, |l| l.iter().take(columns).take_while(|b| matches!(b, b' ' | b'\t')).count());
        }
        if self.ticks && line.starts_with(b"`") && !line.starts_with(b"```") {
            line = Cow::Owned(unticked(&line).to_vec());
        }
        line
    }

    /// The whole text, with as many lines as before.
    pub fn text(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let whole = match self.width {
            Some(width) => Cow::Owned(unwrap::joined(text, width, |l| is_log(l))),
            None => Cow::Borrowed(text),
        };
        for (i, line) in whole.split(|b| *b == b'\n').enumerate() {
            if i > 0 {
                out.push(b'\n');
            }
            out.extend_from_slice(&self.line(line));
        }
        out
    }

    /// What was undone, in words.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        let mut say = |yes: bool, what: &str| {
            if yes {
                parts.push(what.to_owned());
            }
        };
        say(self.quotes, "quote marks");
        say(self.ticks, "code marks");
        say(self.entities, "HTML entities");
        say(self.blanks, "odd blanks or quotes");
        say(self.colours, "colours");
        say(self.width.is_some(), "line breaks of a narrow window");
        if self.indent > 0 {
            parts.push(format!("{} blanks in front of each line", self.indent));
        }
        format!("copied text: {} taken out", parts.join(", "))
    }
}

/// Carriage returns, byte order marks, NUL bytes and terminal colours are never the log's.
pub fn without_controls(line: &[u8]) -> Cow<'_, [u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    if memchr::memchr2(0x1b, 0, line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut out = Vec::with_capacity(line.len());
    let mut i = 0;
    while let Some(b) = line.get(i) {
        if *b == 0x1b && line.get(i + 1) == Some(&b'[') {
            i += 2;
            while line.get(i).is_some_and(|b| !b.is_ascii_alphabetic()) {
                i += 1;
            }
        } else if *b != 0 {
            out.push(*b);
        }
        i += 1;
    }
    Cow::Owned(out)
}

/// Lines that exporters, collectors and people write between records.
pub fn is_marker(line: &[u8]) -> bool {
    [&b"-- "[..], b"```", b"==> ", b"----", b"====", b"{code", b"{noformat"].iter().any(|m| line.starts_with(m))
        || line == b"--"
        || matches!(line.trim_ascii(), b"<pre>" | b"</pre>" | b"<code>" | b"</code>")
        || line.iter().all(|b| *b == b'.')
}

/// The line is a log's by itself.
fn is_log(line: impl AsRef<[u8]>) -> bool {
    let line = line.as_ref();
    BODIES.iter().any(|b| (b.head)(line).is_some()) || ENVELOPES.iter().any(|e| (e.peel)(line).is_some())
}

fn first_line(text: &[u8]) -> Option<&[u8]> {
    text.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l)).find(|l| !l.trim_ascii().is_empty())
}

/// Without `> `, `>>`, `> > `: as many as there are, with one blank behind each.
fn unquoted(line: &[u8]) -> &[u8] {
    let mut rest = line;
    while let Some(inner) = rest.strip_prefix(b">") {
        rest = inner.strip_prefix(b" ").unwrap_or(inner);
    }
    rest
}

fn unticked(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"`").unwrap_or(line);
    line.strip_suffix(b"`").unwrap_or(line)
}

/// Blanks in front of all log lines, where no line without them is a log's; else those in front of all lines at all.
fn indent(lines: &[Cow<'_, [u8]>]) -> usize {
    let blanks = |l: &[u8]| l.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let mut least: Option<usize> = None;
    for line in lines {
        let n = blanks(line);
        let log = is_log(line.get(n..).unwrap_or(b""));
        if n == 0 && log {
            return 0;
        }
        if log {
            least = Some(least.map_or(n, |l| l.min(n)));
        }
    }
    // The kernel's and PostgreSQL's own forms may begin with a blank: one alone is no indentation.
    let common = || lines.iter().map(|l| blanks(l)).min().filter(|n| *n >= 2 && lines.len() > 2);
    least.or_else(common).unwrap_or(0)
}

/// The line without its first bytes.
fn cut<'a>(line: Cow<'a, [u8]>, bytes: impl Fn(&[u8]) -> usize) -> Cow<'a, [u8]> {
    let n = bytes(&line);
    match line {
        Cow::Borrowed(l) => Cow::Borrowed(l.get(n..).unwrap_or(b"")),
        Cow::Owned(l) => Cow::Owned(l.get(n..).unwrap_or(b"").to_vec()),
    }
}

/// What web pages and mail programs write instead of plain characters.
const ENTITIES: &[(&str, &str)] = &[
    ("&quot;", "\""),
    ("&#x27;", "'"),
    ("&apos;", "'"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
];

/// What word processors and chats write instead of plain blanks and quotes; the last ones are invisible.
const BLANKS: &[(&str, &str)] = &[
    ("\u{a0}", " "),
    ("\u{2007}", " "),
    ("\u{202f}", " "),
    ("\u{3000}", " "),
    ("\u{201c}", "\""),
    ("\u{201d}", "\""),
    ("\u{2018}", "'"),
    ("\u{2019}", "'"),
    ("\u{200b}", ""),
    ("\u{200e}", ""),
    ("\u{2060}", ""),
    ("\u{feff}", ""),
];

fn has_entities(text: &[u8]) -> bool {
    memchr::memchr_iter(b'&', text).take(200).any(|at| {
        let rest = text.get(at..).unwrap_or(b"");
        numbered(rest).is_some() || ENTITIES.iter().any(|(e, _)| *e != "&amp;" && rest.starts_with(e.as_bytes()))
    })
}

/// `&#39;`: the character and how many bytes spell it.
fn numbered(text: &[u8]) -> Option<(char, usize)> {
    let digits = text.strip_prefix(b"&#")?.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    let number: u32 = std::str::from_utf8(text.get(2..2 + digits)?).ok()?.parse().ok()?;
    let c = char::from_u32(number).filter(|c| !c.is_control())?;
    (text.get(2 + digits) == Some(&b';')).then_some((c, digits + 3))
}

fn without_entities(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'&', rest) {
        out.extend_from_slice(rest.get(..at).unwrap_or(b""));
        rest = rest.get(at..).unwrap_or(b"");
        let named = || ENTITIES.iter().find(|(e, _)| rest.starts_with(e.as_bytes()));
        let used = if let Some((c, n)) = numbered(rest) {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            n
        } else if let Some((entity, c)) = named() {
            out.extend_from_slice(c.as_bytes());
            entity.len()
        } else {
            out.push(b'&');
            1
        };
        rest = rest.get(used..).unwrap_or(b"");
    }
    out.extend_from_slice(rest);
    out
}

fn has_blanks(text: &[u8]) -> bool {
    memchr::memchr3_iter(0xc2, 0xe2, 0xe3, text).take(400).any(|at| {
        let rest = text.get(at..).unwrap_or(b"");
        BLANKS.iter().any(|(b, _)| rest.starts_with(b.as_bytes()))
    })
}

fn with_replaced(line: &[u8], pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.first() {
        match pairs.iter().find(|(from, _)| rest.starts_with(from.as_bytes())) {
            Some((from, to)) => {
                out.extend_from_slice(to.as_bytes());
                rest = rest.get(from.len()..).unwrap_or(b"");
            }
            None => {
                out.push(*first);
                rest = rest.get(1..).unwrap_or(b"");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2021-02-01 13:45:05,683 INFO: Lock owner: 'pg1'; I am \"pg1\"\n2021-02-01 13:45:06,683 INFO: demoted self <x>\n";

    fn washed(text: &str) -> String {
        match Wash::needed(text.as_bytes()) {
            Some(w) => String::from_utf8_lossy(&w.text(text.as_bytes())).into_owned(),
            None => text.to_owned(),
        }
    }

    /// Every line with something around it.
    fn each(f: impl Fn(&str) -> String) -> String {
        LOG.lines().map(|l| f(l) + "\n").collect()
    }

    #[test]
    fn a_clean_log_needs_nothing() {
        assert_eq!(Wash::needed(LOG.as_bytes()), None);
        let traceback = format!("{LOG}Traceback (most recent call last):\n    2021-02-01 13:45:06,683 INFO: forged\n");
        assert_eq!(Wash::needed(traceback.as_bytes()), None);
        assert_eq!(Wash::needed(b""), None);
    }

    #[test]
    fn undoes_what_copying_did() {
        for text in [
            each(|l| format!("> {l}")),
            each(|l| format!(">> {l}")),
            each(|l| format!("> > {l}")),
            each(|l| format!(">{l}")),
            each(|l| format!("    {l}")),
            each(|l| format!("\t{l}")),
            each(|l| format!("`{l}`")),
            each(|l| format!("\x1b[36m{l}\x1b[0m")),
            each(|l| l.replace(' ', "\u{a0}")),
            each(|l| l.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")),
            each(|l| l.replace('"', "\u{201c}").replace(' ', "\u{a0}")),
            each(|l| format!("> \u{a0}  {l}").replace(' ', "\u{a0}")),
        ] {
            assert_eq!(washed(&text), LOG, "{text:?}");
        }
    }

    #[test]
    fn an_answer_around_a_quoted_log_stays() {
        let text = format!("On Monday Joe wrote:\n{}Please help.\n", each(|l| format!("> {l}")));
        assert_eq!(washed(&text), format!("On Monday Joe wrote:\n{LOG}Please help.\n"));
    }

    #[test]
    fn tables_keep_their_columns() {
        let free = "              total        used        free\nMem:       16266504     8123252     1234567\nSwap:             0           0           0\n";
        assert_eq!(Wash::needed(free.as_bytes()), None);
        let quoted = "> Filesystem Size Used Avail Use% Mounted on\n> /dev/sda1 5G 3G 2G 60% /\n";
        assert_eq!(washed(quoted), quoted.replace("> ", ""));
    }
}
