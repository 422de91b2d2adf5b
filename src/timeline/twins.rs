//! The same numbers told twice: a binary file and the text made of it.

use super::Series;
use crate::model::{Metric, SECOND, Sample, Span};

/// Two clocks of one host, rounded to seconds, differ by no more.
const SAME_MOMENT: i64 = 2 * SECOND;
/// Equal values by chance get rare from here on (our choice).
const LEAST_PAIRS: usize = 3;

/// Keeps each series once: that with more samples.
pub(super) fn merge(series: &mut Vec<Series>) {
    series.sort_by(|a, b| {
        let key = |s: &Series| (s.node, s.metric, s.item.clone(), std::cmp::Reverse(s.samples.len()), s.source);
        key(a).cmp(&key(b))
    });
    let mut kept: Vec<Series> = Vec::new();
    for s in series.drain(..) {
        let span =
            |s: &Series| Span::new(s.samples.first().map_or(0, |x| x.from), s.samples.last().map_or(0, |x| x.to));
        let twin = kept.iter().any(|k| {
            (k.node, k.metric) == (s.node, s.metric)
                && span(k).widened(120 * SECOND).contains(span(&s).from)
                && span(k).widened(120 * SECOND).contains(span(&s).to)
                && (k.item == s.item || renamed(k, &s))
        });
        if !twin {
            kept.push(s);
        }
    }
    *series = kept;
}

/// A disk that a binary file knows by its numbers (`dev8-16`) and a text by its name (`sdb`): all that both tell of the
/// same moments is equal.
fn renamed(a: &Series, b: &Series) -> bool {
    use Metric::{DiskAwait, DiskQueue, DiskRead, DiskTps, DiskUtil, DiskWrite};
    let numbered = |s: &Series| s.item.as_deref().is_some_and(|i| i.starts_with("dev"));
    if !matches!(a.metric, DiskAwait | DiskUtil | DiskQueue | DiskTps | DiskWrite | DiskRead)
        || a.source == b.source
        || numbered(a) == numbered(b)
    {
        return false;
    }
    let (mut pairs, mut telling) = (0, false);
    for x in &b.samples {
        let at = a.samples.partition_point(|y| y.to < x.to - SAME_MOMENT);
        let Some(y) = a.samples.get(at).filter(|y| y.to <= x.to + SAME_MOMENT) else { continue };
        if !equal(x, y) {
            return false;
        }
        pairs += 1;
        telling |= x.value >= 1.0;
    }
    pairs >= LEAST_PAIRS && telling
}

/// Texts have two decimals, old ones sectors instead of kB.
fn equal(a: &Sample, b: &Sample) -> bool {
    (a.value - b.value).abs() <= 0.02 + 0.005 * a.value.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodeId;

    fn disk(item: &str, source: u32, values: &[f32]) -> Series {
        let sample = |(n, value): (usize, &f32)| {
            let to = (n as i64 + 1) * 600 * SECOND;
            Sample { from: to - 600 * SECOND, to, value: *value, line: 0 }
        };
        let samples = values.iter().enumerate().map(sample).collect();
        Series { node: NodeId(0), metric: Metric::DiskAwait, item: Some(item.into()), source, line: 1, samples }
    }

    fn kept(mut series: Vec<Series>) -> Vec<String> {
        merge(&mut series);
        series.iter().map(|s| s.item.as_deref().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_disk_by_number_and_by_name_is_one() {
        let values = [1.25, 3.5, 2400.0, 1.0];
        assert_eq!(kept(vec![disk("dev8-16", 0, &values), disk("sdb", 1, &values)]), ["dev8-16"]);
    }

    #[test]
    fn other_values_or_none_that_tell_are_other_disks() {
        let (a, b) = ([1.25, 3.5, 2400.0, 1.0], [1.25, 3.5, 2000.0, 1.0]);
        assert_eq!(kept(vec![disk("dev8-16", 0, &a), disk("sdb", 1, &b)]).len(), 2);
        let idle = [0.0, 0.0, 0.0, 0.0];
        assert_eq!(kept(vec![disk("dev8-16", 0, &idle), disk("sdb", 1, &idle)]).len(), 2);
        // Two disks of one file may do the same, as in a mirror.
        assert_eq!(kept(vec![disk("dev8-16", 0, &a), disk("sdb", 0, &a)]).len(), 2);
    }
}
