//! `--repo URL`: the persistent clone follows its remote, costs one `git ls-remote`, and repairs itself.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::counting::CountingGit;
use crate::common::{binary, hints_at};
use gto_testkit::{Gto, Repo, RepoOptions, Run, Sandbox, TagSpec};

/// A bare repository with a registry, for others to clone; with `filter`, also without files.
fn upstream(filter: bool) -> Repo {
    let repo = Sandbox::new().repo_with("upstream.git", RepoOptions { bare: true, ..RepoOptions::default() });
    repo.git_ok(&["config", "uploadpack.allowFilter", if filter { "true" } else { "false" }]);
    for n in 1..=3 {
        let annotations = format!("m:\n  type: model\n  path: models/{n}\nn{n}:\n  type: dataset\n");
        repo.commit(&[(".gto", "stages: [dev, prod]\n"), ("artifacts.yaml", &annotations)], "commit");
        repo.tag(&format!("m@v0.0.{n}"), "HEAD", &TagSpec::default());
    }
    repo.tag("m#prod#1", "HEAD~1", &TagSpec::default());
    repo
}

fn url(repo: &Repo) -> String {
    format!("file://{}", repo.path().display())
}

fn ask_at(gto: &Gto, sandbox: &Sandbox, url: &str, line: &str) -> Run {
    let words: Vec<&str> = line.split(' ').chain(["-r", url]).collect();
    gto.run_in(sandbox, sandbox.path(), &words, b"")
}

fn ask_by(gto: &Gto, repo: &Repo, line: &str) -> Run {
    ask_at(gto, repo.sandbox(), &url(repo), line)
}

/// Asks about the repository by its address.
fn ask(repo: &Repo, line: &str) -> Run {
    ask_by(&binary(), repo, line)
}

/// Asks where there is no repository.
fn ask_outside(repo: &Repo, line: &str) -> Run {
    let words: Vec<&str> = line.split(' ').collect();
    binary().run_in(repo.sandbox(), repo.sandbox().path(), &words, b"")
}

/// The folder with all kept clones.
fn folder(repo: &Repo) -> PathBuf {
    let caches = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    repo.sandbox().home().join(caches).join("gto/remotes")
}

/// What is in that folder.
fn entries(repo: &Repo) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(repo)).into_iter().flatten();
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

/// The kept clone, which must be the only one, and nothing must be beside it but locks.
fn kept(repo: &Repo) -> Repo {
    let (folders, files): (Vec<_>, Vec<_>) = entries(repo).into_iter().partition(|path| path.is_dir());
    assert!(files.iter().all(|file| file.extension().is_some_and(|end| end == "lock")), "{files:?}");
    assert_eq!(folders.len(), 1, "{folders:?}");
    Repo::at(repo.sandbox(), &folders[0], true)
}

const QUESTIONS: [&str; 3] = ["show", "check-ref m#prod#1", "print-state"];

/// Asserts that every answer by the address is the one that the repository itself gives, with nothing on stderr.
fn is_followed(repo: &Repo, what: &str) {
    for question in QUESTIONS {
        let words: Vec<&str> = question.split(' ').collect();
        // A command that is named for more is about the same repository.
        let address = format!(" -r {}", url(repo));
        let [there, here] = [binary().run(repo, &words), ask(repo, question)]
            .map(|run| (run.status, run.out(), run.err().replace(&address, "")));
        assert_eq!(here, there, "{what}: {question}");
    }
    let refs = |repo: &Repo| {
        let refs =
            repo.git_ok(&["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"]);
        (refs, repo.git(&["symbolic-ref", "-q", "HEAD"]).stdout, repo.head())
    };
    assert_eq!(refs(&kept(repo)), refs(repo), "{what}");
}

#[test]
fn a_second_question_costs_one_look_at_the_remote() {
    for filter in [true, false] {
        let repo = upstream(filter);
        let git = CountingGit::new(repo.sandbox());
        let gto = binary().env("PATH", &git.path);
        for question in ["check-ref m#prod#1", "show", "show m", "history"] {
            ask_by(&gto, &repo, question).ok();
            git.started();
            ask_by(&gto, &repo, question).ok();
            let started = git.started();
            assert_eq!(started.len(), 1, "{question}: {started:#?}");
            assert!(started[0].contains(" ls-remote "), "{question}: {started:#?}");
        }
        let files = kept(&repo).git_ok(&["cat-file", "--batch-check", "--batch-all-objects"]);
        let files = files.lines().filter(|line| line.contains(" blob ")).count();
        // The configuration and the current annotations, or all.
        assert_eq!(files, if filter { 2 } else { 4 });
    }
}

#[test]
fn the_clone_follows_whatever_happens_to_its_remote() {
    let repo = upstream(true);
    is_followed(&repo, "new");
    for (what, commands) in [
        ("a branch", "branch topic"),
        ("a tag that goes", "tag -d m@v0.0.3"),
        ("a tag that moves", "update-ref refs/tags/m@v0.0.2 refs/tags/m@v0.0.1"),
        ("a tag that is foreign", "tag nightly"),
        ("a folder in place of a tag", "tag -d nightly; tag nightly/a"),
        ("a tag in place of a folder", "tag -d nightly/a; tag nightly"),
        ("another current branch", "symbolic-ref HEAD refs/heads/topic"),
        ("no branch", "update-ref --no-deref HEAD HEAD~1"),
        ("a branch again", "symbolic-ref HEAD refs/heads/main"),
        ("history that is cut off", "update-ref refs/heads/main HEAD~1"),
        ("a branch that goes", "branch -D topic"),
    ] {
        for command in commands.split("; ") {
            repo.git_ok(&command.split(' ').collect::<Vec<_>>());
        }
        is_followed(&repo, what);
    }
    repo.commit(&[("artifacts.yaml", "x:\n  type: model\n")], "more");
    repo.tag("x@v1.0.0", "HEAD", &TagSpec::default());
    is_followed(&repo, "a version");
    // Not even the last tag counts for something.
    for tag in repo.tag_names() {
        repo.git_ok(&["tag", "-d", &tag]);
    }
    is_followed(&repo, "no tags");
}

/// Somebody may read the clone while another one fetches.
#[test]
fn a_tag_that_is_replaced_is_never_missing_before_the_other_one_is_there() {
    let repo = upstream(true);
    ask(&repo, "show").ok();
    // Notes after each step of Git's which of the two are there.
    let (hook, seen) = (kept(&repo).path().join("hooks/reference-transaction"), repo.path().join("seen"));
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let tags = "git for-each-ref --format='%(refname:short)' 'refs/tags/m#prod#*' | tr '\\n' ' '";
    fs::write(&hook, format!("#!/bin/sh\necho \"$1 $({tags})\" >>'{}'\n", seen.display())).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    repo.tag("m#prod#2", "HEAD", &TagSpec::default());
    repo.git_ok(&["tag", "-d", "m#prod#1"]);
    is_followed(&repo, "replaced");
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.lines().all(|line| line.contains("m#prod#")), "{seen}");
    assert!(seen.contains("committed m#prod#2 \n"), "{seen}");
}

#[test]
fn a_remote_without_a_commit_is_read_and_its_first_version_found() {
    let repo = Sandbox::new().repo_with("upstream.git", RepoOptions { bare: true, ..RepoOptions::default() });
    assert_eq!(ask(&repo, "show").ok().out(), "Nothing found in the current workspace\n");
    repo.commit(&[], "first");
    repo.tag("m@v1.0.0", "HEAD", &TagSpec::default());
    is_followed(&repo, "first");
}

#[test]
fn what_was_written_and_not_pushed_is_forgotten() {
    let repo = upstream(true);
    ask(&repo, "register n").ok();
    assert!(repo.tag_names().contains(&"n@v0.0.1".to_owned()));
    is_followed(&repo, "pushed");
    // As a write leaves it that was killed before it pushed.
    kept(&repo).tag("m@v9.0.0", "HEAD", &TagSpec::default());
    is_followed(&repo, "killed");
    let hook = repo.path().join("hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let before = repo.tag_names();
    ask(&repo, "register n --force").fails(1);
    assert_eq!((repo.tag_names(), kept(&repo).tag_names()), (before.clone(), before));
    is_followed(&repo, "refused");
}

#[test]
fn a_damaged_clone_is_made_anew_and_nobody_notices() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 10] = [
        ("no HEAD", |clone| fs::remove_file(clone.join("HEAD")).unwrap()),
        ("noise in HEAD", |clone| fs::write(clone.join("HEAD"), "noise").unwrap()),
        ("noise in the configuration", |clone| fs::write(clone.join("config"), "[noise").unwrap()),
        ("another remote", |clone| {
            fs::write(clone.join("config"), "[core]\nbare = true\n[remote \"origin\"]\nurl = file:///x\n")
                .unwrap();
        }),
        ("noise in the refs", |clone| fs::write(clone.join("packed-refs"), "noise").unwrap()),
        ("no refs", |clone| fs::remove_dir_all(clone.join("refs")).unwrap()),
        ("no objects", |clone| fs::remove_dir_all(clone.join("objects")).unwrap()),
        ("a pack cut off", |clone| {
            for pack in fs::read_dir(clone.join("objects/pack")).unwrap().map(|entry| entry.unwrap().path()) {
                fs::set_permissions(&pack, fs::Permissions::from_mode(0o644)).unwrap();
                fs::File::options().write(true).open(&pack).unwrap().set_len(20).unwrap();
            }
        }),
        ("a lock of a git that was killed", |clone| fs::write(clone.join("packed-refs.lock"), "").unwrap()),
        ("a file", |clone| {
            fs::remove_dir_all(clone).unwrap();
            fs::write(clone, "noise").unwrap();
        }),
    ];
    let repo = upstream(true);
    is_followed(&repo, "new");
    for (what, damage) in damages {
        damage(kept(&repo).path());
        is_followed(&repo, what);
    }
}

#[test]
fn what_a_killed_clone_left_is_cleared_away() {
    let repo = upstream(true);
    ask(&repo, "show").ok();
    let clone = kept(&repo).path().to_owned();
    let half = clone.with_extension("new-abc");
    fs::create_dir(&half).unwrap();
    fs::rename(&clone, clone.with_extension("old")).unwrap();
    is_followed(&repo, "killed");
}

#[test]
fn an_address_that_leads_nowhere_leaves_nothing_behind() {
    let repo = upstream(true);
    let nowhere = format!("{}-mistyped", url(&repo));
    ask_at(&binary(), repo.sandbox(), &nowhere, "show").fails(1);
    assert_eq!(entries(&repo), Vec::<PathBuf>::new());
    // Others who try the same meanwhile get the same answer, and a clone that is kept stays when its remote goes.
    let sandbox = repo.sandbox();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let run = ask_at(&binary(), sandbox, &nowhere, "show").fails(1);
                assert!(run.err().contains("Cannot clone"), "{run}");
            });
        }
    });
    is_followed(&repo, "new");
    fs::rename(repo.path(), repo.path().with_extension("away")).unwrap();
    ask(&repo, "show").fails(1);
    kept(&repo);
}

#[test]
fn ten_at_once_give_the_same_answer_whatever_state_the_clone_is_in() {
    let repo = upstream(true);
    let expected = binary().run(&repo, &["show", "m", "--json"]).ok().out();
    for what in ["absent", "behind", "damaged"] {
        match what {
            "absent" => {}
            "behind" => drop(kept(&repo).git_ok(&["tag", "-d", "m@v0.0.3"])),
            _ => fs::remove_dir_all(kept(&repo).path().join("objects")).unwrap(),
        }
        let (url, sandbox) = (url(&repo), repo.sandbox());
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    let run = ask_at(&binary(), sandbox, &url, "show m --json").ok();
                    assert_eq!((run.out(), run.err()), (expected.clone(), String::new()), "{what}");
                });
            }
        });
        is_followed(&repo, what);
    }
}

#[test]
fn what_was_seen_before_others_were_waited_for_is_not_put_back() {
    let repo = upstream(true);
    ask(&repo, "show").ok();
    let turn = kept(&repo).path().with_extension("turn.lock");
    let mut branch = String::new();
    let mut is_as_the_remote = |patience: u64| {
        branch += "x";
        repo.git_ok(&["branch", &branch]);
        // Another one who compares: so the clone is compared too, but not changed.
        let other = fs::File::open(&turn).unwrap();
        other.lock_shared().unwrap();
        let (url, sandbox) = (url(&repo), repo.sandbox());
        std::thread::scope(|scope| {
            let run = scope.spawn(move || ask_at(&binary(), sandbox, &url, "show"));
            std::thread::sleep(Duration::from_millis(patience));
            repo.git_ok(&["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]);
            other.unlock().unwrap();
            run.join().unwrap().ok();
        });
        kept(&repo).git_ok(&["symbolic-ref", "HEAD"]) == repo.git_ok(&["symbolic-ref", "HEAD"])
    };
    // On a machine that has much to do it may be at neither place yet.
    assert!([500, 2000, 8000].into_iter().any(&mut is_as_the_remote), "the old HEAD is back");
}

#[test]
fn writers_at_once_all_reach_the_remote() {
    let repo = upstream(true);
    let (url, sandbox) = (url(&repo), repo.sandbox());
    let write = |line: &str| drop(ask_at(&binary(), sandbox, &url, line).ok());
    let write = &write;
    std::thread::scope(|scope| {
        for n in 0..6 {
            scope.spawn(move || {
                write(&format!("register w{n}"));
                write("assign m --version v0.0.1 --stage dev --force");
            });
        }
    });
    let tags = repo.tag_names();
    for n in 0..6 {
        assert!(tags.contains(&format!("w{n}@v0.0.1")), "{tags:?}");
        assert!(tags.contains(&format!("m#dev#{}", n + 2)), "{tags:?}");
    }
    is_followed(&repo, "written");
}

#[test]
fn where_no_clone_can_be_kept_the_answer_is_the_same() {
    let repo = upstream(true);
    let expected = binary().run(&repo, &["show", "--json"]).ok().out();
    let off = binary().env("GTO_CACHE", "off");
    assert_eq!(ask_by(&off, &repo, "show --json").ok().out(), expected);
    assert_eq!(entries(&repo), Vec::<PathBuf>::new());
    let setting = binary().env("GIT_CONFIG_PARAMETERS", "'gto.cache'='off'");
    assert_eq!(ask_by(&setting, &repo, "show --json").ok().out(), expected);
    fs::write(repo.sandbox().path().join("more"), "[gto]\n\tcache = no\n").unwrap();
    let global = repo.sandbox().path().join("global");
    fs::write(&global, "[includeIf \"gitdir:/nowhere/\"]\n\tpath = nowhere\n[include]\n\tpath = more\n")
        .unwrap();
    let global = binary().env("GIT_CONFIG_GLOBAL", &global);
    assert_eq!(ask_by(&global, &repo, "show --json").ok().out(), expected);
    assert_eq!(entries(&repo), Vec::<PathBuf>::new());
    let file = repo.sandbox().path().join("a-file");
    fs::write(&file, "").unwrap();
    let nowhere = binary().env("GTO_CACHE_DIR", &file);
    let run = ask_by(&nowhere, &repo, "show --json").ok();
    assert_eq!((run.out(), run.err()), (expected.clone(), String::new()));
    let elsewhere = repo.sandbox().path().join("elsewhere");
    assert_eq!(ask_by(&binary().env("GTO_CACHE_DIR", &elsewhere), &repo, "show --json").ok().out(), expected);
    assert!(elsewhere.join("remotes").is_dir());
    let xdg = repo.sandbox().path().join("xdg");
    ask_by(&binary().env("XDG_CACHE_HOME", &xdg), &repo, "show").ok();
    assert!(xdg.join("gto/remotes").is_dir());
}

/// What was its `HEAD` before is not where a version belongs.
#[test]
fn a_remote_whose_head_leads_nowhere_has_no_current_commit() {
    let repo = upstream(true);
    ask(&repo, "show").ok();
    repo.git_ok(&["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    for gto in [binary(), binary(), binary().env("GTO_CACHE", "off")] {
        let run = ask_by(&gto, &repo, "register new").fails(1);
        let is_named = run.err().starts_with("❌ HEAD names branch 'unborn', which does not exist")
            || run.err().starts_with("❌ HEAD names a branch, which does not exist");
        assert!(is_named, "{run}");
        let hint = "name a REF, such as main, or set it for all in the remote repository: `git symbolic-ref HEAD refs/heads/main`";
        assert!(run.err().contains(hint), "{run}");
        ask_by(&gto, &repo, "register new main --dry-run").ok();
    }
    repo.git_ok(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    ask(&repo, "register new").ok();
}

/// `git clone` takes one, too.
#[test]
fn a_bundle_is_read_as_it_is_now_and_not_written_to() {
    let repo = upstream(true);
    let folder = repo.sandbox().path();
    let bundle = |name: &str| repo.git_ok(&["bundle", "create", "-q", name, "--all"]);
    let path = folder.join("x.bundle").to_string_lossy().into_owned();
    bundle(&path);
    let run = |gto: &Gto, words: &[&str]| gto.run_in(repo.sandbox(), folder, words, b"");
    for gto in [binary(), binary(), binary().env("GTO_CACHE", "off")] {
        let shown = run(&gto, &["show", "m", "-r", "x.bundle"]).ok().out();
        assert_eq!(shown, ask(&repo, "show m").ok().out());
    }
    repo.tag("m@v9.0.0", "HEAD", &TagSpec::default());
    bundle(&path);
    let versions = run(&binary(), &["show", "m", "--version", "-r", &path]).ok().out();
    assert!(versions.starts_with("v9.0.0\n"), "{versions}");
    let intact = fs::read(&path).unwrap();
    for words in [
        &["register", "new"][..],
        &["register", "new", "--dry-run"],
        &["assign", "m", "--stage", "prod"],
        &["deprecate", "m"],
        &["annotate", "new", "--path", "f"],
    ] {
        let run = run(&binary(), &[words, &["-r", "x.bundle"]].concat()).fails(1);
        let error = format!("❌ '{path}' is a bundle, which can be read and not pushed to");
        assert!(run.err().starts_with(&error), "{run}");
    }
    assert_eq!(fs::read(&path).unwrap(), intact);
    let start = &intact[..intact.len() / 2];
    fs::write(&path, start).unwrap();
    run(&binary().env("GTO_CACHE", "off"), &["show", "-r", "x.bundle"]).fails(1);
}

/// Git would start one fetch within the other without end, until the memory is full.
#[test]
fn a_shallow_remote_that_leaves_nothing_else_out_is_read() {
    let repo = upstream(false);
    let to = repo.sandbox().path().join("shallow.git");
    repo.git_ok(&["clone", "-q", "--bare", "--depth=1", &url(&repo), &to.to_string_lossy()]);
    let shallow = Repo::at(repo.sandbox(), to, true);
    for _ in 0..2 {
        assert!(ask(&shallow, "show m").ok().out().contains("v0.0.3"));
    }
}

/// A hint or a candidate for completion is worth neither a network nor a wait.
#[test]
fn hints_and_completions_neither_clone_nor_wait_for_others() {
    let repo = upstream(true);
    let git = CountingGit::new(repo.sandbox());
    let off = binary().env("PATH", &git.path).env("GTO_CACHE", "off");
    ask_by(&off, &repo, "show nobody").fails(1);
    assert_eq!(git.started().iter().filter(|line| line.contains("clone --quiet")).count(), 1);
    let complete = || {
        let shell = binary().env("PATH", &git.path).env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "4");
        let words = ["--", "gto", "show", "-r", &url(&repo), "m"];
        shell.run_in(repo.sandbox(), repo.sandbox().path(), &words, b"").out()
    };
    assert_eq!((complete().contains("m@v0.0.1"), git.started()), (false, Vec::new()));
    ask(&repo, "show").ok();
    assert!(complete().contains("m@v0.0.1"));
    let lock = entries(&repo).into_iter().find(|path| path.extension().is_some()).unwrap();
    let lock = fs::File::options().write(true).open(lock).unwrap();
    lock.lock().unwrap();
    let begun = std::time::Instant::now();
    assert!(!complete().contains("m@v0.0.1"));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn only_the_user_can_look_into_the_clones() {
    let repo = upstream(true);
    ask(&repo, "show").ok();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&folder(&repo)), mode(kept(&repo).path())], [0o700; 2]);
}

/// Without version 2 of its protocol git gives no single files away.
#[test]
fn a_remote_that_gives_no_single_files_is_cloned_with_all_of_them() {
    let repo = upstream(true);
    let old = binary().env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "protocol.version");
    let git = CountingGit::new(repo.sandbox());
    let old = old.env("GIT_CONFIG_VALUE_0", "0").env("PATH", &git.path);
    for n in 4..=5 {
        let expected = binary().run(&repo, &["show", "m", "--json"]).ok();
        let run = ask_by(&old, &repo, "show m --json").ok();
        assert_eq!((run.out(), run.err()), (expected.out(), expected.err()));
        repo.commit(&[("artifacts.yaml", "m:\n  type: dataset\n")], "more");
        repo.tag(&format!("m@v0.0.{n}"), "HEAD", &TagSpec::default());
        // Once is enough: from then on files come with the commits.
        let refetched = git.started().iter().filter(|line| line.contains("--refetch")).count();
        assert_eq!(refetched, usize::from(n == 4));
    }
}

/// A fake ssh that runs its command on this machine.
fn local_ssh(sandbox: &Sandbox) -> Gto {
    let ssh = sandbox.path().join("ssh");
    fs::write(&ssh, "#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n")
        .expect("the sandbox is writable");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("it is ours");
    binary().env("GIT_SSH", ssh).env("GIT_SSH_VARIANT", "simple").env("GIT_ALLOW_PROTOCOL", "ssh")
}

#[test]
fn an_address_of_ssh_is_read_and_written_and_a_password_in_it_is_nowhere() {
    let repo = upstream(true);
    let sandbox = repo.sandbox();
    let gto = local_ssh(sandbox);
    let path = repo.path().display();
    for address in [format!("ssh://ann:secret@host{path}"), format!("ann@host:{path}")] {
        let run = |words: &[&str]| {
            gto.run_in(sandbox, sandbox.path(), &[words, &["-r", &address]].concat(), b"").ok()
        };
        assert_eq!(run(&["show", "m@latest", "--version"]).out(), "v0.0.3\n");
        let written = run(&["assign", "m", "--version", "v0.0.3", "--stage", "dev", "-v"]);
        let info = run(&["cache", "info", "--json"]);
        for run in [&written, &info] {
            assert!(!run.out().contains("secret") && !run.err().contains("secret"), "{run}");
        }
        let shown = info.json()["remotes"]["clones"][0]["url"].as_str().unwrap().to_owned();
        assert_eq!(shown, address.replace(":secret", ""));
        run(&["deprecate", "m", "v0.0.3", "dev", "--delete"]);
    }
    let found = sandbox.command("grep").args(["-r", "secret"]).arg(folder(&repo)).output().unwrap();
    assert!(found.stdout.is_empty(), "{found:?}");
    // The user of ssh is a part of the address, the password is not.
    assert_eq!(entries(&repo).iter().filter(|path| path.is_dir()).count(), 2);
}

#[test]
fn what_is_no_address_reaches_no_program() {
    let repo = upstream(true);
    let mut sandbox = repo.sandbox().clone();
    sandbox.remove_env("GIT_ALLOW_PROTOCOL");
    let trap = sandbox.path().join("trap");
    let option = "--repo=--upload-pack=touch trap;:x";
    let helper = format!("--repo=ext::sh -c touch% {}", trap.display());
    let host = format!("--repo=ssh://-oProxyCommand=touch {}/x", trap.display());
    for (word, why) in [
        (option, "an address does not begin with `-`"),
        (&helper, "transport 'ext' not allowed"),
        (&host, "strange hostname"),
        ("--repo=host:x\u{1b}[31m", "an address has no control characters"),
    ] {
        let run = binary().run_in(&sandbox, sandbox.path(), &["show", word], b"").fails(1);
        assert!(run.err().starts_with("❌ Cannot clone '") && run.err().contains(why), "{run}");
        assert!(!run.err().contains('\u{1b}') && !trap.exists(), "{run}");
    }
}

#[test]
fn a_remote_that_went_away_is_told_and_its_clone_stays() {
    let repo = upstream(true);
    ask(&repo, "show").ok();
    let away = repo.path().with_extension("away");
    fs::rename(repo.path(), &away).unwrap();
    let run = ask(&repo, "show").fails(1);
    assert!(run.err().contains("does not appear to be a git repository"), "{run}");
    hints_at(&run, &format!("git ls-remote {}", url(&repo)));
    fs::rename(&away, repo.path()).unwrap();
    is_followed(&repo, "back");
}

#[test]
fn the_clones_are_shown_and_removed() {
    let repo = upstream(true);
    let other = repo.sandbox().repo("other");
    other.commit(&[], "first");
    let run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        binary().run_in(repo.sandbox(), other.path(), &words, b"").ok()
    };
    let show = |address: &str| run(&format!("show -r {address}"));
    assert!(run("cache info --remotes").out().starts_with("remote clones: 0 in "));
    let addresses = [url(&other), url(&repo)];
    for address in &addresses {
        show(address);
    }
    let info = run("cache info --json").json();
    assert_eq!(info["entries"], 0);
    assert_eq!(info["remotes"]["path"], folder(&repo).to_string_lossy().as_ref());
    let clones = info["remotes"]["clones"].as_array().unwrap();
    let shown: Vec<&str> = clones.iter().map(|clone| clone["url"].as_str().unwrap()).collect();
    assert_eq!(shown, addresses);
    assert!(clones.iter().all(|clone| clone["size"].as_u64().unwrap() > 0 && clone["last_used"].is_string()));
    assert!(run("cache info").out().contains(&format!("\n  {}: ", addresses[0])));
    let one = run(&format!("cache info -r {}", addresses[1])).out();
    assert!(one.starts_with("remote clones: 1 in ") && one.contains(&addresses[1]), "{one}");
    let clear = format!("cache clear -r {}", addresses[0]);
    assert_eq!(run(&clear).out(), "Removed the clone of 1 remote repository\n");
    assert_eq!(run(&clear).out(), "There is no clone of it\n");
    assert_eq!(run("cache clear").out(), "There is no cache\n");
    // It would remove more than was named.
    for line in ["cache info", "cache clear"] {
        let outside = ask_outside(&repo, line).fails(1);
        hints_at(&outside, &format!("`gto {line} --remotes` is about the clones"));
    }
    let both = ["cache", "clear", "--remotes", "-r", &addresses[1]];
    binary().run_in(repo.sandbox(), other.path(), &both, b"").fails(2);
    kept(&repo);
    assert_eq!(
        run("cache clear --all").out(),
        "There is no cache\nRemoved the clone of 1 remote repository\n"
    );
    assert_eq!(run("cache clear --remotes").out(), "There are no clones of remote repositories\n");
    assert_eq!(entries(&repo), Vec::<PathBuf>::new());
    show(&addresses[1]);
    is_followed(&repo, "cleared");
}

#[test]
fn a_clone_that_somebody_else_put_there_is_not_used() {
    let repo = upstream(true);
    let before = ask(&repo, "show").ok();
    let clone = kept(&repo).path().to_owned();
    if std::os::unix::fs::chown(&clone, Some(12345), None).is_err() {
        gto_testkit::skip("only root can give a folder away");
        return;
    }
    let trap = clone.join("sprung");
    let config = fs::read_to_string(clone.join("config")).unwrap();
    let command = format!("[core]\n\tfsmonitor = touch {0}\n\tsshCommand = touch {0}\n", trap.display());
    fs::write(
        clone.join("config"),
        format!("{config}{command}[remote \"origin\"]\n\tuploadpack = touch {0}; false\n", trap.display()),
    )
    .unwrap();
    assert_eq!(ask(&repo, "show").ok().out(), before.out());
    assert!(!trap.exists());
}
