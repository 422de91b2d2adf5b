//! etcd's database reached its quota and refuses writes.

use super::case::{cites, hosts, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Key, Program, What, Why};

pub static CAUSE: Cause = Cause {
    id: "etcd_nospace",
    title: "etcd's database reached its space quota and refused writes",
    layer: Layer::Dcs,
    leads_to: &[],
    needs: &[Need::Log(Program::Patroni, Who::Any)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "On every member: compact to the current revision, defragment one member at a time, then `etcdctl alarm disarm`{database}.",
            risk: "a member does not answer while it defragments",
            verify: "etcdctl alarm list is empty; Patroni's log has no `database space exceeded`",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Set auto-compaction (1h), alert at 75 % of quota-backend-bytes, and find who else writes into this etcd.",
            risk: "none",
            verify: "db size in use stays far below the quota",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The backend passes quota-backend-bytes (2 GiB by default). etcd raises NOSPACE on all members and refuses
puts; lease renewals go on, so the leader stays until the lock is lost once. Then nobody can take it.

## How we tell
`mvcc: database space exceeded` in Patroni's or etcd's log, or alarm:NOSPACE in etcdctl's output.

## What else looks like it
A full file system (`no space left on device`). A database near its quota without an alarm is a risk only.

## What to do
Compact, defragment, disarm; then compaction by schedule.

## References
etcd: Maintenance, Space quota; History compaction.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let told = c.find_wide(&[What::DcsNoSpace, What::NoSpaceAlarm, What::QuotaExceeded]);
    let by_why: Vec<_> =
        c.t.find(
            &[What::DcsException, What::LockUpdateFailed, What::DcsRequestFailed, What::UnnamedAlarm],
            c.incident.window,
        )
        .filter(|e| e.why == Why::Quota)
        .collect();
    let all: Vec<_> = told.iter().chain(&by_why).copied().collect();
    if !all.is_empty() {
        a.pro(
            Strength::Decisive,
            format!("etcd refused writes of {}: database space exceeded ({})", hosts(c, &all), said(&all)),
            cites(&all),
        );
    }
    let alarms: Vec<Cite> =
        c.t.facts
            .iter()
            .enumerate()
            .filter(|(_, f)| {
                f.fact.key == Key::EtcdAlarm
                    && f.fact.value.text().is_some_and(|v| v.to_ascii_uppercase().contains("NOSPACE"))
            })
            .map(|(i, _)| Cite::Fact(i as u32))
            .collect();
    if !alarms.is_empty() {
        a.pro(Strength::Strong, "etcdctl shows the NOSPACE alarm", alarms);
    }
    if !a.evidence.is_empty() {
        a.tag("no_auto_compaction_or_foreign_keys");
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn writes_are_refused_when_the_lock_has_to_be_taken_anew() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,000 ERROR: <ResourceExhausted error: 'etcdserver: mvcc: database space exceeded', code: 8>
2026-03-04 10:00:30,100 ERROR: failed to update leader lock
2026-03-04 10:00:30,300 INFO: Demoting self (immediate-nolock)
2026-03-04 10:00:32,300 INFO: demoted self because failed to update leader lock in DCS
"#,
            expect![[r#"
                etcd_nospace: confirmed (demotion)
                  + decisive: etcd refused writes of pg1: database space exceeded (1 message)
            "#]],
        );
    }

    #[test]
    fn the_file_system_is_full_not_the_quota() {
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
//- etcd1/etcd.log
{"level":"fatal","ts":"2026-03-04T10:00:25.000000Z","caller":"etcdserver/x.go:1","msg":"failed to commit tx","error":"write /var/lib/etcd/default.etcd/member/snap/db: no space left on device"}
"#,
            expect![[r#"
                etcd_nospace: ruled_out (demotion)
            "#]],
        );
    }

    #[test]
    fn only_the_database_s_log_was_sent() {
        check(
            &CAUSE,
            r#"//- pg1/postgresql.log
2026-03-04 10:00:20.123 UTC [811] LOG:  received immediate shutdown request
2026-03-04 10:00:20.523 UTC [811] LOG:  database system is shut down
"#,
            expect![[r#"
                etcd_nospace: not_assessable (demotion)
            "#]],
        );
    }
}
