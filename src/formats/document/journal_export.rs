//! `journalctl -o export` and `-o verbose`: one field a line, records parted by blank lines or headed by a stamp.

use crate::formats::envelope::syslog::severity;
use crate::formats::stamp::{from_micros, iso, zone_word};
use crate::formats::{Document, LogReader, Peeled};
use crate::model::{Parsed, Program, Stamp};
use std::borrow::Cow;

pub static FORMAT: Document = Document {
    name: "journal_export",
    program: Program::Systemd,
    doc: "`KEY=value` lines; export begins a record with `__CURSOR=` and writes fields with odd bytes as name, length and bytes; verbose begins it with `Sat 2026-11-21 00:13:45.619935 UTC [s=…` and indents the fields.",
    sniff,
    read,
    samples: &[
        "__CURSOR=s=b8be;i=1;b=2cd1;m=8dc3c80b;t=660be3bebb5df;x=9012\n__REALTIME_TIMESTAMP=1795220025619935\n_HOSTNAME=vm\nSYSLOG_IDENTIFIER=patroni\n_PID=77\nPRIORITY=6\nMESSAGE=2026-11-21 00:13:45,619 INFO: no action. I am (vm), the leader with the lock\n\n",
        "Sat 2026-11-21 00:13:45.619935 UTC [s=b8be;i=1;b=2cd1;m=8dc3c80b;t=660be3bebb5df;x=9012]\n    _HOSTNAME=vm\n    SYSLOG_IDENTIFIER=patroni\n    MESSAGE=2026-11-21 00:13:45,619 INFO: no action. I am (vm), the leader with the lock\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let first = head.split(|b| *b == b'\n').find(|l| !l.trim_ascii().is_empty() && !l.starts_with(b"-- "));
    match first {
        Some(l) if l.starts_with(b"__CURSOR=") || l.starts_with(b"__REALTIME_TIMESTAMP=") => 100,
        Some(l) if verbose_head(l).is_some() => 100,
        _ => 0,
    }
}

/// `Sat 2026-11-21 00:13:45.619935 UTC [s=…;i=…;…]`
fn verbose_head(line: &[u8]) -> Option<Stamp> {
    let space = line.iter().take(6).position(|b| *b == b' ')?;
    let rest = line.get(space + 1..)?;
    let (mut stamp, used) = iso(rest)?;
    let (zone, more) = zone_word(rest.get(used..)?)?;
    stamp.zone = zone;
    rest.get(used + more..)?.starts_with(b" [s=").then_some(stamp)
}

#[derive(Default)]
struct Record {
    line: u32,
    stamp: Option<Stamp>,
    host: Option<Vec<u8>>,
    ident: Option<Vec<u8>>,
    unit: Option<Vec<u8>>,
    pid: u32,
    priority: u32,
    message: Option<Vec<u8>>,
}

impl Record {
    fn field(&mut self, key: &[u8], value: &[u8]) {
        let number = || std::str::from_utf8(value).ok().and_then(|v| v.parse::<i64>().ok());
        match key {
            b"__REALTIME_TIMESTAMP" => self.stamp = number().map(from_micros).or(self.stamp),
            b"_HOSTNAME" => self.host = Some(value.to_vec()),
            b"SYSLOG_IDENTIFIER" => self.ident = Some(value.to_vec()),
            b"_SYSTEMD_UNIT" => self.unit = Some(value.to_vec()),
            b"_PID" => self.pid = number().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            b"PRIORITY" => self.priority = number().and_then(|n| u32::try_from(n).ok()).unwrap_or(6),
            b"MESSAGE" => self.message = Some(value.to_vec()),
            _ => {}
        }
    }

    fn hand_to(self, reader: &mut LogReader) {
        let (Some(stamp), Some(message)) = (self.stamp, self.message) else { return };
        for text in message.split(|b| *b == b'\n') {
            let peeled = Peeled {
                stamp: Some(stamp),
                host: self.host.as_deref().map(Cow::Borrowed),
                ident: self.ident.as_deref().or(self.unit.as_deref()).map(Cow::Borrowed),
                pid: self.pid,
                level: severity(self.priority),
                body: Cow::Borrowed(text),
            };
            reader.take(peeled, text, self.line);
        }
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let mut reader = LogReader::within(None, out.caps);
    let mut record = Record { priority: 6, ..Record::default() };
    let mut rest = content;
    let mut number = 0u32;
    let mut in_message = false;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or(b"");
        rest = rest.get(end + 1..).unwrap_or(b"");
        number = number.saturating_add(1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"__CURSOR=") || line.is_empty() || verbose_head(line).is_some() {
            std::mem::replace(&mut record, Record { line: number, priority: 6, ..Record::default() })
                .hand_to(&mut reader);
            record.stamp = verbose_head(line);
            in_message = false;
            continue;
        }
        if record.line == 0 {
            record.line = number;
        }
        let field = line.strip_prefix(b"    ").unwrap_or(line);
        match memchr::memchr(b'=', field) {
            Some(at) if is_key(field.get(..at).unwrap_or(b"")) => {
                let (key, value) = (field.get(..at).unwrap_or(b""), field.get(at + 1..).unwrap_or(b""));
                in_message = key == b"MESSAGE";
                record.field(key, value);
            }
            // Export: a name alone, then eight bytes of length, the bytes, a line end.
            None if is_key(field) && rest.len() >= 8 && !line.starts_with(b" ") => {
                let length = rest.get(..8).and_then(|b| <[u8; 8]>::try_from(b).ok()).map_or(0, u64::from_le_bytes);
                let Some(value) = usize::try_from(length).ok().and_then(|n| rest.get(8..n.checked_add(8)?)) else {
                    break;
                };
                record.field(field, value);
                number = number.saturating_add(memchr::memchr_iter(b'\n', value).count() as u32);
                rest = rest.get(8 + value.len()..).unwrap_or(b"");
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
                number = number.saturating_add(1);
            }
            // Verbose breaks long values without marking the lines that follow.
            _ if in_message => {
                if let Some(message) = &mut record.message {
                    message.push(b'\n');
                    message.extend_from_slice(field.trim_ascii_start());
                }
            }
            _ => {}
        }
    }
    record.hand_to(&mut reader);
    let mut parsed = reader.finish();
    // Fields beside the message are read, too.
    parsed.coverage.noise += u64::from(number).saturating_sub(parsed.coverage.lines);
    parsed.coverage.lines = parsed.coverage.lines.max(u64::from(number));
    parsed.coverage.bytes = content.len() as u64;
    let (kind, kind_why) = (std::mem::take(&mut out.kind), std::mem::take(&mut out.kind_why));
    *out = Parsed { kind, kind_why, ..parsed };
}

/// Field names have capital letters, digits and underscores (systemd.journal-fields(7)).
fn is_key(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::What;

    fn whats(text: &[u8]) -> Vec<(What, u32)> {
        let mut out = Parsed::default();
        read(text, "", &mut out);
        out.streams.iter().flat_map(|s| s.raws.iter().map(|r| (r.what, r.line))).collect()
    }

    #[test]
    fn reads_text_and_binary_fields() {
        let mut text =
            b"__CURSOR=a\n__REALTIME_TIMESTAMP=1795220025619935\nSYSLOG_IDENTIFIER=postgres\nMESSAGE\n".to_vec();
        let message = b"2026-11-21 00:13:45 UTC [7] LOG:  received fast shutdown request\n\tx\x01y";
        text.extend_from_slice(&(message.len() as u64).to_le_bytes());
        text.extend_from_slice(message);
        text.extend_from_slice(b"\n_HOSTNAME=vm\n\n__CURSOR=b\n__REALTIME_TIMESTAMP=1795220025719935\nSYSLOG_IDENTIFIER=postgres\nMESSAGE=2026-11-21 00:13:45 UTC [7] LOG:  database system is shut down\n");
        assert_eq!(whats(&text), [(What::PgShutdownFast, 1), (What::PgShutDown, 9)]);
    }

    #[test]
    fn reads_verbose() {
        let text = FORMAT.samples.get(1).unwrap().replace(
            "no action. I am (vm), the leader with the lock",
            "promoted self to leader by acquiring session lock",
        );
        assert_eq!(whats(text.as_bytes()), [(What::Promoted, 1)]);
    }
}
