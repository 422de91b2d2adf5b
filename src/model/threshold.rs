//! Numbers that decide and that a user may change: each is declared beside the rule that asks for it.

use std::collections::BTreeMap;

/// A number with its default and the reason for it.
#[derive(Debug)]
pub struct Threshold {
    /// `rule.what_unit`; the key in `pgautopsy.toml`.
    pub id: &'static str,
    pub default: f64,
    pub unit: &'static str,
    /// What it decides, and the origin of its default.
    pub doc: &'static str,
}

impl Threshold {
    pub const fn new(id: &'static str, default: f64, unit: &'static str, doc: &'static str) -> Threshold {
        Threshold { id, default, unit, doc }
    }
}

/// What was changed; all others have their defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thresholds {
    changed: BTreeMap<&'static str, f64>,
}

impl Thresholds {
    /// The value in force.
    pub fn of(&self, threshold: &Threshold) -> f64 {
        self.changed.get(threshold.id).copied().unwrap_or(threshold.default)
    }

    /// Changes one; the error says what would be right.
    pub fn change(&mut self, threshold: &'static Threshold, value: f64) -> Result<(), String> {
        if !value.is_finite() || value < 0.0 {
            let (id, default, unit) = (threshold.id, threshold.default, threshold.unit);
            return Err(format!("{id} = {value}: not a threshold; the default is {default} {unit}"));
        }
        self.changed.insert(threshold.id, value);
        Ok(())
    }
}
