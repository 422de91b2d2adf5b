//! Collects rows in the order of a text, which goes activity by activity, into sets over common spans.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::activity::Activity;
use super::super::model::{Comment, Data, Fault, Problem, Set, Source, Span, Stamp};

/// So many lines that make no sense are reported one by one; the rest is not.
const MAX_PROBLEMS: usize = 20;

#[derive(Debug)]
pub(crate) struct Builder {
    pub data: Data,
    /// Number of the line that is read; 0 in forms without lines.
    line: u32,
    spans: HashMap<(Span, u32), u32>,
    /// How often each span was begun in the current table, the last one, and what was seen since.
    begun: HashMap<Span, u32>,
    last: Option<(Span, u32)>,
    seen: HashSet<(Option<String>, usize)>,
    noted: HashSet<(Stamp, String)>,
    sets: HashMap<(&'static str, Option<Arc<str>>), usize>,
}

impl Builder {
    pub fn new(source: Source) -> Builder {
        Builder {
            data: Data::new(source),
            line: 0,
            spans: HashMap::new(),
            begun: HashMap::new(),
            last: None,
            seen: HashSet::new(),
            noted: HashSet::new(),
            sets: HashMap::new(),
        }
    }

    /// Number of a span, which many activities share.
    ///
    /// Samples may follow each other within a second and so have the same span: it is another one when `item` (and, if
    /// values come one by one, `field`) was seen in it already. File systems are the exception: old versions list one
    /// that is mounted twice twice.
    pub fn span(&mut self, span: Span, item: Option<&str>, field: usize) -> u32 {
        let Builder { data, spans, last, seen, begun, .. } = self;
        let what = (item.map(str::to_string), field);
        let mounted_twice = item.is_some_and(|i| i.starts_with('/'));
        let nth = match last {
            Some((last, nth)) if *last == span && (mounted_twice || !seen.contains(&what)) => *nth,
            _ => {
                seen.clear();
                let times = begun.entry(span).or_default();
                *times += 1;
                *times
            }
        };
        *last = Some((span, nth));
        seen.insert(what);
        *spans.entry((span, nth)).or_insert_with(|| {
            data.spans.push(span);
            u32::try_from(data.spans.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// A span of its own, for forms that give sample after sample.
    pub fn new_span(&mut self, span: Span) -> u32 {
        self.data.spans.push(span);
        u32::try_from(self.data.spans.len() - 1).unwrap_or(u32::MAX)
    }

    /// Another table begins: the same times come again.
    pub fn new_table(&mut self) {
        self.last = None;
        self.seen.clear();
        self.begun.clear();
    }

    /// Adds values to the row of a span: pairs of column and value.
    pub fn add(
        &mut self,
        activity: &'static Activity,
        item: Option<&str>,
        span: u32,
        values: impl Iterator<Item = (usize, f64)>,
    ) {
        let width = activity.columns.len();
        let Builder { data, sets, line, .. } = self;
        let at = *sets.entry((activity.name, item.map(Arc::from))).or_insert_with(|| {
            let item = item.map(Arc::from);
            data.sets.push(Set {
                activity,
                item,
                device: None,
                mount: None,
                rows: Vec::new(),
                values: Vec::new(),
                lines: Vec::new(),
            });
            data.sets.len() - 1
        });
        let Some(set) = data.sets.get_mut(at) else {
            return;
        };
        if set.rows.last() != Some(&span) {
            set.rows.push(span);
            set.lines.push(*line);
            set.values.resize(set.rows.len() * width, f64::NAN);
        }
        let start = set.values.len().saturating_sub(width);
        for (column, value) in values {
            if let Some(slot) = set.values.get_mut(start..).and_then(|row| row.get_mut(column))
                && slot.is_nan()
            {
                *slot = value;
            }
        }
    }

    /// The rows that follow stand in line `n`.
    pub fn at_line(&mut self, n: usize) {
        self.line = u32::try_from(n).unwrap_or(u32::MAX);
    }

    /// Keeps a note once: many forms repeat it for each activity.
    pub fn comment(&mut self, at: Stamp, text: &str) {
        if self.noted.insert((at, text.to_string())) {
            self.data.comments.push(Comment { at, text: text.to_string() });
        }
    }

    pub fn problem(&mut self, line: usize, what: &str) {
        if self.data.problems.len() < MAX_PROBLEMS {
            self.data.problems.push(Problem::new(line as u64, Fault::Text, what));
        }
    }

    /// Puts spans and rows in order of time, and rows of the same set and span into one.
    pub fn finish(self) -> Data {
        let mut data = self.data;
        let mut order: Vec<usize> = (0..data.spans.len()).collect();
        order.sort_by_key(|&i| data.spans.get(i).copied());
        let mut place = vec![0u32; order.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(slot) = place.get_mut(old) {
                *slot = u32::try_from(new).unwrap_or(u32::MAX);
            }
        }
        data.spans = order.iter().filter_map(|&i| data.spans.get(i).copied()).collect();
        for set in &mut data.sets {
            let width = set.activity.columns.len().max(1);
            let mut rows: Vec<(u32, usize)> = set
                .rows
                .iter()
                .enumerate()
                .map(|(i, &span)| (place.get(span as usize).copied().unwrap_or(0), i))
                .collect();
            rows.sort();
            let (mut spans, mut values, mut lines) = (Vec::<u32>::new(), Vec::<f64>::new(), Vec::<u32>::new());
            for (span, i) in rows {
                let row = set.values.get(i * width..(i + 1) * width).unwrap_or_default();
                if spans.last() == Some(&span) {
                    let start = values.len().saturating_sub(width);
                    for (slot, value) in values.iter_mut().skip(start).zip(row) {
                        if slot.is_nan() {
                            *slot = *value;
                        }
                    }
                } else {
                    spans.push(span);
                    lines.push(set.lines.get(i).copied().unwrap_or(0));
                    values.extend_from_slice(row);
                }
            }
            (set.rows, set.values, set.lines) = (spans, values, lines);
        }
        let order = |a: &str| super::super::activity::ACTIVITIES.iter().position(|t| t.name == a);
        data.sets.sort_by_key(|s| order(s.activity.name));
        data
    }
}
