//! Log exports as one JSON text: arrays, pretty-printed objects, answers of Loki, Elasticsearch and CloudWatch.

use crate::formats::envelope::loki::{HOSTS, IDENTS};
use crate::formats::stamp::shipped;
use crate::formats::{BODIES, Document, ENVELOPES, LogReader, Peeled, exported, json};
use crate::model::{Parsed, Program, Stamp};
use std::borrow::Cow;

pub static FORMAT: Document = Document {
    name: "json_export",
    program: Program::Other,
    doc: "An array of log records, records printed over several lines, or the answer of an API: Loki's `data.result`, Elasticsearch's `hits.hits`, CloudWatch's `events` and `results`, Google's `entries`. Newest first is turned round.",
    sniff,
    read,
    samples: &[
        "[\n  {\n    \"insertId\": \"a\",\n    \"textPayload\": \"2026-11-21 00:13:31,489 INFO: no action. I am (a), the leader with the lock\",\n    \"timestamp\": \"2026-11-21T00:13:31.489Z\"\n  }\n]\n",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[{\"stream\":{\"app\":\"patroni\",\"host\":\"db1\"},\"values\":[[\"1795220011489000000\",\"2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock\"]]}]}}\n",
        "{\n\t\"_HOSTNAME\" : \"vm\",\n\t\"__REALTIME_TIMESTAMP\" : \"1795220025619935\",\n\t\"SYSLOG_IDENTIFIER\" : \"patroni\",\n\t\"MESSAGE\" : \"2026-11-21 00:13:45,619 INFO: no action. I am (vm), the leader with the lock\"\n}\n",
    ],
};

/// Keys that only log records have.
const SIGNS: &[&[u8]] = &[
    b"\"__REALTIME_TIMESTAMP\"",
    b"\"textPayload\"",
    b"\"jsonPayload\"",
    b"\"_source\"",
    b"\"@timestamp\"",
    b"\"logStreamName\"",
    b"\"ingestionTime\"",
    b"\"error_severity\"",
    b"\"levelname\"",
    b"\"resultType\"",
    b"\"logging_pod\"",
    // etcd's lines, laid out by `jq`.
    b"\"caller\"",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = head.trim_ascii_start();
    let text = text.strip_prefix(b"\x1e").unwrap_or(text);
    let signed = || SIGNS.iter().any(|s| memchr::memmem::find(text, s).is_some());
    match text.first() {
        Some(b'[') => {
            let objects = text.get(1..).is_some_and(|t| t.trim_ascii_start().first() == Some(&b'{'));
            if objects && signed() { 100 } else { 0 }
        }
        Some(b'{') => {
            let first = text.split(|b| *b == b'\n').next().unwrap_or(b"").trim_ascii_end();
            let container = is_container(text);
            // One object a line is an ordinary log.
            if (first == b"{" || container) && signed() { 100 } else { 0 }
        }
        _ => 0,
    }
}

/// Whether a text begins as the answers of log systems do.
pub fn is_container(text: &[u8]) -> bool {
    let mut parts = text.splitn(3, |b| *b == b'"');
    let open = parts.next().is_some_and(|p| p.trim_ascii() == b"{");
    let key = parts.next().unwrap_or(b"");
    let value = parts.next().unwrap_or(b"").trim_ascii_start().strip_prefix(b":").unwrap_or(b"").trim_ascii_start();
    open && match key {
        b"hits" | b"took" | b"events" | b"entries" | b"results" | b"logEvents" => true,
        b"status" => value.starts_with(b"\"success\""),
        _ => false,
    }
}

enum Found<'a> {
    /// A record as written.
    Record(&'a [u8]),
    /// A row that has no object of its own.
    Row { stamp: Stamp, labels: &'a [u8], text: Cow<'a, [u8]>, at: &'a [u8] },
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let mut found = Vec::new();
    for value in json::values(content) {
        walk(value, 0, &mut found);
    }
    let stamps: Vec<i64> = found.iter().filter_map(stamp_of).collect();
    let newest_first = exported::newest_first(&stamps);
    let mut lines = Lines { content, at: 0, line: 1 };
    let numbers: Vec<u32> = found.iter().map(|f| lines.number(at(f))).collect();
    let mut reader = LogReader::within(None, out.caps);
    let mut hand = |(one, number): (&Found<'_>, &u32)| match one {
        Found::Record(raw) => reader.line(&json::compact(raw), *number),
        Found::Row { stamp, labels, text, .. } => {
            for line in text.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
                let peeled = Peeled {
                    stamp: Some(*stamp),
                    host: json::first(labels, HOSTS),
                    ident: json::first(labels, IDENTS),
                    body: Cow::Borrowed(line),
                    ..Peeled::default()
                };
                reader.take(peeled, line, *number);
            }
        }
    };
    if newest_first {
        found.iter().zip(&numbers).rev().for_each(&mut hand);
    } else {
        found.iter().zip(&numbers).for_each(&mut hand);
    }
    exported::finish(reader, newest_first, content, out);
}

/// Goes down to the records; no export nests them deeper than this.
fn walk<'a>(value: &'a [u8], depth: u8, found: &mut Vec<Found<'a>>) {
    if depth > 6 {
        return;
    }
    if value.first() == Some(&b'[') {
        for element in json::elements(value) {
            walk(element, depth + 1, found);
        }
        return;
    }
    if value.first() != Some(&b'{') {
        return;
    }
    if let Some(streams) = json::raw(value, b"data").and_then(|d| json::raw(d, b"result")) {
        for stream in json::elements(streams) {
            loki(stream, found);
        }
        return;
    }
    let hits = json::raw(value, b"hits").map(|h| json::raw(h, b"hits").unwrap_or(h));
    let list = hits.or_else(|| {
        [&b"events"[..], b"entries", b"logEvents"]
            .iter()
            .find_map(|key| json::raw(value, key))
            .filter(|r| r.first() == Some(&b'['))
    });
    if let Some(list) = list {
        return walk(list, depth + 1, found);
    }
    if let Some(rows) = json::raw(value, b"results").filter(|r| r.first() == Some(&b'[')) {
        json::elements(rows).for_each(|row| insights(row, found));
        return;
    }
    found.push(Found::Record(value));
}

/// `{"stream":{labels},"values":[["nanoseconds","line"],…]}`
fn loki<'a>(stream: &'a [u8], found: &mut Vec<Found<'a>>) {
    let labels = json::raw(stream, b"stream").unwrap_or(b"{}");
    for row in json::elements(json::raw(stream, b"values").unwrap_or(b"[]")) {
        let mut cells = json::elements(row);
        if let (Some(time), Some(line)) = (cells.next().and_then(plain), cells.next().and_then(plain))
            && let Some(stamp) = shipped(&time)
        {
            found.push(Found::Row { stamp, labels, text: line, at: row });
        }
    }
}

/// CloudWatch Insights: `[{"field":"@timestamp","value":"…"},{"field":"@message","value":"…"}]`.
fn insights<'a>(row: &'a [u8], found: &mut Vec<Found<'a>>) {
    let cell = |name: &[u8]| {
        json::elements(row)
            .find(|c| json::text(c, b"field").as_deref() == Some(name))
            .and_then(|c| json::text(c, b"value"))
    };
    if let (Some(time), Some(text)) = (cell(b"@timestamp"), cell(b"@message"))
        && let Some(mut stamp) = shipped(&time)
    {
        // Insights writes UTC without saying so.
        stamp.zone = crate::model::Zone::Utc;
        found.push(Found::Row { stamp, labels: b"{}", text, at: row });
    }
}

fn plain(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")).map(json::unescape)
}

fn stamp_of(found: &Found<'_>) -> Option<i64> {
    match found {
        Found::Row { stamp, .. } => Some(stamp.civil),
        Found::Record(raw) => ENVELOPES
            .iter()
            .find_map(|e| (e.peel)(raw).and_then(|p| p.stamp))
            .or_else(|| BODIES.iter().find_map(|b| (b.head)(&json::compact(raw)).and_then(|h| h.stamp)))
            .map(|s| s.civil),
    }
}

fn at<'a>(found: &Found<'a>) -> &'a [u8] {
    match found {
        Found::Record(raw) => raw,
        Found::Row { at, .. } => at,
    }
}

/// Line numbers of slices of one text, in rising order.
struct Lines<'a> {
    content: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn number(&mut self, slice: &[u8]) -> u32 {
        let offset = (slice.as_ptr() as usize).saturating_sub(self.content.as_ptr() as usize);
        if let Some(between) = self.content.get(self.at..offset) {
            self.line = self.line.saturating_add(memchr::memchr_iter(b'\n', between).count() as u32);
            self.at = offset;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{What, rfc3339};

    fn events(text: &str) -> Vec<(What, String, Option<String>, u32)> {
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        let mut all = Vec::new();
        for stream in &out.streams {
            for raw in &stream.raws {
                all.push((raw.what, rfc3339(raw.at), stream.host.as_deref().map(str::to_owned), raw.line));
            }
        }
        all
    }

    #[test]
    fn reads_the_answers_of_loki_elasticsearch_and_cloudwatch() {
        let line = "2026-11-21 00:13:31,489 INFO: promoted self to leader by acquiring session lock";
        let expect = |host: Option<&str>, line| {
            vec![(What::Promoted, "2026-11-21T00:13:31.489Z".to_owned(), host.map(str::to_owned), line)]
        };
        let loki = format!(
            r#"{{"status":"success","data":{{"resultType":"streams","result":[{{"stream":{{"host":"db1"}},"values":[["1795220011489000000","{line}"]]}}]}}}}"#
        );
        assert_eq!(events(&loki), expect(Some("db1"), 1));
        let elastic = format!(
            "{{\"hits\":{{\"hits\":[\n{{\"_source\":{{\"@timestamp\":\"2026-11-21T00:13:31.489Z\",\"host\":{{\"name\":\"db1\"}},\"message\":\"{line}\"}}}}]}}}}"
        );
        assert_eq!(events(&elastic), expect(Some("db1"), 2));
        let insights = format!(
            r#"{{"results":[[{{"field":"@timestamp","value":"2026-11-21 00:13:31.489"}},{{"field":"@message","value":"{line}"}}]]}}"#
        );
        assert_eq!(events(&insights), expect(None, 1));
    }

    #[test]
    fn turns_newest_first_round() {
        let record = |s: u32| {
            format!(
                "{{\"insertId\":\"{s}\",\"textPayload\":\"2026-11-21 00:13:{s},489 INFO: promoted self to leader by acquiring session lock\",\"timestamp\":\"2026-11-21T00:13:{s}.489Z\"}}"
            )
        };
        let list: Vec<String> = (31..36).rev().map(record).collect();
        let found = events(&format!("[{}]", list.join(",\n")));
        let times: Vec<&str> = found.iter().map(|e| e.1.as_str()).collect();
        assert!(times.is_sorted() && times.len() == 5, "{times:?}");
    }
}
