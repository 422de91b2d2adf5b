//! Which program the name in an envelope means, and what the text tells where the name is a shell's or a container's.

use super::{etcd_capnslog, vip_manager};
use crate::messages::{Found, find};
use crate::model::Program;

/// What else than Patroni runs clusters of PostgreSQL, by the names under which it logs: CloudNativePG, repmgr,
/// pg_auto_failover, Stolon, EDB Failover Manager, and Pacemaker's agents for PostgreSQL (resource-agents, PAF).
static MANAGERS: &[(&str, &str)] = &[
    ("cloudnative-pg", "CloudNativePG"),
    ("repmgrd", "repmgr"),
    ("pg_autoctl", "pg_auto_failover"),
    ("stolon-keeper", "Stolon"),
    ("stolon-sentinel", "Stolon"),
    ("efm", "EDB Failover Manager"),
    ("pgsqlms(", "Pacemaker"),
    ("pgsql(", "Pacemaker"),
];

/// The manager that logs under a name.
pub fn manager_of(ident: &[u8]) -> Option<&'static str> {
    let is = |name: &str| {
        if name.ends_with('(') { ident.starts_with(name.as_bytes()) } else { ident == name.as_bytes() }
    };
    MANAGERS.iter().find(|(name, _)| is(name)).map(|(_, manager)| *manager)
}

/// Beginnings of names; the first match wins, so the special stand before the general.
static NAMES: &[(Program, &[&str])] = &[
    (Program::Patroni, &["patroni", "spilo"]),
    (Program::Etcd, &["etcd"]),
    (
        Program::Proxy,
        &["haproxy", "pgbouncer", "keepalived", "Keepalived", "vip-manager", "vip_manager", "vipmanager", "exabgp"],
    ),
    (
        Program::Job,
        &[
            "CRON",
            "cron",
            "anacron",
            "run-parts",
            "pgbackrest",
            "pgBackRest",
            "pg_dump",
            "barman",
            "wal-g",
            "wal_g",
            "wal-e",
            "logrotate",
        ],
    ),
    (Program::Postgres, &["postgres", "postmaster"]),
    (Program::Kernel, &["kernel"]),
    (
        Program::Systemd,
        &[
            "systemd",
            "init",
            "chronyd",
            "ntpd",
            "ntpdate",
            "sudo",
            "sshd",
            "su",
            "dbus",
            "abrt",
            "NetworkManager",
            "nm-dispatcher",
            "earlyoom",
            "yum",
            "dnf",
            "apt",
            "dpkg",
            "packagekitd",
            "PackageKit",
            "needrestart",
            "unattended-upgrade",
            "ansible",
            "python3-ansible",
            "puppet",
            "dhclient",
            "multipathd",
            "iscsid",
            "smartd",
            "mcelog",
            "rasdaemon",
            "shutdown",
            "reboot",
            "poweroff",
            "halt",
            "watchdog",
            "wd_keepalive",
            "vmtoolsd",
            "vmsvc",
            "vmware",
            "VGAuth",
            "qemu-ga",
            "hypervvssd",
            "hv_",
            "Hyper-V",
            "polkitd",
            "rsyslogd",
            "auditd",
            "audit",
            "kdump",
            "apport",
            "irqbalance",
            "tuned",
            "udisksd",
            "snapd",
            "crond",
        ],
    ),
];

/// Programs whose names begin like one of the above and that are something else.
static OTHERS: &[&str] =
    &["exporter", "wal-listener", "postgrest", "postgres-operator", "etcd-backup", "etcd-operator"];

/// Which program an envelope's ident names.
pub fn program_of(ident: &[u8]) -> Option<Program> {
    let name = std::str::from_utf8(ident).ok()?;
    let base = name.rsplit('/').next()?.trim_end_matches(".service");
    if OTHERS.iter().any(|o| base.contains(o)) {
        return None;
    }
    let known = NAMES.iter().find(|(_, names)| names.iter().any(|n| base.starts_with(n))).map(|(program, _)| *program);
    known.or_else(|| wrapped(base))
}

/// `start-etcd`, `run-patroni.sh`: scripts that start a program and log under their own name.
fn wrapped(name: &str) -> Option<Program> {
    let words = || name.split(['-', '_', '.', '@']);
    if words()
        .any(|w| matches!(w, "backup" | "check" | "operator" | "monitor" | "watch" | "health" | "restore" | "defrag"))
    {
        return None;
    }
    words().find_map(|w| match w {
        "patroni" => Some(Program::Patroni),
        "etcd" => Some(Program::Etcd),
        _ => None,
    })
}

/// Which program says `text` under a name that tells nothing (`bash`, `docker`, a container's id), or under none, as in
/// what is copied from a log system's page.
pub fn program_by_text(ident: &[u8], text: &[u8]) -> Option<Program> {
    if etcd_capnslog::without_package(text).len() < text.len() || etcd_capnslog::levelled(text).is_some() {
        return Some(Program::Etcd);
    }
    if vip_manager::BEGINNINGS.iter().any(|b| text.starts_with(b)) {
        return Some(Program::Proxy);
    }
    let means = |p: &Program| matches!(find(*p, text), Found::Meaning(_));
    if ident.is_empty() && text.len() >= 12 {
        return [Program::Patroni, Program::Etcd].into_iter().find(means);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_programs() {
        for (ident, program) in [
            ("patroni", Some(Program::Patroni)),
            ("/usr/bin/patroni", Some(Program::Patroni)),
            ("postgresql@15-main.service", Some(Program::Postgres)),
            ("postgres_exporter", None),
            ("patroni_exporter", None),
            ("CROND", Some(Program::Job)),
            ("run-parts(/etc/cron.hourly)", Some(Program::Job)),
            ("systemd-logind", Some(Program::Systemd)),
            ("start-etcd", Some(Program::Etcd)),
            ("run_patroni.sh", Some(Program::Patroni)),
            ("check-etcd", None),
            ("dockerd", None),
            ("", None),
        ] {
            assert_eq!(program_of(ident.as_bytes()), program, "{ident}");
        }
        assert_eq!(program_by_text(b"bash", b"etcdserver: server is likely overloaded"), Some(Program::Etcd));
        assert_eq!(
            program_by_text(b"sh", b"IP address 10.0.0.5/24 state is false, desired true"),
            Some(Program::Proxy)
        );
        assert_eq!(program_by_text(b"", b"hello"), None);
    }
}
