//! Any bytes as a binary activity file: no panic, no hang, no memory that the file doesn't earn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::sysstat::{Options, looks_like_sa, read_sa};

fuzz_target!(|data: &[u8]| {
    let _ = looks_like_sa(data);
    let read = read_sa(data, Options::default());
    for set in &read.sets {
        assert_eq!(set.values.len(), set.rows.len() * set.activity.columns.len());
        assert!(set.rows.iter().all(|&row| (row as usize) < read.spans.len()));
    }
});
