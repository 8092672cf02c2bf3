//! Putting the files of a version where they are wanted.
//!
//! Owns what is there already and what is in the way, and that a file gets its name when all are whole and on the disk. Nothing is
//! written outside the target and the folder beside it in which files wait.

mod compare;
mod publish;
mod run;
mod staging;
mod sync;

pub use run::GetOptions;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use gto::Registry;

use crate::content::Contents;
use crate::error::{Error, Result};
use crate::listing::Listing;
use crate::parallel;
use crate::transfer::Transfer;
use crate::version_file::{Content, VersionFile};
use compare::{exists, look};
use publish::{make_executable, make_folders, make_link};
use run::{Run, Todo};
use staging::Staging;

/// How often another run may be done with the target just before this one begins.
const TRIES: usize = 10;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The file, or the folder with the files.
    pub target: PathBuf,
    /// How many files were written; with `dry_run`, how many would be.
    pub written: usize,
    /// Their size; `None` with `dry_run`, if that is known only when they are got.
    pub bytes: Option<u64>,
    /// How many files were there already, and the same.
    pub kept: usize,
    /// Files in the target that are not of this version.
    pub others: usize,
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
    let contents = Contents::new(registry, listing);
    let run = Run { contents, target: &target, options };
    for _ in 0..TRIES {
        let was_there = exists(&target)?;
        let todo = run.compare()?;
        let sizes = || todo.write.iter().map(|file| file.size);
        let is_to_write = !options.dry_run && (!todo.write.is_empty() || !was_there);
        let is_whole = todo.write.len() == run.listing().files.len();
        let unsized_bytes = run.listing().unsized_bytes.filter(|_| is_whole).unwrap_or_default();
        transfer.expect(todo.write.len(), sizes().flatten().fold(unsized_bytes, u64::saturating_add));
        if !is_to_write || run.write(&todo, was_there, transfer)? {
            if !is_to_write && !options.dry_run {
                Staging::remove_left(&target);
            }
            let bytes = if options.dry_run { sum(sizes()) } else { Some(transfer.progress().bytes) };
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
    io::copy(&mut open(registry, listing, file)?, to).map_err(Error::Output)?;
    Ok(())
}

/// The content of one file, to be read from its beginning. It waits in a file without a name, since what is handed out cannot be taken
/// back: it is checked before.
///
/// # Errors
/// Why it cannot be got.
pub fn open(registry: &Registry, listing: &Listing, file: &VersionFile) -> Result<File> {
    if let Content::Link(target) = &file.content {
        let (path, target) = (file.path.to_string(), crate::text::shown(target));
        return Err(Error::Link { path, target, reason: "and has no content of its own" });
    }
    let waiting = std::env::temp_dir();
    let mut content = tempfile::tempfile().map_err(Error::write(&waiting))?;
    Contents::new(registry, listing)
        .write(file, &mut content, &Transfer::default())
        .map_err(Error::write(&waiting))??;
    io::Seek::rewind(&mut content).map_err(Error::write(waiting))?;
    Ok(content)
}

/// The sum of sizes, all of which a commit may make up; `None` if one is not known.
fn sum(mut sizes: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    sizes.try_fold(0, |sum: u64, size| Some(sum.saturating_add(size?)))
}

/// The file, or the folder with the files.
fn target_of(listing: &Listing, wanted: &Path) -> PathBuf {
    // A name with a separator at its end is that of a folder, which may be new.
    let is_named_folder = wanted.as_os_str().as_encoded_bytes().last().is_some_and(|last| *last == b'/');
    if listing.is_folder || !(is_named_folder || wanted.is_dir()) {
        return wanted.to_owned();
    }
    // Of an artifact that is a file, the one file has the name.
    listing.files.first().map_or_else(|| wanted.to_owned(), |file| file.path.below(wanted))
}

impl Run<'_> {
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
        if !staging.is_new {
            staging.keep_only(&paths)?;
        }
        make_folders(&files, &todo.write)?;
        parallel::for_each(&todo.write, self.options.jobs, |file| self.stage(file, &staging, transfer))?;
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
    fn stage(&self, file: &VersionFile, staging: &Staging, transfer: &Transfer) -> Result<()> {
        let path = file.path.below(&staging.files());
        if matches!(file.content, Content::Link(_)) {
            return Ok(());
        }
        if !staging.is_new
            && let Some(found) = look(&path)?
            && self.contents.is_at(file, &path).map_err(Error::write(&path))?
        {
            transfer.found(found.len());
            transfer.got();
            return Ok(());
        }
        let open = || File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut to = open().map_err(Error::write(&path))?;
        self.contents.write(file, &mut to, transfer).map_err(Error::write(&path))??;
        if file.executable {
            make_executable(&to).map_err(Error::write(&path))?;
        }
        transfer.got();
        Ok(())
    }
}
