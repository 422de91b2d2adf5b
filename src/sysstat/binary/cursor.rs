//! Works out rows one after the other without keeping them, so that a day of seconds is printed in one pass.

use std::collections::HashSet;

use super::super::activity::{Key, Layout};
use super::cpu::{self, Times};
use super::item::{Item, Pair};
use super::records::Block;
use super::sample::{Rows, Step, Steps, Table, find, has_rates, item, value};

/// What a writer puts in front of the values of an item, made once per item.
pub(crate) type Label = dyn Fn(&'static super::super::activity::Activity, &str) -> Vec<u8> + Sync;

/// A reader of steps in their order. Each thread has its own.
pub(crate) struct Cursor<'r, 'a> {
    rows: &'r Rows<'a>,
    steps: &'r Steps,
    label: &'r Label,
    /// Counters of the processors in the sample that was read last, and its number.
    times: Vec<Times>,
    loaded: Option<usize>,
    cpus: Vec<Vec<u8>>,
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

/// The processors' counters at the beginning of every so many steps, for threads that begin there.
pub(crate) fn starts(rows: &Rows<'_>, steps: &Steps, every: usize) -> Vec<Vec<Times>> {
    let Some(source) = rows.cpu_source().filter(|_| rows.context.summed()) else {
        return Vec::new();
    };
    let (mut starts, mut times, mut loaded) = (Vec::new(), Vec::new(), None);
    for (n, step) in steps.steps.iter().enumerate() {
        let blocks = (steps.block(step.prev, source.index), steps.block(step.cur, source.index));
        let (Some(before), Some(now)) = blocks else { continue };
        if loaded != Some(step.prev) {
            times = rows.context.times(&source.stored, before);
        }
        if n % every == 0 {
            starts.push(times.clone());
        }
        let mut next = rows.context.times(&source.stored, now);
        cpu::carry(&times, &mut next);
        times = next;
        loaded = Some(step.cur);
    }
    starts
}

impl<'r, 'a> Cursor<'r, 'a> {
    pub fn new(rows: &'r Rows<'a>, steps: &'r Steps, label: &'r Label) -> Cursor<'r, 'a> {
        let (times, cpus, shapes, row) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Cursor { rows, steps, label, times, loaded: None, cpus, shapes, row }
    }

    /// Goes on with a step that doesn't follow the last one: `times` are the counters in its older sample.
    pub fn jump(&mut self, step: &Step, times: Option<&Vec<Times>>) {
        if let Some(times) = times {
            self.times.clone_from(times);
            self.loaded = Some(step.prev);
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
        while self.shapes.len() <= table.number {
            self.shapes.push(Shape::default());
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
        let alike =
            self.slots.len() == n && self.slots.iter().enumerate().all(|(i, slot)| slot.key == current(i).key(layout));
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
