//! systemd or the container runtime kills a service or does not start it, because of its unit's settings.

use super::case::cites;
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::messages::systemd_unit;
use crate::model::{Key, Program, What};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "service_manager_misconfig",
    title: "the service manager killed a healthy service",
    layer: Layer::Operator,
    leads_to: &["patroni_process_died"],
    needs: &[Need::Log(Program::Systemd, Who::Any)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Set Type=simple in Patroni's unit (systemctl edit patroni), or install the python systemd module for the interpreter that runs Patroni.",
            risk: "a restart of Patroni",
            verify: "systemctl status patroni stays active beyond the start timeout",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Review TimeoutStartSec, TimeoutStopSec, KillMode=process and WatchdogSec against what PostgreSQL needs; test package upgrades on a replica.",
            risk: "none",
            verify: "a restart of the unit leaves PostgreSQL running where it should",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The unit waits for a ready message that this Patroni cannot send (Type=notify without the python module), or
its time limits are too short: systemd terminates a service that works, and starts it again, and again.

## How we tell
`start operation timed out. Terminating.` after Patroni had said that systemd integration is not supported.

## What else looks like it
A PostgreSQL that cannot start, an operator's stop, the OOM killer.

## What to do
Fix the unit, not PostgreSQL.

## References
systemd.service(5): Type=, TimeoutStartSec=. Patroni issues 3482, 3591.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let ours = |e: &Hit<'_>| systemd_unit(e.who.as_deref().unwrap_or("")).is_some();
    let timeouts: Vec<Hit<'_>> = c.find(&[What::UnitStartTimeout]).into_iter().filter(ours).collect();
    // It says so at its start; the unit's time limit runs out 90 s later by default (DefaultTimeoutStartSec).
    let unsupported = c.find_wide(&[What::SystemdUnsupported]);
    if !timeouts.is_empty() && !unsupported.is_empty() {
        a.pro(
            Strength::Decisive,
            "systemd waited for a ready message that this Patroni cannot send, and killed it",
            cites(&timeouts).into_iter().chain(cites(&unsupported)),
        );
        let packages = c.find_wide(&[What::PackageChange]);
        if !packages.is_empty() {
            a.pro(Strength::Weak, "packages were changed shortly before", cites(&packages));
        }
        a.tag("planned_or_external_action");
    } else if !timeouts.is_empty() {
        a.pro(
            Strength::Strong,
            "the service did not report ready within the unit's time limit and was killed",
            cites(&timeouts),
        );
    }
    let stop: Vec<Hit<'_>> = c.find(&[What::UnitStopTimeout, What::UnitKilled]).into_iter().filter(ours).collect();
    if !stop.is_empty() {
        a.pro(Strength::Weak, "the service manager killed a service that was slow to stop", cites(&stop));
    }
    let notify = c.t.facts_of(Key::UnitSetting).any(|f| f.fact.value.text().is_some_and(|v| v.contains("Type=notify")));
    if notify && !a.evidence.is_empty() {
        a.pro(Strength::Weak, "the unit says Type=notify", []);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_unit_waits_for_a_message_that_patroni_cannot_send() {
        check(
            &CAUSE,
            r#"//- pg1/messages
Mar  4 10:00:00 pg1 systemd[1]: Starting patroni.service - Runners to orchestrate a high-availability PostgreSQL...
Mar  4 10:01:30 pg1 systemd[1]: patroni.service: start operation timed out. Terminating.
Mar  4 10:01:35 pg1 systemd[1]: patroni.service: Failed with result 'timeout'.
//- pg1/patroni.log
2026-03-04 10:00:01,123 INFO: Systemd integration is not supported
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:40,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:50,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:01:20,123 INFO: no action. I am (pg1), the leader with the lock
"#,
            expect![[r#"
                service_manager_misconfig: confirmed (start_failure)
                  + decisive: systemd waited for a ready message that this Patroni cannot send, and killed it
            "#]],
        );
    }

    #[test]
    fn an_operator_stops_patroni() {
        check(
            &CAUSE,
            r#"//- pg1/messages
Mar  4 10:00:22 pg1 systemd[1]: Stopping patroni.service - Runners to orchestrate a high-availability PostgreSQL...
Mar  4 10:00:24 pg1 systemd[1]: Stopped patroni.service - Runners to orchestrate a high-availability PostgreSQL.
//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
"#,
            expect![[r#"
                service_manager_misconfig: ruled_out (restart)
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
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                service_manager_misconfig: not_assessable (demotion)
            "#]],
        );
    }
}
