//! Trouble at the same time of day: something is scheduled. Names the job if a log does.

use super::look::{Look, cluster};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{DAY, MINUTE, Micros, NodeId, SECOND, Span, What};
use crate::timeline::{Hit, Rule};
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[Check {
    id: "recurring_time",
    title: "trouble comes back at the same time of day",
    threshold: "two days or more, within 5 minutes of the day",
    thresholds: &[],
    origin: "our choice; of the public incidents several come from nightly backups and cron jobs (patroni#3055, etcd#10638)",
    find,
}];

/// Width of the time of day that counts as the same.
const SAME: Micros = 5 * MINUTE;
/// Trouble on so many different times of day is a bad day, not a schedule.
const SPREAD: usize = 6;

const TROUBLE: &[What] = &[
    What::LockUpdateFailed,
    What::DcsUnreachable,
    What::DemoteOffline,
    What::DemoteNolock,
    What::DemotedDcs,
    What::DemotedLockUpdate,
    What::FsyncSlow,
    What::TickMissed,
    What::HungTask,
    What::Suspended,
    What::OomKill,
    What::QuorumLost,
];

/// What a schedule leaves in logs.
const JOBS: &[What] = &[What::JobStart, What::AdminCommand, What::FsFrozen];

fn find(l: &Look<'_>) -> Vec<Finding> {
    let mut slots: BTreeMap<Micros, Vec<Hit<'_>>> = BTreeMap::new();
    // Schedules run by the host's own clock: two o'clock is another hour of UTC in summer.
    let mut zones: BTreeMap<NodeId, Rule> = BTreeMap::new();
    for e in l.t.all(TROUBLE) {
        zones.entry(e.node).or_insert_with(|| l.t.zone_of(e.node));
    }
    let local = |e: &Hit<'_>| e.began() + zones.get(&e.node).map_or(0, |z| z.offset_at(e.began()));
    for e in l.t.all(TROUBLE) {
        slots.entry(local(&e).rem_euclid(DAY) / SAME).or_default().push(e);
    }
    let days = |hits: &[Hit<'_>]| {
        let mut days: Vec<i64> = hits.iter().map(|e| local(e).div_euclid(DAY)).collect();
        days.sort_unstable();
        days.dedup();
        days
    };
    if slots.len() > SPREAD {
        return Vec::new();
    }
    let mut out = Vec::new();
    for hits in slots.values().filter(|h| days(h).len() >= 2) {
        let days = days(hits);
        let Some(first) = hits.first() else { continue };
        let minute = local(first).rem_euclid(DAY) / MINUTE;
        let zone = zones.get(&first.node).map_or_else(|| "UTC".to_owned(), Rule::label);
        let job = |e: &Hit<'_>| l.t.find(JOBS, Span::new(e.began() - 10 * MINUTE, e.began() + 30 * SECOND)).last();
        let jobs: Vec<Hit<'_>> = hits.iter().filter_map(job).collect();
        let named = jobs.first().map_or_else(String::new, |j| {
            format!("; {} on {} just before: {}", j.what.words(), l.name(j.node), j.who.as_deref().unwrap_or(&j.text))
        });
        let weekly =
            if days.len() >= 2 && days.windows(2).all(|w| w[1] - w[0] == 7) { " of the same weekday" } else { "" };
        out.push(cluster(
            format!("trouble at about {:02}:{:02} {zone} on {} days{weekly} ({}){named}", minute / 60, minute % 60, days.len(), first.what.words()),
            hits.iter().take(4).map(|e| Cite::Event(e.index)).chain(jobs.iter().take(2).map(|j| Cite::Event(j.index))),
            "List what is scheduled at that time on every host, its hypervisor and its storage: backups, snapshots, cron and systemd timers, vacuum, log rotation; move it or throttle it.",
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn sync(day: u32, time: &str) -> String {
        format!("2026-03-{day:02} {time}.100000 W | wal: sync duration of 3.1s, expected less than 1s\n")
    }

    #[test]
    fn every_night_at_two() {
        let log = format!("//- pg1/etcd.log\n{}{}{}", sync(3, "02:01:20"), sync(4, "02:02:10"), sync(5, "02:01:50"));
        assert!(
            found("recurring_time", &log)[0].contains("at about 02:01 UTC on 3 days"),
            "{:?}",
            found("recurring_time", &log)
        );
    }

    #[test]
    fn the_job_is_named_if_a_log_does() {
        let cron = "//- pg1/syslog\n2026-03-03T02:00:01.123456+00:00 pg1 CRON[700]: (postgres) CMD (pgbackrest --stanza=main backup)\n2026-03-04T02:00:01.123456+00:00 pg1 CRON[701]: (postgres) CMD (pgbackrest --stanza=main backup)\n";
        let log = format!("//- pg1/etcd.log\n{}{}{cron}", sync(3, "02:01:20"), sync(4, "02:02:10"));
        assert!(found("recurring_time", &log)[0].contains("pgbackrest"), "{:?}", found("recurring_time", &log));
    }

    #[test]
    fn two_at_night_stays_two_at_night_when_summer_time_begins() {
        // Vienna: UTC+1 up to 2026-03-29, UTC+2 from then on.
        let facts = "//- pg1/timedatectl.txt\n               Local time: Tue 2026-03-31 10:00:00 CEST\n           Universal time: Tue 2026-03-31 08:00:00 UTC\n                 RTC time: Tue 2026-03-31 08:00:00\n                Time zone: Europe/Vienna (CEST, +0200)\nSystem clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no\n";
        let log = format!(
            "{facts}//- pg1/etcd.log\n{}{}{}",
            sync(27, "02:01:20"),
            sync(28, "02:02:10"),
            sync(30, "02:01:50")
        );
        let found = found("recurring_time", &log);
        assert!(found.iter().any(|f| f.contains("at about 02:01 Europe/Vienna on 3 days")), "{found:?}");
    }

    #[test]
    fn two_bad_moments_are_no_schedule() {
        let log = format!("//- pg1/etcd.log\n{}{}", sync(3, "02:01:20"), sync(4, "15:40:10"));
        assert!(found("recurring_time", &log).is_empty());
    }
}
