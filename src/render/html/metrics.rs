//! Plots of numbers: etcd's waits, devices, CPU, pressure, memory, space, network, and what the logs wrote.

use super::draw::{GRID, HIGH, LEFT, PLOT, Scale, WIDTH, label, layer, nice, time_axis, value, write};
use super::figure::{BOTTOM, Figure, Key, Mark, TOP};
use super::page::{Svg, host_key};
use crate::render::times::{day_clock, seconds};
use crate::report::{Report, Series};
use plotters::prelude::*;
use serde_json::json;

/// Height of the data of one plot, in pixels.
const TALL: u32 = 116;

struct Panel {
    id: &'static str,
    title: &'static str,
    metrics: &'static [&'static str],
}

const PANELS: &[Panel] = &[
    Panel { id: "plot-heartbeat", title: "etcd: heartbeats sent late", metrics: &["etcd.heartbeat_late"] },
    Panel { id: "plot-fsync", title: "etcd: waiting for its disk (fsync of the WAL)", metrics: &["etcd.fsync_slow"] },
    Panel {
        id: "plot-etcd",
        title: "etcd: slow commits, applies and reads",
        metrics: &["etcd.commit_slow", "etcd.apply_slow", "etcd.read_slow"],
    },
    Panel { id: "plot-await", title: "Time per request and device (await)", metrics: &["disk.await"] },
    Panel { id: "plot-util", title: "Devices at work (%util)", metrics: &["disk.util"] },
    Panel { id: "plot-iowait", title: "CPUs waiting for storage (iowait)", metrics: &["cpu.iowait"] },
    Panel {
        id: "plot-psi",
        title: "Pressure (PSI): tasks waiting for I/O, CPU, memory",
        metrics: &["psi.io", "psi.io_full", "psi.cpu", "psi.mem"],
    },
    Panel {
        id: "plot-tasks",
        title: "Tasks waiting for a CPU, tasks blocked on I/O",
        metrics: &["load.runq", "load.blocked"],
    },
    Panel { id: "plot-steal", title: "CPU time taken by the hypervisor (steal)", metrics: &["cpu.steal"] },
    Panel { id: "plot-memory", title: "Memory and swap used", metrics: &["mem.used", "swap.used"] },
    Panel { id: "plot-space", title: "Disk usage", metrics: &["fs.used"] },
    Panel {
        id: "plot-network",
        title: "Network: errors, segments sent again",
        metrics: &["net.errors", "tcp.retrans"],
    },
];

/// The plot that shows a metric.
pub fn panel_of(metric: &str) -> Option<&'static str> {
    let name = metric.split('/').next().unwrap_or(metric);
    PANELS.iter().find(|p| p.metrics.contains(&name)).map(|p| p.id)
}

/// All plots that have something to show, and the titles of those that are zero all the time.
pub fn figures(report: &Report, scale: Scale, hosts: &[String]) -> (Vec<Figure>, Vec<&'static str>) {
    let mut out = Vec::new();
    let mut flat = Vec::new();
    for panel in PANELS {
        let series: Vec<&Series> =
            report.series.iter().filter(|s| panel.metrics.contains(&s.metric.as_str())).collect();
        if series.is_empty() {
            continue;
        }
        if series.iter().all(|s| s.points.iter().all(|p| p.3 == 0.0)) {
            flat.push(panel.title);
            continue;
        }
        out.push(figure(report, panel, &series, scale, hosts));
    }
    out.extend(volumes(report, scale, hosts));
    (out, flat)
}

/// Colour by host: the same in every plot.
pub fn colour(host: &str, hosts: &[String]) -> String {
    format!("s{}", hosts.iter().position(|h| h == host).unwrap_or(0) % 6)
}

/// The incident's time as bands in every plot.
pub fn bands(report: &Report, scale: &Scale, units: u32) -> Vec<Mark> {
    let mut out = Vec::new();
    let mut band = |from: &str, to: &str, class: &str| {
        let (Some(a), Some(b)) = (seconds(from), seconds(to)) else { return };
        if b < scale.from || a > scale.to {
            return;
        }
        let (a, b) = (scale.gx(a), scale.gx(b).max(scale.gx(a) + 8));
        let svg =
            layer((GRID, units), |area| Ok(area.draw(&Rectangle::new([(a, 0), (b, units as i32)], BLACK.filled()))?));
        out.push(Mark { host: String::new(), class: class.to_owned(), data: Vec::new(), svg });
    };
    for i in report.incidents.iter().filter(|i| i.kind != "near_miss") {
        band(&i.start, &i.end, if i.planned { "band planned" } else { "band" });
        if let Some(o) = &i.write_outage {
            band(&o.from, &o.to, "band outage");
        }
    }
    out
}

fn frame(height: u32, top: f64, unit: &str, limit: Option<f64>) -> Svg {
    layer((WIDTH, TOP + height + BOTTOM), |area| {
        let right = (LEFT + PLOT) as i32;
        let y = |v: f64| TOP as i32 + (f64::from(height) * (1.0 - v / top)).round() as i32;
        for part in [0.0, 0.5, 1.0] {
            area.draw(&PathElement::new(vec![(LEFT as i32, y(top * part)), (right, y(top * part))], BLACK))?;
            write(area, &format!("{} {unit}", value(top * part)), (LEFT as i32 - 8, y(top * part)), true)?;
        }
        if let Some(limit) = limit.filter(|l| *l < top) {
            area.draw(&PathElement::new(vec![(LEFT as i32, y(limit)), (right, y(limit))], RED))?;
        }
        Ok(())
    })
}

fn figure(report: &Report, panel: &Panel, series: &[&Series], scale: Scale, hosts: &[String]) -> Figure {
    let peak = series.iter().flat_map(|s| &s.points).map(|p| p.3).fold(0.0, f64::max);
    let limit = series.iter().find_map(|s| s.limit);
    let unit = series.first().map_or("", |s| s.unit.as_str());
    let percent = unit == "%";
    // The limit belongs into the picture unless it would press everything flat onto the axis.
    let wanted = limit.filter(|l| percent || peak * 4.0 > *l).map_or(peak, |l| peak.max(l * 1.05));
    // Rounding makes 100.1 % of a full device.
    let top = if percent && peak <= 102.0 { nice(wanted).min(100.0) } else { nice(wanted) };
    let scale = Scale { top, ..scale };
    let mut marks = bands(report, &scale, HIGH);
    let (mut keys, mut rows, mut data) = (Vec::new(), Vec::new(), Vec::new());
    let several = panel.metrics.len() > 1;
    let mut of_host: Vec<(&str, usize)> = Vec::new();
    for s in series {
        let n = match of_host.iter_mut().find(|(h, _)| *h == s.host) {
            Some((_, n)) => {
                *n += 1;
                *n
            }
            None => {
                of_host.push((&s.host, 0));
                0
            }
        };
        let start = seconds(&s.start).unwrap_or(scale.from);
        let told = s.metric.starts_with("etcd.");
        let class = format!("s {} d{}{}", colour(&s.host, hosts), n % 4, if told { " told" } else { "" });
        let mut name = s.host.clone();
        if several {
            name.push_str(&format!(
                " {}",
                s.metric.split_once('.').map_or(s.metric.as_str(), |m| m.1).replace('_', " ")
            ));
        }
        if let Some(item) = &s.item {
            name.push_str(&format!(" {item}"));
        }
        let name = label(&name, 60);
        keys.push(Key { host: s.host.clone(), class: class.clone(), text: name.clone() });
        rows.push((s.host.clone(), table_row(report, s, &name, start)));
        let svg = if told { bars(s, start, &scale) } else { steps(s, start, &scale) };
        marks.push(Mark { host: s.host.clone(), class, data: vec![("n", s.points.len().to_string())], svg });
        let shift = start - scale.from;
        let points: Vec<_> = s.points.iter().map(|p| [round(p.0 + shift), round(p.1 + shift), p.2, p.3]).collect();
        data.push(json!({"k": name, "h": host_key(&s.host), "u": label(&s.unit, 20), "p": points}));
    }
    let shown = limit.filter(|l| *l < top);
    let why = series.iter().find_map(|s| s.limit_why.clone()).unwrap_or_default();
    let first = series.first();
    let told = first.is_some_and(|s| s.metric.starts_with("etcd."));
    let mut note = if several {
        format!("In {unit}.")
    } else {
        format!("{} ({unit}).", capital(first.map_or("", |s| s.text.as_str())))
    };
    if told {
        note.push_str(" Each bar is a message or a run of equal ones, as high as the worst.");
    } else if let Some(p) =
        first.and_then(|s| s.points.iter().map(|p| p.1 - p.0).filter(|d| *d > 0.0).min_by(f64::total_cmp))
    {
        note.push_str(&format!(" Averages over {} each: shorter peaks were higher.", crate::render::times::length(p)));
    }
    match (limit, shown) {
        (Some(l), Some(_)) => note.push_str(&format!(" Dashed line: {} {unit}, {why}.", value(l))),
        (Some(l), None) => note.push_str(&format!(" The limit of {} {unit} ({why}) is far above.", value(l))),
        _ => {}
    }
    Figure {
        id: panel.id.to_owned(),
        title: panel.title.to_owned(),
        note,
        height: TALL,
        units: HIGH,
        frame: frame(TALL, top, unit, shown),
        axis: time_axis(&scale, (TOP + TALL) as i32, TOP + TALL + BOTTOM, TOP as i32),
        marks,
        texts: Vec::new(),
        keys,
        head: vec!["series", "highest", "at (UTC)", "highest in the incident", "lowest"],
        rows,
        data: json!({"id": panel.id, "s": data}),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn round(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

/// Highest, when, highest in the incidents, lowest.
fn table_row(report: &Report, s: &Series, name: &str, start: f64) -> Vec<String> {
    let with = |v: f64| format!("{} {}", value(v), s.unit);
    let high = s.points.iter().max_by(|a, b| a.3.total_cmp(&b.3));
    let low = s.points.iter().map(|p| p.2).fold(f64::MAX, f64::min);
    let spans: Vec<(f64, f64)> = report
        .incidents
        .iter()
        .filter(|i| i.kind != "near_miss")
        .filter_map(|i| Some((seconds(&i.start)?, seconds(&i.end)?)))
        .collect();
    let inside = s
        .points
        .iter()
        .filter(|p| spans.iter().any(|(a, b)| start + p.0 <= *b && start + p.1 >= *a))
        .map(|p| p.3)
        .max_by(f64::total_cmp);
    let at = high.and_then(|p| crate::render::times::stamp(start + p.0)).unwrap_or_default();
    vec![
        name.to_owned(),
        high.map_or_else(String::new, |p| with(p.3)),
        day_clock(&at),
        inside.map_or_else(|| "no sample".to_owned(), with),
        with(low),
    ]
}

/// A sample is an average over its time: steps, with holes where there is no data, and a band between extremes.
fn steps(s: &Series, start: f64, scale: &Scale) -> Svg {
    let mut runs: Vec<Vec<(f64, f64, f64, f64)>> = Vec::new();
    for p in &s.points {
        let (a, b) = (start + p.0, start + p.1);
        let wide = (b - a).max(1.0);
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|l| a - l.1 <= wide * 0.6 + 1.0) => run.push((a, b, p.2, p.3)),
            _ => runs.push(vec![(a, b, p.2, p.3)]),
        }
    }
    layer((GRID, HIGH), |area| {
        for run in &runs {
            if run.iter().any(|p| p.2 < p.3) {
                let over = run.iter().flat_map(|p| [(scale.gx(p.0), scale.gy(p.3)), (scale.gx(p.1), scale.gy(p.3))]);
                let under =
                    run.iter().rev().flat_map(|p| [(scale.gx(p.1), scale.gy(p.2)), (scale.gx(p.0), scale.gy(p.2))]);
                area.draw(&Polygon::new(over.chain(under).collect::<Vec<_>>(), BLACK.mix(0.2).filled()))?;
            }
            let mut line: Vec<(i32, i32)> = Vec::with_capacity(run.len() * 2);
            for p in run {
                let (a, b, y) = (scale.gx(p.0), scale.gx(p.1), scale.gy(p.3));
                if line.last().is_some_and(|l| l.1 == y) {
                    line.pop();
                    line.push((b, y));
                } else {
                    line.extend([(a, y), (b, y)]);
                }
            }
            if let [one] = line.as_slice() {
                let one = *one;
                line.insert(0, (one.0 - 4, one.1));
            }
            area.draw(&PathElement::new(line, BLACK))?;
        }
        Ok(())
    })
}

/// Durations that a log tells: one outline each.
fn bars(s: &Series, start: f64, scale: &Scale) -> Svg {
    layer((GRID, HIGH), |area| {
        for p in &s.points {
            let (a, b, y) = (scale.gx(start + p.0), scale.gx(start + p.1), scale.gy(p.3));
            area.draw(&PathElement::new(vec![(a, HIGH as i32), (a, y), (b, y), (b, HIGH as i32)], BLACK))?;
        }
        Ok(())
    })
}

/// A host's lines: since when, per step, and in all by program.
type Sum = (String, f64, Vec<f64>, Vec<(f64, String)>);

/// Lines per host, and alarms among them.
fn volumes(report: &Report, scale: Scale, hosts: &[String]) -> Vec<Figure> {
    let Some(step) = report.volume.first().map(|v| v.step_s) else { return Vec::new() };
    let over = crate::render::times::length(step);
    let mut out = Vec::new();
    for (id, title, alarms) in [("plot-lines", "Log lines written", false), ("plot-alarms", "Alarms among them", true)]
    {
        let mut sums: Vec<Sum> = Vec::new();
        for v in &report.volume {
            let cells = if alarms { &v.alarms } else { &v.lines };
            let total: f64 = cells.iter().map(|c| f64::from(*c)).sum();
            let at = seconds(&v.start).unwrap_or(scale.from);
            let i = sums.iter().position(|s| s.0 == v.host).unwrap_or_else(|| {
                sums.push((v.host.clone(), at, vec![0.0; cells.len()], Vec::new()));
                sums.len() - 1
            });
            if let Some(sum) = sums.get_mut(i) {
                sum.2.iter_mut().zip(cells).for_each(|(a, c)| *a += f64::from(*c));
                sum.3.push((total, v.program.clone()));
            }
        }
        sums.retain(|s| s.2.iter().any(|v| *v > 0.0));
        if sums.is_empty() {
            continue;
        }
        let top = nice(sums.iter().flat_map(|s| &s.2).copied().fold(1.0, f64::max));
        let scale = Scale { top, ..scale };
        let mut marks = bands(report, &scale, HIGH);
        let (mut keys, mut rows, mut data) = (Vec::new(), Vec::new(), Vec::new());
        for (host, start, cells, programs) in &sums {
            let class = format!("s {} d0", colour(host, hosts));
            let points: Vec<[f64; 4]> =
                cells.iter().enumerate().map(|(i, v)| [i as f64 * step, (i + 1) as f64 * step, *v, *v]).collect();
            let line: Vec<(i32, i32)> = points
                .iter()
                .flat_map(|p| [(scale.gx(start + p[0]), scale.gy(p[3])), (scale.gx(start + p[1]), scale.gy(p[3]))])
                .collect();
            let svg = layer((GRID, HIGH), |area| Ok(area.draw(&PathElement::new(line, BLACK))?));
            let many = vec![("n", points.len().to_string())];
            marks.push(Mark { host: host.clone(), class: class.clone(), data: many, svg });
            keys.push(Key { host: host.clone(), class, text: label(host, 60) });
            let mut by: Vec<&(f64, String)> = programs.iter().filter(|p| p.0 > 0.0).collect();
            by.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            let by: Vec<String> = by.iter().map(|(n, p)| format!("{p} {}", value(*n))).collect();
            let total: f64 = cells.iter().sum();
            let most = cells.iter().copied().fold(0.0, f64::max);
            rows.push((host.clone(), vec![host.clone(), value(total), value(most), by.join(", ")]));
            let shift = start - scale.from;
            let points: Vec<_> =
                points.iter().map(|p| [round(p[0] + shift), round(p[1] + shift), p[2], p[3]]).collect();
            data.push(json!({"k": host_key(host), "h": host_key(host), "u": "", "p": points}));
        }
        let what = if alarms { "Messages that mean trouble, per" } else { "Stamped lines of all logs of a host, per" };
        out.push(Figure {
            id: id.to_owned(),
            title: title.to_owned(),
            note: format!("{what} {over}."),
            height: TALL,
            units: HIGH,
            frame: frame(TALL, top, "", None),
            axis: time_axis(&scale, (TOP + TALL) as i32, TOP + TALL + BOTTOM, TOP as i32),
            marks,
            texts: Vec::new(),
            keys,
            head: vec!["host", "all", "most in one step", "by program"],
            rows,
            data: json!({"id": id, "s": data}),
        });
    }
    out
}
