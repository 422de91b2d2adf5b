//! What a check may ask: the values in force, per host or for the cluster, with the place that says so.

use super::Finding;
use crate::incidents::Cite;
use crate::model::{Key, NodeId, Threshold};
use crate::timeline::{Known, Timeline};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub t: &'a Timeline,
}

/// Where bootstrap settings are kept: they are used once, when the cluster is created.
const BOOTSTRAP: &str = "bootstrap";

impl<'a> Look<'a> {
    /// The value in force of a threshold.
    pub fn limit(&self, threshold: &Threshold) -> f64 {
        self.t.thresholds.of(threshold)
    }

    /// Facts of a key with their places.
    pub fn facts(&self, key: Key) -> impl Iterator<Item = (Cite, &'a Known)> + use<'a> {
        self.t.facts.iter().enumerate().filter(move |(_, k)| k.fact.key == key).map(|(i, k)| (Cite::Fact(i as u32), k))
    }

    /// The value in force for the cluster: a live one before a bootstrap one.
    pub fn setting(&self, key: Key) -> Option<(Cite, &'a Known)> {
        self.facts(key).min_by_key(|(_, k)| (k.fact.item.as_deref() == Some(BOOTSTRAP), k.source, k.fact.line))
    }

    pub fn number(&self, key: Key) -> Option<(f64, Cite)> {
        let (cite, known) = self.setting(key)?;
        Some((known.fact.value.num()?, cite))
    }

    /// Whether Patroni's live settings are known at all: what they do not name has its default.
    pub fn live(&self) -> Option<Cite> {
        let (cite, known) = self.setting(Key::LoopWait).or_else(|| self.setting(Key::Ttl))?;
        (known.fact.item.as_deref() != Some(BOOTSTRAP)).then_some(cite)
    }

    /// The last value of a key on each host.
    pub fn by_host(&self, key: Key) -> BTreeMap<NodeId, (Cite, &'a Known)> {
        self.facts(key)
            .filter(|(_, k)| k.fact.item.as_deref() != Some(BOOTSTRAP))
            .map(|(c, k)| (k.node, (c, k)))
            .collect()
    }

    /// A parameter of PostgreSQL, per host, as text.
    pub fn parameter(&self, name: &str) -> BTreeMap<NodeId, (Cite, String)> {
        let named = self.facts(Key::PgSetting).filter(|(_, k)| k.fact.item.as_deref() == Some(name));
        named.map(|(c, k)| (k.node, (c, text(k)))).collect()
    }

    /// Major version of PostgreSQL on any host (9.6 is 9).
    pub fn pg_major(&self) -> Option<u32> {
        self.facts(Key::PgVersion).find_map(|(_, k)| major(&text(k)))
    }

    /// First two numbers of Patroni's version.
    pub fn patroni(&self) -> Option<(u32, u32)> {
        let version = self.facts(Key::PatroniVersion).map(|(_, k)| text(k)).next()?;
        let mut parts = version.split('.').map(|p| p.parse::<u32>().ok());
        Some((parts.next()??, parts.next().flatten().unwrap_or(0)))
    }

    pub fn name(&self, node: NodeId) -> String {
        self.t.name(node).to_string()
    }
}

/// A value in words.
pub fn text(k: &Known) -> String {
    k.fact.value.text().map_or_else(|| k.fact.value.num().map_or_else(String::new, |n| n.to_string()), str::to_owned)
}

/// `15.4` → 15, `9.6.24` → 9, `PostgreSQL 14.2 on …` → 14.
fn major(version: &str) -> Option<u32> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let digits: String = version.get(start..)?.chars().take_while(char::is_ascii_digit).collect();
    match digits.parse().ok()? {
        // server_version_num
        n if n > 9_999 => Some(n / 10_000),
        n => Some(n),
    }
}

/// A finding about the whole cluster.
pub fn cluster(words: String, cites: impl IntoIterator<Item = Cite>, remedy: impl Into<String>) -> Finding {
    host("cluster".to_owned(), words, cites, remedy)
}

/// A finding about one host.
pub fn host(host: String, words: String, cites: impl IntoIterator<Item = Cite>, remedy: impl Into<String>) -> Finding {
    Finding { host, words, cites: cites.into_iter().collect(), remedy: remedy.into() }
}

/// `8 GiB`, `128 MiB`.
pub fn size(bytes: f64) -> String {
    if bytes >= 1_073_741_824.0 {
        format!("{:.1} GiB", bytes / 1_073_741_824.0)
    } else {
        format!("{:.0} MiB", bytes / 1_048_576.0)
    }
}
