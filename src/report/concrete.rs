//! What an incident's own times, hosts and numbers make of advice.

use crate::causes::{length, list};
use crate::checks::size;
use crate::incidents::Incident;
use crate::model::{Key, Metric, Micros, NodeId, Role, SECOND, What, Why, date, rfc3339};
use crate::timeline::Timeline;

/// A place in advice: what stands there if the bundle does not tell, and how to find it out.
type Place = (&'static str, &'static str, fn(&Timeline, &Incident) -> Option<String>);

/// All places that speak of the incident; those of settings are in `remedies`.
const PLACES: &[Place] = &[
    ("{minutes}", "in these minutes", minutes),
    ("{others}", "the other members", others),
    ("{scope}", "SCOPE", scope),
    ("{etcd_wait}", "", etcd_wait),
    ("{etcd_dir}", "", etcd_dir),
    ("{majority}", "a majority of the members", majority),
    ("{full}", "the full file system", full),
    ("{pause}", "its silence", |t, x| {
        pause(t, x).map(|(from, long)| format!("{} from {} UTC on", length(long), clock(from)))
    }),
    ("{pause_ttl}", "more than the longest pause seen", |t, x| pause(t, x).map(|(_, long)| above(t, long))),
    ("{killed}", "", killed),
    ("{sessions}", "work_mem × sorts × connections", sessions),
    ("{database}", "", database),
    ("{behind}", "", behind),
];

/// Fills in the places.
pub(super) fn fill(t: &Timeline, x: &Incident, text: &str) -> String {
    PLACES.iter().fold(text.to_owned(), |text, (place, without, find)| {
        if !text.contains(place) {
            return text;
        }
        text.replace(place, &find(t, x).unwrap_or_else(|| (*without).to_owned()))
    })
}

/// What stands in the places without any incident.
pub(super) fn generic(text: &str) -> String {
    PLACES.iter().fold(text.to_owned(), |text, (place, without, _)| text.replace(place, without))
}

fn clock(at: Micros) -> String {
    rfc3339(at).get(11..19).unwrap_or("").to_owned()
}

fn minutes(_: &Timeline, x: &Incident) -> Option<String> {
    let from = x.onset.from.min(x.span.from);
    let (begin, end) = (clock(from), clock(x.span.to));
    // What was seen in one moment began before it: an etcd or Patroni that waits says so afterwards.
    let span =
        if begin == end { format!("in the minutes before {begin}") } else { format!("between {begin} and {end}") };
    Some(format!("{span} UTC of {}", date(from)))
}

fn others(t: &Timeline, x: &Incident) -> Option<String> {
    let member = |n: &NodeId| t.beats.iter().any(|b| b.node == *n && b.role != Role::Idle);
    let all = (0..t.cluster.nodes.len()).filter_map(|i| u16::try_from(i).ok()).map(NodeId);
    let names: Vec<String> = all.filter(|n| Some(*n) != x.old && member(n)).map(|n| t.name(n).to_string()).collect();
    (!names.is_empty()).then(|| list(names))
}

fn scope(t: &Timeline, _: &Incident) -> Option<String> {
    t.setting(Key::Scope)?.fact.value.text().map(str::to_owned)
}

fn etcd_wait(t: &Timeline, x: &Incident) -> Option<String> {
    let worst = t.find(&[What::FsyncSlow], x.window).max_by(|a, b| a.num.total_cmp(&b.num))?;
    Some(format!("; etcd on {} waited up to {} for it", t.name(worst.node), length((worst.num * 1_000.0) as Micros)))
}

fn etcd_dir(t: &Timeline, _: &Incident) -> Option<String> {
    let mut dirs: Vec<&str> = t.facts_of(Key::EtcdDataDir).filter_map(|k| k.fact.value.text()).collect();
    dirs.sort_unstable();
    dirs.dedup();
    Some(format!(" ({})", dirs.first().filter(|_| dirs.len() == 1)?))
}

fn majority(t: &Timeline, _: &Incident) -> Option<String> {
    let n = t.number(Key::EtcdMembers).filter(|n| *n >= 1.0)? as u64;
    Some(format!("{} of the {n} members", n / 2 + 1))
}

/// The fullest file system around the incident, if it is as good as full.
fn full(t: &Timeline, x: &Incident) -> Option<String> {
    const FULL: f64 = 95.0;
    let said = t.find(&[What::PgNoSpace, What::EtcdDiskFull, What::PatroniBug, What::ConfigError], x.window);
    let host =
        said.filter(|e| e.why == Why::NoSpace || e.what == What::EtcdDiskFull).map(|e| e.node).next().or(x.old)?;
    let seen = t.samples(Metric::FsUsed, x.span.widened(60 * SECOND));
    let series = seen.filter_map(|(s, v)| Some((f64::from(v.value), s.item.as_deref()?.to_owned(), s.node)));
    let facts =
        t.facts_of(Key::FsUsed).filter_map(|k| Some((k.fact.value.num()?, k.fact.item.as_deref()?.to_owned(), k.node)));
    // sysstat names devices, and images that are mounted read-only are always full.
    let real = |point: &str| !point.contains("loop") && !point.starts_with("/snap/");
    let worst = series.chain(facts).filter(|(_, point, n)| *n == host && real(point)).max_by(|a, b| {
        a.0.total_cmp(&b.0).then(b.1.starts_with("/dev/").cmp(&a.1.starts_with("/dev/"))).then(b.1.cmp(&a.1))
    });
    let (used, point, node) = worst.filter(|w| w.0 >= FULL)?;
    Some(format!("{point} on {} ({used:.0} % used)", t.name(node)))
}

/// The longest silence of the old primary's Patroni around the incident.
fn pause(t: &Timeline, x: &Incident) -> Option<(Micros, Micros)> {
    let gaps = t.gaps.iter().filter(|g| Some(g.node) == x.old && g.span.overlaps(&x.span.widened(2 * t.ttl())));
    gaps.map(|g| (g.span.from, g.span.length()))
        .max_by_key(|(from, long)| (*long, *from))
        .filter(|(_, l)| *l > t.loop_wait())
}

/// A ttl that outlives a pause: it, and the loop that renews before and after it; in tens.
fn above(t: &Timeline, pause: Micros) -> String {
    let needed = pause + t.loop_wait();
    format!("{} s or more", (needed / (10 * SECOND) + 1) * 10)
}

fn killed(t: &Timeline, x: &Incident) -> Option<String> {
    let e = t.find(&[What::OomKill], x.window).next()?;
    let who = e.who.as_deref().unwrap_or("a process");
    Some(format!(" (the kernel killed {who} on {} at {} UTC)", t.name(e.node), clock(e.at)))
}

fn sessions(t: &Timeline, _: &Incident) -> Option<String> {
    let of = |name: &str| {
        let fact = t.facts_of(Key::PgSetting).find(|k| k.fact.item.as_deref() == Some(name))?;
        let value = &fact.fact.value;
        value.text().map(str::to_owned).or_else(|| value.num().map(|n| format!("{n:.0}")))
    };
    let connections = of("max_connections")?;
    let memory = of("work_mem").map_or_else(|| "work_mem".to_owned(), |m| format!("work_mem {m}"));
    Some(format!("max_connections {connections} × {memory} × sorts"))
}

fn database(t: &Timeline, _: &Incident) -> Option<String> {
    let largest = t.facts_of(Key::EtcdDbSize).filter_map(|k| k.fact.value.num()).max_by(f64::total_cmp)?;
    let quota = t.number(Key::EtcdQuotaBytes).map_or_else(|| "2.0 GiB (default)".to_owned(), size);
    Some(format!(" (the database has {}, the quota is {quota})", size(largest)))
}

fn behind(t: &Timeline, _: &Incident) -> Option<String> {
    let rows = t.facts_of(Key::MemberLagMb).filter_map(|k| Some((k.fact.value.num()?, k.fact.item.as_deref()?)));
    let (lag, member) = rows.filter(|(lag, _)| *lag > 0.0).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(format!("; {member} was {lag:.0} MB behind when patronictl list was run"))
}

#[cfg(test)]
mod tests {
    use crate::report::{Report, build, remedy_text};
    use crate::run::{self, Settings};
    use crate::timeline::Timeline;

    fn report(bundle: &str) -> Report {
        let (t, incidents) = run::timeline_of(&run::files_in(bundle), &Settings::default());
        build(&t, &incidents, &[], Vec::new())
    }

    fn advice(bundle: &str) -> Vec<String> {
        report(bundle).verdict.remedies.into_iter().map(|r| r.text).collect()
    }

    const FROZEN: &str = "//- pg1/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:21,012 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:01:17,900 INFO: Lock owner: pg2; I am pg1
2026-03-02 10:01:17,920 INFO: Demoting self (immediate-nolock)
//- pg1/postgresql.log
2026-03-02 10:00:45.100 UTC [812] LOG:  checkpoint starting: time
//- pg2/patroni.log
2026-03-02 10:00:11,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:21,412 INFO: no action. I am (pg2), a secondary, and following a leader (pg1)
2026-03-02 10:00:52,010 INFO: promoted self to leader by acquiring session lock
2026-03-02 10:01:02,100 INFO: no action. I am (pg2), the leader with the lock
";

    #[test]
    fn advice_names_the_host_the_seconds_and_the_limit_of_this_cluster() {
        let advice = advice(FROZEN);
        assert!(advice[0].contains("events of pg1 for 56.9 s from 10:00:21 UTC on"), "{advice:?}");
        assert!(advice[1].contains("before its lease of 30 (default) s ends"), "{advice:?}");
    }

    #[test]
    fn a_quota_is_told_with_the_size_of_the_database() {
        let advice = advice(
            "//- e1/status.json
[{\"Endpoint\":\"http://10.0.0.1:2379\",\"Status\":{\"header\":{\"cluster_id\":1,\"member_id\":9372538179322589801,\"revision\":10,\"raft_term\":2},\"version\":\"3.5.1\",\"dbSize\":2147483648,\"leader\":9372538179322589801,\"raftIndex\":100,\"raftTerm\":2,\"raftAppliedIndex\":100,\"errors\":[\"memberID:9372538179322589801 alarm:NOSPACE\"],\"dbSizeInUse\":2147483648}}]
//- e1/patroni.log
2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock
2026-03-02 10:00:11,012 ERROR: <ResourceExhausted error: 'etcdserver: mvcc: database space exceeded', code: 8>
2026-03-02 10:00:11,015 ERROR: failed to update leader lock
2026-03-02 10:00:12,015 INFO: demoted self because failed to update leader lock in DCS
",
        );
        assert!(advice[0].contains("(the database has 2.0 GiB, the quota is 2.0 GiB (default))"), "{advice:?}");
    }

    #[test]
    fn without_an_incident_no_place_is_left_open() {
        for cause in crate::causes::CAUSES {
            for remedy in cause.remedies {
                let text = remedy_text(&Timeline::default(), "the host", remedy.text);
                assert!(!text.contains(['{', '}']), "{}: {text}", cause.id);
            }
        }
    }
}
