//! `pgautopsy PATH...`, `ls` and `render`: one report, in the outputs wanted.
#![allow(clippy::print_stderr)]

use super::output::{print, renderers, under_pseudonyms, write};
use super::{Analyze, Output};
use crate::{Failure, NOTHING, progress};
use pgautopsy::render;
use pgautopsy::report::{Report, VerdictKind};
use pgautopsy::run::{self, Settings};
use std::path::PathBuf;

/// Files that are named on stderr; an archive may hold a hundred thousand that nobody can read.
const SKIPPED: usize = 20;
/// An incident was found, and `--exit-code` asked.
const FOUND: u8 = 1;

pub fn analyze(args: Analyze) -> Result<u8, Failure> {
    let wanted = renderers(&args.output)?;
    let settings = Settings {
        excerpts: wanted.iter().any(|r| r.excerpts),
        window: args.window.window().map_err(Failure::usage)?,
        ..args.reading.settings().map_err(Failure::usage)?
    };
    let report = report_on(&args.paths, settings, args.output.quiet)?;
    if !args.output.quiet && !args.output.redact {
        for note in &report.inventory.notes {
            eprintln!("pgautopsy: {note}");
        }
        let skipped = &report.inventory.skipped;
        for s in skipped.iter().take(SKIPPED) {
            eprintln!("pgautopsy: not read: {}: {}", s.path, s.why);
        }
        if skipped.len() > SKIPPED {
            eprintln!("pgautopsy: not read: {} more (`pgautopsy ls` names all)", skipped.len() - SKIPPED);
        }
    }
    let read = !report.inventory.sources.is_empty();
    let found = report.incidents.iter().any(|i| i.verdict.kind != VerdictKind::NoIncident);
    write(&under_pseudonyms(report, args.output.redact)?, &args.output, &wanted)?;
    if !read {
        return Ok(NOTHING);
    }
    Ok(if args.exit_code && found { FOUND } else { 0 })
}

fn report_on(paths: &[PathBuf], mut settings: Settings, quiet: bool) -> Result<Report, Failure> {
    if paths.is_empty() {
        return Err(Failure::usage(
            "nothing to look at: name a folder, file or archive, e.g. `pgautopsy ticket-8812/` (see --help)",
        ));
    }
    let progress = settings.progress.insert(Default::default()).clone();
    let _shown = progress::show("", &progress, quiet);
    run::analyse(paths, &settings).map_err(|e| Failure::usage(format!("{e}{}", meant(paths))))
}

/// A mistyped command looks like a path that is not there.
fn meant(paths: &[PathBuf]) -> String {
    let Some(first) = paths.first().filter(|p| !p.exists()) else { return String::new() };
    let name = first.to_string_lossy();
    let commands = super::commands();
    let near = pgautopsy::spelling::near(&name, commands.iter().map(String::as_str));
    near.map_or_else(String::new, |c| format!("; did you mean the command `pgautopsy {c}`?"))
}

pub fn ls(args: Analyze) -> Result<u8, Failure> {
    let window = args.window.window().map_err(Failure::usage)?;
    let settings = Settings { window, ..args.reading.settings().map_err(Failure::usage)? };
    let report = report_on(&args.paths, settings, args.output.quiet)?;
    let report = under_pseudonyms(report, args.output.redact)?;
    print(&render::inventory(&report, args.output.verbose))?;
    Ok(if report.inventory.sources.is_empty() { NOTHING } else { 0 })
}

pub fn rendered(path: &PathBuf, output: &Output) -> Result<u8, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let report: Report = serde_json::from_str(&text)
        .map_err(|e| Failure::usage(format!("{}: not a report of pgautopsy: {e}", path.display())))?;
    write(&under_pseudonyms(report, output.redact)?, output, &renderers(output)?)
}
