//! `pgautopsy.toml`: what a user may set once instead of on every command line.

use crate::clock::Rule;
use crate::daily::checks::{CHECKS, Checks, nearest};
use crate::messages::Own;
use crate::run::Settings;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The whole file; every key may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Zone of logs that do not say theirs.
    pub tz: Option<String>,
    /// The same for single hosts.
    pub zones: BTreeMap<String, String>,
    /// Limits of reading, as `--limit`.
    pub limits: BTreeMap<String, toml::Value>,
    /// Thresholds by their name in `pgautopsy list checks`.
    pub thresholds: BTreeMap<String, f64>,
    pub daily: Daily,
    /// Messages of one's own, each with the known meaning that it has.
    pub message: Vec<Message>,
}

/// `[[message]]`: a regular expression over the text of a record, without its stamp and level.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// patroni, etcd, postgresql, kernel, systemd, proxy, job; any if left out.
    pub program: Option<String>,
    pub pattern: String,
    /// An id of `pgautopsy list messages`.
    pub means: String,
}

/// `[daily]`: what would stand on the command line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Daily {
    pub paths: Vec<PathBuf>,
    pub state: Option<PathBuf>,
    pub host: Option<String>,
    /// Of the mail.
    pub from: Option<String>,
    pub to: Option<String>,
}

const KEYS: &[&str] = &[
    "tz",
    "zones",
    "limits",
    "thresholds",
    "daily",
    "paths",
    "state",
    "host",
    "from",
    "to",
    "message",
    "program",
    "pattern",
    "means",
];

impl Config {
    /// The config in a text; the error tells the line and what would be right.
    pub fn parse(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|e| {
            let message = e.to_string();
            let unknown = message.split("unknown field `").nth(1).and_then(|r| r.split('`').next());
            let hint =
                unknown.map_or_else(String::new, |k| format!("did you mean `{}`?", nearest(k, KEYS.iter().copied())));
            format!("{}\n{hint}", message.trim_end()).trim_end().to_owned()
        })?;
        config.checks()?;
        config.apply(&mut Settings::default())?;
        Ok(config)
    }

    /// Thresholds as changed here.
    pub fn checks(&self) -> Result<Checks, String> {
        let mut checks = Checks::default();
        for (id, value) in &self.thresholds {
            checks.set(id, *value).map_err(|e| format!("[thresholds] {e}"))?;
        }
        Ok(checks)
    }

    /// Sets what the file says; the command line is applied after it and wins.
    pub fn apply(&self, settings: &mut Settings) -> Result<(), String> {
        let rule = |key: &str, zone: &str| {
            Rule::named(zone)
                .ok_or_else(|| format!("{key} = {zone:?}: no zone; write it like Europe/Vienna, UTC or +05:30"))
        };
        if let Some(zone) = &self.tz {
            settings.zones.all = Some(rule("tz", zone)?);
        }
        for (host, zone) in &self.zones {
            settings.zones.of_host.insert(host.to_ascii_lowercase(), rule(&format!("[zones] {host}"), zone)?);
        }
        let mut own = Own::default();
        for m in &self.message {
            own.add(m.program.as_deref(), &m.pattern, &m.means).map_err(|e| format!("[[message]] {e}"))?;
        }
        settings.own = Arc::new(own);
        for (name, value) in &self.limits {
            let value =
                value.as_integer().map(|n| n.to_string()).or(value.as_str().map(str::to_owned)).unwrap_or_default();
            settings.limits.set(&format!("{name}={value}")).map_err(|e| format!("[limits] {e}"))?;
        }
        Ok(())
    }
}

/// A file with every key and threshold at its default, for a start: `pgautopsy list config`.
pub fn template() -> String {
    let mut out = String::from(
        "# pgautopsy.toml. Looked for in this order, the first one wins: --config FILE, $PGAUTOPSY_CONFIG,\n\
         # ./pgautopsy.toml, $XDG_CONFIG_HOME/pgautopsy/pgautopsy.toml (~/.config/...), /etc/pgautopsy/pgautopsy.toml.\n\
         # The command line wins over this file.\n\n\
         # Zone of logs that do not say theirs.\n# tz = \"Europe/Vienna\"\n\n\
         [zones]\n# db2 = \"Asia/Tokyo\"\n\n\
         [limits]\n# depth = 12\n# total = \"1T\"\n\n\
         [daily]\n# state = \"/var/lib/pgautopsy/state\"\n# paths = [\"/var/log/patroni\", \"/var/log/etcd\", \"/var/log/postgresql\", \"/var/log/sysstat\", \"/var/lib/pgautopsy/now\"]\n\
         # host = \"pg1\"\n# from = \"pgautopsy@example.org\"\n# to = \"dba@example.org\"\n\n\
         # Messages of your own with the meaning that they have (second column of `pgautopsy list messages`).\n\
         # [[message]]\n# program = \"postgresql\"\n# pattern = 'acme_guard: node (?P<who>\\S+) fenced after (?P<num>\\d+) s'\n# means = \"pg.abnormal_exit\"\n\n[thresholds]\n",
    );
    for check in CHECKS {
        out.push_str(&format!("# {}\n# \"{}\" = {}\n", check.doc, check.id, check.default));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_zones_limits_and_thresholds() {
        let config = Config::parse(
            "tz = \"Europe/Vienna\"\n[zones]\nDB2 = \"+09:00\"\n[limits]\ndepth = 12\ntotal = \"1T\"\n[thresholds]\n\"disk.limit_pct\" = 80\n[daily]\npaths = [\"/var/log/patroni\"]\n",
        )
        .unwrap();
        assert_eq!(config.checks().unwrap().get("disk.limit_pct"), 80.0);
        let mut settings = Settings::default();
        config.apply(&mut settings).unwrap();
        assert!(settings.zones.of_host.contains_key("db2"));
        assert_eq!(settings.limits.depth, 12);
    }

    #[test]
    fn mistakes_are_answered_with_their_place_and_what_would_be_right() {
        let wrong = Config::parse("[daily]\npathes = [\"/x\"]\n").unwrap_err();
        assert!(wrong.contains("line 2") && wrong.contains("did you mean `paths`"), "{wrong}");
        assert!(Config::parse("[thresholds]\n\"disk.limit\" = 80\n").unwrap_err().contains("disk.limit_pct"));
        assert!(Config::parse("tz = \"Mars/Olympus\"\n").unwrap_err().contains("Europe/Vienna"));
        assert!(Config::parse("[limits]\ndeep = 3\n").unwrap_err().contains("depth"));
    }

    #[test]
    fn the_template_is_a_config() {
        Config::parse(&template()).unwrap();
        let all = template()
            .lines()
            .map(|l| l.strip_prefix("# \"").map_or(l.to_owned(), |r| format!("\"{r}")))
            .collect::<Vec<_>>();
        Config::parse(&all.join("\n")).unwrap();
    }
}
