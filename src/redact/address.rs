//! Addresses in a text, and the ones from documentation that stand in for them.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Mac(String),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::V4(a) => a.fmt(f),
            Address::V6(a) => a.fmt(f),
            Address::Mac(a) => f.write_str(a),
        }
    }
}

impl Address {
    /// The n-th address of the ranges kept for documentation and tests (RFC 5737, 2544, 3849), none of the originals.
    pub fn pseudonym(&self, n: usize, originals: &BTreeSet<Address>) -> String {
        let free = |a: &Address| !originals.contains(a);
        match self {
            Address::V4(_) => {
                let at = |i: usize| {
                    let low = (i % 254 + 1) as u8;
                    Address::V4(match i / 254 {
                        0 => Ipv4Addr::new(192, 0, 2, low),
                        1 => Ipv4Addr::new(198, 51, 100, low),
                        2 => Ipv4Addr::new(203, 0, 113, low),
                        k => Ipv4Addr::new(198, 18, (k % 256) as u8, low),
                    })
                };
                // An original within these ranges moves the others on, far enough not to meet a neighbour.
                let step = originals.len().max(1);
                (0..64).map(|k| at(n + k * step)).find(free).unwrap_or_else(|| at(n)).to_string()
            }
            Address::V6(_) => {
                Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, (n >> 16) as u16, (n & 0xffff) as u16 + 1).to_string()
            }
            Address::Mac(_) => {
                let [a, b] = ((n % 65_535) as u16 + 1).to_be_bytes();
                format!("02:00:5e:00:{a:02x}:{b:02x}")
            }
        }
    }
}

/// Addresses of no one in particular.
fn general(a: &Address) -> bool {
    match a {
        Address::V4(a) => {
            a.is_loopback()
                || a.is_unspecified()
                || a.is_broadcast()
                || a.octets().first().is_some_and(|o| *o == 255 || *o == 0)
        }
        Address::V6(a) => a.is_loopback() || a.is_unspecified(),
        Address::Mac(a) => a.chars().all(|c| matches!(c, '0' | ':' | 'f' | 'F')),
    }
}

/// Where addresses stand in a text, in order.
pub fn find(text: &str) -> Vec<(usize, usize, Address)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(b) = bytes.get(i) {
        let fresh = i == 0 || bytes.get(i - 1).is_none_or(|p| !(p.is_ascii_alphanumeric() || matches!(p, b'.' | b'_')));
        if !fresh || !(b.is_ascii_hexdigit() || *b == b':') {
            i += 1;
            continue;
        }
        let end = bytes
            .iter()
            .skip(i)
            .position(|c| !(c.is_ascii_hexdigit() || matches!(c, b'.' | b':')))
            .map_or(bytes.len(), |n| i + n);
        let run = text.get(i..end).unwrap_or("");
        let next = bytes.get(end).copied().unwrap_or(b' ');
        match parse(run).filter(|_| !next.is_ascii_alphabetic()) {
            Some((len, address)) => {
                if !general(&address) {
                    out.push((i, i + len, address));
                }
                i += len.max(1);
            }
            None => i = end.max(i + 1),
        }
    }
    out
}

/// An address at the beginning of a run of hex digits, dots and colons, and its length.
fn parse(run: &str) -> Option<(usize, Address)> {
    if run.len() == 17 && run.matches(':').count() == 5 && run.split(':').all(|p| p.len() == 2) {
        return Some((17, Address::Mac(run.to_ascii_lowercase())));
    }
    let quad = run.bytes().position(|b| !(b.is_ascii_digit() || b == b'.')).unwrap_or(run.len());
    let dotted = run.get(..quad)?.trim_end_matches('.');
    if let Ok(a) = dotted.parse::<Ipv4Addr>()
        && run.as_bytes().get(quad).is_none_or(|b| *b == b':')
    {
        return Some((dotted.len(), Address::V4(a)));
    }
    if !run.contains("::") && run.matches(':').count() != 7 {
        return None;
    }
    // Without brackets a port may follow; a sentence's full stop or colon too.
    let trimmed = run.trim_end_matches(['.', ':']);
    [run, trimmed].into_iter().find_map(|r| Some((r.len(), Address::V6(r.parse().ok()?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_times_and_versions() {
        let found = |text: &str| find(text).into_iter().map(|(a, b, _)| text[a..b].to_owned()).collect::<Vec<_>>();
        assert_eq!(
            found("10.1.2.3:2379, 10.1.2.4. fe80::1%eth0 [2001:db8::5]:80"),
            ["10.1.2.3", "10.1.2.4", "fe80::1", "2001:db8::5"]
        );
        assert_eq!(
            found("at 2026-01-01 00:16:44.123 v1.2.3.4 3.5.12 ::1 127.0.0.1 a::b"),
            Vec::<String>::new().into_iter().chain(["a::b".to_owned()]).collect::<Vec<_>>()
        );
        assert_eq!(found("ether 52:54:00:12:34:56 txqueuelen"), ["52:54:00:12:34:56"]);
        assert_eq!(found("1.2.3.4.5 999.1.1.1"), Vec::<String>::new());
    }
}
