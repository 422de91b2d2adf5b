//! Clocks of hosts differ or jump.

use super::case::{cites, duration, length, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::model::{Program, SECOND, Span, What};
use crate::timeline::Hit;

/// etcd reports differences above one second (`maxClockDifference`, rafthttp/probing_status.go).
const STEP_MATTERS_MS: f64 = 5_000.0;

pub static CAUSE: Cause = Cause {
    id: "clock_skew",
    title: "clocks differ between hosts, or one jumped",
    layer: Layer::Host,
    leads_to: &[],
    needs: &[Need::Log(Program::Etcd, Who::DcsMembers), Need::Log(Program::Systemd, Who::Any)],
    doc: DOC,
    remedies: &[
        Remedy { kind: When::Now, text: "Compare `date -u` and `chronyc tracking` on all members at the same moment; let chrony slew, not step.", risk: "stepping a running host can expire leader keys (etcd v2 API)", verify: "chronyc tracking shows a system time within 10 ms on every host" },
        Remedy { kind: When::LongTerm, text: "chrony with several sources on every host, makestep at boot only, no second time source by the hypervisor; alert above 100 ms.", risk: "none", verify: "no `clock difference against peer` for a week" },
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
    let steps: Vec<Hit<'_>> = c.find(&[What::ClockStepped]).into_iter().filter(|e| e.num.abs() >= STEP_MATTERS_MS || e.num == 0.0).collect();
    let drift: Vec<Hit<'_>> = c.find(&[What::PeerClockDrift]);
    let taken = c.find(&[What::LockAcquired]);
    let repeated: u32 = taken.iter().map(|e| e.count).sum();
    let vanishing = repeated >= 3;
    if !steps.is_empty() {
        a.pro(Strength::Strong, format!("the clock of {} was stepped", list(steps.iter().map(|e| c.name(e.node)))), cites(&steps));
    }
    if vanishing {
        let step = if steps.is_empty() && drift.is_empty() { Strength::Weak } else { Strength::Strong };
        a.pro(step, format!("the leader took the lock anew {repeated} times in a row: the key does not live from one loop to the next"), cites(&taken));
    }
    if !drift.is_empty() {
        let worst = drift.iter().map(|e| e.num.abs()).fold(0.0, f64::max);
        a.pro(Strength::Weak, format!("etcd measured a clock difference of {} to a peer", duration(worst)), cites(&drift));
    }
    // A key that others saw gone well before ttl was over.
    if let Some(beat) = c.t.beats.iter().filter(|b| b.role == crate::model::Role::Leader && b.to <= c.incident.span.to).max_by_key(|b| b.to) {
        let early: Vec<Hit<'_>> = c.t.find(&[What::LockNobody], Span::new(beat.to + SECOND, beat.to + c.t.ttl() * 2 / 3)).filter(|e| e.node != beat.node).collect();
        if let Some(e) = early.first()
            && !c.has(&[What::LockReleased])
        {
            a.pro(Strength::Weak, format!("another member found no leader {} after the last renewal, long before ttl was over", length(e.at - beat.to)), cites(&early));
        }
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}
