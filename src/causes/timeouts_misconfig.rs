//! ttl, loop_wait, retry_timeout or etcd's intervals do not fit each other or the hardware.

use super::case::{cites, said};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::{Cite, Kind};
use crate::model::{Key, Program, SECOND, Threshold, What};

pub static TTL_MIN_S: Threshold = Threshold::new(
    "timeouts_misconfig.ttl_s",
    20.0,
    "s",
    "Patroni's documentation and maintainers: below 20 s a ttl fails over on every hiccup",
);

pub static CAUSE: Cause = Cause {
    id: "timeouts_misconfig",
    title: "the timeouts are too short for what the cluster has to survive",
    layer: Layer::Patroni,
    leads_to: &[],
    needs: &[Need::Config],
    thresholds: &[&TTL_MIN_S],
    doc: DOC,
    remedies: &[Remedy {
        kind: When::Now,
        text: "{ttl_rule}: set ttl to {ttl_least} or more with these two, 30 with Patroni's defaults of 10 and 10 (patronictl edit-config).",
        risk: "a real failure is noticed later by the difference",
        verify: "patronictl show-config; no warning about the rule in the log",
    }],
    assess,
};

const DOC: &str = "## What happens
The leader key lives for ttl. A loop needs up to loop_wait + 2 × retry_timeout until it gives up. If ttl is
shorter, the key expires while Patroni still retries; if it is a few seconds, any hiccup is a failover.

## How we tell
The settings in force, Patroni's own warnings (`Violated the rule`, `Watchdog not supported because leader TTL`),
and a demotion by a disturbance that usual settings would have survived.

## What else looks like it
A real outage of the DCS that is longer than any sensible ttl.

## What to do
Patroni's defaults (30, 10, 10) are the floor for most clusters.

## References
Patroni: Dynamic configuration settings (ttl, loop_wait, retry_timeout).";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let least = c.limit(&TTL_MIN_S);
    let ttl = c.t.setting(Key::Ttl);
    let value = ttl.and_then(|k| k.fact.value.num());
    let cite = ttl.and_then(|k| c.t.facts.iter().position(|f| std::ptr::eq(f, k))).map(|i| Cite::Fact(i as u32));
    let loop_wait = c.t.number(Key::LoopWait).unwrap_or(10.0);
    let retry = c.t.number(Key::RetryTimeout).unwrap_or(10.0);
    let warned = c.find_wide(&[What::WatchdogUnsafe, What::ConfigAdjusted]);
    let changed = c.is(&[Kind::Failover, Kind::Demotion]);
    if let Some(ttl) = value {
        if ttl < least {
            // Far below the floor the setting itself is the finding; nearer to it, it only helps other causes.
            let strength = if changed && ttl <= least / 2.0 { Strength::Strong } else { Strength::Weak };
            a.pro(strength, format!("ttl is {ttl:.0} s; below {least:.0} s any hiccup is a failover"), cite);
            a.tag("timeouts_too_small");
        }
        if loop_wait + 2.0 * retry > ttl {
            a.pro(
                Strength::Weak,
                format!(
                    "ttl {ttl:.0} s is below loop_wait {loop_wait:.0} + 2 × retry_timeout {retry:.0} = {:.0} s",
                    loop_wait + 2.0 * retry
                ),
                cite,
            );
            a.tag("timeouts_too_small");
        }
        if ttl > 90.0 {
            a.tag("timeouts_too_large");
        }
    }
    if let Some(ttl) = value
        && a.evidence.is_empty()
        && warned.is_empty()
        && (least..=90.0).contains(&ttl)
    {
        let words = format!(
            "ttl {ttl:.0} s covers loop_wait {loop_wait:.0} + 2 × retry_timeout {retry:.0}: the timeouts fit each other"
        );
        a.con(Strength::Weak, words, cite);
    }
    if !warned.is_empty() {
        a.pro(Strength::Weak, format!("Patroni warns about its own timeouts ({})", said(&warned)), cites(&warned));
    }
    // A disturbance shorter than the default ttl that ended in a demotion: the defaults would have held.
    let disturbed = c.find(&[
        What::DcsRequestFailed,
        What::DcsRetry,
        What::LockUpdateFailed,
        What::DcsUnreachable,
        What::LinkDown,
        What::PeerLost,
    ]);
    let first = disturbed.first().map(|e| e.at);
    let last = disturbed.last().map(|e| e.until);
    if let (Some(first), Some(last), Some(ttl)) = (first, last, value)
        && ttl < least
        && changed
        && last - first < 15 * SECOND
    {
        a.pro(
            Strength::Strong,
            format!(
                "a disturbance of {:.0} s was enough; ttl 30 would have survived it",
                (last - first) as f64 / SECOND as f64
            ),
            cites(&disturbed),
        );
    }
    let _ = (Program::Patroni, Who::Any);
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn a_ttl_of_eight_seconds_turns_a_hiccup_into_a_failover() {
        check(
            &CAUSE,
            r#"//- pg1/show-config.yml
loop_wait: 2
maximum_lag_on_failover: 1048576
retry_timeout: 3
ttl: 8
//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:02,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:04,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:06,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:08,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:10,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:11,200 ERROR: Error communicating with DCS
2026-03-04 10:00:11,300 INFO: Demoting self (offline)
2026-03-04 10:00:12,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                timeouts_misconfig: likely (demotion)
                  + strong: ttl is 8 s; below 20 s any hiccup is a failover
                  + strong: a disturbance of 3 s was enough; ttl 30 would have survived it
            "#]],
        );
    }

    #[test]
    fn the_defaults_and_a_long_outage() {
        check(
            &CAUSE,
            r#"//- pg1/show-config.yml
loop_wait: 10
maximum_lag_on_failover: 1048576
retry_timeout: 10
ttl: 30
//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                timeouts_misconfig: ruled_out (demotion)
                  - weak: ttl 30 s covers loop_wait 10 + 2 × retry_timeout 10: the timeouts fit each other
            "#]],
        );
    }

    #[test]
    fn nobody_sent_the_configuration() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                timeouts_misconfig: not_assessable (demotion)
            "#]],
        );
    }
}
