//! What to do, with the numbers of this cluster.

use super::{Advice, concrete};
use crate::causes::Judged;
use crate::checks::size;
use crate::incidents;
use crate::model::Key;
use crate::timeline::Timeline;

pub(super) fn remedies(t: &Timeline, x: &incidents::Incident, root: &Judged) -> Vec<Advice> {
    let host =
        x.old.or_else(|| x.nodes.first().copied()).map_or_else(|| "the host".to_owned(), |n| t.name(n).to_string());
    root.cause
        .remedies
        .iter()
        .map(|r| Advice {
            text: remedy_text(t, &host, &concrete::fill(t, x, r.text)),
            kind: r.kind.id().to_owned(),
            risk: r.risk.to_owned(),
            verify: r.verify.to_owned(),
        })
        .collect()
}

/// Advice with the values of a cluster; those that are not known are shown as defaults.
pub fn remedy_text(t: &Timeline, host: &str, text: &str) -> String {
    let seconds = |key: Key, default: &str| t.number(key).map_or_else(|| default.to_owned(), |n| format!("{n:.0}"));
    let text = text
        .replace("{ttl}", &seconds(Key::Ttl, "30 (default)"))
        .replace("{loop_wait}", &seconds(Key::LoopWait, "10 (default)"))
        .replace("{retry_timeout}", &seconds(Key::RetryTimeout, "10 (default)"))
        .replace("{heartbeat}", &seconds(Key::EtcdHeartbeatMs, "100 (default)"))
        .replace("{election}", &seconds(Key::EtcdElectionMs, "1000 (default)"))
        .replace("{heartbeat_more}", &format!("{:.0}", MORE * t.number(Key::EtcdHeartbeatMs).unwrap_or(100.0)))
        .replace("{election_more}", &format!("{:.0}", MORE * t.number(Key::EtcdElectionMs).unwrap_or(1_000.0)))
        .replace("{ttl_rule}", &ttl_rule(t))
        .replace("{ttl_least}", &format!("{:.0}", ttl_least(t)))
        .replace("{maximum_lag}", &t.number(Key::MaximumLag).map_or_else(|| "1 MiB (default)".to_owned(), size))
        .replace("{host}", host);
    concrete::generic(&text)
}

/// How much more time etcd is given as a last resort (our choice).
const MORE: f64 = 5.0;
/// Patroni's documentation: no ttl below this.
const TTL_MIN: f64 = 20.0;

fn ttl_least(t: &Timeline) -> f64 {
    let (wait, retry) = (t.number(Key::LoopWait).unwrap_or(10.0), t.number(Key::RetryTimeout).unwrap_or(10.0));
    (wait + 2.0 * retry).max(TTL_MIN)
}

/// `ttl 12 is below loop_wait 10 + 2 × retry_timeout 10 = 30`.
fn ttl_rule(t: &Timeline) -> String {
    let (wait, retry) = (t.number(Key::LoopWait).unwrap_or(10.0), t.number(Key::RetryTimeout).unwrap_or(10.0));
    let ttl = t.number(Key::Ttl).unwrap_or(30.0);
    let sum = wait + 2.0 * retry;
    let how = if ttl < sum {
        "is below"
    } else if ttl < TTL_MIN {
        "is below 20 s, although not below"
    } else {
        "is not below"
    };
    format!("ttl {ttl:.0} {how} loop_wait {wait:.0} + 2 × retry_timeout {retry:.0} = {sum:.0}")
}
