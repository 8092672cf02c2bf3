//! What goes wrong with a repository.
//!
//! Owns the errors of opening one and of working in one.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use crate::git::DamagedPackedRefs;
use crate::object_id::ObjectId;

/// Any error of a library below, kept as the source of ours.
pub(super) type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// Why there is no open repository.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The path itself is not there.
    #[error("`{}` does not exist", path.display())]
    NoSuchPath {
        /// The path that was given.
        path: PathBuf,
    },
    /// The path is a file.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// The path that was given.
        path: PathBuf,
    },
    /// Neither the path nor a folder above it is a repository.
    #[error("`{}` is not in a Git repository", path.display())]
    NotARepository {
        /// The path that was given.
        path: PathBuf,
    },
    /// What is in the place of a repository leads nowhere, and git looks no further.
    #[error("{reason}")]
    BadGitFile {
        /// The file.
        path: PathBuf,
        /// What is wrong, in git's words.
        reason: String,
    },
    /// The repository belongs to another user, and is not listed as safe.
    #[error("the repository at `{}` belongs to someone else", path.display())]
    Untrusted {
        /// The folder that `safe.directory` must name.
        path: PathBuf,
    },
    /// The same, if git has to decide whether the user trusts it.
    #[error("the repository at `{}` belongs to someone else, and there is no `git` to ask whether it is safe", path.display())]
    NoGitToAsk {
        /// The folder that `safe.directory` must name.
        path: PathBuf,
        /// The system's message.
        #[source]
        source: Cause,
    },
    /// A bare repository was found, and the user wants these named explicitly.
    #[error("cannot use the bare repository `{}`: `safe.bareRepository` is `explicit`", path.display())]
    BareNotAllowed {
        /// The repository.
        path: PathBuf,
    },
    /// The path or the repository cannot be read by this user.
    #[error("no permission to read `{}`", path.display())]
    PermissionDenied {
        /// The path that was given.
        path: PathBuf,
        /// The system's message.
        #[source]
        source: Cause,
    },
    /// The repository needs something that this program does not know.
    #[error("the repository at `{}` uses {feature}, which is not supported", path.display())]
    Unsupported {
        /// The repository's folder.
        path: PathBuf,
        /// What it uses.
        feature: String,
    },
    /// A value in the repository's configuration of which Git reads only the beginning.
    #[error("NUL byte in line {line} of file {}", file.display())]
    NulInConfig {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// There is a repository, but it cannot be read.
    #[error("the repository of `{}` cannot be opened", path.display())]
    Broken {
        /// The path that was given.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
}

/// Something went wrong in an open repository.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    /// An object that something refers to is not there, as in a shallow, partial or damaged clone.
    #[error("object {id} is missing from the repository")]
    Missing {
        /// The missing object.
        id: ObjectId,
    },
    /// An object that a partial clone left with its remote does not come.
    #[error("object {id} is not in this partial clone and cannot be fetched: {reason}")]
    Unfetched {
        /// The missing object.
        id: ObjectId,
        /// Git's message.
        reason: String,
    },
    /// An object is there but is not what it should be.
    #[error("object {id} is not a {expected}")]
    WrongKind {
        /// The object.
        id: ObjectId,
        /// What it should be.
        expected: &'static str,
    },
    /// An object is there but cannot be read.
    #[error("object {id} cannot be read")]
    BrokenObject {
        /// The object.
        id: ObjectId,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
    /// A link on the way to a path of a commit leads nowhere.
    #[error("`{path}` {problem}")]
    Link {
        /// The path.
        path: String,
        /// Where it leads.
        problem: &'static str,
    },
    /// A ref is there but cannot be read.
    #[error("ref `{name}` cannot be read")]
    BrokenRef {
        /// The ref's full name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
    /// Git refuses the file with the packed refs.
    #[error("cannot list the tags: {0}")]
    PackedRefs(#[from] DamagedPackedRefs),
    /// The program `git` is needed and is not there.
    #[error("the program `git` is needed for {purpose} and cannot be started")]
    NoGit {
        /// What it is needed for.
        purpose: &'static str,
        /// The system's message.
        #[source]
        source: io::Error,
    },
    /// The program `git` is needed and does not know the repository's format yet.
    #[error("the program `git` is too old for this repository: {found}, while {needed} is needed")]
    GitTooOld {
        /// What `git --version` prints.
        found: String,
        /// The least version that will do.
        needed: &'static str,
    },
    /// The program `git` refused.
    #[error("`git {command}` failed: {message}")]
    Command {
        /// The subcommand.
        command: String,
        /// Its message, in English.
        message: String,
    },
    /// The program `git` seemed to hang.
    #[error("`git {command}` said nothing for {seconds} s and was ended (GTO_GIT_TIMEOUT sets the limit)")]
    Silent {
        /// The subcommand.
        command: String,
        /// How long it was silent.
        seconds: u64,
    },
    /// Everything else.
    #[error("cannot {what}")]
    Failed {
        /// What was being done: `list the tags`.
        what: &'static str,
        /// What went wrong.
        #[source]
        source: Cause,
    },
}

impl GitError {
    /// The message about a file that is already named.
    pub fn of_file(&self) -> String {
        match self {
            Self::Link { problem, .. } => format!("it {problem}"),
            other => other.to_string(),
        }
    }

    pub(super) fn failed(what: &'static str, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::Failed { what, source }
    }

    pub(super) fn broken_object(id: ObjectId, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::BrokenObject { id, source }
    }
}

/// Whether the system refused for want of permission, or because the file system cannot be written to.
pub(super) fn denied(error: &gix::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    error.is_permission_denied() || has_kind(error, &[PermissionDenied, ReadOnlyFilesystem])
}

fn has_kind(error: &gix::Error, kinds: &[io::ErrorKind]) -> bool {
    let mut errors = error.iter_errors().filter_map(|error| error.downcast_ref::<io::Error>());
    errors.any(|error| kinds.contains(&error.kind()))
}
