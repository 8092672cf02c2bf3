//! What goes wrong around a write: no room, no right, and a `git` or a remote that does not do what it should. What is
//! refused changes nothing, the exit status is 1, and the message explains what happened.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{binary, gto};
use gto_testkit::{RefFormat, Repo, RepoOptions, Run, Sandbox};

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a script is in a folder")).expect("the sandbox is writable");
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("the sandbox is writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
}

/// The real PATH.
fn path() -> String {
    std::env::var("PATH").expect("the tests have a PATH")
}

/// Puts a script before `git` in the PATH of a repository. In it, `real` is the way to the real one.
fn fake_git(repo: &mut Repo, text: &str) {
    let folder = repo.sandbox().path().join("bin");
    let real = format!("real() {{ PATH='{}' git \"$@\"; }}", path());
    script(&folder.join("git"), &format!("{real}\n{text}"));
    repo.sandbox_mut().set_env("PATH", format!("{}:{}", folder.display(), path()));
}

/// Makes `git` the real one again.
fn real_git(repo: &mut Repo) {
    repo.sandbox_mut().set_env("PATH", path());
}

/// A repository with a commit, whose refs only git can change.
fn with_reftables() -> Option<Repo> {
    if !Repo::reftable_works() {
        gto_testkit::skip("this git has no reftables");
        return None;
    }
    let repo =
        Sandbox::new().repo_with("repo", RepoOptions { refs: RefFormat::Reftable, ..RepoOptions::default() });
    repo.commit(&[], "first");
    Some(repo)
}

/// A repository with a commit, and the bare one that it pushes to.
fn with_remote() -> (Repo, Repo) {
    let repo = Repo::new();
    repo.commit(&[], "first");
    let remote = repo.sandbox().repo_with("remote.git", RepoOptions { bare: true, ..RepoOptions::default() });
    repo.git_ok(&["remote", "add", "origin", remote.path().to_str().expect("the sandbox is UTF-8")]);
    repo.git_ok(&["push", "-q", "origin", "main"]);
    (repo, remote)
}

/// A run that must fail with these words and print no data.
fn fails_with(repo: &Repo, line: &str, words: &[&str]) -> Run {
    let run = gto(repo, line).fails(1);
    assert!(run.err().lines().any(|line| line.starts_with("❌ ")), "{run}");
    assert_eq!(run.out(), "", "{run}");
    for word in words {
        assert!(run.err().contains(word), "no `{word}` in\n{run}");
    }
    run
}

#[test]
fn without_git_files_are_written_and_tables_are_refused_with_a_reason() {
    let mut repo = crate::common::registry(&[]);
    repo.sandbox_mut().set_env("PATH", "/nowhere");
    gto(&repo, "assign m HEAD --version v1.0.0 --stage dev").ok();
    gto(&repo, "deprecate m --delete").ok();
    real_git(&mut repo);
    assert_eq!(repo.tag_names(), [""; 0]);

    let Some(mut repo) = with_reftables() else { return };
    repo.sandbox_mut().set_env("PATH", "/nowhere");
    fails_with(&repo, "register m", &["`git` is needed for a repository with reftables", "No such file"]);
    real_git(&mut repo);
    gto(&repo, "register m").ok();
}

#[test]
fn a_git_that_fails_makes_nothing_and_is_quoted() {
    let Some(mut repo) = with_reftables() else { return };
    fake_git(
        &mut repo,
        "case \"$*\" in *update-ref*) echo 'fatal: \x1b[31mno way' >&2; exit 3;; esac; real \"$@\"",
    );
    let run = fails_with(&repo, "register m", &["fatal: ", "no way"]);
    assert!(!run.err().contains('\x1b'), "{run}");
    real_git(&mut repo);
    assert_eq!(repo.tag_names(), [""; 0]);
    gto(&repo, "register m").ok();
}

#[test]
fn noise_on_stderr_changes_nothing_and_a_git_that_asks_gets_no_answer() {
    let Some(mut repo) = with_reftables() else { return };
    // A program that reads stdin to its end would wait indefinitely on a terminal.
    fake_git(
        &mut repo,
        "echo 'warning: noise' >&2\ncase \"$*\" in *update-ref*) ;; *) cat >/dev/null;; esac\nreal \"$@\"",
    );
    gto(&repo, "register m").ok();
    assert_eq!(gto(&repo, "show m@latest --version").ok().out(), "v0.0.1\n");
    real_git(&mut repo);
    assert_eq!(repo.tag_names(), ["m@v0.0.1"]);
}

/// Control-C at a terminal goes to all processes of the group: `git` does not outlive `gto`, and nothing is half done.
#[test]
fn control_c_ends_a_git_that_hangs_and_all_is_as_before() {
    let Some(mut repo) = with_reftables() else { return };
    let pid_file = repo.sandbox().path().join("pid");
    fake_git(
        &mut repo,
        &format!(
            "case \"$*\" in *update-ref*) echo $$ >'{0}.new'; mv '{0}.new' '{0}'; exec sleep 600;; esac; real \"$@\"",
            pid_file.display()
        ),
    );
    // Where the tests themselves ignore it, as in the background of a script, gto would ignore it too.
    let mut command = if cfg!(target_os = "linux") {
        let mut env = repo.command("env");
        env.args(["--default-signal", env!("CARGO_BIN_EXE_gto")]);
        env
    } else {
        repo.command(env!("CARGO_BIN_EXE_gto"))
    };
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .args(["register", "m"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let begun = Instant::now();
    while !pid_file.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "git was never asked to write");
        std::thread::sleep(Duration::from_millis(10));
    }
    let signal = |signal: &str, to: &str| {
        Command::new("kill")
            .args([signal, "--", to])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    assert!(signal("-INT", &format!("-{}", child.id())));
    let status = child.wait().expect("a child can be waited for");
    assert!(!status.success());
    let git = fs::read_to_string(&pid_file).expect("it is there").trim().to_owned();
    assert!(!outlives(&git), "git outlives gto");
    real_git(&mut repo);
    assert_eq!(repo.tag_names(), [""; 0]);
    gto(&repo, "register m").ok();
}

/// Waits until a file is there, and gives what is in it.
fn content_of(file: &Path) -> String {
    let begun = Instant::now();
    while !file.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "there is no {}", file.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::read_to_string(file).expect("it is there").trim().to_owned()
}

/// Whether the process goes on living.
fn outlives(id: &str) -> bool {
    let begun = Instant::now();
    let is_alive = || {
        // A zombie is dead, too.
        let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    while is_alive() {
        if begun.elapsed() > Duration::from_secs(10) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn a_git_that_says_nothing_is_ended_with_what_it_started_and_nothing_is_half_done() {
    let (repo, remote) = with_remote();
    let (receive, pid_file) = (repo.sandbox().path().join("receive"), repo.sandbox().path().join("pid"));
    repo.git_ok(&["config", "remote.origin.receivepack", receive.to_str().expect("the sandbox is UTF-8")]);
    let hang = format!("echo $$ >'{0}.new'; mv '{0}.new' '{0}'; exec sleep 600", pid_file.display());
    script(&receive, &hang);
    let hasty = binary().env("GTO_GIT_TIMEOUT", "1");
    let run = hasty.run(&repo, &["register", "m", "--push"]).fails(1);
    let words = "`git push origin m@v0.0.1` failed: `git push` said nothing for 1 s and was ended";
    assert!(run.err().contains(words) && run.err().contains("GTO_GIT_TIMEOUT"), "{run}");
    assert_eq!(tags(&repo, &remote), (vec![], vec![]));
    assert!(!outlives(&content_of(&pid_file)), "what git started lives on");
    // A reading, and a number that is none.
    let upload = repo.sandbox().path().join("upload");
    repo.git_ok(&["config", "remote.origin.uploadpack", upload.to_str().expect("the sandbox is UTF-8")]);
    script(&upload, &hang);
    let run = hasty.run(&repo, &["status"]).fails(1);
    assert!(run.err().contains("Cannot get the tags of origin: `git ls-remote` said nothing"), "{run}");
    let run = binary().env("GTO_GIT_TIMEOUT", "soon").run(&repo, &["register", "m"]).fails(1);
    assert!(run.err().contains("environment variable GTO_GIT_TIMEOUT"), "{run}");
    // As a pipeline passes on what is not set.
    binary().env("GTO_GIT_TIMEOUT", "").run(&repo, &["show"]).ok();
    // Once the way is free again, the same works.
    script(&receive, "exec git receive-pack \"$@\"");
    script(&upload, "exec git upload-pack \"$@\"");
    hasty.run(&repo, &["register", "m", "--push"]).ok();
    assert_eq!(tags(&repo, &remote), (vec!["m@v0.0.1".to_owned()], vec!["m@v0.0.1".to_owned()]));
}

#[test]
fn a_hook_that_hangs_in_a_write_is_ended_and_named_as_what_git_waited_for() {
    let repo = crate::common::registry(&[]);
    script(&repo.git_dir().join("hooks/reference-transaction"), "exec sleep 600");
    let run = binary().env("GTO_GIT_TIMEOUT", "1").run(&repo, &["register", "m"]).fails(1);
    assert!(run.err().contains("`git update-ref` said nothing for 1 s"), "{run}");
    crate::common::hints_at(&run, "a hook");
    fs::remove_file(repo.git_dir().join("hooks/reference-transaction")).expect("it is there");
    assert_eq!(repo.tag_names(), [""; 0]);
    gto(&repo, "register m").ok();
}

#[test]
fn a_git_ends_with_a_gto_that_is_told_to_end() {
    let (repo, _) = with_remote();
    let (receive, pid_file) = (repo.sandbox().path().join("receive"), repo.sandbox().path().join("pid"));
    repo.git_ok(&["config", "remote.origin.receivepack", receive.to_str().expect("the sandbox is UTF-8")]);
    script(&receive, &format!("echo $$ >'{0}.new'; mv '{0}.new' '{0}'; exec sleep 600", pid_file.display()));
    for (name, number) in [("TERM", 15), ("HUP", 1), ("QUIT", 3)] {
        let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
        if cfg!(target_os = "linux") {
            // Without a terminal, and with no signal ignored, as they may be for the tests.
            command = repo.command("setsid");
            command.args(["env", "--default-signal", env!("CARGO_BIN_EXE_gto")]);
        } else if name != "TERM" {
            continue;
        }
        command.args(["register", "m", "--push"]).stderr(Stdio::null());
        let mut gto = command.spawn().expect("it starts");
        let started = content_of(&pid_file);
        fs::remove_file(&pid_file).expect("it was just there");
        // Only gto, as a service manager does it.
        let killed = Command::new("kill").args([&format!("-{name}"), &gto.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let status = gto.wait().expect("a child can be waited for");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(number));
        assert!(!outlives(&started), "what git started lives on after {name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_a_script_has_ignored_stays_ignored() {
    let (repo, remote) = with_remote();
    let folder = repo.sandbox().path();
    let (receive, pid_file, go_on) = (folder.join("receive"), folder.join("pid"), folder.join("go-on"));
    repo.git_ok(&["config", "remote.origin.receivepack", receive.to_str().expect("the sandbox is UTF-8")]);
    let wait = format!("while ! test -e '{}'; do sleep 0.01; done", go_on.display());
    let tell = format!("echo $$ >'{0}.new'; mv '{0}.new' '{0}'", pid_file.display());
    script(&receive, &format!("{tell}; {wait}; exec git receive-pack \"$@\""));
    let mut command = repo.command("sh");
    command.args(["-c", "trap '' TERM; exec \"$0\" register m --push", env!("CARGO_BIN_EXE_gto")]);
    let mut gto = command.stdout(Stdio::null()).spawn().expect("it starts");
    content_of(&pid_file);
    let told = Command::new("kill").args(["-TERM", &gto.id().to_string()]).status();
    assert!(told.is_ok_and(|status| status.success()));
    fs::write(go_on, "").expect("the sandbox is writable");
    assert!(gto.wait().expect("a child can be waited for").success());
    assert_eq!(tags(&repo, &remote), (vec!["m@v0.0.1".to_owned()], vec!["m@v0.0.1".to_owned()]));
}

#[test]
fn a_git_dir_that_cannot_be_written_to_is_named() {
    let repo = crate::common::registry(&["old@v1.0.0", "old@v1.1.0"]);
    let before = repo.fingerprint();
    let folders = ["", "refs/tags", "objects"].map(|folder| repo.git_dir().join(folder));
    let chmod = |mode| {
        for folder in &folders {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("it is ours");
        }
    };
    chmod(0o555);
    let root_may = fs::write(folders[0].join("probe"), "").is_ok();
    if root_may {
        fs::remove_file(folders[0].join("probe")).expect("it was just made");
        chmod(0o755);
        // Root is bound by a read-only mount alone: see the test below.
        gto_testkit::skip("permissions do not bind this user");
        return;
    }
    for line in ["register m", "assign m HEAD --version v1.0.0 --stage dev", "deprecate old --delete"] {
        fails_with(&repo, line, &["No permission to write to"]);
    }
    chmod(0o755);
    assert_eq!(repo.fingerprint(), before);
    gto(&repo, "deprecate old --delete").ok();
}

/// Runs a script as root of a namespace with its own mounts. `None` where that is not allowed.
fn with_mounts(repo: &Repo, text: &str) -> Option<String> {
    let mut unshare = repo.command("unshare");
    unshare.args(["--mount", "--map-root-user", "sh", "-e", "-c", text, "sh", env!("CARGO_BIN_EXE_gto")]);
    let output = unshare.output().ok().filter(|output| output.status.success());
    if output.is_none() {
        gto_testkit::skip("this user may not mount anything");
    }
    Some(String::from_utf8_lossy(&output?.stdout).into_owned())
}

#[test]
fn on_a_read_only_file_system_it_is_read_and_nothing_is_written() {
    let repo = crate::common::registry(&["old@v1.0.0", "old@v1.1.0"]);
    let text = "mount --bind . . && cd \"$PWD\" && mount -o remount,ro,bind . && \"$1\" show old@latest --version; \
                for line in 'register m' 'assign m HEAD --version v1.0.0 --stage dev' 'deprecate old --delete'; do \
                status=0; \"$1\" $line 2>&1 || status=$?; echo \"status $status\"; done";
    let Some(said) = with_mounts(&repo, text) else { return };
    assert!(said.starts_with("v1.1.0\n"), "{said}");
    assert_eq!(said.matches(": the file system is read-only\n").count(), 3, "{said}");
    assert_eq!(said.matches("status 1\n").count(), 3, "{said}");
    assert_eq!(repo.tag_names(), ["old@v1.0.0", "old@v1.1.0"]);
}

/// A real full disk, byte by byte: a small file system in memory, filled, that gets more room a page at a time.
#[test]
fn on_a_full_disk_nothing_is_half_done_and_with_room_the_same_command_works() {
    let repo = crate::common::registry(&["old@v1.0.0", "old@v1.1.0"]);
    let disk = repo.sandbox().path().join("disk");
    fs::create_dir(&disk).expect("the sandbox is writable");
    let text = format!(
        "gto=$1; mount -t tmpfs -o size=4m tmpfs '{disk}'; cp -r . '{disk}/repo'; cd '{disk}/repo'\n\
         tags() {{ git for-each-ref --format='%(refname:strip=2)' refs/tags | tr '\\n' ' '; }}\n\
         fill() {{ cat /dev/zero >../fill 2>/dev/null || :; }}\n\
         try() {{ status=0; said=$(\"$gto\" \"$@\" 2>&1) || status=$?; echo \"$status|$(tags)|$said\" | tr '\\n' ' '; echo; }}\n\
         fill; try assign m HEAD --version v1.0.0 --stage dev\n\
         n=0; while [ $n -lt 12 ]; do n=$((n + 1)); truncate -s -4096 ../fill\n\
         try assign m HEAD --version v1.0.0 --stage dev; case \"$(tags)\" in *m@*) break;; esac; done\n\
         fill; try deprecate old --delete; rm ../fill; try register last; git fsck --strict --no-dangling",
        disk = disk.display()
    );
    let Some(said) = with_mounts(&repo, &text) else { return };
    let lines: Vec<Vec<&str>> = said.lines().map(|line| line.splitn(3, '|').collect()).collect();
    let (before, done) = ("old@v1.0.0 old@v1.1.0 ", "m#dev#1 m@v1.0.0 old@v1.0.0 old@v1.1.0 ");
    let assigned = lines.iter().position(|line| line[0] == "0").unwrap_or_else(|| panic!("{said}"));
    assert!(assigned > 0, "there was room\n{said}");
    for line in &lines[..assigned] {
        assert!(line[0] == "1" && line[1] == before && line[2].contains("No space left on device"), "{said}");
    }
    assert_eq!(lines[assigned][1], done, "{said}");
    // A deletion needs room too, for its locks and a new `packed-refs`.
    let deleted = &lines[assigned + 1];
    assert!(
        deleted[0] == "0" || (deleted[1] == done && deleted[2].contains("No space left on device")),
        "{said}"
    );
    let last = lines.last().expect("there are lines");
    assert!(last[0] == "0" && last[1].contains("last@v0.0.1"), "{said}");
}

/// The tags here and on the remote.
fn tags(repo: &Repo, remote: &Repo) -> (Vec<String>, Vec<String>) {
    (repo.tag_names(), remote.tag_names())
}

#[test]
fn a_remote_that_refuses_one_of_two_tags_gets_none_and_none_is_left_here() {
    let (repo, remote) = with_remote();
    script(
        &remote.git_dir().join("hooks/update"),
        "case \"$1\" in *'#'*) echo 'stages are frozen' >&2; exit 1;; esac",
    );
    fails_with(&repo, "assign m HEAD --version v1.0.0 --stage dev --push", &["stages are frozen"]);
    assert_eq!(tags(&repo, &remote), (vec![], vec![]));
    fs::remove_file(remote.git_dir().join("hooks/update")).expect("it is there");
    gto(&repo, "assign m HEAD --version v1.0.0 --stage dev --push").ok();
    let both = vec!["m#dev#1".to_owned(), "m@v1.0.0".to_owned()];
    assert_eq!(tags(&repo, &remote), (both.clone(), both));
}

#[test]
fn a_connection_that_dies_in_a_push_leaves_nothing_here() {
    let (repo, remote) = with_remote();
    let receive = repo.sandbox().path().join("receive");
    repo.git_ok(&["config", "remote.origin.receivepack", receive.to_str().expect("the sandbox is UTF-8")]);
    // Before a word, after the list of refs, and in the middle of the pack.
    for dies in [
        "exit 1",
        "git receive-pack \"$@\" </dev/null; exit 1",
        "head -c 300 | git receive-pack \"$@\"; exit 1",
    ] {
        script(&receive, dies);
        fails_with(&repo, "assign m HEAD --version v1.0.0 --stage dev --push", &["\nhint: "]);
        assert_eq!(tags(&repo, &remote), (vec![], vec![]), "{dies}");
    }
    script(&receive, "exec git receive-pack \"$@\"");
    gto(&repo, "assign m HEAD --version v1.0.0 --stage dev --push").ok();
}

#[test]
fn a_remote_that_asks_for_a_password_is_not_waited_for() {
    let (repo, _) = with_remote();
    // As a git that asks at the terminal does where there is none.
    let helper = repo.sandbox().path().join("helper");
    script(
        &helper,
        "read answer </dev/tty || { echo 'fatal: could not read Username: terminal prompts disabled' >&2; exit 1; }",
    );
    repo.git_ok(&["config", "remote.origin.receivepack", helper.to_str().expect("the sandbox is UTF-8")]);
    let begun = Instant::now();
    let run = binary().run(&repo, &["register", "m", "--push"]).fails(1);
    assert!(begun.elapsed() < Duration::from_secs(60), "{run}");
    assert_eq!(repo.tag_names(), [""; 0], "{run}");
}

#[test]
fn output_that_cannot_be_written_is_never_lost_in_silence() {
    let (repo, _remote) = with_remote();
    let run = |line: &str, to: &str| {
        let Ok(stdout) = fs::File::create(to) else {
            gto_testkit::skip(&format!("there is no {to}"));
            return None;
        };
        let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
        let output = command.args(line.split(' ')).stdin(Stdio::null()).stdout(stdout).output();
        let output = output.expect("the binary under test can be started");
        Some((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
    };
    let Some((status, error)) = run("register m", "/dev/full") else { return };
    assert_eq!(status, Some(1));
    assert!(error.contains("warning: tag 'm@v0.0.1' is made, though it cannot be printed"), "{error}");
    assert_eq!(repo.tag_names(), ["m@v0.0.1"]);
    repo.lightweight("m@v0.0.2", "HEAD");
    for (line, expected) in [("status", 3), ("verify --strict", 1), ("--help", 1), ("help environment", 1)] {
        let Some((status, error)) = run(line, "/dev/full") else { return };
        assert_eq!(status, Some(expected), "{line}: {error}");
        assert!(error.contains("Cannot write the output"), "{line}: {error}");
    }
}
