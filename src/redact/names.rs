//! Which names a text holds, told by where they stand: `user=x`, `for user "x"`, `https://x:2379`, `user@database`.

use super::Kind;
use super::address::{self, Address};
use crate::messages::TABLES;
use crate::model::{Fact, Key, Naming, Value};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Names that come with the programs and tell nothing about anybody.
const COMMON: &[&str] = &[
    "postgres",
    "root",
    "template0",
    "template1",
    "replication",
    "localhost",
    "all",
    "none",
    "null",
    "unknown",
    "true",
    "false",
    "patroni",
    "etcd",
    "postgresql",
    "pgbouncer",
    "haproxy",
    "leader",
    "primary",
    "replica",
    "standby",
    "master",
    "slave",
    "sameuser",
    "samerole",
    "public",
    "user",
    "password",
    "username",
    "host",
    "hostname",
    "database",
    "db",
    "localhost6",
    "localdomain",
    "ip6-localhost",
    "ip6-loopback",
    "bundle",
    "commands",
    "messages",
    "syslog",
    "the",
    "and",
    "is",
    "was",
    "for",
    "unnamed host",
    "cluster",
    "node",
    "server",
    "client",
    "name",
    "data",
    "main",
    "default",
    "wal",
    "log",
    "pg",
];

/// An etcd member's id: a random number in hex that says nothing about anybody.
pub fn is_etcd_id(name: &str) -> bool {
    (12..=16).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_hexdigit())
        && name.bytes().any(|b| b.is_ascii_digit())
}

/// What to replace.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: BTreeMap<String, Kind>,
    addresses: BTreeSet<Address>,
}

impl Names {
    /// A name known from elsewhere. Parts of a qualified name are names too.
    pub fn add(&mut self, kind: Kind, name: &str) {
        let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
        if name.len() > 253
            || name.contains(['/', ' ', '"', '\'', '$', '{', '(', ')', '*', '%', '<', '\\', ',', '=', '\0'])
        {
            return;
        }
        if !address::find(&name).is_empty() {
            self.scan_addresses(&name);
            return;
        }
        if name.is_empty() || COMMON.contains(&name.as_str()) || !name.bytes().any(|b| b.is_ascii_alphabetic()) {
            return;
        }
        if kind == Kind::Host
            && let Some((first, domain)) = name.split_once('.')
        {
            // `pg_ok.az1` is one name; `pg1.corp.example` is a host in a domain.
            if domain.contains('.') || domain.bytes().all(|b| b.is_ascii_alphabetic()) && domain.len() > 1 {
                self.add(Kind::Host, first);
                if !domain.ends_with("cluster.local") && !matches!(domain, "local" | "localdomain" | "svc") {
                    self.put(domain.to_owned(), Kind::Domain);
                }
                return;
            }
        }
        self.put(name, kind);
    }

    /// What another part of the bundle showed.
    pub fn merge(&mut self, other: Names) {
        other.names.into_iter().for_each(|(name, kind)| self.put(name, kind));
        self.addresses.extend(other.addresses);
    }

    fn put(&mut self, name: String, kind: Kind) {
        let known = self.names.entry(name).or_insert(kind);
        *known = (*known).min(kind);
    }

    /// Names that a bundle's nodes and facts tell.
    pub fn add_naming(&mut self, naming: Naming, name: &str) {
        match naming {
            // A random number that says nothing.
            Naming::EtcdId => {}
            Naming::Address => self.scan_addresses(name),
            Naming::Host | Naming::Member | Naming::EtcdName | Naming::Pod => self.add(Kind::Host, name),
        }
    }

    pub fn add_fact(&mut self, fact: &Fact) {
        let item = || fact.item.as_deref().unwrap_or("");
        let value = match &fact.value {
            Value::Text(t) => t.as_ref(),
            Value::Num(_) => "",
        };
        match fact.key {
            Key::Scope => self.add(Kind::Cluster, value),
            Key::MemberRole | Key::MemberState | Key::MemberTimeline | Key::MemberLagMb | Key::MemberTag => {
                self.add(Kind::Host, item());
            }
            Key::HistoryLeader | Key::EtcdMemberName | Key::AddressOf => self.add(Kind::Host, value),
            Key::MemberHost | Key::DcsHost | Key::EtcdMemberAddress => {
                let host = value.rsplit('/').next().unwrap_or(value);
                self.add(Kind::Host, host.rsplit_once(':').map_or(host, |h| h.0));
            }
            _ => {}
        }
    }

    /// Names and addresses that a text shows by their places.
    pub fn scan(&mut self, text: &str) {
        for line in text.split('\n') {
            self.scan_addresses(line);
            for (from, to, kind) in places(line) {
                if let Some(name) = line.get(from..to) {
                    self.add(kind, name);
                }
            }
        }
    }

    fn scan_addresses(&mut self, text: &str) {
        self.addresses.extend(address::find(text).into_iter().map(|(_, _, a)| a));
    }

    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &String> {
        self.names.iter().filter(move |(_, k)| **k == kind).map(|(n, _)| n)
    }

    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.names.keys()
    }

    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter()
    }

    pub fn addresses_set(&self) -> &BTreeSet<Address> {
        &self.addresses
    }

    /// Whether a name is replaced wherever it stands. One that is also a word of the programs' messages is not: the
    /// messages would not be understood any more.
    pub fn replace_everywhere(&self, name: &str) -> bool {
        let odd = name.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'));
        (odd && name.len() >= 2 || name.len() >= 3) && !vocabulary().contains(name)
    }
}

/// Words of all messages that programs say.
fn vocabulary() -> &'static BTreeSet<String> {
    static WORDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let says = TABLES.iter().flat_map(|(_, _, list)| list.iter()).map(|m| m.says);
        let words = says.flat_map(|s| s.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))));
        let parts = words.map(str::to_ascii_lowercase).filter(|w| w.len() > 1);
        parts
            .chain(
                [
                    "info", "error", "warning", "debug", "fatal", "log", "conf", "yml", "var", "etc", "sar", "df",
                    "sql", "test", "admin", "app", "prod",
                ]
                .map(str::to_owned),
            )
            .collect()
    })
}

/// Places where only a name stands: begin, end, kind.
pub fn places(line: &str) -> Vec<(usize, usize, Kind)> {
    static PLACES: OnceLock<Vec<(Regex, &'static [Kind])>> = OnceLock::new();
    let patterns = PLACES.get_or_init(|| {
        use Kind::{Database, Host, User};
        let all: &[(&str, &[Kind])] = &[
            (r#"(?i)\b(?:user(?:name)?|usr|role)\s?[=:]\s?["']?([A-Za-z0-9_.$-]{1,63})\b"#, &[User]),
            (r#"(?i)\b(?:user|role|username|login)\s"([^"\s]{1,63})""#, &[User]),
            (r#"(?i)"(?:user|user_name|username)"\s?:\s?"([^"\s]{1,63})""#, &[User]),
            (r#"(?i)\b(?:db|database|dbname|datname)\s?=\s?["']?([A-Za-z0-9_.$-]{1,63})\b"#, &[Database]),
            (r#"(?i)\bdatabase\s"([^"\s]{1,63})""#, &[Database]),
            (r#"(?i)"(?:dbname|database_name|database|datname)"\s?:\s?"([^"\s]{1,63})""#, &[Database]),
            // `%u@%d` in front of PostgreSQL's messages.
            (r"\b([A-Za-z0-9_.$-]{1,63})@([A-Za-z0-9_.$-]{1,63})\b[^@]{0,40}\b(?:LOG|ERROR|FATAL|WARNING|PANIC|DETAIL|STATEMENT|HINT|NOTICE|CONTEXT):\s", &[User, Database]),
            // csvlog: time, user, database, process.
            (r#"^\d{4}-\d\d-\d\d [^,]{8,24},"([^",]{1,63})","([^",]{1,63})",\d+,"#, &[User, Database]),
            // Credentials and host of a URL. The host may be several, as in libpq's.
            (r"\b[a-z][a-z0-9+]{1,20}://(?:([A-Za-z0-9_.-]{1,63})(?::[^@/\s]*)?@)?([A-Za-z0-9][A-Za-z0-9_.-]{0,252})", &[User, Host]),
            (r#"(?i)\b(?:host|hostname|hostaddr|nodename|fqdn)\s?[=:]\s?["']?([A-Za-z0-9][A-Za-z0-9_.-]{0,252})\b"#, &[Host]),
        ];
        all.iter().filter_map(|(p, k)| Some((Regex::new(p).ok()?, *k))).collect()
    });
    // Long lines are statements or worse; names stand at their beginning.
    let mut end = line.len().min(8_000);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let line = line.get(..end).unwrap_or("");
    if !line.contains(['=', '"', '@', '/', ':', '\'']) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (pattern, kinds) in patterns {
        for found in pattern.captures_iter(line) {
            for (i, kind) in kinds.iter().enumerate() {
                if let Some(m) = found.get(i + 1) {
                    out.push((m.start(), m.end(), *kind));
                }
            }
        }
    }
    out.sort_unstable();
    out
}
