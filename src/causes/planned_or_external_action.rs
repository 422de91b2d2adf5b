//! Somebody, or a tool of theirs, asked for it.

use super::case::{cites, list};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::messages::systemd_unit;
use crate::model::{Program, SECOND, What};
use crate::timeline::Hit;

pub static CAUSE: Cause = Cause {
    id: "planned_or_external_action",
    title: "somebody asked for it",
    layer: Layer::Operator,
    leads_to: &["etcd_quorum_loss", "service_manager_misconfig", "slow_shutdown"],
    needs: &[Need::Log(Program::Systemd, Who::OldPrimary)],
    doc: DOC,
    remedies: &[Remedy {
        kind: When::Now,
        text: "Ask who did it: auth.log or secure, sudo, apt or dnf history, needrestart, Ansible or Puppet logs, the shell history of {host}, for these seconds.",
        risk: "none",
        verify: "a person or a tool is named",
    }],
    assess,
};

const DOC: &str = "## What happens
A switchover, a restart, a service stop, a reboot: an operator, a package upgrade or a configuration tool acts.
Clients feel it, but nothing failed.

## How we tell
`received switchover request` and the orderly demotion; systemd's `Stopping` before anything else; a shutdown
of PostgreSQL without a reason in Patroni's log; etcd that ends by a signal.

## What else looks like it
A demotion by Patroni (its own reason stands before the shutdown), a crash, a kill by the service manager.

## What to do
Nothing, or find out who.

## References
Patroni: patronictl. systemd: systemctl(1).";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let asked: Vec<Hit<'_>> = c.find(&[What::SwitchoverRequested, What::ManualFailover, What::DemoteGraceful, What::RestartRequested, What::ReinitRequested]);
    if c.is(&[Kind::Switchover]) {
        a.pro(Strength::Decisive, format!("a switchover away from {} was asked for", c.old_name()), cites(&asked));
        return a;
    }
    if !asked.is_empty() {
        a.pro(Strength::Weak, "an action was asked for", cites(&asked));
    }
    let unit = |e: &Hit<'_>| systemd_unit(e.who.as_deref().unwrap_or(""));
    let stops: Vec<Hit<'_>> = c.find(&[What::UnitStopping, What::UnitStopped]).into_iter().filter(|e| unit(e).is_some()).collect();
    // What systemd does on its own (a failed start, a timeout) is not an order.
    let forced = c.has(&[What::UnitStartTimeout, What::UnitFailed, What::UnitOom, What::UnitWatchdog]);
    let first = c.incident.events.first().and_then(|i| c.t.events.get(*i as usize)).map(|e| e.began());
    if let Some(stop) = stops.first() {
        let leads = first.is_none_or(|f| stop.at <= f + SECOND);
        let strength = if leads && !forced { Strength::Decisive } else { Strength::Weak };
        a.pro(strength, format!("the service manager on {} was told to stop {} before anything else happened", c.name(stop.node), stop.who.as_deref().unwrap_or("a service")), cites(&stops));
        a.tag("external_service_stop");
    }
    let reboot = c.find(&[What::SystemShutdown]);
    if !reboot.is_empty() {
        a.pro(Strength::Strong, format!("{} was shut down or rebooted in order", list(reboot.iter().map(|e| c.name(e.node)))), cites(&reboot));
        a.tag("external_service_stop");
    }
    let ordered: Vec<Hit<'_>> = c.find(&[What::PgShutdownFast, What::PgShutdownSmart]).into_iter().filter(|e| c.on_old(e)).collect();
    let patroni_reason = c.has(&[
        What::DemoteOffline, What::DemoteNolock, What::DemoteImmediate, What::DemotedDcs, What::DemotedLockUpdate, What::DemotedForeignLock, What::DcsUnreachable,
        What::LockUpdateFailed, What::DemotedLostRace, What::DcsGetClusterFailed, What::PgNotRunning, What::PgNoSpace,
    ]);
    let seen = ordered.first().is_some_and(|e| c.t.covers(Program::Patroni, Some(e.node), crate::model::Span::around(e.at, 60 * SECOND, 60 * SECOND)));
    if !ordered.is_empty() && !patroni_reason && stops.is_empty() {
        let strength = if seen || ordered.iter().any(|e| e.what == What::PgShutdownSmart) { Strength::Strong } else { Strength::Weak };
        a.pro(strength, format!("PostgreSQL on {} was asked to shut down, and Patroni gives no reason of its own", c.old_name()), cites(&ordered));
    }
    let signals = c.find(&[What::EtcdStopSignal]);
    if !signals.is_empty() {
        a.pro(Strength::Weak, "etcd was ended by a signal", cites(&signals));
        a.tag("external_service_stop");
    }
    let packages = c.find_wide(&[What::PackageChange]);
    if !packages.is_empty() && !a.evidence.is_empty() {
        a.pro(Strength::Weak, "packages were changed shortly before", cites(&packages));
    }
    if patroni_reason && stops.is_empty() && signals.is_empty() && reboot.is_empty() && asked.is_empty() {
        a.con(Strength::Decisive, "Patroni demoted on its own account; nobody asked for it", []);
    }
    a
}
