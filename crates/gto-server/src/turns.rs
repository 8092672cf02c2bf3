//! How many answers are made at once: about as many as there are processors, the others in the order in which they were asked.
//!
//! Made all at once, they would take turns in the system's slices of time, and the first one asked might be the last one answered.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;

/// Who has waited for so long goes on: those before it may be waiting for a disk, or for another program.
const LONGEST: Duration = Duration::from_millis(20);

/// The turns.
pub struct Turns {
    free: Arc<Semaphore>,
    longest: Duration,
}

impl Default for Turns {
    fn default() -> Self {
        // One more begins while a client is being told of another's end.
        Self { free: Arc::new(Semaphore::new(gto::processors() + 1)), longest: LONGEST }
    }
}

impl Turns {
    /// Makes an answer on a thread where it may read repositories, when it is its turn.
    ///
    /// # Errors
    /// It panicked.
    pub async fn make<T: Send + 'static>(
        &self,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let (free, longest) = (Arc::clone(&self.free), self.longest);
        // The thread itself waits, so that the next one begins as soon as one has ended.
        let made = spawn_blocking(move || {
            let _turn = Handle::current().block_on(timeout(longest, free.acquire()));
            make()
        });
        made.await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread::sleep;

    use tokio::runtime::{Builder, Runtime};
    use tokio::task::JoinSet;

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_few_are_made_at_once() {
        let turns = Arc::new(Turns { longest: Duration::from_mins(1), ..Turns::default() });
        let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        runtime().block_on(async {
            let mut asked = JoinSet::new();
            for _ in 0..40 {
                let (turns, counts) = (Arc::clone(&turns), Arc::clone(&counts));
                let make = move || {
                    let (now, most) = &*counts;
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    sleep(Duration::from_millis(1));
                    now.fetch_sub(1, Ordering::SeqCst);
                };
                asked.spawn(async move { turns.make(make).await.unwrap() });
            }
            asked.join_all().await;
        });
        let most = counts.1.load(Ordering::SeqCst);
        assert!(most <= gto::processors() + 1, "{most}");
    }

    #[test]
    fn who_hangs_keeps_nobody_waiting() {
        let turns = Arc::new(Turns::default());
        let (end, ended) = mpsc::channel::<()>();
        let ended = Arc::new(Mutex::new(ended));
        runtime().block_on(async {
            for _ in 0..=gto::processors() {
                let (turns, ended) = (Arc::clone(&turns), Arc::clone(&ended));
                tokio::spawn(async move { turns.make(move || ended.lock().unwrap().recv().is_ok()).await });
            }
            while turns.free.available_permits() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            turns.make(|| ()).await.unwrap();
            drop(end);
        });
    }
}
