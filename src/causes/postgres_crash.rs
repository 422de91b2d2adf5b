//! A PostgreSQL process died by a signal or PANIC.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, SECOND, What};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "postgres_crash",
    title: "a PostgreSQL process crashed",
    layer: Layer::Postgres,
    leads_to: &[],
    needs: &[Need::Log(Program::Postgres, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Keep the core file and the statement that ran; check for a minor release that fixes it.",
            risk: "none",
            verify: "the same statement no longer ends in a signal",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Update PostgreSQL and its extensions to the newest minor release; find out who sends signals if it was 9 or 15.",
            risk: "a restart per node",
            verify: "no `was terminated by signal` for a month",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
One server process ends by a signal, or with PANIC. The postmaster ends all sessions, recovers from WAL and
accepts connections again, usually within seconds and without a change of roles.

## How we tell
`server process (PID …) was terminated by signal`, before anything else. The many lines
`because of crash of another server process` prove nothing alone: they also follow an immediate shutdown.

## What else looks like it
Patroni's immediate shutdown at a demotion; an OOM kill (kernel line); a full disk (ENOSPC in the PANIC).

## What to do
Core file, statement, minor release.

## References
PostgreSQL documentation: Server Shutdown, signals. Wiki: Getting a stack trace.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    // After an immediate shutdown dying processes are the consequence.
    let ordered = c.find(&[What::PgShutdownImmediate]);
    let died: Vec<Hit<'_>> = c
        .find(&[What::PgBackendSignal, What::PgPanic, What::PgAbnormalExit])
        .into_iter()
        .filter(|e| !ordered.iter().any(|o| o.node == e.node && e.at >= o.at - SECOND && e.at - o.at < 60 * SECOND))
        .collect();
    // A member that crashes after another one was promoted did not lose its role by that.
    let before = died.first().and_then(|d| {
        c.find(&[What::Promoted])
            .into_iter()
            .find(|p| p.node != d.node && p.at + SECOND < d.at && p.at >= c.incident.span.from)
    });
    if let (Some(promoted), Some(first)) = (before, died.first()) {
        a.con(
            Strength::Strong,
            format!(
                "{} was promoted {} before the crash on {}",
                c.name(promoted.node),
                length(first.at - promoted.at),
                c.name(first.node)
            ),
            [crate::incidents::Cite::Event(promoted.index)],
        );
    } else if let Some(first) = died.first() {
        let how = match first.what {
            What::PgPanic => "PANIC".to_owned(),
            What::PgBackendSignal => format!("signal {:.0}", first.num),
            _ => "an abnormal exit".to_owned(),
        };
        a.pro(
            Strength::Decisive,
            format!(
                "{} on {} ended by {how}",
                first.who.as_deref().unwrap_or("a PostgreSQL process"),
                c.name(first.node)
            ),
            cites(&died),
        );
        // The kernel's own kill is nobody's order.
        if first.num == 9.0 && !c.has(&[What::OomKill]) {
            a.tag("planned_or_external_action");
        }
    }
    let dumps: Vec<Hit<'_>> = c
        .find(&[What::CoreDump, What::Segfault])
        .into_iter()
        .filter(|e| e.who.as_deref().is_some_and(|w| w.contains("postgres")))
        .collect();
    if !dumps.is_empty() {
        a.pro(Strength::Strong, "the system recorded a crash of PostgreSQL", cites(&dumps));
    }
    if died.is_empty() && !ordered.is_empty() {
        a.con(
            Strength::Decisive,
            "the sessions ended because of an immediate shutdown, not because of a crash",
            cites(&ordered),
        );
    }
    // Patroni demotes a server that runs; had it crashed, Patroni would have found it not running first.
    let demoted = c.find(&[
        What::DemotedLockUpdate,
        What::DemotedDcs,
        What::DemoteOffline,
        What::DemoteNolock,
        What::DemotedForeignLock,
    ]);
    if died.is_empty() && !demoted.is_empty() && !c.has(&[What::PgNotRunning, What::CoreDump, What::Segfault]) {
        a.con(
            Strength::Strong,
            "Patroni demoted a running server because of its lock: no crash came first",
            cites(&demoted),
        );
    }
    let full = c.find(&[What::PgNoSpace]);
    if !full.is_empty() && died.is_empty() {
        a.con(Strength::Strong, "PostgreSQL ended because it could not write", cites(&full));
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn an_extension_crashes_a_backend() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:23.100 UTC [800] LOG:  server process (PID 23417) was terminated by signal 11: Segmentation fault
2026-03-02 10:00:23.105 UTC [800] LOG:  terminating any other active server processes
2026-03-02 10:00:23.110 UTC [811] WARNING:  terminating connection because of crash of another server process
2026-03-02 10:00:24.110 UTC [800] LOG:  all server processes terminated; reinitializing
"#,
            expect![[r#"
                postgres_crash: confirmed (crash)
                  + decisive: server process on pg1 ended by signal 11
            "#]],
        );
    }

    #[test]
    fn another_member_was_promoted_before_a_backend_was_killed() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/postgresql.log
2026-03-02 10:01:23.100 UTC [800] LOG:  server process (PID 23417) was terminated by signal 9: Killed
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:42,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:52,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                postgres_crash: ruled_out (failover)
                  - strong: pg2 was promoted 41.1 s before the crash on pg1
            "#]],
        );
    }

    #[test]
    fn patroni_orders_an_immediate_shutdown() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,900 INFO: Demoting self (immediate-nolock)
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:31.950 UTC [800] LOG:  received immediate shutdown request
2026-03-02 10:00:31.960 UTC [811] WARNING:  terminating connection because of crash of another server process
2026-03-02 10:00:31.990 UTC [800] LOG:  archiver process (PID 812) was terminated by signal 3: Quit
"#,
            expect![[r#"
                postgres_crash: ruled_out (demotion)
                  - decisive: the sessions ended because of an immediate shutdown, not because of a crash
                  - strong: Patroni demoted a running server because of its lock: no crash came first
            "#]],
        );
    }

    #[test]
    fn patroni_finds_postgres_gone_and_its_log_is_missing() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,012 WARNING: Postgresql is not running.
2026-03-02 10:00:31,512 INFO: starting primary after failure
"#,
            expect![[r#"
                postgres_crash: not_assessable (crash)
            "#]],
        );
    }
}
