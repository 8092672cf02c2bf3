//! Bringing files to the disk before they get their names.

use std::fs::File;
use std::io;
use std::path::Path;

/// With more files, the whole file system is synced at once.
#[cfg(target_os = "linux")]
const FEW: usize = 64;

/// Brings these files to the disk.
pub(super) fn files<'p>(root: &Path, paths: impl ExactSizeIterator<Item = &'p Path>) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if paths.len() > FEW && rustix::fs::syncfs(File::open(root)?).is_ok() {
        return Ok(());
    }
    for path in paths {
        // A link has nothing of its own to sync.
        let path = root.join(path);
        if path.symlink_metadata()?.is_file() {
            File::options().write(true).open(&path).or_else(|_| File::open(&path))?.sync_all()?;
        }
    }
    Ok(())
}

/// Brings the names in a folder to the disk. Where folders cannot be synced, they need not be.
pub(super) fn folder(path: &Path) {
    if cfg!(unix)
        && let Ok(folder) = File::open(path)
    {
        let _ = folder.sync_all();
    }
}
