//! The short way through a log gives what the general way gives, line by line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::formats::{LogReader, read_log};

fuzz_target!(|data: &[u8]| {
    let quick = read_log(&mut &data[..], None, false);
    let mut reader = LogReader::new(None);
    let lines = data.strip_suffix(b"\n").unwrap_or(data).split(|b| *b == b'\n');
    if !data.is_empty() {
        for (line, number) in lines.zip(1..) {
            reader.line(line.strip_suffix(b"\r").unwrap_or(line), number);
        }
    }
    assert_eq!(format!("{:#?}", reader.finish()), format!("{quick:#?}"));
});
