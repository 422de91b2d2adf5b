//! Recorded incidents against what really happened: times within two seconds, zones and nodes all right.

use crate::root;

#[path = "../../examples/truth.rs"]
mod table;

#[test]
fn times_zones_and_nodes_agree_with_what_happened() {
    let mut cases: Vec<_> = std::fs::read_dir(root("fixtures/cases")).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    let rows: Vec<table::Row> = cases.iter().flat_map(|c| table::compare(c)).collect();
    let text = table::table(&rows);
    let counted: Vec<&table::Row> = rows.iter().filter(|r| !r.unseen).collect();
    assert!(counted.len() >= 50, "only {} comparisons:\n{text}", counted.len());
    let (space, time): (Vec<&table::Row>, Vec<&table::Row>) =
        counted.into_iter().partition(|r| r.item.starts_with("zone") || r.item == "nodes");
    assert!(space.iter().all(|r| r.right), "a zone or a node is wrong:\n{text}");
    let right = time.iter().filter(|r| r.right).count();
    assert!(right * 100 >= time.len() * 95, "{right} of {} times:\n{text}", time.len());
}
