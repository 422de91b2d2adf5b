//! Clocks as they were when the bundle was collected: `date` on several hosts in one go, and what hosts know of their own
//! clocks' errors. A clock may have been put right since the incident, so what the logs show holds against this.

use super::{Bound, Place, TRUSTED, order};
use crate::model::{Key, Micros, NodeId, SECOND, Zone, certain_offset};
use crate::timeline::{Known, Timeline};

/// Hosts that are asked by one command at the same time (ansible, pdsh) answer within the time that ssh takes to give
/// up, some of them at once (our choice).
const ROUND: Micros = 30 * SECOND;

const IN_TURN: &str = "`date` was run on one host after the other";
const AT_ONCE: &str = "`date` was run on all hosts by one command, within half a minute";
const SAID: &str = "each host knows by NTP how far its clock is off";

fn placed(k: &Known, at: Micros) -> Place {
    Place { node: k.node, at, source: k.source, line: k.fact.line, text: k.fact.text.clone() }
}

/// Clocks read one after the other, or by one command.
pub(super) fn dates(t: &Timeline, out: &mut Vec<Bound>) {
    let mut read: Vec<(&Known, Micros)> = t
        .facts_of(Key::ClockRead)
        .filter_map(|k| {
            // A name of no host that the logs know says nothing.
            t.resolve(k.fact.item.as_deref()?)?;
            let stamp = k.fact.at?;
            let offset = match stamp.zone {
                Zone::Utc => 0,
                Zone::Offset(seconds) => seconds,
                Zone::Abbrev(name) => certain_offset(&name)?,
                Zone::Unwritten => return None,
            };
            Some((k, stamp.civil - i64::from(offset) * SECOND))
        })
        .collect();
    read.sort_by_key(|(k, at)| (k.source, k.fact.line, *at));
    for (i, (a, first)) in read.iter().enumerate() {
        let others = read.iter().skip(i + 1).take_while(|(b, _)| b.source == a.source);
        for (b, then) in others.filter(|(b, _)| b.node != a.node) {
            let at_once = b.fact.value.num() == Some(1.0) && a.fact.value.num() == Some(1.0);
            let (first, then) = (placed(a, *first), placed(b, *then));
            if at_once {
                out.push(Bound { late: ROUND, ..order(first.clone(), then.clone(), AT_ONCE) });
                out.push(Bound { late: ROUND, ..order(then, first, AT_ONCE) });
            } else {
                out.push(order(first, then, IN_TURN));
            }
        }
    }
}

/// What NTP measures of each host's clock. A clock that is being put right was off by more before, so only that much
/// counts; clocks that agreed may still be trusted no further than without any word of it.
pub(super) fn offsets(t: &Timeline, out: &mut Vec<Bound>) {
    let unset = |k: &Known| {
        let same = t.facts_of(Key::ClockSynchronised).filter(|s| s.node == k.node && s.source == k.source);
        same.into_iter().any(|s| s.fact.value.num() == Some(0.0))
    };
    let said: Vec<(NodeId, Micros, &Known)> = t
        .facts_of(Key::ClockOffset)
        // A clock that nobody corrects is told as off by nothing.
        .filter(|k| !unset(k))
        .filter_map(|k| Some((k.node, (k.fact.value.num()? * SECOND as f64) as Micros, k)))
        .collect();
    for (i, (a, x, from)) in said.iter().enumerate() {
        for (_, y, to) in said.iter().skip(i + 1).filter(|(b, ..)| b != a) {
            // As if both had read their clocks at one moment: when they were asked, else where the logs end.
            let at = from.at.or(t.span().map(|s| s.to)).unwrap_or(0);
            let (first, then) = (placed(from, at + x), placed(to, at + y));
            let off = y - x;
            if off <= TRUSTED {
                out.push(Bound { late: TRUSTED, ..order(first.clone(), then.clone(), SAID) });
            }
            if off >= -TRUSTED {
                out.push(Bound { late: TRUSTED, ..order(then, first, SAID) });
            }
        }
    }
}
