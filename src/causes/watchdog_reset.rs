//! The watchdog reset a primary that did not renew its lock in time.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Key, Micros, Program, SECOND, Span, What};

pub static CAUSE: Cause = Cause {
    id: "watchdog_reset",
    title: "the watchdog reset the primary's machine",
    layer: Layer::Host,
    leads_to: &["host_crash_or_reboot"],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Log(Program::Kernel, Who::OldPrimary)],
    thresholds: &[],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Look for what held Patroni on {host} up for more than {ttl} s before the reset: a slow shutdown, storage, memory, CPU. The watchdog only did what it is for.",
            risk: "none",
            verify: "the stall before the reset has a name",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Keep the watchdog's last words: pstore or a BMC with an event log, persistent journal; prefer a hardware watchdog to softdog.",
            risk: "none",
            verify: "a test reset leaves an entry",
        },
        Remedy {
            kind: When::Stopgap,
            text: "Raise ttl (and with it the watchdog's timeout, ttl − safety_margin) above the longest stall seen.",
            risk: "a dead primary is replaced later by the difference",
            verify: "patronictl show-config; the `activated with … second timeout` line",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
Patroni arms a watchdog while it leads and feeds it at each renewal of the leader key. If it cannot (frozen,
starved, or still busy stopping PostgreSQL), the machine is reset before another member may be promoted.

## How we tell
The watchdog was armed; the last renewal is as old as its timeout (ttl − 5 s) when the host's other programs stop
writing at once; the machine boots. softdog itself leaves no line.

## What else looks like it
Power loss or a panic: all logs end together, at any distance from the last renewal. An ordered reboot says so.

## What to do
Treat the stall, not the watchdog.

## References
Patroni: Watchdog support. Kernel: watchdog-api.";

/// `safety_margin` of Patroni's watchdog settings: it fires that long before ttl is over.
const SAFETY_MARGIN: Micros = 5 * SECOND;
/// How exactly a reset can be placed: logs are flushed every few seconds, timers are coarse (our choice).
const SLACK: Micros = 5 * SECOND;

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
        return a;
    }
    let Some(old) = c.incident.old else { return a };
    let name = c.old_name();
    let reach = Span::new(c.incident.span.from - 2 * c.t.ttl(), c.incident.span.to + super::host::BOOT_WITHIN);
    let said = c.on(old, &[What::WatchdogReset], reach);
    if !said.is_empty() {
        a.pro(Strength::Decisive, format!("the system of {name} says that a watchdog reset it"), cites(&said));
    }
    let Some(silence) = c.silence(old) else { return a };
    let armed = c.t.all(&[What::WatchdogArmed]).filter(|e| e.node == old && e.at <= silence.last).last();
    let mode = c.t.facts_of(Key::WatchdogMode).any(|f| f.fact.value.text().is_some_and(|m| m == "required"));
    let unavailable = c.t.all(&[What::WatchdogUnavailable]).filter(|e| e.node == old).last();
    if armed.is_none() && !mode {
        if let Some(e) = unavailable {
            a.con(
                Strength::Strong,
                format!("{name} has no watchdog: Patroni could not open the device"),
                [Cite::Event(e.index)],
            );
        }
        return a;
    }
    let orderly = c.orderly_end(old, silence.last);
    if !orderly.is_empty() {
        a.con(
            Strength::Strong,
            format!("{name} ended in order, with {} lines of a shutdown", orderly.len()),
            cites(&orderly),
        );
        return a;
    }
    let Some((booted, boot)) = c.boot_after(old) else { return a };
    let timeout = armed.map(|e| (e.num * 1_000.0) as Micros).filter(|t| *t > 0).unwrap_or(c.t.ttl() - SAFETY_MARGIN);
    let Some((renewed, beat)) = c.last_renewal(old, silence.last) else { return a };
    let proof = [boot, beat].into_iter().chain(armed.map(|e| Cite::Event(e.index))).chain(silence.cite);
    let lived = silence.last - renewed;
    if booted - renewed < timeout - SECOND {
        a.con(
            Strength::Decisive,
            format!(
                "{name} booted only {} after its last renewal: the watchdog waits for {}",
                length(booted - renewed),
                length(timeout)
            ),
            [boot, beat],
        );
        return a;
    }
    let pending = c.on(old, &[What::WatchdogResetPending, What::PgShutdownFailed], Span::new(renewed, booted));
    if !pending.is_empty() {
        a.pro(
            Strength::Strong,
            format!(
                "Patroni on {name} said that the watchdog would reset the machine, and {} later it booted",
                length(booted - pending.first().map_or(renewed, |e| e.at))
            ),
            cites(&pending).into_iter().chain([boot]),
        );
    }
    if lived > c.loop_wait() + SLACK && lived <= timeout + SLACK {
        a.pro(
            Strength::Strong,
            format!("{name} wrote for {} after its last renewal, ended at once near the watchdog's timeout of {}, and booted {} later", length(lived), length(timeout), length(booted - silence.last)),
            proof,
        );
    } else {
        a.pro(
            Strength::Weak,
            format!(
                "{name} had an armed watchdog ({}) and booted {} after its last renewal without any line of a shutdown",
                length(timeout),
                length(booted - renewed)
            ),
            proof,
        );
    }
    let stuck = c.on(
        old,
        &[What::DemoteOffline, What::DemoteNolock, What::DemoteGraceful, What::DemoteImmediate, What::PgStopSlow],
        Span::new(renewed, silence.last),
    );
    let done = c.on(
        old,
        &[What::PgShutDown, What::DemotedDcs, What::DemotedLockUpdate, What::DemotedForeignLock],
        Span::new(renewed, silence.last),
    );
    if !stuck.is_empty() && done.is_empty() {
        a.pro(Strength::Weak, format!("{name} was still stopping PostgreSQL when it ended"), cites(&stuck));
        a.tag("slow_shutdown");
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn a_demotion_that_cannot_stop_postgres_is_ended_by_the_watchdog() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 09:00:01,010 INFO: Software Watchdog activated with 25 second timeout, timing slack 15 seconds
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:25,100 ERROR: Error communicating with DCS
2026-03-02 10:00:25,110 INFO: Demoting self (offline)
2026-03-02 10:02:40,120 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:02:51,180 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
//- pg1/var/log/postgresql.log
2026-03-02 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s
2026-03-02 10:00:25.120 UTC [812] LOG:  received fast shutdown request
2026-03-02 10:00:34.500 UTC [990] FATAL:  the database system is shutting down
//- pg1/var/log/kern.log
2026-03-02T10:02:10.000000+00:00 pg1 kernel: Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:44,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:54,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                watchdog_reset: likely (failover)
                  + strong: pg1 wrote for 23.5 s after its last renewal, ended at once near the watchdog's timeout of 25.0 s, and booted 95.5 s later
                  + weak: pg1 was still stopping PostgreSQL when it ended
            "#]],
        );
    }

    #[test]
    fn the_power_fails_three_seconds_after_a_renewal() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 09:00:01,010 INFO: Software Watchdog activated with 25 second timeout, timing slack 15 seconds
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:40,120 INFO: Lock owner: pg1; I am pg1
//- pg1/var/log/postgresql.log
2026-03-02 10:00:14.500 UTC [990] LOG:  could not receive data from client: Connection reset by peer
//- pg1/var/log/kern.log
2026-03-02T10:00:31.000000+00:00 pg1 kernel: Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)
"#,
            expect![[r#"
                watchdog_reset: ruled_out (restart)
                  - decisive: pg1 booted only 20.0 s after its last renewal: the watchdog waits for 25.0 s
            "#]],
        );
    }

    #[test]
    fn nothing_is_known_of_the_host_after_its_last_heartbeat() {
        check(
            &CAUSE,
            r#"
//- pg1/var/log/patroni.log
2026-03-02 09:00:01,010 INFO: Software Watchdog activated with 25 second timeout, timing slack 15 seconds
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
//- pg2/var/log/patroni.log
2026-03-02 10:00:01,410 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:44,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:00:54,100 INFO: no action. I am (pg2), the leader with the lock
"#,
            expect![[r#"
                watchdog_reset: not_assessable (failover)
            "#]],
        );
    }
}
