//! One sentence for each incident: who lost what, when, and why.

use super::VerdictKind;
use super::manager::other_than_patroni;
use super::words::moment;
use crate::causes::Judged;
use crate::incidents::{self, Kind};
use crate::model::{HOUR, What};
use crate::timeline::Timeline;

pub(super) fn headline(t: &Timeline, x: &incidents::Incident, kind: VerdictKind, root: Option<&Judged>) -> String {
    let old = x.old.map_or_else(|| "The primary".to_owned(), |n| t.cluster.title(n));
    let at = moment(x.at);
    let node = || {
        let begun = |i: &&u32| t.events.get(**i as usize).is_some_and(|e| e.began() >= x.at);
        let first = x.events.iter().find(begun).and_then(|i| on(t, *i)).or(x.nodes.first().copied());
        first.map_or_else(|| old.clone(), |n| t.cluster.title(n))
    };
    let what = match x.kind {
        Kind::Failover => match x.new {
            Some(new) => format!("{old} lost the primary role to {} at {at}", t.cluster.title(new)),
            None => format!("{old} lost the primary role at {at}"),
        },
        Kind::Demotion => match x.outage.is_some() || x.new == x.old && x.new.is_some() {
            true => format!("{old} was demoted at {at} and became primary again"),
            false => format!("{old} was demoted at {at}"),
        },
        Kind::NoLeader => match x.new {
            Some(new) => {
                format!("The cluster had no primary from {at} on and nobody took over until {} came back", t.name(new))
            }
            None => format!("The cluster had no primary from {at} on and nobody took over"),
        },
        // Only the others tell of it.
        Kind::Crash
            if x.form == "replica_down" && x.nodes.iter().all(|n| x.events.iter().all(|i| on(t, *i) != Some(*n))) =>
        {
            let gone = x.nodes.first().map_or_else(String::new, |n| t.cluster.title(*n));
            format!("{gone}, a replica, fell silent at {at} and the others lost it; the roles did not change")
        }
        // Where Patroni has no say, nobody here tells the roles.
        Kind::Crash if other_than_patroni(t).is_some() => format!("{} on {} failed at {at}", failed(t, x), node()),
        Kind::Crash => format!("{} on {} failed at {at}; the roles did not change", failed(t, x), node()),
        Kind::DcsOutage => format!("The cluster's DCS failed at {at}"),
        Kind::WriteStall => format!("{old} stayed primary but clients waited for seconds from {at} on"),
        Kind::StartFailure if replicates(t, x) => {
            format!("{} could not replicate from {at} on; the roles did not change", node())
        }
        Kind::StartFailure => format!("A service on {} could not be started at {at}", node()),
        Kind::ClientsCut => "Clients were cut, but no role changed".to_owned(),
        Kind::Restart if x.old.is_some_and(|n| x.events.iter().any(|i| on(t, *i) == Some(n))) => {
            format!("{old} was restarted at {at}; it stayed primary")
        }
        Kind::Restart => format!("{} was restarted at {at}; no role changed", node()),
        Kind::Switchover => match x.new {
            Some(new) => format!("Planned: the primary was switched from {old} to {} at {at}", t.name(new)),
            None => format!("Planned: a switchover away from {old} was asked for at {at}"),
        },
        Kind::NearMiss if x.form == "near_miss_key_vanished" => {
            format!("No role changed; {old}'s leader key vanished at {at}, and it took the lock anew")
        }
        Kind::NearMiss if x.events.len() > 1 && x.span.length() > HOUR => {
            let (times, end) = (x.events.len(), moment(x.span.to));
            format!(
                "No role changed; trouble was seen {times} times from {at} to {end} that had no effect on the roles"
            )
        }
        Kind::NearMiss => format!("No role changed; trouble was seen at {at} that had no effect on the roles"),
    };
    match (kind, root) {
        (VerdictKind::Cause, Some(root)) => format!("{what}: {}.", root.cause.title),
        (VerdictKind::InsufficientEvidence, _) => format!("{what}; the evidence does not tell why."),
        (VerdictKind::NoIncident, Some(root)) if root.cause.id == "planned_or_external_action" && !x.planned => {
            format!("{what}, because somebody asked for it.")
        }
        _ => format!("{what}."),
    }
}

/// The host of an event.
fn on(t: &Timeline, event: u32) -> Option<crate::model::NodeId> {
    t.events.get(event as usize).map(|e| e.node)
}

/// Which program crashed: PostgreSQL, unless the system names another one and PostgreSQL says nothing.
fn failed(t: &Timeline, x: &incidents::Incident) -> &'static str {
    let events = || x.events.iter().filter_map(|i| t.events.get(*i as usize));
    let crashes = || events().filter(|e| incidents::class_of(t, e) == Some(incidents::Class::Crash));
    let reported = |e: &crate::timeline::Event| matches!(e.what, What::OomKill | What::CoreDump | What::Segfault);
    let named = |name: &str| crashes().all(|e| reported(e) && e.who.as_deref().is_some_and(|w| w.contains(name)));
    let own = |e: &crate::timeline::Event| matches!(e.what, What::PatroniBug | What::ActionFailed | What::ConfigError);
    if named("patroni") || crashes().next().is_some() && crashes().all(own) {
        "Patroni"
    } else if named("etcd") {
        "etcd"
    } else {
        "PostgreSQL"
    }
}

/// Whether a start failure is about a member that cannot replicate.
fn replicates(t: &Timeline, x: &incidents::Incident) -> bool {
    x.events.iter().filter_map(|i| t.events.get(*i as usize)).all(|e| incidents::STRAYED.contains(&e.what))
}
