//! Power cuts during and after writes, on real file systems.
//!
//! A write runs on a file system in an image. `strace` stops it after each system call that changes something, and the
//! image is copied then, without a sync: a copy has what a disk would have after a power cut at that moment. Each copy
//! is mounted, which replays its journal, and must hold a valid registry: nothing that was reported is lost, no file is
//! empty, the tags are as before, as after, or a beginning of the list, and the next write works.
//!
//! Without root, loop devices, `strace` or `mkfs`, the tests are skipped in sight. Some of the moments are tried, and
//! with `GTO_CUT_EVERY=1` each one.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "figures for whoever runs it with `--nocapture`")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use gto_testkit::{
    CrashModel, DiskImage, FileSystem, MountedDisk, RefFormat, Repo, RepoOptions, Sandbox, TagSpec,
};

/// The system calls that change what is on a disk, or report to the user. What `openat` makes is seen at the next of these.
const CHANGES: &str = "write,pwrite64,writev,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,\
                       mkdir,mkdirat,rmdir,ftruncate,fsync,fdatasync,sync_file_range,chmod,fchmod,fchmodat";

/// A write that takes longer between two system calls hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of this number of moments is tried, except that each moment after a report is.
fn every(default: usize) -> usize {
    std::env::var("GTO_CUT_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(default)
}

/// What other programs do on the same disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// Nothing: what is not synced gets lost, names and contents.
    Idle,
    /// They sync a file at each moment: names get to the disk, and contents that were not synced get lost.
    Syncing,
}

/// Where the power is cut.
const WORLDS: [(FileSystem, Others); 3] = [
    (FileSystem::Ext4, Others::Idle),
    (FileSystem::Ext4, Others::Syncing),
    (FileSystem::Btrfs, Others::Idle),
];

/// A write, and what there is before it.
struct Write {
    options: RepoOptions,
    config: Option<(&'static str, &'static str)>,
    fill: fn(&Repo),
    line: &'static str,
}

impl Write {
    const fn new(line: &'static str) -> Self {
        let options = RepoOptions { bare: false, sha256: false, refs: RefFormat::Files };
        Self { options, config: None, fill: registry, line }
    }

    /// The command line.
    fn words(&self) -> Vec<&str> {
        std::iter::once(env!("CARGO_BIN_EXE_gto")).chain(self.line.split(' ')).collect()
    }

    /// The repository.
    fn repo(&self) -> Repo {
        let mut repo = Sandbox::new().repo_with("repo", self.options);
        // So that the same write makes the same tags.
        repo.sandbox_mut().set_env("GIT_COMMITTER_DATE", "1800000000 +0000");
        if let Some((key, value)) = self.config {
            repo.git_ok(&["config", key, value]);
        }
        (self.fill)(&repo);
        repo
    }

    /// The image with the repository on it, everything synced.
    fn image(&self, kind: FileSystem) -> Option<(DiskImage, Sandbox)> {
        let image = DiskImage::or_skip(kind)?;
        let repo = self.repo();
        let disk = image.mount();
        let copied = Command::new("cp").arg("-a").args([repo.path(), disk.path()]).status();
        assert!(copied.is_ok_and(|status| status.success()));
        drop(disk);
        Some((image, repo.sandbox().clone()))
    }
}

/// A registry in which some tags are packed and some are not.
fn registry(repo: &Repo) {
    let tag =
        |names: &[&str]| names.iter().for_each(|name| drop(repo.tag(name, "HEAD", &TagSpec::default())));
    repo.commit(
        &[("artifacts.yaml", "a: {path: a}\nb: {path: b}\nz: {path: z}\n"), ("a", "1"), ("b", "1")],
        "first",
    );
    tag(&["nlp/old@v1.0.0", "nlp/old#dev#1", "a@v1.0.0", "z@v1.0.0"]);
    repo.pack_refs();
    repo.commit(&[("a", "2"), ("b", "2"), ("z", "2")], "second");
    tag(&["nlp/old@v1.1.0", "nlp/old#prod#2"]);
    repo.commit(&[("a", "3"), ("b", "3"), ("z", "3")], "third");
}

fn repo_on(disk: &MountedDisk, sandbox: &Sandbox, options: RepoOptions) -> Repo {
    Repo::at(sandbox, disk.path().join("repo"), options.bare)
}

/// The tags, and of each its object and the commit.
type Tags = BTreeMap<String, String>;

fn tags(repo: &Repo) -> Tags {
    let format = "--format=%(refname:strip=2) %(objectname) %(*objectname)";
    let listed = repo.git_ok(&["for-each-ref", format, "refs/tags"]);
    listed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, id)| (name.into(), id.into()))
        .collect()
}

/// A moment at which the power is cut.
struct Cut<Left> {
    /// What is left after it.
    left: Left,
    /// The last system call before it.
    call: String,
    /// What had been reported to the user by then.
    printed: String,
}

/// Runs a program, which must succeed, and lets `look` see each moment after a system call that changed something.
/// `None` from it is a moment at which the power is not cut.
fn cuts<Left>(
    repo: &Repo,
    words: &[&str],
    mut look: impl FnMut(&str, IsReport) -> Option<Left>,
) -> Vec<Cut<Left>> {
    let mut traced = Traced::start(repo, words);
    let (mut cuts, mut printed_before) = (Vec::new(), String::new());
    let mut cut = |call: String, printed: String| {
        let left = look(&call, IsReport(printed != printed_before));
        printed_before.clone_from(&printed);
        cuts.extend(left.map(|left| Cut { left, call, printed }));
    };
    while let Some((process, call)) = traced.next_stop() {
        if !is_between_processes(&call) {
            cut(call, traced.printed());
        }
        // It may be gone: gto ends processes that it needs no more.
        let go_on = format!("kill -CONT {process} 2>/dev/null || true");
        let _ = Command::new("sh").args(["-c", &go_on]).status();
    }
    cut("the end".into(), traced.printed());
    cuts
}

/// Whether something was reported to the user just before.
struct IsReport(bool);

/// The image at many moments of a run.
fn images(
    world: (&DiskImage, &MountedDisk, Others),
    repo: &Repo,
    words: &[&str],
    every: usize,
) -> Vec<Cut<DiskImage>> {
    let (image, disk, others) = world;
    let mut moments = 0;
    cuts(repo, words, |_, IsReport(is_report)| {
        if others == Others::Syncing {
            disk.sync_unrelated_file();
        }
        moments += 1;
        (is_report || moments % every == 1 % every).then(|| image.copy())
    })
}

/// Whether a call writes to a pipe or a device: nothing changes on a disk.
fn is_between_processes(call: &str) -> bool {
    let (_, arguments) = call.split_once('(').unwrap_or_default();
    let file = arguments.split(',').next().unwrap_or_default();
    ["<pipe:", "<socket:", "</dev/null>"].iter().any(|kind| file.contains(kind))
}

/// A program that `strace` stops after each system call that changes something, and its children too.
struct Traced {
    strace: Child,
    log: File,
    /// The part of the log that is read but not yet parsed.
    unread: String,
    /// The last system call of each process.
    calls: HashMap<String, String>,
    printed: PathBuf,
    errors: PathBuf,
}

impl Traced {
    fn start(repo: &Repo, words: &[&str]) -> Self {
        let path = |name: &str| repo.sandbox().path().join(name);
        let make = |path: &Path| File::create(path).expect("the sandbox is writable");
        let (log, printed, errors) = (path("strace.log"), path("printed"), path("errors"));
        drop(make(&log));
        let (trace, inject) = (format!("trace={CHANGES}"), format!("inject={CHANGES}:signal=SIGSTOP"));
        let mut command = repo.command("strace");
        command.args(["-f", "-qq", "-y", "-s", "64", "-e", &trace, "-e", &inject, "-o"]).arg(&log);
        command.args(words);
        command.stdin(Stdio::null()).stdout(make(&printed)).stderr(make(&errors));
        let strace = command.spawn().expect("strace was there before");
        let log = File::open(log).expect("it was just made");
        Self { strace, log, unread: String::new(), calls: HashMap::new(), printed, errors }
    }

    /// The next process that was stopped, and its last system call. `None` if the program has ended; it must have
    /// succeeded.
    fn next_stop(&mut self) -> Option<(String, String)> {
        let since = Instant::now();
        loop {
            while let Some(line) = self.next_line() {
                let Some((process, what)) = line.split_once(' ') else { continue };
                let what = what.trim_start();
                if what.starts_with("--- stopped by SIGSTOP") {
                    let call = self.calls.get(process).cloned().unwrap_or_default();
                    return Some((process.to_owned(), call));
                }
                if !what.starts_with("---") {
                    self.calls.insert(process.to_owned(), what.to_owned());
                }
            }
            if let Some(status) = self.strace.try_wait().expect("it can be waited for") {
                let errors = fs::read_to_string(&self.errors).unwrap_or_default();
                assert!(status.success(), "{status}\n{errors}");
                return None;
            }
            if since.elapsed() > PATIENCE {
                let _ = self.strace.kill();
            }
            assert!(since.elapsed() <= PATIENCE, "it hangs after\n{:?}", self.calls);
            sleep(Duration::from_millis(1));
        }
    }

    /// The next whole line of the log, if it is there by now.
    fn next_line(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        self.log.read_to_end(&mut bytes).expect("the sandbox is readable");
        self.unread.push_str(&String::from_utf8_lossy(&bytes));
        let end = self.unread.find('\n')?;
        Some(self.unread.drain(..=end).collect())
    }

    /// What the user has seen on stdout.
    fn printed(&self) -> String {
        fs::read_to_string(&self.printed).expect("it was made at the start")
    }
}

/// The registry before and after a write.
struct Ends {
    before: Tags,
    after: Tags,
    line: &'static str,
}

impl Ends {
    /// Every promise about a registry in which the power was cut during or after the write. Whether the write is done.
    fn hold_after(&self, repo: &Repo, printed: &str, what: &str) -> bool {
        let now = tags(repo);
        self.is_between(&now, what);
        for (name, is_made) in reported(printed) {
            assert_eq!(now.contains_key(name), is_made, "{what}: reported, but lost: {name}");
        }
        let names: BTreeSet<String> = now.keys().cloned().collect();
        assert_eq!(seen(repo, what), names, "{what}: gto and git differ");
        is_sound(repo, what);
        let is_done = now == self.after;
        let next = if is_done { "register next" } else { self.line };
        let mut run = crate::common::gto(repo, next);
        if let Some(lock) = lock_of_git(&run.err()) {
            fs::remove_file(lock).expect("it is there");
            run = crate::common::gto(repo, next);
        }
        assert_eq!(run.status, 0, "{what}: then\n{run}");
        let mut then = tags(repo);
        then.retain(|name, _| !name.starts_with("next@"));
        assert_eq!(then, self.after, "{what}: then\n{run}");
        is_sound(repo, what);
        is_done
    }

    /// Each tag is as before or as after, and a stage is never without its version.
    fn is_between(&self, now: &Tags, what: &str) {
        for name in self.before.keys().chain(self.after.keys()).chain(now.keys()) {
            let is_known = [self.before.get(name), self.after.get(name)].contains(&now.get(name));
            assert!(is_known, "{what}: `{name}` is {:?}", now.get(name));
        }
        let commit = |tag: &String| tag.split(' ').nth(1).map(str::to_owned);
        for (name, tag) in now {
            let Some((artifact, _)) = name.split_once('#') else { continue };
            let is_registered = |(other, its): (&String, &String)| {
                commit(its) == commit(tag)
                    && other.strip_prefix(artifact).is_some_and(|rest| rest.starts_with('@'))
            };
            assert!(now.iter().any(is_registered), "{what}: `{name}` is of no version\n{now:#?}");
        }
    }
}

/// The lock of tables that git left, if an error names it with what to do: it is not ours to remove.
fn lock_of_git(error: &str) -> Option<&str> {
    let (_, command) = error.split_once("run `rm ")?;
    let (lock, _) = command.split_once('`')?;
    lock.ends_with("reftable/tables.list.lock").then_some(lock)
}

/// The tags that were reported, and whether they were made (or else deleted).
fn reported(printed: &str) -> Vec<(&str, bool)> {
    let named = |line: &'static str| {
        printed
            .lines()
            .filter_map(move |text| text.strip_prefix(line)?.split_once('\'').map(|(name, _)| name))
    };
    named("Created git tag '")
        .map(|name| (name, true))
        .chain(named("Deleted git tag '").map(|name| (name, false)))
        .collect()
}

/// The tags that gto sees; it must read them without a warning.
fn seen(repo: &Repo, what: &str) -> BTreeSet<String> {
    let run = crate::common::gto(repo, "history --json");
    assert_eq!((run.status, run.err().as_str()), (0, ""), "{what}: {run}");
    let events = run.json();
    let events = events.as_array().expect("it is a list");
    events.iter().filter_map(|event| event["ref"].as_str().map(str::to_owned)).collect()
}

/// No ref and no object is an empty file, and git finds nothing wrong.
fn is_sound(repo: &Repo, what: &str) {
    assert_eq!(empty_files(repo), Vec::<PathBuf>::new(), "{what}");
    let fsck = repo.git(&["fsck", "--full", "--strict", "--no-dangling"]);
    let said = String::from_utf8_lossy(&[fsck.stdout, fsck.stderr].concat()).into_owned();
    assert_eq!((fsck.status.success(), said.as_str()), (true, ""), "{what}");
}

fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder { &mut folders } else { &mut files }.push(entry.path());
        }
    }
    files
}

fn is_lock(path: &Path) -> bool {
    path.extension() == Some("lock".as_ref())
}

/// Refs and objects without contents. An object in the making has another name.
fn empty_files(repo: &Repo) -> Vec<PathBuf> {
    let git_dir = repo.git_dir();
    let mut files = files_below(git_dir.join("refs"));
    files.retain(|path| !is_lock(path));
    let objects = files_below(git_dir.join("objects"));
    let is_object = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with("tmp") && !name.starts_with('.')
    };
    files.extend(objects.into_iter().filter(is_object));
    files.extend(files_below(git_dir.join("reftable")).into_iter().filter(|path| {
        let is_unfinished = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".temp."));
        !is_lock(path) && !is_unfinished
    }));
    files.extend(["packed-refs", "HEAD", "config"].map(|name| git_dir.join(name)));
    files.retain(|path| path.metadata().is_ok_and(|file| file.len() == 0));
    files
}

fn locks(repo: &Repo) -> Vec<PathBuf> {
    let mut files = files_below(repo.git_dir());
    files.retain(|path| is_lock(path));
    files
}

/// After a power cut, a machine boots: what is on its disk is older than that, and names another boot.
fn boot(repo: &Repo) {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let long_ago = SystemTime::now() - Duration::from_secs(365 * 24 * 60 * 60);
    for lock in locks(repo) {
        let content = fs::read(&lock).expect("the disk is readable");
        let content = String::from_utf8_lossy(&content).replace(id.trim(), "the-boot-before");
        fs::write(&lock, content).expect("the disk is writable");
        let file = File::options().write(true).open(&lock).expect("the disk is writable");
        file.set_modified(long_ago).expect("the disk is writable");
    }
}

fn survives(write: &Write) {
    cut(write, |_| {}, Ends::hold_after);
}

/// Cuts the power at many moments of a write, and lets `check` look at what is left, and say whether the write is done.
/// What `prepare` does is not synced.
fn cut(write: &Write, prepare: fn(&Repo), check: fn(&Ends, &Repo, &str, &str) -> bool) {
    for (kind, others) in WORLDS {
        if !can_trace() {
            return;
        }
        let Some((image, sandbox)) = write.image(kind) else { continue };
        let disk = image.mount();
        let repo = repo_on(&disk, &sandbox, write.options);
        let before = tags(&repo);
        prepare(&repo);
        let cuts = images((&image, &disk, others), &repo, &write.words(), every(4));
        let after = tags(&repo);
        drop((repo, disk));
        let ends = Ends { before, after, line: write.line };
        let (mut done, number) = (0, cuts.len());
        for Cut { left: image, call, printed } in cuts {
            let disk = image.mount();
            let repo = repo_on(&disk, &sandbox, write.options);
            let what =
                format!("`{}` on {kind:?}, others {others:?}, cut after\n{call}\n{printed}", write.line);
            boot(&repo);
            done += usize::from(check(&ends, &repo, &printed, &what));
            drop((repo, disk));
            image.remove();
        }
        println!(
            "{kind:?}, others {others:?}, `{}`: {number} cuts, {done} of them after it was done",
            write.line
        );
        assert!(0 < done && done < number, "it is seen before and after it is done");
    }
}

/// As [`survives`], on a disk that keeps no more than POSIX asks for: what was synced, and of the rest anything.
fn survives_on_the_worst_disk(write: &Write) {
    if !can_trace() {
        return;
    }
    let repo = write.repo();
    let (before, mut model, mut chance) = (tags(&repo), CrashModel::new(repo.path()), Chance(1));
    let (mut moments, every) = (0, every(4));
    let cuts = cuts(&repo, &write.words(), |call, IsReport(is_report)| {
        model.observe();
        if let Some(path) = synced(call) {
            model.synced(&path);
        }
        moments += 1;
        (is_report || moments % every == 1 % every).then(|| {
            [0, 1, 2].map(|luck| {
                let folder = repo.sandbox().path().join(format!("left-{moments}-{luck}"));
                model.write_to(&folder, &mut |count| if luck == 0 { 0 } else { chance.below(count) });
                folder
            })
        })
    });
    let ends = Ends { before, after: tags(&repo), line: write.line };
    let (mut done, mut number) = (0, 0);
    for Cut { left, call, printed } in cuts {
        for folder in left {
            let repo = Repo::at(repo.sandbox(), folder, write.options.bare);
            let what = format!("`{}` in {}, cut after\n{call}\n{printed}", write.line, repo.path().display());
            boot(&repo);
            done += usize::from(ends.hold_after(&repo, &printed, &what));
            number += 1;
            repo.remove();
        }
    }
    println!("the worst disk, `{}`: {number} cuts, {done} of them after it was done", write.line);
    assert!(0 < done && done < number, "it is seen before and after it is done");
}

/// What a call synced, if that is what it did.
fn synced(call: &str) -> Option<PathBuf> {
    let arguments = call.strip_prefix("fsync(").or_else(|| call.strip_prefix("fdatasync("))?;
    let (_, path) = arguments.split_once('<')?;
    path.split_once('>').map(|(path, _)| PathBuf::from(path))
}

/// Numbers that look random, and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        // Knuth's, of MMIX. Its upper bits are the better ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }
}

fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "-e", "inject=chdir:error=EIO", "true"]).stderr(Stdio::null());
    let works = strace.status().is_ok_and(|status| status.success());
    if !works {
        gto_testkit::skip("strace is not there, or may not trace");
    }
    works
}

/// Otherwise the tests below would pass because nothing ever gets lost.
#[test]
fn what_git_does_not_sync_gets_lost() {
    for (kind, others) in WORLDS {
        if !can_trace() {
            return;
        }
        let Some((image, sandbox)) = Write::new("").image(kind) else { continue };
        let disk = image.mount();
        let repo = repo_on(&disk, &sandbox, RepoOptions::default());
        let words = ["git", "tag", "-a", "-m", "lost", "lost"];
        let cuts = images((&image, &disk, others), &repo, &words, 1);
        drop((repo, disk));
        let disk = cuts.last().expect("there is one at the end").left.mount();
        let repo = repo_on(&disk, &sandbox, RepoOptions::default());
        let tag = repo.git_dir().join("refs/tags/lost");
        match others {
            Others::Idle => assert!(!tag.exists(), "{kind:?}"),
            Others::Syncing => {
                let empty = empty_files(&repo);
                assert!(empty.contains(&tag) && empty.len() == 2, "the tag and its object: {empty:?}");
            }
        }
    }
}

#[test]
fn a_registration_survives_a_power_cut() {
    survives(&Write::new("register m"));
}

#[test]
fn the_first_registration_of_a_repository_survives_a_power_cut() {
    let fill = |repo: &Repo| {
        repo.commit(&[], "first");
        fs::remove_dir(repo.git_dir().join("refs/tags")).expect("there is no tag");
    };
    survives(&Write { fill, ..Write::new("register m") });
    survives(&Write { fill, ..Write::new("register nlp/deep/m") });
}

#[test]
fn several_tags_survive_a_power_cut_or_a_beginning_of_them() {
    survives(&Write::new("assign m HEAD --version v1.0.0 --stage dev"));
    survives(&Write::new("register --all-changed"));
}

#[test]
fn a_deletion_of_packed_and_loose_tags_survives_a_power_cut() {
    survives(&Write::new("deprecate nlp/old --delete"));
}

#[test]
fn tags_with_other_ids_and_permissions_survive_a_power_cut() {
    let options = RepoOptions { sha256: true, ..RepoOptions::default() };
    survives(&Write { options, ..Write::new("register m") });
    survives(&Write { config: Some(("core.sharedRepository", "group")), ..Write::new("register nlp/m") });
}

#[test]
fn tags_in_reftables_survive_a_power_cut() {
    if !Repo::reftable_works() {
        return gto_testkit::skip("this git has no reftables");
    }
    let options = RepoOptions { refs: RefFormat::Reftable, ..RepoOptions::default() };
    for line in ["assign m HEAD --version v1.0.0 --stage dev", "deprecate nlp/old --delete"] {
        cut(
            &Write { options, ..Write::new(line) },
            |_| {},
            |ends, repo, printed, what| {
                // Git 2.47 syncs a table before it writes its end. Until we have synced the rest, nothing helps but to say so.
                let run = crate::common::gto(repo, "history");
                if run.err().contains("is missing or cut off") {
                    assert_eq!((run.status, printed), (1, ""), "{what}: {run}");
                    return false;
                }
                ends.hold_after(repo, printed, what)
            },
        );
    }
}

#[test]
fn writes_survive_a_power_cut_on_the_worst_disk() {
    for line in [
        "register m",
        "register new/m",
        "assign m HEAD --version v1.0.0 --stage dev",
        "register --all-changed",
        "deprecate nlp/old --delete",
    ] {
        survives_on_the_worst_disk(&Write::new(line));
    }
}

/// Git syncs no commit. What else gets lost with it, such as the branch, is for git.
#[test]
fn the_commit_that_is_registered_survives_a_power_cut_with_its_tag() {
    let prepare = |repo: &Repo| drop(repo.commit(&[], "just before"));
    cut(&Write::new("register m"), prepare, |_, repo, printed, what| {
        let tag = tags(repo).contains_key("m@v0.0.1");
        assert!(tag || printed.is_empty(), "{what}: reported, but lost");
        if tag {
            let commit = repo.git(&["cat-file", "commit", "m@v0.0.1^{commit}"]);
            let said = String::from_utf8_lossy(&commit.stdout).into_owned();
            assert!(said.contains("\n\njust before"), "{what}: {commit:?}");
        }
        tag
    });
}

/// Files of the work tree are the user's: before or after, and never empty.
#[test]
fn an_annotation_survives_a_power_cut() {
    cut(&Write::new("annotate a --path changed"), |_| {}, is_annotated);
}

#[test]
fn the_commit_of_an_annotation_survives_a_power_cut() {
    cut(
        &Write::new("annotate a --path changed --commit"),
        |_| {},
        |ends, repo, printed, what| {
            // Git never syncs its index in `git commit`, whatever `core.fsync` asks for. It is made anew from the commit.
            let index = repo.git_dir().join("index");
            if index.metadata().is_ok_and(|index| index.len() == 0) {
                // As git says for each.
                for file in locks(repo).into_iter().chain([index]) {
                    fs::remove_file(file).expect("the disk is writable");
                }
                repo.git_ok(&["reset", "--quiet"]);
            }
            let is_done = is_annotated(ends, repo, printed, what);
            let committed = repo.git_ok(&["cat-file", "blob", "HEAD:artifacts.yaml"]);
            assert!(committed.contains("path: changed") || printed.is_empty(), "{what}: reported, but lost");
            is_done
        },
    );
}

fn is_annotated(_: &Ends, repo: &Repo, printed: &str, what: &str) -> bool {
    let text = fs::read_to_string(repo.path().join("artifacts.yaml")).expect("it was there before");
    let is_done = text.contains("a: {path: changed}");
    assert!(is_done || printed.is_empty(), "{what}: reported, but lost");
    assert!(is_done || text.contains("a: {path: a}"), "{what}: {text:?}");
    assert!(text.contains("z: {path: z}"), "{what}: {text:?}");
    is_sound(repo, what);
    is_done
}
