//! A bare clone of a remote repository that follows it: the same branches, tags and `HEAD`, and no files until they are
//! needed.
//!
//! Owns making it, finding out whether it is as the remote is, and making it so. Always by the user's own `git`, so that
//! their ssh, credential helpers, proxies and `insteadOf` work. Must not decide where it is kept, nor keep others away
//! meanwhile.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gix::bstr::ByteSlice as _;
use gix::refs::FullName;

use crate::environment::Environment;
use crate::git::process::command::{broken_off, git_elsewhere, run_traced};
use crate::git::process::said::progress_in;
use crate::git::remote::reach::TagsWanted;
use crate::git::{Address, GitError, Repository, lossy};
use crate::object_id::ObjectId;
use crate::progress::Progress;

/// The one remote of a mirror.
pub(super) const REMOTE: &str = "origin";

/// What a mirror has of its remote.
const REFSPECS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/// An unused branch name, for the `HEAD` of a mirror whose remote has none.
const UNBORN: &str = "refs/heads/gto-no-such-branch";

/// Whether a branch is this unused one.
pub(in crate::git) fn is_unborn(branch: &str) -> bool {
    UNBORN.strip_prefix("refs/heads/") == Some(branch)
}

/// The file with the names and sizes of the packs, so that one that went missing is noticed.
const PACKS: &str = "gto-packs";

/// The file with the refs of the remote that older versions of gto left there; absent if there are none.
const GUARDS: &str = "gto-guards";

/// What git prints is kept up to here; more is nothing that anybody reads.
const MAX_SAID: usize = 64 * 1024;

/// The options for creating and updating a mirror.
pub(crate) struct Access<'a> {
    /// Of the remote repository.
    pub address: &'a Address,
    /// Whether Git may ask for a password on the terminal: the value of `GIT_TERMINAL_PROMPT`.
    pub prompt: &'a str,
    /// How long Git may be silent; `None` for no limit.
    pub silence: Option<Duration>,
    /// Where to say how far Git has come, and who may cancel it.
    pub environment: &'a Environment,
    /// The only tags to have, if not everything.
    pub tags: Option<&'a TagsWanted>,
    /// Settings by which the repository that asks reaches remotes.
    pub settings: &'a [(String, String)],
}

/// Git's messages, without its progress lines, which are reported immediately.
struct Said<'a> {
    progress: &'a Progress,
    kept: Vec<u8>,
    line: Vec<u8>,
}

/// Why a mirror is not what its remote is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MirrorError {
    /// The remote or the connection failed: Git's message, in one line.
    #[error("{0}")]
    Remote(String),
    /// The mirror is missing or damaged: it must be recreated.
    #[error("the clone is damaged")]
    Damaged,
    /// What the remote has does not fit there.
    #[error("no space is left on the disk of '{}', where clones are kept", .0.display())]
    NoRoom(PathBuf),
    /// Somebody else has put it there, and its configuration can name programs to run.
    #[error("the clone belongs to someone else")]
    Foreign,
    /// `git` could not be run.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The refs that a mirror shares with its remote.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    head: Head,
    /// By their full names, in the order of these.
    refs: Vec<(String, ObjectId)>,
    /// Names that are not UTF-8, as far as they can be read. Their targets do not matter here.
    odd: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Head {
    /// Unknown: the remote has no commit yet.
    #[default]
    Unknown,
    /// A branch, by its full name.
    Branch(String),
    Detached(ObjectId),
}

impl Access<'_> {
    /// The name of the folder of the mirror.
    pub fn key(&self) -> String {
        match self.tags {
            Some(tags) if !tags.branches.is_empty() => self.address.key_of_history(),
            Some(_) => self.address.key_of_tags(),
            None => self.address.key(),
        }
    }

    /// Clones into the empty folder.
    pub fn clone_into(&self, folder: &Path) -> Result<(), MirrorError> {
        if let Some(tags) = self.tags {
            return self.make_with_tags(folder, tags);
        }
        let mut git = git_clone(self.variables());
        // Whatever the user's own clones are to be: refs that gix can read, no hooks, pushes that go back to where it came
        // from.
        git.env("GIT_DEFAULT_REF_FORMAT", "files").args(["--bare", "--template="]);
        if !is_bundle(Path::new(self.address.plain())) {
            git.arg("--filter=blob:none");
        }
        // Small fetches become packs too, which are kept in `PACKS`.
        git.args(["-c", "fetch.unpackLimit=1", "-c", "remote.pushDefault=origin"]);
        git.args([OsStr::new("--"), OsStr::new(self.address.plain()), folder.as_os_str()]);
        self.run("cloning", "clone", git).map_err(|error| unless_full(error, folder))?;
        note_packs(folder).map_err(|error| MirrorError::Remote(error.to_string()))
    }

    /// Clones all of it into the empty folder, as a user would, and checks out `branch` or what the remote has checked out.
    pub fn clone_with_files(&self, folder: &Path, branch: Option<&str>) -> Result<(), MirrorError> {
        let mut git = git_clone(self.login());
        git.arg("--tags").args(branch.map(|branch| format!("--branch={branch}")));
        git.args([OsStr::new("--"), OsStr::new(self.address.plain()), folder.as_os_str()]);
        self.run("cloning", "clone", git)
    }

    /// Clones the files of the remote's current branch, and no more of its history than it takes to add a commit, into the empty
    /// folder.
    pub fn clone_to_edit(&self, folder: &Path) -> Result<Repository, MirrorError> {
        let mut git = git_clone(self.login());
        // Nobody edits what is large.
        git.env("GIT_LFS_SKIP_SMUDGE", "1").args([
            "--depth=1",
            "--no-tags",
            "-c",
            "remote.pushDefault=origin",
        ]);
        git.args([OsStr::new("--"), OsStr::new(self.address.plain()), folder.as_os_str()]);
        self.run("cloning", "clone", git)?;
        let mut repository =
            Repository::open(&folder.join(".git"), self.environment).map_err(|_| MirrorError::Damaged)?;
        repository.variables = self.login().into();
        Ok(repository)
    }

    /// The repository of the mirror in `folder`, as it is.
    pub fn open(&self, folder: &Path) -> Result<Repository, MirrorError> {
        // Before anything of it is read.
        if folder.exists() && !gix::sec::identity::is_path_owned_by_current_user(folder).unwrap_or(false) {
            return Err(MirrorError::Foreign);
        }
        let mut repository = Repository::open(folder, self.environment).map_err(|_| MirrorError::Damaged)?;
        let real = |path: &Path| path.canonicalize().ok();
        // A repository further up is not it, nor is the clone of something else.
        let is_it = real(repository.git_dir()).is_some_and(|found| Some(found) == real(folder));
        if !is_it || url_of(folder).as_deref() != Some(self.address.plain()) {
            return Err(MirrorError::Damaged);
        }
        repository.variables = self.variables().into();
        repository.silence = self.silence;
        if self.tags.is_none() {
            repository.fetches.allow_full_fetch();
        }
        Ok(repository)
    }

    /// The remote's refs, if the mirror in `folder` differs. No other process may write to it meanwhile.
    pub fn compare(&self, folder: &Path) -> Result<Option<Listing>, MirrorError> {
        let repository = self.open(folder)?;
        if is_left_locked(folder) || !are_packs_here(folder) {
            return Err(MirrorError::Damaged);
        }
        if let Some(tags) = self.tags {
            // A fetch of some tags costs no more than to ask for them.
            return if tags.fit(&repository) {
                Ok(Some(Listing::default()))
            } else {
                Err(MirrorError::Damaged)
            };
        }
        let there = repository.look()?;
        let here = repository.mirrored(&there.head).map_err(|_| MirrorError::Damaged)?;
        Ok((here != there).then_some(there))
    }

    /// Makes the mirror in `folder` the same as its remote, of which `there` is known. Nobody may compare it or write
    /// to it meanwhile. Who reads it may see what is new beside what is to go, but never that something has gone and what
    /// came in its place is not there yet, unless Git cannot change all refs as one.
    pub fn follow(&self, folder: &Path, there: &Listing) -> Result<(), MirrorError> {
        if let Some(tags) = self.tags {
            return self.fetch_tags_into(folder, tags);
        }
        let repository = self.open(folder)?;
        self.fetch(&repository, there)?;
        repository.set_head(&there.head)?;
        note_packs(folder).map_err(|_| MirrorError::Damaged)
    }

    /// How Git logs in.
    fn login(&self) -> Vec<(String, String)> {
        let mut variables = self.address.variables(self.environment, self.settings);
        variables.push(("GIT_TERMINAL_PROMPT".to_owned(), self.prompt.to_owned()));
        variables
    }

    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let mut variables = self.login();
        // Nothing is fetched but by us: where a remote leaves out what it should have sent, as a shallow one without
        // filters does, git would start one fetch within the other without end.
        variables.push(("GIT_NO_LAZY_FETCH".to_owned(), "1".to_owned()));
        variables
    }

    fn fetch(&self, repository: &Repository, there: &Listing) -> Result<(), MirrorError> {
        let fetched = match self.fetch_by(repository, there, &["--atomic"]) {
            // Not where a tag goes and another one comes below its name, nor by a git that is old.
            Err(MirrorError::Remote(_)) => self.fetch_by(repository, there, &[]),
            fetched => fetched,
        };
        let folder = repository.git_dir();
        fetched.map_err(|error| match unless_full(error, folder) {
            // The remote has just answered: if it is gone, the next clone will fail.
            MirrorError::Remote(_) => MirrorError::Damaged,
            error => error,
        })
    }

    fn fetch_by(&self, repository: &Repository, there: &Listing, how: &[&str]) -> Result<(), MirrorError> {
        let mut git = repository.git();
        add_fetch(&mut git, how);
        git.args(["--", REMOTE]).args(REFSPECS);
        if matches!(there.head, Head::Detached(_)) {
            git.arg("HEAD");
        }
        self.run("fetching", "fetch", git)
    }

    /// Runs a `git`, and reports its progress.
    pub(super) fn run(&self, purpose: &'static str, name: &str, mut git: Command) -> Result<(), MirrorError> {
        git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let progress = self.environment.progress();
        let mut said = Said { progress, kept: Vec::new(), line: Vec::new() };
        let finished = run_traced(self.environment, self.silence, &mut git, b"", |bytes| said.hear(bytes));
        progress.say(None);
        let finished = finished.map_err(|source| GitError::NoGit { purpose, source })?;
        let output = finished.map_err(|error| broken_off(purpose, &[name.into()], error))?;
        if output.status.success() {
            return Ok(());
        }
        Err(MirrorError::Remote(crate::git::process::said::words(&said.text())))
    }
}

/// A `git clone` that lacks its own options and what is cloned where. Whatever the user's own clones are to be, its
/// remote is `origin`.
fn git_clone(variables: Vec<(String, String)>) -> Command {
    let mut git = git_elsewhere();
    git.envs(variables);
    git.args(["-c", "clone.defaultRemoteName=origin", "clone", "--quiet", "--progress"]);
    git
}

impl Said<'_> {
    fn hear(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if !matches!(byte, b'\r' | b'\n') {
                self.line.push(byte);
            } else if let Some(task) = progress_in(&self.line) {
                self.progress.say(Some(task));
                self.line.clear();
            } else {
                self.line.push(b'\n');
                self.kept.append(&mut self.line);
            }
        }
        self.line.truncate(MAX_SAID);
        self.kept.truncate(MAX_SAID);
    }

    fn text(mut self) -> String {
        self.kept.append(&mut self.line);
        lossy(&self.kept)
    }
}

impl Repository {
    /// What the remote has.
    fn look(&self) -> Result<Listing, MirrorError> {
        // Without patterns: the remote sends everything anyway, and to match them takes git longer than us.
        let args = ["ls-remote", "--quiet", "--symref", "--", REMOTE];
        let output = self.run_git("asking a remote repository", args, b"")?;
        if output.status.success() {
            note_guards(self.git_dir(), &output.stdout);
            return Ok(read_listing(&output.stdout));
        }
        let is_intact = self.run_git("looking at a clone", ["for-each-ref", "--count=1"], b"")?;
        if !is_intact.status.success() {
            return Err(MirrorError::Damaged);
        }
        Err(MirrorError::Remote(crate::git::process::said::words(&lossy(&output.stderr))))
    }

    /// The refs as [`read_listing`] gives those of the remote. A `HEAD` without a commit is as good as that of a remote
    /// that has none.
    fn mirrored(&self, head: &Head) -> Result<Listing, GitError> {
        let failed = |error| GitError::failed("list the branches", error);
        let tags = self.tag_refs("")?;
        if let Some(name) = tags.broken.into_iter().next() {
            return Err(GitError::failed("list the tags", format!("ref `{name}` is broken")));
        }
        let mut refs: Vec<(String, ObjectId)> = tags
            .refs
            .into_iter()
            .map(|tag| (format!("{}{}", crate::git::refs::TAGS, tag.name), tag.target))
            .collect();
        let mut odd: Vec<String> =
            tags.not_utf8.into_iter().map(|name| format!("{}{name}", crate::git::refs::TAGS)).collect();
        let platform = self.gix().references().map_err(failed)?;
        for branch in platform.prefixed("refs/heads/").map_err(failed)? {
            let branch = branch.map_err(failed)?;
            let name = branch.name().as_bstr();
            match (name.to_str(), branch.try_id()) {
                (Ok(name), Some(id)) => {
                    refs.push((name.to_owned(), crate::git::from_gix(&id)));
                }
                (Err(_), _) => odd.push(lossy(name)),
                (Ok(_), None) => {}
            }
        }
        refs.sort_unstable();
        odd.sort_unstable();
        let has_none = *head == Head::Unknown && self.head_commit()?.is_none();
        let head = if has_none { Head::Unknown } else { self.mirrored_head()? };
        Ok(Listing { head, refs, odd })
    }

    /// The refs `refs/gto/NAME@write` that the remote of a mirror had when it was last asked.
    pub fn left_guards(&self) -> Vec<String> {
        let noted = fs::read_to_string(self.git_dir().join(GUARDS)).unwrap_or_default();
        noted.lines().map(str::to_owned).collect()
    }

    /// Fetches all files too, now and from now on: the remote gives no single ones away, as git without version 2 of its
    /// protocol. Only for mirrors, of which we may do what we like.
    pub(in crate::git) fn fetch_everything(&self) -> Result<(), String> {
        let run = |args: &[&str]| -> Result<(), String> {
            let output = self.run_git("cloning", args, b"").map_err(|error| error.to_string())?;
            if output.status.success() {
                Ok(())
            } else {
                Err(crate::git::process::said::words(&lossy(&output.stderr)))
            }
        };
        let fetch = ["fetch", "--quiet", "--refetch", "--no-filter", "--no-tags", "--refmap=", "--no-prune"];
        let more =
            ["--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "--", REMOTE];
        run(&[&fetch[..], &more, &REFSPECS].concat())?;
        run(&["config", "--unset-all", "remote.origin.partialCloneFilter"])
    }

    fn mirrored_head(&self) -> Result<Head, GitError> {
        let name = self.gix().head_name().map_err(|error| GitError::failed("read HEAD", error))?;
        Ok(match name {
            Some(name) => Head::Branch(lossy(name.as_bstr())),
            None => self.head_commit()?.map_or(Head::Unknown, Head::Detached),
        })
    }

    fn set_head(&self, head: &Head) -> Result<(), MirrorError> {
        let id;
        let args = match head {
            Head::Unknown if self.head_commit().is_ok_and(|commit| commit.is_none()) => return Ok(()),
            Head::Unknown => ["symbolic-ref", "HEAD", UNBORN, ""],
            head if self.mirrored_head().is_ok_and(|known| known == *head) => return Ok(()),
            Head::Branch(name) => ["symbolic-ref", "HEAD", name, ""],
            Head::Detached(commit) => {
                id = commit.to_string();
                ["update-ref", "--no-deref", "HEAD", &id]
            }
        };
        let args = args.into_iter().filter(|arg| !arg.is_empty());
        let output = self.run_git("following a remote repository", args, b"")?;
        if output.status.success() { Ok(()) } else { Err(MirrorError::Damaged) }
    }
}

/// Whether this is a repository in one file, as `git bundle create` makes them, and Git clones and fetches from.
#[must_use]
pub fn is_bundle(path: &Path) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|file| file.is_file());
    let mut start = [0; 16];
    let mut read = || fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    is_file && read().is_ok() && [b"# v2 git bundle\n", b"# v3 git bundle\n"].contains(&&start)
}

/// The address that the mirror in `folder` follows, if it is one.
pub(crate) fn url_of(folder: &Path) -> Option<String> {
    let path = folder.join("config");
    let config = gix::config::File::from_path_no_includes(path, gix::config::Source::Local).ok()?;
    config.string("remote.origin.url").map(|url| lossy(&url))
}

/// Reads what `git ls-remote --symref` prints.
pub(in crate::git) fn read_listing(printed: &[u8]) -> Listing {
    let mut refs = Listing::default();
    for line in printed.lines() {
        let Some((value, name)) = line.split_once_str("\t") else { continue };
        if let Some(branch) = value.strip_prefix(b"ref: ") {
            if name == b"HEAD" && branch.starts_with(b"refs/heads/") {
                refs.head = Head::Branch(lossy(branch));
            }
            continue;
        }
        let Some(id) = std::str::from_utf8(value).ok().and_then(|id| id.parse().ok()) else { continue };
        // A broken ref of the remote is listed too, with no id or no name that git would make here.
        let is_intact = || {
            let name = name.strip_suffix(b"^{}").unwrap_or(name);
            value.iter().any(|digit| *digit != b'0') && FullName::try_from(name.as_bstr()).is_ok()
        };
        let is_kept = name.starts_with(b"refs/heads/") || name.starts_with(b"refs/tags/");
        let is_ours = is_kept && is_intact();
        match name.to_str() {
            Ok("HEAD") if refs.head == Head::Unknown => refs.head = Head::Detached(id),
            Ok(name) if is_ours && !name.ends_with("^{}") => {
                refs.refs.push((name.to_owned(), id));
            }
            Err(_) if is_ours && !name.ends_with(b"^{}") => refs.odd.push(lossy(name)),
            _ => {}
        }
    }
    refs.refs.sort_unstable();
    refs.odd.sort_unstable();
    refs
}

/// Keeps the names of refs that versions in development made for each push. That they cannot be kept is no failure.
fn note_guards(folder: &Path, printed: &[u8]) {
    let names = printed.lines().filter_map(|line| line.split_once_str("\t")?.1.to_str().ok());
    let is_guard = |name: &&str| name.starts_with("refs/gto/") && name.ends_with("@write");
    let names: Vec<&str> = names.filter(is_guard).collect();
    let file = folder.join(GUARDS);
    let _ = match names[..] {
        [] if !file.exists() => Ok(()),
        [] => fs::remove_file(file),
        _ => fs::write(file, names.join("\n")),
    };
}

/// The packs of a mirror with their sizes, a line each.
fn packs(folder: &Path) -> io::Result<String> {
    let mut packs = Vec::new();
    for entry in fs::read_dir(folder.join("objects/pack"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if [".pack", ".idx"].iter().any(|end| name.ends_with(end)) {
            packs.push(format!("{name} {}\n", entry.metadata()?.len()));
        }
    }
    packs.sort_unstable();
    Ok(packs.concat())
}

pub(super) fn note_packs(folder: &Path) -> io::Result<()> {
    fs::write(folder.join(PACKS), packs(folder)?)
}

/// Whether the packs that were noted are still here. What is fetched when it is needed adds others.
fn are_packs_here(folder: &Path) -> bool {
    let (Ok(noted), Ok(found)) = (fs::read_to_string(folder.join(PACKS)), packs(folder)) else {
        return false;
    };
    let found: HashSet<&str> = found.lines().collect();
    noted.lines().all(|pack| found.contains(pack))
}

/// What a git that found no room says is not always that.
fn unless_full(error: MirrorError, folder: &Path) -> MirrorError {
    let MirrorError::Remote(said) = &error else { return error };
    let is_full =
        ["No space left", "quota exceeded"].iter().any(|words| said.contains(words)) || is_full(folder);
    // What it leaves of a pack would keep the next one from finding room.
    remove_unfinished(folder);
    if is_full { MirrorError::NoRoom(folder.parent().unwrap_or(folder).to_owned()) } else { error }
}

/// Whether not even a little can be written there.
fn is_full(folder: &Path) -> bool {
    const A_LITTLE: [u8; 16 << 10] = [1; 16 << 10];
    let written = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(&A_LITTLE));
    written
        .is_err_and(|error| matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}

/// Removes the packs that a git did not come to the end of. Nobody else writes here now.
fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder.join("objects/pack")).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("tmp_") {
            // One that stays does no harm but to take room.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a git that was killed left a lock behind. Nobody else writes here now.
fn is_left_locked(folder: &Path) -> bool {
    let is_locked = |name: &str| folder.join(name).exists();
    ["HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"].into_iter().any(is_locked)
        || has_lock(&folder.join("refs"), 0)
}

fn has_lock(folder: &Path, depth: usize) -> bool {
    const DEEPEST: usize = 32;
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        (is_folder && depth < DEEPEST && has_lock(&entry.path(), depth + 1))
            || entry.file_name().to_string_lossy().ends_with(".lock")
    })
}

/// A fetch into a kept clone that changes the refs it names and nothing else. Maintenance may be due, and is waited for: no other
/// process uses the clone now.
pub(super) fn add_fetch(git: &mut Command, how: &[&str]) {
    git.args(["-c", "maintenance.autoDetach=false", "-c", "gc.autoDetach=false", "fetch"]);
    git.args(how).args([
        "--quiet",
        "--progress",
        "--force",
        "--prune",
        "--no-prune-tags",
        "--no-tags",
        "--refmap=",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::test_repo::id;

    #[test]
    fn a_listing_is_read_without_what_a_mirror_does_not_have() {
        let [a, b, none] = ["a", "b", "0"].map(|digit| digit.repeat(40));
        let text = format!(
            "ref: refs/heads/main\tHEAD\n{a}\tHEAD\n{a}\trefs/heads/main\n{b}\trefs/remotes/x/HEAD\n\
             ref: refs/heads/x\trefs/remotes/x/HEAD\n{a}\trefs/tags/m@v1\n{b}\trefs/tags/m@v1^{{}}\n\
             {a}\trefs/tags/a..b\n{none}\trefs/tags/broken\nnoise\n\t\n"
        );
        let refs = read_listing(text.as_bytes());
        assert_eq!(refs.head, Head::Branch("refs/heads/main".to_owned()));
        let names: Vec<_> = refs.refs.iter().map(|(name, target)| (name.as_str(), *target)).collect();
        assert_eq!(names, [("refs/heads/main", id(&a)), ("refs/tags/m@v1", id(&a))]);
        assert_eq!(read_listing(format!("{b}\tHEAD\n").as_bytes()).head, Head::Detached(id(&b)));
        assert_eq!(read_listing(b""), Listing::default());
    }

    #[test]
    fn progress_is_told_from_words_and_from_what_a_terminal_would_obey() {
        let text = |line: &str| progress_in(line.as_bytes());
        assert_eq!(
            text("remote: Counting objects: 5% (1/18)   ").as_deref(),
            Some("Counting objects: 5% (1/18)")
        );
        assert_eq!(text("Receiving objects:  45% (9/20)").as_deref(), Some("Receiving objects:  45% (9/20)"));
        for line in ["fatal: no", "remote: hello", "Receiving objects: \u{1b}[31m", "Resolving", ""] {
            assert_eq!(text(line), None, "{line:?}");
        }
    }
}
