//! The host, or the Patroni process, did not run for seconds.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Side, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Metric, NodeId, Program, SECOND, Span, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "host_stall",
    title: "the host or its Patroni process did not run for a while",
    layer: Layer::Host,
    leads_to: &[],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Series(Metric::CpuIowait, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Fetch sar, dmesg and the hypervisor's events of {host} for {pause}: memory pressure, dirty pages, CPU steal, snapshot.",
            risk: "none",
            verify: "the cause of the silence has a name",
        },
        Remedy {
            kind: When::LongTerm,
            text: "A watchdog (mode: required) that resets a frozen primary before its lease of {ttl} s ends; reserve CPU and memory for Patroni and etcd.",
            risk: "a watchdog resets machines that are only slow",
            verify: "freeze Patroni in a test: the machine is reset before another member is promoted",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Patroni does not get to run for longer than ttl: the process or the whole machine stands still. The leader key
expires and another member is promoted, while PostgreSQL on the silent host may still take writes.

## How we tell
A hole in Patroni's heartbeats longer than ttl that no timeout message fills. If other programs of the host
wrote meanwhile, only Patroni stood still; if nobody wrote, the machine did.

## What else looks like it
A DCS that does not answer (timeout messages fill the time), a hung PostgreSQL or disk (the silence begins in the middle
of a cycle, right after `Lock owner: …`), a filtered or cut log, deduplicated heartbeats.

## What to do
Name the stall with sar and the hypervisor; a watchdog.

## References
Patroni: Watchdog support, FAQ.";

/// What the system itself says when it stood still.
const FROZEN: &[What] = &[What::SoftLockup, What::Suspended];

/// A silence that began in the middle of a cycle: the loop waited for something, rather than not to run at all.
fn mid_cycle(c: &Case<'_>, a: &mut Assessment, old: NodeId, gap: Span, cite: Cite) {
    let cite = [cite];
    let begun = format!(
        "the HA loop on {} had noted its lock and did not get to its renewal for {}",
        c.old_name(),
        length(gap.length())
    );
    if c.host_lives(old, gap) {
        let words =
            format!("{begun}, while other programs of the host wrote: it waited for something, it did not stand still");
        return a.con(Strength::Strong, words, cite);
    }
    // A statement that PostgreSQL itself cancels proves that PostgreSQL ran: then all was slow.
    let cancelled = c.on(old, &[What::RestStatusFailed, What::PgStatementTimeout], gap.widened(SECOND));
    let whole = cancelled.iter().any(|e| e.why == Why::StatementTimeout || e.what == What::PgStatementTimeout);
    let strength = if whole { Strength::Strong } else { Strength::Weak };
    let words = format!("{begun}: PostgreSQL or a disk did not answer, or the host did not run");
    a.pro(strength, words, cite);
}

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let ttl = c.t.ttl();
    let Some(old) = c.incident.old else { return a };
    for (cite, gap, explained) in c.silences() {
        if !explained.is_empty() {
            a.con(Strength::Strong, "timeouts of the DCS fill the silence", cites(&explained));
            continue;
        }
        // What starts anew at the end of the silence had ended; it did not stand still.
        let anew: Vec<Hit<'_>> =
            c.restarted(old, gap).into_iter().chain(c.on(old, &[What::PatroniStart], gap)).collect();
        if !anew.is_empty() {
            a.con(
                Strength::Strong,
                format!(
                    "the silence of {} ends with a start: Patroni or the host had ended, it did not stand still",
                    length(gap.length())
                ),
                cites(&anew),
            );
            continue;
        }
        // A key that others saw gone before ttl was over was not lost by this silence.
        let early: Vec<Hit<'_>> =
            c.t.find(&[What::LockNobody], Span::new(gap.from, gap.from + ttl * 2 / 3))
                .filter(|e| e.node != old)
                .collect();
        if let Some(first) = early.first() {
            let after = length(first.at - gap.from);
            a.con(
                Strength::Strong,
                format!(
                    "the leader key was gone {after} after its last renewal, before ttl ({}) was over",
                    length(ttl)
                ),
                cites(&early),
            );
            continue;
        }
        // A key that does not live from one loop to the next afterwards either was not lost by standing still.
        let after = Span::new(gap.to - 1, gap.to + 4 * ttl);
        let taken: Vec<Hit<'_>> = c.t.find(&[What::LockAcquired], after).filter(|e| e.node == old).collect();
        if taken.iter().map(|e| e.count).sum::<u32>() >= 3 {
            a.con(
                Strength::Strong,
                format!("after the silence of {} the lock had to be taken anew in every loop: the key is lost for another reason", length(gap.length())),
                cites(&taken),
            );
            continue;
        }
        let alive =
            c.t.find(
                &[What::PgCheckpoint, What::PgSlowStatement, What::PgStreaming, What::ApplySlow, What::EtcdCompact],
                gap,
            )
            .any(|e| e.node == old);
        if c.mid_cycle(old, gap) && !c.on(old, FROZEN, c.near()).iter().any(|e| e.span().overlaps(&gap.widened(ttl))) {
            mid_cycle(c, &mut a, old, gap, cite);
            continue;
        }
        let who = if alive { "Patroni" } else { "Patroni (or the whole host)" };
        a.pro(
            Strength::Decisive,
            format!(
                "{who} on {} wrote nothing for {}, longer than ttl ({}), and nothing says that it waited for the DCS",
                c.old_name(),
                length(gap.length()),
                length(ttl)
            ),
            [cite],
        );
    }
    let stood = a.evidence.iter().any(|e| e.side == Side::For);
    let slow = c.find(&[What::LoopOverrun]).into_iter().filter(|e| e.node == old).collect::<Vec<_>>();
    if stood && !slow.is_empty() {
        a.pro(Strength::Weak, "the HA loop had overrun its time before", cites(&slow));
    }
    if stood {
        let memory = [Metric::SwapIn, Metric::SwapOut, Metric::PsiMemory, Metric::Blocked, Metric::PsiIoFull];
        for s in c.strained(&memory, Some(old)) {
            a.pro(Strength::Weak, s.words, [s.cite]);
        }
    }
    let status = c.find(&[What::RestStatusFailed, What::PgStatementTimeout]);
    if stood && !status.is_empty() {
        a.pro(Strength::Weak, "PostgreSQL did not answer a status query within its time limit", cites(&status));
    }
    let frozen = c.on(old, FROZEN, c.near());
    if !frozen.is_empty() {
        a.pro(
            Strength::Strong,
            format!(
                "the system of {} itself reports {} times that it stood still",
                c.old_name(),
                frozen.iter().map(|e| e.count).sum::<u32>()
            ),
            cites(&frozen),
        );
    }
    let late = c.on(old, &[What::TickMissed, What::HungTask], c.near());
    if !late.is_empty() {
        a.pro(
            Strength::Weak,
            format!(
                "processes on {} did not run in time ({} reports)",
                c.old_name(),
                late.iter().map(|e| e.count).sum::<u32>()
            ),
            cites(&late),
        );
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn patroni_is_stopped_for_a_minute_and_postgres_writes_on() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:17,900 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:01:17,920 INFO: Demoting self (immediate-nolock)
2026-03-02 10:01:19,920 INFO: demoting self because I do not have the lock and I was a leader
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:45.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:31,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:52,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:02,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                host_stall: confirmed (failover)
                  + decisive: Patroni on pg1 wrote nothing for 56.9 s, longer than ttl (30.0 s), and nothing says that it waited for the DCS
            "#]],
        );
    }

    #[test]
    fn the_loop_hung_in_the_middle_of_a_cycle_while_etcd_wrote_on() {
        let bundle = r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:31,004 INFO: Lock owner: pg1; I am pg1
2026-03-02 10:01:34,795 ERROR: failed to update leader lock
2026-03-02 10:01:34,796 INFO: Demoting self (immediate-nolock)
"#;
        check(
            &CAUSE,
            bundle,
            expect![[r#"
            host_stall: possible (demotion)
              + weak: the HA loop on pg1 had noted its lock and did not get to its renewal for 63.8 s: PostgreSQL or a disk did not answer, or the host did not run
        "#]],
        );
        let etcd = r#"//- pg1/var/log/etcd.log
{"level":"info","ts":"2026-03-02T09:58:00.222Z","caller":"mvcc/kvstore_compaction.go:66","msg":"finished scheduled compaction","compact-revision":4213,"took":"1.2ms"}
{"level":"info","ts":"2026-03-02T10:00:58.222Z","caller":"mvcc/kvstore_compaction.go:66","msg":"finished scheduled compaction","compact-revision":4299,"took":"1.2ms"}
"#;
        check(
            &CAUSE,
            &format!("{bundle}{etcd}"),
            expect![[r#"
            host_stall: ruled_out (demotion)
              - strong: the HA loop on pg1 had noted its lock and did not get to its renewal for 63.8 s, while other programs of the host wrote: it waited for something, it did not stand still
        "#]],
        );
    }

    #[test]
    fn the_machine_was_rebooted_and_patroni_started_anew() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:17,900 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:01:17,990 INFO: starting as a secondary
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:01:18.010 UTC [703] LOG:  database system was interrupted; last known up at 2026-03-02 09:59:30 UTC
//- pg1/var/log/kern.log
2026-03-02T10:01:05.000000+00:00 pg1 kernel: Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:31,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:52,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:02,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                host_stall: ruled_out (failover)
                  - strong: the silence of 56.9 s ends with a start: Patroni or the host had ended, it did not stand still
            "#]],
        );
    }

    #[test]
    fn the_dcs_did_not_answer_for_that_long() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:00,900 ERROR: Request to server http://10.0.0.2:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.2', port=2379): Read timed out. (read timeout=3.33)")
2026-03-02 10:01:03,900 INFO: Demoting self (offline)
"#,
            expect![[r#"
                host_stall: ruled_out (demotion)
                  - strong: timeouts of the DCS fill the silence
            "#]],
        );
    }

    #[test]
    fn the_local_consul_agent_tried_by_itself_and_gave_up() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:00,397 WARNING: Retry got exception: 500 rpc error getting client: failed to get conn: dial tcp 10.0.0.4:0->10.0.0.3:8300: connect: connection refused
2026-03-02 10:01:00,398 ERROR: get_cluster
2026-03-02 10:01:00,399 ERROR: Error communicating with DCS
2026-03-02 10:01:00,900 INFO: Demoting self (offline)
"#,
            expect![[r#"
                host_stall: ruled_out (demotion)
                  - strong: timeouts of the DCS fill the silence
            "#]],
        );
    }

    #[test]
    fn only_the_new_primary_sent_its_log() {
        check(
            &CAUSE,
            r#"
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:31,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:52,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:02,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                host_stall: not_assessable (failover)
            "#]],
        );
    }
}
