//! What `daily` remembers between two runs, as text that shows its own damage.

use crate::input::follow::{Mark, hash};
use crate::model::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const SCHEMA: &str = "pgautopsy.daily-state/1";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    pub runs: u64,
    /// When the last run was.
    pub last_run: Micros,
    /// The latest stamp that any run has seen.
    pub data_until: Micros,
    pub marks: Vec<Mark>,
    pub leader: Option<Leader>,
    /// Incidents, near misses and planned changes that were told.
    pub told: Vec<Told>,
    /// Risks by what they are about, and when they were seen last.
    pub risks: BTreeMap<String, Micros>,
    /// Daily values of each metric.
    pub rows: Vec<Row>,
    /// Latest stamp of each `host/program`.
    pub last_seen: BTreeMap<String, Micros>,
    /// Those of `last_seen` that were told to be silent.
    pub silent: Vec<String>,
    /// Trends by what they are about, and the day of which they were told.
    pub trends: BTreeMap<String, i64>,
    /// How many of each kind were ever told.
    pub totals: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    pub name: String,
    pub since: Micros,
    /// Whether the beginning was seen; else it led already when the logs begin.
    pub seen: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub kind: String,
    pub planned: bool,
    pub hosts: Vec<String>,
    pub start: Micros,
    pub end: Micros,
    /// Not over when it was told.
    pub open: bool,
    pub told_at: Micros,
}

/// One metric of one thing on one host on one day (UTC).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Days since 1970.
    pub day: i64,
    pub host: String,
    pub metric: String,
    pub item: String,
    /// The file whose newer reading replaces this row; empty where readings add up.
    pub file: String,
    pub n: u64,
    pub sum: f64,
    pub max: f64,
    pub last: f64,
    pub last_at: Micros,
}

impl Row {
    /// Adds values of the same day.
    pub fn add(&mut self, other: &Row) {
        self.n += other.n;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        if other.last_at >= self.last_at {
            (self.last, self.last_at) = (other.last, other.last_at);
        }
    }

    pub fn about(&self) -> (&str, &str, &str) {
        (&self.host, &self.metric, &self.item)
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    bytes: usize,
    check: String,
}

impl State {
    /// Two lines: what the second must be, and the state.
    pub fn to_text(&self) -> String {
        let body = serde_json::to_string(self).unwrap_or_default();
        let header = Header { schema: SCHEMA.to_owned(), bytes: body.len(), check: hash(body.as_bytes()) };
        format!("{}\n{body}\n", serde_json::to_string(&header).unwrap_or_default())
    }

    /// The state, or why the text is none.
    pub fn from_text(text: &str) -> Result<State, String> {
        let (first, body) = text.split_once('\n').ok_or("it ends in its first line")?;
        let header: Header = serde_json::from_str(first).map_err(|e| format!("its first line is damaged: {e}"))?;
        if header.schema != SCHEMA {
            return Err(format!("it is {}, this program reads {SCHEMA}", header.schema));
        }
        let body = body.trim_end_matches('\n');
        if body.len() != header.bytes {
            return Err(format!("it has {} bytes where {} were written", body.len(), header.bytes));
        }
        if hash(body.as_bytes()) != header.check {
            return Err("its content was changed since it was written".to_owned());
        }
        serde_json::from_str(body).map_err(|e| format!("it cannot be understood: {e}"))
    }

    /// Adds rows; those of a file that was read again replace what it gave before for the same days.
    pub fn keep(&mut self, rows: Vec<Row>, today: i64, days: i64) {
        let again: std::collections::BTreeSet<(String, i64)> =
            rows.iter().filter(|r| !r.file.is_empty()).map(|r| (r.file.clone(), r.day)).collect();
        self.rows.retain(|r| r.file.is_empty() || !again.contains(&(r.file.clone(), r.day)));
        for row in rows {
            let same =
                self.rows.iter_mut().find(|r| r.day == row.day && r.about() == row.about() && r.file == row.file);
            match same {
                Some(same) => same.add(&row),
                None => self.rows.push(row),
            }
        }
        self.rows.retain(|r| r.day > today - days);
        self.rows.sort_by(|a, b| {
            (a.day, a.about(), &a.file).partial_cmp(&(b.day, b.about(), &b.file)).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: i64, file: &str, n: u64, last: f64) -> Row {
        Row {
            day,
            host: "pg1".into(),
            metric: "fs.used".into(),
            item: "/".into(),
            file: file.into(),
            n,
            sum: last,
            max: last,
            last,
            last_at: day,
        }
    }

    #[test]
    fn a_state_survives_and_its_damage_is_seen() {
        let mut state = State { runs: 3, data_until: 17, ..State::default() };
        state.keep(vec![row(100, "", 1, 61.25)], 100, 40);
        let text = state.to_text();
        assert_eq!(State::from_text(&text).unwrap(), state);
        for cut in 0..text.len() - 1 {
            assert!(State::from_text(text.get(..cut).unwrap()).is_err(), "cut at {cut}");
        }
        assert!(State::from_text(&text.replace("61.25", "16.25")).is_err());
    }

    #[test]
    fn a_file_read_again_replaces_its_rows_and_logs_add_up() {
        let mut state = State::default();
        state.keep(vec![row(100, "sa20", 10, 50.0), row(100, "", 2, 50.0)], 100, 40);
        state.keep(vec![row(100, "sa20", 12, 51.0), row(100, "", 3, 50.0)], 100, 40);
        let counts: Vec<(String, u64)> = state.rows.iter().map(|r| (r.file.clone(), r.n)).collect();
        assert_eq!(counts, [(String::new(), 5), ("sa20".into(), 12)]);
        state.keep(Vec::new(), 141, 40);
        assert!(state.rows.is_empty(), "old days are forgotten");
    }
}
