//! Template matching: a few candidates by the first bytes, then literal by literal.

use super::duration::{go_duration_ms, number};
use super::{Found, Message, classify};
use crate::model::{Meaning, What, Why};
use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

/// Answers for the named fields of a structured log line.
pub trait Fields {
    fn get(&self, name: &str) -> Option<Cow<'_, [u8]>>;
}

/// A plain message has no fields.
#[derive(Debug)]
pub struct NoFields;

impl Fields for NoFields {
    fn get(&self, _: &str) -> Option<Cow<'_, [u8]>> {
        None
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hole {
    Any,
    Who,
    /// A subject written as `address:port`; the port says nothing and would keep equal events apart.
    Host,
    Me,
    Num,
    Duration,
    Seconds,
    Millis,
    Why,
    /// A position in the WAL (`52/2AC4A9E0`) as a number of bytes.
    Lsn,
    /// A signal by name (`SIGABRT`, `ABRT`) or number.
    Signal,
    /// `{=Cgroup}`: takes the rest and sets the reason that the template itself states.
    Set(Why),
}

impl Hole {
    fn named(name: &str) -> Hole {
        match name {
            "who" => Hole::Who,
            "host" => Hole::Host,
            "me" => Hole::Me,
            "num" => Hole::Num,
            "dur" => Hole::Duration,
            "s" => Hole::Seconds,
            "ms" => Hole::Millis,
            "why" => Hole::Why,
            "lsn" => Hole::Lsn,
            "sig" => Hole::Signal,
            "=Cgroup" => Hole::Set(Why::Cgroup),
            "=NotReady" => Hole::Set(Why::NotReady),
            "=NoMemory" => Hole::Set(Why::NoMemory),
            "=Signal" => Hole::Set(Why::Signal),
            "=ExitCode" => Hole::Set(Why::ExitCode),
            "=NoSpace" => Hole::Set(Why::NoSpace),
            "=ServiceTimeout" => Hole::Set(Why::ServiceTimeout),
            _ => Hole::Any,
        }
    }
}

#[derive(Debug)]
struct Template {
    means: Option<What>,
    /// Literal before each hole; one more literal than holes.
    literals: Vec<&'static [u8]>,
    /// Those behind the holes, ready to be searched for.
    finders: Vec<Finder<'static>>,
    holes: Vec<Hole>,
    fields: Vec<(&'static str, Hole)>,
    /// The names of all fields but the first and `error`.
    others: Vec<&'static str>,
    to_the_end: bool,
}

/// How many leading bytes choose the candidates.
const KEY: usize = 4;

/// All templates of one program, ready to match.
#[derive(Debug)]
pub struct Table {
    templates: Vec<Template>,
    /// Templates that begin with at least `KEY` literal bytes, longest first literal first.
    by_start: HashMap<u32, Vec<u32>, BuildHasherDefault<Mix>>,
    /// The others, found by their longest literal anywhere in the line.
    floating: Floating,
    /// Those of them that a text in ASCII may match: the few that a search at full speed has room for.
    floating_ascii: Floating,
    /// The template `$`: what a message without any text means.
    empty: Option<u32>,
}

/// Templates that begin with a hole, the longest first, and the search for their longest literals.
#[derive(Debug, Default)]
struct Floating {
    templates: Vec<u32>,
    needles: OnceLock<Option<AhoCorasick>>,
}

impl Floating {
    fn new(templates: Vec<u32>) -> Floating {
        Floating { templates, needles: OnceLock::new() }
    }

    /// Made when the first message asks: most runs meet no message in another language.
    fn needles(&self, all: &[Template]) -> Option<&AhoCorasick> {
        let make = || {
            let longest = |t: &Template| t.literals.iter().copied().max_by_key(|l| l.len()).unwrap_or(b"\0");
            let needles = self.templates.iter().filter_map(|i| all.get(*i as usize)).map(longest);
            if self.templates.is_empty() { None } else { AhoCorasick::new(needles).ok() }
        };
        self.needles.get_or_init(make).as_ref()
    }
}

/// Multiplies a key of four bytes: the table is looked into once a line, and nobody chooses its keys.
#[derive(Debug, Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u32(u32::from(*b));
        }
    }

    fn write_u32(&mut self, n: u32) {
        let mixed = (self.0 ^ u64::from(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Table {
    /// Compiles a table; entries are tried by length of their first literal, then in table order.
    pub fn compile(messages: &'static [Message]) -> Table {
        let templates: Vec<Template> = messages.iter().map(Template::parse).collect();
        let mut by_start: HashMap<u32, Vec<u32>, BuildHasherDefault<Mix>> = HashMap::default();
        let mut floating = Vec::new();
        let mut empty = None;
        for (i, template) in templates.iter().enumerate() {
            if template.holes.is_empty() && template.literals.iter().all(|l| l.is_empty()) {
                empty = Some(i as u32);
                continue;
            }
            match template.literals.first().and_then(|l| key(l)) {
                Some(key) => by_start.entry(key).or_default().push(i as u32),
                None => floating.push(i as u32),
            }
        }
        let length = |i: u32| -> (usize, usize) {
            templates.get(i as usize).map_or((0, 0), |t| {
                (t.literals.first().map_or(0, |l| l.len()), t.literals.iter().map(|l| l.len()).sum())
            })
        };
        #[allow(clippy::iter_over_hash_type)] // each list is sorted on its own; their order does not matter
        for list in by_start.values_mut() {
            list.sort_by_key(|i| (std::cmp::Reverse(length(*i)), *i));
        }
        floating.sort_by_key(|i| (std::cmp::Reverse(length(*i).1), *i));
        let ascii = |i: &u32| templates.get(*i as usize).is_some_and(|t| t.literals.iter().all(|l| l.is_ascii()));
        let floating_ascii = Floating::new(floating.iter().copied().filter(ascii).collect());
        let floating = Floating::new(floating);
        Table { templates, by_start, floating, floating_ascii, empty }
    }

    /// What all messages that begin with `head` have in common.
    pub fn by_head(&self, head: &[u8]) -> Common {
        let mut candidates = key(head).and_then(|key| self.by_start.get(&key)).into_iter().flatten().filter(|i| {
            let literal = self.templates.get(**i as usize).and_then(|t| t.literals.first());
            literal.is_some_and(|l| l.iter().zip(head).all(|(a, b)| a == b))
        });
        let (Some(first), more) = (candidates.next(), candidates.next().is_some()) else { return Common::Nothing };
        let surely = |t: &Template| {
            let whole = t.literals.first().is_some_and(|l| l.len() <= head.len());
            whole && t.holes.is_empty() && !t.to_the_end && t.means.is_none()
        };
        if self.templates.get(*first as usize).is_some_and(surely) {
            return Common::Noise;
        }
        if more { Common::Several(*first) } else { Common::One(*first) }
    }

    /// What `message` means to those templates that begin with some text.
    pub fn find_by_start(&self, message: &[u8], fields: &dyn Fields) -> Option<Found> {
        let list = self.by_start.get(&key(message)?)?;
        list.iter().find_map(|i| self.templates.get(*i as usize)?.read(message, fields))
    }

    /// What `message` means to one template; see [`Table::by_head`].
    pub fn read(&self, template: u32, message: &[u8], fields: &dyn Fields, into: &mut Scratch) -> Option<Sense> {
        self.templates.get(template as usize)?.read_into(message, fields, into)
    }

    /// What decides that a message matches this template; none if all of it may.
    pub fn opening(&'static self, template: u32) -> Option<Opening> {
        self.templates.get(template as usize)?.opening()
    }

    /// What `message` means.
    pub fn find(&self, message: &[u8], fields: &dyn Fields) -> Found {
        if message.trim_ascii().is_empty() {
            let template = self.empty.and_then(|i| self.templates.get(i as usize));
            return template.and_then(|t| t.read(b"", fields)).unwrap_or(Found::Unknown);
        }
        if let Some(found) = self.find_by_start(message, fields) {
            return found;
        }
        let floating = if message.is_ascii() { &self.floating_ascii } else { &self.floating };
        let Some(needles) = floating.needles(&self.templates) else { return Found::Unknown };
        let mut hits: Vec<usize> = Vec::new();
        for hit in needles.find_overlapping_iter(message) {
            let at = hit.pattern().as_usize();
            if !hits.contains(&at) {
                hits.push(at);
            }
        }
        hits.sort_unstable();
        hits.iter()
            .filter_map(|h| floating.templates.get(*h))
            .filter_map(|i| self.templates.get(*i as usize))
            .find_map(|t| t.read(message, fields))
            .unwrap_or(Found::Unknown)
    }
}

/// What the first bytes of a message tell of its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Common {
    /// Whatever follows is of no interest.
    Noise,
    /// If this template does not match, the others have to be asked.
    One(u32),
    /// The same, but more than one may match: a longer head would tell more.
    Several(u32),
    /// No template begins like this.
    #[default]
    Nothing,
}

/// How much of a message decides that a template matches it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Opening {
    /// So many bytes; no number is read.
    Text(usize),
    /// So many bytes, then a number, then this text.
    Number { length: usize, after: &'static [u8] },
    /// Its text alone, where the number is a duration in the field `name`, and no `error` is among the fields; what is
    /// read besides are the fields `others`.
    Field { name: &'static str, others: &'static [&'static str] },
}

/// The bytes that choose the candidates.
fn key(text: &[u8]) -> Option<u32> {
    text.first_chunk::<KEY>().map(|k| u32::from_le_bytes(*k))
}

impl Template {
    fn parse(message: &'static Message) -> Template {
        let (mut text, fields) = match message.says.split_once(" | ") {
            Some((text, fields)) => (text, fields),
            None => (message.says, ""),
        };
        let to_the_end = text.ends_with('$');
        text = text.strip_suffix('$').unwrap_or(text);
        let mut literals = Vec::new();
        let mut holes = Vec::new();
        while let Some((before, after)) = text.split_once('{') {
            let Some((name, rest)) = after.split_once('}') else { break };
            literals.push(before.as_bytes());
            holes.push(Hole::named(name));
            text = rest;
        }
        literals.push(text.as_bytes());
        let fields: Vec<_> =
            fields.split(' ').filter_map(|f| f.split_once('=')).map(|(name, hole)| (name, Hole::named(hole))).collect();
        let others = fields.iter().skip(1).map(|(name, _)| *name).filter(|name| *name != "error").collect();
        let finders = literals.iter().skip(1).map(|l: &&'static [u8]| Finder::new(*l)).collect();
        Template { means: message.means, literals, finders, holes, fields, others, to_the_end }
    }

    fn opening(&'static self) -> Option<Opening> {
        if self.to_the_end {
            return None;
        }
        let length = self.literals.first()?.len();
        match (self.holes.as_slice(), self.fields.as_slice()) {
            ([], [] | [("error", Hole::Why)]) => Some(Opening::Text(length)),
            ([], [(name, Hole::Duration), others @ ..])
                if others.iter().all(|(name, hole)| matches!(hole, Hole::Who | Hole::Any) || *name == "error") =>
            {
                Some(Opening::Field { name, others: &self.others })
            }
            ([Hole::Num | Hole::Millis], []) => match *self.literals.get(1)? {
                b"" => None,
                after => Some(Opening::Number { length, after }),
            },
            _ => None,
        }
    }

    fn read(&self, message: &[u8], fields: &dyn Fields) -> Option<Found> {
        let mut scratch = Scratch::default();
        let sense = self.read_into(message, fields, &mut scratch)?;
        Some(if sense == Sense::Meaning { Found::Meaning(scratch.meaning) } else { Found::Noise })
    }

    /// Matches the whole message; `None` if a literal is missing or a hole does not parse.
    fn read_into(&self, message: &[u8], fields: &dyn Fields, into: &mut Scratch) -> Option<Sense> {
        let mut rest = message.strip_prefix(*self.literals.first()?)?;
        into.begin(self.means);
        let last = self.holes.len().saturating_sub(1);
        let literals = self.literals.iter().skip(1).zip(&self.finders);
        for (i, (hole, (literal, finder))) in self.holes.iter().zip(literals).enumerate() {
            // A number that ends where the literal begins needs no search for it.
            if self.means.is_some()
                && matches!(hole, Hole::Num | Hole::Millis)
                && !literal.is_empty()
                && !(self.to_the_end && i == last)
                && let Some((n, after)) = number(rest)
                && let Some(after) = after.strip_prefix(*literal)
            {
                (into.meaning.num, rest) = (n, after);
                continue;
            }
            let end = if literal.is_empty() {
                rest.len()
            } else if self.to_the_end && i == last {
                // `Started {who}.$`: unit names have dots as well.
                rest = rest.trim_ascii_end();
                rest.strip_suffix(*literal)?.len()
            } else {
                finder.find(rest)?
            };
            let (value, after) = rest.split_at(end);
            if self.means.is_some() {
                into.fill(*hole, value)?;
            }
            rest = after.get(literal.len()..)?;
        }
        if self.to_the_end && !rest.trim_ascii_end().is_empty() {
            return None;
        }
        if self.means.is_none() {
            return Some(Sense::Noise);
        }
        for (name, hole) in &self.fields {
            if let Some(value) = fields.get(name) {
                into.fill(*hole, &value)?;
            }
        }
        // Structured logs keep the reason in a field of its own.
        if into.meaning.why == Why::Unsaid
            && let Some(error) = fields.get("error")
        {
            into.meaning.why = classify(&error);
        }
        Some(Sense::Meaning)
    }
}

/// What a message means, without the meaning itself: that stands in a `Scratch`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sense {
    Meaning,
    Noise,
    Unknown,
}

/// Where the meaning of one message after the other is put together.
#[derive(Debug)]
pub struct Scratch {
    pub meaning: Meaning,
    /// The subject and the writer named last: messages that follow each other name the same ones.
    who: Option<Arc<str>>,
    me: Option<Arc<str>>,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch { meaning: Meaning::plain(What::UnnamedAlarm), who: None, me: None }
    }
}

impl Scratch {
    #[inline]
    fn begin(&mut self, means: Option<What>) {
        let Some(what) = means else { return };
        (self.meaning.what, self.meaning.why, self.meaning.num) = (what, Why::Unsaid, 0.0);
        if self.meaning.who.is_some() {
            self.meaning.who = None;
        }
        if self.meaning.me.is_some() {
            self.meaning.me = None;
        }
    }

    fn fill(&mut self, hole: Hole, value: &[u8]) -> Option<()> {
        let meaning = &mut self.meaning;
        match hole {
            Hole::Any => {}
            Hole::Set(why) => meaning.why = why,
            Hole::Who => meaning.who = name(value, &mut self.who),
            Hole::Host => meaning.who = name(without_port(value), &mut self.who),
            Hole::Me => meaning.me = name(value, &mut self.me),
            Hole::Num => meaning.num = signed(value)?,
            Hole::Duration => meaning.num = go_duration_ms(value.trim_ascii())?,
            Hole::Seconds => meaning.num = signed(value)? * 1_000.0,
            Hole::Millis => meaning.num = signed(value)?,
            Hole::Lsn => meaning.num = lsn(value)?,
            Hole::Signal => meaning.num = signal(value).or_else(|| signed(value))?,
            Hole::Why => {
                let why = classify(value);
                if why != Why::Unsaid {
                    meaning.why = why;
                }
            }
        }
        Some(())
    }
}

/// Bytes as text. Nearly all are UTF-8, which is told faster than their faults are.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A name without the quotes and brackets that lists put around it; always some, and `last` where that is the same.
fn name(value: &[u8], last: &mut Option<Arc<str>>) -> Option<Arc<str>> {
    let value = value.trim_ascii();
    let text = text(value);
    let name = clip(text.trim_matches(|c| matches!(c, '"' | '\'' | '[' | ']')), 120);
    if last.as_deref() != Some(name) {
        *last = Some(Arc::from(name));
    }
    last.clone()
}

/// `10.0.0.1:2379` or `[::1]:2379` without the port.
fn without_port(value: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', value).map(|colon| value.split_at(colon)) {
        Some((host, port)) if port.get(1..).is_some_and(|p| p.iter().all(u8::is_ascii_digit)) => host,
        _ => value,
    }
}

/// Signal numbers that all Linux architectures in use for PostgreSQL share (signal(7)).
fn signal(value: &[u8]) -> Option<f64> {
    const NAMES: [(&[u8], f64); 14] = [
        (b"HUP", 1.0),
        (b"INT", 2.0),
        (b"QUIT", 3.0),
        (b"ILL", 4.0),
        (b"TRAP", 5.0),
        (b"ABRT", 6.0),
        (b"BUS", 7.0),
        (b"FPE", 8.0),
        (b"KILL", 9.0),
        (b"SEGV", 11.0),
        (b"PIPE", 13.0),
        (b"TERM", 15.0),
        (b"XCPU", 24.0),
        (b"SYS", 31.0),
    ];
    let name = value.strip_prefix(b"SIG").unwrap_or(value);
    NAMES.iter().find(|(n, _)| *n == name).map(|(_, number)| *number)
}

fn signed(value: &[u8]) -> Option<f64> {
    let value = value.trim_ascii();
    match value.strip_prefix(b"-") {
        Some(rest) => number(rest).map(|(n, _)| -n),
        None => number(value).map(|(n, _)| n),
    }
}

/// `X/Y`, two halves of 32 bits in hex (PostgreSQL's `pg_lsn`).
fn lsn(value: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(value.trim_ascii()).ok()?;
    let (high, low) = text.split_once('/')?;
    let half = |h: &str| u32::from_str_radix(h, 16).ok().map(f64::from);
    Some(half(high)? * 4_294_967_296.0 + half(low)?)
}

/// The first `max` bytes, cut at a character boundary.
pub fn clip(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::{m, noise};
    use super::*;

    static LIST: &[Message] = &[
        m(What::Promoted, "promoted self to leader", "", ""),
        m(What::PromotedAgain, "promoted self to leader because I had the session lock", "", ""),
        m(
            What::HeartbeatLate,
            "failed to send out heartbeat on time (exceeded the {} timeout for {dur}, to {who})",
            "",
            "",
        ),
        m(What::HeartbeatLate, "failed to send out heartbeat on time (exceeded the {} timeout for {dur})", "", ""),
        m(What::LeaderWon, "{who} became leader at term {num}", "", ""),
        noise("compacted raft log at {}", "", ""),
        m(What::EtcdTlsRejected, "rejected connection from {host} (", "", ""),
        m(What::DcsRequestFailed, "$", "", ""),
    ];

    fn read(text: &str) -> Found {
        Table::compile(LIST).find(text.as_bytes(), &NoFields)
    }

    #[test]
    fn the_longer_template_wins_and_holes_are_read() {
        assert!(
            matches!(read("promoted self to leader because I had the session lock"), Found::Meaning(m) if m.what == What::PromotedAgain)
        );
        assert!(
            matches!(read("promoted self to leader by acquiring session lock"), Found::Meaning(m) if m.what == What::Promoted)
        );
        let Found::Meaning(late) =
            read("failed to send out heartbeat on time (exceeded the 100ms timeout for 39.177252ms)")
        else {
            panic!()
        };
        assert_eq!(late.num, 39.177252);
        let Found::Meaning(late) =
            read("failed to send out heartbeat on time (exceeded the 100ms timeout for 1.5s, to 8e9e05c5)")
        else {
            panic!()
        };
        assert_eq!((late.num, late.who.as_deref()), (1500.0, Some("8e9e05c5")));
    }

    #[test]
    fn a_template_may_begin_with_a_hole() {
        let Found::Meaning(won) = read("be57c3b2fc3623e8 became leader at term 12290") else { panic!() };
        assert_eq!((won.num, won.who.as_deref()), (12290.0, Some("be57c3b2fc3623e8")));
    }

    #[test]
    fn a_hole_that_does_not_parse_is_no_match() {
        assert_eq!(read("failed to send out heartbeat on time (exceeded the 100ms timeout for ages)"), Found::Unknown);
        assert_eq!(read("compacted raft log at 5"), Found::Noise);
    }

    #[test]
    fn a_host_has_no_port_and_an_empty_message_its_own_template() {
        for (text, host) in [("10.0.0.1:2379", "10.0.0.1"), ("[::1]:2379", "::1"), ("etcd1", "etcd1")] {
            let Found::Meaning(m) = read(&format!("rejected connection from {text} (x)")) else { panic!() };
            assert_eq!(m.who.as_deref(), Some(host));
        }
        assert!(matches!(read(" "), Found::Meaning(m) if m.what == What::DcsRequestFailed));
    }
}
