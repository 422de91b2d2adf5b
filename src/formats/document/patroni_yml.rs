//! patroni.yml: the local settings of one member, and what the cluster was once bootstrapped with.
//!
//! `bootstrap.dcs` is read only when the cluster is created; the item `bootstrap` of its facts says so.

use crate::formats::settings::{dynamic, line_at, parameter};
use crate::formats::sheet::{Sheet, host_of};
use crate::formats::tree::Leaf;
use crate::formats::{Document, tree};
use crate::model::{Key, Naming, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "patroni-yml",
    program: Program::Config,
    doc: "scope, name, restapi, DCS section, bootstrap.dcs, postgresql, watchdog, log",
    sniff,
    read,
    samples: &[
        "scope: batman\nname: pg1\nrestapi:\n  listen: 0.0.0.0:8008\n  connect_address: 10.0.0.1:8008\netcd3:\n  hosts: 10.0.0.1:2379\n",
    ],
};

/// Sections that name the DCS, and what Patroni calls it.
static DCS: &[&str] = &["etcd3", "etcd", "consul", "zookeeper", "exhibitor", "kubernetes", "raft"];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let at_top = |key: &str| {
        text.lines().any(|l| {
            l.trim_start_matches(['"', '\''])
                .strip_prefix(key)
                .is_some_and(|r| r.trim_start_matches(['"', '\'']).starts_with(':'))
        })
    };
    let own = ["scope", "restapi", "bootstrap", "postgresql", "watchdog", "namespace", "ctl", "tags"];
    let hits = own.iter().chain(DCS).filter(|k| at_top(k)).count();
    if at_top("apiVersion") || at_top("kind") {
        0
    } else if (at_top("scope") && hits >= 2)
        || (at_top("bootstrap") && text.contains("dcs:"))
        || (at_top("restapi") && hits >= 3)
    {
        96
    } else {
        0
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    let leaves = tree::readable(&text, sheet.out);
    local(&leaves, "", &text, &mut sheet);
    sheet.account(&text);
}

/// Facts of a Patroni configuration whose keys stand below `prefix` (empty, or with its final dot).
pub fn local(leaves: &[Leaf], prefix: &str, text: &str, sheet: &mut Sheet<'_>) {
    let all: Vec<&str> = text.lines().collect();
    let own: Vec<Leaf> = leaves
        .iter()
        .filter_map(|l| l.path.strip_prefix(prefix).map(|p| Leaf { path: p.to_owned(), ..l.clone() }))
        .collect();
    let value = |path: &str| own.iter().find(|l| l.path == path).map(|l| (l.value.text(), line_at(&all, l.line)));
    if let Some((scope, line)) = value("scope") {
        sheet.text(Key::Scope, None, &scope, line);
    }
    let name = value("name");
    if let Some((name, line)) = &name {
        sheet.name(Naming::Member, name, *line);
    }
    for path in ["restapi.connect_address", "postgresql.connect_address"] {
        if let Some((address, line)) = value(path) {
            let host = host_of(&address);
            let naming = if crate::formats::sheet::is_address(host) { Naming::Address } else { Naming::Host };
            sheet.name(naming, host, line);
            if let Some((name, _)) = &name {
                sheet.address(&address, name, line);
            }
        }
    }
    dcs(&own, &all, sheet);
    dynamic(&own, "bootstrap.dcs.", Some("bootstrap"), text, sheet);
    for leaf in &own {
        let line = line_at(&all, leaf.line);
        let value = leaf.value.text();
        if let Some(name) = leaf.path.strip_prefix("postgresql.parameters.") {
            parameter(name, &value, line, sheet);
            continue;
        }
        match leaf.path.as_str() {
            "postgresql.data_dir" => sheet.text(Key::PgDataDir, None, &value, line),
            "postgresql.use_pg_rewind" => {
                if let Some(n) = leaf.value.num() {
                    sheet.num(Key::UsePgRewind, None, n, line);
                }
            }
            "watchdog.mode" => {
                // `mode: off` is a boolean in YAML.
                sheet.text(Key::WatchdogMode, None, &value, line);
            }
            "watchdog.safety_margin"
            | "watchdog.device"
            | "log.level"
            | "log.traceback_level"
            | "log.dir"
            | "log.file_num"
            | "log.file_size"
            | "log.type"
            | "log.format"
            | "log.dateformat"
            | "log.max_queue_size"
            | "log.deduplicate_heartbeat_logs"
            | "postgresql.pg_ctl_timeout"
            | "postgresql.use_unix_socket"
            | "postgresql.bin_dir"
            | "postgresql.config_dir"
            | "postgresql.recovery_conf.recovery_target_timeline"
            | "namespace"
            | "kubernetes.use_endpoints"
            | "kubernetes.bypass_api_service"
            | "kubernetes.retriable_http_codes"
            | "raft.data_dir"
            | "zookeeper.session_timeout"
            | "consul.checks"
            | "consul.consistency" => sheet.text(Key::PatroniSetting, Some(&leaf.path), &value, line),
            path if path.starts_with("tags.") => {
                let tag = path.trim_start_matches("tags.");
                let matters = ["nofailover", "nosync", "nostream", "failover_priority", "clonefrom", "noloadbalance"];
                if matters.contains(&tag) && !matches!(value.as_str(), "off" | "false") {
                    let member = name.as_ref().map(|(n, _)| n.as_str());
                    sheet.text(Key::MemberTag, member, &format!("{tag}={}", truth(&value)), line);
                }
            }
            path if path.ends_with(".waldir") => sheet.text(Key::PgWalDir, None, &value, line),
            _ => {}
        }
    }
}

fn truth(value: &str) -> &str {
    match value {
        "on" => "true",
        "off" => "false",
        other => other,
    }
}

/// The DCS section and its endpoints.
fn dcs(own: &[Leaf], all: &[&str], sheet: &mut Sheet<'_>) {
    // `etcd:` may stand beside `etcd3:` in a template; Patroni takes the first that it knows and that is filled in.
    let filled = |kind: &str| own.iter().find(|l| l.path.starts_with(&format!("{kind}.")) || l.path == kind);
    let Some((kind, first)) = DCS.iter().find_map(|k| filled(k).map(|l| (*k, l))) else { return };
    let protocol = own.iter().find(|l| l.path == format!("{kind}.protocol")).map(|l| l.value.text());
    sheet.text(Key::DcsKind, None, kind, line_at(all, first.line));
    let endpoints = ["host", "hosts", "url", "proxy", "srv", "partner_addrs", "self_addr"];
    for leaf in own.iter().filter(|l| l.path.starts_with(&format!("{kind}."))) {
        let key = tree::last_key(&leaf.path);
        if !endpoints.contains(&key) {
            continue;
        }
        let line = line_at(all, leaf.line);
        for host in leaf.value.text().split([',', ' ']).map(|h| h.trim().trim_matches(['"', '\'', '[', ']'])) {
            sheet.text(Key::DcsHost, protocol.as_deref(), host, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TEXT: &str = "scope: prod-pg\nname: db01\nrestapi:\n  listen: 0.0.0.0:8008\n  connect_address: 10.11.1.11:8008\n  authentication:\n    username: u\n    password: geheim\netcd3:\n  hosts:\n  - 10.11.1.11:2379\n  - 10.11.1.12:2379\nbootstrap:\n  dcs:\n    ttl: 20\n    synchronous_mode: false\n    postgresql:\n      parameters:\n        max_connections: 100\n  initdb:\n  - waldir: /pg_wal/pg_wal\npostgresql:\n  connect_address: 10.11.1.11:5432\n  data_dir: /var/lib/pgsql/15/data\n  authentication:\n    replication:\n      password: rep-pass\n  parameters:\n    log_timezone: 'America/New_York'\n    archive_mode: on\n    archive_command: /bin/true\nwatchdog:\n  mode: off\ntags:\n  nofailover: true\nlog:\n  deduplicate_heartbeat_logs: true\n";

    #[test]
    fn reads_local_and_bootstrap_settings() {
        let mut out = Parsed::default();
        read(TEXT.as_bytes(), "", &mut out);
        let has = |key: Key, item: Option<&str>, value: &str| {
            out.facts.iter().any(|f| {
                f.key == key
                    && f.item.as_deref() == item
                    && (f.value.text() == Some(value) || f.value.num().map(|n| n.to_string()).as_deref() == Some(value))
            })
        };
        assert!(has(Key::Scope, None, "prod-pg"));
        assert!(has(Key::Ttl, Some("bootstrap"), "20"));
        assert!(has(Key::SynchronousMode, Some("bootstrap"), "0"));
        assert!(has(Key::DcsKind, None, "etcd3"));
        assert!(has(Key::DcsHost, None, "10.11.1.12:2379"));
        assert!(has(Key::AddressOf, Some("10.11.1.11"), "db01"));
        assert!(has(Key::TimeZone, Some("postgresql"), "America/New_York"));
        assert!(has(Key::PgSetting, Some("archive_mode"), "on"));
        assert!(has(Key::PgSetting, Some("archive_command"), "does nothing"));
        assert!(has(Key::PgWalDir, None, "/pg_wal/pg_wal"));
        assert!(has(Key::WatchdogMode, None, "off"));
        assert!(has(Key::MemberTag, Some("db01"), "nofailover=true"));
        assert!(has(Key::PatroniSetting, Some("log.deduplicate_heartbeat_logs"), "on"));
        assert!(out.streams[0].names.iter().any(|n| n.naming == Naming::Member && &*n.name == "db01"));
        assert!(out.problems.is_empty(), "{:?}", out.problems);
    }

    #[test]
    fn no_secret_gets_into_a_fact() {
        let mut out = Parsed::default();
        read(TEXT.as_bytes(), "", &mut out);
        let all = format!("{:?} {:?}", out.facts, out.problems);
        assert!(!all.contains("geheim") && !all.contains("rep-pass"), "{all}");
    }

    #[test]
    fn broken_yaml_still_gives_the_keys_that_matter() {
        let text = TEXT.replace("  connect_address: 10.11.1.11:5432\n", "\tconnect_address: [10.11.1.11:5432\n");
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        assert_eq!(out.problems.len(), 1);
        for key in [Key::Scope, Key::Ttl, Key::DcsKind, Key::TimeZone] {
            assert!(out.facts.iter().any(|f| f.key == key), "{key:?} {:#?}", out.facts);
        }
    }
}
