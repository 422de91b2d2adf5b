//! Keeps the events of a bundle at a number that can be judged, whatever comes in: where there are too many, equal ones
//! further apart from each other become one.
//!
//! Sources are thinned as they come, beside each other, and once more when all are known. How far does not depend on
//! their order: a source counts for every window at once, and events within a wider window are one whether or not those
//! within a narrower one have been joined before.

use crate::formats::folds;
use crate::model::{DAY, HOUR, MINUTE, Micros, Parsed, Raw, Source, What, Why, Written, Zone};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// How far apart equal events of a stream may be that are one, and how that is said. At the last step they are equal if
/// they are of one kind, whoever they are about.
const STEPS: [(Micros, &str); 5] = [
    (0, ""),
    (MINUTE, "equal ones of a log within a minute of each other are one"),
    (HOUR, "equal ones of a log within an hour of each other are one"),
    (DAY, "equal ones of a log within a day of each other are one"),
    (Micros::MAX, "all of one kind in a log are one"),
];

/// One in so many events may be of those that reading never folds: role changes, starts, stops (our choice).
const LISTED: u64 = 20;

/// Events of both kinds, those that reading folds and those that it lists, at each step.
type Counts = [[u64; STEPS.len()]; 2];

/// What all sources together may hold.
#[derive(Debug)]
pub struct Thinning {
    most: u64,
    counts: Mutex<Counts>,
}

impl Thinning {
    /// `most`: events of a bundle.
    pub fn new(most: u64) -> Thinning {
        Thinning { most, counts: Mutex::default() }
    }

    /// Takes the next source in.
    pub fn take(&self, parsed: &mut Parsed) {
        let own = count(parsed);
        let steps = {
            let mut all = self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            for (sum, n) in all.iter_mut().flatten().zip(own.iter().flatten()) {
                *sum += n;
            }
            self.steps(&all)
        };
        fold(parsed, steps);
    }

    /// Thins all sources alike; says what was done, if anything.
    pub fn settle(self, sources: &mut [Source]) -> Option<String> {
        let counts = self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let steps = self.steps(&counts);
        sources.iter_mut().for_each(|s| fold(&mut s.parsed, steps));
        let said = [("events", self.most), ("role changes, starts and stops", self.most / LISTED)];
        let said =
            said.iter().zip(*counts).zip(steps).filter(|(_, step)| *step > 0).map(|(((what, most), n), step)| {
                let (n, how) = (n.first().copied().unwrap_or(0), STEPS.get(step).map_or("", |s| s.1));
                format!("{n} {what} are more than {most}: {how}")
            });
        let said: Vec<String> = said.collect();
        let limit = self.most;
        (!said.is_empty())
            .then(|| format!("{} (limit events={limit}; raise it with --limit events=…)", said.join("; ")))
    }

    fn steps(&self, counts: &Counts) -> [usize; 2] {
        let step = |n: &[u64; STEPS.len()], most: u64| n.iter().position(|n| *n <= most).unwrap_or(STEPS.len() - 1);
        let [often, listed] = counts;
        [step(often, self.most), step(listed, self.most / LISTED)]
    }
}

/// What is equal in equal events of one stream.
type Key = (What, Why, Option<Arc<str>>, Zone, Written);

fn key(raw: &Raw, window: Micros) -> Key {
    (raw.what, raw.why, raw.who.clone().filter(|_| window < Micros::MAX), raw.zone, raw.written)
}

/// Whether an event joins one that reaches `until`.
fn joins(raw: &Raw, until: Micros, window: Micros) -> bool {
    raw.at.saturating_sub(until) <= window
}

/// The events of a source at each step.
fn count(parsed: &Parsed) -> Counts {
    let mut counts = Counts::default();
    for stream in &parsed.streams {
        let mut raws: Vec<&Raw> = stream.raws.iter().collect();
        raws.sort_by_key(|r| (r.at, r.line));
        let mut reach: HashMap<Key, Micros> = HashMap::new();
        let mut kinds: HashMap<Key, Micros> = HashMap::new();
        for raw in raws {
            let [often, listed] = &mut counts;
            let sums = if folds(raw.what) { often } else { listed };
            let [as_is, between @ .., last] = sums;
            *as_is += 1;
            *last += u64::from(kinds.insert(key(raw, Micros::MAX), raw.at).is_none());
            let before = reach.get_mut(&key(raw, 0));
            for (sum, (window, _)) in between.iter_mut().zip(STEPS.iter().skip(1)) {
                *sum += u64::from(before.as_ref().is_none_or(|until| !joins(raw, **until, *window)));
            }
            match before {
                Some(until) => *until = raw.until.max(*until),
                None => _ = reach.insert(key(raw, 0), raw.until),
            }
        }
    }
    counts
}

/// Joins what is equal within the windows of these steps.
fn fold(parsed: &mut Parsed, [often, listed]: [usize; 2]) {
    if (often, listed) == (0, 0) {
        return;
    }
    let window = |step: usize| STEPS.get(step).map_or(0, |s| s.0);
    for stream in &mut parsed.streams {
        stream.raws.sort_by_key(|r| (r.at, r.line));
        let mut open: HashMap<Key, usize> = HashMap::new();
        let mut out: Vec<Raw> = Vec::new();
        for raw in std::mem::take(&mut stream.raws) {
            let step = if folds(raw.what) { often } else { listed };
            let (window, own) = (window(step), key(&raw, window(step)));
            let run =
                open.get(&own).and_then(|at| out.get_mut(*at)).filter(|r| step > 0 && joins(&raw, r.until, window));
            match run {
                Some(run) => run.join(raw.count, raw.since, raw.until, raw.num),
                None => {
                    open.insert(own, out.len());
                    out.push(raw);
                }
            }
        }
        out.shrink_to_fit();
        stream.raws = out;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Program, SECOND, Stream};
    use proptest::prelude::*;

    /// Events of a source at these seconds: `a` and `b` fold, `P` is a promotion.
    fn source(events: &[(char, i64)]) -> Source {
        let log: String = events
            .iter()
            .map(|(kind, second)| {
                let at = crate::model::rfc3339(1_700_000_000_000_000 + second * SECOND).replace('T', " ");
                let at = at.get(..19).unwrap_or_default().to_owned();
                match kind {
                    'P' => format!("{at},000 INFO: promoted self to leader by acquiring session lock\n"),
                    who => format!(
                        "{at},000 INFO: Lock owner: {who}; I am pg1\n{at},001 ERROR: failed to update leader lock\n"
                    ),
                }
            })
            .collect();
        let parsed = crate::run::read_one("patroni.log", &mut log.as_bytes()).unwrap_or_default();
        Source { path: "patroni.log".to_owned(), modified: None, parsed }
    }

    fn thin(mut sources: Vec<Source>, most: u64) -> (Vec<Source>, Option<String>) {
        let thinning = Thinning::new(most);
        sources.iter_mut().for_each(|s| thinning.take(&mut s.parsed));
        let said = thinning.settle(&mut sources);
        (sources, said)
    }

    fn raws(sources: &[Source]) -> usize {
        sources.iter().flat_map(|s| &s.parsed.streams).map(|s| s.raws.len()).sum()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let before = source(&[('a', 0), ('P', 5), ('P', 100), ('a', 4000)]);
        let (after, said) = thin(vec![before.clone()], 100);
        assert_eq!((format!("{after:?}"), said), (format!("{:?}", [before]), None));
    }

    #[test]
    fn too_many_events_become_fewer_step_by_step_and_none_is_lost() {
        // Two hours, an event every five minutes.
        let many: Vec<(char, i64)> = (0..24).map(|n| ('a', n * 300)).collect();
        let whole = raws(&[source(&many)]) as u64;
        assert_eq!(whole, 48);
        let (after, said) = thin(vec![source(&many)], 40);
        assert_eq!(raws(&after), 2);
        let said = said.unwrap();
        assert!(said.starts_with("48 events are more than 40: equal ones of a log within an hour of"), "{said}");
        assert!(said.ends_with("(limit events=40; raise it with --limit events=…)"), "{said}");
        let all = after.iter().flat_map(|s| &s.parsed.streams).flat_map(|s| &s.raws);
        assert_eq!(all.map(|r| r.count).sum::<u32>(), 48);
    }

    #[test]
    fn role_changes_have_a_limit_of_their_own() {
        let many: Vec<(char, i64)> = (0..40).map(|n| ('P', n * 7)).chain([('P', 90_000)]).collect();
        let (after, said) = thin(vec![source(&many)], 200);
        assert_eq!(raws(&after), 2);
        assert!(said.unwrap().starts_with("41 role changes, starts and stops are more than 10:"));
        // Those that are further apart stay as they are.
        let few: Vec<(char, i64)> = (0..9).map(|n| ('P', n * 7)).collect();
        assert_eq!(raws(&thin(vec![source(&few)], 200).0), 9);
    }

    #[test]
    fn a_stream_never_grows_without_bound() {
        let mut stream = Stream::new(Program::Patroni, None, true);
        let proto = source(&[('P', 0)]).parsed.streams.first().and_then(|s| s.raws.first().cloned()).unwrap();
        stream.raws =
            (0..500).map(|n| Raw { who: Some(Arc::from(n.to_string())), at: n << 40, ..proto.clone() }).collect();
        let parsed = Parsed { streams: vec![stream], ..Parsed::default() };
        let (after, _) = thin(vec![Source { path: String::new(), modified: None, parsed }], 20);
        assert_eq!(raws(&after), 1);
    }

    proptest! {
        #[test]
        fn the_order_of_sources_changes_nothing(
            lists in prop::collection::vec(prop::collection::vec((prop_oneof![Just('a'), Just('b'), Just('P')], 0i64..200_000), 0..40), 1..6),
            most in 1u64..120,
        ) {
            let sources: Vec<Source> = lists.iter().map(|l| source(l)).collect();
            let (mut forward, said) = thin(sources.clone(), most);
            let (backward, again) = thin(sources.into_iter().rev().collect(), most);
            forward.reverse();
            prop_assert_eq!(format!("{forward:?}"), format!("{backward:?}"));
            prop_assert_eq!(said, again);
        }
    }
}
