//! Durations as Go and PostgreSQL print them.

/// `2m49.911614472s`, `39.177252ms`, `1h2m3s`, `850µs`, `12.5 s` → milliseconds.
/// `None` if the text does not start with a number and a unit.
pub fn go_duration_ms(text: &[u8]) -> Option<f64> {
    go_duration(text).map(|(ms, _)| ms)
}

/// The same, and what follows.
#[inline]
pub fn go_duration(text: &[u8]) -> Option<(f64, &[u8])> {
    let mut rest = text;
    let mut total = 0.0;
    let mut any = false;
    let negative = rest.first() == Some(&b'-');
    if negative || rest.first() == Some(&b'+') {
        rest = rest.get(1..)?;
    }
    while let Some((value, after)) = number(rest) {
        let after = after.strip_prefix(b" ").unwrap_or(after);
        let (unit, after) = unit(after)?;
        total += value * unit;
        any = true;
        rest = after;
    }
    any.then_some((if negative { -total } else { total }, rest))
}

/// A leading decimal number and what follows it.
#[inline]
pub fn number(text: &[u8]) -> Option<(f64, &[u8])> {
    // Whoever reads one number after the other ends with this.
    text.first().filter(|b| b.is_ascii_digit())?;
    short(text).or_else(|| long(text))
}

/// Up to 15 digits are exact as an integer, and powers of ten up to 22 as a float, so their quotient is what `parse`
/// gives, in a tenth of the time.
#[inline]
fn short(text: &[u8]) -> Option<(f64, &[u8])> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (mut value, mut decimals, mut after_point) = (0u64, 0usize, 0usize);
    for (i, b) in text.iter().enumerate().take(16) {
        let digit = b.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + u64::from(digit);
            decimals += after_point;
        } else if *b == b'.' && after_point == 0 && i > 0 {
            after_point = 1;
        } else if *b == b'.' || i == 0 {
            return None;
        } else {
            return Some((value as f64 / POWERS.get(decimals)?, text.get(i..)?));
        }
    }
    if (1..16).contains(&text.len()) { Some((value as f64 / POWERS.get(decimals)?, b"")) } else { None }
}

/// The same for every number: longer ones, `1.2.3`.
fn long(text: &[u8]) -> Option<(f64, &[u8])> {
    let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(text.len());
    let (digits, after) = text.split_at(end);
    if !digits.first()?.is_ascii_digit() {
        return None;
    }
    let digits = digits.strip_suffix(b".").unwrap_or(digits);
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, after))
}

fn unit(text: &[u8]) -> Option<(f64, &[u8])> {
    // The usual ones first; `m` behind those that begin with it.
    const UNITS: [(&[u8], f64); 10] = [
        (b"ms", 1.0),
        (b"s", 1_000.0),
        ("µs".as_bytes(), 1e-3),
        ("μs".as_bytes(), 1e-3),
        (b"us", 1e-3),
        (b"ns", 1e-6),
        (b"min", 60_000.0),
        (b"m", 60_000.0),
        (b"h", 3_600_000.0),
        (b"d", 86_400_000.0),
    ];
    UNITS.iter().find_map(|(name, ms)| text.strip_prefix(*name).map(|after| (*ms, after)))
}

#[cfg(test)]
mod tests {
    use super::{go_duration_ms, number};

    #[test]
    fn short_numbers_are_read_as_the_standard_library_reads_them() {
        for text in ["0", "7", "0.1", "12.345", "17994.684", "999999999999999", "0.00000000000001", "123456789.123456"]
        {
            assert_eq!(number(text.as_bytes()).map(|(n, _)| n), text.parse().ok(), "{text}");
            let followed = format!("{text} ms");
            assert_eq!(number(followed.as_bytes()), text.parse().ok().map(|n| (n, &b" ms"[..])), "{text}");
        }
        assert_eq!(number(b"1.2.3"), None);
    }

    #[test]
    fn reads_what_go_and_postgres_print() {
        for (text, ms) in [
            ("39.177252ms", 39.177252),
            ("2m49.911614472s", 169_911.614472),
            ("1h0m1s", 3_601_000.0),
            ("850µs", 0.85),
            ("1.096 s, sync", 1_096.0),
            ("123.456 ms", 123.456),
        ] {
            let got = go_duration_ms(text.as_bytes()).unwrap();
            assert!((got - ms).abs() < 1e-6, "{text}: {got}");
        }
        for text in ["", "ms", "abc", "12", "12 potatoes"] {
            assert_eq!(go_duration_ms(text.as_bytes()), None, "{text}");
        }
    }
}
