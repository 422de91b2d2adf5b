//! vip-manager: Go's log stamps (`2020/03/10 14:31:02 text`) in 0.x and 1.x, zap's console and JSON lines since 2.0.

use super::stamp::iso;
use super::{Body, Head, json};
use crate::model::{Level, Program};
use std::borrow::Cow;

pub static FORMAT: Body = Body {
    name: "vip_manager",
    doc: "Told from other Go programs by its callers (`ipmanager/…`, `checker/…`) or by how its texts begin.",
    head,
    samples: &[
        "2020/03/10 14:31:02 IP address 10.0.0.5/24 state is false, desired true",
        "2024-03-10T14:31:02.123Z\tINFO\tipmanager/basicConfigurer.go:58\tConfiguring address 10.0.0.5/24 on eth0",
        r#"{"level":"info","ts":"2024-03-10T14:31:02.123Z","caller":"ipmanager/basicConfigurer.go:70","msg":"Removing address 10.0.0.5/24 on eth0"}"#,
    ],
};

/// How its texts begin.
pub static BEGINNINGS: &[&[u8]] = &[
    b"IP address ",
    b"Configuring address ",
    b"Removing address ",
    b"Failed to configure virtual ip",
    b"This is the config that will be used",
    b"Setting WATCH on ",
    b"WATCH on ",
    b"Current value from DCS: ",
    b"Current Leader from DCS: ",
];

pub(super) fn is_caller(caller: &[u8]) -> bool {
    [&b"ipmanager/"[..], b"checker/", b"vip-manager/", b"vipconfig/"].iter().any(|p| caller.starts_with(p))
}

fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.first() == Some(&b'{') {
        return object(line);
    }
    let (stamp, used) = iso(line)?;
    let rest = line.get(used..)?;
    if let Some(fields) = rest.strip_prefix(b"\t") {
        let mut parts = fields.splitn(3, |b| *b == b'\t');
        let (level, caller, message) = (parts.next()?, parts.next()?, parts.next()?);
        is_caller(caller).then_some(())?;
        return Some(Head::plain(Program::Proxy, Some(stamp), level_of(level), message));
    }
    let message = rest.strip_prefix(b" ")?;
    (line.get(4) == Some(&b'/') && BEGINNINGS.iter().any(|b| message.starts_with(b))).then_some(())?;
    Some(Head::plain(Program::Proxy, Some(stamp), Level::Info, message))
}

fn object(line: &[u8]) -> Option<Head<'_>> {
    is_caller(&json::text(line, b"caller")?).then_some(())?;
    let (stamp, _) = iso(&json::text(line, b"ts")?)?;
    let level = level_of(&json::text(line, b"level")?);
    let mut head = Head::plain(Program::Proxy, Some(stamp), level, b"");
    head.message = json::text(line, b"msg").unwrap_or(Cow::Borrowed(b""));
    Some(head)
}

fn level_of(word: &[u8]) -> Level {
    match word.to_ascii_lowercase().as_slice() {
        b"error" => Level::Error,
        b"warn" => Level::Warning,
        b"fatal" | b"panic" => Level::Fatal,
        b"debug" => Level::Debug,
        _ => Level::Info,
    }
}
