//! What a message means, and a run of equal messages of one stream.

use super::{Grain, Micros, What, Written, Zone};
use std::sync::Arc;

/// Why a request, a process or a file operation failed, read from the error text that came with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Why {
    #[default]
    Unsaid,
    /// A request was sent and no answer came in time.
    ReadTimeout,
    /// No connection within the time allowed: packets lost, host gone or frozen.
    ConnectTimeout,
    /// The host answers, nobody listens.
    Refused,
    /// The connection broke: the other side died, or something between cut it.
    Reset,
    /// No route or network unreachable.
    NoRoute,
    Dns,
    /// A certificate is expired, not yet valid, or not trusted.
    Tls,
    /// Expired in particular.
    TlsExpired,
    Auth,
    /// ENOSPC.
    NoSpace,
    /// etcd's quota: `mvcc: database space exceeded`.
    Quota,
    /// EIO, EUCLEAN, read-only file system.
    Io,
    /// etcd says it has no leader.
    NoLeader,
    /// etcd timed out itself: it could not commit.
    ServerTimeout,
    /// The key, lease or object is gone.
    NotFound,
    /// Compare-and-swap lost: somebody else wrote.
    Conflict,
    /// ENOMEM, "Cannot allocate memory".
    NoMemory,
    /// `too many clients`, `remaining connection slots are reserved`.
    TooManyConnections,
    /// SQL statement timeout or cancel.
    StatementTimeout,
    /// The server is starting up or shutting down.
    NotReady,
    /// Killed by a signal; the number is in `num`.
    Signal,
    ExitCode,
    /// A cgroup (container) limit rather than the whole host.
    Cgroup,
    /// HTTP 5xx or 429 of an API server.
    ServerError,
    /// A service manager's time limit ran out.
    ServiceTimeout,
}

/// Meaning of one message: what, and its arguments in fixed units.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    pub what: What,
    pub why: Why,
    /// Milliseconds for durations, else the number that the message is about (term, pid, bytes, signal…).
    pub num: f64,
    /// The peer, member, server, unit, device or process that the message is about.
    pub who: Option<Arc<str>>,
    /// The writer's own name, where the message says it ("I am pg1", the id in front of raft lines).
    pub me: Option<Arc<str>>,
}

impl Meaning {
    pub fn plain(what: What) -> Meaning {
        Meaning { what, why: Why::Unsaid, num: 0.0, who: None, me: None }
    }
}

/// A run of equal messages of one stream, on the clock as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    pub at: Micros,
    /// When the earliest of the run began: earlier than `at` for durations, which are logged at their end.
    pub since: Micros,
    pub until: Micros,
    pub zone: Zone,
    pub written: Written,
    pub grain: Grain,
    pub count: u32,
    pub what: What,
    pub why: Why,
    /// Worst argument of the run.
    pub num: f64,
    pub who: Option<Arc<str>>,
    pub pid: u32,
    /// Line number in its source (first of the run), from 1.
    pub line: u32,
    /// First wording, clipped.
    pub text: Arc<str>,
}

impl Raw {
    /// Takes in `count` more messages like these, the first of which began at `since`, the last of which stands at
    /// `until`, and the worst of which says `num`.
    pub fn join(&mut self, count: u32, since: Micros, until: Micros, num: f64) {
        self.count = self.count.saturating_add(count);
        self.since = self.since.min(since);
        self.until = self.until.max(until);
        if num.abs() > self.num.abs() {
            self.num = num;
        }
    }
}
