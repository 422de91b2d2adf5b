//! Any bytes as a file given: archives in archives, cut and broken, within small limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::input::{Limits, read_all};

fuzz_target!(|data: &[u8]| {
    let file = std::env::temp_dir().join(format!("pgautopsy-fuzz-{}", std::process::id()));
    std::fs::write(&file, data).expect("the temporary folder can be written");
    let mut limits = Limits::default();
    for spec in ["member=4M", "total=16M", "zip=4M", "window=8M", "archive-grace=8M", "grace=1M", "entries=500"] {
        limits.set(spec).expect("a limit");
    }
    let listing = read_all(&[file], &limits, 1, &|_, input| {
        let mut all = Vec::new();
        input.read_to_end(&mut all).expect("entries end cleanly");
        all.len()
    });
    let listing = listing.expect("the file is there");
    assert!(listing.items.iter().map(|(_, n)| *n as u64).sum::<u64>() <= 32 << 20);
});
