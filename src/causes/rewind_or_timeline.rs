//! A former primary, or a replica, cannot follow the new one: diverged timeline, pg_rewind failed, WAL gone.

use super::case::{FAULTS, cites, hosts, length, list, said, times};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::{Kind, rejoined};
use crate::model::{MINUTE, Program, SECOND, Span, What, Why};
use crate::timeline::Hit;

/// A replica asks for WAL every five seconds (wal_retrieve_retry_interval): for longer than this it is stuck, not late.
const STUCK: i64 = MINUTE;
/// Patroni tries pg_rewind once per loop; the leader's checkpoint after a promotion may take some of them (our choice).
const AFTERMATH: i64 = 30 * MINUTE;

pub static CAUSE: Cause = Cause {
    id: "rewind_or_timeline",
    title: "a member could not follow the primary's timeline",
    layer: Layer::Postgres,
    leads_to: &["replica_not_eligible"],
    needs: &[Need::Log(Program::Patroni, Who::Any), Need::Log(Program::Postgres, Who::Any)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Save what the diverged member wrote after the switch if it matters (copy the data directory), then `patronictl reinit SCOPE MEMBER`.",
            risk: "reinit deletes the member's data directory; writes that only it has are lost",
            verify: "patronictl list shows the member streaming on the leader's timeline",
        },
        Remedy {
            kind: When::LongTerm,
            text: "use_pg_rewind: true with data checksums or wal_log_hints = on, a rewind user that may log in from all members, wal_keep_size or an archive with restore_command, so that the WAL since the fork is at hand.",
            risk: "wal_log_hints writes more WAL",
            verify: "kill the primary in a test: it rejoins by itself",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
After a failover the old primary holds WAL that the new one never received. It must be rewound to the point where the
timelines part. Without pg_rewind, without the WAL, or without a login it stays outside: the cluster has one member
less, and at the next failure nobody may be left.

## How we tell
pg_rewind that ends with an error and never succeeds later; PostgreSQL's `forked off current database system timeline`,
`is not a child of this server's history`, `requested WAL segment has already been removed`, again and again.

## What else looks like it
Attempts that wait for the leader's checkpoint and succeed a loop later. The failover itself: this is what comes after
it, not why it happened.

## What to do
Reinitialise the member; make rewinding possible.

## References
PostgreSQL: pg_rewind. Patroni: use_pg_rewind, remove_data_directory_on_diverged_timelines.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let after = Span::new(c.incident.span.from - MINUTE, c.incident.span.to + AFTERMATH);
    let healed = |e: &Hit<'_>| {
        c.t.find(&[What::RewindExit], Span::new(e.at, after.to)).any(|h| h.node == e.node) || rejoined(c.t, e.event)
    };
    let mut failed: Vec<Hit<'_>> = c.t.find(&[What::RewindFailed], after).collect();
    let stuck: Vec<Hit<'_>> = c.t.find(&[What::PgDiverged, What::PgWalRemoved], after).collect();
    let lasting = |nodes: &[Hit<'_>], node| {
        let own: Vec<&Hit<'_>> = nodes.iter().filter(|e| e.node == node).collect();
        let from = own.iter().map(|e| e.at).min().unwrap_or(0);
        own.iter().map(|e| e.until).max().unwrap_or(0) - from >= STUCK
    };
    // PostgreSQL that ends because of it does not need to say it twice.
    let barred =
        |e: &Hit<'_>| !c.on(e.node, &[What::PgStartupFailed], Span::new(e.at - MINUTE, e.until + MINUTE)).is_empty();
    let ok: Vec<Hit<'_>> = failed.iter().copied().filter(|e| healed(e)).collect();
    failed.retain(|e| !healed(e));
    // The log may end before a minute is over.
    let itself = |e: &Hit<'_>| c.is(&[Kind::StartFailure]) && c.incident.events.contains(&e.index);
    let lost: Vec<Hit<'_>> =
        stuck.iter().copied().filter(|e| (lasting(&stuck, e.node) || barred(e) || itself(e)) && !healed(e)).collect();
    // It explains why a member stays away; a change of roles has its reason before that.
    let earlier = |e: &Hit<'_>| e.at < c.incident.at - SECOND && c.incident.old != Some(e.node);
    let blocked = c.find(&[What::RaceLag, What::RaceRejected, What::NoCandidate, What::RaceNotHealthiest]);
    let changed = c.is(&[Kind::Failover, Kind::Demotion, Kind::Switchover]);
    let strength = |hits: &[Hit<'_>]| {
        let barred = c.is(&[Kind::NoLeader]) && hits.iter().any(earlier) && !blocked.is_empty();
        let alone = c.is(&[Kind::StartFailure, Kind::Crash])
            && !c.has(FAULTS)
            && hits.iter().any(|e| c.incident.nodes.contains(&e.node));
        if barred || alone { Strength::Strong } else { Strength::Weak }
    };
    if !failed.is_empty() {
        a.pro(
            strength(&failed),
            format!(
                "pg_rewind failed or was not possible on {} ({}), and no later attempt succeeded",
                hosts(c, &failed),
                said(&failed)
            ),
            cites(&failed),
        );
        if failed.iter().any(|e| e.why == Why::Auth) {
            a.tag("auth_failure");
        }
    }
    if !lost.is_empty() {
        let span = |e: &Hit<'_>| {
            let own = || lost.iter().filter(|x| x.node == e.node);
            own().map(|x| x.until).max().unwrap_or(e.until) - own().map(|x| x.at).min().unwrap_or(e.at)
        };
        let long = list(lost.iter().map(span).filter(|l| *l > 0).map(length));
        let long = if long.is_empty() { String::new() } else { format!(" for {long}") };
        a.pro(
            strength(&lost),
            format!("{} could not follow the primary's timeline{long} ({})", hosts(c, &lost), said(&lost)),
            cites(&lost),
        );
        if lost.iter().any(|e| e.what == What::PgWalRemoved) {
            a.tag("wal_removed_no_archive");
        }
    }
    if !ok.is_empty() && failed.is_empty() && lost.is_empty() {
        a.con(Strength::Strong, format!("{} rejoined after {} attempts", hosts(c, &ok), times(&ok)), cites(&ok));
    }
    if changed && !a.evidence.is_empty() && !failed.iter().chain(&lost).any(earlier) {
        a.con(Strength::Strong, "it began after the roles had changed: an effect, not the reason", []);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_former_primary_comes_back_without_wal_log_hints() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: Local timeline=1 lsn=0/4184B78
2026-03-04 10:00:00,223 INFO: primary_timeline=2
2026-03-04 10:00:00,323 INFO: running pg_rewind from pg2
2026-03-04 10:00:00,423 INFO: running pg_rewind from dbname=postgres user=rewind_user host=10.24.2.12 port=5432 target_session_attrs=read-write
2026-03-04 10:00:00,523 INFO: pg_rewind exit code=1
2026-03-04 10:00:00,524 INFO:  stdout=
2026-03-04 10:00:00,525 INFO:  stderr=pg_rewind: error: target server needs to use either data checksums or "wal_log_hints = on"
2026-03-04 10:00:00,526 ERROR: Failed to rewind from healthy primary: pg2
2026-03-04 10:00:10,123 INFO: starting as a secondary
2026-03-04 10:00:12,123 ERROR: postmaster is not running
2026-03-04 10:00:20,123 INFO: running pg_rewind from pg2
2026-03-04 10:00:20,523 INFO: pg_rewind exit code=1
2026-03-04 10:00:20,526 ERROR: Failed to rewind from healthy primary: pg2
"#,
            expect![[r#"
                rewind_or_timeline: likely (crash)
                  + strong: pg_rewind failed or was not possible on pg1 (5 messages), and no later attempt succeeded
            "#]],
        );
    }

    #[test]
    fn the_second_attempt_succeeds_after_the_checkpoint() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:12,101 INFO: received switchover request with leader=pg1 candidate=pg2 scheduled_at=None
2026-03-04 10:00:12,205 INFO: Demoting self (graceful)
2026-03-04 10:00:14,100 WARNING: Can not use pg2 for rewind: leader has not run a checkpoint yet
2026-03-04 10:00:24,323 INFO: running pg_rewind from pg2
2026-03-04 10:00:26,523 INFO: pg_rewind exit code=0
2026-03-04 10:00:36,523 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
//- pg2/patroni.log
2026-03-04 10:00:00,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:13,225 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                rewind_or_timeline: ruled_out (switchover)
                  - strong: pg1 rejoined after 1 attempts
                  - strong: it began after the roles had changed: an effect, not the reason
            "#]],
        );
    }

    #[test]
    fn a_diverged_replica_is_an_effect_of_the_failover_before_it() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 ERROR: Error communicating with DCS
2026-03-04 10:00:20,205 INFO: Demoting self (offline)
2026-03-04 10:00:21,205 INFO: demoted self because DCS is not accessible and I was a leader
//- pg1/postgresql.log
2026-03-04 10:00:40.123 UTC [911] LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/6000060
2026-03-04 10:01:10.123 UTC [911] LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/6000060
2026-03-04 10:02:10.123 UTC [911] LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/6000060
//- pg2/patroni.log
2026-03-04 10:00:00,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:33,225 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                rewind_or_timeline: possible (failover)
                  + weak: pg1 could not follow the primary's timeline for 90.0 s (3 messages)
                  - strong: it began after the roles had changed: an effect, not the reason
            "#]],
        );
    }

    #[test]
    fn nothing_of_the_old_primary_was_sent() {
        check(
            &CAUSE,
            r#"//- pg2/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
"#,
            expect![[r#"
                rewind_or_timeline: not_assessable (demotion)
            "#]],
        );
    }
}
