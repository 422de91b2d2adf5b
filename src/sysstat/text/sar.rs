//! The tables of `sar`, `mpstat` and `pidstat`, of any version and locale, whole or pasted in part.
//!
//! Activity follows activity, each with its own row of headings that begins with the time of the sample before.
//! Rows that begin with no time (averages, in forty languages) are no data.

use std::collections::HashSet;

use super::super::model::{Data, Restart, Source, Span, Stamp};
use super::build::Builder;
use super::columns::Table;
use super::line::{Banner, banner, lines, settle_date};
use super::stamp;

const HALF_DAY: u32 = 43200;

/// Is this the beginning of a text with such tables? Needs a row of known headings and a row of numbers that fits.
pub fn looks_like_sar(head: &[u8]) -> bool {
    let mut table: Option<Table> = None;
    for (_, line) in lines(head).take(200) {
        if line.starts_with("Device") || line.starts_with("avg-cpu:") {
            return false;
        }
        let Some((_, rest)) = stamp::time(&line) else {
            continue;
        };
        let cells: Vec<&str> = rest.split_whitespace().collect();
        if let Some(found) = headings(&cells) {
            table = Some(found);
        } else if let Some(table) = &table
            && !table.activities.is_empty()
            && split(table, &cells).is_some_and(|(_, values)| numeric(values))
        {
            return true;
        }
    }
    false
}

/// Reads a text; one [`Data`] for each `Linux …` line in it. Never fails.
pub fn read_sar(text: &[u8]) -> Vec<Data> {
    let mut out = Vec::new();
    let mut reader = Reader::new(None);
    for (n, line) in lines(text) {
        if let Some(banner) = banner(&line) {
            out.extend(std::mem::replace(&mut reader, Reader::new(Some(banner))).finish());
        } else {
            reader.line(n, &line);
        }
    }
    out.extend(reader.finish());
    out
}

/// A row of headings: nothing in it is a number.
fn headings(cells: &[&str]) -> Option<Table> {
    if cells.len() < 2 && !matches!(cells, ["MHz"]) || cells.iter().any(|c| stamp::value(c, "").is_some()) {
        return None;
    }
    if let Some(at) = cells.iter().position(|c| *c == "PID") {
        // pidstat: user, process, values, command.
        let (last, names) = cells.split_last()?;
        if *last == "Command" && at <= 1 {
            let names: Vec<&str> = names.iter().copied().filter(|n| *n != "PID").collect();
            let mut table = Table::of(Some("PID"), false, &names)?;
            table.item_last = true;
            return Some(table);
        }
    }
    Table::new(cells)
}

/// The item and the value cells of a row.
fn split<'c, 'l>(table: &Table, cells: &'c [&'l str]) -> Option<(Option<String>, &'c [&'l str])> {
    let width = table.width;
    if table.item.is_none() {
        return (cells.len() == width).then_some((None, cells));
    }
    if cells.len() <= width {
        return None;
    }
    // Names may hold spaces; the values don't.
    let (name, values) = if table.item_last {
        let (values, name) = cells.split_at_checked(width)?;
        (name, values)
    } else {
        cells.split_at_checked(cells.len() - width)?
    };
    Some((Some(name.join(" ")), values))
}

fn numeric(values: &[&str]) -> bool {
    values.iter().all(|v| stamp::value(v, "").is_some())
}

/// State of the text between two lines.
#[derive(Debug)]
struct Reader {
    build: Builder,
    banner: Option<Banner>,
    table: Option<Table>,
    /// The headings of the block, to know them again when they are repeated.
    headings: Vec<String>,
    segment: u32,
    /// Day and second at which the segment begins.
    start: (u32, Option<u32>),
    /// Day and second of the last row or heading of the block.
    last: (u32, u32),
    /// The row before the current sample.
    from: Option<Stamp>,
    /// Items seen in the current sample.
    seen: HashSet<Option<String>>,
    comma: bool,
    half_days: bool,
}

impl Reader {
    fn new(banner: Option<Banner>) -> Reader {
        let mut build = Builder::new(Source::Sar);
        if let Some(banner) = &banner {
            banner.fill(&mut build.data);
        }
        Reader {
            build,
            banner,
            table: None,
            headings: Vec::new(),
            segment: 0,
            start: (0, None),
            last: (0, 0),
            from: None,
            seen: HashSet::new(),
            comma: false,
            half_days: false,
        }
    }

    fn line(&mut self, n: usize, line: &str) {
        let Some((second, rest)) = stamp::time(line) else {
            return;
        };
        self.half_days |= line.get(..14).is_some_and(|s| s.contains(['P', 'A', 'p', 'a']) && s.contains(['M', 'm']));
        let cells: Vec<&str> = rest.split_whitespace().collect();
        if let ["LINUX", "RESTART", ..] = cells.as_slice() {
            return self.restart(second, rest);
        }
        if let (Some(&"COM"), Some((_, text))) = (cells.first(), rest.split_once("COM ")) {
            return self.comment(second, text);
        }
        if cells.len() == 1 && self.table.is_none() && stamp::value(rest.trim(), "").is_none() {
            return;
        }
        if cells.iter().all(|c| stamp::value(c, "").is_none()) {
            return self.heading(second, &cells);
        }
        self.row(n, second, &cells);
    }

    fn restart(&mut self, second: u32, rest: &str) {
        self.tick(second);
        self.segment += 1;
        self.start = (self.last.0, Some(second));
        self.headings.clear();
        self.table = None;
        let cpus = rest.rsplit_once('(').and_then(|(_, n)| n.split(' ').next()?.parse().ok());
        let at = Stamp::wall(None, self.last.0, second);
        let segment = self.segment;
        self.build.data.restarts.push(Restart { at, cpus, reboot: None, marked: true, segment });
    }

    fn comment(&mut self, second: u32, text: &str) {
        // Repeated in the block of every activity. It doesn't move the clock: it may stand between rows of one sample.
        let day = self.last.0 + u32::from(second + HALF_DAY < self.last.1);
        self.build.comment(Stamp::wall(None, day, second), text);
    }

    /// Moves the clock of the block; past midnight it starts again at 0.
    fn tick(&mut self, second: u32) {
        if second + HALF_DAY < self.last.1 {
            self.last.0 += 1;
        }
        self.last.1 = second;
    }

    fn heading(&mut self, second: u32, cells: &[&str]) {
        let again = self.headings.iter().map(String::as_str).eq(cells.iter().copied());
        if again {
            self.tick(second);
        } else {
            self.build.new_table();
            self.table = headings(cells).filter(|t| !t.activities.is_empty());
            if self.table.as_ref().is_some_and(|t| t.item.as_deref() == Some("PID")) {
                self.build.data.source = Source::Pidstat;
            }
            self.headings = cells.iter().map(|c| c.to_string()).collect();
            let (day, start) = self.start;
            self.last = (day, start.unwrap_or(second));
            self.tick(second);
        }
        self.from = Some(Stamp::wall(None, self.last.0, second));
        self.seen.clear();
    }

    fn row(&mut self, n: usize, second: u32, cells: &[&str]) {
        self.build.at_line(n);
        let Some(table) = &self.table else { return };
        let mut cells = cells.to_vec();
        let pid = self.headings.iter().position(|h| h == "PID").filter(|&at| at < cells.len());
        let pid = pid.map(|at| cells.remove(at));
        let cells = cells.as_slice();
        let Some((item, values)) = split(table, cells) else {
            // The last line of a cut file.
            let known = !table.activities.is_empty();
            if known {
                self.build.problem(n, "a row with fewer values than headings");
            }
            return;
        };
        let values: Vec<Option<f64>> =
            values.iter().zip(self.names()).map(|(cell, name)| stamp::value(cell, name)).collect();
        self.comma |= cells.iter().any(|c| c.contains(','));
        let item = match pid {
            Some(pid) => Some(format!("{pid} {}", item.unwrap_or_default())),
            None => item,
        };
        let previous = self.last;
        let again = self.seen.contains(&item) && !item.as_ref().is_some_and(|i| i.starts_with('/'));
        if second != previous.1 || again || self.seen.is_empty() {
            if !self.seen.is_empty() {
                self.from = Some(Stamp::wall(None, previous.0, previous.1));
            }
            self.seen.clear();
            self.tick(second);
        }
        self.seen.insert(item.clone());
        let to = Stamp::wall(None, self.last.0, self.last.1);
        let from = self.from;
        let span = self.build.span(Span { segment: self.segment, to, from, centis: None }, item.as_deref(), 0);
        let Some(table) = &self.table else { return };
        for (i, activity) in table.activities.iter().enumerate() {
            let row = values.iter().zip(&table.columns).filter_map(|(value, place)| {
                let (which, column, factor) = (*place)?;
                (which == i).then_some((column, (*value)? * factor))
            });
            self.build.add(activity, item.as_deref(), span, row);
        }
    }

    /// Headings of the value columns.
    fn names(&self) -> impl Iterator<Item = &str> {
        let skip = match &self.table {
            Some(t) if t.item.is_some() && !t.item_last => 1,
            _ => 0,
        };
        self.headings.iter().skip(skip).map(String::as_str)
    }

    fn finish(self) -> Option<Data> {
        let comma = self.comma;
        let mut data = self.build.finish();
        if let Some(banner) = &self.banner {
            settle_date(&mut data, &banner.date, comma, self.half_days);
        }
        let empty = data.sets.is_empty() && data.restarts.is_empty() && data.comments.is_empty();
        (self.banner.is_some() || !empty).then_some(data)
    }
}
