//! How much a log wrote when: lines per stretch of time, on the clock as written.

use super::{Micros, SECOND};

/// Most buckets that one stream keeps; beyond, they become wider.
const MOST: usize = 50_000;

/// Lines per bucket of `step`, in the order in which they were met; a bucket may come more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    pub step: Micros,
    /// Begin of the bucket on the stream's clock, and its lines.
    pub cells: Vec<(Micros, u32)>,
    /// End of the last bucket: most lines fall into it, and cost one comparison.
    end: Micros,
}

impl Default for Volume {
    fn default() -> Volume {
        Volume { step: 10 * SECOND, cells: Vec::new(), end: Micros::MIN }
    }
}

impl Volume {
    pub fn note(&mut self, at: Micros) {
        if at < self.end
            && let Some((from, lines)) = self.cells.last_mut()
            && at >= *from
        {
            *lines = lines.saturating_add(1);
            return;
        }
        let from = at.div_euclid(self.step).saturating_mul(self.step);
        self.end = from.saturating_add(self.step);
        self.cells.push((from, 1));
        if self.cells.len() > MOST {
            self.widen();
        }
    }

    /// The lines that follow, as if they had been noted one by one: where parts are cut makes no difference.
    pub fn append(&mut self, next: &Volume) {
        self.end = Micros::MIN;
        for (at, lines) in &next.cells {
            let from = at.div_euclid(self.step).saturating_mul(self.step);
            match self.cells.last_mut() {
                Some((last, sum)) if *last == from => *sum = sum.saturating_add(*lines),
                _ => self.cells.push((from, *lines)),
            }
        }
        if let Some((from, _)) = self.cells.last() {
            self.end = from.saturating_add(self.step);
        }
        if self.cells.len() > MOST {
            self.widen();
        }
    }

    /// Fewer and, only if need be, wider buckets. Whenever it is called on the way, the end is the same: the narrowest
    /// step at which all lines fit.
    fn widen(&mut self) {
        self.end = Micros::MIN;
        self.merge();
        while self.cells.len() > MOST / 2 {
            self.step = self.step.saturating_mul(2);
            for (from, _) in &mut self.cells {
                *from = from.div_euclid(self.step).saturating_mul(self.step);
            }
            self.merge();
            if self.step == Micros::MAX {
                break;
            }
        }
    }

    /// One cell a bucket, in order of time.
    fn merge(&mut self) {
        self.cells.sort_unstable_by_key(|(from, _)| *from);
        self.cells.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
    }

    /// The buckets in order of time, each once: the same for the same lines, however they were met.
    pub fn settled(&self) -> Volume {
        let mut out = self.clone();
        out.widen();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_where_they_stand() {
        let mut v = Volume::default();
        [0, 1, 9_999_999, 10_000_000, 5, 10_000_001].into_iter().for_each(|at| v.note(at));
        assert_eq!(v.cells, [(0, 3), (10 * SECOND, 1), (0, 1), (10 * SECOND, 1)]);
    }

    #[test]
    fn parts_count_as_the_whole() {
        let stamps: Vec<i64> = (0..1_000).map(|i| i * 3_700_000).collect();
        let mut whole = Volume::default();
        stamps.iter().for_each(|at| whole.note(*at));
        for cut in [1, 2, 3, 500, 999] {
            let mut parts = Volume::default();
            for part in [&stamps[..cut], &stamps[cut..]] {
                let mut one = Volume::default();
                part.iter().for_each(|at| one.note(*at));
                parts.append(&one);
            }
            assert_eq!(parts, whole);
        }
    }

    #[test]
    fn a_long_log_keeps_all_lines_in_fewer_buckets() {
        let mut v = Volume::default();
        (0..200_000i64).for_each(|i| v.note(i * 60 * SECOND));
        assert!(v.cells.len() <= MOST);
        assert_eq!(v.cells.iter().map(|c| u64::from(c.1)).sum::<u64>(), 200_000);
    }
}
