//! Files of log shippers and viewers with tabs between stamp and text: Fluentd, Fluent Bit, Grafana's Explore.

use super::elastic::trimmed;
use super::loki::{HOSTS, IDENTS};
use crate::formats::stamp::{epoch, iso};
use crate::formats::{BODIES, Envelope, Peeled, json};
use crate::model::Stamp;
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "fluent",
    doc: "Stamp, tab, tag, tab, object (Fluentd's out_file); `tag: [seconds, {\"log\"=>\"text\"}]` (Fluent Bit's stdout); stamp, tab, text (Grafana's download of logs).",
    peel,
    samples: &[
        "2026-11-21T00:13:31+00:00\tkubernetes.var.log.containers.demo-0\t{\"log\":\"2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock\\n\",\"stream\":\"stderr\",\"kubernetes\":{\"pod_name\":\"demo-0\",\"container_name\":\"postgres\"}}",
        "[0] kube.demo-0: [1795220011.489000000, {\"log\"=>\"2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock\"}]",
        "2026-11-21T00:13:31.489Z\t2026-11-21 00:13:31,489 INFO: no action. I am (demo-0), the leader with the lock",
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    match line.first()? {
        b'[' => bit(line),
        b'0'..=b'9' => tabs(line),
        _ => None,
    }
}

fn tabs(line: &[u8]) -> Option<Peeled<'_>> {
    let (stamp, used) = iso(line)?;
    let rest = line.get(used..)?.strip_prefix(b"\t")?;
    match memchr::memmem::find(rest, b"\t{") {
        Some(at) => object(stamp, rest.get(at + 1..)?),
        // Any table begins so; the text has to be a log's by itself.
        None => BODIES.iter().any(|b| (b.head)(rest).is_some()).then(|| Peeled {
            stamp: Some(stamp),
            body: Cow::Borrowed(rest),
            ..Peeled::default()
        }),
    }
}

fn object(stamp: Stamp, object: &[u8]) -> Option<Peeled<'_>> {
    let of_kubernetes = |name: &[u8]| json::raw(object, b"kubernetes").and_then(|k| json::text(k, name));
    let body = json::text(object, b"log").or_else(|| json::text(object, b"message"))?;
    Some(Peeled {
        stamp: Some(stamp),
        host: of_kubernetes(b"pod_name").or_else(|| json::first(object, HOSTS)),
        ident: of_kubernetes(b"container_name").or_else(|| json::first(object, IDENTS)),
        body: trimmed(body),
        ..Peeled::default()
    })
}

/// `[0] tag: [1795220011.489, {"log"=>"text", …}]`; since 2.1 the time stands in brackets of its own, with metadata.
fn bit(line: &[u8]) -> Option<Peeled<'_>> {
    let begin = memchr::memmem::find(line.get(..200.min(line.len()))?, b": [")?;
    let rest = line.get(begin + 3..)?;
    let rest = rest.strip_prefix(b"[").unwrap_or(rest);
    let digits = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    // The stamp has nine decimals.
    let (stamp, _) = epoch(rest.get(..digits.min(17))?)?;
    let open = memchr::memmem::find(rest, b"\"log\"=>\"")?;
    let text = rest.get(open + 8..)?;
    let close = text.iter().enumerate().position(|(i, b)| {
        *b == b'"' && i.checked_sub(1).and_then(|i| text.get(i)).is_none_or(|before| *before != b'\\')
    })?;
    Some(Peeled { stamp: Some(stamp), body: trimmed(json::unescape(text.get(..close)?)), ..Peeled::default() })
}
