//! Arguments → run → write → exit code; the shell around the library.
#![allow(clippy::print_stderr)]

mod cli;
mod progress;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

/// Exit codes of the contract.
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
        None => cli::analyze::analyze(cli.analyze),
        Some(Command::Analyze(args)) => cli::analyze::analyze(args),
        Some(Command::Timeline(args)) => cli::timeline::timeline(args),
        Some(Command::Sar(args)) => cli::sar::sar(args),
        Some(Command::Ls(args)) => cli::analyze::ls(args),
        Some(Command::Explain { name }) => cli::list::explain(&name),
        Some(Command::List { what, paths }) => cli::list::list(what, &paths),
        Some(Command::Render { report, output }) => cli::analyze::rendered(&report, &output),
        Some(Command::Redact(args)) => cli::redact::redact_copy(args),
        Some(Command::Daily(args)) => cli::daily::run(args),
        Some(Command::Triage(args)) => cli::triage::run(args),
        Some(Command::Collect(args)) => cli::collect::run(args),
        Some(Command::Completions { shell }) => cli::output::print(&String::from_utf8_lossy(&cli::completions(shell))),
        Some(Command::Man { folder }) => cli::list::manual(folder),
        Some(Command::Schema) => {
            let schema = serde_json::to_string_pretty(&pgautopsy::report::schema()).unwrap_or_default();
            cli::output::print(&format!("{schema}\n"))
        }
    }
}
