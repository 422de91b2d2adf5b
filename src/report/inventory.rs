//! What was in the bundle and how it was read.

use super::manager;
use super::{Alias, Host, Inventory, Skip, SourceClock, SourceRow};
use crate::model::{Naming, NodeId, Source, Span, What, rfc3339};
use crate::timeline::{Event, Timeline};
use std::collections::BTreeMap;

pub(super) fn inventory(t: &Timeline, sources: &[Source], skipped: Vec<Skip>) -> Inventory {
    let hosts = t
        .cluster
        .nodes
        .iter()
        .enumerate()
        .map(|(i, n)| Host {
            name: n.name.to_string(),
            logs: logs(t, NodeId(i as u16)),
            clusters: Vec::new(),
            aliases: n
                .aliases
                .iter()
                .map(|((naming, name), why)| Alias {
                    name: name.to_string(),
                    why: format!("{}: {why}", naming.words()),
                })
                .collect(),
        })
        .collect();
    // A bundle may hold a hundred thousand sources.
    let mut spans: BTreeMap<u32, Span> = BTreeMap::new();
    for c in &t.covered {
        spans.entry(c.source).and_modify(|s| *s = s.union(&c.span)).or_insert(c.span);
    }
    let mut alarms: BTreeMap<u32, &Event> = BTreeMap::new();
    for e in t.events.iter().chain(&t.undated).filter(|e| e.what == What::UnnamedAlarm) {
        alarms.entry(e.source).or_insert(e);
    }
    let row = |(i, s): (usize, &Source)| {
        let source = i as u32;
        source_row(t, s, i, spans.get(&source).copied(), alarms.get(&source).copied())
    };
    let rows = sources.iter().enumerate().map(row).collect();
    let contradictions = t.cluster.contradictions.iter().cloned().collect();
    Inventory { hosts, sources: rows, skipped, contradictions, notes: manager::note(t).into_iter().collect() }
}

/// `all`: what its lines cover; `alarm`: the first of its lines that no table names.
fn source_row(t: &Timeline, s: &Source, i: usize, all: Option<Span>, alarm: Option<&Event>) -> SourceRow {
    let clock = t
        .clocks
        .of_stream
        .get(i)
        .and_then(|c| c.iter().zip(&s.parsed.streams).max_by_key(|(_, st)| st.stamped).map(|(c, _)| c));
    let node = t.cluster.of_source.get(i).copied();
    let c = &s.parsed.coverage;
    SourceRow {
        path: s.path.clone(),
        kind: s.parsed.kind.clone(),
        kind_why: s.parsed.kind_why.clone(),
        host: node.map_or_else(String::new, |n| t.name(n).to_string()),
        host_why: node.map_or_else(String::new, |n| host_why(t, s, n)),
        first: all.map(|a| rfc3339(a.from)),
        last: all.map(|a| rfc3339(a.to)),
        zone: clock.map_or_else(String::new, |c| c.label.clone()),
        zone_why: clock.map_or_else(String::new, |c| c.why.clone()),
        clocks: clocks(t, s, i),
        lines: c.lines,
        understood: c.understood,
        noise: c.noise,
        unknown: c.unknown + c.unread,
        unnamed: c.unnamed,
        unknown_lines: s.parsed.strange.iter().map(|(n, text)| format!("line {n}: {text}")).collect(),
        problems: problems(t, s, i, alarm),
    }
}

/// What made a source the node's: names in it, its folder, or what else is in that folder.
fn host_why(t: &Timeline, s: &Source, node: NodeId) -> String {
    if t.is_unnamed(node) {
        return "no line, folder or neighbour names a host".to_owned();
    }
    let is = |other: &str| t.resolve(other) == Some(node);
    let streams = || s.parsed.streams.iter();
    let written: u64 = streams().filter(|x| x.host.as_deref().is_some_and(is)).map(|x| x.stamped).sum();
    if written > 0 {
        return format!("written in {written} lines");
    }
    let hint =
        |naming: Naming| streams().flat_map(|x| &x.names).find(|n| n.naming == naming && is(&n.name)).map(|n| n.line);
    if let Some(line) = hint(Naming::Host) {
        return if line == 0 { "named in it".to_owned() } else { format!("named in line {line}") };
    }
    if let Some(folder) = s.path.split(['/', '!']).rev().skip(1).find(|part| is(part)) {
        return format!("folder {folder}");
    }
    if let Some(line) = hint(Naming::Member) {
        return format!("Patroni's own name in line {line}");
    }
    for naming in [Naming::EtcdName, Naming::EtcdId] {
        if let Some(line) = hint(naming) {
            let what = if naming == Naming::EtcdName { "name" } else { "id" };
            return format!("etcd's own {what} in line {line}");
        }
    }
    "the only host that other files beside it name".to_owned()
}

/// What stood in the way of reading, and what is there twice.
fn problems(t: &Timeline, s: &Source, i: usize, alarm: Option<&Event>) -> Vec<String> {
    let met = s.parsed.problems.iter();
    let mut list: Vec<String> =
        met.map(|p| p.line.map_or_else(|| p.what.clone(), |l| format!("line {l}: {}", p.what))).collect();
    if s.parsed.coverage.unnamed > 0 {
        let n = s.parsed.coverage.unnamed;
        let example = alarm.map_or_else(String::new, |e| format!(", e.g. line {}: {}", e.line, e.text));
        let (lines, are) = if n == 1 { ("line", "is") } else { ("lines", "are") };
        list.push(format!("{n} {lines} of level ERROR or above {are} in no table{example}"));
    }
    for copy in t.copies.iter().filter(|c| c.source as usize == i) {
        let (program, of) = (copy.program.id(), t.path(copy.of));
        list.push(format!("the same log of {program} as {of}: {} events of both are counted once", copy.events));
    }
    list
}

/// The clocks of all programs that write in a source.
fn clocks(t: &Timeline, s: &Source, i: usize) -> Vec<SourceClock> {
    let clocks = t.clocks.of_stream.get(i).into_iter().flatten();
    let nodes = t.cluster.of_stream.get(i).into_iter().flatten();
    let rows = clocks.zip(nodes).zip(&s.parsed.streams).filter(|(_, stream)| stream.stamped > 0);
    rows.map(|((clock, node), stream)| SourceClock {
        host: t.name(*node).to_string(),
        program: stream.program.id().to_owned(),
        zone: clock.label.clone(),
        why: clock.why.clone(),
        lines: stream.stamped,
        assumed: clock.assumed,
    })
    .collect()
}

/// Programs that wrote logs on a node.
fn logs(t: &Timeline, node: NodeId) -> Vec<String> {
    let mut list: Vec<String> =
        t.covered.iter().filter(|c| c.node == node).map(|c| c.program.id().to_owned()).collect();
    list.sort_unstable();
    list.dedup();
    list
}
