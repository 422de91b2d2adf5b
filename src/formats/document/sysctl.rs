//! `sysctl -a` and sysctl.conf: the few kernel settings that turn up in root causes.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "sysctl",
    program: Program::Command,
    doc: "`vm.dirty_ratio = 20`",
    sniff,
    read,
    samples: &[
        "kernel.hung_task_timeout_secs = 120\nvm.dirty_background_ratio = 10\nvm.dirty_ratio = 20\nvm.overcommit_memory = 0\n",
    ],
};

static KEPT: &[&str] = &[
    "kernel.hung_task_panic",
    "kernel.hung_task_timeout_secs",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.softlockup_panic",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_retries2",
    "net.netfilter.nf_conntrack_count",
    "net.netfilter.nf_conntrack_max",
    "vm.dirty_background_bytes",
    "vm.dirty_background_ratio",
    "vm.dirty_bytes",
    "vm.dirty_ratio",
    "vm.min_free_kbytes",
    "vm.nr_hugepages",
    "vm.overcommit_memory",
    "vm.overcommit_ratio",
    "vm.panic_on_oom",
    "vm.swappiness",
    "vm.zone_reclaim_mode",
];

fn row(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let root = name.split('.').next()?;
    let known = ["kernel", "vm", "net", "fs", "dev", "debug", "abi", "crypto", "sunrpc", "user"].contains(&root);
    (known && name.contains('.') && !name.contains(' ')).then_some((name, value.trim()))
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all = text.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with(['#', ';'])).count();
    let hits = text.lines().filter(|l| row(l).is_some()).count();
    if hits > 0 && hits * 3 >= all * 2 { 88 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        if let Some((name, value)) = row(line.text).filter(|(n, _)| KEPT.contains(n)) {
            sheet.text(Key::Sysctl, Some(name), value, line);
        }
    }
    sheet.account(&text);
}
