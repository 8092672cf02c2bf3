//! The record of a write that is going on, so that one that stops anywhere is not half done.
//!
//! Owns three files in the folder `gto`. Must not change refs itself. All say the same: which tags are made and which are
//! deleted. Of the first two at most one is there at a time, and only for as long as refs are being written.
//!
//! - `gto/lock` comes first. The locks on refs, such as `refs/tags/x.lock`, are links to it: the same names that git
//!   looks for, and by their content anybody's who finds them. No ref was changed yet.
//! - `gto/undo` is `gto/lock` renamed, when all refs are locked and found to be as expected, and if there is more than
//!   one to change. While it is there, nothing of it has happened: readers see the tags as they were, and that it goes is
//!   what makes the write true, of all tags at once. A single tag needs none of that: its rename makes it true.
//! - `gto/done` is the last `gto/undo`, renamed. It stays, for readers alone: one that finds another one than before it
//!   looked may have seen a part of a write that began and ended meanwhile, and looks again.
//!
//! A file whose writer is dead is the next writer's to deal with: it takes back what was done, removes the locks, and
//! goes on. What somebody has changed since by hand stays as it is, but for one thing: a tag that the dead writer was to
//! delete and that somebody has deleted meanwhile cannot be told from one that the writer had deleted, and comes back.
//! `gto doctor` tells of such a file. Whether the writer is dead says the system's lock on the file, which goes with its process.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gix::bstr::ByteSlice as _;

use super::refs::is_valid_tag_name;
use super::tag_cache::{follow_mode, make_folder, remove_leftovers};
use super::{TagEdit, TagRef, TagRefs};
use crate::object_id::ObjectId;

/// The first line of a record begins so.
const MAGIC: &str = "gto write 1";

/// The last line of a record: without it, it is none.
const END: &str = "end\n";

/// No record is longer: enough for half a million tags.
const MAX_LEN: u64 = 64 * 1024 * 1024;

/// The first line of a record is shorter.
const MAX_FIRST_LINE: u64 = 128;

/// Where the system has no locks, a writer is taken for dead after this time.
const LONG_AGO: Duration = Duration::from_secs(60);

/// How the temporary file begins that becomes `gto/lock`.
const UNFINISHED: &str = "lock-";

/// Temporary files that are older belong to nobody.
const LEFTOVER_AGE: Duration = Duration::from_secs(60 * 60);

/// One ref in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RefChange {
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

/// A record that this process holds: its own, or that of a dead writer.
#[derive(Debug)]
pub(super) struct Record {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub changes: Vec<RefChange>,
    /// Its bytes, which are those of the locks.
    pub text: Vec<u8>,
    /// Whether it is no longer there: what is at `path` now is somebody else's.
    is_gone: bool,
    /// Keeps the system's lock on it.
    _file: File,
}

/// What there is of another writer's record.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// Its writer is at work.
    Alive,
    /// Its writer is dead, and it is ours now.
    Left(Record),
}

fn lock_path(common_dir: &Path) -> PathBuf {
    common_dir.join("gto").join("lock")
}

fn undo_path(common_dir: &Path) -> PathBuf {
    common_dir.join("gto").join("undo")
}

fn done_path(common_dir: &Path) -> PathBuf {
    common_dir.join("gto").join("done")
}

impl Record {
    /// Writes `gto/lock`; `None` if there is one.
    pub fn begin(common_dir: &Path, changes: Vec<RefChange>) -> io::Result<Option<Self>> {
        let folder = make_folder(common_dir)?;
        remove_leftovers(&folder, UNFINISHED, LEFTOVER_AGE);
        let text = to_text(&changes);
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).suffix(".tmp").tempfile_in(folder)?;
        follow_mode(&common_dir.join("HEAD"), file.path());
        file.write_all(&text)?;
        // Before anybody can see it. Where there are no such locks, its age has to do.
        let _ = file.as_file().try_lock();
        let path = lock_path(common_dir);
        match file.persist_noclobber(&path) {
            Ok(file) => Ok(Some(Self { path, changes, text, is_gone: false, _file: file })),
            Err(error) => match error.error.kind() {
                io::ErrorKind::AlreadyExists => Ok(None),
                io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported => {
                    Self::begin_in_two_steps(path, changes, text)
                }
                _ => Err(error.error),
            },
        }
    }

    /// As [`Record::begin`], where files can neither have two names nor be renamed only if nobody has the new name.
    fn begin_in_two_steps(path: PathBuf, changes: Vec<RefChange>, text: Vec<u8>) -> io::Result<Option<Self>> {
        let mut file = match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            file => file?,
        };
        let _ = file.try_lock();
        file.write_all(&text).inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(Some(Self { path, changes, text, is_gone: false, _file: file }))
    }

    /// Makes it `gto/undo`: from here on it counts.
    pub fn make_undo(&mut self, common_dir: &Path) -> io::Result<()> {
        self.rename(undo_path(common_dir))
    }

    /// Makes it `gto/lock` again: it says no more than which locks there may be.
    pub fn make_lock(&mut self, common_dir: &Path) -> io::Result<()> {
        self.rename(lock_path(common_dir))
    }

    fn rename(&mut self, path: PathBuf) -> io::Result<()> {
        fs::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }

    /// Whether it counts: whether there is something to take back.
    pub fn is_undo(&self, common_dir: &Path) -> bool {
        self.path == undo_path(common_dir)
    }

    /// Whether the file at `path` is a lock of this record.
    pub fn is_lock(&self, path: &Path) -> bool {
        let is_as_long = fs::symlink_metadata(path)
            .is_ok_and(|file| file.is_file() && usize::try_from(file.len()) == Ok(self.text.len()));
        is_as_long && fs::read(path).is_ok_and(|bytes| bytes == self.text)
    }

    /// Removes it, once.
    pub fn remove(&mut self) -> io::Result<()> {
        if !self.is_gone {
            fs::remove_file(&self.path)?;
            self.is_gone = true;
        }
        Ok(())
    }

    /// Makes it `gto/done`: all of it is true now.
    pub fn make_done(&mut self, common_dir: &Path) -> io::Result<()> {
        fs::rename(&self.path, done_path(common_dir))?;
        self.is_gone = true;
        Ok(())
    }
}

/// Which write of several tags was the last: the first line of its record, which is like no other.
pub(super) fn last_done(common_dir: &Path) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    open(&done_path(common_dir)).ok()?.take(MAX_FIRST_LINE).read_to_end(&mut line).ok()?;
    Some(line)
}

/// What another writer left, or is working with: first what counts.
pub(super) fn find(common_dir: &Path) -> io::Result<Found> {
    match find_at(undo_path(common_dir))? {
        Found::Nothing => find_at(lock_path(common_dir)),
        found => Ok(found),
    }
}

/// What is in `gto/undo` now.
pub(super) fn find_undo(common_dir: &Path) -> io::Result<Found> {
    find_at(undo_path(common_dir))
}

fn find_at(path: PathBuf) -> io::Result<Found> {
    let mut file = match open(&path) {
        Err(error) if is_absence(&error) => return Ok(Found::Nothing),
        // NFS gives locks only on what is open for writing.
        file => file.and_then(|file| OpenOptions::new().read(true).write(true).open(&path).or(Ok(file)))?,
    };
    let is_dead = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => file.metadata()?.modified()?.elapsed().is_ok_and(|age| age > LONG_AGO),
    };
    if !is_dead {
        return Ok(Found::Alive);
    }
    let text = read(&mut file)?;
    // Renamed or removed between opening and locking it: its writer was alive. Its content is like no other's.
    if fs::read(&path).ok().as_ref() != Some(&text) {
        return Ok(Found::Alive);
    }
    if is_foreign(&text) {
        return Err(io::Error::other(format!(
            "`{}` is an unfinished write of another version of gto: run that one",
            path.display()
        )));
    }
    // What is damaged was torn by a crash of the system, before any ref was changed; or else nothing can be known.
    let changes = parse(&text).unwrap_or_default();
    Ok(Found::Left(Record { path, changes, text, is_gone: false, _file: file }))
}

/// The changes of a write that was stopped, and that the next one takes back.
pub(super) fn left(common_dir: &Path) -> io::Result<Vec<RefChange>> {
    Ok(match find_undo(common_dir)? {
        Found::Left(record) => record.changes,
        Found::Nothing | Found::Alive => Vec::new(),
    })
}

/// The changes that have not happened, whatever the refs say.
pub(super) fn not_done(common_dir: &Path) -> Vec<RefChange> {
    let Ok(mut file) = open(&undo_path(common_dir)) else { return Vec::new() };
    read(&mut file).ok().and_then(|text| parse(&text)).unwrap_or_default()
}

/// Nothing but a file: opening something else could take for ever.
fn open(path: &Path) -> io::Result<File> {
    let is_file = fs::symlink_metadata(path)?.is_file();
    if is_file { File::open(path) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(MAX_LEN).read_to_end(&mut text)?;
    Ok(text)
}

/// Whether there is no such file.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// No two records are the same: the process and the time are in the first line.
fn to_text(changes: &[RefChange]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut text = format!("{MAGIC} process {} time {}\n", std::process::id(), now.as_nanos());
    for RefChange { name, target, is_new } in changes {
        let verb = if *is_new { "create" } else { "delete" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{verb} {target} {name}");
    }
    text.push_str(END);
    text.into_bytes()
}

/// Whether it is whole and not for this version to understand. To drop it would leave a write half done.
fn is_foreign(text: &[u8]) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with(b"gto write ")
        && !first.starts_with(format!("{MAGIC} ").as_bytes())
        && text.ends_with(END.as_bytes())
}

/// `None` of what is damaged, or was written by another version.
fn parse(text: &[u8]) -> Option<Vec<RefChange>> {
    let (first, rest) = text.to_str().ok()?.split_once('\n')?;
    first.strip_prefix(MAGIC)?.strip_prefix(' ')?;
    let line = |line: &str| {
        let (verb, rest) = line.split_once(' ')?;
        let (id, name) = rest.split_once(' ')?;
        let is_new = match verb {
            "create" => true,
            "delete" => false,
            _ => return None,
        };
        is_valid_tag_name(name).then_some(RefChange {
            name: name.to_owned(),
            target: id.parse().ok()?,
            is_new,
        })
    };
    rest.strip_suffix(END)?.lines().map(line).collect()
}

impl TagRefs {
    /// Makes them what they were before something that has not happened. All tags that begin with one of `prefixes` are
    /// among them.
    pub(super) fn without(&mut self, not_done: &[RefChange], prefixes: &[&str]) {
        let is_asked = |change: &&RefChange| prefixes.iter().any(|prefix| change.name.starts_with(prefix));
        for change in not_done.iter().filter(is_asked) {
            let place = self.refs.binary_search_by(|tag| tag.name.as_bytes().cmp(change.name.as_bytes()));
            match (place, change.is_new) {
                (Ok(at), true) if self.refs[at].target == change.target => drop(self.refs.remove(at)),
                (Err(at), false) => self.refs.insert(at, change.as_ref()),
                _ => {}
            }
        }
    }
}

impl RefChange {
    /// The ref that a new tag has, or a deleted one had.
    pub fn as_ref(&self) -> TagRef {
        TagRef { name: self.name.clone(), target: self.target }
    }
}
