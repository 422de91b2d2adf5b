//! More hosts than anybody has: those with the most lines are judged, and the report says so.

use super::joined;
use crate::model::{NodeId, Source};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Leaves at most this many hosts with lines of their own; says how many there were, if there were more.
pub fn crowd(sources: &mut Vec<Source>, most: u64) -> Option<String> {
    // Each host has a file or a stream of its own.
    let upper: usize = sources.iter().map(|s| s.parsed.streams.len().max(1)).sum();
    if upper as u64 <= most {
        return None;
    }
    let cluster = joined(sources, true);
    let mut lines: BTreeMap<NodeId, u64> = BTreeMap::new();
    for ((source, own), nodes) in sources.iter().zip(&cluster.of_source).zip(&cluster.of_stream) {
        lines.entry(*own).or_default();
        for (stream, node) in source.parsed.streams.iter().zip(nodes) {
            *lines.entry(*node).or_default() += stream.stamped;
        }
    }
    let hosts = cluster.nodes.iter().filter(|n| n.has_sources).count();
    if hosts as u64 <= most {
        return None;
    }
    // All hosts beyond the largest id share it.
    lines.remove(&NodeId(u16::MAX));
    let mut order: Vec<(Reverse<u64>, NodeId)> = lines.into_iter().map(|(node, n)| (Reverse(n), node)).collect();
    order.sort_unstable();
    let kept: BTreeSet<NodeId> =
        order.into_iter().take(usize::try_from(most).unwrap_or(usize::MAX)).map(|(_, node)| node).collect();
    let mut nodes = cluster.of_source.iter().zip(&cluster.of_stream);
    sources.retain_mut(|source| {
        let Some((own, streams)) = nodes.next() else { return true };
        let mut of = streams.iter();
        source.parsed.streams.retain(|_| of.next().is_none_or(|node| kept.contains(node)));
        kept.contains(own) || !source.parsed.streams.is_empty()
    });
    Some(format!(
        "{hosts} hosts: only the {most} with the most lines are judged (limit hosts={most}; raise it with --limit hosts=…)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{files_in, read_one};

    fn sources(hosts: usize) -> Vec<Source> {
        let beat =
            |n: usize| format!("2021-02-01 13:45:{n:02},000 INFO: no action. I am (pg1), the leader with the lock\n");
        // The later the host, the more its log holds.
        let log = |h: usize| format!("//- h{h:02}/patroni.log\n{}", (0..=h).map(beat).collect::<String>());
        let files = files_in(&(0..hosts).map(log).collect::<String>());
        let read = |(path, text): (String, String)| {
            let parsed = read_one(&path, &mut text.as_bytes()).unwrap();
            Source { path, modified: None, parsed }
        };
        files.into_iter().map(read).collect()
    }

    #[test]
    fn hosts_with_the_most_lines_are_judged_and_the_rest_is_said() {
        let mut all = sources(12);
        let said = crowd(&mut all, 3).unwrap();
        assert!(said.starts_with("12 hosts: only the 3 with the most lines are judged (limit hosts=3;"), "{said}");
        let left: Vec<&str> = all.iter().map(|s| s.path.as_str()).collect();
        assert_eq!(left, ["h09/patroni.log", "h10/patroni.log", "h11/patroni.log"]);
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let mut all = sources(12);
        assert_eq!(crowd(&mut all, 12), None);
        assert_eq!(all.len(), 12);
        // Many files of one host are no crowd.
        all.iter_mut().enumerate().for_each(|(n, s)| s.path = format!("h/patroni.log.{n}"));
        assert_eq!(crowd(&mut all, 2), None);
    }

    #[test]
    fn a_log_of_many_hosts_loses_the_streams_of_those_that_are_too_many() {
        let line = |h: usize| {
            format!("Feb  1 13:45:05 h{h} patroni[7]: 2021-02-01 13:45:05,683 INFO: Lock owner: h1; I am h{h}\n")
        };
        let text: String = (0..5).flat_map(|h| std::iter::repeat_n(line(h), h + 1)).collect();
        let parsed = read_one("all.log", &mut text.as_bytes()).unwrap();
        let mut all = vec![Source { path: "all.log".to_owned(), modified: None, parsed }];
        assert!(crowd(&mut all, 2).unwrap().starts_with("5 hosts"));
        let hosts: Vec<_> = all[0].parsed.streams.iter().filter_map(|s| s.host.as_deref()).collect();
        assert_eq!(hosts, ["h3", "h4"]);
    }
}
