//! Exclusive writing: from reading the state to the new tags.
//!
//! Waits for other writers, and retries if a writer that does not wait was faster: git, or another clone that pushed to
//! the same remote. The caller passes the attempt: a plan that is made again each time, and applied.

use std::hash::{BuildHasher as _, RandomState};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::git::LOCKED;
use crate::registry::Registry;
use crate::registry::remote::clones::{ExclusiveAccess, RemoteClone};

/// How many milliseconds to wait before another try; after the last one it is given up.
const PAUSES: [u64; 5] = [10, 20, 40, 80, 160];

/// The same where another clone was faster, in times that the try took: a fetch and a push can take milliseconds or
/// seconds, and as long as all who try again do it within that time, most of them will meet again.
const REMOTE_PAUSES: [u32; 15] = [1, 2, 4, 8, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16];

/// The same where a lock file is in the way, for which git has waited already: most of those are left by a push that
/// broke off.
const LOCK_PAUSES: [u32; 2] = [4, 8];

/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Registry {
    /// Makes `attempt`, which plans and applies, while no other process does that in this repository. It is made again,
    /// a few times, if what was planned does not fit any more what is here ([`Error::Conflict`]) or on the remote
    /// ([`Error::RemoteMoved`], [`Error::RemoteLocked`]): git, and other programs that write tags, do not wait.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process goes on writing for a minute; or the error of the last attempt.
    pub(in crate::registry) fn with_write_lock<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        let (mut here, mut there) = (PAUSES.into_iter(), REMOTE_PAUSES.into_iter());
        let mut locked = LOCK_PAUSES.into_iter();
        loop {
            let lock = self.wait_for_writers()?;
            let begun = Instant::now();
            let result = attempt();
            // While this one waits, others may write.
            drop(lock);
            let pause = match &result {
                Err(Error::Conflict { .. }) => here.next().map(Duration::from_millis),
                Err(Error::RemoteMoved { .. }) => there.next().map(|times| jitter(begun.elapsed() * times)),
                Err(Error::RemoteLocked { .. }) => locked.next().map(|times| jitter(begun.elapsed() * times)),
                _ => None,
            };
            match pause {
                Some(pause) => sleep(pause),
                None => return result,
            }
        }
    }

    /// In the clone of a remote repository others wait who compare it with its remote: of what is made there they would see a
    /// part.
    pub(in crate::registry) fn wait_for_writers(
        &self,
    ) -> Result<(Option<ExclusiveAccess>, crate::git::WriteLock<'_>)> {
        let access = self.remote.as_ref().map(RemoteClone::lock_exclusively).transpose()?;
        let inherited = self.environment.variable(LOCKED);
        let lock = self.repository.lock_for_writing(inherited.as_deref());
        Ok((access, lock.map_err(|busy| Error::Locked { source: Box::new(busy) })?))
    }
}

/// Any part of it, so that those who got into each other's way do not meet again.
fn jitter(longest: Duration) -> Duration {
    // The standard library has no other random numbers, and these need not be good ones.
    let random = u32::try_from(RandomState::new().hash_one(longest) >> 32).unwrap_or(u32::MAX);
    longest.min(LONGEST_PAUSE).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use gto_testkit::Repo;

    use super::*;
    use crate::{Environment, Timestamp};

    fn conflict() -> Error {
        Error::Conflict { tag: "m@v1.0.0".to_owned() }
    }

    /// The number of attempts with this number of errors, and the final result.
    fn attempts(errors: usize, error: impl Fn() -> Error) -> (usize, Result<()>) {
        let repo = Repo::new();
        let now = Timestamp::new(1_900_000_000, 0).unwrap();
        let registry = Registry::open(repo.path(), Environment::new([], now)).unwrap();
        let mut made = 0;
        let result = registry.with_write_lock(|| {
            made += 1;
            if made > errors { Ok(()) } else { Err(error()) }
        });
        (made, result)
    }

    #[test]
    fn what_others_were_faster_with_is_tried_again_and_not_for_ever() {
        assert!(matches!(attempts(0, conflict), (1, Ok(()))));
        assert!(matches!(attempts(2, conflict), (3, Ok(()))));
        assert!(matches!(attempts(1_000, conflict), (6, Err(Error::Conflict { .. }))));
        let moved = || Error::RemoteMoved { remote: "origin".to_owned(), reason: "stale info".to_owned() };
        assert!(matches!(attempts(3, moved), (4, Ok(()))));
        let locked = || Error::RemoteLocked { remote: "origin".to_owned(), reason: "File exists".to_owned() };
        assert!(matches!(attempts(2, locked), (3, Ok(()))));
        assert!(matches!(attempts(1_000, locked), (3, Err(Error::RemoteLocked { .. }))));
        assert!(matches!(attempts(1, || Error::NoCommit), (1, Err(Error::NoCommit))));
    }
}
