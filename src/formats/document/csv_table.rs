//! Log exports as a table: CSV or tabs with a line of names on top, as log systems and spreadsheets write them.

use crate::formats::envelope::kibana;
use crate::formats::stamp::{american, shipped};
use crate::formats::{Document, LogReader, Peeled, exported};
use crate::model::{Parsed, Problem, Program, Stamp, Zone};
use std::borrow::Cow;

pub static FORMAT: Document = Document {
    name: "csv_table",
    program: Program::Other,
    doc: "A line of column names, one of them for the time and one for the message (Kibana, Splunk, Datadog, Graylog, CloudWatch, Azure, Loki), then rows; a message may span lines. Newest first is turned round.",
    sniff,
    read,
    samples: &[
        "Date,Host,Service,Content\n\"2026-11-21T00:13:31.489Z\",\"db1\",\"patroni\",\"2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock\"\n",
        "timestamp,message\n1795220011489,\"2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock\"\n",
    ],
};

const TIMES: &[&str] = &[
    "@timestamp",
    "timestamp",
    "_time",
    "time",
    "date",
    "datetime",
    "timegenerated",
    "timegenerated [utc]",
    "log_time",
    "ts",
    "event time",
    "eventtime",
    "receivedat",
    "timestamp (utc)",
    "time (utc)",
];
const MESSAGES: &[&str] = &[
    "message",
    "@message",
    "_raw",
    "content",
    "msg",
    "line",
    "log",
    "logmessage",
    "log_message",
    "textpayload",
    "body",
    "syslogmessage",
    "raw",
    "log message",
    "log line",
    "text",
];
const HOSTS: &[&str] = &[
    "host",
    "hostname",
    "host.name",
    "host.hostname",
    "agent.hostname",
    "computer",
    "source",
    "node",
    "pod",
    "pod_name",
    "kubernetes.pod.name",
    "kubernetes.pod_name",
    "server",
    "logstream",
    "logstreamname",
    "@logstream",
    "instance",
];
const IDENTS: &[&str] = &[
    "service",
    "program",
    "process",
    "process.name",
    "processname",
    "app",
    "appname",
    "syslog_identifier",
    "container",
    "container_name",
    "kubernetes.container.name",
    "programname",
    "unit",
    "application_name",
];

/// Where the columns are that matter.
#[derive(Debug)]
struct Columns {
    delimiter: u8,
    time: usize,
    message: usize,
    host: Option<usize>,
    ident: Option<usize>,
}

/// Whether a line names the columns of a log.
pub fn is_header(line: &[u8]) -> bool {
    columns(line).is_some()
}

fn columns(line: &[u8]) -> Option<Columns> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > 2_000 {
        return None;
    }
    let delimiter = *b",;\t".iter().max_by_key(|d| memchr::memchr_iter(**d, line).count())?;
    let names: Vec<String> = line
        .split(|b| *b == delimiter)
        .map(|n| String::from_utf8_lossy(n).trim().trim_matches('"').trim().to_lowercase())
        .collect();
    let at = |list: &[&str]| list.iter().find_map(|name| names.iter().position(|n| n == name));
    Some(Columns { delimiter, time: at(TIMES)?, message: at(MESSAGES)?, host: at(HOSTS), ident: at(IDENTS) })
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let mut lines = head.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
    match (lines.next().and_then(columns), lines.next()) {
        (Some(_), Some(_)) => 100,
        _ => 0,
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let start = content.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let head = content.get(start..).unwrap_or(b"");
    let Some(columns) = columns(head.split(|b| *b == b'\n').next().unwrap_or(b"")) else { return };
    let mut rows = csv::ReaderBuilder::new().delimiter(columns.delimiter).flexible(true).from_reader(content);
    let mut records = Vec::new();
    for row in rows.byte_records() {
        match row {
            Ok(row) => records.push(row),
            Err(e) => {
                out.problems.push(Problem { line: None, what: format!("reading stopped: {e}") });
                break;
            }
        }
    }
    let stamps: Vec<Option<Stamp>> = records.iter().map(|r| r.get(columns.time).and_then(stamp)).collect();
    let known: Vec<i64> = stamps.iter().flatten().map(|s| s.civil).collect();
    let newest_first = exported::newest_first(&known);
    let mut reader = LogReader::within(None, out.caps);
    let mut hand = |(row, stamp): (&csv::ByteRecord, &Option<Stamp>)| {
        let number = row.position().map_or(0, |p| u32::try_from(p.line()).unwrap_or(u32::MAX));
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).map(<[u8]>::trim_ascii).filter(|c| !c.is_empty());
        for (i, line) in cell(Some(columns.message)).unwrap_or(b"").split(|b| *b == b'\n').enumerate() {
            let peeled = Peeled {
                stamp: *stamp,
                host: cell(columns.host).map(Cow::Borrowed),
                ident: cell(columns.ident).map(Cow::Borrowed),
                body: Cow::Borrowed(line),
                ..Peeled::default()
            };
            let number = number.saturating_add(u32::try_from(i).unwrap_or(0));
            if peeled.stamp.is_some() { reader.take(peeled, line, number) } else { reader.line(line, number) }
        }
    };
    if newest_first {
        records.iter().zip(&stamps).rev().for_each(&mut hand);
    } else {
        records.iter().zip(&stamps).for_each(&mut hand);
    }
    exported::finish(reader, newest_first, content, out);
}

/// A cell's time; what log systems show in the browser's zone has none.
fn stamp(cell: &[u8]) -> Option<Stamp> {
    let cell = cell.trim_ascii();
    let american = || american(cell).map(|s| Stamp { zone: Zone::Unwritten, ..s });
    shipped(cell).or_else(|| kibana::moment(cell)).or_else(american)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{What, rfc3339};

    fn found(text: &str) -> Vec<(What, String, Option<String>, u32)> {
        assert_eq!(sniff(text.as_bytes(), ""), 100, "{text}");
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        assert_eq!(out.coverage.unknown + out.coverage.unread, 0, "{text}");
        let streams = out.streams.iter();
        streams
            .flat_map(|s| s.raws.iter().map(|r| (r.what, rfc3339(r.at), s.host.as_deref().map(str::to_owned), r.line)))
            .collect()
    }

    #[test]
    fn columns_are_found_by_their_names_in_any_order() {
        let text = "promoted self to leader by acquiring session lock";
        for (table, host) in [
            (
                format!("\"@timestamp\",\"host.name\",message\n\"Nov 21, 2026 @ 00:13:31.489\",\"db1\",\"{text}\"\n"),
                Some("db1"),
            ),
            (format!("message;time;host\n\"{text}\";2026-11-21 00:13:31.489;db1\n"), Some("db1")),
            (format!("_time\t_raw\n2026-11-21T00:13:31.489+0000\t{text}\n"), None),
            (
                format!(
                    "TimeGenerated [UTC],Computer,LogMessage\n\"11/21/2026, 12:13:31.489 AM\",\"db1\",\"{text}\"\n"
                ),
                Some("db1"),
            ),
        ] {
            let table = table.replace(text, &format!("2026-11-21 00:13:31,489 INFO: {text}"));
            let expected = (What::Promoted, "2026-11-21T00:13:31.489Z".to_owned(), host.map(str::to_owned), 2);
            assert_eq!(found(&table), [expected], "{table}");
        }
    }

    #[test]
    fn a_message_may_span_lines_and_the_newest_stand_on_top() {
        let row = |s: u32| {
            format!(
                "2026-11-21T00:13:{s}Z,\"2026-11-21 00:13:{s},489 ERROR: get_cluster\nTraceback (most recent call last):\n\"\"urllib3.exceptions.ReadTimeoutError\"\": Read timed out\""
            )
        };
        let rows: Vec<String> = (31..36).rev().map(row).collect();
        let found = found(&format!("timestamp,message\n{}\n", rows.join("\n")));
        assert_eq!(found.first().map(|f| (f.1.as_str(), f.3)), Some(("2026-11-21T00:13:31.489Z", 14)), "{found:?}");
    }

    #[test]
    fn other_tables_are_left_alone() {
        for text in [
            "hostname;interval;timestamp;CPU;%user\ndb1;600;2026-11-21 00:00:01 UTC;-1;1.0\n",
            "2026-11-21 00:13:31,db1,info,patroni,\"2026-11-21 00:13:31,489 INFO: x\"\n",
            "name,setting,unit\nmax_connections,100,\n",
        ] {
            assert_eq!(sniff(text.as_bytes(), ""), 0, "{text}");
        }
    }
}
