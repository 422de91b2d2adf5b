//! PostgreSQL's csvlog of every version. Rows with line breaks inside are joined by the reader.

use super::pg_severity::{self, Kind};
use super::stamp::{digits, iso, zone_word};
use super::{Body, Head, pg_stderr};
use crate::model::{Program, SECOND};
use std::borrow::Cow;

pub static FORMAT: Body = Body {
    name: "pg_csv",
    doc: "Columns: log_time, user, database, pid, client, session_id, line, command tag, session start, vxid, xid, severity, SQLSTATE, message, … (23 columns in 9.x–12, 24 in 13, 26 in 14+).",
    head,
    samples: &[
        r#"2021-04-03 16:42:54.050 CST,,,2213,,60682738.8a5,5,,2021-04-03 16:28:40 CST,,0,LOG,00000,"received smart shutdown request",,,,,,,,,"""#,
    ],
};

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (mut stamp, used) = iso(line)?;
    let (zone, more) = zone_word(line.get(used..)?)?;
    stamp.zone = zone;
    let mut columns = Columns { rest: line.get(used + more..)?.strip_prefix(b",")? };
    let _user = columns.next()?;
    let _database = columns.next()?;
    let pid = columns.next()?;
    let _client = columns.next()?;
    let session = columns.next()?;
    let pid = digits(&pid, 0, pid.len()).filter(|_| !pid.is_empty())?;
    let epoch = session_epoch(&session)?;
    let _line = columns.next()?;
    let _tag = columns.next()?;
    let started = columns.next()?;
    let _vxid = columns.next()?;
    let _xid = columns.next()?;
    let severity = columns.next()?;
    let _sqlstate = columns.next()?;
    let message = columns.next()?;
    let kind = pg_severity::word(&severity).unwrap_or(Kind::Info);
    let mut head = Head::plain(Program::Postgres, Some(stamp), kind.level(), b"");
    head.message = match message {
        Cow::Borrowed(text) => pg_stderr::message(kind, text),
        Cow::Owned(text) => Cow::Owned(pg_stderr::message(kind, &text).into_owned()),
    };
    head.pid = pid;
    // The session id begins with the session's start as an epoch: a proof of the zone in every row.
    head.zone_proof = iso(&started).and_then(|(s, _)| quarters(epoch * SECOND - s.civil));
    Some(head)
}

/// `60682738.8a5` → seconds since 1970.
pub fn session_epoch(id: &[u8]) -> Option<i64> {
    let dot = memchr::memchr(b'.', id)?;
    if dot != 8 {
        return None;
    }
    i64::from_str_radix(std::str::from_utf8(id.get(..8)?).ok()?, 16).ok()
}

/// Whole quarter hours, if the difference is within two minutes of one.
pub fn quarters(micros: i64) -> Option<i32> {
    let quarter = 15 * 60 * SECOND;
    let n = (micros + micros.signum() * quarter / 2) / quarter;
    ((micros - n * quarter).abs() <= 120 * SECOND && n.abs() <= 60).then_some(n as i32)
}

/// Whether a row's last quoted field is still open, so that the next line belongs to it.
pub fn unfinished(line: &[u8]) -> bool {
    memchr::memchr_iter(b'"', line).count() % 2 == 1
}

struct Columns<'a> {
    rest: &'a [u8],
}

impl<'a> Columns<'a> {
    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        let Some(quoted) = self.rest.strip_prefix(b"\"") else {
            let end = memchr::memchr(b',', self.rest).unwrap_or(self.rest.len());
            let field = self.rest.get(..end)?;
            self.rest = self.rest.get(end + 1..).unwrap_or(b"");
            return Some(Cow::Borrowed(field));
        };
        let mut at = 0;
        let mut doubled = false;
        loop {
            let Some(quote) = memchr::memchr(b'"', quoted.get(at..)?) else {
                // Cut row: what is there is the field.
                self.rest = b"";
                return Some(Cow::Borrowed(quoted));
            };
            at += quote + 1;
            if quoted.get(at) == Some(&b'"') {
                doubled = true;
                at += 1;
            } else {
                break;
            }
        }
        let field = quoted.get(..at - 1)?;
        let rest = quoted.get(at..)?;
        self.rest = rest.strip_prefix(b",").unwrap_or(rest);
        Some(if doubled {
            Cow::Owned(String::from_utf8_lossy(field).replace("\"\"", "\"").into_bytes())
        } else {
            Cow::Borrowed(field)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_proves_its_own_zone() {
        let row = FORMAT.samples.first().unwrap();
        let head = head(row.as_bytes()).unwrap();
        assert_eq!(head.message.as_ref(), b"received smart shutdown request");
        assert_eq!(head.pid, 2213);
        let row = r#"2018-04-12 13:14:03.129 UTC,"a","b",22949,,5abd287b.59a5,4,,2018-03-29 17:55:07 UTC,,0,LOG,00000,"say ""hi"", then",,,"#;
        let head = super::head(row.as_bytes()).unwrap();
        assert_eq!((head.message.as_ref(), head.zone_proof), (&b"say \"hi\", then"[..], Some(0)));
    }
}
