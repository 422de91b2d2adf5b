//! Numbers with a fixed count of decimals, as `printf("%.2f")` writes them but faster.

/// Appends `value` with two or no decimals, rounded like printf does (exact binary value, ties to even).
pub(crate) fn fixed(out: &mut Vec<u8>, value: f64, decimals: u8) {
    // Most values of most hosts.
    if value.to_bits() == 0 {
        return out.extend_from_slice(if decimals == 0 { b"0" } else { b"0.00" });
    }
    let scale = if decimals == 0 { 1.0 } else { 100.0 };
    let scaled = value.abs() * scale;
    // From 2^53 on there are only whole numbers.
    if (9_007_199_254_740_992.0..18_446_744_073_709_551_616.0).contains(&value) {
        integer(out, value as u64);
        return out.extend_from_slice(if decimals == 0 { b"" } else { b".00" });
    }
    // Beyond 2^50 hardly any fraction bits are left to round by.
    if scaled.is_nan() || scaled >= 1e15 {
        use std::io::Write as _;
        // Writing to a Vec can't fail.
        let _ = write!(out, "{value:.*}", usize::from(decimals));
        return;
    }
    let floor = scaled as i64;
    let fraction = scaled - floor as f64;
    // The multiplication rounds, but never across the tie, which is a number of its own. On the tie itself the error of
    // the product tells the side; none is a real tie.
    let up = if fraction == 0.5 {
        let error = value.abs().mul_add(scale, -scaled);
        error > 0.0 || error == 0.0 && floor % 2 == 1
    } else {
        fraction > 0.5
    };
    let rounded = floor.unsigned_abs() + u64::from(up);
    if value < 0.0 || value == 0.0 && value.is_sign_negative() {
        out.push(b'-');
    }
    if decimals == 0 {
        return integer(out, rounded);
    }
    // Most numbers are small: one copy of digits, point and decimals.
    let (whole, cents) = (rounded / 100, pair((rounded % 100) as usize));
    if let [c, d] = *cents {
        match whole {
            0..=9 => out.extend_from_slice(&[b'0' + whole as u8, b'.', c, d]),
            10..=99 => {
                if let [a, b] = *pair(whole as usize) {
                    out.extend_from_slice(&[a, b, b'.', c, d]);
                }
            }
            _ => {
                integer(out, whole);
                out.extend_from_slice(&[b'.', c, d]);
            }
        }
    }
}

/// `00` to `99`, one behind the other.
static PAIRS: [u8; 200] = {
    let mut pairs = [b'0'; 200];
    let mut n = 0;
    while n < 100 {
        pairs[2 * n] = b'0' + (n / 10) as u8;
        pairs[2 * n + 1] = b'0' + (n % 10) as u8;
        n += 1;
    }
    pairs
};

/// The two digits of a number below 100.
fn pair(n: usize) -> &'static [u8] {
    PAIRS.get(2 * n..2 * n + 2).unwrap_or_default()
}

/// Appends a number below 100 with two digits.
pub(crate) fn two(out: &mut Vec<u8>, n: u32) {
    out.extend_from_slice(pair(n as usize));
}

/// Appends a whole number.
pub(crate) fn integer(out: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0u8; 20];
    let mut free = digits.len();
    while n >= 100 {
        free -= 2;
        if let Some(place) = digits.get_mut(free..free + 2) {
            place.copy_from_slice(pair((n % 100) as usize));
        }
        n /= 100;
    }
    let head = pair(n as usize);
    let head = if n < 10 { head.get(1..).unwrap_or_default() } else { head };
    out.extend_from_slice(head);
    out.extend_from_slice(digits.get(free..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_like_printf() {
        let mut x: f64 = 0.000_123_4;
        for n in 0..20_000 {
            x = (x * 1.003 + 0.01) % if n % 2 == 0 { 1e9 } else { 3e19 };
            for value in [x, -x, (x * 100.0).round() / 100.0 + 0.005, (x * 8.0).round() / 8.0] {
                for decimals in [0, 2] {
                    let mut out = Vec::new();
                    fixed(&mut out, value, decimals);
                    let expected = format!("{value:.*}", usize::from(decimals));
                    assert_eq!(String::from_utf8_lossy(&out), expected, "{value}");
                }
            }
        }
    }
}
