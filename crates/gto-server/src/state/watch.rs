//! The system's word that refs have changed.
//!
//! It is a hint and no more: where the system says nothing, as on network file systems, the regular looks find it.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// Watches the folders of repositories.
pub struct Watch {
    watcher: RecommendedWatcher,
    /// By folder: two repositories may share one, as worktrees do.
    places: Arc<Mutex<HashMap<PathBuf, BTreeSet<usize>>>>,
    /// What was watched of each repository, and which folder that was.
    watched: HashMap<usize, Vec<(PathBuf, Option<FileId>)>>,
}

/// Which folder has a name now; another one may get its name.
type FileId = (u64, u64);

#[cfg(unix)]
fn id_of(folder: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(folder).ok()?;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn id_of(_: &Path) -> Option<FileId> {
    None
}

impl Watch {
    /// Calls `hint` with the place of each repository that seems to have changed. `None` where the system cannot do that.
    pub fn new(hint: impl Fn(usize) + Send + 'static) -> Option<Self> {
        let places: Arc<Mutex<HashMap<PathBuf, BTreeSet<usize>>>> = Arc::default();
        let known = Arc::clone(&places);
        let on_event = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if event.kind.is_access() {
                return;
            }
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            for path in event.paths.iter().filter(|path| is_of_refs(path)) {
                let places = path.ancestors().find_map(|folder| known.get(folder));
                places.into_iter().flatten().for_each(|place| hint(*place));
            }
        };
        let watcher = notify::recommended_watcher(on_event).ok()?;
        Some(Self { watcher, places, watched: HashMap::new() })
    }

    /// Watches the folders of one repository; whether all of them are.
    pub fn add(&mut self, place: usize, folders: &[(PathBuf, bool)]) -> bool {
        let mut all = !folders.is_empty();
        for (folder, is_deep) in folders {
            // The system knows a folder once, whatever leads to it.
            let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.entry(real.clone()).or_default().insert(place);
            drop(places);
            let mode = if *is_deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            all &= self.watcher.watch(&real, mode).is_ok();
        }
        self.watched.insert(place, ids_of(folders));
        all
    }

    /// Whether these folders of a repository are those that were watched.
    pub fn has(&self, place: usize, folders: &[(PathBuf, bool)]) -> bool {
        self.watched.get(&place).is_some_and(|watched| *watched == ids_of(folders))
    }
}

fn ids_of(folders: &[(PathBuf, bool)]) -> Vec<(PathBuf, Option<FileId>)> {
    folders.iter().map(|(folder, _)| (folder.clone(), id_of(folder))).collect()
}

/// Whether a file is one of refs: all below `refs` are, and of a repository's own folder a few.
fn is_of_refs(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_below =
        path.components().any(|part| matches!(part.as_os_str().to_str(), Some("refs" | "reftable")));
    is_below && name.rsplit_once('.').is_none_or(|(_, last)| last != "lock")
        || matches!(name, "packed-refs" | "HEAD" | "refs" | "reftable")
}
