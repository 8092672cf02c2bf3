//! One writer at a time.
//!
//! Owns the lock that keeps writers of this library apart, from looking at the tags until new ones are made. It is the
//! system's lock on the open folder of the repository: it leaves nothing behind, and goes with its process however that
//! ends. A `gto` that git runs meanwhile, in a hook, is part of the same write: a variable tells it not to wait for
//! its own ancestor. Must not be all that a write relies on: git and others know nothing of it, and where the system has no such lock
//! there is none. What a transaction expects of its refs is for these.

use std::cell::Cell;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::Repository;
use crate::waiting::Waiting;

/// A push may be going on meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable in which processes that git runs are told which repository is locked for them.
pub(crate) const LOCKED: &str = "GTO_LOCKED";

/// While it lives, no other process has one for the same repository.
pub(crate) struct WriteLock<'a> {
    /// `None` where there are no such locks.
    _folder: Option<LockedFolder>,
    locked: &'a Cell<bool>,
}

impl Drop for WriteLock<'_> {
    fn drop(&mut self) {
        self.locked.set(false);
    }
}

/// A folder that is locked.
struct LockedFolder(File);

impl Drop for LockedFolder {
    fn drop(&mut self) {
        // To close it would not do: a process that another thread is just starting has it open until it runs its program.
        let _ = self.0.unlock();
    }
}

/// Another process has had the lock all the time.
#[derive(Debug, thiserror::Error)]
#[error("another gto has been writing to it for more than {} seconds", PATIENCE.as_secs())]
pub(crate) struct Busy;

impl Repository {
    /// Waits for other writers, for a minute at most. `inherited` is what [`LOCKED`] says to this process.
    pub fn lock_for_writing(&self, inherited: Option<&str>) -> Result<WriteLock<'_>, Busy> {
        let here = self.common_dir().canonicalize().ok();
        // An ancestor has the lock already, and waits for us.
        let has_ancestor =
            here.is_some() && inherited.and_then(|path| Path::new(path).canonicalize().ok()) == here;
        let folder = if has_ancestor { None } else { self.lock_within(PATIENCE)? };
        self.locked.set(true);
        Ok(WriteLock { _folder: folder, locked: &self.locked })
    }

    /// The locked folder; `None` where there are no such locks.
    fn lock_within(&self, patience: Duration) -> Result<Option<LockedFolder>, Busy> {
        // A folder can be opened on Unix only; and if it cannot, writing will fail and say why.
        let Ok(folder) = File::open(self.common_dir()) else { return Ok(None) };
        let mut waiting = Waiting::begin();
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(Some(LockedFolder(folder))),
                // A file system without such locks.
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) if waiting.goes_on(patience) => {}
                Err(TryLockError::WouldBlock) => return Err(Busy),
            }
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
        let lock = open(&repo).lock_within(Duration::ZERO).unwrap().unwrap();
        assert!(open(&repo).lock_within(Duration::from_millis(20)).is_err());
        // As a process has it that another thread is starting.
        let _inherited = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(open(&repo).lock_within(Duration::ZERO).is_ok());
    }

    #[test]
    fn whoever_git_runs_for_the_writer_does_not_wait_for_it() {
        let (repo, other) = (Repo::new(), Repo::new());
        let repository = open(&repo);
        let lock = repository.lock_for_writing(None).unwrap();
        // What git is told, an alias that runs a shell command is told too.
        let told = |repository: &Repository| {
            let args = ["-c", "alias.told=!printf %s \"$GTO_LOCKED\"", "told"];
            String::from_utf8(repository.run_git("testing", args, b"").unwrap().stdout).unwrap()
        };
        let inherited = told(&repository);
        assert!(open(&repo).lock_for_writing(Some(&inherited)).is_ok());
        // It says nothing about another repository.
        let elsewhere = open(&other);
        let _held = elsewhere.lock_within(Duration::ZERO).unwrap();
        assert_ne!(
            Path::new(&inherited).canonicalize().unwrap(),
            elsewhere.common_dir().canonicalize().unwrap()
        );
        drop(lock);
        assert_eq!(told(&repository), "");
    }
}
