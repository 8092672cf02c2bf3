//! Whether the repositories can be read, and since when not.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use gto::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::state::findings::{FindingsOf, FoundWrong};
use crate::state::picture::Failing;
use crate::state::repository::ServedRepository;

/// So long an answer waits for what is being looked for.
const PATIENCE: Duration = Duration::from_millis(300);

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
    /// Of which state of the repository they are.
    pub findings_of: FindingsOf,
    /// When they were found.
    #[schema(required, value_type = Option<String>)]
    pub examined_at: Option<Timestamp>,
    /// Why it could not be examined: what is wrong is not known then.
    #[schema(required)]
    pub examination_failed: Option<String>,
}

impl Health {
    /// As it is now. What was not examined yet is from now on, beside.
    pub fn new(app: &App) -> Self {
        wait_for_findings(app);
        let health = |repository: &Arc<ServedRepository>| {
            let (picture, known) = (repository.picture(), repository.findings());
            RepositoryHealth {
                id: Arc::clone(&repository.id),
                source: repository.shown_source(),
                artifacts: picture.rows.len(),
                seen_at: picture.seen_at,
                failing: repository.failing(),
                watched: picture.is_watched,
                seen_within: repository.due_in().max(app.settings.refresh.as_secs()),
                findings: known.found,
                findings_of: known.of,
                examined_at: known.at,
                examination_failed: known.problem,
                warnings: picture.snapshot.warnings().iter().map(ToString::to_string).collect(),
            }
        };
        let mut repositories: Vec<RepositoryHealth> = app.repositories.iter().map(health).collect();
        // What needs somebody comes first.
        repositories.sort_by_key(|one| {
            (one.failing.is_none(), one.examination_failed.is_none(), one.findings.is_empty())
        });
        Self { repositories }
    }

    /// Whether more is known soon.
    pub fn is_pending(&self) -> bool {
        self.repositories.iter().any(RepositoryHealth::is_pending)
    }
}

impl RepositoryHealth {
    /// Whether what is wrong in it is being looked for.
    pub fn is_pending(&self) -> bool {
        self.findings_of != FindingsOf::Now && self.failing.is_none() && self.seen_at.is_some()
    }
}

/// Has examined what was not, and waits a little: of most repositories all is known then.
fn wait_for_findings(app: &App) {
    let start = Instant::now();
    for repository in app.repositories.iter().filter(|repository| repository.is_examined_long_ago()) {
        app.refresher.examine(repository);
    }
    loop {
        let missing = app.repositories.iter().filter(|repository| !repository.is_examined());
        let missing = missing.inspect(|repository| app.refresher.examine(repository)).count();
        if missing == 0 || start.elapsed() > PATIENCE {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
