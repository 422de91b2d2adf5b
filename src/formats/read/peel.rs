//! Which program wrote a line: takes it out of what wraps it, layer by layer.

use super::events::wording;
use super::{Last, LogReader};
use crate::formats::ident::{manager_of, program_by_text, program_of};
use crate::formats::{BODIES, ENVELOPES, Head, Peeled, etcd_capnslog, kernel, patroni_custom, pg_csv, pg_stderr};
use crate::messages::{Found, find};
use crate::model::{Fact, Key, Level, Program, Value, Why, Written};
use std::borrow::Cow;
use std::sync::Arc;

impl LogReader {
    pub(super) fn whole_line(&mut self, line: &[u8], number: u32) {
        if let Some(peeled) = self.envelope.and_then(|e| (e.peel)(line)) {
            return self.peeled(peeled, line, number);
        }
        let head = self.head(line).map(|(name, head)| {
            self.custom |= name == patroni_custom::FORMAT.name;
            head
        });
        if head.is_none()
            && let Some(peeled) = ENVELOPES.iter().find_map(|e| (e.peel)(line))
        {
            return self.peeled(peeled, line, number);
        }
        // Where Patroni's `log.format` is somebody's own, so are the lines that no table knows.
        match head.or_else(|| patroni_custom::any(line).filter(|_| self.custom)) {
            Some(head) if head.object.is_none() && head.program == Program::Postgres && self.begins_row(line) => {
                self.row = line.to_vec();
                self.row_line = number;
            }
            Some(head) => self.record(None, head, line, number),
            None => self.headless(line, line, number),
        }
    }

    /// Takes the csvlog row that was gathered, whether its quotes are closed or not.
    pub(super) fn end_row(&mut self) {
        let (row, number) = (std::mem::take(&mut self.row), self.row_line);
        match self.head(&row) {
            Some((_, head)) => self.record(None, head, &row, number),
            None => self.headless(&row, &row, number),
        }
    }

    /// The head of a line, and the name of the reader that knew it; the lanes say of the lines they know what the readers
    /// of bodies say.
    fn head<'a>(&mut self, line: &'a [u8]) -> Option<(&'static str, Head<'a>)> {
        if let Some(head) = self.lanes.head(line) {
            return Some(("", head.into()));
        }
        BODIES.iter().find_map(|b| (b.head)(line).map(|h| (b.name, h)))
    }

    /// csvlog rows may go on over line ends inside quotes.
    pub(super) fn begins_row(&self, line: &[u8]) -> bool {
        self.row.is_empty() && (pg_csv::FORMAT.head)(line).is_some() && pg_csv::unfinished(line)
    }

    /// Notes once what else than Patroni runs the cluster.
    fn managed_by(&mut self, manager: &'static str, line: &[u8], number: u32) {
        let known = |f: &Fact| f.key == Key::Manager && f.value.text() == Some(manager);
        if !self.out.facts.iter().any(known) {
            let (value, text) = (Value::Text(Arc::from(manager)), wording(line));
            self.out.facts.push(Fact { key: Key::Manager, item: None, value, at: None, line: number, text });
        }
    }

    pub(super) fn peeled(&mut self, peeled: Peeled<'_>, line: &[u8], number: u32) {
        if let Some(manager) = peeled.ident.as_deref().and_then(manager_of) {
            self.managed_by(manager, line, number);
        }
        let body = peeled.body.as_ref();
        // An object's other fields hide its text from a reader; the text is in the object as it stands here.
        let object = [&b"{"[..], b"\x1e{", b"data: {"].iter().any(|begin| line.starts_with(begin));
        let line = if object && !body.is_empty() { body } else { line };
        // PostgreSQL's texts go on behind a tab; no record of any program begins with one.
        let begins = body.first() != Some(&b'\t');
        if begins && let Some((_, head)) = self.head(body) {
            return self.record(Some(&peeled), head, line, number);
        }
        let wrapped = || ENVELOPES.iter().find_map(|e| (e.peel)(body)).filter(|p| p.body.len() < body.len());
        if begins && let Some(inner) = wrapped() {
            // Container runtimes and shippers wrap what syslog or the journal wrapped before.
            let inner = Peeled {
                stamp: peeled.stamp.filter(|s| s.written == Written::Full).or(inner.stamp),
                host: inner.host.or_else(|| peeled.host.clone()).map(|h| Cow::Owned(h.into_owned())),
                ident: inner.ident.or_else(|| peeled.ident.clone()).map(|i| Cow::Owned(i.into_owned())),
                body: Cow::Owned(inner.body.into_owned()),
                ..inner
            };
            return self.peeled(inner, line, number);
        }
        let ident = peeled.ident.as_deref().unwrap_or(b"");
        let program = program_of(ident).or_else(|| program_by_text(ident, body));
        if body.is_empty() {
            self.out.coverage.noise += 1;
            return;
        }
        let mut head = Head::plain(program.unwrap_or(Program::Other), None, peeled.level, body);
        match program {
            Some(Program::Etcd) => match etcd_capnslog::levelled(body) {
                Some((level, message)) => (head.level, head.message) = (level, Cow::Borrowed(message)),
                None => head.message = Cow::Borrowed(etcd_capnslog::without_package(body)),
            },
            Some(Program::Kernel) => head.message = Cow::Borrowed(kernel::without_uptime(body)),
            Some(Program::Postgres) => {
                // `[7-1] LOG:  text` from syslog_facility's numbering; later parts have no severity.
                match pg_stderr::severity(body) {
                    Some((level, message)) => {
                        head.level = level.unwrap_or(Level::Debug);
                        head.message = message;
                    }
                    None => return self.headless(body, line, number),
                }
            }
            // A line of Patroni's unit without Patroni's head is a continuation or a child's output.
            Some(Program::Patroni) | None => {
                if let Some((level, message)) = pg_stderr::severity(body) {
                    head = Head::plain(Program::Postgres, None, level.unwrap_or(Level::Debug), b"");
                    head.message = message;
                } else if let Some((level, message)) = program.and_then(|_| patroni_custom::levelled(body)) {
                    (head.level, head.message) = (level, Cow::Borrowed(message));
                } else if program.is_some() || ident.is_empty() {
                    let belongs = self.last.as_ref().is_some_and(|l| {
                        l.program == Program::Patroni && (peeled.pid == 0 || l.pid == peeled.pid || l.pid == 0)
                    });
                    // Where Patroni leaves the stamp to its wrapper, what has a meaning is no continuation.
                    let unstamped = |l: &Last| self.out.streams.get(l.stream).is_some_and(|s| !s.own_clock);
                    let own = peeled.stamp.is_some()
                        && self.last.as_ref().is_some_and(unstamped)
                        && matches!(find(Program::Patroni, body), Found::Meaning(m) if m.why == Why::Unsaid);
                    if belongs && !own {
                        return self.headless(body, line, number);
                    }
                }
            }
            Some(_) => {}
        }
        head.pid = peeled.pid;
        self.record(Some(&peeled), head, line, number);
    }
}
