//! Turns places of the timeline into proofs with path, line and words.

use super::Proof;
use super::words::event_words;
use crate::incidents::Cite;
use crate::model::{rfc3339, seconds};
use crate::timeline::{Event, Timeline};

/// The proof for one place; `None` if the place does not exist.
pub fn proof(t: &Timeline, cite: Cite) -> Option<Proof> {
    match cite {
        Cite::Event(i) => t.events.get(i as usize).map(|e| of_event(t, e)),
        Cite::Undated(i) => t.undated.get(i as usize).map(|e| Proof { time: None, ..of_event(t, e) }),
        Cite::Beats { run, last } => {
            let b = t.beats.get(run as usize)?;
            let (at, line, raw) = if last { (b.to, b.last_line, &b.last_text) } else { (b.from, b.line, &b.text) };
            Some(Proof {
                path: t.path(b.source).to_owned(),
                line: Some(line),
                time: Some(rfc3339(at)),
                host: t.name(b.node).to_string(),
                raw: Some(raw.to_string()),
                text: if last { "last heartbeat of this run" } else { "first heartbeat of this run" }.to_owned(),
                ..Proof::default()
            })
        }
        Cite::Gap(i) => {
            let g = t.gaps.get(i as usize)?;
            Some(Proof {
                path: t.path(g.source).to_owned(),
                line: Some(g.line),
                time: Some(rfc3339(g.span.from)),
                host: t.name(g.node).to_string(),
                raw: Some(g.text.to_string()),
                text: format!("no line for {:.1} s after this one", seconds(g.span.length())),
                from: Some(rfc3339(g.span.from)),
                to: Some(rfc3339(g.span.to)),
                ..Proof::default()
            })
        }
        Cite::Sample { series, sample } => {
            let s = t.series.get(series as usize)?;
            let x = s.samples.get(sample as usize)?;
            let item = s.item.as_deref().map_or(String::new(), |i| format!(" of {i}"));
            Some(Proof {
                path: t.path(s.source).to_owned(),
                line: (x.line > 0).then_some(x.line),
                host: t.name(s.node).to_string(),
                text: format!(
                    "{}{item}: {:.2} {} on average over {:.0} s",
                    s.metric.doc(),
                    x.value,
                    s.metric.unit(),
                    seconds(x.to - x.from)
                ),
                metric: Some(match &s.item {
                    Some(item) => format!("{}/{item}", s.metric.id()),
                    None => s.metric.id().to_owned(),
                }),
                value: Some(f64::from(x.value)),
                unit: Some(s.metric.unit().to_owned()),
                from: Some(rfc3339(x.from)),
                to: Some(rfc3339(x.to)),
                ..Proof::default()
            })
        }
        Cite::Fact(i) => {
            let k = t.facts.get(i as usize)?;
            Some(Proof {
                path: t.path(k.source).to_owned(),
                line: Some(k.fact.line),
                time: k.at.map(rfc3339),
                host: t.name(k.node).to_string(),
                raw: Some(k.fact.text.to_string()),
                text: format!("{:?} {}", k.fact.key, k.fact.item.as_deref().unwrap_or("")).trim_end().to_owned(),
                ..Proof::default()
            })
        }
    }
}

pub fn of_event(t: &Timeline, e: &Event) -> Proof {
    Proof {
        path: t.path(e.source).to_owned(),
        line: Some(e.line),
        time: Some(rfc3339(e.at)),
        host: t.name(e.node).to_string(),
        raw: Some(e.text.to_string()),
        text: event_words(e),
        ..Proof::default()
    }
}
