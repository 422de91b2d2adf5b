//! etcd under load: late heartbeats, slow WAL, slow requests, missed ticks, its own time-outs.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    // ---- heartbeats; the number is what came on top of twice the heartbeat interval
    m(
        HeartbeatLate,
        "leader failed to send out heartbeat on time | exceeded-duration=dur to=who",
        r#"{"level":"warn","ts":"2026-11-21T00:38:12.393914Z","caller":"etcdserver/raft.go:428","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"841787b557710ac7","heartbeat-interval":"100ms","expected-duration":"200ms","exceeded-duration":"489.315ms"}"#,
        "etcdserver/raft.go, zap, 3.4+",
    ),
    m(
        HeartbeatLate,
        "failed to send out heartbeat on time (exceeded the {} timeout for {dur}, to {who})",
        "failed to send out heartbeat on time (exceeded the 100ms timeout for 27.808399336s, to 841787b557710ac7)",
        "etcdserver/raft.go, capnslog, 3.3.13-3.4",
    ),
    m(
        HeartbeatLate,
        "failed to send out heartbeat on time (exceeded the {} timeout for {dur})",
        "failed to send out heartbeat on time (exceeded the 100ms timeout for 39.177252ms)",
        "etcdserver/raft.go, capnslog, 3.0-3.3.12",
    ),
    m(
        HeartbeatLate,
        "failed to send out heartbeat on time (deadline exceeded for {dur})",
        "failed to send out heartbeat on time (deadline exceeded for 1.202467s)",
        "etcdserver/raft.go, 2.3",
    ),
    m(Overloaded, "server is likely overloaded", "server is likely overloaded", "etcdserver/raft.go, capnslog, all"),
    m(
        TickMissed,
        "{me} (leader {}) A tick missed to fire. Node blocks too long!",
        "be57c3b2fc3623e8 (leader false) A tick missed to fire. Node blocks too long!",
        "raft/node.go, 3.4",
    ),
    m(
        TickMissed,
        "{me} A tick missed to fire. Node blocks too long!",
        "be57c3b2fc3623e8 A tick missed to fire. Node blocks too long!",
        "raft/node.go, 3.5+",
    ),
    m(
        TickMissed,
        "A tick missed to fire. Node blocks too long!",
        "A tick missed to fire. Node blocks too long!",
        "raft/node.go, 3.0-3.3",
    ),
    // ---- disk speed
    m(
        FsyncSlow,
        "sync duration of {dur}, expected less than {}",
        "sync duration of 2m49.911614472s, expected less than 1s",
        "wal/wal.go, capnslog, 3.0-3.4",
    ),
    m(
        FsyncSlow,
        "slow fdatasync | took=dur",
        r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"7.240018332s","expected-duration":"1s"}"#,
        "wal/wal.go, zap, 3.4+",
    ),
    // ---- requests
    m(
        ApplySlow,
        "apply request took too long | took=dur error=why",
        r#"{"level":"warn","ts":"2026-11-21T00:32:29.663Z","caller":"etcdserver/util.go:166","msg":"apply request took too long","took":"1.270617062s","expected-duration":"100ms","prefix":"","request":"header:<ID:15742510599085646855 > put:<key:\"/service/core/members/pg-c\" value_size:261 lease:5781674123248946707 >","response":"size:4"}"#,
        "etcdserver/util.go, zap, 3.4+",
    ),
    m(
        ApplySlow,
        "request {} took too long ({dur}) to execute",
        r#"request "header:<ID:7073925741088926756 > put:<key:\"/service/prod-pg/members/db03\" value_size:216 lease:2369915930300442631 >" with result "size:4" took too long (11.600120523s) to execute"#,
        "etcdserver/util.go, capnslog, 3.1.20, 3.2.32, 3.3.5-3.4",
    ),
    m(
        ApplySlow,
        "read-only {} took too long ({dur}) to execute",
        r#"read-only range request "key:\"/service/prod-pg/\" range_end:\"/service/prod-pg0\" serializable:true " with result "range_response_count:7 size:1255" took too long (15.228669529s) to execute"#,
        "etcdserver/util.go, capnslog, 3.1.20, 3.2.32, 3.3.5-3.4",
    ),
    m(
        ApplySlow,
        "apply entries took too long [{dur} for {} entries]",
        "apply entries took too long [257.182ms for 1 entries]",
        "etcdserver/server.go, 3.0-3.3.0",
    ),
    noise(
        "avoid queries with large range/delete range!",
        "avoid queries with large range/delete range!",
        "etcdserver/server.go, 3.0-3.3.0; follows the line above",
    ),
    m(
        RequestSlow,
        "request stats | time_spent=dur",
        r#"{"level":"warn","ts":"2026-11-21T00:32:25.047Z","caller":"v3rpc/interceptor.go:197","msg":"request stats","start time":"2026-11-21T00:32:24.154Z","time spent":"892.755467ms","remote":"10.70.2.13:35372","response type":"/etcdserverpb.KV/Put","request count":1,"request size":139,"response count":0,"response size":27,"request content":"key:\"/service/core/status\" value_size:88 "}"#,
        "etcdserver/api/v3rpc/interceptor.go, 3.4.0+ (warn above 300 ms, 3.5+)",
    ),
    m(
        RequestSlow,
        "trace[{}] {} | duration=dur",
        r#"{"level":"info","ts":"2026-11-21T00:32:25.046Z","caller":"traceutil/trace.go:171","msg":"trace[1898669519] put","detail":"{key:/service/core/status; req_size:139; response_revision:48; }","duration":"892.136162ms","start":"2026-11-21T00:32:24.154Z","end":"2026-11-21T00:32:25.046Z","steps":["trace[1898669519] 'process raft request'  (duration: 892.042613ms)"]}"#,
        "pkg/traceutil/trace.go, zap, 3.4+",
    ),
    m(
        ReadSlow,
        "timed out waiting for read index response",
        "timed out waiting for read index response (local node might have slow network)",
        "etcdserver/v3_server.go, 3.1+",
    ),
    m(
        ReadSlow,
        "waiting for ReadIndex response took too long, retrying",
        r#"{"level":"warn","ts":"2025-03-11T23:54:01.114532Z","caller":"etcdserver/v3_server.go:815","msg":"waiting for ReadIndex response took too long, retrying","sent-request-id":15742510599085646855,"retry-timeout":"500ms"}"#,
        "etcdserver/v3_server.go, 3.4.20+, 3.5+",
    ),
    m(
        EtcdRequestTimeout,
        "got unexpected response error (etcdserver: request timed out",
        "got unexpected response error (etcdserver: request timed out) [merged 1 repeated lines in 1.94s]",
        "etcdserver/api/v2http, capnslog, up to 3.4",
    ),
    m(
        EtcdRequestTimeout,
        "etcdserver: request timed out",
        "etcdserver: request timed out",
        "etcdserver/api/v2http, capnslog",
    ),
    m(
        EtcdRequestTimeout,
        "etcdserver: timeout of waiting Authenticate() RPC",
        "etcdserver: timeout of waiting Authenticate() RPC",
        "auth, capnslog, 3.0",
    ),
];
