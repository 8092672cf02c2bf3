//! The moment of which a page shows the registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use gto::Registry;
use gto::annotation::{Sourced, nearest};
use gto::name::ArtifactName;
use gto::object_id::ObjectId;
use gto::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::state::picture::Picture;
use crate::view::params::Params;

/// The moment: now, or a time of before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Moment {
    /// As it was asked for.
    #[schema(required)]
    pub at: Option<String>,
    /// The last second that counts.
    #[schema(required, value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

impl Moment {
    /// Reads `?at=`. Looks at repositories.
    pub fn read(app: &App, at: Option<&str>) -> Result<Self, Failure> {
        let Some(at) = at else { return Ok(Self::default()) };
        let pictures = app.repositories.iter().map(|repository| repository.picture());
        let mut registries = pictures.filter_map(|picture| picture.registry.clone()).peekable();
        let is_commit = at.len() >= 7 && at.len() <= 64 && at.bytes().all(|b| b.is_ascii_hexdigit());
        let found = if is_commit {
            registries.find_map(|registry| registry.time_of_reachable_commit(at).ok().flatten())
        } else {
            registries.peek().and_then(|registry| registry.end_date(at).ok())
        };
        let until = found.ok_or_else(|| {
            let shown = at.escape_debug();
            Failure::invalid(format!("'{shown}' is neither a time nor a commit of a branch or tag"))
                .hint("as in `?at=2026-11-24`, `?at=2026-11-24T05:39:01Z` or `?at=COMMIT`")
        })?;
        Ok(Self { at: Some(at.to_owned()), until: Some(until) })
    }

    /// What the files of the current branch said of all artifacts.
    pub fn annotations(&self, picture: &Picture) -> Arc<BTreeMap<ArtifactName, Sourced>> {
        let Some((registry, commit)) = self.then(picture) else { return Arc::clone(&picture.annotations) };
        let found = commit.and_then(|commit| registry.all_annotations(Some(&commit.to_string())).ok());
        Arc::new(found.map(|answer| answer.value.into_iter().collect()).unwrap_or_default())
    }

    /// What they said of one.
    pub fn annotation_of(&self, picture: &Picture, name: &ArtifactName) -> Option<Sourced> {
        let Some((registry, commit)) = self.then(picture) else {
            return picture.annotations.get(name).cloned();
        };
        nearest(&registry.annotations_of(name, Some(commit?))).cloned()
    }

    /// The commit that the current branch was at, if it had one; `None` if that is the one that the picture is of.
    fn then<'p>(&self, picture: &'p Picture) -> Option<(&'p Registry, Option<ObjectId>)> {
        let second = self.seconds()?;
        let (registry, head) = picture.registry.as_deref().zip(picture.head)?;
        let commit = registry.commit_at(head, second).ok().flatten();
        (commit != Some(head)).then_some((registry, commit))
    }

    /// Refuses a moment, where an answer is always of now.
    pub fn none(params: &Params) -> Result<(), Failure> {
        match params.get("at") {
            None => Ok(()),
            Some(_) => Err(Failure::invalid("This is always of now: it is not known how it was `at` a time")
                .hint("leave out `at`; `/` and `/activity` show the registry as it was")),
        }
    }

    /// The last second that counts.
    pub fn seconds(&self) -> Option<i64> {
        self.until.map(Timestamp::seconds)
    }
}
