//! Numbers with a fixed count of decimals, as `printf("%.2f")` writes them but faster.

/// Appends `value` with two or no decimals, rounded like printf does (exact binary value, ties to even).
pub(crate) fn fixed(out: &mut Vec<u8>, value: f64, decimals: u8) {
    // Most values of most hosts.
    if value.to_bits() == 0 {
        return out.extend_from_slice(if decimals == 0 { b"0" } else { b"0.00" });
    }
    let scale = if decimals == 0 { 1.0 } else { 100.0 };
    let scaled = value.abs() * scale;
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
    let mut rounded = floor.unsigned_abs() + u64::from(up);
    let mut digits = [b'0'; 24];
    let mut used = 0;
    let mut places = digits.iter_mut().rev();
    let mut put = |digit: u8| {
        if let Some(place) = places.next() {
            *place = digit;
            used += 1;
        }
    };
    if decimals != 0 {
        put(b'0' + (rounded % 10) as u8);
        put(b'0' + (rounded / 10 % 10) as u8);
        put(b'.');
        rounded /= 100;
    }
    loop {
        put(b'0' + (rounded % 10) as u8);
        rounded /= 10;
        if rounded == 0 {
            break;
        }
    }
    if value < 0.0 || value == 0.0 && value.is_sign_negative() {
        put(b'-');
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Appends a whole number.
pub(crate) fn integer(out: &mut Vec<u8>, n: u64) {
    out.extend_from_slice(n.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_like_printf() {
        let mut x: f64 = 0.000_123_4;
        for _ in 0..20_000 {
            x = (x * 1.003 + 0.01) % 1e9;
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
