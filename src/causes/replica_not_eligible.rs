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
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "If the data loss is acceptable: `patronictl failover {scope} --candidate MEMBER` (one of {others}); else bring {host} back{behind}.",
            risk: "writes that the candidate has not received are lost",
            verify: "patronictl list shows a leader",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Keep two eligible replicas (no nofailover tag, replication healthy); choose maximum_lag_on_failover (now {maximum_lag}) knowingly; update Patroni.",
            risk: "a larger allowed lag may lose more",
            verify: "stopping the primary in a test promotes a replica within ttl",
        },
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
    // Once, it may have seen a better one that took over right after; nobody does as long as it is said again.
    let span = refused.iter().map(|e| e.until).max().unwrap_or(0) - refused.iter().map(|e| e.at).min().unwrap_or(0);
    let lasting = span >= c.loop_wait() / 2;
    let strength = match (nobody, lag) {
        (true, true) if lasting || refused.len() > 1 => Strength::Decisive,
        // Said once at the end of what there is: nothing tells who else could.
        (true, true) if c.incident.new.is_some() || refused.iter().map(|e| e.count).sum::<u32>() > 1 => {
            Strength::Strong
        }
        (true, false) if lasting => Strength::Strong,
        _ => Strength::Weak,
    };
    a.pro(
        strength,
        format!(
            "{who} refused to take over{}",
            if lag { ": WAL position behind by more than maximum_lag_on_failover" } else { "" }
        ),
        cites(&refused),
    );
    let segment: Vec<Cite> =
        c.t.facts
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

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_primary_dies_and_every_replica_lags_too_far() {
        check(
            &CAUSE,
            r#"//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,123 INFO: My wal position exceeds maximum replication lag
2026-03-04 10:00:50,123 INFO: following a different leader because i am not the healthiest node
2026-03-04 10:01:00,123 INFO: My wal position exceeds maximum replication lag
2026-03-04 10:01:00,123 INFO: following a different leader because i am not the healthiest node
2026-03-04 10:01:10,123 INFO: My wal position exceeds maximum replication lag
2026-03-04 10:01:10,123 INFO: following a different leader because i am not the healthiest node
//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
"#,
            expect![[r#"
                replica_not_eligible: confirmed (no_leader)
                  + decisive: pg2 refused to take over: WAL position behind by more than maximum_lag_on_failover
            "#]],
        );
    }

    #[test]
    fn one_refusal_at_the_end_of_the_logs_is_no_cause_yet() {
        check(
            &CAUSE,
            r#"//- pg2/patroni.log
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,123 INFO: My wal position exceeds maximum replication lag
"#,
            expect![[r#"
                replica_not_eligible: possible (no_leader)
                  + weak: pg2 refused to take over: WAL position behind by more than maximum_lag_on_failover
            "#]],
        );
    }

    #[test]
    fn one_replica_lags_and_the_other_takes_over() {
        check(
            &CAUSE,
            r#"//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,123 INFO: My wal position exceeds maximum replication lag
2026-03-04 10:00:50,123 INFO: following a different leader because i am not the healthiest node
//- pg3/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg3), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,323 INFO: promoted self to leader by acquiring session lock
2026-03-04 10:01:00,123 INFO: no action. I am (pg3), the leader with the lock
//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
"#,
            expect![[r#"
                replica_not_eligible: possible (failover)
                  + weak: pg2 refused to take over: WAL position behind by more than maximum_lag_on_failover
            "#]],
        );
    }

    #[test]
    fn no_replica_sent_its_log() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
"#,
            expect![[r#"
                replica_not_eligible: not_assessable (demotion)
            "#]],
        );
    }
}
