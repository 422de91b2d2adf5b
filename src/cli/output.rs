//! Where a report goes: files by their ending, a terminal with its manners, or a pipe.

use super::{Output, When};
use crate::{BUG, Failure, USAGE};
use pgautopsy::redact;
use pgautopsy::render::{self, RENDERERS, Renderer, Style};
use pgautopsy::report::Report;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// The renderers of all wanted outputs, in the order of `-o`; of stdout if there is none.
pub fn renderers(output: &Output) -> Result<Vec<&'static Renderer>, Failure> {
    let named = match output.format.as_deref().or(output.card.then_some("card")) {
        Some(name) => Some(render::by_name(name).ok_or_else(|| {
            let names: Vec<&str> = RENDERERS.iter().map(|r| r.name).collect();
            Failure::usage(format!("--format {name}: not a format; one of {}", names.join(", ")))
        })?),
        None => None,
    };
    if output.output.is_empty() {
        return Ok(named.or_else(|| render::by_name("text")).into_iter().collect());
    }
    let of_file = |file: &PathBuf| {
        let name = file.to_string_lossy();
        named
            .or_else(|| render::by_ending(&name))
            .ok_or_else(|| Failure::usage(format!("-o {name}: no format has this ending; say it with --format")))
    };
    output.output.iter().map(of_file).collect()
}

pub fn write(report: &Report, output: &Output, renderers: &[&Renderer]) -> Result<u8, Failure> {
    let terminal = std::io::stdout().is_terminal();
    let colour = match output.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && no_color_unset(),
    };
    let width = terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0)).clamp(60, 140);
    let style = Style {
        width: if terminal { width } else { 80 },
        colour,
        verbose: output.verbose,
        ascii: output.ascii || (terminal && !utf8()),
    };
    for (file, renderer) in output.output.iter().zip(renderers) {
        let text = (renderer.render)(report, Style { colour: false, width: 80, ..style });
        std::fs::write(file, text).map_err(|e| Failure::usage(format!("-o {}: {e}", file.display())))?;
    }
    match renderers.first().filter(|_| output.output.is_empty()) {
        Some(renderer) if terminal => page(&(renderer.render)(report, style)),
        Some(renderer) => print(&(renderer.render)(report, style)),
        None => Ok(0),
    }
}

/// The report as it is, or redacted.
pub fn under_pseudonyms(report: Report, redacted: bool) -> Result<Report, Failure> {
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
pub fn print(text: &str) -> Result<u8, Failure> {
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Ok(()) => Ok(0),
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        Err(e) => Err(Failure { code: USAGE, message: format!("writing to stdout: {e}") }),
    }
}
