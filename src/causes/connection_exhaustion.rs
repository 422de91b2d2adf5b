//! All connection slots of PostgreSQL were used.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, SECOND, Threshold, What, Why};
use crate::timeline::Hit;

static REFUSALS: Threshold = Threshold::new(
    "connection_exhaustion.refusals",
    10.0,
    "times",
    "A refused client or two at a restart are normal; from here on it is a shortage (our choice)",
);
/// Clients that reconnect after a role change fill the slots for some seconds: that is an effect.
const AFTER: i64 = SECOND;

pub static CAUSE: Cause = Cause {
    id: "connection_exhaustion",
    title: "all connection slots of PostgreSQL were used",
    layer: Layer::Client,
    leads_to: &["postgres_slow_or_hung"],
    needs: &[Need::Log(Program::Postgres, Who::OldPrimary)],
    thresholds: &[&REFUSALS],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Count sessions by application, user and state in pg_stat_activity of {host}; end idle ones, stop the client that leaks or storms.",
            risk: "ended sessions lose their transaction",
            verify: "numbackends stays below max_connections − superuser_reserved_connections",
        },
        Remedy {
            kind: When::LongTerm,
            text: "PgBouncer in front, pool sizes whose sum stays below max_connections, superuser_reserved_connections of at least 5 so that Patroni always gets in, idle_session_timeout.",
            risk: "max_connections and superuser_reserved_connections need a restart, replicas first when raised",
            verify: "an alert at 80 % of max_connections fires in a test",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Clients use all of max_connections. New sessions are refused; if Patroni, replicas or health checks are among
them, checks fail and proxies take the server out, although PostgreSQL works.

## How we tell
`sorry, too many clients already`, `remaining connection slots are reserved`, before anything else failed, with
an effect on Patroni, on replication or on the health check.

## What else looks like it
The storm of reconnecting clients after a failover or restart: the same lines, but afterwards.

## What to do
Fewer connections by a pooler; slots kept free for Patroni.

## References
PostgreSQL documentation: max_connections, superuser_reserved_connections. PgBouncer.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    let all = c.find_wide(&[What::PgTooManyClients]);
    let other = c.find_wide(&[What::PgConnFailed, What::RestStatusFailed, What::PgWalreceiverLost]);
    let hurt: Vec<Hit<'_>> = other.into_iter().filter(|e| e.why == Why::TooManyConnections).collect();
    let began = c.incident.at;
    let first = all.iter().chain(&hurt).map(|e| e.at).min();
    let Some(first) = first else { return a };
    let times: u32 = all.iter().map(|e| e.count).sum();
    let names = list(all.iter().chain(&hurt).map(|e| c.name(e.node)));
    let failure = c.find(&[
        What::DcsRequestFailed,
        What::DcsUnreachable,
        What::PgBackendSignal,
        What::PgPanic,
        What::PgShutdownFast,
        What::PgShutdownImmediate,
        What::Promoted,
        What::PromotedAgain,
        What::FsyncSlow,
        What::PgStarting,
        What::DemoteOffline,
        What::DemoteNolock,
    ]);
    if let Some(before) = failure.iter().find(|e| e.at + AFTER < first) {
        a.con(
            Strength::Strong,
            format!(
                "connections ran out only after something else had failed ({}): clients came back all at once",
                before.what.words()
            ),
            [crate::incidents::Cite::Event(before.index)],
        );
    }
    if !hurt.is_empty() {
        let strength = if first <= began + AFTER { Strength::Strong } else { Strength::Weak };
        a.pro(
            strength,
            format!("Patroni or a replica was refused itself on {names}: no connection slot was left"),
            cites(&hurt),
        );
    }
    if times > 0 && first <= began + AFTER {
        let cut = c.has(&[
            What::BackendDown,
            What::NoBackend,
            What::PoolerServerLost,
            What::RestStatusFailed,
            What::PgConnFailed,
        ]);
        let strength = if f64::from(times) >= c.limit(&REFUSALS)
            && (cut || c.incident.events.iter().any(|i| all.iter().any(|e| e.index == *i)))
        {
            Strength::Strong
        } else {
            Strength::Weak
        };
        a.pro(
            strength,
            format!("PostgreSQL on {names} refused {times} connections because all slots were used"),
            cites(&all),
        );
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn patroni_gets_no_slot_and_demotes() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:26,012 WARNING: Failed to determine PostgreSQL state from the connection, falling back to cached role
2026-03-02 10:00:46,100 INFO: Demoting self (immediate)
//- pg1/var/log/postgresql.log
2026-03-02 10:00:12.500 UTC [812] FATAL:  sorry, too many clients already
2026-03-02 10:00:12.600 UTC [813] FATAL:  sorry, too many clients already
2026-03-02 10:00:12.700 UTC [814] FATAL:  sorry, too many clients already
2026-03-02 10:00:13.500 UTC [815] FATAL:  sorry, too many clients already
2026-03-02 10:00:14.500 UTC [816] FATAL:  sorry, too many clients already
2026-03-02 10:00:15.500 UTC [817] FATAL:  sorry, too many clients already
2026-03-02 10:00:16.500 UTC [818] FATAL:  sorry, too many clients already
2026-03-02 10:00:17.500 UTC [819] FATAL:  sorry, too many clients already
2026-03-02 10:00:18.500 UTC [820] FATAL:  sorry, too many clients already
2026-03-02 10:00:25.500 UTC [821] FATAL:  remaining connection slots are reserved for non-replication superuser connections
"#,
            expect![[r#"
                connection_exhaustion: likely (demotion)
                  + strong: PostgreSQL on pg1 refused 10 connections because all slots were used
            "#]],
        );
    }

    #[test]
    fn clients_storm_the_new_primary_after_a_failover() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:38,000 ERROR: Error communicating with DCS
2026-03-02 10:00:38,100 INFO: Demoting self (offline)
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:46,210 INFO: promoted self to leader by acquiring session lock
//- pg2/var/log/postgresql.log
2026-03-02 10:00:48.500 UTC [812] FATAL:  sorry, too many clients already
2026-03-02 10:00:49.600 UTC [813] FATAL:  sorry, too many clients already
"#,
            expect![[r#"
                connection_exhaustion: ruled_out (failover)
                  - strong: connections ran out only after something else had failed (could not reach the DCS): clients came back all at once
            "#]],
        );
    }

    #[test]
    fn no_log_of_postgres() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:38,000 ERROR: Error communicating with DCS
2026-03-02 10:00:38,100 INFO: Demoting self (offline)
"#,
            expect![[r#"
                connection_exhaustion: not_assessable (demotion)
            "#]],
        );
    }
}
