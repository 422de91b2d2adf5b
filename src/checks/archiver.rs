//! An archiver that fails: WAL piles up and no backup can be restored.

use super::look::{Look, host};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{NodeId, Threshold, What};
use std::collections::BTreeMap;

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "archive_failing",
        title: "archive_command fails",
        threshold: "3 failures of one host",
        thresholds: &[&FAILURES],
        origin: "pgarch.c: three attempts, then a pause of a minute; signals at a stop do not count",
        find: failing,
    },
    Check {
        id: "archive_discards",
        title: "archive_command throws WAL away",
        threshold: "archive_mode on with true, cd . or exit 0",
        thresholds: &[],
        origin: "PostgreSQL: Continuous archiving; backups that rely on it cannot be restored",
        find: discards,
    },
];

static FAILURES: Threshold = Threshold::new(
    "archive.failures",
    3.0,
    "times",
    "That many failures of archive_command on one host are a risk (pgarch.c tries three times, then pauses)",
);
/// What the reader of settings makes of `/bin/true`, `cd .` and their like; the command itself is not kept.
const NOTHING: &str = "does nothing";

fn failing(l: &Look<'_>) -> Vec<Finding> {
    let mut hosts: BTreeMap<NodeId, (u32, u32, f64)> = BTreeMap::new();
    // 128 and above: the shell or the command was ended by a signal, as at every stop of the server.
    for e in l.t.all(&[What::PgArchiveFailed]).filter(|e| e.num < 128.0) {
        let entry = hosts.entry(e.node).or_insert((e.index, 0, e.num));
        entry.1 += e.count;
    }
    let finding = |(node, (index, count, code)): (NodeId, (u32, u32, f64))| {
        let name = l.name(node);
        let code = if code > 0.0 { format!(", exit code {code:.0}") } else { String::new() };
        host(
            name.clone(),
            format!(
                "archive_command failed {count} times on {name}{code}: WAL is kept until it succeeds, and fills the disk if it never does"
            ),
            [Cite::Event(index)],
            "Run the command by hand as postgres with a segment's path; look at pg_stat_archiver; alert on failed_count.",
        )
    };
    hosts.into_iter().filter(|(_, (_, n, _))| f64::from(*n) >= l.limit(&FAILURES)).map(finding).collect()
}

fn discards(l: &Look<'_>) -> Vec<Finding> {
    let on = l.parameter("archive_mode");
    l.parameter("archive_command")
        .into_iter()
        .filter(|(node, (_, command))| {
            command == NOTHING && on.get(node).is_some_and(|(_, mode)| matches!(mode.as_str(), "on" | "always" | "true" | "1"))
        })
        .map(|(node, (cite, _))| {
            let name = l.name(node);
            host(
                name.clone(),
                format!("archive_command on {name} does nothing: WAL counts as archived and is gone"),
                [cite],
                "Archive to a repository (pgBackRest, WAL-G, Barman), or switch archive_mode off so that nobody relies on it.",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    #[test]
    fn a_command_that_is_missing() {
        let line = |s: u32, code: u32| {
            format!("2026-03-04 08:00:{s:02}.123 UTC [815] LOG:  archive command failed with exit code {code}\n")
        };
        let log = |n: u32, code: u32| {
            format!("//- pg1/postgresql.log\n{}", (0..n).map(|s| line(s, code)).collect::<String>())
        };
        assert!(found("archive_failing", &log(4, 127))[0].contains("failed 4 times on pg1, exit code 127"));
        assert!(found("archive_failing", &log(1, 127)).is_empty());
        assert!(found("archive_failing", &log(4, 131)).is_empty(), "131 is SIGQUIT: a consequence of a crash");
    }

    #[test]
    fn a_command_that_does_nothing() {
        let conf = |command| {
            format!(
                "//- pg1/postgresql.conf\n# PostgreSQL configuration file\nlisten_addresses = '*'\nport = 5432\nmax_connections = 100\nshared_buffers = 128MB\narchive_mode = on\narchive_command = '{command}'\n"
            )
        };
        assert_eq!(found("archive_discards", &conf("/bin/true")).len(), 1);
        assert!(found("archive_discards", &conf("pgbackrest --stanza=main archive-push %p")).is_empty());
    }
}
