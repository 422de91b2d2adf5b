//! Finds and reads `pgautopsy.toml`.

use pgautopsy::config::Config;
use std::path::{Path, PathBuf};

/// The config file in force: `--config`, `$PGAUTOPSY_CONFIG`, `./pgautopsy.toml`, the user's, the system's.
pub fn load(told: Option<&Path>) -> Result<Config, String> {
    let named = told.map(Path::to_owned).or_else(|| variable("PGAUTOPSY_CONFIG").map(PathBuf::from));
    let path = match named {
        Some(path) => path,
        None => match search().into_iter().find(|p| p.is_file()) {
            Some(path) => path,
            None => return Ok(Config::default()),
        },
    };
    let text = std::fs::read_to_string(&path).map_err(|e| format!("--config {}: {e}", path.display()))?;
    Config::parse(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Where a config is looked for when none is named.
fn search() -> Vec<PathBuf> {
    let user = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|h| PathBuf::from(h).join(".config")))
        .map(|c| c.join("pgautopsy/pgautopsy.toml"));
    let mut paths = vec![PathBuf::from("pgautopsy.toml")];
    paths.extend(user);
    paths.push(PathBuf::from("/etc/pgautopsy/pgautopsy.toml"));
    paths
}

/// An environment variable that is not empty.
#[allow(clippy::disallowed_methods)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}
