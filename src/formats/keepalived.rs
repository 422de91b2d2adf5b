//! keepalived in the foreground: `Sat Nov 21 00:24:18 2026: text`.

use super::stamp::ctime;
use super::{Body, Head};
use crate::model::{Level, Program};

pub static FORMAT: Body = Body {
    name: "keepalived",
    doc: "ctime, a colon, text (`keepalived -n -l`); behind syslog only the text is left.",
    head,
    samples: &["Sat Nov 21 00:24:18 2026: (VI_1) Entering MASTER STATE"],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (stamp, used) = ctime(line)?;
    Some(Head::plain(Program::Proxy, Some(stamp), Level::Info, line.get(used..)?.strip_prefix(b": ")?))
}
