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
    found_bytes: AtomicI64,
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
    /// How many of them were here before, from a run that did not get to its end.
    pub found_bytes: u64,
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
            found_bytes: bytes(&self.found_bytes),
            total_bytes: bytes(&self.total_bytes),
        }
    }

    pub(crate) fn expect(&self, files: usize, bytes: u64) {
        self.total_files.store(files, Ordering::Relaxed);
        self.total_bytes.store(signed(bytes), Ordering::Relaxed);
    }

    /// Some have come.
    pub(crate) fn heard(&self, bytes: u64) {
        add(&self.bytes, bytes);
    }

    /// Some are here from the last run.
    pub(crate) fn found(&self, bytes: u64) {
        add(&self.bytes, bytes);
        add(&self.found_bytes, bytes);
    }

    /// Some that had come were wrong.
    pub(crate) fn thrown_away(&self, bytes: u64) {
        self.bytes.fetch_sub(signed(bytes), Ordering::Relaxed);
    }

    pub(crate) fn got(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }
}

fn add(count: &AtomicI64, bytes: u64) {
    count.fetch_add(signed(bytes), Ordering::Relaxed);
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
