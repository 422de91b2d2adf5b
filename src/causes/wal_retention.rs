//! WAL could not be removed: a slot without a consumer, or an archiver that fails.

use super::case::{cites, duration, hosts, list, said, times};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Key, MINUTE, Metric, NodeId, Program, Span, Threshold, What, Why, seconds};
use crate::timeline::Hit;
use std::collections::BTreeSet;

static FAILURES: Threshold = Threshold::new(
    "wal_retention.archive_failures",
    4.0,
    "times",
    "The archiver tries three times and then pauses a minute (NUM_ARCHIVE_RETRIES, PGARCH_AUTOWAKE_INTERVAL in pgarch.c): more than three failures mean that it failed for longer than a moment",
);
/// How far back WAL can have begun to pile up in the logs that people send (our choice).
const LOOK_BACK: i64 = 24 * 60;
/// Share of a file system that pg_wal takes when it, and nothing else, is what filled it (our choice).
const MOSTLY_WAL: f64 = 0.5;
static GROWTH: Threshold = Threshold::new(
    "wal_retention.growth_pct",
    10.0,
    "points",
    "Points of usage that a file system must gain within the samples to count as growing (our choice)",
);

pub static CAUSE: Cause = Cause {
    id: "wal_retention",
    title: "WAL piled up because it could not be removed",
    layer: Layer::Postgres,
    leads_to: &["disk_full", "replica_not_eligible"],
    needs: &[Need::Log(Program::Postgres, Who::OldPrimary), Need::Disks(Who::Any)],
    thresholds: &[&FAILURES, &GROWTH],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "On the primary: `SELECT slot_name, active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) FROM pg_replication_slots` and `SELECT * FROM pg_stat_archiver`; drop the slot that nobody uses, or repair archive_command, then CHECKPOINT.",
            risk: "a replica or subscriber whose slot is dropped must be built anew",
            verify: "pg_wal shrinks to about max_wal_size",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Set max_slot_wal_keep_size below the free space of pg_wal; alert on failed_count of pg_stat_archiver, on inactive slots and on the volume from 75 % on; in Patroni 4 set member_slots_ttl.",
            risk: "a replica that is away for longer loses its slot",
            verify: "stop a replica for an hour in a test: pg_wal stays below the limit",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
PostgreSQL keeps WAL until every replication slot has read it and the archiver has stored it. A replica that is gone, a
logical slot without its subscriber, or a failing archive_command keep all of it: pg_wal grows with every write, until
its file system is full and the primary ends with PANIC.

## How we tell
Archive failures or an inactive slot on the host whose disk filled, for longer than a moment, and pg_wal as the thing
that grew. A slot that PostgreSQL invalidates had kept more than max_slot_wal_keep_size.

## What else looks like it
A burst of writes, backups or logs on the same volume. One failed archive command around a crash or a shutdown is a
consequence. `requested WAL segment has already been removed` is the opposite: too little was kept.

## What to do
Free the WAL by way of PostgreSQL, never by rm; then a limit.

## References
PostgreSQL: Replication slots, max_slot_wal_keep_size, Continuous archiving. Patroni: member_slots_ttl.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let back = Span::new(c.incident.span.from - LOOK_BACK * MINUTE, c.incident.span.to);
    let full: Vec<Hit<'_>> =
        c.t.find(&[What::PgNoSpace], c.incident.window)
            .filter(|e| e.why == Why::NoSpace || e.why == Why::Unsaid)
            .collect();
    let struck: BTreeSet<NodeId> = full.iter().map(|e| e.node).collect();
    let archive: Vec<Hit<'_>> =
        c.t.find(&[What::PgArchiveFailed], back)
            .filter(|e| struck.contains(&e.node))
            .filter(|e| full.first().is_some_and(|f| e.at <= f.at))
            .collect();
    let slots: Vec<Hit<'_>> = c.t.find(&[What::PgSlotInvalidated], back).collect();
    let keepers: Vec<Hit<'_>> =
        archive.iter().chain(slots.iter().filter(|e| struck.contains(&e.node))).copied().collect();
    if let (Some(first), Some(end)) = (archive.first(), full.first())
        && f64::from(times(&archive)) >= c.limit(&FAILURES)
    {
        let length = duration(seconds(end.at - first.at) * 1_000.0);
        a.pro(Strength::Strong, format!("on {} the archive command failed {} times in the {length} before the disk was full: no WAL could be removed", hosts(c, &archive), times(&archive)), cites(&archive));
        a.tag("archive_failure");
    } else if !archive.is_empty() {
        a.pro(
            Strength::Weak,
            format!(
                "on {} the archive command failed {} times before the disk was full",
                hosts(c, &archive),
                times(&archive)
            ),
            cites(&archive),
        );
        a.tag("archive_failure");
    }
    sizes(c, &mut a, &struck, !keepers.is_empty());
    if !slots.is_empty() {
        let blocked = c.find(&[What::RaceLag, What::RaceRejected, What::NoCandidate]);
        let strength = if blocked.is_empty() && struck.is_empty() { Strength::Weak } else { Strength::Strong };
        let names = list(slots.iter().filter_map(|e| e.who.as_deref().map(str::to_owned)));
        a.pro(
            strength,
            format!(
                "PostgreSQL gave up {} replication slots on {} that had kept more WAL than allowed ({names})",
                slots.len(),
                hosts(c, &slots)
            ),
            cites(&slots),
        );
    }
    if a.evidence.is_empty() {
        return a;
    }
    let busy: Vec<Hit<'_>> = c.t.find(&[What::SlotError], back).collect();
    if !busy.is_empty() {
        a.pro(
            Strength::Weak,
            format!("Patroni on {} had trouble with replication slots ({})", hosts(c, &busy), said(&busy)),
            cites(&busy),
        );
    }
    let etcd = c.find(&[What::EtcdDiskFull]);
    if full.is_empty() && !etcd.is_empty() {
        a.con(
            Strength::Strong,
            format!("it was etcd's file system on {} that was full", hosts(c, &etcd)),
            cites(&etcd),
        );
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

/// What `du`, `df` and sysstat say about the directory and its file system on the hosts that ran full.
fn sizes(c: &Case<'_>, a: &mut Assessment, struck: &BTreeSet<NodeId>, kept: bool) {
    let is_wal = |item: Option<&str>| {
        item.is_some_and(|d| {
            d.trim_end_matches('/').rsplit('/').next().is_some_and(|last| last == "pg_wal" || last == "pg_xlog")
        })
    };
    let wal =
        c.t.facts
            .iter()
            .enumerate()
            .filter(|(_, f)| struck.contains(&f.node) && f.fact.key == Key::DirSize && is_wal(f.fact.item.as_deref()));
    for (i, fact) in wal {
        let Some(size) = fact.fact.value.num().filter(|s| *s > 0.0) else { continue };
        let volumes: Vec<f64> =
            c.t.facts
                .iter()
                .filter(|f| f.node == fact.node && f.fact.key == Key::FsSizeBytes)
                .filter(|f| holds(f.fact.item.as_deref(), fact.fact.item.as_deref()))
                .filter_map(|f| f.fact.value.num())
                .collect();
        // The smallest volume on the way to the directory is the one that it lies on.
        let Some(volume) = volumes.into_iter().filter(|v| *v > 0.0).min_by(f64::total_cmp) else { continue };
        let share = size / volume;
        if (MOSTLY_WAL..=1.05).contains(&share) {
            let strength = if kept { Strength::Decisive } else { Strength::Weak };
            a.pro(
                strength,
                format!("pg_wal on {} takes {:.0} % of its file system", c.name(fact.node), share * 100.0),
                [Cite::Fact(i as u32)],
            );
        }
    }
    for (i, series) in
        c.t.series
            .iter()
            .enumerate()
            .filter(|(_, s)| s.metric == Metric::FsUsed && struck.contains(&s.node) && is_wal(s.item.as_deref()))
    {
        let before: Vec<_> = series.samples.iter().enumerate().filter(|(_, x)| x.from <= c.incident.span.to).collect();
        if let (Some((_, first)), Some((j, last))) = (before.first(), before.last())
            && f64::from(last.value - first.value) >= c.limit(&GROWTH)
        {
            a.pro(
                Strength::Weak,
                format!(
                    "{} on {} grew from {:.0} % to {:.0} %",
                    series.item.as_deref().unwrap_or("pg_wal"),
                    c.name(series.node),
                    first.value,
                    last.value
                ),
                [Cite::Sample { series: i as u32, sample: *j as u32 }],
            );
        }
    }
}

/// Whether the mount point is on the way to the directory.
fn holds(mount: Option<&str>, dir: Option<&str>) -> bool {
    let (Some(mount), Some(dir)) = (mount, dir) else { return false };
    let mount = mount.trim_end_matches('/');
    dir.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_archiver_fails_for_hours_until_pg_wal_is_full() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 08:00:01.123 UTC [815] LOG:  archive command failed with exit code 127
2026-03-04 08:00:02.123 UTC [815] LOG:  archive command failed with exit code 127
2026-03-04 08:00:03.123 UTC [815] LOG:  archive command failed with exit code 127
2026-03-04 08:00:03.124 UTC [815] WARNING:  archiving write-ahead log file "000000010000000000000003" failed too many times, will try again later
2026-03-04 09:59:59.124 UTC [815] WARNING:  archiving write-ahead log file "000000010000000000000003" failed too many times, will try again later
2026-03-04 10:00:21.123 UTC [4711] PANIC:  could not write to file "pg_wal/xlogtemp.4711": No space left on device
2026-03-04 10:00:21.323 UTC [811] LOG:  server process (PID 4711) was terminated by signal 6: Aborted
2026-03-04 10:00:21.324 UTC [811] LOG:  terminating any other active server processes
//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 WARNING: Postgresql is not running.
2026-03-04 10:00:30,223 INFO: starting primary after failure
"#,
            expect![[r#"
                wal_retention: likely (crash)
                  + strong: on pg1 the archive command failed 5 times in the 120 min 20 s before the disk was full: no WAL could be removed
            "#]],
        );
    }

    #[test]
    fn the_archiver_is_killed_with_the_server_and_nothing_is_full() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:21.323 UTC [811] LOG:  server process (PID 4711) was terminated by signal 11: Segmentation fault
2026-03-04 10:00:21.324 UTC [811] LOG:  terminating any other active server processes
2026-03-04 10:00:21.325 UTC [815] FATAL:  archive command was terminated by signal 3: Quit
2026-03-04 10:00:22.323 UTC [811] LOG:  all server processes terminated; reinitializing
2026-03-04 10:00:23.323 UTC [811] LOG:  database system is ready to accept connections
//- pg1/df.txt
Filesystem     1K-blocks    Used Available Use% Mounted on
/dev/sdb1       10255636 8204508   1510000  84% /var/lib/pgsql
"#,
            expect![[r#"
                wal_retention: ruled_out (crash)
            "#]],
        );
    }

    #[test]
    fn neither_df_nor_the_database_s_log_was_sent() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 WARNING: Postgresql is not running.
2026-03-04 10:00:30,223 INFO: starting primary after failure
"#,
            expect![[r#"
                wal_retention: not_assessable (crash)
            "#]],
        );
    }
}
