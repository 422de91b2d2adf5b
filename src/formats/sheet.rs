//! What documents write their findings with: every text is masked, clipped and counted in one place.

use super::secrets::{masked, masked_part};
use crate::messages::engine_clip;
use crate::model::{
    Fact, Key, Micros, NameHint, Naming, Parsed, Problem, Program, Raw, Stamp, Stream, Value, What, Why,
};
use std::sync::Arc;

/// Longest wording kept of a line.
const TEXT_MAX: usize = 400;

/// A place in a document: line number from 1 and its text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line<'a> {
    pub number: u32,
    pub text: &'a str,
}

/// All lines of a text with their numbers, without line ends and trailing blanks.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().enumerate().map(|(i, text)| Line { number: i as u32 + 1, text: text.trim_end() })
}

/// A line of a text by its number; if it is too long to be kept whole, from where `needle` stands in it.
pub fn excerpt<'a>(all: &[&'a str], number: u32, needle: &str) -> Line<'a> {
    let text = all.get(number.saturating_sub(1) as usize).copied().unwrap_or("");
    let from = if text.len() > TEXT_MAX { text.find(needle).unwrap_or(0) } else { 0 };
    Line { number, text: text.get(from..).unwrap_or(text) }
}

/// The pen that documents write with.
#[derive(Debug)]
pub struct Sheet<'a> {
    pub out: &'a mut Parsed,
    /// When the output was taken, as far as the lines before say so.
    pub at: Option<Stamp>,
    program: Program,
}

impl<'a> Sheet<'a> {
    pub fn new(out: &'a mut Parsed, program: Program) -> Sheet<'a> {
        Sheet { out, at: None, program }
    }

    pub fn fact(&mut self, key: Key, item: Option<&str>, value: Value, line: Line<'_>) {
        self.fact_at(key, item, value, self.at, line);
    }

    pub fn fact_at(&mut self, key: Key, item: Option<&str>, value: Value, at: Option<Stamp>, line: Line<'_>) {
        // Exports put a megabyte on one line; nothing behind this is kept anyway.
        let line = Line { text: engine_clip(line.text, 4 * TEXT_MAX), ..line };
        let item: Option<Arc<str>> = item.map(|i| Arc::from(masked_part(i.trim(), line.text).as_ref()));
        let value = match value {
            Value::Text(text) => Value::Text(Arc::from(masked_part(&text, line.text).as_ref())),
            number => number,
        };
        // Peer and client address of a member are often the same.
        let mut same = self.out.facts.iter().rev().take_while(|f| f.line == line.number);
        if !same.any(|f| f.key == key && f.item == item && f.value == value) {
            self.out.facts.push(Fact { key, item, value, at, line: line.number, text: wording(line.text) });
        }
    }

    pub fn num(&mut self, key: Key, item: Option<&str>, value: f64, line: Line<'_>) {
        self.fact(key, item, Value::Num(value), line);
    }

    /// Empty values say nothing and are dropped.
    pub fn text(&mut self, key: Key, item: Option<&str>, value: &str, line: Line<'_>) {
        let value = value.trim();
        if !value.is_empty() {
            self.fact(key, item, Value::Text(wording(value)), line);
        }
    }

    /// An address and the name of the machine or member that has it. Addresses that every machine has are dropped.
    pub fn address(&mut self, address: &str, name: &str, line: Line<'_>) {
        let host = host_of(address);
        if is_placeholder(host) || is_placeholder(name) {
            return;
        }
        if !name.trim().is_empty() && !host.is_empty() && host != name && !is_local(host) {
            self.text(Key::AddressOf, Some(host), name, line);
        }
    }

    /// A name of the machine that the document comes from.
    pub fn name(&mut self, naming: Naming, name: &str, line: Line<'_>) {
        let name = name.trim();
        if name.is_empty() || is_local(name) || is_placeholder(name) {
            return;
        }
        let name = masked_part(name, line.text);
        let name = name.as_ref();
        let hints = &mut stream(self.out, self.program).names;
        match hints.iter_mut().find(|h| h.naming == naming && *h.name == *name) {
            Some(hint) => hint.seen = hint.seen.saturating_add(1),
            None => hints.push(NameHint { naming, name: Arc::from(name), line: line.number, seen: 1 }),
        }
    }

    /// An event with a stamp of its own.
    pub fn event(&mut self, program: Program, stamp: Stamp, what: What, who: Option<&str>, line: Line<'_>) {
        let raw = Raw {
            at: stamp.civil,
            since: stamp.civil,
            until: stamp.civil,
            zone: stamp.zone,
            written: stamp.written,
            grain: stamp.grain,
            count: 1,
            what,
            why: Why::Unsaid,
            num: 0.0,
            who: who.map(Arc::from),
            pid: 0,
            line: line.number,
            text: wording(line.text),
        };
        let stream = stream(self.out, program);
        stream.stamped += 1;
        stream.volume.note(stamp.civil);
        stream.first.get_or_insert(stamp);
        stream.last = Some(stamp);
        stream.min = stream.min.min(stamp.civil);
        stream.max = stream.max.max(stamp.civil);
        *stream.written_zone.entry(stamp.zone).or_default() += 1;
        stream.raws.push(raw);
    }

    pub fn problem(&mut self, line: Option<u32>, what: impl Into<String>) {
        let what = masked(&what.into()).into_owned();
        self.out.problems.push(Problem { line, what });
    }

    pub fn understood(&mut self) {
        self.out.coverage.understood += 1;
    }

    pub fn noise(&mut self) {
        self.out.coverage.noise += 1;
    }

    pub fn unread(&mut self) {
        self.out.coverage.unread += 1;
    }

    /// Counts a whole text: what no fact, name or event came from is noise.
    pub fn account(&mut self, text: &str) {
        let all = text.lines().count() as u64;
        let mut said: Vec<u32> = self.out.facts.iter().map(|f| f.line).collect();
        for stream in &self.out.streams {
            said.extend(stream.names.iter().map(|n| n.line));
            said.extend(stream.raws.iter().map(|r| r.line));
        }
        said.sort_unstable();
        said.dedup();
        let coverage = &mut self.out.coverage;
        coverage.bytes += text.len() as u64;
        coverage.lines += all;
        coverage.understood += (said.len() as u64).min(all);
        coverage.noise += all.saturating_sub(said.len() as u64);
    }
}

/// The stream of a program without a host of its own; made if it is not there.
fn stream(out: &mut Parsed, program: Program) -> &mut Stream {
    let at = match out.streams.iter().position(|s| s.program == program && s.host.is_none()) {
        Some(at) => at,
        None => {
            out.streams.push(Stream::new(program, None, true));
            out.streams.len() - 1
        }
    };
    out.streams.get_mut(at).unwrap_or_else(|| unreachable!("pushed above"))
}

fn wording(text: &str) -> Arc<str> {
    let text = engine_clip(text, 4 * TEXT_MAX);
    Arc::from(engine_clip(masked(text.trim()).as_ref(), TEXT_MAX))
}

/// The host of `http://10.0.0.1:2379/x`, `10.0.0.1:2379`, `[fd00::1]:2379`, `u:p@host`; addresses stay as they are.
pub fn host_of(url: &str) -> &str {
    let url = url.trim().trim_matches(['"', '\'']);
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    let rest = rest.split(['/', '?', ',']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, r)| r);
    if let Some(inner) = rest.strip_prefix('[') {
        return inner.split(']').next().unwrap_or(inner);
    }
    match rest.matches(':').count() {
        1 => rest.split(':').next().unwrap_or(rest),
        _ => rest,
    }
}

/// Names and addresses that mean "this machine" everywhere.
pub fn is_local(host: &str) -> bool {
    let host = host.trim();
    host.starts_with("127.")
        || matches!(
            host,
            "localhost" | "::1" | "0.0.0.0" | "::" | "*" | "localhost.localdomain" | "(none)" | "ip6-localhost"
        )
        || host.starts_with("fe80:")
}

/// What templates and unit files write where a name is to be put in: `${IP_1}`, `%H`, `{{ name }}`, `<pod>`.
pub fn is_placeholder(name: &str) -> bool {
    name.contains(['$', '%', '{', '}', '<', '>'])
}

/// An address in IPv4 or IPv6 notation.
pub fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// Microseconds as a stamp that says its zone.
pub fn utc(at: Micros) -> Stamp {
    super::stamp::from_micros(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_hosts_in_addresses() {
        for (url, host) in [
            ("http://10.0.0.1:2379", "10.0.0.1"),
            ("https://u:p@db1:8008/patroni", "db1"),
            ("[fd00::1]:2379", "fd00::1"),
            ("fd00::1", "fd00::1"),
            ("db1.example.org", "db1.example.org"),
            ("\"10.0.0.1:5432\"", "10.0.0.1"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
