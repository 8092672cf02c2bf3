//! Writing alone: from the look at what is there to the new tags.
//!
//! Owns the wait for other writers, and trying again when somebody was faster who does not wait. What is tried is the
//! caller's: a plan that is made anew each time, and applied.

use std::thread::sleep;
use std::time::Duration;

use super::Registry;
use crate::error::{Error, Result};

/// How many milliseconds to wait before another try; after the last one it is given up.
const PAUSES: [u64; 5] = [10, 20, 40, 80, 160];

impl Registry {
    /// Makes `attempt`, which plans and applies, while no other process does that in this repository. It is made again,
    /// a few times, if what was planned does not fit what is there any more ([`Error::Conflict`]): git, and others who
    /// write tags, wait for nobody.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process goes on writing for a minute; or the error of the last attempt, which
    /// `registry_error` finds inside.
    pub fn alone<T, E: From<Error>>(
        &self,
        registry_error: impl Fn(&E) -> Option<&Error>,
        mut attempt: impl FnMut() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let _lock = self.wait_for_writers()?;
        for pause in PAUSES {
            match attempt() {
                Err(error) if matches!(registry_error(&error), Some(Error::Conflict { .. })) => {
                    sleep(Duration::from_millis(pause));
                }
                result => return result,
            }
        }
        attempt()
    }

    fn wait_for_writers(&self) -> Result<crate::git::WriteLock> {
        self.repository.lock_for_writing().map_err(|busy| Error::Locked { source: Box::new(busy) })
    }
}

#[cfg(test)]
mod tests {
    use gto_testkit::Repo;

    use super::*;
    use crate::{Environment, Timestamp};

    /// How often an attempt is made that ends in a conflict so many times, and how it ends.
    fn attempts(conflicts: usize) -> (usize, Result<()>) {
        let repo = Repo::new();
        let now = Timestamp::new(1_900_000_000, 0).unwrap();
        let registry = Registry::open(repo.path(), Environment::new([], now)).unwrap();
        let mut made = 0;
        let result = registry.alone(
            |error: &Error| Some(error),
            || {
                made += 1;
                if made > conflicts { Ok(()) } else { Err(Error::Conflict { tag: "m@v1.0.0".to_owned() }) }
            },
        );
        (made, result)
    }

    #[test]
    fn what_others_were_faster_with_is_tried_again_and_not_for_ever() {
        assert!(matches!(attempts(0), (1, Ok(()))));
        assert!(matches!(attempts(2), (3, Ok(()))));
        assert!(matches!(attempts(1_000), (6, Err(Error::Conflict { .. }))));
    }
}
