//! A file system ran full: data, WAL, etcd or logs.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Key, Metric, Program, Threshold, What, Why};
use crate::timeline::Known;

static FULL: Threshold = Threshold::new(
    "disk_full.used_pct",
    99.0,
    "%",
    "Full for all practical purposes: ext4 keeps 5 % for root, so users see ENOSPC before 100 %",
);

pub static CAUSE: Cause = Cause {
    id: "disk_full",
    title: "a file system ran full",
    layer: Layer::Host,
    leads_to: &["etcd_quorum_loss", "postgres_crash", "replica_not_eligible"],
    needs: &[Need::Log(Program::Postgres, Who::OldPrimary), Need::Disks(Who::Any)],
    thresholds: &[&FULL],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Free space on {full} (old logs, backups, core files); never delete files in pg_wal by hand.",
            risk: "deleting WAL by hand destroys the cluster",
            verify: "df shows room and the service starts",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Find what grew (failed archive_command, replication slot without consumer, backups on the same volume) and alert from 75 % on; set max_slot_wal_keep_size.",
            risk: "a slot beyond its limit is dropped and its replica must be rebuilt",
            verify: "pg_wal returns to about max_wal_size",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Writes fail with ENOSPC. PostgreSQL ends with PANIC when it cannot write WAL and cannot start again; etcd
ends with a fatal error and takes its vote with it; Patroni cannot save its files.

## How we tell
Only the error text itself counts: `No space left on device`. A file system above 75 % is a risk, never a cause.

## What else looks like it
etcd's quota (`mvcc: database space exceeded`), a disk quota, exhausted inodes (df -i), I/O errors.

## What to do
Free space without touching pg_wal, then fix what filled it.

## References
PostgreSQL documentation: Disk Full Failure. etcd: Maintenance, Space quota.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let direct = c.find_wide(&[What::PgNoSpace, What::EtcdDiskFull]);
    if !direct.is_empty() {
        let nodes = list(direct.iter().map(|e| c.name(e.node)));
        let first = direct.first().map_or("", |e| if e.what == What::EtcdDiskFull { "etcd" } else { "PostgreSQL" });
        a.pro(
            Strength::Decisive,
            format!("{first} on {nodes} could not write: no space left on device"),
            cites(&direct),
        );
    }
    let others: Vec<_> =
        c.t.find(ALL_WITH_WHY, c.incident.window)
            .filter(|e| e.why == Why::NoSpace && !matches!(e.what, What::PgNoSpace | What::EtcdDiskFull))
            .collect();
    if !others.is_empty() {
        a.pro(Strength::Strong, "another program reports no space left on device", cites(&others));
    }
    if a.evidence.is_empty()
        && let Some((i, fullest)) = fullest(c)
    {
        let (mount, used) = (fullest.fact.item.as_deref().unwrap_or("?"), fullest.fact.value.num().unwrap_or(0.0));
        a.con(
            Strength::Strong,
            format!("nothing reports ENOSPC, and the fullest file system seen is {mount} at {used:.0} %"),
            [Cite::Fact(i)],
        );
    }
    let full: Vec<_> = c
        .worst(Metric::FsUsed, None)
        .into_iter()
        .filter(|(_, _, x)| f64::from(x.value) >= c.limit(&FULL))
        .take(3)
        .collect();
    if !a.evidence.is_empty() && !full.is_empty() {
        let names =
            list(full.iter().map(|(_, s, _)| format!("{} on {}", s.item.as_deref().unwrap_or("?"), c.name(s.node))));
        a.pro(Strength::Strong, format!("{names} was full"), full.iter().map(|f| f.0));
    }
    if !a.evidence.is_empty() {
        let facts: Vec<_> =
            c.t.facts
                .iter()
                .enumerate()
                .filter(|(_, f)| f.fact.key == Key::FsUsed && f.fact.value.num().is_some_and(|v| v >= c.limit(&FULL)))
                .collect();
        for (i, f) in facts.into_iter().take(3) {
            a.pro(
                Strength::Weak,
                format!("df: {} at {} %", f.fact.item.as_deref().unwrap_or("?"), f.fact.value.num().unwrap_or(0.0)),
                [Cite::Fact(i as u32)],
            );
        }
        if c.t.find(&[What::PgArchiveFailed], c.incident.window.widened(3_600_000_000)).next().is_some() {
            a.tag("wal_retention");
            a.tag("archive_failure");
        }
        if direct.iter().any(|e| e.what == What::EtcdDiskFull)
            && c.has(&[What::QuorumLost, What::NoRaftLeader, What::DcsUnreachable, What::LeaderLost])
        {
            a.tag("etcd_quorum_loss");
        }
    }
    a
}

/// The fullest file system that `df` shows, if none is full.
fn fullest<'a>(c: &Case<'a>) -> Option<(u32, &'a Known)> {
    let used = |k: &Known| k.fact.value.num().unwrap_or(0.0);
    let facts = c.t.facts.iter().enumerate().filter(|(_, k)| k.fact.key == Key::FsUsed);
    facts
        .max_by(|(_, a), (_, b)| used(a).total_cmp(&used(b)))
        .filter(|(_, k)| used(k) < c.limit(&FULL))
        .map(|(i, k)| (i as u32, k))
}

/// Events that carry an error text of their own.
const ALL_WITH_WHY: &[What] = &[
    What::ConfigError,
    What::DcsException,
    What::ActionFailed,
    What::PgStartupFailed,
    What::UnnamedAlarm,
    What::PgPanic,
    What::EtcdFatal,
    What::PatroniBug,
    What::PgArchiveFailed,
];

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn wal_fills_its_volume() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,012 WARNING: Postgresql is not running.
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:23.100 UTC [812] PANIC:  could not write to file "pg_wal/xlogtemp.812": No space left on device
2026-03-02 10:00:24.100 UTC [800] LOG:  startup process (PID 900) was terminated by signal 6: Aborted
"#,
            expect![[r#"
                disk_full: confirmed (crash)
                  + decisive: PostgreSQL on pg1 could not write: no space left on device
            "#]],
        );
    }

    #[test]
    fn eighty_five_percent_is_a_risk_and_no_cause() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,012 WARNING: Postgresql is not running.
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:23.100 UTC [800] LOG:  server process (PID 23417) was terminated by signal 11: Segmentation fault
//- pg1/df.txt
Filesystem     1K-blocks     Used Available Use% Mounted on
/dev/sdb1      102400000 87040000  15360000  85% /var/lib/postgresql
"#,
            expect![[r#"
                disk_full: ruled_out (crash)
                  - strong: nothing reports ENOSPC, and the fullest file system seen is /var/lib/postgresql at 85 %
            "#]],
        );
    }

    #[test]
    fn no_log_of_postgres_and_no_df() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,012 WARNING: Postgresql is not running.
"#,
            expect![[r#"
                disk_full: not_assessable (crash)
            "#]],
        );
    }
}
