//! How far behind a replica may be and still take over.

use super::look::{Look, cluster, size};
use super::{Check, Finding};
use crate::model::{Key, Threshold};

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "maximum_lag_tiny",
        title: "replicas are barred from taking over by the smallest lag",
        threshold: "maximum_lag_on_failover < 1 MiB",
        thresholds: &[&TINY],
        origin: "Patroni's default is 1 MiB; the lag is measured against a position up to loop_wait old",
        find: tiny,
    },
    Check {
        id: "maximum_lag_large",
        title: "a failover may throw away much that was committed",
        threshold: "maximum_lag_on_failover > 1 GiB without synchronous_mode",
        thresholds: &[&LARGE],
        origin: "our choice: 64 WAL segments; what the new primary does not have is lost",
        find: large,
    },
];

static TINY: Threshold = Threshold::new(
    "patroni.lag_min_bytes",
    1_048_576.0,
    "bytes",
    "A smaller maximum_lag_on_failover bars replicas for nothing (Patroni's default)",
);
static LARGE: Threshold = Threshold::new(
    "patroni.lag_max_bytes",
    1_073_741_824.0,
    "bytes",
    "A larger maximum_lag_on_failover may lose much (our choice: 64 WAL segments)",
);

fn tiny(l: &Look<'_>) -> Vec<Finding> {
    let low = l.number(Key::MaximumLag).filter(|(lag, _)| *lag < l.limit(&TINY));
    low.map(|(lag, cite)| {
        cluster(
            format!("maximum_lag_on_failover is {lag:.0} bytes: a replica that is behind by one burst of WAL may not take over, and the cluster stays without a primary"),
            [cite],
            "patronictl edit-config: maximum_lag_on_failover: 1048576 or more, as much loss as you can bear; synchronous_mode where none is allowed.",
        )
    })
    .into_iter()
    .collect()
}

fn large(l: &Look<'_>) -> Vec<Finding> {
    let synchronous = l.number(Key::SynchronousMode).is_some_and(|(n, _)| n != 0.0);
    let high = l.number(Key::MaximumLag).filter(|(lag, _)| *lag > l.limit(&LARGE) && !synchronous);
    high.map(|(lag, cite)| {
        cluster(
            format!("maximum_lag_on_failover is {}: a replica that far behind may take over, and what it does not have is lost", size(lag)),
            [cite],
            "patronictl edit-config: a limit that you can bear to lose, or synchronous_mode: true.",
        )
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn live(lag: &str, more: &str) -> String {
        format!(
            "//- pg1/patronictl-show-config.txt\nloop_wait: 10\nmaximum_lag_on_failover: {lag}\nretry_timeout: 10\nttl: 30\n{more}"
        )
    }

    #[test]
    fn limits_at_both_ends() {
        assert_eq!(found("maximum_lag_tiny", &live("0", "")).len(), 1);
        assert!(found("maximum_lag_tiny", &live("1048576", "")).is_empty());
        assert_eq!(found("maximum_lag_large", &live("107374182400", "")).len(), 1);
        assert!(found("maximum_lag_large", &live("1048576", "")).is_empty());
        assert!(found("maximum_lag_large", &live("107374182400", "synchronous_mode: true\n")).is_empty());
    }
}
