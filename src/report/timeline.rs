//! The events that a reader of the report wants to see.

use super::TimelineEvent;
use super::words::event_words;
use crate::incidents;
use crate::model::{Key, MINUTE, Span, Weight, rfc3339};
use crate::timeline::Timeline;

/// Rows of the report's timeline; the rest is one command away.
const TIMELINE_MAX: usize = 300;

pub(super) fn timeline(t: &Timeline, incidents: &[incidents::Incident]) -> Vec<TimelineEvent> {
    let windows: Vec<Span> = incidents.iter().map(|x| x.span.widened(2 * MINUTE)).collect();
    let near = |e: &crate::timeline::Event| windows.iter().any(|w| w.overlaps(&Span::new(e.at, e.until)));
    let mut rows: Vec<&crate::timeline::Event> =
        t.events.iter().filter(|e| e.what.weight() >= Weight::Notable && near(e)).collect();
    if rows.len() > TIMELINE_MAX {
        rows.retain(|e| e.what.weight() == Weight::Alarm);
    }
    if windows.is_empty() {
        rows = t.events.iter().filter(|e| e.what.weight() == Weight::Alarm).collect();
    }
    rows.truncate(TIMELINE_MAX);
    rows.into_iter().map(|e| row(t, e)).collect()
}

/// etcd names its members by their ids; whoever knows which host that is says so.
fn with_member(t: &Timeline, e: &crate::timeline::Event, text: String) -> String {
    let Some(id) =
        e.who.as_deref().filter(|w| (12..=16).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_hexdigit()))
    else {
        return text;
    };
    let named = || {
        let told = t.facts_of(Key::EtcdMemberName).find(|k| k.fact.item.as_deref() == Some(id))?;
        told.fact.value.text().map(str::to_owned)
    };
    match t.resolve(id).map(|n| t.name(n).to_string()).or_else(named) {
        Some(name) => text.replacen(&format!("[{id}]"), &format!("[{id} = {name}]"), 1),
        None => text,
    }
}

/// One row of a timeline.
pub fn row(t: &Timeline, e: &crate::timeline::Event) -> TimelineEvent {
    TimelineEvent {
        at: rfc3339(e.at),
        until: (e.until > e.at).then(|| rfc3339(e.until)),
        host: t.name(e.node).to_string(),
        program: e.program.id().to_owned(),
        what: e.what.id().to_owned(),
        text: with_member(t, e, event_words(e)),
        count: e.count,
        path: t.path(e.source).to_owned(),
        line: e.line,
        raw: e.text.to_string(),
        alarm: e.what.weight() == Weight::Alarm,
    }
}
