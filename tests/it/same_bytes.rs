//! The same input gives the same bytes: at any thread count, in any order of paths.

use crate::root;
use pgautopsy::render;
use pgautopsy::run::{Settings, analyse};
use std::path::PathBuf;

fn json(paths: &[PathBuf], threads: usize) -> String {
    let report = analyse(paths, &Settings { threads, ..Settings::default() }).unwrap();
    (render::by_name("json").unwrap().render)(&report, render::Style::default())
}

#[test]
fn threads_and_order_change_nothing() {
    for case in ["lab-05-partition-primary", "lab-12-patroni-stuck", "45-two-time-zones-key-gone-after-8s"] {
        let bundle = root("fixtures/cases").join(case).join("bundle");
        let one = json(std::slice::from_ref(&bundle), 1);
        assert!(one == json(std::slice::from_ref(&bundle), 3), "{case}: threads change the report");
        let mut hosts: Vec<PathBuf> = std::fs::read_dir(&bundle).unwrap().map(|e| e.unwrap().path()).collect();
        hosts.sort();
        let forward = json(&hosts, 2);
        hosts.reverse();
        assert!(forward == json(&hosts, 2), "{case}: the order of paths changes the report");
    }
}
