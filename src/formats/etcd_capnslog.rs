//! etcd 2.3 to 3.4: capnslog lines and the raft library's own prefix.

use super::{Body, Head, stamp};
use crate::model::{Grain, Level, Program};

pub static FORMAT: Body = Body {
    name: "etcd_capnslog",
    doc: "`2018-06-25 17:00:29.475936 W | rafthttp: text` in local time; raft lines `raft2025/03/11 23:54:00 INFO: text`; grpc's `WARNING: 2026/11/21 00:36:06 text`.",
    head,
    samples: &[
        "2018-06-25 17:00:29.475936 W | rafthttp: the clock difference against peer fc7be90cb9aee0d is too high [10.449391606s > 1s]",
        "2021-02-01 13:44:21.123456 [raft.go:333] W | etcdserver: server is likely overloaded",
        "WARNING: 2026/11/21 00:36:06 [core] grpc: Server.processUnaryRPC failed to write status: connection error: desc = \"transport is closing\"",
        "raft2025/03/11 23:54:00 INFO: be57c3b2fc3623e8 became leader at term 12290",
    ],
};

/// Packages that etcd's logger names before the text. `raft.node` is part of the text, so it is not here.
const PACKAGES: &[&str] = &[
    "etcdserver",
    "etcdserver/api/v3rpc",
    "etcdserver/api/etcdhttp",
    "etcdserver/api/v2http",
    "etcdserver/api/v3election",
    "etcdserver/membership",
    "etcdserver/api",
    "etcdserver/auth",
    "etcdserver/stats",
    "rafthttp",
    "raft",
    "wal",
    "snap",
    "mvcc",
    "mvcc/backend",
    "embed",
    "etcdmain",
    "auth",
    "lease",
    "lease/leasehttp",
    "compactor",
    "pkg/flags",
    "pkg/fileutil",
    "pkg/netutil",
    "pkg/osutil",
    "pkg/transport",
    "store",
    "discovery",
    "proxy",
    "proxy/tcpproxy",
    "proxy/httpproxy",
    "proxy/grpcproxy",
    "alarm",
    "version",
    "security",
    "storage",
    "api",
    "grpc",
    "client",
    "v3rpc",
    "etcdhttp",
    // Up to 3.0 without the folder in front.
    "osutil",
    "membership",
    "flags",
    "fileutil",
    "netutil",
    "logutil",
    "stats",
    "httptypes",
    "v2http",
    "backend",
    "snapshot",
    "v3rpc/grpc",
    "pkg/pbutil",
    "pkg/logutil",
    "etcdserver/api/v2http/httptypes",
    "tcpproxy",
    "httpproxy",
    "grpcproxy",
    "clientv3",
];

fn head(line: &[u8]) -> Option<Head<'_>> {
    if let Some(rest) = line.strip_prefix(b"raft") {
        let (at, used) = stamp::iso(rest)?;
        let (level, message) = raft_level(rest.get(used..)?.strip_prefix(b" ")?)?;
        return Some(Head::plain(Program::Etcd, Some(at), level, message));
    }
    // grpc's own logger inside etcd: `WARNING: 2021/02/01 13:44:21 grpc: …`.
    if let Some((level, rest)) = grpc_level(line) {
        let (at, used) = stamp::iso(rest)?;
        // WAL-G writes the same with microseconds.
        let message = rest.get(used..)?.strip_prefix(b" ").filter(|_| at.grain == Grain::Second)?;
        return Some(Head::plain(Program::Etcd, Some(at), level, message));
    }
    let (at, used) = stamp::iso(line)?;
    let mut rest = line.get(used..)?;
    // With --debug the source stands between stamp and level: ` [raft.go:333] W | `.
    if let Some(inside) = rest.strip_prefix(b" [")
        && let Some(close) = memchr::memchr(b']', inside).filter(|c| *c < 60)
    {
        rest = inside.get(close + 1..)?;
    }
    let level = match rest.get(..4)? {
        [b' ', c, b' ', b'|'] => match c {
            b'C' => Level::Fatal,
            b'E' => Level::Error,
            b'W' => Level::Warning,
            b'N' | b'I' => Level::Info,
            b'D' | b'T' => Level::Debug,
            _ => return None,
        },
        _ => return None,
    };
    if at.grain != Grain::Micro {
        return None;
    }
    Some(Head::plain(Program::Etcd, Some(at), level, without_package(rest.get(5..)?)))
}

fn raft_level(text: &[u8]) -> Option<(Level, &[u8])> {
    [
        (&b"INFO: "[..], Level::Info),
        (b"WARN: ", Level::Warning),
        (b"ERROR: ", Level::Error),
        (b"FATAL: ", Level::Fatal),
        (b"PANIC: ", Level::Fatal),
        (b"DEBUG: ", Level::Debug),
    ]
    .iter()
    .find_map(|(word, level)| text.strip_prefix(*word).map(|rest| (*level, rest)))
}

fn grpc_level(line: &[u8]) -> Option<(Level, &[u8])> {
    [(&b"INFO: 20"[..], Level::Info), (b"WARNING: 20", Level::Warning), (b"ERROR: 20", Level::Error)]
        .iter()
        .find_map(|(word, level)| line.strip_prefix(*word).and_then(|_| Some((*level, line.get(word.len() - 2..)?))))
}

/// How many lines etcd left out: `text [merged 12 repeated lines in 30.01s]` (pkg/logutil/merge_logger.go, up to 3.4).
pub fn merged(text: &[u8]) -> u32 {
    let inside = || {
        let open = text.strip_suffix(b"]")?;
        let at = memchr::memmem::rfind(open, b" [merged ")?;
        let number = open.get(at + 9..)?.split(|b| *b == b' ').next()?;
        std::str::from_utf8(number).ok()?.parse().ok()
    };
    inside().unwrap_or(0)
}

/// Level and text of a line whose stamp a wrapper took away: `W | rafthttp: text`.
pub fn levelled(text: &[u8]) -> Option<(Level, &[u8])> {
    let [c, b' ', b'|', b' ', ..] = text else { return None };
    let level = match c {
        b'C' => Level::Fatal,
        b'E' => Level::Error,
        b'W' => Level::Warning,
        b'N' | b'I' => Level::Info,
        b'D' | b'T' => Level::Debug,
        _ => return None,
    };
    Some((level, without_package(text.get(4..)?)))
}

/// The text without its package; journald keeps the package and drops stamp and level.
pub fn without_package(text: &[u8]) -> &[u8] {
    let Some(colon) = memchr::memmem::find(text.get(..40.min(text.len())).unwrap_or(b""), b": ") else { return text };
    match std::str::from_utf8(text.get(..colon).unwrap_or(b"")) {
        Ok(name) if PACKAGES.contains(&name) => text.get(colon + 2..).unwrap_or(b""),
        _ => text,
    }
}
