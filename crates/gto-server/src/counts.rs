//! How many answers there were.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

/// How many answers there were, by the first digit of their status.
#[derive(Default)]
pub struct Counts([AtomicU64; 6]);

impl Counts {
    /// Counts one.
    pub fn add(&self, status: StatusCode) {
        if let Some(count) = self.0.get(usize::from(status.as_u16() / 100)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The first digits, and how many answers had them.
    pub fn classes(&self) -> impl Iterator<Item = (usize, u64)> {
        self.0.iter().map(|count| count.load(Ordering::Relaxed)).enumerate().skip(2)
    }
}
