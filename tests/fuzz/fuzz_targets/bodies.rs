//! Any line as a program's own line, for each body by itself; and any text as a log of bare lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::formats::{BODIES, read_log};

fuzz_target!(|data: &[u8]| {
    for line in data.split(|b| *b == b'\n') {
        for body in BODIES {
            let _ = (body.head)(line);
        }
    }
    let read = read_log(&mut &data[..], None, false);
    let c = &read.coverage;
    assert!(c.understood + c.noise + c.unknown + c.unread <= 2 * c.lines + 2, "{c:?}");
});
