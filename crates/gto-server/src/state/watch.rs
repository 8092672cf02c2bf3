//! The system's word that refs have changed.
//!
//! It is a hint and no more: where the system says nothing, as on network file systems, the regular looks find it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// Watches the folders of repositories.
pub struct Watch {
    watcher: RecommendedWatcher,
    places: Arc<Mutex<HashMap<PathBuf, usize>>>,
}

impl Watch {
    /// Calls `hint` with the place of each repository that seems to have changed. `None` where the system cannot do that.
    pub fn new(hint: impl Fn(usize) + Send + 'static) -> Option<Self> {
        let places: Arc<Mutex<HashMap<PathBuf, usize>>> = Arc::default();
        let known = Arc::clone(&places);
        let on_event = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if event.kind.is_access() {
                return;
            }
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            for path in event.paths.iter().filter(|path| is_of_refs(path)) {
                if let Some(place) = path.ancestors().find_map(|folder| known.get(folder)) {
                    hint(*place);
                }
            }
        };
        let watcher = notify::recommended_watcher(on_event).ok()?;
        Some(Self { watcher, places })
    }

    /// Watches the folders of one repository; whether all of them are.
    pub fn add(&mut self, place: usize, folders: &[(PathBuf, bool)]) -> bool {
        let mut all = !folders.is_empty();
        for (folder, is_deep) in folders {
            self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone(), place);
            let mode = if *is_deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            all &= self.watcher.watch(folder, mode).is_ok();
        }
        all
    }
}

/// Whether a file is one of refs: all below `refs` are, and of a repository's own folder a few.
fn is_of_refs(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_below =
        path.components().any(|part| matches!(part.as_os_str().to_str(), Some("refs" | "reftable")));
    is_below && name.rsplit_once('.').is_none_or(|(_, last)| last != "lock")
        || matches!(name, "packed-refs" | "HEAD" | "refs" | "reftable")
}
