//! Any line inside each envelope by itself, and any text as a log in each envelope.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::formats::{ENVELOPES, read_log};

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    for line in rest.split(|b| *b == b'\n') {
        for envelope in ENVELOPES {
            let _ = (envelope.peel)(line);
        }
    }
    let chosen = ENVELOPES[usize::from(*first) % ENVELOPES.len()];
    let _ = read_log(&mut &rest[..], Some(chosen), *first > 127);
});
