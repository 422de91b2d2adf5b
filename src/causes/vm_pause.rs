//! A virtual machine was stopped by its hypervisor: snapshot, live migration, suspend.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Metric, Micros, NodeId, Program, SECOND, Span, Threshold, What};
use crate::timeline::Hit;
use std::collections::BTreeSet;

pub static CAUSE: Cause = Cause {
    id: "vm_pause",
    title: "the virtual machine was paused",
    layer: Layer::Hardware,
    leads_to: &["clock_skew", "etcd_quorum_loss", "host_stall"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Series(Metric::CpuIdle, Who::OldPrimary)],
    thresholds: &[&IOWAIT, &SWAP_PAGES],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Read the hypervisor's events of {host} for {pause}: snapshot (create or remove), backup with quiesce, vMotion or live migration, suspend, storage of the host.",
            risk: "none",
            verify: "a task of the hypervisor has the same start and length",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Back up database and etcd machines without snapshots of memory and without quiesce (pgBackRest, Barman instead); pin them, or migrate only after a switchover.",
            risk: "none",
            verify: "no hole in all logs of a host at the hour of the backup",
        },
        Remedy {
            kind: When::Stopgap,
            text: "Raise ttl from {ttl} s to {pause_ttl}.",
            risk: "a dead primary is replaced later by the difference",
            verify: "patronictl show-config",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The hypervisor stops the whole machine for seconds. Nothing inside notices, but the leader key expires. After the
pause the old primary takes writes for some seconds until Patroni sees that another member leads.

## How we tell
Every log of the host is silent for the same stretch and goes on without any start; sysstat has one interval as
long as the pause with ordinary numbers; etcd reports one huge delay; the other hosts wrote meanwhile.

## What else looks like it
A frozen Patroni (PostgreSQL or sysstat wrote on), CPU starvation (irregular, but not silent), memory thrashing or
hung storage (swap and await are high in that interval), a crash (everything starts anew).

## What to do
Find the task of the hypervisor.

## References
VMware KB: snapshot stun. Patroni: FAQ, Watchdog support.";

/// The interval of sysstat must be longer than usual by this share of the pause: samples start at any moment of it.
const STRETCH: f64 = 0.7;
static IOWAIT: Threshold = Threshold::new(
    "vm_pause.iowait_pct",
    40.0,
    "%",
    "Above these averages the machine was working or waiting, not paused (our choice; a pause accounts for nothing)",
);
static SWAP_PAGES: Threshold = Threshold::new(
    "vm_pause.swap_pages",
    1_000.0,
    "pages/s",
    "Pages swapped in or out a second that tell the same (our choice)",
);

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    let Some(old) = c.incident.old else { return a };
    let name = c.old_name();
    let ttl = c.t.ttl();
    let suspended = c.on(old, &[What::Suspended], c.near());
    if !suspended.is_empty() {
        a.pro(
            Strength::Strong,
            format!("the system of {name} says that it was suspended or frozen"),
            cites(&suspended),
        );
    }
    let reach = Span::new(c.incident.span.from - 2 * ttl, c.incident.span.to);
    let gap =
        c.t.gaps
            .iter()
            .enumerate()
            .filter(|(_, g)| g.node == old && g.span.overlaps(&reach) && g.span.length() > 2 * c.loop_wait());
    // The pause is where the host lost its role: the longest silence that begins before.
    let Some((index, gap)) = gap.filter(|(_, g)| g.span.from <= c.incident.at).max_by_key(|(_, g)| g.span.length())
    else {
        return a;
    };
    let anew = c.restarted(old, gap.span);
    if !anew.is_empty() {
        a.con(Strength::Strong, format!("the silence of {name} ends with a start: it had ended"), cites(&anew));
        return a;
    }
    let started = c.on(old, &[What::PatroniStart], Span::new(gap.span.from + SECOND, gap.span.to + 5 * SECOND));
    if !started.is_empty() {
        a.con(Strength::Strong, format!("Patroni on {name} started anew after it: a process ended"), cites(&started));
        return a;
    }
    let silent = Span::new(gap.span.from + 2 * SECOND, gap.span.to - 2 * SECOND);
    let inside: Vec<Hit<'_>> =
        c.t.during(silent).filter(|e| e.node == old && e.at > silent.from && e.at < silent.to).take(8).collect();
    if !inside.is_empty() {
        let programs: BTreeSet<&str> = inside.iter().map(|e| word(e.program)).collect();
        a.con(
            Strength::Strong,
            format!(
                "{name} wrote within the {} in which its Patroni was silent ({}): the machine ran",
                length(gap.span.length()),
                programs.into_iter().collect::<Vec<_>>().join(", ")
            ),
            cites(&inside),
        );
        return a;
    }
    let programs: BTreeSet<Program> =
        c.t.covered
            .iter()
            .filter(|x| x.node == old && x.span.from < gap.span.from && x.span.to > gap.span.to)
            .map(|x| x.program)
            .collect();
    let others = c.t.during(silent).any(|e| e.node != old);
    let intervals = stretched(c, old, gap.span);
    let busy = f64::from(worst_in(c, old, Metric::CpuIowait, gap.span)) >= c.limit(&IOWAIT)
        || f64::from(worst_in(c, old, Metric::SwapIn, gap.span)) >= c.limit(&SWAP_PAGES)
        || f64::from(worst_in(c, old, Metric::SwapOut, gap.span)) >= c.limit(&SWAP_PAGES);
    match intervals {
        Some((sample, long, usual)) if !busy => {
            let strength = if others && programs.len() >= 2 { Strength::Decisive } else { Strength::Strong };
            a.pro(
                strength,
                format!(
                    "nothing on {name} ran for about {}: {} of its logs are silent, and sysstat has one interval of {} among those of {}, with ordinary numbers",
                    length(gap.span.length()),
                    programs.len(),
                    length(long),
                    length(usual)
                ),
                [Cite::Gap(index as u32), sample],
            );
        }
        Some((sample, long, _)) => {
            a.pro(Strength::Weak, format!("one interval of sysstat on {name} lasted {}", length(long)), [sample]);
            a.con(
                Strength::Strong,
                format!("{name} waited for I/O or swapped in that interval: it was busy, not paused"),
                [sample],
            );
            return a;
        }
        None => {
            let ran = sampled_in(c, old, silent);
            if let Some((cite, samples)) = ran {
                a.con(
                    Strength::Strong,
                    format!("sysstat took {samples} samples on {name} within the silence: the machine ran"),
                    [cite],
                );
                return a;
            }
            if programs.len() >= 2 && gap.span.length() > ttl && c.t.gaps.iter().filter(|g| g.node == old).count() < 8 {
                a.pro(
                    Strength::Weak,
                    format!(
                        "{} logs of {name} are silent for {} and go on without any start",
                        programs.len(),
                        length(gap.span.length())
                    ),
                    [Cite::Gap(index as u32)],
                );
            }
        }
    }
    // etcd of the host measures the pause as one delay.
    let around = Span::new(gap.span.from, gap.span.to + 10 * SECOND);
    let huge: Vec<Hit<'_>> = c
        .on(old, &[What::HeartbeatLate, What::ApplySlow, What::ReadSlow, What::RequestSlow], around)
        .into_iter()
        .filter(|e| e.num * 1_000.0 >= STRETCH * gap.span.length() as f64)
        .collect();
    if let Some(first) = huge.first() {
        a.pro(
            Strength::Weak,
            format!("etcd on {name} reports a single delay of {}", super::case::duration(first.num)),
            cites(&huge),
        );
    }
    let clock = c.on(old, &[What::ClockStepped, What::ClocksourceUnstable, What::SoftLockup], around);
    if !clock.is_empty() && !a.evidence.is_empty() {
        a.pro(
            Strength::Weak,
            format!("the clock of {name} jumped or was distrusted right after the silence"),
            cites(&clock),
        );
    }
    a
}

fn word(program: Program) -> &'static str {
    match program {
        Program::Patroni => "Patroni",
        Program::Postgres => "PostgreSQL",
        Program::Etcd => "etcd",
        Program::Kernel => "the kernel",
        _ => "its system log",
    }
}

/// The interval of sysstat that holds a silence, if it is longer than usual by most of it: cite, its length, the usual.
fn stretched(c: &Case<'_>, node: NodeId, gap: Span) -> Option<(Cite, Micros, Micros)> {
    for (i, series) in c.t.series.iter().enumerate().filter(|(_, s)| s.node == node && s.metric == Metric::CpuIdle) {
        let mut lengths: Vec<Micros> = series.samples.iter().map(|x| x.to - x.from).filter(|l| *l > 0).collect();
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len() / 2).copied()?;
        for (j, x) in series.samples.iter().enumerate() {
            let long = x.to - x.from;
            if x.from < gap.to
                && x.to > gap.from
                && (long - usual) as f64 >= STRETCH * gap.length() as f64
                && long > 2 * usual
            {
                return Some((Cite::Sample { series: i as u32, sample: j as u32 }, long, usual));
            }
        }
    }
    None
}

/// Samples that begin and end within a silence.
fn sampled_in(c: &Case<'_>, node: NodeId, silent: Span) -> Option<(Cite, usize)> {
    c.t.series.iter().enumerate().filter(|(_, s)| s.node == node && s.metric == Metric::CpuIdle).find_map(|(i, s)| {
        let mut inside =
            s.samples.iter().enumerate().filter(|(_, x)| x.to > silent.from && x.to < silent.to).map(|(j, _)| j);
        let first = inside.next()?;
        Some((Cite::Sample { series: i as u32, sample: first as u32 }, 1 + inside.count()))
    })
}

fn worst_in(c: &Case<'_>, node: NodeId, metric: Metric, span: Span) -> f32 {
    c.t.samples(metric, span).filter(|(s, _)| s.node == node).map(|(_, x)| x.value).fold(0.0, f32::max)
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
2026-03-02 10:00:21,011 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:17,900 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:01:17,920 INFO: Demoting self (immediate-nolock)
2026-03-02 10:01:19,920 INFO: demoting self because I do not have the lock and I was a leader
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:20.500 UTC [990] LOG:  could not receive data from client: Connection reset by peer
2026-03-02 10:01:18.001 UTC [812] LOG:  received immediate shutdown request
2026-03-02 10:01:19.001 UTC [700] LOG:  starting PostgreSQL 15.4 on x86_64-pc-linux-gnu
2026-03-02 10:01:19.010 UTC [703] LOG:  database system was interrupted; last known up at 2026-03-02 09:59:30 UTC
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:31,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:52,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:02,100 INFO: no action. I am (pg2), the leader with the lock
"#;

    fn sar(rows: &str) -> String {
        format!(
            "{LOGS}//- pg1/sar.txt\nLinux 6.1.0-18-amd64 (pg1) \t03/02/2026 \t_x86_64_\t(4 CPU)\n\n09:59:40 AM     CPU     %user     %nice   %system   %iowait    %steal     %idle\n{rows}"
        )
    }

    #[test]
    fn a_snapshot_freezes_the_machine_for_a_minute() {
        check(
            &CAUSE,
            &sar(
                "09:59:50 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:00:00 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:00:10 AM     all      5.10      0.00      2.00      0.50      0.00     92.40\n10:00:20 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:01:26 AM     all      6.00      0.00      2.50      0.50      0.00     91.00\n10:01:36 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n",
            ),
            expect![[r#"
                vm_pause: confirmed (failover)
                  + decisive: nothing on pg1 ran for about 56.9 s: 3 of its logs are silent, and sysstat has one interval of 66.0 s among those of 10.0 s, with ordinary numbers
            "#]],
        );
    }

    #[test]
    fn sysstat_went_on_while_patroni_was_stopped() {
        check(
            &CAUSE,
            &sar(
                "09:59:50 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:00:00 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:00:10 AM     all      5.10      0.00      2.00      0.50      0.00     92.40\n10:00:20 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:00:30 AM     all      6.00      0.00      2.50      0.50      0.00     91.00\n10:00:40 AM     all      6.00      0.00      2.50      0.50      0.00     91.00\n10:00:50 AM     all      6.00      0.00      2.50      0.50      0.00     91.00\n10:01:00 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:01:10 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n10:01:20 AM     all      5.00      0.00      2.00      0.50      0.00     92.50\n",
            ),
            expect![[r#"
                vm_pause: ruled_out (failover)
                  - strong: sysstat took 5 samples on pg1 within the silence: the machine ran
            "#]],
        );
    }

    #[test]
    fn without_sysstat_a_frozen_machine_has_no_name() {
        check(
            &CAUSE,
            LOGS,
            expect![[r#"
            vm_pause: possible (failover)
              + weak: 2 logs of pg1 are silent for 56.9 s and go on without any start
        "#]],
        );
    }
}
