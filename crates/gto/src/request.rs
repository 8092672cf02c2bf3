//! A wish to write, as a value: what is to be done, and in whose name.
//!
//! Owns what can be asked for, and its form in JSON: an object whose `action` says which. What may be done is decided by
//! `rules`, and how it is done by `registry`.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::annotation::Source;
use crate::annotation::json::Unrepeated;
use crate::author::Author;
use crate::name::{ArtifactName, StageName};
use crate::rules::{Registering, TagWish, Undo};
use crate::version::Version;

/// A request to write to a registry.
///
/// ```
/// use gto::request::Request;
///
/// let request: Request = serde_json::from_str(r#"{"action": "register", "artifact": "model"}"#).unwrap();
/// assert!(matches!(request, Request::Register { revision, .. } if revision == "HEAD"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// Registers a version of an artifact.
    Register {
        /// The artifact.
        artifact: ArtifactName,
        /// What names the commit.
        #[serde(default = "head")]
        revision: String,
        /// Which version, and how.
        #[serde(default)]
        new: Registering,
        /// Only if the artifact is not what it was at its last version.
        #[serde(default)]
        if_changed: bool,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Registers the next version of each annotated artifact that is not what it was at its last one, on the current commit.
    RegisterChanged {
        /// How.
        #[serde(default)]
        new: Registering,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Assigns a stage to a version.
    Assign {
        /// The artifact.
        artifact: ArtifactName,
        /// The stage.
        stage: StageName,
        /// Which version.
        target: Target,
        /// How.
        #[serde(default)]
        tag: TagWish,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Assigns to a stage what it showed before.
    Rollback {
        /// The artifact.
        artifact: ArtifactName,
        /// The stage.
        stage: StageName,
        /// A version that was in the stage; without it the one below the shown one.
        #[serde(default)]
        to: Option<Version>,
        /// How.
        #[serde(default)]
        tag: TagWish,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Assigns to a stage of each artifact what another of its stages shows: to all, or to none.
    Promote {
        /// The artifacts.
        artifacts: Vec<ArtifactName>,
        /// The stage that shows the version.
        from: StageName,
        /// The stage that it is assigned to.
        to: StageName,
        /// How.
        #[serde(default)]
        tag: TagWish,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Takes a version out of a stage.
    Unassign {
        /// The artifact.
        artifact: ArtifactName,
        /// The version; without it the one that the stage shows.
        #[serde(default)]
        version: Option<Version>,
        /// The stage.
        stage: StageName,
        /// By a tag, or by deleting those about it.
        #[serde(default)]
        undo: Undo,
        /// How.
        #[serde(default)]
        tag: TagWish,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Takes a version out of use.
    Deregister {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Version,
        /// By a tag, or by deleting its tags.
        #[serde(default)]
        undo: Undo,
        /// How.
        #[serde(default)]
        tag: TagWish,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Takes an artifact out of use.
    Deprecate {
        /// The artifact.
        artifact: ArtifactName,
        /// What names the commit of the tag; without it that of the newest event.
        #[serde(default)]
        revision: Option<String>,
        /// By a tag, or by deleting all its tags.
        #[serde(default)]
        undo: Undo,
        /// How.
        #[serde(default)]
        tag: TagWish,
        /// Who writes.
        #[serde(default)]
        author: Author,
    },
    /// Approves a version for a stage, or takes that back.
    Approve {
        /// The artifact.
        artifact: ArtifactName,
        /// The version.
        version: Target,
        /// The stage.
        stage: StageName,
        /// Takes the approval back.
        #[serde(default)]
        withdraw: bool,
        /// How: its message, and whether it may be so already.
        #[serde(default)]
        tag: TagWish,
        /// Who approves.
        #[serde(default)]
        author: Author,
    },
    /// Changes the annotation of an artifact, or gives it one.
    Annotate {
        /// The artifact.
        artifact: ArtifactName,
        /// Its contents.
        annotation: Annotating,
        /// Who commits it, if it is committed.
        #[serde(default)]
        author: Author,
    },
    /// Takes the annotation of an artifact out of the file that has it. Tags stay.
    RemoveAnnotation {
        /// The artifact.
        artifact: ArtifactName,
        /// The kind of file; by default whichever has it, and `dvc.yaml` where both have.
        #[serde(default)]
        file: Option<Source>,
        /// Who commits it, if it is committed.
        #[serde(default)]
        author: Author,
    },
    /// Moves annotations from `artifacts.yaml` to `dvc.yaml`, or back.
    MoveAnnotations {
        /// The kind of file that they go to.
        to: Source,
        /// Which artifacts; all if none is named.
        #[serde(default)]
        artifacts: Vec<ArtifactName>,
        /// Whether those that can move do, if others cannot.
        #[serde(default)]
        skip_unmovable: bool,
        /// Who commits it, if it is committed.
        #[serde(default)]
        author: Author,
    },
}

fn head() -> String {
    "HEAD".to_owned()
}

/// The version that a stage is assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Target {
    /// A registered one.
    Version(Version),
    /// The highest one.
    Latest,
    /// What a stage shows.
    Stage(StageName),
    /// The one on a commit; if there is none, one that is registered there first.
    Commit {
        /// What names the commit.
        revision: String,
        /// What to call the version that is registered.
        #[serde(default)]
        version: Option<Version>,
        /// Registers none: the bare commit is assigned.
        #[serde(default)]
        skip_registration: bool,
    },
}

/// How an artifact is to be annotated. What is `None` or empty stays as it is, or has no field if the artifact is new.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Annotating {
    /// What kind of thing it is; an empty text takes the field out.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where it is: from the root of the repository (in whichever folder the file is), an absolute path, or an address; an empty
    /// text takes the field out.
    pub path: Option<String>,
    /// Labels that it gets beside those that it has.
    pub add_labels: Vec<String>,
    /// Labels that it loses.
    pub remove_labels: Vec<String>,
    /// Whether it loses all labels that it has.
    pub clear_labels: bool,
    /// A description in prose; an empty text takes the field out.
    pub description: Option<String>,
    /// Anything else; null takes the field out.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub custom: Option<Json>,
    /// The kind of file it is to be in. By default the one that has it. A new artifact of a folder goes into the `dvc.yaml` of
    /// the folder, and another new one into `artifacts.yaml`, unless `dvc.yaml` annotates artifacts and there is no
    /// `artifacts.yaml`.
    pub file: Option<Source>,
    /// Whether the path must be in the current commit.
    pub must_exist: bool,
    /// Whether the path may be, contain or be in that of another artifact.
    pub allow_same_path: bool,
    /// Whether the artifact must not be annotated yet.
    pub must_be_new: bool,
}

/// Null is a distinct value; two values for one key are refused, as on the command line.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Unrepeated::deserialize(deserializer).map(|custom| Some(custom.0))
}

/// How a write is done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WriteOptions {
    /// Whether the remote gets the tags as well, all or none, or the branch where files change. By default tags go where the
    /// configuration says so, and branches do not. What is written to the clone of a remote repository is pushed in any case.
    pub push: Option<bool>,
    /// The artifact's tags that only the remote has are fetched before. Where tags are pushed they are in any case.
    pub fetch: bool,
    /// Whether changed files, and nothing else, are committed. Where they are pushed they are in any case.
    pub commit: bool,
    /// The message of that commit, if not that of the plan.
    pub message: Option<String>,
    /// The most new tags in one push, if not all: each push is all or none, and those behind one that fails are not made.
    pub push_batch: Option<usize>,
}

impl Request {
    /// The artifacts that it names.
    pub fn artifacts(&self) -> &[ArtifactName] {
        match self {
            Self::RegisterChanged { .. } => &[],
            Self::MoveAnnotations { artifacts, .. } | Self::Promote { artifacts, .. } => artifacts,
            Self::Register { artifact, .. }
            | Self::Assign { artifact, .. }
            | Self::Rollback { artifact, .. }
            | Self::Unassign { artifact, .. }
            | Self::Deregister { artifact, .. }
            | Self::Deprecate { artifact, .. }
            | Self::Approve { artifact, .. }
            | Self::Annotate { artifact, .. }
            | Self::RemoveAnnotation { artifact, .. } => std::slice::from_ref(artifact),
        }
    }

    /// Whether what it does depends on the history of its artifacts: which version is the highest, or what a stage shows or showed.
    pub(crate) fn depends_on_history(&self) -> bool {
        match self {
            Self::Rollback { to, .. } => to.is_none(),
            Self::Promote { .. } | Self::Unassign { .. } | Self::Deregister { .. } => true,
            Self::Assign { target, .. } | Self::Approve { version: target, .. } => {
                matches!(target, Target::Latest | Target::Stage(_))
            }
            _ => false,
        }
    }

    /// The message that its tags are to have, if it has one.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Register { new, .. } | Self::RegisterChanged { new, .. } => new.message.as_deref(),
            Self::Assign { tag, .. }
            | Self::Rollback { tag, .. }
            | Self::Promote { tag, .. }
            | Self::Unassign { tag, .. }
            | Self::Deregister { tag, .. }
            | Self::Deprecate { tag, .. }
            | Self::Approve { tag, .. } => tag.message.as_deref(),
            Self::Annotate { .. } | Self::RemoveAnnotation { .. } | Self::MoveAnnotations { .. } => None,
        }
    }

    /// Who writes.
    pub fn author(&self) -> &Author {
        match self {
            Self::Register { author, .. }
            | Self::RegisterChanged { author, .. }
            | Self::Assign { author, .. }
            | Self::Rollback { author, .. }
            | Self::Promote { author, .. }
            | Self::Unassign { author, .. }
            | Self::Deregister { author, .. }
            | Self::Deprecate { author, .. }
            | Self::Approve { author, .. }
            | Self::Annotate { author, .. }
            | Self::RemoveAnnotation { author, .. }
            | Self::MoveAnnotations { author, .. } => author,
        }
    }

    /// The same in another's name.
    #[must_use]
    pub fn with_author(mut self, new: Author) -> Self {
        match &mut self {
            Self::Register { author, .. }
            | Self::RegisterChanged { author, .. }
            | Self::Assign { author, .. }
            | Self::Rollback { author, .. }
            | Self::Promote { author, .. }
            | Self::Unassign { author, .. }
            | Self::Deregister { author, .. }
            | Self::Deprecate { author, .. }
            | Self::Approve { author, .. }
            | Self::Annotate { author, .. }
            | Self::RemoveAnnotation { author, .. }
            | Self::MoveAnnotations { author, .. } => *author = new,
        }
        self
    }

    /// Whether it changes annotation files, and no tags.
    pub fn changes_files(&self) -> bool {
        matches!(self, Self::Annotate { .. } | Self::RemoveAnnotation { .. } | Self::MoveAnnotations { .. })
    }
}
