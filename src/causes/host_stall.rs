//! The host, or the Patroni process, did not run for seconds.

use super::case::{cites, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Metric, Program, Role, Span, What, Why};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "host_stall",
    title: "the host or its Patroni process did not run for a while",
    layer: Layer::Host,
    leads_to: &[],
    needs: &[Need::Log(Program::Patroni, Who::OldPrimary), Need::Series(Metric::CpuIowait, Who::OldPrimary)],
    doc: DOC,
    remedies: &[
        Remedy { kind: When::Now, text: "Fetch sar, dmesg and the hypervisor's events of {host} for these minutes: memory pressure, dirty pages, CPU steal, snapshot.", risk: "none", verify: "the cause of the silence has a name" },
        Remedy { kind: When::LongTerm, text: "A watchdog (mode: required) that resets a frozen primary before its lease of {ttl} s ends; reserve CPU and memory for Patroni and etcd.", risk: "a watchdog resets machines that are only slow", verify: "freeze Patroni in a test: the machine is reset before another member is promoted" },
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
A DCS that does not answer (timeout messages fill the time), a filtered or cut log, deduplicated heartbeats.

## What to do
Name the stall with sar and the hypervisor; a watchdog.

## References
Patroni: Watchdog support, FAQ.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let ttl = c.t.ttl();
    let Some(old) = c.incident.old else { return a };
    let reach = Span::new(c.incident.span.from - 2 * ttl, c.incident.span.to);
    let gaps: Vec<(u32, Span)> = c.t.gaps.iter().enumerate().filter(|(_, g)| g.node == old && g.span.overlaps(&reach)).map(|(i, g)| (i as u32, g.span)).collect();
    let long: Vec<&(u32, Span)> = gaps.iter().filter(|(_, s)| s.length() > ttl).collect();
    for (index, gap) in &long {
        // Time that a failing DCS explains is no stall: its timeouts are logged when they end.
        let explained: Vec<Hit<'_>> = c
            .t
            .find(&[What::DcsRequestFailed, What::DcsRetry, What::DcsException, What::DcsGetClusterFailed], Span::new(gap.from, gap.to + ttl))
            .filter(|e| e.node == old && matches!(e.why, Why::ReadTimeout | Why::ConnectTimeout | Why::ServerTimeout))
            .collect();
        let led = c.t.beats.iter().any(|b| b.node == old && b.role == Role::Leader && b.to >= gap.from - 2 * ttl && b.from <= gap.from);
        if !led {
            continue;
        }
        if !explained.is_empty() {
            a.con(Strength::Strong, "timeouts of the DCS fill the silence", cites(&explained));
            continue;
        }
        // A key that others saw expire before ttl was over was not lost by this silence.
        let early: Vec<Hit<'_>> = c.t.find(&[What::LockNobody], Span::new(gap.from, gap.from + ttl * 2 / 3)).filter(|e| e.node != old).collect();
        if !early.is_empty() {
            a.con(Strength::Strong, format!("the leader key was gone {} after its last renewal, before ttl ({}) was over", length(early.first().map_or(0, |e| e.at - gap.from)), length(ttl)), cites(&early));
            continue;
        }
        let others: Vec<Hit<'_>> = c.t.find(&[What::PgCheckpoint, What::PgSlowStatement, What::PgStreaming], *gap).filter(|e| e.node == old).collect();
        let alive = !others.is_empty();
        let who = if alive { "Patroni" } else { "Patroni (or the whole host)" };
        a.pro(
            Strength::Decisive,
            format!("{who} on {} wrote nothing for {}, longer than ttl ({}), and nothing says that it waited for the DCS", c.old_name(), length(gap.length()), length(ttl)),
            [Cite::Gap(*index)],
        );
    }
    let slow = c.find(&[What::LoopOverrun]).into_iter().filter(|e| e.node == old).collect::<Vec<_>>();
    if !a.evidence.is_empty() && !slow.is_empty() {
        a.pro(Strength::Weak, "the HA loop had overrun its time before", cites(&slow));
    }
    let status = c.find(&[What::RestStatusFailed, What::PgStatementTimeout]);
    if !a.evidence.is_empty() && !status.is_empty() {
        a.pro(Strength::Weak, "PostgreSQL did not answer a status query within its time limit", cites(&status));
    }
    let frozen = c.find(&[What::TickMissed, What::SoftLockup, What::Suspended, What::HungTask]);
    if !frozen.is_empty() {
        a.pro(Strength::Strong, "the system itself reports that it stood still", cites(&frozen));
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}
