//! Messages of systemd and of the other daemons that keep a Linux machine running.

use super::{Message, m};
use crate::model::{Program, What};

pub static MESSAGES: &[Message] = &[
    // ---- units (src/core/unit.c, job.c, service.c)
    m(What::UnitStarting, "Starting {who}...", "Starting Runners to orchestrate a high-availability PostgreSQL...", "systemd, job.c"),
    m(What::UnitStarted, "Started {who}.$", "Started Runners to orchestrate a high-availability PostgreSQL.", "systemd, job.c"),
    m(What::UnitStopping, "Stopping {who}...", "Stopping Runners to orchestrate a high-availability PostgreSQL...", "systemd, job.c"),
    m(What::UnitStopped, "Stopped {who}.$", "Stopped Runners to orchestrate a high-availability PostgreSQL.", "systemd, job.c"),
    m(What::UnitStartTimeout, "{who}: start operation timed out. Terminating", "patroni.service: start operation timed out. Terminating.", "systemd, service.c"),
    m(What::UnitFailed, "{who}: Failed with result 'timeout'{=ServiceTimeout}", "patroni.service: Failed with result 'timeout'.", "systemd, unit.c, 232+"),
    m(What::UnitFailed, "{who}: Failed with result '{}'", "patroni.service: Failed with result 'exit-code'.", "systemd, unit.c, 232+"),
    m(What::CoreDump, "Process {} ({who}) of user {} killed by SIGABRT - dumping core", "Process 438 (postgres) of user 101 killed by SIGABRT - dumping core", "abrt-hook-ccpp"),
];

/// The program that a unit name or unit description means, where the text proves it.
///
/// systemd prints descriptions, not names, in most lines before version 249 and by setting later
/// (`StatusUnitFormat=`, systemd-system.conf(5)).
pub fn unit(who: &str) -> Option<Program> {
    let who = who.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| who.contains(w));
    if has(&["patroni", "runners to orchestrate a high-availability postgresql"]) {
        Some(Program::Patroni)
    } else if has(&["etcd"]) {
        Some(Program::Etcd)
    } else if has(&["postgresql", "postgres"]) {
        Some(Program::Postgres)
    } else {
        None
    }
}
