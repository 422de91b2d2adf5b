//! The layout of `sadf -d FILE -- -A`: a table per activity, semicolons, UTC where known.

use std::io::{self, Write};

use super::super::model::{Data, Set};
use super::number::fixed;
use super::{clock, date, safe, seconds, shown};

/// Writes the hosts one after the other. CPU `all` is `-1`, as sadf has it; a missing value is an empty cell.
pub fn csv(hosts: &[Data], out: &mut dyn Write) -> io::Result<()> {
    for data in hosts {
        let segments = data.spans.last().map_or(0, |s| s.segment);
        for segment in 0..=segments {
            for restart in data.restarts.iter().filter(|r| r.segment == segment) {
                let host = safe(data.host.as_deref().unwrap_or_default());
                write!(out, "{host};-1;{};LINUX-RESTART", stamp(&restart.at))?;
                match restart.cpus {
                    Some(cpus) => writeln!(out, "\t({cpus} CPU)")?,
                    None => writeln!(out)?,
                }
            }
            for (name, columns) in shown(data) {
                table(data, name, &columns, segment, out)?;
            }
        }
    }
    Ok(())
}

fn stamp(at: &super::super::model::Stamp) -> String {
    let day = date(at).map(|d| format!("{d} ")).unwrap_or_default();
    let zone = if at.epoch.is_some() { " UTC" } else { "" };
    format!("{day}{}{zone}", clock(at))
}

fn table(data: &Data, name: &str, columns: &[usize], segment: u32, out: &mut dyn Write) -> io::Result<()> {
    let mut sets: Vec<(&Set, usize)> = data.sets_of(name).map(|s| (s, 0)).collect();
    let Some((first, _)) = sets.first() else {
        return Ok(());
    };
    let activity = first.activity;
    let item = activity.item.map(|i| format!(";{i}")).unwrap_or_default();
    let names: Vec<&str> = columns.iter().filter_map(|&i| Some(activity.columns.get(i)?.name)).collect();
    let heading = format!("# hostname;interval;timestamp{item};{}\n", names.join(";"));
    let host = safe(data.host.as_deref().unwrap_or_default());
    let mut begun = false;
    let mut line = Vec::new();
    for (n, span) in data.spans.iter().enumerate() {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        for (set, next) in &mut sets {
            if set.rows.get(*next) != Some(&n) {
                continue;
            }
            let row = set.row(*next).unwrap_or_default();
            *next += 1;
            if span.segment != segment {
                continue;
            }
            if !begun {
                out.write_all(heading.as_bytes())?;
                begun = true;
            }
            line.clear();
            let interval = seconds(span).map(|s| s.to_string()).unwrap_or_default();
            line.extend_from_slice(format!("{host};{interval};{}", stamp(&span.to)).as_bytes());
            if let (Some(_), Some(item)) = (activity.item, &set.item) {
                line.push(b';');
                let item = if activity.name == "cpu" && &**item == "all" { "-1" } else { item };
                line.extend_from_slice(safe(item).as_bytes());
            }
            for &column in columns {
                line.push(b';');
                let value = row.get(column).copied().unwrap_or(f64::NAN);
                if value.is_finite() {
                    fixed(&mut line, value, activity.columns.get(column).map_or(2, |c| c.decimals));
                }
            }
            line.push(b'\n');
            out.write_all(&line)?;
        }
    }
    Ok(())
}
