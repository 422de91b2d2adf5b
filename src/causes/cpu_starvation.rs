//! The CPU was missing: stolen by the hypervisor, or more work than cores.

use super::case::{cites, length, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Metric, NodeId, SECOND, Threshold, What};
use crate::timeline::Hit;
use std::collections::BTreeSet;

static STEAL: Threshold = Threshold::new(
    "cpu_starvation.steal_pct",
    30.0,
    "%",
    "Steal that a shared hypervisor shows only when it is oversubscribed (our choice; 5–10 % is common and harmless)",
);
static STEAL_SEVERE: Threshold = Threshold::new(
    "cpu_starvation.steal_severe_pct",
    60.0,
    "%",
    "Steal at which more than half of the machine is gone",
);
static IDLE: Threshold = Threshold::new(
    "cpu_starvation.idle_pct",
    5.0,
    "%",
    "No CPU left: idle time below this, and it is not waiting for I/O",
);
static IOWAIT: Threshold = Threshold::new(
    "cpu_starvation.iowait_pct",
    20.0,
    "%",
    "The CPU is not missing but waiting for I/O from here on (our choice)",
);
static QUEUE_SPIKE: Threshold = Threshold::new(
    "cpu_starvation.runq_times",
    4.0,
    "times",
    "Times the host's own normal that the run queue must reach to count (our choice)",
);
static QUEUE: Threshold = Threshold::new(
    "cpu_starvation.runq_tasks",
    8.0,
    "tasks",
    "Tasks that the run queue must hold at least to count (our choice)",
);
static PRESSURE: Threshold = Threshold::new(
    "cpu_starvation.psi_cpu_pct",
    70.0,
    "%",
    "Share of time in which some task waited for a CPU (PSI); above it programs hardly get to run (our choice)",
);
static AWAIT_FINE_MS: Threshold = Threshold::new(
    "cpu_starvation.await_fine_ms",
    20.0,
    "ms",
    "Disks below this mean request time are fine (spinning disks need 10–20 ms)",
);
/// An interval of sysstat this many times the usual one came late.
const LATE: f64 = 1.2;

pub static CAUSE: Cause = Cause {
    id: "cpu_starvation",
    title: "the CPU was missing",
    layer: Layer::Host,
    leads_to: &["etcd_quorum_loss", "etcd_slow_disk", "host_stall", "postgres_slow_or_hung"],
    needs: &[Need::Series(Metric::CpuSteal, Who::OldPrimary)],
    thresholds: &[&STEAL, &STEAL_SEVERE, &IDLE, &IOWAIT, &QUEUE_SPIKE, &QUEUE, &PRESSURE, &AWAIT_FINE_MS],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Steal: ask for the hypervisor's CPU ready or overcommit numbers of {host} {minutes}. Run queue: find the load (pidstat -u, connection storm, parallel query, backup compression).",
            risk: "none",
            verify: "steal below 5 %, run queue below the number of CPUs",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Reserve cores for database and etcd machines (no overcommit); CPUWeight and Nice for etcd.service and patroni.service; a pooler in front of PostgreSQL.",
            risk: "none",
            verify: "no late heartbeat of etcd at peak load",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The hypervisor gives the cores to others, or too many processes want them. etcd sends its heartbeats late,
Patroni's loop overruns, and if it lasts for ttl the leader key expires.

## How we tell
Only by data: %steal, the run queue with idle near zero, CPU pressure; while the disks answer in milliseconds.
etcd's `overloaded` and even its slow syncs accuse the disk also when the CPU is what is missing. A starved sadc
takes its samples late: irregular intervals.

## What else looks like it
A slow disk (await is high), a paused machine (one long interval with ordinary numbers), a busy CPU that harms
nobody: load alone is no cause, it takes late ticks or an overrun loop beside it.

## What to do
More CPU, or fewer neighbours.

## References
etcd: FAQ, Tuning. sysstat: sar(1), %steal.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    let harmed = c.find(&[
        What::TickMissed,
        What::HeartbeatLate,
        What::LoopOverrun,
        What::ReadSlow,
        What::FsyncSlow,
        What::ApplySlow,
        What::SoftLockup,
        What::RestStatusFailed,
        What::DcsRequestFailed,
    ]);
    let hosts: BTreeSet<NodeId> =
        c.t.series
            .iter()
            .filter(|s| matches!(s.metric, Metric::CpuSteal | Metric::CpuIdle | Metric::PsiCpu))
            .map(|s| s.node)
            .collect();
    for node in hosts {
        let here: Vec<Hit<'_>> = harmed.iter().copied().filter(|e| e.node == node).collect();
        judge_host(c, &mut a, node, &here);
    }
    let ticks: Vec<Hit<'_>> =
        harmed.iter().copied().filter(|e| matches!(e.what, What::TickMissed | What::SoftLockup)).collect();
    if !ticks.is_empty() {
        let names = list(ticks.iter().map(|e| c.name(e.node)));
        a.pro(
            Strength::Weak,
            format!(
                "etcd or the kernel on {names} reports {} times that processes did not get to run",
                ticks.iter().map(|e| e.count).sum::<u32>()
            ),
            cites(&ticks),
        );
    }
    a
}

/// What the samples of one host say.
fn judge_host(c: &Case<'_>, a: &mut Assessment, node: NodeId, here: &[Hit<'_>]) {
    let name = c.name(node);
    let first = |metric| c.worst(metric, Some(node)).into_iter().next();
    let least = |metric| c.worst(metric, Some(node)).into_iter().next_back();
    let mut found: Option<(bool, String, Vec<Cite>)> = None;
    if let Some((cite, series, x)) = first(Metric::CpuSteal)
        && f64::from(x.value) >= c.limit(&STEAL)
        && x.value >= 2.0 * c.baseline(series).unwrap_or(0.0)
    {
        let words = format!(
            "{name} lost {:.0} % of its CPU time to the hypervisor over {}, usually {:.1} %",
            x.value,
            length(x.to - x.from),
            c.baseline(series).unwrap_or(0.0)
        );
        found = Some((f64::from(x.value) >= c.limit(&STEAL_SEVERE), words, vec![cite]));
    }
    let stolen = found.is_some();
    let waits = first(Metric::CpuIowait).map_or(0.0, |(_, _, x)| f64::from(x.value)) >= c.limit(&IOWAIT);
    if found.is_none()
        && let (Some((idle_cite, _, idle)), Some((cite, series, x))) = (least(Metric::CpuIdle), first(Metric::RunQueue))
        && f64::from(idle.value) <= c.limit(&IDLE)
        && !waits
    {
        let base = c.baseline(series).unwrap_or(0.0);
        let tasks = f64::from(x.value);
        if tasks >= c.limit(&QUEUE) && tasks >= c.limit(&QUEUE_SPIKE) * f64::from(base) {
            found = Some((
                false,
                format!(
                    "{:.0} tasks on {name} waited for a CPU (usually {base:.0}) with {:.0} % idle",
                    x.value, idle.value
                ),
                vec![cite, idle_cite],
            ));
        }
    }
    if found.is_none()
        && let Some((cite, series, x)) = first(Metric::PsiCpu)
        && f64::from(x.value) >= c.limit(&PRESSURE)
        && x.value >= 2.0 * c.baseline(series).unwrap_or(0.0)
        && !waits
    {
        found = Some((false, format!("tasks on {name} waited for a CPU {:.0} % of the time", x.value), vec![cite]));
    }
    let Some((severe, words, mut proof)) = found else { return };
    let disk = first(Metric::DiskAwait);
    let fine = disk.as_ref().is_some_and(|(_, _, x)| f64::from(x.value) < c.limit(&AWAIT_FINE_MS));
    let slow = disk.as_ref().is_some_and(|(_, _, x)| f64::from(x.value) >= 5.0 * c.limit(&AWAIT_FINE_MS));
    // A queue says that work waited, not that this program did: it takes programs that say so themselves, or a starved
    // sysstat. A loop that overran or a request that failed has many reasons. Lost CPU time was lost by all.
    let late = irregular(c, node);
    let told = |e: &Hit<'_>| !matches!(e.what, What::LoopOverrun | What::RestStatusFailed | What::DcsRequestFailed);
    let only_load = !stolen && late.is_none() && !here.iter().any(told);
    let strength = match (here.is_empty(), severe, fine) {
        (true, ..) => Strength::Weak,
        _ if only_load => Strength::Weak,
        (false, true, true) => Strength::Decisive,
        (false, ..) if slow => Strength::Weak,
        (false, ..) => Strength::Strong,
    };
    let disk_words = disk.map_or(String::new(), |(cite, _, x)| {
        proof.push(cite);
        format!("; its disks needed at most {:.1} ms a request", x.value)
    });
    let harm = if here.is_empty() {
        String::new()
    } else {
        format!("; its programs came late in the same minutes ({} reports)", here.iter().map(|e| e.count).sum::<u32>())
    };
    a.pro(strength, format!("{words}{disk_words}{harm}"), proof.into_iter().chain(cites(here).into_iter().take(6)));
    if let Some((cite, late, usual)) = late {
        a.pro(
            Strength::Weak,
            format!("sysstat on {name} took {late} samples late (usually every {})", length(usual)),
            [cite],
        );
    }
}

/// Samples around the incident that came late: a starved sadc.
fn irregular(c: &Case<'_>, node: NodeId) -> Option<(Cite, usize, i64)> {
    let near = c.incident.span.widened(60 * SECOND);
    let (i, series) = c.t.series.iter().enumerate().find(|(_, s)| s.node == node && s.metric == Metric::CpuIdle)?;
    let mut lengths: Vec<i64> = series.samples.iter().map(|x| x.to - x.from).filter(|l| *l > 0).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied()?;
    let late: Vec<usize> = series
        .samples
        .iter()
        .enumerate()
        .filter(|(_, x)| x.from <= near.to && x.to >= near.from && (x.to - x.from) as f64 >= LATE * usual as f64)
        .map(|(j, _)| j)
        .collect();
    let first = *late.first()?;
    (late.len() >= 3).then_some((Cite::Sample { series: i as u32, sample: first as u32 }, late.len(), usual))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    const LOGS: &str = r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:27,011 WARNING: Loop time exceeded, rescheduling immediately.
2026-03-02 10:00:57,900 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:00:57,920 INFO: Demoting self (immediate-nolock)
2026-03-02 10:01:19,920 INFO: demoting self because I do not have the lock and I was a leader
//- pg1/var/log/etcd.log
{"level":"warn","ts":"2026-03-02T10:00:29.222Z","logger":"raft","caller":"etcdserver/zap_raft.go:85","msg":"be57c3b2fc3623e8 A tick missed to fire. Node blocks too long!"}
{"level":"warn","ts":"2026-03-02T10:00:30.222Z","caller":"etcdserver/raft.go:416","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"841787b557710ac7","heartbeat-interval":"100ms","expected-duration":"200ms","exceeded-duration":"1.4s"}
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:52,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:02,100 INFO: no action. I am (pg2), the leader with the lock
"#;

    fn sar(cpu: &str, disk: &str) -> String {
        format!(
            "{LOGS}//- pg1/sar.txt\nLinux 6.1.0-18-amd64 (pg1) \t03/02/2026 \t_x86_64_\t(4 CPU)\n\n09:40:00 AM     CPU     %user     %nice   %system   %iowait    %steal     %idle\n09:50:00 AM     all      5.00      0.00      2.00      0.50      0.10     92.40\n10:00:00 AM     all      5.00      0.00      2.00      0.50      0.10     92.40\n10:10:00 AM     all      {cpu}\n\n09:40:00 AM       DEV       tps     rkB/s     wkB/s     dkB/s   areq-sz    aqu-sz     await     %util\n09:50:00 AM       sda     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00\n10:00:00 AM       sda     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00\n10:10:00 AM       sda     10.00      0.00    100.00      0.00     10.00      0.01     {disk}     11.00\n"
        )
    }

    #[test]
    fn the_hypervisor_takes_the_cores_and_etcd_blames_the_disk() {
        check(
            &CAUSE,
            &sar("2.00      0.00      2.00      0.10     88.00      7.90", "0.90"),
            expect![[r#"
            cpu_starvation: confirmed (failover)
              + decisive: pg1 lost 88 % of its CPU time to the hypervisor over 10 min 0 s, usually 0.1 %; its disks needed at most 0.9 ms a request; its programs came late in the same minutes (3 reports)
              + weak: etcd or the kernel on pg1 reports 1 times that processes did not get to run
        "#]],
        );
    }

    #[test]
    fn a_slow_disk_with_an_idle_cpu() {
        check(
            &CAUSE,
            &sar("2.00      0.00      2.00     80.00      0.10     15.90", "2400.00"),
            expect![[r#"
            cpu_starvation: possible (failover)
              + weak: etcd or the kernel on pg1 reports 1 times that processes did not get to run
        "#]],
        );
    }

    /// A cluster whose requests time out for eight seconds, on a machine with a long queue.
    fn blip(etcd: &str) -> String {
        format!(
            r#"
//- pg1/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:16,469 ERROR: Request to server http://10.0.0.12:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.12', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by ConnectTimeoutError(<HTTPConnection(host='10.0.0.12', port=2379)>, 'Connection to 10.0.0.12 timed out. (connect timeout=1.5)'))")
2026-03-02 10:00:23,983 ERROR: Error communicating with DCS
2026-03-02 10:00:23,984 INFO: demoting self because DCS is not accessible and I was a leader
2026-03-02 10:00:27,577 WARNING: Loop time exceeded, rescheduling immediately.
//- pg1/etcd.log
{etcd}
//- pg1/sar.txt
Linux 6.1.0-18-amd64 (pg1) 	03/02/2026 	_x86_64_	(2 CPU)

09:59:40        CPU     %user     %nice   %system   %iowait    %steal     %idle
09:59:50        all      5.00      0.00      2.00      0.50      0.10     92.40
10:00:00        all      5.00      0.00      2.00      0.50      0.10     92.40
10:00:10        all     80.00      0.00     19.00      0.50      0.10      0.40
10:00:20        all     80.00      0.00     19.00      0.50      0.10      0.40

09:59:40      runq-sz  plist-sz   ldavg-1   ldavg-5  ldavg-15   blocked
09:59:50            0       200      0.10      0.10      0.10         0
10:00:00            0       200      0.10      0.10      0.10         0
10:00:10           17       400     20.10     10.10      4.10         0
10:00:20           17       400     20.10     10.10      4.10         0
"#
        )
    }

    #[test]
    fn a_queue_beside_requests_that_time_out_is_load_not_starvation() {
        let idle = r#"{"level":"info","ts":"2026-03-02T10:00:05.222Z","caller":"mvcc/kvstore_compaction.go:66","msg":"finished scheduled compaction","compact-revision":4213,"took":"1.2ms"}"#;
        check(
            &CAUSE,
            &blip(idle),
            expect![[r#"
            cpu_starvation: possible (demotion)
              + weak: 17 tasks on pg1 waited for a CPU (usually 0) with 0 % idle; its programs came late in the same minutes (2 reports)
        "#]],
        );
    }

    #[test]
    fn a_queue_beside_ticks_that_did_not_come() {
        let late = r#"{"level":"warn","ts":"2026-03-02T10:00:12.222Z","logger":"raft","caller":"etcdserver/zap_raft.go:85","msg":"be57c3b2fc3623e8 A tick missed to fire. Node blocks too long!"}"#;
        check(
            &CAUSE,
            &blip(late),
            expect![[r#"
            cpu_starvation: likely (demotion)
              + strong: 17 tasks on pg1 waited for a CPU (usually 0) with 0 % idle; its programs came late in the same minutes (3 reports)
              + weak: etcd or the kernel on pg1 reports 1 times that processes did not get to run
        "#]],
        );
    }

    #[test]
    fn late_heartbeats_without_any_sar() {
        check(
            &CAUSE,
            LOGS,
            expect![[r#"
            cpu_starvation: possible (failover)
              + weak: etcd or the kernel on pg1 reports 1 times that processes did not get to run
        "#]],
        );
    }
}
