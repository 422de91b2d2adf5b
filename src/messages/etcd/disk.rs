//! etcd's disk: full, failing, damaged; and what ends the process.

use super::super::{Message, m};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(
        EtcdDiskFull,
        "{}no space left on device",
        "write /var/lib/etcd/member/snap/db: no space left on device",
        "any line that ends in the errno text",
    ),
    m(
        EtcdDiskFull,
        "failed to commit tx{}no space left on device",
        "failed to commit tx: write /var/lib/etcd/default.etcd/member/snap/db: no space left on device",
        "mvcc/backend/batch_tx.go, zap, 3.4+",
    ),
    m(
        EtcdFatal,
        "failed to commit tx{why}",
        r#"{"level":"fatal","ts":"2026-11-21T00:36:27.450Z","caller":"backend/batch_tx.go:248","msg":"failed to commit tx","error":"write /var/lib/etcd/default.etcd/member/snap/db: file too large"}"#,
        "mvcc/backend/batch_tx.go, zap, 3.4+",
    ),
    m(
        EtcdDiskFull,
        "failed to save Raft hard state and entries{}no space left on device",
        "failed to save Raft hard state and entries: write /var/lib/etcd/member/wal/0000000000000002-0000000000002f5c.wal: no space left on device",
        "etcdserver/raft.go, zap, 3.4+",
    ),
];
