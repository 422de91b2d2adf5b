//! Any bytes as a binary activity file: no panic, no hang, no memory that the file doesn't earn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::sysstat::{Options, looks_like_sa, print, read_sa};

fuzz_target!(|data: &[u8]| {
    let _ = looks_like_sa(data);
    let read = read_sa(data, Options::default());
    for set in &read.sets {
        assert_eq!(set.values.len(), set.rows.len() * set.activity.columns.len());
        assert!(set.rows.iter().all(|&row| (row as usize) < read.spans.len()));
    }
    // The JSON that is written without keeping the rows: as many samples as there are spans.
    let mut out = Vec::new();
    let mut document = print::Json::new(&mut out);
    let head = document.file(data, Options::default()).expect("a Vec takes all");
    document.finish().expect("a Vec takes all");
    assert_eq!(head.spans.len(), read.spans.len());
    assert_eq!(head.problems, read.problems);
});
