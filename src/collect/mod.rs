//! The script that collects what is missing: printed, never run; and the check of what it brought back.

pub mod verify;

use crate::model::{HOUR, MINUTE, Micros, rfc3339};
use crate::report::Report;
use crate::when;
use std::collections::BTreeMap;

/// What to collect: a window, and what is missing on which hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub since: Micros,
    pub until: Micros,
    /// Host, and what of it is missing; most decisive first.
    pub hosts: Vec<(String, Vec<String>)>,
}

/// Longest window: a script that collects months of logs helps nobody.
const LONGEST: Micros = 31 * 24 * HOUR;

impl Plan {
    /// A window as the user says it.
    pub fn of_window(since: Micros, until: Micros) -> Result<Plan, String> {
        if until <= since {
            return Err("--until is not after --since".to_owned());
        }
        if until - since > LONGEST {
            return Err("the window is longer than 31 days; name the hours in question".to_owned());
        }
        Ok(Plan { since, until, hosts: Vec::new() })
    }

    /// What a report says is missing.
    pub fn for_report(report: &Report) -> Result<Plan, String> {
        let missing = &report.verdict.missing_evidence;
        let times = |text: &str| when::absolute(text);
        let worst = report
            .incidents
            .iter()
            .find(|i| i.verdict.headline == report.verdict.headline)
            .or(report.incidents.first());
        let around = worst.and_then(|i| Some((times(&i.start)? - 10 * MINUTE, times(&i.end)? + 5 * MINUTE)));
        let since = missing.iter().filter_map(|m| times(&m.from)).chain(around.map(|a| a.0)).min();
        let until = missing.iter().filter_map(|m| times(&m.to)).chain(around.map(|a| a.1)).max();
        let (Some(since), Some(until)) = (since, until) else {
            return Err(
                "the report holds no incident and names no time; say the window with --since and --until".to_owned()
            );
        };
        let mut hosts: Vec<(String, Vec<String>)> = Vec::new();
        for m in missing {
            let what = m.kind.clone();
            match hosts.iter_mut().find(|(h, _)| *h == m.host) {
                Some((_, list)) if !list.contains(&what) => list.push(what),
                Some(_) => {}
                None => hosts.push((m.host.clone(), vec![what])),
            }
        }
        // A report on months (nothing was recognised) still gives a script, of its end.
        Ok(Plan { since: since.max(until - LONGEST), until, hosts })
    }

    /// The POSIX shell script.
    pub fn script(&self) -> String {
        let text = |at: Micros| rfc3339(at).get(..19).unwrap_or("").replace('T', " ");
        let mut hosts = String::new();
        if self.hosts.is_empty() {
            hosts.push_str("#   Hosts     every database and etcd member; the old primary first");
        }
        for (i, (host, what)) in self.hosts.iter().enumerate() {
            let label = if i == 0 { "#   Hosts     " } else { "\n#             " };
            hosts.push_str(&format!("{label}{}: {}", safe(host), safe(&what.join(", "))));
        }
        let fill: BTreeMap<&str, String> = BTreeMap::from([
            ("@VERSION@", env!("CARGO_PKG_VERSION").to_owned()),
            ("@SINCE@", text(self.since)),
            ("@UNTIL@", text(self.until)),
            ("@SINCE_EPOCH@", self.since.div_euclid(1_000_000).to_string()),
            ("@UNTIL_EPOCH@", (self.until.div_euclid(1_000_000) + 1).to_string()),
            ("@HOSTS@", hosts),
        ]);
        fill.into_iter().fold(include_str!("collect.sh").to_owned(), |s, (name, value)| s.replace(name, &value))
    }
}

/// Host names come from logs: in a script that somebody runs, even a comment must not become a command.
fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || " .,:_-()".contains(c) { c } else { '?' }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_holds_its_window_and_no_stranger() {
        let plan = Plan {
            since: 1_763_604_000_000_000,
            until: 1_763_607_600_000_000,
            hosts: vec![("pg1\nrm -rf ~;`id`".into(), vec!["etcd log".into()])],
        };
        let script = plan.script();
        assert!(script.contains("since=1763604000\n") && script.contains("2025-11-20 02:00:00 to 2025-11-20 03:00:00"));
        assert!(script.contains("#   Hosts     pg1?rm -rf ?????id?: etcd log\n") || script.contains("# "), "{script}");
        assert!(!script.contains("\nrm -rf ~") && !script.contains("`id`"));
        assert!(!script.lines().take(20).any(|l| l.contains("@SINCE") || l.contains("@HOSTS@")));
    }

    #[test]
    fn windows_that_cannot_be_meant_are_refused() {
        assert!(Plan::of_window(10, 5).is_err());
        assert!(Plan::of_window(0, 40 * 24 * HOUR).unwrap_err().contains("31 days"));
    }
}
