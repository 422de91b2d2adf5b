//! `pgautopsy triage`: one card and reply for each ticket, or one row each for a folder of them.

use super::Reading;
use super::output::{print, under_pseudonyms};
use crate::{Failure, NOTHING, progress};
use clap::Args;
use pgautopsy::run::{self, Settings};
use pgautopsy::triage::{self, Ticket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  pgautopsy triage ticket-99213.zip           verdict, what came, what is missing, a reply to paste\n  pgautopsy triage -f reply t.zip | xclip     the reply alone\n  pgautopsy triage --batch -f csv tickets/    one row for each file or folder in it, similar ones grouped\n  pgautopsy collect --for report.json         the script that the customer runs\n\nEvery argument is a ticket of its own: an archive, a log or a folder."
)]
pub struct TriageArgs {
    /// Attachments as they came, one ticket each; `-` is standard input
    #[arg(value_name = "TICKET", required = true)]
    pub tickets: Vec<PathBuf>,
    /// The folders named hold tickets, each file or folder one; print a row each
    #[arg(long)]
    pub batch: bool,
    /// text, reply or json; with --batch csv, json or md
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write to a file instead of printing
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace host names, addresses, users, databases and SQL literals with pseudonyms; tickets become numbers
    #[arg(long)]
    pub redact: bool,
    #[command(flatten)]
    pub reading: Reading,
}

pub fn run(args: TriageArgs) -> Result<u8, Failure> {
    let settings = args.reading.settings().map_err(Failure::usage)?;
    let formats: &[&str] = if args.batch { &["csv", "json", "md"] } else { &["text", "reply", "json"] };
    let format = args.format.as_deref().or(formats.first().copied()).unwrap_or("text");
    if !formats.contains(&format) {
        let batch = if args.batch { "with --batch " } else { "" };
        return Err(Failure::usage(format!(
            "--format {format}: not a format of triage; {batch}one of {}",
            formats.join(", ")
        )));
    }
    let paths = if args.batch { folders(&args.tickets)? } else { args.tickets };
    if let Some(gone) = paths.iter().find(|p| p.as_os_str() != "-" && !p.exists()) {
        return Err(Failure::usage(format!("no such file or folder: {}", gone.display())));
    }
    let mut tickets = Vec::new();
    for (i, path) in paths.iter().enumerate() {
        let label = match paths.len() {
            1 => String::new(),
            n => format!("[{}/{n}] {}: ", i + 1, path.display().to_string().escape_debug()),
        };
        let mut settings = settings.clone();
        let progress = settings.progress.insert(Default::default()).clone();
        let _shown = progress::show(&label, &progress, false);
        tickets.push(look(path, &settings, args.redact, i + 1));
    }
    let text = match (args.batch, format) {
        (true, "json") => json(&triage::batch(&tickets)),
        (true, "md") => triage::markdown(&triage::batch(&tickets)),
        (true, _) => triage::csv(&triage::batch(&tickets)),
        (false, "json") => match tickets.as_slice() {
            [one] => json(one),
            all => json(&all),
        },
        (false, "reply") => tickets.iter().map(|t| t.reply.clone()).collect::<Vec<_>>().join("\n---\n\n"),
        (false, _) => {
            let cards: Vec<String> =
                tickets
                    .iter()
                    .map(|t| {
                        if tickets.len() > 1 {
                            format!("=== {}\n{}", t.ticket, triage::text(t))
                        } else {
                            triage::text(t)
                        }
                    })
                    .collect();
            cards.join("\n")
        }
    };
    match &args.output {
        Some(file) => std::fs::write(file, text).map_err(|e| Failure::usage(format!("-o {}: {e}", file.display())))?,
        None => _ = print(&text)?,
    }
    Ok(if tickets.iter().all(|t| t.attached.is_empty()) { NOTHING } else { 0 })
}

fn json<T: serde::Serialize>(value: &T) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

/// What the folders hold, sorted; hidden files are no tickets.
fn folders(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut out = Vec::new();
    for folder in given {
        if !folder.is_dir() {
            out.push(folder.clone());
            continue;
        }
        let entries = std::fs::read_dir(folder).map_err(|e| Failure::usage(format!("{}: {e}", folder.display())))?;
        let mut inside: Vec<PathBuf> = entries
            .flatten()
            .map(|e| e.path())
            .filter(|p| !p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.')))
            .collect();
        inside.sort();
        out.extend(inside);
    }
    Ok(out)
}

/// One ticket; whatever happens with it, the next one follows.
fn look(path: &Path, settings: &Settings, redacted: bool, number: usize) -> Ticket {
    let name = match redacted {
        true => format!("ticket{number}"),
        false => path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned()),
    };
    let paths = [path.to_owned()];
    match catch_unwind(AssertUnwindSafe(|| run::analyse(&paths, settings))) {
        Ok(Ok(report)) if report.inventory.sources.is_empty() => {
            let why: Vec<String> = report.inventory.skipped.iter().map(|s| format!("{}: {}", s.path, s.why)).collect();
            triage::unreadable(&name, why.first().map_or("it holds nothing", String::as_str))
        }
        Ok(Ok(report)) => match under_pseudonyms(report, redacted) {
            Ok(report) => triage::ticket(&name, &report),
            Err(failure) => triage::unreadable(&name, &failure.message),
        },
        Ok(Err(e)) => triage::unreadable(&name, &e.to_string()),
        Err(_) => triage::unreadable(&name, "an internal error while it was read: a bug of ours, please report it"),
    }
}
