//! Which artifacts are not what they were at their last version.
//!
//! Owns the comparison, and the plans that follow from it. See `content` for the fingerprint of an artifact's content.

pub(super) mod content;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::author::Author;
use crate::damage::DamagedTag;
use crate::error::{Error, Result};
use crate::git::Want;
use crate::name::ArtifactName;
use crate::object_id::ObjectId;
use crate::plan::{Plan, Unchanged, Warning};
use crate::query::AnnotatedAt;
use crate::registry::annotations::commits::{counting, folder_of};
use crate::registry::changes::content::Contents;
use crate::registry::read::damage;
use crate::registry::read::whole::Annotated;
use crate::registry::{Answer, Registry};
use crate::rules::Registering;
use crate::state::{Artifact, VersionView};
use crate::tag::TagName;
use crate::version::VersionLabel;

/// How an artifact compares to its last version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArtifactChange {
    /// The artifact.
    pub artifact: ArtifactName,
    /// The version that it is the same as; else its highest active one, if it has one.
    pub version: Option<VersionLabel>,
    /// Whether the version that it is the same as was deregistered.
    pub withdrawn: bool,
    /// Its current path, relative to the root of the repository.
    pub path: Option<String>,
    /// How it compares.
    pub state: Change,
    /// Why that is not known.
    pub reason: Option<String>,
}

/// How an artifact compares to its last version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It has no version yet.
    New,
    /// It is another.
    Changed,
    /// It is the same.
    Same,
    /// Its content, or a part of it, has no hash: it may have changed.
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

impl ArtifactChange {
    fn unchanged(self) -> Option<Unchanged> {
        let Self { artifact, version, withdrawn, .. } = self;
        Some(Unchanged { artifact, version: version?, withdrawn })
    }
}

/// What an artifact is compared with.
#[derive(Default)]
struct Versions {
    /// Its highest active version.
    highest: Option<Version>,
    /// Others that nothing is registered instead of: those on the current commit, and those that were deregistered above the
    /// highest.
    others: Vec<Version>,
}

struct Version {
    label: VersionLabel,
    commit: ObjectId,
    is_withdrawn: bool,
}

impl Version {
    fn is_it(&self, change: ArtifactChange) -> ArtifactChange {
        let (version, withdrawn) = (Some(self.label.clone()), self.is_withdrawn);
        ArtifactChange { state: Change::Same, version, withdrawn, ..change }
    }
}

impl Versions {
    fn all(&self) -> impl Iterator<Item = &Version> {
        self.highest.iter().chain(&self.others)
    }

    /// Those of an artifact, for a comparison at this commit.
    fn of(artifact: &Artifact, commit: ObjectId) -> Self {
        let mut versions = Self::default();
        for view in artifact.versions_listed().into_iter().filter(VersionView::is_registered) {
            let is_withdrawn = !view.is_active();
            let version = Version { label: view.label().clone(), commit: view.commit(), is_withdrawn };
            match (is_withdrawn, versions.highest.is_some()) {
                (false, false) => versions.highest = Some(version),
                (_, true) if version.commit != commit => {}
                _ => versions.others.push(version),
            }
        }
        versions
    }
}

impl Registry {
    /// How every annotated artifact compares to its last version at the current commit, by name; deprecated ones are left out.
    pub fn all_changes(&self) -> Result<Answer<Vec<ArtifactChange>>> {
        let head = self.repository.head_commit()?.ok_or_else(|| self.repository.no_head())?;
        let mut files = self.files()?;
        let versions = |artifact: Artifact| {
            let name = artifact.name().clone();
            (name, artifact.is_active().then(|| Versions::of(&artifact, head)))
        };
        let annotated = Annotated::Too(&mut files, AnnotatedAt::Head);
        let (artifacts, mut warnings) = self.each_artifact(Want::NoMessages, annotated, versions)?;
        let versions: HashMap<ArtifactName, Option<Versions>> = artifacts.into_iter().collect();
        let mut contents = Contents::new(self, files);
        let mut names: BTreeSet<ArtifactName> = contents.files.names(head).into_iter().collect();
        for file in contents.files.all(head) {
            let (left_out, sentences) = file.left_out();
            names.extend(left_out);
            if !sentences.is_empty() {
                // Which artifacts it would name is not known; those of before are some of them.
                names.extend(hidden_by(&mut contents, file.folder(), &versions));
            }
            warnings.extend(sentences.into_iter().map(|text| Warning::Annotation { text }));
        }
        let new = Versions::default();
        let mut changes = Vec::new();
        for name in names {
            // A deprecated one is out of use.
            if let Some(versions) = versions.get(&name).map_or(Some(&new), Option::as_ref) {
                changes.push(compare(&mut contents, &name, head, versions));
            }
        }
        Ok(Answer { value: changes, warnings: self.also_unfetched(warnings) })
    }

    /// The artifacts that the current commit annotates.
    pub(in crate::registry) fn annotated_now(&self) -> Result<Vec<ArtifactName>> {
        let head = self.repository.head_commit()?.ok_or_else(|| self.repository.no_head())?;
        Ok(self.files()?.names(head))
    }

    /// How an artifact at the commit that `revision` names compares to its last version.
    pub fn change(&self, name: &ArtifactName, revision: &str) -> Result<ArtifactChange> {
        let commit = self.repository.resolve(revision)?;
        let scan = self.scan(name, Want::NoMessages)?;
        damage::refuse(self.damaged(&scan))?;
        let versions = Versions::of(&Artifact::from_events(name.clone(), scan.events), commit);
        Ok(compare(&mut Contents::new(self, self.files()?), name, commit, &versions))
    }

    /// Plans to register a version, if the artifact is not what it was at its last one; else a plan of nothing.
    pub(in crate::registry) fn plan_register_if_changed(
        &self,
        name: &ArtifactName,
        revision: &str,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        let change = self.change(name, revision)?;
        match change.state {
            Change::Same => {
                let warnings = self.ambiguity(revision).into_iter().collect();
                Ok(Plan { unchanged: change.unchanged().into_iter().collect(), warnings, ..Plan::default() })
            }
            Change::Unknown => {
                let reason = change.reason.unwrap_or_default();
                Err(Error::CannotCompare { artifact: change.artifact, reason })
            }
            Change::New | Change::Changed => self.plan_register(name, revision, wish, author),
        }
    }

    /// Plans to register the next version of each annotated artifact that is not what it was at its last one, on the current
    /// commit. What cannot be compared is left out, with a warning.
    pub(in crate::registry) fn plan_register_changed(
        &self,
        wish: &Registering,
        author: &Author,
    ) -> Result<Plan> {
        let Answer { value: changes, warnings } = self.all_changes()?;
        let is_concerned = |tag: &&DamagedTag| {
            let artifact = tag.name.parse::<TagName>().ok().map(|name| name.artifact);
            changes.iter().any(|change| Some(&change.artifact) == artifact.as_ref())
        };
        damage::refuse(damage::damaged_in(&warnings).iter().filter(is_concerned).cloned().collect())?;
        let mut plan = Plan { warnings, ..Plan::default() };
        for change in changes {
            match change.state {
                Change::Same => plan.unchanged.extend(change.unchanged()),
                Change::Unknown => {
                    let (artifact, reason) = (change.artifact, change.reason.unwrap_or_default());
                    let text = format!("'{artifact}' is left out: {reason}");
                    plan.warnings.push(Warning::Annotation { text });
                }
                Change::New | Change::Changed => {
                    plan.join(self.plan_register(&change.artifact, "HEAD", wish, author)?);
                }
            }
        }
        Ok(plan)
    }
}

/// The artifacts in use that a file in `folder` may name if it could be read: those whose highest version it named.
fn hidden_by(
    contents: &mut Contents<'_>,
    folder: &str,
    versions: &HashMap<ArtifactName, Option<Versions>>,
) -> Vec<ArtifactName> {
    let mut hidden = Vec::new();
    for (name, versions) in versions.iter().filter(|(name, _)| folder_of(name) == folder) {
        let highest = versions.as_ref().and_then(|versions| versions.highest.as_ref());
        if highest.is_some_and(|highest| !contents.files.of(highest.commit, name).is_empty()) {
            hidden.push(name.clone());
        }
    }
    hidden
}

/// How an artifact at a commit compares to its versions.
fn compare(
    contents: &mut Contents<'_>,
    name: &ArtifactName,
    commit: ObjectId,
    versions: &Versions,
) -> ArtifactChange {
    let none = || "no path of it is annotated".to_owned();
    // Without an annotation, there is no path; an annotation must have one.
    let path_at = |contents: &mut Contents<'_>, commit| {
        let found = counting(&contents.files.entries(commit, name), name).map_err(|why| why.join("; "))?;
        let Some(found) = found else { return Ok(None) };
        found.annotation.path.filter(|path| !path.is_empty()).ok_or_else(none).map(Some)
    };
    let path = path_at(contents, commit).and_then(|path| path.ok_or_else(none));
    let change = ArtifactChange {
        artifact: name.clone(),
        version: None,
        withdrawn: false,
        path: path.clone().ok(),
        state: Change::Unknown,
        reason: None,
    };
    let highest = || versions.highest.as_ref().map(|version| version.label.clone());
    // At one commit it is one thing, whether that is known or not.
    if let Some(same) = versions.all().find(|version| version.commit == commit) {
        return same.is_it(change);
    }
    let content = match path.clone().and_then(|path| contents.content(commit, &path)) {
        Ok(content) => content,
        Err(why) => return ArtifactChange { version: highest(), reason: Some(why), ..change },
    };
    let is_same = |version: &&Version| {
        let before = path_at(contents, version.commit).and_then(|before| before.map_or(path.clone(), Ok));
        before.and_then(|path| contents.content(version.commit, &path)).is_ok_and(|before| before == content)
    };
    if let Some(same) = versions.all().find(is_same) {
        return same.is_it(change);
    }
    let is_new = versions.highest.is_none() && versions.others.is_empty();
    let state = if is_new { Change::New } else { Change::Changed };
    ArtifactChange { state, version: highest(), ..change }
}
