//! Why the files of a version are not there.
//!
//! What to do about one is said in `gto-frontend`.

use std::io;
use std::path::PathBuf;

use gto::name::ArtifactName;
use gto::object_id::ObjectId;

use crate::rel_path::RelPath;

/// The result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the files of a version are not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The registry cannot say which version, or Git cannot read it.
    #[error(transparent)]
    Registry(#[from] gto::Error),
    /// The annotation has no path.
    #[error("No path of '{artifact}' is known at commit {}", commit.short())]
    NoPath {
        /// The artifact.
        artifact: ArtifactName,
        /// The commit of the version.
        commit: ObjectId,
    },
    /// The path is an address, or absolute.
    #[error("'{path}' is not in the repository")]
    Elsewhere {
        /// The path, as it is written.
        path: String,
    },
    /// The path is that of another repository.
    #[error("'{path}' is a submodule, whose files are in another repository")]
    Submodule {
        /// The path.
        path: String,
    },
    /// Neither Git nor DVC has anything at the path.
    #[error("There is no '{path}' in commit {}", commit.short())]
    NotThere {
        /// The path.
        path: String,
        /// The commit.
        commit: ObjectId,
        /// What cannot be known of what DVC keeps there.
        unknown: Option<String>,
    },
    /// A pattern that is none.
    #[error("'{pattern}' is no pattern: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// The patterns leave nothing.
    #[error("No file of '{path}' is wanted: --include and --exclude leave out all {total}")]
    NothingWanted {
        /// The artifact's path.
        path: String,
        /// The number of files.
        total: usize,
    },
    /// A path that may not be written.
    #[error("'{path}' in {source_name} {reason}, and is not written")]
    UnsafePath {
        /// The path, made shown.
        path: String,
        /// Where it is from.
        source_name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A link that cannot be made.
    #[error("'{path}' is a link to '{target}', {reason}")]
    Link {
        /// The link.
        path: String,
        /// What it leads to.
        target: String,
        /// Why it cannot be made.
        reason: &'static str,
    },
    /// Two files that cannot both be there.
    #[error("'{path}' is listed as a file and as a folder, or twice")]
    Collision {
        /// The path.
        path: RelPath,
    },
    /// The list of a folder that DVC keeps cannot be used.
    #[error("The list of files of '{path}' (object {object}) cannot be read: {reason}")]
    Manifest {
        /// The folder.
        path: String,
        /// The object.
        object: String,
        /// What is wrong.
        reason: String,
    },
    /// DVC keeps it in a way that is not known here.
    #[error("'{path}' is kept by DVC {how}, which gto cannot read")]
    Unsupported {
        /// The path.
        path: String,
        /// How it is kept.
        how: String,
    },
    /// No place has an object.
    #[error("Cannot find '{path}' ({object}): {}", places.join("; "))]
    Missing {
        /// The file.
        path: String,
        /// Its object.
        object: String,
        /// What each place said.
        places: Vec<String>,
        /// Whether another tool may have another place.
        keeper: Keeper,
    },
    /// A place has something else under the name of an object.
    #[error("'{path}' is damaged in {place}: its content is not object {object}")]
    Wrong {
        /// The file.
        path: String,
        /// Its object.
        object: String,
        /// Where the content is from.
        place: String,
    },
    /// The remote failed, or the connection.
    #[error("Cannot get '{path}' ({object}): {}", places.join("; "))]
    Remote {
        /// The file.
        path: String,
        /// Its object.
        object: String,
        /// What each place said.
        places: Vec<String>,
        /// Whether another tool may do better.
        keeper: Keeper,
    },
    /// The target has other content.
    #[error("'{}' is there already, and differs from {what}", target.display())]
    Exists {
        /// The file, or the folder with the files.
        target: PathBuf,
        /// Which version was wanted.
        what: String,
        /// The files that differ, if the target is a folder.
        differ: Vec<String>,
    },
    /// Something in the target is in the way, and is not replaced whatever the options.
    #[error("'{}' {reason}", path.display())]
    InTheWay {
        /// What is in the way.
        path: PathBuf,
        /// What it is.
        reason: &'static str,
    },
    /// Another process is at work there.
    #[error("Another process is getting files into '{}'", target.display())]
    Busy {
        /// The target.
        target: PathBuf,
    },
    /// The folder with what a run has so far is not one of ours.
    #[error("'{}' is not a folder of gto, and is left alone", path.display())]
    ForeignStaging {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder of the target cannot be written.
    #[error("Cannot write '{}'", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// More than one file, where one is wanted.
    #[error("'{path}' is a folder with {count} files")]
    NotOneFile {
        /// The artifact's path.
        path: String,
        /// How many.
        count: usize,
    },
    /// There is no such file in the folder.
    #[error("There is no file '{file}' in '{path}'")]
    NoSuchFile {
        /// The file.
        file: String,
        /// The artifact's path.
        path: String,
    },
    /// A file with a pin is none.
    #[error("This is no pin of gto: {reason}")]
    Pin {
        /// What is wrong.
        reason: String,
    },
    /// A file is not what the pin says.
    #[error("'{path}' is {found}, and the pin has {pinned}")]
    PinDiffers {
        /// The file.
        path: String,
        /// The hash that the pin has.
        pinned: String,
        /// What it is.
        found: String,
    },
    /// A policy is to be obeyed, and the pin is of a commit without a version.
    #[error("The pin is of commit {commit}, which no version had: the policy cannot judge it")]
    PinUnjudged {
        /// The commit.
        commit: String,
    },
    /// A policy is to be obeyed, and the version is not what was pinned.
    #[error("The pin has '{version}' on commit {pinned}, and by the policy it is on {found}")]
    PinMoved {
        /// The version.
        version: String,
        /// The commit that the pin has.
        pinned: String,
        /// The commit that it is on.
        found: String,
    },
    /// The output cannot be written.
    #[error(transparent)]
    Output(io::Error),
}

/// Which tool keeps an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// DVC.
    Dvc,
    /// Git LFS.
    Lfs,
}

impl Error {
    /// A file or folder of the target cannot be written.
    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Write { path, source }
    }
}
