//! One item (a disk, a CPU, …) of a sample, and the pair of samples from which a row is made.

use super::super::activity::{Key, Kind, Layout};
use super::super::model::Version;
use super::bytes::{Bytes, cut};
use super::header::FileActivity;

/// Where the fields of an item lie in this very file. Worked out once per activity.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// By field number; `None`: the writer's version had no such field.
    places: Vec<Option<(usize, Kind)>>,
}

impl Plan {
    /// From the counts of a self-describing file (0x2175): each group holds the first n known fields, maybe more.
    ///
    /// `None`: one group grew while another shrank, so that the fields can't be told (sysstat's own rule).
    pub fn described(layout: &Layout, types: [u32; 3], size: u32, long: u8) -> Option<Plan> {
        let (mut more, mut less) = (false, false);
        for (theirs, ours) in types.iter().zip(layout.counts) {
            let ours = u32::try_from(ours).unwrap_or(u32::MAX);
            more |= *theirs > ours;
            less |= *theirs < ours;
        }
        if more && less {
            return None;
        }
        let counts = types.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let mut long_width = 8;
        let mut end = mapped(counts, long_width)?;
        let size = usize::try_from(size).ok()?;
        if end > size && long == 4 {
            // 32-bit sadc 12.3.3 to 12.5.1 stored PSI without widening its longs, while declaring them.
            long_width = 4;
            end = mapped(counts, long_width)?;
        }
        if end > size {
            return None;
        }
        let mut places = Vec::new();
        let mut at = 0;
        for ((kind, width), (n, known)) in
            [(Kind::Q, 8), (Kind::L, long_width), (Kind::I, 4)].into_iter().zip(counts.into_iter().zip(layout.counts))
        {
            for i in 0..known {
                places.push((i < n).then_some((at + i * width, kind)));
            }
            at += n * width;
        }
        for &width in layout.chars {
            let fits = at + usize::from(width) <= size;
            places.push(fits.then_some((at, Kind::S(width))));
            at += usize::from(width);
        }
        Some(Plan { places })
    }

    /// From the declared size of a file before 11.7.1; the largest known layout that fits, if none is equal.
    pub fn by_size(layout: &Layout, size: u32, all: &[FileActivity]) -> Option<Plan> {
        let here = |(id, size): (u32, u32)| all.iter().any(|a| a.id == id && a.size == size);
        let mut known = layout.old.iter().filter(|o| o.beside.is_none_or(here));
        let old = known.clone().find(|o| o.size == size);
        let old = old.or_else(|| known.by_ref().filter(|o| o.size <= size).max_by_key(|o| o.size))?;
        let mut places = vec![None; layout.counts.iter().sum::<usize>() + layout.chars.len()];
        for run in old.runs {
            for i in 0..run.n {
                if let Some(place) = places.get_mut(run.first + i) {
                    *place = Some((run.at + i * run.step, run.kind));
                }
            }
        }
        Some(Plan { places })
    }

    /// Does the file have this field?
    pub fn has(&self, field: usize) -> bool {
        self.places.get(field).is_some_and(|p| p.is_some())
    }
}

fn mapped(counts: [usize; 3], long_width: usize) -> Option<usize> {
    let [q, l, i] = counts;
    q.checked_mul(8)?.checked_add(l.checked_mul(long_width)?)?.checked_add(i.checked_mul(4)?)
}

/// One item of one sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a, 'p> {
    pub bytes: Bytes<'a>,
    pub at: usize,
    pub plan: &'p Plan,
}

impl<'a> Item<'a, '_> {
    /// A stored number; `None`: the file has no such field.
    pub fn get(&self, field: usize) -> Option<u64> {
        let (offset, kind) = (*self.plan.places.get(field)?)?;
        let at = self.at + offset;
        match kind {
            Kind::Q => self.bytes.u64(at),
            Kind::L => self.bytes.long(at),
            Kind::I => self.bytes.u32(at).map(u64::from),
            Kind::S(_) => None,
        }
    }

    /// Difference to an older value of the field, modulo the width of the field on the machine that counted.
    fn diff(&self, field: usize, before: u64) -> Option<u64> {
        let (_, kind) = (*self.plan.places.get(field)?)?;
        let diff = self.get(field)?.wrapping_sub(before);
        Some(match kind {
            Kind::I => diff & 0xffff_ffff,
            Kind::L if self.bytes.long == 4 => diff & 0xffff_ffff,
            _ => diff,
        })
    }

    /// A stored string, cut at its NUL.
    pub fn name(&self, field: usize) -> Option<&'a [u8]> {
        let (offset, kind) = (*self.plan.places.get(field)?)?;
        let Kind::S(width) = kind else { return None };
        self.bytes.slice(self.at + offset, usize::from(width)).map(cut)
    }

    /// A char used as a number.
    pub fn byte(&self, field: usize) -> Option<u8> {
        let (offset, _) = (*self.plan.places.get(field)?)?;
        self.bytes.u8(self.at + offset)
    }

    /// The bytes that tell this item from others of its activity; `None` for a slot that is not in use.
    pub fn key(&self, layout: &Layout) -> Option<&'a [u8]> {
        if layout.used.is_some_and(|f| self.get(f).unwrap_or(0) == 0) {
            return None;
        }
        match layout.key {
            Key::Single | Key::Cpu => Some(&[]),
            Key::Name(field) => self.name(field).filter(|n| !n.is_empty() && *n != b"?"),
            Key::Device(field) => {
                let (offset, _) = (*self.plan.places.get(field)?)?;
                self.plan.places.get(field + 1).copied()??;
                self.bytes.slice(self.at + offset, 8).filter(|raw| raw.iter().any(|&b| b != 0))
            }
        }
    }
}

impl Item<'_, '_> {
    /// The name that people know the item by; empty where the host as a whole is measured.
    pub fn label(&self, layout: &Layout, key: &[u8]) -> String {
        match layout.key {
            Key::Single | Key::Cpu => String::new(),
            Key::Name(_) => String::from_utf8_lossy(key).into_owned(),
            Key::Device(field) => {
                let (major, minor) = self.device(field);
                format!("dev{major}-{minor}")
            }
        }
    }

    /// Major and minor number, stored in this field and the next.
    pub fn device(&self, field: usize) -> (u32, u32) {
        let number = |f: usize| self.get(f).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        (number(field), number(field + 1))
    }
}

/// Two samples of the same item, and what else a formula needs.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    pub cur: Item<'a, 'a>,
    /// `None`: a device that was not there before; its counters then count from 0.
    pub prev: Option<Item<'a, 'a>>,
    /// Interval in 1/100 s, never 0.
    pub centis: f64,
    /// Version that wrote the file; it decides what some columns mean.
    pub version: Version,
    /// Repeat the errors of that version.
    pub like_sysstat: bool,
}

impl Pair<'_> {
    /// The stored number, NaN if the file has no such field.
    pub fn now(&self, field: usize) -> f64 {
        self.cur.get(field).map_or(f64::NAN, |v| v as f64)
    }

    /// The number before.
    pub fn before(&self, field: usize) -> f64 {
        self.prev.map_or(0.0, |p| p.get(field).map_or(f64::NAN, |v| v as f64))
    }

    pub fn has_baseline(&self) -> bool {
        self.prev.is_some()
    }

    /// Growth of a counter, NaN if the file has no such field.
    pub fn diff(&self, field: usize) -> f64 {
        let before = self.prev.and_then(|p| p.get(field)).unwrap_or(0);
        self.cur.diff(field, before).map_or(f64::NAN, |d| d as f64)
    }

    /// Growth of a counter per second.
    pub fn rate(&self, field: usize) -> f64 {
        let diff = self.diff(field);
        // Most counters of most hosts stand still.
        if diff == 0.0 { 0.0 } else { diff / self.centis * 100.0 }
    }
}
