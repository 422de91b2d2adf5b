//! Numbers for the plots: samples of sysstat and durations that logs tell, thinned out with their extremes kept.

use super::plots::{Point, Series, Volume};
use crate::incidents::{Incident, Kind};
use crate::model::{HOUR, MINUTE, Metric, Micros, SECOND, Span, Weight, What, rfc3339, seconds};
use crate::timeline::{Event, Timeline};
use std::collections::BTreeMap;

/// Which metrics are shown, with the figure beyond which they deserve a look and where that comes from.
const METRICS: &[(Metric, Option<(f64, &str)>)] = &[
    (Metric::CpuIowait, Some((20.0, "above 20 % the CPUs stand waiting for storage"))),
    (Metric::CpuSteal, Some((30.0, "above 30 % the hypervisor gives too little CPU"))),
    (Metric::DiskAwait, Some((100.0, "100 ms is etcd's heartbeat interval by default"))),
    (Metric::DiskUtil, None),
    (Metric::PsiIo, None),
    (Metric::PsiIoFull, None),
    (Metric::PsiCpu, None),
    (Metric::PsiMemory, None),
    (Metric::RunQueue, None),
    (Metric::Blocked, None),
    (Metric::MemUsed, None),
    (Metric::SwapUsed, None),
    (Metric::FsUsed, Some((75.0, "Crunchy Data's advice for volumes of etcd and PostgreSQL"))),
    (Metric::NetErrors, None),
    (Metric::TcpRetrans, None),
];

/// Durations in logs: what, name, unit, words, limit. etcd itself warns of fsyncs longer than 1 s, and its election
/// timeout is 1 s by default.
type Told = (What, &'static str, &'static str, Option<(f64, &'static str)>);
const TOLD: &[Told] = &[
    (What::HeartbeatLate, "etcd.heartbeat_late", "how late etcd's leader sent its heartbeat", None),
    (What::FsyncSlow, "etcd.fsync_slow", "how long etcd waited for its WAL", Some((1_000.0, "etcd's own limit"))),
    (What::CommitSlow, "etcd.commit_slow", "how long a commit of etcd's database took", None),
    (What::ApplySlow, "etcd.apply_slow", "how long etcd took to apply a request", None),
    (What::ReadSlow, "etcd.read_slow", "how long a read of etcd took", None),
];

/// Points of one series; more are merged.
const POINTS: usize = 220;
/// Series of one metric and host; those with the highest peaks are kept.
const ITEMS: usize = 4;
/// Steps of the volume of lines.
const STEPS: i64 = 180;

/// The time that plots show: all incidents with some time around them; the last day if there is none.
pub fn window(t: &Timeline, incidents: &[Incident]) -> Option<Span> {
    let sampled = t.series.iter().filter_map(|s| Some(Span::new(s.samples.first()?.from, s.samples.last()?.to)));
    let data = t.covered.iter().map(|c| c.span).chain(sampled).reduce(|a, b| a.union(&b))?;
    let real = || incidents.iter().filter(|x| x.kind != Kind::NearMiss);
    // A plot of averages over ten minutes needs some of them before the incident to show what was usual.
    let usual = t.series.iter().filter_map(|s| s.samples.first()).map(|x| x.to - x.from).max().unwrap_or(0);
    let least = (6 * usual).clamp(15 * MINUTE, 2 * HOUR);
    let worst = real().min_by_key(|x| (x.planned, x.kind.rank(), x.at)).map(|x| x.span);
    let mut shown = match real().map(|x| x.span).reduce(|a, b| a.union(&b)) {
        Some(all) if all.length() <= 24 * HOUR => all.widened((all.length() * 2).clamp(least, 2 * HOUR)),
        Some(_) => worst?.widened(6 * HOUR),
        None => Span::new(data.to.saturating_sub(24 * HOUR), data.to),
    };
    shown.from = shown.from.max(data.from.min(shown.to));
    shown.to = shown.to.min(data.to.max(shown.from));
    (shown.length() > SECOND).then_some(shown)
}

/// All series within the window, ordered by metric, host and item.
pub fn series(t: &Timeline, incidents: &[Incident], window: Span) -> Vec<Series> {
    let near: Vec<Span> = incidents.iter().map(|x| x.span.widened(10 * MINUTE)).collect();
    let mut out = Vec::new();
    for (metric, limit) in METRICS {
        let mut found: BTreeMap<String, Vec<(f64, Series)>> = BTreeMap::new();
        for s in t.series.iter().filter(|s| s.metric == *metric) {
            let samples =
                || s.samples.iter().filter(|x| x.to > window.from && x.from < window.to && x.value.is_finite());
            let Some(first) = samples().map(|x| x.from).min() else { continue };
            let dull = s.item.as_deref().is_some_and(|i| i.starts_with("/snap") || i.starts_with("/boot"));
            if dull {
                continue;
            }
            let point = |from: Micros, to: Micros, v: f32| {
                Point(offset(first, from), offset(first, to), short(f64::from(v)), short(f64::from(v)))
            };
            let points: Vec<Point> = samples().map(|x| point(x.from, x.to, x.value)).collect();
            let peak = points.iter().fold(f64::MIN, |a, p| a.max(p.3));
            let one = Series {
                metric: metric.id().to_owned(),
                item: s.item.as_deref().map(str::to_owned),
                host: t.name(s.node).to_string(),
                unit: metric.unit().to_owned(),
                text: metric.doc().to_owned(),
                limit: limit.map(|l| l.0),
                limit_why: limit.map(|l| l.1.to_owned()),
                path: t.path(s.source).to_owned(),
                start: rfc3339(first),
                points: thinned(points, &near, first),
            };
            found.entry(one.host.clone()).or_default().push((peak, one));
        }
        for (_, mut list) in found {
            list.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.item.cmp(&b.1.item)));
            one_name_each(&mut list);
            list.truncate(ITEMS);
            list.sort_by(|a, b| a.1.item.cmp(&b.1.item));
            out.extend(list.into_iter().map(|(_, s)| s));
        }
    }
    for (what, metric, text, limit) in TOLD {
        let mut of: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
        for e in t.find(&[*what], window).filter(|e| e.num > 0.0) {
            of.entry(t.name(e.node).to_string()).or_default().push(e.event);
        }
        for (host, events) in of {
            let start = events.iter().map(|e| e.began()).min().unwrap_or(window.from);
            let mut points: Vec<Point> = events
                .iter()
                .map(|e| Point(offset(start, e.began()), offset(start, e.until.max(e.began())), 0.0, short(e.num)))
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            out.push(Series {
                metric: (*metric).to_owned(),
                item: None,
                host,
                unit: "ms".to_owned(),
                text: (*text).to_owned(),
                limit: limit.map(|l| l.0),
                limit_why: limit.map(|l| l.1.to_owned()),
                path: events.first().map_or_else(String::new, |e| t.path(e.source).to_owned()),
                start: rfc3339(start),
                points: thinned(points, &near, start),
            });
        }
    }
    out
}

/// `dev8-16` of a binary file and `sdb` of its text are one device: the same numbers at the same times.
fn one_name_each(list: &mut Vec<(f64, Series)>) {
    let same = |a: &Series, b: &Series| {
        let near = |x: f64, y: f64| (x - y).abs() <= 0.006 + x.abs() * 0.002;
        a.start == b.start
            && a.points.len() == b.points.len()
            && a.points.iter().any(|p| p.3 > 0.0)
            && a.points.iter().zip(&b.points).all(|(p, q)| near(p.0, q.0) && near(p.2, q.2) && near(p.3, q.3))
    };
    let mut kept: Vec<(f64, Series)> = Vec::new();
    for (peak, s) in list.drain(..) {
        match kept.iter_mut().find(|(_, k)| same(k, &s)) {
            Some((_, twin)) => {
                let names = [twin.item.take(), s.item].into_iter().flatten().collect::<Vec<_>>();
                twin.item = Some(names.join(" = "));
            }
            None => kept.push((peak, s)),
        }
    }
    *list = kept;
}

fn offset(start: Micros, at: Micros) -> f64 {
    (seconds(at.saturating_sub(start)) * 1_000.0).round() / 1_000.0
}

/// Four digits that count.
fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// Joins equal neighbours, then pairs of neighbours, far from incidents first, until few enough are left.
fn thinned(points: Vec<Point>, near: &[Span], start: Micros) -> Vec<Point> {
    let touches = |a: &Point, b: &Point| (b.0 - a.1).abs() <= 1.5;
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for p in points {
        match kept.last_mut() {
            // Bars of durations begin at 0 and are never joined here.
            Some(last) if touches(last, &p) && p.2 == p.3 && (last.2, last.3) == (p.2, p.3) => last.1 = last.1.max(p.1),
            _ => kept.push(p),
        }
    }
    let at = |s: f64| start.saturating_add((s * SECOND as f64) as Micros);
    let close = |p: &Point| near.iter().any(|n| n.overlaps(&Span::new(at(p.0), at(p.1))));
    let joins = |a: &Point, b: &Point| b.0 - a.1 <= 0.5 * (b.1 - b.0 + a.1 - a.0);
    for round in 0..24 {
        if kept.len() <= POINTS {
            break;
        }
        let all = round >= 8;
        let mut merged: Vec<Point> = Vec::with_capacity(kept.len() / 2 + 1);
        let mut open = false;
        for p in kept {
            match merged.last_mut() {
                // Each takes one neighbour a round; a hole in the data stays a hole.
                Some(last) if open && joins(last, &p) && (all || !close(&p) && !close(last)) => {
                    *last = Point(last.0, last.1.max(p.1), last.2.min(p.2), last.3.max(p.3));
                    open = false;
                }
                _ => {
                    merged.push(p);
                    open = true;
                }
            }
        }
        kept = merged;
    }
    kept
}

/// Lines and alarms, one figure a step.
type Counts = (Vec<u32>, Vec<u32>);

/// Lines and alarms per step of the window.
pub fn volume(t: &Timeline, window: Span) -> Vec<Volume> {
    // A step is one of a person's choosing, and at least that of the counting.
    let widest = t.written.iter().map(|v| v.step).max().unwrap_or(10 * SECOND);
    let ideal = (window.length() / STEPS).max(widest);
    let steps = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];
    let step = steps.iter().map(|s| s * SECOND).find(|s| *s >= ideal).unwrap_or(ideal);
    let start = window.from.div_euclid(step) * step;
    let count = usize::try_from((window.to - start) / step + 1).unwrap_or(0).min(2 * STEPS as usize);
    let slot = |at: Micros| usize::try_from((at - start).div_euclid(step)).ok().filter(|i| *i < count);
    let mut cells: BTreeMap<(String, &str), Counts> = BTreeMap::new();
    let empty = || (vec![0u32; count], vec![0u32; count]);
    for v in &t.written {
        for (i, lines) in v.cells.iter().filter_map(|(at, n)| Some((slot(*at)?, *n))) {
            let entry = cells.entry((t.name(v.node).to_string(), v.program.id())).or_insert_with(empty);
            if let Some(cell) = entry.0.get_mut(i) {
                *cell = cell.saturating_add(lines);
            }
        }
    }
    for e in t.during(window).filter(|e| e.what.weight() == Weight::Alarm) {
        let Some(entry) = cells.get_mut(&(t.name(e.node).to_string(), e.program.id())) else { continue };
        // A run of equal messages is spread over its time.
        let (from, to) = (slot(e.at.max(start)).unwrap_or(0), slot(e.until).unwrap_or(count.saturating_sub(1)));
        let wide = (to.saturating_sub(from) + 1) as u32;
        for i in from..=to.max(from) {
            let share = e.count / wide + u32::from(((i - from) as u32) < e.count % wide);
            if let Some(cell) = entry.1.get_mut(i) {
                *cell = cell.saturating_add(share);
            }
        }
    }
    cells
        .into_iter()
        .map(|((host, program), (lines, alarms))| Volume {
            host,
            program: program.to_owned(),
            start: rfc3339(start),
            step_s: seconds(step),
            lines,
            alarms,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes_and_the_holes() {
        let point = |i: usize| Point(i as f64 * 10.0, i as f64 * 10.0 + 10.0, (i % 97) as f64, (i % 97) as f64);
        let mut points: Vec<Point> = (0..4_000).map(point).collect();
        points.retain(|p| !(10_000.0..20_000.0).contains(&p.0));
        points[77].2 = -5.0;
        points[1_500].3 = 1e6;
        let thin = thinned(points, &[], 0);
        assert!(thin.len() <= POINTS, "{}", thin.len());
        assert_eq!(thin.iter().map(|p| p.3).fold(0.0, f64::max), 1e6);
        assert_eq!(thin.iter().map(|p| p.2).fold(0.0, f64::min), -5.0);
        assert!(thin.iter().all(|p| !(p.0 < 10_000.0 && p.1 > 20_000.0)), "the hole stays");
    }

    #[test]
    fn an_incident_keeps_every_sample() {
        let points: Vec<Point> =
            (0..2_000).map(|i| Point(f64::from(i), f64::from(i) + 1.0, 1.0 + f64::from(i % 7), 9.0)).collect();
        let near = [Span::new(1_000 * SECOND, 1_100 * SECOND)];
        let thin = thinned(points, &near, 0);
        let fine = thin.iter().filter(|p| p.0 >= 1_000.0 && p.1 <= 1_100.0).count();
        assert!(fine >= 98, "{fine}");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!((short(1234.567), short(0.0123456), short(0.0)), (1235.0, 0.01235, 0.0));
    }
}
