//! The same small scenario in every kind of Git repository.

mod environment;
mod left_out;

use std::fs;
use std::path::Path;

use crate::common::{binary, gto, hints_at, refused};
use gto_testkit::{RefFormat, Repo, RepoOptions, Run, Sandbox, TagSpec, skip};

/// A repository with a version of `m`, its configuration and an annotation.
fn small_registry(repo: &Repo) {
    let annotations = "m:\n  type: model\nn:\n  type: dataset\n";
    repo.commit(&[(".gto", "stages: [dev, prod]\n"), ("artifacts.yaml", annotations)], "first");
    repo.commit(&[("sub/folder/file", "x")], "second");
    repo.tag("m@v1.0.0", "HEAD~1", &TagSpec::default());
    repo.tag("somebody/elses", "HEAD", &TagSpec::default());
}

/// Registers and assigns in `dir`, and runs every reading command. The tags must be in `repo`.
fn scenario(repo: &Repo, dir: &Path) {
    let run = |line: &str| -> Run {
        let words: Vec<&str> = line.split(' ').collect();
        binary().run_in(repo.sandbox(), dir, &words, b"").ok()
    };
    let before = run("show --plain");
    assert_eq!(
        before.out(),
        "name    latest    #dev    #prod\nm       v1.0.0    -       -\n*n      -         -       -\n"
    );
    run("register m");
    run("assign m --version v1.0.1 --stage prod");
    assert_eq!(
        run("show --plain").out(),
        "name    latest    #dev    #prod\nm       v1.0.1    -       v1.0.1\n*n      -         -       -\n"
    );
    assert_eq!(run("show m@latest --ref").out(), "m@v1.0.1\n");
    let shown = run("show m@v1.0.0 --json").json();
    assert_eq!(shown[0]["enrichments"][0]["artifact"], "m");
    assert_eq!(run("history m --plain").out().lines().count(), 4);
    assert_eq!(run("check-ref m#prod#1 --version").out(), "v1.0.1\n");
    assert_eq!(run("check-ref refs/tags/m@v1.0.0 --name").out(), "m\n");
    assert_eq!(run("check-ref somebody/elses --name").out(), "");
    assert_eq!(run("show m --at HEAD --version").out(), "v1.0.1\n");
    let words = ["assign", "m", "--version", "v1.0.0", "--stage", "canary"];
    let refusal = binary().run_in(repo.sandbox(), dir, &words, b"").fails(1);
    assert!(refusal.err().starts_with("❌ Allowed stages are: "), "{refusal}");
    assert_eq!(repo.tag_names(), ["m#prod#1", "m@v1.0.0", "m@v1.0.1", "somebody/elses"]);
    run("deprecate m v1.0.1 prod --delete");
    run("deprecate m v1.0.1 --delete");
    assert_eq!(repo.tag_names(), ["m@v1.0.0", "somebody/elses"]);
}

#[test]
fn a_folder_below_the_root() {
    let repo = Repo::new();
    small_registry(&repo);
    scenario(&repo, &repo.path().join("sub/folder"));
    let elsewhere = repo.sandbox().home();
    let args = ["show", "--name", "-r", "../repo/sub"];
    assert_eq!(binary().run_in(repo.sandbox(), &elsewhere, &args, b"").ok().out(), "m\n*n\n");
}

#[test]
fn a_linked_worktree() {
    let repo = Repo::new();
    small_registry(&repo);
    repo.git_ok(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    scenario(&repo, &repo.sandbox().path().join("linked"));
}

#[test]
fn a_bare_repository_takes_configuration_and_annotations_from_its_head() {
    let repo = Sandbox::new().repo_with("bare.git", RepoOptions { bare: true, ..RepoOptions::default() });
    small_registry(&repo);
    scenario(&repo, repo.path());
}

#[test]
fn a_submodule() {
    let inner = Repo::new();
    small_registry(&inner);
    let outer = inner.sandbox().repo("outer");
    outer.commit(&[], "first");
    let path = inner.path().to_string_lossy().into_owned();
    outer.git_ok(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &path, "module"]);
    let module = Repo::at(inner.sandbox(), outer.path().join("module"), false);
    module.git_ok(&["fetch", "-q", "--tags"]);
    assert!(fs::metadata(module.path().join(".git")).is_ok_and(|git| git.is_file()));
    scenario(&module, module.path());
    assert_eq!(outer.tag_names(), Vec::<String>::new());
}

#[test]
fn packed_tags_and_loose_ones() {
    let repo = Repo::new();
    small_registry(&repo);
    repo.pack_refs();
    repo.git_ok(&["gc", "-q"]);
    repo.tag("m#dev", "m@v1.0.0^{commit}", &TagSpec::default());
    assert_eq!(gto(&repo, "show m#dev --version").ok().out(), "v1.0.0\n");
    repo.git_ok(&["tag", "-d", "m#dev"]);
    scenario(&repo, repo.path());
}

#[test]
fn a_loose_tag_counts_and_not_the_packed_one_of_its_name() {
    let repo = Repo::new();
    small_registry(&repo);
    repo.pack_refs();
    let commit = repo.head();
    repo.tag("m@v1.0.0", &commit, &TagSpec::default());
    assert_eq!(gto(&repo, "show m@v1.0.0 --json").ok().json()[0]["commit_hexsha"], commit.as_str());
}

#[test]
fn tags_of_tags() {
    let repo = Repo::new();
    small_registry(&repo);
    let commit = repo.git_ok(&["rev-parse", "HEAD~1"]);
    repo.tag("inner", &commit, &TagSpec::default());
    repo.tag("m#dev", "inner", &TagSpec::default());
    repo.tag("k@v3.0.0", "m#dev", &TagSpec::default());
    assert_eq!(gto(&repo, "show m#dev --version").ok().out(), "v1.0.0\n");
    assert_eq!(gto(&repo, "show k --json").ok().json()[0]["commit_hexsha"], commit.as_str());
    assert_eq!(gto(&repo, "check-ref k@v3.0.0 --version").ok().out(), "v3.0.0\n");
    gto(&repo, "register j k@v3.0.0").ok();
    assert_eq!(repo.find_tag("j@v0.0.1").map(|tag| tag.target), Some(commit));
}

#[test]
fn a_sha256_repository() {
    let repo = Sandbox::new().repo_with("sha256", RepoOptions { sha256: true, ..RepoOptions::default() });
    small_registry(&repo);
    scenario(&repo, repo.path());
    repo.git_ok(&["fsck", "--strict", "--no-dangling"]);
}

/// Git keeps a map of ids there, in which our tags were missing, so that they had no SHA-1 name.
#[test]
fn a_sha256_repository_with_a_map_to_sha1() {
    let repo = Sandbox::new().repo_with("map", RepoOptions { sha256: true, ..RepoOptions::default() });
    repo.git_ok(&["config", "extensions.compatObjectFormat", "sha1"]);
    repo.commit(&[], "first");
    gto(&repo, "register m").ok();
    gto(&repo, "assign m --version v0.0.1 --stage prod").ok();
    let name = |tag: &str| repo.git(&["rev-parse", "--output-object-format=sha1", tag]);
    if !name("HEAD").status.success() {
        skip("this git keeps no map of ids");
        return;
    }
    for tag in ["m@v0.0.1", "m#prod#1"] {
        let output = name(tag);
        assert_eq!(output.stdout.trim_ascii().len(), 40, "{tag}: {output:?}");
    }
}

#[test]
fn a_detached_head() {
    let repo = Repo::new();
    small_registry(&repo);
    repo.git_ok(&["checkout", "-q", "--detach"]);
    scenario(&repo, repo.path());
}

#[test]
fn a_shallow_clone() {
    let repo = Repo::new();
    small_registry(&repo);
    let url = format!("file://{}", repo.path().display());
    repo.git_ok(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let shallow = Repo::at(repo.sandbox(), repo.sandbox().path().join("shallow"), false);
    shallow.git_ok(&["fetch", "-q", "--depth=1", "--tags"]);
    assert_eq!(shallow.git_ok(&["rev-parse", "--is-shallow-repository"]), "true");
    scenario(&shallow, shallow.path());
    let error = "Ref 'HEAD~1' was not found in the repository history";
    hints_at(&refused(&shallow, "register m HEAD~1", error), "git fetch --unshallow");
}

/// Runs a command with a `git` that keeps a list of how it was started. The list.
#[cfg(unix)]
fn started_by(repo: &Repo, line: &str) -> Vec<String> {
    let git = crate::common::counting::CountingGit::new(repo.sandbox());
    let words: Vec<&str> = line.split(' ').collect();
    binary().env("PATH", &git.path).run(repo, &words).ok();
    git.started()
}

#[cfg(unix)]
#[test]
fn reftables_are_read_by_one_git_for_each_question() {
    if !Repo::reftable_works() {
        skip("this git knows no reftables");
        return;
    }
    let options = RepoOptions { refs: RefFormat::Reftable, ..RepoOptions::default() };
    let repo = Sandbox::new().repo_with("repo", options);
    small_registry(&repo);
    for version in ["v1.1.0", "v1.2.0"] {
        repo.commit(&[], version);
        repo.tag(&format!("m@{version}"), "HEAD", &TagSpec::default());
    }
    repo.tag("m#prod#1", "HEAD", &TagSpec::default());
    for question in
        ["show", "show m", "show m#prod", "history", "history m", "stages --used", "check-ref m@v1.0.0"]
    {
        let started = started_by(&repo, question);
        assert_eq!(started.len(), 1, "{question}: {started:#?}");
        assert!(started[0].contains("for-each-ref"), "{question}: {started:#?}");
    }
    // The commit, whether other refs have its name (D29), the tags, the commit that has the policy, and the write itself.
    let started = started_by(&repo, "register m HEAD~2 --version v0.1.0");
    assert!(started.len() <= 5, "{started:#?}");
    let started = started_by(&repo, "assign m --version v1.1.0 --stage prod");
    assert!(started.len() <= 4, "{started:#?}");
}

#[test]
fn reftables() {
    if !Repo::reftable_works() {
        return skip("this Git cannot make reftables");
    }
    for sha256 in [false, true] {
        let options = RepoOptions { sha256, refs: RefFormat::Reftable, ..RepoOptions::default() };
        let repo = Sandbox::new().repo_with("reftable", options);
        small_registry(&repo);
        scenario(&repo, repo.path());
        repo.git_ok(&["fsck", "--strict", "--no-dangling"]);
    }
}

#[test]
fn an_unborn_head_is_read_as_empty_and_refuses_writes() {
    let repo = Repo::new();
    let nothing = "Nothing found in the current workspace\n";
    for (line, expected) in [
        ("show", nothing),
        ("history", nothing),
        ("show --json", "{}\n"),
        ("history --json", "[]\n"),
        ("stages", ""),
        ("check-ref m@v1.0.0 --name", ""),
    ] {
        assert_eq!(gto(&repo, line).ok().out(), expected, "{line}");
    }
    gto(&repo, "doctor").ok();
    let error = "The repository has no commit yet";
    for line in ["register m", "assign m --stage prod"] {
        hints_at(&refused(&repo, line, error), "make a commit first");
    }
    refused(&repo, "deprecate m", "Cannot find artifact 'm'");
}

#[test]
fn an_unborn_head_beside_a_branch_with_versions() {
    let repo = Repo::new();
    small_registry(&repo);
    repo.git_ok(&["checkout", "-q", "--orphan", "fresh"]);
    assert_eq!(gto(&repo, "show m@latest --version").ok().out(), "v1.0.0\n");
    refused(&repo, "register m", "HEAD names branch 'fresh', which does not exist");
    gto(&repo, "register m main").ok();
    assert_eq!(gto(&repo, "show m@latest --version").ok().out(), "v1.0.1\n");
}

/// Git passes its repository to a hook's children; an explicit `--repo` overrides it.
#[test]
fn a_hook_of_another_repository() {
    let repo = Repo::new();
    small_registry(&repo);
    let other = repo.sandbox().repo("other");
    other.commit(&[], "first");
    let git_dir = other.git_dir();
    let in_hook = binary().env("GIT_DIR", &git_dir).env("GIT_INDEX_FILE", git_dir.join("index"));
    let path = repo.path().to_string_lossy().into_owned();
    let args = ["register", "m", "-r", &path];
    let run = in_hook.run_in(repo.sandbox(), other.path(), &args, b"").ok();
    assert!(run.out().starts_with("Created git tag 'm@v1.0.1'"), "{run}");
    assert_eq!(other.tag_names(), Vec::<String>::new());
}

/// What a folder has in the place of a repository, made by a shell in that folder, which has a good repository in `g`.
const IN_PLACE_OF_A_REPOSITORY: [&str; 56] = [
    "echo garbage > .git",
    ": > .git",
    "echo 'gitdir: /nowhere/at/all' > .git",
    "echo 'gitdir: nowhere' > .git",
    "echo gitdir: > .git",
    "echo 'gitdir: ' > .git",
    "echo x > f; echo 'gitdir: f' > .git",
    "mkdir e; echo 'gitdir: e' > .git",
    "echo 'gitdir: g' > .git",
    "printf 'gitdir: g' > .git",
    "printf 'gitdir: g\\r\\n' > .git",
    "printf 'gitdir: g\\nmore\\n' > .git",
    "echo 'gitdir:g' > .git",
    "echo 'gitdir:  g' > .git",
    "echo 'gitdir: g ' > .git",
    "head -c 2000000 /dev/zero > .git",
    "ln -s nowhere .git",
    "ln -s loop .git; ln -s .git loop",
    "ln -s g .git",
    "echo x > f; ln -s f .git",
    "echo 'gitdir: g' > f; ln -s f .git",
    "mkdir .git",
    "mkdir .git; echo x > .git/f",
    "mv g .git; rm .git/HEAD",
    "mv g .git; : > .git/HEAD",
    "mv g .git; echo garbage > .git/HEAD",
    "mv g .git; echo 'ref: somewhere/else' > .git/HEAD",
    "mv g .git; echo 'ref: refs/heads/unborn' > .git/HEAD",
    "mv g .git; echo 0123456789012345678901234567890123456789 > .git/HEAD",
    "mv g .git; echo 01234567890123456789 > .git/HEAD",
    "mv g .git; rm .git/HEAD; mkdir .git/HEAD",
    "mv g .git; rm .git/HEAD; ln -s refs/heads/main .git/HEAD",
    "mv g .git; rm .git/HEAD; ln -s nowhere .git/HEAD",
    "mv g .git; rm -r .git/objects",
    "mv g .git; rm -r .git/refs",
    "mv g .git; rm -r .git/refs; : > .git/refs",
    "mv g .git; echo . > .git/commondir",
    "mv g .git; echo nowhere > .git/commondir",
    "mv g .git; echo /nowhere/at/all > .git/commondir",
    "mv g .git; : > .git/commondir",
    "mv g .git; mkdir .git/commondir",
    "mv g .git; echo '[core' > .git/config",
    "mv g .git; : > .git/config",
    "mv g .git; rm .git/config",
    "mv g .git; rm .git/config; mkdir .git/config",
    "mv g .git; git config -f .git/config core.repositoryformatversion 2",
    "mv g .git; git config -f .git/config core.repositoryformatversion x",
    "mv g .git; git config -f .git/config core.bare maybe",
    "mv g .git; git config -f .git/config core.filemode maybe",
    "mv g .git; git config -f .git/config core.logallrefupdates always",
    "mv g .git; git config -f .git/config core.logallrefupdates sometimes",
    "mv g .git; git config -f .git/config extensions.newthing true",
    "mv g .git; git config -f .git/config core.repositoryformatversion 1; git config -f .git/config extensions.newthing true",
    "mv g .git; git config -f .git/config extensions.refstorage files",
    "git --git-dir=g worktree add -q ../linked; mv g moved; rm -rf deep; ln -s ../linked/deep deep",
    "git --git-dir=g worktree add -q ../linked; : > g/worktrees/linked/HEAD; rm -rf deep; ln -s ../linked/deep deep",
];

/// Issue: a linked work tree whose repository had been moved was taken for a part of the repository around it, and
/// `register` wrote there.
#[cfg(unix)]
#[test]
fn what_git_takes_for_a_repository_or_refuses_gto_does_too() {
    let inner = Repo::new();
    inner.commit(&[("deep/f", "x")], "first");
    inner.tag("inner@v1.0.0", "HEAD", &TagSpec::default());
    let mut passed_over = 0;
    for (case, script) in IN_PLACE_OF_A_REPOSITORY.into_iter().enumerate() {
        let outer = inner.sandbox().repo(&format!("outer{case}"));
        outer.commit(&[("in/deep/f", "x")], "first");
        outer.tag("outer@v1.0.0", "HEAD", &TagSpec::default());
        let (folder, deep) = (outer.path().join("in"), outer.path().join("in/deep"));
        let run = |dir: &Path, program: &str, args: &[&str]| {
            inner.sandbox().command(program).current_dir(dir).args(args).output().unwrap()
        };
        let copied = run(&folder, "cp", &["-r", &inner.git_dir().to_string_lossy(), "g"]);
        assert!(copied.status.success());
        run(&folder, "sh", &["-c", script]);
        let outer_before = outer.fingerprint();
        let git = run(&deep, "git", &["for-each-ref", "--format=%(refname)", "refs/tags"]);
        let shown = binary().run_in(inner.sandbox(), &deep, &["show", "--name"], b"");
        let by_path =
            binary().run_in(inner.sandbox(), outer.path(), &["show", "--name", "-r", "in/deep"], b"");
        let examined = binary().run_in(inner.sandbox(), &deep, &["doctor"], b"");
        let written = binary().run_in(inner.sandbox(), &deep, &["register", "written"], b"");
        let tags = String::from_utf8_lossy(&git.stdout).replace("refs/tags/", "").replace("@v1.0.0", "");
        if git.status.success() {
            assert_eq!(shown.out(), tags, "{script}\n{shown}");
            assert_eq!(by_path.out(), tags, "{script}\n{by_path}");
            passed_over += usize::from(tags == "outer\n");
            continue;
        }
        for run in [&shown, &by_path, &examined, &written] {
            assert_eq!((run.status, run.out().contains("outer")), (1, false), "{script}\n{run}");
        }
        assert_eq!(outer.fingerprint(), outer_before, "{script}\n{written}");
        let reason = String::from_utf8_lossy(&git.stderr).into_owned();
        let said = reason.lines().find_map(|line| line.strip_prefix("fatal: not a git repository: "));
        if let Some(path) = said {
            let line = format!("not a git repository: {path}");
            assert!(shown.err().contains(&line), "{script}\n{reason}\n{shown}");
            hints_at(&shown, "git worktree repair");
        }
    }
    assert!(passed_over > 10, "{passed_over}");
}

/// Git waits for a writer if `HEAD` or `config` is a FIFO.
#[cfg(unix)]
#[test]
fn a_fifo_in_a_repository_is_never_waited_for() {
    for place in [".git", ".git/HEAD", ".git/config"] {
        let repo = Repo::new();
        small_registry(&repo);
        let file = repo.path().join(place);
        if file.is_dir() {
            fs::remove_dir_all(&file).unwrap();
        } else if file.exists() {
            fs::remove_file(&file).unwrap();
        }
        assert!(repo.sandbox().command("mkfifo").arg(&file).status().unwrap().success());
        for line in ["show", "show m", "resolve m", "doctor", "register m"] {
            let run = gto(&repo, line);
            assert!(run.status == 1 || run.err().contains("m@v2.0.0"), "{place} {line}\n{run}");
        }
    }
}
