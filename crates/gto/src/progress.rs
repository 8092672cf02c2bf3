//! How far a reading of a whole registry has come.
//!
//! Owns two counts that a front end may look at from another thread. Must not print.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts of tags: how many are to be read, and how many of them were.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Progress {
    /// How many tags were read, and of how many. Nothing is to be read yet while the second is 0.
    pub fn counts(&self) -> (usize, usize) {
        // The two belong to no other data, and an old count is as good as a new one.
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(total), total)
    }

    /// So many tags more are to be read.
    pub fn expect(&self, tags: usize) {
        self.total.fetch_add(tags, Ordering::Relaxed);
    }

    /// So many tags more were read.
    pub fn advance(&self, tags: usize) {
        self.done.fetch_add(tags, Ordering::Relaxed);
    }
}
