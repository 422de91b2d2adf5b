//! WAL-G's log: `INFO: 2026/11/21 00:00:00.123456 text` in local time.

use super::stamp::iso;
use super::{Body, Head};
use crate::model::{Grain, Level, Program};

pub static FORMAT: Body = Body {
    name: "walg",
    doc: "Level, colon, stamp with slashes and microseconds, text.",
    head,
    samples: &["INFO: 2026/11/21 00:00:00.123456 FILE PATH: 000000010000000000000006.lz4"],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (level, rest) = [
        (&b"INFO: "[..], Level::Info),
        (b"WARNING: ", Level::Warning),
        (b"ERROR: ", Level::Error),
        (b"FATAL: ", Level::Fatal),
        (b"DEBUG: ", Level::Debug),
    ]
    .into_iter()
    .find_map(|(word, l)| Some((l, line.strip_prefix(word)?)))?;
    let (stamp, used) = iso(rest)?;
    // gRPC inside etcd writes the same without microseconds.
    if rest.get(4) != Some(&b'/') || stamp.grain != Grain::Micro {
        return None;
    }
    Some(Head::plain(Program::Job, Some(stamp), level, rest.get(used..)?.strip_prefix(b" ")?))
}
