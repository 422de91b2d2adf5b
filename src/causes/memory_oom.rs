//! The kernel killed a process for lack of memory, or memory could not be allocated.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Side, Strength, When, Who};
use crate::model::{Metric, Program, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "memory_oom",
    title: "the kernel killed a process for lack of memory",
    layer: Layer::Host,
    leads_to: &["postgres_crash", "etcd_quorum_loss", "patroni_process_died"],
    needs: &[Need::Log(Program::Kernel, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Find the sessions that needed the memory {minutes}{killed}: {sessions}, large hash joins; limit them.",
            risk: "none",
            verify: "no `Killed process` in the kernel's log",
        },
        Remedy {
            kind: When::LongTerm,
            text: "On hosts: vm.overcommit_memory=2 and huge pages; in containers: a limit that covers shared_buffers plus connections; fewer connections by a pooler.",
            risk: "a strict limit makes queries fail with out of memory instead",
            verify: "MemAvailable keeps a margin at peak load",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The kernel, or a memory cgroup, kills a process. If it is a PostgreSQL backend, all sessions are dropped and
PostgreSQL recovers in place; the postmaster, Patroni or etcd as victims have larger effects.

## How we tell
The kernel's own line (`Killed process … (postgres)`), or systemd's and the container runtime's OOM report.
A signal 9 alone is no proof: somebody may have sent it.

## What else looks like it
kill -9 by hand, a container stopped by its runtime, a crash by another signal.

## What to do
Less memory per session, strict overcommit, limits that fit.

## References
PostgreSQL documentation: Linux Memory Overcommit. Kernel: OOM, memory cgroups.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let ours = |e: &Hit<'_>| {
        e.who
            .as_deref()
            .is_none_or(|w| ["postgres", "postmaster", "patroni", "etcd", "python"].iter().any(|p| w.contains(p)))
    };
    let kills: Vec<Hit<'_>> = c.find_wide(&[What::OomKill, What::UnitOom]);
    let of_cluster: Vec<Hit<'_>> = kills.iter().copied().filter(ours).collect();
    if !of_cluster.is_empty() {
        let victims = list(of_cluster.iter().map(|e| e.who.as_deref().unwrap_or("a process").to_owned()));
        let cgroup = of_cluster.iter().any(|e| e.why == Why::Cgroup)
            || c.find_wide(&[What::OomInvoked]).iter().any(|e| e.why == Why::Cgroup);
        let whose = if cgroup { "its memory limit (cgroup)" } else { "lack of memory" };
        a.pro(Strength::Decisive, format!("the kernel killed {victims} because of {whose}"), cites(&of_cluster));
        if cgroup {
            a.tag("cgroup_limit");
        }
    } else if !kills.is_empty() {
        a.pro(Strength::Weak, "the kernel killed a process that is not part of the cluster", cites(&kills));
    }
    let failed: Vec<Hit<'_>> =
        c.t.find(&[What::PgOutOfMemory, What::DcsException, What::ActionFailed, What::PatroniBug], c.near())
            .filter(|e| e.what == What::PgOutOfMemory || e.why == Why::NoMemory)
            .collect();
    if !failed.is_empty() && kills.is_empty() {
        a.pro(Strength::Weak, "memory could not be allocated", cites(&failed));
    }
    if a.strongest(Side::For).is_some() {
        let memory = [
            Metric::MemUsed,
            Metric::SwapUsed,
            Metric::SwapIn,
            Metric::SwapOut,
            Metric::MajorFaults,
            Metric::PsiMemory,
        ];
        for s in c.strained(&memory, kills.first().or(failed.first()).map(|e| e.node)) {
            a.pro(Strength::Weak, s.words, [s.cite]);
        }
    }
    let killed: Vec<Hit<'_>> = c.find(&[What::PgBackendSignal]).into_iter().filter(|e| e.num == 9.0).collect();
    if kills.is_empty()
        && !killed.is_empty()
        && killed.iter().all(|e| c.t.covers(Program::Kernel, Some(e.node), c.near()))
    {
        a.con(Strength::Strong, "the kernel's log of the host covers the moment and shows no kill", cites(&killed));
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn a_query_eats_the_memory_and_the_kernel_kills_a_backend() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/kern.log
2026-03-02T10:00:23.000000+00:00 pg1 kernel: Out of memory: Killed process 23417 (postgres) total-vm:8221844kB, anon-rss:1195384kB, file-rss:19160kB, shmem-rss:112164kB
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:23.100 UTC [800] LOG:  server process (PID 23417) was terminated by signal 9: Killed
2026-03-02 10:00:23.110 UTC [800] LOG:  terminating any other active server processes
2026-03-02 10:00:24.110 UTC [800] LOG:  all server processes terminated; reinitializing
"#,
            expect![[r#"
                memory_oom: confirmed (crash)
                  + decisive: the kernel killed postgres because of lack of memory
            "#]],
        );
    }

    #[test]
    fn somebody_sends_kill_9() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/kern.log
2026-03-02T09:59:23.000000+00:00 pg1 kernel: eth0: link up
2026-03-02T10:02:23.000000+00:00 pg1 kernel: eth0: link up
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:23.100 UTC [800] LOG:  server process (PID 23417) was terminated by signal 9: Killed
2026-03-02 10:00:23.110 UTC [800] LOG:  terminating any other active server processes
"#,
            expect![[r#"
                memory_oom: ruled_out (crash)
                  - strong: the kernel's log of the host covers the moment and shows no kill
            "#]],
        );
    }

    #[test]
    fn signal_9_without_the_kernels_log() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:23.100 UTC [800] LOG:  server process (PID 23417) was terminated by signal 9: Killed
2026-03-02 10:00:23.110 UTC [800] LOG:  terminating any other active server processes
"#,
            expect![[r#"
                memory_oom: not_assessable (crash)
            "#]],
        );
    }
}
