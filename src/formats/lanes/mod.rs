//! Short cuts for the layouts that make up gigabytes: a line's head is read by fixed positions, without an allocation.
//!
//! A lane takes a line only if the general readers in [`super::BODIES`] would say the same of it; whatever looks
//! unusual is left to them. So a lane may be as picky as it likes, and never decides what a line means.
//! `read/tests.rs` and the fuzz target `lanes` hold both ways against each other.

mod clock;
mod etcd;
mod patroni;
mod postgres;

use super::Head;
use crate::messages::DETAIL;
use crate::model::{Level, Program, Stamp};
pub use patroni::STAMP as PATRONI_STAMP;
use std::borrow::Cow;

/// Who wrote a line, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Origin {
    pub program: Program,
    pub stamp: Stamp,
    pub pid: u32,
}

/// A line whose beginning a lane knows: the part of it that is another in every line.
#[derive(Clone, Copy, Debug)]
pub struct Begun<'a> {
    pub origin: Origin,
    /// etcd's level; PostgreSQL's stands in the rest.
    pub level: Level,
    pub rest: &'a [u8],
}

/// The head of a line that a lane knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuickHead<'a> {
    pub origin: Origin,
    pub level: Level,
    /// As it stands in the line, to its end.
    pub message: &'a [u8],
    /// PostgreSQL's DETAIL and the like: the general reader puts `DETAIL:  ` in front of the message.
    pub detail: bool,
    /// The same, or a STATEMENT: the general reader has that word alone, its text has no meaning.
    pub more: bool,
    /// The whole object, where the line is JSON.
    pub object: Option<&'a [u8]>,
    /// What follows in it on the message.
    pub fields: &'a [u8],
}

impl<'a> From<QuickHead<'a>> for Head<'a> {
    fn from(quick: QuickHead<'a>) -> Head<'a> {
        let Origin { program, stamp, pid } = quick.origin;
        let message = match (quick.detail, quick.more) {
            (true, _) => Cow::Owned([DETAIL, quick.message].concat()),
            (false, true) => Cow::Borrowed(&b"STATEMENT:  "[..]),
            (false, false) => Cow::Borrowed(quick.message),
        };
        Head { pid, message, object: quick.object, ..Head::plain(program, Some(stamp), quick.level, b"") }
    }
}

/// The lanes with what they remember of earlier lines. Memory of this kind changes speed, never a result.
#[derive(Debug, Default)]
pub struct Lanes {
    postgres: postgres::Lane,
    patroni: patroni::Lane,
    etcd: etcd::Lane,
}

impl Lanes {
    /// The head of `line`, if it has one of the usual layouts.
    #[inline]
    pub fn head<'a>(&mut self, line: &'a [u8]) -> Option<QuickHead<'a>> {
        match self.begin(line) {
            Some(begun) => self.go_on(line, &begun),
            None => self.other(line),
        }
    }

    /// The beginning of a line of PostgreSQL or etcd.
    #[inline]
    pub fn begin<'a>(&mut self, line: &'a [u8]) -> Option<Begun<'a>> {
        if line.first() == Some(&b'{') {
            return self.etcd.begin(line);
        }
        if matches!(line.get(19)?, b'.' | b' ') { self.postgres.begin(line) } else { None }
    }

    /// The head of a line that has [begun](Lanes::begin).
    #[inline]
    pub fn go_on<'a>(&mut self, line: &'a [u8], begun: &Begun<'a>) -> Option<QuickHead<'a>> {
        match begun.origin.program {
            Program::Etcd => self.etcd.go_on(line, begun),
            _ => self.postgres.go_on(line, begun),
        }
    }

    /// The head of a line that has not: Patroni's.
    #[inline]
    pub fn other<'a>(&mut self, line: &'a [u8]) -> Option<QuickHead<'a>> {
        self.patroni.head(line)
    }

    /// Whether the general reader may join fields of etcd's to its message.
    #[inline]
    pub fn says_more(&self, fields: &[u8]) -> bool {
        self.etcd.says_more(fields)
    }

    /// Who wrote a line of Patroni's that begins with this stamp.
    #[inline]
    pub fn patroni(&mut self, stamp: &[u8; PATRONI_STAMP]) -> Option<Origin> {
        self.patroni.origin(stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{BODIES, Head};

    fn slow(line: &[u8]) -> Option<Head<'_>> {
        BODIES.iter().find_map(|b| (b.head)(line))
    }

    /// Twice, because a lane may want to see a layout before it takes it.
    fn quick(line: &[u8]) -> Option<QuickHead<'_>> {
        let mut lanes = Lanes::default();
        lanes.head(line);
        lanes.head(line)
    }

    fn same(line: &str) -> bool {
        let Some(quick) = quick(line.as_bytes()) else { return false };
        let slow = slow(line.as_bytes()).unwrap_or_else(|| panic!("only the lane takes {line}"));
        let origin = quick.origin;
        assert_eq!(slow.program, origin.program, "{line}");
        assert_eq!(slow.stamp, Some(origin.stamp), "{line}");
        assert_eq!((slow.level, slow.pid), (quick.level, origin.pid), "{line}");
        let same: Head<'_> = quick.into();
        assert_eq!(String::from_utf8_lossy(&slow.message), String::from_utf8_lossy(&same.message), "{line}");
        assert_eq!(slow.object, quick.object, "{line}");
        assert_eq!(slow.zone_proof, None, "{line}");
        true
    }

    #[test]
    fn the_usual_layouts_are_taken() {
        for line in [
            "2026-11-20 19:36:22.123 UTC [23926] LOG:  duration: 1.000 ms",
            "2026-11-20 19:36:22 CEST [23926] app@shop ERROR:  x",
            "2026-11-20 19:36:22 UTC [23926] app@shop STATEMENT:  select 'FATAL:  x'",
            "2026-11-20 19:36:22 UTC [23926] app@shop DETAIL:  parameters: $1 = '1'",
            "2026-11-20 19:36:22 -03 [23926-7] app@shop FATAL:  x",
            "2026-11-20 19:36:22.123 CET [23926]: [4-1] user=a,db=b,app=psql,client=10.1.2.3 LOG:  x",
            "2021-02-01 13:45:05,683 INFO: no action. I am (pg1), the leader with the lock",
            r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"7.2s"}"#,
            r#"{"level":"info","ts":"2025-12-23T05:26:22.870123+0100","logger":"raft","caller":"a.go:1","msg":"x"}"#,
        ] {
            assert!(same(line), "{line}");
        }
    }

    #[test]
    fn what_looks_unusual_is_left_to_the_general_readers() {
        for line in [
            "2026-11-20 19:36:22.123 UTC [23926] 6b00e0ab.7573 LOG:  x",
            "2026-11-20 19:36:22.123 UTC [23926] user=2026-11-20 19:36:20 LOG:  x",
            "2026-13-20 19:36:22.123 UTC [23926] LOG:  x",
            "2026-11-20 25:36:22.123 UTC [23926] LOG:  x",
            "2021-02-01 13:45:05,683 INFO:  two spaces",
            "2021-02-01 13:45:05,683 INFO: Got response from pg2 http://10.0.0.1: {\"dcs_last_seen\": 1}",
            r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"a.go:1","msg":"x","error":"no leader"}"#,
            r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"a.go:1","msg":"a \"quoted\" word"}"#,
            r#"{"level":"info","ts":"2025-12-23T05:26:22.870Z","logger":"x","msg":"x","logging_pod":"pg-1"}"#,
        ] {
            assert_eq!(quick(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn every_sample_is_read_alike_on_both_ways() {
        for sample in BODIES.iter().flat_map(|b| b.samples) {
            same(sample);
        }
    }
}
