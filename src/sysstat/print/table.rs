//! The tables of `sar -A`: activity by activity between two restarts, in the host's own time where known.

use std::io::{self, Write};

use super::super::model::{Data, Set, Span, Stamp};
use super::number::fixed;
use super::{clock, hms, safe, shown};

/// Writes the hosts one after the other.
pub fn text(hosts: &[Data], out: &mut dyn Write) -> io::Result<()> {
    for (n, data) in hosts.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        banner(data, out)?;
        let columns = shown(data);
        let segments = data.spans.last().map_or(0, |s| s.segment);
        for segment in 0..=segments {
            for restart in data.restarts.iter().filter(|r| r.segment == segment) {
                let cpus = restart.cpus.map(|n| format!("\t({n} CPU)")).unwrap_or_default();
                writeln!(out, "\n{}       LINUX RESTART{cpus}", local(&restart.at))?;
            }
            for (name, columns) in &columns {
                table(data, name, columns, segment, out)?;
            }
        }
    }
    Ok(())
}

fn banner(data: &Data, out: &mut dyn Write) -> io::Result<()> {
    let or = |s: &Option<String>| s.as_deref().map_or_else(|| "?".to_string(), |s| safe(s).into_owned());
    let first = data.spans.first().map(|s| s.from.unwrap_or(s.to)).or(data.created);
    let day = first.and_then(|s| s.local.and_then(|l| l.date).or_else(|| super::date(&s)));
    let day = day.map(|d| d.to_string()).unwrap_or_else(|| "?".to_string());
    let sysname = safe(data.sysname.as_deref().unwrap_or("Linux"));
    write!(out, "{sysname} {} ({}) \t{day} \t_{}_", or(&data.release), or(&data.host), or(&data.arch))?;
    match data.cpus {
        Some(cpus) => writeln!(out, "\t({cpus} CPU)"),
        None => writeln!(out),
    }
}

/// The time that the host's clock showed; UTC if that is all there is.
fn local(at: &Stamp) -> String {
    at.local.map_or_else(|| clock(at), |l| hms(l.second))
}

fn table(data: &Data, name: &str, columns: &[usize], segment: u32, out: &mut dyn Write) -> io::Result<()> {
    let sets: Vec<&Set> = data.sets_of(name).collect();
    let Some(first) = sets.first() else {
        return Ok(());
    };
    let activity = first.activity;
    let last = activity.name == "filesystem";
    let mut next = vec![0usize; sets.len()];
    let mut means: Vec<Mean> = sets.iter().map(|_| Mean::default()).collect();
    let mut begun = false;
    let mut line = Vec::new();
    for (n, span) in data.spans.iter().enumerate() {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        for ((set, next), mean) in sets.iter().zip(&mut next).zip(&mut means) {
            if set.rows.get(*next) != Some(&n) {
                continue;
            }
            let row = set.row(*next).unwrap_or_default();
            *next += 1;
            if span.segment != segment {
                continue;
            }
            if !begun {
                let names: Vec<&str> = columns.iter().filter_map(|&i| Some(activity.columns.get(i)?.name)).collect();
                let from = span.from.map_or_else(|| "        ".to_string(), |f| local(&f));
                writeln!(out)?;
                heading(&from, activity.item.unwrap_or_default(), &names, last, out)?;
                begun = true;
            }
            mean.add(row, span);
            line.clear();
            line.extend_from_slice(local(&span.to).as_bytes());
            cells(set, row, columns, last, &mut line);
            out.write_all(&line)?;
        }
    }
    for (set, mean) in sets.iter().zip(&means).filter(|(_, m)| m.rows > 0) {
        line.clear();
        line.extend_from_slice(if last { b"Summary:" } else { b"Average:" });
        cells(set, &mean.row(set, last), columns, last, &mut line);
        out.write_all(&line)?;
    }
    Ok(())
}

fn heading(time: &str, item: &str, names: &[&str], last: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut line = time.to_string();
    if !last && !item.is_empty() {
        line += &format!(" {item:>12}");
    }
    for name in names {
        line += &format!(" {name:>9}");
    }
    if last {
        line += &format!(" {item}");
    }
    writeln!(out, "{line}")
}

fn cells(set: &Set, row: &[f64], columns: &[usize], last: bool, line: &mut Vec<u8>) {
    if let (false, Some(item)) = (last, &set.item) {
        line.extend_from_slice(format!(" {:>12}", safe(item)).as_bytes());
    }
    let mut cell = Vec::new();
    for &column in columns {
        cell.clear();
        match row.get(column) {
            Some(value) if value.is_finite() => {
                fixed(&mut cell, *value, set.activity.columns.get(column).map_or(2, |c| c.decimals));
            }
            _ => cell.push(b'-'),
        }
        line.extend(std::iter::repeat_n(b' ', 1 + 9usize.saturating_sub(cell.len())));
        line.extend_from_slice(&cell);
    }
    if let (true, Some(item)) = (last, &set.item) {
        line.push(b' ');
        line.extend_from_slice(safe(item).as_bytes());
    }
    line.push(b'\n');
}

/// The line under a table: rates weighted by the length of their intervals, gauges not, file systems as they were last.
#[derive(Debug, Default)]
struct Mean {
    rows: usize,
    weighted: Vec<f64>,
    plain: Vec<f64>,
    weight: f64,
    last: Vec<f64>,
    /// Requests finished, and the sums over them of the columns that are per request.
    requests: f64,
    per_request: Vec<f64>,
}

impl Mean {
    fn add(&mut self, row: &[f64], span: &Span) {
        let weight =
            span.centis.map_or_else(|| super::seconds(span).unwrap_or(1) as f64 * 100.0, |c| c as f64).max(1.0);
        self.rows += 1;
        self.weight += weight;
        for sums in [&mut self.weighted, &mut self.plain, &mut self.per_request] {
            sums.resize(row.len(), 0.0);
        }
        let requests = row.first().copied().unwrap_or(0.0) * weight;
        self.requests += requests;
        let sums = self.weighted.iter_mut().zip(&mut self.plain).zip(&mut self.per_request);
        for (value, ((weighted, plain), per_request)) in row.iter().zip(sums) {
            *weighted += value * weight;
            *plain += value;
            *per_request += value * requests;
        }
        self.last = row.to_vec();
    }

    fn row(&self, set: &Set, last: bool) -> Vec<f64> {
        if last {
            return self.last.clone();
        }
        let columns = set.activity.columns.iter().zip(&self.weighted).zip(&self.plain).zip(&self.per_request);
        columns
            .map(|(((column, weighted), plain), per_request)| match column.name {
                "await" | "areq-sz" if self.requests > 0.0 => per_request / self.requests,
                _ if column.is_gauge() => plain / self.rows.max(1) as f64,
                _ => weighted / self.weight.max(1.0),
            })
            .collect()
    }
}
