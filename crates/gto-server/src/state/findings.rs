//! What `gto doctor` finds in a repository, kept until the repository changes.

use std::sync::{Arc, Mutex, PoisonError};

use gto_frontend::reports::doctor::Place;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::picture::Picture;

/// More findings of a repository are not shown.
const MOST: usize = 200;

/// Something that is wrong in a repository.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FoundWrong {
    #[schema(value_type = String)]
    pub id: &'static str,
    #[schema(value_type = String)]
    pub severity: &'static str,
    pub message: String,
    pub tags: Vec<String>,
    /// Commands that fix it.
    pub fix: Vec<String>,
}

/// The findings at one state of the repository.
#[derive(Default)]
pub struct Findings(Mutex<Option<(u64, Arc<Vec<FoundWrong>>)>>);

impl Findings {
    /// What is wrong. Looks at the repository if it is another since the last time; others wait for that.
    pub fn get(&self, picture: &Picture, source: &str) -> Arc<Vec<FoundWrong>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((serial, found)) = &*kept
            && *serial == picture.serial
        {
            return Arc::clone(found);
        }
        let found = Arc::new(look(picture, source).unwrap_or_default());
        *kept = Some((picture.serial, Arc::clone(&found)));
        found
    }
}

fn look(picture: &Picture, source: &str) -> Option<Vec<FoundWrong>> {
    let registry = picture.registry.as_ref()?;
    let examination = registry.examine(&[]).ok()?;
    let place = Place::new(registry, source);
    let found = examination.findings.into_iter().take(MOST).map(|finding| FoundWrong {
        id: finding.check.id(),
        severity: finding.check.severity().word(),
        fix: finding.fix.iter().take(3).map(|command| place.command_line(command)).collect(),
        message: finding.message,
        tags: finding.tags.into_iter().take(10).collect(),
    });
    Some(found.collect())
}
