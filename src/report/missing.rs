//! What to fetch, the most decisive first: kind of file, host, minutes, command.

use super::manager::other_than_patroni;
use super::{Missing, VerdictKind};
use crate::causes::{Judged, Need, Status, Who, list};
use crate::incidents::{self, Kind};
use crate::model::{Key, MINUTE, Micros, Program, rfc3339};
use crate::timeline::Timeline;
use std::collections::BTreeMap;

/// What to fetch, the most decisive first: what would decide most of the open causes, likely ones counting more.
pub(super) fn missing(t: &Timeline, x: &incidents::Incident, judged: &[Judged], kind: VerdictKind) -> Vec<Missing> {
    if x.planned || x.kind == Kind::NearMiss {
        return Vec::new();
    }
    let foreign = other_than_patroni(t).is_some();
    let mut wanted: BTreeMap<Need, (u32, Vec<String>)> = BTreeMap::new();
    for j in judged {
        let weight = match j.status {
            Status::Possible => 6,
            Status::Likely | Status::Confirmed => 3,
            Status::NotAssessable => 1,
            Status::RuledOut => continue,
        };
        for n in j.missing.iter().filter(|n| !foreign || !of_patroni(n)) {
            let entry = wanted.entry(*n).or_default();
            entry.0 += weight;
            entry.1.push(j.cause.id.to_owned());
        }
    }
    let mut list: Vec<_> = wanted.into_iter().collect();
    list.sort_by_key(|(n, (weight, _))| (std::cmp::Reverse(*weight), *n));
    let mut out: Vec<Missing> = Vec::new();
    for (n, (_, decides)) in list {
        join(&mut out, need(t, x, n, decides));
    }
    if out.is_empty() && kind == VerdictKind::InsufficientEvidence {
        let all = judged.iter().filter(|j| j.status == Status::Possible).map(|j| j.cause.id.to_owned()).collect();
        out.push(need(t, x, Need::Series(crate::model::Metric::DiskAwait, Who::OldPrimary), all));
    }
    out
}

/// Whether only a cluster of Patroni has it.
pub(super) fn of_patroni(need: &Need) -> bool {
    matches!(need, Need::Log(Program::Patroni | Program::Etcd, _) | Need::Config)
}

/// Every host that the bundle knows.
const ALL: &str = "all hosts";

/// Adds a need; the same file of one host and of all hosts is one need, which names the one host first.
fn join(out: &mut Vec<Missing>, new: Missing) {
    let same = |m: &&mut Missing| {
        m.kind == new.kind && m.command == new.command && (m.host == ALL || new.host == ALL || m.host == new.host)
    };
    let Some(known) = out.iter_mut().find(same) else { return out.push(new) };
    known.host = match (known.host.as_str(), new.host.as_str()) {
        (a, b) if a == b => b.to_owned(),
        (ALL, one) | (one, ALL) => format!("{ALL}, {one} first"),
        (one, _) => one.to_owned(),
    };
    known.decides.extend(new.decides);
    known.decides.sort_unstable();
    known.decides.dedup();
}

pub(super) fn need(t: &Timeline, x: &incidents::Incident, need: Need, decides: Vec<String>) -> Missing {
    let (from, to) = (x.span.from - 10 * MINUTE, x.span.to + 5 * MINUTE);
    needed(t, x.old.map(|n| t.name(n).to_string()), x.new.map(|n| t.name(n).to_string()), from, to, need, decides)
}

pub(super) fn needed(
    t: &Timeline,
    old: Option<String>,
    new: Option<String>,
    from: Micros,
    to: Micros,
    need: Need,
    decides: Vec<String>,
) -> Missing {
    let (who, kind, command) = describe(need, from, to);
    let host = match who {
        Who::OldPrimary => old.unwrap_or_else(|| "the primary".to_owned()),
        Who::NewPrimary => new.unwrap_or_else(|| "the new primary".to_owned()),
        Who::DcsMembers => dcs_members(t),
        Who::Any => ALL.to_owned(),
    };
    // A bundle without any time: the reader knows when it was, we do not.
    let shown = |at: Micros| if at == 0 { String::new() } else { rfc3339(at) };
    Missing { host, kind, from: shown(from), to: shown(to), command, decides }
}

/// The etcd members whose log is not here, by name where it is known.
fn dcs_members(t: &Timeline) -> String {
    let logs = t.nodes_with(Program::Etcd);
    let names = [Key::EtcdMemberName, Key::EtcdMemberAddress].into_iter().flat_map(|k| t.facts_of(k));
    let known: std::collections::BTreeSet<String> = names
        .filter_map(|k| k.fact.value.text().and_then(|v| t.resolve(v)))
        .filter(|n| !logs.contains(n))
        .map(|n| t.name(n).to_string())
        .collect();
    match known.is_empty() {
        true => "every etcd member".to_owned(),
        false => list(known),
    }
}

/// Which data a need means, and the command that fetches it.
fn describe(need: Need, from: Micros, to: Micros) -> (Who, String, String) {
    let stamp = |at: Micros| match at {
        0 => "<time>".to_owned(),
        // journalctl takes times for local ones unless they say otherwise, whatever --utc makes of its output.
        at => format!("{} UTC", rfc3339(at).get(..19).unwrap_or("").replace('T', " ")),
    };
    let journal = |unit: &str| {
        format!("journalctl -u {unit} --utc -o short-iso-precise --since '{}' --until '{}'", stamp(from), stamp(to))
    };
    // One file a day, named for the day of the month.
    let day = |at: Micros| if at == 0 { "<day>".to_owned() } else { rfc3339(at).get(8..10).unwrap_or("").to_owned() };
    let mut files = vec![format!("/var/log/s*/sa{0} /var/log/sysstat/sa{0}", day(from))];
    if day(to) != day(from) {
        files.push(format!("/var/log/s*/sa{0} /var/log/sysstat/sa{0}", day(to)));
    }
    match need {
        Need::Log(program, who) => {
            let (kind, command) = match program {
                Program::Patroni => ("patroni log", journal("patroni")),
                Program::Etcd => ("etcd log", journal("etcd")),
                Program::Postgres => {
                    ("postgresql log", "cp -p $(psql -XAtc 'select pg_current_logfile()') .".to_owned())
                }
                Program::Kernel => (
                    "kernel log",
                    format!(
                        "journalctl -k --utc -o short-iso-precise --since '{}' --until '{}'",
                        stamp(from),
                        stamp(to)
                    ),
                ),
                Program::Systemd => (
                    "system log",
                    format!("journalctl --utc -o short-iso-precise --since '{}' --until '{}'", stamp(from), stamp(to)),
                ),
                Program::Proxy => ("proxy log", journal("haproxy -u pgbouncer -u keepalived -u vip-manager")),
                other => (other.id(), "(ask for the file)".to_owned()),
            };
            (who, kind.to_owned(), command)
        }
        Need::Series(metric, who) => {
            (who, "sar".to_owned(), format!("cp -p {} . # {}: {}", files.join(" "), metric.id(), metric.doc()))
        }
        Need::Disks(who) => (who, "df".to_owned(), "date; df -hT; df -i".to_owned()),
        Need::Config => (Who::Any, "patroni config".to_owned(), "patronictl show-config".to_owned()),
    }
}
