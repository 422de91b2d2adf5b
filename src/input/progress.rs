//! How far reading is, for whoever wants to show it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters that the reading threads move on; bytes are those on disk, before unpacking.
#[derive(Debug, Default)]
pub struct Progress {
    bytes: AtomicU64,
    of_bytes: AtomicU64,
    files: AtomicU64,
    of_files: AtomicU64,
}

impl Progress {
    /// Bytes read, of how many, files done, of how many. A pipe has no size: its bytes count when they were read.
    pub fn now(&self) -> [u64; 4] {
        [&self.bytes, &self.of_bytes, &self.files, &self.of_files].map(|n| n.load(Relaxed))
    }

    pub(super) fn expect(&self, files: u64, bytes: u64) {
        self.of_files.fetch_add(files, Relaxed);
        self.of_bytes.fetch_add(bytes, Relaxed);
    }

    pub(super) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }

    pub(super) fn done(&self) {
        self.files.fetch_add(1, Relaxed);
    }
}
