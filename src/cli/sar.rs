//! `pgautopsy sar`: the numbers of sa files and sar text.
#![allow(clippy::print_stderr)]

use super::SarArgs;
use super::output::print;
use crate::{Failure, NOTHING};
use pgautopsy::run::{self, Settings};
use std::io::Write;

pub fn sar(args: SarArgs) -> Result<u8, Failure> {
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
