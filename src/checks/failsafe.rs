//! Failsafe mode: the only thing that keeps a healthy primary when the whole DCS is away.

use super::look::{Look, cluster};
use super::{Check, Finding};
use crate::model::Key;

pub(super) static CHECKS: &[Check] = &[Check {
    id: "failsafe_mode_off",
    title: "an outage of the DCS alone demotes the primary",
    threshold: "failsafe_mode not true, Patroni >= 3.0",
    thresholds: &[],
    origin: "Patroni: DCS Failsafe Mode (3.0.0); it needs every member's REST API to answer",
    find,
}];

fn find(l: &Look<'_>) -> Vec<Finding> {
    let Some(live) = l.live() else { return Vec::new() };
    // Older versions do not have it.
    if l.patroni().is_none_or(|v| v < (3, 0)) {
        return Vec::new();
    }
    let (on, cite) = l.number(Key::FailsafeMode).map_or((false, live), |(n, c)| (n != 0.0, c));
    if on {
        return Vec::new();
    }
    vec![cluster(
        "failsafe_mode is off: if the DCS cannot be reached for longer than retry_timeout, the primary is demoted although all members are well".to_owned(),
        [cite],
        "patronictl edit-config: failsafe_mode: true, once every member runs 3.0 or later and all REST APIs reach each other.",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    const LIVE: &str = "loop_wait: 10\nmaximum_lag_on_failover: 1048576\nretry_timeout: 10\nttl: 30\n";
    const VERSION: &str = "//- pg1/patroni.json\n{\"state\": \"running\", \"postmaster_start_time\": \"2026-03-01 10:00:00.123+00:00\", \"role\": \"primary\", \"server_version\": 150004, \"xlog\": {\"location\": 67112992}, \"timeline\": 1, \"patroni\": {\"version\": \"4.0.4\", \"scope\": \"main\", \"name\": \"pg1\"}}\n";

    #[test]
    fn live_settings_without_it() {
        let off = format!("//- pg1/patronictl-show-config.txt\n{LIVE}{VERSION}");
        assert_eq!(found("failsafe_mode_off", &off).len(), 1);
        let on = format!("//- pg1/patronictl-show-config.txt\nfailsafe_mode: true\n{LIVE}{VERSION}");
        assert!(found("failsafe_mode_off", &on).is_empty());
    }

    #[test]
    fn old_patroni_and_bootstrap_settings_say_nothing() {
        let old = format!("//- pg1/patronictl-show-config.txt\n{LIVE}{}", VERSION.replace("4.0.4", "2.1.7"));
        assert!(found("failsafe_mode_off", &old).is_empty());
        let once = format!(
            "{VERSION}//- pg1/patroni.yml\nscope: main\nname: pg1\nbootstrap:\n  dcs:\n    ttl: 30\n    loop_wait: 10\n"
        );
        assert!(found("failsafe_mode_off", &once).is_empty());
    }
}
