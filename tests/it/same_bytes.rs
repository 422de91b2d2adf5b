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

/// A file that is worth several threads, with everything that may straddle a cut: rows, tracebacks, silences.
#[test]
fn one_big_file_reads_alike_at_any_thread_count() {
    let mut log = String::new();
    let mut n = 0u64;
    while log.len() < 18 << 20 {
        let (h, m, s) = (n / 3_600 % 24, n / 60 % 60, n % 60);
        let day = 1 + n / 86_400;
        let at = format!("2024-05-{day:02} {h:02}:{m:02}:{s:02}");
        match n % 50_000 {
            40_000..40_030 => {}
            40_030 => log.push_str(&format!("{at},100 ERROR: get_cluster\nTraceback (most recent call last):\n  File \"a.py\", line 1\nTimeoutError: timed out\n{at},200 INFO: demoted self because failed to update leader lock in DCS\n")),
            _ => log.push_str(&format!("{at},100 INFO: no action. I am (pg1), the leader with the lock\n{at}.200 UTC [{}] app@shop LOG:  duration: {n}.5 ms  statement: SELECT\n\t1\n", n % 97)),
        }
        n += 1;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("all.log");
    std::fs::write(&path, log).unwrap();
    let one = json(std::slice::from_ref(&path), 1);
    assert!(one.contains("demoted self because failed to update leader lock"), "{one}");
    for threads in [2, 5] {
        assert!(one == json(std::slice::from_ref(&path), threads), "{threads} threads change the report");
    }
}

/// All files of a folder.
fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { out.extend(files(&path)) } else { out.push(path) }
    }
    out.sort();
    out
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 6, failure_persistence: None, ..Default::default() })]

    #[test]
    fn shuffled_files_and_any_number_of_threads_give_the_same_bytes(
        case in proptest::sample::select(vec![
            "45-two-time-zones-key-gone-after-8s",
            "48-network-trouble-three-nodes",
            "22-no-failover-wal-switch-counts-as-lag",
            "57-two-of-three-etcd-on-one-esxi-slow-fdatasync",
        ]),
        keys in proptest::collection::vec(proptest::num::u32::ANY, 32),
        threads in 1usize..5,
    ) {
        let mut list = files(&root("fixtures/cases").join(case).join("bundle"));
        let sorted = json(&list, 1);
        let order: std::collections::BTreeMap<PathBuf, u32> = list.iter().cloned().zip(keys).collect();
        list.sort_by_key(|p| (order.get(p).copied(), p.clone()));
        assert!(sorted == json(&list, threads), "{case}: {list:?} with {threads} threads differs");
    }
}
