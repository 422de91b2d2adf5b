//! Events of a timeline that say the same thing again become one with a count.

use crate::model::{HOUR, Micros};
use crate::timeline::Event;

/// Events in front of an event among which its repeat is looked for: as many as hosts and programs take turns.
const BACK: usize = 8;

/// Repeats further apart than this are told each: what comes back after an hour is news.
const APART: Micros = HOUR;

/// Folds repeats. A single event joins the one before it only if nothing else happened between them; a run of equal
/// messages joins also over a few events of others.
pub fn fold<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    // Whether an event was a run as its log has it.
    let mut runs: Vec<bool> = Vec::new();
    for event in events {
        let newest = out.len().saturating_sub(1);
        let from = out.len().saturating_sub(BACK);
        let same = out.iter().skip(from).rposition(|e| is_same(e, event)).map(|i| from + i);
        let run = event.count > 1;
        let joins = same.filter(|at| *at == newest || run || runs.get(*at) == Some(&true));
        match joins.and_then(|at| out.get_mut(at)).filter(|e| event.at - e.until <= APART) {
            Some(earlier) => {
                earlier.count = earlier.count.saturating_add(event.count);
                earlier.until = earlier.until.max(event.until);
                if event.num.abs() > earlier.num.abs() {
                    earlier.num = event.num;
                }
            }
            None => {
                out.push(event.clone());
                runs.push(run);
            }
        }
    }
    out
}

fn is_same(a: &Event, b: &Event) -> bool {
    (a.node, a.program, a.what, a.why, &a.who) == (b.node, b.program, b.what, b.why, &b.who)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Settings, files_in, timeline_of};

    fn folded(bundle: &str) -> Vec<(String, u32)> {
        let (t, _) = timeline_of(&files_in(bundle), &Settings::default());
        fold(t.events.iter()).iter().map(|e| (e.what.id().to_owned(), e.count)).collect()
    }

    #[test]
    fn neighbours_join_and_events_with_others_between_them_stay() {
        let bundle = "//- db1/patroni.log
2021-02-01 13:45:00,000 WARNING: Loop time exceeded, rescheduling immediately.
2021-02-01 13:55:00,000 WARNING: Loop time exceeded, rescheduling immediately.
2021-02-01 14:05:00,000 INFO: promoted self to leader by acquiring session lock
2021-02-01 14:15:00,000 WARNING: Loop time exceeded, rescheduling immediately.
";
        let ids: Vec<u32> = folded(bundle).iter().map(|(_, n)| *n).collect();
        assert_eq!(ids, [2, 1, 1], "{:?}", folded(bundle));
    }

    #[test]
    fn runs_join_over_events_of_others() {
        let late = |m: u32| {
            format!(
                "2021-02-01 13:{m}:00.000001 W | etcdserver: server is likely overloaded\n2021-02-01 13:{m}:01.000001 W | etcdserver: server is likely overloaded\n"
            )
        };
        let bundle = format!(
            "//- db1/etcd.log\n{}{}//- db1/patroni.log\n2021-02-01 13:47:00,000 WARNING: Loop time exceeded, rescheduling immediately.\n",
            late(45),
            late(50)
        );
        assert_eq!(folded(&bundle).iter().map(|(_, n)| *n).collect::<Vec<_>>(), [4, 1]);
    }
}
