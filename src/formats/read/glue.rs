//! Two records on one line: a writer that died before its line end, a copy that took the line ends out.

use super::LogReader;
use crate::formats::{BODIES, ENVELOPES, near};
use memchr::memmem::Finder;

/// How much of a line's beginning has to come again: a stamp up to its month or day, or `{"level`.
pub(super) const BEGINNING: usize = 7;

/// Finds a second beginning fast, as long as the lines of a file begin alike.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    text: [u8; BEGINNING],
    finder: Option<Finder<'static>>,
}

impl Beginning {
    /// Learns how `line` begins; `true` if that is not how the line before began.
    #[inline]
    pub(super) fn follow(&mut self, line: &[u8]) -> bool {
        // A line too short to hold two beginnings is never searched.
        let Some(text) = line.first_chunk::<BEGINNING>() else { return false };
        if *text == self.text {
            return false;
        }
        self.text = *text;
        self.finder = Some(Finder::new(text).into_owned());
        true
    }

    /// How lines begin.
    pub(super) fn text(&self) -> &[u8; BEGINNING] {
        &self.text
    }

    /// Whether a line that begins with `stamp` begins as the last one did.
    #[inline]
    pub(super) fn begins(&self, stamp: &[u8]) -> bool {
        stamp.first_chunk::<BEGINNING>() == Some(&self.text)
    }

    /// Whether a second record begins in `text`, a part of the line.
    #[inline]
    pub(super) fn comes_again(&self, line: &[u8], text: &[u8]) -> bool {
        let text = if text.len() == line.len() { text.get(BEGINNING..).unwrap_or(b"") } else { text };
        text.len() >= BEGINNING
            && self.finder.as_ref().is_some_and(|f| f.find(text).is_some() && second(line, f).is_some())
    }

    /// Where a second record begins in a line that this has followed.
    pub(super) fn second(&self, line: &[u8]) -> Option<usize> {
        second(line, self.finder.as_ref()?)
    }
}

impl LogReader {
    /// Takes a line that holds several records apart; `false` if it does not.
    pub(super) fn several(&mut self, line: &[u8], number: u32) -> bool {
        self.beginning.follow(line);
        let Some(mut at) = self.beginning.second(line) else { return false };
        // The first beginning is that of all records in the line.
        let Some(beginning) = line.first_chunk::<BEGINNING>().map(Finder::new) else { return false };
        let mut rest = line;
        loop {
            let (record, more) = rest.split_at_checked(at).unwrap_or((rest, b""));
            self.whole_line(record.trim_ascii_end(), number);
            rest = more;
            if rest.is_empty() {
                break;
            }
            self.out.coverage.lines += 1;
            self.glued_on += 1;
            at = second(rest, &beginning).unwrap_or(rest.len());
        }
        true
    }
}

/// Where a second record begins: what stands there begins as the line does (`beginning`) and is laid out as it is, and
/// so is what stands before. Logs quote logs; nothing begins inside of quotes.
fn second(line: &[u8], beginning: &Finder<'_>) -> Option<usize> {
    let hits = beginning.find_iter(line.get(BEGINNING..)?).map(|at| at + BEGINNING).take(64);
    // Statements and their parameters are full of dates in quotes, so what is cheap to see comes first.
    let mut hits = hits.filter(|at| line.get(*at..).is_some_and(|after| stamped_alike(line, after))).filter(|at| {
        let before = line.get(..*at).unwrap_or(b"");
        // Inside an object every name and text is quoted; objects follow each other as `}{`.
        let quoted = near::odd_times(before, b'"') || near::odd_times(before, b'\'');
        let apart = line.first() != Some(&b'{') || before.trim_ascii_end().ends_with(b"}");
        !quoted && apart
    });
    let first = hits.next()?;
    let kind = kind(line)?;
    std::iter::once(first).chain(hits).find(|at| {
        line.split_at_checked(*at)
            .is_some_and(|(before, after)| self::kind(before) == Some(kind) && self::kind(after) == Some(kind))
    })
}

/// Whether digits stand where they stand in the stamp `2021-02-01 13:45` that the line begins with; dates without a time
/// stand in many statements.
fn stamped_alike(line: &[u8], after: &[u8]) -> bool {
    let digits = |text: &[u8]| text.first_chunk::<16>().map(|text| text.map(|b| b.is_ascii_digit()));
    !matches!(line, [_, _, _, _, b'-', _, _, b'-', ..]) || digits(line) == digits(after)
}

/// The layout of a record that says something.
fn kind(line: &[u8]) -> Option<&'static str> {
    let body = BODIES.iter().find_map(|b| (b.head)(line).map(|h| (b.name, h.message.trim_ascii().is_empty())));
    let (name, empty) = body
        .or_else(|| ENVELOPES.iter().find_map(|e| (e.peel)(line).map(|p| (e.name, p.body.trim_ascii().is_empty()))))?;
    // Rows and exports hold several stamps.
    (!empty && !["pg_csv", "csv_export", "kibana", "elastic"].contains(&name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{BEGINNING, Finder};

    fn second(line: &[u8]) -> Option<usize> {
        super::second(line, &Finder::new(line.first_chunk::<BEGINNING>()?))
    }

    fn records(line: &str) -> Vec<&str> {
        let mut out = Vec::new();
        let mut rest = line;
        while let Some(at) = second(rest.as_bytes()) {
            out.push(rest[..at].trim_end());
            rest = &rest[at..];
        }
        out.push(rest);
        out
    }

    const PG: &str =
        "2026-11-20 19:36:25.201 UTC [23926] LOG:  server process (PID 24001) was terminated by signal 9: Killed";
    const NEXT: &str = "2026-11-20 19:36:25.202 UTC [23926] LOG:  terminating any other active server processes";

    #[test]
    fn two_records_on_one_line_are_two_records() {
        for (first, next) in [
            (PG, NEXT),
            (
                "2021-02-01 13:45:04,101 INFO: no action. I am (pg1), the leader with the lock",
                "2021-02-01 13:45:05,683 ERROR: x",
            ),
            (
                "2026-11-21 00:32:24.406096 W | etcdserver: server is likely overloaded",
                "2026-11-21 00:32:25.406096 W | wal: sync duration of 1.2s, expected less than 1s",
            ),
            (
                r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"7.2s"}"#,
                r#"{"level":"info","ts":"2025-12-23T05:26:22.880Z","caller":"a.go:1","msg":"x"}"#,
            ),
            (
                "Feb  1 13:45:05 db1 patroni[12]: 2021-02-01 13:45:05,683 INFO: a",
                "Feb  1 13:45:05 db1 patroni[12]: 2021-02-01 13:45:05,684 INFO: b",
            ),
        ] {
            assert_eq!(records(&format!("{first}{next}")), [first, next]);
            assert_eq!(records(&format!("{first} {next} {next}")), [first, next, next]);
        }
    }

    #[test]
    fn a_stamp_in_a_text_begins_nothing() {
        for line in [
            PG,
            "2026-11-20 19:36:25.601 UTC [23931] LOG:  database system was interrupted; last known up at 2026-11-20 19:30:00 UTC",
            "2026-11-20 19:36:27.501 UTC [23930] LOG:  statement: select '2026-11-20 19:36:26.501 UTC [23931] LOG:  x'",
            "2026-11-20 19:36:27.501 UTC [23930] LOG:  statement: select date 2026-11-20 2026-11-20 LOG:  x",
            "2026-11-20 19:36:22.101 UTC 2026-11-20 19:30:00 UTC [23926] LOG:  the start of a session in the prefix",
            "2026-11-20T19:36:22.101Z 2026-11-20 19:36:22,101 INFO: a stamp around a stamp",
            "2026-11-20T19:36:22.101Z stdout F 2026-11-20 19:36:22,101 INFO: a stamp around a stamp",
            "2026-11-20T19:36:22+00:00 db1 postgres[12]: [3-1] 2026-11-20 19:36:22 UTC [12] LOG:  x",
            r#"2026-11-20 19:36:22.101 UTC,"a","b",23926,,6b00e0ab.7573,1,,2026-11-20 19:36:22 UTC,,0,LOG,00000,"x",,,,,,,,,"""#,
        ] {
            assert_eq!(second(line.as_bytes()), None, "{line}");
        }
    }
}
