//! Owns a Git repository of a test: making it, filling it, copying it, looking at it, all with the `git`
//! program. Must not know what the tags mean.

use std::cell::Cell;
use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::{Sandbox, TagRecord, TagSpec};

/// The first second of every repository's clock: 2023-11-14 22:13:20 UTC.
const EPOCH: i64 = 1_700_000_000;
/// How far the clock goes on for each commit and tag, in seconds.
const TICK: i64 = 60;

/// How a repository stores its refs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefFormat {
    /// Loose files and `packed-refs`.
    #[default]
    Files,
    /// The reftable format (`git init --ref-format=reftable`, Git 2.45 and later).
    Reftable,
}

/// The kind of repository to make. The default has a work tree, SHA-1 and refs in files.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepoOptions {
    /// Without a work tree.
    pub bare: bool,
    /// With SHA-256 ids.
    pub sha256: bool,
    /// How refs are stored.
    pub refs: RefFormat,
}

/// A repository inside a [`Sandbox`], with its own clock: ids depend only on the calls.
#[derive(Debug)]
pub struct Repo {
    sandbox: Sandbox,
    dir: PathBuf,
    bare: bool,
    clock: Cell<i64>,
}

impl Default for Repo {
    fn default() -> Self {
        Self::new()
    }
}

/// Making repositories.
impl Sandbox {
    /// Makes an empty repository with a work tree in the folder `name` of the sandbox.
    pub fn repo(&self, name: &str) -> Repo {
        self.repo_with(name, RepoOptions::default())
    }

    /// Makes an empty repository of the wanted kind in the folder `name` of the sandbox.
    pub fn repo_with(&self, name: &str, options: RepoOptions) -> Repo {
        Repo::init_in(self, name, options)
    }
}

impl Repo {
    /// An empty repository with a work tree, in its own sandbox.
    pub fn new() -> Self {
        Sandbox::new().repo("repo")
    }

    pub(crate) fn init_in(sandbox: &Sandbox, name: &str, options: RepoOptions) -> Self {
        let repo = Self::at(sandbox, sandbox.path().join(name), options.bare);
        // No template: its hooks and examples would only be copied around.
        let mut init = sandbox.command("git");
        init.args(["init", "-q", "-b", "main", "--template="]);
        if options.bare {
            init.arg("--bare");
        }
        if options.sha256 {
            init.arg("--object-format=sha256");
        }
        if options.refs == RefFormat::Reftable {
            init.arg("--ref-format=reftable");
        }
        expect_success(init.arg(&repo.dir));
        repo
    }

    /// The existing repository at `dir`, for instance a clone that a test made.
    pub fn at(sandbox: &Sandbox, dir: impl Into<PathBuf>, bare: bool) -> Self {
        Self { sandbox: sandbox.clone(), dir: dir.into(), bare, clock: Cell::new(EPOCH) }
    }

    /// Whether this Git can make repositories with reftables.
    pub fn reftable_works() -> bool {
        let sandbox = Sandbox::new();
        let output = sandbox.command("git").args(["init", "-q", "--ref-format=reftable", "probe"]).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// A copy, byte by byte, beside this repository in the same sandbox.
    pub fn copy(&self) -> Self {
        let stem = self.dir.file_name().and_then(OsStr::to_str).unwrap_or("repo");
        let fresh = (1..=u32::MAX)
            .map(|n| self.dir.with_file_name(format!("{stem}-copy{n}")))
            .find(|path| !path.exists())
            .expect("there are more numbers than copies");
        copy_dir(&self.dir, &fresh);
        Self { sandbox: self.sandbox.clone(), dir: fresh, bare: self.bare, clock: self.clock.clone() }
    }

    /// Deletes the repository's folder before the sandbox goes away, for tests that make many copies.
    pub fn remove(self) {
        std::fs::remove_dir_all(&self.dir).expect("the sandbox is writable");
    }

    /// A clone in the folder `name` of the same sandbox, with this repository as its `origin`.
    pub fn clone_to(&self, name: &str) -> Self {
        let to = self.sandbox.path().join(name);
        expect_success(
            self.sandbox.command("git").args(["clone", "-q", "--template="]).arg(&self.dir).arg(&to),
        );
        Self { sandbox: self.sandbox.clone(), dir: to, bare: false, clock: self.clock.clone() }
    }
}

/// What it is.
impl Repo {
    /// The folder of the work tree, or of the bare repository.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The folder that holds refs and objects (`.git`, or the bare repository itself).
    pub fn git_dir(&self) -> PathBuf {
        if self.bare { self.dir.clone() } else { self.dir.join(".git") }
    }

    /// The sandbox and environment in which everything here runs.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The environment, to change it for this repository.
    pub fn sandbox_mut(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }

    /// A command in this repository's folder.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.sandbox.command(program);
        command.current_dir(&self.dir);
        command
    }

    /// The repository's clock: the second that the last commit or tag was given.
    pub fn now(&self) -> i64 {
        self.clock.get()
    }

    fn tick(&self) -> i64 {
        self.clock.set(self.clock.get() + TICK);
        self.clock.get()
    }
}

/// Running Git.
impl Repo {
    /// Runs `git` here, whatever comes of it.
    pub fn git(&self, args: &[&str]) -> Output {
        self.command("git").args(args).output().expect("git is installed")
    }

    /// Runs `git` here; it must succeed. Returns stdout without its last newline.
    pub fn git_ok(&self, args: &[&str]) -> String {
        expect_success(self.command("git").args(args))
    }

    /// Runs `git` here with bytes on stdin; it must succeed. Returns stdout without its last newline.
    pub fn git_stdin(&self, args: &[&str], stdin: &[u8]) -> String {
        let raw = self.git_raw(args, stdin);
        String::from_utf8_lossy(&raw).trim_end_matches('\n').to_owned()
    }

    pub(crate) fn git_raw(&self, args: &[&str], stdin: &[u8]) -> Vec<u8> {
        let mut child = self
            .command("git")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git is installed");
        let mut pipe = child.stdin.take().expect("stdin was piped");
        let output = std::thread::scope(|scope| {
            // In a separate thread: git may fill its output before it has read all its input. A git that stops early
            // closes the pipe; its status then says why.
            scope.spawn(move || drop(pipe.write_all(stdin)));
            child.wait_with_output().expect("git can be waited for")
        });
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {}\n{error}", output.status);
        output.stdout
    }
}

/// Filling it.
impl Repo {
    /// Writes the files and commits them at the clock's next minute; returns the commit's id. In a bare
    /// repository the files come from a folder beside it.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        let work_tree = if self.bare { self.dir.with_extension("files") } else { self.dir.clone() };
        std::fs::create_dir_all(&work_tree).expect("the sandbox is writable");
        for (path, contents) in files {
            let path = work_tree.join(path);
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))
                .expect("the sandbox is writable");
            std::fs::write(&path, contents).expect("the sandbox is writable");
        }
        let when = format!("{} +0000", self.tick());
        let git = |args: &[&str]| {
            let mut command = self.command("git");
            if self.bare {
                command.arg("--git-dir").arg(&self.dir).arg("--work-tree").arg(&work_tree);
            }
            command.env("GIT_AUTHOR_DATE", &when).env("GIT_COMMITTER_DATE", &when);
            expect_success(command.args(args).current_dir(&work_tree))
        };
        for (path, _) in files {
            git(&["add", "-f", "--", path]);
        }
        git(&["commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message]);
        self.head()
    }

    /// Makes an annotated tag on `target` (a revision of any kind of object); returns the tag object's id.
    pub fn tag(&self, name: &str, target: &str, spec: &TagSpec) -> String {
        let object_id = self.git_ok(&["rev-parse", "--verify", target]);
        let object_type = self.git_ok(&["cat-file", "-t", &object_id]);
        let (who, email) = spec.tagger.clone().unwrap_or(("Ada Tester".into(), "ada@example.com".into()));
        let time = spec.time.unwrap_or_else(|| self.tick());
        let offset = spec.offset.as_deref().unwrap_or("+0000");
        let message = spec.message.as_deref().unwrap_or(name);
        let raw = format!(
            "object {object_id}\ntype {object_type}\ntag {name}\ntagger {who} <{email}> {time} {offset}\n\n{message}\n"
        );
        self.raw_tag(name, raw.as_bytes())
    }

    /// Makes a tag object of exactly these bytes, well-formed or not, and the ref for it; returns the object's id.
    pub fn raw_tag(&self, name: &str, object: &[u8]) -> String {
        let id = self.git_stdin(&["hash-object", "-t", "tag", "--literally", "-w", "--stdin"], object);
        self.lightweight(name, &id);
        id
    }

    /// Makes a tag without a tag object.
    pub fn lightweight(&self, name: &str, target: &str) {
        let id = self.git_ok(&["rev-parse", "--verify", target]);
        self.git_ok(&["update-ref", &format!("refs/tags/{name}"), &id]);
    }

    /// Moves every ref into `packed-refs`.
    pub fn pack_refs(&self) {
        self.git_ok(&["pack-refs", "--all"]);
    }
}

/// Looking at it.
impl Repo {
    /// The id of the commit at HEAD.
    pub fn head(&self) -> String {
        self.git_ok(&["rev-parse", "--verify", "HEAD"])
    }

    /// Every tag, sorted by name.
    pub fn tags(&self) -> Vec<TagRecord> {
        let refs = self.git_ok(&["for-each-ref", "--format=%(objectname) %(refname:strip=2)", "refs/tags"]);
        let ids: String =
            refs.lines().filter_map(|line| line.split(' ').next()).fold(String::new(), |mut ids, id| {
                ids.push_str(id);
                ids.push('\n');
                ids
            });
        let objects = self.git_raw(&["cat-file", "--batch"], ids.as_bytes());
        let mut rest = objects.as_slice();
        refs.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(id, name)| {
                let (object_type, content) = next_object(&mut rest);
                TagRecord::parse(name, id, &object_type, content)
            })
            .collect()
    }

    /// The tag of this name.
    pub fn find_tag(&self, name: &str) -> Option<TagRecord> {
        self.tags().into_iter().find(|tag| tag.name == name)
    }

    /// The names of all tags, sorted.
    pub fn tag_names(&self) -> Vec<String> {
        let names = self.git_ok(&["for-each-ref", "--format=%(refname:strip=2)", "refs/tags"]);
        names.lines().map(str::to_owned).collect()
    }

    /// A text that changes when anything in the Git folder does: the contents of refs and configuration, and the
    /// names of objects, a line a file. The index and the reflogs stay out of it: reading may refresh them.
    pub fn fingerprint(&self) -> String {
        self.fingerprint_of(|name| name != "index" && !name.starts_with("logs/"))
    }

    /// The part of [`fingerprint`](Self::fingerprint) that changes when a ref does, if refs are stored in files.
    pub fn refs_fingerprint(&self) -> String {
        self.fingerprint_of(|name| name.starts_with("refs/") || name == "packed-refs" || name == "HEAD")
    }

    fn fingerprint_of(&self, counts: impl Fn(&str) -> bool) -> String {
        let root = self.git_dir();
        let mut files = Vec::new();
        list_files(&root, "", &mut files);
        files.sort();
        let mut text = String::new();
        for name in files.iter().filter(|name| counts(name)) {
            text.push_str(name);
            if !name.starts_with("objects/") {
                let mut hasher = DefaultHasher::new();
                std::fs::read(root.join(name)).unwrap_or_default().hash(&mut hasher);
                // Writing to a String cannot fail.
                let _ = write!(text, " {:016x}", hasher.finish());
            }
            text.push('\n');
        }
        text
    }

    /// Gives this copy the refs of the repository that it was copied from. What was added to the objects stays. Only
    /// for refs in files.
    pub fn restore_refs(&self, original: &Self) {
        let (from, to) = (original.git_dir(), self.git_dir());
        std::fs::remove_dir_all(to.join("refs")).expect("the sandbox is writable");
        copy_dir(&from.join("refs"), &to.join("refs"));
        if from.join("packed-refs").exists() {
            std::fs::copy(from.join("packed-refs"), to.join("packed-refs")).expect("the sandbox is writable");
        } else {
            // It may not be there: then all is well.
            let _ = std::fs::remove_file(to.join("packed-refs"));
        }
    }
}

/// Takes one answer of `git cat-file --batch` off the front: `ID TYPE SIZE\nCONTENT\n`, or `ID missing\n`.
fn next_object<'a>(rest: &mut &'a [u8]) -> (String, &'a [u8]) {
    let end = rest.iter().position(|byte| *byte == b'\n').expect("an answer begins with a line");
    let header = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    let mut words = header.split(' ').skip(1);
    let object_type = words.next().unwrap_or_default().to_owned();
    let Some(size) = words.next().and_then(|size| size.parse::<usize>().ok()) else {
        return (object_type, b"");
    };
    let content = &rest[..size];
    *rest = &rest[size + 1..];
    (object_type, content)
}

fn expect_success(command: &mut Command) -> String {
    let output = command.output().expect("the program is installed");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{error}", output.status);
    String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the sandbox is writable");
    for entry in std::fs::read_dir(from).expect("the folder to copy is there") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("the folder can be read").is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("the sandbox is writable");
        }
    }
}

/// The files below `root/prefix`, as paths from the root with slashes.
fn list_files(root: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(prefix)).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list_files(root, &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_calls_give_the_same_ids() {
        let make = || {
            let repo = Repo::new();
            let id = repo.commit(&[("a/b.txt", "x")], "first");
            (id, repo.tag("m@v1.0.0", "HEAD", &TagSpec::default()))
        };
        assert_eq!(make(), make());
    }

    #[test]
    fn tags_of_every_kind_are_read_back() {
        let repo = Repo::new();
        let commit = repo.commit(&[], "first");
        repo.tag(
            "b@v1.0.0",
            "HEAD",
            &TagSpec::at(1_600_000_000).offset("+0530").message("one\n\ntwo").by("Zoë", "z@x"),
        );
        repo.lightweight("a", "HEAD");
        repo.raw_tag("c", format!("object {commit}\ntype commit\ntag c\n\nno tagger\n").as_bytes());
        let tags = repo.tags();
        let [light, full, bare] = tags.as_slice() else { panic!("{tags:?}") };
        assert_eq!((light.object_type.as_str(), &light.target), ("commit", &commit));
        assert_eq!((full.message.as_str(), &full.target), ("one\n\ntwo\n", &commit));
        let tagger = full.tagger.as_ref().expect("it has a tagger");
        assert_eq!(
            (tagger.name.as_str(), tagger.time, tagger.offset.as_str()),
            ("Zoë", 1_600_000_000, "+0530")
        );
        assert_eq!((bare.tagger.as_ref(), bare.message.as_str()), (None, "no tagger\n"));
    }

    #[test]
    fn a_copy_is_equal_until_it_is_changed() {
        let repo = Repo::new();
        repo.commit(&[("a", "1")], "first");
        repo.tag("x", "HEAD", &TagSpec::default());
        let copy = repo.copy();
        assert_eq!(copy.fingerprint(), repo.fingerprint());
        copy.lightweight("y", "HEAD");
        assert_ne!(copy.fingerprint(), repo.fingerprint());
        assert_ne!(copy.refs_fingerprint(), repo.refs_fingerprint());
        assert_eq!(repo.tag_names(), ["x"]);
        copy.restore_refs(&repo);
        assert_eq!(copy.fingerprint(), repo.fingerprint());
    }

    #[test]
    fn every_kind_of_repository_takes_commits_and_tags() {
        let reftable = if Repo::reftable_works() { RefFormat::Reftable } else { RefFormat::Files };
        for (bare, sha256, refs) in [
            (true, false, RefFormat::Files),
            (false, true, RefFormat::Files),
            (false, false, reftable),
            (true, true, reftable),
        ] {
            let repo = Sandbox::new().repo_with("r", RepoOptions { bare, sha256, refs });
            let first = repo.commit(&[("a", "1")], "first");
            repo.commit(&[("b", "2")], "second");
            assert_eq!(first.len(), if sha256 { 64 } else { 40 });
            assert_eq!(repo.git_ok(&["ls-tree", "--name-only", "HEAD"]), "a\nb");
            repo.tag("m@v0.0.1", &first, &TagSpec::default());
            assert_eq!(repo.tags()[0].target, first);
        }
    }
}
