//! The input of the checks.
//!
//! Owns the values that `registry` reads and hands in.

use std::collections::HashSet;

use crate::annotation::FileProblem;
use crate::error::Error;
use crate::git::{GrownFolder, LeftLock, Salvage, UnreadableTag};
use crate::name::{ArtifactName, StageName};
use crate::object_id::ObjectId;
use crate::policy::{Policy, Unjudged};
use crate::state::State;
use crate::time::Timestamp;

/// All input of the checks.
pub(crate) struct Evidence<'a> {
    pub now: Timestamp,
    /// Why the configuration, or a part of it, was left out.
    pub wrong_config: &'a [Error],
    pub allowed_stages: Option<&'a [StageName]>,
    /// Keys of `.gto` that the Python tool does not know, with their values.
    pub unknown_to_python: &'a [(&'static str, String)],
    /// The name of the annotation file.
    pub index: &'a str,
    /// Each with its file, without control characters.
    pub annotation_problems: Vec<(String, FileProblem)>,
    /// Artifacts that `index` and the `dvc.yaml` beside it both name.
    pub annotated_twice: Vec<ArtifactName>,
    pub is_shallow: bool,
    pub left_locks: Vec<LeftLock>,
    pub grown_folders: Vec<GrownFolder>,
    /// Which places of objects cannot be used, in Git's words.
    pub object_faults: Vec<String>,
    pub remotes: Vec<String>,
    /// The address of the remote repository that is looked at, if it is one, and the refs that older versions of gto left there.
    pub left_guards: Option<(&'a str, Vec<String>)>,
    /// The names of all tags, sorted by their bytes.
    pub names: Vec<String>,
    pub not_utf8: Vec<String>,
    pub broken: Vec<BrokenRef>,
    pub packed_refs: Option<DamagedFile>,
    /// What the registry's tags add up to.
    pub state: State,
    /// Registry names that are no annotated tags, and what they are on.
    pub lightweight: Vec<(String, ObjectId)>,
    /// Of these, the ones that are on something else than a commit.
    pub unreadable: Vec<(String, UnreadableTag)>,
    /// The files of damaged objects, each for itself.
    pub object_files: Vec<String>,
    pub creations: Vec<String>,
    /// Tags, each with the name that it has inside.
    pub renamed: Vec<(String, String)>,
    /// Tags with the highest counter there is.
    pub last_counters: Vec<String>,
    pub missing_commits: HashSet<ObjectId>,
    pub policy: PolicyEvidence,
}

/// What is known of the policy.
pub(crate) enum PolicyEvidence {
    /// There is none.
    None,
    /// There is none, but a file with nearly that name.
    Misnamed(String),
    /// It cannot be used, for this reason.
    Unusable(String),
    /// A branch has one, and it is not in force.
    OutOfForce(Unjudged),
    /// The one in force.
    InForce {
        policy: Box<Policy>,
        /// The tags that violate it, the baseline left out.
        violating: Vec<String>,
        /// Those that cannot be judged.
        unknown: Vec<String>,
    },
}

/// A ref that cannot be read.
pub(crate) struct BrokenRef {
    pub name: String,
    /// The file to remove; `None` if no command can name it safely.
    pub file: Option<String>,
}

/// A `packed-refs` that git refuses. Then tags cannot be checked.
pub(crate) struct DamagedFile {
    /// Git's message.
    pub reason: String,
    pub salvage: Option<Salvage>,
}
