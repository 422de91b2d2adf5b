//! etcd could not write to its disk in time.

use super::case::{cites, duration, list};
use super::disks::Tie;
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Side, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{Key, Metric, Program, Span, Threshold, What};
use crate::timeline::Series;
use std::collections::BTreeSet;

static SYNC_COSTS_LEADER_MS: Threshold = Threshold::new(
    "etcd_slow_disk.sync_ms",
    1_000.0,
    "ms",
    "A sync that lasts longer than etcd's default election timeout (1 s) costs the leader its place",
);
static SYNC_HANGS_MS: Threshold = Threshold::new(
    "etcd_slow_disk.sync_hangs_ms",
    5_000.0,
    "ms",
    "Syncs that long stop a member for all practical purposes (our choice, five election timeouts)",
);
static AWAIT_MS: Threshold = Threshold::new(
    "etcd_slow_disk.await_ms",
    100.0,
    "ms",
    "Await above this, as an average over minutes, hides far worse moments. etcd asks for p99 below 10 ms",
);

static IOWAIT: Threshold = Threshold::new(
    "etcd_slow_disk.iowait_pct",
    5.0,
    "%",
    "Share of idle time spent waiting for I/O that is worth a word beside other evidence (our choice; alone it proves nothing)",
);

pub static CAUSE: Cause = Cause {
    id: "etcd_slow_disk",
    title: "etcd could not write to its disk in time",
    layer: Layer::Dcs,
    leads_to: &["etcd_quorum_loss", "slow_shutdown"],
    needs: &[Need::Log(Program::Etcd, Who::DcsMembers), Need::Series(Metric::DiskAwait, Who::Any)],
    thresholds: &[&SYNC_COSTS_LEADER_MS, &SYNC_HANGS_MS, &AWAIT_MS, &IOWAIT],
    doc: DOC,
    remedies: &[
        Remedy {
            kind: When::Now,
            text: "Find the job that loaded etcd's disk{etcd_dir} {minutes} (backup, vacuum, checkpoint, cron, snapshot) and move or throttle it{etcd_wait}.",
            risk: "none",
            verify: "await of etcd's device stays below 10 ms through the same hour of the next days",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Give etcd a disk of its own with low write latency (SSD or NVMe), apart from PGDATA, WAL and backups; more IOPS where it is virtual.",
            risk: "moving a member's data directory needs one member at a time",
            verify: "etcd_disk_wal_fsync_duration_seconds p99 below 10 ms and no late heartbeat for a week",
        },
        Remedy {
            kind: When::LongTerm,
            text: "Enable Patroni's failsafe_mode (3.0 and newer), so that a primary that reaches all its members survives a DCS outage.",
            risk: "needs every member reachable; test it",
            verify: "patronictl show-config shows failsafe_mode: true",
        },
        Remedy {
            kind: When::Stopgap,
            text: "As a last resort raise etcd's heartbeat-interval from {heartbeat} to {heartbeat_more} ms and its election-timeout from {election} to {election_more} ms on all members, one after the other; retry_timeout ({retry_timeout} s) must stay above twice that.",
            risk: "a dead leader is noticed later: failover of etcd and of PostgreSQL takes longer",
            verify: "late heartbeats vanish; election time grows to the new timeout",
        },
    ],
    assess,
};

const DOC: &str = "## What happens
etcd must bring every write to disk on a majority of members before it answers. A disk that takes seconds
delays heartbeats and commits: the Raft leader is replaced, or no write succeeds at all. Patroni then cannot
renew the leader key within ttl and the primary demotes itself.

## How we tell
etcd's own words count most: `slow fdatasync`, `sync duration of`, backend commits. Late heartbeats and
`server is likely overloaded` need the disk's own numbers (await) beside them, since CPU and a frozen machine
cause them too. Durations are logged at their end, so we place the stall before the line.

## What else looks like it
CPU starvation and steal (await stays low, ticks are missed), a paused VM (every log of the host is silent),
the network (peers lost, no sync lines), a full disk (ENOSPC), the quota (NOSPACE).

## What to do
A disk of its own for etcd; find the job behind the spike; the heartbeat interval only as a last resort.

## References
etcd: Tuning, Hardware recommendations, FAQ (\"What does the etcd warning apply entries took too long mean?\").
Crunchy Data: Patroni & etcd in High Availability Environments.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let syncs: Vec<_> = c
        .find_wide(&[What::FsyncSlow, What::CommitSlow])
        .into_iter()
        .filter(|e| e.num >= c.limit(&SYNC_COSTS_LEADER_MS))
        .collect();
    let hangs = c.limit(&SYNC_HANGS_MS);
    // A sync that costs a heartbeat only matters while the lock is being lost, not a minute before.
    let recent = Span::new(c.incident.span.from - c.t.ttl(), c.near().to);
    let near: Vec<_> =
        syncs.iter().copied().filter(|e| e.span().overlaps(&if e.num >= hangs { c.near() } else { recent })).collect();
    let worst = near.iter().map(|e| e.num).fold(0.0, f64::max);
    let nodes: BTreeSet<_> = near.iter().map(|e| e.node).collect();
    let starved = c.worst(Metric::CpuSteal, None).first().is_some_and(|(_, _, s)| s.value >= 30.0);
    let fast_disk = near.first().is_some_and(|e| {
        let await_ = c.worst(Metric::DiskAwait, Some(e.node));
        !await_.is_empty() && await_.iter().all(|(_, _, s)| s.value < 20.0 && s.to - s.from <= 60_000_000)
    });
    if !near.is_empty() {
        // Where nothing lists the members, those without a log count, too: three is the least that makes sense.
        let known = c.t.number(Key::EtcdMembers).is_some();
        let members = c.dcs_members().max(if known { 1 } else { 3 });
        let majority = nodes.len() * 2 > members;
        let strength = if worst >= hangs || majority { Strength::Decisive } else { Strength::Strong };
        let strength = if starved && fast_disk { Strength::Weak } else { strength };
        a.pro(
            strength,
            format!(
                "etcd on {} waited up to {} for its disk ({} reports)",
                list(nodes.iter().map(|n| c.name(*n))),
                duration(worst),
                near.iter().map(|e| e.count).sum::<u32>()
            ),
            cites(&near),
        );
        if nodes.len() > 1 {
            a.tag("shared_hypervisor");
        }
    } else if !syncs.is_empty() {
        a.pro(Strength::Weak, "etcd had slow syncs, but minutes before the incident", cites(&syncs));
    }
    let late = c.find(&[What::HeartbeatLate, What::Overloaded]);
    let disk = c.worst(Metric::DiskAwait, None);
    let hung: Vec<_> = disk
        .iter()
        .filter(|(_, s, x)| {
            f64::from(x.value) >= c.limit(&AWAIT_MS) && (c.dcs_nodes().contains(&s.node) || c.dcs_nodes().is_empty())
        })
        .collect();
    let tie = |s: &Series| c.tie(s, &[Key::EtcdDataDir]);
    let (others, hung): (Vec<_>, Vec<_>) = hung.into_iter().partition(|(_, s, _)| matches!(tie(s), Tie::Elsewhere(..)));
    if !late.is_empty() {
        let n: u32 = late.iter().map(|e| e.count).sum();
        if let Some((cite, series, x)) = hung.first() {
            let baseline = c.baseline(series).map_or(String::new(), |b| format!(", usually {b:.2} ms"));
            let (data, mut ties) = match tie(series) {
                Tie::Carries(data, cites) => (format!("; it carries {data}"), cites),
                _ => (String::new(), Vec::new()),
            };
            ties.insert(0, *cite);
            let habit = c.harmless_habit(series, *x);
            a.pro(
                if habit.is_some() { Strength::Weak } else { Strength::Strong },
                format!("{n} late heartbeats or overload warnings of etcd while {} needed {:.0} ms a request on {}{baseline}{data}", c.disk(series), x.value, c.name(series.node)),
                ties.into_iter().chain(cites(&late)).chain(hung.iter().skip(1).take(2).map(|h| h.0)),
            );
            if let Some(normal) = habit {
                a.con(
                    Strength::Strong,
                    format!(
                        "{} is as slow every day at this hour, and did no harm then ({})",
                        c.disk(series),
                        normal.words("ms")
                    ),
                    [*cite],
                );
            }
        } else {
            a.pro(
                Strength::Weak,
                format!("{n} late heartbeats or overload warnings of etcd: disk, CPU or a frozen machine"),
                cites(&late),
            );
        }
    }
    if let (true, Some((cite, series, x))) = (hung.is_empty(), others.first())
        && let Tie::Elsewhere(words, cites) = tie(series)
    {
        let disk = c.disk(series);
        a.con(
            Strength::Weak,
            format!(
                "the disk that was slow, {disk} on {} ({:.0} ms a request), is not etcd's: {words}",
                c.name(series.node),
                x.value
            ),
            [*cite].into_iter().chain(cites),
        );
    }
    if a.strongest(Side::For).is_some() {
        for s in c.strained(&[Metric::DiskQueue, Metric::PsiIo, Metric::PsiIoFull], None) {
            a.pro(Strength::Weak, s.words, [s.cite]);
        }
        for (cite, series, x) in c.worst(Metric::CpuIowait, None).into_iter().take(1) {
            let base = c.baseline(series).unwrap_or(0.0);
            if x.value >= 3.0 * base && f64::from(x.value) >= c.limit(&IOWAIT) {
                a.pro(
                    Strength::Weak,
                    format!("iowait on {} {:.2} %, usually {base:.2} %", c.name(series.node), x.value),
                    [cite],
                );
            }
        }
    }
    // etcd times out on its own proposals after seven seconds at most; with no peer lost and no election the
    // network is not what it waits for. What remains is its disk (the order of questions of the seed article).
    let timeouts = c.find(&[What::EtcdRequestTimeout]);
    if near.is_empty() && !timeouts.is_empty() && c.is(&[Kind::DcsOutage, Kind::NearMiss]) {
        let network = c.has(&[
            What::PeerLost,
            What::PeerUnreachable,
            What::PeerInactive,
            What::PeerProbeFailed,
            What::ElectionStart,
            What::LeaderLost,
            What::NoRaftLeader,
            What::QuorumLost,
        ]);
        let strength = if network { Strength::Weak } else { Strength::Strong };
        a.pro(strength, "etcd could not commit its own requests in time, although it reports no lost peer and no election: its disk is what remains", cites(&timeouts));
    } else if !timeouts.is_empty() {
        a.pro(Strength::Weak, "etcd timed out on requests of its own", cites(&timeouts));
    }
    for (tags, what) in [("etcd_leader_change", What::LeaderChanged), ("etcd_leader_change", What::LeaderWon)] {
        if !a.evidence.is_empty() && c.has(&[what]) {
            a.tag(tags);
        }
    }
    if starved && near.is_empty() && hung.is_empty() {
        a.con(
            Strength::Strong,
            "steal above 30 % and no slow sync: the CPU was missing, not the disk",
            c.worst(Metric::CpuSteal, None).first().map(|x| x.0),
        );
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::CAUSE;
    use expect_test::expect;

    #[test]
    fn two_members_wait_seconds_for_their_disks_and_the_primary_gives_up() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
//- etcd1/etcd.log
{"level":"warn","ts":"2026-03-04T10:00:26.100000Z","caller":"etcdserver/x.go:1","msg":"slow fdatasync","took":"6.2s","expected-duration":"1s"}
{"level":"warn","ts":"2026-03-04T10:00:33.100000Z","caller":"etcdserver/x.go:1","msg":"slow fdatasync","took":"6.9s","expected-duration":"1s"}
//- etcd2/etcd.log
{"level":"warn","ts":"2026-03-04T10:00:26.200000Z","caller":"etcdserver/x.go:1","msg":"slow fdatasync","took":"6.1s","expected-duration":"1s"}
{"level":"warn","ts":"2026-03-04T10:00:33.400000Z","caller":"etcdserver/x.go:1","msg":"slow fdatasync","took":"7.0s","expected-duration":"1s"}
//- etcd3/etcd.log
{"level":"info","ts":"2026-03-04T09:59:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
{"level":"info","ts":"2026-03-04T10:05:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
"#,
            expect![[r#"
                etcd_slow_disk: confirmed (demotion)
                  + decisive: etcd on etcd1 and etcd2 waited up to 7.0 s for its disk (4 reports)
            "#]],
        );
    }

    #[test]
    fn late_heartbeats_while_the_cpu_is_stolen() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
//- etcd1/etcd.log
{"level":"warn","ts":"2026-03-04T10:00:26.100000Z","caller":"etcdserver/x.go:1","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"7ab1","heartbeat-interval":"100ms","expected-duration":"200ms","exceeded-duration":"412.1ms"}
{"level":"warn","ts":"2026-03-04T10:00:27.100000Z","caller":"etcdserver/x.go:1","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"7ab1","heartbeat-interval":"100ms","expected-duration":"200ms","exceeded-duration":"412.1ms"}
{"level":"warn","ts":"2026-03-04T10:00:31.100000Z","caller":"etcdserver/x.go:1","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"7ab1","heartbeat-interval":"100ms","expected-duration":"200ms","exceeded-duration":"412.1ms"}
//- etcd2/etcd.log
{"level":"info","ts":"2026-03-04T09:59:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
{"level":"info","ts":"2026-03-04T10:05:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
//- etcd3/etcd.log
{"level":"info","ts":"2026-03-04T09:59:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
{"level":"info","ts":"2026-03-04T10:05:00.000000Z","caller":"etcdserver/x.go:1","msg":"compacted Raft logs"}
//- etcd1/sar.txt
Linux 6.1.0-18-amd64 (etcd1) 	03/04/2026 	_x86_64_	(2 CPU)

09:58:00 AM     CPU     %user     %nice   %system   %iowait    %steal     %idle
09:59:00 AM     all      5.00      0.00      3.00      0.10      1.20     90.70
10:00:00 AM     all      5.00      0.00      3.00      0.10      1.20     90.70
10:01:00 AM     all      6.00      0.00      3.00      0.20     78.20     12.60
"#,
            expect![[r#"
                etcd_slow_disk: possible (demotion)
                  + weak: 3 late heartbeats or overload warnings of etcd: disk, CPU or a frozen machine
                  - strong: steal above 30 % and no slow sync: the CPU was missing, not the disk
            "#]],
        );
    }

    #[test]
    fn no_log_of_etcd_was_sent() {
        check(
            &CAUSE,
            r#"//- pg1/patroni.log
2026-03-04 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:10,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:20,123 INFO: no action. I am (pg1), the leader with the lock
2026-03-04 10:00:27,000 ERROR: Request to server http://10.0.0.11:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.11', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:30,100 ERROR: Request to server http://10.0.0.12:2379 failed: ReadTimeoutError("HTTPConnectionPool(host='10.0.0.12', port=2379): Read timed out. (read timeout=3.33)")
2026-03-04 10:00:33,200 ERROR: Error communicating with DCS
2026-03-04 10:00:33,300 INFO: Demoting self (offline)
2026-03-04 10:00:35,100 INFO: demoted self because DCS is not accessible and I was a leader
"#,
            expect![[r#"
                etcd_slow_disk: not_assessable (demotion)
            "#]],
        );
    }

    #[test]
    fn one_short_sync_a_minute_before_does_not_cost_the_lock() {
        check(
            &CAUSE,
            r#"//- db2/messages
May 03 02:28:10 db2 etcd[44164]: sync duration of 1.00415346s, expected less than 1s
May 03 02:30:20 db2 etcd[44164]: sync duration of 1.250508134s, expected less than 1s
May 03 02:31:13 db2 patroni[2350]: 2020-05-03 02:31:13,685 ERROR: failed to update leader lock
May 03 02:31:28 db2 patroni[2350]: 2020-05-03 02:31:28,046 INFO: demoted self because failed to update leader lock in DCS
"#,
            expect![[r#"
                etcd_slow_disk: possible (demotion)
                  + weak: etcd had slow syncs, but minutes before the incident
            "#]],
        );
    }
}
