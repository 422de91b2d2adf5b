//! How long nobody could write, as far as the logs tell.

use super::{Incident, Kind};
use crate::model::{Micros, NodeId, SECOND, Span, What};
use crate::timeline::Timeline;

/// A stretch without a primary that accepts writes; `uncertainty` on its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub from: Micros,
    pub to: Micros,
    pub uncertainty: Micros,
}

/// Fills in `outage` where both ends can be seen.
pub(super) fn measure(t: &Timeline, incident: &mut Incident) {
    if !matches!(incident.kind, Kind::Failover | Kind::Demotion | Kind::Switchover | Kind::Crash | Kind::Restart) {
        return;
    }
    let Some(old) = incident.old else { return };
    let Some((from, unsure_from)) = stopped(t, incident, old) else { return };
    let new = incident.new.unwrap_or(old);
    let Some((to, unsure_to)) = serving_again(t, new, from, incident.span.to + 120 * SECOND) else { return };
    incident.outage = Some(Outage { from, to, uncertainty: unsure_from + unsure_to });
}

/// When the old primary stopped to accept writes.
fn stopped(t: &Timeline, incident: &Incident, old: NodeId) -> Option<(Micros, Micros)> {
    use What::*;
    let span = incident.span.widened(5 * SECOND);
    let stop = [PgShutdownFast, PgShutdownImmediate, PgShutdownSmart, PgBackendSignal, PgPanic, PgReinit];
    if let Some(e) = t.find(&stop, span).find(|e| e.node == old) {
        return Some((e.at, SECOND / 2));
    }
    let decided =
        [DemoteOffline, DemoteNolock, DemoteImmediate, DemoteGraceful, DcsUnreachable, LockUpdateFailed, PgNotRunning];
    if let Some(e) = t.find(&decided, span).find(|e| e.node == old) {
        return Some((e.at, SECOND));
    }
    let done = [DemotedLockUpdate, DemotedDcs, DemotedForeignLock, DemotedLostRace];
    t.find(&done, span).find(|e| e.node == old).map(|e| (e.at, 5 * SECOND))
}

/// When a primary accepted writes again.
fn serving_again(t: &Timeline, new: NodeId, from: Micros, until: Micros) -> Option<(Micros, Micros)> {
    use What::*;
    let after = Span::new(from, until);
    let promoted = t.find(&[Promoted, PromotedAgain], after).filter(|e| e.node == new).last();
    let ready =
        t.find(&[PgReady], after).filter(|e| e.node == new && promoted.is_none_or(|p| e.at + SECOND >= p.at)).last();
    ready.map(|e| (e.at, SECOND / 2)).or_else(|| promoted.map(|e| (e.at, 2 * SECOND)))
}
