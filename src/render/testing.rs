//! A small report for the tests of renderers, with room for hostile text.

use crate::report::Report;

/// A report as its JSON would give it; every text is `text` where a log's words can stand.
pub fn hostile(text: &str) -> Report {
    let json = serde_json::json!({
        "schema": "pgautopsy.report/1", "tool": {"name": "pgautopsy", "version": "0"},
        "verdict": {
            "kind": "cause", "root_cause": "etcd_slow_disk", "contributing": ["disk_full"], "confidence": "high", "headline": text,
            "chain": [{"role": "root", "text": text, "at": "2021-02-01T13:45:05.000Z", "host": text, "evidence": [proof(text)]}],
            "hypotheses": [
                {"cause": "etcd_slow_disk", "status": "confirmed", "for": [proof(text), metric(text)], "against": [proof(text)], "needs": []},
                {"cause": "dcs_network", "status": "ruled_out", "for": [], "against": [proof(text)], "needs": []},
                {"cause": "host_stall", "status": "not_assessable", "for": [], "against": [], "needs": [need(text)]}],
            "missing_evidence": [need(text)],
            "remedies": [{"text": text, "kind": "now", "risk": text, "verify": text}]
        },
        "incidents": [{
            "id": "i1", "kind": "failover", "planned": false, "start": "2021-02-01T13:45:05.000Z", "end": "2021-02-01T13:45:45.000Z",
            "old_primary": text, "new_primary": text, "hosts": [text],
            "write_outage": {"from": "2021-02-01T13:45:05.000Z", "to": "2021-02-01T13:45:45.000Z", "seconds": 40.0, "uncertainty_s": 1.0},
            "phases": [{"name": text, "at": "2021-02-01T13:45:05.000Z", "host": text, "evidence": [proof(text)]}],
            "succession": [{"text": text, "host": text, "evidence": [proof(text)]}], "cost": [{"text": text, "host": text, "evidence": []}],
            "numbers": [metric(text)], "do_not_blame": [{"text": text, "host": text, "evidence": [proof(text)]}],
            "verdict": {"kind": "cause", "root_cause": "etcd_slow_disk", "contributing": [], "confidence": "high", "headline": text,
                "chain": [], "hypotheses": [], "missing_evidence": [], "remedies": []}
        }],
        "risks": [{"id": "disk_usage_high", "host": text, "text": text, "evidence": [proof(text)], "remedy": text}],
        "inventory": {
            "hosts": [{"name": text, "aliases": [{"name": text, "why": text}]}],
            "sources": [{"path": text, "kind": text, "host": text, "first": "2021-02-01T13:00:00.000Z", "last": text, "zone": text, "zone_why": text,
                "lines": 3, "understood": 2, "noise": 1, "unknown": 0, "problems": [text]}],
            "skipped": [{"path": text, "why": text}]
        },
        "timeline": [{"at": "2021-02-01T13:45:05.000Z", "until": null, "host": text, "program": text, "what": "x", "text": text, "count": 3,
            "path": text, "line": 7, "raw": text, "alarm": true}],
        "window": {"from": "2021-02-01T13:40:00.000Z", "to": "2021-02-01T13:50:00.000Z"},
        "lanes": [{"host": text, "program": "postgresql", "intervals": [{"role": text, "from": "2021-02-01T13:41:00.000Z", "to": "2021-02-01T13:45:05.000Z", "place": text, "text": text}]}],
        "leases": [{"leader": text, "from": "2021-02-01T13:41:00.000Z", "renewals": [], "renewed": 3, "last_renewal": "2021-02-01T13:44:40.000Z",
            "ttl_s": 30.0, "ttl_why": text, "expiry": "2021-02-01T13:45:10.000Z", "expiry_latest": text, "ending": "expired", "steps": [],
            "two_primaries": null, "writable_after_expiry_s": null, "lost_wal": null, "text": text}],
        "loop_gaps": [{"host": text, "from": text, "to": text, "seconds": 3.0, "silent_s": 3.0, "kind": text, "text": text, "evidence": [proof(text)]}],
        "series": [{"metric": "disk.await", "item": text, "host": text, "unit": text, "text": text, "limit": 100.0, "limit_why": text, "path": text,
            "start": "2021-02-01T13:40:00.000Z", "points": [[0, 10, 3, 3], [10, 20, 4, 400]]}],
        "volume": [{"host": text, "program": text, "start": "2021-02-01T13:40:00.000Z", "step_s": 10.0, "lines": [1, 2], "alarms": [0, 1]}],
        "excerpts": [{"path": text, "first": 5, "lines": ["before", text, "cited", "after"], "cited": [7]}]
    });
    serde_json::from_value(json).expect("the report of the tests fits the report")
}

pub fn report() -> Report {
    hostile("pg1")
}

fn proof(text: &str) -> serde_json::Value {
    serde_json::json!({"path": text, "line": 7, "time": "2021-02-01T13:45:05.000Z", "host": text, "raw": text, "text": text})
}

fn metric(text: &str) -> serde_json::Value {
    serde_json::json!({"path": text, "host": text, "text": text, "metric": "disk.await/sda", "value": 3.0, "unit": "ms"})
}

fn need(text: &str) -> serde_json::Value {
    serde_json::json!({"host": text, "kind": text, "from": "2021-02-01T13:40:00.000Z", "to": "2021-02-01T13:50:00.000Z", "command": text, "decides": ["host_stall"]})
}
