//! Plans that wait to be applied.
//!
//! An id is random. It counts for the user and the repository that it was made for, for 15 minutes, and once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use gto::{Plan, WriteOptions};

use crate::auth::actor::Actor;

/// So long a plan can be applied.
pub const LIFE: Duration = Duration::from_secs(15 * 60);
/// More plans are not kept: the oldest goes.
const MOST: usize = 1000;

/// Plans that wait.
#[derive(Default)]
pub struct Plans(Mutex<HashMap<String, Waiting>>);

/// A plan that waits.
pub struct Waiting {
    /// Who asked for it.
    pub actor: Actor,
    /// The id of its repository.
    pub repo: String,
    pub plan: Plan,
    /// What a person would type for it.
    pub command: String,
    pub options: WriteOptions,
    pub made: Instant,
}

impl Waiting {
    fn is_of(&self, actor: &Actor, repo: &str) -> bool {
        self.actor == *actor && self.repo == repo && self.made.elapsed() < LIFE
    }
}

impl Plans {
    /// Keeps a plan.
    pub fn keep(&self, id: String, waiting: Waiting) {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|_, waiting| waiting.made.elapsed() < LIFE);
        while plans.len() >= MOST {
            let oldest = plans.iter().min_by_key(|(_, waiting)| waiting.made).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            plans.remove(&oldest);
        }
        plans.insert(id, waiting);
    }

    /// Takes a plan out, if it is this actor's.
    pub fn take(&self, id: &str, actor: &Actor, repo: &str) -> Option<Waiting> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plans.get(id).filter(|waiting| waiting.is_of(actor, repo))?;
        plans.remove(id)
    }

    /// A plan that waits, and its command, if it is this actor's.
    pub fn look_at(&self, id: &str, actor: &Actor, repo: &str) -> Option<(Plan, String)> {
        let plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = plans.get(id).filter(|waiting| waiting.is_of(actor, repo))?;
        Some((waiting.plan.clone(), waiting.command.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(user: &str, repo: &str) -> Waiting {
        let (plan, options) = (Plan::default(), WriteOptions::default());
        Waiting {
            actor: Actor::User(user.into()),
            repo: repo.to_owned(),
            plan,
            command: String::new(),
            options,
            made: Instant::now(),
        }
    }

    #[test]
    fn a_plan_is_of_one_user_and_one_repository_and_is_applied_once() {
        let plans = Plans::default();
        plans.keep("id".to_owned(), waiting("ada", "models"));
        let (ada, eve) = (Actor::User("ada".into()), Actor::User("eve".into()));
        assert!(
            plans.take("id", &eve, "models").is_none()
                && plans.take("id", &Actor::Holder, "models").is_none()
        );
        assert!(
            plans.look_at("id", &eve, "models").is_none() && plans.look_at("id", &ada, "models").is_some()
        );
        assert!(plans.take("id", &ada, "data").is_none() && plans.take("x", &ada, "models").is_none());
        assert!(plans.take("id", &ada, "models").is_some());
        assert!(plans.take("id", &ada, "models").is_none());
    }

    #[test]
    fn plans_are_bounded_and_expire() {
        let plans = Plans::default();
        for number in 0..MOST + 5 {
            plans.keep(number.to_string(), waiting("ada", "models"));
        }
        assert_eq!(plans.0.lock().unwrap().len(), MOST);
        let Some(made) = Instant::now().checked_sub(LIFE) else { return };
        plans.keep("old".to_owned(), Waiting { made, ..waiting("ada", "models") });
        assert!(plans.take("old", &Actor::User("ada".into()), "models").is_none());
    }
}
