//! `cargo bench` makes logs and runs `tests/bench/compare` on them.
//!
//! `cargo bench -- generate postgresql|patroni|etcd[-storm] SIZE [FILE]` makes one log (`100M`, `1G`), `cargo bench --
//! literals` prints the 60 literals that ripgrep is given, `cargo bench -- growth` runs `tests/bench/growth`.

mod etcd;
mod generate;
mod patroni;
mod postgresql;
mod storm;

use pgautopsy::messages::TABLES;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::{Command, ExitCode};

fn main() -> io::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["generate", kind, size, to @ ..] => {
            let size = bytes(size).ok_or_else(|| io::Error::other(format!("{size}: not a size such as 100M")))?;
            let out: Box<dyn Write> = match to.first() {
                Some(file) => Box::new(File::create(file)?),
                None => Box::new(io::stdout().lock()),
            };
            if !generate::write(kind, size, &mut BufWriter::with_capacity(1 << 20, out))? {
                return Err(io::Error::other(format!("{kind}: one of {}", generate::KINDS.join(", "))));
            }
        }
        ["literals"] => literals(&mut io::stdout().lock())?,
        rest => {
            let (name, rest) = match rest {
                ["growth", rest @ ..] => ("tests/bench/growth", rest),
                rest => ("tests/bench/compare", rest),
            };
            let mut script = Command::new(name);
            script.args(rest).current_dir(env!("CARGO_MANIFEST_DIR"));
            script.env("PGAUTOPSY", env!("CARGO_BIN_EXE_pgautopsy")).env("GENERATE", std::env::current_exe()?);
            let code = script.status()?.code().and_then(|c| u8::try_from(c).ok());
            return Ok(ExitCode::from(code.unwrap_or(1)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = match text.chars().last()? {
        'K' => (text.strip_suffix('K')?, 1 << 10),
        'M' => (text.strip_suffix('M')?, 1 << 20),
        'G' => (text.strip_suffix('G')?, 1 << 30),
        _ => (text, 1),
    };
    Some((digits.parse::<f64>().ok()? * unit as f64) as u64)
}

/// Twenty each of what Patroni, etcd and PostgreSQL say of trouble, evenly spread over the tables; the longest fixed
/// part of each, as somebody would grep for it.
fn literals(out: &mut dyn Write) -> io::Result<()> {
    for name in ["patroni", "etcd", "postgres"] {
        let Some((_, _, list)) = TABLES.iter().find(|(_, n, _)| *n == name) else { continue };
        let mut literals: Vec<&str> = Vec::new();
        for message in list.iter().filter(|m| m.means.is_some_and(|w| w.weight() > pgautopsy::model::Weight::Detail)) {
            let text = message.says.split(" | ").next().unwrap_or("").trim_end_matches('$');
            let parts = text.split('{').map(|p| p.rsplit('}').next().unwrap_or(""));
            let longest = parts.max_by_key(|p| p.len()).unwrap_or("");
            if longest.len() >= 12 && !literals.contains(&longest) {
                literals.push(longest);
            }
        }
        let step = literals.len() / 20;
        for literal in literals.iter().step_by(step.max(1)).take(20) {
            writeln!(out, "{literal}")?;
        }
    }
    Ok(())
}
