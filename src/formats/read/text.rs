//! Lines without what terminals and mails put into them.

use std::borrow::Cow;

/// Carriage returns, NUL bytes, terminal colours and quote marks of pasted mails are not the log's.
pub(super) fn clean(line: &[u8]) -> Cow<'_, [u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    if memchr::memchr2(0x1b, 0, line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut out = Vec::with_capacity(line.len());
    let mut i = 0;
    while let Some(b) = line.get(i) {
        if *b == 0x1b && line.get(i + 1) == Some(&b'[') {
            i += 2;
            while line.get(i).is_some_and(|b| !b.is_ascii_alphabetic()) {
                i += 1;
            }
        } else if *b != 0 {
            out.push(*b);
        }
        i += 1;
    }
    Cow::Owned(out)
}
