//! The same commands in every kind of repository, with the same results as in a plain one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::common::binary;
use gto_testkit::{Gto, RefFormat, Repo, RepoOptions, Sandbox, TagSpec, skip};

/// Doctor's output for a shallow clone without other problems.
const SHALLOW: &str = "⚠️  warning[shallow-clone]: the clone is shallow: tags of older commits may be absent, and their \
                       versions with them\n    fix: git fetch --unshallow --tags\n\n0 errors, 1 warning\n";
/// Its output for other repositories.
const HEALTHY: &str = "✅  No issues found\n";

/// A repository of some kind, and where and how `gto` is run in it.
struct Kind {
    repo: Repo,
    dir: PathBuf,
    gto: Gto,
}

impl Kind {
    fn of(repo: Repo) -> Self {
        Self { dir: repo.path().to_owned(), repo, gto: binary() }
    }

    fn run_in(self, dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), ..self }
    }

    fn env(self, name: &str, value: impl Into<OsString>) -> Self {
        Self { gto: self.gto.env(name, value), ..self }
    }
}

/// A registry with a configuration, an annotation, a version, and an unrelated tag.
fn begin(repo: Repo) -> Repo {
    repo.commit(
        &[(".gto", "stages: [dev, prod]\n"), ("artifacts.yaml", "m: {}\nn: {type: model}\n")],
        "first",
    );
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("somebody/elses", "HEAD", &TagSpec::default());
    repo.commit(&[("file", "x")], "second");
    repo
}

fn plain() -> Repo {
    begin(Repo::new())
}

fn made_with(options: RepoOptions) -> Repo {
    begin(Sandbox::new().repo_with("repo", options))
}

/// The output of every command, and the tags after each write, without ids, which depend on the hash.
fn story(kind: &Kind) -> String {
    let Kind { repo, dir, gto } = kind;
    let mut told = String::new();
    let ids = repo.git_ok(&["rev-list", "--all"]);
    let ids: Vec<&str> = ids.lines().collect();
    let gto = gto.clone().env("GIT_COMMITTER_DATE", "@1750000000 +0200");
    for line in [
        "show",
        "register m",
        "register nlp/x HEAD~0 --version v2.0.0 --message text",
        "assign m --version v1.0.1 --stage prod",
        "assign m HEAD --stage dev",
        "show",
        "show m --at HEAD",
        "history --plain",
        "history m",
        "check-ref m#prod#1",
        "stages --used",
        "doctor",
        "deprecate m v1.0.1 dev",
        "deprecate m v1.0.0",
        "deprecate nlp/x --delete",
        "deprecate m --delete --force",
        "show",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let run = gto.run_in(repo.sandbox(), dir, &words, b"").ok();
        let out = ids.iter().fold(run.out(), |out, id| out.replace(id, "ID").replace(&id[..7], "ID"));
        told.extend(["$ gto ", line, "\n", &out.replace(SHALLOW, HEALTHY)]);
        let format =
            "%(objecttype) %(refname) %(taggername) %(taggeremail) %(taggerdate:raw) %(*subject) %(contents)";
        told.push_str(&repo.git_ok(&["for-each-ref", "--format", format, "refs/tags"]));
        told.push('\n');
    }
    let locks = ["packed-refs.lock", "refs/tags/m@v1.0.1.lock", "index.lock"];
    assert!(locks.iter().all(|lock| !repo.git_dir().join(lock).exists()));
    repo.git_ok(&["fsck", "--strict", "--no-dangling"]);
    told
}

#[track_caller]
fn same_as_plain(kind: &Kind) {
    static PLAIN: LazyLock<String> = LazyLock::new(|| story(&Kind::of(plain())));
    let expected = &*PLAIN;
    assert!(expected.contains("refs/tags/m#prod#1"), "the story has a plot:\n{expected}");
    same_lines(&story(kind), expected);
}

#[track_caller]
fn same_lines(told: &str, expected: &str) {
    let (told, expected): (Vec<_>, Vec<_>) = (told.lines().collect(), expected.lines().collect());
    let same = told.iter().zip(&expected).take_while(|(told, expected)| told == expected).count();
    let near = |lines: &[&str]| lines[same.saturating_sub(4)..lines.len().min(same + 4)].join("\n");
    assert!(told == expected, "told:\n{}\nexpected:\n{}", near(&told), near(&expected));
}

#[test]
fn hashes_and_storages_and_bare_repositories() {
    let storages = if Repo::reftable_works() {
        vec![RefFormat::Files, RefFormat::Reftable]
    } else {
        skip("this git knows no reftables");
        vec![RefFormat::Files]
    };
    for refs in storages {
        for (bare, sha256) in [(false, false), (false, true), (true, false), (true, true)] {
            same_as_plain(&Kind::of(made_with(RepoOptions { bare, sha256, refs })));
        }
    }
}

#[test]
fn linked_worktrees_with_a_configuration_of_their_own() {
    for has_config in [false, true] {
        let repo = plain();
        if has_config {
            repo.git_ok(&["config", "extensions.worktreeConfig", "true"]);
        }
        repo.git_ok(&["worktree", "add", "-q", "-b", "side", "../linked"]);
        let dir = repo.sandbox().path().join("linked");
        if has_config {
            let folder = dir.to_string_lossy().into_owned();
            repo.git_ok(&["-C", &folder, "config", "--worktree", "user.name", "not used"]);
        }
        same_as_plain(&Kind::of(repo).run_in(dir));
    }
}

#[test]
fn a_clone_that_borrows_objects_from_another_repository() {
    let lender = plain();
    lender.git_ok(&["clone", "-q", "--shared", ".", "../borrower"]);
    let borrower = Repo::at(lender.sandbox(), lender.sandbox().path().join("borrower"), false);
    assert!(borrower.git_dir().join("objects/info/alternates").exists());
    same_as_plain(&Kind::of(borrower));
    // Relative to the folder with objects, as git also has it.
    let relative = begin(lender.sandbox().repo("relative"));
    fs::write(relative.git_dir().join("objects/info/alternates"), "../../../repo/.git/objects\n").unwrap();
    lender.commit(&[("lent", "x")], "only there");
    same_as_plain(&Kind::of(relative));
}

#[test]
fn a_shallow_clone_and_a_submodule() {
    let repo = plain();
    let url = format!("file://{}", repo.path().display());
    repo.git_ok(&["clone", "-q", "--depth=1", "--no-single-branch", &url, "../shallow"]);
    let shallow = Repo::at(repo.sandbox(), repo.sandbox().path().join("shallow"), false);
    shallow.git_ok(&["fetch", "-q", "--depth=1", "--tags"]);
    same_as_plain(&Kind::of(shallow));
    let outer = repo.sandbox().repo("outer");
    outer.commit(&[], "first");
    outer.git_ok(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "module"]);
    let dir = outer.path().join("module");
    let module = Repo::at(repo.sandbox(), outer.path().join(".git/modules/module"), true);
    same_as_plain(&Kind::of(module).run_in(dir));
    assert_eq!(outer.tag_names(), Vec::<String>::new());
}

#[test]
fn a_git_folder_elsewhere_and_a_path_through_a_link() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo("repo");
    repo.git_ok(&["init", "-q", "--separate-git-dir", "../elsewhere.git"]);
    let repo = begin(repo);
    assert!(fs::metadata(repo.path().join(".git")).is_ok_and(|git| git.is_file()));
    let dir = repo.path().to_owned();
    let git_folder = Repo::at(&sandbox, sandbox.path().join("elsewhere.git"), true);
    same_as_plain(&Kind::of(git_folder).run_in(dir));
    #[cfg(unix)]
    {
        let repo = plain();
        let link = repo.sandbox().path().join("link");
        std::os::unix::fs::symlink(repo.path(), &link).unwrap();
        same_as_plain(&Kind::of(repo).run_in(link));
    }
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_plain_text() {
    use std::os::unix::ffi::OsStrExt as _;

    for name in [&b"with blanks and 'quotes\""[..], b"with\nlines", b"not utf-8 \xff", b"-option"] {
        let sandbox = Sandbox::new();
        for refs in [RefFormat::Files, RefFormat::Reftable] {
            if refs == RefFormat::Reftable && !Repo::reftable_works() {
                continue;
            }
            let repo = begin(
                sandbox.repo_with(&format!("{refs:?}"), RepoOptions { refs, ..RepoOptions::default() }),
            );
            let path = sandbox.path().join(std::ffi::OsStr::from_bytes(name));
            fs::rename(repo.path(), &path).unwrap();
            same_as_plain(&Kind::of(Repo::at(&sandbox, &path, false)));
            fs::remove_dir_all(path).unwrap();
        }
    }
}

#[test]
fn the_variable_git_dir_counts_where_the_folder_leads_to_no_repository() {
    let repo = plain();
    let (git_dir, home) = (repo.git_dir(), repo.sandbox().home());
    same_as_plain(&Kind::of(repo).run_in(home).env("GIT_DIR", git_dir));
    // As in a hook, where it names the repository that one is in.
    let repo = plain();
    let run = binary().env("GIT_DIR", ".git").run(&repo, &["show"]).ok();
    assert_eq!(run.err(), "");
    // As in a program that a hook of another repository has started: Git would work in that one.
    let other = repo.sandbox().repo("other");
    other.commit(&[], "another repository");
    let run = binary().env("GIT_DIR", repo.git_dir()).run(&other, &["register", "x"]).ok();
    assert_eq!(other.tag_names(), ["x@v0.0.1"]);
    crate::common::warns_of(&run, "GIT_DIR names another repository");
    let run = binary().env("GIT_DIR", repo.git_dir()).run(&other, &["show", "-r", "../other"]).ok();
    assert_eq!(run.err(), "");
    // With the files of another folder.
    let bare = made_with(RepoOptions { bare: true, ..RepoOptions::default() });
    let files = bare.sandbox().path().join("files");
    fs::create_dir(&files).unwrap();
    fs::write(files.join(".gto"), "stages: [only]\n").unwrap();
    let gto = binary().env("GIT_DIR", bare.git_dir()).env("GIT_WORK_TREE", &files);
    let run = |line: &str| gto.run_in(bare.sandbox(), &files, &line.split(' ').collect::<Vec<_>>(), b"");
    assert_eq!(run("stages").ok().out(), "only\n");
    assert_eq!(run("show m@latest --version").ok().out(), "v1.0.0\n");
    let gto = binary().env("GIT_DIR", "nowhere");
    let run = gto.run_in(bare.sandbox(), &files, &["show"], b"").fails(1);
    assert!(run.err().starts_with("❌ No Git repo found in 'nowhere'"), "{run}");
    assert!(run.err().contains("GIT_DIR"), "{run}");
}

#[test]
fn the_search_ends_where_git_ends_it() {
    let repo = plain();
    let inside = repo.path().join("a/b");
    fs::create_dir_all(&inside).unwrap();
    let git = |ceiling: &Path| {
        let mut git = repo.sandbox().command("git");
        git.env("GIT_CEILING_DIRECTORIES", ceiling).current_dir(&inside).args(["rev-parse", "--git-dir"]);
        git.output().unwrap().status.success()
    };
    for ceiling in ["repo/a/b", "repo/a", "repo", ".", "home"].map(|name| repo.sandbox().path().join(name)) {
        let ceiling = ceiling.components().as_path().to_owned();
        let gto = binary().env("GIT_CEILING_DIRECTORIES", &ceiling);
        let run = gto.run_in(repo.sandbox(), &inside, &["show"], b"");
        assert_eq!(run.status == 0, git(&ceiling), "{}: {run}", ceiling.display());
    }
}
