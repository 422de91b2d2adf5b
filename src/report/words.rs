//! Sentences built from events and values.

use crate::model::{What, Why, rfc3339};
use crate::timeline::Event;

/// An event in words, with its number, its subject and its count.
pub fn event_words(e: &Event) -> String {
    let mut text = e.what.words().to_owned();
    if let Some(number) = number(e) {
        text.push_str(&format!(" ({number})"));
    }
    if let Some(who) = e.who.as_deref().filter(|w| !w.is_empty() && e.what != What::UnnamedAlarm) {
        text.push_str(&format!(" [{who}]"));
    }
    if let Some(why) = why_words(e.why) {
        text.push_str(&format!(": {why}"));
    }
    if e.count > 1 {
        text.push_str(&format!(", {} times", e.count));
    }
    text
}

fn number(e: &Event) -> Option<String> {
    use What::*;
    if e.num == 0.0 {
        return None;
    }
    Some(match e.what {
        HeartbeatLate => format!("up to {} over", ms(e.num)),
        FsyncSlow | CommitSlow | ApplySlow | ReadSlow | RequestSlow | EtcdSnapshotSlow | EtcdDbSlow
        | PgSlowStatement | PgCheckpoint | PgCheckpointSlow | PgLockWait | PgWalIoSlow => ms(e.num),
        PeerClockDrift | ClockStepped => ms(e.num),
        PgBackendSignal | EtcdStopSignal | CoreDump => format!("signal {:.0}", e.num),
        PgBackendExit | PgArchiveFailed | PgRestoreFailed | RewindExit => format!("exit code {:.0}", e.num),
        PgPostmaster | OomKill => format!("pid {:.0}", e.num),
        LeaderWon | LeaderSeen | LeaderLost | LeaderChanged | ElectionStart | Candidate | RaftFollower | HigherTerm => {
            format!("term {:.0}", e.num)
        }
        PgNewTimeline => format!("timeline {:.0}", e.num),
        _ => return None,
    })
}

fn ms(value: f64) -> String {
    if value.abs() < 1_000.0 { format!("{value:.0} ms") } else { format!("{:.1} s", value / 1_000.0) }
}

/// Why a request or process failed, in words.
pub fn why_words(why: Why) -> Option<&'static str> {
    Some(match why {
        Why::Unsaid => return None,
        Why::ReadTimeout => "no answer in time",
        Why::ConnectTimeout => "no connection in time",
        Why::Refused => "connection refused",
        Why::Reset => "connection broke",
        Why::NoRoute => "no route to host",
        Why::Dns => "name not resolved",
        Why::Tls => "TLS certificate refused",
        Why::TlsExpired => "TLS certificate expired",
        Why::Auth => "not authorised",
        Why::NoSpace => "no space left on device",
        Why::Quota => "etcd's space quota exceeded",
        Why::Io => "I/O error",
        Why::NoLeader => "etcd has no leader",
        Why::ServerTimeout => "the server timed out itself",
        Why::NotFound => "not found",
        Why::Conflict => "somebody else wrote first",
        Why::NoMemory => "no memory",
        Why::TooManyConnections => "too many connections",
        Why::StatementTimeout => "statement timeout",
        Why::NotReady => "not ready",
        Why::Signal => "killed by a signal",
        Why::ExitCode => "exit code",
        Why::Cgroup => "memory limit of its cgroup",
        Why::ServerError => "server error",
        Why::ServiceTimeout => "the service manager's time limit ran out",
    })
}

/// `2021-02-01 13:45:05 UTC`, for sentences.
pub fn moment(at: i64) -> String {
    let text = rfc3339(at);
    format!("{} {} UTC", text.get(..10).unwrap_or(""), text.get(11..19).unwrap_or(""))
}
