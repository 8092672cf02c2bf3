//! Putting the files of a version where they are wanted.
//!
//! Owns what is there already and what is in the way, and that a file gets its name when all are whole and on the disk. Nothing is
//! written outside the target and the folder beside it in which files wait.

mod staging;
mod sync;

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use gto::Registry;

use crate::content::Contents;
use crate::error::{Error, Result};
use crate::listing::Listing;
use crate::parallel;
use crate::transfer::Transfer;
use crate::version_file::{Content, VersionFile};
use staging::Staging;

/// How often another run may be done with the target just before this one begins.
const TRIES: usize = 10;

/// How files are got.
#[derive(Debug, Clone)]
pub struct GetOptions {
    /// Where they go, absolute: the file, or the folder with the files. If the artifact is a file and this is a folder, the file goes
    /// into it.
    pub target: PathBuf,
    /// Whether files that differ are replaced.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// How many files are got at once.
    pub jobs: usize,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The file, or the folder with the files.
    pub target: PathBuf,
    /// How many files were written; with `dry_run`, how many would be.
    pub written: usize,
    /// Their size, as far as it is known before they are got.
    pub bytes: u64,
    /// How many files were there already, and the same.
    pub kept: usize,
    /// Files in the target that are not of this version.
    pub others: usize,
}

/// What is to be done with each file.
struct Todo<'l> {
    write: Vec<&'l VersionFile>,
    kept: usize,
    others: usize,
}

/// Gets the files of a version.
///
/// # Errors
/// Why they are not there. Then no file has its final name that was not whole, and the next run goes on.
pub fn get(
    registry: &Registry,
    listing: &mut Listing,
    options: &GetOptions,
    transfer: &Transfer,
) -> Result<Got> {
    let target = target_of(listing, &options.target);
    if !options.dry_run {
        listing.fetch_blobs(registry)?;
    }
    let contents = Contents { registry, listing };
    let run = Run { contents, target: &target, options };
    for _ in 0..TRIES {
        let was_there = exists(&target)?;
        let todo = run.compare()?;
        let bytes = todo.write.iter().filter_map(|file| file.size).sum();
        let is_to_write = !options.dry_run && (!todo.write.is_empty() || !was_there);
        transfer.expect(todo.write.len(), bytes);
        if !is_to_write || run.write(&todo, was_there, transfer)? {
            let Todo { write, kept, others } = todo;
            return Ok(Got { written: write.len(), bytes, kept, others, target });
        }
    }
    Err(Error::Busy { target })
}

/// Writes the content of one file.
///
/// # Errors
/// Why it cannot be got, or [`Error::Output`].
pub fn cat(registry: &Registry, listing: &Listing, file: &VersionFile, to: &mut dyn io::Write) -> Result<()> {
    if let Content::Link(target) = &file.content {
        let (path, target) = (file.path.to_string(), crate::text::shown(target));
        return Err(Error::Link { path, target, reason: "and has no content of its own" });
    }
    // What is printed cannot be taken back: it is checked before.
    let waiting = std::env::temp_dir();
    let mut content = tempfile::tempfile().map_err(Error::write(&waiting))?;
    let contents = Contents { registry, listing };
    contents.write(file, &mut content, &|_| {}).map_err(Error::write(waiting))??;
    io::Seek::rewind(&mut content).map_err(Error::Output)?;
    io::copy(&mut content, to).map_err(Error::Output)?;
    Ok(())
}

/// The file, or the folder with the files.
fn target_of(listing: &Listing, wanted: &Path) -> PathBuf {
    if listing.is_folder || !wanted.is_dir() {
        return wanted.to_owned();
    }
    // Of an artifact that is a file, the one file has the name.
    listing.files.first().map_or_else(|| wanted.to_owned(), |file| file.path.below(wanted))
}

fn exists(path: &Path) -> Result<bool> {
    Ok(look(path)?.is_some())
}

/// What is at a path, a link itself.
fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::write(path)(error)),
    }
}

/// One run.
struct Run<'a> {
    contents: Contents<'a>,
    target: &'a Path,
    options: &'a GetOptions,
}

impl<'a> Run<'a> {
    fn listing(&self) -> &'a Listing {
        self.contents.listing
    }

    /// Where a file goes.
    fn place(&self, file: &VersionFile) -> PathBuf {
        if self.listing().is_folder { file.path.below(self.target) } else { self.target.to_owned() }
    }

    /// Finds what is there already, and what is in the way.
    fn compare(&self) -> Result<Todo<'a>> {
        let files = &self.listing().files;
        if self.listing().is_folder
            && let Some(found) = look(self.target)?
            && !self.target.is_dir()
        {
            let reason = if found.is_symlink() {
                "is a link that leads to no folder"
            } else {
                "is a file, and the artifact is a folder"
            };
            return Err(Error::InTheWay { path: self.target.to_owned(), reason });
        }
        let (same, differ) = (Mutex::new(HashSet::new()), Mutex::new(BTreeSet::new()));
        let note = |set: &Mutex<BTreeSet<String>>, file: &VersionFile| {
            set.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.as_str().to_owned());
        };
        parallel::for_each(files, self.options.jobs, |file| {
            let place = self.place(file);
            if self.is_through_link(file)? {
                note(&differ, file);
                return Ok(());
            }
            let Some(found) = look(&place)? else { return Ok(()) };
            if found.is_dir() {
                return Err(Error::InTheWay {
                    path: place,
                    reason: "is a folder, and the artifact has a file there",
                });
            }
            if self.contents.is_at(file, &place).map_err(Error::write(place))? {
                same.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.clone());
            } else {
                note(&differ, file);
            }
            Ok(())
        })?;
        let same = same.into_inner().unwrap_or_else(PoisonError::into_inner);
        let differ = differ.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !differ.is_empty() && !self.options.force {
            let differ = if self.listing().is_folder { differ.into_iter().collect() } else { Vec::new() };
            return Err(Error::Exists {
                target: self.target.to_owned(),
                what: self.listing().name(),
                differ,
            });
        }
        let write = files.iter().filter(|file| !same.contains(&file.path)).collect();
        Ok(Todo { write, kept: same.len(), others: self.others() })
    }

    /// Whether a folder of the target that the file goes into is a link, which may lead anywhere.
    fn is_through_link(&self, file: &VersionFile) -> Result<bool> {
        if !self.listing().is_folder {
            return Ok(false);
        }
        for folder in file.path.folders() {
            match look(&self.target.join(folder))? {
                Some(found) if found.is_symlink() => return Ok(true),
                Some(found) if !found.is_dir() => {
                    let path = self.target.join(folder);
                    return Err(Error::InTheWay {
                        path,
                        reason: "is a file, and the artifact has a folder there",
                    });
                }
                Some(_) => {}
                None => break,
            }
        }
        Ok(false)
    }

    /// The number of files in the target that are not of this version.
    fn others(&self) -> usize {
        if !self.listing().is_folder {
            return 0;
        }
        let ours: HashSet<PathBuf> =
            self.listing().files.iter().map(|file| PathBuf::from(file.path.as_str())).collect();
        let mut others = 0;
        let mut folders = vec![self.target.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let below = path.strip_prefix(self.target).unwrap_or(&path);
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    // A repository, and what waits, are no files of the target.
                    if !matches!(below.to_str(), Some(".git" | ".gto-get")) {
                        folders.push(path);
                    }
                } else if !ours.contains(below) {
                    others += 1;
                }
            }
        }
        others
    }

    /// Writes the files. `false` if another run was done with the target in between, so that nothing was compared with what is there.
    fn write(&self, todo: &Todo<'_>, was_there: bool, transfer: &Transfer) -> Result<bool> {
        if let Some(parent) = self.target.parent() {
            fs::create_dir_all(parent).map_err(Error::write(parent))?;
        }
        let is_folder = self.listing().is_folder && was_there;
        let staging = Staging::open(self.target, is_folder)?;
        if exists(self.target)? != was_there {
            staging.remove();
            return Ok(false);
        }
        let files = staging.files();
        let paths: HashSet<PathBuf> =
            todo.write.iter().map(|file| PathBuf::from(file.path.as_str())).collect();
        staging.keep_only(&paths)?;
        make_folders(&files, &todo.write)?;
        parallel::for_each(&todo.write, self.options.jobs, |file| self.stage(file, &files, transfer))?;
        for file in &todo.write {
            if let Content::Link(target) = &file.content {
                make_link(target, &file.path.below(&files))?;
            }
        }
        sync::files(&files, paths.iter().map(PathBuf::as_path)).map_err(Error::write(&files))?;
        self.publish(todo, &files, is_folder)?;
        staging.remove();
        Ok(true)
    }

    /// Gets one file into the folder where files wait, unless it is there from the last run.
    fn stage(&self, file: &VersionFile, files: &Path, transfer: &Transfer) -> Result<()> {
        let path = file.path.below(files);
        if matches!(file.content, Content::Link(_)) {
            return Ok(());
        }
        if look(&path)?.is_some() && self.contents.is_at(file, &path).map_err(Error::write(&path))? {
            transfer.heard(i64::try_from(file.size.unwrap_or_default()).unwrap_or_default());
            transfer.got();
            return Ok(());
        }
        let open = || File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut to = open().map_err(Error::write(&path))?;
        self.contents.write(file, &mut to, &|bytes| transfer.heard(bytes)).map_err(Error::write(&path))??;
        if file.executable {
            make_executable(&to).map_err(Error::write(&path))?;
        }
        transfer.got();
        Ok(())
    }

    /// Gives the files their names: all at once, where nothing is there yet.
    fn publish(&self, todo: &Todo<'_>, files: &Path, is_folder: bool) -> Result<()> {
        let parent = self.target.parent().unwrap_or(self.target);
        if !self.listing().is_folder {
            let Some(file) = todo.write.first() else { return Ok(()) };
            fs::rename(file.path.below(files), self.target).map_err(Error::write(self.target))?;
            sync::folder(parent);
            return Ok(());
        }
        if !is_folder {
            fs::rename(files, self.target).map_err(Error::write(self.target))?;
            sync::folder(parent);
            return Ok(());
        }
        let mut folders = BTreeSet::from([self.target.to_owned()]);
        for file in &todo.write {
            for folder in file.path.folders() {
                let folder = self.target.join(folder);
                // Without --force, a link would have been in the way.
                if look(&folder)?.is_some_and(|found| found.is_symlink()) {
                    fs::remove_file(&folder).map_err(Error::write(&folder))?;
                }
                if folders.insert(folder.clone()) {
                    fs::create_dir_all(&folder).map_err(Error::write(folder))?;
                }
            }
            let place = self.place(file);
            fs::rename(file.path.below(files), &place).map_err(Error::write(place))?;
        }
        for folder in &folders {
            sync::folder(folder);
        }
        Ok(())
    }
}

/// Makes the folders that files go into. What a last run left there is a file or a folder of ours.
fn make_folders(root: &Path, files: &[&VersionFile]) -> Result<()> {
    let folders: BTreeSet<PathBuf> =
        files.iter().filter_map(|file| file.path.below(root).parent().map(Path::to_owned)).collect();
    for folder in folders {
        fs::create_dir_all(&folder).map_err(Error::write(folder))?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_link(target: &str, path: &Path) -> Result<()> {
    match std::os::unix::fs::symlink(target, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Error::write(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn make_link(target: &str, path: &Path) -> Result<()> {
    let (path, target) = (path.display().to_string(), target.to_owned());
    Err(Error::Link {
        path,
        target,
        reason: "and links are not made on this system: leave it out with --exclude",
    })
}

#[cfg(unix)]
fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    // Whoever may read it may execute it.
    file.set_permissions(fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
fn make_executable(_: &File) -> io::Result<()> {
    Ok(())
}
