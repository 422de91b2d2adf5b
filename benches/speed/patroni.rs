//! A leader's log: a heartbeat a second, a few failed requests, once a day a demotion with its traceback.

use super::generate::Log;
use std::io;

pub fn write(log: &mut Log<'_>) -> io::Result<()> {
    let mut beats = 0u64;
    while !log.full() {
        log.at += 990_000 + log.dice.roll(20_000);
        beats += 1;
        say(log, "INFO: no action. I am (pg1), the leader with the lock")?;
        if beats.is_multiple_of(20) {
            say(log, "INFO: Lock owner: pg1; I am pg1")?;
        }
        if log.dice.permille(2) {
            say(
                log,
                "WARNING: Request failed to pg2: GET http://10.20.0.12:8008/patroni (HTTPConnectionPool(host='10.20.0.12', port=8008): Max retries exceeded with url: /patroni (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object at 0x7f2c>, 'Connection to 10.20.0.12 timed out. (connect timeout=2)')))",
            )?;
        }
        if beats % 86_400 == 40_000 {
            demotion(log)?;
        }
    }
    Ok(())
}

fn say(log: &mut Log<'_>, text: &str) -> io::Result<()> {
    let (clock, micros) = log.clock();
    log.line(&format!("{clock},{:03} {text}", micros / 1_000))
}

fn demotion(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..3 {
        log.at += 3_300_000;
        say(
            log,
            "ERROR: Request to server http://10.20.0.21:2379 failed: ReadTimeoutError(\"HTTPConnectionPool(host='10.20.0.21', port=2379): Read timed out. (read timeout=3.33)\")",
        )?;
        say(log, "INFO: Reconnection allowed, looking for another server.")?;
    }
    say(log, "ERROR: get_cluster")?;
    for line in [
        "Traceback (most recent call last):",
        "  File \"/usr/lib/python3/dist-packages/patroni/dcs/etcd3.py\", line 784, in _postgresql_cluster_loader",
        "    nodes = {node['key'][len(path):]: node",
        "  File \"/usr/lib/python3/dist-packages/patroni/dcs/etcd.py\", line 173, in do",
        "    raise EtcdConnectionFailed('No more machines in the cluster')",
        "etcd.EtcdConnectionFailed: No more machines in the cluster",
    ] {
        log.line(line)?;
    }
    say(log, "ERROR: failed to update leader lock")?;
    log.at += 120_000;
    say(log, "INFO: demoting self because DCS is not accessible and I was a leader")?;
    say(log, "INFO: Demoting self (offline)")?;
    log.at += 4_000_000;
    say(log, "WARNING: Loop time exceeded, rescheduling immediately.")?;
    say(log, "INFO: demoted self because DCS is not accessible and I was a leader")?;
    log.at += 20_000_000;
    say(log, "INFO: promoted self to leader by acquiring session lock")
}
