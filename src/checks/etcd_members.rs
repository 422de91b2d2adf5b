//! How many etcd members there are and where they run.

use super::look::{Look, cluster};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::Key;
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "etcd_single_member",
        title: "one etcd member carries everything",
        threshold: "3 members",
        thresholds: &[],
        origin: "etcd: FAQ, Why an odd number of cluster members; with one, every restart is an outage",
        find: single,
    },
    Check {
        id: "etcd_even_members",
        title: "an even number of etcd members",
        threshold: "an odd number",
        thresholds: &[],
        origin: "etcd: FAQ; the fourth member adds a machine that may fail but no failure that may be borne",
        find: even,
    },
    Check {
        id: "etcd_members_together",
        title: "several etcd members live on one machine",
        threshold: "one member per address",
        thresholds: &[],
        origin: "etcd: Hardware recommendations; members that fail together are no majority",
        find: together,
    },
];

fn count(l: &Look<'_>) -> Option<(usize, Cite)> {
    // A list that was taken while a member was away is shorter.
    let most = l.facts(Key::EtcdMembers).filter_map(|(c, k)| Some((k.fact.value.num()? as usize, c)));
    most.max_by_key(|(n, _)| *n)
}

fn single(l: &Look<'_>) -> Vec<Finding> {
    let Some((1, cite)) = count(l) else { return Vec::new() };
    vec![cluster(
        "etcd has one member: its restart, its disk or its network stops every write of the cluster".to_owned(),
        [cite],
        "Run three members on three machines; with two sites, the third in a third place.",
    )]
}

fn even(l: &Look<'_>) -> Vec<Finding> {
    let Some((n, cite)) = count(l).filter(|(n, _)| *n > 0 && n % 2 == 0) else { return Vec::new() };
    let (quorum, spare) = (n / 2 + 1, n - n / 2 - 1);
    vec![cluster(
        format!(
            "etcd has {n} members: {quorum} must agree, so it bears the loss of {spare}, no more than {} members would",
            n - 1
        ),
        [cite],
        format!("Run {} members on independent machines.", n + 1),
    )]
}

fn together(l: &Look<'_>) -> Vec<Finding> {
    let mut at: BTreeMap<String, BTreeMap<String, Cite>> = BTreeMap::new();
    for (cite, k) in l.facts(Key::EtcdMemberAddress) {
        if let (Some(id), Some(address)) = (k.fact.item.as_deref(), k.fact.value.text()) {
            at.entry(address.to_owned()).or_default().insert(id.to_owned(), cite);
        }
    }
    let shared = at.into_iter().filter(|(_, members)| members.len() > 1);
    shared
        .map(|(address, members)| {
            cluster(
                format!("{} etcd members are reached at {address}: they fail together", members.len()),
                members.into_values(),
                "Move the members to machines, disks and power of their own.",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn list(hosts: &[&str]) -> String {
        let row = |(i, h): (usize, &&str)| {
            format!("8e9e05c52164694{i}, started, etcd{i}, http://{h}:2380, http://{h}:2379, false\n")
        };
        format!("//- pg1/etcdctl-member-list.txt\n{}", hosts.iter().enumerate().map(row).collect::<String>())
    }

    #[test]
    fn three_members_apart_are_right() {
        let three = list(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
        for id in ["etcd_single_member", "etcd_even_members", "etcd_members_together"] {
            assert!(found(id, &three).is_empty(), "{id}");
        }
    }

    #[test]
    fn one_two_and_four_are_not() {
        assert_eq!(found("etcd_single_member", &list(&["10.0.0.1"])).len(), 1);
        assert!(
            found("etcd_even_members", &list(&["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]))[0]
                .contains("3 must agree")
        );
        assert_eq!(found("etcd_members_together", &list(&["10.0.0.1", "10.0.0.1", "10.0.0.3"])).len(), 1);
    }
}
