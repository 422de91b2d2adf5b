//! The old primary's machine went down: power, kernel panic, reset, reboot.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Key, Program, SECOND, Span, What, Why};

pub static CAUSE: Cause = Cause {
    id: "host_crash_or_reboot",
    title: "the primary's machine went down",
    layer: Layer::Hardware,
    leads_to: &["etcd_quorum_loss", "patroni_process_died", "replica_not_eligible"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Log(Program::Kernel, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Find out why {host} went down: journalctl -b -1 -e, last -x, /sys/fs/pstore and kdump, the BMC's event log (ipmitool sel list), the hypervisor's events.",
            risk: "none",
            verify: "power, panic, reset or an order is named",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Keep what a crash leaves: persistent journal (Storage=persistent), kdump or pstore, remote syslog; monitor power and hardware.",
            risk: "none",
            verify: "a test panic on a spare host leaves a dump",
        },
        Remedy {
            kind: When::LongTerm,
            text: "A member is promoted when ttl ({ttl} s) is over; lower it only within loop_wait + 2 × retry_timeout, and keep etcd members of one quorum on different machines.",
            risk: "a short ttl fails over on hiccups",
            verify: "pull the plug of the primary in a test: a replica leads after about {ttl} s",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
The machine of the primary stops at once. Nobody gives the leader key back, so that the others wait until ttl is
over before one of them is promoted. When the machine returns, PostgreSQL recovers from its WAL.

## How we tell
All logs of the host end at the same moment without any line of a shutdown; the kernel's boot line follows;
PostgreSQL says `database system was interrupted` at its next start; the promotion comes only after ttl.

## What else looks like it
An orderly stop (it says so and releases the key at once), a partition (the host's own logs go on), a frozen
machine (its logs go on later without any start), a watchdog's reset (armed, about ttl after the last renewal),
and logs that were simply cut off.

## What to do
Find out what ended the machine; the database only followed.

## References
PostgreSQL documentation: Reliability. Patroni: FAQ. systemd: journalctl(1).";

/// From the last renewal to the promotion: ttl, the loop that the key was renewed in, and a race of some seconds.
const RACE: i64 = 15 * SECOND;

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    let Some(old) = c.incident.old else { return a };
    let name = c.old_name();
    let probes = c.probes_of(old);
    let unreachable: Vec<_> =
        probes.iter().copied().filter(|e| matches!(e.why, Why::ConnectTimeout | Why::NoRoute)).collect();
    let refused: Vec<_> = probes.iter().copied().filter(|e| e.why == Why::Refused).collect();
    let Some(silence) = c.silence(old) else {
        if !unreachable.is_empty() {
            a.pro(
                Strength::Weak,
                format!(
                    "{name} could not be reached over the network: down, or cut off; the bundle holds no log of it"
                ),
                cites(&unreachable),
            );
        }
        return a;
    };
    let orderly = c.orderly_end(old, silence.last);
    let boot = c.boot_after(old);
    let after = Span::new(silence.last + 1, silence.last + super::host::BOOT_WITHIN);
    let interrupted = c.interrupted(old, after);
    let renewed = c.last_renewal(old, silence.last).map_or(silence.last, |r| r.0);
    let ttl = c.t.ttl();
    let promoted = c.taken_over();
    let lapse = promoted.map(|p| p.at - renewed);
    let waited = lapse.is_some_and(|l| l >= ttl - c.loop_wait() && l <= ttl + c.loop_wait() + RACE);
    let gone = boot.map(|b| b.0).or(promoted.map(|p| p.at)).is_some_and(|end| end - silence.last > c.loop_wait());

    if !orderly.is_empty() {
        a.con(
            Strength::Strong,
            format!("{name} ended in order: its logs hold {} lines of a shutdown before they end", orderly.len()),
            cites(&orderly),
        );
        return a;
    }
    if boot.is_none() && !gone {
        // It wrote while it lost its role: alive.
        a.con(Strength::Strong, format!("{name} went on writing its logs while it lost its role"), silence.cite);
        return a;
    }
    // A silence that ends without any start is a freeze, not a crash.
    if let Some(back) = silence.back
        && boot.is_none()
        && interrupted.is_empty()
        && c.restarted(old, Span::new(silence.last, back)).is_empty()
    {
        a.con(Strength::Strong, format!("the logs of {name} go on after {} without any start: it stood still or was cut off, it did not go down", length(back - silence.last)), silence.cite);
        return a;
    }
    let killed = c.on(
        old,
        &[What::OomKill, What::UnitOom, What::UnitFailed, What::UnitExited],
        Span::new(silence.last - 30 * SECOND, silence.last + ttl),
    );
    let watched = c.t.all(&[What::WatchdogArmed]).any(|e| e.node == old && e.at <= silence.last);
    let before = Span::new(silence.last - 300 * SECOND, silence.last);
    if let Some((at, cite)) = boot {
        // That no shutdown was written is only known where a log that would hold it was running.
        let seen = c.t.covers(Program::Systemd, Some(old), before) || c.t.covers(Program::Postgres, Some(old), before);
        let strength = if seen && !watched { Strength::Decisive } else { Strength::Strong };
        let words = if seen {
            format!(
                "{name} booted {} after the last line of its logs, and no line of a shutdown stands before",
                length(at - silence.last)
            )
        } else {
            format!("{name} booted {} after the last line that the bundle holds of it", length(at - silence.last))
        };
        a.pro(strength, words, [cite].into_iter().chain(silence.cite));
    }
    if !interrupted.is_empty() {
        let together = c.on(old, &[What::EtcdStart], after);
        let container = c.t.setting(Key::DcsKind).is_some_and(|k| k.fact.value.text() == Some("kubernetes"));
        let strength = if (!together.is_empty() || !unreachable.is_empty()) && !container && killed.is_empty() {
            Strength::Strong
        } else {
            Strength::Weak
        };
        let and = if together.is_empty() { "" } else { "; etcd on it started anew, too" };
        a.pro(strength, format!("Patroni and PostgreSQL on {name} ended together, without a shutdown: PostgreSQL says at its next start that it was interrupted{and}"), cites(&interrupted).into_iter().chain(cites(&together)));
    }
    let panic = c.on(
        old,
        &[What::KernelPanic],
        Span::new(silence.last - 60 * SECOND, boot.map_or(silence.last + ttl, |b| b.0)),
    );
    if !panic.is_empty() {
        a.pro(
            Strength::Strong,
            format!("the kernel of {name} panicked or oopsed ({} lines)", panic.iter().map(|e| e.count).sum::<u32>()),
            cites(&panic),
        );
    }
    if waited && gone {
        let words = format!(
            "a replica was promoted {} after the last renewal by {name}, when ttl ({}) was over: nobody gave the key back",
            length(lapse.unwrap_or(0)),
            length(ttl)
        );
        a.pro(Strength::Weak, words, promoted.map(|p| crate::incidents::Cite::Event(p.index)));
    }
    if silence.back.is_none() && gone && c.others_go_on(old, silence.last + ttl) {
        a.pro(
            Strength::Weak,
            format!(
                "the logs of {name} end {} before another member was promoted; those of other hosts go on",
                length(promoted.map_or(0, |p| p.at - silence.last))
            ),
            silence.cite,
        );
    }
    if !unreachable.is_empty() {
        a.pro(
            Strength::Weak,
            format!(
                "{name} could not be reached over the network ({} tries of other members)",
                unreachable.iter().map(|e| e.count).sum::<u32>()
            ),
            cites(&unreachable),
        );
    }
    if !refused.is_empty() && boot.is_none() {
        a.con(
            Strength::Strong,
            format!("{name} refused connections: the machine answered, only its processes had ended"),
            cites(&refused),
        );
    }
    if !killed.is_empty() && boot.is_none() {
        a.con(
            Strength::Strong,
            format!("the system of {name} reports the end of single processes, so it lived on"),
            cites(&killed),
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
    fn the_plug_is_pulled_and_a_replica_waits_for_ttl() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,011 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:03:40,120 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:03:40,180 INFO: starting as a secondary
2026-03-02 10:03:51,180 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:24.500 UTC [990] LOG:  could not receive data from client: Connection reset by peer
2026-03-02 10:03:41.001 UTC [700] LOG:  starting PostgreSQL 15.4 on x86_64-pc-linux-gnu
2026-03-02 10:03:41.010 UTC [703] LOG:  database system was interrupted; last known up at 2026-03-02 09:59:30 UTC
//- pg1/var/log/kern.log
2026-03-02T10:03:10.000000+00:00 pg1 kernel: Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,411 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:31,411 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:53,900 WARNING: Request failed to pg1: GET http://10.0.0.1:8008/patroni (HTTPConnectionPool(host='10.0.0.1', port=8008): Max retries exceeded with url: /patroni (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object>, 'Connection to 10.0.0.1 timed out. (connect timeout=2)')))
2026-03-02 10:00:54,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:04,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                host_crash_or_reboot: confirmed (failover)
                  + decisive: pg1 booted 2 min 46 s after the last line of its logs, and no line of a shutdown stands before
                  + strong: Patroni and PostgreSQL on pg1 ended together, without a shutdown: PostgreSQL says at its next start that it was interrupted
                  + weak: a replica was promoted 33.0 s after the last renewal by pg1, when ttl (30.0 s) was over: nobody gave the key back
                  + weak: pg1 could not be reached over the network (1 tries of other members)
            "#]],
        );
    }

    #[test]
    fn an_ordered_reboot_says_so() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:15.500 UTC [812] LOG:  received fast shutdown request
2026-03-02 10:00:16.500 UTC [812] LOG:  database system is shut down
//- pg1/var/log/syslog
2026-03-02T10:00:15.400000+00:00 pg1 systemd[1]: Stopping Runners to orchestrate a high-availability PostgreSQL...
2026-03-02T10:01:10.000000+00:00 pg1 kernel: Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:17,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:27,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                host_crash_or_reboot: ruled_out (failover)
                  - strong: pg1 ended in order: its logs hold 2 lines of a shutdown before they end
            "#]],
        );
    }

    #[test]
    fn a_partitioned_primary_goes_on_writing() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:24,100 ERROR: Request to server http://10.0.0.2:2379 failed: MaxRetryError("HTTPConnectionPool(host='10.0.0.2', port=2379): Max retries exceeded with url: /v3/kv/range (Caused by ConnectTimeoutError('Connection to 10.0.0.2 timed out. (connect timeout=1.67)'))")
2026-03-02 10:00:38,100 INFO: Demoting self (offline)
2026-03-02 10:00:42,300 INFO: demoted self because DCS is not accessible and I was a leader
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:43,900 WARNING: Request failed to pg1: GET http://10.0.0.1:8008/patroni (HTTPConnectionPool(host='10.0.0.1', port=8008): Max retries exceeded with url: /patroni (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object>, 'Connection to 10.0.0.1 timed out. (connect timeout=2)')))
2026-03-02 10:00:44,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:54,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                host_crash_or_reboot: ruled_out (failover)
                  - strong: pg1 went on writing its logs while it lost its role
            "#]],
        );
    }

    #[test]
    fn only_the_replica_sent_its_log() {
        check(
            &CAUSE,
            r#"
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,411 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:53,900 WARNING: Request failed to pg1: GET http://10.0.0.1:8008/patroni (HTTPConnectionPool(host='10.0.0.1', port=8008): Max retries exceeded with url: /patroni (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object>, 'Connection to 10.0.0.1 timed out. (connect timeout=2)')))
2026-03-02 10:00:54,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:04,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                host_crash_or_reboot: possible (failover)
                  + weak: pg1 could not be reached over the network: down, or cut off; the bundle holds no log of it
            "#]],
        );
    }
}
