//! Patroni 0.x and 1.0 to 1.5: wordings that later versions do not have.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(DcsWaiting, "waiting on DCS", "waiting on DCS", "patroni.py, 0.1-0.3"),
    m(DcsRequestFailed, "get_node$", "get_node", "helpers/zookeeper.py, 0.1-0.2; the traceback follows"),
    m(DcsResolveFailed, "Can not resolve {who}", "Can not resolve etcd1", "patroni/etcd.py, 0.1-1.1; the traceback follows"),
    m(PgConnFailed, "Error communicating with Postgresql.  Will try again", "Error communicating with Postgresql.  Will try again", "helpers/ha.py, 0.1-0.3"),
    m(PgConnFailed, "Error communicating with Postgresql. Will try again later", "Error communicating with Postgresql. Will try again later", "patroni/ha.py, 0.4-0.76"),
    m(PgConnOpened, "established a new patroni connection to the postgres cluster", "established a new patroni connection to the postgres cluster", "patroni/postgresql.py, 0.7-0.76"),
    m(PgRestarting, "started as readonly because i had the session lock", "started as readonly because i had the session lock", "patroni/ha.py, 0.1-0.76"),
    noise("unable to perform {} action, cannot obtain the cluster role: {}", "unable to perform on_start action, cannot obtain the cluster role: x", "helpers/postgresql.py, 0.1-0.3"),
    noise("Removed {}postmaster.pid", "Removed /data/postmaster.pid", "patroni/postgresql.py, 0.1-1.1"),
    noise("Bad value of pg_ctl_timeout: {}", "Bad value of pg_ctl_timeout: x", "patroni/postgresql.py, 1.0-1.2"),
    // ---- rewind
    m(RewindFailed, "unable to rewind the former master", "unable to rewind the former master", "patroni/postgresql.py, 0.4-1.2"),
    m(RewindFailed, "Leader unknown, can not rewind", "Leader unknown, can not rewind", "patroni/postgresql.py, 1.0"),
    m(RewindNeeded, "Data directory may be out of sync master, rewind may be needed.", "Data directory may be out of sync master, rewind may be needed.", "patroni/postgresql.py, 1.2"),
    m(RewindNeeded, "rewind flag is set", "rewind flag is set", "patroni/postgresql.py, 1.1-1.2"),
    noise("set the rewind flag after demote", "set the rewind flag after demote", "patroni/postgresql.py, 0.4-1.0"),
    noise("cleared rewind flag after becoming the leader", "cleared rewind flag after becoming the leader", "patroni/postgresql.py, 0.4-1.2"),
    // ---- bootstrap
    m(BootstrapFailed, "unable to restore configuration from WAL-E backup", "unable to restore configuration from WAL-E backup", "patroni/postgresql.py, 0.1-0.5"),
    m(BootstrapFailed, "Error when creating replica", "Error when creating replica", "patroni/postgresql.py, 0.1-0.7; the traceback follows"),
    m(BootstrapFailed, "removing initialize key after failed attempt to initialize the cluster", "removing initialize key after failed attempt to initialize the cluster", "patroni/ha.py, 0.3-1.2"),
    // ---- requests
    m(SwitchoverRequested, "received failover request with leader {} member {who} scheduled_at {}", "received failover request with leader pg1 member pg2 scheduled_at None", "patroni/api.py, 0.80"),
    m(FailoverKeyCleanup, "Cleanning up failover key after acquiring leader lock", "Cleanning up failover key after acquiring leader lock...", "patroni/ha.py, 0.4-0.5"),
    m(FailoverRejected, "Incorrect value in of scheduled_at: {}", "Incorrect value in of scheduled_at: tomorrow", "patroni/ha.py, 0.80-1.0"),
    noise("Trying to clean up failover key", "Trying to clean up failover key", "patroni/ha.py, 0.4-1.0"),
    // Also the answers of the REST API, which patronictl shows.
    noise("I am the leader, can not reinitialize", "I am the leader, can not reinitialize", "patroni/ha.py, logged by 0.4-1.0"),
    noise("Cluster has no leader, can not reinitialize", "Cluster has no leader, can not reinitialize", "patroni/ha.py, logged by 0.4-1.0"),
    noise("Throttling API requests...", "Throttling API requests...", "kubernetes/callback.py, 1.4.0-1.5.1"),
];
