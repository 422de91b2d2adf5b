//! Who was leader when, and where heartbeats are missing.

use crate::clock::Clock;
use crate::model::{HOUR, Micros, NodeId, Program, Role, Span, Stream};
use std::sync::Arc;

/// Heartbeats of one role without a hole.
#[derive(Clone, Debug)]
pub struct Beats {
    pub node: NodeId,
    pub role: Role,
    pub from: Micros,
    pub to: Micros,
    pub count: u32,
    pub every: Option<Micros>,
    pub source: u32,
    pub line: u32,
    pub last_line: u32,
    pub text: Arc<str>,
    pub last_text: Arc<str>,
    /// The leader that a replica names.
    pub leader: Option<Arc<str>>,
}

/// A stretch in which a Patroni log holds no line at all although it should.
#[derive(Clone, Debug)]
pub struct Gap {
    pub node: NodeId,
    pub span: Span,
    pub source: u32,
    /// The last line before it.
    pub line: u32,
    pub text: Arc<str>,
}

pub(super) fn place(
    stream: &Stream,
    clock: &Clock,
    node: NodeId,
    source: u32,
    beats: &mut Vec<Beats>,
    gaps: &mut Vec<Gap>,
    again: Option<(u32, Micros, Micros)>,
) {
    if stream.program != Program::Patroni {
        return;
    }
    for run in &stream.beats {
        let (Some(from), Some(to)) =
            (clock.time(run.at, run.zone, run.written), clock.time(run.until, run.zone, run.written))
        else {
            continue;
        };
        let hour = |civil: Micros| {
            let later = again.is_some_and(|(line, a, b)| run.line >= line && (a..=b).contains(&civil));
            if later && clock.rule.repeats(civil) { HOUR } else { 0 }
        };
        let (from, to) = (from + hour(run.at), to + hour(run.until));
        beats.push(Beats {
            node,
            role: run.role,
            from,
            to,
            count: run.count,
            every: stream.beat_every,
            source,
            line: run.line,
            last_line: run.last_line,
            text: run.text.clone(),
            last_text: run.last_text.clone(),
            leader: run.leader.clone(),
        });
    }
    let Some(first) = stream.first else { return };
    for gap in &stream.gaps {
        let place = |at| clock.time(at, first.zone, first.written);
        if let (Some(from), Some(to)) = (place(gap.from), place(gap.to)) {
            gaps.push(Gap { node, span: Span::new(from, to), source, line: gap.line, text: gap.text.clone() });
        }
    }
}
