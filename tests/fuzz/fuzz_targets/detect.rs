//! Any bytes: telling what they are never panics or hangs, and a verdict has its reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::detect::detect;

fuzz_target!(|data: &[u8]| {
    for name in ["x", "var/log/messages", "sa21", "patroni.yml"] {
        assert!(!detect(data, name).why.is_empty());
    }
});
