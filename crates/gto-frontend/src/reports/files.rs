//! The files of a version, and what became of them.

use gto::Located;
use gto_files::{Got, KeptBy, Listing, VersionFile};
use serde::Serialize;

/// What `gto get --json` and `gto ls --json` print.
#[derive(Debug, Clone, Serialize)]
pub struct FilesReport {
    /// The number of this shape.
    schema: u32,
    #[serde(flatten)]
    located: Located,
    /// The artifact's path, from the root of the repository.
    path: String,
    /// Whether that is a folder.
    folder: bool,
    #[serde(flatten)]
    got: Option<GotReport>,
    files: Vec<FileReport>,
}

/// What was done.
#[derive(Debug, Clone, Serialize)]
struct GotReport {
    target: String,
    dry_run: bool,
    /// How many files were written, or would be, and their size.
    written: usize,
    bytes: Option<u64>,
    /// How many were there already.
    kept: usize,
    /// How many others are in the target.
    others: usize,
}

/// A file.
#[derive(Debug, Clone, Serialize)]
struct FileReport {
    path: String,
    size: Option<u64>,
    kept_by: KeptBy,
    hash: String,
}

impl FilesReport {
    /// The files of a version.
    pub fn listed(listing: &Listing) -> Self {
        let file = |file: &VersionFile| FileReport {
            path: file.path.as_str().to_owned(),
            size: file.size,
            kept_by: file.content.kept_by(),
            hash: file.content.hash(),
        };
        Self {
            schema: 1,
            located: listing.located.clone(),
            path: listing.path.clone(),
            folder: listing.is_folder,
            got: None,
            files: listing.files.iter().map(file).collect(),
        }
    }

    /// The same, with what became of them.
    pub fn got(listing: &Listing, got: &Got, target: &str, dry_run: bool) -> Self {
        let Got { written, bytes, kept, others, .. } = *got;
        let got = GotReport { target: target.to_owned(), dry_run, written, bytes, kept, others };
        Self { got: Some(got), ..Self::listed(listing) }
    }
}
