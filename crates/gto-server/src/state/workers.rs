//! How many threads look at the repositories of a group.
//!
//! Owns which of them have not come back: files of a network that is gone, or a named pipe in the place of a file, keep a thread for as
//! long as the system likes. Others take their place, within limits, so that one repository keeps no other waiting.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The threads of a group.
pub struct Workers {
    /// So many are wanted that are not late.
    wanted: usize,
    late: Duration,
    most: usize,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    threads: usize,
    /// The places of the repositories that are being looked at, and since when.
    looks: HashMap<usize, Instant>,
}

impl Now {
    fn late(&self, after: Duration) -> usize {
        self.looks.values().filter(|since| since.elapsed() >= after).count()
    }
}

impl Workers {
    /// So many threads, which are started by the caller. Who does not come back for so long is late, and gets a stand-in; at most so many
    /// threads there are at all.
    pub fn new(wanted: usize, late: Duration, most: usize) -> Self {
        Self { wanted, late, most, now: Mutex::new(Now { threads: wanted, ..Now::default() }) }
    }

    /// Notes that a look begins.
    pub fn begin(&self, place: usize) {
        self.lock().looks.insert(place, Instant::now());
    }

    /// Notes that a look is over. `false` if the thread has been replaced, and must end.
    pub fn end(&self, place: usize) -> bool {
        let mut now = self.lock();
        now.looks.remove(&place);
        let goes_on = now.threads <= self.wanted + now.late(self.late);
        if !goes_on {
            now.threads -= 1;
        }
        goes_on
    }

    /// How many threads to start now. Twice as many each time, so that many repositories that hang are passed by soon.
    pub fn missing(&self) -> usize {
        let mut now = self.lock();
        let late = now.late(self.late);
        if late == 0 || now.threads > late {
            return 0;
        }
        let missing = late.max(self.wanted).min(self.most.saturating_sub(now.threads));
        now.threads += missing;
        missing
    }

    /// The places of the repositories whose look takes longer than that.
    pub fn stuck(&self, longer_than: Duration) -> Vec<usize> {
        let now = self.lock();
        let is_long = |(_, since): &(&usize, &Instant)| since.elapsed() >= longer_than;
        now.looks.iter().filter(is_long).map(|(place, _)| *place).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_millis(500);
    const MOST: usize = 256;

    #[test]
    fn who_hangs_is_replaced_and_leaves_when_it_comes_back() {
        let workers = Workers::new(2, LATE, MOST);
        for place in 0..2 {
            workers.begin(place);
        }
        assert_eq!(workers.missing(), 0, "nobody is late yet");
        std::thread::sleep(LATE);
        assert_eq!((workers.missing(), workers.missing()), (2, 0), "once is enough");
        assert_eq!(workers.stuck(LATE).len(), 2);
        for place in 2..4 {
            workers.begin(place);
        }
        std::thread::sleep(LATE);
        assert_eq!(workers.missing(), 4, "twice as many");
        // All that were late come back, and two threads are left.
        let ended = (0..4).filter(|place| !workers.end(*place)).count();
        assert_eq!(ended, 4);
        for place in 5..50 {
            workers.begin(place);
            let _ = workers.end(place);
        }
        assert_eq!(workers.lock().threads, 2);
    }

    #[test]
    fn threads_are_bounded() {
        let workers = Workers::new(2, LATE, MOST);
        for place in 0..1000 {
            workers.begin(place);
        }
        std::thread::sleep(LATE);
        while workers.missing() > 0 {}
        assert_eq!(workers.lock().threads, MOST);
    }
}
