//! Grafana Loki: `logcli -o jsonl` and its default text output with the labels in braces.

use super::elastic::trimmed;
use crate::formats::stamp::{iso, shipped};
use crate::formats::{Envelope, Peeled, json};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "loki",
    doc: "Objects with `labels`, `line` and `timestamp`; or `2023-05-01T12:00:00Z {label=\"value\", …} text`. Newest first by default.",
    peel,
    samples: &[
        r#"{"labels":{"app":"patroni","host":"db1"},"line":"2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock","timestamp":"2026-11-21T00:13:31.489Z"}"#,
        r#"2026-11-21T00:13:31Z {app="patroni", host="db1"} 2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock"#,
    ],
};

/// Labels that name the machine and the program, the most telling first.
pub const HOSTS: &[&str] = &["host", "hostname", "nodename", "pod", "pod_name", "instance", "node", "node_name"];
pub const IDENTS: &[&str] = &["syslog_identifier", "app", "unit", "container", "container_name", "service_name", "job"];

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.first() == Some(&b'{') {
        let labels = json::raw(line, b"labels").filter(|l| l.first() == Some(&b'{'))?;
        let stamp = shipped(&json::first(line, &["timestamp", "ts"])?)?;
        return Some(Peeled {
            stamp: Some(stamp),
            host: json::first(labels, HOSTS),
            ident: json::first(labels, IDENTS),
            body: trimmed(json::text(line, b"line")?),
            ..Peeled::default()
        });
    }
    let (stamp, used) = iso(line)?;
    let rest = line.get(used..)?.strip_prefix(b" {")?;
    let close =
        memchr::memmem::find(rest, b"\"} ").map(|at| at + 1).or_else(|| rest.starts_with(b"} ").then_some(0))?;
    let labels = rest.get(..close)?;
    Some(Peeled {
        stamp: Some(stamp),
        host: label(labels, HOSTS),
        ident: label(labels, IDENTS),
        body: Cow::Borrowed(rest.get(close + 2..)?),
        ..Peeled::default()
    })
}

/// The first of several labels in `a="b", c="d"`.
fn label<'a>(labels: &'a [u8], names: &[&str]) -> Option<Cow<'a, [u8]>> {
    names.iter().find_map(|name| {
        labels.split(|b| *b == b',').map(<[u8]>::trim_ascii).find_map(|pair| {
            let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=\"")?;
            Some(Cow::Borrowed(value.strip_suffix(b"\"").unwrap_or(value)))
        })
    })
}
