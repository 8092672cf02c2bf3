//! The clones of remote repositories: a bare one for each address, kept for this user.
//!
//! Manages their location, locking, and repair. See `git` for Git's operations. If a clone cannot be stored, a
//! temporary one lives as long as the registry.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::git::{self, Access, Address, Keep, MirrorError, NoAddress, Repository, TagsWanted};
use crate::waiting::Waiting;

/// How long to wait for others: one may be pushing.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a clone may vanish before it is used, since another process clears the cache.
const TRIES: usize = 3;

/// The clone of a remote repository that a registry is read from.
pub(in crate::registry) struct RemoteClone {
    /// The address, as given.
    pub url: String,
    place: Place,
}

enum Place {
    /// It goes when the registry does.
    Temporary { _folder: tempfile::TempDir },
    /// It stays.
    Kept(Locks),
}

/// The locks of a clone, between processes and between the registries of one process.
struct Locks {
    /// Shared by all who have the clone open: nobody else puts another one in its place then, nor removes it.
    open: Lock,
    /// For those who compare the clone with its remote, shared, and for those who fetch or write, alone. It is held for no
    /// longer than that: a registry that stays open keeps nobody from either. Those who only read need none, as in any
    /// repository.
    turn: Lock,
}

/// A lock of the system on a file. It goes with the process however that ends.
struct Lock {
    file: File,
    path: PathBuf,
}

/// While it exists, nobody else fetches into the clone, writes to it, or compares it with its remote.
pub(in crate::registry) struct ExclusiveAccess {
    turn: Option<Lock>,
}

/// A clone that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptClone {
    /// The URL, without credentials.
    pub url: String,
    /// Whether it has only some tags and their commits, for pipelines.
    pub has_only_tags: bool,
    /// The folder.
    pub path: PathBuf,
    /// The size of its files, in bytes.
    pub size: u64,
    /// When it was used last.
    pub last_used: Option<SystemTime>,
}

/// The folder with the clones of this user.
#[derive(Debug, ::core::clone::Clone)]
pub struct KeptClones {
    folder: PathBuf,
    environment: Environment,
}

impl RemoteClone {
    /// A clone of what is at `url`, the same as that is now.
    pub fn open(url: &str, environment: &Environment) -> Result<(Repository, Self)> {
        Self::of_all(url, &[], environment)
    }

    /// The same, for a repository that reaches it with these settings.
    pub fn of_all(
        url: &str,
        settings: &[(String, String)],
        environment: &Environment,
    ) -> Result<(Repository, Self)> {
        Self::made(url, environment, (None, settings), |access| Self::open_or_make(access, environment))
    }

    /// A clone with these tags of what is at `url`, the same as they are there now, and nothing else.
    pub fn of_tags(
        url: &str,
        tags: &TagsWanted,
        settings: &[(String, String)],
        environment: &Environment,
    ) -> Result<(Repository, Self)> {
        let wanted = (Some(tags), settings);
        Self::made(url, environment, wanted, |access| Self::open_or_make(access, environment))
    }

    /// A clone of what is at `url` with its files, to edit them. It goes with the registry.
    pub fn to_edit(url: &str, environment: &Environment) -> Result<(Repository, Self)> {
        Self::made(url, environment, (None, &[]), |access| {
            let folder = temporary_folder()?;
            // In a separate folder, which git creates with the user's umask.
            let repository = access.clone_to_edit(&folder.path().join("clone"))?;
            Ok((repository, Place::Temporary { _folder: folder }))
        })
    }

    fn made(
        url: &str,
        environment: &Environment,
        (tags, settings): (Option<&TagsWanted>, &[(String, String)]),
        make: impl FnOnce(&Access<'_>) -> std::result::Result<(Repository, Place), MirrorError>,
    ) -> Result<(Repository, Self)> {
        let address = address(url, environment).map_err(|error| Error::clone_of(url, &error))?;
        let prompt = environment.variable("GIT_TERMINAL_PROMPT").unwrap_or_else(|| "0".to_owned());
        let silence = environment.git_timeout()?;
        let access = Access { address: &address, prompt: &prompt, silence, environment, tags, settings };
        let (repository, place) = make(&access).map_err(|error| match error {
            MirrorError::NoRoom(folder) => Error::NoRoom { url: address.plain().to_owned(), folder },
            error => Error::clone_of(address.plain(), &error),
        })?;
        Ok((repository, Self { url: url.to_owned(), place }))
    }

    fn open_or_make(
        access: &Access<'_>,
        environment: &Environment,
    ) -> std::result::Result<(Repository, Place), MirrorError> {
        let kept = if environment.keep(|key| git::global_setting(environment, key)) == Keep::Nothing {
            None
        } else {
            KeptClones::of(environment).map_or(Ok(None), |clones| clones.open(access)).transpose()
        };
        kept.unwrap_or_else(|| temporary(access))
    }

    /// The clone that is kept of what is at `url`, as it was left the last time; `None` if there is none, or somebody is
    /// changing it.
    pub fn open_kept(url: &str, environment: &Environment) -> Option<(Repository, Self)> {
        let address = address(url, environment).ok()?;
        if environment.keep(|key| git::global_setting(environment, key)) == Keep::Nothing {
            return None;
        }
        let clones = KeptClones::of(environment)?;
        let folder = clones.folder.join(address.key());
        if !folder.exists() {
            return None;
        }
        let locks = clones.locks(&address.key()).ok()?;
        locks.open.file.try_lock_shared().ok().filter(|()| !locks.open.is_gone())?;
        let silence = environment.git_timeout().ok()?;
        let access =
            Access { address: &address, prompt: "0", silence, environment, tags: None, settings: &[] };
        let repository = access.open(&folder).ok()?;
        Some((repository, Self { url: url.to_owned(), place: Place::Kept(locks) }))
    }

    /// Whether it is there the next time.
    pub fn is_kept(&self) -> bool {
        matches!(self.place, Place::Kept(_))
    }

    /// Waits until nobody else works there: no other process, and no other thread that shares the registry.
    pub fn lock_exclusively(&self) -> Result<ExclusiveAccess> {
        let Place::Kept(locks) = &self.place else { return Ok(ExclusiveAccess { turn: None }) };
        // An open file of its own: two threads with one would both have its lock.
        let own = Lock::open(locks.turn.path.clone());
        let taken = own.and_then(|turn| turn.take(File::try_lock).map(|_| turn));
        let turn = taken.map_err(|source| Error::Locked { source: source.into() })?;
        Ok(ExclusiveAccess { turn: Some(turn) })
    }
}

impl Drop for ExclusiveAccess {
    fn drop(&mut self) {
        // To close it would not do: a process that another thread is just starting has it open until it runs its program.
        if let Some(turn) = &self.turn {
            turn.give_back();
        }
    }
}

impl Locks {
    /// Makes the clone the same as its remote. `false` if others have been at work there for too long.
    fn follow(&self, access: &Access<'_>, folder: &Path) -> std::result::Result<bool, MirrorError> {
        if self.turn.take(File::try_lock_shared).is_err() {
            return Ok(false);
        }
        let compared = access.compare(folder);
        self.turn.give_back();
        let Some(there) = compared? else { return Ok(true) };
        let Ok(had_to_wait) = self.turn.take(File::try_lock) else { return Ok(false) };
        // Those we waited for may have seen something newer than we have.
        let compared = if had_to_wait { access.compare(folder) } else { Ok(Some(there)) };
        let followed = compared.and_then(|there| there.map_or(Ok(()), |there| access.follow(folder, &there)));
        self.turn.give_back();
        followed.map(|()| true)
    }
}

impl Lock {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::options().write(true).create(true).truncate(false).open(&path)?;
        Ok(Self { file, path })
    }

    /// Acquires it once it is free; returns whether it had to wait.
    fn take(&self, lock: impl Fn(&File) -> std::result::Result<(), TryLockError>) -> io::Result<bool> {
        let mut waiting = Waiting::begin();
        let mut had_to_wait = false;
        loop {
            match lock(&self.file) {
                Ok(()) => return Ok(had_to_wait),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if waiting.goes_on(PATIENCE) => had_to_wait = true,
                Err(TryLockError::WouldBlock) => {
                    let message = "another gto has been using the clone for more than a minute";
                    return Err(io::Error::new(io::ErrorKind::TimedOut, message));
                }
            }
        }
    }

    /// Whether its file was removed while we waited: others may have made another one by now.
    fn is_gone(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let id = |file: fs::Metadata| (file.dev(), file.ino());
            self.file.metadata().map(id).ok() != fs::metadata(&self.path).map(id).ok()
        }
        #[cfg(not(unix))]
        false
    }

    fn give_back(&self) {
        // What cannot be given back is given back when the process ends.
        let _ = self.file.unlock();
    }
}

impl KeptClones {
    /// Where they are: in `GTO_CACHE_DIR`, or where this system keeps what can be had again. `None` if there is no such
    /// place.
    pub fn of(environment: &Environment) -> Option<Self> {
        let folder =
            |name: &str| environment.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let ours = || {
            let system = if cfg!(windows) {
                folder("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                folder("HOME").map(|home| home.join("Library/Caches"))
            } else {
                folder("HOME").map(|home| home.join(".cache"))
            };
            Some(folder("XDG_CACHE_HOME").or(system)?.join("gto"))
        };
        let chosen = environment.variable("GTO_CACHE_DIR").filter(|path| !path.is_empty());
        let folder = match chosen {
            Some(path) => environment.absolute(Path::new(&path)).ok()?,
            None => ours()?,
        };
        Some(Self { folder: folder.join("remotes"), environment: environment.clone() })
    }

    /// The folder that they are in, if there are any.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The clones, in the order of their addresses.
    pub fn list(&self) -> Vec<KeptClone> {
        let mut clones: Vec<KeptClone> = self.keys().into_iter().filter_map(|key| self.look(&key)).collect();
        clones.sort_by(|a, b| a.url.cmp(&b.url));
        clones
    }

    /// The clones of what is at `url`: of all of it, and of some tags alone.
    pub fn find(&self, url: &str) -> Vec<KeptClone> {
        let keys = address(url, &self.environment).map(|address| address.keys());
        keys.into_iter().flatten().filter_map(|key| self.look(&key)).collect()
    }

    /// Whether there is a clone of all of what is at `url`.
    pub(in crate::registry) fn has_whole(&self, url: &str) -> bool {
        let address = address(url, &self.environment);
        address.is_ok_and(|address| self.folder.join(address.key()).exists())
    }

    /// Removes the clones, or only that of what is at `url`. How many there were.
    ///
    /// # Errors
    /// [`Error::Cache`] if one cannot be removed, or others have been using it for a minute.
    pub fn clear(&self, url: Option<&str>) -> Result<usize> {
        let keys = match url {
            Some(url) => {
                let keys = |address: Address| address.keys().to_vec();
                address(url, &self.environment).map(keys).unwrap_or_default()
            }
            None => self.keys(),
        };
        let mut removed = 0;
        for key in keys {
            let path = self.folder.join(&key);
            let failed = |source| Error::Cache { path: path.clone(), source };
            if !path.exists() {
                continue;
            }
            let locks = self.locks(&key).map_err(failed)?;
            locks.open.take(File::try_lock).map_err(failed)?;
            self.remove_leftovers(&key);
            remove(&path).map_err(failed)?;
            self.forget(&key, &locks);
            removed += 1;
        }
        Ok(removed)
    }

    /// The clone that is kept, the same as its remote is now; `None` if none can be kept.
    fn open(&self, access: &Access<'_>) -> std::result::Result<Option<(Repository, Place)>, MirrorError> {
        let key = access.key();
        let folder = self.folder.join(&key);
        for _ in 0..TRIES {
            let Ok(locks) = self.locks(&key) else { return Ok(None) };
            if locks.open.take(File::try_lock_shared).is_err() {
                return Ok(None);
            }
            if locks.open.is_gone() {
                continue;
            }
            match locks.follow(access, &folder) {
                Ok(true) => {}
                Ok(false) | Err(MirrorError::Foreign) => return Ok(None),
                Err(error @ (MirrorError::Remote(_) | MirrorError::NoRoom(_) | MirrorError::Git(_))) => {
                    return Err(error);
                }
                Err(MirrorError::Damaged) => {
                    locks.open.give_back();
                    if locks.open.take(File::try_lock).is_err() {
                        return Ok(None);
                    }
                    if locks.open.is_gone() {
                        continue;
                    }
                    let is_kept = self.repair(&key, access).inspect_err(|_| self.forget(&key, &locks))?;
                    locks.open.give_back();
                    // In between others may change it once more: to something newer.
                    if !is_kept || locks.open.take(File::try_lock_shared).is_err() {
                        return Ok(None);
                    }
                }
            }
            if let Ok(repository) = access.open(&folder) {
                return Ok(Some((repository, Place::Kept(locks))));
            }
            // Somebody has just cleared it.
        }
        Ok(None)
    }

    /// Recreates a damaged clone, unless another process has done so while we waited. Returns whether it can be kept.
    fn repair(&self, key: &str, access: &Access<'_>) -> std::result::Result<bool, MirrorError> {
        let folder = self.folder.join(key);
        let there = access.compare(&folder);
        match there.and_then(|there| there.map_or(Ok(()), |there| access.follow(&folder, &there))) {
            Ok(()) => Ok(true),
            Err(MirrorError::Damaged) => self.make(key, access),
            Err(error) => Err(error),
        }
    }

    /// Makes the clone, in place of a damaged one. Whether it can be kept.
    fn make(&self, key: &str, access: &Access<'_>) -> std::result::Result<bool, MirrorError> {
        self.remove_leftovers(key);
        // Under another name, so that an unfinished clone is never used. Only this user can read the folder.
        let prefix = format!("{key}.new-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let Ok(new) = builder.tempdir_in(&self.folder) else { return Ok(false) };
        access.clone_into(new.path())?;
        let (folder, old) = (self.folder.join(key), self.folder.join(format!("{key}.old")));
        let is_gone = !folder.exists() || fs::rename(&folder, &old).is_ok();
        let is_kept = is_gone && fs::rename(new.path(), &folder).is_ok();
        if is_kept {
            // It is not there any more.
            let _ = new.keep();
        }
        let _ = remove(&old);
        Ok(is_kept)
    }

    /// The locks of a clone. That for those who have it open is the note of when it was used last, too.
    fn locks(&self, key: &str) -> io::Result<Locks> {
        make_private_folder(&self.folder)?;
        let lock = |end: &str| Lock::open(self.folder.join(format!("{key}.{end}")));
        let open = lock("lock")?;
        // Only for people who want to know.
        let _ = open.file.set_modified(self.environment.system_time());
        Ok(Locks { open, turn: lock("turn.lock")? })
    }

    /// Removes the locks of a clone that is not there, as of an address that nobody can reach; ours is that on having it open,
    /// alone.
    fn forget(&self, key: &str, locks: &Locks) {
        // On other systems, an open file cannot be distinguished from another one of its name.
        if cfg!(unix) && !self.folder.join(key).exists() {
            for lock in [&locks.turn, &locks.open] {
                // One that stays does no harm.
                let _ = fs::remove_file(&lock.path);
            }
        }
    }

    /// What clones that were killed have left. Their turn is over.
    fn remove_leftovers(&self, key: &str) {
        for name in names(&self.folder) {
            let rest = name.strip_prefix(key);
            if rest.is_some_and(|rest| rest.starts_with(".new-") || rest == ".old") {
                // Whatever stays does no harm.
                let _ = remove(&self.folder.join(name));
            }
        }
    }

    fn keys(&self) -> Vec<String> {
        let is_key = |name: &String| name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        names(&self.folder).into_iter().filter(is_key).collect()
    }

    fn look(&self, key: &str) -> Option<KeptClone> {
        let path = self.folder.join(key);
        if !path.exists() {
            return None;
        }
        let lock = fs::metadata(self.folder.join(format!("{key}.lock")));
        let url = git::url_of(&path);
        let address = url.as_deref().and_then(|url| Address::parse(url).ok());
        Some(KeptClone {
            url: url.unwrap_or_else(|| "(damaged)".to_owned()),
            has_only_tags: address.is_some_and(|address| address.key() != key),
            size: size_of(&path),
            last_used: lock.and_then(|lock| lock.modified()).ok(),
            path,
        })
    }
}

/// The address, which of a bundle is its whole path: a clone outlives the current folder.
fn address(url: &str, environment: &Environment) -> std::result::Result<Address, NoAddress> {
    let path = Path::new(url);
    let path = if git::is_bundle(path) { environment.absolute(path).ok() } else { None };
    Address::parse(path.as_deref().and_then(Path::to_str).unwrap_or(url))
}

/// A clone that goes when the registry does.
fn temporary(access: &Access<'_>) -> std::result::Result<(Repository, Place), MirrorError> {
    let folder = temporary_folder()?;
    access.clone_into(folder.path())?;
    Ok((access.open(folder.path())?, Place::Temporary { _folder: folder }))
}

fn temporary_folder() -> std::result::Result<tempfile::TempDir, MirrorError> {
    let no_folder = |error: io::Error| MirrorError::Remote(error.to_string());
    tempfile::Builder::new().prefix("gto-").tempdir().map_err(no_folder)
}

/// Makes a folder that only this user may look into.
fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes whatever is there.
fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// The names of what is in a folder, as far as they are text.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// The size of all files below. What goes meanwhile has none.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use gto_testkit::{Repo, TagSpec};

    use super::*;
    use crate::rules::Registering;
    use crate::{Author, OpenOptions, Request, Timestamp, WriteOptions};

    /// A registry whose clone of `remote` is kept.
    fn opened(remote: &Repo) -> impl Fn() -> crate::Registry {
        let url = format!("file://{}", remote.path().display());
        let cache = remote.sandbox().path().join("cache").display().to_string();
        let now = Timestamp::new(1_900_000_000, 0).unwrap();
        let environment = Environment::new([("GTO_CACHE_DIR".to_owned(), cache)], now);
        move || OpenOptions::new(environment.clone()).open_url(&url).unwrap()
    }

    /// They shared an open file, and so its lock.
    #[test]
    fn of_threads_that_share_a_registry_one_at_a_time_works_in_its_clone() {
        let remote = Repo::new();
        remote.commit(&[], "first");
        let registry = opened(&remote)();
        let clone = registry.remote.as_ref().unwrap();
        assert!(clone.is_kept());
        let access = clone.lock_exclusively().unwrap();
        thread::scope(|scope| {
            let other = scope.spawn(|| clone.lock_exclusively().map(drop));
            thread::sleep(Duration::from_millis(100));
            assert!(!other.is_finished(), "it waits");
            drop(access);
            other.join().unwrap().unwrap();
        });
    }

    #[test]
    fn registries_of_one_address_in_one_process_do_not_wait_for_each_other() {
        let remote = Repo::new();
        remote.commit(&[], "first");
        remote.tag("m@v1.0.0", "HEAD", &TagSpec::default());
        let open = opened(&remote);
        let begun = Instant::now();
        let (reader, writer) = (open(), open());
        let author = Author {
            name: Some("Ann".to_owned()),
            email: Some("ann@example.com".to_owned()),
            ..Author::default()
        };
        let request = Request::Register {
            artifact: "n".parse().unwrap(),
            revision: "HEAD".to_owned(),
            new: Registering::default(),
            if_changed: false,
            author,
        };
        let written = writer.write(&request, &WriteOptions::default());
        assert_eq!(written.unwrap().applied.pushed, ["n@v0.0.1"]);
        // Nor does a process that comes after the remote has changed, and it is the same clone.
        remote.tag("m@v2.0.0", "HEAD", &TagSpec::default());
        let late = open();
        assert_eq!(late.tag_names().unwrap(), ["m@v1.0.0", "m@v2.0.0", "n@v0.0.1"]);
        assert_eq!(late.git_dir(), reader.git_dir());
        assert_eq!(reader.tag_names().unwrap(), late.tag_names().unwrap());
        assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    }
}
