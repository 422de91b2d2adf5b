//! Clocks that go back inside a log: an event, unless it is the hour that a zone repeats in autumn.

use super::Event;
use crate::clock::Clock;
use crate::model::{HOUR, MINUTE, Micros, Naming, NodeId, Program, Stream, What, Why, Written};

/// A step of more than this is a log whose parts were put together in the wrong order, or of two machines.
const PARTS: Micros = 50 * MINUTE;

/// An hour is repeated where summer time ends; some minutes of silence may hide part of it.
const HIDDEN: Micros = 10 * MINUTE;

/// One event for each step of a stream that may be a clock's.
pub(super) fn events(stream: &Stream, clock: &Clock, node: NodeId, source: usize) -> Vec<Event> {
    let clocked = matches!(stream.program, Program::Patroni | Program::Etcd | Program::Postgres) && stream.own_clock;
    let members = stream.names.iter().filter(|n| matches!(n.naming, Naming::Member | Naming::EtcdId)).count();
    if !clocked || members > 1 {
        return Vec::new();
    }
    let steps = stream.steps.iter().filter(|s| s.written == Written::Full && s.from - s.to <= PARTS);
    let event = |s: &crate::model::StepBack| {
        let at = clock.time(s.to, s.zone, s.written)?;
        Some(Event {
            at,
            since: at,
            until: at,
            slack: s.from - s.to,
            count: 1,
            what: What::LogWentBack,
            why: Why::Unsaid,
            num: (s.from - s.to) as f64 / 1_000.0,
            who: None,
            pid: 0,
            node,
            program: stream.program,
            source: source as u32,
            line: s.line,
            text: s.text.clone(),
            dated: true,
        })
    };
    steps.filter_map(event).collect()
}

/// Lines after the clocks were put back in autumn, whose stamps are those of the hour before: to be placed an hour
/// later. `None`: the log shows no such hour.
pub(super) fn repeated_hour(stream: &Stream, clock: &Clock) -> Option<(u32, Micros, Micros)> {
    let step = stream.steps.iter().find(|s| {
        let back = s.from - s.to;
        s.written == Written::Full
            && (HOUR - HIDDEN..=HOUR).contains(&back)
            && matches!(s.zone, crate::model::Zone::Unwritten | crate::model::Zone::Abbrev(_))
            && clock.rule.repeats(s.to)
    })?;
    Some((step.line, step.to - HIDDEN, step.from + HIDDEN))
}

#[cfg(test)]
mod tests {
    use crate::clock::{Rule, Zones};
    use crate::model::{What, rfc3339};
    use crate::run::{Settings, timeline_of};
    use crate::timeline::Timeline;

    fn read(log: &str, zone: &str) -> Timeline {
        let zones = Zones { all: Rule::named(zone), ..Zones::default() };
        let settings = Settings { zones, ..Settings::default() };
        timeline_of(&[("h/patroni.log".to_owned(), log.to_owned())], &settings).0
    }

    fn beats(stamps: &[&str]) -> String {
        let line = |s: &&str| format!("{s},000 INFO: no action. I am (a), the leader with the lock\n");
        stamps.iter().map(line).collect()
    }

    #[test]
    fn a_clock_that_is_set_back_is_an_event() {
        let back = ["2024-05-01 10:00:00", "2024-05-01 10:00:10", "2024-05-01 09:58:45", "2024-05-01 09:58:55"];
        let t = read(&beats(&back), "UTC");
        let steps: Vec<f64> = t.all(&[What::LogWentBack]).map(|e| e.num / 1_000.0).collect();
        assert_eq!(steps, [85.0]);
        // Late lines of Patroni's logger, and parts of a log in the wrong order, are none.
        for fine in [
            ["2024-05-01 10:00:00", "2024-05-01 10:00:10", "2024-05-01 10:00:08", "2024-05-01 10:00:20"],
            ["2024-05-01 10:00:00", "2024-05-01 10:00:10", "2024-05-01 06:00:00", "2024-05-01 06:00:10"],
        ] {
            assert_eq!(read(&beats(&fine), "UTC").all(&[What::LogWentBack]).count(), 0, "{fine:?}");
        }
    }

    #[test]
    fn the_hour_that_autumn_repeats_is_placed_after_its_first_pass() {
        let log = beats(&["2021-10-31 02:59:40", "2021-10-31 02:59:50", "2021-10-31 02:00:00", "2021-10-31 02:00:10"]);
        let t = read(&log, "Europe/Vienna");
        let spans: Vec<(String, String)> = t.beats.iter().map(|b| (rfc3339(b.from), rfc3339(b.to))).collect();
        assert_eq!(
            spans,
            [
                ("2021-10-31T00:59:40.000Z".to_owned(), "2021-10-31T00:59:50.000Z".to_owned()),
                ("2021-10-31T01:00:00.000Z".to_owned(), "2021-10-31T01:00:10.000Z".to_owned()),
            ]
        );
        assert_eq!(t.all(&[What::LogWentBack]).count(), 0);
    }
}
