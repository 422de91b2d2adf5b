//! The JSON of a report against the schema that the program prints.

use crate::root;
use pgautopsy::render;
use pgautopsy::report::schema;
use pgautopsy::run::{Settings, analyse};

fn json(bundle: &str) -> serde_json::Value {
    let report = analyse(&[root(bundle)], &Settings::default()).unwrap();
    let text = (render::by_name("json").unwrap().render)(&report, render::Style::default());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_report_fits_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for bundle in [
        "samples/01-slow-etcd-disk/bundle",
        "fixtures/cases/lab-05-partition-primary/bundle",
        "fixtures/cases/45-two-time-zones-key-gone-after-8s/bundle",
        "fixtures/cases/60-auth-token-expiry-is-harmless-pgbouncer/bundle",
    ] {
        let report = json(bundle);
        let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{bundle}: {errors:?}");
    }
}

/// What scripts build on: all keys of the contract, also where lists are empty.
#[test]
fn all_keys_of_the_contract_are_there() {
    let report = json("fixtures/cases/lab-05-partition-primary/bundle");
    let has = |value: &serde_json::Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "{key} is missing");
        }
    };
    let verdict = [
        "kind",
        "root_cause",
        "contributing",
        "confidence",
        "headline",
        "chain",
        "hypotheses",
        "missing_evidence",
        "remedies",
    ];
    has(&report, &["schema", "tool", "verdict", "incidents", "risks", "inventory", "timeline"]);
    assert_eq!(report["schema"], "pgautopsy.report/1");
    has(&report["verdict"], &verdict);
    let incident = &report["incidents"][0];
    has(
        incident,
        &[
            "id",
            "kind",
            "planned",
            "start",
            "end",
            "old_primary",
            "new_primary",
            "hosts",
            "write_outage",
            "phases",
            "verdict",
        ],
    );
    has(&incident["verdict"], &verdict);
    has(&incident["write_outage"], &["from", "to", "seconds", "uncertainty_s"]);
    has(&report["verdict"]["chain"][0], &["role", "text", "at", "host", "evidence"]);
    has(&report["verdict"]["chain"][0]["evidence"][0], &["path", "line", "time", "host", "raw", "text"]);
    has(&report["verdict"]["hypotheses"][0], &["cause", "status", "for", "against", "needs"]);
    has(&report["inventory"], &["hosts", "sources", "skipped"]);
    has(
        &report["inventory"]["sources"][0],
        &["path", "kind", "host", "first", "last", "zone", "zone_why", "lines", "understood", "problems"],
    );
}
