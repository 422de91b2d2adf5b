//! PostgreSQL was alive but did not answer Patroni in time.

use super::case::{cites, duration, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Metric, NodeId, Program, Threshold, What, Why};
use crate::timeline::Hit;

static FAILURES: Threshold = Threshold::new(
    "postgres_slow_or_hung.failures",
    2.0,
    "times",
    "That many failed queries of Patroni are more than one dropped connection (our choice)",
);
static CONGESTED: Threshold = Threshold::new(
    "postgres_slow_or_hung.waits",
    5.0,
    "times",
    "Sessions that waited for locks, or statements that took seconds, to call the server congested (our choice)",
);
static SLOW_STATEMENT_MS: Threshold = Threshold::new(
    "postgres_slow_or_hung.statement_ms",
    5_000.0,
    "ms",
    "Statements that long count as waiting (our choice)",
);

pub static CAUSE: Cause = Cause {
    id: "postgres_slow_or_hung",
    title: "PostgreSQL was alive but did not answer Patroni in time",
    layer: Layer::Postgres,
    leads_to: &["slow_shutdown"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Log(Program::Postgres, Who::OldPrimary)],
    thresholds: &[&FAILURES, &CONGESTED, &SLOW_STATEMENT_MS, &AWAIT_FINE_MS],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Find what blocked: pg_stat_activity with wait_event and pg_blocking_pids() on {host}, log_lock_waits, long transactions, a connection storm.",
            risk: "none",
            verify: "Patroni's loop ends in time; no `connection problems`",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Bound what applications may do (statement_timeout, lock_timeout, idle_in_transaction_session_timeout), a pooler, and a Patroni whose monitoring query does not demote (4.1.4 and newer).",
            risk: "applications must cope with cancelled statements",
            verify: "the same job no longer makes Patroni's queries fail",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Locks, load or a storm of connections keep PostgreSQL busy. Patroni's own short queries fail or time out. It
usually keeps the lock with the role it remembers; old versions may demote.

## How we tell
Patroni's `connection problems`, failed status queries or statement timeouts while PostgreSQL's log goes on
without a crash or a stop, with long lock waits or slow statements beside them. A stopped or hung server leaves less:
Patroni notes who owns the lock and then says nothing for as long as it waits for PostgreSQL's position, while etcd
or the kernel of the same host write on.

## What else looks like it
A crash (a signal or PANIC comes first), a shutdown, a starved or frozen host (everything is late), a slow disk
(await), all connection slots used (it says so).

## What to do
Find the blocker.

## References
Patroni: release notes 4.1.4. PostgreSQL documentation: Monitoring Database Activity.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    let Some(old) = c.incident.old else { return a };
    let name = c.old_name();
    hung(c, &mut a, old);
    // What happens after the first order to stop, or the first crash, is its consequence.
    let end = c.on(
        old,
        &[
            What::PgShutdownFast,
            What::PgShutdownSmart,
            What::PgShutdownImmediate,
            What::PgBackendSignal,
            What::PgPanic,
            What::PgNotRunning,
            What::DemoteOffline,
            What::DemoteNolock,
            What::DemoteImmediate,
            What::DemoteGraceful,
            What::PgNoSpace,
            What::Boot,
            What::PgStarting,
        ],
        c.near(),
    );
    let until = end.first().map(|e| e.at);
    let before = |e: &Hit<'_>| until.is_none_or(|u| e.at < u);
    let failed: Vec<Hit<'_>> = c
        .on(old, &[What::PgConnFailed, What::RestStatusFailed], c.near())
        .into_iter()
        .filter(|e| before(e) && !matches!(e.why, Why::TooManyConnections | Why::NotReady | Why::Refused))
        .collect();
    let times: u32 = failed.iter().map(|e| e.count).sum();
    let waits: Vec<Hit<'_>> = c.on(old, &[What::PgLockWait], c.near()).into_iter().filter(before).collect();
    let slow: Vec<Hit<'_>> = c
        .on(old, &[What::PgSlowStatement], c.near())
        .into_iter()
        .filter(|e| before(e) && e.num >= c.limit(&SLOW_STATEMENT_MS))
        .collect();
    let waiting: u32 = waits.iter().chain(&slow).map(|e| e.count).sum();
    if times == 0 {
        if let Some(first) = end.first().filter(|e| matches!(e.what, What::PgBackendSignal | What::PgPanic)) {
            a.con(
                Strength::Strong,
                format!("PostgreSQL on {name} crashed before any query of Patroni failed"),
                [crate::incidents::Cite::Event(first.index)],
            );
        }
        return a;
    }
    let alive = c.t.during(c.near()).any(|e| {
        e.node == old && e.program == Program::Postgres && failed.first().is_some_and(|f| e.until >= f.at) && before(&e)
    });
    let congested = f64::from(waiting) >= c.limit(&CONGESTED);
    let dcs: Vec<Hit<'_>> = c
        .on(old, &[What::DcsRequestFailed, What::DcsRetry, What::DcsUnreachable, What::FsyncSlow], c.near())
        .into_iter()
        .filter(before)
        .collect();
    let strength = if f64::from(times) >= c.limit(&FAILURES) && alive && congested && dcs.is_empty() {
        Strength::Strong
    } else {
        Strength::Weak
    };
    let lives = if alive { ", which was alive" } else { "" };
    a.pro(
        strength,
        format!("{times} queries of Patroni on {name} failed or timed out in PostgreSQL{lives}"),
        cites(&failed),
    );
    if !waits.is_empty() {
        let worst = waits.iter().map(|e| e.num).fold(0.0, f64::max);
        a.pro(
            Strength::Weak,
            format!(
                "{} sessions on {name} waited for locks, up to {} when reported",
                waits.iter().map(|e| e.count).sum::<u32>(),
                duration(worst)
            ),
            cites(&waits),
        );
    }
    if !slow.is_empty() {
        let worst = slow.iter().map(|e| e.num).fold(0.0, f64::max);
        a.pro(
            Strength::Weak,
            format!(
                "{} statements on {name} took up to {}",
                slow.iter().map(|e| e.count).sum::<u32>(),
                duration(worst)
            ),
            cites(&slow),
        );
    }
    if !dcs.is_empty() {
        a.con(
            Strength::Weak,
            format!(
                "requests to the DCS failed as well ({}): not only PostgreSQL was slow",
                dcs.iter().map(|e| e.count).sum::<u32>()
            ),
            cites(&dcs),
        );
    }
    a
}

static AWAIT_FINE_MS: Threshold = Threshold::new(
    "postgres_slow_or_hung.await_fine_ms",
    20.0,
    "ms",
    "Mean time of a request at which a disk is not what a program waits for (spinning disks need 10 to 20 ms)",
);

/// The HA loop waited in the middle of its cycle, where it asks PostgreSQL for its position, while the host lived.
fn hung(c: &Case<'_>, a: &mut Assessment, old: NodeId) {
    for (cite, gap, explained) in c.silences() {
        if !explained.is_empty() || !c.mid_cycle(old, gap) || !c.restarted(old, gap).is_empty() {
            continue;
        }
        let said = c.wrote(old, gap, &|p| p == Program::Postgres);
        let quiet = c.t.covers(Program::Postgres, Some(old), gap) && !said;
        let lives = c.host_lives(old, gap);
        let mut disks = c.t.samples(Metric::DiskAwait, gap).filter(|(s, _)| s.node == old).map(|(_, x)| x.value);
        let fine = disks.next().is_some_and(|first| f64::from(disks.fold(first, f32::max)) < c.limit(&AWAIT_FINE_MS));
        let strength = if quiet && lives && fine { Strength::Strong } else { Strength::Weak };
        let more = match (quiet, lives, fine) {
            (true, true, true) => {
                "; PostgreSQL wrote nothing meanwhile, other programs of the host did, and its disks were fast"
            }
            (true, true, false) => "; PostgreSQL wrote nothing meanwhile, other programs of the host did",
            (_, true, _) => "; other programs of the host wrote meanwhile",
            _ => "",
        };
        a.pro(
            strength,
            format!(
                "the HA loop on {} noted its lock, then waited {} before it could renew it: this is where it asks PostgreSQL for its position{more}",
                c.old_name(),
                length(gap.length())
            ),
            [cite],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn a_lock_queue_keeps_patroni_out_until_it_demotes() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 WARNING: Retry got exception: connection problems
2026-03-02 10:00:26,012 WARNING: Failed to determine PostgreSQL state from the connection, falling back to cached role
2026-03-02 10:00:36,012 ERROR: Error communicating with PostgreSQL. Will try again later
2026-03-02 10:00:46,100 INFO: Demoting self (immediate)
//- pg1/var/log/postgresql.log
2026-03-02 10:00:12.500 UTC [812] LOG:  process 12345 still waiting for AccessExclusiveLock on relation 745 after 1000.142 ms
2026-03-02 10:00:13.500 UTC [813] LOG:  process 12346 still waiting for AccessShareLock on relation 745 after 1000.142 ms
2026-03-02 10:00:23.500 UTC [814] LOG:  process 12347 still waiting for AccessShareLock on relation 745 after 1000.142 ms
2026-03-02 10:00:24.500 UTC [815] LOG:  process 12348 still waiting for AccessShareLock on relation 745 after 1000.142 ms
2026-03-02 10:00:37.500 UTC [816] LOG:  process 12349 still waiting for AccessShareLock on relation 745 after 1000.142 ms
2026-03-02 10:00:46.500 UTC [800] LOG:  received immediate shutdown request
"#,
            expect![[r#"
                postgres_slow_or_hung: likely (demotion)
                  + strong: 3 queries of Patroni on pg1 failed or timed out in PostgreSQL, which was alive
                  + weak: 5 sessions on pg1 waited for locks, up to 1.0 s when reported
            "#]],
        );
    }

    /// Facts of a postmaster and its backends that were stopped (SIGSTOP) for 70 s.
    const STOPPED: &str = r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,004 INFO: Lock owner: pg1; I am pg1
2026-03-02 10:01:34,795 ERROR: failed to update leader lock
2026-03-02 10:01:34,796 INFO: Demoting self (immediate-nolock)
2026-03-02 10:01:36,352 INFO: demoted self because failed to update leader lock in DCS
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:01:34.839 UTC [800] LOG:  received immediate shutdown request
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:31,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:53,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:03,100 INFO: no action. I am (pg2), the leader with the lock
"#;
    const ETCD: &str = r#"//- pg1/var/log/etcd.log
{"level":"info","ts":"2026-03-02T09:58:00.222Z","caller":"mvcc/kvstore_compaction.go:66","msg":"finished scheduled compaction","compact-revision":4213,"took":"1.2ms"}
{"level":"info","ts":"2026-03-02T10:00:58.222Z","caller":"mvcc/kvstore_compaction.go:66","msg":"finished scheduled compaction","compact-revision":4299,"took":"1.2ms"}
"#;
    const SAR: &str = "//- pg1/sar.txt\nLinux 6.1.0-18-amd64 (pg1) \t03/02/2026 \t_x86_64_\t(4 CPU)\n\n09:40:00 AM       DEV       tps     rkB/s     wkB/s     dkB/s   areq-sz    aqu-sz     await     %util\n09:50:00 AM       sda     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00\n10:00:00 AM       sda     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00\n10:10:00 AM       sda     10.00      0.00    100.00      0.00     10.00      0.01      0.90      1.00\n";

    #[test]
    fn a_stopped_postmaster_holds_the_loop_in_the_middle_of_its_cycle() {
        check(
            &CAUSE,
            &format!("{STOPPED}{ETCD}{SAR}"),
            expect![[r#"
            postgres_slow_or_hung: likely (failover)
              + strong: the HA loop on pg1 noted its lock, then waited 63.8 s before it could renew it: this is where it asks PostgreSQL for its position; PostgreSQL wrote nothing meanwhile, other programs of the host did, and its disks were fast
        "#]],
        );
    }

    #[test]
    // Its disk may be what it waits for.
    fn a_loop_that_waits_on_a_host_without_numbers() {
        check(
            &CAUSE,
            &format!("{STOPPED}{ETCD}"),
            expect![[r#"
            postgres_slow_or_hung: possible (failover)
              + weak: the HA loop on pg1 noted its lock, then waited 63.8 s before it could renew it: this is where it asks PostgreSQL for its position; PostgreSQL wrote nothing meanwhile, other programs of the host did
        "#]],
        );
    }

    #[test]
    fn a_crash_also_breaks_the_connection() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 WARNING: Retry got exception: connection problems
//- pg1/var/log/postgresql.log
2026-03-02 10:00:19.500 UTC [800] LOG:  server process (PID 12345) was terminated by signal 11: Segmentation fault
2026-03-02 10:00:19.510 UTC [800] LOG:  terminating any other active server processes
2026-03-02 10:00:22.500 UTC [800] LOG:  database system is ready to accept connections
"#,
            expect![[r#"
                postgres_slow_or_hung: ruled_out (crash)
                  - strong: PostgreSQL on pg1 crashed before any query of Patroni failed
            "#]],
        );
    }

    #[test]
    fn without_the_log_of_postgres_it_is_a_guess() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 WARNING: Retry got exception: connection problems
2026-03-02 10:00:36,012 ERROR: Error communicating with PostgreSQL. Will try again later
2026-03-02 10:00:46,100 INFO: Demoting self (immediate)
"#,
            expect![[r#"
                postgres_slow_or_hung: possible (demotion)
                  + weak: 2 queries of Patroni on pg1 failed or timed out in PostgreSQL
            "#]],
        );
    }
}
