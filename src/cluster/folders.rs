//! Which folder of a path stands for the host: the first below what all share, or one below folders of programs and days.

use super::{components, is_generic, short};
use crate::model::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// For each source the folder that may stand for its host; empty if none does. `known`: names of members and hosts that
/// any line speaks of.
pub(super) fn host_folders(sources: &[Source], known: &BTreeSet<String>) -> Vec<String> {
    let folders: Vec<Vec<String>> = sources.iter().map(|s| components(&s.path)).collect();
    let mut shared = folders.first().map_or(0, Vec::len);
    for other in &folders {
        let same = folders.first().map_or(0, |first| first.iter().zip(other).take_while(|(a, b)| a == b).count());
        shared = shared.min(same);
    }
    let names = Names::of(&folders, shared, known);
    // A bundle of one host: the folder that all share may be the host's.
    let single =
        folders.iter().all(|f| f.get(shared).is_none_or(|c| says_no_host(c) && names.below(f, shared).is_none()));
    let own = |f: &Vec<String>| -> Option<String> {
        if single {
            return f.iter().take(shared).rev().find(|c| !says_no_host(c)).cloned();
        }
        let top = || f.get(shared).filter(|c| !says_no_host(c) && !names.groups.contains(*c)).cloned();
        names.below(f, shared).or_else(top)
    };
    folders.iter().map(|f| own(f).unwrap_or_default()).collect()
}

/// Names of hosts below folders that stand for something else: `postgres/pg1/…`, `2026-11-20/pg1/…`.
struct Names<'a> {
    known: &'a BTreeSet<String>,
    /// Folders that lie below several of those.
    again: BTreeSet<String>,
    /// Folders of unknown meaning that hold those of several known hosts.
    groups: BTreeSet<String>,
}

impl<'a> Names<'a> {
    fn of(folders: &[Vec<String>], shared: usize, known: &'a BTreeSet<String>) -> Names<'a> {
        // A folder below → the folders that it lies below.
        let mut above: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut inside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for f in folders {
            let mut rest = f.iter().skip(shared);
            let Some(top) = rest.next() else { continue };
            if says_no_host(top) {
                if let Some(first) = rest.find(|c| !says_no_host(c)) {
                    above.entry(first).or_default().insert(top);
                }
            } else if let Some(next) = rest.find(|c| !says_no_host(c)).filter(|c| is_known(c, known)) {
                inside.entry(top).or_default().insert(next);
            }
        }
        // Folders of versions or services lie below several of one host as well: two names that come again are hosts'.
        let mut again: BTreeSet<String> =
            above.into_iter().filter(|(_, tops)| tops.len() > 1).map(|(name, _)| name.to_owned()).collect();
        if again.len() < 2 {
            again.clear();
        }
        let several = inside.into_iter().filter(|(top, hosts)| hosts.len() > 1 && !is_known(top, known));
        Names { known, again, groups: several.map(|(top, _)| top.to_owned()).collect() }
    }

    /// The first folder below the one that follows `shared` which names a host, if that one does not.
    fn below(&self, folders: &[String], shared: usize) -> Option<String> {
        let mut rest = folders.iter().skip(shared);
        if let Some(pod) = pod(rest.clone()) {
            return Some(pod);
        }
        let top = rest.next()?;
        let first = rest.find(|c| !says_no_host(c))?;
        let group = says_no_host(top) || self.groups.contains(top);
        (group && is_known(first, self.known) || self.again.contains(first)).then(|| first.clone())
    }
}

/// The pod whose files lie below: every collector on Kubernetes has `pods/<pod>/…`, and kubelet's own logs lie in
/// `pods/<namespace>_<pod>_<uid>/…`. Names in Kubernetes have no underscores.
fn pod<'f>(mut folders: impl Iterator<Item = &'f String>) -> Option<String> {
    folders.find(|f| *f == "pods")?;
    let name = folders.next()?;
    let parts: Vec<&str> = name.split('_').collect();
    match parts.as_slice() {
        [_, pod, _] => Some((*pod).to_owned()),
        _ => Some(name.clone()),
    }
}

fn is_known(folder: &str, known: &BTreeSet<String>) -> bool {
    let folder = folder.to_ascii_lowercase();
    known.contains(&folder) || known.contains(&short(&folder))
}

/// Names of programs and usual folders, and days (`2026-11-20`, `20261120T1300`); not addresses.
fn says_no_host(name: &str) -> bool {
    if name.parse::<IpAddr>().is_ok() {
        return false;
    }
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let others = name.bytes().any(|b| !b.is_ascii_digit() && !matches!(b, b'-' | b'_' | b'.' | b':' | b'T' | b'Z'));
    is_generic(name) || digits >= 6 && !others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Parsed;

    fn hosts(paths: &[&str], known: &[&str]) -> Vec<String> {
        let source = |p: &&str| Source { path: (*p).to_owned(), modified: None, parsed: Parsed::default() };
        let sources: Vec<Source> = paths.iter().map(source).collect();
        host_folders(&sources, &known.iter().map(|k| (*k).to_owned()).collect())
    }

    #[test]
    fn hosts_lie_below_programs_and_days() {
        let layout =
            ["t/patroni/pg1/patroni.log", "t/postgres/pg1/pg.log", "t/postgres/pg2/pg.log", "t/etcd/pg2/e.log"];
        assert_eq!(hosts(&layout, &["pg1", "pg2"]), ["pg1", "pg1", "pg2", "pg2"]);
        // Nothing speaks of them, but they come again.
        assert_eq!(hosts(&[&layout[..], &["t/etcd/pg1/e.log"]].concat(), &[]), ["pg1", "pg1", "pg2", "pg2", "pg1"]);
        let days = ["t/2026-11-20/a/p.log", "t/2026-11-21/a/p.log", "t/2026-11-20/b/p.log", "t/2026-11-21/b/p.log"];
        assert_eq!(hosts(&days, &[]), ["a", "a", "b", "b"]);
        // Below folders of unknown meaning, only known names.
        let groups = ["t/db-logs/pg1/p.log", "t/db-logs/pg2.example.com/p.log", "t/vm/pg1/sa20"];
        assert_eq!(hosts(&groups, &["pg1", "pg2"]), ["pg1", "pg2.example.com", "vm"]);
        assert_eq!(hosts(&groups, &[]), ["db-logs", "db-logs", "vm"]);
        let day = ["t/x/2026-11-20/pg1/p.log", "t/x/2026-11-20/pg2/p.log"];
        assert_eq!(hosts(&[&day[..], &["t/y/2026-11-20/pg1/e.log"]].concat(), &["pg1", "pg2"]), ["pg1", "pg2", "y"]);
    }

    #[test]
    fn pods_are_hosts_wherever_they_lie() {
        let export = ["e/erp/pods/erp-0/c.log", "e/erp/pods/erp-1/c.log", "e/erp/patroni-info", "e/op/pods/pgo/o.log"];
        assert_eq!(hosts(&export, &["erp-0", "erp-1"]), ["erp-0", "erp-1", "", "pgo"]);
        let gathered = ["m/namespaces/a/pods/erp-0/db/db/logs/c.log", "m/namespaces/b/pods/etcd-0/e/e/logs/c.log"];
        assert_eq!(hosts(&gathered, &["erp-0"]), ["erp-0", "etcd-0"]);
        let kubelet = ["n1/var/log/pods/db_erp-0_6f1c/db/0.log", "n1/var/log/messages"];
        assert_eq!(hosts(&kubelet, &["erp-0"])[0], "erp-0");
    }

    #[test]
    fn addresses_are_hosts_and_no_days() {
        assert_eq!(hosts(&["f/10.23.1.11/p.log", "f/10.23.1.12/p.log"], &[]), ["10.23.1.11", "10.23.1.12"]);
    }

    #[test]
    fn folders_of_one_host_stay_its_own() {
        let plain =
            ["h/var/log/patroni/patroni.log", "h/etc/patroni/patroni.yml", "h/var/log/postgresql/15/main/x.log"];
        assert_eq!(hosts(&plain, &["pg1"]), ["h", "h", "h"]);
        // Services that come again below the folders of two hosts are no hosts.
        let two = ["a/web/p.log", "b/web/p.log", "a/app/x.log", "b/app/x.log"];
        assert_eq!(hosts(&two, &[]), ["a", "b", "a", "b"]);
        assert_eq!(hosts(&["1/p.log", "2/p.log"], &[]), ["1", "2"]);
    }
}
