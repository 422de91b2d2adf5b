//! Versions: `rpm -qa`, `dpkg -l`, and what programs print about themselves (`--version`).

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "packages",
    program: Program::Command,
    doc: "`patroni-3.3.6-1PGDG.rhel9.noarch`, `ii  etcd-server  3.5.16-4 …`, `patroni 3.3.6`, `etcd Version: 3.5.30`, `postgres (PostgreSQL) 15.18`",
    sniff,
    read,
    samples: &[
        "patroni-3.3.6-1PGDG.rhel9.noarch\netcd-3.5.16-1.el9.x86_64\npostgresql15-server-15.8-1PGDG.rhel9.x86_64\n",
        "ii  patroni        3.3.6-1.pgdg12+1  all    PostgreSQL High Availability\nii  etcd-server    3.5.16-4          amd64  highly-available key value store\n",
        "etcd Version: 3.5.30\nGit SHA: 1234567\nGo Version: go1.23\n",
        "postgres (PostgreSQL) 15.18 (Debian 15.18-1.pgdg12+1)\n",
    ],
};

/// Packages worth a line in a report.
static KEPT: &[&str] = &[
    "patroni",
    "etcd",
    "postgresql",
    "consul",
    "haproxy",
    "pgbouncer",
    "keepalived",
    "vip-manager",
    "sysstat",
    "kernel",
    "systemd",
    "chrony",
    "python3-etcd",
    "open-vm-tools",
];

/// Name and version of a package line.
fn package(line: &str) -> Option<(&str, &str)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    // dpkg: two or three letters of state, then columns.
    if words.first().is_some_and(|w| matches!(*w, "ii" | "hi" | "rc" | "iU" | "iF")) {
        let name = words.get(1)?.split(':').next()?;
        return Some((name, *words.get(2)?));
    }
    // rpm: name-version-release.arch
    let first = *words.first()?;
    let arch = ["x86_64", "noarch", "aarch64", "ppc64le", "i686", "s390x", "(none)"];
    let stem = arch.iter().find_map(|a| first.strip_suffix(a)?.strip_suffix('.'))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (version.starts_with(|c: char| c.is_ascii_digit()) && !release.is_empty()).then_some((name, version))
}

/// What a program says about itself: key and version.
fn own_words(line: &str) -> Option<(Key, &str)> {
    let line = line.trim();
    let version = |v: &str| v.starts_with(|c: char| c.is_ascii_digit()) && v.contains('.');
    let word = |rest: &'_ str| -> Option<usize> { rest.find([' ', ',']).or(Some(rest.len())) };
    for (prefix, key) in [
        ("patroni ", Key::PatroniVersion),
        ("patronictl version ", Key::PatroniVersion),
        ("etcd Version: ", Key::EtcdVersion),
        ("etcdctl version: ", Key::EtcdVersion),
        ("postgres (PostgreSQL) ", Key::PgVersion),
        ("psql (PostgreSQL) ", Key::PgVersion),
        ("PostgreSQL ", Key::PgVersion),
    ] {
        if let Some(rest) = line.strip_prefix(prefix) {
            let value = rest.get(..word(rest)?)?;
            let whole = line.len() == prefix.len() + value.len();
            let certain = whole || !matches!(prefix, "patroni " | "PostgreSQL ") || rest.contains(" on ");
            return (version(value) && certain).then_some((key, value));
        }
    }
    // curl /version of etcd
    if line.starts_with("{\"etcdserver\":\"") {
        return Some((Key::EtcdVersion, line.split('"').nth(3)?));
    }
    None
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all = text.lines().filter(|l| !l.trim().is_empty()).count();
    let rows = text.lines().filter(|l| package(l).is_some()).count();
    if rows > 0 && rows * 2 >= all {
        return 88;
    }
    if text.lines().take(6).any(|l| own_words(l).is_some()) && all <= 12 { 85 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        facts(line, &mut sheet);
    }
    sheet.account(&text);
}

/// Facts of one line; whether it told a version.
pub fn facts(line: Line<'_>, sheet: &mut Sheet<'_>) -> bool {
    if let Some((key, version)) = own_words(line.text) {
        sheet.text(key, None, version, line);
        return true;
    }
    let Some((name, version)) = package(line.text) else { return false };
    let upstream = version.split(['-', '+', '~']).next().unwrap_or(version);
    let upstream = upstream.split_once(':').map_or(upstream, |(_, v)| v);
    match name {
        "patroni" => sheet.text(Key::PatroniVersion, None, upstream, line),
        "etcd" | "etcd-server" => sheet.text(Key::EtcdVersion, None, upstream, line),
        _ if name.starts_with("postgresql") && name.contains("server") || is_debian_server(name) => {
            sheet.text(Key::PgVersion, None, upstream, line);
        }
        _ => {}
    }
    if KEPT.iter().any(|k| name.starts_with(k)) {
        sheet.text(Key::Package, Some(name), version, line);
    }
    true
}

/// `postgresql-15`: the server itself in Debian.
fn is_debian_server(name: &str) -> bool {
    name.strip_prefix("postgresql-")
        .is_some_and(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_versions() {
        for (text, key, want) in [
            (FORMAT.samples[0], Key::PatroniVersion, "3.3.6"),
            (FORMAT.samples[0], Key::PgVersion, "15.8"),
            (FORMAT.samples[1], Key::EtcdVersion, "3.5.16"),
            (FORMAT.samples[2], Key::EtcdVersion, "3.5.30"),
            (FORMAT.samples[3], Key::PgVersion, "15.18"),
            ("patroni 4.0.4\n", Key::PatroniVersion, "4.0.4"),
            ("{\"etcdserver\":\"3.4.23\",\"etcdcluster\":\"3.4.0\"}\n", Key::EtcdVersion, "3.4.23"),
        ] {
            let mut out = Parsed::default();
            assert!(sniff(text.as_bytes(), "") > 80, "{text}");
            read(text.as_bytes(), "", &mut out);
            assert!(out.facts.iter().any(|f| f.key == key && f.value.text() == Some(want)), "{want} {:#?}", out.facts);
        }
    }
}
