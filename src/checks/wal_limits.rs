//! Slots that may keep WAL without a limit.

use super::look::{Look, host};
use super::{Check, Finding};

pub(super) static CHECKS: &[Check] = &[Check {
    id: "slots_without_limit",
    title: "a slot whose reader is away may fill the disk",
    threshold: "max_slot_wal_keep_size set (-1 is no limit), PostgreSQL >= 13",
    thresholds: &[],
    origin: "PostgreSQL: Replication, max_slot_wal_keep_size; its default is -1",
    find,
}];

fn find(l: &Look<'_>) -> Vec<Finding> {
    // Older versions do not have the setting.
    if l.pg_major().is_some_and(|v| v < 13) {
        return Vec::new();
    }
    // Only where PostgreSQL's settings were sent: these two stand in every set that Patroni writes.
    let mut hosts = l.parameter("max_replication_slots");
    hosts.extend(l.parameter("wal_level"));
    let limits = l.parameter("max_slot_wal_keep_size");
    let anywhere = limits.values().any(|(_, v)| !v.starts_with('-'));
    let unlimited: Vec<_> = hosts
        .into_iter()
        .filter(|(node, _)| limits.get(node).map_or(!anywhere, |(_, v)| v.starts_with('-')))
        .take(1)
        .collect();
    unlimited
        .into_iter()
        .map(|(node, (cite, _))| {
            let cite = limits.get(&node).map_or(cite, |(c, _)| *c);
            host(
                l.name(node),
                "max_slot_wal_keep_size is not set: a slot whose reader is away keeps WAL until the disk is full, and a full disk stops the primary".to_owned(),
                [cite],
                "patronictl edit-config: postgresql.parameters.max_slot_wal_keep_size below the free space of pg_wal (half of it is a start); a replica that is away for longer must then be built anew.",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn conf(more: &str) -> String {
        format!(
            "//- pg1/postgresql.conf\n# PostgreSQL configuration file\nlisten_addresses = '*'\nport = 5432\nmax_connections = 100\nmax_replication_slots = 8\nwal_level = replica\nshared_buffers = 128MB\n{more}"
        )
    }

    #[test]
    fn slots_need_a_limit() {
        assert_eq!(found("slots_without_limit", &conf("")).len(), 1);
        assert_eq!(found("slots_without_limit", &conf("max_slot_wal_keep_size = -1\n")).len(), 1);
        assert!(found("slots_without_limit", &conf("max_slot_wal_keep_size = 20GB\n")).is_empty());
        assert!(found("slots_without_limit", "//- pg1/PG_VERSION.txt\n12\n").is_empty());
    }
}
