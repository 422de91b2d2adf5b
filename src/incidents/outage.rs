//! How long nobody could write, as far as the logs tell: the stretches in which no member accepted writes.

use super::classify::LOOK_BACK;
use super::{Incident, Kind};
use crate::model::{Micros, NodeId, Program, SECOND, Span, What, Why};
use crate::timeline::{Event, Timeline};
use std::collections::BTreeMap;

/// Stretches without a primary that accepts writes; `uncertainty` on the length of all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    pub from: Micros,
    pub to: Micros,
    pub uncertainty: Micros,
    /// Where writes were possible in between, the stretches without.
    pub pieces: Vec<Span>,
    /// The old primary's host was cut off from all others at `from`; beside it, writes were possible until here.
    pub cut_off_until: Option<Micros>,
    /// Nobody accepted writes up to the end of the logs: it took at least so long.
    pub at_least: bool,
}

impl Outage {
    /// Time without writes.
    pub fn length(&self) -> Micros {
        self.pieces.iter().map(Span::length).sum()
    }
}

/// A moment at which a member began or ceased to accept writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    at: Micros,
    on: bool,
    node: NodeId,
    unsure: Micros,
}

/// Fills in `outage` where both ends can be seen.
pub(super) fn measure(t: &Timeline, incident: &mut Incident) {
    use Kind::*;
    if !matches!(incident.kind, Failover | Demotion | Switchover | Crash | Restart | NoLeader) {
        return;
    }
    let Some(old) = incident.old else { return };
    let new = incident.new.unwrap_or(old);
    let within = Span::new(incident.span.from - 5 * SECOND, incident.span.to + 120 * SECOND);
    let mut turns = turns(t, old, within);
    if new != old {
        turns.extend(self::turns(t, new, within));
    }
    turns.sort_unstable();
    let first = turns.iter().find(|x| x.node == old && !x.on).copied().or_else(|| fell_silent(t, old, new, incident));
    let Some(first) = first else { return };
    // Another member that accepted writes before the old one ceased to: two primaries, no outage.
    if turns.iter().any(|x| x.on && x.node == new && new != old && x.at <= first.at) {
        return;
    }
    let cut = cut_off(t, old, first.at);
    let begin = cut.map_or(first.at, |c| c.at);
    let mut writable: BTreeMap<NodeId, bool> = [(old, false), (new, false)].into_iter().collect();
    let mut pieces = Vec::new();
    let mut open = Some(begin);
    let mut end = None;
    for turn in turns.iter().filter(|x| x.at >= first.at) {
        writable.insert(turn.node, turn.on);
        match (open, writable.values().any(|on| *on)) {
            (Some(from), true) => {
                pieces.push(Span::new(from, turn.at));
                (open, end) = (None, Some(*turn));
            }
            (None, false) => open = Some(turn.at),
            _ => {}
        }
    }
    // Without a leader to the end of the logs.
    let left = t.covered.iter().filter(|c| c.program == Program::Patroni).map(|c| c.span.to).max();
    let left = left.filter(|l| incident.kind == NoLeader && incident.new.is_none() && *l > begin);
    let (to, unsure_end) = match (end, left) {
        (Some(end), _) => (end.at, end.unsure),
        (None, Some(left)) => {
            pieces.push(Span::new(begin, left));
            (left, 0)
        }
        (None, None) => return,
    };
    incident.outage = Some(Outage {
        from: begin,
        to,
        uncertainty: cut.map_or(first.unsure, |c| c.unsure)
            + unsure_end
            + end.map_or(0, |e| t.apart(first.node, e.node)),
        pieces,
        cut_off_until: cut.map(|_| first.at),
        at_least: end.is_none(),
    });
}

/// Half a second for lines of different programs, a whole one for stamps without fractions.
fn unsure(at: Micros) -> Micros {
    if at % SECOND == 0 { SECOND } else { SECOND / 2 }
}

/// When a member began and ceased to accept writes: PostgreSQL's own words, else Patroni's.
fn turns(t: &Timeline, node: NodeId, within: Span) -> Vec<Turn> {
    use What::*;
    let turn = |e: &Event, on: bool, unsure: Micros| Turn { at: e.at, on, node, unsure };
    let mine = |whats: &'static [What]| t.find(whats, within).filter(move |e| e.node == node && within.contains(e.at));
    let mut out: Vec<Turn> = Vec::new();
    let stops =
        [PgShutdownFast, PgShutdownImmediate, PgShutdownSmart, PgBackendSignal, PgPanic, PgReinit, PgCrashRestart];
    // PostgreSQL obeys: it stops after the decision and is ready after the promotion, whatever its whole seconds say.
    let no_earlier = |e: &Event, whats: &[What]| {
        let finer =
            (e.at % SECOND == 0).then(|| t.find(whats, Span::new(e.at, e.at + SECOND)).find(|p| p.node == node));
        finer.flatten().map_or(e.at, |p| p.at.max(e.at))
    };
    let orders = [DemoteOffline, DemoteGraceful, DemoteImmediate, DemoteNolock];
    // A replica that is told to stop, as before pg_rewind, takes no writes already.
    let primary = |at: Micros| {
        let begun = [PgReady, PgReadyReadOnly, Promoted, PromotedAgain, PgPromoteRequest];
        let last = t.find(&begun, Span::new(within.from - LOOK_BACK, at)).filter(|e| e.node == node && e.at <= at);
        last.last().is_none_or(|e| e.what != PgReadyReadOnly)
    };
    let told = t.find(&stops, within).filter(|e| e.node == node && within.contains(e.at) && primary(e.at));
    out.extend(told.map(|e| Turn { at: no_earlier(e.event, &orders), ..turn(e.event, false, unsure(e.at)) }));
    let spoke = !out.is_empty();
    let begun = [Promoted, PromotedAgain];
    out.extend(mine(&[PgReady]).map(|e| Turn { at: no_earlier(e.event, &begun), ..turn(e.event, true, unsure(e.at)) }));
    let promoted: Vec<Turn> = mine(&[Promoted, PromotedAgain])
        .filter(|e| !t.find(&[PgReady], Span::new(e.at - SECOND, e.at + 60 * SECOND)).any(|r| r.node == node))
        .map(|e| turn(e.event, true, 2 * SECOND))
        .collect();
    out.extend(promoted);
    if !spoke {
        let decided = [
            DemoteOffline,
            DemoteNolock,
            DemoteImmediate,
            DemoteGraceful,
            DcsUnreachable,
            LockUpdateFailed,
            PgNotRunning,
        ];
        let first = t.find(&decided, within).find(|e| e.node == node);
        let done = || mine(&[DemotedLockUpdate, DemotedDcs, DemotedForeignLock, DemotedLostRace]).next();
        if let Some(e) = first.as_ref().filter(|e| e.what == PgNotRunning) {
            // Patroni finds it in its next loop; whoever was connected saw it at once.
            let before = Span::new(e.at - t.loop_wait() * 3 / 2 - SECOND, e.at);
            let signs = [PgAbnormalExit, PgWalreceiverLost, RestStatusFailed, PgConnFailed];
            let about = |s: &Event| s.node == node || s.what == PgWalreceiverLost;
            let sign = t.find(&signs, before).filter(|s| about(s.event) && s.at >= before.from).map(|s| s.at).min();
            let unsure = if sign.is_some() { SECOND } else { t.loop_wait() };
            out.push(Turn { at: sign.unwrap_or(e.at).max(within.from), ..turn(e.event, false, unsure) });
        } else if let Some(e) = first {
            out.push(Turn { at: e.at.max(within.from), ..turn(e.event, false, SECOND) });
        } else if let Some(e) = done() {
            out.push(turn(e.event, false, 5 * SECOND));
        }
        // A primary without a PostgreSQL log that goes on renewing its lock serves again.
        let off = out.iter().filter(|x| !x.on).map(|x| x.at).max();
        let on = out.iter().any(|x| x.on);
        if let Some(off) = off.filter(|_| !on) {
            let led = t.beats.iter().filter(|b| b.node == node && b.role == crate::model::Role::Leader && b.from > off);
            out.extend(led.map(|b| b.from).min().filter(|f| within.contains(*f)).map(|at| Turn {
                at,
                on: true,
                node,
                unsure: t.loop_wait(),
            }));
        }
    }
    out
}

/// A primary that died without a word: its last line.
fn fell_silent(t: &Timeline, old: NodeId, new: NodeId, incident: &Incident) -> Option<Turn> {
    let moment = match incident.kind {
        Kind::Failover if old != new => t.find(&[What::Promoted], incident.span).find(|e| e.node == new)?.at,
        // The others race for its key once that has expired.
        Kind::NoLeader if incident.new.is_none() => {
            t.find(
                &[What::RaceLost, What::RaceLag, What::RaceRejected, What::NoCandidate, What::LockNobody],
                incident.span,
            )
            .find(|e| e.node != old && e.at >= incident.at)?
            .at
        }
        _ => return None,
    };
    let own = [Program::Patroni, Program::Postgres, Program::Kernel, Program::Systemd];
    // Lines after the promotion prove that the host lived: then its primary did not die in silence.
    let alive = t.events.iter().any(|e| {
        e.node == old
            && own.contains(&e.program)
            && e.at > moment
            && e.at < moment + 600 * SECOND
            && e.what != What::Boot
            && !t.find(&[What::Boot, What::PatroniStart], Span::new(moment - 600 * SECOND, e.at)).any(|b| b.node == old)
    });
    let beats = t.beats.iter().filter(|b| b.node == old && b.from < moment);
    let last_beat = beats.map(|b| b.to.min(moment)).max()?;
    let later = t.events.iter().filter(|e| e.node == old && own.contains(&e.program) && e.at <= moment);
    let last = later.map(|e| e.until.min(moment)).max().map_or(last_beat, |l| l.max(last_beat));
    (!alive && moment - last <= 3 * t.ttl()).then_some(Turn { at: last, on: false, node: old, unsure: t.loop_wait() })
}

/// When the old primary's host lost all others, if two paths prove it: the DCS from its side, and a probe of its
/// REST API from theirs.
fn cut_off(t: &Timeline, old: NodeId, stopped: Micros) -> Option<Turn> {
    use What::*;
    let is = |e: &Event| e.who.as_deref().and_then(|w| t.resolve(w)) == Some(old);
    let lost = |e: &Event| matches!(e.why, Why::ConnectTimeout | Why::NoRoute);
    let before = Span::new(stopped - 2 * t.ttl(), stopped);
    let asked =
        t.find(&[ProbeFailed], before.widened(2 * t.ttl())).any(|e| e.node != old && is(e.event) && lost(e.event));
    let failed = t.find(&[DcsRequestFailed], before).filter(|e| e.node == old && lost(e.event)).map(|e| e.at).min();
    let (true, Some(failed)) = (asked, failed) else { return None };
    let healthy = t
        .beats
        .iter()
        .filter(|b| b.node == old && b.from < failed)
        .map(|b| b.to.min(failed))
        .max()
        .unwrap_or(before.from);
    let signs = [QuorumLost, LeaderLost, PeerLost, PeerInactive, PeerUnreachable, NoRaftLeader, PgWalreceiverTimeout];
    let sign = t
        .find(&signs, Span::new(healthy, failed))
        .filter(|e| e.at >= healthy && (e.node == old || is(e.event)))
        .map(|e| e.at)
        .min();
    // etcd misses its peers after an election timeout (1 s by default); a request fails after its own.
    Some(match sign {
        Some(at) => Turn { at, on: false, node: old, unsure: 2 * SECOND },
        None => Turn { at: failed, on: false, node: old, unsure: failed - healthy },
    })
}
