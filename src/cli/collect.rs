//! `pgautopsy collect`: prints the script; it never runs it.

use super::output::print;
use crate::Failure;
use clap::Args;
use pgautopsy::collect::Plan;
use pgautopsy::model::HOUR;
use pgautopsy::report::Report;
use pgautopsy::when;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  pgautopsy collect --for report.json > collect.sh             what a report (-o report.json) says is missing\n  pgautopsy collect --since '2026-11-20 13:30' --until '2026-11-20 14:30' > collect.sh\n  pgautopsy collect --since '2 hours ago' | ssh pg1 sudo sh    run it at once; the archive stays on pg1\n\nThe script is POSIX shell (dash, busybox, bash): logs of the window, sa files, df, mounts, configs with\nsecrets masked, patronictl, etcdctl and clock states in one archive with a manifest, which\n`pgautopsy pgautopsy-*.tar.gz` then verifies. Times without a zone are UTC."
)]
pub struct CollectArgs {
    /// A report of `pgautopsy -o report.json`: its window, and its hosts with what is missing
    #[arg(long = "for", value_name = "REPORT.json", conflicts_with_all = ["since", "until"])]
    pub report: Option<PathBuf>,
    /// Beginning of the window: `2026-11-20 13:30`, `2 hours ago`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// End of the window; default: now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// A moment instead of a window: from an hour before it to half an hour after it
    #[arg(long, value_name = "TIME", conflicts_with_all = ["since", "until", "report"], allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Write to a file instead of printing
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

pub fn run(args: CollectArgs) -> Result<u8, Failure> {
    let now = super::daily::clock();
    let time = |flag: &str, text: &str| when::parse(text, now).map_err(|e| Failure::usage(format!("{flag}: {e}")));
    let plan = match (&args.report, &args.at, &args.since) {
        (Some(file), _, _) => {
            let text = std::fs::read_to_string(file).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))?;
            let report: Report = serde_json::from_str(&text)
                .map_err(|e| Failure::usage(format!("{}: not a report of pgautopsy: {e}", file.display())))?;
            Plan::for_report(&report).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))?
        }
        (None, Some(at), _) => {
            let at = time("--at", at)?;
            Plan::of_window(at - HOUR, at + HOUR / 2).map_err(Failure::usage)?
        }
        (None, None, Some(since)) => {
            let until = args.until.as_deref().map_or(Ok(now), |u| time("--until", u))?;
            Plan::of_window(time("--since", since)?, until).map_err(Failure::usage)?
        }
        (None, None, None) => {
            return Err(Failure::usage(
                "say what to collect: --for REPORT.json, or --since TIME [--until TIME], or --at TIME (e.g. --since '2 hours ago')",
            ));
        }
    };
    match &args.output {
        Some(file) => {
            std::fs::write(file, plan.script()).map_err(|e| Failure::usage(format!("-o {}: {e}", file.display())))?;
            Ok(0)
        }
        None => print(&plan.script()),
    }
}
