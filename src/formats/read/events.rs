//! Events of a stream: equal ones close to each other become one with a count; heartbeats become runs.

use super::apply::bytes;
use super::runs::{Beats, Event};
use super::{Last, LogReader, TEXT_MAX};
use crate::formats::secrets::masked;
use crate::messages::{engine_clip, engine_text};
use crate::model::{DAY, HOUR, MINUTE, Meaning, Micros, Naming, Program, Raw, Role, SECOND, Stamp, What, Why};
use std::sync::Arc;

/// Equal messages of one stream closer than this are one event with a count. A minute is what etcd's own
/// `[merged N repeated lines]` looks back at most.
pub(super) const FOLD: Micros = MINUTE;

/// A stream that holds this many events is that of months, or of a program that starts and dies all day: from here on
/// equal ones further apart are one as well, role changes and process starts included, so that memory stays bounded
/// whatever comes in. Three times as many, and only kinds are told apart (our choice).
pub(super) const MANY: usize = 20_000;
const WINDOWS: [Micros; 3] = [FOLD, HOUR, DAY];

/// What repeats of one message share: stream, meaning, reason, subject.
pub(super) type FoldKey = (usize, What, Why, Option<Arc<str>>);

impl LogReader {
    /// A traceback says why the record failed that it belongs to. That record, pushed or folded without a reason,
    /// joins the others with the same reason.
    pub(super) fn explain(&mut self, last: &Last, why: Why) {
        let Some(at) = last.raw else { return };
        let Some(raws) = self.out.streams.get_mut(last.stream).map(|s| &mut s.raws) else { return };
        let Some(raw) = raws.get(at).filter(|r| r.why == Why::Unsaid && r.count == 1) else { return };
        let without = key(last.stream, raws.len(), raw.what, Why::Unsaid, raw.who.as_ref());
        let with = key(last.stream, raws.len(), raw.what, why, raw.who.as_ref());
        self.open.remove(&without);
        let (until, newest) = (raw.until, at + 1 == raws.len());
        if folds(raw.what)
            && newest
            && let Some(earlier) = self.open.get(&with).copied()
            && let Some(same) = raws.get_mut(earlier).filter(|r| (until - r.until).abs() <= FOLD)
        {
            same.count = same.count.saturating_add(1);
            same.until = same.until.max(until);
            same.since = same.since.min(until);
            raws.pop();
            if let Some(l) = &mut self.last {
                l.raw = Some(earlier);
            }
            return;
        }
        if let Some(raw) = raws.get_mut(at) {
            raw.why = why;
        }
        self.open.insert(with, at);
    }

    /// Counts the repeats that the writer itself left out in front of this line.
    pub(super) fn more(&mut self, stream: usize, raw: Option<usize>, repeats: u32) {
        let raws = self.out.streams.get_mut(stream).map(|s| &mut s.raws);
        if let (Some(raws), Some(at), 1..) = (raws, raw, repeats)
            && let Some(raw) = raws.get_mut(at)
        {
            raw.count = raw.count.saturating_add(repeats - 1);
        }
    }

    pub(super) fn meaning(
        &mut self,
        stream: usize,
        stamp: Stamp,
        pid: u32,
        meaning: Meaning,
        line: &[u8],
        number: u32,
    ) -> Option<usize> {
        if let Some(me) = meaning.me.clone() {
            let naming = match self.out.streams.get(stream)?.program {
                // Ids are random numbers of 64 bits in hex; names are short, or no hex.
                Program::Etcd if me.len() > 10 && me.bytes().all(|b| b.is_ascii_hexdigit()) => Naming::EtcdId,
                Program::Etcd => Naming::EtcdName,
                _ => Naming::Member,
            };
            self.name(stream, naming, me, number);
        }
        self.nameless(stream, stamp, pid, meaning, line, number)
    }

    /// The same, where the writer's name has been taken down.
    fn nameless(
        &mut self,
        stream: usize,
        stamp: Stamp,
        pid: u32,
        meaning: Meaning,
        line: &[u8],
        number: u32,
    ) -> Option<usize> {
        if meaning.what.is_beat() {
            let role = match meaning.what {
                What::BeatLeader => Role::Leader,
                What::BeatStandbyLeader => Role::StandbyLeader,
                What::BeatReplica => Role::Replica,
                _ => Role::Idle,
            };
            self.beats.get_mut(stream)?.beat(role, stamp, number, meaning.who, line.get(..TEXT_MAX.min(line.len()))?);
            return None;
        }
        let raws = &mut self.out.streams.get_mut(stream)?.raws;
        // Kernels before 4.19 say why in one line and whom in the next; the victim may be a child of the first choice.
        if meaning.what == What::OomKill
            && meaning.why == Why::Unsaid
            && let Some(at) = raws.len().checked_sub(1)
            && let Some(raw) = raws.last_mut().filter(|r| r.what == What::OomKill && r.why != Why::Unsaid)
            && (0..=SECOND).contains(&(stamp.civil - raw.at))
        {
            (raw.num, raw.who) = (meaning.num, meaning.who);
            return Some(at);
        }
        let since = began(stamp, &meaning);
        let key = key(stream, raws.len(), meaning.what, meaning.why, meaning.who.as_ref());
        let window = window(raws.len());
        if (folds(meaning.what) || raws.len() >= MANY)
            && let Some(at) = self.open.get(&key)
            && let Some(raw) = raws.get_mut(*at)
            && (window == Micros::MAX || (stamp.civil - raw.until).abs() <= window)
            && raw.zone == stamp.zone
            && raw.written == stamp.written
        {
            raw.join(1, since, stamp.civil, meaning.num);
            return Some(*at);
        }
        raws.push(Raw {
            at: stamp.civil,
            since,
            until: stamp.civil,
            zone: stamp.zone,
            written: stamp.written,
            grain: stamp.grain,
            count: 1,
            what: meaning.what,
            why: meaning.why,
            num: meaning.num,
            who: meaning.who,
            pid,
            line: number,
            text: wording(line),
        });
        // What is listed one by one is not looked for, as long as there is room.
        if folds(meaning.what) || raws.len() >= MANY {
            self.open.insert(key, raws.len() - 1);
        }
        Some(raws.len() - 1)
    }

    /// What `meaning` does with each of a run's equal events.
    pub(super) fn events(&mut self, stream: usize, event: &Event, line: &[u8], number: u32) -> Option<usize> {
        let at = self.nameless(stream, event.stamp, event.pid, event.meaning.clone(), line, number);
        let raws = self.out.streams.get_mut(stream).map(|s| &mut s.raws);
        if let Some(raw) = at.and_then(|at| raws?.get_mut(at)) {
            raw.join(event.count - 1, event.since, event.until, event.worst);
        }
        at
    }

    /// What `meaning` does with each of a run's equal heartbeats.
    pub(super) fn beats_of(&mut self, stream: usize, beats: &Beats, block: &[u8], first: u32) {
        let number = first.saturating_add(beats.first.line);
        self.nameless(stream, beats.stamp, 0, beats.meaning.clone(), bytes(block, &beats.first), number);
        let rest = beats.count - 1;
        if rest == 0 {
            return;
        }
        let wording = bytes(block, &beats.last);
        let wording = wording.get(..TEXT_MAX.min(wording.len())).unwrap_or(wording);
        if let Some(folder) = self.beats.get_mut(stream) {
            folder.more(rest, beats.until, first.saturating_add(beats.last.line), wording);
        }
    }
}

/// When what a message tells began: a duration is logged at its end.
pub(super) fn began(stamp: Stamp, meaning: &Meaning) -> Micros {
    let took = if meaning.what.ends_a_duration() { (meaning.num.max(0.0) * 1_000.0) as Micros } else { 0 };
    stamp.civil - took
}

/// How far apart equal events may be that are one, in a stream of so many.
pub(super) fn window(events: usize) -> Micros {
    WINDOWS.get(events / MANY).copied().unwrap_or(Micros::MAX)
}

/// What equal events share in a stream of so many.
pub(super) fn key(stream: usize, events: usize, what: What, why: Why, who: Option<&Arc<str>>) -> FoldKey {
    (stream, what, why, who.filter(|_| window(events) < Micros::MAX).cloned())
}

/// Messages that tell a measurement: each is listed, as the next one tells another.
pub(super) fn measures(what: What) -> bool {
    matches!(what, What::FsyncSlow | What::PeerClockDrift)
}

/// Repeats of these are counted, not listed. Role changes and process starts are always listed.
pub fn folds(what: What) -> bool {
    use What::*;
    !matches!(
        what,
        Promoted
            | PromotedAgain
            | DemoteOffline
            | DemoteGraceful
            | DemoteImmediate
            | DemoteNolock
            | DemotedLockUpdate
            | DemotedDcs
            | DemotedForeignLock
            | DemotedLostRace
            | PgStarting
            | PgReady
            | PgReadyReadOnly
            | PgShutdownFast
            | PgShutdownImmediate
            | PgShutdownSmart
            | PgShutDown
            | PgPostmaster
            | PgNewTimeline
            | Boot
            | EtcdStart
            | EtcdStopSignal
            // Each of these has its own term, request or way to end.
            | LeaderSeen
            | LeaderLost
            | LeaderChanged
            | QuorumLost
            | LockAcquired
            | LockReleased
            | LockReleasedPgDown
            | LockReleasedDatadir
            | DemotedStartTimeout
            | DemotedCrash
            | DemotedNotHealthiest
            | DemotedNofailover
            | DemotedWatchdog
            | SwitchoverRequested
            | ManualFailover
            | NoSpaceAlarm
            | CorruptAlarm
            | AlarmCleared
            | UnitStarting
            | UnitStarted
            | UnitStopping
            | UnitStopped
            | UnitFailed
            | LeaderWon
            | PgPromoteRequest
            | FsyncSlow
            // A difference that is measured anew is another each time.
            | PeerClockDrift
            // Each has its own process.
            | PgBackendSignal
            | OomKill
            | CoreDump
            | SystemShutdown
            | VipGained
            | VipLost
    )
}

/// A line as it is kept: without secrets (a connection string in an error message), clipped.
pub(super) fn wording(line: &[u8]) -> Arc<str> {
    let line = line.get(..line.len().min(4 * TEXT_MAX)).unwrap_or(line);
    Arc::from(engine_clip(&masked(&engine_text(line)), TEXT_MAX))
}
