//! No member was allowed to take over.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::{Cite, Kind};
use crate::model::{Key, Program, What};

/// One WAL segment in MB: the lag that an archived shutdown alone makes (Patroni PR 1889).
const SEGMENT_MB: f64 = 16.0;

pub static CAUSE: Cause = Cause {
    id: "replica_not_eligible",
    title: "no member was allowed to take over",
    layer: Layer::Patroni,
    leads_to: &[],
    needs: &[Need::Log(Program::Patroni, Who::Any)],
    doc: DOC,
    remedies: &[
        Remedy { kind: When::Now, text: "If the data loss is acceptable: `patronictl failover --candidate MEMBER`; else bring the old primary back.", risk: "writes that the candidate has not received are lost", verify: "patronictl list shows a leader" },
        Remedy { kind: When::LongTerm, text: "Keep two eligible replicas (no nofailover tag, replication healthy); choose maximum_lag_on_failover knowingly; update Patroni.", risk: "a larger allowed lag may lose more", verify: "stopping the primary in a test promotes a replica within ttl" },
    ],
    assess,
};

const DOC: &str = "## What happens
The primary is gone and every replica refuses: too far behind, wrong timeline, tagged nofailover, not in the
synchronous set. The cluster stays without a leader until the old primary returns or somebody decides.

## How we tell
One line per loop on the replicas: `My wal position exceeds maximum replication lag` and its kin.

## What else looks like it
A DCS that is down (no race at all), a primary that still answers.

## What to do
Decide by hand now; keep replicas eligible.

## References
Patroni: Replication modes, maximum_lag_on_failover. Patroni PR 1889 (WAL switch at shutdown counted as lag).";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let refused = c.find(&[What::RaceLag, What::RaceRejected, What::RaceNofailover, What::NoCandidate]);
    if refused.is_empty() {
        return a;
    }
    let who = list(refused.iter().map(|e| c.name(e.node)));
    let lag = refused.iter().any(|e| e.what == What::RaceLag);
    let nobody = c.is(&[Kind::NoLeader]) || c.incident.new.is_none();
    let strength = match (nobody, lag) {
        (true, true) => Strength::Decisive,
        (true, false) => Strength::Strong,
        _ => Strength::Weak,
    };
    a.pro(strength, format!("{who} refused to take over{}", if lag { ": WAL position behind by more than maximum_lag_on_failover" } else { "" }), cites(&refused));
    let segment: Vec<Cite> = c
        .t
        .facts
        .iter()
        .enumerate()
        .filter(|(_, f)| f.fact.key == Key::MemberLagMb && f.fact.value.num() == Some(SEGMENT_MB))
        .map(|(i, _)| Cite::Fact(i as u32))
        .collect();
    if lag && !segment.is_empty() {
        a.pro(Strength::Weak, "the lag is exactly one WAL segment (16 MB): with archive_mode on, a clean shutdown switches WAL, and no data is missing", segment);
        a.tag("patroni_bug");
    }
    let stop = c.find(&[What::PgShutdownSmart, What::PgShutdownFast, What::SystemShutdown]);
    if !stop.is_empty() && nobody {
        a.tag("planned_or_external_action");
    }
    a
}
