//! The kernel ring buffer: `[12345.678901] text`, `dmesg -T` and `--time-format iso`.

use super::{Body, Head, stamp};
use crate::model::{Grain, Level, Program};

pub static FORMAT: Body = Body {
    name: "kernel",
    doc: "Seconds since boot in brackets, or ctime in brackets (`dmesg -T`), or an ISO stamp with a comma and microseconds (`dmesg --time-format iso`).",
    head,
    samples: &[
        "[Tue Jul 14 12:00:00 2020] Out of memory: Killed process 77 (postgres) total-vm:8221844kB",
        "[12345.678901] blk_update_request: I/O error, dev sdb, sector 2064",
        "[   93.123456][    C1] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [postgres:4242]",
        "2026-11-21T00:00:01,123456+00:00 EXT4-fs (sdb): Remounting filesystem read-only",
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    if let Some(inner) = line.strip_prefix(b"[") {
        if let Some((at, used)) = stamp::ctime(inner) {
            let rest = inner.get(used..)?.strip_prefix(b"]")?;
            return Some(Head::plain(Program::Kernel, Some(at), Level::Info, rest.strip_prefix(b" ").unwrap_or(rest)));
        }
        let (at, used) = stamp::since_boot(line)?;
        let rest = without_caller(line.get(used..)?);
        if super::envelope::journal_monotonic::peel(line).is_some() {
            return None;
        }
        return Some(Head::plain(Program::Kernel, Some(at), Level::Info, rest.strip_prefix(b" ")?));
    }
    let (at, used) = stamp::iso(line)?;
    if line.get(10) != Some(&b'T') || line.get(19) != Some(&b',') || at.grain != Grain::Micro {
        return None;
    }
    Some(Head::plain(Program::Kernel, Some(at), Level::Info, line.get(used..)?.strip_prefix(b" ")?))
}

/// CONFIG_PRINTK_CALLER puts `[  T123]` or `[    C1]` behind the time.
fn without_caller(rest: &[u8]) -> &[u8] {
    let inside = || {
        let inner = rest.strip_prefix(b"[")?;
        let close = inner.iter().take(12).position(|b| *b == b']')?;
        let id = inner.get(..close)?.trim_ascii();
        let known =
            matches!(id.first(), Some(b'T' | b'C')) && id.len() > 1 && id.iter().skip(1).all(u8::is_ascii_digit);
        inner.get(close + 1..).filter(|_| known)
    };
    inside().unwrap_or(rest)
}

/// The text of a kernel line behind syslog: the ring buffer's own stamp is dropped.
pub fn without_uptime(text: &[u8]) -> &[u8] {
    match stamp::since_boot(text) {
        Some((_, used)) => without_caller(text.get(used..).unwrap_or(b"")).trim_ascii_start(),
        None => text,
    }
}
