//! Somebody, or a tool of theirs, asked for it.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::messages::systemd_unit;
use crate::model::{Program, SECOND, What};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "planned_or_external_action",
    title: "somebody asked for it",
    layer: Layer::Operator,
    leads_to: &["etcd_quorum_loss", "service_manager_misconfig", "slow_shutdown"],
    needs: &[Need::Log(Program::Systemd, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[Remedy {
        kind: When::Now,
        text: "Ask who did it: auth.log or secure, sudo, apt or dnf history, needrestart, Ansible or Puppet logs, the shell history of {host}, {minutes}.",
        risk: "none",
        verify: "a person or a tool is named",
    }],
    assess,
};

const DOC: &str = "## What happens
A switchover, a restart, a service stop, a reboot: an operator, a package upgrade or a configuration tool acts.
Clients feel it, but nothing failed.

## How we tell
`received switchover request` and the orderly demotion; systemd's `Stopping` before anything else; a shutdown
of PostgreSQL without a reason in Patroni's log; etcd that ends by a signal.

## What else looks like it
A demotion by Patroni (its own reason stands before the shutdown), a crash, a kill by the service manager.

## What to do
Nothing, or find out who.

## References
Patroni: patronictl. systemd: systemctl(1).";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let asked: Vec<Hit<'_>> = c.find(&[
        What::SwitchoverRequested,
        What::ManualFailover,
        What::DemoteGraceful,
        What::RestartRequested,
        What::ReinitRequested,
    ]);
    if c.is(&[Kind::Switchover]) {
        a.pro(Strength::Decisive, format!("a switchover away from {} was asked for", c.old_name()), cites(&asked));
        return a;
    }
    if !asked.is_empty() {
        a.pro(Strength::Weak, "an action was asked for", cites(&asked));
    }
    let unit = |e: &Hit<'_>| systemd_unit(e.who.as_deref().unwrap_or(""));
    let stops: Vec<Hit<'_>> =
        c.find(&[What::UnitStopping, What::UnitStopped]).into_iter().filter(|e| unit(e).is_some()).collect();
    // What systemd does on its own (a failed start, a timeout) is not an order.
    let forced = c.has(&[What::UnitStartTimeout, What::UnitFailed, What::UnitOom, What::UnitWatchdog]);
    let first = c.incident.events.first().and_then(|i| c.t.events.get(*i as usize)).map(|e| e.began());
    if let Some(stop) = stops.first() {
        let leads = first.is_none_or(|f| stop.at <= f + SECOND);
        let strength = if leads && !forced { Strength::Decisive } else { Strength::Weak };
        a.pro(
            strength,
            format!(
                "the service manager on {} was told to stop {} before anything else happened",
                c.name(stop.node),
                stop.who.as_deref().unwrap_or("a service")
            ),
            cites(&stops),
        );
        a.tag("external_service_stop");
    }
    let reboot = c.find(&[What::SystemShutdown]);
    if !reboot.is_empty() {
        a.pro(
            Strength::Strong,
            format!("{} was shut down or rebooted in order", list(reboot.iter().map(|e| c.name(e.node)))),
            cites(&reboot),
        );
        a.tag("external_service_stop");
    }
    let seen = |e: &Hit<'_>| {
        c.t.covers(Program::Patroni, Some(e.node), crate::model::Span::around(e.at, 60 * SECOND, 60 * SECOND))
    };
    // A replica that is stopped in order goes down as well.
    let down = |e: &Hit<'_>| c.incident.form == "replica_down" && c.incident.nodes.contains(&e.node);
    // Patroni itself stops a server at once in distress: an immediate stop counts only where its log would tell, and
    // where the member stayed primary.
    let stayed = c.is(&[Kind::Crash, Kind::Restart]);
    let ordered: Vec<Hit<'_>> = c
        .find(&[What::PgShutdownFast, What::PgShutdownSmart, What::PgShutdownImmediate])
        .into_iter()
        .filter(|e| c.on_old(e) || down(e))
        .filter(|e| e.what != What::PgShutdownImmediate || (stayed && seen(e)))
        .collect();
    let patroni_reason = c.has(&[
        What::DemoteOffline,
        What::DemoteNolock,
        What::DemoteImmediate,
        What::DemotedDcs,
        What::DemotedLockUpdate,
        What::DemotedForeignLock,
        What::DcsUnreachable,
        What::LockUpdateFailed,
        What::DemotedLostRace,
        What::DcsGetClusterFailed,
    ]) || c
        .find(&[What::PgNotRunning, What::PgNoSpace])
        .iter()
        // Patroni finds a server that somebody else stopped not running, afterwards.
        .any(|e| ordered.first().is_none_or(|o| o.node != e.node || e.at < o.at));
    let seen = ordered.first().is_some_and(seen);
    if !ordered.is_empty() && !patroni_reason && stops.is_empty() {
        let strength = if seen || ordered.iter().any(|e| e.what == What::PgShutdownSmart) {
            Strength::Strong
        } else {
            Strength::Weak
        };
        a.pro(
            strength,
            format!("PostgreSQL on {} was asked to shut down, and Patroni gives no reason of its own", c.old_name()),
            cites(&ordered),
        );
    }
    let signals = c.find(&[What::EtcdStopSignal]);
    if !signals.is_empty() {
        a.pro(Strength::Weak, "etcd was ended by a signal", cites(&signals));
        a.tag("external_service_stop");
    }
    let packages = c.find_wide(&[What::PackageChange]);
    if !packages.is_empty() && !a.evidence.is_empty() {
        a.pro(Strength::Weak, "packages were changed shortly before", cites(&packages));
    }
    if patroni_reason && stops.is_empty() && signals.is_empty() && reboot.is_empty() && asked.is_empty() {
        let who = match c.t.nodes_with(Program::Patroni).is_empty() {
            true => "PostgreSQL failed by itself; no log says that somebody asked for it",
            false => "Patroni demoted on its own account; nobody asked for it",
        };
        a.con(Strength::Decisive, who, []);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn a_switchover_was_asked_for() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:22,101 INFO: received switchover request with leader=pg1 candidate=pg2 scheduled_at=None
2026-03-04 10:00:22,205 INFO: switchover: demoting myself
2026-03-04 10:00:22,206 INFO: Demoting self (graceful)
2026-03-04 10:00:24,100 INFO: Leader key released
//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:24,225 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                planned_or_external_action: confirmed (switchover)
                  + decisive: a switchover away from pg1 was asked for
            "#]],
        );
    }

    #[test]
    fn somebody_stops_the_server_by_hand_and_patroni_starts_it_again() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 09:59:54,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:04,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:14,123 WARNING: Postgresql is not running.
2026-03-04 10:00:14,124 INFO: Lock owner: pg1; I am pg1
2026-03-04 10:00:14,324 INFO: starting primary after failure
2026-03-04 10:00:15,122 INFO: postmaster pid=1086
2026-03-04 10:00:16,123 INFO: no action. I am (pg1), the leader with the lock
//- pg1/postgresql.log
2026-03-04 09:50:27.231 UTC [2906] LOG:  checkpoint complete: wrote 0 buffers (0.0%); 0 WAL file(s) added, 0 removed, 0 recycled; write=0.004 s, sync=0.001 s, total=0.008 s
2026-03-04 10:00:04.839 UTC [2903] LOG:  received fast shutdown request
2026-03-04 10:00:04.842 UTC [2903] LOG:  database system is shut down
2026-03-04 10:00:15.381 UTC [1086] LOG:  starting PostgreSQL 15.18 on x86_64-pc-linux-gnu
2026-03-04 10:00:15.581 UTC [1086] LOG:  database system is ready to accept connections
"#,
            expect![[r#"
                planned_or_external_action: likely (crash)
                  + strong: PostgreSQL on pg1 was asked to shut down, and Patroni gives no reason of its own
            "#]],
        );
    }

    #[test]
    fn somebody_stops_the_server_at_once() {
        let patroni = |decided: &str| {
            format!(
                r#"//- pg1/patroni.log
2026-03-04 09:58:54,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:04,123 INFO: no action. I am (pg1), the leader with the lock
{decided}2026-03-04 10:00:14,123 WARNING: Postgresql is not running.
2026-03-04 10:00:14,324 INFO: starting primary after failure
2026-03-04 10:00:16,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:02:16,123 INFO: no action. I am (pg1), the leader with the lock
//- pg1/postgresql.log
2026-03-04 09:50:27.231 UTC [2906] LOG:  checkpoint complete: wrote 0 buffers (0.0%); 0 WAL file(s) added, 0 removed, 0 recycled; write=0.004 s, sync=0.001 s, total=0.008 s
2026-03-04 10:00:04.839 UTC [2903] LOG:  received immediate shutdown request
2026-03-04 10:00:04.842 UTC [2903] LOG:  database system is shut down
2026-03-04 10:00:15.381 UTC [1086] LOG:  starting PostgreSQL 15.18 on x86_64-pc-linux-gnu
"#
            )
        };
        check(
            &CAUSE,
            &patroni(""),
            expect![[r#"
                planned_or_external_action: likely (crash)
                  + strong: PostgreSQL on pg1 was asked to shut down, and Patroni gives no reason of its own
            "#]],
        );
        check(
            &CAUSE,
            &patroni("2026-03-04 10:00:04,300 INFO: Demoting self (immediate-nolock)\n"),
            expect![[r#"
                planned_or_external_action: ruled_out (demotion)
                  - decisive: Patroni demoted on its own account; nobody asked for it
            "#]],
        );
    }

    #[test]
    fn patroni_demotes_on_its_own() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                planned_or_external_action: ruled_out (demotion)
                  - decisive: Patroni demoted on its own account; nobody asked for it
            "#]],
        );
    }

    #[test]
    fn only_the_loser_s_database_was_heard() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:50,801 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                planned_or_external_action: not_assessable (failover)
            "#]],
        );
    }
}
