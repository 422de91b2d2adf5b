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

    /// The lines of another part of the same stream.
    pub fn append(&mut self, other: Volume) {
        self.step = self.step.max(other.step);
        self.cells.extend(other.cells);
        self.end = Micros::MIN;
        if self.cells.len() > MOST {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.end = Micros::MIN;
        while self.cells.len() > MOST / 2 {
            self.step = self.step.saturating_mul(2);
            for (from, _) in &mut self.cells {
                *from = from.div_euclid(self.step).saturating_mul(self.step);
            }
            self.cells.sort_unstable_by_key(|(from, _)| *from);
            self.cells.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    kept.1 = kept.1.saturating_add(next.1);
                }
                same
            });
            if self.step == Micros::MAX {
                break;
            }
        }
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
    fn a_long_log_keeps_all_lines_in_fewer_buckets() {
        let mut v = Volume::default();
        (0..200_000i64).for_each(|i| v.note(i * 60 * SECOND));
        assert!(v.cells.len() <= MOST);
        assert_eq!(v.cells.iter().map(|c| u64::from(c.1)).sum::<u64>(), 200_000);
    }
}
