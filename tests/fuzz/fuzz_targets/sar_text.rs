//! Any bytes as the text of every program that we read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::sysstat::text;

fuzz_target!(|data: &[u8]| {
    let _ = text::looks_like_sar(data);
    let _ = text::read_sar(data);
    let _ = text::looks_like_sadf_csv(data);
    let _ = text::read_sadf_csv(data);
    let _ = text::looks_like_sadf_lines(data);
    let _ = text::read_sadf_lines(data);
});
