//! Clusters that something else than Patroni runs: told apart and said, so that nobody asks for logs that do not exist.

use crate::model::{Key, Program};
use crate::timeline::Timeline;
use std::collections::BTreeSet;

/// What runs the cluster, where its log is here and none of Patroni's.
pub(super) fn other_than_patroni(t: &Timeline) -> Option<String> {
    let named: BTreeSet<String> =
        t.facts_of(Key::Manager).filter_map(|k| k.fact.value.text()).map(str::to_owned).collect();
    let patroni = !t.nodes_with(Program::Patroni).is_empty() || t.facts_of(Key::MemberRole).next().is_some();
    (!named.is_empty() && !patroni).then(|| crate::causes::list(named))
}

/// What is said of it.
pub(super) fn note(t: &Timeline) -> Option<String> {
    let manager = other_than_patroni(t)?;
    Some(format!(
        "this cluster is run by {manager}, and no log of Patroni is here: what PostgreSQL and the hosts say is read and \
         judged; whom {manager} promoted, and why, is not"
    ))
}
