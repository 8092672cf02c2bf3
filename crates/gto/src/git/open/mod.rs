//! Finding and opening a repository.
//!
//! Owns which one it is, whether it is trusted, and whether its format and its configuration are ones that Git takes.

pub(super) mod command_line;
mod config_file;
pub(super) mod discovery;
pub(super) mod inherited;
pub(super) mod linked_head;
pub(super) mod options;
pub(super) mod trust;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use thread_local::ThreadLocal;

use config_file::ConfigFile;
use linked_head::StandIn;

use crate::environment::{Environment, SILENCE};
use crate::git::objects::fetches::Fetches;
use crate::git::repository::Handles;
use crate::git::{Cause, GitError, OpenError, RefStorage, Repository, denied, lossy, open_options};

impl Repository {
    /// Finds the repository of the folder `path` or of a folder above it: a work tree, a bare repository, a linked
    /// work tree, a submodule.
    ///
    /// The path alone decides which, within git's `GIT_CEILING_DIRECTORIES`: `GIT_DIR`, which a program started from a Git
    /// hook inherits, does not. If it is the one that Git would work in here, the other variables count: see [`inherited`].
    ///
    /// Refuses the repository of someone else, unless git would work there: see [`trust`].
    pub fn discover(path: &Path, environment: &Environment) -> Result<Self, OpenError> {
        // Absolute, so that messages and child processes do not depend on the current folder.
        let start = absolute(path, environment)?;
        check_folder(path, &start)?;
        let found = discovery::find(&start, environment)?.ok_or_else(|| not_found(path, &start))?;
        let common_dir = discovery::common_dir_of(&found)?;
        let config = ConfigFile::read(path, &common_dir)?;
        let failed = |error| open_error(path, &start, error);
        let git_dir = discovery::git_dir_of(&found)?;
        let stand_in = StandIn::of(&git_dir, &common_dir).map_err(|error| broken(path, error))?;
        let place = match stand_in {
            Some(_) => trust::Place::at(&found, git_dir),
            None => trust::Place::of(&found).map_err(failed)?,
        };
        place.check_owner(&start, environment)?;
        config.check(path, &place.git_dir)?;
        let opened = stand_in.as_ref().map_or(&*found, StandIn::path);
        let gix = gix::open_opts(opened, open_options().open_path_as_is(true)).map_err(failed)?;
        let work_dir = if stand_in.is_some() || inherited::is_work_tree_of_another(gix.git_dir(), environment)
        {
            place.work_dir.clone()
        } else {
            gix.workdir().map(Path::to_owned)
        };
        let repository = Self::opened(path, gix, work_dir, stand_in, environment)?;
        place.check_bare(&start, repository.gix())?;
        Ok(repository)
    }

    /// Opens the repository whose folder with `HEAD` this is, as git does with `--git-dir` or `GIT_DIR`: whose it is does
    /// not matter, since whoever names it so means it. The work tree is that of `GIT_WORK_TREE`, of the configuration, or
    /// the folder around a `.git`.
    pub fn open(git_dir: &Path, environment: &Environment) -> Result<Self, OpenError> {
        let start = absolute(git_dir, environment)?;
        let found = discovery::named(&start)?.ok_or_else(|| not_found_at(git_dir, &start))?;
        let common_dir = discovery::common_dir_of(&found)?;
        ConfigFile::read(git_dir, &common_dir)?.check(git_dir, &found)?;
        let stand_in = StandIn::of(&found, &common_dir).map_err(|error| broken(git_dir, error))?;
        let opened = stand_in.as_ref().map_or(&*start, StandIn::path);
        let options = open_options().with(gix::sec::Trust::Full).open_path_as_is(true);
        let gix = gix::open_opts(opened, options).map_err(|error| {
            if denied(&error) {
                OpenError::PermissionDenied { path: start.clone(), source: error.into() }
            } else {
                broken(git_dir, error)
            }
        })?;
        let work_dir = if stand_in.is_some() || inherited::is_work_tree_of_another(gix.git_dir(), environment)
        {
            let is_bare = gix.config_snapshot().boolean("core.bare").unwrap_or(false);
            start.parent().filter(|_| !is_bare && start.ends_with(".git"))
        } else {
            gix.workdir()
        };
        let work_dir = work_dir.map(Path::to_owned);
        Self::opened(git_dir, gix, work_dir, stand_in, environment)
    }

    fn opened(
        path: &Path,
        mut gix: gix::Repository,
        work_dir: Option<PathBuf>,
        stand_in: Option<StandIn>,
        environment: &Environment,
    ) -> Result<Self, OpenError> {
        let refs = check_format(&gix)?;
        command_line::apply(&mut gix, environment).map_err(|error| broken(path, error))?;
        config_file::check_values(path, &gix)?;
        gix.clear_namespace();
        let root = work_dir.clone().unwrap_or_else(|| gix.git_dir().to_owned());
        let inherited =
            inherited::Inherited::by(&mut gix, &root, environment).map_err(|error| broken(path, error))?;
        Ok(Self {
            gix: Handles::new(gix),
            work_dir,
            refs,
            reads: AtomicUsize::new(0),
            locked: ThreadLocal::new(),
            environment: environment.clone(),
            fetches: Fetches::default(),
            variables: Arc::default(),
            silence: Some(SILENCE),
            inherited: Arc::new(inherited),
            packs: Arc::default(),
            reads_many: AtomicBool::new(false),
            stand_in: stand_in.map(Arc::new),
        })
    }
}

fn absolute(path: &Path, environment: &Environment) -> Result<PathBuf, OpenError> {
    // An empty one names nothing.
    let missing = || OpenError::NoSuchPath { path: path.to_owned() };
    if path.as_os_str().is_empty() {
        return Err(missing());
    }
    environment.absolute(path).map_err(|error| broken(path, error))
}

fn check_folder(path: &Path, start: &Path) -> Result<(), OpenError> {
    let path = path.to_owned();
    match std::fs::metadata(start) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder { path }),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(OpenError::PermissionDenied { path, source: error.into() })
        }
        Err(_) => Err(OpenError::NoSuchPath { path }),
    }
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

fn not_found(path: &Path, start: &Path) -> OpenError {
    let path = path.to_owned();
    match hidden_repository(start) {
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
    let heads = path.ancestors().map(|folder| folder.join(".git/HEAD"));
    // A FIFO would wait for a writer.
    let open = |head: PathBuf| match std::fs::metadata(&head) {
        Ok(file) if file.is_file() => std::fs::File::open(&head).err(),
        looked => looked.err(),
    };
    heads.filter_map(open).find(|error| error.kind() == io::ErrorKind::PermissionDenied)
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
    // A number, which git also takes with zeros before it.
    match version.as_ref().map(|version| (lossy(version), lossy(version).parse())) {
        None | Some((_, Ok(0))) => return check_first_format(config, &unsupported),
        Some((_, Ok(1))) => {}
        Some((other, _)) => return Err(unsupported(format!("repository format version {other}"))),
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
    if config.sections_by_name("extensions").is_none() {
        return Ok(RefStorage::Files);
    }
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

    use super::*;
    use crate::git::test_repo::{discover, each_storage, id, open};

    fn refused(path: &Path) -> OpenError {
        match discover(path) {
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
                let repository = discover(&repo.path().join(folder)).unwrap();
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
            let repository = discover(&linked).unwrap();
            assert_eq!(repository.root(), linked);
            assert_eq!(repository.head_commit().unwrap(), Some(id(&first)));
            assert_eq!(repository.resolve("HEAD").unwrap(), id(&first));
            assert_eq!(
                repository.common_dir().canonicalize().unwrap(),
                repo.git_dir().canonicalize().unwrap()
            );
            assert_eq!(repository.tag_refs("").unwrap().refs.len(), 2);
            let edit = crate::git::TagEdit::Create {
                name: "new".to_owned(),
                commit: id(&first),
                tagger: crate::git::test_repo::ann(),
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
        let repository = discover(&repo.path().join("sub")).unwrap();
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
            let repository = discover(&to).unwrap();
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
            let opened = discover(&repo.path().join("a"));
            if !path.ends_with("a") {
                assert!(matches!(opened, Err(OpenError::PermissionDenied { .. })), "{}", path.display());
            }
            assert!(discover(&repo.path().join("a/c")).is_err());
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
        fs::write(&config, intact.replace("repositoryformatversion = 0", "repositoryformatversion = 00"))
            .unwrap();
        open(&repo);
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
            match discover(repo.path()) {
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
        tests
            .args([
                "git::open::tests::",
                "git::refs::tests::",
                "git::objects::revision::",
                "git::refs::transaction::",
            ])
            .env(INSIDE, "1");
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
