//! One run: what it is about, and what is to be done.

use std::path::{Path, PathBuf};

use crate::content::Contents;
use crate::listing::Listing;
use crate::version_file::VersionFile;

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

/// What is to be done with each file.
pub(super) struct Todo<'l> {
    pub write: Vec<&'l VersionFile>,
    pub kept: usize,
    pub others: usize,
}

/// One run.
pub(super) struct Run<'a> {
    pub contents: Contents<'a>,
    pub target: &'a Path,
    pub options: &'a GetOptions,
}

impl<'a> Run<'a> {
    pub fn listing(&self) -> &'a Listing {
        self.contents.listing
    }

    /// Where a file goes.
    pub fn place(&self, file: &VersionFile) -> PathBuf {
        if self.listing().is_folder { file.path.below(self.target) } else { self.target.to_owned() }
    }
}
