//! Arguments → run → write → exit code; the only place that prints.
#![allow(clippy::print_stderr)]

mod cli;
mod progress;

use clap::Parser;
use cli::{Analyze, Cli, Command, Listing, Output, Reading, RedactArgs, SarArgs, TimelineArgs, When, WindowArgs};
use pgautopsy::causes::CAUSES;
use pgautopsy::checks::CHECKS;
use pgautopsy::formats::{BODIES, DOCUMENTS, ENVELOPES};
use pgautopsy::messages::TABLES;
use pgautopsy::model::{Metric, Weight, What};
use pgautopsy::redact;
use pgautopsy::render::{self, RENDERERS, Style};
use pgautopsy::report::{self, Report, VerdictKind};
use pgautopsy::run::{self, Settings};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit codes of the contract.
const FOUND: u8 = 1;
const USAGE: u8 = 2;
const NOTHING: u8 = 3;
const BUG: u8 = 4;

/// Why the program ends without its output.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Failure {
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { code: USAGE, message: message.into() }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(cli)));
    match done {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => {
            eprintln!("pgautopsy: {}", failure.message);
            ExitCode::from(failure.code)
        }
        Err(_) => {
            eprintln!("pgautopsy: this is a bug of ours, not of your data; please report it with the lines above");
            ExitCode::from(BUG)
        }
    }
}

fn run(cli: Cli) -> Result<u8, Failure> {
    match cli.command {
        None => analyze(cli.analyze),
        Some(Command::Analyze(args)) => analyze(args),
        Some(Command::Timeline(args)) => timeline(args),
        Some(Command::Sar(args)) => sar(args),
        Some(Command::Ls(args)) => ls(args),
        Some(Command::Explain { name }) => explain(&name),
        Some(Command::List { what, paths }) => list(what, &paths),
        Some(Command::Render { report, output }) => rendered(&report, &output),
        Some(Command::Redact(args)) => redact_copy(args),
        Some(Command::Daily(args)) => cli::daily::run(args),
        Some(Command::Triage(args)) => cli::triage::run(args),
        Some(Command::Collect(args)) => cli::collect::run(args),
        Some(Command::Completions { shell }) => print(&String::from_utf8_lossy(&cli::completions(shell))),
        Some(Command::Man { folder }) => manual(folder),
        Some(Command::Schema) => {
            let schema = serde_json::to_string_pretty(&report::schema()).unwrap_or_default();
            print(&format!("{schema}\n"))
        }
    }
}

/// One page to stdout, or all of them into a folder.
fn manual(folder: Option<PathBuf>) -> Result<u8, Failure> {
    let failed = |e: std::io::Error| Failure::usage(format!("man: {e}"));
    let pages = cli::manual().map_err(failed)?;
    match folder {
        None => pages.first().map_or(Ok(0), |(_, page)| print(&String::from_utf8_lossy(page))),
        Some(folder) => {
            std::fs::create_dir_all(&folder).map_err(failed)?;
            pages.iter().try_for_each(|(name, page)| std::fs::write(folder.join(name), page)).map_err(failed)?;
            Ok(0)
        }
    }
}

fn analyze(args: Analyze) -> Result<u8, Failure> {
    let report = report_on(&args.paths, &args.reading, &args.window, args.output.quiet)?;
    if !args.output.quiet && !args.output.redact {
        for s in &report.inventory.skipped {
            eprintln!("pgautopsy: not read: {}: {}", s.path, s.why);
        }
    }
    write(&report, &args.output)?;
    if report.inventory.sources.is_empty() {
        return Ok(NOTHING);
    }
    let found = report.incidents.iter().any(|i| i.verdict.kind != VerdictKind::NoIncident);
    Ok(if args.exit_code && found { FOUND } else { 0 })
}

fn report_on(paths: &[PathBuf], reading: &Reading, window: &WindowArgs, quiet: bool) -> Result<Report, Failure> {
    if paths.is_empty() {
        return Err(Failure::usage(
            "nothing to look at: name a folder, file or archive, e.g. `pgautopsy ticket-8812/` (see --help)",
        ));
    }
    let mut settings = Settings { excerpts: true, ..reading.settings().map_err(Failure::usage)? };
    settings.window = window.window().map_err(Failure::usage)?;
    let progress = settings.progress.insert(Default::default()).clone();
    let _shown = progress::show(&progress, quiet);
    run::analyse(paths, &settings).map_err(|e| Failure::usage(format!("{e}{}", meant(paths))))
}

/// A mistyped command looks like a path that is not there.
fn meant(paths: &[PathBuf]) -> String {
    let Some(first) = paths.first().filter(|p| !p.exists()) else { return String::new() };
    let name = first.to_string_lossy();
    let commands = cli::commands();
    let near = pgautopsy::daily::checks::near(&name, commands.iter().map(String::as_str));
    near.map_or_else(String::new, |c| format!("; did you mean the command `pgautopsy {c}`?"))
}

fn write(report: &Report, output: &Output) -> Result<u8, Failure> {
    let terminal = std::io::stdout().is_terminal();
    let colour = match output.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && no_color_unset(),
    };
    let width = terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0)).clamp(60, 140);
    let report = &under_pseudonyms(report.clone(), output.redact)?;
    let style = Style {
        width: if terminal { width } else { 80 },
        colour,
        verbose: output.verbose,
        ascii: output.ascii || (terminal && !utf8()),
    };
    let named = match output.format.as_deref().or(output.card.then_some("card")) {
        Some(name) => Some(render::by_name(name).ok_or_else(|| {
            let names: Vec<&str> = RENDERERS.iter().map(|r| r.name).collect();
            Failure::usage(format!("--format {name}: not a format; one of {}", names.join(", ")))
        })?),
        None => None,
    };
    for file in &output.output {
        let name = file.to_string_lossy();
        let renderer = named
            .or_else(|| render::by_ending(&name))
            .ok_or_else(|| Failure::usage(format!("-o {name}: no format has this ending; say it with --format")))?;
        let text = (renderer.render)(report, Style { colour: false, width: 80, ..style });
        std::fs::write(file, text).map_err(|e| Failure::usage(format!("-o {name}: {e}")))?;
    }
    if output.output.is_empty() {
        let renderer = named.or_else(|| render::by_name("text"));
        let text = renderer.map_or_else(String::new, |r| (r.render)(report, style));
        return if terminal { page(&text) } else { print(&text) };
    }
    Ok(0)
}

/// The report as it is, or redacted.
fn under_pseudonyms(report: Report, redacted: bool) -> Result<Report, Failure> {
    if !redacted {
        return Ok(report);
    }
    let done = redact::redact_report(&report, &redact::of_report(&report));
    done.ok_or_else(|| Failure { code: BUG, message: "the redacted report is no report".to_owned() })
}

/// <https://no-color.org>: any value that is not empty.
#[allow(clippy::disallowed_methods)]
fn no_color_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// Whether the locale says UTF-8, as POSIX orders the variables; a terminal called dumb gets ASCII too.
#[allow(clippy::disallowed_methods)]
fn utf8() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| set(n)).unwrap_or_default().to_ascii_uppercase();
    (locale.contains("UTF-8") || locale.contains("UTF8")) && set("TERM").is_none_or(|t| t != "dumb")
}

/// Shows a text that is longer than the terminal in a pager, as git does: `PAGER`, else `less -FRX`.
#[allow(clippy::disallowed_methods)]
fn page(text: &str) -> Result<u8, Failure> {
    let rows = terminal_size::terminal_size().map_or(usize::MAX, |(_, h)| usize::from(h.0));
    let pager = std::env::var("PAGER").unwrap_or_else(|_| "less -FRX".to_owned());
    if text.lines().count() < rows || pager.trim().is_empty() || pager.trim() == "cat" {
        return print(text);
    }
    let child = std::process::Command::new("sh").arg("-c").arg(&pager).stdin(std::process::Stdio::piped()).spawn();
    let Ok(mut child) = child else { return print(text) };
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(text.as_bytes());
    }
    match child.wait() {
        Ok(status) if status.code() == Some(127) => print(text),
        _ => Ok(0),
    }
}

/// Writes to stdout; a reader that goes away ends the program quietly.
fn print(text: &str) -> Result<u8, Failure> {
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Ok(()) => Ok(0),
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        Err(e) => Err(Failure { code: USAGE, message: format!("writing to stdout: {e}") }),
    }
}

fn timeline(args: TimelineArgs) -> Result<u8, Failure> {
    let mut settings = args.reading.settings().map_err(Failure::usage)?;
    settings.window = args.window.window().map_err(Failure::usage)?;
    let bundle = run::read(&args.paths, &settings).map_err(|e| Failure::usage(e.to_string()))?;
    let (t, _, _) = run::place(bundle.sources, &settings);
    let span = run::window(&t, &settings).map_err(|e| Failure::usage(e.to_string()))?;
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

fn redact_copy(args: RedactArgs) -> Result<u8, Failure> {
    let to = &args.output;
    let shown = to.display();
    if std::fs::read_dir(to).is_ok_and(|mut d| d.next().is_some()) {
        return Err(Failure::usage(format!("-o {shown}: the folder is not empty")));
    }
    let settings = args.reading.settings().map_err(Failure::usage)?;
    let (redactor, copied) = run::redact(&args.paths, to, &settings).map_err(|e| Failure::usage(e.to_string()))?;
    for (path, why) in &copied.left_out {
        eprintln!("pgautopsy: not copied: {path}: {why}");
    }
    // Beside the copy, not in it: it holds the originals.
    let list = to.with_file_name(format!("{}-replaced.tsv", to.file_name().unwrap_or_default().to_string_lossy()));
    std::fs::write(&list, redactor.table()).map_err(|e| Failure::usage(format!("{}: {e}", list.display())))?;
    print(&format!(
        "{shown}: {} files copied, {} left out\n{}: {} replacements; keep this list, it holds the originals\n",
        copied.files.len(),
        copied.left_out.len(),
        list.display(),
        redactor.list().len()
    ))?;
    Ok(if copied.files.is_empty() { NOTHING } else { 0 })
}

fn sar(args: SarArgs) -> Result<u8, Failure> {
    let format = args.format.as_str();
    if !["text", "csv", "json"].contains(&format) {
        return Err(Failure::usage(format!("--format {format}: not a format; one of text, csv, json")));
    }
    if args.redact {
        let mut out = Vec::new();
        let settings = Settings::default();
        let (hosts, _) =
            run::sar(&args.paths, &settings, format, &mut out).map_err(|e| Failure::usage(e.to_string()))?;
        let redactor = run::redactor(&args.paths, &settings).map_err(|e| Failure::usage(e.to_string()))?;
        print(&redactor.text(&String::from_utf8_lossy(&out)))?;
        return Ok(if hosts == 0 { NOTHING } else { 0 });
    }
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let (hosts, problems) =
        run::sar(&args.paths, &Settings::default(), format, &mut out).map_err(|e| Failure::usage(e.to_string()))?;
    // A reader that went away wants no more.
    let _ = out.flush();
    for problem in &problems {
        eprintln!("pgautopsy: {problem}");
    }
    Ok(if hosts == 0 { NOTHING } else { 0 })
}

fn ls(args: Analyze) -> Result<u8, Failure> {
    let report = report_on(&args.paths, &args.reading, &args.window, args.output.quiet)?;
    let report = under_pseudonyms(report, args.output.redact)?;
    print(&render::inventory(&report, args.output.verbose))?;
    Ok(if report.inventory.sources.is_empty() { NOTHING } else { 0 })
}

fn explain(name: &str) -> Result<u8, Failure> {
    if let Some(cause) = pgautopsy::causes::by_id(name) {
        let mut out = format!("# {}: {}\n\n{}\n\n## Remedies\n", cause.id, cause.title, cause.doc);
        // Without a cluster at hand: with the defaults.
        let nothing = pgautopsy::timeline::Timeline::default();
        for r in cause.remedies {
            let text = report::remedy_text(&nothing, "the host", r.text);
            out.push_str(&format!("\n- [{}] {text}\n  Risk: {}. Worked if: {}.\n", r.kind.id(), r.risk, r.verify));
        }
        return print(&out);
    }
    if let Some(what) = What::by_id(name) {
        let mut out = format!("# {}: {}\n", what.id(), what.words());
        for m in TABLES.iter().flat_map(|(_, _, list)| list.iter()).filter(|m| m.means == Some(what)) {
            out.push_str(&format!("\n- {}\n  e.g. {}\n  {}\n", m.says, m.sample, m.said_in));
        }
        return print(&out);
    }
    let near = CAUSES.iter().map(|c| c.id).chain(What::ALL.iter().map(|w| w.id())).find(|id| id.contains(name));
    let hint = near.map_or_else(String::new, |id| format!("; did you mean {id}?"));
    Err(Failure::usage(format!("{name}: no cause or message of that name{hint} (see `pgautopsy list causes`)")))
}

fn list(what: Listing, paths: &[PathBuf]) -> Result<u8, Failure> {
    let mut out = String::new();
    match what {
        Listing::Causes => {
            for c in CAUSES {
                out.push_str(&format!("{:<32} {}\n", c.id, c.title));
            }
        }
        Listing::Messages => {
            for (_, table, m) in TABLES.iter().flat_map(|(p, t, list)| list.iter().map(move |m| (p, t, m))) {
                out.push_str(&format!("{table:<10} {:<36} {}\n", m.means.map_or("(noise)", What::id), m.says));
            }
        }
        Listing::Formats => {
            for (kind, name, doc) in ENVELOPES
                .iter()
                .map(|f| ("envelope", f.name, f.doc))
                .chain(BODIES.iter().map(|f| ("log", f.name, f.doc)))
                .chain(DOCUMENTS.iter().map(|f| ("document", f.name, f.doc)))
            {
                out.push_str(&format!("{kind:<9} {name:<20} {doc}\n"));
            }
        }
        Listing::Metrics => {
            for m in Metric::ALL {
                out.push_str(&format!("{:<14} {:<9} {}\n", m.id(), m.unit(), m.doc()));
            }
        }
        Listing::Checks => {
            for c in CHECKS.iter().flat_map(|g| g.iter()) {
                out.push_str(&format!(
                    "{:<24} {}\n{:24} threshold: {}\n{:24} origin: {}\n",
                    c.id, c.title, "", c.threshold, "", c.origin
                ));
            }
            out.push_str("\nThresholds that pgautopsy.toml may change, with their defaults:\n\n");
            for c in pgautopsy::daily::checks::CHECKS {
                out.push_str(&format!("{:<22} {:>6} {:<6} {}\n", c.id, c.default, c.unit, c.doc));
            }
        }
        Listing::Config => out.push_str(&pgautopsy::config::template()),
        Listing::Nodes => {
            if paths.is_empty() {
                return Err(Failure::usage("list nodes needs a bundle: pgautopsy list nodes PATH"));
            }
            let report = run::analyse(paths, &Settings::default()).map_err(|e| Failure::usage(e.to_string()))?;
            out.push_str(&render::whois(&report));
        }
    }
    print(&out)
}

fn rendered(path: &PathBuf, output: &Output) -> Result<u8, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let report: Report = serde_json::from_str(&text)
        .map_err(|e| Failure::usage(format!("{}: not a report of pgautopsy: {e}", path.display())))?;
    write(&report, output)
}
