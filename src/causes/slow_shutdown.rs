//! PostgreSQL took long to stop, and the cluster had no primary meanwhile.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Micros, Program, SECOND, Span, Threshold, What};

static SLOW: Threshold = Threshold::new(
    "slow_shutdown.stop_s",
    20.0,
    "s",
    "A fast shutdown without obstacles takes seconds; twenty exceed any healthy one (our choice; seen: 20–108 s)",
);

pub static CAUSE: Cause = Cause {
    id: "slow_shutdown",
    title: "PostgreSQL took long to stop",
    layer: Layer::Postgres,
    leads_to: &[],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Log(Program::Postgres, Who::OldPrimary)],
    thresholds: &[&SLOW],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Look at what the shutdown waited for on {host}: `ps` for walsender, archiver and checkpointer; a replica that does not answer, a failing archive_command, many dirty buffers.",
            risk: "none",
            verify: "CHECKPOINT and then a switchover in a quiet hour end within seconds",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Keep the archiver up to date, spread checkpoints (checkpoint_timeout, checkpoint_completion_target), run CHECKPOINT before a switchover, keep wal_sender_timeout below {ttl} s, and set primary_stop_timeout with synchronous_mode.",
            risk: "primary_stop_timeout ends in a kill and crash recovery",
            verify: "the time from `demoting` to `demoted` in the next switchover",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
A demotion or switchover stops PostgreSQL in fast mode. The stop writes a checkpoint, archives what is left and
waits until each walsender has sent all WAL. While it lasts, Patroni may keep the leader key: nobody takes over.

## How we tell
The time from the decision (`Demoting self`, `demoting self …`) to its end (`demoted self …`), or from the request
for a fast shutdown to `database system is shut down`; `Backends still alive after`.

## What else looks like it
A DCS outage that lasts as long: then the lock is not renewed during the demotion. A slow disk makes both.

## What to do
Remove what the shutdown waits for. The reason for the demotion itself is another question.

## References
PostgreSQL documentation: Shutting Down the Server. Patroni: primary_stop_timeout.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let Some(old) = c.incident.old else { return a };
    let name = c.old_name();
    let reach = Span::new(c.near().from, c.near().to + 600 * SECOND);
    let begun =
        c.on(old, &[What::DemoteOffline, What::DemoteGraceful, What::DemoteImmediate, What::ManualFailover], c.near());
    let ended =
        c.on(old, &[What::DemotedDcs, What::DemotedLockUpdate, What::DemotedForeignLock, What::DemotedLostRace], reach);
    let asked = c.on(old, &[What::PgShutdownFast, What::PgShutdownSmart], c.near());
    let stopped =
        c.on(old, &[What::PgShutDown, What::PgAbnormalExit, What::PgSigkill, What::PgShutdownImmediate], reach);
    let slow_stop = (c.limit(&SLOW) * SECOND as f64) as Micros;
    let mut longest: Option<(Micros, String, Vec<Cite>)> = None;
    let mut keep = |took: Micros, words: String, proof: Vec<Cite>| {
        if took >= slow_stop && longest.as_ref().is_none_or(|l| took > l.0) {
            longest = Some((took, words, proof));
        }
    };
    if let Some(first) = asked.first()
        && let Some(end) = stopped.iter().find(|e| e.at > first.at)
    {
        keep(
            end.at - first.at,
            format!("PostgreSQL on {name} needed {} from the order to stop to its end", length(end.at - first.at)),
            vec![Cite::Event(first.index), Cite::Event(end.index)],
        );
    }
    if let Some(first) = begun.first()
        && let Some(end) = ended.iter().find(|e| e.at > first.at)
    {
        keep(
            end.at - first.at,
            format!("{name} decided to demote and was demoted only {} later", length(end.at - first.at)),
            vec![Cite::Event(first.index), Cite::Event(end.index)],
        );
    }
    let slow = c.on(old, &[What::PgStopSlow, What::PgSigkill], reach);
    // The key was renewed while the demotion ran: the DCS was back, and what held the cluster up was the stop.
    let start = begun.first().or(asked.first()).map(|e| e.at);
    let renewed: Vec<_> =
        c.on(old, &[What::LockRenewedBusy], reach).into_iter().filter(|e| start.is_some_and(|s| e.until > s)).collect();
    let kept = renewed.iter().map(|e| e.until).max().zip(start).map(|(until, s)| until - s);
    let ordered = c.requested() || c.has(&[What::DemoteGraceful]);
    let hung = kept.is_some_and(|k| k >= slow_stop);
    let found = longest.is_some() || !slow.is_empty() || hung;
    if let Some((_, words, proof)) = longest {
        let strength = if ordered || hung { Strength::Strong } else { Strength::Weak };
        a.pro(strength, words, proof);
    }
    if let Some(kept) = kept.filter(|k| *k >= slow_stop) {
        a.pro(Strength::Strong, format!("{name} renewed the leader key until {} after the decision: the DCS answered, and nobody could take over while PostgreSQL was stopping", length(kept)), cites(&renewed));
    }
    if !slow.is_empty() {
        let strength = if ordered { Strength::Strong } else { Strength::Weak };
        a.pro(
            strength,
            format!(
                "Patroni on {name} reported {} times that PostgreSQL did not stop",
                slow.iter().map(|e| e.count).sum::<u32>()
            ),
            cites(&slow),
        );
    }
    if found {
        let senders = c.on(old, &[What::PgWalsenderTimeout, What::PgStandbyLost], reach);
        if !senders.is_empty() {
            a.pro(
                Strength::Weak,
                format!(
                    "walsenders of {name} waited for replicas that did not answer, {} times",
                    senders.iter().map(|e| e.count).sum::<u32>()
                ),
                cites(&senders),
            );
        }
        let archiver = c.on(old, &[What::PgArchiveFailed], reach);
        if !archiver.is_empty() {
            a.pro(
                Strength::Weak,
                format!(
                    "the archiver of {name} failed {} times meanwhile",
                    archiver.iter().map(|e| e.count).sum::<u32>()
                ),
                cites(&archiver),
            );
            a.tag("archive_failure");
        }
    } else if let (Some(first), Some(end)) =
        (asked.first(), stopped.iter().find(|e| asked.first().is_some_and(|f| e.at > f.at)))
    {
        a.con(
            Strength::Strong,
            format!("PostgreSQL on {name} stopped within {}", length(end.at - first.at)),
            [Cite::Event(first.index), Cite::Event(end.index)],
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
    fn a_switchover_hangs_at_a_walsender() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:15,012 INFO: received switchover request with leader=pg1 candidate=pg2 scheduled_at=None
2026-03-02 10:00:15,090 INFO: switchover: demoting myself
2026-03-02 10:00:15,091 INFO: Demoting self (graceful)
2026-03-02 10:00:25,012 INFO: updated leader lock during switchover: demote
2026-03-02 10:00:35,012 INFO: updated leader lock during switchover: demote
2026-03-02 10:00:45,012 INFO: updated leader lock during switchover: demote
2026-03-02 10:01:16,012 INFO: Leader key released
//- pg1/var/log/postgresql.log
2026-03-02 10:00:15.500 UTC [812] LOG:  received fast shutdown request
2026-03-02 10:01:15.500 UTC [990] LOG:  terminating walsender process due to replication timeout
2026-03-02 10:01:15.900 UTC [812] LOG:  database system is shut down
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:01:16,210 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:26,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                slow_shutdown: likely (switchover)
                  + strong: PostgreSQL on pg1 needed 60.4 s from the order to stop to its end
                  + strong: pg1 renewed the leader key until 29.9 s after the decision: the DCS answered, and nobody could take over while PostgreSQL was stopping
                  + weak: walsenders of pg1 waited for replicas that did not answer, 1 times
            "#]],
        );
    }

    #[test]
    fn a_healthy_demotion_takes_three_seconds() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:38,000 ERROR: Error communicating with DCS
2026-03-02 10:00:38,100 INFO: Demoting self (offline)
2026-03-02 10:00:42,300 INFO: demoted self because DCS is not accessible and I was a leader
//- pg1/var/log/postgresql.log
2026-03-02 10:00:38.500 UTC [812] LOG:  received fast shutdown request
2026-03-02 10:00:41.900 UTC [812] LOG:  database system is shut down
"#,
            expect![[r#"
                slow_shutdown: ruled_out (demotion)
                  - strong: PostgreSQL on pg1 stopped within 3.4 s
            "#]],
        );
    }

    #[test]
    fn the_log_ends_before_the_shutdown_does() {
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
                slow_shutdown: not_assessable (demotion)
            "#]],
        );
    }
}
