//! Everything that is tested from outside: labelled incidents, the command line, the repository itself.

mod aftermath;
mod cases;
mod cli;
mod collect;
mod collectors;
mod compress;
mod daily;
mod forms;
mod layouts;
mod limits;
mod mangle;
mod pack;
mod redact;
mod repository;
mod same_bytes;
mod samples;
mod sar;
mod schema;
mod seek;
mod terminal;
mod tools;
mod triage;
mod truth;

use std::path::PathBuf;

/// A path below the project's root.
fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
