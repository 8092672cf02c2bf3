//! How far a reading of a whole registry has come.
//!
//! Holds what a front end may read from another thread: two counts, and Git's messages while it clones. Must not print.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counts of tags: how many are to be read, and how many of them were.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicUsize,
    done: AtomicUsize,
    task: Mutex<Option<String>>,
}

impl Progress {
    /// How many tags were read, and of how many. Nothing is to be read yet while the second is 0.
    pub fn counts(&self) -> (usize, usize) {
        // The two belong to no other data, and an old count is as good as a new one.
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(total), total)
    }

    /// How far Git has come with what comes before the reading, in its words and in printable ASCII.
    pub fn task(&self) -> Option<String> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Git has come this far; `None` if it is done.
    pub(crate) fn say(&self, task: Option<String>) {
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = task;
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
