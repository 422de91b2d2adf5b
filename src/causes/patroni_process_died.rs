//! Patroni itself crashed or was killed while PostgreSQL ran on.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::{Cite, Kind};
use crate::model::{NodeId, Program, SECOND, Span, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "patroni_process_died",
    title: "the Patroni process ended while PostgreSQL ran on",
    layer: Layer::Patroni,
    leads_to: &[],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Log(Program::Systemd, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Check that no second primary takes writes: `patronictl list`, and pg_is_in_recovery() on {host}; then journalctl -u patroni for the exit status.",
            risk: "none",
            verify: "exactly one member is primary",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Restart=always with a short RestartSec in Patroni's unit, a watchdog (mode: required), OOMScoreAdjust below that of PostgreSQL, and the newest minor release of Patroni.",
            risk: "none",
            verify: "kill -9 of Patroni in a test: it is back before ttl ({ttl} s) ends",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Patroni ends without stopping PostgreSQL: killed, crashed, out of memory, an unhandled exception. Nobody renews
the key; after ttl another member is promoted, while PostgreSQL on the old host may still take writes.

## How we tell
The service manager reports how Patroni's main process ended, or Patroni starts anew after a silence in which
PostgreSQL wrote on and was not restarted.

## What else looks like it
A frozen Patroni (it goes on without a start), a frozen or dead host (PostgreSQL is silent, too), an ordered stop
(systemd says so and PostgreSQL shuts down), a log that was cut off or rotated.

## What to do
Look for two primaries first, then for the reason of the exit.

## References
Patroni: Watchdog support. systemd.service(5): Restart=.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    // Without a known primary: the host whose crash is the incident.
    let crashed = || c.incident.nodes.first().copied().filter(|_| c.is(&[Kind::Crash]));
    let Some(old) = c.incident.old.or_else(crashed) else { return a };
    let name = c.name(old);
    let reach = Span::new(c.near().from - c.t.ttl(), c.near().to);
    let ours = |e: &Hit<'_>| Case::is_patroni(e);
    let ordered: Vec<Hit<'_>> =
        c.on(old, &[What::UnitStopping, What::UnitStopped], reach).into_iter().filter(ours).collect();
    let timeouts: Vec<Hit<'_>> = c.on(old, &[What::UnitStartTimeout], reach).into_iter().filter(ours).collect();
    let exits: Vec<Hit<'_>> = c
        .on(
            old,
            &[What::UnitExited, What::UnitFailed, What::UnitOom, What::Segfault, What::CoreDump, What::OomKill],
            reach,
        )
        .into_iter()
        .filter(ours)
        // After an order to stop, the end of the process is no accident.
        .filter(|e| !ordered.iter().any(|o| o.at <= e.at + SECOND))
        .collect();
    let fatal = c.on(old, &[What::PatroniFatal], reach);
    let before = c.last_renewal(old, exits.first().map_or(c.incident.span.to, |e| e.at));
    let led = before.is_some_and(|(at, _)| exits.first().is_none_or(|e| e.at - at <= c.t.ttl()));
    if let Some(first) = exits.first() {
        let how = match first.why {
            Why::Signal if first.num > 0.0 => format!("by signal {:.0}", first.num),
            Why::ExitCode => format!("with exit code {:.0}", first.num),
            Why::NoMemory | Why::Cgroup => "for lack of memory".to_owned(),
            _ => "without an order".to_owned(),
        };
        let strength = match (led, timeouts.is_empty()) {
            (true, true) => Strength::Decisive,
            (false, true) => Strength::Strong,
            _ => Strength::Weak,
        };
        a.pro(
            strength,
            format!("the system of {name} reports that Patroni's process ended {how} ({} reports)", exits.len()),
            cites(&exits),
        );
    }
    if !fatal.is_empty() {
        let strength = if led { Strength::Strong } else { Strength::Weak };
        a.pro(
            strength,
            format!("Patroni on {name} said that it cannot run ({} times)", fatal.iter().map(|e| e.count).sum::<u32>()),
            cites(&fatal),
        );
    }
    // A silence that ends with a start of Patroni, PostgreSQL running on all the time.
    let ttl = c.t.ttl();
    for (i, gap) in
        c.t.gaps
            .iter()
            .enumerate()
            .filter(|(_, g)| g.node == old && g.span.overlaps(&reach) && g.span.length() > c.loop_wait())
    {
        let starts = c.on(old, &[What::PatroniStart], Span::new(gap.span.from + SECOND, gap.span.to + 5 * SECOND));
        let anew: Vec<Hit<'_>> = c
            .restarted(old, gap.span)
            .into_iter()
            .chain(c.on(
                old,
                &[What::PgStarting, What::PgShutdownFast, What::PgShutdownSmart, What::PgShutdownImmediate],
                gap.span,
            ))
            .collect();
        let pids = |span: Span| {
            c.t.during(span)
                .filter(|e| e.node == old && e.program == Program::Patroni && e.pid != 0)
                .map(|e| e.pid)
                .next()
        };
        let other_pid = match (
            pids(Span::new(gap.span.from - 3_600 * SECOND, gap.span.from)),
            pids(Span::new(gap.span.to, gap.span.to + 600 * SECOND)),
        ) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        };
        if (starts.is_empty() && !other_pid) || !ordered.is_empty() {
            continue;
        }
        let mut alive = lived(c, old, gap.span);
        if alive.is_empty() {
            alive = stopped_after(c, old, gap.span);
        }
        if !anew.is_empty() {
            a.con(
                Strength::Weak,
                format!("PostgreSQL or the machine of {name} started anew as well: more than Patroni ended"),
                cites(&anew),
            );
        } else if !alive.is_empty() {
            a.pro(
                Strength::Strong,
                format!(
                    "Patroni on {name} started anew after {} of silence; PostgreSQL ran on all the time",
                    length(gap.span.length())
                ),
                [Cite::Gap(i as u32)].into_iter().chain(cites(&starts)).chain(cites(&alive)),
            );
        } else if gap.span.length() > ttl {
            a.pro(
                Strength::Weak,
                format!("Patroni on {name} started anew after {} of silence", length(gap.span.length())),
                [Cite::Gap(i as u32)].into_iter().chain(cites(&starts)),
            );
        }
    }
    // Patroni's log ends for good, PostgreSQL's goes on, somebody else leads: ended or frozen, or the log was cut.
    let end = |program| c.t.covered.iter().filter(|x| x.node == old && x.program == program).map(|x| x.span.to).max();
    if a.evidence.is_empty()
        && ordered.is_empty()
        && let (Some(patroni), Some(postgres), Some(promoted)) =
            (end(Program::Patroni), end(Program::Postgres), c.taken_over())
        && patroni < promoted.at
        && postgres > patroni + ttl
        && promoted.at - patroni >= ttl - c.loop_wait()
        && c.on(
            old,
            &[What::PgShutDown, What::PgShutdownFast, What::PgShutdownImmediate, What::PgInterrupted],
            Span::new(patroni, promoted.at),
        )
        .is_empty()
    {
        let words = format!(
            "Patroni's log of {name} ends {} before {} was promoted, PostgreSQL's goes on: it died or hung, or the log was cut",
            length(promoted.at - patroni),
            c.name(promoted.node)
        );
        a.pro(Strength::Weak, words, [Cite::Event(promoted.index)]);
    }
    a
}

/// Lines of PostgreSQL within a silence of Patroni.
fn lived<'a>(c: &Case<'a>, node: NodeId, gap: Span) -> Vec<Hit<'a>> {
    c.t.during(gap)
        .filter(|e| e.node == node && e.program == Program::Postgres && e.at > gap.from + SECOND && e.at < gap.to)
        .take(4)
        .collect()
}

/// A server whose first word after the silence is that it was told to stop had been running through it.
fn stopped_after<'a>(c: &Case<'a>, node: NodeId, silent: Span) -> Vec<Hit<'a>> {
    let orders = [What::PgShutdownFast, What::PgShutdownImmediate, What::PgShutdownSmart];
    let starts = [What::PgStarting, What::PgInterrupted, What::PgNotRunning, What::PgShutDown];
    let first =
        c.t.during(Span::new(silent.from + SECOND, silent.to + 2 * c.t.ttl()))
            .find(|e| e.node == node && e.at > silent.from && (orders.contains(&e.what) || starts.contains(&e.what)));
    first.filter(|e| orders.contains(&e.what)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn patroni_is_killed_and_its_successor_stops_a_server_that_ran_on() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:16,317 INFO: Using default value thread_stack_size = 524288
2026-03-04 10:01:16,344 INFO: Patroni global thread_pool_size = 5
2026-03-04 10:01:17,698 INFO: Lock owner: pg2; I am pg1
2026-03-04 10:01:17,699 INFO: Demoting self (immediate-nolock)
2026-03-04 10:01:19,157 INFO: demoting self because I do not have the lock and I was a leader
//- pg1/postgresql.log
2026-03-04 09:59:27.231 UTC [2906] LOG:  checkpoint complete: wrote 0 buffers (0.0%); 0 WAL file(s) added, 0 removed, 0 recycled; write=0.004 s, sync=0.001 s, total=0.008 s
2026-03-04 10:01:17.839 UTC [2903] LOG:  received immediate shutdown request
2026-03-04 10:01:17.842 UTC [2903] LOG:  database system is shut down
2026-03-04 10:01:20.381 UTC [7034] LOG:  starting PostgreSQL 15.18 on x86_64-pc-linux-gnu
//- pg2/patroni.log
2026-03-04 10:00:20,223 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,123 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                patroni_process_died: likely (failover)
                  + strong: Patroni on pg1 started anew after 56.2 s of silence; PostgreSQL ran on all the time
            "#]],
        );
    }

    #[test]
    fn systemd_sees_patroni_killed_and_a_replica_takes_over() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/syslog
2026-03-02T10:00:14.400000+00:00 pg1 systemd[1]: patroni.service: Failed with result 'signal'.
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:02:15.500 UTC [990] LOG:  could not receive data from client: Connection reset by peer
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:42,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:52,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                patroni_process_died: confirmed (failover)
                  + decisive: the system of pg1 reports that Patroni's process ended without an order (1 reports)
            "#]],
        );
    }

    #[test]
    fn patroni_starts_anew_beside_a_running_postgres() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:11,012 INFO: Patroni global thread_pool_size = 5
2026-03-02 10:01:11,212 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:01:11,312 INFO: Demoting self (immediate-nolock)
2026-03-02 10:01:13,312 INFO: demoting self because I do not have the lock and I was a leader
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:35.500 UTC [990] LOG:  could not receive data from client: Connection reset by peer
2026-03-02 10:01:11.400 UTC [812] LOG:  received immediate shutdown request
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:42,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:52,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                patroni_process_died: likely (failover)
                  + strong: Patroni on pg1 started anew after 60.0 s of silence; PostgreSQL ran on all the time
            "#]],
        );
    }

    #[test]
    fn an_operator_stops_the_unit() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/syslog
2026-03-02T10:00:14.400000+00:00 pg1 systemd[1]: Stopping Runners to orchestrate a high-availability PostgreSQL...
2026-03-02T10:00:16.400000+00:00 pg1 systemd[1]: patroni.service: Failed with result 'exit-code'.
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:16,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:26,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                patroni_process_died: ruled_out (failover)
            "#]],
        );
    }

    #[test]
    fn no_log_of_the_old_primary() {
        check(
            &CAUSE,
            r#"
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:42,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:52,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                patroni_process_died: not_assessable (failover)
            "#]],
        );
    }

    #[test]
    fn it_crashes_on_a_replica() {
        check(
            &CAUSE,
            r#"//- syslog
Oct 12 09:46:41 pgnode03 patroni[526]: 2018-10-12 09:46:41,683 INFO: does not have lock
Oct 12 09:46:41 pgnode03 patroni[526]: 2018-10-12 09:46:41,706 INFO: no action.  i am a secondary and i am following a leader
Oct 12 09:46:46 pgnode03 kernel: [344776.625704] patroni[11244]: segfault at 7fed095c8000 ip 00007fed0914f620 sp 00007fecfdff5640 error 4 in libcrypto-6448f03c.so.1.0.2o[7fed090da000+228000]
Oct 12 09:46:46 pgnode03 systemd[1]: patroni.service: Main process exited, code=killed, status=11/SEGV
Oct 12 09:46:46 pgnode03 systemd[1]: patroni.service: Unit entered failed state.
"#,
            expect![[r#"
                patroni_process_died: likely (crash)
                  + strong: the system of pgnode03 reports that Patroni's process ended without an order (3 reports)
            "#]],
        );
    }
}
