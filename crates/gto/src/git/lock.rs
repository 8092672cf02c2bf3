//! One writer at a time.
//!
//! Owns the lock that keeps writers of this library apart, from looking at the tags until new ones are made. It is the
//! system's lock on the open folder of the repository: it leaves nothing behind, and goes with its process however that
//! ends. Must not be all that a write relies on: git and others know nothing of it, and where the system has no such lock
//! there is none. What a transaction expects of its refs is for these.

use std::fs::{File, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Repository;

/// A push may be going on meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest time between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// While it lives, no other process has one for the same repository.
pub(crate) struct WriteLock {
    /// Closing it gives the lock back. `None` where there are no such locks.
    _folder: Option<File>,
}

/// Another process has had the lock all the time.
#[derive(Debug, thiserror::Error)]
#[error("another gto has been writing to it for more than {} seconds", PATIENCE.as_secs())]
pub(crate) struct Busy;

impl Repository {
    /// Waits for other writers, for a minute at most.
    pub fn lock_for_writing(&self) -> Result<WriteLock, Busy> {
        self.lock_within(PATIENCE)
    }

    fn lock_within(&self, patience: Duration) -> Result<WriteLock, Busy> {
        // A folder can be opened on Unix only; and if it cannot, writing will fail and say why.
        let Ok(folder) = File::open(self.common_dir()) else {
            return Ok(WriteLock { _folder: None });
        };
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(WriteLock { _folder: Some(folder) }),
                // A file system without such locks.
                Err(TryLockError::Error(_)) => return Ok(WriteLock { _folder: None }),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= patience => return Err(Busy),
                Err(TryLockError::WouldBlock) => sleep(pause),
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use gto_testkit::Repo;

    use super::*;
    use crate::git::test_repo::open;

    #[test]
    fn there_is_one_writer_at_a_time_and_the_next_one_after_it() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let lock = open(&repo).lock_within(Duration::ZERO).unwrap();
        assert!(open(&repo).lock_within(Duration::from_millis(20)).is_err());
        drop(lock);
        assert!(open(&repo).lock_within(Duration::ZERO).is_ok());
    }
}
