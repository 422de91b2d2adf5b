//! Clocks of hosts differ or jump.

use super::case::{cites, duration, length, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, SECOND, Span, Threshold, What};
use crate::timeline::Hit;

static STEP_MATTERS_MS: Threshold = Threshold::new(
    "clock_skew.step_ms",
    5_000.0,
    "ms",
    "etcd reports differences above one second (`maxClockDifference`, rafthttp/probing_status.go)",
);

pub static CAUSE: Cause = Cause {
    id: "clock_skew",
    title: "clocks differ between hosts, or one jumped",
    layer: Layer::Host,
    leads_to: &[],
    needs: &[Need::Log(Program::Etcd, Who::DcsMembers), Need::Log(Program::Systemd, Who::Any)],
    thresholds: &[&STEP_MATTERS_MS],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Compare `date -u` and `chronyc tracking` on all members at the same moment; let chrony slew, not step.",
            risk: "stepping a running host can expire leader keys (etcd v2 API)",
            verify: "chronyc tracking shows a system time within 10 ms on every host",
        },
        Remedy {
            kind: When::LongTerm,
            text: "chrony with several sources on every host, makestep at boot only, no second time source by the hypervisor; alert above 100 ms.",
            risk: "none",
            verify: "no `clock difference against peer` for a week",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
With etcd's v2 API keys expire by wall clock: skew or a step deletes the leader key early. Patroni schedules
its loop by wall clock: a step back makes it sleep, a step forward makes it give up. Leases of the v3 API are
immune.

## How we tell
etcd's own measurement (`clock difference against peer`), time services that step, stamps that go back, a
leader key that is gone long before ttl although it was renewed.

## What else looks like it
A frozen machine (time jumps for it, and others saw the silence), packet loss that delays etcd's probe.

## What to do
Synchronise, by slewing.

## References
etcd issue 9768. Patroni issue 1018.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let steps: Vec<Hit<'_>> = c
        .find(&[What::ClockStepped])
        .into_iter()
        .filter(|e| e.num.abs() >= c.limit(&STEP_MATTERS_MS) || e.num == 0.0)
        .collect();
    let drift: Vec<Hit<'_>> = c.find(&[What::PeerClockDrift]);
    let taken = c.find(&[What::LockAcquired]);
    let repeated: u32 = taken.iter().map(|e| e.count).sum();
    let vanishing = repeated >= 3;
    if !steps.is_empty() {
        a.pro(
            Strength::Strong,
            format!("the clock of {} was stepped", list(steps.iter().map(|e| c.name(e.node)))),
            cites(&steps),
        );
    }
    if vanishing {
        let step = if steps.is_empty() && drift.is_empty() { Strength::Weak } else { Strength::Strong };
        a.pro(step, format!("the leader took the lock anew {repeated} times in a row: the key does not live from one loop to the next"), cites(&taken));
    }
    if !drift.is_empty() {
        let worst = drift.iter().map(|e| e.num.abs()).fold(0.0, f64::max);
        a.pro(
            Strength::Weak,
            format!("etcd measured a clock difference of {} to a peer", duration(worst)),
            cites(&drift),
        );
    }
    // A key that others saw gone well before ttl was over.
    if let Some(beat) =
        c.t.beats
            .iter()
            .filter(|b| b.role == crate::model::Role::Leader && b.to <= c.incident.span.to)
            .max_by_key(|b| b.to)
    {
        let early: Vec<Hit<'_>> =
            c.t.find(&[What::LockNobody], Span::new(beat.to + SECOND, beat.to + c.t.ttl() * 2 / 3))
                .filter(|e| e.node != beat.node)
                .collect();
        if let Some(e) = early.first()
            && !c.has(&[What::LockReleased])
        {
            a.pro(
                Strength::Weak,
                format!(
                    "another member found no leader {} after the last renewal, long before ttl was over",
                    length(e.at - beat.to)
                ),
                cites(&early),
            );
        }
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
    fn a_step_of_the_clock_lets_the_key_vanish_each_time() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:30,123 INFO: acquired session lock as a leader
2026-03-04 10:00:40,123 INFO: acquired session lock as a leader
2026-03-04 10:00:50,123 INFO: acquired session lock as a leader
2026-03-04 10:01:00,123 INFO: acquired session lock as a leader
//- pg1/messages
Mar  4 10:00:22 pg1 chronyd[512]: System clock was stepped by 95.300000 seconds
//- etcd1/etcd.log
{"level":"info","ts":"2026-03-04T09:59:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
{"level":"info","ts":"2026-03-04T10:05:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
"#,
            expect![[r#"
                clock_skew: likely (dcs_outage)
                  + strong: the clock of pg1 was stepped
                  + strong: the leader took the lock anew 4 times in a row: the key does not live from one loop to the next
            "#]],
        );
    }

    #[test]
    fn packet_loss_makes_etcd_measure_a_difference() {
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
{"level":"warn","ts":"2026-03-04T10:00:28.000000Z","caller":"etcdserver/x.go:1","msg":"prober found high clock drift","round-tripper-name":"ROUND_TRIPPER_RAFT_MESSAGE","remote-peer-id":"2","clock-drift":"11.6s","rtt":"11.7s"}
{"level":"info","ts":"2026-03-04T10:00:29.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
"#,
            expect![[r#"
                clock_skew: possible (demotion)
                  + weak: etcd measured a clock difference of 11.6 s to a peer
            "#]],
        );
    }

    #[test]
    fn only_the_winner_was_heard() {
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
                clock_skew: not_assessable (failover)
            "#]],
        );
    }
}
