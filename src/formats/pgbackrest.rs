//! pgBackRest's log: `2026-11-21 00:26:06.341 P00   INFO: text` in local time without a zone; also inside PostgreSQL's log.

use super::stamp::iso;
use super::{Body, Head};
use crate::model::{Level, Program};

pub static FORMAT: Body = Body {
    name: "pgbackrest",
    doc: "Stamp with milliseconds, `P` and the number of the process, level set flush right in six columns, colon, text.",
    head,
    samples: &[
        "2026-11-21 00:26:06.341 P00   INFO: backup command begin 2.45: --exec-id=8643-f76a1129 --stanza=demo",
        "2026-11-21 00:25:54.034 P01 DETAIL: backup file /pg/base/5/2606 (24KB, 99.23%) checksum 0123456789abcdef",
    ],
};

const LEVELS: &[(&[u8], Level)] = &[
    (b"INFO: ", Level::Info),
    (b"WARN: ", Level::Warning),
    (b"ERROR: ", Level::Error),
    (b"DETAIL: ", Level::Debug),
    (b"DEBUG: ", Level::Debug),
    (b"TRACE: ", Level::Debug),
    (b"ASSERT: ", Level::Fatal),
];

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (stamp, used) = iso(line)?;
    let rest = line.get(used..)?.strip_prefix(b" P")?;
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(2..=3).contains(&n) {
        return None;
    }
    let rest = rest.get(n..)?.strip_prefix(b" ")?.trim_ascii_start();
    let (level, message) = LEVELS.iter().find_map(|(word, l)| Some((*l, rest.strip_prefix(*word)?)))?;
    Some(Head::plain(Program::Job, Some(stamp), level, message))
}
