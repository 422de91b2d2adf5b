//! `/etc/hosts` and `getent hosts`: addresses and the names they go by.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, is_address, is_local, lines};
use crate::model::{Naming, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "hosts",
    program: Program::Config,
    doc: "address, then names; loopback lines and broadcast names are left out",
    sniff,
    read,
    samples: &["127.0.0.1 localhost\n10.11.1.11 db01\n10.11.1.12 db02\n"],
};

fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let line = line.split('#').next().unwrap_or("");
    let mut words = line.split_whitespace();
    let address = words.next().filter(|a| is_address(a))?;
    let names: Vec<&str> = words.collect();
    let valid = |n: &str| super::host_names::is_host(n) && !is_address(n);
    (!names.is_empty() && names.iter().all(|n| valid(n))).then_some((address, names))
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all = text.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#')).count();
    let hits = text.lines().filter(|l| row(l).is_some()).count();
    let loopback = text.lines().any(|l| row(l).is_some_and(|(a, _)| is_local(a)));
    match (hits, all) {
        (0, _) => 0,
        (h, a) if loopback && h * 10 >= a * 9 => 94,
        (h, a) if h == a => 70,
        _ => 0,
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = crate::formats::sheet::Sheet::new(out, Program::Config);
    for line in lines(&text) {
        if let Some((address, names)) = row(line.text).filter(|(a, _)| !is_multicast(a)) {
            names.iter().for_each(|name| address_of(&mut sheet, address, name, line));
            // Debian gives a machine its own name at this address.
            if address == "127.0.1.1" {
                names.iter().for_each(|name| sheet.name(Naming::Host, name, line));
            }
        }
    }
    sheet.account(&text);
}

fn address_of(sheet: &mut Sheet<'_>, address: &str, name: &str, line: crate::formats::sheet::Line<'_>) {
    if !is_local(name) {
        sheet.address(address, name, line);
    }
}

fn is_multicast(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_multicast())
        || address == "fe00::0"
        || address == "255.255.255.255"
}
