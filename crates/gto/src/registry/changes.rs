//! Which artifacts are not what they were at their last version.
//!
//! Owns the comparison, and the plans that follow from it. What stands for the content of an artifact is `contents`' business.

use std::collections::HashMap;

use serde::Serialize;

use super::contents::Contents;
use super::reading::Annotated;
use super::{Answer, Author, Registry};
use crate::annotation::nearest;
use crate::error::{Error, Result};
use crate::git::Want;
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::plan::{Plan, Warning};
use crate::query::AnnotatedAt;
use crate::rules::Registering;
use crate::state::Artifact;
use crate::version::VersionLabel;

/// How an artifact compares to its last version.
#[derive(Debug, ::core::clone::Clone, PartialEq, Eq, Serialize)]
pub struct ArtifactChange {
    /// The artifact.
    pub artifact: ArtifactName,
    /// Its highest active version, if it has one.
    pub version: Option<VersionLabel>,
    /// Where it lies now, from the root of the repository.
    pub path: Option<String>,
    /// How it compares.
    pub state: Change,
    /// Why that is not known.
    pub reason: Option<String>,
}

/// How an artifact compares to its last version.
#[derive(Debug, ::core::clone::Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It has no version yet.
    New,
    /// It is another.
    Changed,
    /// It is the same.
    Same,
    /// Nothing stands for its content, or for a part of it: it may be another.
    Unknown,
}

impl Change {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Unknown => "unknown",
        }
    }
}

/// The last version of an artifact, and where.
type Last = (VersionLabel, ObjectId);

impl Registry {
    /// How every annotated artifact compares to its last version at the current commit, by name; deprecated ones are left out.
    pub fn all_changes(&self) -> Result<Answer<Vec<ArtifactChange>>> {
        let Some(head) = self.repository.head_commit()? else { return Err(Error::NoCommit) };
        let mut files = self.files();
        let last = |artifact: Artifact| {
            let is_active = artifact.is_active();
            is_active.then(|| (artifact.name().clone(), last_version(&artifact)))
        };
        let annotated = Annotated::Too(&mut files, AnnotatedAt::Head);
        let (artifacts, warnings) = self.each_artifact(Want::NoMessages, annotated, last)?;
        let mut contents = Contents::new(self, files);
        let last: HashMap<ArtifactName, Option<Last>> = artifacts.into_iter().flatten().collect();
        let mut names = contents.files.names(head);
        names.sort();
        let change =
            |name: ArtifactName| Some(compare(&mut contents, &name, head, last.get(&name)?.as_ref()));
        let changes = names.into_iter().filter_map(change).collect();
        Ok(Answer { value: changes, warnings: self.also_unfetched(warnings) })
    }

    /// The artifacts that the current commit annotates.
    pub(super) fn annotated_now(&self) -> Result<Vec<ArtifactName>> {
        let head = self.repository.head_commit()?.ok_or(Error::NoCommit)?;
        Ok(self.files().names(head))
    }

    /// How an artifact at the commit that `revision` names compares to its last version.
    pub fn change(&self, name: &ArtifactName, revision: &str) -> Result<ArtifactChange> {
        let commit = self.repository.resolve(revision)?;
        let scan = self.scan(name, Want::NoMessages)?;
        let last = last_version(&Artifact::from_events(name.clone(), scan.events));
        Ok(compare(&mut Contents::new(self, self.files()), name, commit, last.as_ref()))
    }

    /// As [`Registry::plan_register`], if the artifact is not what it was at its last version; else a plan of nothing.
    ///
    /// # Errors
    /// [`Error::CannotCompare`], or those of [`Registry::plan_register`].
    pub fn plan_register_if_changed(
        &self,
        name: &ArtifactName,
        revision: &str,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        let ArtifactChange { artifact, version, state, reason, .. } = self.change(name, revision)?;
        match (state, version) {
            (Change::Same, Some(version)) => {
                Ok(Plan { unchanged: vec![(artifact, version)], ..Plan::default() })
            }
            (Change::Unknown, _) => {
                Err(Error::CannotCompare { artifact, reason: reason.unwrap_or_default() })
            }
            _ => self.plan_register(name, revision, wish, author),
        }
    }

    /// Plans to register the next version of each annotated artifact that is not what it was at its last one, on the current
    /// commit. What cannot be compared is left out, with a warning.
    ///
    /// # Errors
    /// Those of [`Registry::plan_register`].
    pub fn plan_register_all_changed(&self, wish: &Registering, author: &Author) -> Result<Plan> {
        let Answer { value: changes, warnings } = self.all_changes()?;
        let mut plan = Plan { warnings, ..Plan::default() };
        for ArtifactChange { artifact, version, state, reason, .. } in changes {
            match (state, version) {
                (Change::Same, Some(version)) => plan.unchanged.push((artifact, version)),
                (Change::Unknown, _) => {
                    let reason = reason.unwrap_or_default();
                    plan.warnings
                        .push(Warning::Annotation { text: format!("'{artifact}' is left out: {reason}") });
                }
                _ => plan.join(self.plan_register(&artifact, "HEAD", wish, author)?),
            }
        }
        Ok(plan)
    }
}

fn last_version(artifact: &Artifact) -> Option<Last> {
    artifact.latest().map(|version| (version.label().clone(), version.commit()))
}

/// How an artifact at a commit compares to its last version.
fn compare(
    contents: &mut Contents<'_>,
    name: &ArtifactName,
    commit: ObjectId,
    last: Option<&Last>,
) -> ArtifactChange {
    let path_at = |contents: &mut Contents<'_>, commit| {
        nearest(&contents.files.of(commit, name)).and_then(|found| found.annotation.path.clone())
    };
    let path = path_at(contents, commit);
    let content = match &path {
        None => Err("no path of it is annotated".to_owned()),
        Some(path) => contents.content(commit, path),
    };
    let (state, reason) = match (content, last) {
        (Err(reason), _) => (Change::Unknown, Some(reason)),
        (Ok(_), None) => (Change::New, None),
        (Ok(content), Some((_, at))) => {
            let before = path_at(contents, *at).or_else(|| path.clone());
            let before = before.and_then(|path| contents.content(*at, &path).ok());
            (if before == Some(content) { Change::Same } else { Change::Changed }, None)
        }
    };
    let version = last.map(|(version, _)| version.clone());
    ArtifactChange { artifact: name.clone(), version, path, state, reason }
}
