//! The time of a pushed tag against the clock of the server that gets it.

use crate::event::{Event, sort_events};

use super::judge::Judge;
use super::judgement::{Check, Condition, Outcome, Remedy};
use super::rule::{Place, Policy};

impl Judge<'_> {
    /// The checks of a tag's time against the clock of the server that gets it. `known` is the newest event that was there.
    pub fn clock_checks(policy: &Policy, event: &Event, known: Option<&Event>, now: i64) -> Vec<Check> {
        let seconds = event.tagger.time.seconds();
        let mut checks = Vec::new();
        let mut add = |wanted: String, found: Option<String>| {
            let outcome = found.map_or_else(
                || Outcome::Fulfilled("its time fits".to_owned()),
                |found| Outcome::Violated(found, Remedy::MakeAnew),
            );
            let condition = Condition::Clock;
            checks.push(Check { rule: Place::DEFAULT, stage: None, condition, wanted, outcome });
        };
        let (ahead, behind) = (seconds.saturating_sub(now), now.saturating_sub(seconds));
        let ahead = (ahead > Policy::MAX_AHEAD).then(|| format!("it is {ahead} s ahead"));
        add("a tag at most 10 minutes ahead of the server's clock".to_owned(), ahead);
        let is_old = behind > policy.max_age.as_seconds();
        let behind = is_old.then(|| format!("it is {} behind", super::Span::seconds(behind)));
        add(format!("a tag at most {} behind the server's clock (max_age)", policy.max_age), behind);
        if let Some(known) = known {
            let newest = |events: Vec<Event>| sort_events(events).pop().map(|event| event.tag);
            let is_before = newest(vec![known.clone(), event.clone()]).as_ref() != Some(&event.tag);
            let found = is_before.then(|| format!("it is dated before '{}'", known.tag));
            add("a tag that comes after the artifact's newest event".to_owned(), found);
        }
        checks
    }
}
