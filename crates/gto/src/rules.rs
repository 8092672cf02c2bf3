//! The rules of writing: what may be done to an artifact, and the plan that does it.
//!
//! Pure functions of one artifact, what its tags are called, and the wish. They refuse or they plan; they
//! never write. The texts of refusals are the Python tool's where it has them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::plan::{Move, NewTag, OldTag, Plan, Step, Warning};
use crate::query::{active_stages, shown_in, shown_without};
use crate::reference::Selector;
use crate::signature::Signature;
use crate::stack::stack;
use crate::state::{Artifact, StageView, VersionView};
use crate::tag::{Action, TagName};
use crate::time::Timestamp;
use crate::version::{Bump, InvalidVersion, Version, VersionLabel};

/// A write that must not be done. Nothing was changed.
///
/// There will be more of them: see [`Error::kind`](crate::Error::kind).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A version and a bump, or two bumps.
    #[error("Need to specify either version or single bump argument")]
    VersionAndBump,
    /// A revision, and a version that is on a commit already.
    #[error("Either specify revision or use naming shortcut.")]
    RevisionAndShortcut,
    /// The commit has a version.
    #[error("'{artifact}' is already registered in this commit with version '{version}'")]
    RegisteredOnCommit {
        /// The artifact.
        artifact: ArtifactName,
        /// The version on the commit.
        version: VersionLabel,
    },
    /// The commit had a version, and can only have that one again.
    #[error("For this REF you can only register {version}")]
    OnlyVersionOnCommit {
        /// The version on the commit.
        version: VersionLabel,
    },
    /// The version is on another commit.
    #[error("Version '{version}' already was registered.")]
    VersionTaken {
        /// The version.
        version: Version,
        /// The commit it is on.
        commit: ObjectId,
    },
    /// A tag that is no event has the name of the version (decision D28).
    #[error("Version '{version}' is held by the tag '{tag}', which is no event")]
    VersionHeld {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
        /// The tag.
        tag: String,
    },
    /// The text is no version (`register`).
    #[error(transparent)]
    UnreadableVersion(#[from] InvalidVersion),
    /// The text is no version (everything else).
    #[error("Version '{version}' is not valid. Example of valid version: 'v1.0.0'")]
    InvalidVersion {
        /// The text.
        version: String,
    },
    /// There is no higher number.
    #[error("No version is left after '{version}': a number in it cannot be raised")]
    NoNextVersion {
        /// The highest version.
        version: Version,
    },
    /// A name for a new version makes no sense when none is to be registered.
    #[error("You either need to supply version name or skip registration")]
    VersionAndSkip,
    /// A stage that the configuration does not allow.
    #[error("Allowed stages are: '{}'", python_list(allowed))]
    StageNotAllowed {
        /// The stage.
        stage: StageName,
        /// The allowed ones.
        allowed: Vec<StageName>,
    },
    /// Nothing to assign.
    #[error("Version '{version}' is not registered")]
    NotRegistered {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
    },
    /// The version is out of use (decision D7).
    #[error("Version '{version}' of artifact '{artifact}' is deregistered, nothing can be assigned to it")]
    Deregistered {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: VersionLabel,
        /// The commit it is on.
        commit: ObjectId,
    },
    /// The commit has another version.
    #[error("Can't register '{wanted}', since '{version}' is registered already at this ref")]
    OtherVersionOnCommit {
        /// The requested version.
        wanted: Version,
        /// The version on the commit.
        version: VersionLabel,
    },
    /// Nothing would change.
    #[error(
        "Version '{version}' is already in stage '{stage}'. Use the '--force' flag to create a new Git tag nevertheless."
    )]
    AlreadyInStage {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: VersionLabel,
        /// The stage.
        stage: StageName,
    },
    /// The artifact is deprecated, so that its stages show nothing.
    #[error("Artifact '{artifact}' is deprecated")]
    Deprecated {
        /// The artifact.
        artifact: ArtifactName,
    },
    /// The stage shows nothing.
    #[error("Nothing is in stage '{stage}' of artifact '{artifact}'")]
    NothingInStage {
        /// The artifact.
        artifact: ArtifactName,
        /// The stage.
        stage: StageName,
    },
    /// The artifact has no registered version in use.
    #[error("Artifact '{artifact}' has no version that is in use")]
    NoLatest {
        /// The artifact.
        artifact: ArtifactName,
    },
    /// The stage shows another version than was expected.
    #[error("Stage '{stage}' of artifact '{artifact}' shows {}, not '{expected}'", shown(found.as_ref()))]
    OtherInStage {
        /// The artifact.
        artifact: ArtifactName,
        /// The stage.
        stage: StageName,
        /// The version that should be there.
        expected: Version,
        /// What is there; `None` for nothing.
        found: Option<VersionLabel>,
    },
    /// The stage has no version to go back to.
    #[error(
        "No earlier version is left in stage '{stage}' of artifact '{artifact}', which shows '{version}'"
    )]
    NoEarlierVersion {
        /// The artifact.
        artifact: ArtifactName,
        /// The stage.
        stage: StageName,
        /// What it shows.
        version: VersionLabel,
    },
    /// The version to go back to was never in the stage.
    #[error("Version '{version}' of artifact '{artifact}' was never in stage '{stage}'")]
    NeverInStage {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
        /// The stage.
        stage: StageName,
    },
    /// Nothing to unassign (decision D8 if it once was).
    #[error("Stage '{stage}' is not assigned to a version '{version}'")]
    NotInStage {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: VersionLabel,
        /// The stage.
        stage: StageName,
    },
    /// No such artifact.
    #[error("Cannot find artifact '{name}'")]
    ArtifactNotFound {
        /// Its name, as typed.
        name: String,
    },
    /// No such version.
    #[error("No versions found for '{artifact}'")]
    VersionNotFound {
        /// The artifact.
        artifact: ArtifactName,
        /// The requested version.
        version: Version,
    },
    /// The version was never registered.
    #[error("The version at ref '{commit}' is not registered")]
    NeverRegistered {
        /// Its commit.
        commit: ObjectId,
    },
    /// The version is deregistered.
    #[error("The version at ref '{commit}' was deregistered already")]
    DeregisteredAlready {
        /// Its commit.
        commit: ObjectId,
    },
    /// `--force` cannot conjure up a version.
    #[error("Can't deregister a version that have no git tags")]
    NoTags,
    /// A forced deprecation needs a counter.
    #[error("Can't use 'force' with 'simple=True'")]
    ForceWithSimple,
    /// The artifact is deprecated.
    #[error("Artifact was deprecated already")]
    DeprecatedAlready,
    /// The name is taken and `--simple true` allows no counter.
    #[error("tag '{name}' already exists")]
    TagExists {
        /// The tag.
        name: String,
    },
    /// There is no tag of that name to delete.
    #[error("tag '{name}' is not found")]
    TagNotFound {
        /// The tag.
        name: String,
    },
    /// The name follows the grammar, yet Git allows no such tag.
    #[error("Invalid value '{value}'. Git allows no tag named '{tag}'")]
    NoSuchTagPossible {
        /// The artifact, version or stage that is not possible.
        value: String,
        /// The tag that would have to be made.
        tag: String,
    },
    /// The same person has approved this already.
    #[error(
        "Version '{version}' of artifact '{artifact}' is approved for stage '{stage}' already, by '{tag}'"
    )]
    ApprovedAlready {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
        /// The stage.
        stage: StageName,
        /// The approval.
        tag: String,
    },
    /// The same person has withdrawn this.
    #[error(
        "The approval of version '{version}' of artifact '{artifact}' for stage '{stage}' was withdrawn, by '{tag}'"
    )]
    ApprovalWithdrawn {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
        /// The stage.
        stage: StageName,
        /// The withdrawal.
        tag: String,
    },
    /// There is no approval of this person to take back.
    #[error("{approver} has not approved version '{version}' of artifact '{artifact}' for stage '{stage}'")]
    NotApproved {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
        /// The stage.
        stage: StageName,
        /// Whose approval was looked for.
        approver: String,
    },
    /// One version, several commits: ambiguous.
    #[error(
        "Version '{version}' of artifact '{artifact}' is registered on several commits: {}",
        shorts(commits)
    )]
    VersionOnSeveralCommits {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
        /// The commits.
        commits: Vec<ObjectId>,
    },
    /// Several versions, one commit: a stage tag there would mean another version (decision D4).
    #[error(
        "A stage tag for version '{version}' would count for version '{other}', which is on the same commit '{}'",
        commit.short()
    )]
    CommitWithSeveralVersions {
        /// The requested version.
        version: VersionLabel,
        /// The version that would get the stage.
        other: VersionLabel,
        /// The commit.
        commit: ObjectId,
    },
    /// A tag has the last second of the calendar, and no event can come after it.
    #[error("No time is left for artifact '{artifact}': a tag is dated at the end of all calendars")]
    NoTimeLeft {
        /// The artifact.
        artifact: ArtifactName,
    },
    /// A tag has the highest counter there is.
    #[error("No counter is left for artifact '{artifact}': a tag has the highest there is")]
    NoCounterLeft {
        /// The artifact.
        artifact: ArtifactName,
    },
}

fn python_list(stages: &[StageName]) -> String {
    let quoted: Vec<String> = stages.iter().map(|stage| format!("'{stage}'")).collect();
    format!("[{}]", quoted.join(", "))
}

fn shown(found: Option<&VersionLabel>) -> String {
    found.map_or_else(|| "nothing".to_owned(), |version| format!("'{version}'"))
}

fn shorts(commits: &[ObjectId]) -> String {
    commits.iter().map(|id| id.short().to_string()).collect::<Vec<_>>().join(", ")
}

/// Whether a tag gets a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// As the kind of event has it: stages with, everything else without unless the name is taken (D6, D23).
    #[default]
    Auto,
    /// Never.
    Omit,
    /// Always.
    Force,
}

/// How something is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Undo {
    /// By one more tag, so that the history stays.
    #[default]
    #[serde(rename = "tag")]
    ByTag,
    /// By deleting its tags.
    #[serde(rename = "delete")]
    ByDeletion,
}

/// The names of an artifact's tags, whatever they are: what is taken, and the counter.
#[derive(Debug, Clone, Default)]
pub struct TagInventory {
    /// All tags of the artifact, with what their refs point to.
    names: HashSet<String>,
    highest_counter: u64,
    /// Version numbers, with tags that have the names of their registrations and are no events (decision D28).
    held: Vec<(Version, String)>,
}

impl TagInventory {
    /// Notes a tag of the artifact.
    pub fn add(&mut self, name: &str, parsed: &TagName) {
        self.names.insert(name.to_owned());
        self.highest_counter = self.highest_counter.max(parsed.counter.unwrap_or(0));
    }

    /// Records that a tag is no event: it is lightweight or malformed. What it would register counts as used (decision
    /// D28). One that is damaged does not come here: nothing is written then (decision D27).
    pub fn hold(&mut self, name: &str, parsed: &TagName) {
        if let Action::Register(version) = &parsed.action {
            self.held.push((version.clone(), name.to_owned()));
        }
    }

    /// The tag that holds a version number without registering it.
    fn holder(&self, version: &Version) -> Option<&str> {
        self.held.iter().find(|(held, _)| held == version).map(|(_, tag)| tag.as_str())
    }
}

/// The time and the person of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The tagger's name.
    pub name: String,
    /// The tagger's address.
    pub email: String,
    /// The clock, with the local offset.
    pub now: Timestamp,
    /// The time in `GIT_COMMITTER_DATE`, used unchanged.
    pub date: Option<Timestamp>,
}

impl Writer {
    /// For plans that only delete, which need no signature.
    pub fn nobody(now: Timestamp) -> Self {
        Self { name: String::new(), email: String::new(), now, date: None }
    }
}

/// How far ahead of the clock a tag may be without a warning, in seconds (decision D3).
const CLOCK_TOLERANCE: i64 = 5 * 60;

/// The input of the rules.
#[derive(Debug)]
pub struct Rules<'a> {
    /// The artifact's name.
    pub name: &'a ArtifactName,
    /// Its state, if it has any.
    pub artifact: Option<&'a Artifact>,
    /// Its tags.
    pub inventory: &'a TagInventory,
    /// The stages that the configuration allows; `None` for all.
    pub allowed_stages: Option<&'a [StageName]>,
    /// Who writes, and when.
    pub writer: &'a Writer,
    /// Whether Git allows a tag of that name.
    pub is_valid_tag: fn(&str) -> bool,
}

/// The arguments of `register`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registering {
    /// The version, as typed.
    pub version: Option<String>,
    /// What to raise; at most one, and none with a version.
    pub bumps: Vec<Bump>,
    /// The tag's message.
    pub message: Option<String>,
    /// Whether the tag gets a counter.
    pub counter: Counter,
    /// Register what is registered already.
    pub force: bool,
    /// What is registered already is as it should be, and no refusal.
    pub exist_ok: bool,
}

/// The version for `assign`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignTarget {
    /// A registered version.
    Version(Version),
    /// The version that is selected at that time (decision D30).
    Selected(Selector),
    /// Whatever is on a commit, and if nothing is, a version that is registered there first.
    Commit {
        /// The commit.
        commit: ObjectId,
        /// What to call the version that is registered.
        version: Option<Version>,
        /// Register none: assign the bare commit.
        skip_registration: bool,
    },
}

/// How a tag is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TagWish {
    /// The tag's message.
    pub message: Option<String>,
    /// Whether the tag gets a counter.
    pub counter: Counter,
    /// Do what has no effect, too.
    pub force: bool,
    /// What is so already is as it should be, and no refusal.
    pub exist_ok: bool,
    /// Only if the stage that is assigned shows this version now.
    pub expect: Option<Version>,
}

/// With `exist_ok` an empty plan that says so, where a write is refused because all is as it was asked for: what is to be made
/// or taken back by a tag is so already, and what is to be deleted is not there.
pub fn unless_so(planned: Result<Plan, Refusal>, exist_ok: bool, undo: Undo) -> Result<Plan, Refusal> {
    match planned {
        Err(refusal) if exist_ok && refusal.is_so_already(undo) => {
            Ok(Plan { already: vec![refusal.state()], ..Plan::default() })
        }
        planned => planned,
    }
}

impl Refusal {
    /// Whether it refuses what would change nothing.
    fn is_so_already(&self, undo: Undo) -> bool {
        match self {
            Self::RegisteredOnCommit { .. }
            | Self::AlreadyInStage { .. }
            | Self::NotInStage { .. }
            | Self::NothingInStage { .. } => true,
            // By a tag: those of the past are kept.
            Self::DeregisteredAlready { .. } | Self::DeprecatedAlready => undo == Undo::ByTag,
            Self::ArtifactNotFound { .. } | Self::VersionNotFound { .. } => undo == Undo::ByDeletion,
            _ => false,
        }
    }

    /// How things are, without what to do about it.
    fn state(&self) -> String {
        match self {
            Self::ArtifactNotFound { name } => return format!("There is no artifact '{name}'"),
            Self::VersionNotFound { artifact, version } => {
                return format!("Artifact '{artifact}' has no version '{version}'");
            }
            _ => {}
        }
        let text = self.to_string();
        text.split_once(". ").map_or(text.clone(), |(state, _)| state.to_owned())
    }
}

impl Rules<'_> {
    /// Plans to register a version on `commit`.
    pub fn register(&self, commit: ObjectId, wish: &Registering) -> Result<Plan, Refusal> {
        let mut draft = Draft::new(self);
        let registered = draft.register(commit, wish);
        let is_meant = match (&registered, wish.version.as_deref()) {
            (Err(Refusal::RegisteredOnCommit { version, .. }), Some(wanted)) => version.to_string() == wanted,
            _ => true,
        };
        unless_so(registered.map(|_| draft.plan), wish.exist_ok && is_meant, Undo::ByTag)
    }

    /// Plans to assign `stage`.
    pub fn assign(&self, stage: &StageName, target: &AssignTarget, wish: &TagWish) -> Result<Plan, Refusal> {
        check_stage(self.allowed_stages, stage)?;
        let mut draft = Draft::new(self);
        let (label, commit) = match target {
            AssignTarget::Version(version) => self.assignable_version(version)?,
            AssignTarget::Selected(selector) => self.selected(selector)?,
            AssignTarget::Commit { commit, version, skip_registration } => {
                (self.version_on(*commit, version.as_ref(), *skip_registration, &mut draft)?, *commit)
            }
        };
        if !wish.force && self.is_shown(stage, &label, commit) {
            return Err(self.already_in(stage, label));
        }
        self.check_expected(stage, wish)?;
        let message = format!("Assigning stage {stage} to artifact {} version {label}", self.name);
        draft.create(Action::Assign(stage.clone()), Some(label), commit, message, wish)?;
        Ok(draft.plan)
    }

    /// Plans to assign to `stage` what it showed before: the version below the shown one in its [`stack`], or `to`.
    pub fn rollback(&self, stage: &StageName, to: Option<&Version>, wish: &TagWish) -> Result<Plan, Refusal> {
        check_stage(self.allowed_stages, stage)?;
        let (artifact, shown) = (self.in_use()?, self.shown(stage)?);
        let name = || self.name.clone();
        let to = match to {
            Some(version) => self.was_in(artifact, stage, version)?,
            None => stack(artifact, stage).get(1).copied().ok_or_else(|| Refusal::NoEarlierVersion {
                artifact: name(),
                stage: stage.clone(),
                version: shown.label().clone(),
            })?,
        };
        if to.is_same(&shown) && !wish.force {
            return Err(self.already_in(stage, to.label().clone()));
        }
        self.check_expected(stage, wish)?;
        let (from, label) = (shown.label().clone(), to.label().clone());
        let message = format!("Rolling back stage {stage} of artifact {} from {from} to {label}", self.name);
        let mut draft = Draft::new(self);
        draft.create(Action::Assign(stage.clone()), Some(label.clone()), to.commit(), message, wish)?;
        draft.plan.moves = vec![Move { artifact: name(), stage: stage.clone(), from: Some(from), to: label }];
        Ok(draft.plan)
    }

    /// The active version of that number, which must have been in the stage.
    fn was_in<'a>(
        &self,
        artifact: &'a Artifact,
        stage: &StageName,
        version: &Version,
    ) -> Result<VersionView<'a>, Refusal> {
        let not_registered =
            || Refusal::NotRegistered { artifact: self.name.clone(), version: version.clone() };
        let found = self.find_version(artifact, version)?.ok_or_else(not_registered)?;
        self.check_active(found)?;
        if found.stage(stage).is_none() {
            let (artifact, version) = (self.name.clone(), version.clone());
            return Err(Refusal::NeverInStage { artifact, version, stage: stage.clone() });
        }
        Ok(found)
    }

    /// Whether the stage shows this version, so that assigning it would change nothing (decision D26).
    fn is_shown(&self, stage: &StageName, label: &VersionLabel, commit: ObjectId) -> bool {
        let artifact = self.artifact.filter(|artifact| artifact.is_active());
        let shown = artifact.and_then(|artifact| shown_in(artifact, stage));
        shown.is_some_and(|shown| shown.label() == label && shown.commit() == commit)
    }

    /// Plans to take `version` out of `stage`, by a tag or by deleting those that say it was in it.
    pub fn unassign(
        &self,
        stage: &StageName,
        version: &Version,
        undo: Undo,
        wish: &TagWish,
    ) -> Result<Plan, Refusal> {
        check_stage(self.allowed_stages, stage)?;
        let artifact = self.existing()?;
        let found = self.find_version(artifact, version)?.ok_or_else(|| self.no_version(version))?;
        let state = found.stage(stage);
        if !wish.force && !state.is_some_and(|state| undo == Undo::ByDeletion || state.is_active()) {
            return Err(Refusal::NotInStage {
                artifact: self.name.clone(),
                version: found.label().clone(),
                stage: stage.clone(),
            });
        }
        if undo == Undo::ByDeletion {
            let events = found.events().into_iter().filter(|event| event.stage() == Some(stage));
            return Ok(deletion(events));
        }
        let mut draft = Draft::new(self);
        let message = format!("Unassigning stage '{stage}' to artifact '{}' version '{version}'", self.name);
        let action = Action::Unassign(stage.clone());
        draft.create(action, Some(found.label().clone()), found.commit(), message, wish)?;
        Ok(draft.plan)
    }

    /// Plans to take out of `stage` what it shows, by a tag or by deleting those that say it is in it.
    pub fn unassign_shown(&self, stage: &StageName, undo: Undo, wish: &TagWish) -> Result<Plan, Refusal> {
        check_stage(self.allowed_stages, stage)?;
        let shown = self.shown(stage)?;
        if undo == Undo::ByDeletion {
            return Ok(deletion(shown.events().into_iter().filter(|event| event.stage() == Some(stage))));
        }
        let (version, commit) = (shown.label().clone(), shown.commit());
        let message = format!("Unassigning stage '{stage}' to artifact '{}' version '{version}'", self.name);
        let mut draft = Draft::new(self);
        draft.create(Action::Unassign(stage.clone()), Some(version), commit, message, wish)?;
        Ok(draft.plan)
    }

    /// Refuses unless `stage` shows the version that is expected there, for a write that is only right then.
    fn check_expected(&self, stage: &StageName, wish: &TagWish) -> Result<(), Refusal> {
        let Some(expected) = &wish.expect else { return Ok(()) };
        let artifact = self.artifact.filter(|artifact| artifact.is_active());
        let found =
            artifact.and_then(|artifact| shown_in(artifact, stage)).map(|found| found.label().clone());
        if found.as_ref().and_then(VersionLabel::number) == Some(expected) {
            return Ok(());
        }
        let (artifact, stage, expected) = (self.name.clone(), stage.clone(), expected.clone());
        Err(Refusal::OtherInStage { artifact, stage, expected, found })
    }

    /// Plans to take `version` out of use, by a tag or by deleting all tags of it.
    pub fn deregister(&self, version: &Version, undo: Undo, wish: &TagWish) -> Result<Plan, Refusal> {
        let found = match self.artifact {
            Some(artifact) => self.find_version(artifact, version)?,
            None => None,
        };
        let Some(found) = found else {
            return Err(if wish.force { Refusal::NoTags } else { self.no_version(version) });
        };
        let commit = found.commit();
        if !wish.force && !found.is_registered() {
            return Err(Refusal::NeverRegistered { commit });
        }
        if !wish.force && !found.is_active() {
            return Err(Refusal::DeregisteredAlready { commit });
        }
        let warning = leaves_stages(found);
        if undo == Undo::ByDeletion {
            let plan = deletion(found.events().into_iter());
            return Ok(Plan { warnings: warning.into_iter().collect(), ..plan });
        }
        let mut draft = Draft::new(self);
        draft.plan.warnings.extend(warning);
        let message = format!("Deregistering artifact {} version {version}", self.name);
        let action = Action::Deregister(version.clone());
        draft.create(action, Some(found.label().clone()), commit, message, wish)?;
        Ok(draft.plan)
    }

    /// Plans to deprecate the artifact on `commit`.
    pub fn deprecate(&self, commit: ObjectId, wish: &TagWish) -> Result<Plan, Refusal> {
        self.check_deprecation(wish)?;
        let mut draft = Draft::new(self);
        draft.plan.warnings.extend(self.artifact.and_then(empties_stages));
        let counter = if wish.force { Counter::Force } else { wish.counter };
        let wish = TagWish { counter, ..wish.clone() };
        let message = format!("Deprecating artifact '{}'", self.name);
        draft.create(Action::Deprecate, None, commit, message, &wish)?;
        Ok(draft.plan)
    }

    /// Plans to remove all tags of the artifact.
    pub fn delete(&self, wish: &TagWish) -> Result<Plan, Refusal> {
        self.check_deprecation(wish)?;
        let artifact = self.existing()?;
        let plan = deletion(artifact.events().iter());
        Ok(Plan { warnings: empties_stages(artifact).into_iter().collect(), ..plan })
    }

    fn check_deprecation(&self, wish: &TagWish) -> Result<(), Refusal> {
        if wish.force {
            return if wish.counter == Counter::Omit { Err(Refusal::ForceWithSimple) } else { Ok(()) };
        }
        if self.existing()?.is_active() { Ok(()) } else { Err(Refusal::DeprecatedAlready) }
    }

    fn existing(&self) -> Result<&Artifact, Refusal> {
        self.artifact.ok_or_else(|| Refusal::ArtifactNotFound { name: self.name.to_string() })
    }

    /// The artifact, which must not be deprecated.
    fn in_use(&self) -> Result<&Artifact, Refusal> {
        let artifact = self.existing()?;
        let deprecated = || Refusal::Deprecated { artifact: self.name.clone() };
        if artifact.is_active() { Ok(artifact) } else { Err(deprecated()) }
    }

    fn already_in(&self, stage: &StageName, version: VersionLabel) -> Refusal {
        Refusal::AlreadyInStage { artifact: self.name.clone(), version, stage: stage.clone() }
    }

    fn no_version(&self, version: &Version) -> Refusal {
        Refusal::VersionNotFound { artifact: self.name.clone(), version: version.clone() }
    }

    /// The version of that number: if it is on several commits, the one that is active.
    fn find_version<'a>(
        &self,
        artifact: &'a Artifact,
        version: &Version,
    ) -> Result<Option<VersionView<'a>>, Refusal> {
        let mut found: Vec<_> =
            artifact.versions().filter(|view| view.label().number() == Some(version)).collect();
        for narrower in [VersionView::is_registered, VersionView::is_active] {
            if found.len() > 1 && found.iter().any(narrower) {
                found.retain(narrower);
            }
        }
        match found[..] {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err(Refusal::VersionOnSeveralCommits {
                artifact: self.name.clone(),
                version: version.clone(),
                commits: found.iter().map(VersionView::commit).collect(),
            }),
        }
    }

    fn assignable_version(&self, version: &Version) -> Result<(VersionLabel, ObjectId), Refusal> {
        let not_registered =
            || Refusal::NotRegistered { artifact: self.name.clone(), version: version.clone() };
        let artifact = self.artifact.ok_or_else(not_registered)?;
        let found = self.find_version(artifact, version)?.ok_or_else(not_registered)?;
        self.check_active(found)?;
        Ok((found.label().clone(), found.commit()))
    }

    /// The version that can be approved: a registered one that is in use, and its commit.
    pub(crate) fn approvable(&self, target: &AssignTarget) -> Result<(Version, ObjectId), Refusal> {
        let (label, commit) = match target {
            AssignTarget::Version(version) => self.assignable_version(version)?,
            AssignTarget::Selected(selector) => self.selected(selector)?,
            AssignTarget::Commit { commit, .. } => {
                let found = self.artifact.and_then(|artifact| numbered_on(artifact, *commit));
                let never = Refusal::NeverRegistered { commit: *commit };
                let found = found.filter(VersionView::is_registered).ok_or(never)?;
                self.check_active(found)?;
                (found.label().clone(), *commit)
            }
        };
        match label {
            VersionLabel::Number(version) => Ok((version, commit)),
            VersionLabel::Commit(_) => Err(Refusal::NeverRegistered { commit }),
        }
    }

    /// The version that is the highest, or what a stage shows.
    fn selected(&self, selector: &Selector) -> Result<(VersionLabel, ObjectId), Refusal> {
        let found = match selector {
            Selector::Version(version) => return self.assignable_version(version),
            Selector::Latest => {
                let none = || Refusal::NoLatest { artifact: self.name.clone() };
                self.in_use()?.latest().ok_or_else(none)?
            }
            Selector::Stage(stage) => self.shown(stage)?,
        };
        Ok((found.label().clone(), found.commit()))
    }

    /// What a stage of the artifact shows.
    fn shown(&self, stage: &StageName) -> Result<VersionView<'_>, Refusal> {
        let nothing = || Refusal::NothingInStage { artifact: self.name.clone(), stage: stage.clone() };
        shown_in(self.in_use()?, stage).ok_or_else(nothing)
    }

    fn check_active(&self, version: VersionView<'_>) -> Result<(), Refusal> {
        if version.is_active() {
            return Ok(());
        }
        Err(Refusal::Deregistered {
            artifact: self.name.clone(),
            version: version.label().clone(),
            commit: version.commit(),
        })
    }

    /// What `assign` finds, or registers, on a commit.
    fn version_on(
        &self,
        commit: ObjectId,
        wanted: Option<&Version>,
        skip_registration: bool,
        draft: &mut Draft<'_>,
    ) -> Result<VersionLabel, Refusal> {
        if let Some(found) = self.artifact.and_then(|artifact| numbered_on(artifact, commit)) {
            // What is registered there already as wanted is only assigned: the same command goes on where it was stopped.
            if let Some(wanted) = wanted.filter(|wanted| found.label().number() != Some(*wanted)) {
                let (wanted, version) = (wanted.clone(), found.label().clone());
                return Err(Refusal::OtherVersionOnCommit { wanted, version });
            }
            self.check_active(found)?;
            return Ok(found.label().clone());
        }
        if skip_registration {
            return Ok(VersionLabel::Commit(commit));
        }
        let wish = Registering { version: wanted.map(ToString::to_string), ..Registering::default() };
        draft.register(commit, &wish).map(VersionLabel::Number)
    }
}

/// Refuses a stage that is not among the allowed ones; `None` allows all.
pub fn check_stage(allowed: Option<&[StageName]>, stage: &StageName) -> Result<(), Refusal> {
    match allowed {
        Some(allowed) if !allowed.contains(stage) => {
            Err(Refusal::StageNotAllowed { stage: stage.clone(), allowed: allowed.to_vec() })
        }
        _ => Ok(()),
    }
}

/// The version with a number that is on `commit`: of several the active one that was registered last.
fn numbered_on(artifact: &Artifact, commit: ObjectId) -> Option<VersionView<'_>> {
    let on_commit = artifact.versions().filter(|v| v.commit() == commit && v.label().number().is_some());
    on_commit.max_by_key(|v| (v.is_active(), v.newest_registration()))
}

/// The stages that show a version, for a write that takes it out of use.
fn leaves_stages(version: VersionView<'_>) -> Option<Warning> {
    let artifact = version.artifact();
    let is_shown = |stage: &StageName| shown_in(artifact, stage).is_some_and(|shown| shown.is_same(&version));
    let next = |stage: &StageName| {
        let next = shown_without(artifact, stage, Some(version));
        (stage.clone(), next.map(|next| next.label().clone()))
    };
    let stages = version.active_stages();
    let stages: Vec<_> =
        stages.iter().map(StageView::stage).filter(|stage| is_shown(stage)).map(next).collect();
    let in_use = artifact.is_active() && !stages.is_empty();
    in_use.then(|| Warning::LeavesStages {
        artifact: artifact.name().clone(),
        version: version.label().clone(),
        stages,
    })
}

/// The stages that an artifact is in, for a write that takes it out of use.
fn empties_stages(artifact: &Artifact) -> Option<Warning> {
    let shown = |stage: StageName| {
        let shown = shown_in(artifact, &stage)?.label().clone();
        Some((stage, shown))
    };
    let stages: Vec<_> = active_stages(artifact).into_iter().filter_map(shown).collect();
    let in_use = artifact.is_active() && !stages.is_empty();
    in_use.then(|| Warning::EmptiesStages { artifact: artifact.name().clone(), stages })
}

fn deletion<'a>(events: impl Iterator<Item = &'a Event>) -> Plan {
    let steps = events.map(|event| Step::Delete(OldTag { name: event.tag.clone(), target: event.tag_id }));
    Plan { steps: steps.collect(), ..Plan::default() }
}

/// A plan in the making: knows what its own steps take.
struct Draft<'a> {
    rules: &'a Rules<'a>,
    plan: Plan,
    /// The events of the artifact with those that the plan adds.
    added: Vec<Event>,
    next_counter: Option<u64>,
}

impl<'a> Draft<'a> {
    fn new(rules: &'a Rules<'a>) -> Self {
        let next_counter = rules.inventory.highest_counter.checked_add(1);
        Self { rules, plan: Plan::default(), added: Vec::new(), next_counter }
    }

    fn register(&mut self, commit: ObjectId, wish: &Registering) -> Result<Version, Refusal> {
        let version = self.version_to_register(commit, wish)?;
        let message = format!("Registering artifact {} version {version}", self.rules.name);
        let label = VersionLabel::Number(version.clone());
        let tag = TagWish {
            message: wish.message.clone(),
            counter: wish.counter,
            force: wish.force,
            ..TagWish::default()
        };
        self.create(Action::Register(version.clone()), Some(label), commit, message, &tag)?;
        Ok(version)
    }

    fn version_to_register(&mut self, commit: ObjectId, wish: &Registering) -> Result<Version, Refusal> {
        let wanted = wish.version.as_deref();
        if wish.bumps.len() + usize::from(wanted.is_some()) > 1 {
            return Err(Refusal::VersionAndBump);
        }
        let artifact = self.rules.artifact;
        let Some(found) = artifact.and_then(|artifact| numbered_on(artifact, commit)) else {
            return match wanted {
                Some(text) => self.named_version(text),
                None => self.next_version(wish.bumps.first().copied()),
            };
        };
        let version = found.label().clone();
        if !wish.force && found.is_registered() && found.is_active() {
            return Err(Refusal::RegisteredOnCommit { artifact: self.rules.name.clone(), version });
        }
        let is_other = wanted.is_some_and(|wanted| wanted != version.to_string());
        match version {
            // A deregistration alone does not bind a version to its commit.
            VersionLabel::Number(number) if !is_other && wish.bumps.is_empty() => {
                self.unless_taken(number, |other| other.commit() != commit && other.is_registered())
            }
            version => Err(Refusal::OnlyVersionOnCommit { version }),
        }
    }

    /// The version, unless it is already bound to another commit.
    fn unless_taken(
        &self,
        version: Version,
        is_taken: impl Fn(&VersionView<'_>) -> bool,
    ) -> Result<Version, Refusal> {
        let mut versions = self.rules.artifact.into_iter().flat_map(Artifact::versions);
        match versions.find(|view| view.label().number() == Some(&version) && is_taken(view)) {
            Some(taken) => Err(Refusal::VersionTaken { commit: taken.commit(), version }),
            None => Ok(version),
        }
    }

    /// The version requested by name, unless it is registered or its name is taken.
    fn named_version(&self, text: &str) -> Result<Version, Refusal> {
        let version = self.unless_taken(text.parse()?, |_| true)?;
        match self.rules.inventory.holder(&version) {
            Some(tag) => {
                let (artifact, tag) = (self.rules.name.clone(), tag.to_owned());
                Err(Refusal::VersionHeld { artifact, version, tag })
            }
            None => Ok(version),
        }
    }

    /// The next version (decisions D14 to D16): raised from the highest active version, or if none is
    /// active, from the highest that ever was; versions that existed are passed over, and so are, with a warning, those
    /// whose names are held (decision D28).
    fn next_version(&mut self, bump: Option<Bump>) -> Result<Version, Refusal> {
        let bump = bump.unwrap_or(Bump::Patch);
        let numbers: Vec<(&Version, bool)> = self
            .rules
            .artifact
            .into_iter()
            .flat_map(Artifact::versions)
            .filter_map(|view| Some((view.label().number()?, view.is_registered() && view.is_active())))
            .collect();
        let highest = numbers.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp_precedence(b.0)));
        let first = Version::first(bump);
        let (start, mut next) = match highest {
            Some((start, _)) => (*start, start.bump(bump)),
            None => (&first, Some(first.clone())),
        };
        let existed: HashSet<&Version> = numbers.iter().map(|(number, _)| *number).collect();
        loop {
            let version = next.ok_or_else(|| Refusal::NoNextVersion { version: start.clone() })?;
            next = version.bump(bump);
            if existed.contains(&version) {
                continue;
            }
            match self.rules.inventory.holder(&version) {
                None => return Ok(version),
                Some(tag) => {
                    self.plan.warnings.push(Warning::VersionHeld { version, tag: tag.to_owned() });
                }
            }
        }
    }

    fn create(
        &mut self,
        action: Action,
        version: Option<VersionLabel>,
        commit: ObjectId,
        message: String,
        wish: &TagWish,
    ) -> Result<(), Refusal> {
        let name = self.tag_name(action, wish.counter)?;
        let tag = name.to_string();
        if !(self.rules.is_valid_tag)(&tag) {
            return Err(Refusal::NoSuchTagPossible { value: self.impossible(&name), tag });
        }
        let writer = self.rules.writer;
        let time = self.next_time(&tag)?;
        let tagger =
            Signature { name: writer.name.as_str().into(), email: writer.email.as_str().into(), time };
        let message = wish.message.clone().filter(|text| !text.is_empty()).unwrap_or(message);
        let event = Event { tag_id: commit, tag, name, commit, tagger, message };
        self.added.push(event.clone());
        if let Some(version) = &version {
            self.check_owner(version, commit)?;
        }
        self.plan.steps.push(Step::Create(NewTag {
            artifact: event.name.artifact.clone(),
            kind: event.kind(),
            version,
            stage: event.stage().cloned(),
            name: event.tag,
            commit,
            message: event.message,
            tagger: event.tagger,
        }));
        Ok(())
    }

    /// What of a name is the reason that Git allows no such tag.
    fn impossible(&self, name: &TagName) -> String {
        let artifact = name.artifact.to_string();
        if !(self.rules.is_valid_tag)(&name.artifact.in_tag()) {
            return artifact;
        }
        match &name.action {
            Action::Register(version) | Action::Deregister(version) => version.to_string(),
            Action::Assign(stage) | Action::Unassign(stage) => stage.to_string(),
            Action::Create | Action::Deprecate => artifact,
        }
    }

    fn tag_name(&mut self, action: Action, counter: Counter) -> Result<TagName, Refusal> {
        let is_stage = matches!(action, Action::Assign(_) | Action::Unassign(_));
        let mut name = TagName::simple(self.rules.name.clone(), action);
        let is_taken = self.rules.inventory.names.contains(&name.to_string());
        let counted = match counter {
            Counter::Omit if is_taken => return Err(Refusal::TagExists { name: name.to_string() }),
            Counter::Omit => false,
            Counter::Force => true,
            Counter::Auto => is_stage || is_taken,
        };
        if counted {
            let no_counter = || Refusal::NoCounterLeft { artifact: self.rules.name.clone() };
            let counter = self.next_counter.ok_or_else(no_counter)?;
            name.counter = Some(counter);
            self.next_counter = counter.checked_add(1);
        }
        Ok(name)
    }

    /// The event clock (decision D3): after the newest event of the artifact, if need be ahead of the real clock.
    fn next_time(&mut self, tag: &str) -> Result<Timestamp, Refusal> {
        let writer = self.rules.writer;
        let known = self.rules.artifact.and_then(Artifact::newest_event);
        let newest = self.added.last().or(known).map(|event| event.tagger.time.seconds());
        if let Some(date) = writer.date {
            if newest.is_some_and(|newest| date.seconds() < newest) {
                self.plan.warnings.push(Warning::DatedBack { tag: tag.to_owned() });
            }
            return Ok(date);
        }
        let now = writer.now.seconds();
        let seconds = newest.map_or(now, |newest| now.max(newest.saturating_add(1)));
        if seconds - now > CLOCK_TOLERANCE {
            let warning = Warning::ClockAhead { tag: tag.to_owned(), seconds: seconds - now };
            self.plan.warnings.push(warning);
        }
        let no_time = || Refusal::NoTimeLeft { artifact: self.rules.name.clone() };
        Timestamp::new(seconds, writer.now.offset()).ok_or_else(no_time)
    }

    /// Refuses a stage tag that every reader would take for another version's (decision D4).
    fn check_owner(&self, version: &VersionLabel, commit: ObjectId) -> Result<(), Refusal> {
        let Some(artifact) = self.rules.artifact else { return Ok(()) };
        let on_commit = |v: &VersionView| v.commit() == commit && v.label().number().is_some();
        if artifact.versions().filter(on_commit).count() < 2 {
            return Ok(());
        }
        let events = artifact.events().iter().chain(&self.added).cloned().collect();
        let after = Artifact::from_events(self.rules.name.clone(), events);
        let tag = self.added.last().map(|event| event.tag.as_str());
        let owner = after.events_with_owners().find(|(event, _)| Some(event.tag.as_str()) == tag);
        match owner.and_then(|(_, owner)| owner) {
            Some(owner) if owner.label() != version => Err(Refusal::CommitWithSeveralVersions {
                version: version.clone(),
                other: owner.label().clone(),
                commit,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::tests::event;

    /// What `register` says to an artifact with these tags, each as `TAG`, `TAG COMMIT` or `TAG COMMIT TIME`: by
    /// default on separate commits, one second apart. It is 100 o'clock.
    fn registered(tags: &[&str], bump: Option<Bump>, commit: u8) -> Result<(String, i64), String> {
        let name: ArtifactName = "m".parse().unwrap();
        let made = |(i, text): (u8, &&str)| {
            let mut words = text.split(' ');
            let tag = words.next().unwrap();
            let commit = words.next().map_or(i, |word| word.parse().unwrap());
            event(tag, commit, words.next().map_or(i64::from(i), |word| word.parse().unwrap()))
        };
        let events: Vec<Event> = (1..).zip(tags).map(made).collect();
        let mut inventory = TagInventory::default();
        for event in &events {
            inventory.add(&event.tag, &event.name);
        }
        let artifact = (!events.is_empty()).then(|| Artifact::from_events(name.clone(), events));
        let now = Timestamp::new(100, 0).unwrap();
        let writer = Writer { name: "Ada".into(), email: "a@b".into(), now, date: None };
        let rules = Rules {
            name: &name,
            artifact: artifact.as_ref(),
            inventory: &inventory,
            allowed_stages: None,
            writer: &writer,
            is_valid_tag: |_| true,
        };
        let wish = Registering { bumps: bump.into_iter().collect(), ..Registering::default() };
        let commit = ObjectId::from_bytes(&[commit; 20]).unwrap();
        let plan = rules.register(commit, &wish).map_err(|refusal| refusal.to_string())?;
        match &plan.steps[..] {
            [Step::Create(tag)] => Ok((tag.name.clone(), tag.tagger.time.seconds())),
            steps => panic!("one tag, not {steps:?}"),
        }
    }

    fn next(tags: &[&str], bump: Bump) -> String {
        registered(tags, Some(bump), 99).unwrap().0
    }

    #[test]
    fn d15_a_first_version_may_be_a_bump() {
        assert_eq!(registered(&[], None, 99).unwrap().0, "m@v0.0.1");
        assert_eq!(next(&[], Bump::Major), "m@v1.0.0");
        assert_eq!(next(&[], Bump::Minor), "m@v0.1.0");
    }

    #[test]
    fn d16_a_bump_passes_over_versions_that_existed() {
        let tags = ["m@v1.0.0", "m@v1.0.1", "m@v1.0.1! 2"];
        assert_eq!(next(&tags, Bump::Patch), "m@v1.0.2");
        assert_eq!(next(&tags, Bump::Minor), "m@v1.1.0");
        let none_active = ["m@v1.0.0", "m@v2.0.0", "m@v1.0.0! 1", "m@v2.0.0! 2"];
        assert_eq!(next(&none_active, Bump::Patch), "m@v2.0.1");
    }

    #[test]
    fn d06_a_deregistered_version_is_registered_again_with_a_counter() {
        let tags = ["m@v1.0.0", "m@v1.0.0! 1"];
        assert_eq!(registered(&tags, None, 1).unwrap().0, "m@v1.0.0#1");
        assert_eq!(
            registered(&tags, Some(Bump::Major), 1).unwrap_err(),
            "For this REF you can only register v1.0.0"
        );
    }

    #[test]
    fn d03_the_event_clock_runs_ahead_of_a_slow_clock() {
        assert_eq!(registered(&["m@v1.0.0 1 50"], None, 99).unwrap().1, 100);
        assert_eq!(registered(&["m@v1.0.0 1 100"], None, 99).unwrap().1, 101);
        assert_eq!(registered(&["m@v1.0.0 1 5000"], None, 99).unwrap().1, 5001);
    }

    #[test]
    fn where_the_highest_counter_is_used_no_further_counted_tag_can_be_made() {
        let tags = ["m@v1.0.0", "m@v1.0.0! 1", "m#prod#18446744073709551615 1"];
        let error = registered(&tags, None, 1).unwrap_err();
        assert_eq!(error, "No counter is left for artifact 'm': a tag has the highest there is");
        assert!(registered(&tags, None, 99).is_ok(), "a simple tag needs none");
    }
}
