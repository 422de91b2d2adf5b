//! Outputs and configs that are recognised so that a report can say what they are; nothing is taken from them.

use crate::formats::Document;
use crate::model::{Parsed, Program};

pub static FORMAT: Document = Document {
    name: "other",
    program: Program::Command,
    doc: "top, vmstat, mpstat, pidstat, ss, netstat, nstat, ip route, lscpu, diskstats, fio, haproxy.cfg, pgbouncer.ini, pgbackrest.conf, pg_hba.conf, scripts, certificates, HTML",
    sniff,
    read,
    samples: &[
        "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port\ntcp   LISTEN 0      128    0.0.0.0:22 0.0.0.0:*\n",
        "global\n    maxconn 100\nlisten postgres\n    bind *:5000\n    option httpchk\nbackend x\n",
        "#!/bin/bash\nset -e\n",
        "local   all   all   peer\nhost    all   all   0.0.0.0/0   md5\n",
    ],
};

/// Beginnings of lines that tell an output; the score leaves room for readers that know more.
static BEGINNINGS: &[&str] = &[
    "#kernel",
    "LAST SEEN ",
    "Last Seen ",
    "NAMESPACE ",
    "NAME                ",
    "NAME  ",
    "PRETTY_NAME=",
    "NAME=\"",
    "#!/",
    "-----BEGIN CERTIFICATE",
    "<!DOCTYPE",
    "<!doctype",
    "<html",
    "<?xml",
    "Active Internet connections",
    "Architecture:  ",
    "Architecture:          ",
    "Device ",
    "Device: ",
    "Filename\t",
    "IcmpMsg:",
    "Ip:",
    "IpInReceives",
    "Netid ",
    "Routing tables",
    "State  ",
    "State Recv-Q",
    "Swap: ",
    "TCP: inuse",
    "Tcp:",
    "Total: ",
    "[pgbackrest]",
    "[pgbouncer]",
    "[databases]",
    "[global]",
    "procs ",
    "--procs--",
    "procs -",
    "stanza: ",
    "vrrp_instance ",
    "vrrp_script ",
    "global_defs",
    "avg-cpu:",
    "default via ",
    "frontend ",
    "backend ",
    "listen ",
    "write: IOPS=",
    "logfile ",
    "Finished defragmenting etcd member",
    "Leadership transferred from",
    "compacted revision",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let begins = text.lines().take(40).any(|l| BEGINNINGS.iter().any(|b| l.starts_with(b)));
    let hba = |l: &str| {
        let words: Vec<&str> = l.split_whitespace().collect();
        matches!(words.first(), Some(&("local" | "host" | "hostssl" | "hostnossl"))) && words.len() >= 4
    };
    let all = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).count();
    let rules = text.lines().filter(|l| hba(l)).count();
    let disks = text.lines().filter(|l| diskstats(l)).count();
    let shown =
        text.lines().take(60).any(|l| l.contains("K total memory") || (l.contains("%usr") && l.contains("CPU")));
    if begins || shown || (all > 0 && (rules * 2 >= all || disks * 2 >= all) && rules + disks > 0) { 41 } else { 0 }
}

/// `/proc/diskstats`: major, minor, name and at least eleven counters.
fn diskstats(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |i: usize| words.get(i).is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()));
    words.len() >= 14 && number(0) && number(1) && !number(2) && (3..14).all(number)
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let lines = memchr::memchr_iter(b'\n', content).count() as u64;
    out.coverage.bytes += content.len() as u64;
    out.coverage.lines += lines;
    out.coverage.noise += lines;
}
