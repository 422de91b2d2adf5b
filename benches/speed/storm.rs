//! The worst that logs can hold: every line is an event, most of them of those that are otherwise listed one by one.

use super::generate::Log;
use std::io;

/// A server that is stopped, started and killed twice a minute, and errors that name something else each time.
pub fn postgresql(log: &mut Log<'_>) -> io::Result<()> {
    let mut pid = 1_000;
    while !log.full() {
        pid = 1_000 + (pid + 7) % 4_000_000;
        let other = pid + log.dice.roll(1_000);
        for text in [
            "LOG:  received fast shutdown request".to_owned(),
            "LOG:  shutting down".to_owned(),
            "LOG:  database system is shut down".to_owned(),
            "LOG:  starting PostgreSQL 15.4 on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit"
                .to_owned(),
            "LOG:  database system is ready to accept connections".to_owned(),
            format!("LOG:  server process (PID {other}) was terminated by signal 9: Killed"),
            "LOG:  all server processes terminated; reinitializing".to_owned(),
            format!("FATAL:  role \"app_{other}\" does not exist"),
        ] {
            log.at += 300_000 + log.dice.roll(6_000_000);
            let (clock, micros) = log.clock();
            log.line(&format!("{clock}.{:03} UTC [{pid}] {text}", micros / 1_000))?;
        }
    }
    Ok(())
}

/// A leader that loses and takes its lock all day.
pub fn patroni(log: &mut Log<'_>) -> io::Result<()> {
    while !log.full() {
        for text in [
            "ERROR: failed to update leader lock",
            "INFO: Demoting self (immediate-nolock)",
            "INFO: demoted self because failed to update leader lock in DCS",
            "INFO: no action. I am (pg1), a secondary, and following a leader (pg2)",
            "INFO: promoted self to leader by acquiring session lock",
            "INFO: no action. I am (pg1), the leader with the lock",
        ] {
            log.at += 200_000 + log.dice.roll(3_000_000);
            let (clock, micros) = log.clock();
            log.line(&format!("{clock},{:03} {text}", micros / 1_000))?;
        }
    }
    Ok(())
}

/// A member that elects a leader every few seconds.
pub fn etcd(log: &mut Log<'_>) -> io::Result<()> {
    let mut term = 1u64;
    while !log.full() {
        term += 1;
        for text in [
            format!(r#""caller":"raft/raft.go:1087","msg":"8e9e05c52164694d became candidate at term {term}""#),
            format!(r#""caller":"raft/raft.go:1087","msg":"8e9e05c52164694d became leader at term {term}""#),
            format!(
                r#""caller":"raft/node.go:333","msg":"raft.node: 8e9e05c52164694d elected leader 8e9e05c52164694d at term {term}""#
            ),
            r#""caller":"wal/wal.go:805","msg":"slow fdatasync","took":"7.2s","expected-duration":"1s""#.to_owned(),
            format!(
                r#""caller":"raft/node.go:327","msg":"raft.node: 8e9e05c52164694d lost leader 8e9e05c52164694d at term {term}""#
            ),
        ] {
            log.at += 100_000 + log.dice.roll(2_000_000);
            let (clock, micros) = log.clock();
            let clock = clock.replace(' ', "T");
            log.line(&format!(r#"{{"level":"warn","ts":"{clock}.{:03}Z",{text}}}"#, micros / 1_000))?;
        }
    }
    Ok(())
}
