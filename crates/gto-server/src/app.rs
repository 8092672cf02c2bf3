//! What every answer needs.

use std::sync::Arc;

use axum::http::StatusCode;
use gto::environment::Environment;

use crate::api::answers::Answers;
use crate::auth::guard::Guard;
use crate::config::settings::Settings;
use crate::counts::Counts;
use crate::failure::Failure;
use crate::state::live::Live;
use crate::state::refresher::Refresher;
use crate::state::repository::ServedRepository;
use crate::turns::Turns;
use crate::write::waiting::Plans;

/// What every answer needs; a clone is cheap.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts.
pub struct Parts {
    pub settings: Settings,
    pub repositories: Vec<Arc<ServedRepository>>,
    pub live: Arc<Live>,
    pub refresher: Refresher,
    pub guard: Guard,
    pub environment: Environment,
    pub answers: Answers,
    pub plans: Plans,
    pub turns: Turns,
    pub counts: Counts,
    /// Differs between two runs of the server.
    pub run: String,
}

impl App {
    /// Of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Grows with each change of what any repository says.
    pub fn stamp(&self) -> u64 {
        self.repositories.iter().map(|repository| repository.serial()).sum()
    }

    /// A repository by its id.
    pub fn repository(&self, id: &str) -> Option<&Arc<ServedRepository>> {
        self.repositories.iter().find(|repository| *repository.id == *id)
    }

    /// A repository that was read. The hints say where to find which there are, and why one was not read.
    pub fn read_repository(
        &self,
        id: &str,
        which: &str,
        why: &str,
    ) -> Result<Arc<ServedRepository>, Failure> {
        let repository = self.repository(id).cloned().ok_or_else(|| {
            Failure::not_found(format!("No repository is called '{}' here", id.escape_debug())).hint(which)
        })?;
        if repository.picture().serial == 0 {
            let detail = format!("The repository '{}' was not read yet", repository.id);
            return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, detail).hint(why));
        }
        Ok(repository)
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
