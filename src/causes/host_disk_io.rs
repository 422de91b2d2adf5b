//! The storage of the database host was slow, hung or gone.

use super::case::{cites, duration, length};
use super::disks::Tie;
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Side, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{Key, Metric, Program, Threshold, What};
use crate::timeline::Series;

static HUNG_MS: Threshold = Threshold::new(
    "host_disk_io.await_ms",
    100.0,
    "ms",
    "Mean request time at which a disk hardly answers; the same limit as for stalls (`incidents::classify`)",
);
static SPIKE: Threshold = Threshold::new(
    "host_disk_io.await_times",
    5.0,
    "times",
    "Times the host's own normal that an await must reach to count as a spike (our choice)",
);

pub static CAUSE: Cause = Cause {
    id: "host_disk_io",
    title: "the storage of the database host did not answer in time",
    layer: Layer::Host,
    leads_to: &["etcd_quorum_loss", "etcd_slow_disk", "host_stall", "postgres_crash", "slow_shutdown"],
    needs: &[Need::Series(Metric::DiskAwait, Who::OldPrimary), Need::Log(Program::Kernel, Who::OldPrimary)],
    thresholds: &[&HUNG_MS, &SPIKE],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Look at the storage of {host} (array, hypervisor datastore, cloud volume limits) {minutes}, and at what wrote: pidstat -d, backup, vacuum, checkpoint.",
            risk: "none",
            verify: "await of the data device back at its usual value",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Separate WAL, data, backups and etcd on devices of their own, or raise the volume's IOPS.",
            risk: "a maintenance window per host",
            verify: "the same job no longer raises await of the WAL and etcd devices",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
A device under PGDATA, WAL or swap answers requests only after seconds. Commits wait; Patroni and etcd on the
same device wait too. With a healthy majority of etcd elsewhere, the primary keeps its lock and clients hang.

## How we tell
await and %util of the device against the host's own normal; statements that took seconds; kernel reports of
hung tasks and I/O errors on the primary's host.

## What else looks like it
A busy but answering disk (high %util and iowait with low await does no harm), CPU starvation, locks.

## What to do
Find the load or the fault behind the device; separate devices.

## References
sysstat: sar(1), iostat(1). PostgreSQL documentation: Reliability.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let old = c.incident.old;
    // Where the lock was lost through the DCS and etcd itself suffers, the disk's name is etcd_slow_disk: PostgreSQL
    // on the same device is not what failed.
    let through_etcd = c.has(&[
        What::LockUpdateFailed,
        What::DemotedLockUpdate,
        What::DcsUnreachable,
        What::DemotedDcs,
        What::DemoteOffline,
    ]) && c.has(&[What::HeartbeatLate, What::FsyncSlow, What::Overloaded, What::EtcdRequestTimeout]);
    let tie = |s: &Series| c.tie(s, &[Key::PgDataDir, Key::PgWalDir]);
    let (others, ours): (Vec<_>, Vec<_>) =
        c.worst(Metric::DiskAwait, old).into_iter().partition(|(_, s, _)| matches!(tie(s), Tie::Elsewhere(..)));
    if let Some((cite, series, x)) = others.first().filter(|(_, _, x)| f64::from(x.value) >= c.limit(&HUNG_MS))
        && let Tie::Elsewhere(words, cites) = tie(series)
    {
        let disk = c.disk(series);
        a.con(
            Strength::Weak,
            format!("{disk} on {} needed {:.0} ms a request, but {words}", c.name(series.node), x.value),
            [*cite].into_iter().chain(cites),
        );
    }
    for (cite, series, x) in ours.into_iter().take(1) {
        let base = c.baseline(series).unwrap_or(0.0);
        let ms = f64::from(x.value);
        if ms >= c.limit(&HUNG_MS) && ms >= c.limit(&SPIKE) * f64::from(base) {
            let util = c.worst(Metric::DiskUtil, Some(series.node)).into_iter().find(|(_, s, _)| s.item == series.item);
            let over = length(x.to - x.from);
            let (data, ties) = match tie(series) {
                Tie::Carries(data, cites) => (format!("; it carries {data}"), cites),
                _ => (String::new(), Vec::new()),
            };
            let habit = c.harmless_habit(series, x);
            let words = format!(
                "{} on {} needed {:.0} ms a request, as an average over {over}; usually {base:.1} ms{data}",
                c.disk(series),
                c.name(series.node),
                x.value
            );
            let strength = match (c.is(&[Kind::WriteStall]), through_etcd) {
                _ if habit.is_some() => Strength::Weak,
                (true, _) => Strength::Decisive,
                (_, true) => Strength::Weak,
                _ => Strength::Strong,
            };
            a.pro(strength, words, [cite].into_iter().chain(util.map(|u| u.0)).chain(ties));
            if let Some(normal) = habit {
                let words =
                    format!("it is as slow every day at this hour, and did no harm then ({})", normal.words("ms"));
                a.con(Strength::Strong, words, [cite]);
            }
        }
    }
    let on_old = |e: &crate::timeline::Hit<'_>| old.is_none_or(|o| o == e.node);
    let kernel: Vec<_> = c.find(&[What::HungTask, What::BlockIoError]).into_iter().filter(on_old).collect();
    if !kernel.is_empty() {
        a.pro(Strength::Strong, "the kernel reports tasks blocked on storage, or I/O errors", cites(&kernel));
    }
    let slow: Vec<_> = c.find(&[What::PgWalIoSlow]).into_iter().filter(on_old).collect();
    if !slow.is_empty() {
        a.pro(Strength::Weak, "PostgreSQL waited long for I/O", cites(&slow));
    }
    let statements: Vec<_> =
        c.find(&[What::PgSlowStatement]).into_iter().filter(on_old).filter(|e| e.num >= 2_000.0).collect();
    if a.strongest(Side::For).is_some() && !statements.is_empty() {
        let worst = statements.iter().map(|e| e.num).fold(0.0, f64::max);
        a.pro(
            Strength::Weak,
            format!("statements on {} took up to {}", c.old_name(), duration(worst)),
            cites(&statements),
        );
    }
    if a.strongest(Side::For).is_some() {
        let beside = [Metric::DiskQueue, Metric::CpuIowait, Metric::Blocked, Metric::PsiIo, Metric::PsiIoFull];
        for s in c.strained(&beside, old) {
            a.pro(Strength::Weak, s.words, [s.cite]);
        }
    }
    if !a.evidence.is_empty() && c.find(&[What::FsyncSlow]).iter().any(on_old) {
        a.tag("co_located_etcd");
        a.tag("etcd_slow_disk");
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn a_backup_saturates_the_disk_and_nobody_fails_over() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:41,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:51,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:30.100 UTC [900] LOG:  duration: 10994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:31.100 UTC [901] LOG:  duration: 11994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:32.100 UTC [902] LOG:  duration: 12994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:33.100 UTC [903] LOG:  duration: 13994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:34.100 UTC [904] LOG:  duration: 14994.684 ms  statement: INSERT INTO t VALUES (1)
//- pg1/sar.txt
Linux 6.1.0-18-amd64 (pg1) 	03/02/2026 	_x86_64_	(4 CPU)

09:40:00 AM       DEV       tps     rkB/s     wkB/s     dkB/s   areq-sz    aqu-sz     await     %util
09:50:00 AM       sdb     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00
10:00:00 AM       sdb     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00
10:10:00 AM       sdb     10.00      0.00    100.00      0.00     10.00      0.01     2400.00     97.00
"#,
            expect![[r#"
                host_disk_io: confirmed (write_stall)
                  + decisive: sdb on pg1 needed 2400 ms a request, as an average over 10 min 0 s; usually 0.7 ms
                  + weak: statements on pg1 took up to 15.0 s
            "#]],
        );
    }

    #[test]
    fn a_busy_disk_that_answers_harms_nobody() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:41,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:51,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
//- pg1/sar.txt
Linux 6.1.0-18-amd64 (pg1) 	03/02/2026 	_x86_64_	(4 CPU)

09:40:00 AM       DEV       tps     rkB/s     wkB/s     dkB/s   areq-sz    aqu-sz     await     %util
09:50:00 AM       sdb     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00
10:00:00 AM       sdb     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00
10:10:00 AM       sdb     10.00      0.00    100.00      0.00     10.00      0.01      18.00     97.00
"#,
            expect![[r#"
                no incident
            "#]],
        );
    }

    #[test]
    fn statements_hang_and_sar_is_missing() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:41,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:51,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:05,012 INFO: Demoting self (immediate)
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:30.100 UTC [900] LOG:  duration: 10994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:31.100 UTC [901] LOG:  duration: 11994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:32.100 UTC [902] LOG:  duration: 12994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:33.100 UTC [903] LOG:  duration: 13994.684 ms  statement: INSERT INTO t VALUES (1)
2026-03-02 10:00:34.100 UTC [904] LOG:  duration: 14994.684 ms  statement: INSERT INTO t VALUES (1)
"#,
            expect![[r#"
                host_disk_io: not_assessable (demotion)
            "#]],
        );
    }
}
