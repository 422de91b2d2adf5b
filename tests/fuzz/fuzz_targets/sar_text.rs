//! Any bytes as the text of every program that we read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::sysstat::{looks_like, text};

fuzz_target!(|data: &[u8]| {
    let _ = looks_like(data);
    let _ = text::read_sar(data);
    let _ = text::read_sadf_csv(data);
    let _ = text::read_sadf_lines(data);
    let _ = text::read_sadf_json(data);
    let _ = text::read_sadf_xml(data);
    let _ = text::read_iostat(data);
    let _ = text::read_vmstat(data);
});
