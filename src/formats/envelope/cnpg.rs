//! CloudNativePG's container log: each record of PostgreSQL inside an object of the instance manager.

use crate::formats::stamp::shipped;
use crate::formats::{Envelope, Peeled, json};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "cnpg",
    doc: "Objects with `logging_pod`; PostgreSQL's record under `record`, other lines of the pod in `msg`.",
    peel,
    samples: &[
        r#"{"level":"info","ts":1620829282.2012,"logger":"postgres","msg":"record","logging_pod":"demo-1","record":{"log_time":"2021-05-12 14:21:22.201 UTC","process_id":"24","session_id":"609be542.18","error_severity":"LOG","sql_state_code":"00000","message":"database system is ready to accept connections"}}"#,
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let host = json::text(line, b"logging_pod")?;
    let body = match json::raw(line, b"record").filter(|r| r.first() == Some(&b'{')) {
        Some(record) => Cow::Borrowed(record),
        None => json::text(line, b"msg")?,
    };
    Some(Peeled {
        stamp: shipped(&json::value(line, b"ts")?),
        host: Some(host),
        ident: Some(Cow::Borrowed(b"cloudnative-pg")),
        body,
        ..Peeled::default()
    })
}
