//! `iostat -t` and `vmstat -t`: reports one below the other, the first of them over the time since boot.

use super::super::activity::{ACTIVITIES, Activity};
use super::super::model::{Data, Source, Span, Stamp};
use super::build::Builder;
use super::columns::Table;
use super::line::{banner, lines, settle_date};
use super::stamp;
use chrono::DateTime;

/// Is this iostat text? Needs its banner, or an `avg-cpu:` line, and a table of devices below.
pub fn looks_like_iostat(head: &[u8]) -> bool {
    let (mut begun, mut named) = (false, false);
    for (_, line) in lines(head).take(60) {
        begun |= banner(&line).is_some() || line.starts_with("avg-cpu:");
        let cells: Vec<&str> = line.split_whitespace().collect();
        named |= is_device_table(&cells);
        if !line.is_empty() && !begun && !named && when(&line).is_none() {
            // A prompt may stand first, nothing else.
            begun |= false;
        }
        if begun && named {
            return true;
        }
    }
    false
}

fn is_device_table(cells: &[&str]) -> bool {
    let device = |c: Option<&&str>| matches!(c, Some(&"Device" | &"Device:"));
    (device(cells.first()) || device(cells.last()))
        && cells.len() > 3
        && Table::new(cells).is_some_and(|t| t.activities.iter().any(|a| a.name == "iostat"))
}

/// A line that holds nothing but date and time: the date as written, and the time of day or the epoch.
pub(super) fn when(line: &str) -> Option<(String, Stamp)> {
    let line = line.trim().trim_start_matches("zzz ***");
    if let Some((date, rest)) = line.split_once('T').filter(|(d, _)| d.len() == 10) {
        // 2026-11-21T00:42:49+0000
        let mut zoned = format!("{date}T{rest}");
        if rest.len() == 13 && rest.is_ascii() {
            zoned.insert(zoned.len() - 2, ':');
        }
        let at = DateTime::parse_from_rfc3339(&zoned).ok()?;
        let wall = at.naive_local();
        let second = u32::try_from(wall.and_utc().timestamp().rem_euclid(86400)).ok()?;
        let mut at = Stamp::utc(at.timestamp());
        at.local = Some(super::super::model::Local { date: Some(wall.date()), day: 0, second });
        return Some((date.to_string(), at));
    }
    if let Some(time) = line.strip_prefix("Time: ") {
        let (second, rest) = stamp::time(time)?;
        return rest.trim().is_empty().then(|| (String::new(), Stamp::wall(None, 0, second)));
    }
    for (at, _) in line.match_indices([' ', '\u{a0}']) {
        let (date, time) = line.split_at_checked(at)?;
        if stamp::dates(date, false).is_empty() {
            continue;
        }
        if let Some((second, rest)) = stamp::time(time) {
            return rest.trim().is_empty().then(|| (date.to_string(), Stamp::wall(None, 0, second)));
        }
    }
    // OSWatcher: Sat Nov 21 00:42:18 UTC 2026
    let words: Vec<&str> = line.split_whitespace().collect();
    let &[_, month, day, time, zone, year] = words.as_slice() else {
        return None;
    };
    let text = format!("{year} {month} {day}");
    let date = chrono::NaiveDate::parse_from_str(&text, "%Y %b %d").ok()?;
    let (second, _) = stamp::time(time)?;
    if zone == "UTC" {
        let epoch = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() + i64::from(second);
        return Some((date.to_string(), Stamp::utc(epoch)));
    }
    Some((date.to_string(), Stamp::wall(Some(date), 0, second)))
}

/// State of one run of iostat.
#[derive(Debug)]
pub(super) struct Run {
    pub build: Builder,
    table: Option<Table>,
    pub to: Option<Stamp>,
    pub from: Option<Stamp>,
    /// Midnights passed.
    day: u32,
    written: String,
    comma: bool,
    half_days: bool,
    pub begun: bool,
}

impl Default for Run {
    fn default() -> Run {
        Run {
            build: Builder::new(Source::Iostat),
            table: None,
            to: None,
            from: None,
            day: 0,
            written: String::new(),
            comma: false,
            half_days: false,
            begun: false,
        }
    }
}

impl Run {
    pub fn time(&mut self, date: String, mut at: Stamp, line: &str) {
        if let (Some(now), Some(last)) = (&mut at.local, self.to.and_then(|t| t.local)) {
            self.day += u32::from(now.second + 43200 < last.second);
            now.day = self.day;
        }
        if self.written.is_empty() {
            self.written = date;
        }
        self.half_days |= line.contains(['M', 'm']);
        self.from = self.to;
        self.to = Some(at);
        self.table = None;
    }

    fn row(&mut self, n: usize, cells: &[&str], item: Option<&str>, values: &[&str]) {
        self.build.at_line(n);
        self.comma |= cells.iter().any(|c| c.contains(','));
        let Some(table) = &self.table else { return };
        // The first report speaks of the time since boot, not of an interval.
        let (Some(to), Some(from)) = (self.to, self.from) else {
            return;
        };
        if values.len() != table.width {
            return self.build.problem(n, "a row with another number of values than headings");
        }
        let span = self.build.span(Span { segment: 0, to, from: Some(from), centis: None }, None, n);
        for (i, activity) in table.activities.iter().enumerate() {
            let row = values.iter().zip(&table.columns).filter_map(|(cell, place)| {
                let (which, column, factor) = (*place)?;
                (which == i).then_some((column, stamp::value(cell, "")? * factor))
            });
            self.build.add(activity, item, span, row);
        }
    }

    pub fn finish(self) -> Option<Data> {
        let (comma, half_days) = (self.comma, self.half_days);
        let mut data = self.build.finish();
        if !self.written.is_empty() && !data.spans.iter().any(|s| s.to.epoch.is_some()) {
            settle_date(&mut data, &self.written, comma, half_days);
        }
        (self.begun || !data.sets.is_empty()).then_some(data)
    }
}

/// Reads iostat text, one [`Data`] per run of the program. Never fails. The first report of a run is left out, as are
/// all reports without a time (run without `-t`).
pub fn read_iostat(text: &[u8]) -> Vec<Data> {
    let mut out = Vec::new();
    let mut run = Run::default();
    let mut cpu = false;
    for (n, line) in lines(text) {
        if let Some(banner) = banner(&line) {
            out.extend(std::mem::take(&mut run).finish());
            banner.fill(&mut run.build.data);
            run.begun = true;
            continue;
        }
        let cells: Vec<&str> = line.split_whitespace().collect();
        if cells.is_empty() {
            cpu = false;
            continue;
        }
        if let Some((date, at)) = when(&line) {
            run.time(date, at, &line);
        } else if let Some(("avg-cpu:", names)) = cells.split_first().map(|(f, rest)| (*f, rest)) {
            run.table = Table::of(Some("CPU"), false, names);
            cpu = true;
        } else if is_device_table(&cells) {
            run.table = Table::new(&cells);
            cpu = false;
        } else if cpu {
            run.row(n, &cells, Some("all"), &cells);
        } else if let Some(table) = &run.table {
            let (item, values) = match table.item_last {
                true => cells.split_last(),
                false => cells.split_first(),
            }
            .unwrap_or((&"", &[]));
            run.row(n, &cells, Some(item), values);
        }
    }
    out.extend(run.finish());
    out
}

fn vmstat() -> Option<&'static Activity> {
    ACTIVITIES.iter().copied().find(|a| a.name == "vmstat")
}

/// Is this vmstat text?
pub fn looks_like_vmstat(head: &[u8]) -> bool {
    let mut all = lines(head).skip_while(|(_, l)| !l.starts_with("procs ") && !l.starts_with("--procs-- "));
    let (first, second) = (all.next(), all.next());
    first.is_some_and(|(_, l)| l.contains("memory") && l.contains("cpu"))
        && second.is_some_and(|(_, l)| l.split_whitespace().take(3).eq(["r", "b", "swpd"]))
}

/// Reads `vmstat -t` text. Never fails; rows without a time (run without `-t`) are left out with a problem said once.
pub fn read_vmstat(text: &[u8]) -> Data {
    let mut build = Builder::new(Source::Vmstat);
    let Some(activity) = vmstat() else {
        return build.finish();
    };
    let (mut columns, mut utc): (Vec<Option<usize>>, bool) = (Vec::new(), false);
    let mut from: Option<Stamp> = None;
    let mut untimed = false;
    for (n, line) in lines(text) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        if let ["r", "b", ..] = cells.as_slice() {
            // The zone stands over the times, as an abbreviation: only UTC is beyond doubt.
            utc = cells.last() == Some(&"UTC");
            columns = cells
                .iter()
                .filter(|c| c.bytes().all(|b| b.is_ascii_lowercase()))
                .map(|c| activity.column(c))
                .collect();
            continue;
        }
        let timed = cells.len() == columns.len() + 2;
        let Some((values, &[date, time])) = cells.split_at_checked(columns.len()).filter(|_| timed) else {
            let data = !cells.is_empty() && cells.len() == columns.len();
            if data && !untimed {
                build.problem(n, "vmstat ran without -t: its rows have no time");
                untimed = true;
            }
            continue;
        };
        let at = match utc {
            true => stamp::epoch(date, time).map(Stamp::utc),
            false => stamp::civil(date, time).map(|(date, second)| Stamp::wall(Some(date), 0, second)),
        };
        let Some(to) = at else { continue };
        // The first row speaks of the time since boot.
        if let Some(from) = from {
            let span = build.span(Span { segment: 0, to, from: Some(from), centis: None }, None, 0);
            let row = values.iter().zip(&columns).filter_map(|(v, c)| Some(((*c)?, stamp::value(v, "")?)));
            build.at_line(n);
            build.add(activity, None, span, row);
        }
        from = Some(to);
    }
    build.finish()
}
