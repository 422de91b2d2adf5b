//! What was in the bundle and how it was read.

use super::{Alias, Host, Inventory, Skip, SourceClock, SourceRow};
use crate::model::{NodeId, Source, Span, rfc3339};
use crate::timeline::Timeline;

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
    let rows = sources.iter().enumerate().map(|(i, s)| source_row(t, s, i)).collect();
    let contradictions = t.cluster.contradictions.iter().cloned().collect();
    Inventory { hosts, sources: rows, skipped, contradictions }
}

fn source_row(t: &Timeline, s: &Source, i: usize) -> SourceRow {
    let spans: Vec<Span> = t.covered.iter().filter(|c| c.source as usize == i).map(|c| c.span).collect();
    let all = spans.into_iter().reduce(|a, b| a.union(&b));
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
        host: node.map_or_else(String::new, |n| t.name(n).to_string()),
        first: all.map(|a| rfc3339(a.from)),
        last: all.map(|a| rfc3339(a.to)),
        zone: clock.map_or_else(String::new, |c| c.label.clone()),
        zone_why: clock.map_or_else(String::new, |c| c.why.clone()),
        clocks: clocks(t, s, i),
        lines: c.lines,
        understood: c.understood,
        noise: c.noise,
        unknown: c.unknown + c.unread,
        problems: s
            .parsed
            .problems
            .iter()
            .map(|p| p.line.map_or_else(|| p.what.clone(), |l| format!("line {l}: {}", p.what)))
            .collect(),
    }
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
