//! A host's own normal: the same numbers outside the incident, and at the same hour of the other days.

use super::Case;
use crate::model::{DAY, Metric, Micros, NodeId, Program, SECOND, Sample, Span, Weight, What};
use crate::timeline::{Series, Timeline};
use std::collections::BTreeMap;

/// A job that begins at ten past may begin at twenty past on another day (our choice).
const HOUR_GIVE: Micros = 30 * 60 * SECOND;
/// A value counts as high as another from this share of it on (our choice).
const AS_HIGH: f32 = 0.7;
/// So many other days make a habit; one may be chance.
const HABIT: usize = 2;

/// What a number is measured against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normal {
    /// Median outside the incident.
    pub usual: Option<f32>,
    /// The highest at the same hour of each other day, oldest first: end of that sample, value.
    pub same_hour: Vec<(Micros, f32)>,
}

impl Normal {
    /// Of a sample of `series`, over all files that hold the same metric of the same thing.
    pub fn of(t: &Timeline, series: &Series, sample: Sample, incident: Span) -> Normal {
        let mut values = Vec::new();
        let mut days: BTreeMap<Micros, (Micros, f32)> = BTreeMap::new();
        let same = |s: &&Series| (s.node, s.metric, &s.item) == (series.node, series.metric, &series.item);
        for x in t.series.iter().filter(same).flat_map(|s| &s.samples) {
            if x.to < incident.from || x.from > incident.to {
                values.push(x.value);
            }
            let apart = x.to - sample.to;
            let day = (apart + DAY / 2).div_euclid(DAY);
            if day != 0 && (apart - day * DAY).abs() <= HOUR_GIVE {
                let best = days.entry(day).or_insert((x.to, x.value));
                if x.value > best.1 {
                    *best = (x.to, x.value);
                }
            }
        }
        values.sort_by(f32::total_cmp);
        Normal { usual: values.get(values.len() / 2).copied(), same_hour: days.into_values().collect() }
    }

    /// Was it about as high at this hour of every other day that the files tell of?
    pub fn habit(&self, value: f32) -> bool {
        self.same_hour.len() >= HABIT && self.same_hour.iter().all(|(_, v)| *v >= AS_HIGH * value)
    }

    /// `usually 0.7 ms; at this hour of 3 other days 0.6 to 0.9 ms`
    pub fn words(&self, unit: &str) -> String {
        let number = |v: f32| if v >= 100.0 { format!("{v:.0}") } else { format!("{v:.1}") };
        let unit = match unit {
            "" => String::new(),
            "1/s" => " a second".to_owned(),
            _ => format!(" {unit}"),
        };
        let mut words = self.usual.map_or(String::new(), |v| format!("usually {}{unit}", number(v)));
        let highest = self.same_hour.iter().map(|(_, v)| *v);
        if let (Some(low), Some(high)) = (highest.clone().reduce(f32::min), highest.reduce(f32::max)) {
            let range =
                if number(low) == number(high) { number(low) } else { format!("{} to {}", number(low), number(high)) };
            let days = match self.same_hour.len() {
                1 => "another day".to_owned(),
                n => format!("{n} other days"),
            };
            let link = if words.is_empty() { "" } else { "; " };
            words.push_str(&format!("{link}at this hour of {days} {range}{unit}"));
        }
        words
    }
}

impl Case<'_> {
    /// What a sample is to be measured against.
    pub fn normal(&self, series: &Series, sample: Sample) -> Normal {
        Normal::of(self.t, series, sample, self.incident.span.widened(60 * SECOND))
    }

    /// As high at this hour of every other day, and the logs of those hours show that it did no harm.
    pub fn harmless_habit(&self, series: &Series, sample: Sample) -> Option<Normal> {
        let normal = self.normal(series, sample);
        let quiet = |at: Micros| {
            let span = Span::new(at - (sample.to - sample.from).max(60 * SECOND), at + 60 * SECOND);
            self.covered_on(series.node, span) && !self.t.during(span).any(|e| harm(e.what))
        };
        (normal.habit(sample.value) && normal.same_hour.iter().all(|(at, _)| quiet(*at))).then_some(normal)
    }

    fn covered_on(&self, node: NodeId, span: Span) -> bool {
        [Program::Patroni, Program::Etcd].into_iter().any(|program| self.t.covers(program, Some(node), span))
    }
}

fn harm(what: What) -> bool {
    what.weight() == Weight::Alarm || matches!(what, What::HeartbeatLate | What::Overloaded | What::LoopOverrun)
}

/// What a sample of this kind and length can't show.
pub fn caveat(metric: Metric, sample: Sample) -> String {
    let length = sample.to - sample.from;
    let over = super::length(length);
    // The state at the end of the interval, not a mean over it.
    if metric.is_state() {
        return match length {
            0 => "at that moment; what was between is not recorded".to_owned(),
            _ => format!("one look every {over}: what was between is not recorded"),
        };
    }
    match length {
        0 => "of unknown interval".to_owned(),
        1..=5_000_000 => format!("an average over {over}"),
        _ => format!("an average over {over}: shorter peaks and standstills do not show in it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(days: &[f32]) -> Timeline {
        let mut t = Timeline::default();
        for (day, value) in days.iter().enumerate() {
            let midnight = day as Micros * DAY;
            let sample = |hour: Micros, value: f32| {
                let to = midnight + hour * 3600 * SECOND;
                Sample { from: to - 600 * SECOND, to, value, line: 0 }
            };
            // One file a day.
            t.series.push(Series {
                node: NodeId(0),
                metric: Metric::DiskAwait,
                item: Some("sda".into()),
                source: day as u32,
                line: 1,
                samples: vec![sample(1, 1.0), sample(2, *value), sample(3, 1.0), sample(4, 1.0)],
            });
        }
        t
    }

    fn last(t: &Timeline) -> Normal {
        let today = t.series.last().expect("a series");
        let sample = *today.samples.get(1).expect("a sample");
        Normal::of(t, today, sample, Span::new(sample.from, sample.to))
    }

    #[test]
    fn as_high_every_night() {
        let normal = last(&series(&[900.0, 1100.0, 1000.0]));
        assert_eq!(normal.usual, Some(1.0));
        assert!(normal.habit(1000.0));
        assert_eq!(normal.words("ms"), "usually 1.0 ms; at this hour of 2 other days 900 to 1100 ms");
    }

    #[test]
    fn high_only_tonight_or_known_of_one_other_day_only() {
        let normal = last(&series(&[1.0, 2.0, 1000.0]));
        assert!(!normal.habit(1000.0));
        assert_eq!(normal.words("ms"), "usually 1.0 ms; at this hour of 2 other days 1.0 to 2.0 ms");
        assert!(!last(&series(&[1000.0, 1000.0])).habit(1000.0));
    }
}
