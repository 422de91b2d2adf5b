//! Elasticsearch, OpenSearch and the shippers that feed them (Filebeat, Journalbeat, Fluentd, Fluent Bit, Vector).

use crate::formats::stamp::shipped;
use crate::formats::{Envelope, Peeled, json};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "elastic",
    doc: "Objects with `_source`, or with `@timestamp` and `message` or `log`; host and program under any of the names of the Elastic Common Schema, Beats 6, Kubernetes metadata and journald.",
    peel,
    samples: &[
        r#"{"_index":"filebeat-7.17","_id":"x","_source":{"@timestamp":"2026-11-21T00:13:31.489Z","host":{"name":"db1"},"log":{"file":{"path":"/var/log/patroni/patroni.log"}},"message":"2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock"}}"#,
        r#"{"@timestamp":"2026-11-21T00:13:31.489Z","log":"2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock","stream":"stderr","kubernetes":{"pod_name":"demo-0","container_name":"postgres","host":"node1"}}"#,
    ],
};

const TIMES: &[&str] = &["@timestamp", "timestamp", "time", "date"];
const TEXTS: &[&str] = &["message", "log", "MESSAGE", "msg", "event.original", "body"];
/// The machine before the collector: agents may run elsewhere.
const HOSTS: &[&str] = &[
    "host.hostname",
    "host.name",
    "hostname",
    "_HOSTNAME",
    "kubernetes.pod_name",
    "kubernetes.pod.name",
    "host",
    "beat.hostname",
    "agent.hostname",
    "agent.name",
    "logsource",
    "source_host",
];
const IDENTS: &[&str] = &[
    "syslog.identifier",
    "SYSLOG_IDENTIFIER",
    "process.name",
    "programname",
    "program",
    "appname",
    "systemd.unit",
    "_SYSTEMD_UNIT",
    "kubernetes.container_name",
    "kubernetes.container.name",
    "container.name",
    "service.name",
    "ident",
];

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let source = json::raw(line, b"_source").filter(|s| s.first() == Some(&b'{'));
    let record = source.unwrap_or(line);
    let shipped_by = source.is_some()
        || ["@timestamp", "kubernetes", "agent", "beat", "source_type", "container_id"]
            .iter()
            .any(|key| json::raw(record, key.as_bytes()).is_some());
    if !shipped_by {
        return None;
    }
    let stamp = shipped(&json::first(record, TIMES).or_else(|| json::first(line, TIMES))?)?;
    let body = json::first(record, TEXTS)?;
    let pid = json::first(record, &["process.pid", "_PID", "pid"])
        .and_then(|p| std::str::from_utf8(&p).ok()?.parse().ok())
        .unwrap_or(0);
    Some(Peeled {
        stamp: Some(stamp),
        host: json::first(record, HOSTS),
        ident: json::first(record, IDENTS),
        pid,
        body: trimmed(body),
        ..Peeled::default()
    })
}

/// Runtimes keep the line end.
pub fn trimmed(body: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match body {
        Cow::Borrowed(b) => Cow::Borrowed(b.trim_ascii_end()),
        Cow::Owned(mut b) => {
            b.truncate(b.trim_ascii_end().len());
            Cow::Owned(b)
        }
    }
}
