//! Sizes and durations as configs and command outputs write them.

/// Bytes: `2.1 GB`, `86 kB` (etcd: powers of ten), `1.5G`, `128MB`, `8GiB`, `512`. A decimal comma is taken as a point.
///
/// `decimal` says what `k`, `M`, `G` mean when no `i` is there to tell: 1000 or 1024.
pub fn bytes(text: &str, decimal: bool) -> Option<f64> {
    let (number, unit) = split(text)?;
    let unit = unit.to_ascii_lowercase();
    let base: f64 = if decimal && !unit.contains('i') { 1_000.0 } else { 1_024.0 };
    let power = match unit.trim_end_matches("ib").trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    Some(number * base.powi(power))
}

/// Seconds of a duration as systemd (`1min 30s`, `infinity` is none), PostgreSQL (`60s`, `1d`) and others write it.
pub fn seconds(text: &str) -> Option<f64> {
    let mut sum = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest.get(..end)?.parse().ok()?;
        let tail = rest.get(end..)?.trim_start();
        let len = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let factor = match tail.get(..len)? {
            "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "us" | "µs" | "usec" => 1e-6,
            "ms" | "msec" => 1e-3,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            _ => return None,
        };
        sum += number * factor;
        rest = tail.get(len..)?.trim_start();
    }
    Some(sum)
}

/// A number and what follows it, trimmed.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-')).unwrap_or(text.len());
    let number = text.get(..end)?.replace(',', ".").parse().ok()?;
    Some((number, text.get(end..)?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_and_durations() {
        assert_eq!(bytes("2.1 GB", true), Some(2.1e9));
        assert_eq!(bytes("86 kB", true), Some(86_000.0));
        assert_eq!(bytes("1.5G", false), Some(1.5 * 1_073_741_824.0));
        assert_eq!(bytes("8 GiB", true), Some(8.0 * 1_073_741_824.0));
        assert_eq!(bytes("2,1M", false), Some(2.1 * 1_048_576.0));
        assert_eq!(bytes("8589934592", false), Some(8_589_934_592.0));
        assert_eq!(bytes("8 apples", false), None);
        assert_eq!(seconds("1min 30s"), Some(90.0));
        assert_eq!(seconds("60"), Some(60.0));
        assert_eq!(seconds("200ms"), Some(0.2));
        assert_eq!(seconds("infinity"), None);
    }
}
