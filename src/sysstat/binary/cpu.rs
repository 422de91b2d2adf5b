//! Processor percentages, which need all CPUs of two samples: CPUs go offline, counters go back, "all" is a sum.

use super::super::model::Version;

/// user nice sys idle iowait steal hardirq softirq guest guest_nice, in jiffies.
pub(crate) type Times = [u64; 10];

const USER: usize = 0;
const NICE: usize = 1;
const SYS: usize = 2;
const IDLE: usize = 3;
const IOWAIT: usize = 4;
const STEAL: usize = 5;
const IRQ: usize = 6;
const SOFT: usize = 7;
const GUEST: usize = 8;
const GUEST_NICE: usize = 9;

/// What the columns of a file depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub version: Version,
    /// "all" is the sum of the CPUs (since 11.7.2). Before, it is the kernel's own sum.
    pub summed: bool,
    /// Interval in jiffies of all CPUs, by which "all" is divided (before 11.7.1).
    pub interval: Option<u64>,
    /// Which of the fields from hardirq to guest_nice does the file have?
    pub has: [bool; 4],
}

/// A field of a sample.
fn get(times: &Times, field: usize) -> u64 {
    times.get(field).copied().unwrap_or(0)
}

fn set(times: &mut Times, field: usize, value: u64) {
    if let Some(slot) = times.get_mut(field) {
        *slot = value;
    }
}

fn add(times: &mut Times, field: usize, value: u64) {
    let sum = get(times, field).wrapping_add(value);
    set(times, field, sum);
}

/// Time spent; guest time is contained in user and nice.
fn total(times: &Times) -> u64 {
    times.iter().take(8).fold(0, |sum, v| sum.wrapping_add(*v))
}

/// Time between two samples of one CPU; corrects the counters that the kernel lets go back.
fn elapsed(now: &Times, before: &mut Times, v: Version) -> u64 {
    // Some kernels count guest time before user time: what user lacks is added.
    let shortfall = |part: usize, whole: usize, before: &Times| {
        let (n, b) = (get(now, whole).wrapping_sub(get(now, part)), get(before, whole).wrapping_sub(get(before, part)));
        b.saturating_sub(n)
    };
    let mut extra = 0u64;
    if v >= Version(10, 0, 4) && !(v >= Version(12, 4, 1) && get(now, USER) < get(before, USER)) {
        extra = extra.wrapping_add(shortfall(GUEST, USER, before));
    }
    if v >= Version(10, 1, 2) {
        extra = extra.wrapping_add(shortfall(GUEST_NICE, NICE, before));
    }
    if v >= Version(11, 6, 2) {
        if get(now, IOWAIT) < get(before, IOWAIT) {
            let known_bug = v >= Version(12, 4, 1) && get(now, IDLE) > get(before, IDLE);
            set(before, IOWAIT, if known_bug { get(now, IOWAIT) } else { 0 });
        }
        // A CPU that comes back counts its idle time from 0.
        if get(now, IDLE) < get(before, IDLE) {
            set(before, IDLE, 0);
        }
    }
    total(now).wrapping_sub(total(before)).wrapping_add(extra)
}

/// Share of the interval in percent.
fn share(before: u64, now: u64, interval: u64, v: Version) -> f64 {
    if now < before {
        // Old versions took it for a 32-bit counter that wrapped.
        if v < Version(11, 0, 1) && before <= u64::from(u32::MAX) {
            return f64::from(now.wrapping_sub(before) as u32) / interval as f64 * 100.0;
        }
        return 0.0;
    }
    (now - before) as f64 / interval as f64 * 100.0
}

/// Has every processor of the sample counted?
pub(crate) fn complete(times: &[Times]) -> bool {
    times.iter().skip(1).all(|times| total(times) != 0)
}

/// What the next sample must be compared with, without working out rows: a CPU that went offline keeps its counters.
pub(crate) fn carry(before: &[Times], now: &mut Vec<Times>) {
    if now.len() < before.len() {
        now.resize(before.len(), Times::default());
    }
    for (now, before) in now.iter_mut().zip(before).skip(1) {
        if total(now) == 0 {
            *now = *before;
        }
    }
}

/// Works out the rows of one sample: index of the CPU (0 = all, n+1 = CPU n) and its values in the order of the columns.
/// `before` is the older sample; `now` is changed into what the next sample must be compared with.
pub(crate) fn rows(before: &[Times], now: &mut Vec<Times>, rules: Rules, mut emit: impl FnMut(usize, &[f64; 12])) {
    let mut before = before.to_vec();
    let n = now.len().max(if rules.summed { before.len() } else { 0 });
    before.resize(n, Times::default());
    let mut all_elapsed = None;
    let mut shown = vec![true; n];
    if rules.summed && n > 1 {
        now.resize(n, Times::default());
        let (mut sum_now, mut sum_before, mut sum) = (Times::default(), Times::default(), 0u64);
        for ((now, before), shown) in now.iter_mut().zip(&mut before).zip(&mut shown).skip(1) {
            if total(now) == 0 {
                // Offline: its counters stay, so that "all" doesn't jump.
                *now = *before;
                *shown = false;
            }
            if total(before) == 0 {
                *shown = false;
                continue;
            }
            sum = sum.wrapping_add(elapsed(now, before, rules.version));
            for field in 0..10 {
                add(&mut sum_now, field, get(now, field));
                add(&mut sum_before, field, get(before, field));
            }
        }
        if let (Some(now), Some(before)) = (now.first_mut(), before.first_mut()) {
            (*now, *before) = (sum_now, sum_before);
        }
        all_elapsed = Some(sum);
    }
    for (i, ((now, before), shown)) in now.iter().zip(&mut before).zip(&shown).enumerate() {
        if !shown || (i > 0 && total(now) == 0) {
            continue;
        }
        let interval = match (i, all_elapsed) {
            (0, Some(sum)) => sum.max(1),
            (0, None) => rules.interval.unwrap_or_else(|| elapsed(now, before, rules.version)).max(1),
            _ => elapsed(now, before, rules.version),
        };
        emit(i, &values(now, before, interval, rules));
    }
}

fn values(now: &Times, before: &Times, interval: u64, rules: Rules) -> [f64; 12] {
    let [irq, soft, guest, gnice] = rules.has.map(|has| if has { 0.0 } else { f64::NAN });
    if interval == 0 {
        // A tickless CPU that slept all the time.
        return [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, irq, soft, guest, gnice, 100.0];
    }
    let v = rules.version;
    let one = |f: usize| share(get(before, f), get(now, f), interval, v);
    let net = |whole: usize, part: usize| {
        let (n, b) = (get(now, whole).wrapping_sub(get(now, part)), get(before, whole).wrapping_sub(get(before, part)));
        if n < b { 0.0 } else { share(b, n, interval, v) }
    };
    let system = |t: &Times| get(t, SYS).wrapping_add(get(t, IRQ)).wrapping_add(get(t, SOFT));
    let idle = if get(now, IDLE) < get(before, IDLE) { 0.0 } else { one(IDLE) };
    [
        one(USER),
        net(USER, GUEST),
        net(NICE, GUEST_NICE),
        share(system(before), system(now), interval, v),
        one(SYS),
        one(IOWAIT),
        one(STEAL),
        // Absent stays absent: NaN.
        irq + one(IRQ),
        soft + one(SOFT),
        guest + one(GUEST),
        gnice + one(GUEST_NICE),
        idle,
    ]
}
