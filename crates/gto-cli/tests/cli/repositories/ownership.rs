//! Whose repository it is: gto works where git works, and gives git's advice where it does not.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use crate::common::{binary, hints_at};
use gto_testkit::{RefFormat, Repo, RepoOptions, Sandbox, TagSpec, skip};

const SOMEONE: u32 = 12_345;

/// Gives files to another user, or skips the test.
fn give_away<'a>(paths: impl IntoIterator<Item = &'a Path>) -> bool {
    let given = paths.into_iter().all(|path| std::os::unix::fs::lchown(path, Some(SOMEONE), None).is_ok());
    if !given {
        skip("only root can give a repository away");
    }
    given
}

fn registry(sandbox: &Sandbox, name: &str, options: RepoOptions) -> Repo {
    let repo = sandbox.repo_with(name, options);
    repo.commit(&[("sub/file", "x")], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    repo
}

/// Asks gto and git in a folder with these variables. Whether they work there, which must be the same.
#[track_caller]
fn agree(sandbox: &Sandbox, dir: &Path, env: &[(&str, &str)]) -> bool {
    let mut git = sandbox.command("git");
    let git = git
        .envs(env.iter().copied())
        .current_dir(dir)
        .args(["rev-parse", "--git-dir"])
        .output()
        .expect("git is installed");
    let gto = env.iter().fold(binary(), |gto, (name, value)| gto.env(name, value));
    let run = gto.run_in(sandbox, dir, &["show", "--name"], b"");
    let advice = String::from_utf8_lossy(&git.stderr).into_owned();
    assert_eq!(run.status == 0, git.status.success(), "{env:?} {}\n{advice}\n{run}", dir.display());
    if git.status.success() {
        assert_eq!(run.out(), "m\n", "{run}");
    } else if let Some((_, command)) = advice.split_once("call:\n\n\t") {
        assert!(run.err().starts_with("❌ Dubious ownership: "), "{run}");
        // The same word in another spelling.
        hints_at(&run, &command.trim_end().replace(r"'\''", r#"'"'"'"#));
    }
    git.status.success()
}

/// Variables that put a line into the configuration of one command.
fn configured<'a>(key: &'a str, value: &'a str) -> [(&'a str, &'a str); 3] {
    [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", key), ("GIT_CONFIG_VALUE_0", value)]
}

#[test]
fn every_part_of_a_repository_has_to_be_ones_own() {
    for (bare, mine, theirs, safe) in [
        (false, "", ".git", false),
        (false, ".git", "", false),
        (false, "", "sub", true),
        (false, "", ".git/refs", true),
        (true, "refs", "", false),
    ] {
        let sandbox = Sandbox::new();
        let repo = registry(&sandbox, "repo", RepoOptions { bare, ..RepoOptions::default() });
        if !give_away([repo.path().join(theirs).as_path()]) {
            return;
        }
        assert_eq!(agree(&sandbox, repo.path(), &[]), safe, "{mine} {theirs}");
        // By its `.git` folder, of which the work tree is no part.
        agree(&sandbox, &repo.git_dir(), &[]);
        agree(&sandbox, &repo.git_dir().join("refs"), &[]);
    }
}

#[test]
fn a_git_file_and_a_linked_worktree_of_someone_else() {
    for (path, safe) in [("linked", false), ("linked/.git", false), ("repo", true), ("repo/.git", true)] {
        let sandbox = Sandbox::new();
        let repo = registry(&sandbox, "repo", RepoOptions::default());
        repo.git_ok(&["worktree", "add", "-q", "-b", "side", "../linked"]);
        if !give_away([sandbox.path().join(path).as_path()]) {
            return;
        }
        assert_eq!(agree(&sandbox, &sandbox.path().join("linked"), &[]), safe, "{path}");
    }
}

#[test]
fn safe_directory_is_read_as_git_reads_it() {
    let mut sandbox = Sandbox::new();
    let mut repo = registry(&sandbox, "repo's home", RepoOptions::default());
    let link = sandbox.path().join("link");
    symlink(repo.path(), &link).unwrap();
    let (root, dir) =
        (sandbox.path().to_string_lossy().into_owned(), repo.path().to_string_lossy().into_owned());
    let git_dir = format!("{dir}/.git");
    if !give_away([repo.path(), &repo.git_dir()]) {
        return;
    }
    let mut safe = Vec::new();
    for value in [
        "*",
        "",
        ".",
        "relative",
        &dir,
        &format!("{dir}/"),
        &format!("{dir}/*"),
        &format!("{root}/*"),
        "/*",
        &root,
        &git_dir,
        &link.to_string_lossy(),
        "~",
        "~/../repo's home",
        "%(prefix)/x",
        "/nowhere",
    ] {
        // Of the user, of one command, and the repository's own, which must not count.
        sandbox.set_git_config(&format!("[safe]\n\tdirectory = \"{value}\"\n"));
        let allowed = agree(&sandbox, repo.path(), &[]);
        agree(&sandbox, &repo.path().join("sub"), &[]);
        agree(&sandbox, &repo.git_dir(), &[]);
        agree(&sandbox, &link, &[]);
        sandbox.set_git_config("");
        assert_eq!(agree(&sandbox, repo.path(), &configured("safe.directory", value)), allowed, "{value}");
        if allowed {
            safe.push(value.to_owned());
        }
    }
    assert!(safe.contains(&"*".to_owned()) && safe.contains(&dir) && !safe.contains(&root), "{safe:?}");
    sandbox.set_git_config("[safe]\n\tdirectory = *\n\tdirectory =\n");
    assert!(!agree(&sandbox, repo.path(), &[]));
    sandbox.set_git_config("");
    fs::write(repo.git_dir().join("config"), "[safe]\n\tdirectory = *\n[user]\n\tname = theirs\n").unwrap();
    assert!(!agree(&sandbox, repo.path(), &[]));
    // What is allowed is allowed in full: its configuration counts, its hooks run.
    repo.sandbox_mut().set_env("GIT_CONFIG_COUNT", "1").set_env("GIT_CONFIG_KEY_0", "safe.directory");
    repo.sandbox_mut().set_env("GIT_CONFIG_VALUE_0", "*").remove_env("GIT_COMMITTER_NAME");
    let (hook, seen) = (repo.git_dir().join("hooks/reference-transaction"), sandbox.path().join("seen"));
    fs::create_dir_all(repo.git_dir().join("hooks")).unwrap();
    fs::write(&hook, format!("#!/bin/sh\n: >'{}'\n", seen.display())).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    binary().run(&repo, &["register", "n"]).ok();
    assert_eq!(repo.find_tag("n@v0.0.1").and_then(|tag| tag.tagger).unwrap().name, "theirs");
    assert!(seen.exists());
}

#[test]
fn nothing_of_a_strange_repository_is_run_or_read() {
    let mut storages = vec![RefFormat::Files];
    if Repo::reftable_works() {
        storages.push(RefFormat::Reftable);
    }
    for refs in storages {
        let sandbox = Sandbox::new();
        let repo = registry(&sandbox, "repo", RepoOptions { refs, ..RepoOptions::default() });
        let seen = sandbox.path().join("seen");
        let hooks = repo.git_dir().join("hooks");
        fs::create_dir_all(&hooks).unwrap();
        fs::write(hooks.join("reference-transaction"), format!("#!/bin/sh\n: >{}\n", seen.display()))
            .unwrap();
        fs::set_permissions(hooks.join("reference-transaction"), fs::Permissions::from_mode(0o755)).unwrap();
        // Reading this would never end.
        let fifo = sandbox.path().join("fifo");
        assert!(sandbox.command("mkfifo").arg(&fifo).status().unwrap().success());
        let config = repo.git_dir().join("config");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{text}[include]\n\tpath = {}\n", fifo.display())).unwrap();
        if !give_away([repo.path(), &repo.git_dir()]) {
            return;
        }
        for line in ["show", "register m", "doctor", "check-ref m@v1.0.0", "cache info", "stages"] {
            let words: Vec<&str> = line.split(' ').collect();
            let run = binary().run(&repo, &words).fails(1);
            assert!(run.err().starts_with("❌ Dubious ownership: "), "{run}");
            assert_eq!(run.out(), "", "{run}");
        }
        assert!(!seen.exists());
    }
}

#[test]
fn a_program_under_sudo_acts_for_its_caller() {
    let sandbox = Sandbox::new();
    let repo = registry(&sandbox, "repo", RepoOptions::default());
    let folders = [repo.path().to_owned(), repo.git_dir()];
    if !give_away(folders.iter().map(PathBuf::as_path)) {
        return;
    }
    for (uid, safe) in [("12345", true), ("12346", false), ("", false), ("x", false), ("12345x", false)] {
        assert_eq!(agree(&sandbox, repo.path(), &[("SUDO_UID", uid)]), safe, "{uid}");
    }
    for folder in &folders {
        chown(folder, Some(0), None).unwrap();
    }
    assert!(agree(&sandbox, repo.path(), &[("SUDO_UID", "12345")]));
}

#[test]
fn a_bare_repository_that_has_to_be_named() {
    let sandbox = Sandbox::new();
    let bare = registry(&sandbox, "bare.git", RepoOptions { bare: true, ..RepoOptions::default() });
    let repo = registry(&sandbox, "repo", RepoOptions::default());
    let explicit = configured("safe.bareRepository", "explicit");
    assert!(!agree(&sandbox, bare.path(), &explicit));
    assert!(!agree(&sandbox, &bare.path().join("refs"), &explicit));
    assert!(agree(&sandbox, bare.path(), &configured("safe.bareRepository", "all")));
    for inside in ["", "sub", ".git", ".git/refs"] {
        assert!(agree(&sandbox, &repo.path().join(inside), &explicit), "{inside}");
    }
    let gto = explicit.iter().fold(binary(), |gto, (name, value)| gto.env(name, value));
    let run = gto.run(&bare, &["show"]).fails(1);
    assert!(run.err().contains("`safe.bareRepository` is `explicit`"), "{run}");
    hints_at(&run, "GIT_DIR=");
    assert_eq!(gto.clone().env("GIT_DIR", bare.path()).run(&bare, &["show", "--name"]).ok().out(), "m\n");
    // A clone that gto makes for itself is its own.
    let url = format!("file://{}", bare.path().display());
    assert_eq!(gto.run(&repo, &["show", "--name", "-r", &url]).ok().out(), "m\n");
}

#[test]
fn without_git_the_repository_of_someone_else_is_refused_unless_it_is_named() {
    let mut sandbox = Sandbox::new();
    let repo = registry(&sandbox, "repo", RepoOptions::default());
    if !give_away([repo.path(), &repo.git_dir()]) {
        return;
    }
    sandbox.set_env("PATH", "/nowhere");
    let show = |sandbox: &Sandbox| binary().run_in(sandbox, repo.path(), &["show", "--name"], b"");
    let run = show(&sandbox).fails(1);
    assert!(run.err().starts_with("❌ Dubious ownership: "), "{run}");
    hints_at(&run, "safe.directory");
    sandbox.set_git_config(&format!("[safe]\n\tdirectory = {}\n", repo.path().display()));
    assert_eq!(show(&sandbox).ok().out(), "m\n");
}
