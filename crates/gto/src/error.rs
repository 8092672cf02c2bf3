//! Everything that can go wrong, as front ends see it.
//!
//! Owns one enum to match on. Messages are one sentence about what happened and on what; what to do about it
//! is for the front end to say, from the variant.

use std::error::Error as StdError;
use std::path::PathBuf;

use crate::annotation::error::AnnotateError;
use crate::config::ConfigError;
use crate::damage::{self, DamagedTag};
use crate::git;
use crate::name::{ArtifactName, InvalidName, StageName};
use crate::object_id::ObjectId;
use crate::outcome::PartialPush;
use crate::policy::{Missing, PolicyError, Violation};
use crate::rules::Refusal;

/// The result of the library's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// A cause below: its message is in the chain of sources, not in ours.
type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// How many branches of a remote are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchedBranches {
    /// None was there when it was last asked.
    None,
    /// One, say, in a checkout of a pipeline.
    Some,
    /// All, with their history.
    All,
}

/// Why something could not be done. Nothing was changed.
///
/// There will be more of them: see [`Error::kind`](crate::Error::kind).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No repository at the path or above it.
    #[error("No Git repo found in '{path}'")]
    NoRepository {
        /// The path, as given.
        path: String,
    },
    /// The repository belongs to someone else, and Git would not work in it.
    #[error("Dubious ownership: the Git repository in '{}' belongs to someone else", path.display())]
    Untrusted {
        /// The folder that `safe.directory` must name to allow it.
        path: PathBuf,
        /// Why Git could not be asked, if it could not.
        source: Option<Cause>,
    },
    /// A bare repository that was found, where the user wants these named.
    #[error("Cannot use the bare repository '{}': `safe.bareRepository` is `explicit`", path.display())]
    BareNotAllowed {
        /// The repository.
        path: PathBuf,
    },
    /// The path is no repository for another reason.
    #[error("Cannot open the Git repository in '{path}'")]
    Open {
        /// The path, as given.
        path: String,
        /// Why.
        source: Cause,
    },
    /// A remote repository that cannot be read.
    #[error("Cannot clone '{url}': {reason}")]
    Clone {
        /// The address, as given.
        url: String,
        /// Git's message.
        reason: String,
        /// Whether Git could not log in there.
        login: bool,
    },
    /// What a remote repository has does not fit on the disk.
    #[error("Cannot clone '{url}': no space is left on the disk of '{}', where clones are kept", folder.display())]
    NoRoom {
        /// The address, as given.
        url: String,
        /// Where clones are kept.
        folder: PathBuf,
    },
    /// A name that follows no grammar.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A configuration that cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file that is there and cannot be read.
    #[error("Cannot read '{}'", path.display())]
    UnreadableFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The cache of tags cannot be removed.
    #[error("Cannot remove the cache '{}'", path.display())]
    Cache {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An annotation cannot be changed.
    #[error(transparent)]
    Annotate(#[from] AnnotateError),
    /// Tags that count for the answer cannot be read, so that it could be the one of before (decision D27).
    #[error("Cannot be sure: {}", damage::sentence(tags))]
    DamagedTags {
        /// The tags, at least one.
        tags: Vec<DamagedTag>,
    },
    /// Git reads no tag of `packed-refs`, since something in that file is damaged (decision D27).
    #[error("Cannot list the tags: {reason}")]
    DamagedPackedRefs {
        /// The file.
        path: PathBuf,
        /// Git's message.
        reason: String,
    },
    /// The rules of the registry forbid it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The promotion policy, or what belongs to it, cannot be used.
    #[error(transparent)]
    Policy(PolicyError),
    /// Which branch of the remote is the default one is not known, so that neither is the policy.
    #[error(
        "Which policy is in force is not known: the default branch of the remote '{remote}' is not known here"
    )]
    NoDefaultBranch {
        /// The remote.
        remote: String,
        /// How many of its branches are here.
        known: FetchedBranches,
    },
    /// Of several remotes none is the one that counts, or that one is not there, so that the policy is not known.
    #[error("Which policy is in force is not known, since it is not clear which remote counts")]
    PolicyOfWhichRemote {
        /// Why.
        source: Box<Error>,
    },
    /// The promotion policy forbids a tag: this is proven.
    #[error("{}: {}", forbids(tag), listed(violations))]
    PolicyViolated {
        /// The tag that was to be made or deleted.
        tag: String,
        /// What is not so as the policy wants it.
        violations: Vec<Violation>,
    },
    /// Whether the promotion policy allows a tag is not known.
    #[error("{}: {}", may_forbid(tag), listed(missing))]
    PolicyUnknown {
        /// The tag.
        tag: String,
        /// What is not known.
        missing: Vec<Missing>,
    },
    /// Answers are to obey the promotion policy, and the tag violates it.
    #[error("Tag '{tag}' counts as absent: it violates the policy")]
    ViolatingTag {
        /// The tag.
        tag: String,
    },
    /// Answers are to obey a policy, and there is none.
    #[error("There is no policy in force")]
    NoPolicy,
    /// A reason not to keep a policy, where there is none.
    #[error("There is no policy to override")]
    NothingToOverride,
    /// A message with a line that has a meaning for the policy, and that only gto writes.
    #[error("The message has a line '{trailer}:', which gto writes itself")]
    ReservedTrailer {
        /// The trailer.
        trailer: &'static str,
    },
    /// Nothing is called that.
    #[error("Ref '{revision}' was not found in the repository history")]
    RefNotFound {
        /// What was asked for.
        revision: String,
    },
    /// A tag with a name of the registry that is no event of it.
    #[error("Tag '{tag}' is no event: {reason}")]
    NoEvent {
        /// The tag.
        tag: String,
        /// Why.
        reason: String,
        /// Whether that is because it is lightweight (decision D22).
        is_lightweight: bool,
    },
    /// Several things are called that.
    #[error("Ref '{revision}' is ambiguous: {}", candidates.join(", "))]
    AmbiguousRef {
        /// What was asked for.
        revision: String,
        /// What it may mean.
        candidates: Vec<String>,
    },
    /// The artifact has no version, or none in that stage.
    #[error("Artifact '{artifact}' has no version{}", in_stage(stage.as_ref()))]
    NoVersion {
        /// The artifact.
        artifact: ArtifactName,
        /// The stage, if one was asked for.
        stage: Option<StageName>,
    },
    /// What one version was asked for is on several commits.
    #[error("'{what}' is on {} commits: {}", commits.len(), ids(commits))]
    SeveralVersions {
        /// What was asked for.
        what: String,
        /// The commits.
        commits: Vec<ObjectId>,
    },
    /// No file has a usable annotation of the artifact.
    #[error("Artifact '{artifact}' is not annotated {}", at(commit.as_ref()))]
    NotAnnotated {
        /// The artifact.
        artifact: ArtifactName,
        /// In which commit; `None` for the work tree.
        commit: Option<ObjectId>,
        /// The problems of the files that could have it, one sentence each.
        reasons: Vec<String>,
    },
    /// The content of the artifact has no hash, so it is unknown whether it changed.
    #[error("Cannot determine whether artifact '{artifact}' has changed: {reason}")]
    CannotCompare {
        /// The artifact.
        artifact: ArtifactName,
        /// What is missing.
        reason: String,
    },
    /// A version belongs to a commit, and this is not one.
    #[error("Ref '{revision}' is a {kind}, not a commit")]
    NotACommit {
        /// What was asked for.
        revision: String,
        /// What it is.
        kind: String,
    },
    /// The repository lacks an object that it should have.
    #[error("Object {id} is missing from the repository")]
    MissingObject {
        /// The object.
        id: ObjectId,
    },
    /// A partial clone lacks an object, and its remote did not give it.
    #[error("Object {id} is not in this partial clone and cannot be fetched: {reason}")]
    Unfetched {
        /// The object.
        id: ObjectId,
        /// Git's message.
        reason: String,
    },
    /// There is nothing to register yet.
    #[error("The repository has no commit yet")]
    NoCommit,
    /// `HEAD` is on a branch that is not there, while others are.
    #[error("HEAD names {}, which does not exist", branch.as_ref().map_or("a branch".to_owned(), |branch| format!("branch '{branch}'")))]
    NoBranch {
        /// The branch, where it is known.
        branch: Option<String>,
        /// One that is there.
        other: String,
    },
    /// A point in time that cannot be read.
    #[error("Cannot read '{text}' as a date")]
    InvalidDate {
        /// What was given.
        text: String,
    },
    /// The date for new tags, which Git does not take.
    #[error("GIT_COMMITTER_DATE is '{text}', which Git does not take for a date")]
    InvalidCommitterDate {
        /// What it is.
        text: String,
    },
    /// Git does not know who writes.
    #[error("Git does not know who you are: {missing} not set")]
    NoIdentity {
        /// Which settings are missing.
        missing: &'static str,
    },
    /// Somebody else wrote at the same time.
    #[error("Tag '{tag}' was changed by another process meanwhile")]
    Conflict {
        /// The tag.
        tag: String,
    },
    /// A plan was kept, and the tags that it was made from have changed.
    #[error("The tags of '{artifact}' have changed since the plan was made")]
    Outdated {
        /// The artifact.
        artifact: ArtifactName,
    },
    /// A plan that no registry makes: it was changed by hand, or is another repository's.
    #[error("The plan cannot be carried out: {reason}")]
    InvalidPlan {
        /// Why, in one clause.
        reason: String,
    },
    /// Some of the tags were made or deleted before something went wrong.
    #[error("Only a part was done, which stays: {}", tags.join(" "))]
    Stopped {
        /// These tags.
        tags: Vec<String>,
        /// What went wrong.
        source: Box<Error>,
    },
    /// Another process writes to the repository.
    #[error("The repository is locked by another process")]
    Locked {
        /// Which lock.
        source: Cause,
    },
    /// Tag names are paths, and a shorter one is in the way.
    #[error("Tag '{tag}' cannot be created beside tag '{by}'")]
    Blocked {
        /// The tag to make.
        tag: String,
        /// The tag in its way.
        by: String,
    },
    /// A hook of the repository forbids it.
    #[error("A hook of the repository refused: {said}")]
    Hook {
        /// Its message. Untrusted.
        said: String,
    },
    /// The user may not write there.
    #[error("No permission to write to '{}'", path.display())]
    PermissionDenied {
        /// The repository.
        path: PathBuf,
        /// The system's message.
        source: Cause,
    },
    /// The repository is on read-only media.
    #[error("Cannot write to '{}': the file system is read-only", path.display())]
    ReadOnly {
        /// The repository.
        path: PathBuf,
        /// The system's message.
        source: Cause,
    },
    /// There is no program `git`, or it cannot be started, and this cannot be done without it.
    #[error("The program `git` is needed for {purpose} and cannot be started")]
    NoGit {
        /// What it is needed for.
        purpose: &'static str,
        /// The system's message.
        source: std::io::Error,
    },
    /// A `git` that went on for ever, as it seemed.
    #[error("The program `git {command}` said nothing for {seconds} s and was ended")]
    GitSilent {
        /// What was asked of it.
        command: String,
        /// How long it said nothing.
        seconds: u64,
    },
    /// A remote that is not configured.
    #[error("There is no remote '{name}'")]
    UnknownRemote {
        /// The name that was given.
        name: String,
        /// The names of the remotes that there are.
        known: Vec<String>,
    },
    /// Nobody said which remote.
    #[error("There is no remote to push to or to fetch from")]
    NoRemote {
        /// The names of the remotes that there are.
        known: Vec<String>,
    },
    /// Pushes to the remote go to several repositories, which cannot be changed all or none.
    #[error(
        "Git pushes to {addresses} addresses for the remote '{remote}', and some could take a tag that others refuse"
    )]
    ManyAddresses {
        /// The remote.
        remote: String,
        /// How many they are.
        addresses: usize,
    },
    /// The remote is a file.
    #[error("'{path}' is a bundle, which can be read and not pushed to")]
    Bundle {
        /// The file.
        path: String,
    },
    /// The remote does not say which tags it has.
    #[error("Cannot get the tags of {remote}: {reason}")]
    Fetch {
        /// The remote.
        remote: String,
        /// Git's message.
        reason: String,
        /// Whether Git could not log in there.
        login: bool,
    },
    /// The remote does not have the tag.
    #[error("Tag '{tag}' is not on {remote}")]
    NotOnRemote {
        /// The tag.
        tag: String,
        /// The remote.
        remote: String,
    },
    /// What the tag did depends on tags that this clone seems to lack.
    #[error(
        "Cannot be sure what tag '{tag}' did: this clone has no tag that registers a version of '{artifact}' on commit {}",
        commit.short()
    )]
    TagsMissing {
        /// The tag.
        tag: String,
        /// Whose tags are missing.
        artifact: ArtifactName,
        /// The commit whose version is not known.
        commit: ObjectId,
    },
    /// Tags of one name that are not the same.
    #[error("Tags differ here and on {remote}: {}", tags.join(" "))]
    Differ {
        /// The remote.
        remote: String,
        /// The tags.
        tags: Vec<String>,
    },
    /// The remote did not take the tags. None was made here either.
    #[error("The command `{}` failed: {reason}", push_command(remote, tags))]
    Push {
        /// The remote.
        remote: String,
        /// What pushes go to: its name, or an address if fetches come from another one.
        address: String,
        /// The tags.
        tags: Vec<String>,
        /// What Git and the remote said.
        reason: String,
        /// Whether the connection ended without an answer: the remote may be still at work.
        broke_off: bool,
        /// Whether Git could not log in there.
        login: bool,
    },
    /// Git keeps tags as paths, and the remote has one in the place of a folder, or below the new one.
    #[error("Tag '{by}' of {remote} is in the way of tag '{tag}'")]
    InTheWay {
        /// The remote.
        remote: String,
        /// The tag to push.
        tag: String,
        /// The tag in its way.
        by: String,
    },
    /// The user's own hook stopped the push. No tag was made, here or there.
    #[error("The hook pre-push refused to push {} to {remote}: {}", tags.join(" "), or_silence(reason))]
    PrePush {
        /// The remote.
        remote: String,
        /// The tags.
        tags: Vec<String>,
        /// What the hook said.
        reason: String,
    },
    /// Somebody else pushed at the same time.
    #[error("Others push to {remote} at the same time: {reason}")]
    RemoteMoved {
        /// The remote.
        remote: String,
        /// What Git and the remote said.
        reason: String,
    },
    /// A lock file on the remote is in the way: of somebody who pushes at the same time, or whose push broke off.
    #[error("A lock file is in the way on {remote}: {reason}")]
    RemoteLocked {
        /// The remote.
        remote: String,
        /// What Git and the remote said.
        reason: String,
    },
    /// The remote cannot change several tags at once.
    #[error("{remote} does not support atomic pushes, so that these tags could be pushed by halves: {}", tags.join(" "))]
    NotAtomic {
        /// The remote.
        remote: String,
        /// The tags.
        tags: Vec<String>,
    },
    /// More tags than one command takes.
    #[error("{tags} tags are too many for one push to {remote}")]
    TooManyTags {
        /// The remote.
        remote: String,
        /// How many.
        tags: usize,
    },
    /// Not all tags landed on the remote, or it cannot be asked which did. Those that did are made here, too; no others are.
    #[error("{0}")]
    PartialPush(Box<PartialPush>),
    /// The remote has the tags, and here they could not be made.
    #[error("The tags were pushed to {remote}, but could not be made here: {}", tags.join(" "))]
    MadeThereOnly {
        /// The remote.
        remote: String,
        /// The tags.
        tags: Vec<String>,
        /// Why.
        source: Box<Error>,
    },
    /// The remote deleted the tags, and here they could not be deleted.
    #[error("The tags were deleted on {remote}, but not here: {}", tags.join(" "))]
    DeletedThereOnly {
        /// The remote.
        remote: String,
        /// The tags that are still here.
        tags: Vec<String>,
        /// Why.
        source: Box<Error>,
    },
    /// A tag should be signed and cannot be.
    #[error("Cannot sign the tag")]
    Sign {
        /// What the signing program said, or what is missing.
        source: Cause,
        /// Whether that found no terminal to ask for a passphrase in.
        lacks_terminal: bool,
    },
    /// Whether Git takes in what is pushed is not decided yet, and until then it changes no refs.
    #[error("No tag can be made or deleted in the quarantine of a push (GIT_QUARANTINE_PATH)")]
    Quarantined,
    /// Git's times begin in 1970.
    #[error("A tag cannot be dated before 1970")]
    TooEarly,
    /// Anything else that Git cannot do.
    #[error("{message}")]
    Git {
        /// What cannot be done.
        message: String,
        /// Why.
        source: Option<Cause>,
    },
}

impl Error {
    /// The file that says that the repository is locked, if it is known.
    pub fn lock_file(&self) -> Option<&std::path::Path> {
        match self {
            Self::Locked { source } => source.downcast_ref::<git::HeldLock>().map(|lock| lock.path.as_path()),
            _ => None,
        }
    }

    /// What the policy refuses, and why: each reason is a clause of its own. Together they are the whole message.
    pub fn refused_by_policy(&self) -> Option<(String, Vec<String>)> {
        match self {
            Self::PolicyViolated { tag, violations } => Some((forbids(tag), clauses(violations))),
            Self::PolicyUnknown { tag, missing } => Some((may_forbid(tag), clauses(missing))),
            _ => None,
        }
    }

    /// The `.git` file that leads nowhere, if that is why the repository cannot be opened.
    pub fn bad_git_file(&self) -> Option<&std::path::Path> {
        match self {
            Self::Open { source, .. } => match source.downcast_ref() {
                Some(git::OpenError::BadGitFile { path, .. }) => Some(path.as_path()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The file of Git's configuration, and the line in it, that has a NUL byte, if that is why the repository cannot be opened.
    pub fn nul_in_config(&self) -> Option<(&std::path::Path, usize)> {
        match self {
            Self::Open { source, .. } => match source.downcast_ref() {
                Some(git::OpenError::NulInConfig { file, line }) => Some((file, *line)),
                _ => None,
            },
            _ => None,
        }
    }

    /// A tag that may be an annotated one at the remote.
    pub(crate) fn lightweight_here(tag: &str) -> Self {
        let reason = "it is lightweight here, and only annotated tags are events".to_owned();
        Self::NoEvent { tag: tag.to_owned(), reason, is_lightweight: true }
    }

    /// A remote that does not say which tags it has.
    pub(crate) fn fetch(remote: String, reason: &dyn StdError) -> Self {
        let reason = reason.to_string();
        Self::Fetch { remote, login: git::is_about_login(&reason), reason }
    }

    /// A remote repository that cannot be read.
    pub(crate) fn clone_of(url: &str, reason: &dyn StdError) -> Self {
        let reason = reason.to_string();
        Self::Clone { url: url.to_owned(), login: git::is_about_login(&reason), reason }
    }

    pub(crate) fn from_open(path: &str, error: git::OpenError) -> Self {
        match error {
            git::OpenError::NotARepository { .. } | git::OpenError::NoSuchPath { .. } => {
                Self::NoRepository { path: path.to_owned() }
            }
            git::OpenError::Untrusted { path } => Self::Untrusted { path, source: None },
            git::OpenError::NoGitToAsk { path, source } => Self::Untrusted { path, source: Some(source) },
            git::OpenError::BareNotAllowed { path } => Self::BareNotAllowed { path },
            error => Self::Open { path: path.to_owned(), source: error.into() },
        }
    }
}

/// Whether nobody may write, rather than this user: the system says so in the same words to us and to git.
fn is_read_only(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .any(|error| error.to_string().contains("Read-only file system"))
}

fn in_stage(stage: Option<&StageName>) -> String {
    stage.map_or_else(String::new, |stage| format!(" in stage '{stage}'"))
}

fn at(commit: Option<&ObjectId>) -> String {
    commit.map_or("in the work tree".to_owned(), |commit| format!("at commit {}", commit.short()))
}

fn ids(commits: &[ObjectId]) -> String {
    commits.iter().map(|id| id.short().to_string()).collect::<Vec<_>>().join(", ")
}

/// A sentence of ours begins with a capital letter, Git's clauses do not.
fn sentence(clause: &dyn StdError) -> String {
    let clause = clause.to_string();
    let mut letters = clause.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn forbids(tag: &str) -> String {
    format!("The policy forbids '{tag}'")
}

fn may_forbid(tag: &str) -> String {
    format!("Whether the policy allows '{tag}' is not known")
}

fn clauses<T: std::fmt::Display>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// One clause after the other.
fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    clauses(items).join("; ")
}

impl From<git::GitError> for Error {
    fn from(error: git::GitError) -> Self {
        let error = match error {
            git::GitError::Missing { id } => return Self::MissingObject { id },
            git::GitError::NoGit { purpose, source } => return Self::NoGit { purpose, source },
            git::GitError::Silent { command, seconds } => return Self::GitSilent { command, seconds },
            git::GitError::Unfetched { id, reason } => return Self::Unfetched { id, reason },
            git::GitError::PackedRefs(damaged) => {
                return Self::DamagedPackedRefs { path: damaged.path, reason: damaged.reason };
            }
            error => error,
        };
        let message = sentence(&error);
        let source: Option<Cause> = match error {
            git::GitError::BrokenObject { source, .. }
            | git::GitError::BrokenRef { source, .. }
            | git::GitError::Failed { source, .. } => Some(source),
            _ => None,
        };
        Self::Git { message, source }
    }
}

impl From<git::FileError> for Error {
    fn from(error: git::FileError) -> Self {
        match error {
            git::FileError::Git(error) => error.into(),
            too_large @ git::FileError::TooLarge { .. } => {
                Self::Git { message: sentence(&too_large), source: None }
            }
        }
    }
}

impl From<git::ResolveError> for Error {
    fn from(error: git::ResolveError) -> Self {
        match error {
            git::ResolveError::NotFound { revision } => Self::RefNotFound { revision },
            git::ResolveError::NoCommitYet => Self::NoCommit,
            git::ResolveError::NoBranch { branch, other } => Self::NoBranch { branch, other },
            git::ResolveError::NotACommit { revision, kind } => {
                Self::NotACommit { revision, kind: kind.to_string() }
            }
            git::ResolveError::Ambiguous { revision, candidates } => {
                Self::AmbiguousRef { revision, candidates }
            }
            git::ResolveError::Git(error) => error.into(),
        }
    }
}

impl From<git::IdentityError> for Error {
    fn from(error: git::IdentityError) -> Self {
        let git::IdentityError::NotConfigured { name, email } = error;
        let missing = match (name, email) {
            (true, true) => "user.name and user.email are",
            (true, false) => "user.name is",
            _ => "user.email is",
        };
        Self::NoIdentity { missing }
    }
}

impl From<git::SignError> for Error {
    fn from(error: git::SignError) -> Self {
        match error {
            git::SignError::Git(error) => error.into(),
            error => {
                let lacks_terminal = error.lacks_terminal();
                Self::Sign { source: error.into(), lacks_terminal }
            }
        }
    }
}

impl From<git::ApplyError> for Error {
    fn from(error: git::ApplyError) -> Self {
        match error {
            git::ApplyError::Exists { name } | git::ApplyError::Changed { name } => {
                Self::Conflict { tag: name }
            }
            git::ApplyError::Blocked { name, by } => Self::Blocked { tag: name, by },
            git::ApplyError::Locked { source } => Self::Locked { source },
            git::ApplyError::PermissionDenied { path, source } if is_read_only(source.as_ref()) => {
                Self::ReadOnly { path, source }
            }
            git::ApplyError::PermissionDenied { path, source } => Self::PermissionDenied { path, source },
            git::ApplyError::Hook { said } => Self::Hook { said },
            git::ApplyError::Stopped { made, source } => {
                Self::Stopped { tags: made, source: Box::new((*source).into()) }
            }
            git::ApplyError::TooEarly => Self::TooEarly,
            git::ApplyError::Quarantined => Self::Quarantined,
            git::ApplyError::Sign(error) => error.into(),
            git::ApplyError::Git(error) => error.into(),
            error => Self::Git { message: sentence(&error), source: None },
        }
    }
}

/// The command that pushes these tags, to be typed. Not all of many.
fn push_command(remote: &str, tags: &[String]) -> String {
    const SHOWN: usize = 20;
    let atomic = if tags.len() > 1 { " --atomic" } else { "" };
    let quote = |tag: &String| if tag.contains(['#', '!']) { format!("'{tag}'") } else { tag.clone() };
    let more = if tags.len() > SHOWN { " …" } else { "" };
    let tags = tags.iter().take(SHOWN).map(quote).collect::<Vec<_>>().join(" ");
    format!("git push{atomic} {remote} {tags}{more}")
}

/// What was said, or that nothing was.
fn or_silence(said: &str) -> &str {
    if said.is_empty() { "it does not say why" } else { said }
}
