//! Locks on refs: the files that git looks for too, such as `refs/tags/x.lock`.
//!
//! Takes and releases locks, defines their contents, and finds stale ones. Must not change refs.
//!
//! A lock records its holder and start time. It is a link to a file in the folder `gto` that also lists the refs: with
//! it the next gto finds all locks of one that was killed. Nothing else is read from that file.
//!
//! A lock is dead if its process cannot be alive: it held the system's lock that we hold now (`lock`), on this machine since
//! its last start; or the lock is older than that start, on a file system that no other machine writes to. Age alone says
//! nothing. What is not known to be dead stays, for a person to remove.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gix::bstr::ByteSlice as _;
use tempfile::NamedTempFile;

use crate::git::durable::create_folders;
use crate::git::own_folder::{follow_mode, make_folder, remove_leftovers};
use crate::git::refs::edit::ApplyError;
use crate::git::refs::machine::{boot_id, booted, is_local};
use crate::git::refs::system_lock::SystemLock;
use crate::git::refs::{TAGS, is_valid_tag_name};
use crate::git::{GitError, RefStorage, Repository};
use crate::time::Timestamp;
use crate::waiting::Waiting;

/// The first line of a lock.
const MAGIC: &str = "gto lock 1";

/// The first line of the journals that versions in development kept.
const OLD_MAGIC: &str = "gto write 1 ";

/// How the name of the file begins that the locks of one write are links to.
const LIST: &str = "locks-";

/// How the name of the file begins that becomes a ref.
pub(in crate::git) const VALUE: &str = "ref-";

/// How its name and those of other temporary files end.
pub(in crate::git) const TEMPORARY: &str = ".tmp";

/// Maximum length of a lock's text before its list of refs.
const MAX_HEAD: u64 = 1024;

/// Maximum length of such a list: half a million tags.
const MAX_LIST: u64 = 64 * 1024 * 1024;

/// Temporary files that are older belong to no process.
pub(in crate::git) const LEFTOVER_AGE: Duration = Duration::from_secs(60 * 60);

/// Where nothing is configured, how long to wait for a lock, as git does for `packed-refs`.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait for another gto where a lock of Git's is all that keeps it out.
const PATIENCE_WITH_OURS: Duration = Duration::from_secs(60);

/// Git waits indefinitely if its configuration has a number below zero; here it is a day.
const LONGEST_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How much older than the start of the machine a lock must be: clocks are set while it starts.
const BOOT_MARGIN: Duration = Duration::from_secs(60);

/// Git holds its locks for less than this.
const SHORT: Duration = Duration::from_secs(60);

/// A lock file in the way.
#[derive(Debug, thiserror::Error)]
pub(crate) struct HeldLock {
    pub path: PathBuf,
    /// `process 17 since 2026-11-24T10:00:00`, if recorded.
    pub holder: Option<String>,
}

impl fmt::Display for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the lock file `{}` is there", self.path.display())?;
        self.holder.as_ref().map_or(Ok(()), |holder| write!(f, ", of a gto: {holder}"))
    }
}

impl HeldLock {
    pub fn at(path: PathBuf) -> Self {
        let holder = Lock::read(&path).ok().and_then(|lock| lock.holder());
        Self { path, holder }
    }
}

/// A lock that was left behind, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftLock {
    pub path: PathBuf,
    /// As in [`HeldLock`].
    pub holder: Option<String>,
    /// Whether the next gto that writes removes it.
    pub is_dead: bool,
}

/// The locks of one write. Dropped, it gives them back.
pub(in crate::git) struct RefLocks<'a> {
    repository: &'a Repository,
    list: Option<NamedTempFile>,
    head: Vec<u8>,
    taken: Vec<PathBuf>,
}

impl<'a> RefLocks<'a> {
    /// Prepares to lock these tags, and removes what dead writers left.
    pub fn begin(repository: &'a Repository, names: &[&str]) -> io::Result<Self> {
        let folder = make_folder(repository.common_dir())?;
        repository.remove_dead(&folder);
        let mut list = tempfile::Builder::new().prefix(LIST).suffix(TEMPORARY).tempfile_in(folder)?;
        let name = list.path().file_name().unwrap_or_default().to_string_lossy();
        let head = head(repository.has_system_lock(), repository.environment.now(), &name);
        follow_mode(&repository.common_dir().join("HEAD"), list.path());
        list.write_all(&[&head, names.join("\n").as_bytes()].concat())?;
        Ok(Self { repository, list: Some(list), head, taken: Vec::new() })
    }

    /// Locks a tag, or waits until it can.
    pub fn take_tag(&mut self, name: &str) -> Result<(), ApplyError> {
        let patience = self.repository.patience("core.filesRefLockTimeout");
        self.take(&self.repository.loose_path(name), patience)
    }

    /// Locks `packed-refs`, which git does after the refs. Where the system has no locks, it keeps writers apart too.
    pub fn take_packed_refs(&mut self) -> Result<(), ApplyError> {
        let patience = self.repository.patience("core.packedRefsTimeout");
        let is_all = self.repository.system_lock() == SystemLock::Unsupported;
        let patience = if is_all { patience.max(PATIENCE_WITH_OURS) } else { patience };
        self.take(&self.repository.packed_path(), patience)
    }

    fn take(&mut self, file: &Path, patience: Duration) -> Result<(), ApplyError> {
        let lock = lock_of(file);
        let mut waiting = Waiting::begin();
        loop {
            let error = match self.make(&lock) {
                Ok(()) => {
                    self.taken.push(lock);
                    return Ok(());
                }
                Err(error) => error,
            };
            match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    if !self.repository.remove_if_dead(&lock) && !waiting.goes_on(patience) {
                        return Err(ApplyError::Locked { source: HeldLock::at(lock).into() });
                    }
                }
                // Others remove folders that have become empty: it may take more than one attempt.
                io::ErrorKind::NotFound if waiting.elapsed() < PATIENCE => {
                    let folder = file.parent().unwrap_or(file);
                    create_folders(folder).map_err(|error| self.repository.disk_error(folder, error))?;
                }
                _ => return Err(self.repository.disk_error(&lock, error)),
            }
        }
    }

    /// Creates a lock that records its holder from the start or, where hard links do not work, immediately afterwards.
    fn make(&self, lock: &Path) -> io::Result<()> {
        use io::ErrorKind::{AlreadyExists, NotADirectory, NotFound};
        let linked = match &self.list {
            Some(list) => fs::hard_link(list.path(), lock),
            None => Err(io::ErrorKind::Unsupported.into()),
        };
        match linked {
            Err(error) if !matches!(error.kind(), AlreadyExists | NotADirectory | NotFound) => {
                let mut file = OpenOptions::new().write(true).create_new(true).open(lock)?;
                file.write_all(&self.head).inspect_err(|_| drop(fs::remove_file(lock)))
            }
            result => result,
        }
    }
}

impl Drop for RefLocks<'_> {
    fn drop(&mut self) {
        let tags = self.repository.common_dir().join(TAGS);
        let mut is_left = false;
        for lock in &self.taken {
            is_left |= fs::remove_file(lock).is_err_and(|error| !is_absence(&error));
            // The folder goes with the last ref in it. Those that are not empty stay.
            let folders =
                lock.ancestors().skip(1).take_while(|folder| folder.starts_with(&tags) && *folder != tags);
            let _ = folders.map(fs::remove_dir).take_while(io::Result::is_ok).count();
        }
        // For the next writer to find them.
        if is_left && let Some(list) = self.list.take() {
            let _ = list.keep();
        }
    }
}

/// A lock file as it was found.
struct Lock {
    /// Its text before its list of refs.
    head: Vec<u8>,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Lock {
    fn read(path: &Path) -> io::Result<Self> {
        // Opening something else could block indefinitely.
        if !fs::symlink_metadata(path)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let file = File::open(path)?;
        let found = file.metadata()?;
        let mut head = Vec::new();
        file.take(MAX_HEAD).read_to_end(&mut head)?;
        if let Some(end) = head.find(b"\n\n") {
            head.truncate(end + 2);
        }
        Ok(Self {
            head,
            modified: found.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt as _;
                (found.dev(), found.ino())
            },
        })
    }

    /// The value of a line `NAME VALUE`, if a gto wrote it.
    fn value(&self, name: &str) -> Option<&str> {
        let text = self.head.to_str().ok()?.strip_prefix(MAGIC)?;
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    }

    fn holder(&self) -> Option<String> {
        let since = self.value("since")?.split(' ').next()?;
        let words = format!("process {} since {since}", self.value("process")?);
        words.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ').then_some(words)
    }

    /// Whether the process that made it cannot be alive.
    fn is_dead(&self, path: &Path, has_system_lock: bool) -> bool {
        match self.value("machine") {
            Some(machine) if Some(machine) == boot_id() => {
                has_system_lock && self.value("system-lock") == Some("held")
            }
            _ => self.is_older_than_boot() && is_local(path),
        }
    }

    fn is_older_than_boot(&self) -> bool {
        let times = self.modified.zip(booted());
        times.is_some_and(|(modified, booted)| {
            booted.duration_since(modified).is_ok_and(|age| age > BOOT_MARGIN)
        })
    }

    #[cfg(unix)]
    fn is_same_file(&self, other: &Self) -> bool {
        self.inode == other.inode && self.head == other.head && self.modified == other.modified
    }

    #[cfg(not(unix))]
    fn is_same_file(&self, other: &Self) -> bool {
        self.head == other.head && self.modified == other.modified
    }
}

impl Repository {
    /// Removes a stale lock. Returns whether it is gone.
    pub(in crate::git) fn remove_if_dead(&self, lock: &Path) -> bool {
        let Ok(found) = Lock::read(lock) else { return false };
        let is_dead = found.is_dead(lock, self.has_system_lock());
        // Another may have taken its place meanwhile.
        let is_still_there = || Lock::read(lock).is_ok_and(|now| now.is_same_file(&found));
        is_dead && is_still_there() && fs::remove_file(lock).is_ok()
    }

    /// Removes the locks of writers that were killed, and all else that they left in the folder `gto`.
    /// Until when a temporary file must have been changed last to be nobody's; `None` if all are, since no other gto writes.
    pub(in crate::git) fn leftovers_before(&self) -> Option<SystemTime> {
        let old = || self.environment.system_time().checked_sub(LEFTOVER_AGE);
        (!self.has_system_lock()).then(|| old().unwrap_or(SystemTime::UNIX_EPOCH))
    }

    fn remove_dead(&self, folder: &Path) {
        let has_system_lock = self.has_system_lock();
        remove_leftovers(folder, VALUE, self.leftovers_before());
        if !has_system_lock {
            return;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_name().to_str() {
                Some(name) if name.starts_with(LIST) && name.ends_with(TEMPORARY) => self.remove_list(&path),
                Some("lock" | "undo") => self.remove_journal(&path),
                Some("done" | "new") => drop(fs::remove_file(&path)),
                _ => {}
            }
        }
        remove_guards(&self.common_dir().join("refs").join("gto"));
    }

    /// Removes the locks that a dead writer listed, and the list.
    fn remove_list(&self, path: &Path) {
        let Ok(list) = Lock::read(path) else { return };
        // Before it is written there is no lock.
        if !list.head.ends_with(b"\n\n") {
            let _ = fs::remove_file(path);
        }
        if !list.is_dead(path, true) {
            return;
        }
        let text = read(path);
        let names =
            text.get(list.head.len()..).unwrap_or_default().lines().filter_map(|name| name.to_str().ok());
        let files = names.filter(|name| is_valid_tag_name(name)).map(|name| self.loose_path(name));
        for lock in files.chain([self.packed_path()]).map(|file| lock_of(&file)) {
            if Lock::read(&lock).is_ok_and(|lock| lock.head == list.head) {
                let _ = fs::remove_file(lock);
            }
        }
        let _ = fs::remove_file(path);
    }

    /// Removes a journal of a version in development, and its locks, which have its content.
    fn remove_journal(&self, path: &Path) {
        let text = read(path);
        if !text.starts_with(OLD_MAGIC.as_bytes()) {
            return;
        }
        let names = text.lines().filter_map(|line| line.to_str().ok()?.split(' ').nth(2));
        let files = names.filter(|name| is_valid_tag_name(name)).map(|name| self.loose_path(name));
        for lock in files.chain([self.packed_path()]).map(|file| lock_of(&file)) {
            if read(&lock) == text {
                let _ = fs::remove_file(lock);
            }
        }
        let _ = fs::remove_file(path);
    }

    /// The locks of tags that seem to have been left behind.
    pub fn left_locks(&self) -> Vec<LeftLock> {
        if self.refs == RefStorage::Reftable {
            return Vec::new();
        }
        let _alone = self.lock_if_free();
        let mut locks = vec![lock_of(&self.packed_path())];
        let mut folders = vec![self.common_dir().join(TAGS)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(_) if entry.path().extension() == Some("lock".as_ref()) => locks.push(entry.path()),
                    _ => {}
                }
            }
        }
        locks.sort_unstable();
        let now = self.environment.system_time();
        let left = |path: PathBuf| {
            let lock = Lock::read(&path).ok()?;
            let is_dead = lock.is_dead(&path, self.has_system_lock());
            let is_old = now.duration_since(lock.modified?).is_ok_and(|age| age > SHORT);
            (is_dead || is_old).then(|| LeftLock { holder: lock.holder(), path, is_dead })
        };
        locks.into_iter().filter_map(left).collect()
    }

    /// How long to wait for a lock, by a key of the configuration that holds milliseconds: see git-config(1).
    fn patience(&self, key: &str) -> Duration {
        match self.gix().config_snapshot().integer(key) {
            Some(milliseconds) => u64::try_from(milliseconds).map_or(LONGEST_PATIENCE, Duration::from_millis),
            None => PATIENCE,
        }
    }

    /// Where the loose ref of a tag is.
    pub(in crate::git) fn loose_path(&self, name: &str) -> PathBuf {
        self.common_dir().join(TAGS).join(name)
    }

    /// Where `packed-refs` really is.
    pub(in crate::git) fn packed_path(&self) -> PathBuf {
        let path = self.common_dir().join("packed-refs");
        path.canonicalize().unwrap_or(path)
    }

    pub(in crate::git) fn disk_error(&self, path: &Path, source: io::Error) -> ApplyError {
        let kind = source.kind();
        let error = DiskError { path: path.to_owned(), source };
        match kind {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                self.permission_denied(error)
            }
            _ => GitError::failed("update the tags", error).into(),
        }
    }
}

/// The file at which the system refused.
#[derive(Debug, thiserror::Error)]
#[error("`{}`", path.display())]
struct DiskError {
    path: PathBuf,
    source: io::Error,
}

/// Removes the refs `refs/gto/NAME@write` that versions in development kept for each push.
fn remove_guards(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => remove_guards(&entry.path()),
            Ok(kind) if kind.is_file() && entry.file_name().to_string_lossy().ends_with("@write") => {
                let _ = fs::remove_file(entry.path());
            }
            _ => {}
        }
    }
    let _ = fs::remove_dir(folder);
}

/// What the locks of this write say; no two writes say the same.
fn head(has_system_lock: bool, now: Timestamp, list: &str) -> Vec<u8> {
    let since = Timestamp::new(now.seconds(), 0).map(Timestamp::iso).unwrap_or_default();
    let (machine, process) = (boot_id().unwrap_or("unknown"), std::process::id());
    let system_lock = if has_system_lock { "held" } else { "none" };
    format!(
        "{MAGIC}\nmachine {machine}\nprocess {process}\nsince {since} {list}\nsystem-lock {system_lock}\n\n"
    )
    .into_bytes()
}

/// The text of a file; empty if it is not a regular file.
fn read(path: &Path) -> Vec<u8> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let mut text = Vec::new();
    if is_file && let Ok(file) = File::open(path) {
        let _ = file.take(MAX_LIST).read_to_end(&mut text);
    }
    text
}

/// `x.lock`, as git has it.
pub(in crate::git) fn lock_of(file: &Path) -> PathBuf {
    let mut lock = file.as_os_str().to_owned();
    lock.push(".lock");
    lock.into()
}

/// Whether there is no such file.
pub(in crate::git) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
