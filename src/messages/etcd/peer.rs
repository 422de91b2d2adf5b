//! etcd about its peers: streams, probes, clock differences.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(
        PeerLost,
        "lost the TCP streaming connection with peer {who} ({}",
        "lost the TCP streaming connection with peer 4d44f3ab788be2a2 (stream MsgApp v2 reader)",
        "rafthttp/stream.go, capnslog, 3.0-3.4",
    ),
    m(
        PeerLost,
        "lost TCP streaming connection with remote peer | remote-peer-id=who error=why",
        r#"{"level":"warn","ts":"2026-11-21T00:39:06.434089Z","caller":"rafthttp/stream.go:223","msg":"lost TCP streaming connection with remote peer","stream-writer-type":"stream Message","local-member-id":"fab5ff01cf613aaa","remote-peer-id":"bafdf7fb25b2d85"}"#,
        "rafthttp/stream.go, zap, 3.4+",
    ),
    m(
        PeerLost,
        "failed to read {who} on stream {} ({why})",
        "failed to read 4d44f3ab788be2a2 on stream MsgApp v2 (read tcp 127.0.0.1:56154->127.0.0.1:24813: i/o timeout)",
        "rafthttp/peer_status.go, capnslog",
    ),
    m(
        PeerInactive,
        "peer became inactive | peer-id=who error=why",
        r#"{"level":"warn","ts":"2026-11-21T00:39:06.433967Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"bafdf7fb25b2d85","error":"failed to write bafdf7fb25b2d85 on stream Message (write tcp 10.24.2.12:2380->10.24.2.11:52792: i/o timeout)"}"#,
        "rafthttp/peer_status.go, zap, 3.4+",
    ),
    m(
        PeerInactive,
        "peer {who} became inactive",
        "peer 4d44f3ab788be2a2 became inactive (message send to peer failed)",
        "rafthttp/peer_status.go, capnslog, 3.0-3.4",
    ),
    m(
        PeerInactive,
        "the connection with {who} became inactive",
        "the connection with 4d44f3ab788be2a2 became inactive",
        "rafthttp/peer_status.go, 2.3",
    ),
    m(
        PeerActive,
        "peer became active | peer-id=who",
        r#"{"level":"info","ts":"2026-11-21T00:36:18.544490Z","caller":"rafthttp/peer_status.go:53","msg":"peer became active","peer-id":"4ba3a57ad911fa04"}"#,
        "rafthttp/peer_status.go, zap, 3.4+",
    ),
    m(
        PeerActive,
        "peer {who} became active",
        "peer 841787b557710ac7 became active",
        "rafthttp/peer_status.go, capnslog, 3.0-3.4",
    ),
    m(
        PeerActive,
        "the connection with {who} became active",
        "the connection with 841787b557710ac7 became active",
        "rafthttp/peer_status.go, 2.3",
    ),
    m(
        PeerProbeFailed,
        "prober detected unhealthy status | remote-peer-id=who error=why",
        r#"{"level":"warn","ts":"2026-11-21T00:38:23.528420Z","caller":"rafthttp/probing_status.go:68","msg":"prober detected unhealthy status","round-tripper-name":"ROUND_TRIPPER_RAFT_MESSAGE","remote-peer-id":"bafdf7fb25b2d85","rtt":"651.307µs","error":"dial tcp 10.24.2.11:2380: i/o timeout"}"#,
        "rafthttp/probing_status.go, zap, 3.4+",
    ),
    m(
        PeerProbeFailed,
        "health check for peer {who} could not connect: {why}",
        r#"health check for peer 841787b557710ac7 could not connect: dial tcp 127.0.0.1:24812: connect: connection refused (prober "ROUND_TRIPPER_SNAPSHOT")"#,
        "rafthttp/probing_status.go, capnslog, 3.1-3.4",
    ),
    m(
        PeerProbeFailed,
        "health check for peer {who} failed",
        "health check for peer 841787b557710ac7 failed",
        "rafthttp/probing_status.go, 3.0",
    ),
    m(
        PeerProbeFailed,
        "the connection to peer {who} is unhealthy",
        "the connection to peer 841787b557710ac7 is unhealthy",
        "rafthttp/probing_status.go, 2.3",
    ),
    m(
        PeerUnreachable,
        "failed to reach the peerURL({}) of member {who} ({why})",
        r#"failed to reach the peerURL(http://127.0.0.1:24813) of member 4d44f3ab788be2a2 (Get "http://127.0.0.1:24813/version": dial tcp 127.0.0.1:24813: connect: connection refused)"#,
        "etcdserver/cluster_util.go, capnslog",
    ),
    m(
        PeerUnreachable,
        "failed to reach the peer URL | remote-member-id=who error=why",
        r#"{"level":"warn","ts":"2026-11-21T00:36:02.782Z","caller":"etcdserver/cluster_util.go:315","msg":"failed to reach the peer URL","address":"http://10.21.1.12:2380/version","remote-member-id":"5f38d40b52ed6edd","error":"Get \"http://10.21.1.12:2380/version\": dial tcp 10.21.1.12:2380: connect: connection refused"}"#,
        "etcdserver/cluster_util.go, zap, 3.4+",
    ),
    m(
        PeerUnreachable,
        "cannot get the version of member {who} ({why})",
        r#"cannot get the version of member 4d44f3ab788be2a2 (Get "http://127.0.0.1:24813/version": dial tcp 127.0.0.1:24813: connect: connection refused)"#,
        "etcdserver/cluster_util.go, capnslog",
    ),
    m(
        PeerUnreachable,
        "failed to get version | remote-member-id=who error=why",
        r#"{"level":"warn","ts":"2026-11-21T00:36:02.782Z","caller":"etcdserver/cluster_util.go:168","msg":"failed to get version","remote-member-id":"5f38d40b52ed6edd","error":"Get \"http://10.21.1.12:2380/version\": dial tcp 10.21.1.12:2380: connect: connection refused"}"#,
        "etcdserver/cluster_util.go, zap, 3.4+",
    ),
    m(
        PeerClockDrift,
        "the clock difference against peer {who} is too high [{dur} > {}]",
        "the clock difference against peer fc7be90cb9aee0d is too high [10.449391606s > 1s]",
        "rafthttp/probing_status.go, capnslog",
    ),
    m(
        PeerClockDrift,
        "prober found high clock drift | clock-drift=dur remote-peer-id=who",
        r#"{"level":"warn","ts":"2026-11-21T00:38:23.528Z","caller":"rafthttp/probing_status.go:82","msg":"prober found high clock drift","round-tripper-name":"ROUND_TRIPPER_SNAPSHOT","remote-peer-id":"bafdf7fb25b2d85","clock-drift":"1.462044402s","rtt":"651.307µs"}"#,
        "rafthttp/probing_status.go, zap, 3.4+",
    ),
    noise(
        "established a TCP streaming connection with peer",
        "established a TCP streaming connection with peer 841787b557710ac7 (stream Message reader)",
        "rafthttp/stream.go, capnslog",
    ),
    noise(
        "established TCP streaming connection with remote peer",
        r#"{"level":"info","ts":"2026-11-21T00:36:18.544526Z","caller":"rafthttp/stream.go:274","msg":"established TCP streaming connection with remote peer","stream-writer-type":"stream MsgApp v2","local-member-id":"fab5ff01cf613aaa","remote-peer-id":"4ba3a57ad911fa04"}"#,
        "rafthttp/stream.go, zap",
    ),
    m(
        PeerDropped,
        "dropped internal raft message to {who} since {}",
        "dropped internal raft message to 841787b557710ac7 since streamMsg's sending buffer is full (bad/overloaded network) [merged 2 repeated lines in 1.01s]",
        "rafthttp/peer.go, capnslog",
    ),
    m(
        PeerDropped,
        "dropped internal Raft message since {} | remote-peer-id=who",
        r#"{"level":"warn","ts":"2026-11-21T00:39:11.726820Z","caller":"rafthttp/peer.go:255","msg":"dropped internal Raft message since sending buffer is full (overloaded network)","message-type":"MsgPreVoteResp","local-member-id":"fab5ff01cf613aaa","from":"fab5ff01cf613aaa","remote-peer-id":"bafdf7fb25b2d85"}"#,
        "rafthttp/peer.go, zap",
    ),
];
