//! etcd: start, stop, settings, members, alarms, access.

use super::super::{Message, m};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(
        EtcdStart,
        "starting an etcd server | etcd-version=any",
        r#"{"level":"info","ts":"2026-11-21T00:36:16.496872Z","caller":"embed/etcd.go:323","msg":"starting an etcd server","etcd-version":"3.5.30","name":"pg-dc1-b"}"#,
        "embed/etcd.go, zap, 3.4+",
    ),
    m(
        EtcdStart,
        "starting server... [version: {}, cluster version: {}]",
        "starting server... [version: 3.3.27, cluster version: to_be_decided]",
        "etcdserver/server.go, capnslog",
    ),
    m(
        EtcdReady,
        "ready to serve client requests",
        "ready to serve client requests",
        "embed/serve.go, all",
    ),
    m(
        EtcdStopSignal,
        "received {} signal, shutting down...",
        "received terminated signal, shutting down...",
        "pkg/osutil/interrupt_unix.go, capnslog",
    ),
    m(
        EtcdStopSignal,
        "received signal; shutting down | signal=who",
        r#"{"level":"info","ts":"2026-11-21T00:23:46.106632Z","caller":"osutil/interrupt_unix.go:64","msg":"received signal; shutting down","signal":"terminated"}"#,
        "pkg/osutil/interrupt_unix.go, zap, 3.4+",
    ),
    m(
        NoSpaceAlarm,
        "alarm NOSPACE raised by peer {who}",
        "alarm NOSPACE raised by peer dd17a1ce82b808ef",
        "etcdserver/apply.go, capnslog, 3.3-3.4",
    ),
    m(
        EtcdTlsRejected,
        "rejected connection | remote-addr=who error=why",
        r#"{"level":"warn","ts":"2023-05-19T07:04:23.473Z","caller":"embed/config_logging.go:169","msg":"rejected connection","remote-addr":"192.168.62.126:37830","server-name":"etcd.shop","error":"remote error: tls: bad certificate"}"#,
        "embed/config_logging.go, zap, 3.4+",
    ),
];
