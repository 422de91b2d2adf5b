//! Cloud log exports as one object a line: Google Cloud Logging and AWS CloudWatch.

use super::elastic::trimmed;
use crate::formats::stamp::shipped;
use crate::formats::{Envelope, Peeled, json};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "cloud",
    doc: "Google: `insertId`, `textPayload` or `jsonPayload`, `timestamp`, `resource.labels`. AWS: `message`, `timestamp` in milliseconds, `logStreamName` or `ingestionTime`.",
    peel,
    samples: &[
        r#"{"insertId":"abc","resource":{"labels":{"pod_name":"demo-0","container_name":"postgres"},"type":"k8s_container"},"severity":"ERROR","textPayload":"2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock\n","timestamp":"2026-11-21T00:13:31.489Z"}"#,
        r#"{"logStreamName":"db1","timestamp":1795220011489,"message":"2026-11-21 00:13:31,489 INFO: no action. I am (db1), the leader with the lock","ingestionTime":1795220012000,"eventId":"1"}"#,
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    google(line).or_else(|| amazon(line))
}

fn google(line: &[u8]) -> Option<Peeled<'_>> {
    let body = match json::text(line, b"textPayload") {
        Some(text) => text,
        None => {
            let payload = json::raw(line, b"jsonPayload").filter(|p| p.first() == Some(&b'{'))?;
            // Either the program's own object (etcd) or a text that the agent took apart.
            match json::first(payload, &["message", "MESSAGE"]) {
                Some(text) => text,
                None => Cow::Borrowed(payload),
            }
        }
    };
    let stamp = shipped(&json::first(line, &["timestamp", "receiveTimestamp"])?)?;
    Some(Peeled {
        stamp: Some(stamp),
        host: json::first(
            line,
            &[
                "resource.labels.pod_name",
                "jsonPayload._HOSTNAME",
                "resource.labels.instance_id",
                "resource.labels.database_id",
            ],
        ),
        ident: json::first(line, &["jsonPayload.SYSLOG_IDENTIFIER", "resource.labels.container_name"]),
        body: trimmed(body),
        ..Peeled::default()
    })
}

fn amazon(line: &[u8]) -> Option<Peeled<'_>> {
    let stream = json::text(line, b"logStreamName");
    if stream.is_none() && json::raw(line, b"ingestionTime").is_none() {
        return None;
    }
    Some(Peeled {
        stamp: Some(shipped(&json::value(line, b"timestamp")?)?),
        host: stream,
        body: trimmed(json::text(line, b"message")?),
        ..Peeled::default()
    })
}
