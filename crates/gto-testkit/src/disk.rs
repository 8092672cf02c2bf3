//! Owns a file system in an image, and what a power cut leaves of it. Must not know Git.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

/// Maximum number of attempts to unmount a file system.
const ATTEMPTS: usize = 100;

/// A kind of file system, mounted so that it keeps data in memory for as long as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// ext4, without the protection it has for programs that rename files they did not sync.
    Ext4,
    /// btrfs, in which the sync of a file does not sync the names of other files.
    Btrfs,
}

impl FileSystem {
    fn size(self) -> u64 {
        match self {
            Self::Ext4 => 16 << 20,
            Self::Btrfs => 128 << 20,
        }
    }

    fn format(self, file: &Path) -> Command {
        let (program, force) = match self {
            Self::Ext4 => ("mkfs.ext4", "-F"),
            Self::Btrfs => ("mkfs.btrfs", "-f"),
        };
        let mut command = Command::new(program);
        command.args(["-q", force]).arg(file);
        command
    }

    fn options(self) -> &'static str {
        match self {
            Self::Ext4 => "loop,commit=600,noauto_da_alloc",
            Self::Btrfs => "loop,commit=300",
        }
    }
}

/// A file with a file system in it.
#[derive(Debug)]
pub struct DiskImage {
    folder: Arc<TempDir>,
    file: PathBuf,
    kind: FileSystem,
}

impl DiskImage {
    /// An empty file system for a test, which returns if this machine cannot make and mount one: the skip is reported.
    pub fn or_skip(kind: FileSystem) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("gto-disk-").tempdir_in(in_memory());
        let folder = Arc::new(folder.expect("a temporary folder can be made"));
        let image = Self { file: folder.path().join("image"), folder, kind };
        let file = std::fs::File::create(&image.file).expect("the folder is writable");
        file.set_len(kind.size()).expect("the image fits");
        let made = run(&mut kind.format(&image.file)).and_then(|()| image.try_mount().map(drop));
        match made {
            Ok(()) => Some(image),
            Err(reason) => {
                crate::skip(&format!("no {kind:?} in an image: {reason}"));
                None
            }
        }
    }

    /// The image as it is now. Nothing is synced first: what the file system still has in memory is not in the copy.
    pub fn copy(&self) -> Self {
        let file = (1..=u32::MAX)
            .map(|number| self.folder.path().join(format!("copy{number}")))
            .find(|path| !path.exists())
            .expect("there are more numbers than copies");
        let mut copy = Command::new("cp");
        run(copy.arg("--sparse=always").args([&self.file, &file])).expect("the image can be copied");
        Self { folder: Arc::clone(&self.folder), file, kind: self.kind }
    }

    /// Mounts it, as after a power cut if it was copied while it was mounted.
    pub fn mount(&self) -> MountedDisk {
        self.try_mount().expect("it could be mounted when it was made")
    }

    fn try_mount(&self) -> Result<MountedDisk, String> {
        let folder = self.file.with_extension("mounted");
        std::fs::create_dir_all(&folder).expect("the folder is writable");
        run(Command::new("mount").args(["-o", self.kind.options()]).args([&self.file, &folder]))?;
        Ok(MountedDisk { folder })
    }

    /// Deletes it before its folder goes away, for tests that make many copies.
    pub fn remove(self) {
        std::fs::remove_file(&self.file).expect("the folder is writable");
    }
}

/// A mounted file system. It is unmounted when this is dropped.
#[derive(Debug)]
pub struct MountedDisk {
    folder: PathBuf,
}

impl MountedDisk {
    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Syncs a file that has nothing to do with any other, as other programs do. On ext4, the names of all files get
    /// to the disk with it, and the contents of files that were not synced do not.
    pub fn sync_unrelated_file(&self) {
        let file = std::fs::File::create(self.folder.join("unrelated")).expect("the disk is writable");
        file.sync_all().expect("the disk is writable");
    }
}

impl Drop for MountedDisk {
    fn drop(&mut self) {
        // A process that another thread is just starting has open files of ours until it runs its program.
        for _ in 0..ATTEMPTS {
            if run(Command::new("umount").arg(&self.folder)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // A process may still be in it when a test fails.
        let _ = run(Command::new("umount").arg("-l").arg(&self.folder));
    }
}

/// Where copies cost least: a power cut of the machine that runs the tests is not what is tested.
fn in_memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if tempfile::tempfile_in(&memory).is_ok() { memory } else { std::env::temp_dir() }
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output: Output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
