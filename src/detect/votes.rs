//! Lets the lines of a text vote on its layout: each by itself, bodies before envelopes.

use crate::formats::exported::mostly_falling;
use crate::formats::wash::{is_marker, without_controls};
use crate::formats::{BODIES, ENVELOPES, Envelope};
use crate::model::{Micros, Written};

/// Lines looked at: enough to outvote a preamble, cheap enough for thousands of files.
const LINES: usize = 3_000;

#[derive(Debug, Default)]
pub struct Votes {
    /// Lines that could vote: neither blank nor indented nor a marker that exporters write.
    lines: usize,
    bodies: Vec<(&'static str, usize)>,
    envelopes: Vec<(&'static Envelope, usize)>,
    rising: usize,
    falling: usize,
    previous: Option<(Written, Micros)>,
    /// The first line that could vote is a log's.
    begins_as_log: bool,
}

/// Counts the votes.
pub fn count(text: &[u8]) -> Votes {
    let mut votes = Votes::default();
    // A last line without its end may be cut anywhere: it votes only if it stands alone.
    let all = text.split(|b| *b == b'\n');
    for line in all.take(LINES) {
        votes.line(line);
    }
    votes
}

impl Votes {
    fn line(&mut self, line: &[u8]) {
        let line = without_controls(line);
        let line = line.as_ref();
        if line.trim_ascii().is_empty() || line.starts_with(b"\t") || line.starts_with(b"    ") || is_marker(line) {
            return;
        }
        self.lines += 1;
        let body = BODIES.iter().find_map(|b| (b.head)(line).map(|h| (b.name, h.stamp)));
        if let Some((name, stamp)) = body {
            self.begins_as_log |= self.lines == 1;
            match self.bodies.iter_mut().find(|(n, _)| *n == name) {
                Some((_, n)) => *n += 1,
                None => self.bodies.push((name, 1)),
            }
            self.stamp(stamp.map(|s| (s.written, s.civil)));
            return;
        }
        let peeled = ENVELOPES.iter().find_map(|e| (e.peel)(line).map(|p| (*e, p.stamp)));
        if let Some((envelope, stamp)) = peeled {
            self.begins_as_log |= self.lines == 1;
            match self.envelopes.iter_mut().find(|(e, _)| e.name == envelope.name) {
                Some((_, n)) => *n += 1,
                None => self.envelopes.push((envelope, 1)),
            }
            self.stamp(stamp.map(|s| (s.written, s.civil)));
        }
    }

    /// Logs quote documents (Patroni prints pg_controldata), documents never begin with a log's line.
    pub fn begins(&self) -> bool {
        self.begins_as_log && self.enough()
    }

    fn stamp(&mut self, stamp: Option<(Written, Micros)>) {
        let Some((written, at)) = stamp else { return };
        if let Some((w, before)) = self.previous
            && w == written
        {
            self.rising += usize::from(at > before);
            self.falling += usize::from(at < before);
        }
        self.previous = Some((written, at));
    }

    fn hits(&self) -> usize {
        let all = self.bodies.iter().map(|(_, n)| n).chain(self.envelopes.iter().map(|(_, n)| n));
        all.sum()
    }

    /// At least half of the lines have a known head.
    pub fn most(&self) -> bool {
        let hits = self.hits();
        hits > 0 && hits * 2 >= self.lines
    }

    /// A fifth of the lines, three at least: continuation lines and SQL texts dilute logs (PostgreSQL's most of all).
    pub fn enough(&self) -> bool {
        let hits = self.hits();
        let postgres = self.bodies.iter().any(|(name, n)| name.starts_with("pg_") && *n * 2 > hits);
        hits >= 3 && hits * 100 >= self.lines * if postgres { 10 } else { 20 }
    }

    pub fn any(&self) -> bool {
        self.hits() > 0
    }

    /// The envelope around most of the lines that have one, if they are not a mere handful among bare lines.
    pub fn envelope(&self) -> Option<&'static Envelope> {
        let (envelope, n) = self.envelopes.iter().max_by_key(|(_, n)| *n)?;
        let bare: usize = self.bodies.iter().map(|(_, n)| n).sum();
        (*n * 2 > bare).then_some(*envelope)
    }

    /// More than four fifths of the steps between stamps go back in time.
    pub fn newest_first(&self) -> bool {
        mostly_falling(self.falling, self.rising)
    }

    /// The result in words.
    pub fn words(&self) -> String {
        let mut parts: Vec<(usize, &str)> =
            self.envelopes.iter().map(|(e, n)| (*n, e.name)).chain(self.bodies.iter().map(|(b, n)| (*n, *b))).collect();
        parts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let list: Vec<String> = parts.iter().take(3).map(|(n, name)| format!("{n} {name}")).collect();
        let turned = if self.newest_first() { ", newest first" } else { "" };
        format!("of {} sampled lines: {}{turned}", self.lines, list.join(", "))
    }
}
