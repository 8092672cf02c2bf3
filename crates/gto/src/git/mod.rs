//! A Git repository on this machine, as the registry needs it.
//!
//! Owns everything that names gix or starts `git`. Must not know what a registry is: tags come out as they are
//! written, and go in as they are given.

mod address;
mod ambiguity;
mod by_git;
mod cached_tags;
mod child;
mod command;
mod command_line;
mod commit;
mod date;
mod discovery;
mod durable;
mod file_commit;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod head;
mod history;
mod identity;
mod index;
mod inherited;
mod links;
mod lock;
mod loose_object;
mod machine;
mod mirror;
mod object;
mod packed_refs;
mod paths;
mod pattern;
mod porcelain;
mod promised;
mod ref_files;
mod ref_lock;
mod ref_update;
mod reflog;
mod refs;
mod reftable;
mod remote;
mod revision;
mod said;
mod signing;
mod tables;
mod tag_cache;
mod tags;
#[cfg(test)]
pub(crate) mod test_repo;
mod transaction;
mod tree;
mod trust;
mod verify;
mod work_files;

use std::cell::Cell;
use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gix::objs::Kind;
use gix::odb::Header as _;

use crate::object_id::ObjectId;

pub(crate) use address::{Address, NoAddress};
pub(crate) use ambiguity::Ambiguity;
pub(crate) use cached_tags::Keep;
pub use child::{before_first_child, end_children, kill_children};
pub(crate) use command::SILENCE;
pub(crate) use commit::FileError;
pub(crate) use date::parse_date;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use date::parse_exact;
pub(crate) use file_commit::{CommitError, Committed, FileStatus};
pub(crate) use history::CommitTree;
pub(crate) use identity::IdentityError;
pub(crate) use index::{Index, Staged};
pub(crate) use links::Entry;
pub(crate) use lock::{LOCKED, WriteLock};
pub use mirror::is_bundle;
pub(crate) use mirror::{Access, MirrorError, url_of};
pub(crate) use packed_refs::{DamagedPackedRefs, Salvage};
pub(crate) use pattern::Pattern;
pub(crate) use porcelain::{Outcome, PushReport};
pub(crate) use ref_lock::{HeldLock, LeftLock};
pub(crate) use refs::{SeenHead, TagRef, TagRefs, is_valid_tag_name};
pub(crate) use remote::{PushedBranch, PushedTag, Remote, RemoteError, RemoteTag, batches};
pub(crate) use revision::ResolveError;
pub(crate) use signing::SignError;
pub(crate) use tags::{ObjectKind, TagObject, UnreadableTag, Want, name_sum};
pub(crate) use transaction::{ApplyError, TagEdit};
pub(crate) use tree::EntryKind;

/// No object larger than this is taken into memory, whatever a repository claims: 64 MiB.
const OBJECT_LIMIT: usize = 64 * 1024 * 1024;

/// Any error of a library below, kept as the source of ours.
type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// An open repository. Cheap to open; objects and refs are read when asked for.
pub(crate) struct Repository {
    gix: gix::Repository,
    work_dir: Option<PathBuf>,
    refs: RefStorage,
    /// How many objects were looked at.
    reads: Cell<usize>,
    /// Whether this process has the lock that keeps other writers away.
    locked: Cell<bool>,
    /// What of that is the system's.
    system_lock: Cell<lock::SystemLock>,
    /// What became of fetching what a partial clone left out.
    fetches: promised::Fetches,
    /// What every `git` that works on it is told beside its arguments.
    variables: Arc<[(String, String)]>,
    /// How long a `git` may say nothing; `None` if as long as it likes.
    silence: Option<Duration>,
    /// What the variables of Git select here.
    inherited: Arc<inherited::Inherited>,
}

/// How the repository keeps its refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefStorage {
    /// Loose files and `packed-refs`: gix reads and writes them.
    Files,
    /// Tables. gix would show no ref at all, so everything about refs goes through the user's `git`.
    Reftable,
}

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
    /// The repository belongs to someone else, and the user has not said that this is as it should be.
    #[error("the repository at `{}` belongs to someone else", path.display())]
    Untrusted {
        /// The folder that `safe.directory` must name.
        path: PathBuf,
    },
    /// As before, and it is for git to say whether the user trusts it.
    #[error("the repository at `{}` belongs to someone else, and there is no `git` to ask whether it is safe", path.display())]
    NoGitToAsk {
        /// The folder that `safe.directory` must name.
        path: PathBuf,
        /// What the system said.
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
        /// What the system said.
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
        /// What git said.
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
        /// What the system said.
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
        /// What it said, in English.
        message: String,
    },
    /// The program `git` went on for ever, as it seemed.
    #[error("`git {command}` said nothing for {seconds} s and was ended (GTO_GIT_TIMEOUT sets the limit)")]
    Silent {
        /// The subcommand.
        command: String,
        /// How long it said nothing.
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

impl Repository {
    /// Finds the repository of the folder `path` or of a folder above it: a work tree, a bare repository, a linked
    /// work tree, a submodule.
    ///
    /// The path alone decides which, within git's `GIT_CEILING_DIRECTORIES`: `GIT_DIR`, which a program started from a Git
    /// hook inherits, does not. If it is the one that Git would work in here, the other variables count: see [`inherited`].
    ///
    /// Refuses the repository of someone else, unless git would work there: see [`trust`].
    pub fn discover(path: &Path) -> Result<Self, OpenError> {
        check_folder(path)?;
        // Absolute, so that messages and child processes do not depend on the current folder.
        let start = std::path::absolute(path).map_err(|error| broken(path, error))?;
        let found = discovery::find(&start)?.ok_or_else(|| not_found(path))?;
        check_config(path, &discovery::common_dir_of(&found)?)?;
        let failed = |error| open_error(path, &start, error);
        let place = trust::Place::of(&found).map_err(failed)?;
        place.check_owner(&start)?;
        let gix = gix::open_opts(&found, open_options().open_path_as_is(true)).map_err(failed)?;
        let work_dir = if inherited::is_work_tree_of_another(gix.git_dir()) {
            place.work_dir.clone()
        } else {
            gix.workdir().map(Path::to_owned)
        };
        let repository = Self::opened(path, gix, work_dir)?;
        place.check_bare(&start, &repository.gix)?;
        Ok(repository)
    }

    /// Opens the repository whose folder with `HEAD` this is, as git does with `--git-dir` or `GIT_DIR`: whose it is does
    /// not matter, since whoever names it so means it. The work tree is that of `GIT_WORK_TREE`, of the configuration, or
    /// the folder around a `.git`.
    pub fn open(git_dir: &Path) -> Result<Self, OpenError> {
        let start = std::path::absolute(git_dir).map_err(|error| broken(git_dir, error))?;
        let found = discovery::named(&start)?.ok_or_else(|| not_found_at(git_dir, &start))?;
        check_config(git_dir, &discovery::common_dir_of(&found)?)?;
        let options = open_options().with(gix::sec::Trust::Full).open_path_as_is(true);
        let gix = gix::open_opts(&start, options).map_err(|error| {
            if denied(&error) {
                OpenError::PermissionDenied { path: start.clone(), source: error.into() }
            } else {
                broken(git_dir, error)
            }
        })?;
        let work_dir = if inherited::is_work_tree_of_another(gix.git_dir()) {
            let is_bare = gix.config_snapshot().boolean("core.bare").unwrap_or(false);
            start.parent().filter(|_| !is_bare && start.ends_with(".git"))
        } else {
            gix.workdir()
        };
        let work_dir = work_dir.map(Path::to_owned);
        Self::opened(git_dir, gix, work_dir)
    }

    fn opened(path: &Path, mut gix: gix::Repository, work_dir: Option<PathBuf>) -> Result<Self, OpenError> {
        let refs = check_format(&gix)?;
        command_line::apply(&mut gix).map_err(|error| broken(path, error))?;
        check_values(path, &gix)?;
        gix.clear_namespace();
        let root = work_dir.clone().unwrap_or_else(|| gix.git_dir().to_owned());
        let inherited = inherited::Inherited::by(&mut gix, &root).map_err(|error| broken(path, error))?;
        Ok(Self {
            gix,
            work_dir,
            refs,
            reads: Cell::new(0),
            locked: Cell::new(false),
            system_lock: Cell::default(),
            fetches: promised::Fetches::default(),
            variables: Arc::default(),
            silence: Some(SILENCE),
            inherited: Arc::new(inherited),
        })
    }

    /// Lets every `git` ask for a password on the terminal or not, by a value of `GIT_TERMINAL_PROMPT`.
    pub fn set_prompt(&mut self, prompt: String) {
        let variable = ("GIT_TERMINAL_PROMPT".to_owned(), prompt);
        self.variables = self.variables.iter().cloned().chain([variable]).collect();
    }

    /// Lets every `git` say nothing for so long; `None` for as long as it likes. After that it is ended.
    pub fn set_silence(&mut self, silence: Option<Duration>) {
        self.silence = silence;
    }

    /// The root of the work tree; `None` in a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.work_dir.as_deref()
    }

    /// The folder with `HEAD`, private to a linked work tree.
    pub fn git_dir(&self) -> &Path {
        self.gix.git_dir()
    }

    /// The folder with refs and objects, shared by all work trees.
    pub fn common_dir(&self) -> &Path {
        self.gix.common_dir()
    }

    /// The folder that a message names: the work tree, or the repository itself if it is bare.
    pub fn root(&self) -> &Path {
        self.work_dir().unwrap_or_else(|| self.git_dir())
    }

    /// Whether history was cut off by a shallow clone, so that tags of older commits may be absent.
    pub fn is_shallow(&self) -> bool {
        // Read here rather than through gix, which would follow `GIT_SHALLOW_FILE`. Git truncates the file before it
        // removes it.
        std::fs::metadata(self.common_dir().join("shallow")).is_ok_and(|file| file.len() > 0)
    }

    /// Whether all refs have reflogs, as `core.logAllRefUpdates=always` wants it.
    fn logs_all_refs(&self) -> bool {
        let value = self.gix.config_snapshot().string("core.logAllRefUpdates");
        value.is_some_and(|value| value.eq_ignore_ascii_case(b"always"))
    }

    /// Whether the object is in the repository.
    pub fn has_object(&self, id: ObjectId) -> bool {
        self.to_gix(id).is_some_and(|gix_id| {
            self.gix.has_object(gix_id) || self.bring(&[id]) && self.gix.has_object(gix_id)
        })
    }

    /// What kind of object it is; `None` if it is not there or cannot be read.
    pub fn kind_of(&self, id: ObjectId) -> Option<ObjectKind> {
        self.header(id).ok().map(|(kind, _)| kind.into())
    }

    /// How many objects were looked at so far, those that are not there included: what an answer costs.
    pub fn objects_read(&self) -> usize {
        self.reads.get()
    }

    fn count_read(&self, objects: usize) {
        self.reads.set(self.reads.get() + objects);
    }

    /// The kind and size of an object, without reading its content.
    fn header(&self, id: ObjectId) -> Result<(Kind, u64), GitError> {
        self.count_read(1);
        let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
        let mut header = self.gix.objects.try_header(&gix_id);
        if matches!(header, Ok(None)) && self.bring(&[id]) {
            header = self.gix.objects.try_header(&gix_id);
        }
        match header {
            Ok(Some(header)) => Ok((header.kind(), header.size())),
            Ok(None) => Err(self.missing(id)),
            Err(error) => Err(GitError::broken_object(id, error)),
        }
    }

    /// The id for gix; `None` if this repository uses the other hash, so that nothing in it can have that id.
    fn to_gix(&self, id: ObjectId) -> Option<gix::ObjectId> {
        let id = gix::ObjectId::try_from(id.as_bytes()).ok()?;
        (id.kind() == self.gix.object_hash()).then_some(id)
    }
}

impl GitError {
    /// What is said of a file where it is named already.
    pub fn of_file(&self) -> String {
        match self {
            Self::Link { problem, .. } => format!("it {problem}"),
            other => other.to_string(),
        }
    }

    fn failed(what: &'static str, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::Failed { what, source }
    }

    fn broken_object(id: ObjectId, source: impl Into<Cause>) -> Self {
        let source = source.into();
        Self::BrokenObject { id, source }
    }
}

/// The id of gix as ours.
fn from_gix(id: &gix::oid) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("gix knows hashes of 20 and 32 bytes only")
}

/// Bytes of a repository as text. Git promises no encoding; what is not UTF-8 becomes replacement characters.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn check_folder(path: &Path) -> Result<(), OpenError> {
    let path = path.to_owned();
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder { path }),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(OpenError::PermissionDenied { path, source: error.into() })
        }
        Err(_) => Err(OpenError::NoSuchPath { path }),
    }
}

/// All configuration that `git` itself would honour, but no identity from the environment: `committer` asks for that.
fn open_options() -> gix::open::Options {
    gix::open::Options::default()
        .permissions(permissions())
        // Whose it is was asked before: what is opened is trusted as a whole, as git does it.
        .filter_config_section(|_| true)
        .config_overrides([format!("gitoxide.objects.allocLimit={OBJECT_LIMIT}")])
}

fn permissions() -> gix::open::Permissions {
    let mut permissions = gix::open::Permissions::all();
    permissions.env.identity = gix::sec::Permission::Deny;
    // See `command_line`.
    permissions.config.env = false;
    permissions
}

fn broken(path: &Path, source: impl Into<Cause>) -> OpenError {
    OpenError::Broken { path: path.to_owned(), source: source.into() }
}

/// What it means that gix cannot open a repository that was found from the folder `start`: in git's words if it refuses, too.
fn open_error(path: &Path, start: &Path, error: gix::Error) -> OpenError {
    if denied(&error) {
        return OpenError::PermissionDenied { path: path.to_owned(), source: error.into() };
    }
    match trust::ask_git(start) {
        Ok(Some(said)) => broken(path, GitError::Command { command: "rev-parse".to_owned(), message: said }),
        _ => broken(path, error),
    }
}

fn not_found(path: &Path) -> OpenError {
    let path = path.to_owned();
    match hidden_repository(&path) {
        Some(error) => OpenError::PermissionDenied { path, source: error.into() },
        None => OpenError::NotARepository { path },
    }
}

/// Why the folder that was named is no repository.
fn not_found_at(given: &Path, git_dir: &Path) -> OpenError {
    let head = git_dir.join("HEAD");
    match std::fs::metadata(&head)
        .and_then(|file| if file.is_file() { std::fs::File::open(&head).map(drop) } else { Ok(()) })
    {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            OpenError::PermissionDenied { path: git_dir.to_owned(), source: error.into() }
        }
        _ => OpenError::NotARepository { path: given.to_owned() },
    }
}

/// Why the search passed over a repository that this user may not look into.
fn hidden_repository(path: &Path) -> Option<io::Error> {
    let path = std::path::absolute(path).ok()?;
    let heads = path.ancestors().map(|folder| folder.join(".git/HEAD"));
    // A FIFO would wait for a writer.
    let open = |head: PathBuf| match std::fs::metadata(&head) {
        Ok(file) if file.is_file() => std::fs::File::open(&head).err(),
        looked => looked.err(),
    };
    heads.filter_map(open).find(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Whether the system refused for want of permission, or because the file system cannot be written to.
fn denied(error: &gix::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    error.is_permission_denied() || has_kind(error, &[PermissionDenied, ReadOnlyFilesystem])
}

fn has_kind(error: &gix::Error, kinds: &[io::ErrorKind]) -> bool {
    let mut errors = error.iter_errors().filter_map(|error| error.downcast_ref::<io::Error>());
    errors.any(|error| kinds.contains(&error.kind()))
}

/// gix goes on without a configuration that it may not read or that begins with noise, and would then take a reftable
/// repository for an empty one. That of a FIFO it would wait for.
fn check_config(path: &Path, common_dir: &Path) -> Result<(), OpenError> {
    let config = common_dir.join("config");
    match std::fs::metadata(&config) {
        Ok(file) if file.is_file() => {}
        Ok(file) if file.is_dir() => {
            let message = format!("unable to access '{}': Is a directory", config.display());
            return Err(broken(path, message));
        }
        Ok(_) => {
            return Err(broken(path, format!("unable to access '{}': it is not a file", config.display())));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) => {}
    }
    let text = std::fs::read(&config)
        .map_err(|error| OpenError::PermissionDenied { path: path.to_owned(), source: error.into() })?;
    match line_outside_sections(&text) {
        Some(line) => Err(broken(path, format!("bad config line {line} in file {}", config.display()))),
        None => Ok(()),
    }
}

/// The line, from 1, of text that is in no section, which git refuses and gix passes over.
fn line_outside_sections(text: &[u8]) -> Option<usize> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let is_something = |line: &[u8]| !matches!(line.trim_ascii_start().first(), None | Some(b'#' | b';'));
    let (at, line) = text.split(|byte| *byte == b'\n').enumerate().find(|(_, line)| is_something(line))?;
    (line.trim_ascii_start().first() != Some(&b'[')).then_some(at + 1)
}

/// Refuses values that end every command of git. gix takes the default instead.
fn check_values(path: &Path, gix: &gix::Repository) -> Result<(), OpenError> {
    const BOOLEANS: [&str; 12] = [
        "bare",
        "filemode",
        "ignorecase",
        "ignorestat",
        "logallrefupdates",
        "precomposeunicode",
        "prefersymlinkrefs",
        "protecthfs",
        "protectntfs",
        "quotepath",
        "symlinks",
        "trustctime",
    ];
    let snapshot = gix.config_snapshot();
    for name in BOOLEANS {
        let key = format!("core.{name}");
        if snapshot.try_boolean(key.as_str()).is_err() {
            let value = snapshot.string(key.as_str()).unwrap_or_default();
            if name != "logallrefupdates" || !value.eq_ignore_ascii_case(b"always") {
                return Err(broken(path, format!("bad boolean config value '{value}' for '{key}'")));
            }
        }
    }
    Ok(())
}

/// Refuses repositories that git of today would refuse too, and finds out how refs are kept. gix checks neither.
///
/// See gitrepository-layout(5) and git's `Documentation/technical/repository-version`.
fn check_format(gix: &gix::Repository) -> Result<RefStorage, OpenError> {
    const KNOWN: [&str; 9] = [
        "compatobjectformat",
        "noop",
        "noop-v1",
        "objectformat",
        "partialclone",
        "preciousobjects",
        "refstorage",
        "relativeworktrees",
        "worktreeconfig",
    ];
    let unsupported = |feature: String| OpenError::Unsupported { path: gix.common_dir().to_owned(), feature };
    // Without the filter by trust: how to read a repository does not depend on whose it is.
    let snapshot = gix.config_snapshot();
    let config = snapshot.plumbing();
    let version = config.string("core.repositoryFormatVersion");
    match version.as_ref().map(|version| version.as_slice()) {
        None | Some(b"" | b"0") => return check_first_format(config, &unsupported),
        Some(b"1") => {}
        Some(other) => {
            return Err(unsupported(format!("repository format version {}", lossy(other))));
        }
    }
    for section in config.sections_by_name("extensions").into_iter().flatten() {
        for key in section.value_names() {
            let key = lossy(key.as_ref());
            if !KNOWN.contains(&key.to_ascii_lowercase().as_str()) {
                return Err(unsupported(format!("the extension `{key}`")));
            }
        }
    }
    match config.string("extensions.refStorage").as_ref().map(|kind| kind.as_slice()) {
        None | Some(b"files") => Ok(RefStorage::Files),
        Some(b"reftable") => Ok(RefStorage::Reftable),
        Some(other) => Err(unsupported(format!("the ref storage `{}`", lossy(other)))),
    }
}

/// Refuses what means nothing in the first format, and which git therefore does not take.
fn check_first_format(
    config: &gix::config::File,
    unsupported: &dyn Fn(String) -> OpenError,
) -> Result<RefStorage, OpenError> {
    const LATER: [&str; 5] =
        ["noop-v1", "objectFormat", "compatObjectFormat", "refStorage", "relativeWorktrees"];
    match LATER.iter().find(|name| config.string(format!("extensions.{name}").as_str()).is_some()) {
        Some(name) => Err(unsupported(format!("the extension `{name}` in repository format version 0"))),
        None => Ok(RefStorage::Files),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use gto_testkit::{Repo, RepoOptions, Sandbox, TagSpec};

    use super::test_repo::{each_storage, id, open};
    use super::*;

    fn refused(path: &Path) -> OpenError {
        match Repository::discover(path) {
            Ok(repository) => panic!("it opens: {}", repository.root().display()),
            Err(error) => error,
        }
    }

    #[test]
    fn a_repository_is_found_from_any_folder_inside() {
        for repo in each_storage() {
            let commit = repo.commit(&[("a/b/c", "x")], "first");
            repo.tag("t", "HEAD", &TagSpec::default());
            for folder in ["", "a", "a/b", ".git", ".git/refs", "a/../a/b"] {
                let repository = Repository::discover(&repo.path().join(folder)).unwrap();
                assert_eq!(repository.root(), repo.path(), "{folder}");
                assert_eq!(repository.work_dir(), Some(repo.path()));
                assert_eq!(repository.git_dir(), repo.git_dir());
                assert_eq!(repository.head_commit().unwrap(), Some(id(&commit)));
                assert_eq!(repository.tag_refs("").unwrap().refs.len(), 1);
            }
        }
    }

    #[test]
    fn a_bare_repository_has_no_work_tree() {
        let repo = Sandbox::new().repo_with("r.git", RepoOptions { bare: true, ..RepoOptions::default() });
        let commit = repo.commit(&[], "first");
        let repository = open(&repo);
        assert_eq!((repository.work_dir(), repository.root()), (None, repo.path()));
        assert_eq!(repository.head_commit().unwrap(), Some(id(&commit)));
    }

    #[test]
    fn a_linked_work_tree_shares_its_tags_and_has_its_own_head() {
        for repo in each_storage() {
            let first = repo.commit(&[], "first");
            repo.commit(&[], "second");
            repo.tag("packed", "HEAD", &TagSpec::default());
            repo.pack_refs();
            repo.tag("loose", "HEAD", &TagSpec::default());
            let linked = repo.sandbox().path().join("linked");
            repo.git_ok(&["worktree", "add", "-q", "--detach", &linked.to_string_lossy(), &first]);
            let repository = Repository::discover(&linked).unwrap();
            assert_eq!(repository.root(), linked);
            assert_eq!(repository.head_commit().unwrap(), Some(id(&first)));
            assert_eq!(repository.resolve("HEAD").unwrap(), id(&first));
            assert_eq!(
                repository.common_dir().canonicalize().unwrap(),
                repo.git_dir().canonicalize().unwrap()
            );
            assert_eq!(repository.tag_refs("").unwrap().refs.len(), 2);
            let edit = TagEdit::Create {
                name: "new".to_owned(),
                commit: id(&first),
                tagger: test_repo::ann(),
                message: String::new(),
            };
            repository.apply(&[edit]).unwrap();
            assert_eq!(repo.tag_names(), ["loose", "new", "packed"]);
        }
    }

    #[test]
    fn a_submodule_is_a_repository_of_its_own() {
        let repo = Repo::new();
        repo.commit(&[], "outer");
        let inner = repo.sandbox().repo("inner");
        let commit = inner.commit(&[], "inner");
        inner.tag("t", "HEAD", &TagSpec::default());
        let inner = inner.path().to_string_lossy().into_owned();
        repo.git_ok(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &inner, "sub"]);
        let repository = Repository::discover(&repo.path().join("sub")).unwrap();
        assert_eq!(repository.root(), repo.path().join("sub"));
        assert_eq!(
            repository.git_dir().canonicalize().unwrap(),
            repo.git_dir().join("modules/sub").canonicalize().unwrap()
        );
        assert_eq!(repository.head_commit().unwrap(), Some(id(&commit)));
        assert_eq!(repository.tag_refs("").unwrap().refs.len(), 1);
    }

    #[test]
    fn a_detached_head_and_a_shallow_clone_are_read() {
        for repo in each_storage() {
            repo.commit(&[], "first");
            let second = repo.commit(&[], "second");
            assert!(!open(&repo).is_shallow());
            repo.git_ok(&["checkout", "-q", "--detach"]);
            assert_eq!(open(&repo).head_commit().unwrap(), Some(id(&second)));
            let url = format!("file://{}", repo.path().display());
            let to = repo.sandbox().path().join("shallow");
            repo.git_ok(&["clone", "-q", "--depth", "1", &url, &to.to_string_lossy()]);
            let repository = Repository::discover(&to).unwrap();
            assert!(repository.is_shallow());
            assert_eq!(repository.remotes(), ["origin"]);
            assert_eq!(repository.head_commit().unwrap(), Some(id(&second)));
            assert!(repository.resolve("HEAD~1").is_err());
        }
    }

    #[test]
    fn why_there_is_no_repository_is_told() {
        let sandbox = Sandbox::new();
        let file = sandbox.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(refused(&sandbox.path().join("nowhere")), OpenError::NoSuchPath { .. }));
        assert!(matches!(refused(Path::new("")), OpenError::NoSuchPath { .. }));
        assert!(matches!(refused(&file), OpenError::NotAFolder { .. }));
        assert!(matches!(refused(sandbox.path()), OpenError::NotARepository { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn a_repository_that_may_not_be_read_is_a_matter_of_permission() {
        use std::os::unix::fs::PermissionsExt as _;

        let repo = Repo::new();
        repo.commit(&[("a/b", "x")], "first");
        let hidden = [".git", ".git/HEAD", ".git/config", "a"].map(|name| repo.path().join(name));
        for path in hidden {
            let mode = fs::metadata(&path).unwrap().permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
            if fs::read_dir(&path).is_ok() || fs::read(&path).is_ok() {
                gto_testkit::skip("permissions do not bind this user");
                return;
            }
            let opened = Repository::discover(&repo.path().join("a"));
            if !path.ends_with("a") {
                assert!(matches!(opened, Err(OpenError::PermissionDenied { .. })), "{}", path.display());
            }
            assert!(Repository::discover(&repo.path().join("a/c")).is_err());
            fs::set_permissions(&path, mode).unwrap();
        }
    }

    #[test]
    fn a_repository_that_cannot_be_read_right_is_not_read_at_all() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        let config = repo.git_dir().join("config");
        let intact = fs::read_to_string(&config).unwrap();
        for (text, unsupported) in [
            ("[core]\n\trepositoryFormatVersion = 2\n", false),
            ("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tnewThing = true\n", true),
            ("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\trefStorage = cloud\n", true),
            ("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = md5\n", false),
            ("[core\n", false),
        ] {
            fs::write(&config, text).unwrap();
            let error = refused(repo.path());
            assert_eq!(matches!(error, OpenError::Unsupported { .. }), unsupported, "{text}: {error:?}");
            assert!(
                matches!(error, OpenError::Unsupported { .. } | OpenError::Broken { .. }),
                "{text}: {error:?}"
            );
        }
        // Version 0 with an extension that means nothing there, as git itself leaves it.
        fs::write(&config, format!("{intact}[extensions]\n\tnewThing = true\n")).unwrap();
        open(&repo);
    }

    #[test]
    fn a_broken_head_is_an_error_of_its_own() {
        let repo = Repo::new();
        repo.commit(&[], "first");
        repo.tag("t", "HEAD", &TagSpec::default());
        for head in ["ref: refs/heads/../x\n", "garbage\n", ""] {
            fs::write(repo.git_dir().join("HEAD"), head).unwrap();
            match Repository::discover(repo.path()) {
                Ok(repository) => {
                    assert_eq!(repository.tag_refs("").unwrap().refs.len(), 1);
                    assert!(repository.head_commit().is_err(), "{head:?}");
                }
                Err(error) => {
                    assert!(matches!(error, OpenError::NotARepository { .. }), "{head:?} {error:?}");
                }
            }
        }
    }

    /// What a Git hook's environment would do to us, shown on the other tests of this module.
    #[test]
    fn the_environment_of_a_git_hook_changes_nothing() {
        const INSIDE: &str = "GTO_TEST_INSIDE_A_HOOK";
        if std::env::var_os(INSIDE).is_some() {
            return;
        }
        let other = Repo::new();
        other.commit(&[], "another repository");
        let mut tests = Command::new(std::env::current_exe().unwrap());
        tests.args(["git::tests::", "git::refs::", "git::revision::", "git::transaction::"]).env(INSIDE, "1");
        tests.env("GIT_DIR", other.git_dir()).env("GIT_WORK_TREE", other.path());
        tests.env("GIT_INDEX_FILE", other.git_dir().join("index")).env("GIT_PREFIX", "a/");
        tests
            .env("GIT_OBJECT_DIRECTORY", other.git_dir().join("objects"))
            .env("GIT_COMMON_DIR", other.git_dir());
        tests.env("GIT_NAMESPACE", "space").env("GIT_SHALLOW_FILE", "/dev/null");
        tests.env("GIT_COMMITTER_NAME", "Hook").env("LC_ALL", "C");
        let output = tests.output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && !stdout.contains(" 0 passed"), "{stdout}");
    }
}
