//! What plots are drawn from: numbers and lines over time, and the raw lines around what is cited.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A metric of one item on one host within the plotted time, thinned out with lowest and highest kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// As in `pgautopsy list metrics`, or `etcd.fsync_slow` and the like for durations that logs tell.
    pub metric: String,
    /// Device, mount point, interface.
    pub item: Option<String>,
    pub host: String,
    pub unit: String,
    /// The metric in words.
    pub text: String,
    /// Beyond this it deserves a look, by the rule that `limit_why` names.
    pub limit: Option<f64>,
    pub limit_why: Option<String>,
    pub path: String,
    /// What the offsets in `points` count from.
    pub start: String,
    pub points: Vec<Point>,
}

/// `[begin, end, lowest, highest]`: seconds after the start of the series, and the extremes between them. A single
/// sample is an average over its time, so both are equal; for durations of a log, lowest is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point(pub f64, pub f64, pub f64, pub f64);

/// Lines and alarms of one program on one host, per step.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Volume {
    pub host: String,
    pub program: String,
    pub start: String,
    pub step_s: f64,
    /// Stamped lines per step.
    pub lines: Vec<u32>,
    /// Messages among them that mean trouble.
    pub alarms: Vec<u32>,
}

/// Lines of a source around cited ones, secrets masked, long lines cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    pub path: String,
    /// Number of the first line.
    pub first: u32,
    pub lines: Vec<String>,
    /// Numbers of the cited lines.
    pub cited: Vec<u32>,
}
