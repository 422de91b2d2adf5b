//! etcd's heartbeat and election timeouts against each other and against the round trips that were measured.

use super::look::{Look, cluster, host};
use super::{Check, Finding};
use crate::model::{Key, Threshold};

pub(super) static CHECKS: &[Check] = &[
    Check {
        id: "etcd_election_ratio",
        title: "etcd's election timeout is too near to its heartbeat",
        threshold: "election >= 10 * heartbeat",
        thresholds: &[],
        origin: "etcd: Tuning, and its defaults 100 and 1000 ms; etcd refuses to start below 5 times (embed/config.go)",
        find: ratio,
    },
    Check {
        id: "etcd_heartbeat_below_rtt",
        title: "round trips between etcd members are too long for its timeouts",
        threshold: "heartbeat >= 0.5 * round trip, election >= 10 * round trip (p99)",
        thresholds: &[],
        origin: "etcd: Tuning, Time parameters",
        find: round_trips,
    },
    Check {
        id: "etcd_heartbeat_large",
        title: "raised etcd timeouts make every loss of its leader last longer",
        threshold: "election > 5000 ms",
        thresholds: &[&ELECTION_LARGE_MS],
        origin: "our choice: half of Patroni's default retry_timeout of 10 s, in which an election must end",
        find: large,
    },
];

static RATIO: Threshold = Threshold::new(
    "etcd.election_times",
    10.0,
    "times",
    "The election timeout should be so many heartbeats (etcd: Tuning)",
);
static ELECTION_LARGE_MS: Threshold = Threshold::new(
    "etcd.election_max_ms",
    5_000.0,
    "ms",
    "A longer election timeout makes every loss of etcd's leader last (our choice: half of Patroni's default retry_timeout)",
);
/// etcd's defaults.
const HEARTBEAT_MS: f64 = 100.0;
const ELECTION_MS: f64 = 1_000.0;

fn ratio(l: &Look<'_>) -> Vec<Finding> {
    let ratio = l.limit(&RATIO);
    let elections = l.by_host(Key::EtcdElectionMs);
    let beats = l.by_host(Key::EtcdHeartbeatMs);
    let nodes: std::collections::BTreeSet<_> = elections.keys().chain(beats.keys()).copied().collect();
    let mut out = Vec::new();
    for node in nodes {
        let beat = beats.get(&node).and_then(|(c, k)| Some((k.fact.value.num()?, *c)));
        let election = elections.get(&node).and_then(|(c, k)| Some((k.fact.value.num()?, *c)));
        let (b, e) = (beat.map_or(HEARTBEAT_MS, |x| x.0), election.map_or(ELECTION_MS, |x| x.0));
        if b > 0.0 && e < ratio * b {
            let cites = [beat, election].into_iter().flatten().map(|x| x.1);
            let name = l.name(node);
            out.push(host(
                name.clone(),
                format!("etcd on {name}: election timeout {e:.0} ms is {:.1} times its heartbeat of {b:.0} ms; one lost heartbeat or two start an election", e / b),
                cites,
                format!("Set election-timeout to {:.0} ms on all members, one after the other.", ratio * b),
            ));
        }
    }
    out
}

fn round_trips(l: &Look<'_>) -> Vec<Finding> {
    let worst = l
        .facts(Key::EtcdPeerRttP99Ms)
        .filter_map(|(c, k)| Some((k.fact.value.num()?, c, k.node)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((rtt, cite, node)) = worst else { return Vec::new() };
    let beat = l.number(Key::EtcdHeartbeatMs).map_or(HEARTBEAT_MS, |x| x.0);
    let election = l.number(Key::EtcdElectionMs).map_or(ELECTION_MS, |x| x.0);
    if beat >= 0.5 * rtt && election >= 10.0 * rtt {
        return Vec::new();
    }
    let name = l.name(node);
    vec![cluster(
        format!(
            "the slowest 1 % of round trips from etcd on {name} take up to {rtt:.0} ms, with heartbeat {beat:.0} ms and election timeout {election:.0} ms"
        ),
        [cite],
        format!(
            "Shorten the path first. Only as a last resort raise heartbeat-interval to {rtt:.0} ms and election-timeout to {:.0} ms on all members; the price: a dead etcd leader is noticed that much later, and Patroni's retry_timeout must stay above it.",
            10.0 * rtt
        ),
    )]
}

fn large(l: &Look<'_>) -> Vec<Finding> {
    let long = l.number(Key::EtcdElectionMs).filter(|(ms, _)| *ms > l.limit(&ELECTION_LARGE_MS));
    long.map(|(ms, cite)| {
        cluster(
            format!("etcd's election timeout is {ms:.0} ms: a dead etcd leader stops all writes of the DCS for up to twice that, and Patroni gives up after retry_timeout"),
            [cite],
            "Keep election-timeout well below half of retry_timeout, or raise retry_timeout and ttl along with it.",
        )
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    fn conf(beat: u32, election: u32) -> String {
        format!(
            "//- pg1/etcd.conf.yml\nname: pg1\ndata-dir: /var/lib/etcd\nlisten-client-urls: http://10.0.0.1:2379\ninitial-cluster: pg1=http://10.0.0.1:2380,pg2=http://10.0.0.2:2380,pg3=http://10.0.0.3:2380\nheartbeat-interval: {beat}\nelection-timeout: {election}\n"
        )
    }

    #[test]
    fn ten_heartbeats_make_an_election() {
        assert!(found("etcd_election_ratio", &conf(500, 2_500))[0].contains("5.0 times its heartbeat of 500 ms"));
        assert!(found("etcd_election_ratio", &conf(100, 1_000)).is_empty());
        assert!(
            found(
                "etcd_election_ratio",
                "//- pg1/df.txt\nFilesystem 1K-blocks Used Available Use% Mounted on\n/dev/sda1 100 10 90 10% /\n"
            )
            .is_empty()
        );
    }

    #[test]
    fn elections_that_last_longer_than_patroni_waits() {
        assert_eq!(found("etcd_heartbeat_large", &conf(1_000, 10_000)).len(), 1);
        assert!(found("etcd_heartbeat_large", &conf(100, 1_000)).is_empty());
    }

    #[test]
    fn round_trips_as_long_as_the_heartbeat() {
        let metrics = |le: &str| {
            format!(
                "{}//- pg1/metrics.txt\n# TYPE etcd_network_peer_round_trip_time_seconds histogram\netcd_network_peer_round_trip_time_seconds_bucket{{To=\"a\",le=\"0.0128\"}} {}\netcd_network_peer_round_trip_time_seconds_bucket{{To=\"a\",le=\"0.4096\"}} 1000\netcd_network_peer_round_trip_time_seconds_bucket{{To=\"a\",le=\"+Inf\"}} 1000\netcd_network_peer_round_trip_time_seconds_count{{To=\"a\"}} 1000\n",
                conf(100, 1_000),
                le
            )
        };
        assert_eq!(found("etcd_heartbeat_below_rtt", &metrics("10")).len(), 1);
        assert!(found("etcd_heartbeat_below_rtt", &metrics("1000")).is_empty());
    }
}
