//! Questions about one host's life around an incident: when it fell silent, whether it came back, what ended it.

use super::Case;
use crate::incidents::Cite;
use crate::messages::systemd_unit;
use crate::model::{Key, Micros, NodeId, Program, Role, SECOND, Span, What};
use crate::timeline::{Event, Hit};

/// A machine that boots within this time after it fell silent was reset rather than repaired (our choice: an hour
/// covers slow firmware, file system checks and an operator who presses the button).
pub const BOOT_WITHIN: Micros = 3_600 * SECOND;

/// A stretch in which nothing of a host wrote.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    /// The last line of any program of the host.
    pub last: Micros,
    /// The first line after it, if there is one.
    pub back: Option<Micros>,
    pub cite: Option<Cite>,
}

impl<'a> Case<'a> {
    /// Events of one host.
    pub fn on(&self, node: NodeId, whats: &[What], span: Span) -> Vec<Hit<'a>> {
        self.t.find(whats, span).filter(|e| e.node == node).collect()
    }

    /// The first promotion of another member.
    pub fn taken_over(&self) -> Option<Hit<'a>> {
        self.t
            .find(&[What::Promoted, What::PromotedAgain], self.incident.span.widened(SECOND))
            .find(|e| !self.on_old(e))
    }

    /// The last sign that the leader key was renewed.
    pub fn last_renewal(&self, node: NodeId, before: Micros) -> Option<(Micros, Cite)> {
        let beats = self
            .t
            .beats
            .iter()
            .enumerate()
            .filter(|(_, b)| b.node == node && b.role == Role::Leader && b.from <= before);
        let beat =
            beats.map(|(i, b)| (b.to.min(before), Cite::Beats { run: i as u32, last: true })).max_by_key(|b| b.0);
        let busy = self
            .t
            .all(&[What::LockRenewedBusy])
            .filter(|e| e.node == node && e.at <= before)
            .map(|e| (e.until.min(before), Cite::Event(e.index)));
        busy.chain(beat).max_by_key(|b| b.0)
    }

    /// When the machine booted within a span, and what says so.
    pub fn boot(&self, node: NodeId, span: Span) -> Option<(Micros, Cite)> {
        let line = self.t.find(&[What::Boot], span).find(|e| e.node == node).map(|e| (e.at, Cite::Event(e.index)));
        let facts = self.t.facts.iter().enumerate().filter(|(_, f)| f.fact.key == Key::BootTime && f.node == node);
        line.or_else(|| {
            facts.filter_map(|(i, f)| Some((f.at?, Cite::Fact(i as u32)))).find(|(at, _)| span.contains(*at))
        })
    }

    /// The boot that belongs to the incident.
    pub fn boot_after(&self, node: NodeId) -> Option<(Micros, Cite)> {
        self.boot(node, Span::new(self.incident.span.from - 2 * self.t.ttl(), self.incident.span.to + BOOT_WITHIN))
    }

    /// The stretch in which nothing of the host wrote while it lost its role, or before it booted.
    pub fn silence(&self, node: NodeId) -> Option<Silence> {
        let boot = self.boot_after(node).map(|b| b.0 - 1);
        let moment = boot.or_else(|| self.taken_over().map(|e| e.at)).unwrap_or(self.incident.at);
        let (event, mut back) = self.t.around(node, moment);
        let mut last: Option<(Micros, Option<Cite>)> = event.map(|(at, i)| (at, Some(Cite::Event(i))));
        let mut mark = |at: Micros, cite: Option<Cite>| {
            if at <= moment {
                if last.is_none_or(|l| at > l.0) {
                    last = Some((at, cite));
                }
            } else {
                back = Some(back.map_or(at, |b| b.min(at)));
            }
        };
        for (i, b) in self.t.beats.iter().enumerate().filter(|(_, b)| b.node == node) {
            // Heartbeats without a hole: it lived all the time.
            mark(b.from, Some(Cite::Beats { run: i as u32, last: false }));
            mark(
                if b.from <= moment { b.to.min(moment) } else { b.to },
                Some(Cite::Beats { run: i as u32, last: true }),
            );
            mark(b.to, Some(Cite::Beats { run: i as u32, last: true }));
        }
        // A log's own first and last line, of the programs that write all the time.
        for c in self
            .t
            .covered
            .iter()
            .filter(|c| c.node == node && matches!(c.program, Program::Patroni | Program::Postgres))
        {
            mark(c.span.from, None);
            mark(c.span.to, None);
        }
        let (last, cite) = last?;
        Some(Silence { last, back, cite })
    }

    /// Lines of an orderly end of a host or its services, right before `end`.
    pub fn orderly_end(&self, node: NodeId, end: Micros) -> Vec<Hit<'a>> {
        let whats = [What::SystemShutdown, What::UnitStopping, What::UnitStopped, What::PgShutDown, What::LockReleased];
        let hits = self.on(node, &whats, Span::new(end - 300 * SECOND, end + 5 * SECOND));
        hits.into_iter()
            .filter(|e| {
                !matches!(e.what, What::UnitStopping | What::UnitStopped)
                    || systemd_unit(e.who.as_deref().unwrap_or("")).is_some()
            })
            .collect()
    }

    /// What PostgreSQL says at a start after it had ended without being told to, within a span.
    pub fn interrupted(&self, node: NodeId, span: Span) -> Vec<Hit<'a>> {
        self.untold(node, &[What::PgInterrupted, What::PgNotProperlyShut], span)
    }

    /// Signs that the machine or PostgreSQL started anew at the end of a silence: it had ended, not stood still.
    pub fn restarted(&self, node: NodeId, silent: Span) -> Vec<Hit<'a>> {
        let span = Span::new(silent.from + SECOND, silent.to + 15 * SECOND);
        let mut hits = self.on(node, &[What::Boot], span);
        hits.extend(self.untold(node, &[What::PgInterrupted, What::PgNotProperlyShut, What::PgNotRunning], span));
        hits
    }

    /// Events that no order to stop, demotion or crash within the span explains.
    fn untold(&self, node: NodeId, whats: &[What], span: Span) -> Vec<Hit<'a>> {
        let told = [
            What::PgShutdownImmediate,
            What::PgShutdownFast,
            What::PgShutdownSmart,
            What::PgBackendSignal,
            What::DemoteNolock,
            What::DemoteOffline,
            What::DemoteImmediate,
            What::DemoteGraceful,
            What::DemotedForeignLock,
            What::DemotedLockUpdate,
            What::DemotedDcs,
            What::DemotedLostRace,
        ];
        let first = self.on(node, &told, span).first().map(|e| e.at);
        self.on(node, whats, span).into_iter().filter(|e| first.is_none_or(|f| e.at < f)).collect()
    }

    /// Patroni's loop_wait; never more than half of ttl, so that few heartbeats in a short log do not mislead.
    pub fn loop_wait(&self) -> Micros {
        self.t.loop_wait().min(self.t.ttl() / 2)
    }

    /// Answers that other members got, or did not get, from a host's REST API.
    pub fn probes_of(&self, node: NodeId) -> Vec<Hit<'a>> {
        self.t
            .find(&[What::ProbeFailed], self.near())
            .filter(|e| e.node != node && e.who.as_deref().and_then(|w| self.t.cluster.resolve(w)) == Some(node))
            .collect()
    }

    /// Whether logs of other hosts go on past a moment.
    pub fn others_go_on(&self, node: NodeId, past: Micros) -> bool {
        self.t.covered.iter().any(|c| c.node != node && c.span.to > past && c.span.from <= past)
    }

    /// Whether an event is about Patroni's own process: its unit, or Python that is not said to be another's.
    pub fn is_patroni(e: &Event) -> bool {
        let who = e.who.as_deref().unwrap_or("");
        systemd_unit(who) == Some(Program::Patroni) || who.starts_with("python") || who.starts_with("patroni")
    }
}
