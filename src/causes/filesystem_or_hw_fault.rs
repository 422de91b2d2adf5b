//! I/O errors, a damaged or read-only file system, damaged data, broken hardware.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{Program, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "filesystem_or_hw_fault",
    title: "a file system, disk or other hardware was faulty",
    layer: Layer::Hardware,
    leads_to: &[
        "etcd_quorum_loss",
        "etcd_slow_disk",
        "host_crash_or_reboot",
        "host_disk_io",
        "patroni_process_died",
        "postgres_crash",
        "replica_not_eligible",
    ],
    needs: &[Need::Log(Program::Kernel, Who::OldPrimary), Need::Log(Program::Postgres, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Keep the primary role away from {host} (tag nofailover), read dmesg, smartctl -a, multipath -ll and the BMC's event log; run no repair on the only good copy.",
            risk: "none",
            verify: "the device or the storage path at fault is named",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Replace the part, rebuild the member with `patronictl reinit`; switch data checksums on, check backups with a restore and pg_amcheck.",
            risk: "reinit copies the whole data directory",
            verify: "pg_amcheck and a test restore are clean",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
A device returns errors, the kernel makes the file system read-only, or data on disk is damaged. PostgreSQL ends
with PANIC at the next write of WAL, etcd ends with a fatal error, Patroni cannot write its files.

## How we tell
The error texts: `Input/output error`, `Read-only file system`, `Structure needs cleaning`, `I/O error, dev`,
`EXT4-fs error`, machine checks, `could not read block`, `invalid page`.

## What else looks like it
A full file system (`No space left on device`), a storage that is slow but answers, a thin pool that ran full.

## What to do
Move the primary role away, save what is there, replace the part.

## References
PostgreSQL documentation: Reliability, Data checksums. PostgreSQL wiki: Fsync Errors, Corruption.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    let failed = c.is(&[
        Kind::Failover,
        Kind::Demotion,
        Kind::NoLeader,
        Kind::Crash,
        Kind::StartFailure,
        Kind::DcsOutage,
        Kind::WriteStall,
    ]);
    // A fault on a host that is not part of the incident explains nothing.
    let part = |e: &Hit<'_>| {
        c.incident.nodes.contains(&e.node) || c.on_old(e) || matches!(e.what, What::EtcdIoError | What::EtcdCorrupt)
    };
    let find = |whats: &[What]| -> Vec<Hit<'_>> { c.find_wide(whats).into_iter().filter(part).collect() };
    let kernel: Vec<Hit<'_>> = find(&[What::BlockIoError, What::FsError, What::FsReadonly, What::PathLost])
        .into_iter()
        .filter(|e| e.why != Why::NoSpace)
        .collect();
    let writes: Vec<Hit<'_>> = find(&[What::PgIoError, What::EtcdIoError]);
    let programs: Vec<Hit<'_>> =
        c.t.find(
            &[
                What::PgPanic,
                What::PgDatadirBad,
                What::ConfigError,
                What::ActionFailed,
                What::PatroniBug,
                What::EtcdFatal,
                What::EtcdPanic,
                What::PgStartupFailed,
                What::PgBackendExit,
            ],
            c.incident.window,
        )
        .filter(|e| e.why == Why::Io && part(e))
        .collect();
    let damaged: Vec<Hit<'_>> = find(&[What::PgCorruption, What::EtcdCorrupt, What::CorruptAlarm]);
    let hardware: Vec<Hit<'_>> = find(&[What::HardwareError]);
    let hosts = |hits: &[Hit<'_>]| list(hits.iter().map(|e| c.name(e.node)));
    let count = |hits: &[Hit<'_>]| hits.iter().map(|e| e.count).sum::<u32>();
    let told: Vec<Hit<'_>> = writes.iter().chain(&programs).copied().collect();
    if !told.is_empty() {
        let strength = match (failed, kernel.is_empty()) {
            (true, false) => Strength::Decisive,
            (true, true) if !writes.is_empty() || programs.len() > 1 => Strength::Decisive,
            (true, true) => Strength::Strong,
            _ => Strength::Weak,
        };
        a.pro(
            strength,
            format!(
                "programs on {} got I/O errors or found a read-only file system ({} reports)",
                hosts(&told),
                count(&told)
            ),
            cites(&told),
        );
    }
    if !kernel.is_empty() {
        let readonly = kernel.iter().any(|e| e.what == What::FsReadonly);
        let strength = if failed && (readonly || !told.is_empty()) { Strength::Strong } else { Strength::Weak };
        let devices = list(kernel.iter().filter_map(|e| e.who.as_deref().map(str::to_owned)));
        let how = if readonly { ", and made a file system read-only" } else { "" };
        a.pro(
            strength,
            format!(
                "the kernel of {} reports {} errors of {}{how}",
                hosts(&kernel),
                count(&kernel),
                if devices.is_empty() { "a device".to_owned() } else { devices }
            ),
            cites(&kernel),
        );
    }
    if !damaged.is_empty() {
        // Damage that is read every day is old; it explains a server that cannot run, not a lost lock.
        let stops = c.is(&[Kind::Crash, Kind::StartFailure, Kind::NoLeader])
            || damaged.iter().any(|e| e.program == Program::Etcd);
        a.pro(
            if stops { Strength::Strong } else { Strength::Weak },
            format!("damaged data was found on {} ({} reports)", hosts(&damaged), count(&damaged)),
            cites(&damaged),
        );
    }
    if !hardware.is_empty() {
        let effect =
            c.boot_after(hardware.first().map_or(crate::model::NodeId(0), |e| e.node)).is_some() || !kernel.is_empty();
        a.pro(
            if effect && failed { Strength::Strong } else { Strength::Weak },
            format!("hardware errors were reported on {} ({} lines)", hosts(&hardware), count(&hardware)),
            cites(&hardware),
        );
    }
    let full = c.find_wide(&[What::PgNoSpace, What::EtcdDiskFull]);
    if let Some(first) = full.first()
        && told.iter().chain(&kernel).all(|e| e.at >= first.at)
    {
        a.con(Strength::Strong, format!("{} had no space left before any I/O error", hosts(&full)), cites(&full));
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn the_disk_returns_errors_and_the_file_system_goes_read_only() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/kern.log
2026-03-02T10:00:13.000000+00:00 pg1 kernel: I/O error, dev sdb, sector 2064 op 0x1:(WRITE) flags 0x103000 phys_seg 6 prio class 2
2026-03-02T10:00:13.100000+00:00 pg1 kernel: EXT4-fs (sdb): Remounting filesystem read-only
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 WARNING: Postgresql is not running.
//- pg1/var/log/postgresql.log
2026-03-02 10:00:13.500 UTC [812] PANIC:  could not fsync file "pg_wal/000000010000000000000003": Input/output error
2026-03-02 10:00:13.700 UTC [800] LOG:  WAL writer process (PID 812) was terminated by signal 6: Aborted
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:46,210 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:56,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                filesystem_or_hw_fault: confirmed (failover)
                  + decisive: programs on pg1 got I/O errors or found a read-only file system (1 reports)
                  + strong: the kernel of pg1 reports 2 errors of sdb, and made a file system read-only
            "#]],
        );
    }

    #[test]
    fn a_full_volume_is_no_broken_one() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 WARNING: Postgresql is not running.
//- pg1/var/log/kern.log
2026-03-02T09:00:13.000000+00:00 pg1 kernel: Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)
2026-03-02T10:00:30.000000+00:00 pg1 kernel: oom_reaper: reaped process 23417 (bash), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
//- pg1/var/log/postgresql.log
2026-03-02 10:00:13.500 UTC [812] PANIC:  could not write to file "pg_wal/xlogtemp.812": No space left on device
"#,
            expect![[r#"
                filesystem_or_hw_fault: ruled_out (crash)
                  - strong: pg1 had no space left before any I/O error
            "#]],
        );
    }

    #[test]
    fn a_terminal_that_is_gone_is_no_disk() {
        let traceback = |code: &str| {
            format!(
                r#"//- pg1/patroni.log
2023-02-22 15:34:50,101 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
2023-02-22 15:35:00,101 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
2023-02-22 15:35:10,101 WARNING: Postgresql is not running.
2023-02-22 15:35:10,301 ERROR: Exception during execution of long running task restarting after failure
Traceback (most recent call last):
  File "/usr/lib64/python3.6/multiprocessing/popen_fork.py", line 17, in __init__
    util._flush_std_streams()
  File "/usr/lib64/python3.6/multiprocessing/util.py", line 401, in _flush_std_streams
    {code}
OSError: [Errno 5] Input/output error
2023-02-22 15:35:20,101 INFO: Lock owner: pg2; I am pg1
"#
            )
        };
        check(
            &CAUSE,
            &traceback("sys.stderr.flush()"),
            expect![[r#"
            filesystem_or_hw_fault: not_assessable (crash)
        "#]],
        );
        check(
            &CAUSE,
            &traceback("data = f.read()"),
            expect![[r#"
            filesystem_or_hw_fault: likely (crash)
              + strong: programs on pg1 got I/O errors or found a read-only file system (1 reports)
        "#]],
        );
    }

    #[test]
    fn the_kernels_log_is_missing() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 WARNING: Postgresql is not running.
"#,
            expect![[r#"
                filesystem_or_hw_fault: not_assessable (crash)
            "#]],
        );
    }
}
