//! Any bytes as a binary activity file: no panic, no hang, no memory that the file doesn't earn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::sysstat::{Data, Options, looks_like_sa, print, read_files, read_sa};

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
    let all = document.binary(&mut &*data, Options::default(), &|_, _| None).expect("a Vec takes all");
    document.finish().expect("a Vec takes all");
    let samples = memchr::memmem::find_iter(&out, b"\"timestamp\": {").count();
    let read = read_files(data, Options::default());
    assert_eq!(samples, read.iter().map(|data| data.spans.len()).sum::<usize>());
    let problems = |all: &[Data]| -> Vec<_> { all.iter().map(|data| data.problems.clone()).collect() };
    assert_eq!(problems(&all), problems(&read));
});
