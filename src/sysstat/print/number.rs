//! Numbers with a fixed count of decimals, as `printf("%.2f")` writes them but faster.

/// Appends `value` with two or no decimals, rounded like printf does (exact binary value, ties to even).
pub(crate) fn fixed(out: &mut Vec<u8>, value: f64, decimals: u8) {
    let scale = if decimals == 0 { 1.0 } else { 100.0 };
    let scaled = value.abs() * scale;
    // Beyond 2^50 the scaled value has no fraction bits left to round by.
    if !(scaled < 1e15) {
        return exact(out, value, decimals);
    }
    let floor = scaled.floor();
    let fraction = scaled - floor;
    // Scaling rounds; close to a tie only the exact decimal expansion can tell the side.
    if (fraction - 0.5).abs() < 1e-4 {
        return exact(out, value, decimals);
    }
    let rounded = floor as u64 + u64::from(fraction > 0.5);
    if value.is_sign_negative() && value != 0.0 {
        out.push(b'-');
    }
    if decimals == 0 {
        return integer(out, rounded);
    }
    integer(out, rounded / 100);
    let cents = (rounded % 100) as u8;
    out.extend_from_slice(&[b'.', b'0' + cents / 10, b'0' + cents % 10]);
}

fn exact(out: &mut Vec<u8>, value: f64, decimals: u8) {
    use std::io::Write as _;
    // Writing to a Vec can't fail.
    let _ = write!(out, "{value:.*}", usize::from(decimals));
}

/// Appends a whole number.
pub(crate) fn integer(out: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0u8; 20];
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (n % 10) as u8;
        n /= 10;
        used += 1;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
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
