//! Something other than Patroni starts or stops PostgreSQL, or a second Patroni of the same name runs.

use super::case::{cites, hosts, said, times};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::messages::systemd_unit;
use crate::model::{Program, SECOND, Span, What};
use crate::timeline::{Event, Hit};

/// A manager acts within seconds of its own line (our choice).
const AT_ONCE: i64 = 5 * SECOND;
/// Once is an operator; that often is a machine (our choice).
const MACHINE: usize = 3;
/// Programs that start and stop PostgreSQL or move its address by their own rules.
const MANAGERS: [&str; 6] = ["pacemaker", "corosync", "repmgr", "pg_auto_failover", "keepalived", "rgmanager"];

pub static CAUSE: Cause = Cause {
    id: "external_manager_conflict",
    title: "something other than Patroni started or stopped PostgreSQL",
    layer: Layer::Operator,
    leads_to: &[],
    needs: &[
        Need::Log(Program::Patroni, Who::OldPrimary),
        Need::Log(Program::Postgres, Who::OldPrimary),
        Need::Log(Program::Systemd, Who::OldPrimary),
    ],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "On every member: `systemctl disable --now postgresql` and mask its instances (on Debian `start.conf` manual), `systemctl list-units | grep -Ei 'postgres|repmgr|pacemaker|keepalived'`, `ps -ef | grep [p]atroni` for a second one, and unique names in patroni.yml.",
            risk: "disable --now stops a server that this unit runs: pause the cluster first",
            verify: "reboot a replica: only Patroni starts PostgreSQL, once",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Leave start, stop and promotion to Patroni alone; let keepalived and proxies ask its REST API and never call pg_ctl; hold package upgrades that restart the distribution's unit.",
            risk: "none",
            verify: "a package upgrade of PostgreSQL on a replica leaves it running under Patroni",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Patroni expects to be the only one that starts, stops and promotes PostgreSQL. The distribution's own unit, a package
upgrade, an older cluster manager or a script of keepalived stops the server under it or starts another one in the same
data directory. Patroni repairs, the other one undoes it.

## How we tell
A unit of PostgreSQL that starts or stops where the server follows within seconds; a shutdown without a reason in
Patroni's log, again and again; `there is already a node named`; a lock file that belongs to another process.

## What else looks like it
One stop by an operator. Debian's postgresql.service, which starts nothing by itself. A Patroni that was restarted while
its former process still ended.

## What to do
Disable the other manager.

## References
Patroni: FAQ; Converting a standalone to a Patroni cluster. pg_ctlcluster(1), start.conf.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let units: Vec<Hit<'_>> = c
        .find_wide(&[What::UnitStopping, What::UnitStopped, What::UnitStarting, What::UnitStarted, What::UnitRestart])
        .into_iter()
        .filter(|e| systemd_unit(e.who.as_deref().unwrap_or("")) == Some(Program::Postgres))
        .filter(|e| patroni_runs(c, e.event) && !restarted(c, e.event))
        .collect();
    let stops = |e: &Hit<'_>| matches!(e.what, What::UnitStopping | What::UnitStopped | What::UnitRestart);
    let near = |e: &Event| Span::around(e.at, AT_ONCE, AT_ONCE);
    // A start that is Patroni's own is announced by the pid of its postmaster.
    let started: Vec<Hit<'_>> = units
        .iter()
        .copied()
        .filter(|e| {
            !stops(e)
                && c.t.find(&[What::PgStarting], near(e)).any(|p| p.node == e.node)
                && !c
                    .t
                    .find(&[What::PgPostmaster, What::PgRestarting, What::PgStartedSecondary], near(e))
                    .any(|p| p.node == e.node)
        })
        .collect();
    let stopped: Vec<Hit<'_>> =
        units.iter().copied().filter(|e| stops(e) && c.t.find(SHUTDOWNS, near(e)).any(|p| p.node == e.node)).collect();
    if !started.is_empty() {
        a.pro(
            Strength::Strong,
            format!(
                "a unit of the service manager started PostgreSQL on {} while Patroni ran there",
                hosts(c, &started)
            ),
            cites(&started),
        );
    }
    if !stopped.is_empty() {
        let orders = c
            .find_wide(SHUTDOWNS)
            .into_iter()
            .filter(|p| stopped.iter().any(|s| s.node == p.node && near(s.event).contains(p.at)));
        let often = orders.count() >= MACHINE || !started.is_empty();
        let strength = if often { Strength::Strong } else { Strength::Weak };
        a.pro(
            strength,
            format!(
                "a unit of the service manager stopped PostgreSQL on {} under Patroni ({})",
                hosts(c, &stopped),
                said(&stopped)
            ),
            cites(&stopped),
        );
    }
    again_and_again(c, &mut a);
    left_over(c, &mut a);
    let taken = c.find(&[What::NodeNameTaken]);
    if !taken.is_empty() {
        let twin = taken.iter().any(|e| taken.iter().any(|x| x.node != e.node)) || times(&taken) as usize >= MACHINE;
        // A member that was stopped just before may still be on its way out.
        let restart = c
            .find(&[What::PatroniStop, What::UnitStopping, What::UnitRestart])
            .iter()
            .any(|s| taken.iter().any(|e| e.node == s.node && s.at <= e.at));
        let strength = if restart && !twin { Strength::Weak } else { Strength::Strong };
        a.pro(
            strength,
            format!(
                "Patroni on {} did not start {} times: another one of its name answers",
                hosts(c, &taken),
                times(&taken)
            ),
            cites(&taken),
        );
    }
    let lock = c.find(&[What::PgPostmasterPidGone]);
    if !lock.is_empty() {
        // Storage that goes away takes the lock file along.
        a.pro(
            Strength::Weak,
            format!(
                "PostgreSQL on {} found its lock file gone or in another process's hands ({})",
                hosts(c, &lock),
                said(&lock)
            ),
            cites(&lock),
        );
    }
    let others: Vec<Hit<'_>> = c
        .find_wide(&[What::UnitStarted, What::UnitStarting, What::AdminCommand, What::VipGained, What::VipLost])
        .into_iter()
        .filter(|e| e.who.as_deref().is_some_and(|w| MANAGERS.iter().any(|m| w.contains(m))))
        .collect();
    if !others.is_empty() && !a.evidence.is_empty() {
        a.pro(
            Strength::Weak,
            format!("another cluster manager acts on {} ({})", hosts(c, &others), said(&others)),
            cites(&others),
        );
    }
    if c.requested() && c.is(&[crate::incidents::Kind::Switchover]) {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

/// Patroni finds a server that it did not start. A killed Patroni leaves its own behind, so the line alone says
/// nothing about who started it.
fn left_over(c: &Case<'_>, a: &mut Assessment) {
    let running = c.find(&[What::PgAlreadyRunning]);
    if running.is_empty() {
        return;
    }
    let died =
        [What::UnitExited, What::UnitKilled, What::UnitOom, What::OomKill, What::PatroniStart, What::UnitLeftovers];
    let own = c.find_wide(&died).iter().any(|e| running.iter().any(|r| r.node == e.node && e.at <= r.at));
    // The distribution's own unit starts a server at boot or by an update's script.
    let units: Vec<Hit<'_>> = c
        .find_wide(&[What::UnitStarted, What::UnitStarting])
        .into_iter()
        .filter(|e| systemd_unit(e.who.as_deref().unwrap_or("")) == Some(Program::Postgres))
        .filter(|e| running.iter().any(|r| r.node == e.node && e.at <= r.at) && !restarted(c, e.event))
        .collect();
    if !units.is_empty() && !own {
        let words =
            format!("a unit of the service manager started PostgreSQL on {} before Patroni did", hosts(c, &units));
        a.pro(Strength::Strong, words, cites(&units));
    }
    let foreign = a.evidence.iter().any(|e| e.strength >= Strength::Strong);
    a.pro(
        if foreign && !own { Strength::Strong } else { Strength::Weak },
        format!(
            "Patroni on {} found a PostgreSQL running that it had not started ({})",
            hosts(c, &running),
            said(&running)
        ),
        cites(&running),
    );
}

const SHUTDOWNS: &[What] = &[What::PgShutdownFast, What::PgShutdownSmart, What::PgShutdownImmediate];

/// Whether Patroni looked after the host's PostgreSQL around the event.
fn patroni_runs(c: &Case<'_>, e: &Event) -> bool {
    let around = Span::around(e.at, 60 * SECOND, 60 * SECOND);
    c.t.beats.iter().any(|b| b.node == e.node && b.from <= around.to && b.to >= around.from)
}

/// Whether Patroni itself came or went: then the unit is its own, under a description of PostgreSQL.
fn restarted(c: &Case<'_>, e: &Event) -> bool {
    let around = Span::around(e.at, 60 * SECOND, 60 * SECOND);
    c.t.find(&[What::PatroniStart, What::PatroniStop], around).any(|p| p.node == e.node)
}

/// Orders to stop that Patroni answers by starting the server again.
fn again_and_again(c: &Case<'_>, a: &mut Assessment) {
    let orders: Vec<Hit<'_>> = c
        .find_wide(SHUTDOWNS)
        .into_iter()
        .filter(|e| patroni_runs(c, e.event))
        .filter(|e| !c.t.find(OWN_REASONS, Span::around(e.at, c.t.ttl(), AT_ONCE)).any(|r| r.node == e.node))
        .filter(|e| {
            c.t.find(&[What::PgNotRunning], Span::new(e.at, e.at + 2 * c.t.loop_wait() + 60 * SECOND))
                .any(|r| r.node == e.node)
        })
        .collect();
    let found: Vec<Hit<'_>> = c
        .find_wide(&[What::PgNotRunning, What::PgRestarting])
        .into_iter()
        .filter(|e| orders.iter().any(|o| o.node == e.node))
        .collect();
    let n = times(&orders) as usize;
    if n >= 2 {
        let strength = if n >= MACHINE { Strength::Strong } else { Strength::Weak };
        a.pro(strength, format!("PostgreSQL on {} was told to stop {n} times without a reason in Patroni's log, and Patroni started it again", hosts(c, &orders)), cites(&orders).into_iter().chain(cites(&found)));
    }
}

/// What Patroni says before it stops PostgreSQL itself.
const OWN_REASONS: &[What] = &[
    What::DemoteOffline,
    What::DemoteGraceful,
    What::DemoteImmediate,
    What::DemoteNolock,
    What::DemotedDcs,
    What::DemotedLockUpdate,
    What::DemotedForeignLock,
    What::DemotedLostRace,
    What::RestartRequested,
    What::ReinitRequested,
    What::PatroniStop,
    What::RewindBegin,
    What::BootstrapBegin,
    What::LockUpdateFailed,
    What::DcsUnreachable,
    What::SystemShutdown,
];

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_distribution_s_unit_stops_the_server_under_patroni() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 WARNING: Postgresql is not running.
2026-03-04 10:00:30,223 INFO: starting primary after failure
2026-03-04 10:00:30,323 INFO: postmaster pid=4811
2026-03-04 10:00:40,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:50,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:00,123 WARNING: Postgresql is not running.
2026-03-04 10:01:00,223 INFO: starting primary after failure
2026-03-04 10:01:00,323 INFO: postmaster pid=4911
2026-03-04 10:01:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:30,123 WARNING: Postgresql is not running.
2026-03-04 10:01:30,223 INFO: starting primary after failure
2026-03-04 10:01:40,123 INFO: no action. I am (pg1), the leader with the lock
//- pg1/postgresql.log
2026-03-04 10:00:25.323 UTC [811] LOG:  received fast shutdown request
2026-03-04 10:00:25.823 UTC [811] LOG:  database system is shut down
2026-03-04 10:00:55.323 UTC [4811] LOG:  received fast shutdown request
2026-03-04 10:00:55.823 UTC [4811] LOG:  database system is shut down
2026-03-04 10:01:25.323 UTC [4911] LOG:  received fast shutdown request
2026-03-04 10:01:25.823 UTC [4911] LOG:  database system is shut down
//- pg1/messages
Mar  4 10:00:25 pg1 systemd[1]: Stopping PostgreSQL Cluster 15-main...
Mar  4 10:00:26 pg1 systemd[1]: Stopped PostgreSQL Cluster 15-main.
Mar  4 10:00:55 pg1 systemd[1]: Stopping PostgreSQL Cluster 15-main...
Mar  4 10:00:56 pg1 systemd[1]: Stopped PostgreSQL Cluster 15-main.
Mar  4 10:01:25 pg1 systemd[1]: Stopping PostgreSQL Cluster 15-main...
Mar  4 10:01:26 pg1 systemd[1]: Stopped PostgreSQL Cluster 15-main.
"#,
            expect![[r#"
                external_manager_conflict: likely (crash)
                  + strong: a unit of the service manager stopped PostgreSQL on pg1 under Patroni (6 messages)
                  + strong: PostgreSQL on pg1 was told to stop 3 times without a reason in Patroni's log, and Patroni started it again
            "#]],
        );
    }

    const RUNS_ALREADY: &str = r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
2026-03-04 10:00:10,123 WARNING: Postgresql is not running.
2026-03-04 10:00:10,223 INFO: starting as a secondary
2026-03-04 10:00:11,123 ERROR: Cannot start PostgreSQL because one is already running.
2026-03-04 10:00:20,123 ERROR: Cannot start PostgreSQL because one is already running.
2026-03-04 10:00:30,123 ERROR: Cannot start PostgreSQL because one is already running.
"#;

    #[test]
    fn a_server_that_patroni_did_not_start_may_be_anybodys() {
        check(
            &CAUSE,
            RUNS_ALREADY,
            expect![[r#"
            external_manager_conflict: possible (crash)
              + weak: Patroni on pg1 found a PostgreSQL running that it had not started (3 messages)
        "#]],
        );
    }

    #[test]
    fn a_server_that_the_distributions_unit_started_before_patroni() {
        let unit = "//- pg1/messages\nMar  4 10:00:08 pg1 systemd[1]: Started PostgreSQL Cluster 15-main.\n";
        check(
            &CAUSE,
            &format!("{RUNS_ALREADY}{unit}"),
            expect![[r#"
            external_manager_conflict: likely (crash)
              + strong: a unit of the service manager started PostgreSQL on pg1 before Patroni did
              + strong: Patroni on pg1 found a PostgreSQL running that it had not started (3 messages)
        "#]],
        );
    }

    #[test]
    fn a_server_that_a_killed_patroni_left_behind() {
        let killed = "//- pg1/messages\nMar  4 10:00:05 pg1 systemd[1]: patroni.service: Main process exited, code=killed, status=9/KILL\nMar  4 10:00:06 pg1 systemd[1]: Started Runners to orchestrate a high-availability PostgreSQL.\n";
        check(
            &CAUSE,
            &format!("{RUNS_ALREADY}{killed}"),
            expect![[r#"
            external_manager_conflict: possible (crash)
              + weak: Patroni on pg1 found a PostgreSQL running that it had not started (3 messages)
        "#]],
        );
    }

    #[test]
    fn patroni_itself_stops_the_server() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 ERROR: Error communicating with DCS
2026-03-04 10:00:20,205 INFO: Demoting self (offline)
2026-03-04 10:00:21,205 INFO: demoted self because DCS is not accessible and I was a leader
//- pg1/postgresql.log
2026-03-04 10:00:20.323 UTC [811] LOG:  received fast shutdown request
2026-03-04 10:00:20.823 UTC [811] LOG:  database system is shut down
//- pg1/messages
Mar  4 09:59:50 pg1 systemd[1]: Starting PostgreSQL RDBMS...
Mar  4 09:59:50 pg1 systemd[1]: Started PostgreSQL RDBMS.
"#,
            expect![[r#"
                external_manager_conflict: ruled_out (demotion)
            "#]],
        );
    }

    #[test]
    fn a_second_patroni_of_the_same_name() {
        check(
            &CAUSE,
            r#"//- pg3/patroni.log
2026-03-04 10:00:00,123 CRITICAL: Can't start; there is already a node named 'pg1' running
2026-03-04 10:00:10,123 CRITICAL: Can't start; there is already a node named 'pg1' running
2026-03-04 10:00:20,123 CRITICAL: Can't start; there is already a node named 'pg1' running
"#,
            expect![[r#"
                external_manager_conflict: likely (start_failure)
                  + strong: Patroni on pg3 did not start 3 times: another one of its name answers
            "#]],
        );
    }

    #[test]
    fn the_system_s_log_is_missing() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 WARNING: Postgresql is not running.
2026-03-04 10:00:20,223 INFO: starting primary after failure
"#,
            expect![[r#"
                external_manager_conflict: not_assessable (crash)
            "#]],
        );
    }
}
