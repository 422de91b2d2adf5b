//! What to do, with the numbers of this cluster.

use super::Advice;
use crate::causes::Judged;
use crate::incidents;
use crate::model::Key;
use crate::timeline::Timeline;

pub(super) fn remedies(t: &Timeline, x: &incidents::Incident, root: &Judged) -> Vec<Advice> {
    let seconds = |key: Key, default: &str| t.number(key).map_or_else(|| default.to_owned(), |n| format!("{n:.0}"));
    let host =
        x.old.or_else(|| x.nodes.first().copied()).map_or_else(|| "the host".to_owned(), |n| t.name(n).to_string());
    let fill = |text: &str| {
        text.replace("{ttl}", &seconds(Key::Ttl, "30 (default)"))
            .replace("{loop_wait}", &seconds(Key::LoopWait, "10 (default)"))
            .replace("{retry_timeout}", &seconds(Key::RetryTimeout, "10 (default)"))
            .replace("{host}", &host)
    };
    root.cause
        .remedies
        .iter()
        .map(|r| Advice {
            text: fill(r.text),
            kind: r.kind.id().to_owned(),
            risk: r.risk.to_owned(),
            verify: r.verify.to_owned(),
        })
        .collect()
}
