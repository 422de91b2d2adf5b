//! Credentials were refused: by the DCS, or by PostgreSQL to Patroni and its replicas.

use super::case::{DCS_ERRORS, DCS_GIVEN_UP, FAULTS, cites, hosts, said, times};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{Program, SECOND, Span, What, Why};
use crate::timeline::Hit;

/// A token is renewed once per expiry (five minutes by default, etcd's simple token TTL); three refusals in one
/// incident mean that renewing does not help (our choice).
const TOKENS_REFUSED: u32 = 3;

pub static CAUSE: Cause = Cause {
    id: "auth_failure",
    title: "credentials were refused",
    layer: Layer::Dcs,
    leads_to: &["replica_not_eligible", "rewind_or_timeline"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "On {host}, log in by hand with exactly the credentials in Patroni's configuration: `etcdctl --user … get / --prefix --keys-only --limit=1`, `psql` as the replication, superuser and rewind users.",
            risk: "none",
            verify: "each login works from each member to each other one",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Change passwords everywhere in one go (DCS first, then every patroni.yml with `patronictl reload`, then the roles); let pg_hba of Patroni's dynamic configuration name all members; upgrade Patroni before etcd.",
            risk: "none",
            verify: "restart Patroni on a replica after each change: it joins",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The DCS or PostgreSQL refuses a user: password changed on one side, a role without permission, a missing line in
pg_hba.conf, a service account that lost its rights, an etcd upgrade that an older Patroni cannot follow. Without the
DCS the lock cannot be renewed; without replication or rewind credentials no member can follow.

## How we tell
`Etcd3 authentication failed`, `permission denied`, HTTP 401 and 403 in requests to the DCS, followed by a lock that was
not renewed. In PostgreSQL's log: the same users refused that replication and Patroni use.

## What else looks like it
`Invalid auth token` by itself: etcd's tokens expire, Patroni logs in again within milliseconds. Refused logins of
application users and of port scanners have nothing to do with a failover.

## What to do
Try each login by hand, correct the side that is wrong.

## References
etcd: Role-based access control. Patroni: YAML configuration (etcd3, postgresql.authentication). PostgreSQL: Client
Authentication.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let errors = c.find(DCS_ERRORS);
    let refused: Vec<Hit<'_>> = errors
        .iter()
        .copied()
        .filter(|e| e.what == What::DcsAuthFailed || (e.why == Why::Auth && e.what != What::DcsWatchFailed))
        .collect();
    // Heartbeats that go on through a refusal say that the next try succeeded.
    let (harmless, real): (Vec<Hit<'_>>, Vec<Hit<'_>>) = refused.iter().copied().partition(|e| lived_on(c, e));
    let others: Vec<Hit<'_>> = errors
        .iter()
        .copied()
        .filter(|e| {
            matches!(
                e.why,
                Why::ConnectTimeout
                    | Why::ReadTimeout
                    | Why::NoRoute
                    | Why::Refused
                    | Why::Reset
                    | Why::NoLeader
                    | Why::ServerTimeout
            )
        })
        .collect();
    let gave_up: Vec<Hit<'_>> =
        c.find(DCS_GIVEN_UP).into_iter().filter(|e| real.iter().any(|r| r.node == e.node) || real.is_empty()).collect();
    let fatal = c.has(&[What::PatroniFatal]);
    if !real.is_empty() {
        let effect = !gave_up.is_empty() || fatal;
        let first_of_all = others.first().is_none_or(|o| real.first().is_some_and(|r| r.at <= o.at));
        let strength = match (effect, others.is_empty(), first_of_all) {
            (true, true, _) => Strength::Decisive,
            (true, false, true) => Strength::Strong,
            (false, true, _) if c.is(&[Kind::DcsOutage, Kind::StartFailure]) => Strength::Strong,
            _ => Strength::Weak,
        };
        let words = format!(
            "the DCS refused the credentials of {} ({}){}",
            hosts(c, &real),
            said(&real),
            if gave_up.is_empty() { "" } else { ", and the lock could not be used" }
        );
        a.pro(strength, words, cites(&real).into_iter().chain(cites(&gave_up)));
    }
    if !harmless.is_empty() && real.is_empty() {
        a.con(
            Strength::Strong,
            format!(
                "refusals on {} were followed by success in the same loop ({})",
                hosts(c, &harmless),
                said(&harmless)
            ),
            cites(&harmless),
        );
    }
    tokens(c, &mut a, &others, real.is_empty());
    let server: Vec<Hit<'_>> = c.find(&[What::EtcdAuthFailed]).into_iter().filter(|_| !real.is_empty()).collect();
    if !server.is_empty() {
        a.pro(Strength::Weak, format!("etcd on {} says so too ({})", hosts(c, &server), said(&server)), cites(&server));
    }
    postgres(c, &mut a);
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

/// Whether the loop in which this happened ended well.
fn lived_on(c: &Case<'_>, e: &Hit<'_>) -> bool {
    c.beats_through(e.node, Span::new(e.at - SECOND, e.until + c.t.loop_wait()))
}

/// Tokens that expire are routine; tokens that are refused again and again until the lock is lost are not.
fn tokens(c: &Case<'_>, a: &mut Assessment, others: &[Hit<'_>], alone: bool) {
    let stuck: Vec<Hit<'_>> = c.find(&[What::DcsAuthToken]).into_iter().filter(|e| !lived_on(c, e)).collect();
    let lost: Vec<Hit<'_>> =
        c.find(DCS_GIVEN_UP).into_iter().filter(|e| stuck.iter().any(|s| s.node == e.node && s.at <= e.at)).collect();
    if times(&stuck) >= TOKENS_REFUSED && !lost.is_empty() && alone {
        let strength = if others.is_empty() { Strength::Strong } else { Strength::Weak };
        a.pro(
            strength,
            format!(
                "etcd refused the token of {} {} times, and the lock could not be renewed",
                hosts(c, &stuck),
                times(&stuck)
            ),
            cites(&stuck).into_iter().chain(cites(&lost)),
        );
    }
}

/// PostgreSQL refuses those on whom the cluster depends.
fn postgres(c: &Case<'_>, a: &mut Assessment) {
    let server = c.find_wide(&[What::PgAuthFailed, What::PgHbaReject]);
    // Patroni prints the server's answer without a stamp of its own, behind the traceback.
    let answered = |e: &Hit<'_>| {
        e.what == What::RewindFailed
            && server.iter().any(|s| s.source == e.source && (s.at - e.at).abs() <= SECOND && s.line > e.line)
    };
    let cluster: Vec<Hit<'_>> = c
        .find_wide(&[
            What::PgWalreceiverLost,
            What::RewindFailed,
            What::BootstrapFailed,
            What::PgConnFailed,
            What::PgReplicaRefused,
        ])
        .into_iter()
        .filter(|e| e.why == Why::Auth || e.what == What::PgReplicaRefused || answered(e))
        .collect();
    if cluster.is_empty() {
        return;
    }
    let blocked = c.find(&[What::RaceLag, What::RaceRejected, What::NoCandidate]);
    let same = blocked.iter().any(|b| cluster.iter().any(|e| e.node == b.node));
    // The incident is that this member cannot follow.
    let itself = (c.is(&[Kind::StartFailure]) || c.is(&[Kind::Crash]) && !c.has(FAULTS))
        && cluster.iter().any(|e| c.incident.nodes.contains(&e.node));
    let by: Vec<Hit<'_>> = cluster.iter().copied().filter(|e| e.what == What::PgReplicaRefused).collect();
    let words = if by.len() == cluster.len() {
        format!("PostgreSQL on {} has no pg_hba.conf entry for its replicas ({})", hosts(c, &by), said(&by))
    } else {
        format!(
            "PostgreSQL refused {} as a member of the cluster ({}: replication, rewind or Patroni's own connection)",
            hosts(c, &cluster),
            said(&cluster)
        )
    };
    a.pro(
        if same || itself { Strength::Strong } else { Strength::Weak },
        words,
        cites(&cluster).into_iter().chain(cites(&server)),
    );
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn somebody_changed_the_password_in_etcd() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,101 ERROR: Invalid auth token: qXaTpLmWQeRsUvYz.88120
2026-03-04 10:00:30,103 INFO: Trying to authenticate on Etcd...
2026-03-04 10:00:30,201 CRITICAL: Etcd3 authentication failed: <InvalidArgument error: 'etcdserver: authentication failed, invalid user ID or password', code: 3>
2026-03-04 10:00:30,205 ERROR: failed to update leader lock
2026-03-04 10:00:30,310 INFO: Demoting self (immediate-nolock)
2026-03-04 10:00:31,900 INFO: demoted self because failed to update leader lock in DCS
2026-03-04 10:00:41,205 CRITICAL: Etcd3 authentication failed: <InvalidArgument error: 'etcdserver: authentication failed, invalid user ID or password', code: 3>
"#,
            expect![[r#"
                auth_failure: confirmed (demotion)
                  + decisive: the DCS refused the credentials of pg1 (2 messages), and the lock could not be used
            "#]],
        );
    }

    #[test]
    fn a_token_expires_and_is_renewed_minutes_before_a_crash() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,101 ERROR: Invalid auth token: qXaTpLmWQeRsUvYz.88120
2026-03-04 10:00:10,103 INFO: Trying to authenticate on Etcd...
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:40,123 INFO: no action. I am (pg1), the leader with the lock
//- pg1/postgresql.log
2026-03-04 10:00:05.123 UTC [901] FATAL:  password authentication failed for user "app"
2026-03-04 10:00:31.123 UTC [811] LOG:  server process (PID 4711) was terminated by signal 11: Segmentation fault
2026-03-04 10:00:31.124 UTC [811] LOG:  terminating any other active server processes
2026-03-04 10:00:31.423 UTC [811] LOG:  all server processes terminated; reinitializing
2026-03-04 10:00:32.423 UTC [811] LOG:  database system is ready to accept connections
"#,
            expect![[r#"
                auth_failure: ruled_out (crash)
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
                auth_failure: not_assessable (failover)
            "#]],
        );
    }

    #[test]
    fn a_replica_may_not_log_in_to_be_created() {
        check(
            &CAUSE,
            r#"//- n1/patroni.log
2020-04-12 16:14:09,762 INFO: Lock owner: n3; I am n1
pg_basebackup: error: could not connect to server: FATAL:  password authentication failed for user "replicator"
2020-04-12 16:14:14,909 ERROR: Error when fetching backup: pg_basebackup exited with code=1
2020-04-12 16:14:14,909 ERROR: failed to bootstrap from leader 'n3'
2020-04-12 16:14:19,762 INFO: trying to bootstrap from leader 'n3'
pg_basebackup: error: could not connect to server: FATAL:  password authentication failed for user "replicator"
2020-04-12 16:14:19,820 ERROR: Error when fetching backup: pg_basebackup exited with code=1
"#,
            expect![[r#"
                auth_failure: likely (start_failure)
                  + strong: PostgreSQL refused n1 as a member of the cluster (2 messages: replication, rewind or Patroni's own connection)
            "#]],
        );
    }
}
