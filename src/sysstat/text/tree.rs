//! `sadf -j` and `sadf -x`: the same tree in JSON and in XML, read sample by sample so that a cut file gives what it has.

use super::super::activity::{ACTIVITIES, Activity, Node};
use super::super::model::{Data, Restart, Source, Span, Stamp};
use super::build::Builder;
use super::columns::column;
use super::stamp;

/// Attributes and keys that name an item.
const ITEM_KEYS: &[&str] =
    &["cpu", "number", "disk-device", "dev", "iface", "filesystem", "fsname", "mountpoint", "fchost", "name"];

/// The activities under an element or key of this name.
pub(crate) fn activities(name: &str) -> impl Iterator<Item = &'static Activity> {
    let name = if name == "cpu-load-all" { "cpu-load" } else { name };
    ACTIVITIES.iter().copied().filter(move |a| a.id != 0 && a.json.name == name)
}

/// The column that a key means, and the factor to its unit.
pub(crate) fn key_column(activity: &Activity, key: &str) -> Option<(usize, f64)> {
    if let Some(at) = activity.columns.iter().position(|c| c.json == key) {
        return Some((at, 1.0));
    }
    for node in activity.json.shape {
        if let Node::Key(name, at, factor) = node
            && *name == key
        {
            return Some((*at, 1.0 / factor));
        }
    }
    // `fsused-percent` of the XML is `%fsused` of the JSON.
    let bare = |s: &'_ str| s.trim_start_matches('%').trim_end_matches("-percent").to_string();
    let by_bare = activity.columns.iter().position(|c| bare(c.json) == bare(key));
    by_bare.map(|at| (at, 1.0)).or_else(|| column(activity, &format!("{key}/s"))).or_else(|| column(activity, key))
}

/// Collects the samples of either form.
#[derive(Debug)]
pub(crate) struct Tree {
    pub build: Builder,
    span: Option<u32>,
}

impl Tree {
    pub fn new(source: Source) -> Tree {
        Tree { build: Builder::new(source), span: None }
    }

    /// `zone`: the attribute `tz`, or `utc`; sadf up to 10 wrote neither, and its times were UTC.
    pub fn moment(date: &str, time: &str, tz: Option<&str>, utc: Option<&str>) -> Option<Stamp> {
        if tz.is_none_or(|tz| tz == "UTC") && utc.is_none_or(|utc| utc == "1") {
            return stamp::epoch(date, time).map(Stamp::utc);
        }
        let (date, second) = stamp::civil(date, time)?;
        Some(Stamp::wall(Some(date), 0, second))
    }

    pub fn sample(&mut self, to: Option<Stamp>, interval: Option<i64>) {
        self.span = to.map(|to| {
            let from = interval.and_then(|seconds| Some(Stamp::utc(to.epoch?.checked_sub(seconds)?)));
            self.build.new_span(Span { segment: 0, to, from, centis: None })
        });
    }

    pub fn value(&mut self, activity: &'static Activity, item: Option<&str>, key: &str, value: f64) {
        let (Some(span), Some((at, factor))) = (self.span, key_column(activity, key)) else {
            return;
        };
        let item = if activity.item.is_some() { Some(item.unwrap_or_default()) } else { None };
        self.build.add(activity, item, span, std::iter::once((at, value * factor)));
    }

    pub fn restart(&mut self, at: Stamp, cpus: Option<u32>) {
        self.build.data.restarts.push(Restart { at, cpus, reboot: None, marked: true, segment: 0 });
    }

    pub fn comment(&mut self, at: Stamp, text: &str) {
        self.build.comment(at, text);
    }

    /// The restarts stand behind all samples: they part them now.
    pub fn finish(self) -> Data {
        let mut build = self.build;
        let mut times: Vec<Stamp> = build.data.restarts.iter().map(|r| r.at).collect();
        times.sort();
        let before = |at: Stamp| u32::try_from(times.partition_point(|t| *t <= at)).unwrap_or(0);
        for span in &mut build.data.spans {
            span.segment = before(span.from.unwrap_or(span.to));
        }
        for restart in &mut build.data.restarts {
            restart.segment = before(restart.at);
        }
        build.finish()
    }
}

/// Is this `sadf -j` output? (`iostat -o JSON` begins alike, but dates its samples with strings.)
pub fn looks_like_sadf_json(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head.get(..head.len().min(4096)).unwrap_or_default());
    begins_json(&text) && (text.contains("\"file-date\"") || text.contains("\"timestamp\": {"))
}

/// Does a list of sysstat's hosts begin here, of whatever program?
pub(crate) fn begins_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let sysstat = text.strip_prefix('{').map(str::trim_start).is_some_and(|t| t.starts_with("\"sysstat\""));
    sysstat && text.contains("\"hosts\"")
}

/// What a reader of JSON is told.
pub(crate) trait Tokens {
    fn open(&mut self);
    fn close(&mut self);
    fn key(&mut self, key: String);
    fn scalar(&mut self, text: &str);
    /// All that follows stands in line `n` or below.
    fn line(&mut self, _n: usize) {}
}

/// Reads `sadf -j` output, one [`Data`] per host. Never fails.
///
/// Not every sadf wrote valid JSON: 10.1.5 has decimal commas in some locales, 11.2.0 forgets a brace in each sample. So
/// this goes by tokens, and takes up the thread again at each `"timestamp"`.
pub fn read_sadf_json(text: &[u8]) -> Vec<Data> {
    let mut json = Json::default();
    tokens(text, &mut json);
    let whole = text.trim_ascii_end().ends_with(b"}");
    if let Some(tree) = json.tree.as_mut().filter(|_| !whole) {
        tree.build.problem(text.len(), "the text ends inside a sample");
    }
    json.hosts.extend(json.tree.take().map(Tree::finish));
    json.hosts
}

/// Goes by tokens, whatever lies between them.
pub(crate) fn tokens(text: &[u8], json: &mut dyn Tokens) {
    let (mut at, mut line) = (0, 1);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'\n' => {
                line += 1;
                json.line(line);
            }
            b'{' | b'[' => json.open(),
            b'}' | b']' => json.close(),
            b'"' => {
                let Some((word, end)) = string(text, at) else {
                    break;
                };
                at = end;
                let next = text.get(at..).and_then(|t| t.iter().find(|b| !b.is_ascii_whitespace()));
                if next == Some(&b':') { json.key(word) } else { json.scalar(&word) }
            }
            b'0'..=b'9' | b'-' => {
                // A comma with a digit behind it is a decimal one: members are parted by a comma and a space.
                let rest = text.get(at..).unwrap_or_default();
                let more = |(n, b): (usize, &u8)| match b {
                    b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-' => true,
                    b',' => rest.get(n + 1).is_some_and(u8::is_ascii_digit),
                    _ => false,
                };
                let len = rest.iter().enumerate().take_while(|&t| more(t)).count();
                let number = String::from_utf8_lossy(text.get(at - 1..at + len).unwrap_or_default()).replace(',', ".");
                at += len;
                json.scalar(&number);
            }
            _ => {}
        }
    }
}

/// The string that begins here, and the offset behind its closing quote.
fn string(text: &[u8], at: usize) -> Option<(String, usize)> {
    let rest = text.get(at..)?;
    let mut escaped = false;
    let end = rest.iter().position(|&b| {
        let quote = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        quote
    })?;
    let raw = text.get(at - 1..at + end + 1)?;
    let word = serde_json::from_slice(raw)
        .unwrap_or_else(|_| String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned());
    Some((word, at + end + 1))
}

/// An object or array that is open.
#[derive(Debug, Default)]
struct Frame {
    key: String,
    activities: Vec<&'static Activity>,
    item: Option<String>,
    values: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Json {
    hosts: Vec<Data>,
    tree: Option<Tree>,
    stack: Vec<Frame>,
    /// The key read last.
    key: String,
}

impl Tokens for Json {
    fn key(&mut self, key: String) {
        if matches!(key.as_str(), "timestamp" | "restarts" | "comments") {
            self.stack.clear();
        }
        if key == "nodename" {
            self.hosts.extend(self.tree.take().map(Tree::finish));
        }
        self.key = key;
    }

    fn open(&mut self) {
        let own: Vec<&'static Activity> = activities(&self.key).collect();
        let inherited = self.stack.last();
        let activities = if own.is_empty() { inherited.map(|f| f.activities.clone()).unwrap_or_default() } else { own };
        // Deeper than sysstat goes is no sysstat.
        if self.stack.len() < 64 {
            self.stack.push(Frame { key: self.key.clone(), activities, ..Frame::default() });
        }
    }

    fn scalar(&mut self, text: &str) {
        let Json { tree, stack, key, .. } = self;
        let tree = tree.get_or_insert_with(|| Tree::new(Source::SadfJson));
        match stack.last_mut() {
            Some(frame) if frame.activities.is_empty() && !is_moment(&frame.key) => {
                field(&mut tree.build.data, key, text);
            }
            Some(frame) if ITEM_KEYS.contains(&key.as_str()) => frame.item = Some(text.to_string()),
            Some(frame) => frame.values.push((key.clone(), text.to_string())),
            None => {}
        }
    }

    fn close(&mut self) {
        let (Some(frame), Some(tree)) = (self.stack.pop(), self.tree.as_mut()) else {
            return;
        };
        let get = |key: &str| frame.values.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        if is_moment(&frame.key) && !frame.values.is_empty() {
            let at = get("date").zip(get("time")).and_then(|(d, t)| Tree::moment(d, t, get("tz"), get("utc")));
            let number = |key: &str| get(key).and_then(|v| v.parse::<i64>().ok());
            match (frame.key.as_str(), at) {
                ("timestamp", at) => tree.sample(at, number("interval")),
                ("boot", Some(at)) => tree.restart(at, number("cpu_count").and_then(|n| n.try_into().ok())),
                ("comment", Some(at)) => tree.comment(at, get("com").unwrap_or_default()),
                _ => {}
            }
            return;
        }
        for (key, value) in &frame.values {
            let Ok(value) = value.parse::<f64>() else {
                continue;
            };
            for activity in frame.activities.iter().filter(|a| a.item.is_some() == frame.item.is_some()) {
                tree.value(activity, frame.item.as_deref(), key, value);
            }
        }
    }
}

/// Objects that state a time.
fn is_moment(key: &str) -> bool {
    matches!(key, "timestamp" | "boot" | "comment")
}

/// A field of the host, by its name in either form.
pub(crate) fn field(data: &mut Data, key: &str, value: &str) {
    let text = || Some(value.to_string()).filter(|v| !v.is_empty());
    match key {
        "nodename" => data.host = text(),
        "sysname" => data.sysname = text(),
        "release" => data.release = text(),
        "machine" => data.arch = text(),
        "timezone" => data.zone = text(),
        "number-of-cpus" => data.cpus = value.parse().ok(),
        _ => {}
    }
}

/// Is this `sadf -x` output?
pub fn looks_like_sadf_xml(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head.get(..head.len().min(4096)).unwrap_or_default());
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('<')
        && text.contains("<sysstat")
        && (text.contains("<sysdata-version>") || text.contains("<host nodename="))
}

/// Reads `sadf -x` output, one [`Data`] per host. Never fails.
pub fn read_sadf_xml(text: &[u8]) -> Vec<Data> {
    let mut out = Vec::new();
    let mut tree: Option<Tree> = None;
    let mut stack: Vec<(String, Vec<&'static Activity>)> = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|t| t.iter().position(|&b| b == b'<')).map(|n| at + n) {
        let Some(close) = text.get(open..).and_then(|t| t.iter().position(|&b| b == b'>')).map(|n| open + n) else {
            break;
        };
        let content = String::from_utf8_lossy(text.get(at..open).unwrap_or_default());
        let tag = String::from_utf8_lossy(text.get(open + 1..close).unwrap_or_default());
        at = close + 1;
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let Some((top, activities)) = stack.pop() else {
                continue;
            };
            let Some(tree) = tree.as_mut().filter(|_| top == name) else {
                continue;
            };
            leaf(tree, &top, &activities, content.trim());
            continue;
        }
        let (name, rest) = tag.split_at(tag.find([' ', '\t', '\n', '/']).unwrap_or(tag.len()));
        let attributes = attributes(rest);
        if name == "host" {
            out.extend(tree.take().map(Tree::finish));
            tree = Some(Tree::new(Source::SadfXml));
        }
        let own: Vec<&'static Activity> = activities(name).collect();
        let now = if own.is_empty() { stack.last().map(|(_, a)| a.clone()).unwrap_or_default() } else { own };
        if let Some(tree) = tree.as_mut() {
            element(tree, name, &attributes, &now);
        }
        // Deeper than sysstat goes is no sysstat.
        if !tag.ends_with('/') && stack.len() < 32 {
            stack.push((name.to_string(), now));
        }
    }
    out.extend(tree.map(Tree::finish));
    out
}

/// `name="value"` pairs.
fn attributes(text: &str) -> Vec<(&str, String)> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((name, more)) = rest.split_once("=\"") {
        let Some((value, more)) = more.split_once('"') else {
            break;
        };
        let plain = value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        out.push((name.trim(), plain));
        rest = more;
    }
    out
}

/// The text inside an element that has no others.
fn leaf(tree: &mut Tree, name: &str, activities: &[&'static Activity], content: &str) {
    if content.is_empty() {
        return;
    }
    if activities.is_empty() {
        return field(&mut tree.build.data, name, content);
    }
    let Some(value) = stamp::value(content, "") else {
        return;
    };
    for activity in activities.iter().filter(|a| a.item.is_none()) {
        tree.value(activity, None, name, value);
    }
}

fn element(tree: &mut Tree, name: &str, attributes: &[(&str, String)], activities: &[&'static Activity]) {
    let get = |key: &str| attributes.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str());
    let moment = || Tree::moment(get("date")?, get("time")?, get("tz"), get("utc"));
    match name {
        "host" => field(&mut tree.build.data, "nodename", get("nodename").unwrap_or_default()),
        "timestamp" => tree.sample(moment(), get("interval").and_then(|i| i.parse().ok())),
        "boot" => {
            if let Some(at) = moment() {
                tree.restart(at, get("cpu_count").and_then(|n| n.parse().ok()));
            }
        }
        "comment" => {
            if let Some(at) = moment() {
                tree.comment(at, get("com").unwrap_or_default());
            }
        }
        _ => {
            let item = attributes.iter().find(|(k, _)| ITEM_KEYS.contains(k)).map(|(_, v)| v.as_str());
            for (key, value) in attributes.iter().filter(|(k, _)| !ITEM_KEYS.contains(k)) {
                let Some(value) = stamp::value(value, "") else {
                    continue;
                };
                for activity in activities.iter().filter(|a| a.item.is_some() == item.is_some()) {
                    tree.value(activity, item, key, value);
                }
            }
        }
    }
}
