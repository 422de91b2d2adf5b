//! Works out rows one after the other without keeping them, so that a day of seconds is printed in one pass.

use std::collections::HashSet;

use super::super::activity::{Key, Layout};
use super::cpu::{self, Times};
use super::item::{Item, Pair};
use super::records::Block;
use super::sample::{Rows, Source, Step, Steps, Table, find, has_rates, item, same, value};

/// What a writer puts in front of the values of an item, made once per item.
pub(crate) type Label<'l> = dyn Fn(&'static super::super::activity::Activity, &str) -> Vec<u8> + 'l;

/// A reader of steps in their order. Each thread has its own.
pub(crate) struct Cursor<'r, 'a> {
    rows: &'r Rows<'a>,
    steps: &'r Steps,
    label: &'r Label<'r>,
    /// Counters of the processors in the sample that was read last, and its number.
    times: Vec<Times>,
    loaded: Option<usize>,
    cpus: Vec<Vec<u8>>,
    /// By source: is it the same in both samples?
    still: Vec<bool>,
    /// By table.
    shapes: Vec<Shape<'a>>,
    row: Vec<f64>,
}

/// The items of one table in the sample that was read last.
#[derive(Default)]
struct Shape<'a> {
    sample: Option<usize>,
    slots: Vec<Slot<'a>>,
}

struct Slot<'a> {
    /// `None`: not in use.
    key: Option<&'a [u8]>,
    /// An item of this name stands before it.
    again: bool,
    label: Vec<u8>,
    /// What was written when the item was the same in two samples.
    text: Vec<u8>,
}

/// The row of an item.
pub(crate) enum Row<'c> {
    /// Its values.
    Values(&'c [f64]),
    /// Nothing moved between the two samples, so neither time nor interval tell: the text of these values is worth
    /// keeping.
    Still(&'c [f64], &'c mut Vec<u8>),
    /// Nothing moved since that text was kept.
    Again(&'c [u8]),
}

/// The processors' counters in the last sample, with what the one `before` the first step left behind. `None`: nobody
/// needs them.
pub(crate) fn last_times(rows: &Rows<'_>, steps: &Steps, before: Option<Vec<Times>>) -> Option<Vec<Times>> {
    let source = rows.cpu_source().filter(|_| rows.context.summed())?;
    let counters = |sample: usize| Some(rows.context.times(&source.stored, steps.block(sample, source.index)?));
    let last = counters(steps.steps.last()?.cur)?;
    // With all processors on, what was before doesn't matter.
    if cpu::complete(&last) && before.as_ref().is_none_or(|before| before.len() <= last.len()) {
        return Some(last);
    }
    let (mut times, mut loaded) = (before.unwrap_or_default(), steps.steps.first().map(|step| step.prev));
    if times.is_empty() {
        loaded = None;
    }
    for step in &steps.steps {
        if loaded != Some(step.prev) {
            times = counters(step.prev)?;
        }
        let mut next = counters(step.cur)?;
        cpu::carry(&times, &mut next);
        times = next;
        loaded = Some(step.cur);
    }
    Some(times)
}

impl<'r, 'a> Cursor<'r, 'a> {
    pub fn new(rows: &'r Rows<'a>, steps: &'r Steps, label: &'r Label<'r>) -> Cursor<'r, 'a> {
        let (times, cpus, still, shapes, row) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Cursor { rows, steps, label, times, loaded: None, cpus, still, shapes, row }
    }

    /// Begins with the counters of the processors in the first sample, where it doesn't tell them itself.
    pub fn begin(&mut self, times: Option<&Vec<Times>>) {
        if let Some(times) = times {
            self.times.clone_from(times);
            self.loaded = Some(0);
        }
    }

    /// Looks at two samples; rows of a table are asked for after that.
    pub fn step(&mut self, step: &Step) {
        let (rows, steps) = (self.rows, self.steps);
        let same = |source: &Source<'_>| {
            let (before, now) = (steps.block(step.prev, source.index)?, steps.block(step.cur, source.index)?);
            let raw = |block: Block| rows.context.bytes.slice(block.at, block.nr as usize * source.stored.size);
            Some(before.nr == now.nr && source.stored.layout.key != Key::Cpu && raw(before)? == raw(now)?)
        };
        // All in the order of the file, which processors read ahead.
        self.still.clear();
        self.still.extend(rows.sources.iter().map(|source| same(source) == Some(true)));
    }

    /// Did nothing of the table move between the two samples? Then neither time nor interval tell in its rows.
    pub fn still(&self, table: &Table) -> bool {
        self.still.get(table.source).is_some_and(|still| *still)
    }

    /// Leaves out the rows of a table that is still.
    pub fn pass(&mut self, step: &Step, table: &Table) {
        if let Some(shape) = self.shapes.get_mut(table.number) {
            shape.sample = shape.sample.filter(|sample| *sample == step.prev).map(|_| step.cur);
        }
    }

    /// Gives the rows of one table between two samples: label and values.
    pub fn each(&mut self, step: &Step, table: Table, mut emit: impl FnMut(&[u8], Row<'_>)) {
        let rows = self.rows;
        let Some(source) = rows.sources.get(table.source) else { return };
        let blocks = (self.steps.block(step.prev, source.index), self.steps.block(step.cur, source.index));
        let (Some(before), Some(now)) = blocks else { return };
        let (context, stored) = (rows.context, &source.stored);
        if stored.layout.key == Key::Cpu {
            if self.loaded != Some(step.prev) {
                self.times = context.times(stored, before);
            }
            let mut times = context.times(stored, now);
            let (cpus, label) = (&mut self.cpus, self.label);
            cpu::rows(&self.times, &mut times, context.rules(stored, step), |cpu, values| {
                while cpus.len() <= cpu {
                    let name = cpus.len().checked_sub(1).map_or("all".to_string(), |n| n.to_string());
                    cpus.push(label(table.activity, &name));
                }
                emit(cpus.get(cpu).map_or(&[][..], |l| l), Row::Values(values));
            });
            self.times = times;
            self.loaded = Some(step.cur);
            return;
        }
        if self.shapes.len() <= table.number {
            self.shapes.resize_with(table.number + 1, Shape::default);
        }
        let Some(shape) = self.shapes.get_mut(table.number) else { return };
        let current = |i: usize| item(context.bytes, stored, now, i);
        let same = shape.update(step, now, stored.layout, current, |name| (self.label)(table.activity, name));
        let mut older = None;
        for (i, slot) in shape.slots.iter_mut().enumerate() {
            let Some(key) = slot.key.filter(|_| !slot.again) else { continue };
            let cur = current(i);
            let mut still = false;
            let mut prev = match same && i < before.nr as usize {
                true => {
                    let old = item(context.bytes, stored, before, i);
                    let raw = |item: &Item<'_, '_>| context.bytes.slice(item.at, stored.size);
                    still = raw(&old).is_some_and(|old| raw(&cur) == Some(old));
                    Some(old)
                }
                false => find(context.bytes, stored, before, key, i, &mut older),
            };
            if !still {
                slot.text.clear();
            } else if !slot.text.is_empty() {
                emit(&slot.label, Row::Again(&slot.text));
                continue;
            }
            if let (Some(old), Some(renewed)) = (prev, stored.layout.renewed)
                && renewed(&old, &cur, context.version)
            {
                prev = None;
                still = false;
            }
            if prev.is_none() && !context.like_sysstat && has_rates(stored.layout) {
                continue;
            }
            let (version, like_sysstat) = (context.version, context.like_sysstat);
            let pair = Pair { cur, prev, centis: step.interval.centis as f64, version, like_sysstat };
            self.row.clear();
            self.row.extend(table.activity.columns.iter().map(|column| value(column.how, &pair)));
            if self.row.iter().all(|v| v.is_nan()) {
                continue;
            }
            match still {
                true => emit(&slot.label, Row::Still(&self.row, &mut slot.text)),
                false => emit(&slot.label, Row::Values(&self.row)),
            }
        }
    }
}

impl<'a> Shape<'a> {
    /// Makes the slots those of the newer sample; is the older sample alike, item by item?
    fn update<'p>(
        &mut self,
        step: &Step,
        now: Block,
        layout: &Layout,
        current: impl Fn(usize) -> Item<'a, 'p>,
        label: impl Fn(&str) -> Vec<u8>,
    ) -> bool {
        let follows = self.sample == Some(step.prev);
        self.sample = Some(step.cur);
        let n = now.nr as usize;
        let unchanged = |(i, slot): (usize, &Slot<'a>)| match (slot.key, current(i).key(layout)) {
            (Some(known), Some(key)) => same(known, key),
            (known, key) => known.is_none() && key.is_none(),
        };
        let alike = self.slots.len() == n && self.slots.iter().enumerate().all(unchanged);
        if alike {
            if !follows {
                self.slots.iter_mut().for_each(|slot| slot.text.clear());
            }
            return follows;
        }
        let mut seen = HashSet::new();
        self.slots.clear();
        for i in 0..n {
            let item = current(i);
            let key = item.key(layout);
            let again = key.is_some_and(|key| !seen.insert(key));
            let name = key.map(|key| item.label(layout, key)).unwrap_or_default();
            self.slots.push(Slot { key, again, label: label(&name), text: Vec::new() });
        }
        false
    }
}
