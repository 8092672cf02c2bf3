//! Writes that are stopped with SIGKILL, or refused by the disk, at each system call that changes something.
//!
//! `strace` counts the calls of a process and kills it before the N-th, or lets that one fail. Afterwards the first changes
//! of the write are made and the others are not, for `gto` as for `git`; and the same command again does the rest, without
//! help. Without `strace`, or where processes may not be traced, the tests are skipped in sight.
//!
//! Some of the points are tried, and with `GTO_KILL_EVERY=1` each one.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "figures for whoever runs it with `--nocapture`")]

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use gto_testkit::{RefFormat, Repo, RepoOptions, Sandbox, TagSpec};

/// What changes a disk. What is made by opening it is there before the next of these.
const CHANGES: &str = "write,pwrite64,writev,rename,renameat,renameat2,link,linkat,symlink,unlink,unlinkat,mkdir,\
                       mkdirat,rmdir,ftruncate,fsync,fdatasync,chmod,fchmod,fchmodat";

/// What there may be no room, no right or no disk for. What is only opened for reading is left out by its number.
const REFUSABLE: &str =
    "openat,write,pwrite64,writev,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat";

/// A write, and the tags that it makes or deletes, in this order.
type Write = (&'static str, &'static [&'static str]);

/// A write that makes one tag, one that makes two, and one that deletes many: packed and loose ones by turns.
const WRITES: [Write; 3] = [
    ("register m", &["m@v0.0.1"]),
    ("assign m HEAD --version v1.0.0 --stage dev", &["m@v1.0.0", "m#dev#1"]),
    ("deprecate nlp/old --delete", &["nlp/old#dev#1", "nlp/old#prod#2", "nlp/old@v1.0.0", "nlp/old@v1.1.0"]),
];

/// One of this number of points is tried.
fn every(default: usize) -> usize {
    std::env::var("GTO_KILL_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(default)
}

fn can_trace() -> bool {
    let sandbox = Sandbox::new();
    let mut strace = sandbox.command("strace");
    strace.args(["-o", "/dev/null", "-e", "inject=chdir:error=EIO", "true"]).stderr(Stdio::null());
    let works = strace.status().is_ok_and(|status| status.success());
    if !works {
        gto_testkit::skip("strace is not there, or may not trace");
    }
    works
}

/// How refs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// By gto, to files.
    Gto,
    /// By git, to files.
    GitFiles,
    /// By git, to tables.
    GitTables,
}

/// A registry in which some tags are packed and some are not.
fn registry(by: By) -> Repo {
    let refs = if by == By::GitTables { RefFormat::Reftable } else { RefFormat::Files };
    let mut repo = Sandbox::new().repo_with("repo", RepoOptions { refs, ..RepoOptions::default() });
    if by == By::GitFiles {
        repo.git_ok(&["config", "core.sharedRepository", "group"]);
    }
    // So that a write gives the same tags each time.
    repo.sandbox_mut().set_env("GIT_COMMITTER_DATE", "1800000000 +0000");
    repo.commit(&[], "first");
    let tag =
        |names: &[&str]| names.iter().for_each(|name| drop(repo.tag(name, "HEAD", &TagSpec::default())));
    tag(&["nlp/old@v1.0.0", "nlp/old#dev#1", "a@v1.0.0", "z@v1.0.0"]);
    repo.pack_refs();
    repo.commit(&[], "second");
    tag(&["nlp/old@v1.1.0", "nlp/old#prod#2", "a@v1.1.0"]);
    repo
}

/// What git lists, a line for each ref.
fn refs(repo: &Repo) -> BTreeSet<String> {
    repo.git_ok(&["for-each-ref"]).lines().map(str::to_owned).collect()
}

/// Who is traced: `gto` itself, or the `git` that it lets change refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Traced {
    Gto,
    Git,
}

impl Traced {
    /// Runs a write under `strace`, which gets `arguments`, and what it logged.
    fn run(self, repo: &Repo, arguments: &[&str], line: &str) -> (Output, String) {
        let log = repo.path().with_extension("strace");
        let fixed = ["-qq", "-y", "-o", log.to_str().expect("the path of the sandbox is UTF-8")];
        let strace = [&fixed, arguments].concat();
        let mut command = if self == Self::Gto {
            let mut command = repo.command("strace");
            command.args(strace).arg(env!("CARGO_BIN_EXE_gto"));
            command
        } else {
            let mut command = repo.command(env!("CARGO_BIN_EXE_gto"));
            command.env("PATH", Self::path_with_traced_git(repo, &strace));
            command
        };
        let output = command.args(line.split(' ')).stdin(Stdio::null()).output();
        let said = fs::read_to_string(&log).expect("strace writes its log");
        (output.expect("strace was there before"), said)
    }

    fn path_with_traced_git(repo: &Repo, strace: &[&str]) -> String {
        let folder = repo.path().with_extension("bin");
        let path = std::env::var("PATH").unwrap_or_default();
        let script = format!(
            "#!/bin/sh\nPATH='{path}'\ncase \" $* \" in\n*' update-ref '*) exec strace '{}' git \"$@\";;\nesac\nexec git \"$@\"\n",
            strace.join("' '")
        );
        fs::create_dir_all(&folder).expect("the sandbox is writable");
        executable(&folder.join("git"), &script);
        format!("{}:{path}", folder.display())
    }
}

fn executable(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::write(path, script).expect("the sandbox is writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the sandbox is writable");
}

/// A call that changes something.
struct Call {
    name: String,
    /// Its number, from 1, among the calls of that name.
    number: usize,
    /// Whether it is about the disk: not about what is said to others.
    is_on_disk: bool,
}

/// The calls in a log that change something.
fn calls(log: &str) -> Vec<Call> {
    let mut counts = HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((name, arguments)) = line.split_once('(') else { continue };
        let number = counts.entry(name.to_owned()).or_insert(0);
        *number += 1;
        if name != "openat" || arguments.contains("O_CREAT") {
            let is_on_disk = name != "write" || arguments.contains("/.git/");
            calls.push(Call { name: name.to_owned(), number: *number, is_on_disk });
        }
    }
    calls
}

/// Lock files, and others that a write should not leave behind.
fn leftovers(repo: &Repo) -> Vec<PathBuf> {
    let mut folders = vec![repo.git_dir()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the sandbox is readable").flatten() {
            let path = entry.path();
            let is_left = path.extension().is_some_and(|kind| kind == "lock" || kind == "tmp");
            if path.is_dir() {
                folders.push(path);
            } else if is_left && !is_of_a_table(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// A file that git leaves if it is killed while it compacts tables: it only blocks the next compaction.
fn is_of_a_table(lock: &Path) -> bool {
    lock.to_string_lossy().ends_with(".ref.lock")
}

/// What a write does to a registry.
struct Ends {
    line: &'static str,
    /// What git lists before the write, after its first change, and so on.
    states: Vec<BTreeSet<String>>,
}

impl Ends {
    fn of(repo: &Repo, (line, changed): Write) -> Self {
        let done = repo.copy();
        crate::common::gto(&done, line).ok();
        let (mut now, after) = (refs(repo), refs(&done));
        done.remove();
        let mut states = vec![now.clone()];
        for tag in changed {
            let is_of = |line: &&String| line.ends_with(&format!("refs/tags/{tag}"));
            match now.iter().find(is_of).cloned() {
                Some(line) => drop(now.remove(&line)),
                None => now.extend(after.iter().find(is_of).cloned()),
            }
            states.push(now.clone());
        }
        assert_eq!(now, after, "`{line}` changes these tags and no others");
        Self { line, states }
    }

    /// How many of its changes are made: always the first ones. `gto` sees what git does.
    fn made(&self, repo: &Repo, what: &str) -> usize {
        let now = refs(repo);
        let made = self.states.iter().position(|state| *state == now);
        assert!(made.is_some(), "{what}: out of order\n{now:#?}");
        let made = made.unwrap_or_default();
        let history = crate::common::gto(repo, "history --json").ok().json();
        let events: BTreeSet<&str> =
            history.as_array().into_iter().flatten().filter_map(|event| event["ref"].as_str()).collect();
        let tags = repo.tag_names();
        assert_eq!(events, tags.iter().map(String::as_str).collect(), "{what}");
        made
    }

    fn is_done(&self, made: usize) -> bool {
        made + 1 == self.states.len()
    }

    /// The next write works, does the rest, and leaves nothing behind.
    fn goes_on(&self, repo: &Repo, made: usize, what: &str) {
        let next = if self.is_done(made) { "register next" } else { self.line };
        let mut run = crate::common::gto(repo, next);
        // Locks of git are not ours to remove: they are named, with what to do.
        for _ in 0..8 {
            if run.status == 0 {
                break;
            }
            let error = run.err();
            let remove = error.split_once("run `rm ").and_then(|(_, rest)| rest.split_once('`'));
            let (lock, _) = remove.unwrap_or_default();
            assert!(fs::remove_file(lock.trim_matches('\'')).is_ok(), "{what}: then\n{run}");
            run = crate::common::gto(repo, next);
        }
        assert_eq!(run.status, 0, "{what}: then\n{run}");
        let mut refs = refs(repo);
        refs.retain(|line| !line.contains("refs/tags/next@"));
        assert_eq!(Some(&refs), self.states.last(), "{what}: then\n{run}");
        assert_eq!(leftovers(repo), Vec::<PathBuf>::new(), "{what}: then\n{run}");
        let fsck = repo.git(&["fsck", "--strict", "--no-dangling"]);
        assert_eq!(String::from_utf8_lossy(&fsck.stderr), "", "{what}");
        assert!(fsck.status.success(), "{what}: {}", String::from_utf8_lossy(&fsck.stdout));
    }
}

fn killed_anywhere(traced: Traced, by: By, write: Write) {
    if !can_trace() || (by == By::GitTables && !Repo::reftable_works()) {
        return;
    }
    let line = write.0;
    let repo = registry(by);
    let ends = Ends::of(&repo, write);
    let trace = format!("trace={CHANGES}");
    let model = repo.copy();
    let (_, log) = traced.run(&model, &["-e", &trace], line);
    model.remove();
    let (mut done, mut begun, mut tried) = (0, 0, 0);
    for Call { name, number, .. } in calls(&log).into_iter().step_by(every(if by == By::Gto { 3 } else { 6 }))
    {
        let victim = repo.copy();
        let inject = format!("inject={name}:signal=KILL:when={number}");
        let (output, log) = traced.run(&victim, &["-e", &trace, "-e", &inject], line);
        let what = format!("`{line}`: {traced:?} killed at {name} {number} ({by:?})\n{log}");
        assert!(log.contains("+++ killed by SIGKILL"), "{what}");
        if by != By::Gto && traced == Traced::Gto {
            // Its git goes on for some milliseconds.
            sleep(Duration::from_millis(100));
        }
        let made = ends.made(&victim, &what);
        if output.status.success() {
            assert!(ends.is_done(made), "{what}: it reported success");
        }
        assert!(by != By::GitTables || made == 0 || ends.is_done(made), "{what}: tables change in one step");
        // Locks of a killed git stay, and are only known by name.
        if traced == Traced::Git && by == By::GitFiles {
            for lock in leftovers(&victim) {
                fs::remove_file(lock).expect("it is there");
            }
        }
        ends.goes_on(&victim, made, &what);
        victim.remove();
        tried += 1;
        done += usize::from(ends.is_done(made));
        begun += usize::from(made > 0 && !ends.is_done(made));
    }
    println!(
        "{by:?} `{line}`: {traced:?} killed at {tried} points, {begun} in the middle, {done} after it was done"
    );
    assert!(tried > 0, "nothing was killed");
}

#[test]
fn a_registration_that_is_killed_is_done_or_not_begun() {
    killed_anywhere(Traced::Gto, By::Gto, WRITES[0]);
}

#[test]
fn an_assignment_that_is_killed_has_registered_first_and_the_same_command_assigns() {
    killed_anywhere(Traced::Gto, By::Gto, WRITES[1]);
}

#[test]
fn a_deletion_that_is_killed_has_deleted_stages_first_and_the_same_command_deletes_the_rest() {
    killed_anywhere(Traced::Gto, By::Gto, WRITES[2]);
}

#[test]
fn a_write_to_reftables_that_is_killed_is_done_or_not_begun() {
    for write in WRITES {
        killed_anywhere(Traced::Gto, By::GitTables, write);
        killed_anywhere(Traced::Git, By::GitTables, write);
    }
}

#[test]
fn a_write_by_git_that_is_killed_leaves_a_beginning_too() {
    for write in WRITES {
        killed_anywhere(Traced::Gto, By::GitFiles, write);
        killed_anywhere(Traced::Git, By::GitFiles, write);
    }
}

/// The tags of the artifact `m`.
fn tags_of_m(repo: &Repo) -> Vec<String> {
    repo.tag_names().into_iter().filter(|name| name.starts_with('m')).collect()
}

#[test]
fn a_push_that_is_killed_leaves_no_tag_here_that_is_not_there_and_all_or_none_there() {
    if !can_trace() {
        return;
    }
    let line = "assign m HEAD --version v1.0.0 --stage dev --push";
    let fresh = || {
        let repo = registry(By::Gto);
        let bare = RepoOptions { bare: true, ..RepoOptions::default() };
        let remote = repo.sandbox().repo_with("remote.git", bare);
        repo.git_ok(&["remote", "add", "origin", "../remote.git"]);
        repo.git_ok(&["push", "-q", "origin", "main", "--tags"]);
        (repo, remote)
    };
    let trace = format!("trace={CHANGES}");
    let (_, log) = Traced::Gto.run(&fresh().0, &["-e", &trace], line);
    let (mut here, mut there, mut tried) = (0, 0, 0);
    for Call { name, number, .. } in calls(&log).into_iter().step_by(every(6)) {
        let (repo, remote) = fresh();
        let inject = format!("inject={name}:signal=KILL:when={number}");
        let (_, log) = Traced::Gto.run(&repo, &["-e", &trace, "-e", &inject], line);
        // A git that is pushing goes on for some milliseconds.
        sleep(Duration::from_millis(300));
        let what = format!("`{line}` killed at {name} {number}\n{log}");
        let both = ["m#dev#1", "m@v1.0.0"];
        let pushed = tags_of_m(&remote);
        assert!(pushed.is_empty() || pushed == both, "{what}: between there\n{pushed:?}");
        let next = crate::common::gto(&repo, "register next --push");
        assert_eq!(next.status, 0, "{what}: then\n{next}");
        let made = tags_of_m(&repo);
        let is_beginning = made.is_empty() || made == both || made == ["m@v1.0.0"];
        assert!(
            is_beginning && (made.is_empty() || pushed == both),
            "{what}: {made:?} here, {pushed:?} there"
        );
        assert_eq!(leftovers(&repo), Vec::<PathBuf>::new(), "{what}: then\n{next}");
        // The same again does the rest: here, if it is there.
        let again = crate::common::gto(&repo, line);
        assert!(again.err().contains("already") || pushed.is_empty(), "{what}: then\n{again}");
        assert_eq!(
            (tags_of_m(&repo), tags_of_m(&remote)),
            (both.map(str::to_owned).to_vec(), both.map(str::to_owned).to_vec()),
            "{what}"
        );
        tried += 1;
        here += usize::from(!made.is_empty());
        there += usize::from(!pushed.is_empty());
    }
    println!(
        "`{line}`: killed at {tried} points, {there} of them after it was done there, {here} of them here too"
    );
}

#[test]
fn a_write_that_the_disk_refuses_anywhere_is_done_or_refused_with_a_reason_and_what_was_made() {
    if !can_trace() {
        return;
    }
    let errors = [
        ("ENOSPC", "No space left on device"),
        ("EDQUOT", "quota exceeded"),
        ("EIO", "Input/output error"),
        ("EROFS", "Read-only file system"),
    ];
    for write in WRITES {
        let line = write.0;
        let repo = registry(By::Gto);
        let ends = Ends::of(&repo, write);
        let model = repo.copy();
        let (_, log) = Traced::Gto.run(&model, &["-e", &format!("trace={REFUSABLE}")], line);
        model.remove();
        let (mut refused, mut begun, mut tried) = (0, 0, 0);
        for (at, Call { name, number, .. }) in
            calls(&log).into_iter().filter(|call| call.is_on_disk).enumerate()
        {
            for (kind, (error, text)) in errors.iter().enumerate() {
                if !(at * errors.len() + kind).is_multiple_of(every(5)) {
                    continue;
                }
                tried += 1;
                let victim = repo.copy();
                let inject = format!("inject={name}:error={error}:when={number}");
                let (output, log) =
                    Traced::Gto.run(&victim, &["-e", &format!("trace={REFUSABLE}"), "-e", &inject], line);
                let said = String::from_utf8_lossy(&output.stderr);
                let what = format!("`{line}`: {error} at {name} {number}\n{log}\n{said}");
                assert!(log.contains("(INJECTED)"), "{what}");
                let made = ends.made(&victim, &what);
                assert_eq!(ends.is_done(made), output.status.success(), "{what}");
                if !ends.is_done(made) {
                    refused += 1;
                    begun += usize::from(made > 0);
                    assert_eq!(output.status.code(), Some(1), "{what}");
                    let is_warning = |line: &&str| line.starts_with("warning: ");
                    let error = said.lines().find(|line| !is_warning(line)).unwrap_or_default();
                    assert!(
                        error.starts_with('❌') && said.contains(text) && said.contains("\nhint: "),
                        "{what}"
                    );
                    let part = format!("Only a part was done, which stays: {}\n", write.1[..made].join(" "));
                    assert_eq!(said.contains("Only a part was done"), made > 0, "{what}");
                    assert!(made == 0 || said.contains(&part), "{what}");
                }
                ends.goes_on(&victim, made, &what);
                victim.remove();
            }
        }
        println!("`{line}`: an error at {tried} points, {refused} of them refused, {begun} in the middle");
    }
}

/// A sync takes milliseconds, and is most of what a write costs. What they are for is tested in `power_cuts.rs`.
#[test]
fn a_tag_in_folders_that_exist_takes_at_most_six_syncs() {
    if !can_trace() {
        return;
    }
    let repo = registry(By::Gto);
    for number in 0..=255 {
        let folder = repo.git_dir().join(format!("objects/{number:02x}"));
        fs::create_dir_all(folder).expect("the sandbox is writable");
    }
    for line in ["register m", "assign m --version v0.0.1 --stage dev"] {
        let trace = ["-f", "-e", "trace=fsync,fdatasync,syncfs,sync,sync_file_range"];
        let (output, log) = Traced::Gto.run(&repo, &trace, line);
        assert!(output.status.success(), "{line}: {output:?}");
        let syncs = log.lines().filter(|line| line.contains("sync")).count();
        println!("`{line}`: {syncs} syncs");
        assert!((1..=6).contains(&syncs), "`{line}`:\n{log}");
    }
}

/// As on some file systems in user space.
#[test]
fn where_files_have_one_name_and_no_rename_leaves_others_alone_tags_are_written_all_the_same() {
    if !can_trace() {
        return;
    }
    let inject = ["-e", "inject=link,linkat:error=EPERM", "-e", "inject=renameat2:error=EINVAL"];
    for (line, _) in WRITES {
        let (repo, twin) = (registry(By::Gto), registry(By::Gto));
        let (output, _) = Traced::Gto.run(&repo, &inject, line);
        assert!(output.status.success(), "{line}: {output:?}");
        crate::common::gto(&twin, line).ok();
        assert_eq!((refs(&repo), leftovers(&repo)), (refs(&twin), vec![]), "{line}");
    }
}

/// The files of a migration, and what they say of its artifact.
fn annotated(repo: &Repo) -> (String, [Option<String>; 2]) {
    let said = ["--path", "--type", "--custom"]
        .map(|field| crate::common::gto(repo, &format!("describe m {field}")).ok().out());
    let files = ["artifacts.yaml", "dvc.yaml"].map(|file| fs::read_to_string(repo.path().join(file)).ok());
    (said.concat(), files)
}

/// First the file that gets the artifact, and then the one that had it: whatever comes in between, one of them has it.
#[test]
fn a_migration_that_is_killed_or_refused_by_the_disk_loses_nothing() {
    if !can_trace() {
        return;
    }
    let line = "migrate annotations --to dvc --apply";
    let fresh = || {
        let repo = registry(By::Gto);
        let text = "# ours\nm: {path: a, type: model, custom: {low: -.inf}}\n";
        fs::write(repo.path().join("artifacts.yaml"), text).expect("the sandbox is writable");
        repo
    };
    let done = fresh();
    let before = annotated(&done);
    let (_, log) = Traced::Gto.run(&done, &["-e", &format!("trace={CHANGES}")], line);
    let after = annotated(&done);
    assert_eq!(after.0, before.0);
    let between = [before.1[0].clone(), after.1[1].clone()];
    for (fault, every) in [("signal=KILL", every(2)), ("error=EIO", every(4))] {
        for Call { name, number, .. } in calls(&log).into_iter().step_by(every) {
            let victim = fresh();
            let inject = format!("inject={name}:{fault}:when={number}");
            let (_, log) =
                Traced::Gto.run(&victim, &["-e", &format!("trace={CHANGES}"), "-e", &inject], line);
            let what = format!("`{line}`: {fault} at {name} {number}\n{log}");
            let (said, files) = annotated(&victim);
            assert_eq!(said, before.0, "{what}");
            let is_whole = files == before.1 || files == after.1;
            assert!(is_whole || (fault == "signal=KILL" && files == between), "{what}: {files:?}");
            if files != after.1 {
                crate::common::gto(&victim, line).ok();
            }
            assert_eq!(annotated(&victim), after, "{what}");
            victim.remove();
        }
    }
}
