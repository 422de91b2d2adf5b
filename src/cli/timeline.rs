//! `pgautopsy timeline`: the merged events, one row each.

use super::TimelineArgs;
use super::output::print;
use crate::Failure;
use pgautopsy::model::Weight;
use pgautopsy::run;
use pgautopsy::{redact, render, report};
use std::io::IsTerminal;

pub fn timeline(args: TimelineArgs) -> Result<u8, Failure> {
    let mut settings = args.reading.settings().map_err(Failure::usage)?;
    settings.window = args.window.window().map_err(Failure::usage)?;
    let bundle = run::read(&args.paths, &settings).map_err(|e| Failure::usage(e.to_string()))?;
    for note in &bundle.notes {
        eprintln!("pgautopsy: {note}");
    }
    let (t, _, sources) = run::place(bundle.sources, &settings);
    let span = run::window(&t, &sources, &settings).map_err(|e| Failure::usage(e.to_string()))?;
    let asked = |e: &&pgautopsy::timeline::Event| span.is_none_or(|s| e.at <= s.to && e.until >= s.from);
    let mut out = String::new();
    let least = if args.verbose { Weight::Detail } else { Weight::Notable };
    if args.format == "csv" {
        out.push_str("at,until,host,program,what,count,text,path,line,raw\n");
    }
    let events = t.events.iter().filter(|e| e.what.weight() >= least).filter(asked);
    if !t.undated.is_empty() {
        eprintln!("{} messages have no time and are left out: pgautopsy ls says where they stand", t.undated.len());
    }
    let events = if args.no_fold { events.cloned().collect() } else { report::fold_repeats(events) };
    let mut rows: Vec<_> = events.iter().map(|e| report::timeline_row(&t, e)).collect();
    if args.redact {
        let redactor = run::redactor(&args.paths, &settings).map_err(|e| Failure::usage(e.to_string()))?;
        rows = redact::redact_data(&rows, &redactor).unwrap_or_default();
    }
    if args.format == "grafana" {
        return print(&render::grafana::annotations(&rows));
    }
    if args.format == "text" {
        let terminal = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal());
        let width = args.width.or(terminal.map(|(w, _)| usize::from(w.0)));
        return print(&render::timeline_text(&rows, width));
    }
    for row in &rows {
        match args.format.as_str() {
            "jsonl" => {
                out.push_str(&serde_json::to_string(row).unwrap_or_default());
                out.push('\n');
            }
            "csv" => {
                let mut w = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
                let _ = w.serialize((
                    &row.at,
                    &row.until,
                    &row.host,
                    &row.program,
                    &row.what,
                    row.count,
                    &row.text,
                    &row.path,
                    row.line,
                    &row.raw,
                ));
                out.push_str(&String::from_utf8_lossy(&w.into_inner().unwrap_or_default()));
            }
            other => {
                let known = "text, csv, jsonl, grafana";
                return Err(Failure::usage(format!("--format {other}: not a format; one of {known}")));
            }
        }
    }
    print(&out)
}
