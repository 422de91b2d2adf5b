//! archive_command or restore_command fails in a way that stops PostgreSQL from starting or stopping.

use super::case::{cites, hosts, length, said, times};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{MINUTE, Program, SECOND, Span, What, Why};
use crate::timeline::{Event, Hit};

/// Shells report a death by signal n as 128 + n.
const BY_SIGNAL: f64 = 128.0;
/// A shutdown usually takes seconds; Patroni's loop_wait is what its other members expect at most (our choice).
const SLOW_STOP: i64 = 10 * SECOND;

pub static CAUSE: Cause = Cause {
    id: "archive_or_restore_misconfig",
    title: "archive_command or restore_command kept PostgreSQL from starting or stopping",
    layer: Layer::Postgres,
    leads_to: &["replica_not_eligible", "rewind_or_timeline", "wal_retention"],
    needs: &[Need::Log(Program::Postgres, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Run the command by hand as the postgres user with a real file name, and look at its exit code: 0 found, 1 to 125 not found, above 125 abort. Set it with `patronictl edit-config` and reload.",
            risk: "a restore_command that reports failure as success damages recovery",
            verify: "pg_stat_archiver shows last_archived_time going on; a replica starts",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Commands that return 1 where a file is missing, time limits inside them, no ssh or sudo that may ask; alert on failed_count of pg_stat_archiver.",
            risk: "none",
            verify: "switch over in a test while the archive is not reachable: it takes seconds",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
A restore_command that ends with a code above 125 (not executable, not found, died by a signal) makes PostgreSQL abort its
start, each time anew. An archive_command that fails lets a shutdown wait: the server tries to archive what is left before
it ends, so demotion or switchover take as long as the archive is broken.

## How we tell
`could not restore file … from archive` followed by a failed start; archive failures between the shutdown request and the
end of the server.

## What else looks like it
Code 128 + n at the moment of a crash or of an immediate shutdown: the command was killed with the server. Failures
without an effect are a risk for the disk, not a reason for a failover.

## What to do
Repair the command; look at its exit codes.

## References
PostgreSQL: Continuous archiving (archive_command, restore_command).";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    restore(c, &mut a);
    archive(c, &mut a);
    if c.requested() && !a.evidence.is_empty() {
        a.con(Strength::Strong, "the change was asked for; the command can only have made it slower", []);
    }
    a
}

/// PostgreSQL mentions a failed restore only where it ends its start (a missing file is DEBUG2, xlogarchive.c).
fn restore(c: &Case<'_>, a: &mut Assessment) {
    let (killed, failed): (Vec<Hit<'_>>, Vec<Hit<'_>>) =
        c.find_wide(&[What::PgRestoreFailed]).into_iter().partition(|e| with_the_server(c, e.event));
    if !failed.is_empty() {
        let ends: Vec<Hit<'_>> = c
            .find_wide(&[What::PgStartupFailed, What::PgStartFailed, What::PgAbnormalExit, What::PgBackendExit])
            .into_iter()
            .filter(|e| failed.iter().any(|f| f.node == e.node && e.at >= f.at - SECOND && e.at <= f.until + MINUTE))
            .collect();
        // Where the roles changed, the start of a replica is another matter.
        let changed = c.is(&[Kind::Failover, Kind::Demotion, Kind::Switchover]);
        let strength = if ends.is_empty() || changed { Strength::Weak } else { Strength::Decisive };
        a.pro(
            strength,
            format!(
                "the restore command failed {} times on {}{}",
                times(&failed),
                hosts(c, &failed),
                if ends.is_empty() {
                    String::new()
                } else {
                    format!(", and PostgreSQL did not start ({})", said(&ends))
                }
            ),
            cites(&failed).into_iter().chain(cites(&ends)),
        );
    }
    if !killed.is_empty() && failed.is_empty() {
        a.con(
            Strength::Strong,
            format!("the restore command on {} was killed together with the server", hosts(c, &killed)),
            cites(&killed),
        );
    }
}

fn archive(c: &Case<'_>, a: &mut Assessment) {
    let (killed, failed): (Vec<Hit<'_>>, Vec<Hit<'_>>) =
        c.find_wide(&[What::PgArchiveFailed]).into_iter().partition(|e| with_the_server(c, e.event));
    let orders = c.find(&[What::PgShutdownFast, What::PgShutdownSmart]);
    for order in &orders {
        let end =
            c.t.find(
                &[What::PgShutDown, What::PgAbnormalExit, What::PgShutdownImmediate],
                Span::new(order.at, order.at + 60 * MINUTE),
            )
            .find(|e| e.node == order.node);
        let until = end.map_or(c.incident.window.to, |e| e.at);
        let during: Vec<Hit<'_>> =
            failed.iter().copied().filter(|e| e.node == order.node && e.until >= order.at && e.at <= until).collect();
        if during.is_empty() || until - order.at < SLOW_STOP {
            continue;
        }
        // The archive must be the last thing that was waited for.
        let walsender =
            c.t.find(&[What::PgWalsenderTimeout, What::PgStopSlow], Span::new(order.at, until))
                .find(|e| e.node == order.node);
        let strength = if walsender.is_some() { Strength::Weak } else { Strength::Strong };
        let ended = if end.is_some() { "took" } else { "did not end within" };
        a.pro(
            strength,
            format!(
                "the shutdown of {} {ended} {}, while its archive command failed {} times",
                c.name(order.node),
                length(until - order.at),
                times(&during)
            ),
            cites(&during).into_iter().chain(cites(std::slice::from_ref(order))),
        );
        a.tag("archive_failure");
    }
    let full = c.find(&[What::PgNoSpace]);
    let before: Vec<Hit<'_>> =
        failed.iter().copied().filter(|e| full.iter().any(|f| f.node == e.node && e.at <= f.at)).collect();
    if a.evidence.is_empty() && !before.is_empty() {
        let words = format!(
            "the archive command failed {} times on {}, whose disk then ran full",
            times(&before),
            hosts(c, &before)
        );
        a.pro(Strength::Weak, words, cites(&before));
        a.tag("archive_failure");
    }
    if !killed.is_empty() && a.evidence.is_empty() {
        a.con(
            Strength::Strong,
            format!("the archive command on {} was killed together with the server: a consequence", hosts(c, &killed)),
            cites(&killed),
        );
    }
}

/// Whether a command ended by the signal that ended the server, too.
fn with_the_server(c: &Case<'_>, e: &Event) -> bool {
    let signalled = e.why == Why::Signal || e.num > BY_SIGNAL;
    // The server's own ends around that moment.
    let near = Span::around(e.at, 5 * SECOND, 2 * SECOND);
    signalled
        && c.t
            .find(
                &[
                    What::PgBackendSignal,
                    What::PgReinit,
                    What::PgCrashRestart,
                    What::PgPanic,
                    What::PgShutdownImmediate,
                    What::PgShutdownFast,
                    What::PgPeerCrash,
                ],
                near,
            )
            .any(|x| x.node == e.node)
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn a_restore_command_that_is_not_there_aborts_every_start() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:01.123 UTC [811] LOG:  starting PostgreSQL 15.18 on x86_64-pc-linux-gnu, compiled by gcc, 64-bit
2026-03-04 10:00:01.223 UTC [814] LOG:  database system was shut down in recovery at 2026-03-04 09:58:00 UTC
2026-03-04 10:00:01.323 UTC [814] FATAL:  could not restore file "00000002.history" from archive: command not found
2026-03-04 10:00:01.423 UTC [811] LOG:  startup process (PID 814) exited with exit code 1
2026-03-04 10:00:01.424 UTC [811] LOG:  aborting startup due to startup process failure
2026-03-04 10:00:01.523 UTC [811] LOG:  database system is shut down
//- pg1/patroni.log
2026-03-04 10:00:01,003 INFO: starting as a secondary
2026-03-04 10:00:02,123 ERROR: postmaster is not running
2026-03-04 10:00:02,223 INFO: failed to start postgres
"#,
            expect![[r#"
                archive_or_restore_misconfig: confirmed (crash)
                  + decisive: the restore command failed 1 times on pg1, and PostgreSQL did not start (4 messages)
            "#]],
        );
    }

    #[test]
    fn the_archiver_dies_with_the_server() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:21.323 UTC [811] LOG:  server process (PID 4711) was terminated by signal 11: Segmentation fault
2026-03-04 10:00:21.324 UTC [811] LOG:  terminating any other active server processes
2026-03-04 10:00:21.325 UTC [815] FATAL:  archive command failed with exit code 131
2026-03-04 10:00:22.323 UTC [811] LOG:  all server processes terminated; reinitializing
2026-03-04 10:00:23.323 UTC [811] LOG:  database system is ready to accept connections
"#,
            expect![[r#"
                archive_or_restore_misconfig: ruled_out (crash)
                  - strong: the archive command on pg1 was killed together with the server: a consequence
            "#]],
        );
    }

    #[test]
    fn a_demotion_waits_for_an_archive_that_nobody_can_reach() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 ERROR: Error communicating with DCS
2026-03-04 10:00:20,205 INFO: Demoting self (offline)
2026-03-04 10:02:21,205 INFO: demoted self because DCS is not accessible and I was a leader
//- pg1/postgresql.log
2026-03-04 10:00:20.323 UTC [811] LOG:  received fast shutdown request
2026-03-04 10:00:50.325 UTC [815] LOG:  archive command failed with exit code 1
2026-03-04 10:01:20.325 UTC [815] LOG:  archive command failed with exit code 1
2026-03-04 10:01:50.325 UTC [815] LOG:  archive command failed with exit code 1
2026-03-04 10:02:21.125 UTC [811] LOG:  database system is shut down
"#,
            expect![[r#"
                archive_or_restore_misconfig: likely (demotion)
                  + strong: the shutdown of pg1 took 2 min 1 s, while its archive command failed 3 times
            "#]],
        );
    }

    #[test]
    fn the_database_s_log_is_missing() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:01,003 INFO: starting as a secondary
2026-03-04 10:00:02,123 ERROR: postmaster is not running
2026-03-04 10:00:02,223 INFO: failed to start postgres
"#,
            expect![[r#"
                archive_or_restore_misconfig: not_assessable (crash)
            "#]],
        );
    }
}
