//! Hosts that only the names of files tell: `srv01-patroni.log` beside `srv02-patroni.log`, `patroni/srv01.log` and
//! `postgres/srv01.log`. What differs in the names of one kind of file is the host's label.

use super::{bare, hints, is_generic};
use crate::model::{Naming, Source};
use std::collections::{BTreeMap, BTreeSet};

/// Labels of hosts in the names of files that lie in no folder of a host.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Label → the host or member that files with it surely are of, else the label itself.
    of: BTreeMap<String, String>,
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
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut kinds_with: BTreeMap<String, usize> = BTreeMap::new();
        for list in kinds.values() {
            let labels = differing(&list.iter().map(|s| stem(&s.path)).collect::<Vec<_>>());
            for label in labels.iter().collect::<BTreeSet<_>>() {
                *kinds_with.entry(label.clone()).or_default() += 1;
            }
            for (source, label) in list.iter().zip(&labels) {
                names.entry(label.clone()).or_default().extend(own(source));
            }
        }
        // A label that one host's files have, or one that comes again with other kinds of files, as another does.
        let mut of: BTreeMap<String, String> = BTreeMap::new();
        for (label, own) in &names {
            match own.first().filter(|_| own.len() == 1) {
                Some(name) => _ = of.insert(label.clone(), name.clone()),
                None if own.is_empty() && kinds_with.get(label).is_some_and(|n| *n > 1) => {
                    of.insert(label.clone(), label.clone());
                }
                None => {}
            }
        }
        let distinct: BTreeSet<&String> = of.values().collect();
        if distinct.len() < 2 || of.len() > MANY { Labels::default() } else { Labels { of } }
    }

    /// The host of a file, if its name holds the label of one host and of no other.
    pub(super) fn host(&self, path: &str) -> Option<String> {
        let stem = stem(path);
        let inside: Vec<(&String, &String)> = self.of.iter().filter(|(label, _)| holds(&stem, label)).collect();
        // `srv1` within `srv1-old` is no label of its own.
        let whole = |label: &str| !inside.iter().any(|(other, _)| other.len() > label.len() && holds(other, label));
        let hosts: BTreeSet<&String> = inside.iter().filter(|(label, _)| whole(label)).map(|(_, host)| *host).collect();
        hosts.first().filter(|_| hosts.len() == 1).map(|h| (*h).clone())
    }
}

/// The one name that a source gives its host or member.
fn own(source: &Source) -> Option<String> {
    let names = hints(source);
    let only = |naming: Naming| {
        let list: BTreeSet<String> = names.iter().filter(|(n, _)| *n == naming).map(|(_, x)| bare(x)).collect();
        list.first().filter(|_| list.len() == 1).cloned()
    };
    only(Naming::Host).or_else(|| only(Naming::Member))
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
    use crate::model::{NameHint, Parsed, Program, Stream};

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
        assert_eq!(hosts(&flat), ["pg1", "pg2", "pg2"]);
        let named = [
            ("t/srv01-patroni.log", "patroni", "pg1"),
            ("t/srv02-patroni.log", "patroni", "pg2"),
            ("t/postgresql-fri_srv02.log", "postgresql", ""),
            ("t/srv01.etcd.log", "etcd", ""),
            ("t/haproxy.log", "haproxy", ""),
        ];
        assert_eq!(hosts(&named), ["pg1", "pg2", "pg2", "pg1", ""]);
        let folders = [
            ("t/patroni/a.log", "patroni", "pg1"),
            ("t/patroni/b.log", "patroni", "pg2"),
            ("t/postgres/b.log", "postgresql", ""),
        ];
        assert_eq!(hosts(&folders), ["pg1", "pg2", "pg2"]);
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
        // One host's files, one of which holds another's name by chance: nothing tells two apart.
        let one = [("patroni-a.log", "patroni", "pg1"), ("patroni-b.log", "patroni", "pg1"), ("a.log", "etcd", "")];
        assert_eq!(hosts(&one), ["", "", ""]);
    }
}
