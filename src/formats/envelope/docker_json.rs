//! Docker's json-file driver: `{"log":"text\n","stream":"stderr","time":"2021-02-01T13:45:05.683Z"}`.

use crate::formats::{Envelope, Peeled, json, stamp};
use std::borrow::Cow;

pub static FORMAT: Envelope = Envelope {
    name: "docker_json",
    doc: "Objects with `log`, `stream` and `time`; the stamp is UTC.",
    peel,
    samples: &[
        r#"{"log": "2026-11-21 00:26:48,973 INFO: REST API thread_pool_size = 5\n", "stream": "stderr", "time": "2026-11-21T00:26:48.973726208Z"}"#,
    ],
};

fn peel(line: &[u8]) -> Option<Peeled<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let time = json::text(line, b"time")?;
    json::raw(line, b"stream")?;
    let body = json::text(line, b"log")?;
    let (stamp, _) = stamp::iso(&time)?;
    let body = match body {
        Cow::Borrowed(b) => Cow::Borrowed(b.trim_ascii_end()),
        Cow::Owned(mut v) => {
            v.truncate(v.trim_ascii_end().len());
            Cow::Owned(v)
        }
    };
    Some(Peeled { stamp: Some(stamp), body, ..Peeled::default() })
}
