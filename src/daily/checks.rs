//! The thresholds that a user may change, each with its default and where that comes from: one table.

use std::collections::BTreeMap;

/// A threshold.
#[derive(Debug)]
pub struct Check {
    pub id: &'static str,
    pub default: f64,
    pub unit: &'static str,
    /// What it decides, and the origin of its default.
    pub doc: &'static str,
}

/// Sorted by id.
#[rustfmt::skip]
pub static CHECKS: &[Check] = &[
    Check { id: "daily.await_ms", default: 20.0, unit: "ms", doc: "daily: a highest await below this is never news (a loaded SSD stays below; our choice)" },
    Check { id: "daily.factor", default: 2.0, unit: "times", doc: "daily: how many times the median of 7 and of 30 days makes a trend worth a line (our choice)" },
    Check { id: "daily.fsync_count", default: 3.0, unit: "a day", doc: "daily: fewer slow fsyncs of etcd are never news (etcd warns from 1 s on; our choice)" },
    Check { id: "daily.heartbeat_count", default: 10.0, unit: "a day", doc: "daily: fewer late etcd heartbeats are never news (single ones happen on every machine; our choice)" },
    Check { id: "daily.hold_h", default: 24.0, unit: "h", doc: "daily: how long an incident or near miss keeps the monitoring formats (nagios, prom) off OK (our choice)" },
    Check { id: "daily.iowait_pct", default: 10.0, unit: "%", doc: "daily: a highest iowait below this is never news (our choice)" },
    Check { id: "daily.loop_s", default: 12.0, unit: "s", doc: "daily: a longest HA loop below this is never news (loop_wait is 10 s by default)" },
    Check { id: "daily.request_count", default: 20.0, unit: "a day", doc: "daily: fewer slow etcd requests are never news (etcd warns from 100 ms on; our choice)" },
    Check { id: "daily.steal_pct", default: 10.0, unit: "%", doc: "daily: a highest steal below this is never news (our choice)" },
    Check { id: "disk.limit_pct", default: 75.0, unit: "%", doc: "daily: a file system above this is a risk; its day is forecast (Crunchy Data's advice for etcd and PostgreSQL)" },
    Check { id: "silent.other_min", default: 1_560.0, unit: "min", doc: "daily: an etcd or PostgreSQL log without a line for longer is silent (26 h: quiet ones write once a day)" },
    Check { id: "silent.patroni_min", default: 60.0, unit: "min", doc: "daily: a Patroni log without a line for longer is silent (it writes every loop_wait)" },
    Check { id: "silent.sysstat_min", default: 120.0, unit: "min", doc: "daily: sysstat without a sample for longer does not collect (its interval is 10 min by default)" },
];

/// The thresholds in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checks {
    set: BTreeMap<&'static str, f64>,
}

impl Checks {
    pub fn get(&self, id: &str) -> f64 {
        self.set.get(id).copied().or_else(|| CHECKS.iter().find(|c| c.id == id).map(|c| c.default)).unwrap_or(0.0)
    }

    /// Changes one; the error names what would be right.
    pub fn set(&mut self, id: &str, value: f64) -> Result<(), String> {
        let Some(check) = CHECKS.iter().find(|c| c.id == id) else {
            let near = nearest(id, CHECKS.iter().map(|c| c.id));
            return Err(format!("{id}: no threshold of that name; did you mean {near}? (`pgautopsy list checks`)"));
        };
        if !value.is_finite() || value < 0.0 {
            return Err(format!("{id} = {value}: not a threshold; the default is {} {}", check.default, check.unit));
        }
        self.set.insert(check.id, value);
        Ok(())
    }
}

/// The name with the fewest letters to change.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> &'a str {
    names.min_by_key(|n| distance(name, n)).unwrap_or("")
}

/// The nearest name if it is near enough to have been meant: at most a third of its letters differ.
pub fn near<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let found = nearest(name, names);
    (!found.is_empty() && distance(name, found) * 3 <= found.chars().count()).then_some(found)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let value = (diagonal + usize::from(x != y)).min(left + 1).min(*slot + 1);
            diagonal = *slot;
            *slot = value;
            left = value;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_sorted_changed_and_mistakes_answered() {
        assert!(CHECKS.windows(2).all(|w| w[0].id < w[1].id));
        let mut checks = Checks::default();
        assert_eq!(checks.get("disk.limit_pct"), 75.0);
        checks.set("disk.limit_pct", 80.0).unwrap();
        assert_eq!(checks.get("disk.limit_pct"), 80.0);
        assert!(checks.set("disk.limt_pct", 80.0).unwrap_err().contains("did you mean disk.limit_pct"));
        assert!(checks.set("disk.limit_pct", f64::NAN).is_err());
    }

    #[test]
    fn a_mistyped_name_is_recognised_and_another_is_not() {
        assert_eq!(near("trage", ["daily", "triage"].into_iter()), Some("triage"));
        assert_eq!(near("logs", ["ls", "daily"].into_iter()), None);
    }

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
