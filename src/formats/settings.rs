//! Patroni's dynamic settings and PostgreSQL parameters as facts: shared by every config that holds them.

use super::sheet::{Line, Sheet, excerpt};
use super::tree::{Leaf, Scalar, ends, last_key};
use super::units;
use crate::model::{Key, Value};

/// Settings with a key of their own. Names before the words were changed (master → primary, 3.0) mean the same.
static DYNAMIC: &[(&str, Key)] = &[
    ("ttl", Key::Ttl),
    ("loop_wait", Key::LoopWait),
    ("retry_timeout", Key::RetryTimeout),
    ("maximum_lag_on_failover", Key::MaximumLag),
    ("primary_start_timeout", Key::PrimaryStartTimeout),
    ("master_start_timeout", Key::PrimaryStartTimeout),
    ("failsafe_mode", Key::FailsafeMode),
    ("synchronous_mode", Key::SynchronousMode),
    ("postgresql.use_pg_rewind", Key::UsePgRewind),
    ("pause", Key::Paused),
];

/// Settings that are kept under `PatroniSetting` with their name.
static OTHERS: &[&str] = &[
    "synchronous_mode_strict",
    "synchronous_node_count",
    "maximum_lag_on_syncnode",
    "primary_stop_timeout",
    "master_stop_timeout",
    "check_timeline",
    "max_timelines_history",
    "member_slots_ttl",
    "primary_race_backoff",
    "postgresql.use_slots",
    "postgresql.remove_data_directory_on_rewind_failure",
    "postgresql.remove_data_directory_on_diverged_timelines",
    "standby_cluster.host",
    "standby_cluster.port",
];

/// PostgreSQL parameters that decide about failovers, lag, disk use and how logs are to be read.
static PARAMETERS: &[&str] = &[
    "archive_command",
    "archive_mode",
    "archive_timeout",
    "checkpoint_segments",
    "checkpoint_timeout",
    "checkpoint_completion_target",
    "cluster_name",
    "csvlog",
    "data_directory",
    "data_sync_retry",
    "db_user_namespace",
    "effective_cache_size",
    "force_parallel_mode",
    "fsync",
    "full_page_writes",
    "hot_standby",
    "hot_standby_feedback",
    "huge_pages",
    "idle_in_transaction_session_timeout",
    "idle_replication_slot_timeout",
    "lc_messages",
    "listen_addresses",
    "lock_timeout",
    "log_destination",
    "log_directory",
    "log_filename",
    "log_line_prefix",
    "log_min_duration_statement",
    "log_timezone",
    "log_truncate_on_rotation",
    "logging_collector",
    "maintenance_work_mem",
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_slot_wal_keep_size",
    "max_standby_archive_delay",
    "max_standby_streaming_delay",
    "max_wal_senders",
    "max_wal_size",
    "max_worker_processes",
    "min_wal_size",
    "old_snapshot_threshold",
    "port",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_target_timeline",
    "restart_after_crash",
    "restore_command",
    "server_version",
    "shared_buffers",
    "shared_preload_libraries",
    "statement_timeout",
    "stats_temp_directory",
    "superuser_reserved_connections",
    "synchronous_commit",
    "synchronous_standby_names",
    "syslog_ident",
    "temp_file_limit",
    "timezone",
    "vacuum_cleanup_index_scale_factor",
    "vacuum_defer_cleanup_age",
    "wal_keep_segments",
    "wal_keep_size",
    "wal_level",
    "wal_log_hints",
    "wal_receiver_status_interval",
    "wal_receiver_timeout",
    "wal_recycle",
    "wal_sender_timeout",
    "work_mem",
];

/// Facts of the dynamic settings that stand below `prefix` (empty, or with its final dot).
/// `item` is `None` for what is in force and names the place otherwise. Returns how many were found.
pub fn dynamic(leaves: &[Leaf], prefix: &str, item: Option<&str>, text: &str, sheet: &mut Sheet<'_>) -> usize {
    let all: Vec<&str> = text.lines().collect();
    let mut found = 0;
    for leaf in leaves {
        let Some(path) = leaf.path.strip_prefix(prefix) else { continue };
        let key_text = format!("\"{}\"", last_key(path));
        let line = excerpt(&all, leaf.line, &key_text);
        // Settings inside a string of another document have no line of their own.
        let written = format!("{path}: {}", leaf.value.text());
        let line = if line.text.contains(last_key(path)) { line } else { Line { number: line.number, text: &written } };
        if let Some((_, key)) = DYNAMIC.iter().find(|(name, _)| *name == path) {
            match setting(&leaf.value) {
                Some(n) => sheet.num(*key, item, n, line),
                None => sheet.text(*key, item, &leaf.value.text(), line),
            }
            found += 1;
        } else if OTHERS.contains(&path) {
            sheet.text(Key::PatroniSetting, Some(path), &leaf.value.text(), line);
            found += 1;
        } else if let Some(name) = path.strip_prefix("postgresql.parameters.") {
            if item != Some("bootstrap") {
                parameter(name, &leaf.value.text(), line, sheet);
            } else if name == "log_timezone" {
                sheet.text(Key::TimeZone, Some("postgresql"), &leaf.value.text(), line);
            }
        }
    }
    found
}

/// Seconds and bytes; `quorum` counts as synchronous mode switched on.
fn setting(value: &Scalar) -> Option<f64> {
    match value {
        Scalar::Text(t) if t == "quorum" => Some(1.0),
        other => other.num().or_else(|| units::bytes(&other.text(), false)),
    }
}

/// A PostgreSQL parameter, if it is one that matters. Time zones are facts of their own.
pub fn parameter(name: &str, value: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    let name = name.trim().to_ascii_lowercase();
    let value = value.trim();
    let name = name.as_str();
    if !PARAMETERS.contains(&name) {
        return;
    }
    match name {
        "log_timezone" => sheet.text(Key::TimeZone, Some("postgresql"), value, line),
        "data_directory" => sheet.text(Key::PgDataDir, None, value, line),
        // Patroni writes its scope here; Debian's own clusters are called `15/main`.
        "cluster_name" if !value.contains('/') => sheet.text(Key::Scope, None, value, line),
        "server_version" => sheet.text(Key::PgVersion, None, value, line),
        _ => {}
    }
    // Empty says something too: no archive command, no synchronous standby.
    let shown = if value.is_empty() { "''" } else { value };
    let value = match name {
        // What it runs is nobody's business; whether it does anything is.
        "archive_command" | "restore_command" => command_kind(value),
        _ => shown,
    };
    sheet.fact(Key::PgSetting, Some(name), Value::Text(super::secrets::masked(value).as_ref().into()), line);
}

/// What an archive command amounts to.
fn command_kind(value: &str) -> &str {
    match value {
        "" | "''" | "(disabled)" => "''",
        "/bin/true" | "true" | "/usr/bin/true" | ":" | "cd ." | "exit 0" => "does nothing",
        _ => "set",
    }
}

/// A line of a text by its number.
pub fn line_at<'a>(all: &[&'a str], number: u32) -> Line<'a> {
    Line { number, text: all.get(number.saturating_sub(1) as usize).copied().unwrap_or("") }
}

/// The first leaf whose path ends so.
pub fn find<'a>(leaves: &'a [Leaf], tail: &str) -> Option<&'a Leaf> {
    leaves.iter().find(|l| ends(&l.path, tail))
}
