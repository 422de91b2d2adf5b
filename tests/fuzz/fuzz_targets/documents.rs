//! Any bytes as each document: sniffed by all, read by one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::formats::DOCUMENTS;
use pgautopsy::model::Parsed;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    for document in DOCUMENTS {
        assert!((document.sniff)(rest, "x") <= 100);
    }
    let document = DOCUMENTS[usize::from(*first) % DOCUMENTS.len()];
    (document.read)(rest, "pg1.txt", &mut Parsed::default());
});
