//! Turns pairs of samples into rows: the state that is kept from one record to the next.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::activity::{ACTIVITIES, Activity, How, Key, Layout};
use super::super::model::{Data, Set};
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
struct Source<'a> {
    /// Index in the file's list, so in the blocks of a sample.
    index: usize,
    stored: Stored,
    views: Vec<View<'a>>,
}

/// How its items lie in the file.
#[derive(Debug)]
struct Stored {
    size: usize,
    layout: &'static Layout,
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
    bytes: Bytes<'a>,
    version: Version,
    new: bool,
    options: Options,
    sources: Vec<Source<'a>>,
    row: Vec<f64>,
}

/// One sample: where its items lie, and the processor times as they are to be compared with.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sample {
    pub blocks: Vec<Block>,
    pub cpus: Vec<Times>,
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
        (Rows { bytes, version, new, options, sources, row: Vec::new() }, unread)
    }

    /// Reads what has to be copied out of a sample.
    pub fn load(&self, sample: &mut Sample) {
        sample.cpus.clear();
        let Some(source) = self.sources.iter().find(|s| s.stored.layout.key == Key::Cpu) else {
            return;
        };
        let Some(block) = sample.blocks.get(source.index) else {
            return;
        };
        for i in 0..block.nr {
            let item = item(self.bytes, &source.stored, *block, i as usize);
            let mut times = Times::default();
            for (field, slot) in times.iter_mut().enumerate() {
                *slot = item.get(field).unwrap_or(0);
            }
            sample.cpus.push(times);
        }
    }

    /// Adds the rows of the interval between two samples to the data.
    pub fn add(&mut self, data: &mut Data, span: u32, prev: &Sample, cur: &mut Sample, interval: Interval) {
        let Rows { bytes, version, new, options, sources, row } = self;
        for Source { index, stored, views } in sources {
            let (Some(&now), Some(&before)) = (cur.blocks.get(*index), prev.blocks.get(*index)) else {
                continue;
            };
            if stored.layout.key == Key::Cpu {
                let rules = cpu::Rules {
                    version: *version,
                    // The development version 11.7.1 had the new format and the old formula.
                    summed: *new && *version != Version(11, 7, 1),
                    interval: (!*new).then_some(interval.all_jiffies),
                    guest_nice: stored.plan.has(9),
                };
                let Some(view) = views.first_mut() else {
                    continue;
                };
                cpu::rows(&prev.cpus, &mut cur.cpus, rules, |cpu, values| {
                    let set = view.cpu_set(data, cpu);
                    push(data, set, span, values);
                });
                continue;
            }
            let mut older: Option<HashMap<&[u8], usize>> = None;
            for i in 0..now.nr as usize {
                let cur = item(*bytes, stored, now, i);
                let Some(key) = cur.key(stored.layout) else {
                    continue;
                };
                let mut old = find(*bytes, stored, before, key, i, &mut older);
                if let (Some(prev), Some(renewed)) = (old, stored.layout.renewed)
                    && renewed(&prev, &cur, *version)
                {
                    old = None;
                }
                if old.is_none() && !options.like_sysstat && has_rates(stored.layout) {
                    continue;
                }
                let (centis, version, like_sysstat) = (interval.centis as f64, *version, options.like_sysstat);
                let pair = Pair { cur, prev: old, centis, version, like_sysstat };
                for view in &mut *views {
                    row.clear();
                    row.extend(view.activity.columns.iter().map(|column| value(column.how, &pair)));
                    if row.iter().all(|v| v.is_nan()) {
                        continue;
                    }
                    let set = view.set(data, &cur, stored.layout, key, i);
                    push(data, set, span, row);
                }
            }
        }
    }
}

/// File systems and other pure gauges are shown from their first sample on.
fn has_rates(layout: &Layout) -> bool {
    !matches!(layout.key, Key::Single) && layout.used.is_none()
}

fn item<'a, 'p>(bytes: Bytes<'a>, stored: &'p Stored, block: Block, i: usize) -> Item<'a, 'p> {
    Item { bytes, at: block.at.saturating_add(i.saturating_mul(stored.size)), plan: &stored.plan }
}

/// The same item in the sample before: usually at the same place.
fn find<'a, 'p>(
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

/// Equality of short names, inline: it is asked for every item of every sample.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

fn value(how: How, pair: &Pair<'_>) -> f64 {
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

fn push(data: &mut Data, set: usize, span: u32, values: &[f64]) {
    if let Some(set) = data.sets.get_mut(set) {
        // Two items of one name in one sample: the first counts.
        if set.rows.last() != Some(&span) {
            set.rows.push(span);
            set.values.extend_from_slice(values);
        }
    }
}

impl<'a> View<'a> {
    fn open(&self, data: &mut Data, item: Option<Arc<str>>) -> usize {
        data.sets.push(Set {
            activity: self.activity,
            item,
            device: None,
            mount: None,
            rows: Vec::new(),
            values: Vec::new(),
        });
        data.sets.len() - 1
    }

    fn cpu_set(&mut self, data: &mut Data, cpu: usize) -> usize {
        if let Some(Some(set)) = self.by_cpu.get(cpu) {
            return *set;
        }
        let name = match cpu.checked_sub(1) {
            None => Arc::from("all"),
            Some(n) => Arc::from(n.to_string()),
        };
        let set = self.open(data, Some(name));
        if self.by_cpu.len() <= cpu {
            self.by_cpu.resize(cpu + 1, None);
        }
        if let Some(slot) = self.by_cpu.get_mut(cpu) {
            *slot = Some(set);
        }
        set
    }

    /// The set of an item, opened when it is met first.
    fn set(&mut self, data: &mut Data, item: &Item<'a, '_>, layout: &Layout, key: &'a [u8], i: usize) -> usize {
        if let Some(&(last, set)) = self.last.get(i)
            && same(last, key)
        {
            return set;
        }
        let set = match self.by_key.get(key) {
            Some(&set) => set,
            None => {
                let set = self.open_item(data, item, layout, key);
                self.by_key.insert(key, set);
                set
            }
        };
        // Positions beyond the end belong to samples in which unused slots lie between; they stay with the map.
        if i == self.last.len() {
            self.last.push((key, set));
        } else if let Some(slot) = self.last.get_mut(i) {
            *slot = (key, set);
        }
        set
    }

    fn open_item(&self, data: &mut Data, item: &Item<'a, '_>, layout: &Layout, key: &[u8]) -> usize {
        match layout.key {
            Key::Single | Key::Cpu => self.open(data, None),
            Key::Name(_) => {
                let set = self.open(data, Some(String::from_utf8_lossy(key).into()));
                if let (Some(set), true) = (data.sets.get_mut(set), layout.used.is_some()) {
                    let mount = item.name(fs::MOUNT).filter(|m| !m.is_empty());
                    set.mount = mount.map(|m| String::from_utf8_lossy(m).into());
                }
                set
            }
            Key::Device(field) => {
                let number = |f: usize| item.get(f).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
                let (major, minor) = (number(field), number(field + 1));
                let set = self.open(data, Some(format!("dev{major}-{minor}").into()));
                if let Some(set) = data.sets.get_mut(set) {
                    set.device = Some((major, minor));
                }
                set
            }
        }
    }
}
