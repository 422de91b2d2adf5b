//! Arguments as typed, and checked into what the library takes.

pub mod analyze;
pub mod collect;
mod config;
pub mod daily;
pub mod list;
pub mod output;
pub mod redact;
pub mod sar;
pub mod timeline;
pub mod triage;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use pgautopsy::clock::Rule;
use pgautopsy::config::Config;
use pgautopsy::run::Settings;
use pgautopsy::when::{self, Window};
use std::path::PathBuf;

/// Why did the PostgreSQL primary fail over, get demoted or stop answering, and what proves it?
#[derive(Debug, Parser)]
#[command(
    name = "pgautopsy",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true
)]
#[command(
    after_help = "Examples:\n  pgautopsy ticket-8812/              report on a folder, one subfolder a host\n  pgautopsy -f md -o report.md a.zip   post-mortem draft from an archive\n  pgautopsy --tz db2=Asia/Tokyo logs/  say a zone that the logs do not\n\nExit codes: 0 a report was made, 1 an incident was found (with --exit-code), 2 wrong usage,\n3 nothing readable in the input, 4 an internal failure."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub analyze: Analyze,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// One root-cause report (the default)
    Analyze(Analyze),
    /// The merged events, one row each
    Timeline(TimelineArgs),
    /// The numbers of sa files and sar text
    Sar(SarArgs),
    /// What is in the bundle: kinds, hosts, spans, zones, and what was skipped and why
    Ls(Analyze),
    /// What a cause is, how it is told, what looks like it, what to do
    Explain {
        /// A name of `pgautopsy list causes`, or an id of `pgautopsy list messages`
        name: String,
    },
    /// What the program knows, printed from its tables
    List {
        what: Listing,
        /// With `nodes`: the bundle to look at
        paths: Vec<PathBuf>,
    },
    /// Another format of a finished report, without the logs
    Render {
        report: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// A copy of a bundle with consistent pseudonyms, which gives the same verdict
    Redact(RedactArgs),
    /// The short report for cron: what changed since the last run
    Daily(daily::DailyArgs),
    /// Verdict, what is missing, and a reply to paste; many tickets at once
    Triage(triage::TriageArgs),
    /// Prints (never runs) the script that collects what is missing
    Collect(collect::CollectArgs),
    /// The JSON Schema of the report
    Schema,
    /// The completion script of a shell: bash, zsh, fish, elvish or powershell
    Completions { shell: clap_complete::Shell },
    /// The manual page; with a folder, one page for each command in it
    Man {
        /// Folder to write pgautopsy.1, pgautopsy-daily.1, ... to
        folder: Option<PathBuf>,
    },
}

/// Names of all commands.
pub fn commands() -> Vec<String> {
    Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect()
}

/// The completion script, from the same table as `--help`.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pgautopsy", &mut out);
    out
}

/// Manual pages by file name, from the same table as `--help`.
pub fn manual() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = Cli::command();
    root.build();
    let mut pages = Vec::new();
    let mut page = |name: String, command: clap::Command| -> std::io::Result<()> {
        let mut out = Vec::new();
        clap_mangen::Man::new(command).render(&mut out)?;
        pages.push((format!("{name}.1"), out));
        Ok(())
    };
    page("pgautopsy".to_owned(), root.clone())?;
    for sub in root.get_subcommands().filter(|s| s.get_name() != "help") {
        let name = format!("pgautopsy-{}", sub.get_name());
        page(name, sub.clone())?;
    }
    Ok(pages)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listing {
    Causes,
    Messages,
    Formats,
    Metrics,
    /// Checks of settings and states, and thresholds, with their defaults and where they come from
    Checks,
    /// What a bundle may cost, with the defaults that --limit changes
    Limits,
    /// A pgautopsy.toml with every key
    Config,
    Nodes,
}

#[derive(Debug, Args)]
pub struct Analyze {
    /// Folders, files or archives; `-` is standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub window: WindowArgs,
    #[command(flatten)]
    pub reading: Reading,
    /// Exit with 1 if an incident was found
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, Args)]
pub struct Output {
    /// text, md, html, json or card
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write to a file; the format follows its ending. Repeatable
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Colour the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// Show everything: sources, all evidence, the timeline
    #[arg(short, long)]
    pub verbose: bool,
    /// Print the report only, no warnings
    #[arg(short, long)]
    pub quiet: bool,
    /// Replace host names, addresses, users, databases and SQL literals with pseudonyms
    #[arg(long)]
    pub redact: bool,
    /// A card of 12 lines for a ticket
    #[arg(long, conflicts_with = "format")]
    pub card: bool,
    /// Only ASCII characters in the text
    #[arg(long)]
    pub ascii: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub struct Reading {
    /// Settings file; else $PGAUTOPSY_CONFIG, ./pgautopsy.toml, ~/.config/pgautopsy/, /etc/pgautopsy/
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Zone of logs that do not say theirs: `Europe/Vienna`, `+05:30`; `HOST=ZONE` for one host. Repeatable
    #[arg(long, value_name = "[HOST=]ZONE")]
    pub tz: Vec<String>,
    /// Change a limit of reading, e.g. `depth=12`, `line=4M`, `total=1T`, `ratio=unlimited`; messages name the limit they hit, `pgautopsy list limits` all. Repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<String>,
    /// Threads to read with; 0 = one per core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
}

/// Which part of the bundle.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Only what happened since: `2026-11-20 13:30` (UTC), `yesterday 03:00`, `2 hours ago` (before the last line)
    #[arg(short = 'S', long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only what happened until
    #[arg(short = 'U', long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Only what happened around this moment
    #[arg(long, value_name = "TIME", conflicts_with_all = ["since", "until"], allow_hyphen_values = true)]
    pub at: Option<String>,
    /// With --at: how long before and after it; 10m if not said
    #[arg(long, value_name = "LENGTH", requires = "at")]
    pub window: Option<String>,
}

impl WindowArgs {
    /// Times are checked here, before anything is read.
    pub fn window(&self) -> Result<Window, String> {
        for (flag, text) in [("--since", &self.since), ("--until", &self.until), ("--at", &self.at)] {
            if let Some(text) = text {
                when::parse(text, 0).map_err(|e| format!("{flag}: {e}"))?;
            }
        }
        let around = match &self.window {
            Some(text) => Some(
                when::length(text).ok_or_else(|| format!("--window {text}: no length; write it like 10m or 1h30m"))?,
            ),
            None => None,
        };
        Ok(Window { since: self.since.clone(), until: self.until.clone(), at: self.at.clone(), around })
    }
}

#[derive(Debug, Args)]
pub struct TimelineArgs {
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// text, csv, jsonl, or grafana: annotations for its HTTP API
    #[arg(short, long, default_value = "text")]
    pub format: String,
    #[command(flatten)]
    pub window: WindowArgs,
    #[command(flatten)]
    pub reading: Reading,
    /// Also what is of interest to few
    #[arg(short, long)]
    pub verbose: bool,
    /// Replace host names, addresses, users, databases and SQL literals with pseudonyms
    #[arg(long)]
    pub redact: bool,
    /// Width of the text: hosts get a column each where they fit; without it, that of the terminal
    #[arg(long, value_name = "COLUMNS")]
    pub width: Option<usize>,
    /// One row for every run of equal messages, however often they follow each other
    #[arg(long)]
    pub no_fold: bool,
}

#[derive(Debug, Args)]
pub struct RedactArgs {
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Folder to write to; must be new or empty
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct SarArgs {
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,
    /// text, csv or json
    #[arg(short, long, default_value = "text")]
    pub format: String,
    /// Replace host names with pseudonyms
    #[arg(long)]
    pub redact: bool,
}

impl Reading {
    /// The settings file in force.
    pub fn config(&self) -> Result<Config, String> {
        config::load(self.config.as_deref())
    }

    /// Checks zones; the error names the value and how to write it.
    pub fn settings(&self) -> Result<Settings, String> {
        let mut settings = Settings::default();
        self.config()?.apply(&mut settings)?;
        let mut zones = std::mem::take(&mut settings.zones);
        for value in &self.tz {
            let (host, zone) = match value.split_once('=') {
                Some((host, zone)) => (Some(host), zone),
                None => (None, value.as_str()),
            };
            let rule = Rule::named(zone).ok_or_else(|| {
                format!("--tz {value}: {zone:?} is no zone; write it like Europe/Vienna, UTC or +05:30")
            })?;
            match host {
                Some(host) => {
                    zones.of_host.insert(host.to_ascii_lowercase(), rule);
                }
                None => zones.all = Some(rule),
            }
        }
        settings = Settings { zones, threads: self.threads, ..settings };
        for limit in &self.limit {
            settings.limits.set(limit)?;
        }
        Ok(settings)
    }
}
