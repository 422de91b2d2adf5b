//! How full the file systems are, and when they will be, from every `df`, `sar -F` and other sight of them.

use crate::incidents::Cite;
use crate::model::{DAY, Key, Metric, Micros, NodeId};
use crate::timeline::Timeline;
use std::collections::BTreeMap;

/// Points further apart than this make a trend; two looks within an hour don't (our choice).
const LEAST_SPAN: Micros = DAY / 24;
/// Growth must show over rounding: `df` rounds up to whole percents.
const LEAST_GROWTH: f64 = 1.0;
/// Share of steps that may go down before growth is only up and down (our choice).
const UPS_AND_DOWNS: f64 = 0.3;
/// So many points tell as much as more.
const MOST_POINTS: usize = 200;

/// One file system of one host over time.
#[derive(Clone, Debug)]
pub struct Usage {
    pub node: NodeId,
    /// Mount point, or device where that is all that is known.
    pub mount: String,
    /// The highest percentage seen, and where.
    pub highest: f64,
    pub cite: Cite,
    /// Time and percentage, oldest first; sights without a time are left out.
    pub points: Vec<(Micros, f64)>,
}

/// Growth that goes on in a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Percentage points a day, above 0.
    pub per_day: f64,
    /// The stretch it was seen over.
    pub from: Micros,
    pub to: Micros,
    /// Percentage at its end.
    pub last: f64,
}

/// All file systems that the bundle tells of, by host and mount point.
pub fn usage(t: &Timeline) -> Vec<Usage> {
    let mut all: BTreeMap<(NodeId, String), Usage> = BTreeMap::new();
    let mut add = |node: NodeId, mount: &str, percent: f64, at: Option<Micros>, cite: Cite| {
        let usage = all.entry((node, mount.to_owned())).or_insert_with(|| Usage {
            node,
            mount: mount.to_owned(),
            highest: percent,
            cite,
            points: Vec::new(),
        });
        if percent > usage.highest {
            (usage.highest, usage.cite) = (percent, cite);
        }
        usage.points.extend(at.map(|at| (at, percent)));
    };
    for (i, k) in t.facts.iter().enumerate().filter(|(_, k)| k.fact.key == Key::FsUsed) {
        if let (Some(mount), Some(used)) = (k.fact.item.as_deref(), k.fact.value.num()) {
            add(k.node, mount, used, k.at, Cite::Fact(i as u32));
        }
    }
    for (i, s) in t.series.iter().enumerate().filter(|(_, s)| s.metric == Metric::FsUsed) {
        for (j, x) in s.samples.iter().enumerate() {
            let cite = Cite::Sample { series: i as u32, sample: j as u32 };
            add(s.node, s.item.as_deref().unwrap_or("?"), f64::from(x.value), Some(x.to), cite);
        }
    }
    let mut all: Vec<Usage> = all.into_values().collect();
    for usage in &mut all {
        usage.points.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        usage.points.dedup_by_key(|p| p.0);
    }
    all
}

impl Usage {
    /// The growth, if it is one: median of the slopes between all pairs of points (Theil and Sen), which one clean-up or
    /// one wrong figure doesn't bend.
    pub fn trend(&self) -> Option<Trend> {
        let step = self.points.len().div_ceil(MOST_POINTS).max(1);
        let mut points: Vec<(Micros, f64)> = self.points.iter().step_by(step).copied().collect();
        points.extend(self.points.last().filter(|last| points.last() != Some(last)));
        let ((from, first), (to, last)) = (*points.first()?, *points.last()?);
        if to - from < LEAST_SPAN || last - first < LEAST_GROWTH {
            return None;
        }
        let falls = points.windows(2).filter(|pair| matches!(pair, [(_, a), (_, b)] if b < a)).count();
        if falls as f64 > UPS_AND_DOWNS * (points.len() - 1) as f64 {
            return None;
        }
        let mut slopes = Vec::new();
        for (i, (t0, v0)) in points.iter().enumerate() {
            slopes.extend(points.iter().skip(i + 1).map(|(t1, v1)| (v1 - v0) / ((t1 - t0) as f64 / DAY as f64)));
        }
        slopes.sort_by(f64::total_cmp);
        let per_day = slopes.get(slopes.len() / 2).copied()?;
        (per_day > 0.0).then_some(Trend { per_day, from, to, last })
    }
}

impl Trend {
    /// When `percent` is reached at this pace; `None`: it is already, or not within ten years.
    pub fn reaches(&self, percent: f64) -> Option<Micros> {
        let days = (percent - self.last) / self.per_day;
        (days > 0.0 && days < 3_650.0).then(|| self.to + (days * DAY as f64) as Micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(points: &[(f64, f64)]) -> Usage {
        let points = points.iter().map(|(day, used)| ((day * DAY as f64) as Micros, *used)).collect();
        Usage { node: NodeId(0), mount: "/".into(), highest: 0.0, cite: Cite::Fact(0), points }
    }

    #[test]
    fn growth_goes_on_in_a_straight_line() {
        let trend = seen(&[(0.0, 60.0), (1.0, 62.0), (2.0, 64.0), (3.0, 66.0)]).trend().expect("a trend");
        assert_eq!(trend.per_day, 2.0);
        assert_eq!(trend.reaches(75.0), Some((7.5 * DAY as f64) as Micros));
        assert_eq!(trend.reaches(60.0), None);
    }

    #[test]
    fn no_trend_from_one_look_from_clean_ups_or_from_rounding() {
        assert_eq!(seen(&[(0.0, 60.0)]).trend(), None);
        assert_eq!(seen(&[(0.0, 60.0), (0.01, 70.0)]).trend(), None);
        assert_eq!(seen(&[(0.0, 60.0), (2.0, 60.5)]).trend(), None);
        let sawtooth = [(0.0, 60.0), (1.0, 70.0), (2.0, 60.0), (3.0, 70.0), (4.0, 60.0), (5.0, 70.0)];
        assert_eq!(seen(&sawtooth).trend(), None);
    }
}
