//! Patroni's ttl, loop_wait and retry_timeout.

use super::look::{Look, cluster};
use super::{Check, Finding};
use crate::causes::TTL_MIN_S;
use crate::incidents::Cite;
use crate::model::{Key, Threshold, What};

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "config_ttl_too_small",
        title: "ttl leaves no room for a failed renewal",
        threshold: "ttl >= loop_wait + 2 * retry_timeout, and >= 20 s",
        thresholds: &[&TTL_MIN_S],
        origin: "Patroni's documentation, Dynamic configuration; enforced since 3.2.0",
        find: ttl,
    },
    Check {
        id: "config_ttl_too_large",
        title: "a dead primary is replaced late",
        threshold: "ttl > 120 s",
        thresholds: &[&TTL_MAX],
        origin: "our choice: four times Patroni's default; nobody takes over before ttl has run out",
        find: slow,
    },
    Check {
        id: "config_adjusted",
        title: "Patroni runs with other timeouts than configured",
        threshold: "any such message",
        thresholds: &[],
        origin: "patroni/config.py since 3.2.0: it lowers loop_wait and retry_timeout to keep the rule",
        find: adjusted,
    },
];

static TTL_MAX: Threshold = Threshold::new(
    "patroni.ttl_max_s",
    120.0,
    "s",
    "A larger ttl replaces a dead primary late (our choice: four times the default)",
);
/// Patroni's defaults.
const LOOP_WAIT: f64 = 10.0;
const RETRY_TIMEOUT: f64 = 10.0;

fn ttl(l: &Look<'_>) -> Vec<Finding> {
    let Some((ttl, cite)) = l.number(Key::Ttl) else { return Vec::new() };
    let (wait, at_wait) = l.number(Key::LoopWait).map_or((LOOP_WAIT, None), |(n, c)| (n, Some(c)));
    let (retry, at_retry) = l.number(Key::RetryTimeout).map_or((RETRY_TIMEOUT, None), |(n, c)| (n, Some(c)));
    let floor = l.limit(&TTL_MIN_S);
    let least = (wait + 2.0 * retry).max(floor);
    if ttl >= least {
        return Vec::new();
    }
    vec![cluster(
        format!(
            "ttl {ttl:.0} s, loop_wait {wait:.0} s, retry_timeout {retry:.0} s: ttl should be at least {least:.0} s (loop_wait + 2 × retry_timeout, and not below {floor:.0} s)"
        ),
        [Some(cite), at_wait, at_retry].into_iter().flatten(),
        format!(
            "patronictl edit-config: ttl {least:.0}, or a smaller retry_timeout; the rule is loop_wait + 2 × retry_timeout <= ttl."
        ),
    )]
}

fn slow(l: &Look<'_>) -> Vec<Finding> {
    let long = l.number(Key::Ttl).filter(|(ttl, _)| *ttl > l.limit(&TTL_MAX));
    long.map(|(ttl, cite)| {
        cluster(
            format!(
                "ttl {ttl:.0} s: when the primary dies, writes stop for up to {ttl:.0} s before anybody may take over"
            ),
            [cite],
            "patronictl edit-config: ttl 30 to 60 unless the DCS is known to be away for longer.",
        )
    })
    .into_iter()
    .collect()
}

fn adjusted(l: &Look<'_>) -> Vec<Finding> {
    let hits: Vec<_> = l.t.all(&[What::ConfigAdjusted]).collect();
    let Some(first) = hits.first() else { return Vec::new() };
    vec![cluster(
        format!("{} adjusts the configured timeouts because they break the rule", l.name(first.node)),
        [Cite::Event(first.index)],
        "patronictl edit-config: values that keep loop_wait + 2 × retry_timeout <= ttl, so that what is written is what runs.",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    const LIVE: &str =
        "//- pg1/patronictl-show-config.txt\nloop_wait: 10\nmaximum_lag_on_failover: 1048576\nretry_timeout: 10\n";

    #[test]
    fn the_rule_with_the_numbers_in_force() {
        let short = found("config_ttl_too_small", &format!("{LIVE}ttl: 12\n"));
        assert!(
            short[0].contains("ttl 12 s, loop_wait 10 s, retry_timeout 10 s: ttl should be at least 30 s"),
            "{short:?}"
        );
        assert!(found("config_ttl_too_small", &format!("{LIVE}ttl: 30\n")).is_empty());
        assert_eq!(found("config_ttl_too_large", &format!("{LIVE}ttl: 300\n")).len(), 1);
        assert!(found("config_ttl_too_large", &format!("{LIVE}ttl: 60\n")).is_empty());
    }

    #[test]
    fn what_bootstrap_once_said_is_not_in_force() {
        let both = format!(
            "{LIVE}ttl: 30\n//- pg1/patroni.yml\nscope: main\nname: pg1\nbootstrap:\n  dcs:\n    ttl: 5\n    loop_wait: 10\n    retry_timeout: 10\n"
        );
        assert!(found("config_ttl_too_small", &both).is_empty());
    }

    #[test]
    fn nothing_is_said_of_what_is_not_known() {
        assert!(
            found(
                "config_ttl_too_small",
                "//- pg1/patroni.log\n2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock\n"
            )
            .is_empty()
        );
    }

    #[test]
    fn patroni_says_that_it_adjusts() {
        let log = "//- pg1/patroni.log\n2026-03-04 10:00:00,123 WARNING: Violated the rule \"loop_wait + 2*retry_timeout <= ttl\", where ttl=20. Adjusting loop_wait from 10 to 5 and retry_timeout from 10 to 7\n";
        assert_eq!(found("config_adjusted", log).len(), 1);
        assert!(found("config_adjusted", &log.replace("Violated the rule", "Kept the rule")).is_empty());
    }
}
