//! The whole answer as plain data: the JSON of the contract, and what the other outputs render.

mod axis;
mod blameless;
mod build;
mod chain;
mod cite;
mod concrete;
mod cost;
pub mod excerpts;
mod headline;
mod hypotheses;
mod inventory;
mod manager;
mod merge;
mod missing;
mod numbers;
mod plots;
mod quiet;
mod rank;
mod remedies;
mod repeats;
mod risks;
mod series;
mod succession;
mod timeline;
mod verdict;
mod words;

pub use axis::notes as axis_notes;
pub use axis::{
    HostClock, Lane, LaneInterval, Lease, LeaseStep, LoopGap, LoopSight, LostWal, QuorumInterval, Renewals,
    TwoPrimaries,
};
pub use build::build;
pub use merge::merge;
pub use plots::{Excerpt, Point, Series, Volume};
pub use remedies::remedy_text;
pub use repeats::fold as fold_repeats;
pub use timeline::row as timeline_row;

pub use crate::timeline::UNNAMED_HOST;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name and version of the JSON layout.
pub const SCHEMA: &str = "pgautopsy.report/1";

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `pgautopsy.report/1`
    pub schema: String,
    pub tool: Tool,
    /// Of the most severe incident; of the whole bundle if there is none.
    pub verdict: Verdict,
    pub incidents: Vec<Incident>,
    pub risks: Vec<Risk>,
    pub inventory: Inventory,
    /// What each member was over time.
    #[serde(default)]
    pub lanes: Vec<Lane>,
    /// How many etcd members could agree, over time; empty without a log of etcd.
    #[serde(default)]
    pub quorum: Vec<QuorumInterval>,
    /// The ledger of the leader lock.
    #[serde(default)]
    pub leases: Vec<Lease>,
    /// Holes in the HA loops' beat.
    #[serde(default)]
    pub loop_gaps: Vec<LoopGap>,
    /// Below which length holes cannot be seen, per log.
    #[serde(default)]
    pub loop_sight: Vec<LoopSight>,
    /// How far the hosts' clocks differ.
    #[serde(default)]
    pub clocks: Vec<HostClock>,
    /// Only what matters; all of it with `pgautopsy timeline`.
    pub timeline: Vec<TimelineEvent>,
    /// The time that the plots show.
    #[serde(default)]
    pub window: Option<Window>,
    #[serde(default)]
    pub series: Vec<Series>,
    #[serde(default)]
    pub volume: Vec<Volume>,
    /// Raw lines around what is cited.
    #[serde(default)]
    pub excerpts: Vec<Excerpt>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    Cause,
    InsufficientEvidence,
    NoIncident,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

impl Confidence {
    pub fn id(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    pub kind: VerdictKind,
    /// A name of the vocabulary; null unless kind = cause.
    pub root_cause: Option<String>,
    pub contributing: Vec<String>,
    pub confidence: Confidence,
    pub headline: String,
    pub chain: Vec<Link>,
    pub hypotheses: Vec<Hypothesis>,
    /// Most decisive first.
    pub missing_evidence: Vec<Missing>,
    pub remedies: Vec<Advice>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// root, trigger, mechanism or effect
    pub role: String,
    pub text: String,
    pub at: String,
    pub host: String,
    pub evidence: Vec<Proof>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Hypothesis {
    pub cause: String,
    /// confirmed, likely, possible, ruled_out or not_assessable
    pub status: String,
    #[serde(rename = "for")]
    pub pro: Vec<Proof>,
    pub against: Vec<Proof>,
    pub needs: Vec<Missing>,
}

/// A line (`line`, `raw`) or a sample of a metric (`metric`, `value`, `unit`, `from`, `to`) that proves something.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    pub host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// What it means.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    pub host: String,
    pub kind: String,
    pub from: String,
    pub to: String,
    pub command: String,
    pub decides: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    pub text: String,
    /// now, long_term or stopgap
    pub kind: String,
    pub risk: String,
    pub verify: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    pub id: String,
    pub kind: String,
    /// `kind` more closely, e.g. `dcs_outage_ridden_out_failsafe`, `rejoin_failure`, `planned_reboot`.
    #[serde(default)]
    pub form: String,
    /// Scope of its cluster; empty if the bundle holds one cluster only.
    #[serde(default)]
    pub cluster: String,
    pub planned: bool,
    /// The trouble began between these two.
    #[serde(default)]
    pub onset: Option<Piece>,
    pub start: String,
    pub end: String,
    pub old_primary: Option<String>,
    pub new_primary: Option<String>,
    pub hosts: Vec<String>,
    pub write_outage: Option<WriteOutage>,
    pub phases: Vec<Phase>,
    /// Numbers of the hosts above a limit and above what the host is used to; `text` compares them.
    #[serde(default)]
    pub numbers: Vec<Proof>,
    pub verdict: Verdict,
    /// Why that member took over, or why nobody did.
    #[serde(default)]
    pub succession: Vec<Statement>,
    /// Time without writes, two primaries, lost WAL, members that stayed broken.
    #[serde(default)]
    pub cost: Vec<Statement>,
    /// Loud lines that explain nothing here, each with the reason.
    #[serde(default)]
    pub do_not_blame: Vec<Statement>,
}

/// A sentence with the lines that prove it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    pub text: String,
    pub host: String,
    pub evidence: Vec<Proof>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WriteOutage {
    pub from: String,
    pub to: String,
    /// Without the time in between in which writes were possible.
    pub seconds: f64,
    pub uncertainty_s: f64,
    /// The stretches without writes; more than one if a primary was there in between.
    #[serde(default)]
    pub pieces: Vec<Piece>,
    /// The old primary's host was cut off from all others at `from`; clients beside it could write until then.
    #[serde(default)]
    pub cut_off_until: Option<String>,
    /// Nobody accepted writes up to the end of the logs: `seconds` is the least it can have been.
    #[serde(default)]
    pub at_least: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Piece {
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Phase {
    pub name: String,
    pub at: String,
    /// `before` if the phase listed before it surely came before it, `unknown` if the hosts' clocks leave that open;
    /// empty for the first.
    #[serde(default)]
    pub previous: String,
    pub host: String,
    pub evidence: Vec<Proof>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Risk {
    pub id: String,
    pub host: String,
    pub text: String,
    pub evidence: Vec<Proof>,
    pub remedy: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Inventory {
    pub hosts: Vec<Host>,
    pub sources: Vec<SourceRow>,
    pub skipped: Vec<Skip>,
    /// Names that two hosts claim.
    #[serde(default)]
    pub contradictions: Vec<String>,
    /// What holds of all of it: limits of the bundle that were met, and clusters that Patroni does not run.
    #[serde(default)]
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    pub name: String,
    /// Programs whose logs of this host are in the bundle; empty for a host that only others name.
    #[serde(default)]
    pub logs: Vec<String>,
    /// Scopes of its clusters; empty if the bundle holds one cluster only.
    #[serde(default)]
    pub clusters: Vec<String>,
    /// Other names of the same machine, each with the reason.
    pub aliases: Vec<Alias>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Alias {
    pub name: String,
    pub why: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SourceRow {
    pub path: String,
    pub kind: String,
    /// Why it was taken for that.
    #[serde(default)]
    pub kind_why: String,
    pub host: String,
    /// Why it was given to that host.
    #[serde(default)]
    pub host_why: String,
    pub first: Option<String>,
    pub last: Option<String>,
    pub zone: String,
    pub zone_why: String,
    /// Each program's clock in this source; one program may write two (its own and its envelope's).
    #[serde(default)]
    pub clocks: Vec<SourceClock>,
    pub lines: u64,
    pub understood: u64,
    pub noise: u64,
    pub unknown: u64,
    /// Of the unknown lines those of level ERROR and above: alarms without a name.
    #[serde(default)]
    pub unnamed: u64,
    /// The first lines that no table knows.
    #[serde(default)]
    pub unknown_lines: Vec<String>,
    pub problems: Vec<String>,
}

/// The zone of one program's stamps in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceClock {
    pub host: String,
    pub program: String,
    /// `UTC+09:00`, `Europe/Vienna`, or `as written` where every stamp says its own.
    pub zone: String,
    pub why: String,
    /// Lines with a stamp.
    pub lines: u64,
    /// Nothing in the bundle says it.
    pub assumed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Skip {
    pub path: String,
    pub why: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEvent {
    pub at: String,
    pub until: Option<String>,
    pub host: String,
    pub program: String,
    /// Stable id of the meaning.
    pub what: String,
    pub text: String,
    pub count: u32,
    pub path: String,
    pub line: u32,
    pub raw: String,
    pub alarm: bool,
}

/// The JSON Schema of the report.
pub fn schema() -> serde_json::Value {
    serde_json::to_value(schemars::schema_for!(Report)).unwrap_or_default()
}
