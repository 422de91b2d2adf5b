//! Settings that the running version does not know any more.

use super::look::{Look, host};
use super::{Check, Finding};

pub(super) static CHECKS: &[Check] = &[Check {
    id: "setting_ignored",
    title: "a setting has no effect in the running version",
    threshold: "see the table: the version that removed it",
    thresholds: &[],
    origin: "PostgreSQL's release notes, Obsolete or Renamed Features; Patroni leaves unknown parameters out",
    find,
}];

/// Setting, the major version that no longer knows it, and what took its place.
const REMOVED: &[(&str, u32, &str)] = &[
    ("checkpoint_segments", 10, "max_wal_size"),
    ("wal_keep_segments", 13, "wal_keep_size"),
    ("vacuum_cleanup_index_scale_factor", 14, "nothing: it is not needed"),
    ("stats_temp_directory", 15, "nothing: statistics are kept in shared memory"),
    ("promote_trigger_file", 16, "pg_promote()"),
    ("vacuum_defer_cleanup_age", 16, "hot_standby_feedback"),
    ("force_parallel_mode", 16, "debug_parallel_query"),
    ("old_snapshot_threshold", 17, "idle_in_transaction_session_timeout"),
    ("db_user_namespace", 17, "nothing"),
];

fn find(l: &Look<'_>) -> Vec<Finding> {
    let Some(version) = l.pg_major() else { return Vec::new() };
    let mut out = Vec::new();
    for (name, removed, instead) in REMOVED.iter().filter(|(_, removed, _)| version >= *removed) {
        // The same line usually comes from every host.
        if let Some((node, (cite, value))) = l.parameter(name).into_iter().next() {
            out.push(host(
                l.name(node),
                format!("{name} = {value} has no effect: PostgreSQL {version} runs here, and {removed} removed it"),
                [cite],
                format!("Set {instead} instead, and remove {name}: patronictl edit-config."),
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn bundle(version: &str) -> String {
        format!(
            "//- pg1/patroni.json\n{{\"state\": \"running\", \"postmaster_start_time\": \"2026-03-01 10:00:00.123+00:00\", \"role\": \"primary\", \"server_version\": {version}, \"xlog\": {{\"location\": 67112992}}, \"timeline\": 1, \"patroni\": {{\"version\": \"4.0.4\", \"scope\": \"main\", \"name\": \"pg1\"}}}}\n//- pg1/patronictl-show-config.txt\nloop_wait: 10\nmaximum_lag_on_failover: 1048576\npostgresql:\n  parameters:\n    wal_keep_segments: 512\nretry_timeout: 10\nttl: 30\n"
        )
    }

    #[test]
    fn wal_keep_segments_on_15_and_on_11() {
        assert!(
            found("setting_ignored", &bundle("150004"))[0]
                .contains("wal_keep_segments = 512 has no effect: PostgreSQL 15")
        );
        assert!(found("setting_ignored", &bundle("110007")).is_empty());
    }
}
