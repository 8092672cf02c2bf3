//! Changing refs that are files: loose ones, and the lines of `packed-refs`.
//!
//! Owns the steps on the disk, in an order that leaves nothing half done wherever they stop: locks, what is looked at
//! while they are held, the record of what is going on (`unfinished`), the changes, and taking them back. Must not
//! decide whether a change may be made: the caller looks while the refs are locked.
//!
//! # Why not gix's transaction
//!
//! That of gix-ref 0.69 commits one ref after the other, as git does, and leaves some of them changed and all locked if
//! it is stopped. To delete, it reads `packed-refs` before it locks it: what `git pack-refs` has packed between the two
//! would be lost. And it locks `packed-refs` also to make a tag, which git does not, so that a `git gc` beside it stops it.
//!
//! # What git sees
//!
//! The locks and files are git's own, in git's order (refs before `packed-refs`), so that either waits for the other. A
//! write of several tags that stops is visible to git as far as it came, until the next gto that writes takes it back.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gix::bstr::ByteSlice as _;

use super::durable::{create_folders, sync_folder};
use super::reflog::ReflogEntry;
use super::refs::{TAGS, full_name};
use super::tag_cache::follow_mode;
use super::transaction::ApplyError;
use super::unfinished::{self, Found, Record, RefChange, is_absence};
use super::{GitError, Repository};
use crate::object_id::ObjectId;
use crate::waiting::Waiting;

/// How long to wait for a lock of somebody else where nothing is configured, as git does for `packed-refs`.
const PATIENCE: Duration = Duration::from_secs(1);

/// A day.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait for another gto.
const PATIENCE_WITH_OURS: Duration = Duration::from_secs(60);

/// A file that says that somebody else is writing.
#[derive(Debug, thiserror::Error)]
#[error("the lock file `{}` is there", path.display())]
pub(crate) struct HeldLock {
    pub path: PathBuf,
}

/// The file at which the system refused.
#[derive(Debug, thiserror::Error)]
#[error("`{}`", path.display())]
struct DiskError {
    path: PathBuf,
    source: io::Error,
}

/// A write that is going on: its record, and the locks that it has so far. Dropped, it gives these back.
struct Update<'a> {
    repository: &'a Repository,
    record: Record,
    locks: Vec<PathBuf>,
}

impl Repository {
    /// Changes all of these refs or none. `check` says, while they are locked, whether each is as expected. `reflog` is
    /// for the reflogs of new tags.
    pub(super) fn change_refs(
        &self,
        changes: &[RefChange],
        reflog: Option<&ReflogEntry>,
        check: impl Fn() -> Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        let mut names = HashSet::new();
        if let Some(twice) = changes.iter().find(|change| !names.insert(&change.name)) {
            return Err(ApplyError::Exists { name: twice.name.clone() });
        }
        let deletes = changes.iter().any(|change| !change.is_new);
        let mut update = self.begin(changes)?;
        if let Err(error) = update.lock_all(deletes) {
            // What is in the way of a lock may be a tag.
            return check().and(Err(error));
        }
        self.see_packed_refs();
        check()?;
        update.announce()?;
        update.change(reflog).and_then(|()| update.finish()).inspect_err(|_| {
            // If this fails too, the next writer does it, and readers see nothing of it until then.
            let _ = update.take_back();
        })
    }

    /// Makes several changes, by a `change` that takes care of locks, one in the eyes of gto.
    pub(super) fn recorded(
        &self,
        changes: &[RefChange],
        change: impl FnOnce() -> Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        if changes.len() < 2 {
            return change();
        }
        let mut update = self.begin(changes)?;
        update.announce()?;
        change().and_then(|()| update.finish()).inspect_err(|_| {
            let _ = update.take_back();
        })
    }

    /// Takes back what a writer left half done that died, and removes its locks.
    pub(crate) fn finish_others(&self) -> Result<(), ApplyError> {
        let mut waiting = Waiting::begin();
        loop {
            match unfinished::find(self.common_dir()).map_err(|error| self.own_file_error(error))? {
                Found::Nothing => return Ok(()),
                Found::Left(record) => {
                    Update { repository: self, record, locks: Vec::new() }.take_over()?;
                }
                Found::Alive => wait(&mut waiting, PATIENCE_WITH_OURS, || self.own_lock())?,
            }
        }
    }

    /// The names of the tags that a writer was about to change that died, if the next one has to take something back. The
    /// error is one that would stop the next one.
    pub fn left_unfinished(&self) -> Result<Vec<String>, ApplyError> {
        let left = unfinished::left(self.common_dir()).map_err(|error| self.own_file_error(error))?;
        Ok(left.into_iter().map(|change| change.name).collect())
    }

    fn begin(&self, changes: &[RefChange]) -> Result<Update<'_>, ApplyError> {
        let mut waiting = Waiting::begin();
        loop {
            self.finish_others()?;
            let begun = Record::begin(self.common_dir(), changes.to_vec());
            if let Some(record) = begun.map_err(|error| self.own_file_error(error))? {
                let update = Update { repository: self, record, locks: Vec::new() };
                // Somebody's `gto/lock` may have become `gto/undo` just before, and made room for ours.
                let undo = unfinished::find_undo(self.common_dir());
                if let Found::Nothing = undo.map_err(|error| self.own_file_error(error))? {
                    return Ok(update);
                }
            }
            wait(&mut waiting, PATIENCE_WITH_OURS, || self.own_lock())?;
        }
    }

    fn own_lock(&self) -> PathBuf {
        self.common_dir().join("gto").join("lock")
    }

    fn own_file_error(&self, error: io::Error) -> ApplyError {
        self.disk_error(&self.common_dir().join("gto"), error)
    }

    fn disk_error(&self, path: &Path, source: io::Error) -> ApplyError {
        let kind = source.kind();
        let error = DiskError { path: path.to_owned(), source };
        match kind {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                self.permission_denied(error)
            }
            _ => GitError::failed("update the tags", error).into(),
        }
    }

    /// How long to wait for a lock, by a key of the configuration that holds milliseconds: see git-config(1).
    fn patience(&self, key: &str) -> Duration {
        match self.gix.config_snapshot().integer(key) {
            // Below zero git waits for ever; here a day is that.
            Some(milliseconds) => u64::try_from(milliseconds).map_or(FOREVER, Duration::from_millis),
            None => PATIENCE,
        }
    }

    /// gix goes by the time of `packed-refs`, which two changes in a row may share.
    fn see_packed_refs(&self) {
        // It fails if there is none, which gix sees by itself.
        let _ = self.gix.refs.force_refresh_packed_buffer();
    }

    fn loose_path(&self, name: &str) -> PathBuf {
        self.common_dir().join(TAGS).join(name)
    }

    /// Where `packed-refs` really is.
    fn packed_path(&self) -> PathBuf {
        let path = self.common_dir().join("packed-refs");
        path.canonicalize().unwrap_or(path)
    }

    /// Whether `packed-refs` has one of these tags; found in a sorted file without reading it.
    fn is_any_packed(&self, names: &HashSet<&str>) -> Result<bool, ApplyError> {
        let failed = |error| GitError::failed("look into packed-refs", error);
        let Some(packed) = self.gix.refs.open_packed_buffer().map_err(failed)? else { return Ok(false) };
        let mut names = names.iter().filter_map(|name| full_name(name));
        // A broken line may hide another.
        Ok(names.any(|name| packed.try_find(name.as_ref()).map_or(true, |found| found.is_some())))
    }

    /// The object that a ref points to, whatever a record says.
    fn stored(&self, name: &str) -> Result<Option<ObjectId>, ApplyError> {
        full_name(name).map_or(Ok(None), |name| Ok(self.target_of(&name)?))
    }
}

impl Update<'_> {
    fn lock_all(&mut self, packed: bool) -> Result<(), ApplyError> {
        let names: Vec<String> = self.record.changes.iter().map(|change| change.name.clone()).collect();
        let patience = self.repository.patience("core.filesRefLockTimeout");
        for name in names {
            self.lock(&self.repository.loose_path(&name), patience)?;
        }
        let patience = self.repository.patience("core.packedRefsTimeout");
        if packed { self.lock(&self.repository.packed_path(), patience) } else { Ok(()) }
    }

    fn lock(&mut self, file: &Path, patience: Duration) -> Result<(), ApplyError> {
        let lock = lock_of(file);
        if self.locks.contains(&lock) {
            return Ok(());
        }
        let mut waiting = Waiting::begin();
        loop {
            let error = match make_lock(&self.record, &lock) {
                Ok(()) => {
                    self.locks.push(lock);
                    return Ok(());
                }
                Err(error) => error,
            };
            match error.kind() {
                // The writer that died had it, and now we are that writer.
                io::ErrorKind::AlreadyExists if self.record.is_lock(&lock) => {
                    self.locks.push(lock);
                    return Ok(());
                }
                io::ErrorKind::AlreadyExists => wait(&mut waiting, patience, || lock.clone())?,
                // Others remove folders that have become empty: it may take more than one attempt.
                io::ErrorKind::NotFound if waiting.elapsed() < PATIENCE => {
                    let folder = file.parent().unwrap_or(file);
                    create_folders(folder).map_err(|error| self.repository.disk_error(folder, error))?;
                }
                _ => return Err(self.repository.disk_error(&lock, error)),
            }
        }
    }

    /// From here on the record is what has to be taken back, if there is more than one change.
    fn announce(&mut self) -> Result<(), ApplyError> {
        if self.record.changes.len() < 2 {
            return Ok(());
        }
        let announced = self.record.make_undo(self.repository.common_dir());
        announced.map_err(|error| self.repository.disk_error(&self.record.path, error))
    }

    fn change(&self, reflog: Option<&ReflogEntry>) -> Result<(), ApplyError> {
        // First what is new, so that what is in use is never without a ref.
        for change in self.record.changes.iter().filter(|change| change.is_new) {
            if let Some(entry) = reflog {
                self.write_reflog(change, entry)?;
            }
            self.write_ref(change)?;
        }
        let gone = self.record.changes.iter().filter(|change| !change.is_new);
        self.remove_refs(&gone.map(|change| change.name.as_str()).collect::<Vec<_>>())
    }

    /// Gives the locks back, and makes all changes true at once.
    fn finish(&mut self) -> Result<(), ApplyError> {
        self.release();
        if !self.is_undo() {
            return Ok(());
        }
        let done = if self.locks.is_empty() {
            self.record.make_done(self.repository.common_dir())
        } else {
            // It still says which locks are to be removed.
            self.record.make_lock(self.repository.common_dir())
        };
        done.map_err(|error| self.repository.disk_error(&self.record.path, error))
    }

    fn is_undo(&self) -> bool {
        self.record.is_undo(self.repository.common_dir())
    }

    /// Deals with a record whose writer is dead.
    fn take_over(mut self) -> Result<(), ApplyError> {
        if self.is_undo() {
            return self.take_back();
        }
        let names = self.record.changes.iter().map(|change| self.repository.loose_path(&change.name));
        let locks = names.chain([self.repository.packed_path()]).map(|file| lock_of(&file));
        self.locks = locks.filter(|lock| self.record.is_lock(lock)).collect();
        self.release();
        match self.locks.first() {
            None => {
                self.record.remove().map_err(|error| self.repository.disk_error(&self.record.path, error))
            }
            Some(lock) => Err(ApplyError::Locked { source: HeldLock { path: lock.clone() }.into() }),
        }
    }

    /// Makes the refs what they were before a record with several changes, as far as nobody else has changed them since.
    fn take_back(&mut self) -> Result<(), ApplyError> {
        if !self.is_undo() {
            return Ok(());
        }
        self.lock_all(true)?;
        self.repository.see_packed_refs();
        let mut made = Vec::new();
        for change in &self.record.changes {
            match self.repository.stored(&change.name)? {
                Some(target) if change.is_new && target == change.target => made.push(change.name.as_str()),
                None if !change.is_new => self.write_ref(change)?,
                _ => {}
            }
        }
        self.remove_refs(&made)?;
        self.finish()
    }

    fn write_ref(&self, change: &RefChange) -> Result<(), ApplyError> {
        let place = self.repository.loose_path(&change.name);
        self.replace(&place, |file| writeln!(file, "{}", change.target))
    }

    /// Writes a file that takes the place of another in one step.
    fn replace(
        &self,
        place: &Path,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), ApplyError> {
        // A name of its own is not needed: there is one writer, and what a dead one left is in nobody's way.
        let new = self.repository.common_dir().join("gto").join("new");
        let written = create_new(&new).and_then(|file| {
            let mut file = BufWriter::new(file);
            write(&mut file)?;
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            // In a shared repository those may write it who could before.
            match fs::metadata(place) {
                Ok(old) if old.is_file() => fs::set_permissions(&new, old.permissions()),
                _ if self.repository.is_shared() => {
                    follow_mode(&self.repository.common_dir().join("HEAD"), &new);
                    Ok(())
                }
                _ => Ok(()),
            }
        });
        let replaced = written.and_then(|()| match fs::rename(&new, place) {
            // Git removes empty folders that are in the way, too.
            Err(_) if place.is_dir() => {
                remove_empty_folders(place);
                fs::rename(&new, place)
            }
            result => result,
        });
        let synced = replaced.and_then(|()| place.parent().map_or(Ok(()), sync_folder));
        synced.map_err(|error| {
            let _ = fs::remove_file(&new);
            self.repository.disk_error(place, error)
        })
    }

    /// `packed-refs` first: until a loose ref is gone, what it says counts.
    fn remove_refs(&self, names: &[&str]) -> Result<(), ApplyError> {
        if names.is_empty() {
            return Ok(());
        }
        self.remove_packed(&names.iter().copied().collect())?;
        for name in names {
            let log = self.repository.common_dir().join("logs").join(TAGS).join(name);
            let loose = self.repository.loose_path(name);
            for path in [log, loose] {
                match fs::remove_file(&path) {
                    Err(error) if !is_absence(&error) && !path.is_dir() => {
                        return Err(self.repository.disk_error(&path, error));
                    }
                    _ => {}
                }
            }
            let loose = self.repository.loose_path(name);
            if let Some(folder) = loose.parent().filter(|folder| folder.is_dir()) {
                sync_folder(folder).map_err(|error| self.repository.disk_error(folder, error))?;
            }
        }
        Ok(())
    }

    fn remove_packed(&self, names: &HashSet<&str>) -> Result<(), ApplyError> {
        if !self.repository.is_any_packed(names)? {
            return Ok(());
        }
        let path = self.repository.packed_path();
        let text = match fs::read(&path) {
            Err(error) if is_absence(&error) => return Ok(()),
            text => text.map_err(|error| self.repository.disk_error(&path, error))?,
        };
        let is_gone = |line: &[u8]| {
            let name =
                line.split_once_str(" ").and_then(|(_, name)| name.trim_end().strip_prefix(TAGS.as_bytes()));
            name.and_then(|name| name.to_str().ok()).is_some_and(|name| names.contains(name))
        };
        self.replace(&path, |file| {
            let mut after_gone = false;
            for line in text.lines_with_terminator() {
                // A line with `^` belongs to the one before.
                after_gone = if line.starts_with(b"^") { after_gone } else { is_gone(line) };
                if !after_gone {
                    file.write_all(line)?;
                }
            }
            Ok(())
        })?;
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

    fn release(&mut self) {
        let tags = self.repository.common_dir().join(TAGS);
        self.locks.retain(|lock| {
            let removed = fs::remove_file(lock);
            // The folder goes with the last ref in it. Those that are not empty stay.
            let folders =
                lock.ancestors().skip(1).take_while(|folder| folder.starts_with(&tags) && *folder != tags);
            let _ = folders.map(fs::remove_dir).take_while(io::Result::is_ok).count();
            removed.is_err_and(|error| !is_absence(&error))
        });
    }
}

impl Drop for Update<'_> {
    fn drop(&mut self) {
        self.release();
        if !self.is_undo() && self.locks.is_empty() {
            // If it cannot be removed, the next writer does it.
            let _ = self.record.remove();
        }
    }
}

/// Waits for a lock of somebody else.
fn wait(waiting: &mut Waiting, patience: Duration, path: impl FnOnce() -> PathBuf) -> Result<(), ApplyError> {
    if waiting.goes_on(patience) {
        return Ok(());
    }
    Err(ApplyError::Locked { source: HeldLock { path: path() }.into() })
}

/// `x.lock`, as git has it.
fn lock_of(file: &Path) -> PathBuf {
    let mut lock = file.as_os_str().to_owned();
    lock.push(".lock");
    lock.into()
}

/// Makes the lock with its content in one step, or where files cannot have two names, in two.
fn make_lock(record: &Record, lock: &Path) -> io::Result<()> {
    use io::ErrorKind::{AlreadyExists, NotADirectory, NotFound};
    match fs::hard_link(&record.path, lock) {
        Err(error) if !matches!(error.kind(), AlreadyExists | NotADirectory | NotFound) => {
            let mut file = OpenOptions::new().write(true).create_new(true).open(lock)?;
            file.write_all(&record.text).inspect_err(|_| drop(fs::remove_file(lock)))
        }
        result => result,
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let create = || OpenOptions::new().write(true).create_new(true).open(path);
    create().or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => fs::remove_file(path).and_then(|()| create()),
        _ => Err(error),
    })
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

    use super::*;
    use crate::git::test_repo::{ann, id, open};
    use crate::git::{TagEdit, TagRef};

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

    /// Ends a writer as a kill does: its files stay, and the system's lock does not.
    fn kill(update: Update<'_>) {
        let path = update.record.path.clone();
        let copy = path.with_extension("copy");
        std::mem::forget(update);
        fs::copy(&path, &copy).unwrap();
        fs::rename(&copy, &path).unwrap();
    }

    fn seen(repo: &Repo) -> Vec<TagRef> {
        let repository = open(repo);
        let tags = repository.tag_refs("").unwrap().refs;
        for name in ["both", "f/loose", "f/new", "new", "packed", "stays"] {
            let listed = tags.iter().find(|tag| tag.name == name).cloned();
            assert_eq!(repository.tag_ref(name).unwrap(), listed);
        }
        let below: Vec<_> = tags.iter().filter(|tag| tag.name.starts_with("f/")).cloned().collect();
        assert_eq!(repository.tag_refs("f/").unwrap().refs, below);
        tags
    }

    fn locks(repo: &Repo) -> Vec<String> {
        let fingerprint = repo.fingerprint();
        let files = fingerprint.lines().filter_map(|line| line.split(' ').next());
        files
            .filter(|name| name.split('.').next_back() == Some("lock") || name.starts_with("gto/"))
            // It is for readers, and in nobody's way.
            .filter(|name| *name != "gto/done")
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

    #[test]
    fn a_write_that_stops_has_not_happened_and_the_next_one_takes_it_back() {
        for steps in 0..=6_usize {
            let repo = filled();
            let (before, refs) = (seen(&repo), repo.git_ok(&["for-each-ref"]));
            let repository = open(&repo);
            let changes = changes(&repo);
            let mut update = repository.begin(&changes).unwrap();
            update.lock_all(true).unwrap();
            if steps > 0 {
                update.announce().unwrap();
            }
            for change in changes.iter().take(steps.saturating_sub(1)) {
                let step = if change.is_new {
                    update.write_ref(change)
                } else {
                    update.remove_refs(&[&change.name])
                };
                step.unwrap();
            }
            assert_eq!(seen(&repo), before, "{steps}");
            kill(update);
            assert_eq!(seen(&repo), before, "{steps}");
            assert!(!locks(&repo).is_empty());
            next_write(&repo);
            assert_eq!((seen(&repo), repo.git_ok(&["for-each-ref"])), (before, refs), "{steps}");
            assert_eq!(locks(&repo), Vec::<String>::new(), "{steps}");
        }
    }

    #[test]
    fn a_write_that_ends_has_happened_to_all_tags() {
        let repo = filled();
        open(&repo).change_refs(&changes(&repo), None, || Ok(())).unwrap();
        let names: Vec<String> = seen(&repo).into_iter().map(|tag| tag.name).collect();
        assert_eq!(names, ["f/new", "new", "stays"]);
        assert_eq!((repo.tag_names(), locks(&repo)), (names, vec![]));
    }

    #[test]
    fn what_others_did_since_is_not_taken_back() {
        let repo = filled();
        let repository = open(&repo);
        let changes = changes(&repo);
        let mut update = repository.begin(&changes).unwrap();
        update.lock_all(true).unwrap();
        update.announce().unwrap();
        update.change(None).unwrap();
        update.release();
        kill(update);
        repo.pack_refs();
        repo.lightweight("new", "HEAD");
        repo.lightweight("packed", "HEAD");
        next_write(&repo);
        let head = id(&repo.head());
        let tags: Vec<(String, bool)> =
            seen(&repo).into_iter().map(|tag| (tag.name, tag.target == head)).collect();
        let expected =
            [("both", false), ("f/loose", false), ("new", true), ("packed", true), ("stays", false)];
        assert_eq!(tags, expected.map(|(name, is_head)| (name.to_owned(), is_head)));
    }

    /// It was removed twice, the second time perhaps under the feet of the next writer.
    #[test]
    fn whoever_takes_over_removes_what_a_dead_writer_left_and_not_what_comes_after() {
        let repo = filled();
        let repository = open(&repo);
        kill(repository.begin(&changes(&repo)).unwrap());
        let Found::Left(record) = unfinished::find(repository.common_dir()).unwrap() else {
            panic!("its writer is dead")
        };
        let mut update = Update { repository: &repository, record, locks: Vec::new() };
        update.record.remove().unwrap();
        let next = repository.begin(&changes(&repo)).unwrap();
        drop(update);
        assert!(repository.own_lock().is_file());
        drop(next);
        assert!(!repository.own_lock().exists());
    }

    #[test]
    fn a_write_that_begins_and_ends_during_a_look_is_seen_whole_or_not_at_all() {
        const WRITES: usize = 40;
        let repo = filled();
        let target = id(&repo.head());
        let fill: Vec<String> = (0..400).map(|n| format!("create refs/tags/m#a{n} {target}\n")).collect();
        repo.git_stdin(&["update-ref", "--stdin"], fill.concat().as_bytes());
        std::thread::scope(|scope| {
            let path = repo.path();
            let writer = scope.spawn(move || {
                let repository = Repository::discover(path).unwrap();
                for n in 0..WRITES {
                    let new = [format!("m#z{n}"), format!("m@v{n}")];
                    let new = new.map(|name| RefChange { name, target, is_new: true });
                    repository.change_refs(&new, None, || Ok(())).unwrap();
                    sleep(Duration::from_millis(20));
                }
            });
            let repository = Repository::discover(path).unwrap();
            while !writer.is_finished() {
                let tags = repository.tag_refs_with(&["m#", "m@"]).unwrap().refs;
                let count = |prefix: &str| tags.iter().filter(|tag| tag.name.starts_with(prefix)).count();
                assert_eq!(count("m#z"), count("m@"));
            }
            writer.join().unwrap();
        });
        assert_eq!(open(&repo).tag_refs("m@").unwrap().refs.len(), WRITES);
    }

    #[test]
    fn a_record_that_is_damaged_is_dropped_and_locks_of_others_stay() {
        for text in ["", "gto write 1 x\ncreate 12", "gto write 1 x\ncreate 12 ../../config\nend\n"] {
            for file in ["undo", "lock"] {
                let repo = filled();
                let before = seen(&repo);
                fs::create_dir_all(repo.git_dir().join("gto")).unwrap();
                fs::write(repo.git_dir().join("gto").join(file), text).unwrap();
                fs::write(repo.git_dir().join("refs/tags/new.lock"), text).unwrap();
                assert_eq!(seen(&repo), before);
                next_write(&repo);
                assert_eq!((seen(&repo), locks(&repo)), (before, vec!["refs/tags/new.lock".to_owned()]));
            }
        }
    }

    #[test]
    fn what_another_version_left_half_done_is_left_to_it() {
        let repo = filled();
        let undo = repo.git_dir().join("gto/undo");
        fs::create_dir_all(repo.git_dir().join("gto")).unwrap();
        fs::write(&undo, "gto write 2 x\nmove a b\nend\n").unwrap();
        let error = open(&repo).finish_others().unwrap_err();
        let causes = format!("{error:?}");
        assert!(causes.contains("another version of gto"), "{causes}");
        assert!(undo.is_file());
    }

    #[test]
    fn another_writer_is_waited_for() {
        let repo = filled();
        let repository = open(&repo);
        let update = repository.begin(&changes(&repo)).unwrap();
        std::thread::scope(|scope| {
            let path = repo.path();
            let other = scope.spawn(|| Repository::discover(path).unwrap().finish_others().unwrap());
            sleep(Duration::from_millis(50));
            assert!(!other.is_finished());
            drop(update);
            other.join().unwrap();
        });
    }

    #[test]
    fn locks_are_waited_for_as_long_as_git_is_told_to() {
        let repo = Repo::new();
        let patience = || open(&repo).patience("core.filesRefLockTimeout");
        assert_eq!(patience(), PATIENCE);
        for (value, expected) in [("250", Duration::from_millis(250)), ("0", Duration::ZERO), ("-1", FOREVER)]
        {
            repo.git_ok(&["config", "core.filesRefLockTimeout", value]);
            assert_eq!(patience(), expected, "{value}");
        }
    }

    /// In a shared repository git changes the refs, one after the other.
    #[test]
    fn what_git_does_to_several_refs_is_taken_back_too() {
        let repo = filled();
        repo.git_ok(&["config", "core.sharedRepository", "group"]);
        let before = seen(&repo);
        let failed = open(&repo).recorded(&changes(&repo), || {
            repo.git_ok(&["tag", "-d", "packed"]);
            repo.git_ok(&["tag", "new", "stays"]);
            assert_eq!(seen(&repo), before);
            Err(ApplyError::EmptyTagger)
        });
        assert!(failed.is_err());
        assert_eq!((seen(&repo), locks(&repo)), (before, vec![]));
        assert_eq!(repo.tag_names(), ["both", "f/loose", "packed", "stays"]);
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
