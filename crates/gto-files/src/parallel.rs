//! Doing the same with many things, several at once.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Does it with each of these, in that many threads. After the first error nothing new is begun.
///
/// # Errors
/// The first error.
pub(crate) fn for_each<T: Sync, E: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let (next, is_over, failure) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
    let worker = || {
        while !is_over.load(Ordering::Relaxed) {
            let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            if let Err(error) = work(item) {
                is_over.store(true, Ordering::Relaxed);
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    let jobs = jobs.clamp(1, items.len().max(1));
    thread::scope(|scope| {
        for _ in 1..jobs {
            // Without a thread the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, worker);
        }
        worker();
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}
