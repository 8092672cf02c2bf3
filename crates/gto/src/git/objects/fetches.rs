//! What became of the fetches of a partial clone.
//!
//! Owns when to give up. Must not fetch: see `promisor`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many fetches may fail before no more is tried for a while: each may wait for a network.
const GIVE_UP: usize = 3;

/// How long a while is. A repository that stays open may outlive what was wrong.
const A_WHILE: Duration = Duration::from_secs(60);

/// What became of the fetches. Shared by the threads that read a repository.
#[derive(Debug, Clone, Default)]
pub(in crate::git) struct Fetches(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(in crate::git) struct State {
    /// Whether all files may be fetched where single ones do not come.
    pub everything: bool,
    /// How many failed.
    failed: usize,
    /// When one failed last.
    at: Option<Instant>,
    /// The first line that git printed.
    pub reason: Option<String>,
}

impl State {
    /// Whether no fetch should be tried now.
    pub fn is_hopeless(&mut self, now: Instant) -> bool {
        if self.at.is_some_and(|at| now.saturating_duration_since(at) >= A_WHILE) {
            (self.failed, self.at, self.reason) = (0, None, None);
        }
        self.failed >= GIVE_UP
    }

    /// For a silent remote: waiting once is enough.
    pub fn give_up(&mut self) {
        self.failed = GIVE_UP;
    }

    pub fn failed(&mut self, reason: String, now: Instant) {
        self.failed += 1;
        self.at = Some(now);
        self.reason.get_or_insert(reason);
    }
}

impl Fetches {
    /// The clone is ours alone: it may become a full one.
    pub fn allow_full_fetch(&self) {
        self.state().everything = true;
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned lock means that another thread panicked, which ends everything anyway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_that_does_not_answer_is_left_alone_for_a_while_and_not_indefinitely() {
        let (mut state, begun) = (State::default(), Instant::now());
        for n in 1..=GIVE_UP {
            assert!(!state.is_hopeless(begun), "{n}");
            state.failed(format!("failure {n}"), begun);
        }
        assert!(state.is_hopeless(begun + A_WHILE / 2));
        assert_eq!(state.reason.as_deref(), Some("failure 1"));
        assert!(!state.is_hopeless(begun + A_WHILE));
        assert_eq!(state.reason, None);
    }
}
