//! Changing refs that are files: loose ones, and the lines of `packed-refs`.
//!
//! Owns the steps on the disk, in an order that is right wherever they stop: locks (`ref_lock`), the new values on the disk,
//! what is looked at while the refs are locked, then the changes, one after the other in the order given. Must not decide
//! whether a change may be made, nor in which order: the caller does.
//!
//! # Why not gix's transaction
//!
//! That of gix-ref 0.69 renames locks into place without a sync. To delete, it reads `packed-refs` before it locks it: what
//! `git pack-refs` has packed between the two would be lost. And it locks `packed-refs` also to make a tag, which git does
//! not, so that a `git gc` beside it stops it.
//!
//! # Where it stops
//!
//! The registry is what `git tag` lists. A process that is killed leaves the first changes of its list made and the others
//! not, in the eyes of everyone; each change is on the disk before the next one begins.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use gix::bstr::ByteSlice as _;
use tempfile::TempPath;

use crate::git::durable::{create_folders, sync_folder};
use crate::git::own_folder::{make_folder, remove_leftovers};
use crate::git::refs::TAGS;
use crate::git::refs::edit::{ApplyError, TagEdit};
use crate::git::refs::ref_lock::{RefLocks, TEMPORARY, VALUE, is_absence};
use crate::git::refs::reflog::ReflogEntry;
use crate::git::refs::system_lock::SystemLock;
use crate::git::{GitError, RefStorage, Repository};
use crate::object_id::ObjectId;

/// How the name of the file begins that takes the place of `packed-refs`. `packed-refs.new` is git's.
const PACKED: &str = "packed-refs-";

/// Leftovers of pushes of versions in development, which nothing reads any more.
const GUARDS: &[u8] = b"refs/gto/";

/// One change of a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) struct RefChange {
    /// The tag's name.
    pub name: String,
    /// What the ref of a new tag points to, or that of a deleted one pointed to.
    pub target: ObjectId,
    /// Whether it is made or deleted.
    pub is_new: bool,
}

impl RefChange {
    /// What these edits do to refs. `ids` are the new tag objects, in the order of the creates.
    pub fn all(edits: &[TagEdit], ids: &[ObjectId]) -> Vec<Self> {
        let mut ids = ids.iter();
        edits
            .iter()
            .map(|edit| match edit {
                TagEdit::Create { name, .. } => {
                    let target = *ids.next().expect("a tag object was written for each create");
                    Self { name: name.clone(), target, is_new: true }
                }
                TagEdit::Delete { name, expected } => {
                    Self { name: name.clone(), target: *expected, is_new: false }
                }
            })
            .collect()
    }
}

/// A write that is going on, and what of it is done.
struct Update<'a> {
    repository: &'a Repository,
    reflog: Option<&'a ReflogEntry>,
    /// The files that become the new refs, in the order of the creates.
    values: std::vec::IntoIter<TempPath>,
    made: Vec<String>,
}

impl Repository {
    /// Changes these refs in this order. `check` says, while all of them are locked, whether each is as expected: if not,
    /// nothing is changed. `reflog` is for the reflogs of new tags.
    pub(in crate::git) fn change_refs(
        &self,
        changes: &[RefChange],
        reflog: Option<&ReflogEntry>,
        check: impl Fn() -> Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        let mut names = HashSet::new();
        if let Some(twice) = changes.iter().find(|change| !names.insert(&change.name)) {
            return Err(ApplyError::Exists { name: twice.name.clone() });
        }
        let _alone = self.lock_unless_locked().map_err(|busy| ApplyError::Locked { source: busy.into() })?;
        let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
        let begun = RefLocks::begin(self, &names);
        let mut locks = begun.map_err(|error| self.disk_error(&self.common_dir().join("gto"), error))?;
        let is_unsupported = self.system_lock() == SystemLock::Unsupported;
        let packed = is_unsupported || changes.iter().any(|change| !change.is_new);
        let locked = names.iter().try_for_each(|name| locks.take_tag(name));
        let locked = locked.and_then(|()| if packed { locks.take_packed_refs() } else { Ok(()) });
        if let Err(error) = locked {
            // What is in the way of a lock may be a tag.
            return check().and(Err(error));
        }
        let values = changes.iter().filter(|change| change.is_new).map(|change| self.write_value(change));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        self.see_packed_refs();
        check()?;
        let mut update = Update { repository: self, reflog, values: values.into_iter(), made: Vec::new() };
        let changed = self.runs(changes).into_iter().try_for_each(|run| update.make(run));
        changed.map_err(|error| stopped(update.made, error))
    }

    /// Whether all locks that the edits take can be taken now; they are given back.
    pub fn try_locks(&self, edits: &[TagEdit]) -> Result<(), ApplyError> {
        if self.refs != RefStorage::Files {
            return Ok(());
        }
        let _alone = self.lock_unless_locked().map_err(|busy| ApplyError::Locked { source: busy.into() })?;
        let mut names: Vec<&str> = edits.iter().map(TagEdit::name).collect();
        names.sort_unstable();
        names.dedup();
        let begun = RefLocks::begin(self, &names);
        let mut locks = begun.map_err(|error| self.disk_error(&self.common_dir().join("gto"), error))?;
        names.iter().try_for_each(|name| locks.take_tag(name))?;
        let deletes = edits.iter().any(|edit| matches!(edit, TagEdit::Delete { .. }));
        if deletes { locks.take_packed_refs() } else { Ok(()) }
    }

    /// Cuts changes into runs whose steps are in order although `packed-refs` is rewritten once for each of them, first of
    /// all: in a run no packed tag is deleted after a loose one.
    pub(in crate::git) fn runs<'c>(&self, changes: &'c [RefChange]) -> Vec<&'c [RefChange]> {
        let mut runs = Vec::new();
        let (mut begin, mut after_loose) = (0, false);
        for (at, change) in changes.iter().enumerate() {
            let is_loose = self.loose_path(&change.name).symlink_metadata().is_ok_and(|file| !file.is_dir());
            if after_loose && !is_loose && !change.is_new {
                runs.push(&changes[begin..at]);
                (begin, after_loose) = (at, false);
            }
            after_loose |= is_loose || change.is_new;
        }
        runs.push(&changes[begin..]);
        runs
    }

    /// gix goes by the time of `packed-refs`, which two changes in a row may share.
    pub(in crate::git) fn see_packed_refs(&self) {
        // It fails if there is none, which gix sees by itself.
        let _ = self.gix().refs.force_refresh_packed_buffer();
    }

    /// Whether `packed-refs` has one of these tags, and can be rewritten; found in a sorted file without reading it.
    fn is_any_packed(&self, names: &HashSet<&str>) -> Result<bool, ApplyError> {
        let Some(packed) = self.packed_refs()? else { return Ok(false) };
        for name in names {
            if packed.find(&format!("{TAGS}{name}")).map_err(GitError::from)?.is_some() {
                // It will be rewritten, which git refuses for a file with a malformed line.
                packed.check().map_err(GitError::from)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes what becomes a ref, and syncs it. Not below `refs`, where it would be one.
    fn write_value(&self, change: &RefChange) -> Result<TempPath, ApplyError> {
        let written = || {
            let folder = make_folder(self.common_dir())?;
            new_value(tempfile::Builder::new().prefix(VALUE).suffix(TEMPORARY), &folder, change)
        };
        written().map_err(|error| self.disk_error(&self.common_dir().join("gto"), error))
    }
}

impl Update<'_> {
    /// Makes the changes of a run.
    fn make(&mut self, run: &[RefChange]) -> Result<(), ApplyError> {
        let gone: HashSet<&str> =
            run.iter().filter(|change| !change.is_new).map(|change| change.name.as_str()).collect();
        if !gone.is_empty() {
            self.remove_packed(&gone)?;
        }
        let folder = |change: &RefChange| change.name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        for (at, change) in run.iter().enumerate() {
            if change.is_new {
                self.create(change)?;
                continue;
            }
            self.remove_loose(&change.name)?;
            // What is removed from one folder is gone from the disk in the same order.
            if run.get(at + 1).is_none_or(|next| next.is_new || folder(next) != folder(change)) {
                self.sync_folder_of(&change.name)?;
            }
        }
        Ok(())
    }

    fn create(&mut self, change: &RefChange) -> Result<(), ApplyError> {
        if let Some(entry) = self.reflog {
            self.write_reflog(change, entry)?;
        }
        let place = self.repository.loose_path(&change.name);
        let failed = |error| self.repository.disk_error(&place, error);
        let value = self.values.next().expect("a value was written for each new ref");
        let mut renamed = fs::rename(&value, &place);
        // Git removes empty folders that are in the way, too.
        if renamed.is_err() && place.is_dir() {
            remove_empty_folders(&place);
            renamed = fs::rename(&value, &place);
        }
        match renamed {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                put_beside(change, &place).map_err(failed)?;
            }
            renamed => {
                renamed.map_err(failed)?;
                // What is of that name now is the file of another process.
                let _ = value.keep();
            }
        }
        self.made.push(change.name.clone());
        self.sync_folder_of(&change.name)
    }

    fn remove_loose(&mut self, name: &str) -> Result<(), ApplyError> {
        let log = self.repository.common_dir().join("logs").join(TAGS).join(name);
        let loose = self.repository.loose_path(name);
        for path in [&log, &loose] {
            let failed = |error| self.repository.disk_error(path, error);
            match fs::remove_file(path) {
                Err(error) if !is_absence(&error) && !path.is_dir() => return Err(failed(error)),
                Ok(()) if *path == loose => self.made.push(name.to_owned()),
                _ => {}
            }
        }
        Ok(())
    }

    fn sync_folder_of(&self, name: &str) -> Result<(), ApplyError> {
        let place = self.repository.loose_path(name);
        let synced = place.parent().map_or(Ok(()), sync_folder);
        synced.map_err(|error| self.repository.disk_error(&place, error))
    }

    /// Removes tags from `packed-refs`. A loose ref takes precedence until it is gone.
    fn remove_packed(&mut self, names: &HashSet<&str>) -> Result<(), ApplyError> {
        if !self.repository.is_any_packed(names)? {
            return Ok(());
        }
        let path = self.repository.packed_path();
        let failed = |error| self.repository.disk_error(&path, error);
        let text = match fs::read(&path) {
            Err(error) if is_absence(&error) => return Ok(()),
            text => text.map_err(failed)?,
        };
        // While we have its lock and the system's, no other process has such a file.
        let before = self.repository.leftovers_before();
        remove_leftovers(path.parent().unwrap_or(&path), PACKED, before);
        replace(&path, &without(&text, names)).map_err(failed)?;
        let is_loose = |name: &str| self.repository.loose_path(name).is_file();
        let gone = names.iter().filter(|name| !is_loose(name)).map(|name| (*name).to_owned());
        self.made.extend(gone);
        path.parent().map_or(Ok(()), sync_folder).map_err(failed)?;
        self.repository.see_packed_refs();
        Ok(())
    }

    /// As git does: if it is configured, or if there is a log of a tag of that name already.
    fn write_reflog(&self, change: &RefChange, entry: &ReflogEntry) -> Result<(), ApplyError> {
        let RefChange { name, target, .. } = change;
        let path = self.repository.common_dir().join("logs").join(TAGS).join(name);
        let failed = |error| self.repository.disk_error(&path, error);
        if !self.repository.logs_all_refs() && !path.is_file() {
            return Ok(());
        }
        let none = "0".repeat(target.to_string().len());
        let ReflogEntry { name, email, time, message } = entry;
        let (start, end) = (format!("{none} {target} "), format!("> {time}\t{message}\n"));
        let line = [start.as_bytes(), name, b" <", email, end.as_bytes()].concat();
        path.parent().map_or(Ok(()), create_folders).map_err(failed)?;
        if path.is_dir() {
            // The folder of logs that are gone, as of `x/y` where `x` is made. Git removes it, too.
            remove_empty_folders(&path);
        }
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let written = log.and_then(|mut log| log.write_all(&line).and_then(|()| log.sync_all()));
        written.and_then(|()| path.parent().map_or(Ok(()), sync_folder)).map_err(failed)
    }
}

/// The error of a write that stopped after it had made some of its changes.
pub(in crate::git) fn stopped(made: Vec<String>, error: ApplyError) -> ApplyError {
    if made.is_empty() { error } else { ApplyError::Stopped { made, source: Box::new(error) } }
}

/// A file with the value of a ref, on the disk.
fn new_value(
    builder: &mut tempfile::Builder<'_, '_>,
    folder: &Path,
    change: &RefChange,
) -> io::Result<TempPath> {
    // With the mode that git gives it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    writeln!(file, "{}", change.target)?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

/// Makes a ref where `refs` is on another file system, by a file beside it that git takes for no ref.
fn put_beside(change: &RefChange, place: &Path) -> io::Result<()> {
    let folder = place.parent().unwrap_or(place);
    let value = new_value(tempfile::Builder::new().prefix(".gto-").suffix(".lock"), folder, change)?;
    value.persist(place).map_err(|error| error.error)
}

/// `packed-refs` without these tags, and with a header that claims no more than is true.
fn without(text: &[u8], names: &HashSet<&str>) -> Vec<u8> {
    let name_of = |line: &'_ [u8]| line.split_once_str(" ").map(|(_, name)| name.trim_end().to_vec());
    let is_gone = |name: &[u8]| {
        let tag = name.strip_prefix(TAGS.as_bytes()).and_then(|name| name.to_str().ok());
        let is_guard = name.starts_with(GUARDS) && name.ends_with(b"@write");
        is_guard || tag.is_some_and(|tag| names.contains(tag))
    };
    let (mut header, mut kept) = (&b""[..], Vec::with_capacity(text.len()));
    let (mut after_gone, mut is_sorted, mut last) = (false, true, Vec::new());
    for line in text.lines_with_terminator() {
        if line.starts_with(b"#") && kept.is_empty() {
            header = line;
            continue;
        }
        // A line with `^` belongs to the one before.
        if !line.starts_with(b"^") {
            let name = name_of(line).unwrap_or_default();
            after_gone = is_gone(&name);
            if !after_gone {
                is_sorted &= last <= name;
                last = name;
            }
        }
        if !after_gone {
            kept.extend_from_slice(line);
        }
    }
    let header = if is_sorted { header.to_vec() } else { header.replace(" sorted", "") };
    [header, kept].concat()
}

/// Writes a file in the place of another that is there, with its mode and group, and syncs it.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let file = tempfile::Builder::new().prefix(PACKED).suffix(TEMPORARY).tempfile_in(folder)?;
    let old = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, chown};
        // Not everyone may, and it is the group already in most repositories.
        if file.as_file().metadata()?.gid() != old.gid() {
            let _ = chown(file.path(), None, Some(old.gid()));
        }
    }
    fs::set_permissions(file.path(), old.permissions())?;
    let mut writer = BufWriter::new(file.as_file());
    writer.write_all(content)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error).and_then(File::sync_all)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn remove_empty_folders(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty_folders(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use gto_testkit::{Repo, TagSpec};

    use std::time::Duration;

    use super::*;
    use crate::git::refs::ref_lock::lock_of;
    use crate::git::test_repo::{ann, discover, id, open};

    /// A repository with a tag that is packed, one that is not, and one that is both.
    fn filled() -> Repo {
        let repo = Repo::new();
        repo.commit(&[], "first");
        for name in ["both", "packed", "stays"] {
            repo.tag(name, "HEAD", &TagSpec::default());
        }
        repo.pack_refs();
        repo.commit(&[], "second");
        for name in ["both", "f/loose"] {
            repo.tag(name, "HEAD", &TagSpec::default());
        }
        repo
    }

    /// Makes two tags and deletes three.
    fn changes(repo: &Repo) -> Vec<RefChange> {
        let change = |name: &str, target: &str, is_new| {
            let target = id(&repo.git_ok(&["rev-parse", target]));
            RefChange { name: name.to_owned(), target, is_new }
        };
        let old = ["both", "f/loose", "packed"].map(|name| change(name, name, false));
        let new = ["new", "f/new"].map(|name| change(name, "stays", true));
        [new.as_slice(), &old].concat()
    }

    fn locks(repo: &Repo) -> Vec<String> {
        let fingerprint = repo.fingerprint();
        let files = fingerprint.lines().filter_map(|line| line.split(' ').next());
        files
            .filter(|name| {
                ["lock", "tmp"].contains(&name.rsplit('.').next().unwrap_or_default())
                    || name.starts_with("refs/gto")
            })
            .map(str::to_owned)
            .collect()
    }

    fn next_write(repo: &Repo) {
        let edit = TagEdit::Create {
            name: "next".to_owned(),
            commit: id(&repo.head()),
            tagger: ann(),
            message: String::new(),
        };
        open(repo).apply(&[edit]).unwrap();
        repo.git_ok(&["tag", "-d", "next"]);
    }

    /// Ends a process as a kill does: its files stay, and the system's lock does not.
    fn kill(repo: &Repo, names: &[&str]) {
        let repository = open(repo);
        let alone = repository.lock_unless_locked().unwrap();
        let mut locks = RefLocks::begin(&repository, names).unwrap();
        names.iter().try_for_each(|name| locks.take_tag(name)).unwrap();
        locks.take_packed_refs().unwrap();
        std::mem::forget(locks);
        drop(alone);
    }

    #[test]
    fn a_write_that_ends_has_made_all_changes_and_leaves_no_lock() {
        let repo = filled();
        open(&repo).change_refs(&changes(&repo), None, || Ok(())).unwrap();
        assert_eq!(repo.tag_names(), ["f/new", "new", "stays"]);
        assert_eq!(locks(&repo), [""; 0]);
    }

    #[test]
    fn what_is_refused_while_the_refs_are_locked_changes_nothing() {
        let repo = filled();
        let before = repo.tags();
        let refused = open(&repo).change_refs(&changes(&repo), None, || Err(ApplyError::EmptyTagger));
        assert!(matches!(refused, Err(ApplyError::EmptyTagger)));
        assert_eq!((repo.tags(), locks(&repo)), (before, vec![]));
    }

    /// A folder that is no empty one is in the way of the third.
    #[test]
    fn a_write_that_stops_in_the_middle_says_what_it_has_made_and_that_stays() {
        let repo = filled();
        let target = id(&repo.head());
        fs::create_dir_all(repo.git_dir().join("refs/tags/c")).unwrap();
        fs::write(repo.git_dir().join("refs/tags/c/noise.txt.lock"), "").unwrap();
        let new = ["a", "b", "c", "d"].map(|name| RefChange { name: name.to_owned(), target, is_new: true });
        match open(&repo).change_refs(&new, None, || Ok(())) {
            Err(ApplyError::Stopped { made, .. }) => assert_eq!(made, ["a", "b"]),
            other => panic!("{other:?}"),
        }
        assert_eq!(repo.tag_names(), ["a", "b", "both", "f/loose", "packed", "stays"]);
    }

    #[test]
    fn deletions_are_seen_in_their_order_wherever_the_tags_are() {
        let repo = filled();
        let repository = open(&repo);
        let change = |name: &str| {
            let target = id(&repo.git_ok(&["rev-parse", name]));
            RefChange { name: name.to_owned(), target, is_new: false }
        };
        let [both, loose, packed, stays] = ["both", "f/loose", "packed", "stays"].map(change);
        let runs = |changes: &[&RefChange]| {
            let changes: Vec<RefChange> = changes.iter().map(|change| (*change).clone()).collect();
            repository.runs(&changes).iter().map(|run| run.len()).collect::<Vec<_>>()
        };
        assert_eq!(runs(&[&packed, &stays, &both, &loose]), [4]);
        assert_eq!(runs(&[&loose, &packed, &stays]), [1, 2]);
        assert_eq!(runs(&[&packed, &both, &stays, &loose]), [2, 2]);
    }

    #[test]
    fn the_locks_of_a_gto_that_was_killed_go_with_the_next_write() {
        let repo = filled();
        kill(&repo, &["new", "f/new", "packed"]);
        assert_eq!(open(&repo).left_locks().len(), 4);
        assert!(!repo.git(&["tag", "new"]).status.success());
        next_write(&repo);
        assert_eq!(locks(&repo), [""; 0]);
        repo.git_ok(&["tag", "-d", "packed"]);
        repo.git_ok(&["tag", "new"]);
    }

    #[test]
    fn a_lock_that_may_have_a_holder_stays_and_is_named() {
        let repo = filled();
        let lock = repo.git_dir().join("refs/tags/next.lock");
        let said = |machine: &str, system_lock: &str| {
            format!(
                "gto lock 1\nmachine {machine}\nprocess 1\nsince 2026-11-24 1\nsystem-lock {system_lock}\n\n"
            )
        };
        let here = crate::git::refs::machine::boot_id().unwrap_or("unknown");
        for text in [String::new(), "1".repeat(40), said("elsewhere", "held"), said(here, "none")] {
            fs::write(&lock, &text).unwrap();
            let edit = TagEdit::Create {
                name: "next".to_owned(),
                commit: id(&repo.head()),
                tagger: ann(),
                message: String::new(),
            };
            match open(&repo).apply(&[edit]) {
                Err(ApplyError::Locked { source }) => {
                    assert!(source.to_string().contains("next.lock"), "{source}");
                }
                other => panic!("{text}: {other:?}"),
            }
            assert_eq!(fs::read_to_string(&lock).unwrap(), text);
        }
        // While another gto writes, not even a lock that looks dead goes.
        fs::write(&lock, said(here, "held")).unwrap();
        let other = open(&repo);
        let _alone = other.lock_unless_locked().unwrap();
        assert!(!open(&repo).remove_if_dead(&lock));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_lock_that_is_older_than_the_start_of_the_machine_goes() {
        let repo = filled();
        let lock = lock_of(&repo.git_dir().join("refs/tags/next"));
        fs::write(&lock, "").unwrap();
        let before = crate::git::refs::machine::booted().unwrap() - Duration::from_secs(600);
        File::options().write(true).open(&lock).unwrap().set_modified(before).unwrap();
        if crate::git::refs::machine::is_local(&lock) {
            next_write(&repo);
            assert!(!lock.exists());
        }
    }

    #[test]
    fn what_versions_in_development_left_goes() {
        let repo = filled();
        let folder = repo.git_dir().join("gto");
        fs::create_dir_all(&folder).unwrap();
        let target = repo.head();
        let journal =
            format!("gto write 1 process 1 time 2\ncreate {target} new\ncreate {target} f/new\nend\n");
        for file in ["undo", "done", "new"] {
            fs::write(folder.join(file), &journal).unwrap();
        }
        fs::write(repo.git_dir().join("refs/tags/new.lock"), &journal).unwrap();
        repo.git_ok(&["update-ref", "refs/gto/nlp/m@write", "HEAD"]);
        next_write(&repo);
        assert_eq!(locks(&repo), [""; 0]);
        assert!(["undo", "done", "new"].iter().all(|file| !folder.join(file).exists()));
        assert_eq!(repo.git_ok(&["for-each-ref", "refs/gto"]), "");
    }

    #[test]
    fn another_writer_is_waited_for() {
        let repo = filled();
        let repository = open(&repo);
        let alone = repository.lock_unless_locked().unwrap();
        std::thread::scope(|scope| {
            let path = repo.path();
            let other = scope.spawn(|| drop(discover(path).unwrap().lock_unless_locked().unwrap()));
            sleep(Duration::from_millis(50));
            assert!(!other.is_finished());
            drop(alone);
            other.join().unwrap();
        });
    }

    #[test]
    fn packed_refs_keeps_its_mode_and_claims_no_more_than_is_true() {
        let repo = filled();
        let packed = repo.git_dir().join("packed-refs");
        let text = fs::read_to_string(&packed).unwrap();
        let target = id(&repo.git_ok(&["rev-parse", "packed"]));
        let elsewhere = repo.sandbox().path().join("elsewhere");
        fs::rename(&packed, &elsewhere).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt as _, symlink};
            fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o664)).unwrap();
            symlink(&elsewhere, &packed).unwrap();
        }
        #[cfg(not(unix))]
        fs::rename(&elsewhere, &packed).unwrap();
        let gone = RefChange { name: "packed".to_owned(), target, is_new: false };
        open(&repo).change_refs(&[gone], None, || Ok(())).unwrap();
        let kept: String =
            without(text.as_bytes(), &HashSet::from(["packed"])).iter().map(|&b| char::from(b)).collect();
        assert_eq!(fs::read_to_string(&packed).unwrap(), kept);
        assert!(kept.starts_with("# pack-refs with: peeled fully-peeled sorted"), "{kept}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert!(packed.symlink_metadata().unwrap().is_symlink());
            assert_eq!(elsewhere.metadata().unwrap().permissions().mode() & 0o777, 0o664);
        }
        let unsorted =
            format!("# pack-refs with: peeled sorted \n{target} refs/tags/b\n{target} refs/tags/a\n");
        let kept = without(unsorted.as_bytes(), &HashSet::new());
        assert!(kept.starts_with(b"# pack-refs with: peeled \n"), "{kept:?}");
    }

    /// gix looks into `packed-refs` before it looks for the file of a ref.
    #[test]
    fn a_ref_that_is_packed_while_it_is_asked_for_is_found() {
        let repo = filled();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (path, sandbox, stop) = (repo.path(), repo.sandbox(), &stop);
            let packing = Repo::at(sandbox, path, false);
            scope.spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    // A new value makes the file, and packing takes it away.
                    packing.git_ok(&["commit", "-q", "--allow-empty", "-m", "x"]);
                    packing.git_ok(&["tag", "-f", "both", "HEAD"]);
                    packing.git_ok(&["pack-refs", "--all"]);
                }
            });
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_secs(2) {
                let repository = discover(path).unwrap();
                assert!(repository.tag_ref("both").unwrap().is_some());
                assert!(repository.tag_refs("both").unwrap().refs.len() == 1);
                assert!(repository.head_commit().unwrap().is_some());
                repository.resolve("main").unwrap();
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }

    /// With the transaction of gix-ref 0.69, four of 150 were.
    #[test]
    fn refs_that_git_packs_while_others_are_deleted_are_not_lost() {
        const EACH: usize = 60;
        let repo = filled();
        let head = repo.head();
        let refs = |verb: &str, name: &str| -> Vec<String> {
            (0..EACH).map(|n| format!("{verb} refs/tags/{name}{n} {head}\n")).collect()
        };
        repo.git_stdin(&["update-ref", "--stdin"], refs("create", "gone").concat().as_bytes());
        repo.pack_refs();
        let handle = Repo::at(repo.sandbox(), repo.path(), false);
        let creates = refs("create", "kept");
        let packing = std::thread::spawn(move || {
            for create in creates {
                handle.git_stdin(&["update-ref", "--stdin"], create.as_bytes());
                handle.git(&["pack-refs", "--all"]);
            }
        });
        let repository = open(&repo);
        for n in 0..EACH {
            let change = RefChange { name: format!("gone{n}"), target: id(&head), is_new: false };
            repository.change_refs(&[change], None, || Ok(())).unwrap();
            sleep(Duration::from_millis(2));
        }
        packing.join().unwrap();
        let left = repo.tag_names();
        let count = |prefix: &str| left.iter().filter(|name| name.starts_with(prefix)).count();
        assert_eq!((count("kept"), count("gone")), (EACH, 0));
    }
}
