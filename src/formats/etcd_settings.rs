//! etcd's settings as facts, whether they stand in YAML, in the environment or on a command line.

use super::sheet::{Line, Sheet, host_of, is_address, is_local};
use super::units;
use crate::model::{Key, Naming};

/// Settings kept under `EtcdSetting`; others say nothing about failovers.
static OTHERS: &[&str] = &[
    "auto-compaction-mode",
    "auto-compaction-retention",
    "snapshot-count",
    "max-snapshots",
    "max-wals",
    "max-request-bytes",
    "max-txn-ops",
    "wal-dir",
    "initial-cluster-state",
    "strict-reconfig-check",
    "pre-vote",
    "enable-v2",
    "logger",
    "log-level",
    "debug",
    "listen-metrics-urls",
    "metrics",
    "auth-token",
    "auth-token-ttl",
    "client-cert-auth",
    "peer-client-cert-auth",
    "auto-tls",
    "peer-auto-tls",
    "discovery-srv",
    "proxy",
    "backend-batch-interval",
    "backend-batch-limit",
    "experimental-initial-corrupt-check",
    "experimental-warning-apply-duration",
    "warning-apply-duration",
    "force-new-cluster",
    "unsafe-no-fsync",
];

/// `ETCD_HEARTBEAT_INTERVAL` → `heartbeat-interval`; `None` for other variables.
pub fn variable(name: &str) -> Option<String> {
    let rest = name.strip_prefix("ETCD_")?;
    let known = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    known.then(|| rest.to_ascii_lowercase().replace('_', "-"))
}

/// One setting under its dashed name. Returns whether it is one that etcd knows.
pub fn setting(name: &str, value: &str, line: Line<'_>, sheet: &mut Sheet<'_>) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let number = |v: &str| v.parse::<f64>().ok().or_else(|| units::seconds(v).map(|s| s * 1_000.0));
    match name {
        // "default" is what etcd calls itself when nobody gave it a name.
        "name" if value != "default" => sheet.name(Naming::EtcdName, value, line),
        "name" => {}
        "data-dir" => sheet.text(Key::EtcdDataDir, None, value, line),
        "heartbeat-interval" => match number(value) {
            Some(ms) => sheet.num(Key::EtcdHeartbeatMs, None, ms, line),
            None => return false,
        },
        "election-timeout" => match number(value) {
            Some(ms) => sheet.num(Key::EtcdElectionMs, None, ms, line),
            None => return false,
        },
        "quota-backend-bytes" => match units::bytes(value, false) {
            Some(bytes) if bytes > 0.0 => sheet.num(Key::EtcdQuotaBytes, None, bytes, line),
            _ => return false,
        },
        "initial-cluster" => {
            let mut names: Vec<&str> = Vec::new();
            for (name, url) in value.split(',').filter_map(|p| p.split_once('=')) {
                let name = name.trim();
                sheet.address(url, name, line);
                // A member with two peer addresses is listed twice.
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            if !names.is_empty() {
                sheet.num(Key::EtcdMembers, None, names.len() as f64, line);
            }
        }
        "advertise-client-urls" | "initial-advertise-peer-urls" | "listen-client-urls" | "listen-peer-urls" => {
            for url in value.split(',') {
                let host = host_of(url);
                if !is_local(host) && !host.is_empty() {
                    let naming = if is_address(host) { Naming::Address } else { Naming::Host };
                    sheet.name(naming, host, line);
                }
            }
        }
        _ if OTHERS.contains(&name) => sheet.text(Key::EtcdSetting, Some(name), value, line),
        _ => return false,
    }
    true
}

/// Flags of an `etcd` command line: `--name=x --heartbeat-interval 100`. The first word is the program.
pub fn command_line(command: &str, line: Line<'_>, sheet: &mut Sheet<'_>) -> bool {
    let mut words = command.split_whitespace().map(|w| w.trim_matches(['"', '\'', '\\'])).peekable();
    let is_etcd = |w: &str| w.rsplit('/').next() == Some("etcd");
    if !words.by_ref().any(is_etcd) {
        return false;
    }
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
        match flag.split_once('=') {
            Some((name, value)) => {
                setting(name, value, line, sheet);
            }
            None => {
                if let Some(value) = words.next_if(|w| !w.starts_with('-')) {
                    setting(flag, value, line, sheet);
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Parsed, Program};

    #[test]
    fn reads_flags_variables_and_members() {
        let mut out = Parsed::default();
        let mut sheet = Sheet::new(&mut out, Program::Config);
        let line = Line { number: 1, text: "" };
        let flags = "/usr/bin/etcd --name e1 --heartbeat-interval=200 --election-timeout 2000 --quota-backend-bytes=8589934592 --initial-cluster e1=http://10.0.0.1:2380,e2=http://10.0.0.2:2380";
        assert!(command_line(flags, line, &mut sheet));
        assert!(!command_line("/usr/bin/patroni /etc/p.yml", line, &mut sheet));
        assert_eq!(variable("ETCD_ELECTION_TIMEOUT").as_deref(), Some("election-timeout"));
        assert_eq!(variable("PATH"), None);
        let get = |key| out.facts.iter().find(|f| f.key == key).and_then(|f| f.value.num());
        assert_eq!(get(Key::EtcdHeartbeatMs), Some(200.0));
        assert_eq!(get(Key::EtcdElectionMs), Some(2_000.0));
        assert_eq!(get(Key::EtcdQuotaBytes), Some(8_589_934_592.0));
        assert_eq!(get(Key::EtcdMembers), Some(2.0));
        assert!(out.facts.iter().any(|f| f.key == Key::AddressOf && f.item.as_deref() == Some("10.0.0.2")));
        assert_eq!(&*out.streams[0].names[0].name, "e1");
    }
}
