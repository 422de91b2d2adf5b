//! VMware Tools' own logs (`vmware-vmsvc-root.log`): `[2024-10-09T12:17:30.424Z] [ warning] [guestinfo] text`.

use super::stamp::{iso, syslog};
use super::{Body, Head};
use crate::model::{Level, Program};

pub static FORMAT: Body = Body {
    name: "vmware_tools",
    doc: "Stamp in brackets (with `Z` or, in older versions, without year and zone), level in brackets, log domain and text.",
    head,
    samples: &[
        "[Oct 09 12:17:30.424] [ warning] [guestinfo] *** WARNING: GuestInfo collection interval longer than expected; actual=60 sec, expected=30 sec. ***",
        "[2024-10-09T12:17:30.424Z] [ message] [vmbackup] *** VmBackupStart",
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    let inner = line.strip_prefix(b"[")?;
    let (stamp, used) = iso(inner).or_else(|| syslog(inner))?;
    let rest = inner.get(used..)?.strip_prefix(b"] [")?;
    let close = memchr::memchr(b']', rest.get(..12.min(rest.len()))?)?;
    let level = match rest.get(..close)?.trim_ascii() {
        b"error" | b"critical" => Level::Error,
        b"warning" => Level::Warning,
        b"message" | b"info" => Level::Info,
        b"debug" => Level::Debug,
        _ => return None,
    };
    let message = rest.get(close + 1..)?.strip_prefix(b" ")?;
    // Patroni's `[time][LEVEL] text` has no blank between the brackets, so the domain proves this one.
    (message.first() == Some(&b'[')).then_some(())?;
    Some(Head::plain(Program::Systemd, Some(stamp), level, message))
}
