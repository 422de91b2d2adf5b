//! Debian's `dpkg.log`: `2021-02-01 13:45:05 upgrade patroni:all 2.0.1-1 2.0.2-1`, local time.

use super::stamp::iso;
use super::{Body, Head};
use crate::model::{Level, Program};

pub static FORMAT: Body = Body {
    name: "dpkg",
    doc: "Stamp without fraction, action, package with architecture, old and new version.",
    head,
    samples: &["2021-02-01 13:45:05 upgrade patroni:all 2.0.1-1.pgdg110+1 2.0.2-1.pgdg110+1"],
};

/// Actions of dpkg (dpkg(1), `--log`).
const ACTIONS: &[&[u8]] = &[
    b"install ",
    b"upgrade ",
    b"remove ",
    b"purge ",
    b"configure ",
    b"trigproc ",
    b"disappear ",
    b"status ",
    b"startup ",
    b"conffile ",
];

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (stamp, used) = iso(line)?;
    let message = line.get(used..)?.strip_prefix(b" ")?;
    let known = used == 19 && line.get(10) == Some(&b' ') && ACTIONS.iter().any(|a| message.starts_with(a));
    known.then(|| Head::plain(Program::Systemd, Some(stamp), Level::Info, message))
}
