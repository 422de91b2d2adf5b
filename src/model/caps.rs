//! What reading one source may keep, for evidence comes from strangers: the part of the limits that readers of formats need.

/// Bounds on one source. Hitting one is a line among its problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes read of one line of a log, and of one csvlog row over several lines; what stands behind is counted, not read.
    pub line: u64,
    /// Bytes of what must be held as a whole: tables, configs, exports, UTF-16, logs with the newest line first.
    pub whole: u64,
    /// Hosts of one log, and names that a stream may give itself: a log server's file of a large site holds hundreds.
    pub hosts: u64,
    /// Messages without a time: pasted texts hold a few.
    pub undated: u64,
    /// Runs of heartbeats of one stream; then the last one goes on whatever is said.
    pub beats: u64,
}

impl Default for Caps {
    /// All numbers are our choice. No program of the cluster writes lines as long as that.
    fn default() -> Caps {
        Caps { line: 1 << 20, whole: 512 << 20, hosts: 1_000, undated: 500, beats: 5_000 }
    }
}
