//! How far the getting of files has come, for a front end to show.
//!
//! Holds counts that another thread may read. Must not print.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// How far the getting of files has come.
#[derive(Debug, Default)]
pub struct Transfer {
    files: AtomicUsize,
    total_files: AtomicUsize,
    bytes: AtomicI64,
    total_bytes: AtomicI64,
}

/// A look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The files that are here.
    pub files: usize,
    /// Of how many.
    pub total_files: usize,
    /// The bytes that have come.
    pub bytes: u64,
    /// Of how many, as far as that is known.
    pub total_bytes: u64,
}

impl Transfer {
    /// How far it has come.
    pub fn progress(&self) -> Progress {
        // An old count is as good as a new one.
        let bytes = |count: &AtomicI64| u64::try_from(count.load(Ordering::Relaxed)).unwrap_or_default();
        Progress {
            files: self.files.load(Ordering::Relaxed),
            total_files: self.total_files.load(Ordering::Relaxed),
            bytes: bytes(&self.bytes),
            total_bytes: bytes(&self.total_bytes),
        }
    }

    pub(crate) fn expect(&self, files: usize, bytes: u64) {
        self.total_files.store(files, Ordering::Relaxed);
        self.total_bytes.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn heard(&self, bytes: i64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn got(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }
}
