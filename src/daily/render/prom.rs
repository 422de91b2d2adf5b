//! The daily report as metrics for node_exporter's textfile collector.

use super::Daily;
use std::fmt::Write as _;

/// Text of the Prometheus exposition format, version 0.0.4. Write it to a file beside and rename it.
pub fn prom(d: &Daily) -> String {
    let mut out = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, rows: Vec<(Vec<(&str, String)>, f64)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(out, "# HELP pgautopsy_{name} {help}\n# TYPE pgautopsy_{name} {kind}");
        for (labels, value) in rows {
            let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", label(v))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(out, "pgautopsy_{name}{labels} {value}");
        }
    };
    let one = |value: f64| vec![(Vec::new(), value)];
    metric("last_run_timestamp_seconds", "gauge", "When pgautopsy daily ran.", one(d.run_at));
    metric(
        "status",
        "gauge",
        "As the Nagios plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
        one(f64::from(super::exit_code(d))),
    );
    let lead = d.leader.as_ref().map(|l| (vec![("leader", l.name.clone())], l.since_seconds));
    metric("leader_since_timestamp_seconds", "gauge", "Since when this member leads.", lead.into_iter().collect());
    let by_kind = |map: &std::collections::BTreeMap<String, u64>| -> Vec<(Vec<(&'static str, String)>, f64)> {
        let mut kinds: Vec<&str> = vec!["failover", "demotion", "near_miss"];
        kinds.extend(map.keys().map(String::as_str).filter(|k| !["failover", "demotion", "near_miss"].contains(k)));
        kinds.into_iter().map(|k| (vec![("kind", k.to_owned())], map.get(k).copied().unwrap_or(0) as f64)).collect()
    };
    metric(
        "incidents_total",
        "counter",
        "Incidents and near misses told since the state file began.",
        by_kind(&d.totals),
    );
    metric("incidents_recent", "gauge", "Incidents and near misses of the last day.", by_kind(&d.recent));
    let disk = |x: &super::super::Disk| vec![("host", x.host.clone()), ("mountpoint", x.mount.clone())];
    metric(
        "disk_used_ratio",
        "gauge",
        "Share of the file system in use.",
        d.disks.iter().map(|x| (disk(x), x.used_percent / 100.0)).collect(),
    );
    metric(
        "disk_limit_reached_days",
        "gauge",
        "Days until the file system reaches its limit at the pace of the last 30 days.",
        d.disks.iter().filter_map(|x| Some((disk(x), x.days_left? as f64))).collect(),
    );
    let seen = d.last_seen.iter().map(|(who, at)| {
        let (host, program) = who.rsplit_once('/').unwrap_or((who, ""));
        (vec![("host", host.to_owned()), ("program", program.to_owned())], *at)
    });
    metric("source_last_timestamp_seconds", "gauge", "Latest stamp of each host's logs and counters.", seen.collect());
    let trends = d.trends.iter().map(|t| {
        let labels = vec![("host", t.host.clone()), ("metric", t.metric.clone()), ("item", t.item.clone())];
        (labels, t.value)
    });
    metric(
        "day_value",
        "gauge",
        "Value of the last whole day, in the unit of pgautopsy's daily JSON.",
        trends.collect(),
    );
    out
}

fn label(text: &str) -> String {
    crate::render::escape::terminal(text, 200).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
