//! etcd.conf.yml. Where a config file is given, etcd ignores flags and environment.

use crate::formats::etcd_settings::setting;
use crate::formats::settings::line_at;
use crate::formats::sheet::Sheet;
use crate::formats::{Document, tree};
use crate::model::{Parsed, Program};

pub static FORMAT: Document = Document {
    name: "etcd-conf",
    program: Program::Config,
    doc: "name, data-dir, listen and advertise addresses, initial-cluster, heartbeat-interval, election-timeout, quota",
    sniff,
    read,
    samples: &[
        "name: pg-dc1-a\ndata-dir: /var/lib/etcd/default.etcd\nlisten-client-urls: http://10.24.2.11:2379,http://127.0.0.1:2379\ninitial-cluster: pg-dc1-a=http://10.24.2.11:2380\n",
    ],
};

static OWN: &[&str] = &[
    "data-dir",
    "wal-dir",
    "initial-cluster",
    "initial-cluster-token",
    "initial-cluster-state",
    "initial-advertise-peer-urls",
    "listen-peer-urls",
    "listen-client-urls",
    "advertise-client-urls",
    "heartbeat-interval",
    "election-timeout",
    "quota-backend-bytes",
    "auto-compaction-retention",
    "auto-compaction-mode",
    "snapshot-count",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let at_top = |key: &str| {
        text.lines().any(|l| {
            let l = l.trim_start_matches(['"', '\'']).strip_prefix(key);
            l.is_some_and(|r| r.trim_start_matches(['"', '\'']).starts_with(':'))
        })
    };
    match OWN.iter().filter(|k| at_top(k)).count() {
        0 => 0,
        // One of them in a sentence is a note.
        1 if tree::leaves(&text).is_ok() => 70,
        1 => 0,
        _ => 96,
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    let leaves = tree::readable(&text, sheet.out);
    let all: Vec<&str> = text.lines().collect();
    for leaf in &leaves {
        // Lists of addresses are allowed in place of commas.
        let name = leaf.path.split('[').next().unwrap_or(&leaf.path);
        setting(name, &leaf.value.text(), line_at(&all, leaf.line), &mut sheet);
    }
    sheet.account(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Key;

    #[test]
    fn reads_settings_and_addresses() {
        let mut out = Parsed::default();
        let text = "# comment\nname: 'e1'\nheartbeat-interval: 500\nelection-timeout: 5000\nquota-backend-bytes: 0\nwal-dir:\nauto-compaction-retention: \"1h\"\ninitial-cluster: e1=https://10.0.0.1:2380,e2=https://10.0.0.2:2380,e3=https://10.0.0.3:2380\nclient-transport-security:\n  client-cert-auth: true\n";
        read(text.as_bytes(), "", &mut out);
        let get = |key| out.facts.iter().find(|f| f.key == key).and_then(|f| f.value.num());
        assert_eq!(get(Key::EtcdHeartbeatMs), Some(500.0));
        assert_eq!(get(Key::EtcdElectionMs), Some(5_000.0));
        assert_eq!(get(Key::EtcdMembers), Some(3.0));
        assert_eq!(get(Key::EtcdQuotaBytes), None);
        assert!(out.facts.iter().any(|f| f.item.as_deref() == Some("auto-compaction-retention")));
    }
}
