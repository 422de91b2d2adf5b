//! Several Patroni clusters in one bundle: which sources belong to which, by the scopes that their folders name.

use super::{known, short, units};
use crate::model::{Key, Naming, Program, Source, What};
use std::collections::{BTreeMap, BTreeSet};

/// The clusters of a bundle: scope and the indices of the sources that tell about it. One entry, with an empty scope,
/// unless different folders surely hold different clusters. Sources that belong to none of them (a shared etcd, a
/// proxy, a jump host) are in all.
pub fn separate(sources: &[Source]) -> Vec<(String, Vec<usize>)> {
    let whole = || vec![(String::new(), (0..sources.len()).collect())];
    let folders = units(sources, &known(sources));
    let mut units: BTreeMap<&str, Unit> = BTreeMap::new();
    for (i, (source, folder)) in sources.iter().zip(&folders).enumerate() {
        units.entry(folder.as_str()).or_default().add(i, source);
    }
    let scopes: BTreeSet<String> =
        units.values().filter(|u| u.patroni).filter_map(|u| u.only_scope().map(str::to_owned)).collect();
    if scopes.len() < 2 {
        return whole();
    }
    let of = |scope: &str| -> Vec<&Unit> { units.values().filter(|u| u.only_scope() == Some(scope)).collect() };
    let members: BTreeMap<&str, BTreeSet<&str>> = scopes
        .iter()
        .map(|s| (s.as_str(), of(s).into_iter().flat_map(|u| u.members.iter().map(String::as_str)).collect()))
        .collect();
    // A member that follows one of another scope's contradicts the scopes: they are one cluster's, misread or renamed.
    for scope in &scopes {
        let Some(own) = members.get(scope.as_str()) else { continue };
        for named in of(scope).into_iter().flat_map(|u| &u.leaders) {
            let elsewhere = members.iter().any(|(s, m)| s != scope && m.contains(named.as_str()));
            if elsewhere && !own.contains(named.as_str()) {
                return whole();
            }
        }
    }
    let group = |scope: &String| {
        let own = members.get(scope.as_str());
        let belongs = |u: &Unit| match u.only_scope() {
            Some(other) => other == scope,
            // Without a scope of its own: the cluster whose members it names, else all.
            None => {
                let names = |m: &BTreeSet<&str>| u.leaders.iter().chain(&u.members).any(|n| m.contains(n.as_str()));
                own.is_some_and(names) || !members.values().any(names)
            }
        };
        let mut list: Vec<usize> = units.values().filter(|u| belongs(u)).flat_map(|u| u.sources.clone()).collect();
        list.sort_unstable();
        (scope.clone(), list)
    };
    scopes.iter().map(group).collect()
}

/// What one folder tells.
#[derive(Default)]
struct Unit {
    sources: Vec<usize>,
    scopes: BTreeSet<String>,
    patroni: bool,
    /// Own member names of its Patroni logs.
    members: BTreeSet<String>,
    /// Leaders that its Patroni logs name.
    leaders: BTreeSet<String>,
}

impl Unit {
    fn add(&mut self, index: usize, source: &Source) {
        self.sources.push(index);
        // `cluster_name` is PostgreSQL's, and free to choose.
        let facts = source.parsed.facts.iter().filter(|f| f.key == Key::Scope && !f.text.contains("cluster_name"));
        self.scopes.extend(facts.filter_map(|f| f.value.text()).filter(|s| !s.is_empty()).map(str::to_owned));
        for stream in source.parsed.streams.iter().filter(|s| s.program == Program::Patroni && s.stamped > 0) {
            self.patroni = true;
            let own = stream.names.iter().filter(|n| n.naming == Naming::Member);
            self.members.extend(own.map(|n| short(&n.name)));
            self.leaders.extend(stream.beats.iter().filter_map(|b| b.leader.as_deref()).map(short));
            let owners = stream.raws.iter().filter(|r| r.what == What::LockOwner);
            self.leaders.extend(owners.filter_map(|r| r.who.as_deref()).map(short));
        }
    }

    fn only_scope(&self) -> Option<&str> {
        self.scopes.first().filter(|_| self.scopes.len() == 1).map(String::as_str)
    }
}
