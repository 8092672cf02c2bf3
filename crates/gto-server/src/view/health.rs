//! Whether the repositories can be read, and since when not.

use std::sync::Arc;

use gto::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::state::findings::FoundWrong;
use crate::state::picture::Failing;

/// The state of all repositories.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    pub repositories: Vec<RepositoryHealth>,
}

/// The state of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryHealth {
    #[schema(value_type = String)]
    pub id: Arc<str>,
    /// Where it is, without passwords.
    pub source: String,
    pub artifacts: usize,
    /// When it was last seen.
    #[schema(required, value_type = Option<String>)]
    pub seen_at: Option<Timestamp>,
    #[schema(required)]
    pub failing: Option<Failing>,
    /// Whether the system says when it changes; if not, it is looked at regularly.
    pub watched: bool,
    /// In how many seconds at most a change is seen where the system does not say so.
    pub seen_within: u64,
    /// Why answers may be less than expected.
    pub warnings: Vec<String>,
    /// What `gto doctor` finds.
    #[schema(value_type = Vec<FoundWrong>)]
    pub findings: Arc<Vec<FoundWrong>>,
}

impl Health {
    /// As it is now.
    pub fn new(app: &App) -> Self {
        let health = |repository: &Arc<crate::state::repository::ServedRepository>| {
            let picture = repository.picture();
            RepositoryHealth {
                id: Arc::clone(&repository.id),
                source: repository.shown_source(),
                artifacts: picture.rows.len(),
                seen_at: picture.seen_at,
                failing: repository.failing(),
                watched: picture.is_watched,
                seen_within: repository.due_in().max(app.settings.refresh.as_secs()),
                findings: repository.findings(),
                warnings: picture.snapshot.warnings().iter().map(ToString::to_string).collect(),
            }
        };
        let mut repositories: Vec<RepositoryHealth> = app.repositories.iter().map(health).collect();
        // What needs somebody comes first.
        repositories.sort_by_key(|one| (one.failing.is_none(), one.findings.is_empty()));
        Self { repositories }
    }
}
