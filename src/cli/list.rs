//! `pgautopsy list`, `explain` and `man`: what the program knows, printed from its tables.

use super::Listing;
use super::output::print;
use crate::Failure;
use pgautopsy::causes::CAUSES;
use pgautopsy::checks::CHECKS;
use pgautopsy::formats::{BODIES, DOCUMENTS, ENVELOPES};
use pgautopsy::input::Limits;
use pgautopsy::messages::TABLES;
use pgautopsy::model::{Metric, Threshold, What};
use pgautopsy::run::{self, Settings};
use pgautopsy::{render, report};
use std::path::PathBuf;

/// One page to stdout, or all of them into a folder.
pub fn manual(folder: Option<PathBuf>) -> Result<u8, Failure> {
    let failed = |e: std::io::Error| Failure::usage(format!("man: {e}"));
    let pages = super::manual().map_err(failed)?;
    match folder {
        None => pages.first().map_or(Ok(0), |(_, page)| print(&String::from_utf8_lossy(page))),
        Some(folder) => {
            std::fs::create_dir_all(&folder).map_err(failed)?;
            pages.iter().try_for_each(|(name, page)| std::fs::write(folder.join(name), page)).map_err(failed)?;
            Ok(0)
        }
    }
}

pub fn explain(name: &str) -> Result<u8, Failure> {
    if let Some(cause) = pgautopsy::causes::by_id(name) {
        let mut out = format!("# {}: {}\n\n{}\n\n", cause.id, cause.title, cause.doc);
        if !cause.thresholds.is_empty() {
            out.push_str("## Thresholds\n\n");
            cause.thresholds.iter().for_each(|t| out.push_str(&threshold(t)));
            out.push('\n');
        }
        out.push_str("## Remedies\n");
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

/// One threshold with its default, its unit, and where it comes from.
fn threshold(t: &Threshold) -> String {
    format!("{:<34} {:>10} {:<12} {}\n", t.id, t.default, t.unit, t.doc)
}

pub fn list(what: Listing, paths: &[PathBuf]) -> Result<u8, Failure> {
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
            for t in pgautopsy::config::thresholds() {
                out.push_str(&threshold(t));
            }
        }
        Listing::Limits => {
            out.push_str("Changed by --limit NAME=VALUE (200, 64K, 16M, 4G, 1T, unlimited):\n\n");
            out.push_str(&Limits::help());
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
