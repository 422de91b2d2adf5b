//! `iostat -o JSON` and `mpstat -o JSON`: the hosts of `sadf -j`, but samples that are dated with strings, and reports of
//! which the first may speak of the time since boot.

use super::super::activity::Activity;
use super::super::model::{Data, Source, Span, Stamp};
use super::columns::column;
use super::reports::{Run, when};
use super::stamp;
use super::tree::{Tokens, begins_json, field, key_column, looks_like_sadf_json, tokens};

/// Is this what `iostat -o JSON` or `mpstat -o JSON` prints?
pub fn looks_like_programs_json(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head.get(..head.len().min(4096)).unwrap_or_default());
    let reports = ["\"avg-cpu\"", "\"disk_device\"", "\"cpu-load\""];
    begins_json(&text) && !looks_like_sadf_json(head) && reports.iter().any(|report| text.contains(report))
}

/// Reads `iostat -o JSON` or `mpstat -o JSON` output, one [`Data`] per host. Never fails; a text that ends too early gives
/// what it has. The first report of iostat is left out, as are all without a time (run without `-t`).
pub fn read_programs_json(text: &[u8]) -> Vec<Data> {
    let mut reports = Reports::default();
    tokens(text, &mut reports);
    if !text.trim_ascii_end().ends_with(b"}") {
        reports.run.build.problem(reports.line, "the text ends inside a sample");
    }
    reports.finish_host();
    reports.hosts
}

/// An object or array that is open.
#[derive(Debug, Default)]
struct Frame {
    activity: Option<&'static Activity>,
    item: Option<String>,
    values: Vec<(String, f64)>,
}

#[derive(Debug, Default)]
struct Reports {
    hosts: Vec<Data>,
    run: Run,
    stack: Vec<Frame>,
    /// The key read last.
    key: String,
    /// As the host's header has it; mpstat's samples have none of their own.
    date: String,
    line: usize,
    /// That of the sample, once it has rows.
    span: Option<u32>,
    /// The host's reports are of mpstat: each speaks of an interval, also the first.
    mpstat: bool,
    untimed: bool,
}

impl Reports {
    fn finish_host(&mut self) {
        let mpstat = std::mem::take(&mut self.mpstat);
        if let Some(mut data) = std::mem::take(&mut self.run).finish() {
            if mpstat {
                data.source = Source::Sar;
            }
            self.hosts.push(data);
        }
        self.date.clear();
        (self.untimed, self.span) = (false, None);
    }

    fn time(&mut self, text: &str) {
        self.span = None;
        let bare = || {
            let (second, rest) = stamp::time(text)?;
            rest.trim().is_empty().then(|| (self.date.clone(), Stamp::wall(None, 0, second)))
        };
        match when(text).or_else(bare) {
            Some((date, at)) => self.run.time(date, at, text),
            None => self.run.build.problem(self.line, "a time that makes no sense"),
        }
    }

    fn row(&mut self, activity: &'static Activity, frame: &Frame) {
        let Some(to) = self.run.to else {
            if !std::mem::replace(&mut self.untimed, true) {
                self.run.build.problem(self.line, "the program ran without -t: its samples have no time");
            }
            return;
        };
        if self.run.from.is_none() && !self.mpstat {
            return;
        }
        let span = Span { segment: 0, to, from: self.run.from, centis: None };
        let span = *self.span.get_or_insert_with(|| self.run.build.new_span(span));
        let values = frame.values.iter().filter_map(|(key, value)| {
            // `kB_read` counts since boot; `rrqm` is the `%rrqm` of the text.
            let column = match activity.name {
                "iostat" => column(activity, key).or_else(|| column(activity, &format!("%{key}"))),
                _ => key_column(activity, key),
            };
            column.map(|(at, factor)| (at, value * factor))
        });
        self.run.build.at_line(self.line);
        self.run.build.add(activity, frame.item.as_deref(), span, values);
    }
}

impl Tokens for Reports {
    fn line(&mut self, n: usize) {
        self.line = n;
    }

    fn key(&mut self, key: String) {
        if key == "nodename" {
            self.finish_host();
            self.run.begun = true;
        }
        self.key = key;
    }

    fn open(&mut self) {
        let (name, item) = match self.key.as_str() {
            "avg-cpu" => ("cpu", Some("all".to_owned())),
            "cpu-load" => ("cpu", None),
            "disk" => ("iostat", None),
            _ => ("", None),
        };
        self.mpstat |= self.key == "cpu-load";
        let own = Activity::by_name(name);
        let activity = own.or_else(|| self.stack.last().and_then(|frame| frame.activity));
        // Deeper than sysstat goes is no sysstat.
        if self.stack.len() < 64 {
            self.stack.push(Frame { activity, item, values: Vec::new() });
        }
    }

    fn scalar(&mut self, text: &str) {
        match (self.key.as_str(), self.stack.last_mut()) {
            ("timestamp", _) => self.time(text),
            ("date", Some(Frame { activity: None, .. })) => text.clone_into(&mut self.date),
            (key, Some(Frame { activity: None, .. })) => field(&mut self.run.build.data, key, text),
            ("disk_device" | "cpu", Some(frame)) => frame.item = Some(text.to_owned()),
            (key, Some(frame)) => frame.values.extend(text.parse().ok().map(|value| (key.to_owned(), value))),
            (_, None) => {}
        }
    }

    fn close(&mut self) {
        let Some(frame) = self.stack.pop() else { return };
        if let Some(activity) = frame.activity.filter(|_| frame.item.is_some() && !frame.values.is_empty()) {
            self.row(activity, &frame);
        }
    }
}
