//! One writer at a time.
//!
//! Owns the lock that keeps writers of this library apart, from looking at the tags until new ones are made. It is the
//! system's lock on the open folder of the repository: it leaves nothing behind, and goes with its process however that
//! ends. A `gto` that git runs meanwhile, in a hook, is part of the same write: a variable tells it not to wait for its
//! own ancestor. Must not be all that a write relies on: git and others know nothing of it, and where the system has no
//! such lock there is none. Those protect the expected values of a transaction's refs.

use std::cell::Cell;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::git::Repository;
use crate::git::refs::system_lock::SystemLock;
use crate::waiting::Waiting;

/// A push may be going on meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable that tells the children of git which repository is already locked for them.
pub(crate) const LOCKED: &str = "GTO_LOCKED";

/// While it lives, no other process has one for the same repository.
pub(crate) struct WriteLock<'a> {
    /// `None` where there are no such locks.
    _folder: Option<LockedFolder>,
    state: &'a Cell<SystemLock>,
}

impl Drop for WriteLock<'_> {
    fn drop(&mut self) {
        self.state.set(SystemLock::Not);
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
    /// Waits for other writers, for at most a minute. `inherited` is the value of [`LOCKED`] in this process.
    pub fn lock_for_writing(&self, inherited: Option<&str>) -> Result<WriteLock<'_>, Busy> {
        let here = self.common_dir().canonicalize().ok();
        // An ancestor has the lock already, and waits for us.
        let has_ancestor =
            here.is_some() && inherited.and_then(|path| Path::new(path).canonicalize().ok()) == here;
        if has_ancestor {
            let lock = self.write_lock(None);
            lock.state.set(SystemLock::Inherited);
            return Ok(lock);
        }
        Ok(self.write_lock(self.lock_within(PATIENCE)?))
    }

    /// The same for a single change of refs, for which the caller may have the lock already.
    pub(in crate::git) fn lock_unless_locked(&self) -> Result<Option<WriteLock<'_>>, Busy> {
        if self.is_locked() { Ok(None) } else { self.lock_for_writing(None).map(Some) }
    }

    /// The same without waiting.
    pub(in crate::git) fn lock_if_free(&self) -> Option<WriteLock<'_>> {
        if self.is_locked() {
            return None;
        }
        self.lock_within(Duration::ZERO).ok().map(|folder| self.write_lock(folder))
    }

    /// Whether no other gto can have one of Git's locks.
    pub(in crate::git) fn has_system_lock(&self) -> bool {
        self.system_lock() == SystemLock::Held
    }

    /// Whether this thread has the lock.
    pub(in crate::git) fn is_locked(&self) -> bool {
        self.system_lock() != SystemLock::Not
    }

    /// What this thread has of the system's lock.
    pub(in crate::git) fn system_lock(&self) -> SystemLock {
        self.locked.get_or_default().get()
    }

    fn write_lock(&self, folder: Option<LockedFolder>) -> WriteLock<'_> {
        let state = self.locked.get_or_default();
        state.set(if folder.is_some() { SystemLock::Held } else { SystemLock::Unsupported });
        WriteLock { _folder: folder, state }
    }

    /// The locked folder; `None` where there are no such locks.
    fn lock_within(&self, patience: Duration) -> Result<Option<LockedFolder>, Busy> {
        // Only Unix can open a folder; if this fails, the write will fail with the reason.
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
        // It does not apply to another repository.
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
