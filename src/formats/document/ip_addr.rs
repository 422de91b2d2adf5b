//! `ip addr`, `ip -br addr`, `ip -o addr`, `ifconfig`, `hostname -I`: the addresses of this machine.

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, is_address, lines};
use crate::model::{Naming, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "ip-addr",
    program: Program::Command,
    doc: "`inet 10.0.0.1/24 … scope global eth0`, `eth0@if31 UP 10.11.1.11/24`; loopback and link-local left out",
    sniff,
    read,
    samples: &[
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    inet 127.0.0.1/8 scope host lo\n2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 state UP\n    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\n",
        "lo               UNKNOWN        127.0.0.1/8 ::1/128 \neth0@if31        UP             10.11.1.11/24 fe80::6c66:a6ff:fec0:1837/64 \n",
        "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever\n",
        "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet 10.0.0.1  netmask 255.255.255.0  broadcast 10.0.0.255\n",
    ],
};

/// Addresses that a line gives to an interface of this machine.
fn addresses(line: &str) -> Vec<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let bare = |w: &&'_ str| w.split('/').next().is_some_and(is_address);
    let brief = words.len() >= 3 && words.get(1).is_some_and(|w| matches!(*w, "UP" | "DOWN" | "UNKNOWN"));
    if brief {
        return words.iter().skip(2).filter(|w| bare(w)).filter_map(|w| w.split('/').next()).collect();
    }
    let after = words.iter().position(|w| matches!(*w, "inet" | "inet6"));
    let address = after.and_then(|at| words.get(at + 1)).map(|w| w.trim_start_matches("addr:"));
    address.and_then(|a| a.split('/').next()).filter(|a| is_address(a)).into_iter().collect()
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let link = |l: &str| {
        l.contains(": <") && l.contains(" mtu ")
            || l.contains("flags=") && l.contains(" mtu ")
            || l.contains("Link encap:")
    };
    let rows = text.lines().take(60).filter(|l| !addresses(l).is_empty()).count();
    let brief = text.lines().take(60).all(|l| l.trim().is_empty() || !addresses(l).is_empty());
    match (rows, text.lines().take(60).any(link)) {
        (_, true) => 95,
        (1.., false) if brief => 92,
        _ => 0,
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        facts(line, &mut sheet);
    }
    sheet.account(&text);
}

/// Names of one line; whether it held an address.
pub fn facts(line: Line<'_>, sheet: &mut Sheet<'_>) -> bool {
    let found = addresses(line.text);
    // Addresses of bridges that containers share are the same on every host.
    for address in found.iter().filter(|a| !a.starts_with("172.17.0.") && !a.starts_with("192.168.122.")) {
        sheet.name(Naming::Address, address, line);
    }
    !found.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_forms() {
        for text in FORMAT.samples {
            let mut out = Parsed::default();
            read(text.as_bytes(), "", &mut out);
            let names: Vec<&str> = out.streams[0].names.iter().map(|n| &*n.name).collect();
            assert_eq!(names.len(), 1, "{text} {names:?}");
        }
    }
}
