//! Hosts that only the names of files tell: `srv01-patroni.log` beside `srv02-patroni.log`, `patroni/srv01.log` and
//! `postgres/srv01.log`. What differs in the names of one kind of file is the host's label.

use super::{bare, hints, is_generic, short};
use crate::model::{Naming, Program, Source};
use std::collections::{BTreeMap, BTreeSet};

/// Labels of hosts in the names of files that lie in no folder of a host: as good as such a folder.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Label → as a host or member writes it, if it is the name of one.
    of: BTreeMap<String, String>,
}

/// What the files with one label say of their host.
#[derive(Debug, Default)]
struct Told {
    hosts: BTreeSet<String>,
    /// Names that one host alone has: Patroni members, etcd names and ids.
    own: BTreeSet<String>,
    kinds: usize,
    written: Option<String>,
}

/// Names of so many files differ for other reasons than their hosts (our choice; clusters have a dozen).
const MANY: usize = 256;

impl Labels {
    /// `folders`: for each source the folder of its host, empty if it lies in none.
    pub(super) fn find(sources: &[Source], folders: &[String]) -> Labels {
        // Files of one kind in one folder: what differs in their names.
        let mut kinds: BTreeMap<(&str, &str), Vec<&Source>> = BTreeMap::new();
        for (source, _) in sources.iter().zip(folders).filter(|(_, f)| f.is_empty()) {
            let folder = source.path.rsplit_once(['/', '!']).map_or("", |(folder, _)| folder);
            kinds.entry((folder, &source.parsed.kind)).or_default().push(source);
        }
        let mut told: BTreeMap<String, Told> = BTreeMap::new();
        for list in kinds.values() {
            let labels = differing(&list.iter().map(|s| stem(&s.path)).collect::<Vec<_>>());
            for label in labels.iter().collect::<BTreeSet<_>>() {
                told.entry(label.clone()).or_default().kinds += 1;
            }
            for (source, label) in list.iter().zip(&labels) {
                let Some(told) = told.get_mut(label) else { continue };
                for (naming, name) in hints(source) {
                    if short(&bare(&name)) == *label {
                        told.written = Some(name.to_string());
                    }
                    if naming == Naming::Host {
                        told.hosts.insert(bare(&name));
                    }
                }
                // Lists of members name all of them.
                let logs =
                    source.parsed.streams.iter().filter(|s| matches!(s.program, Program::Patroni | Program::Etcd));
                let own = logs.flat_map(|s| &s.names).filter(|n| matches!(n.naming, Naming::Member | Naming::EtcdId));
                told.own.extend(own.map(|n| bare(&n.name)));
            }
        }
        if told.len() > MANY {
            return Labels::default();
        }
        // Two labels of one member are no hosts; a host name may be that of an image that all were made from.
        let apart = |a: &Told, b: &Told| {
            a.own.is_disjoint(&b.own) && (a.hosts.is_disjoint(&b.hosts) || !a.own.is_empty() && !b.own.is_empty())
        };
        // Those that most kinds of files have first: what else differs in the names of one kind does so for one host.
        let mut ranked: Vec<(&String, &Told)> =
            told.iter().filter(|(_, t)| t.kinds > 1 || !t.own.is_empty() || !t.hosts.is_empty()).collect();
        ranked.sort_by_key(|(label, t)| (std::cmp::Reverse(t.kinds), *label));
        let mut good: Vec<(&String, &Told)> = Vec::new();
        for (label, told) in ranked {
            if good.iter().all(|(_, other)| apart(told, other)) {
                good.push((label, told));
            }
        }
        let written =
            |(label, t): (&String, &Told)| (label.clone(), t.written.clone().unwrap_or_else(|| label.clone()));
        let of: BTreeMap<String, String> = good.into_iter().map(written).collect();
        if of.len() < 2 { Labels::default() } else { Labels { of } }
    }

    /// The host of a file, if its name holds the label of one and of no other.
    pub(super) fn host(&self, path: &str) -> Option<String> {
        let stem = stem(path);
        let inside: Vec<(&String, &String)> = self.of.iter().filter(|(label, _)| holds(&stem, label)).collect();
        // `srv1` within `srv1-old` is no label of its own.
        let whole = |label: &str| !inside.iter().any(|(other, _)| other.len() > label.len() && holds(other, label));
        let mut hosts = inside.iter().filter(|(label, _)| whole(label)).map(|(_, host)| *host);
        hosts.next().filter(|_| hosts.next().is_none()).cloned()
    }
}

/// A file's own name in lower case, without endings and numbers of rotation.
fn stem(path: &str) -> String {
    let mut name = path.rsplit(['/', '!']).next().unwrap_or(path).to_ascii_lowercase();
    loop {
        let Some((rest, ending)) = name.rsplit_once('.') else { return name };
        let usual = ["log", "txt", "out", "csv", "json", "gz", "xz", "zst", "bz2", "lz4", "yml", "yaml", "conf", "old"];
        if rest.is_empty()
            || !(usual.contains(&ending) || ending.len() < 4 && ending.bytes().all(|b| b.is_ascii_digit()))
        {
            return name;
        }
        name = rest.to_owned();
    }
}

fn parts(stem: &str) -> Vec<&str> {
    stem.split(['-', '_', '.', ' ', '@', '+']).filter(|p| !p.is_empty()).collect()
}

/// What differs in names that are alike otherwise; nothing if that can be no host's label.
fn differing(stems: &[String]) -> Vec<String> {
    let split: Vec<Vec<&str>> = stems.iter().map(|s| parts(s)).collect();
    let Some(first) = split.first().filter(|_| stems.iter().collect::<BTreeSet<_>>().len() > 1) else {
        return Vec::new();
    };
    let shortest = split.iter().map(Vec::len).min().unwrap_or(0);
    let alike = |at: &dyn Fn(&Vec<&str>) -> Option<String>| split.iter().all(|p| at(p) == at(first));
    let head = (0..shortest).take_while(|i| alike(&|p| p.get(*i).map(|x| (*x).to_owned()))).count();
    let tail = (0..shortest - head).take_while(|i| alike(&|p| p.iter().rev().nth(*i).map(|x| (*x).to_owned()))).count();
    let cut = |head: usize| -> Vec<String> {
        split.iter().map(|p| p.get(head..p.len() - tail).unwrap_or(&[]).join("-")).collect()
    };
    // Days, numbers of rotation and names of programs tell no host; `db-01` is one.
    let letters = |l: &String| l.bytes().any(|b| b.is_ascii_alphabetic()) && !WEEKDAYS.contains(&l.as_str());
    let mut labels = cut(head);
    if labels.iter().all(|l| (1..4).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_digit())) {
        labels = cut(head.saturating_sub(1));
    }
    if labels.iter().all(|l| letters(l) && !parts(l).iter().any(|p| is_generic(p))) { labels } else { Vec::new() }
}

/// As `log_filename` of PostgreSQL writes them (`%a`).
const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Whether the parts of a label follow each other in a name.
fn holds(name: &str, label: &str) -> bool {
    let (name, label) = (parts(name), parts(label));
    !label.is_empty() && name.windows(label.len()).any(|w| w == label.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NameHint, Parsed, Stream};

    fn source(path: &str, kind: &str, member: &str) -> Source {
        let mut stream = Stream::new(Program::Patroni, None, true);
        if !member.is_empty() {
            stream.names.push(NameHint { naming: Naming::Member, name: member.into(), line: 1, seen: 3 });
        }
        let parsed = Parsed { kind: kind.to_owned(), streams: vec![stream], ..Parsed::default() };
        Source { path: path.to_owned(), modified: None, parsed }
    }

    fn hosts(files: &[(&str, &str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files.iter().map(|(path, kind, member)| source(path, kind, member)).collect();
        let labels = Labels::find(&sources, &vec![String::new(); sources.len()]);
        sources.iter().map(|s| labels.host(&s.path).unwrap_or_default()).collect()
    }

    #[test]
    fn what_differs_in_the_names_of_equal_files_is_the_host() {
        let flat = [
            ("t/srv-01-patroni.log", "patroni", "pg1"),
            ("t/srv-02-patroni.log", "patroni", "pg2"),
            ("t/srv-02-patroni.log.1", "patroni", "pg2"),
        ];
        assert_eq!(hosts(&flat), ["srv-01", "srv-02", "srv-02"]);
        let named = [
            ("t/srv01-patroni.log", "patroni", "pg1"),
            ("t/srv02-patroni.log", "patroni", "pg2"),
            ("t/postgresql-fri_srv02.log", "postgresql", ""),
            ("t/srv01.etcd.log", "etcd", ""),
            ("t/haproxy.log", "haproxy", ""),
        ];
        assert_eq!(hosts(&named), ["srv01", "srv02", "srv02", "srv01", ""]);
        let folders = [
            ("t/patroni/a.log", "patroni", "pg1"),
            ("t/patroni/b.log", "patroni", "pg2"),
            ("t/postgres/b.log", "postgresql", ""),
        ];
        assert_eq!(hosts(&folders), ["a", "b", "b"]);
    }

    #[test]
    fn labels_that_come_again_are_hosts_without_any_other_name() {
        let two = [
            ("srv01-postgresql.log", "postgresql", ""),
            ("srv02-postgresql.log", "postgresql", ""),
            ("etcd_srv01.log", "etcd", ""),
            ("etcd_srv02.log", "etcd", ""),
        ];
        assert_eq!(hosts(&two), ["srv01", "srv02", "srv01", "srv02"]);
    }

    #[test]
    fn days_rotations_and_programs_are_no_hosts() {
        let days = [
            ("postgresql-Fri.log", "postgresql", ""),
            ("postgresql-Sat.log", "postgresql", ""),
            ("etcd-Fri.log", "etcd", ""),
            ("etcd-Sat.log", "etcd", ""),
        ];
        assert_eq!(hosts(&days), ["", "", "", ""]);
        let dates = [
            ("patroni-2026-11-20.log", "patroni", "pg1"),
            ("patroni-2026-11-21.log", "patroni", "pg2"),
            ("postgresql-2026-11-20.log", "postgresql", ""),
        ];
        assert_eq!(hosts(&dates), ["", "", ""]);
        let numbers =
            [("patroni-1.log", "patroni", "pg1"), ("patroni-2.log", "patroni", "pg2"), ("x-1.log", "etcd", "")];
        assert_eq!(hosts(&numbers), ["", "", ""]);
        // One host's files of two times.
        let one = [
            ("patroni-old.log", "patroni", "pg1"),
            ("patroni-new.log", "patroni", "pg1"),
            ("etcd-old.log", "etcd", ""),
            ("etcd-new.log", "etcd", ""),
        ];
        assert_eq!(hosts(&one), ["", "", "", ""]);
    }
}
