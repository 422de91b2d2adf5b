//! One log from two dumps (a file and the journal, two overlapping rotations, two bundles) is counted once.

use super::{Event, Timeline};
use crate::model::{Micros, NodeId, Program, Role, SECOND, Span, What, Why};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Two sources that hold the same lines of one program on one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copied {
    pub source: u32,
    /// The source whose events were kept.
    pub of: u32,
    pub program: Program,
    /// Events that both hold.
    pub events: u32,
}

/// Equal lines of two dumps have equal stamps; syslog and the journal stamp the same line up to a second apart.
const APART: Micros = SECOND;

/// Fewer equal lines than this may be chance.
const EQUAL_MIN: usize = 2;

/// So many of the events that lie in both logs' time are in both: dumps are cut and filtered, never rewritten.
const EQUAL_SHARE: usize = 60;

/// What equal events of two dumps share beside their time.
type Key = (NodeId, Program, What, Why, Option<Arc<str>>);

/// Events by what they share, and by where they stand.
type ByKey = BTreeMap<Key, Vec<usize>>;
type OfStream = BTreeMap<(NodeId, Program, u32), Vec<usize>>;

fn key(e: &Event) -> Key {
    (e.node, e.program, e.what, e.why, e.who.clone())
}

/// Takes events, heartbeats and silences out that another source tells as well, and tells which sources those are.
pub(super) fn merge(t: &mut Timeline) {
    let mut sources: BTreeMap<(NodeId, Program), BTreeSet<u32>> = BTreeMap::new();
    for c in &t.covered {
        sources.entry((c.node, c.program)).or_default().insert(c.source);
    }
    sources.retain(|_, s| s.len() > 1);
    if sources.is_empty() {
        return;
    }
    let mut by_key = ByKey::new();
    let mut of_stream = OfStream::new();
    for (i, e) in t.events.iter().enumerate().filter(|(_, e)| sources.contains_key(&(e.node, e.program))) {
        by_key.entry(key(e)).or_default().push(i);
        of_stream.entry((e.node, e.program, e.source)).or_default().push(i);
    }
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    let mut pairs: Vec<(NodeId, Copied)> = Vec::new();
    let (spans, beats) = (spans(t), beats(t));
    for ((node, program), list) in &sources {
        let size = |s: &u32| of_stream.get(&(*node, *program, *s)).map_or(0, Vec::len);
        let mut list: Vec<u32> = list.iter().copied().collect();
        list.sort_by_key(|s| (std::cmp::Reverse(size(s)), *s));
        for (of, source) in meeting(&list, |s| spans.get(&(*node, *program, s)).copied()) {
            let Some(both) = spans.get(&(*node, *program, of)) else { continue };
            let twins = twins(t, (&by_key, &of_stream, &beats), (*node, *program), source, (of, *both), &gone);
            if let Some(twins) = twins {
                let events = twins.len() as u32 + same_beats(&beats, *node, source, of) as u32;
                pairs.push((*node, Copied { source, of, program: *program, events }));
                for (copy, kept) in twins {
                    gone.insert(copy);
                    join(t, copy, kept);
                }
            }
        }
    }
    for (node, pair) in pairs.iter().filter(|(_, p)| p.program == Program::Patroni) {
        silences(t, *node, pair);
    }
    let mut i = 0;
    t.events.retain(|_| {
        i += 1;
        !gone.contains(&(i - 1))
    });
    t.copies = pairs.into_iter().map(|(_, p)| p).collect();
}

/// What each source covers of a program on a host.
fn spans(t: &Timeline) -> BTreeMap<(NodeId, Program, u32), Span> {
    let mut spans: BTreeMap<(NodeId, Program, u32), Span> = BTreeMap::new();
    for c in &t.covered {
        spans.entry((c.node, c.program, c.source)).and_modify(|s| *s = s.union(&c.span)).or_insert(c.span);
    }
    spans
}

/// Pairs of sources whose times meet, in the order of the list: only these can be dumps of one log. Of thousands, each is
/// held against the few that begin next.
fn meeting(list: &[u32], span: impl Fn(u32) -> Option<Span>) -> Vec<(u32, u32)> {
    let most = if list.len() > MANY { FEW } else { usize::MAX };
    let mut begins: Vec<(Span, usize)> =
        list.iter().enumerate().filter_map(|(n, s)| Some((span(*s)?.widened(APART), n))).collect();
    begins.sort_by_key(|(span, n)| (span.from, *n));
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (k, (span, n)) in begins.iter().enumerate() {
        let meet = begins.iter().skip(k + 1).take_while(|(other, _)| other.from <= span.to).take(most);
        pairs.extend(meet.map(|(_, m)| (*n.min(m), *n.max(m))));
    }
    pairs.sort_unstable();
    pairs.into_iter().filter_map(|(n, m)| Some((*list.get(n)?, *list.get(m)?))).collect()
}

/// Sources of one program on one host; our choice, so that a hundred thousand files take seconds.
const MANY: usize = 2_000;
const FEW: usize = 16;

/// Events of `source` with their equals in `of`, if the two are dumps of one log.
fn twins(
    t: &Timeline,
    (by_key, of_stream, beats): (&ByKey, &OfStream, &Beats),
    (node, program): (NodeId, Program),
    source: u32,
    (of, both): (u32, Span),
    gone: &BTreeSet<usize>,
) -> Option<Vec<(usize, usize)>> {
    let inside: Vec<usize> = of_stream
        .get(&(node, program, source))
        .map(|l| l.iter().copied().filter(|i| !gone.contains(i)).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter(|i| t.events.get(*i).is_some_and(|e| both.widened(APART).contains(e.at)))
        .collect();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut found = Vec::new();
    for i in &inside {
        let Some(e) = t.events.get(*i) else { continue };
        let equal = |j: &&usize| {
            t.events
                .get(**j)
                .is_some_and(|o| o.source == of && !gone.contains(*j) && !used.contains(*j) && is_equal(e, o))
        };
        if let Some(j) = by_key.get(&key(e)).and_then(|l| l.iter().find(equal)) {
            // A run of one dump may stand for two of the other.
            if e.count == 1 && t.events.get(*j).is_some_and(|o| o.count == 1) {
                used.insert(*j);
            }
            found.push((*i, *j));
        }
    }
    let same = if program == Program::Patroni { same_beats(beats, node, source, of) } else { 0 };
    let equal = found.len() + same;
    (equal >= EQUAL_MIN && found.len() * 100 >= inside.len() * EQUAL_SHARE).then_some(found)
}

/// The same line of two dumps, or runs of the same lines that were folded from other beginnings.
fn is_equal(a: &Event, b: &Event) -> bool {
    let same_number = (a.num - b.num).abs() < 1e-6;
    let runs = a.count > 1 || b.count > 1;
    let near = a.at <= b.until + APART && b.at <= a.until + APART;
    near && (runs || same_number)
        && (a.pid == b.pid || a.pid == 0 || b.pid == 0)
        && (a.at == b.at || runs || same_end(a, b))
}

/// The lines end alike, whatever stands in front of them.
fn same_end(a: &Event, b: &Event) -> bool {
    let end =
        |e: &Event| e.text.trim_end_matches(['"', '}', '\\', 'n', ' ']).chars().rev().take(24).collect::<String>();
    end(a) == end(b)
}

/// Runs of heartbeats that begin or end at the same moment with the same role in both.
fn same_beats(beats: &Beats, node: NodeId, source: u32, of: u32) -> usize {
    let runs = |s: u32| beats.get(&(node, s)).into_iter().flatten();
    runs(source).filter(|b| runs(of).any(|o| o.0 == b.0 && (o.1 == b.1 || o.2 == b.2))).count()
}

/// Runs of heartbeats of each source on each host: role, first, last.
type Beats = BTreeMap<(NodeId, u32), Vec<(Role, Micros, Micros)>>;

fn beats(t: &Timeline) -> Beats {
    let mut all = Beats::new();
    for b in &t.beats {
        all.entry((b.node, b.source)).or_default().push((b.role, b.from, b.to));
    }
    all
}

/// The kept event stands for both.
fn join(t: &mut Timeline, copy: usize, kept: usize) {
    let Some(e) = t.events.get(copy).cloned() else { return };
    let Some(k) = t.events.get_mut(kept) else { return };
    k.count = k.count.max(e.count);
    if k.count > 1 {
        k.at = k.at.min(e.at);
        k.until = k.until.max(e.until);
        if e.num.abs() > k.num.abs() {
            k.num = e.num;
        }
    }
}

/// Heartbeats that both tell are told once; a silence in one dump is none if the other holds lines in it.
fn silences(t: &mut Timeline, node: NodeId, pair: &Copied) {
    let speaks = |t: &Timeline, source: u32, span: Span| {
        let inner = Span::new(span.from + SECOND, (span.to - SECOND).max(span.from + SECOND));
        t.events
            .iter()
            .any(|e| e.node == node && e.program == Program::Patroni && e.source == source && inner.contains(e.at))
            || t.beats.iter().any(|b| {
                // A run of heartbeats has none missing between its ends.
                b.node == node && b.source == source && b.from <= inner.to && b.to >= inner.from && b.count > 1
            })
    };
    let mut gaps = std::mem::take(&mut t.gaps);
    gaps.retain(|g| {
        let other = match g.source {
            s if s == pair.source => pair.of,
            s if s == pair.of => pair.source,
            _ => return true,
        };
        g.node != node || !speaks(t, other, g.span)
    });
    let kept: Vec<Span> = gaps.iter().filter(|g| g.node == node && g.source == pair.of).map(|g| g.span).collect();
    gaps.retain(|g| g.node != node || g.source != pair.source || !kept.iter().any(|k| k.overlaps(&g.span)));
    t.gaps = gaps;
    let told: Vec<_> =
        t.beats.iter().filter(|b| b.node == node && b.source == pair.of).map(|b| (b.role, b.from, b.to)).collect();
    t.beats.retain(|b| {
        let within = |(role, from, to): &(_, Micros, Micros)| {
            *role == b.role && *from <= b.from + 2 * SECOND && *to + 2 * SECOND >= b.to
        };
        b.node != node || b.source != pair.source || !told.iter().any(within)
    });
}

#[cfg(test)]
mod tests {
    use crate::model::What;
    use crate::run::{Settings, files_in, timeline_of};
    use crate::timeline::Timeline;

    const LINES: &[&str] = &[
        "2021-02-01 13:44:34,101 INFO: no action. I am (pg1), the leader with the lock",
        "2021-02-01 13:44:44,101 INFO: no action. I am (pg1), the leader with the lock",
        "2021-02-01 13:44:54,101 INFO: no action. I am (pg1), the leader with the lock",
        "2021-02-01 13:45:05,683 INFO: demoted self because failed to update leader lock in DCS",
        "2021-02-01 13:45:07,012 WARNING: Loop time exceeded, rescheduling immediately.",
        "2021-02-01 13:45:08,000 ERROR: failed to update leader lock",
    ];

    fn timeline(files: &[(&str, String)]) -> Timeline {
        let bundle: String = files.iter().map(|(path, text)| format!("//- {path}\n{text}")).collect();
        timeline_of(&files_in(&bundle), &Settings::default()).0
    }

    fn plain(lines: &[&str]) -> String {
        lines.iter().map(|l| format!("{l}\n")).collect()
    }

    fn journal(lines: &[&str]) -> String {
        lines.iter().map(|l| format!("Feb 01 {} pg1 patroni[7]: {l}\n", &l[11..19])).collect()
    }

    #[test]
    fn a_log_and_its_journal_are_one() {
        let t = timeline(&[("pg1/patroni.log", plain(LINES)), ("pg1/journalctl.txt", journal(LINES))]);
        assert_eq!(t.all(&[What::DemotedLockUpdate]).count(), 1);
        assert_eq!(t.events.len(), 3, "{:?}", t.events);
        assert_eq!(t.beats.iter().map(|b| b.count).sum::<u32>(), 3);
        assert_eq!(t.copies.len(), 1);
    }

    #[test]
    fn overlapping_rotations_keep_what_only_one_holds() {
        let t = timeline(&[("pg1/patroni.log", plain(&LINES[3..])), ("pg1/patroni.log.1", plain(&LINES[..5]))]);
        assert_eq!(t.events.len(), 3, "{:?}", t.events);
        assert_eq!(t.beats.iter().map(|b| b.count).sum::<u32>(), 3);
    }

    #[test]
    fn a_cut_dump_has_no_silence_where_the_whole_one_speaks() {
        let beat = |s: u32| {
            format!(
                "2021-02-01 13:{:02}:{:02},101 INFO: no action. I am (pg1), the leader with the lock",
                30 + s / 60,
                s % 60
            )
        };
        let all: Vec<String> = (0..90).map(|i| beat(i * 10)).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).chain(LINES.iter().skip(3).copied()).collect();
        let cut: Vec<&str> = all.iter().copied().filter(|l| !("13:35:00"..="13:40:00").contains(&&l[11..19])).collect();
        let alone = timeline(&[("pg1/cut.log", plain(&cut))]);
        assert_eq!(alone.gaps.len(), 1);
        let t = timeline(&[("pg1/cut.log", plain(&cut)), ("pg1/patroni.log", plain(&all))]);
        assert_eq!(t.gaps.len(), 0);
        assert_eq!(t.copies.len(), 1);
    }

    #[test]
    fn logs_of_two_hosts_and_other_times_stay() {
        let t = timeline(&[("pg1/patroni.log", plain(LINES)), ("pg2/patroni.log", plain(LINES).replace("pg1", "pg2"))]);
        assert_eq!(t.all(&[What::DemotedLockUpdate]).count(), 2);
        let later = plain(LINES).replace("13:4", "15:4");
        let t = timeline(&[("pg1/patroni.log", plain(LINES)), ("pg1/patroni.log.1", later)]);
        assert_eq!((t.all(&[What::DemotedLockUpdate]).count(), t.copies.len()), (2, 0));
    }
}
