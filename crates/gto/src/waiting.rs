//! Waiting for something that may come at any moment: a lock, the end of a process.
//!
//! Owns how often it is looked for.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// The first time between two looks; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_micros(250);

/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A wait that has begun.
#[derive(Debug)]
pub(crate) struct Waiting {
    begun: Instant,
    pause: Duration,
}

impl Waiting {
    /// Begins to wait.
    pub fn begin() -> Self {
        Self { begun: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Waits a little if it has not lasted as long as `patience`; whether to look again.
    pub fn goes_on(&mut self, patience: Duration) -> bool {
        let elapsed = self.elapsed();
        if elapsed >= patience {
            return false;
        }
        sleep(self.pause.min(patience.saturating_sub(elapsed)));
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
        true
    }

    /// How long it has lasted.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}
