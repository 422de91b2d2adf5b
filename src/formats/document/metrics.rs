//! `/metrics` of etcd and Patroni: totals since the process started, so histograms say how bad it ever was, not when.

use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, stamp};
use crate::model::{Key, Parsed, Program, SECOND, Value};
use std::collections::BTreeMap;

pub static FORMAT: Document = Document {
    name: "metrics",
    program: Program::Command,
    doc: "Prometheus text: fsync and commit histograms, leader changes, database size, patroni_*",
    sniff,
    read,
    samples: &[
        "# HELP etcd_disk_wal_fsync_duration_seconds The latency distributions of fsync called by WAL.\n# TYPE etcd_disk_wal_fsync_duration_seconds histogram\netcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.001\"} 12\n",
        "# TYPE patroni_version gauge\npatroni_version{scope=\"batman\",name=\"pg1\"} 030306\n",
    ],
};

/// Histograms worth a percentile.
static HISTOGRAMS: &[(&str, Key)] = &[
    ("etcd_disk_wal_fsync_duration_seconds", Key::EtcdFsyncP99Ms),
    ("etcd_disk_backend_commit_duration_seconds", Key::EtcdCommitP99Ms),
    ("etcd_network_peer_round_trip_time_seconds", Key::EtcdPeerRttP99Ms),
];

/// Single values kept as they are.
static KEPT: &[&str] = &[
    "etcd_server_has_leader",
    "etcd_server_is_leader",
    "etcd_server_heartbeat_send_failures_total",
    "etcd_server_slow_apply_total",
    "etcd_server_slow_read_indexes_total",
    "etcd_server_read_indexes_failed_total",
    "etcd_server_proposals_failed_total",
    "etcd_server_proposals_pending",
    "etcd_server_health_failures",
    "etcd_debugging_server_lease_expired_total",
    "etcd_debugging_server_alarms",
    "etcd_disk_defrag_inflight",
    "etcd_network_peer_sent_failures_total",
    "etcd_network_peer_received_failures_total",
    "etcd_network_disconnected_peers_total",
    "process_open_fds",
    "process_max_fds",
    "patroni_postgres_running",
    "patroni_master",
    "patroni_primary",
    "patroni_replica",
    "patroni_cluster_unlocked",
    "patroni_failsafe_mode_is_active",
    "patroni_is_paused",
    "patroni_pending_restart",
    "patroni_postgres_timeline",
    "patroni_postgres_server_version",
    "patroni_postgres_streaming",
    "patroni_postgres_in_archive_recovery",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let ours = |l: &str| sample(l).is_some_and(|(n, ..)| n.starts_with("etcd_") || n.starts_with("patroni_"));
    let typed = text.lines().filter(|l| l.starts_with("# TYPE ") || l.starts_with("# HELP ")).count();
    let hits = text.lines().filter(|l| ours(l)).count();
    match (hits, typed) {
        (1.., 1..) => 97,
        // `curl … | grep fsync` leaves the comments behind.
        (1.., 0) => 90,
        // Go's own metrics come first in etcd's list.
        (0, 3..) if text.lines().any(|l| sample(l).is_some()) => 80,
        _ => 0,
    }
}

/// Bound in seconds, count up to it, and where it stands.
type Bucket<'a> = (f64, f64, Line<'a>);

/// Name, labels (without braces) and value.
fn sample(line: &str) -> Option<(&str, &str, f64)> {
    let line = line.trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    let (name, rest) = line.split_at_checked(end)?;
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inner) => inner.rsplit_once('}')?,
        None => ("", rest),
    };
    let mut words = rest.strip_prefix(' ')?.split_whitespace();
    let value = words.next()?.parse().ok()?;
    // At most a time stamp may follow.
    words.all(|w| w.parse::<f64>().is_ok()).then_some((name, labels, value))
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let rest = labels.split(',').find_map(|l| l.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(rest.trim_matches('"'))
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    // By metric and by the labels beside `le`.
    let mut buckets: BTreeMap<(usize, String), Vec<Bucket<'_>>> = BTreeMap::new();
    for line in lines(&text) {
        let Some((name, labels, value)) = sample(line.text) else { continue };
        if let Some(base) = name.strip_suffix("_bucket") {
            if let Some(i) = HISTOGRAMS.iter().position(|(n, _)| *n == base)
                && let Some(bound) =
                    label(labels, "le").and_then(|l| if l == "+Inf" { Some(f64::INFINITY) } else { l.parse().ok() })
            {
                let peer = label(labels, "To").unwrap_or("").to_owned();
                buckets.entry((i, peer)).or_default().push((bound, value, line));
            }
            continue;
        }
        single(name, labels, value, line, &mut sheet);
    }
    for ((i, peer), list) in buckets {
        if let Some((name, key)) = HISTOGRAMS.get(i) {
            let item = if peer.is_empty() { (*name).to_owned() } else { peer };
            histogram(name, *key, &item, list, &mut sheet);
        }
    }
    sheet.account(&text);
}

fn single(name: &str, labels: &str, value: f64, line: Line<'_>, sheet: &mut Sheet<'_>) {
    match name {
        "etcd_mvcc_db_total_size_in_bytes" | "etcd_debugging_mvcc_db_total_size_in_bytes" => {
            sheet.num(Key::EtcdDbSize, None, value, line);
        }
        "etcd_mvcc_db_total_size_in_use_in_bytes" => sheet.num(Key::EtcdDbInUse, None, value, line),
        "etcd_server_quota_backend_bytes" => sheet.num(Key::EtcdQuotaBytes, None, value, line),
        "etcd_server_leader_changes_seen_total" => sheet.num(Key::EtcdLeaderChanges, None, value, line),
        "etcd_server_version" => {
            sheet.text(Key::EtcdVersion, None, label(labels, "server_version").unwrap_or(""), line);
        }
        "etcd_server_id" => {
            if let Some(id) = label(labels, "server_id") {
                sheet.name(crate::model::Naming::EtcdId, id, line);
            }
        }
        "process_start_time_seconds" | "patroni_postmaster_start_time" if value > 1e8 => {
            let at = stamp::from_micros((value * SECOND as f64) as i64);
            let key = if name.starts_with("patroni") { Key::PostmasterStart } else { Key::MetricValue };
            sheet.fact_at(key, Some(label(labels, "name").unwrap_or(name)), Value::Num(value), Some(at), line);
        }
        "patroni_version" => {
            // 030306 is 3.3.6 (patroni/api.py, do_GET_metrics).
            let n = value as u64;
            let version = format!("{}.{}.{}", n / 10_000, n / 100 % 100, n % 100);
            sheet.text(Key::PatroniVersion, None, &version, line);
            sheet.text(Key::Scope, None, label(labels, "scope").unwrap_or(""), line);
            if let Some(member) = label(labels, "name") {
                sheet.name(crate::model::Naming::Member, member, line);
            }
        }
        "patroni_dcs_last_seen" => sheet.num(Key::DcsLastSeen, label(labels, "name"), value, line),
        _ if KEPT.contains(&name) => {
            let item = if labels.is_empty() || name.starts_with("patroni_") {
                name.to_owned()
            } else {
                format!("{name}{{{labels}}}")
            };
            sheet.num(Key::MetricValue, Some(&item), value, line);
        }
        _ => {}
    }
}

fn histogram(name: &str, key: Key, item: &str, mut list: Vec<Bucket<'_>>, sheet: &mut Sheet<'_>) {
    list.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, total, _)) = list.last().copied() else { return };
    if total <= 0.0 {
        return;
    }
    let largest = list.iter().rev().map(|b| b.0).find(|b| b.is_finite()).unwrap_or(0.0);
    if let Some((bound, _, line)) = list.iter().find(|(_, n, _)| *n >= 0.99 * total) {
        // Beyond the last bound nothing more is known than that it was more.
        let bound = if bound.is_finite() { *bound } else { largest * 2.0 };
        sheet.num(key, Some(item), bound * 1_000.0, *line);
    }
    for limit in [0.128, 1.024] {
        let below = list.iter().rev().find(|(b, ..)| *b <= limit + 1e-9);
        if let Some((bound, n, line)) = below.filter(|(b, n, _)| *b > limit / 2.0 && *n < total) {
            sheet.num(Key::SlowOperations, Some(&format!("{name}>{bound}")), total - n, *line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_percentiles_and_slow_operations() {
        let mut text = String::from("# TYPE etcd_disk_wal_fsync_duration_seconds histogram\n");
        for (bound, n) in [
            ("0.001", 0),
            ("0.002", 900),
            ("0.004", 985),
            ("0.128", 992),
            ("0.256", 993),
            ("1.024", 995),
            ("8.192", 1000),
            ("+Inf", 1000),
        ] {
            text.push_str(&format!("etcd_disk_wal_fsync_duration_seconds_bucket{{le=\"{bound}\"}} {n}\n"));
        }
        text.push_str("etcd_server_leader_changes_seen_total 7\netcd_mvcc_db_total_size_in_bytes 2.147483648e+09\nprocess_start_time_seconds 1.7952201e+09\netcd_server_version{server_version=\"3.5.30\"} 1\n");
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        let get = |key, item: Option<&str>| {
            out.facts
                .iter()
                .find(|f| f.key == key && (item.is_none() || f.item.as_deref() == item))
                .and_then(|f| f.value.num())
        };
        assert_eq!(get(Key::EtcdFsyncP99Ms, None), Some(128.0));
        assert_eq!(get(Key::SlowOperations, Some("etcd_disk_wal_fsync_duration_seconds>1.024")), Some(5.0));
        assert_eq!(get(Key::SlowOperations, Some("etcd_disk_wal_fsync_duration_seconds>0.128")), Some(8.0));
        assert_eq!(get(Key::EtcdLeaderChanges, None), Some(7.0));
        assert_eq!(get(Key::EtcdDbSize, None), Some(2_147_483_648.0));
        assert!(out.facts.iter().any(|f| f.key == Key::EtcdVersion && f.value.text() == Some("3.5.30")));
    }

    #[test]
    fn reads_patroni() {
        let mut out = Parsed::default();
        read(b"# TYPE patroni_version gauge\npatroni_version{scope=\"batman\",name=\"pg1\"} 030306\npatroni_dcs_last_seen{scope=\"batman\",name=\"pg1\"} 1795220100\npatroni_primary{scope=\"batman\",name=\"pg1\"} 1\n", "", &mut out);
        assert!(out.facts.iter().any(|f| f.key == Key::PatroniVersion && f.value.text() == Some("3.3.6")));
        assert!(out.facts.iter().any(|f| f.key == Key::DcsLastSeen && f.item.as_deref() == Some("pg1")));
        assert_eq!(&*out.streams[0].names[0].name, "pg1");
    }
}
