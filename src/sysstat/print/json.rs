//! The layout of `sadf -j FILE -- -A`, with newest sysstat's key names.

mod direct;

use std::io::{self, Read, Write};

use super::super::activity::{Activity, Node};
use super::super::binary::Options;
use super::super::binary::stream::Stream;
use super::super::model::{Data, Set, Span, Stamp};
use super::number::{fixed, integer, two};
use super::{clock, date, second, seconds, shown};
use chrono::Datelike as _;

/// Bytes of text worth writing out.
const ENOUGH: usize = 256 << 10;

/// Writes the hosts as one JSON document. Columns without a value are left out instead of being shown as 0; times are
/// UTC where the source knows them, else local and without `tz`.
pub fn json(hosts: &[Data], out: &mut dyn Write) -> io::Result<()> {
    let mut document = Json::new(out);
    for data in hosts {
        document.data(data)?;
    }
    document.finish()
}

/// A JSON document of hosts that come one by one.
pub struct Json<'w> {
    out: &'w mut dyn Write,
    text: Vec<u8>,
    hosts: usize,
}

/// What a disk of this major and minor number is called.
type DiskName<'n> = &'n dyn Fn(u32, u32) -> Option<String>;

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Json").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl<'w> Json<'w> {
    /// Begins a document.
    pub fn new(out: &'w mut dyn Write) -> Json<'w> {
        Json { out, text: b"{\"sysstat\": {\n\t\"hosts\": [".to_vec(), hosts: 0 }
    }

    /// Adds what was read from some file.
    pub fn data(&mut self, data: &Data) -> io::Result<()> {
        self.begin(data);
        statistics(data, &mut self.text, self.out)?;
        self.end(data);
        Ok(())
    }

    /// Adds binary files (already decompressed), one or several that stand one behind another, while they are read and
    /// without keeping their numbers: several times faster than [`read_sa`](crate::sysstat::read_sa) and [`Json::data`],
    /// with a few MB of memory for files of any length, and the same apart from the order in which devices stand that
    /// came or went. Gives for each file all but spans and sets; an unreadable one adds nothing.
    ///
    /// `name` gives the names of disks by major and minor number, such as
    /// [`usual_disk_name`](crate::sysstat::usual_disk_name); where it gives none, they are called `dev8-16`. Errors are those
    /// of writing; an error of reading ends the file and is a problem of it.
    pub fn binary(&mut self, input: &mut dyn Read, options: Options, name: DiskName<'_>) -> io::Result<Vec<Data>> {
        Stream::new(input, options).read(&mut direct::Direct::new(self, options, name))
    }

    fn begin(&mut self, data: &Data) {
        self.text.extend_from_slice(if self.hosts == 0 { b"\n\t\t{\n" } else { b",\n\t\t{\n" });
        self.hosts += 1;
        host(data, &mut self.text);
    }

    fn end(&mut self, data: &Data) {
        marks(data, &mut self.text);
        self.text.extend_from_slice(b"\n\t\t}");
    }

    /// Ends the document.
    pub fn finish(mut self) -> io::Result<()> {
        self.text.extend_from_slice(b"\n\t]\n}}\n");
        self.out.write_all(&self.text)
    }
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    // A string can always be written.
    let _ = serde_json::to_writer(out, text);
}

fn host(data: &Data, out: &mut Vec<u8>) {
    let mut line = |key: &str, value: Option<&str>| {
        let Some(value) = value else { return };
        out.extend_from_slice(format!("\t\t\t\"{key}\": ").as_bytes());
        quoted(out, value);
        out.extend_from_slice(b",\n");
    };
    line("nodename", data.host.as_deref());
    line("sysname", data.sysname.as_deref());
    line("release", data.release.as_deref());
    line("machine", data.arch.as_deref());
    if let Some(cpus) = data.cpus {
        out.extend_from_slice(format!("\t\t\t\"number-of-cpus\": {cpus},\n").as_bytes());
    }
    let begun = data.created.or_else(|| data.spans.first().map(|s| s.from.unwrap_or(s.to)));
    if let Some(begun) = begun {
        if let Some(day) = date(&begun) {
            out.extend_from_slice(format!("\t\t\t\"file-date\": \"{day}\",\n").as_bytes());
        }
        if begun.epoch.is_some() {
            out.extend_from_slice(format!("\t\t\t\"file-utc-time\": \"{}\",\n", clock(&begun)).as_bytes());
        }
    }
    if let Some(zone) = &data.zone {
        out.extend_from_slice(b"\t\t\t\"timezone\": ");
        quoted(out, zone);
        out.extend_from_slice(b",\n");
    }
}

/// A set with the texts between its numbers made ready.
struct Member<'a> {
    set: &'a Set,
    next: usize,
    /// `{"iface": "eth0"` of a list, empty else.
    head: Vec<u8>,
    pieces: &'a [Piece],
}

/// A step in writing an object.
enum Piece {
    /// `, "key": `
    Key {
        text: Vec<u8>,
        column: usize,
        factor: f64,
        decimals: u8,
    },
    Open(Vec<u8>),
    Close,
}

/// The pieces of each activity.
type Plans = Vec<(&'static str, Vec<Piece>)>;

/// All that stands under one key of a sample.
struct Object<'a> {
    group: Option<&'static str>,
    key: &'static str,
    list: bool,
    members: Vec<Member<'a>>,
}

fn pieces(activity: &Activity, columns: &[usize]) -> Vec<Piece> {
    let key = |key: &str, column: usize, factor: f64| {
        let decimals = activity.columns.get(column).map_or(2, |c| c.decimals);
        Piece::Key { text: format!(", \"{key}\": ").into_bytes(), column, factor, decimals }
    };
    if activity.json.shape.is_empty() {
        let known = columns.iter().filter_map(|&i| Some((i, activity.columns.get(i)?)));
        return known.map(|(i, column)| key(column.json, i, 1.0)).collect();
    }
    let nodes = activity.json.shape.iter();
    nodes
        .filter_map(|node| match *node {
            Node::Key(name, column, factor) => columns.contains(&column).then(|| key(name, column, factor)),
            Node::Open(name) => Some(Piece::Open(format!("\"{name}\": {{").into_bytes())),
            Node::Close => Some(Piece::Close),
        })
        .collect()
}

fn statistics(data: &Data, text: &mut Vec<u8>, out: &mut dyn Write) -> io::Result<()> {
    let columns: Vec<(&str, Vec<usize>)> = shown(data);
    let mut plans: Plans = Vec::new();
    for set in &data.sets {
        let name = set.activity.name;
        if !plans.iter().any(|(known, _)| *known == name) {
            let columns = columns.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, c)| c);
            plans.push((name, pieces(set.activity, columns)));
        }
    }
    text.extend_from_slice(b"\t\t\t\"statistics\": [");
    let mut objects = objects(data, &plans);
    for (n, span) in data.spans.iter().enumerate() {
        text.extend_from_slice(if n == 0 { b"\n\t\t\t\t{\n" } else { b",\n\t\t\t\t{\n" });
        timestamp(span, text);
        sample(&mut objects, u32::try_from(n).unwrap_or(u32::MAX), text);
        text.extend_from_slice(b"\n\t\t\t\t}");
        if text.len() >= ENOUGH {
            out.write_all(text)?;
            text.clear();
        }
    }
    text.extend_from_slice(b"\n\t\t\t]");
    Ok(())
}

fn objects<'a>(data: &'a Data, plans: &'a Plans) -> Vec<Object<'a>> {
    let mut objects: Vec<Object<'_>> = Vec::new();
    for set in &data.sets {
        let json = &set.activity.json;
        let Some((_, pieces)) = plans.iter().find(|(name, _)| *name == set.activity.name) else {
            continue;
        };
        let head = head(set.activity, set.item.as_deref().unwrap_or_default());
        let member = Member { set, next: 0, head, pieces };
        match objects.last_mut().filter(|o| o.key == json.name && o.group == json.group) {
            Some(object) => object.members.push(member),
            None => objects.push(Object {
                group: json.group,
                key: json.name,
                list: json.item.is_some(),
                members: vec![member],
            }),
        }
    }
    objects
}

/// `{"iface": "eth0"`, nothing for an activity that is no list.
fn head(activity: &Activity, item: &str) -> Vec<u8> {
    let mut head = Vec::new();
    if let Some(key) = activity.json.item {
        head.extend_from_slice(format!("{{\"{key}\": ").as_bytes());
        quoted(&mut head, item);
    }
    head
}

fn timestamp(span: &Span, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\t\t\t\t\t\"timestamp\": {");
    moment(&span.to, out);
    if let Some(interval) = seconds(span) {
        out.extend_from_slice(b", \"interval\": ");
        integer(out, interval);
    }
    out.push(b'}');
}

/// `"date": …, "time": …, "tz": …`
fn moment(at: &Stamp, out: &mut Vec<u8>) {
    if let Some(day) = date(at) {
        out.extend_from_slice(b"\"date\": \"");
        match u32::try_from(day.year()) {
            Ok(year @ 1000..=9999) => {
                two(out, year / 100);
                two(out, year % 100);
                out.push(b'-');
                two(out, day.month());
                out.push(b'-');
                two(out, day.day());
            }
            _ => out.extend_from_slice(day.to_string().as_bytes()),
        }
        out.extend_from_slice(b"\", ");
    }
    out.extend_from_slice(b"\"time\": \"");
    if let Some(second) = second(at) {
        for (n, part) in [second / 3600, second / 60 % 60, second % 60].into_iter().enumerate() {
            if n > 0 {
                out.push(b':');
            }
            two(out, part);
        }
    }
    out.push(b'"');
    if at.epoch.is_some() {
        out.extend_from_slice(b", \"tz\": \"UTC\"");
    }
}

fn sample(objects: &mut [Object<'_>], span: u32, out: &mut Vec<u8>) {
    let mut group: Option<&'static str> = None;
    for object in objects {
        let mut begun = false;
        for member in &mut object.members {
            if member.set.rows.get(member.next) != Some(&span) {
                continue;
            }
            let row = member.set.row(member.next).unwrap_or_default();
            member.next += 1;
            if !begun {
                enter(object.group, &mut group, out);
                open(object.group.is_some(), object.key, object.list, out);
            }
            if object.list && begun {
                out.extend_from_slice(b",\n");
            }
            line(object.group.is_some(), object.list, begun, &member.head, member.pieces, row, out);
            begun = true;
        }
        if begun {
            close(object.group.is_some(), object.list, out);
        }
    }
    if group.is_some() {
        out.extend_from_slice(b"\n\t\t\t\t\t}");
    }
}

/// One row: a line of a list, or the members of an object.
fn line(grouped: bool, list: bool, begun: bool, head: &[u8], pieces: &[Piece], row: &[f64], out: &mut Vec<u8>) {
    if !list {
        return values(pieces, row, begun, out);
    }
    out.extend_from_slice(if grouped { b"\t\t\t\t\t\t\t" } else { b"\t\t\t\t\t\t" });
    out.extend_from_slice(head);
    values(pieces, row, true, out);
    out.push(b'}');
}

fn close(grouped: bool, list: bool, out: &mut Vec<u8>) {
    let close: &[u8] = match (list, grouped) {
        (true, true) => b"\n\t\t\t\t\t\t]",
        (true, false) => b"\n\t\t\t\t\t]",
        (false, _) => b"}",
    };
    out.extend_from_slice(close);
}

/// Ends what stands before an object, and leaves or enters a group when that changes.
fn enter(of: Option<&'static str>, group: &mut Option<&'static str>, out: &mut Vec<u8>) {
    if *group == of {
        return out.extend_from_slice(b",\n");
    }
    if group.is_some() {
        out.extend_from_slice(b"\n\t\t\t\t\t}");
    }
    if let Some(name) = of {
        out.extend_from_slice(b",\n\t\t\t\t\t\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\": {\n");
    } else {
        out.extend_from_slice(b",\n");
    }
    *group = of;
}

/// Begins an object.
fn open(grouped: bool, key: &str, list: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if grouped { b"\t\t\t\t\t\t\"" } else { b"\t\t\t\t\t\"" });
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(if list { b"\": [\n" } else { b"\": {" });
}

fn values(pieces: &[Piece], row: &[f64], mut comma: bool, out: &mut Vec<u8>) {
    for piece in pieces {
        match piece {
            Piece::Key { text, column, factor, decimals } => {
                let value = row.get(*column).copied().unwrap_or(f64::NAN) * factor;
                if !value.is_finite() {
                    continue;
                }
                // The first member goes without the comma that stands before its key.
                out.extend_from_slice(if comma { text } else { text.get(2..).unwrap_or_default() });
                fixed(out, value, *decimals);
                comma = true;
            }
            Piece::Open(text) => {
                if comma {
                    out.extend_from_slice(b", ");
                }
                out.extend_from_slice(text);
                comma = false;
            }
            Piece::Close => {
                out.push(b'}');
                comma = true;
            }
        }
    }
}

fn marks(data: &Data, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\n\t\t\t\"restarts\": [");
    for (n, restart) in data.restarts.iter().enumerate() {
        out.extend_from_slice(if n == 0 { b"" } else { b"," });
        out.extend_from_slice(b"\n\t\t\t\t{\n\t\t\t\t\t\"boot\": {");
        moment(&restart.at, out);
        if let Some(cpus) = restart.cpus {
            out.extend_from_slice(format!(", \"cpu_count\": {cpus}").as_bytes());
        }
        out.extend_from_slice(b"}\n\t\t\t\t}");
    }
    out.extend_from_slice(b"\n\t\t\t]");
    if data.comments.is_empty() {
        return;
    }
    out.extend_from_slice(b",\n\t\t\t\"comments\": [");
    for (n, comment) in data.comments.iter().enumerate() {
        out.extend_from_slice(if n == 0 { b"" } else { b"," });
        out.extend_from_slice(b"\n\t\t\t\t{\n\t\t\t\t\t\"comment\": {");
        moment(&comment.at, out);
        out.extend_from_slice(b", \"com\": ");
        quoted(out, &comment.text);
        out.extend_from_slice(b"}\n\t\t\t\t}");
    }
    out.extend_from_slice(b"\n\t\t\t]");
}
