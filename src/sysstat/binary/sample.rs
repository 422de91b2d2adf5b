//! Turns pairs of samples into rows, activity by activity; big files by several threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::super::activity::{ACTIVITIES, Activity, How, Key, Layout};
use super::super::model::Set;
use super::Options;
use super::bytes::Bytes;
use super::cpu::{self, Times};
use super::header::{FileActivity, Header};
use super::item::{Item, Pair, Plan};
use super::records::Block;
use crate::sysstat::activity::fs;
use crate::sysstat::model::Version;

/// An activity of the file that we can read.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// Index in the file's list, so in the blocks of a sample.
    pub(super) index: usize,
    pub(super) stored: Stored,
    views: Vec<View<'a>>,
}

/// How its items lie in the file.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) size: usize,
    pub(super) layout: &'static Layout,
    plan: Plan,
}

/// A table made from it, and the sets opened for its items so far.
#[derive(Debug)]
struct View<'a> {
    activity: &'static Activity,
    by_key: HashMap<&'a [u8], usize>,
    /// Key and set of the items of the last sample by position: the order rarely changes.
    last: Vec<(&'a [u8], usize)>,
    by_cpu: Vec<Option<usize>>,
}

/// Makes rows out of samples.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(super) context: Context<'a>,
    pub(super) sources: Vec<Source<'a>>,
}

/// One table of a file: where its numbers lie and what is made of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(super) source: usize,
    /// Its number among the tables.
    pub(super) number: usize,
    pub activity: &'static Activity,
}

/// What all activities of a file have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub bytes: Bytes<'a>,
    pub version: Version,
    /// 0x2175.
    new: bool,
    pub like_sysstat: bool,
    /// The version whose formulas are asked for, if not the writer's own.
    pub as_version: Option<Version>,
}

/// Two samples between which values are worked out, by their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub prev: usize,
    pub cur: usize,
    /// Index of the span between them.
    pub span: u32,
    pub interval: Interval,
}

/// All samples of a file and the pairs of them to work on.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// Where each sample begins, and the number of its form.
    samples: Vec<(usize, usize)>,
    /// Blocks relative to the beginning of a sample, `width` each: one per activity of the file. Samples that follow
    /// each other nearly always have the same form.
    forms: Vec<Block>,
    width: usize,
    pub steps: Vec<Step>,
}

/// So many pairs are worth another thread.
const MANY: usize = 2000;

impl Steps {
    /// For files with so many activities.
    pub fn new(width: usize) -> Steps {
        Steps { samples: Vec::new(), forms: Vec::new(), width, steps: Vec::new() }
    }

    /// Keeps the blocks of a sample and gives its number.
    pub fn sample(&mut self, blocks: &[Block]) -> usize {
        let start = blocks.first().map_or(0, |b| b.at);
        let relative = blocks.iter().map(|b| Block { at: b.at.saturating_sub(start), nr: b.nr });
        let relative = relative.chain(std::iter::repeat(Block::default())).take(self.width);
        let last = self.forms.len().saturating_sub(self.width);
        if self.forms.is_empty() || !relative.clone().eq(self.forms.get(last..).unwrap_or_default().iter().copied()) {
            self.forms.extend(relative);
        }
        self.samples.push((start, self.forms.len().saturating_sub(self.width)));
        self.samples.len() - 1
    }

    /// Where a sample begins; `None` if it has no blocks.
    pub(super) fn start(&self, sample: usize) -> Option<usize> {
        self.samples.get(sample).filter(|_| self.width > 0).map(|(start, _)| *start)
    }

    /// To go on in bytes that begin so much later, with that sample as the first.
    pub(super) fn after(&self, sample: Option<usize>, dropped: usize) -> Steps {
        let mut next = Steps::new(self.width);
        if let Some(&(start, form)) = sample.and_then(|n| self.samples.get(n)) {
            next.samples.push((start.saturating_sub(dropped), 0));
            next.forms.extend_from_slice(self.forms.get(form..).and_then(|f| f.get(..self.width)).unwrap_or_default());
        }
        next
    }

    pub(super) fn block(&self, sample: usize, activity: usize) -> Option<Block> {
        let (start, form) = *self.samples.get(sample)?;
        let block = self.forms.get(form.checked_add(activity)?)?;
        Some(Block { at: start.saturating_add(block.at), nr: block.nr })
    }
}

/// The two clocks between two samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    /// 1/100 s, at least 1.
    pub centis: u64,
    /// Jiffies of all CPUs (before 11.7.1).
    pub all_jiffies: u64,
}

/// Which layout an activity has here; `None`: not read.
fn plan(a: &FileActivity, layout: &Layout, header: &Header) -> Option<Plan> {
    match a.types {
        Some(types) => Plan::described(layout, types, a.size, header.long),
        None => Plan::by_size(layout, a.size, &header.activities),
    }
}

impl<'a> Rows<'a> {
    /// Also gives the indexes of the file's activities that can't be read.
    pub fn new(bytes: Bytes<'a>, header: &Header, options: Options) -> (Rows<'a>, Vec<usize>) {
        let (mut sources, mut unread) = (Vec::<Source<'a>>::new(), Vec::new());
        for (index, a) in header.activities.iter().enumerate() {
            let known = ACTIVITIES.iter().find(|t| t.id == a.id).and_then(|t| t.layout);
            // A list with the same number twice is damaged; the second is left alone. So is a second host as a whole.
            let twice = header.activities.iter().take(index).any(|earlier| earlier.id == a.id);
            let found =
                known.filter(|k| a.nr2 == 1 && !twice && !(k.key == Key::Single && a.nr > 1)).and_then(|layout| {
                    let plan = plan(a, layout, header)?;
                    // Without idle time there are no percentages, only memory to waste on a damaged file.
                    if layout.key == Key::Cpu && !plan.has(3) {
                        return None;
                    }
                    let views = ACTIVITIES.iter().filter(|t| t.id == a.id).map(|&activity| View {
                        activity,
                        by_key: HashMap::new(),
                        last: Vec::new(),
                        by_cpu: Vec::new(),
                    });
                    let stored = Stored { size: a.size as usize, layout, plan };
                    Some(Source { index, stored, views: views.collect() })
                });
            match found {
                Some(source) => sources.push(source),
                None => unread.push(index),
            }
        }
        let new = header.format == 0x2175;
        let version = options.as_version.unwrap_or(header.version);
        let (like_sysstat, as_version) = (options.like_sysstat, options.as_version);
        let context = Context { bytes, version, new, like_sysstat, as_version };
        (Rows { context, sources }, unread)
    }

    /// The tables that can be made, in the order in which sysstat shows them.
    pub fn tables(&self) -> Vec<Table> {
        let found = ACTIVITIES.iter().filter_map(|&activity| {
            Some((self.sources.iter().position(|s| s.views.iter().any(|v| v.activity == activity))?, activity))
        });
        found.enumerate().map(|(number, (source, activity))| Table { source, number, activity }).collect()
    }

    pub(super) fn cpu_source(&self) -> Option<&Source<'a>> {
        self.sources.iter().find(|s| s.stored.layout.key == Key::Cpu)
    }

    /// Works out all rows of all activities.
    pub fn sets(self, steps: &Steps) -> Vec<Set> {
        let Rows { context, sources } = self;
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let workers = cores.min(sources.len()).min(steps.steps.len() / MANY);
        if workers < 2 {
            return sources.into_iter().flat_map(|source| context.sets(source, steps)).collect();
        }
        let queue = Mutex::new(sources.into_iter().enumerate());
        let next = || queue.lock().ok().and_then(|mut queue| queue.next());
        let work = || -> Vec<(usize, Vec<Set>)> {
            std::iter::from_fn(next).map(|(n, source)| (n, context.sets(source, steps))).collect()
        };
        let mut done: Vec<(usize, Vec<Set>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            // What a thread panicked with goes on from here.
            threads.into_iter().flat_map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
        });
        done.sort_by_key(|(n, _)| *n);
        done.into_iter().flat_map(|(_, sets)| sets).collect()
    }
}

impl<'a> Context<'a> {
    /// All rows of one activity.
    fn sets(&self, mut source: Source<'a>, steps: &Steps) -> Vec<Set> {
        let mut sets = Vec::new();
        let mut times = Vec::new();
        let mut loaded = None;
        let mut row = Vec::new();
        for step in &steps.steps {
            let blocks = (steps.block(step.prev, source.index), steps.block(step.cur, source.index));
            let (Some(before), Some(now)) = blocks else { continue };
            if source.stored.layout.key == Key::Cpu {
                // Counters of a CPU that went offline are carried on from step to step.
                if loaded != Some(step.prev) {
                    times = self.times(&source.stored, before);
                }
                times = self.cpus(&mut source, &mut sets, step, &times, now);
                loaded = Some(step.cur);
            } else {
                self.items(&mut source, &mut sets, step, before, now, &mut row);
            }
        }
        sets
    }

    pub(super) fn times(&self, stored: &Stored, block: Block) -> Vec<Times> {
        let one = |i: u32| {
            let item = item(self.bytes, stored, block, i as usize);
            let mut times = Times::default();
            for (field, slot) in times.iter_mut().enumerate() {
                *slot = item.get(field).unwrap_or(0);
            }
            times
        };
        (0..block.nr).map(one).collect()
    }

    fn cpus(
        &self,
        source: &mut Source<'a>,
        sets: &mut Vec<Set>,
        step: &Step,
        before: &[Times],
        now: Block,
    ) -> Vec<Times> {
        let mut times = self.times(&source.stored, now);
        let rules = self.rules(&source.stored, step);
        if let Some(view) = source.views.first_mut() {
            cpu::rows(before, &mut times, rules, |cpu, values| {
                let set = view.cpu_set(sets, cpu);
                push(sets, set, step.span, values);
            });
        }
        times
    }

    pub(super) fn rules(&self, stored: &Stored, step: &Step) -> cpu::Rules {
        cpu::Rules {
            version: self.version,
            summed: self.summed(),
            interval: (!self.new).then_some(step.interval.all_jiffies),
            has: [6, 7, 8, 9].map(|field| stored.plan.has(field)),
        }
    }

    /// The development version 11.7.1 had the new format and the old formula.
    pub(super) fn summed(&self) -> bool {
        self.as_version.map_or(self.new && self.version != Version(11, 7, 1), |v| v >= Version(11, 7, 2))
    }

    fn items(
        &self,
        source: &mut Source<'a>,
        sets: &mut Vec<Set>,
        step: &Step,
        before: Block,
        now: Block,
        row: &mut Vec<f64>,
    ) {
        let Source { stored, views, .. } = source;
        let Context { bytes, version, like_sysstat, .. } = *self;
        let mut older: Option<HashMap<&[u8], usize>> = None;
        for i in 0..now.nr as usize {
            let cur = item(bytes, stored, now, i);
            let Some(key) = cur.key(stored.layout) else { continue };
            let mut prev = find(bytes, stored, before, key, i, &mut older);
            if let (Some(old), Some(renewed)) = (prev, stored.layout.renewed)
                && renewed(&old, &cur, version)
            {
                prev = None;
            }
            if prev.is_none() && !like_sysstat && has_rates(stored.layout) {
                continue;
            }
            let pair = Pair { cur, prev, centis: step.interval.centis as f64, version, like_sysstat };
            for view in &mut *views {
                row.clear();
                row.extend(view.activity.columns.iter().map(|column| value(column.how, &pair)));
                if row.iter().all(|v| v.is_nan()) {
                    continue;
                }
                let set = view.set(sets, &cur, stored.layout, key, i);
                push(sets, set, step.span, row);
            }
        }
    }
}

/// File systems and other pure gauges are shown from their first sample on.
pub(super) fn has_rates(layout: &Layout) -> bool {
    !matches!(layout.key, Key::Single) && layout.used.is_none()
}

pub(super) fn item<'a, 'p>(bytes: Bytes<'a>, stored: &'p Stored, block: Block, i: usize) -> Item<'a, 'p> {
    Item { bytes, at: block.at.saturating_add(i.saturating_mul(stored.size)), plan: &stored.plan }
}

/// The same item in the sample before: usually at the same place.
pub(super) fn find<'a, 'p>(
    bytes: Bytes<'a>,
    stored: &'p Stored,
    block: Block,
    key: &[u8],
    i: usize,
    index: &mut Option<HashMap<&'a [u8], usize>>,
) -> Option<Item<'a, 'p>> {
    if i < block.nr as usize {
        let here = item(bytes, stored, block, i);
        if here.key(stored.layout).is_some_and(|k| same(k, key)) {
            return Some(here);
        }
    }
    let index = index.get_or_insert_with(|| {
        let mut index = HashMap::new();
        for n in 0..block.nr as usize {
            if let Some(key) = item(bytes, stored, block, n).key(stored.layout) {
                index.entry(key).or_insert(n);
            }
        }
        index
    });
    index.get(key).map(|&n| item(bytes, stored, block, n))
}

/// Equality of short names, inline: it is asked for every item of every sample, and memcmp of nothing, on recent
/// processors, costs as much as that of a page.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

pub(super) fn value(how: How, pair: &Pair<'_>) -> f64 {
    match how {
        How::Rate(field) => pair.rate(field),
        How::RateUp(field) if pair.now(field) < pair.before(field) => 0.0,
        How::RateUp(field) => pair.rate(field),
        How::Gauge(field) => pair.now(field),
        How::Hundredth(field) => pair.now(field) / 100.0,
        How::Calc(formula) => formula(pair),
        How::Never => f64::NAN,
    }
}

fn push(sets: &mut [Set], set: usize, span: u32, values: &[f64]) {
    if let Some(set) = sets.get_mut(set) {
        // Two items of one name in one sample: the first counts.
        if set.rows.last() != Some(&span) {
            set.rows.push(span);
            set.values.extend_from_slice(values);
        }
    }
}

impl<'a> View<'a> {
    fn open(&self, sets: &mut Vec<Set>, item: Option<Arc<str>>) -> usize {
        sets.push(Set {
            activity: self.activity,
            item,
            device: None,
            mount: None,
            rows: Vec::new(),
            values: Vec::new(),
            lines: Vec::new(),
        });
        sets.len() - 1
    }

    fn cpu_set(&mut self, sets: &mut Vec<Set>, cpu: usize) -> usize {
        if let Some(Some(set)) = self.by_cpu.get(cpu) {
            return *set;
        }
        let name = match cpu.checked_sub(1) {
            None => Arc::from("all"),
            Some(n) => Arc::from(n.to_string()),
        };
        let set = self.open(sets, Some(name));
        if self.by_cpu.len() <= cpu {
            self.by_cpu.resize(cpu + 1, None);
        }
        if let Some(slot) = self.by_cpu.get_mut(cpu) {
            *slot = Some(set);
        }
        set
    }

    /// The set of an item, opened when it is met first.
    fn set(&mut self, sets: &mut Vec<Set>, item: &Item<'a, '_>, layout: &Layout, key: &'a [u8], i: usize) -> usize {
        if let Some(&(last, set)) = self.last.get(i)
            && set != usize::MAX
            && same(last, key)
        {
            return set;
        }
        let set = match self.by_key.get(key) {
            Some(&set) => set,
            None => {
                let set = self.open_item(sets, item, layout, key);
                self.by_key.insert(key, set);
                set
            }
        };
        // Unused slots may lie between.
        if self.last.len() <= i {
            self.last.resize(i + 1, (b"", usize::MAX));
        }
        if let Some(slot) = self.last.get_mut(i) {
            *slot = (key, set);
        }
        set
    }

    fn open_item(&self, sets: &mut Vec<Set>, item: &Item<'a, '_>, layout: &Layout, key: &[u8]) -> usize {
        match layout.key {
            Key::Single | Key::Cpu => self.open(sets, None),
            Key::Name(_) => {
                let set = self.open(sets, Some(item.label(layout, key).into()));
                if let (Some(set), true) = (sets.get_mut(set), layout.used.is_some()) {
                    let mount = item.name(fs::MOUNT).filter(|m| !m.is_empty());
                    set.mount = mount.map(|m| String::from_utf8_lossy(m).into());
                }
                set
            }
            Key::Device(field) => {
                let set = self.open(sets, Some(item.label(layout, key).into()));
                if let Some(set) = sets.get_mut(set) {
                    set.device = Some(item.device(field));
                }
                set
            }
        }
    }
}
