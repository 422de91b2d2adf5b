//! A defect of Patroni decided the outcome.

use super::case::{cites, hosts, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Key, MINUTE, Program, SECOND, Span, What};
use crate::timeline::{Event, Hit};

pub static CAUSE: Cause = Cause {
    id: "patroni_bug",
    title: "an unexpected exception in Patroni decided the outcome",
    layer: Layer::Patroni,
    leads_to: &["replica_not_eligible"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Look the traceback's last line and this version up in Patroni's release notes and issues; update to the newest release of the same line, replicas first.",
            risk: "a restart of Patroni per node; pause the cluster or do it one by one",
            verify: "patronictl version shows the new release on all members, and the exception does not return",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Stay within the last two feature releases of Patroni; read the release notes before upgrading etcd, PostgreSQL or Python.",
            risk: "none",
            verify: "the same test (failover, switchover, DCS outage) runs after each upgrade",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The HA loop ends with an exception that its authors did not expect. Patroni treats it as a failed action: the lock is not
renewed, a promotion does not take place, a member is not started.

## How we tell
`Unexpected exception … please report it as a BUG`, or an action that ended with an exception, right before the decision
and with nothing wrong around it that would explain it.

## What else looks like it
Nearly every traceback: requests that time out, PostgreSQL that does not answer, a full disk, a broken pipe of a health
checker. Those are reports of trouble elsewhere. Patroni also calls errors of the DCS unexpected that it has no name for.

## What to do
Update; report it with the traceback.

## References
Patroni: Release notes.";

/// What an exception may be a mere report of.
const ELSEWHERE: &[What] = &[
    What::DcsRequestFailed,
    What::DcsRetry,
    What::DcsException,
    What::DcsUnreachable,
    What::DcsGetClusterFailed,
    What::DcsNoSpace,
    What::DcsAuthFailed,
    What::DcsResolveFailed,
    What::DcsLeaseLost,
    What::K8sError,
    What::PgConnFailed,
    What::PgNoSpace,
    What::PgPanic,
    What::PgBackendSignal,
    What::PgIoError,
    What::PgTooManyClients,
    What::OomKill,
    What::FsReadonly,
    What::BlockIoError,
    What::EtcdDiskFull,
    What::FsyncSlow,
    What::QuorumLost,
    What::NoRaftLeader,
    What::ClockStepped,
];

/// Decisions that an exception can bring about.
const OUTCOMES: &[What] = &[
    What::DemoteImmediate,
    What::DemoteNolock,
    What::DemoteOffline,
    What::LockUpdateFailed,
    What::DemotedLockUpdate,
    What::NotPromotingLock,
    What::PgStartFailed,
    What::PatroniStop,
    What::PatroniFatal,
    What::LockReleasedPgDown,
    What::UnitFailed,
];

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let raised: Vec<Hit<'_>> = c.find(&[What::PatroniBug, What::ActionFailed]);
    if raised.is_empty() {
        return a;
    }
    let decided: Vec<(Hit<'_>, Hit<'_>)> = raised.iter().filter_map(|e| outcome(c, e.event).map(|o| (*e, o))).collect();
    let Some((first, result)) = decided.first() else {
        a.con(
            Strength::Strong,
            format!(
                "unexpected exceptions on {} ({}) changed nothing: the loop went on",
                hosts(c, &raised),
                said(&raised)
            ),
            cites(&raised),
        );
        return a;
    };
    // A reason of the same host within the last loops, or an error text of the exception itself, comes first.
    let before = Span::new(first.at - 2 * c.t.loop_wait(), result.at);
    let reasons: Vec<Hit<'_>> = c.t.find(ELSEWHERE, before).filter(|e| e.node == first.node).collect();
    let named = first.why != crate::model::Why::Unsaid;
    let strength =
        if reasons.is_empty() && !named && first.what == What::PatroniBug { Strength::Strong } else { Strength::Weak };
    let version = c.t.facts.iter().enumerate().find(|(_, f)| f.fact.key == Key::PatroniVersion);
    let running = version.and_then(|(_, f)| f.fact.value.text().map(|v| format!(" (Patroni {v})"))).unwrap_or_default();
    a.pro(
        strength,
        format!(
            "an unexpected exception in Patroni on {}{running}; {:.1} s later: {}",
            c.name(first.node),
            (result.at - first.at) as f64 / SECOND as f64,
            result.what.words()
        ),
        [Cite::Event(first.index), Cite::Event(result.index)]
            .into_iter()
            .chain(version.map(|(i, _)| Cite::Fact(i as u32))),
    );
    if !reasons.is_empty() {
        a.con(
            Strength::Strong,
            format!("failures on the same host just before explain the exception ({})", said(&reasons)),
            cites(&reasons),
        );
    }
    if c.requested() {
        a.con(Strength::Strong, "the change was asked for", []);
    }
    a
}

/// What followed on the same host within the loop, if the loop did not simply go on.
fn outcome<'a>(c: &Case<'a>, e: &Event) -> Option<Hit<'a>> {
    if c.beats_through(e.node, Span::new(e.at - SECOND, e.until + c.t.loop_wait())) {
        return None;
    }
    c.t.find(OUTCOMES, Span::new(e.at, e.at + c.t.loop_wait().min(MINUTE))).find(|o| o.node == e.node)
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn an_exception_out_of_nowhere_costs_the_lock() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 ERROR: Unexpected exception raised from update_leader, please report it as a BUG
Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/patroni/ha.py", line 310, in update_lock
    ret = self.dcs.update_leader(self.cluster, last_lsn, slots)
TypeError: '<' not supported between instances of 'NoneType' and 'int'
2026-03-04 10:00:20,205 INFO: Demoting self (immediate-nolock)
2026-03-04 10:00:21,205 INFO: demoted self because failed to update leader lock in DCS
"#,
            expect![[r#"
                patroni_bug: likely (demotion)
                  + strong: an unexpected exception in Patroni on pg1; 0.1 s later: decided to demote at once: the lock is not its own any more
            "#]],
        );
    }

    #[test]
    fn the_dcs_times_out_and_patroni_calls_that_unexpected() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:14,101 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:20,123 ERROR: Unexpected exception raised from update_leader, please report it as a BUG
2026-03-04 10:00:20,205 INFO: Demoting self (immediate-nolock)
2026-03-04 10:00:21,205 INFO: demoted self because failed to update leader lock in DCS
"#,
            expect![[r#"
                patroni_bug: possible (demotion)
                  + weak: an unexpected exception in Patroni on pg1; 0.1 s later: decided to demote at once: the lock is not its own any more
                  - strong: failures on the same host just before explain the exception (1 message)
            "#]],
        );
    }

    #[test]
    fn a_traceback_while_the_loop_goes_on() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:12,123 ERROR: Exception during restart
Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/patroni/api.py", line 310, in do_POST_restart
    status, data = self.server.patroni.ha.restart(request)
KeyError: 'role'
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
//- pg1/postgresql.log
2026-03-04 10:00:15.323 UTC [811] LOG:  server process (PID 4711) was terminated by signal 11: Segmentation fault
2026-03-04 10:00:15.324 UTC [811] LOG:  terminating any other active server processes
2026-03-04 10:00:16.323 UTC [811] LOG:  all server processes terminated; reinitializing
"#,
            expect![[r#"
                patroni_bug: ruled_out (crash)
                  - strong: unexpected exceptions on pg1 (1 message) changed nothing: the loop went on
            "#]],
        );
    }

    #[test]
    fn only_the_winner_sent_its_log() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
//- pg2/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:10,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:20,123 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-04 10:00:40,801 INFO: promoted self to leader by acquiring session lock
"#,
            expect![[r#"
                patroni_bug: not_assessable (failover)
            "#]],
        );
    }
}
