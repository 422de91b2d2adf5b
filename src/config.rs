//! `pgautopsy.toml`: what a user may set once instead of on every command line.

use crate::causes::CAUSES;
use crate::checks::CHECKS;
use crate::clock::Rule;
use crate::messages::Own;
use crate::model::Threshold;
use crate::run::Settings;
use crate::spelling::nearest;
use crate::{daily, incidents};
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
        config.apply(&mut Settings::default())?;
        Ok(config)
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
        for (id, value) in &self.thresholds {
            let Some(threshold) = thresholds().into_iter().find(|t| t.id == id) else {
                let near = nearest(id, thresholds().into_iter().map(|t| t.id));
                return Err(format!(
                    "[thresholds] {id}: no threshold of that name; did you mean {near}? (`pgautopsy list checks`)"
                ));
            };
            settings.thresholds.change(threshold, *value).map_err(|e| format!("[thresholds] {e}"))?;
        }
        for (name, value) in &self.limits {
            let value =
                value.as_integer().map(|n| n.to_string()).or(value.as_str().map(str::to_owned)).unwrap_or_default();
            settings.limits.set(&format!("{name}={value}")).map_err(|e| format!("[limits] {e}"))?;
        }
        Ok(())
    }
}

/// Every threshold that may be changed, sorted by id; each is declared beside the rule that asks for it.
pub fn thresholds() -> Vec<&'static Threshold> {
    let causes = CAUSES.iter().flat_map(|c| c.thresholds);
    let checks = CHECKS.iter().flat_map(|group| group.iter()).flat_map(|c| c.thresholds);
    let others = daily::THRESHOLDS.iter().chain(incidents::THRESHOLDS);
    let mut all: Vec<&Threshold> = causes.chain(checks).chain(others).copied().collect();
    all.sort_by_key(|t| t.id);
    // One number may serve a cause and a check.
    all.dedup_by(|a, b| std::ptr::eq(*a, *b));
    all
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
    for t in thresholds() {
        out.push_str(&format!("# {}\n# \"{}\" = {} # {}\n", t.doc, t.id, t.default, t.unit));
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

    #[test]
    fn every_threshold_is_found_once_says_its_origin_and_can_be_changed() {
        let all = thresholds();
        assert!(all.windows(2).all(|w| w[0].id < w[1].id), "one name for two numbers");
        for t in all {
            assert!(t.doc.len() > 20 && !t.unit.is_empty() && t.default > 0.0, "{}", t.id);
            let config = Config::parse(&format!("[thresholds]\n\"{}\" = 12345\n", t.id)).unwrap();
            let mut settings = Settings::default();
            config.apply(&mut settings).unwrap();
            assert_eq!(settings.thresholds.of(t), 12345.0);
        }
        let wrong = |text: &str| Config::parse(text).unwrap_err();
        assert!(wrong("[thresholds]\n\"disk.limt_pct\" = 80\n").contains("did you mean disk.limit_pct"));
        assert!(wrong("[thresholds]\n\"disk.limit_pct\" = -1\n").contains("the default is 75 %"));
    }

    #[test]
    fn a_threshold_decides_what_is_reported() {
        let bundle = crate::run::files_in(
            "//- pg1/patroni.log\n2026-03-02 10:00:01,010 INFO: no action. I am (pg1), the leader with the lock\n2026-03-02 10:00:11,012 INFO: no action. I am (pg1), the leader with the lock\n//- pg1/df.txt\nFilesystem     1K-blocks    Used Available Use% Mounted on\n/dev/sdb1       10255636 8204508   1510000  84% /var/lib/pgsql\n",
        );
        let risks = |limit: &str| {
            let mut settings = Settings::default();
            Config::parse(&format!("[thresholds]\n\"disk.limit_pct\" = {limit}\n"))
                .unwrap()
                .apply(&mut settings)
                .unwrap();
            let (t, _) = crate::run::timeline_of(&bundle, &settings);
            crate::checks::run(&t).iter().filter(|(c, _)| c.id == "disk_usage_high").count()
        };
        assert_eq!((risks("75"), risks("90")), (1, 0));
    }
}
