//! Text encodings of log files: UTF-8 with or without mark, and UTF-16 as PowerShell's `>` writes it.

use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Also every 8-bit encoding: what is not ASCII in it only ever stands in texts.
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// The encoding of a file from its first bytes: a mark, or NULs in every other place.
pub fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, rest @ ..] if !rest.starts_with(&[0, 0]) => return Encoding::Utf16Le,
        [0xfe, 0xff, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    let sample = head.get(..head.len().min(4_096) & !1).unwrap_or(b"");
    if sample.len() < 16 {
        return Encoding::Utf8;
    }
    let (mut even, mut odd) = (0, 0);
    for pair in sample.chunks_exact(2) {
        match pair {
            [0, b] if b.is_ascii() && *b >= 9 => even += 1,
            [b, 0] if b.is_ascii() && *b >= 9 => odd += 1,
            _ => {}
        }
    }
    let pairs = sample.len() / 2;
    if odd * 10 >= pairs * 9 {
        Encoding::Utf16Le
    } else if even * 10 >= pairs * 9 {
        Encoding::Utf16Be
    } else {
        Encoding::Utf8
    }
}

/// The same text in UTF-8, without byte order mark. Invalid parts become replacement characters.
pub fn decode(bytes: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).filter_map(|p| Some(from([*p.first()?, *p.get(1)?])));
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
        Cow::Owned(text.trim_start_matches('\u{feff}').as_bytes().to_vec())
    };
    match encoding {
        Encoding::Utf8 => Cow::Borrowed(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
        Encoding::Utf16Le => wide(u16::from_le_bytes),
        Encoding::Utf16Be => wide(u16::from_be_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_and_decodes_encodings() {
        let text = "Linux 5.10 (pg1) ä 日";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(encoding(text.as_bytes()), Encoding::Utf8);
        assert_eq!(encoding(&le), Encoding::Utf16Le);
        assert_eq!(encoding(&be), Encoding::Utf16Be);
        assert_eq!(decode(&le, Encoding::Utf16Le).as_ref(), text.as_bytes());
        assert_eq!(decode(&be, Encoding::Utf16Be).as_ref(), text.as_bytes());
        assert_eq!(decode(b"\xef\xbb\xbfx", Encoding::Utf8).as_ref(), b"x");
    }
}
