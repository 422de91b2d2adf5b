//! HAProxy on stderr: `[WARNING]  (22845) : text`, up to 2.3 with the day of the year in between.
//!
//! The stamp of the older form (`324/002206`: day of the year, time of day) has neither year nor month and is left
//! out; whatever wraps these lines has a better one.

use super::{Body, Head};
use crate::model::{Level, Program};

pub static FORMAT: Body = Body {
    name: "haproxy",
    doc: "Level in brackets, optionally day of the year and time, process id in parentheses, colon, text. Without a stamp of its own.",
    head,
    samples: &[
        "[WARNING]  (22845) : Server primary/pg2 is DOWN. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
        "[ALERT] 324/002206 (22845) : proxy 'primary' has no server available!",
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    let rest = line.strip_prefix(b"[")?;
    let (level, rest) = [
        (&b"WARNING] "[..], Level::Warning),
        (b"NOTICE] ", Level::Info),
        (b"ALERT] ", Level::Error),
        (b"DIAG] ", Level::Info),
    ]
    .into_iter()
    .find_map(|(word, l)| Some((l, rest.strip_prefix(word)?)))?;
    let open = memchr::memchr(b'(', rest.get(..24.min(rest.len()))?)?;
    let between = rest.get(..open)?;
    if !between.iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'/')) {
        return None;
    }
    let rest = rest.get(open + 1..)?;
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let pid = std::str::from_utf8(rest.get(..n)?).ok()?.parse().ok()?;
    let mut head = Head::plain(Program::Proxy, None, level, rest.get(n..)?.strip_prefix(b") : ")?);
    head.pid = pid;
    Some(head)
}
