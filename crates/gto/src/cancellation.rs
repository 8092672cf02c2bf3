//! Cancelling the work of one caller, and of no other.
//!
//! Owns which processes run for a caller, and ending them. Must not start any: see `git::process`.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A handle by which the caller ends the processes that run for it: those of all registries that were opened with its
/// [`Environment`](crate::Environment).
#[derive(Clone, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Default)]
struct State {
    /// The ids of the processes, and whether each leads a group of its own. None is here that may be another one's by now:
    /// it is taken out before the system is told that we know of its end.
    running: Mutex<Vec<(u32, bool)>>,
    /// Whether the caller has cancelled.
    is_cancelled: AtomicBool,
    /// How many edits are on the way to their commit, or to the files put back.
    edits: AtomicUsize,
    /// What the caller wants done before the first process is started.
    before_first: Option<fn(&Cancellation)>,
    first: OnceLock<()>,
}

impl Cancellation {
    /// The same with something to do before the first process is started, such as to listen for signals: most answers need no
    /// process, and need not pay for that.
    #[must_use]
    pub fn before_first_child(run: fn(&Self)) -> Self {
        Self(Arc::new(State { before_first: Some(run), ..State::default() }))
    }

    /// Asks the processes to end, those that they have started included.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::SeqCst);
        for &(id, leads_group) in self.running().iter() {
            ask_to_end(id, leads_group);
        }
    }

    /// Whether the caller has cancelled: work that starts no process looks at it now and then.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::SeqCst)
    }

    /// Ends those that do not end when they are asked to.
    pub fn kill(&self) {
        for &(id, leads_group) in self.running().iter() {
            kill(id, leads_group);
        }
    }

    /// Whether an edit of annotation files is under way, which a program that is told to end should wait for: after
    /// [`Cancellation::cancel`] it puts the files back.
    pub fn is_editing(&self) -> bool {
        self.0.edits.load(Ordering::SeqCst) > 0
    }

    /// Says that an edit is under way for as long as the value lives.
    pub(crate) fn begin_edit(&self) -> impl Drop {
        self.0.edits.fetch_add(1, Ordering::SeqCst);
        Edit(self.clone())
    }

    /// To be called before a process is started.
    pub(crate) fn prepare(&self) {
        if let Some(run) = self.0.before_first {
            self.0.first.get_or_init(|| run(self));
        }
    }

    pub(crate) fn add(&self, id: u32, leads_group: bool) {
        self.running().push((id, leads_group));
    }

    pub(crate) fn remove(&self, id: u32) {
        self.running().retain(|(other, _)| *other != id);
    }

    pub(crate) fn running(&self) -> MutexGuard<'_, Vec<(u32, bool)>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation").field("running", &self.running().len()).finish_non_exhaustive()
    }
}

/// An edit that is under way.
struct Edit(Cancellation);

impl Drop for Edit {
    fn drop(&mut self) {
        self.0.0.edits.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(unix)]
pub(crate) fn pid(id: u32) -> Option<rustix::process::Pid> {
    i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
}

#[cfg(unix)]
pub(crate) fn ask_to_end(id: u32, leads_group: bool) {
    signal(id, leads_group, rustix::process::Signal::TERM);
}

#[cfg(unix)]
pub(crate) fn kill(id: u32, leads_group: bool) {
    signal(id, leads_group, rustix::process::Signal::KILL);
}

#[cfg(unix)]
fn signal(id: u32, leads_group: bool, signal: rustix::process::Signal) {
    use rustix::process::{kill_process, kill_process_group};
    let Some(id) = pid(id) else { return };
    // It may have ended by itself.
    let _ = if leads_group { kill_process_group(id, signal) } else { kill_process(id, signal) };
}

#[cfg(not(unix))]
pub(crate) fn ask_to_end(_: u32, _: bool) {}

#[cfg(not(unix))]
pub(crate) fn kill(_: u32, _: bool) {}
