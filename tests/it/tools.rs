//! Programs that tests call and that CI installs.

use std::path::PathBuf;

/// Where a program is. With PGAUTOPSY_CI set, as `.ci/run` does, it must be there; elsewhere a missing one is said aloud instead of passing for a success.
#[allow(clippy::disallowed_methods, clippy::print_stderr)]
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|d| d.join(name)).find(|p| p.is_file());
    if found.is_none() {
        assert!(std::env::var_os("PGAUTOPSY_CI").is_none(), "{name} is not installed, and .ci/run must install it");
        eprintln!("NOT TESTED: {name} is not installed");
    }
    found
}
