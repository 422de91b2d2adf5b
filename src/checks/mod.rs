//! What did not fail yet but may: settings and states that break a known rule. One file per group of checks.

mod look;
#[cfg(test)]
mod testing;
pub mod usage;

use crate::incidents::Cite;
use crate::model::Threshold;
use crate::timeline::Timeline;
pub use disk_space::USED_PERCENT;
pub use look::{Look, size};

/// One rule, as `pgautopsy list checks` prints it.
#[derive(Debug)]
pub struct Check {
    pub id: &'static str,
    /// What is wrong, in half a sentence.
    pub title: &'static str,
    /// The default threshold, with its unit.
    pub threshold: &'static str,
    /// The numbers in it that a user may change.
    pub thresholds: &'static [&'static Threshold],
    /// Who says so.
    pub origin: &'static str,
    pub find: fn(&Look<'_>) -> Vec<Finding>,
}

/// One breach of a rule.
#[derive(Clone, Debug)]
pub struct Finding {
    /// A host's name, or `cluster`.
    pub host: String,
    /// What is wrong, with the numbers in force.
    pub words: String,
    pub cites: Vec<Cite>,
    /// What to do, with the numbers to set.
    pub remedy: String,
}

/// All breaches of all rules, in the order of the list below.
pub fn run(t: &Timeline) -> Vec<(&'static Check, Finding)> {
    let look = Look { t };
    CHECKS
        .iter()
        .flat_map(|group| group.iter())
        .flat_map(|c| (c.find)(&look).into_iter().map(move |f| (c, f)))
        .collect()
}

macro_rules! checks {
    ($($group:ident),* $(,)?) => {
        $(mod $group;)*
        /// Every check, by group.
        pub static CHECKS: &[&[Check]] = &[$($group::CHECKS),*];
    };
}

checks! {
    disk_space, patroni_timeouts, clocks, etcd_heartbeats, replicas, watchdog, failsafe, etcd_timing, etcd_disk, etcd_members,
    etcd_space, shared_device, failover_limits, synchronous, wal_limits, archiver, ignored_settings, members_differ,
    shared_fate, recurring,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_check_says_what_it_compares_with_and_why() {
        let all: Vec<&Check> = CHECKS.iter().flat_map(|g| g.iter()).collect();
        let ids: BTreeSet<&str> = all.iter().map(|c| c.id).collect();
        assert_eq!(ids.len(), all.len(), "an id is used twice");
        for c in all {
            assert!(!c.title.is_empty() && !c.threshold.is_empty() && !c.origin.is_empty(), "{}", c.id);
        }
    }
}
