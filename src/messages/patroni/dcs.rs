//! Patroni: the distributed store (etcd v2 and v3, Consul, ZooKeeper, Kubernetes, its own Raft) and failsafe mode.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(
        DcsRequestFailed,
        "Request to server {who} failed: {why}",
        "Request to server http://10.8.0.5:2379 failed: ReadTimeoutError(\"HTTPConnectionPool(host='10.8.0.5', port=2379): Read timed out. (read timeout=3.33)\")",
        "patroni/dcs/etcd.py, kubernetes.py, all",
    ),
    noise(
        "Reconnection allowed, looking for another server.",
        "Reconnection allowed, looking for another server.",
        "patroni/dcs/etcd.py, all",
    ),
    m(DcsRetry, "Retrying on {who}", "Retrying on http://127.0.0.1:2379", "patroni/dcs/etcd.py, all"),
    m(
        DcsServerSelected,
        "Selected new etcd server{who}",
        "Selected new etcd server http://127.0.0.1:2379",
        "patroni/dcs/etcd.py, 1.6.5+; the URL may be cut off by the shipper",
    ),
    m(
        DcsServerSelected,
        "Selected new K8s API server endpoint {who}",
        "Selected new K8s API server endpoint https://10.96.0.1:443",
        "patroni/dcs/kubernetes.py, 2.0.0+",
    ),
    m(
        DcsRequestFailed,
        "Failed to get list of machines from {who}: {why}",
        "Failed to get list of machines from http://127.0.0.1:2379/v3: MaxRetryError(\"HTTPConnectionPool(host='127.0.0.1', port=2379): Max retries exceeded with url: /v3/cluster/member/list (Caused by ReadTimeoutError(\\\"HTTPConnectionPool(host='127.0.0.1', port=2379): Read timed out. (read timeout=1.6666666666666667)\\\"))\")",
        "patroni/dcs/etcd.py, all",
    ),
    m(
        DcsRetry,
        "Retrying (Retry(total={}) after connection broken by '{why}",
        "Retrying (Retry(total=1, connect=None, read=None, redirect=0, status=None)) after connection broken by 'ReadTimeoutError(\"HTTPConnectionPool(host='10.0.0.1', port=2379): Read timed out. (read timeout=5.0)\")': /v2/keys/service/main/leader",
        "urllib3, one- and two-member clusters, all",
    ),
    m(DcsUnreachable, "Error communicating with DCS", "Error communicating with DCS", "patroni/ha.py, all"),
    m(DcsUnreachable, "DCS is not accessible", "DCS is not accessible", "patroni/ha.py, all"),
    m(DcsGetClusterFailed, "get_cluster{why}", "get_cluster", "patroni/dcs/*.py, all"),
    m(
        DcsWatchFailed,
        "watchprefix failed: {why}",
        "watchprefix failed: ProtocolError('Response ended prematurely')",
        "patroni/dcs/etcd3.py, 2.0.0+",
    ),
    m(
        DcsWatchFailed,
        "KVCache.run {why}",
        "KVCache.run EtcdException('Could not get the list of servers, maybe you provided the wrong host(s) to connect to?')",
        "patroni/dcs/etcd3.py, 2.0.0+",
    ),
    m(
        DcsWaiting,
        "waiting on etcd",
        "waiting on etcd",
        "patroni/dcs/etcd.py, all",
    ),
    m(
        DcsLeaseLost,
        "Our lease disappeared from Etcd{why}",
        "Our lease disappeared from Etcd. Will try to get a new one and retry attempt",
        "patroni/dcs/etcd3.py, 2.0.0+",
    ),
    m(
        FailsafeKept,
        "continue to run as a leader because failsafe mode is enabled and all members are accessible",
        "continue to run as a leader because failsafe mode is enabled and all members are accessible",
        "patroni/ha.py, 3.0.0+",
    ),
    m(
        FailsafePeerFailed,
        "Request failed to {who}: POST {} ({why})",
        "Request failed to pg2: POST http://127.0.0.1:8009/failsafe (HTTPConnectionPool(host='127.0.0.1', port=8009): Max retries exceeded with url: /failsafe (Caused by ReadTimeoutError(\"HTTPConnectionPool(host='127.0.0.1', port=8009): Read timed out. (read timeout=2)\")))",
        "patroni/ha.py, 3.0.0+",
    ),
];
