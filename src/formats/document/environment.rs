//! `NAME=value` lines: `/etc/etcd/etcd.conf`, `/etc/default/etcd`, Patroni's environment, output of `env`.

use super::patroni_yml;
use crate::formats::etcd_settings::{setting, variable};
use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::tree::{Leaf, Scalar};
use crate::formats::{Document, tree};
use crate::model::{Key, Naming, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "environment",
    program: Program::Config,
    doc: "ETCD_*, PATRONI_*, SPILO_CONFIGURATION, TZ, HOSTNAME; `export` and quotes allowed, comments skipped",
    sniff,
    read,
    samples: &[
        "ETCD_NAME=\"db01\"\nETCD_DATA_DIR=\"/var/lib/etcd/default.etcd\"\n",
        "PATRONI_SCOPE=batman\nPATRONI_NAME=pg1\nPATRONI_ETCD3_HOSTS='10.0.0.1:2379','10.0.0.2:2379'\n",
    ],
};

/// Sections of patroni.yml, as they begin names of variables.
static SECTIONS: &[&str] = &[
    "restapi",
    "postgresql",
    "etcd3",
    "etcd",
    "consul",
    "zookeeper",
    "exhibitor",
    "kubernetes",
    "raft",
    "log",
    "ctl",
    "watchdog",
    "tags",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let ours = |l: &str| {
        let l = l.trim_start_matches(['#', ' ']);
        pair(l).is_some_and(|(n, _)| variable(n).is_some() || n.starts_with("PATRONI_") || n == "SPILO_CONFIGURATION")
    };
    let hits = text.lines().filter(|l| ours(l)).count();
    let all = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).count();
    let pairs = text.lines().filter(|l| !l.starts_with('#') && pair(l).is_some()).count();
    let sections = text.lines().any(|l| matches!(l.trim(), "[Unit]" | "[Service]" | "[Install]"));
    if sections || text.trim_start().starts_with('{') {
        0
    } else if hits >= 2 && pairs * 2 >= all {
        94
    } else if hits == 1 && pairs * 2 >= all {
        75
    } else {
        0
    }
}

/// Name and value of an assignment at the start of a line.
pub fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let value = value.trim();
    let quoted = value.len() >= 2
        && (value.starts_with('"') && value.ends_with('"') || value.starts_with('\'') && value.ends_with('\''))
        && !value.get(1..value.len() - 1)?.contains(value.get(..1)?);
    let value = if quoted { value.get(1..value.len() - 1)? } else { value };
    valid.then_some((name, value))
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    let mut patroni = Vec::new();
    for line in lines(&text) {
        if let Some((name, value)) = pair(line.text) {
            patroni.extend(assignment(name, value, line, &mut sheet));
        }
    }
    patroni_yml::local(&patroni, "", &text, &mut sheet);
    sheet.account(&text);
}

/// Takes in one variable; what belongs to Patroni's configuration is handed back as if it stood in patroni.yml.
pub fn assignment(name: &str, value: &str, line: Line<'_>, sheet: &mut Sheet<'_>) -> Option<Leaf> {
    if let Some(setting_name) = variable(name) {
        setting(&setting_name, value, line, sheet);
        return None;
    }
    match name {
        "TZ" => sheet.text(Key::TimeZone, Some("host"), value.trim_start_matches(':'), line),
        "HOSTNAME" => sheet.name(Naming::Host, value, line),
        "POD_NAME" => sheet.name(Naming::Pod, value, line),
        "POD_IP" => sheet.name(Naming::Address, value, line),
        "SPILO_CONFIGURATION" | "PATRONI_CONFIGURATION" => {
            if let Ok((leaves, _)) = tree::leaves(value) {
                let moved: Vec<Leaf> = leaves.into_iter().map(|l| Leaf { line: line.number, ..l }).collect();
                patroni_yml::local(&moved, "", "", sheet);
            }
        }
        _ => {
            let rest = name.strip_prefix("PATRONI_")?.to_ascii_lowercase();
            let split = SECTIONS.iter().find_map(|s| Some((s, rest.strip_prefix(*s)?.strip_prefix('_')?)));
            let path = match split {
                Some((section, key)) => format!("{section}.{key}"),
                None => rest,
            };
            return Some(Leaf { path, value: Scalar::Text(value.to_owned()), line: line.number });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_programs_and_hides_secrets() {
        let mut out = Parsed::default();
        let text = "# Member\nETCD_NAME=\"db01\"\n#ETCD_HEARTBEAT_INTERVAL=\"100\"\nETCD_ELECTION_TIMEOUT=\"5000\"\nETCD_INITIAL_CLUSTER=\"db01=http://10.0.0.1:2380,db02=http://10.0.0.2:2380\"\nexport PATRONI_NAME=pg1\nPATRONI_SCOPE='batman'\nPATRONI_ETCD3_HOSTS='10.0.0.1:2379','10.0.0.2:2379'\nPATRONI_RESTAPI_CONNECT_ADDRESS=10.0.0.1:8008\nPATRONI_SUPERUSER_PASSWORD=geheim\nTZ=Europe/Berlin\n";
        read(text.as_bytes(), "", &mut out);
        let has = |key, value: &str| out.facts.iter().any(|f| f.key == key && f.value.text() == Some(value));
        assert!(has(Key::Scope, "batman"));
        assert!(has(Key::DcsKind, "etcd3"));
        assert!(has(Key::DcsHost, "10.0.0.2:2379"), "{:#?}", out.facts);
        assert!(has(Key::TimeZone, "Europe/Berlin"));
        assert!(!out.facts.iter().any(|f| f.key == Key::EtcdHeartbeatMs));
        assert!(out.facts.iter().any(|f| f.key == Key::EtcdElectionMs && f.value.num() == Some(5_000.0)));
        assert!(out.streams[0].names.iter().any(|n| &*n.name == "pg1"));
        assert!(!format!("{:?}", out.facts).contains("geheim"));
    }
}
