//! `sadf -d` (semicolons) and `sadf -p` (one value per line).

use std::collections::HashMap;

use super::super::activity::{ACTIVITIES, Activity};
use super::super::model::{Data, Restart, Source, Span, Stamp};
use super::build::Builder;
use super::columns::{Table, column};
use super::line::lines;
use super::stamp;

/// Is this `sadf -d` output? Its rows of headings are unmistakable.
pub fn looks_like_sadf_csv(head: &[u8]) -> bool {
    let first = lines(head).map(|(_, l)| l).find(|l| !l.trim().is_empty());
    first.is_some_and(|l| l.starts_with("# hostname;interval;timestamp") || restart_row(&l, ';').is_some())
}

/// Is this `sadf -p` output?
pub fn looks_like_sadf_lines(head: &[u8]) -> bool {
    let mut rows = 0;
    for (_, line) in lines(head).take(20) {
        if line.trim().is_empty() || restart_row(&line, '\t').is_some() {
            continue;
        }
        let cells: Vec<&str> = line.split('\t').collect();
        let &[_, interval, time, _, field, value] = cells.as_slice() else {
            // The block may end inside a line.
            break;
        };
        let ok = interval.parse::<i64>().is_ok() && when(time).is_some() && stamp::value(value, "").is_some();
        if !ok || field.is_empty() {
            return false;
        }
        rows += 1;
    }
    rows > 0
}

fn restart_row(line: &str, separator: char) -> Option<Stamp> {
    let cells: Vec<&str> = line.split(separator).collect();
    let mark = cells.get(3)?;
    if cells.get(1) == Some(&"-1") && mark.starts_with("LINUX-RESTART") { when(cells.get(2)?) } else { None }
}

/// `2026-11-21 00:06:25 UTC`, the same without zone (local time, whose it is depends on options), or an epoch.
fn when(text: &str) -> Option<Stamp> {
    if text.len() >= 9 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().map(Stamp::utc);
    }
    let mut words = text.split(' ');
    let (date, time, zone) = (words.next()?, words.next()?, words.next());
    if zone == Some("UTC") {
        return stamp::epoch(date, time).map(Stamp::utc);
    }
    // Zone abbreviations are the standard-time ones even in summer: they say nothing.
    let (date, second) = stamp::civil(date, time)?;
    Some(Stamp::wall(Some(date), 0, second))
}

fn before(to: Stamp, seconds: i64) -> Option<Stamp> {
    to.epoch.map(|epoch| Stamp::utc(epoch - seconds))
}

/// State shared by both forms.
#[derive(Debug)]
struct Reader {
    build: Builder,
    segment: u32,
    /// The segment that each RESTART begins.
    restarts: HashMap<Stamp, u32>,
}

impl Reader {
    fn new(source: Source) -> Reader {
        Reader { build: Builder::new(source), segment: 0, restarts: HashMap::new() }
    }

    fn span(&mut self, to: Stamp, interval: &str, item: Option<&str>, field: usize) -> u32 {
        // Whole seconds: only the binary file knows the hundredths.
        let from = interval.parse().ok().and_then(|seconds: i64| before(to, seconds));
        self.build.span(Span { segment: self.segment, to, from, centis: None }, item, field)
    }

    /// RESTART and COMMENT rows; true if it was one.
    fn mark(&mut self, at: Stamp, cell: &str, more: Option<&str>) -> bool {
        if cell.starts_with("LINUX-RESTART") {
            let known = self.restarts.get(&at).copied();
            // The form with one activity after the other repeats them.
            if let Some(segment) = known {
                self.segment = segment;
                return true;
            }
            self.segment = u32::try_from(self.build.data.restarts.len() + 1).unwrap_or(u32::MAX);
            let text = more.unwrap_or(cell);
            let cpus = text.rsplit_once('(').and_then(|(_, n)| n.split(' ').next()?.parse().ok());
            let segment = self.segment;
            self.restarts.insert(at, segment);
            self.build.data.restarts.push(Restart { at, cpus, reboot: None, marked: true, segment });
            return true;
        }
        let Some(text) = cell.strip_prefix("COM ") else {
            return false;
        };
        self.build.comment(at, text);
        true
    }
}

/// Reads `sadf -d` output. Never fails.
pub fn read_sadf_csv(text: &[u8]) -> Data {
    let mut reader = Reader::new(Source::SadfCsv);
    let mut table: Option<Table> = None;
    for (n, line) in lines(text) {
        if line.is_empty() {
            continue;
        }
        reader.build.at_line(n);
        let cells: Vec<&str> = line.split(';').collect();
        if let Some(["interval", "timestamp", names @ ..]) = cells.get(1..).filter(|_| line.starts_with('#')) {
            table = Table::new(names).filter(|t| !t.activities.is_empty());
            reader.build.new_table();
            if line.contains("[...]") {
                reader.build.problem(n, "sadf -d -h writes all activities in one row: not read");
                table = None;
            }
            continue;
        }
        let [host, interval, time, rest @ ..] = cells.as_slice() else {
            reader.build.problem(n, "not a row of sadf -d");
            continue;
        };
        let Some(to) = when(time) else {
            reader.build.problem(n, "a row without a time");
            continue;
        };
        reader.build.data.host.get_or_insert_with(|| host.to_string());
        if rest.first().is_some_and(|cell| reader.mark(to, cell, None)) {
            continue;
        }
        let Some(table) = &table else { continue };
        let (item, values) = match &table.item {
            None => (None, rest),
            Some(_) => {
                let Some((item, values)) = rest.split_first() else {
                    continue;
                };
                (Some(if *item == "-1" { "all" } else { item }), values)
            }
        };
        if values.len() != table.width {
            reader.build.problem(n, "a row with another number of values than headings");
            continue;
        }
        let span = reader.span(to, interval, item, 0);
        for (i, activity) in table.activities.iter().enumerate() {
            let row = values.iter().zip(&table.columns).filter_map(|(cell, place)| {
                let (which, column, factor) = (*place)?;
                (which == i).then_some((column, stamp::value(cell, "")? * factor))
            });
            reader.build.add(activity, item, span, row);
        }
    }
    reader.build.finish()
}

/// Reads `sadf -p` output. Never fails.
pub fn read_sadf_lines(text: &[u8]) -> Data {
    let mut reader = Reader::new(Source::SadfLines);
    // Names like `tps` belong to several activities; the values of one come in a row.
    let mut current: Option<&'static Activity> = None;
    for (n, line) in lines(text) {
        if line.is_empty() {
            continue;
        }
        reader.build.at_line(n);
        let cells: Vec<&str> = line.split('\t').collect();
        let [host, interval, time, item, rest @ ..] = cells.as_slice() else {
            reader.build.problem(n, "not a row of sadf -p");
            continue;
        };
        let Some(to) = when(time) else {
            reader.build.problem(n, "a row without a time");
            continue;
        };
        reader.build.data.host.get_or_insert_with(|| host.to_string());
        if reader.mark(to, item, rest.first().copied()) {
            continue;
        }
        let [field, value] = rest else { continue };
        let fits = |a: &Activity| (a.item.is_some() == (*item != "-")) && a.id != 0;
        let found = current.filter(|a| fits(a) && column(a, field).is_some()).or_else(|| {
            let mut known = ACTIVITIES.iter().copied().filter(|a| fits(a));
            known.clone().find(|a| a.column(field).is_some()).or_else(|| known.find(|a| column(a, field).is_some()))
        });
        if current.map(|a| a.name) != found.map(|a| a.name) {
            reader.build.new_table();
        }
        current = found;
        let Some((activity, (at, factor))) = found.and_then(|a| Some((a, column(a, field)?))) else {
            continue;
        };
        let Some(value) = stamp::value(value, "") else {
            continue;
        };
        let item = match activity.item {
            None => None,
            Some("CPU") => Some(item.strip_prefix("cpu").unwrap_or(item)),
            Some(_) => Some(*item),
        };
        let span = reader.span(to, interval, item, at);
        reader.build.add(activity, item, span, std::iter::once((at, value * factor)));
    }
    reader.build.finish()
}
