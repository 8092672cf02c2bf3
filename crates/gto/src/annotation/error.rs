//! Why an annotation was not changed.
//!
//! Defines the cases and their messages. The front ends add hints.

use std::io;
use std::path::PathBuf;

use crate::annotation::{FileProblem, ProblemKind};
use crate::name::ArtifactName;
use crate::object_id::ObjectId;

/// Why an annotation was not changed. The messages of what the Python tool refused too are its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotateError {
    /// A bare repository, or a remote one.
    #[error("There is no work tree in '{}', and so no file to edit", path.display())]
    NoWorkTree {
        /// The repository.
        path: PathBuf,
    },
    /// There is an annotation, and there should be none.
    #[error("Enrichment for '{name}' already exists")]
    Exists {
        /// The artifact.
        name: ArtifactName,
    },
    /// There is no annotation.
    #[error("Cannot find artifact '{name}'")]
    NotFound {
        /// The artifact.
        name: ArtifactName,
        /// The file in which it would be.
        file: String,
    },
    /// The other file has it.
    #[error("'{name}' is annotated in '{file}'")]
    InOtherFile {
        /// The artifact.
        name: ArtifactName,
        /// The file that has it.
        file: String,
    },
    /// Another artifact has that path, or one in it or around it.
    #[error("Provided path conflicts with '{path}' ('{kind}' '{name}')")]
    PathIsUsed {
        /// The path that was given.
        path: String,
        /// The type that was given, or `None` as Python has it.
        kind: String,
        /// The artifact that was to get it.
        name: ArtifactName,
        /// The artifact that has it.
        by: ArtifactName,
    },
    /// The configuration does not know the type.
    #[error("Allowed types are: '[{}]'", types.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", "))]
    TypeNotAllowed {
        /// The type.
        kind: String,
        /// The allowed ones.
        types: Vec<String>,
    },
    /// A label was to be added and taken away.
    #[error("Label '{label}' cannot be added and removed at once")]
    LabelBothWays {
        /// The label.
        label: String,
    },
    /// Nothing names what must exist.
    #[error("`path` is required when `must_exist` is set to True")]
    PathNeeded,
    /// The path leads out of the repository.
    #[error("'{path}' is not in the repository")]
    PathOutside {
        /// The path.
        path: String,
    },
    /// No script could take the path for what it is.
    #[error("'{path}' has control characters")]
    PathUnprintable {
        /// The path, without them.
        path: String,
    },
    /// The current commit does not have the path.
    #[error("Nothing found in '{path}' for checked out commit")]
    PathNotThere {
        /// The path.
        path: String,
    },
    /// DVC takes no artifact without a path.
    #[error("An artifact in '{file}' needs a path")]
    NoPath {
        /// The file.
        file: String,
    },
    /// An artifact of a folder cannot be in `artifacts.yaml`.
    #[error("'{name}' has a folder, and can only be annotated in '{file}'")]
    HasFolder {
        /// The artifact.
        name: ArtifactName,
        /// The `dvc.yaml` of its folder.
        file: String,
    },
    /// The file is where nothing is written.
    #[error("'{file}' is not edited: {why}")]
    Place {
        /// The file, from the root of the repository.
        file: String,
        /// One clause.
        why: String,
    },
    /// The folder that the file would be in is not there.
    #[error("'{file}' is not edited: there is no folder '{folder}'")]
    NoFolder {
        /// The file, from the root of the repository.
        file: String,
        /// The folder.
        folder: String,
    },
    /// Git has the file, and it is not checked out.
    #[error("'{file}' is not edited: {}", left_out_by(bring))]
    LeftOut {
        /// The file, from the root of the repository.
        file: String,
        /// What brings it into the work tree.
        bring: Bring,
    },
    /// The text of the file cannot be edited.
    #[error("Cannot edit '{file}': {}", told(problem))]
    Text {
        /// The file, from the root of the repository.
        file: String,
        /// Why, and where.
        problem: FileProblem,
    },
    /// The edited text would not be understood.
    #[error("'{name}' could not be read from '{file}' after this change: {reason}")]
    ReadBack {
        /// The artifact.
        name: ArtifactName,
        /// The file, from the root of the repository.
        file: String,
        /// Why, in one clause.
        reason: String,
        /// What that is about.
        kind: ProblemKind,
    },
    /// Some artifacts cannot move.
    #[error("Not all annotations can be moved, and so none was")]
    Unmovable,
    /// The file is marked as read-only.
    #[error("'{file}' is read-only")]
    ReadOnly {
        /// The file, from the root of the repository.
        file: String,
    },
    /// Somebody else edited the file.
    #[error("'{file}' was changed by another process meanwhile")]
    Changed {
        /// The file, from the root of the repository.
        file: String,
    },
    /// The file cannot be written.
    #[error("Cannot write '{file}'")]
    Write {
        /// The file, from the root of the repository.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A commit would take other changes with it.
    #[error("'{file}' has other changes that are not committed")]
    Uncommitted {
        /// The file, from the root of the repository.
        file: String,
        /// Whether Git does not know the file yet.
        is_new: bool,
    },
    /// Git did not commit.
    #[error("The command `git commit` failed: {said}")]
    Commit {
        /// The message of Git or a hook.
        said: String,
        /// The files that were not put back, because they were changed once more: a hook may do that. All others are as they
        /// were.
        left: Vec<String>,
    },
    /// The commit is made, and the command that made it has not come to a good end: a hook that comes after it, for example.
    #[error("Commit {} was made, but `git commit` failed after that: {said}", commit.short())]
    Unfinished {
        /// The commit.
        commit: ObjectId,
        /// The message of Git or a hook.
        said: String,
    },
    /// There is no branch to push.
    #[error("There is no branch to push: HEAD is detached")]
    NoBranch,
    /// The branch is not pushed.
    #[error("{}he branch was not pushed to {remote}: {said}", made(commit.as_ref()))]
    NotPushed {
        /// The commit that was made before that, and is here; `None` if nothing was.
        commit: Option<ObjectId>,
        /// The remote.
        remote: String,
        /// Git's message.
        said: String,
    },
    /// The push of the branch broke off, and the remote cannot be asked how far it came.
    #[error("{}he push of the branch to {remote} broke off, and the remote cannot be asked whether it has it: {said}", made(commit.as_ref()))]
    PushInDoubt {
        /// The commit that was made before that, and is here; `None` if nothing was.
        commit: Option<ObjectId>,
        /// The remote.
        remote: String,
        /// Git's message.
        said: String,
    },
}

/// What brings a file into the work tree that Git has left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bring {
    /// The sparse checkout is to have this folder too.
    Folder(String),
    /// The sparse checkout is to have what fits this pattern too.
    Pattern(String),
    /// This file is no longer to be skipped.
    File(String),
    /// There is no index yet: the commit is to be checked out.
    Everything,
}

fn left_out_by(bring: &Bring) -> &'static str {
    match bring {
        Bring::Folder(_) | Bring::Pattern(_) => "the sparse checkout leaves it out",
        Bring::File(_) => "Git skips it in the work tree",
        Bring::Everything => "nothing is checked out",
    }
}

pub(crate) fn told(problem: &FileProblem) -> String {
    match problem.line {
        Some(line) => format!("line {line}, column {}: {}", problem.column.unwrap_or(1), problem.message),
        None => problem.message.clone(),
    }
}

fn made(commit: Option<&ObjectId>) -> String {
    commit.map_or("T".to_owned(), |commit| format!("Commit {} was made, but t", commit.short()))
}
