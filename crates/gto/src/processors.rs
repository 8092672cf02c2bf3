//! How many threads can do something at once.

use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;

/// The number of threads that the system can run at once for this process; 1 if unknown.
pub fn processors() -> usize {
    // To find out takes reading several files.
    static FOUND: OnceLock<usize> = OnceLock::new();
    *FOUND.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}
