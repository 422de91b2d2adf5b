//! One axis of time: finds zone and year of each stream from the strongest proof in the bundle, with the reason.

mod agreement;
#[cfg(test)]
mod tests;
mod year;
pub mod zone;

use crate::cluster::Cluster;
use crate::model::{Micros, NodeId, Program, SECOND, Source, Stamp, Stream, Time, Written, Zone};
use std::collections::BTreeMap;
pub use zone::Rule;

/// The clock of one stream: civil time minus `offset` is UTC.
#[derive(Clone, Debug)]
pub struct Clock {
    pub rule: Rule,
    /// Zone in words, e.g. `UTC+09:00` or `America/New_York`.
    pub label: String,
    /// How the zone was found.
    pub why: String,
    /// Nothing in the bundle says it: UTC for want of anything better.
    pub assumed: bool,
    pub year: year::Year,
    /// Day for stamps without one.
    pub day: Option<Micros>,
}

/// Distance below which two clocks of different programs or hosts are not told apart.
/// Half a second each: NTP keeps hosts far closer, log writers delay lines by up to that.
const SLACK: Micros = SECOND / 2;

impl Clock {
    /// UTC of a stamp, if the clock can place it.
    pub fn time(&self, civil: Micros, zone: Zone, written: Written) -> Option<Micros> {
        let civil = match written {
            Written::Full => civil,
            Written::NoYear => self.year.place(civil)?,
            Written::NoDate => self.day?.checked_add(civil)?,
            Written::SinceBoot => return None,
        };
        let offset = match zone {
            Zone::Utc => 0,
            Zone::Offset(seconds) => i64::from(seconds) * SECOND,
            Zone::Abbrev(_) | Zone::Unwritten => self.rule.offset(civil),
        };
        Some(civil - offset)
    }

    pub fn slack(&self) -> Micros {
        SLACK
    }

    pub fn instant(&self, stamp: Stamp) -> Option<Time> {
        self.time(stamp.civil, stamp.zone, stamp.written).map(|at| Time { at, slack: SLACK })
    }
}

/// What the user says about zones: for all hosts, and for single ones.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    pub all: Option<Rule>,
    pub of_host: BTreeMap<String, Rule>,
}

/// Clocks of all streams, `[source][stream]`, and one per source for its facts.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    pub of_stream: Vec<Vec<Clock>>,
    pub of_source: Vec<Clock>,
}

/// A zone found for one stream.
#[derive(Clone, Debug)]
struct Proof {
    rule: Rule,
    why: String,
}

/// Where a stream stands in the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    source: usize,
    stream: usize,
    node: NodeId,
}

/// Finds the clocks of all streams.
pub fn set(sources: &[Source], cluster: &Cluster, zones: &Zones) -> Clocks {
    let all: Vec<At> = sources
        .iter()
        .enumerate()
        .flat_map(|(source, s)| (0..s.parsed.streams.len()).map(move |stream| (source, stream)))
        .filter_map(|(source, stream)| {
            let node = *cluster.of_stream.get(source)?.get(stream)?;
            Some(At { source, stream, node })
        })
        .collect();
    let get = |at: At| sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream));
    let mut found: BTreeMap<At, Proof> = BTreeMap::new();
    for at in &all {
        let Some(stream) = get(*at) else { continue };
        let host = cluster.name(at.node);
        let told = zones.of_host.get(&host.to_ascii_lowercase()).or(zones.all.as_ref());
        let proof = told
            .filter(|_| needs_zone(stream))
            .map(|rule| Proof { rule: rule.clone(), why: "as told by --tz".into() })
            .or_else(|| inside(stream));
        if let Some(proof) = proof {
            found.insert(*at, proof);
        }
    }
    facts(sources, &all, &mut found);
    side_by_side(sources, &all, &mut found);
    history(sources, &all, &mut found);
    ambiguous(sources, &all, &mut found);
    // Each of these may unlock another: repeat until nothing new is found (at most once per stream).
    loop {
        let before = found.len();
        same_envelope(sources, &all, &mut found);
        agreement::same_host(sources, &all, &mut found);
        agreement::across_hosts(sources, cluster, &all, &mut found);
        neighbours(sources, cluster, &all, &mut found);
        if found.len() == before {
            break;
        }
    }
    let year = year::of_bundle(sources);
    // The first stream of each node whose zone was found out; a bundle may hold a hundred thousand.
    let mut of_node: BTreeMap<NodeId, At> = BTreeMap::new();
    for at in all.iter().filter(|a| found.contains_key(a) && get(**a).is_some_and(needs_zone)) {
        of_node.entry(at.node).or_insert(*at);
    }
    let mut clocks = Clocks::default();
    for (i, source) in sources.iter().enumerate() {
        let streams = source.parsed.streams.iter().enumerate();
        clocks.of_stream.push(
            streams
                .map(|(j, stream)| {
                    let node = cluster.of_stream.get(i).and_then(|s| s.get(j)).copied().unwrap_or(NodeId(0));
                    let proof = found.get(&At { source: i, stream: j, node });
                    clock(stream, proof, &year, source)
                })
                .collect(),
        );
        let of_node = cluster.of_source.get(i).and_then(|node| of_node.get(node));
        let proof = of_node.and_then(|a| found.get(a));
        clocks.of_source.push(clock(&Stream::new(Program::Command, None, true), proof, &year, source));
    }
    place_days(sources, cluster, &mut clocks);
    clocks
}

fn clock(stream: &Stream, proof: Option<&Proof>, years: &year::Years, source: &Source) -> Clock {
    let year = years.of(stream, source);
    match proof {
        Some(p) => {
            Clock { label: p.rule.label(), rule: p.rule.clone(), why: p.why.clone(), assumed: false, year, day: None }
        }
        None if !needs_zone(stream) => {
            let why = format!("written in {} lines", stream.stamped);
            Clock { label: written_label(stream), rule: Rule::Fixed(0), why, assumed: false, year, day: None }
        }
        None => Clock {
            label: "UTC".into(),
            rule: Rule::Fixed(0),
            why: "assumed: nothing in the bundle says it".into(),
            assumed: true,
            year,
            day: None,
        },
    }
}

/// The zone that all stamps say themselves: by name if it is one, else `as written`.
fn written_label(stream: &Stream) -> String {
    let mut offsets: Vec<i32> = stream.written_zone.keys().filter_map(|z| zone::written_offset(*z)).collect();
    offsets.sort_unstable();
    offsets.dedup();
    match offsets.as_slice() {
        [one] => Rule::Fixed(*one).label(),
        _ => "as written".to_owned(),
    }
}

/// Whether any stamp of the stream leaves its zone open.
fn needs_zone(stream: &Stream) -> bool {
    stream.written_zone.is_empty() || stream.written_zone.keys().any(|z| matches!(z, Zone::Unwritten | Zone::Abbrev(_)))
}

/// Proofs that a stream carries in its own lines.
fn inside(stream: &Stream) -> Option<Proof> {
    if let Some((quarters, n)) = stream.proofs.iter().max_by_key(|(_, n)| **n) {
        let rule = Rule::Fixed(-quarters * 900);
        return Some(Proof { rule, why: format!("from {n} lines that carry two clocks") });
    }
    // The envelope's clock is known: the line's own clock differs from it by whole quarter hours.
    let known = stream.pairs.iter().filter_map(|((zone, q), n)| Some((zone::written_offset(*zone)?, *q, *n)));
    if let Some((outer, q, n)) = known.max_by_key(|(_, _, n)| *n) {
        let rule = Rule::Fixed(outer - q * 900);
        return Some(Proof { rule, why: format!("from {n} lines with a second clock in their envelope") });
    }
    let (zone, n) = stream.written_zone.iter().max_by_key(|(_, n)| **n)?;
    match zone {
        Zone::Abbrev(name) => {
            let offset = crate::model::certain_offset(name)?;
            Some(Proof {
                rule: Rule::Fixed(offset),
                why: format!("written as {} in {n} lines", zone::abbreviation_text(name)),
            })
        }
        _ => None,
    }
}

/// Settings and command outputs of the same host: `log_timezone`, `timedatectl`, `date`.
fn facts(sources: &[Source], all: &[At], found: &mut BTreeMap<At, Proof>) {
    use crate::model::Key;
    for (i, source) in sources.iter().enumerate() {
        for fact in source.parsed.facts.iter().filter(|f| f.key == Key::TimeZone) {
            let Some(rule) = fact.value.text().and_then(Rule::named) else { continue };
            let item = fact.item.as_deref().unwrap_or("host");
            // Facts hold for the host of their source: all streams of sources of that host.
            let Some(node) = all.iter().find(|a| a.source == i).map(|a| a.node).or_else(|| host_of(all, sources, i))
            else {
                continue;
            };
            for at in all.iter().filter(|a| a.node == node && !found.contains_key(a)).copied().collect::<Vec<_>>() {
                let Some(stream) = sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream)) else {
                    continue;
                };
                let applies = if item == "postgresql" {
                    stream.program == Program::Postgres && stream.own_clock
                } else {
                    stream.program != Program::Postgres
                };
                if applies && needs_zone(stream) {
                    found.insert(
                        at,
                        Proof { rule: rule.clone(), why: format!("{} says {}", source.path, rule.label()) },
                    );
                }
            }
        }
    }
}

/// Patroni and PostgreSQL write into one file, and PostgreSQL says its zone: where the writer changes, the two clocks
/// stand side by side. All such places must agree.
fn side_by_side(sources: &[Source], all: &[At], found: &mut BTreeMap<At, Proof>) {
    for at in all {
        let Some(stream) = sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream)) else { continue };
        if found.contains_key(at) || !needs_zone(stream) || stream.program != Program::Patroni {
            continue;
        }
        let mut known: Vec<(i32, u32)> = stream
            .beside
            .iter()
            .filter(|((program, ..), _)| *program == Program::Postgres)
            .filter_map(|((_, zone, q), n)| Some((zone::written_offset(*zone)? - q * 900, *n)))
            .collect();
        known.sort_unstable();
        let lines: u32 = known.iter().map(|k| k.1).sum();
        known.dedup_by_key(|k| k.0);
        let [(offset, _)] = known.as_slice() else { continue };
        let why = format!("from {lines} lines beside lines of postgresql that say their zone");
        found.insert(*at, Proof { rule: Rule::Fixed(*offset), why });
    }
}

/// Patroni stamps its history with the offset of its own host: the newest row tells the zone of Patroni's logs,
/// unless a log's own proof or its host's settings said it before. (Older rows may be from the other half of the year.)
fn history(sources: &[Source], all: &[At], found: &mut BTreeMap<At, Proof>) {
    let rows = sources
        .iter()
        .flat_map(|s| s.parsed.facts.iter().map(move |f| (s, f)))
        .filter(|(_, f)| f.key == crate::model::Key::HistoryLeader);
    let newest = rows
        .filter_map(|(s, f)| Some((f.at?, &s.path)))
        .max_by_key(|(at, path)| (at.civil, std::cmp::Reverse((*path).clone())));
    let Some((at, path)) = newest else { return };
    let Some(offset) = zone::written_offset(at.zone) else { return };
    for open in all.iter().filter(|a| !found.contains_key(a)).copied().collect::<Vec<_>>() {
        let Some(stream) = sources.get(open.source).and_then(|s| s.parsed.streams.get(open.stream)) else { continue };
        if stream.program == Program::Patroni && stream.own_clock && needs_zone(stream) && stream.proofs.is_empty() {
            let rule = Rule::Fixed(offset);
            found.insert(open, Proof { why: format!("{path} says {}", rule.label()), rule });
        }
    }
}

/// The host of a source without streams: that of the source whose path shares most with it.
fn host_of(all: &[At], sources: &[Source], source: usize) -> Option<NodeId> {
    let path = &sources.get(source)?.path;
    let shared = |other: &str| path.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    all.iter().max_by_key(|a| sources.get(a.source).map_or(0, |s| shared(&s.path))).map(|a| a.node)
}

/// IST, CST and other abbreviations of several zones: the meaning under which this log overlaps best
/// with streams of the bundle whose time is certain.
fn ambiguous(sources: &[Source], all: &[At], found: &mut BTreeMap<At, Proof>) {
    let certain: Vec<(Micros, Micros)> = all
        .iter()
        .filter_map(|a| {
            let stream = sources.get(a.source)?.parsed.streams.get(a.stream)?;
            if stream.stamped == 0 || stream.min > stream.max || stream.first?.written != Written::Full {
                return None;
            }
            let offset = if needs_zone(stream) {
                found.get(a)?.rule.offset(stream.min)
            } else {
                zone::written_offset(*stream.written_zone.keys().next()?)? as i64 * SECOND
            };
            Some((stream.min - offset, stream.max - offset))
        })
        .collect();
    for at in all {
        if found.contains_key(at) {
            continue;
        }
        let Some(stream) = sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream)) else { continue };
        let Some((Zone::Abbrev(name), n)) = stream.written_zone.iter().max_by_key(|(_, n)| **n) else { continue };
        let meanings = zone::meanings(name);
        let overlap = |offset: i32| -> Micros {
            let (from, to) = (stream.min - i64::from(offset) * SECOND, stream.max - i64::from(offset) * SECOND);
            certain.iter().map(|(a, b)| (to.min(*b) - from.max(*a)).max(-7 * crate::model::DAY)).max().unwrap_or(0)
        };
        let mut ranked: Vec<(Micros, i32)> = meanings.iter().map(|o| (overlap(*o), *o)).collect();
        ranked.sort_by_key(|(o, _)| std::cmp::Reverse(*o));
        let word = zone::abbreviation_text(name);
        let proof = match ranked.as_slice() {
            [(best, offset), (second, _), ..] if !certain.is_empty() && best > second => Some(Proof {
                rule: Rule::Fixed(*offset),
                why: format!("{word} in {n} lines; this meaning overlaps with the bundle's other clocks"),
            }),
            [(_, offset), ..] => Some(Proof {
                rule: Rule::Fixed(*offset),
                why: format!("{word} in {n} lines, in its most common meaning"),
            }),
            [] => None,
        };
        if let Some(proof) = proof {
            found.insert(*at, proof);
        }
    }
}

/// Streams that have no clock of their own share their envelope's; a known inner clock tells the envelope's.
fn same_envelope(sources: &[Source], all: &[At], found: &mut BTreeMap<At, Proof>) {
    for at in all {
        let Some(stream) = sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream)) else { continue };
        if stream.own_clock || found.contains_key(at) || !needs_zone(stream) {
            continue;
        }
        let mut best: Option<(u32, Proof)> = None;
        for other in all.iter().filter(|o| o.source == at.source && o.node == at.node && *o != at) {
            let Some(inner) = sources.get(other.source).and_then(|s| s.parsed.streams.get(other.stream)) else {
                continue;
            };
            let candidate = if inner.own_clock {
                let offset = if needs_zone(inner) {
                    found.get(other).map(|p| p.rule.offset(inner.min))
                } else {
                    inner
                        .written_zone
                        .keys()
                        .next()
                        .and_then(|z| zone::written_offset(*z))
                        .map(|o| i64::from(o) * SECOND)
                };
                let pair = inner.pairs.iter().filter(|((z, _), _)| *z == Zone::Unwritten).max_by_key(|(_, n)| **n);
                offset.zip(pair).map(|(offset, ((_, q), n))| {
                    let seconds = (offset / SECOND) as i32 + q * 900;
                    (
                        *n,
                        Proof {
                            rule: Rule::Fixed(seconds),
                            why: format!("from {n} {} lines with both clocks", inner.program.id()),
                        },
                    )
                })
            } else {
                found.get(other).map(|p| (1, Proof { rule: p.rule.clone(), why: p.why.clone() }))
            };
            if let Some((n, proof)) = candidate
                && best.as_ref().is_none_or(|(m, _)| n > *m)
            {
                best = Some((n, proof));
            }
        }
        if let Some((_, proof)) = best {
            found.insert(*at, proof);
        }
    }
    // The other way round: an envelope's clock that is known tells the inner clocks.
    for at in all {
        let Some(stream) = sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream)) else { continue };
        if !stream.own_clock || found.contains_key(at) || !needs_zone(stream) {
            continue;
        }
        let Some(((_, q), n)) =
            stream.pairs.iter().filter(|((z, _), _)| *z == Zone::Unwritten).max_by_key(|(_, n)| **n)
        else {
            continue;
        };
        let outer = all.iter().find(|o| {
            o.source == at.source
                && o.node == at.node
                && found.contains_key(o)
                && sources.get(o.source).and_then(|s| s.parsed.streams.get(o.stream)).is_some_and(|s| !s.own_clock)
        });
        if let Some(proof) = outer.and_then(|o| found.get(o)) {
            let seconds = (proof.rule.offset(stream.min) / SECOND) as i32 - q * 900;
            let proof =
                Proof { rule: Rule::Fixed(seconds), why: format!("from {n} lines behind an envelope of known zone") };
            found.insert(*at, proof);
        }
    }
}

/// What is left: as on the same host, as the same program on other hosts.
fn neighbours(sources: &[Source], cluster: &Cluster, all: &[At], found: &mut BTreeMap<At, Proof>) {
    let program = |at: &At| {
        sources.get(at.source).and_then(|s| s.parsed.streams.get(at.stream)).map(|s| (s.program, needs_zone(s)))
    };
    let open: Vec<At> =
        all.iter().filter(|a| !found.contains_key(a) && program(a).is_some_and(|(_, needs)| needs)).copied().collect();
    if open.len() > MANY {
        return neighbours_at_once(cluster, all, &open, &program, found);
    }
    // One at a time: what is found for one stream may give `agreement` a better proof for the next.
    for at in &open {
        let same_host = all
            .iter()
            .find(|o| o.node == at.node && found.contains_key(o) && program(o).is_some_and(|(_, needs)| needs));
        if let Some(proof) = same_host.and_then(|o| found.get(o)) {
            let proof = Proof { rule: proof.rule.clone(), why: format!("as other logs of {}", cluster.name(at.node)) };
            found.insert(*at, proof);
            return;
        }
    }
    for at in &open {
        let same_program = all.iter().find(|o| {
            found.contains_key(o)
                && program(o).map(|p| p.0) == program(at).map(|p| p.0)
                && program(o).is_some_and(|(_, needs)| needs)
        });
        if let Some((other, proof)) = same_program.and_then(|o| Some((o, found.get(o)?))) {
            let proof =
                Proof { rule: proof.rule.clone(), why: format!("as the same log of {}", cluster.name(other.node)) };
            found.insert(*at, proof);
            return;
        }
    }
}

/// More open streams than this are looked at together: one at a time, a hundred thousand would take hours.
const MANY: usize = 1_000;

type ProgramAt<'a> = dyn Fn(&At) -> Option<(Program, bool)> + 'a;

fn neighbours_at_once(
    cluster: &Cluster,
    all: &[At],
    open: &[At],
    program: &ProgramAt<'_>,
    found: &mut BTreeMap<At, Proof>,
) {
    let (mut of_node, mut of_program) = (BTreeMap::new(), BTreeMap::new());
    for at in all {
        if let (Some((written_by, true)), Some(proof)) = (program(at), found.get(at)) {
            of_node.entry(at.node).or_insert_with(|| proof.rule.clone());
            of_program.entry(written_by.id()).or_insert_with(|| (at.node, proof.rule.clone()));
        }
    }
    for at in open {
        let same_program = program(at).and_then(|(p, _)| of_program.get(p.id()));
        if let Some(rule) = of_node.get(&at.node) {
            let why = format!("as other logs of {}", cluster.name(at.node));
            found.insert(*at, Proof { rule: rule.clone(), why });
        } else if let Some((node, rule)) = same_program {
            let why = format!("as the same log of {}", cluster.name(*node));
            found.insert(*at, Proof { rule: rule.clone(), why });
        }
    }
}

/// Stamps without a date (pasted `sar` text) belong to the day of the alarms of the bundle.
fn place_days(sources: &[Source], cluster: &Cluster, clocks: &mut Clocks) {
    use crate::model::{DAY, What};
    let mut anchor: Option<(u8, Micros)> = None;
    for (i, source) in sources.iter().enumerate() {
        for (j, stream) in source.parsed.streams.iter().enumerate() {
            let Some(clock) = clocks.of_stream.get(i).and_then(|c| c.get(j)) else { continue };
            for raw in &stream.raws {
                let rank = match raw.what {
                    What::DemotedLockUpdate
                    | What::DemotedDcs
                    | What::DemoteOffline
                    | What::DemoteNolock
                    | What::Promoted => 0,
                    What::LockUpdateFailed | What::DcsUnreachable | What::HeartbeatLate | What::FsyncSlow => 1,
                    _ => 2,
                };
                let at = clock.time(raw.at, raw.zone, raw.written);
                if let Some(at) = at
                    && anchor.is_none_or(|a| (rank, at) < a)
                {
                    anchor = Some((rank, at));
                }
            }
        }
    }
    let Some((_, anchor)) = anchor else { return };
    for (i, source) in sources.iter().enumerate() {
        for (j, stream) in source.parsed.streams.iter().enumerate() {
            let node = cluster.of_stream.get(i).and_then(|n| n.get(j));
            let _ = node;
            if let Some(clock) = clocks.of_stream.get_mut(i).and_then(|c| c.get_mut(j))
                && stream.series.iter().any(|s| s.written == Written::NoDate)
            {
                let local = anchor + clock.rule.offset(anchor);
                clock.day = Some(local.div_euclid(DAY) * DAY);
            }
        }
    }
}
