//! What did not fail yet but will: disks above 75 %, timeouts that break the rule, clocks apart.

use super::cite::proof;
use super::usage::{Trend, usage};
use super::{Proof, Risk};
use crate::incidents::Cite;
use crate::model::{DAY, Key, Micros, What, Why, rfc3339};
use crate::timeline::Timeline;
use std::collections::BTreeMap;

/// Crunchy Data's advice for etcd and PostgreSQL volumes; a figure to look at, not a cause.
const DISK_RISK: f64 = 75.0;
/// Patroni's documentation: below this a ttl fails over on every hiccup.
const TTL_MIN: f64 = 20.0;

pub fn find(t: &Timeline) -> Vec<Risk> {
    let mut out = Vec::new();
    disks(t, &mut out);
    timeouts(t, &mut out);
    clocks(t, &mut out);
    steps(t, &mut out);
    heartbeats(t, &mut out);
    replicas(t, &mut out);
    out
}

fn steps(t: &Timeline, out: &mut Vec<Risk>) {
    let mut hosts = BTreeMap::new();
    for e in t.all(&[What::ClockStepped]) {
        hosts.entry(t.name(e.node).to_string()).or_insert((e.index, 0)).1 += e.count;
    }
    for (host, (index, count)) in hosts {
        out.push(Risk {
            id: "clock_stepped".into(),
            text: format!("the clock of {host} was stepped ({count} messages)"),
            host,
            evidence: proof(t, Cite::Event(index)).into_iter().collect(),
            remedy: "Let chrony slew the clock (makestep only at boot), and stop the hypervisor from setting it."
                .into(),
        });
    }
}

/// A leader that is late this often lacks CPU or disk time (our choice; single ones happen on every machine).
const LATE_HEARTBEATS: u32 = 10;

fn heartbeats(t: &Timeline, out: &mut Vec<Risk>) {
    let mut hosts = BTreeMap::new();
    for e in t.all(&[What::HeartbeatLate]) {
        hosts.entry(t.name(e.node).to_string()).or_insert((e.index, 0)).1 += e.count;
    }
    for (host, (index, count)) in hosts.into_iter().filter(|(_, (_, n))| *n >= LATE_HEARTBEATS) {
        out.push(Risk {
            id: "etcd_heartbeats_late".into(),
            text: format!("etcd on {host} sent its heartbeat late {count} times; its hint at a slow disk is a guess that it always prints"),
            host,
            evidence: proof(t, Cite::Event(index)).into_iter().collect(),
            remedy: "Compare sar -d (await) and sar -u (%steal, %iowait) of these minutes: slow disk or missing CPU.".into(),
        });
    }
}

fn replicas(t: &Timeline, out: &mut Vec<Risk>) {
    let mut hosts = BTreeMap::new();
    for e in t.all(&[What::PgDiverged, What::PgWalRemoved, What::PgWalreceiverLost, What::RewindFailed]) {
        if e.what == What::PgWalreceiverLost && e.why != Why::Auth {
            continue;
        }
        let entry = hosts.entry(t.name(e.node).to_string()).or_insert((e.index, e.node, 0, e.until));
        entry.2 += e.count;
        entry.3 = entry.3.max(e.until);
    }
    for (host, (index, node, count, last)) in hosts {
        if t.all(&[What::PgStreaming, What::BootstrapDone, What::Promoted, What::PromotedAgain])
            .any(|e| e.node == node && e.at > last)
        {
            continue;
        }
        out.push(Risk {
            id: "replica_not_replicating".into(),
            text: format!("{host} could not replicate ({count} messages), and nothing says that it recovered; Patroni may list it as running"),
            host,
            evidence: proof(t, Cite::Event(index)).into_iter().collect(),
            remedy: "Compare timeline and lag in `patronictl list`, pg_stat_wal_receiver on the replica; `patronictl reinit` if it diverged.".into(),
        });
    }
}

/// Growth that will matter only later than this is no risk worth a line (our choice).
const SOON: Micros = 90 * DAY;

fn disks(t: &Timeline, out: &mut Vec<Risk>) {
    for u in usage(t) {
        // Read-only images are always full.
        if u.mount.starts_with("/snap") || u.mount.starts_with("/boot") {
            continue;
        }
        let (host, mount) = (t.name(u.node).to_string(), &u.mount);
        let trend = u.trend();
        let pace = |trend: &Trend| {
            let seen = (trend.to - trend.from) as f64 / DAY as f64;
            let seen = if seen < 1.5 { format!("{:.0} h", seen * 24.0) } else { format!("{seen:.0} days") };
            format!("grows by {:.1} points a day, as seen over {seen}", trend.per_day)
        };
        let day = |at: Micros| rfc3339(at).chars().take(10).collect::<String>();
        let text = if u.highest > DISK_RISK {
            let full = trend.and_then(|tr| Some((tr, tr.reaches(100.0)?)));
            let when = full.filter(|(tr, at)| at - tr.to <= SOON);
            let when =
                when.map_or(String::new(), |(tr, at)| format!("; it {}: full on {} at this pace", pace(&tr), day(at)));
            format!("{mount} on {host} is {:.0} % full (more than {DISK_RISK:.0} %){when}", u.highest)
        } else {
            let soon = trend.and_then(|tr| Some((tr, tr.reaches(DISK_RISK)?)));
            let Some((tr, at)) = soon.filter(|(tr, at)| at - tr.to <= SOON) else { continue };
            format!(
                "{mount} on {host} is {:.0} % full and {}: {DISK_RISK:.0} % on {} at this pace",
                tr.last,
                pace(&tr),
                day(at)
            )
        };
        out.push(Risk {
            id: if u.highest > DISK_RISK { "disk_usage_high" } else { "disk_usage_grows" }.into(),
            text,
            host,
            evidence: proof(t, u.cite).into_iter().collect(),
            remedy: "Free space or extend the volume before it fills; find out what grows (WAL kept by a slot or a failing archiver, logs, backups).".into(),
        });
    }
}

fn timeouts(t: &Timeline, out: &mut Vec<Risk>) {
    let known = t
        .facts
        .iter()
        .enumerate()
        .find(|(_, k)| k.fact.key == Key::Ttl && t.setting(Key::Ttl).is_some_and(|s| std::ptr::eq(s, *k)));
    let Some((index, ttl)) = known.and_then(|(i, k)| Some((i, k.fact.value.num()?))) else { return };
    let loop_wait = t.number(Key::LoopWait).unwrap_or(10.0);
    let retry = t.number(Key::RetryTimeout).unwrap_or(10.0);
    let evidence: Vec<Proof> = proof(t, Cite::Fact(index as u32)).into_iter().collect();
    if ttl < TTL_MIN || loop_wait + 2.0 * retry > ttl {
        out.push(Risk {
            id: "config_ttl_too_small".into(),
            host: "cluster".into(),
            text: format!("ttl {ttl:.0} s, loop_wait {loop_wait:.0} s, retry_timeout {retry:.0} s: ttl should be at least {:.0} s (loop_wait + 2 × retry_timeout, and not below {TTL_MIN:.0} s)", (loop_wait + 2.0 * retry).max(TTL_MIN)),
            evidence,
            remedy: "patronictl edit-config: ttl 30, loop_wait 10, retry_timeout 10, or values that keep the rule.".into(),
        });
    }
}

fn clocks(t: &Timeline, out: &mut Vec<Risk>) {
    let mut worst: BTreeMap<String, (f64, u32, u32)> = BTreeMap::new();
    for e in t.all(&[What::PeerClockDrift]) {
        let host = t.name(e.node).to_string();
        let entry = worst.entry(host).or_insert((e.num.abs(), e.index, 0));
        entry.2 += e.count;
        if e.num.abs() > entry.0 {
            entry.0 = e.num.abs();
            entry.1 = e.index;
        }
    }
    for (host, (ms, index, count)) in worst {
        out.push(Risk {
            id: "clock_skew".into(),
            text: format!("etcd on {host} measured a clock difference of {:.1} s to a peer ({count} reports)", ms / 1_000.0),
            host,
            evidence: proof(t, Cite::Event(index)).into_iter().collect(),
            remedy: "Compare chronyc tracking on both hosts; an unsynchronised clock expires keys early and shifts logs against each other.".into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::run::{Settings, files_in, timeline_of};
    use expect_test::{Expect, expect};

    fn check(bundle: &str, expect: Expect) {
        let (t, _) = timeline_of(&files_in(bundle), &Settings::default());
        let risks: Vec<String> = find(&t).into_iter().map(|r| format!("{}: {}\n", r.id, r.text)).collect();
        expect.assert_eq(&risks.concat());
    }

    fn df(day: &str, used: u32) -> String {
        format!(
            "//- pg1/df-{day}.txt\n{day}T10:00:00+00:00\nFilesystem      Size  Used Avail Use% Mounted on\n/dev/sdb        100G   {used}G   40G  {used}% /var/lib/pgsql\n"
        )
    }

    #[test]
    fn three_looks_at_a_disk_tell_when_it_will_be_too_full() {
        let grows = [df("2026-03-01", 60), df("2026-03-03", 62), df("2026-03-05", 64)].concat();
        check(
            &grows,
            expect![[r#"
            disk_usage_grows: /var/lib/pgsql on pg1 is 64 % full and grows by 1.0 points a day, as seen over 4 days: 75 % on 2026-03-16 at this pace
        "#]],
        );
        let full = [df("2026-03-01", 80), df("2026-03-03", 84), df("2026-03-05", 88)].concat();
        check(
            &full,
            expect![[r#"
            disk_usage_high: /var/lib/pgsql on pg1 is 88 % full (more than 75 %); it grows by 2.0 points a day, as seen over 4 days: full on 2026-03-11 at this pace
        "#]],
        );
        let falls = [df("2026-03-01", 66), df("2026-03-03", 64), df("2026-03-05", 62)].concat();
        check(&falls, expect![[""]]);
    }
}
