//! Takes the names of people's systems out of a report or a bundle: each becomes a pseudonym, the same everywhere.
//!
//! Two passes: [`Names`] collects what to replace, [`Redactor`] replaces it. So the result does not depend on the order
//! of files, and no pseudonym can be the name of something else. Secrets are masked before anything else.

mod address;
mod bundle;
mod names;
mod report;
mod sql;

pub use bundle::{Copied, copy, known};
pub use names::Names;
pub use report::{of_report, redact_data, redact_report};

use crate::formats::secrets::masked;
use address::Address;
use aho_corasick::{AhoCorasick, MatchKind};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a name is of: the word its pseudonym begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Host,
    Cluster,
    Domain,
    Database,
    User,
}

impl Kind {
    /// Beginnings of pseudonyms; the first that is part of no original name is taken.
    fn words(self) -> &'static [&'static str] {
        match self {
            Kind::Host => &["node", "host", "machine", "server", "box"],
            Kind::Cluster => &["cluster", "group", "set"],
            Kind::Domain => &["dom", "zone", "net"],
            Kind::Database => &["base", "store", "dbase"],
            Kind::User => &["user", "login", "account"],
        }
    }
    pub fn id(self) -> &'static str {
        match self {
            Kind::Host => "host",
            Kind::Cluster => "cluster",
            Kind::Domain => "domain",
            Kind::Database => "database",
            Kind::User => "user",
        }
    }
}

/// Replaces names, addresses, SQL literals and secrets.
#[derive(Debug)]
pub struct Redactor {
    names: BTreeMap<String, String>,
    addresses: BTreeMap<Address, String>,
    /// Names that are replaced wherever they stand, in the order of `everywhere`'s patterns.
    patterns: Vec<String>,
    everywhere: Option<AhoCorasick>,
    list: Vec<(&'static str, String, String)>,
}

impl Redactor {
    pub fn new(names: &Names) -> Redactor {
        let mut out = Redactor {
            names: BTreeMap::new(),
            addresses: BTreeMap::new(),
            patterns: Vec::new(),
            everywhere: None,
            list: Vec::new(),
        };
        for kind in [Kind::Host, Kind::Cluster, Kind::Domain, Kind::Database, Kind::User] {
            let mine: Vec<&String> = names.of(kind).filter(|n| !out.names.contains_key(*n)).collect();
            let taken = |word: &&&str| {
                !names.all().any(|n| n.strip_prefix(**word).is_some_and(|r| r.bytes().all(|b| b.is_ascii_digit())))
            };
            let word = kind.words().iter().find(taken).copied().unwrap_or("x");
            // The same width for all, so that their order stays that of the originals.
            let width = mine.len().to_string().len();
            for (i, name) in mine.into_iter().enumerate() {
                let pseudonym = format!("{word}{:0width$}", i + 1);
                out.list.push((kind.id(), name.clone(), pseudonym.clone()));
                out.names.insert(name.clone(), pseudonym);
            }
        }
        for (i, address) in names.addresses().enumerate() {
            let pseudonym = address.pseudonym(i, names.addresses_set());
            out.list.push(("address", address.to_string(), pseudonym.clone()));
            out.addresses.insert(address.clone(), pseudonym);
        }
        out.patterns = out.names.keys().filter(|n| names.replace_everywhere(n)).cloned().collect();
        out.everywhere = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&out.patterns)
            .ok();
        out
    }

    /// What is replaced by what: kind, original, pseudonym.
    pub fn list(&self) -> &[(&'static str, String, String)] {
        &self.list
    }

    /// A name that stands where only names stand.
    fn named(&self, name: &str) -> Option<&str> {
        self.names.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// One line or any other text; `in_sql` says that a statement goes on from the line before, and is told the same.
    pub fn line(&self, line: &str, in_sql: &mut bool) -> String {
        let text = masked(line);
        let text = sql::without_literals(&text, in_sql);
        let text = self.addresses_in(&text);
        let text = self.names_in(&text);
        self.named_places(&text)
    }

    pub fn text(&self, text: &str) -> String {
        let mut in_sql = false;
        let lines: Vec<String> = text.split('\n').map(|l| self.line(l, &mut in_sql)).collect();
        lines.join("\n")
    }

    fn addresses_in<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = address::find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (from, to, address) in found {
            let Some(new) = self.addresses.get(&address) else { continue };
            out.push_str(text.get(at..from).unwrap_or(""));
            out.push_str(new);
            at = to;
        }
        out.push_str(text.get(at..).unwrap_or(""));
        Cow::Owned(out)
    }

    /// Whole names only: no letter or digit before or after.
    fn names_in<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(everywhere) = &self.everywhere else { return Cow::Borrowed(text) };
        let bytes = text.as_bytes();
        let free = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_none_or(|b| !b.is_ascii_alphanumeric());
        let mut hits: Vec<(usize, usize, usize)> = everywhere
            .find_overlapping_iter(text)
            .filter(|m| free(m.start().checked_sub(1)) && free(Some(m.end())))
            .map(|m| (m.start(), m.end(), m.pattern().as_usize()))
            .collect();
        if hits.is_empty() {
            return Cow::Borrowed(text);
        }
        hits.sort_by_key(|(from, to, _)| (*from, std::cmp::Reverse(*to)));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (from, to, pattern) in hits {
            let Some(new) = self.patterns.get(pattern).and_then(|p| self.names.get(p)).filter(|_| from >= at) else {
                continue;
            };
            out.push_str(text.get(at..from).unwrap_or(""));
            out.push_str(new);
            at = to;
        }
        out.push_str(text.get(at..).unwrap_or(""));
        Cow::Owned(out)
    }

    /// Names that are also common words are replaced where only a name can stand.
    fn named_places(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (from, to, _) in names::places(text) {
            let Some(new) = text.get(from..to).and_then(|n| self.named(n)).filter(|_| from >= at) else { continue };
            out.push_str(text.get(at..from).unwrap_or(""));
            out.push_str(new);
            at = to;
        }
        out.push_str(text.get(at..).unwrap_or(""));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let mut names = Names::default();
        names.add(Kind::Host, "pg1.corp.example.com");
        names.add(Kind::Host, "pg1");
        names.add(Kind::Host, "pg-b");
        names.scan(text);
        Redactor::new(&names).text(text)
    }

    #[test]
    fn the_same_name_becomes_the_same_pseudonym_everywhere() {
        let out = redacted(
            "pg1 patroni[7]: I am (pg1), a secondary, and following a leader (pg-b)\nhttp://pg1:8008/patroni PG1.corp.example.com pg10 pg1_data 10.1.2.3:2379",
        );
        assert!(!out.to_lowercase().contains("corp") && out.contains("pg10") && !out.contains("10.1.2.3"), "{out}");
        assert_eq!(out.matches("(node").count(), 2, "{out}");
        assert!(out.contains(":2379") && out.contains("_data"), "{out}");
    }

    #[test]
    fn users_databases_literals_and_secrets_go() {
        let out = redacted(
            "2026-01-01 10:00:00 UTC [7] shopper@shopdb LOG:  statement: SELECT * FROM t WHERE mail = 'it''s@me' AND id = 4711\n\tOR name = 'Bob'\n2026-01-01 10:00:01 UTC [7] FATAL:  password authentication failed for user \"shopper\"\nprimary_conninfo = 'user=shopper password=hunter2 host=pg1'",
        );
        for gone in ["shopper", "shopdb", "it''s", "4711", "Bob", "hunter2", "pg1"] {
            assert!(!out.contains(gone), "{gone}: {out}");
        }
        assert!(out.contains("SELECT * FROM t WHERE mail ="), "{out}");
    }

    #[test]
    fn what_names_nobody_stays() {
        for line in [
            "2021-02-01 13:45:05,683 INFO: no action. I am (a), the leader with the lock",
            "listening on 127.0.0.1:2379 and [::1]:2379, 0.0.0.0",
            "FATAL:  password authentication failed for user \"postgres\"",
            "etcd Version: 3.5.12, at 00:16:44.123",
            "Process 123 state: {'role': 'master', 'timeline': 4}",
        ] {
            assert_eq!(redacted(line), line);
        }
    }
}
