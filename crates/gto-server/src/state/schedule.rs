//! Which repository is looked at next.
//!
//! Owns the times: regular looks, looks soon after a sign of a change, and longer and longer waits after failures.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::state::repository::Look;

/// Signs of changes come in groups: a tag is a file that is written, and renamed.
const SETTLING: Duration = Duration::from_millis(15);
/// A sign may come before the change: a folder, and then the ref in it.
const SECOND_LOOK: Duration = Duration::from_millis(250);
/// A budget is of this time; what was not used of it before is lost.
const BUDGET_TIME: Duration = Duration::from_secs(3600);
/// A repository that fails is asked again after at most this time.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// The places of repositories, by when they are due.
pub struct Schedule {
    interval: Duration,
    /// How many bytes looks may take in an hour; `None` for repositories of this machine.
    budget: Option<u64>,
    slots: Mutex<Slots>,
    changed: Condvar,
}

struct Slots {
    all: Vec<Slot>,
    has_ended: bool,
    /// When the budget will be whole again.
    paid_until: Instant,
}

impl Slots {
    /// When a look is next allowed: once the budget has something left.
    fn allowed_at(&self) -> Instant {
        self.paid_until.checked_sub(BUDGET_TIME).unwrap_or(self.paid_until)
    }
}

struct Slot {
    due: Instant,
    is_busy: bool,
    /// A sign of a change came, and how many looks it is still good for.
    signs: u8,
    failures: u32,
}

impl Slot {
    /// Of those that are due, the ones with a sign of a change come first: many regular looks may be due at the same time. They wait no
    /// longer than one interval for it.
    fn rank(&self, now: Instant, interval: Duration) -> (bool, Instant) {
        let is_urgent = self.signs > 0 && self.due <= now;
        let due = self.due.checked_sub(interval).filter(|_| is_urgent).unwrap_or(self.due);
        (self.due > now, due)
    }
}

impl Schedule {
    /// So many repositories, all of which are due.
    pub fn new(count: usize, interval: Duration, budget: Option<u64>) -> Self {
        let now = Instant::now();
        let slot = || Slot { due: now, is_busy: false, signs: 0, failures: 0 };
        let slots = Slots { all: (0..count).map(|_| slot()).collect(), has_ended: false, paid_until: now };
        Self { interval, budget, slots: Mutex::new(slots), changed: Condvar::new() }
    }

    /// Waits for the next one that is due, and how to look at it; `None` at the end.
    pub fn next(&self) -> Option<(usize, Look)> {
        let mut slots = self.lock();
        loop {
            if slots.has_ended {
                return None;
            }
            let free = slots.all.iter().enumerate().filter(|(_, slot)| !slot.is_busy);
            let allowed = self.budget.map(|_| slots.allowed_at());
            let now = Instant::now();
            let first = free.min_by_key(|(_, slot)| slot.rank(now, self.interval));
            let first = first.map(|(place, slot)| (place, allowed.map_or(slot.due, |at| slot.due.max(at))));
            match first {
                Some((place, due)) if due <= now => {
                    let slot = &mut slots.all[place];
                    slot.is_busy = true;
                    let look = if slot.signs > 0 { Look::AtRefs } else { Look::Whole };
                    slot.signs = slot.signs.saturating_sub(1);
                    return Some((place, look));
                }
                Some((_, due)) => {
                    let waited = self.changed.wait_timeout(slots, due - now);
                    slots = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => slots = self.changed.wait(slots).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Notes that a look is over, and returns in what time the next one is due. At most a tenth of the time is spent on a repository.
    /// `bytes` is what came from elsewhere for it.
    pub fn done(&self, place: usize, has_failed: bool, took: Duration, bytes: u64) -> Duration {
        let mut slots = self.lock();
        let now = Instant::now();
        if let Some(budget) = self.budget {
            let cost = Duration::try_from_secs_f64(share(bytes, budget) * BUDGET_TIME.as_secs_f64());
            slots.paid_until = slots.paid_until.max(now) + cost.unwrap_or(BUDGET_TIME);
        }
        let allowed_in = slots.allowed_at().saturating_duration_since(now);
        let Some(slot) = slots.all.get_mut(place) else { return self.interval };
        slot.is_busy = false;
        slot.failures = if has_failed { slot.failures.saturating_add(1) } else { 0 };
        let wait = if slot.signs > 0 {
            SECOND_LOOK
        } else {
            let factor = 1_u32 << slot.failures.saturating_sub(1).min(10);
            let wait = self.interval.saturating_mul(factor).max(took.saturating_mul(9));
            wait.min(LONGEST_WAIT.max(self.interval))
        };
        slot.due = now + wait;
        drop(slots);
        self.changed.notify_one();
        wait.max(self.interval).max(allowed_in)
    }

    /// Notes a sign that a repository has changed.
    pub fn hint(&self, place: usize) {
        let mut slots = self.lock();
        let Some(slot) = slots.all.get_mut(place) else { return };
        // What a host says of a remote repository comes after the change.
        slot.signs = if self.budget.is_some() { 1 } else { 2 };
        slot.due = slot.due.min(Instant::now() + SETTLING);
        drop(slots);
        self.changed.notify_one();
    }

    /// Ends all waiting.
    pub fn end(&self) {
        self.lock().has_ended = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of a budget")]
fn share(bytes: u64, budget: u64) -> f64 {
    bytes as f64 / budget.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_work_is_not_looked_at_twice_and_a_sign_in_the_meantime_is_not_lost() {
        let schedule = Schedule::new(1, Duration::from_secs(3600), None);
        assert_eq!(schedule.next(), Some((0, Look::Whole)));
        schedule.hint(0);
        schedule.done(0, false, Duration::ZERO, 0);
        assert_eq!(schedule.next(), Some((0, Look::AtRefs)));
        schedule.done(0, false, Duration::ZERO, 0);
        assert_eq!(schedule.next(), Some((0, Look::AtRefs)));
        schedule.end();
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_sign_of_a_change_goes_before_regular_looks_that_are_due() {
        let schedule = Schedule::new(3, Duration::from_secs(30), None);
        schedule.hint(2);
        let order = [schedule.next(), schedule.next(), schedule.next()];
        assert_eq!(order, [Some((2, Look::AtRefs)), Some((0, Look::Whole)), Some((1, Look::Whole))]);
    }

    #[test]
    fn the_repositories_of_a_host_are_not_looked_at_beyond_its_budget() {
        const BUDGET: u64 = 1 << 30;
        let schedule = Schedule::new(3, Duration::from_secs(30), Some(BUDGET));
        for place in 0..2 {
            assert_eq!(schedule.next(), Some((place, Look::Whole)), "there is something left");
            assert!(schedule.done(place, false, Duration::ZERO, BUDGET / 4) <= Duration::from_secs(31));
        }
        assert_eq!(schedule.next(), Some((2, Look::Whole)));
        // Twice the budget is gone: the next look is in an hour and a half, whoever hints at a change.
        let wait = schedule.done(2, false, Duration::ZERO, BUDGET * 2);
        assert!(wait.as_secs().abs_diff(5400) < 5, "{wait:?}");
        schedule.hint(0);
        assert!(schedule.lock().allowed_at() > Instant::now() + Duration::from_secs(5000));
        let free = Schedule::new(1, Duration::from_secs(30), None);
        assert_eq!(free.done(0, false, Duration::ZERO, u64::MAX), Duration::from_secs(30));
    }

    #[test]
    fn a_repository_that_takes_long_is_asked_less_often() {
        let schedule = Schedule::new(1, Duration::from_secs(30), None);
        assert_eq!(schedule.done(0, false, Duration::from_secs(1), 0), Duration::from_secs(30));
        assert_eq!(schedule.done(0, false, Duration::from_secs(20), 0), Duration::from_secs(180));
        assert_eq!(schedule.done(0, false, Duration::from_secs(3600), 0), Duration::from_secs(600));
    }

    #[test]
    fn failures_make_the_wait_longer_but_not_endless() {
        let schedule = Schedule::new(1, Duration::from_secs(30), None);
        let mut waits = Vec::new();
        for _ in 0..20 {
            schedule.done(0, true, Duration::ZERO, 0);
            waits.push((schedule.lock().all[0].due - Instant::now()).as_secs() + 1);
        }
        assert_eq!(waits[..4], [30, 60, 120, 240]);
        assert_eq!(waits.last(), Some(&600));
    }
}
