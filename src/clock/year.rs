//! Years of syslog stamps: from other streams of the bundle, else from the file's date.

use crate::model::{DAY, Micros, Source, Stream, Written, civil, split_civil};

/// How a stream's yearless stamps get their year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year {
    /// Year of the last stamp; `None` if nothing says it.
    pub last: Option<i32>,
    /// The stream runs over New Year: months from July on belong to the year before.
    pub rolls_over: bool,
}

impl Year {
    /// Puts a stamp of 1972 into its year.
    pub fn place(&self, at: Micros) -> Option<Micros> {
        let (_, month, day, time) = split_civil(at);
        let year = self.last? - i32::from(self.rolls_over && month >= 7);
        Some(civil(year, month, day, 0, 0, 0) + time)
    }
}

/// What the bundle says about its years.
#[derive(Clone, Debug, Default)]
pub struct Years {
    /// Spans of streams whose stamps carry the year.
    full: Vec<(Micros, Micros)>,
    /// Latest date of any file, microseconds since 1970.
    modified: Option<Micros>,
}

/// Collects the dated streams and facts of a bundle.
pub fn of_bundle(sources: &[Source]) -> Years {
    let mut full = Vec::new();
    for stream in sources.iter().flat_map(|s| &s.parsed.streams) {
        if stream.stamped > 0 && stream.last.is_some_and(|l| l.written == Written::Full) && stream.min <= stream.max {
            full.push((stream.min, stream.max));
        }
    }
    for fact in sources.iter().flat_map(|s| &s.parsed.facts) {
        if let Some(at) = fact.at.filter(|a| a.written == Written::Full) {
            full.push((at.civil, at.civil));
        }
    }
    Years { full, modified: sources.iter().filter_map(|s| s.modified).max().map(|s| s * 1_000_000) }
}

impl Years {
    pub fn of(&self, stream: &Stream, source: &Source) -> Year {
        let (Some(first), Some(last)) = (stream.first, stream.last) else {
            return Year { last: None, rolls_over: false };
        };
        if last.written != Written::NoYear {
            return Year { last: None, rolls_over: false };
        }
        let newest_first = source.parsed.newest_first;
        let (begin, end) = if newest_first { (last, first) } else { (first, last) };
        let rolls_over = begin.civil - end.civil > 180 * DAY;
        let (_, month, day, time) = split_civil(end.civil);
        let at = |year: i32| civil(year, month, day, 0, 0, 0) + time;
        // The year in which this stream lies nearest to a stream that says its year.
        let distance = |at: Micros| self.full.iter().map(|(a, b)| (a - at).max(at - b).max(0)).min();
        let years = self.full.iter().flat_map(|(a, b)| {
            let (from, ..) = split_civil(*a);
            let (to, ..) = split_civil(*b);
            (from - 1)..=(to + 1)
        });
        let best = years.filter_map(|y| distance(at(y)).map(|d| (d, y))).min();
        if let Some((_, year)) = best {
            return Year { last: Some(year), rolls_over };
        }
        // Else the newest year in which the log's end is not after the file's own date.
        let modified = source.modified.map(|s| s * 1_000_000).or(self.modified);
        let last = modified.map(|m| {
            let (year, ..) = split_civil(m);
            if at(year) > m + 2 * DAY { year - 1 } else { year }
        });
        Year { last, rolls_over }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Parsed, Program, Stamp, Zone};

    fn stream(month: u32, day: u32, until_month: u32, until_day: u32) -> Stream {
        let stamp = |m, d| Stamp {
            civil: civil(1972, m, d, 12, 0, 0),
            zone: Zone::Unwritten,
            written: Written::NoYear,
            grain: crate::model::Grain::Second,
        };
        let mut s = Stream::new(Program::Kernel, None, false);
        s.first = Some(stamp(month, day));
        s.last = Some(stamp(until_month, until_day));
        s
    }

    fn source(modified: Option<i64>) -> Source {
        Source { path: String::new(), modified, parsed: Parsed::default() }
    }

    #[test]
    fn a_dated_neighbour_gives_the_year() {
        let years = Years { full: vec![(civil(2021, 1, 31, 0, 0, 0), civil(2021, 2, 2, 0, 0, 0))], modified: None };
        assert_eq!(years.of(&stream(2, 1, 2, 1), &source(None)), Year { last: Some(2021), rolls_over: false });
    }

    #[test]
    fn new_year_splits_a_log() {
        let years = Years { full: vec![(civil(2020, 12, 31, 0, 0, 0), civil(2021, 1, 2, 0, 0, 0))], modified: None };
        let year = years.of(&stream(12, 30, 1, 2), &source(None));
        assert_eq!(year, Year { last: Some(2021), rolls_over: true });
        let placed = year.place(civil(1972, 12, 31, 1, 0, 0)).unwrap();
        assert_eq!(placed, civil(2020, 12, 31, 1, 0, 0));
    }

    #[test]
    fn the_file_date_is_the_last_resort() {
        let modified = civil(2018, 5, 18, 0, 0, 0) / 1_000_000;
        assert_eq!(Years::default().of(&stream(5, 17, 5, 17), &source(Some(modified))).last, Some(2018));
        assert_eq!(Years::default().of(&stream(12, 1, 12, 1), &source(Some(modified))).last, Some(2017));
        assert_eq!(Years::default().of(&stream(12, 1, 12, 1), &source(None)).last, None);
    }
}
