//! Root causes: each judged by itself over the timeline, with evidence for, against and missing. One file each.

mod case;
pub mod disks;
mod host;
pub mod normal;
pub mod strain;
#[cfg(test)]
mod testing;

use crate::incidents::{Cite, Incident};
use crate::model::{Metric, Program, Threshold};
use crate::timeline::Timeline;
pub use case::{Case, length, list};
pub use timeouts_misconfig::TTL_MIN_S;

/// How near the cause is to the bottom of things; the deeper one is the root where both are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    Operator,
    Hardware,
    Host,
    Network,
    Dcs,
    Patroni,
    Postgres,
    Client,
}

/// Everything there is to know about a root cause.
#[derive(Debug)]
pub struct Cause {
    /// Name in the vocabulary of root causes; also the file's name.
    pub id: &'static str,
    /// What happened, in half a sentence for a headline.
    pub title: &'static str,
    pub layer: Layer,
    /// Causes that this one brings about: it is the root of those.
    pub leads_to: &'static [&'static str],
    /// What it takes to rule this cause out.
    pub needs: &'static [Need],
    /// Numbers that decide, with their origin.
    pub thresholds: &'static [&'static Threshold],
    /// Five headings: What happens, How we tell, What else looks like it, What to do, References.
    pub doc: &'static str,
    pub remedies: &'static [Remedy],
    pub assess: fn(&Case<'_>) -> Assessment,
}

/// Advice; `{ttl}`, `{loop_wait}`, `{retry_timeout}`, `{ttl_rule}`, `{ttl_least}`, `{heartbeat}`, `{election}` (and these with
/// `_more`) and `{host}` stand for this cluster's values; those of `report/concrete.rs` for this incident's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
    pub kind: When,
    pub text: &'static str,
    pub risk: &'static str,
    pub verify: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    Now,
    LongTerm,
    Stopgap,
}

impl When {
    pub fn id(self) -> &'static str {
        match self {
            When::Now => "now",
            When::LongTerm => "long_term",
            When::Stopgap => "stopgap",
        }
    }
}

/// Data without which a cause cannot be ruled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    Log(Program, Who),
    Series(Metric, Who),
    Disks(Who),
    Config,
}

/// On which hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    OldPrimary,
    NewPrimary,
    /// Every member of the DCS, as far as they are known.
    DcsMembers,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    For,
    Against,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Fits, but fits much else.
    Weak,
    /// Speaks for this cause and little else.
    Strong,
    /// Leaves no doubt.
    Decisive,
}

/// One reason for or against, in words, with the places that prove it.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub side: Side,
    pub strength: Strength,
    pub words: String,
    pub cites: Vec<Cite>,
}

#[derive(Clone, Debug, Default)]
pub struct Assessment {
    pub evidence: Vec<Evidence>,
    /// Minor tags and other causes that contributed, named by this cause.
    pub tags: Vec<&'static str>,
}

impl Assessment {
    pub fn pro(&mut self, strength: Strength, words: impl Into<String>, cites: impl IntoIterator<Item = Cite>) {
        self.evidence.push(Evidence {
            side: Side::For,
            strength,
            words: words.into(),
            cites: cites.into_iter().collect(),
        });
    }
    pub fn con(&mut self, strength: Strength, words: impl Into<String>, cites: impl IntoIterator<Item = Cite>) {
        self.evidence.push(Evidence {
            side: Side::Against,
            strength,
            words: words.into(),
            cites: cites.into_iter().collect(),
        });
    }
    pub fn tag(&mut self, tag: &'static str) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }
    fn strongest(&self, side: Side) -> Option<Strength> {
        self.evidence.iter().filter(|e| e.side == side).map(|e| e.strength).max()
    }
}

/// Where a cause stands after judging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Confirmed,
    Likely,
    Possible,
    NotAssessable,
    RuledOut,
}

impl Status {
    pub fn id(self) -> &'static str {
        match self {
            Status::Confirmed => "confirmed",
            Status::Likely => "likely",
            Status::Possible => "possible",
            Status::NotAssessable => "not_assessable",
            Status::RuledOut => "ruled_out",
        }
    }
}

/// A cause judged for one incident.
#[derive(Clone, Debug)]
pub struct Judged {
    pub cause: &'static Cause,
    pub status: Status,
    pub assessment: Assessment,
    pub missing: Vec<Need>,
}

/// The only place where weights become words.
pub fn judge(cause: &'static Cause, t: &Timeline, incident: &Incident) -> Judged {
    let case = Case { t, incident };
    let assessment = (cause.assess)(&case);
    let missing: Vec<Need> = cause.needs.iter().copied().filter(|n| case.lacks(*n)).collect();
    let status = match (assessment.strongest(Side::For), assessment.strongest(Side::Against)) {
        (_, Some(Strength::Decisive)) => Status::RuledOut,
        (Some(Strength::Decisive), _) => Status::Confirmed,
        (Some(Strength::Strong), None | Some(Strength::Weak)) => Status::Likely,
        (Some(_), _) => Status::Possible,
        (None, Some(Strength::Strong)) => Status::RuledOut,
        (None, _) if missing.is_empty() => Status::RuledOut,
        (None, _) => Status::NotAssessable,
    };
    Judged { cause, status, assessment, missing }
}

/// Judges every cause for an incident, in the order of the list below.
pub fn judge_all(t: &Timeline, incident: &Incident) -> Vec<Judged> {
    CAUSES.iter().map(|c| judge(c, t, incident)).collect()
}

/// A cause by its name.
pub fn by_id(id: &str) -> Option<&'static Cause> {
    CAUSES.iter().copied().find(|c| c.id == id)
}

macro_rules! causes {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*
        /// Every root cause, by name.
        pub static CAUSES: &[&Cause] = &[$(&$name::CAUSE),*];
    };
}

causes! {
    archive_or_restore_misconfig, auth_failure, clock_skew, connection_exhaustion, cpu_starvation, dcs_network, dcs_state_lost_or_foreign, disk_full,
    dns_failure, etcd_nospace, etcd_quorum_loss, etcd_slow_disk, external_manager_conflict, filesystem_or_hw_fault, host_crash_or_reboot,
    host_disk_io, host_stall, k8s_api_unavailable, memory_oom, patroni_bug, patroni_process_died, planned_or_external_action, postgres_crash,
    postgres_slow_or_hung, replica_not_eligible, rest_api_unresponsive, rewind_or_timeline, service_manager_misconfig, slow_shutdown,
    timeouts_misconfig, tls_certificate, vip_or_proxy_healthcheck, vm_pause, wal_retention, watchdog_reset,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_and_their_edges_lead_somewhere() {
        let ids: Vec<_> = CAUSES.iter().map(|c| c.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
        for cause in CAUSES {
            for next in cause.leads_to {
                assert!(ids.contains(next), "{} leads to {next}, which is no cause", cause.id);
            }
        }
    }

    #[test]
    fn no_cause_leads_back_to_itself() {
        fn walk(id: &'static str, path: &mut Vec<&'static str>) {
            assert!(!path.contains(&id), "a circle: {} -> {id}", path.join(" -> "));
            path.push(id);
            for next in by_id(id).unwrap().leads_to {
                walk(next, path);
            }
            path.pop();
        }
        CAUSES.iter().for_each(|c| walk(c.id, &mut Vec::new()));
    }

    #[test]
    fn every_cause_explains_itself() {
        for cause in CAUSES {
            for heading in
                ["## What happens", "## How we tell", "## What else looks like it", "## What to do", "## References"]
            {
                assert!(cause.doc.contains(heading), "{} lacks {heading:?}", cause.id);
            }
            assert!(!cause.remedies.is_empty(), "{} has no remedy", cause.id);
        }
    }
}
