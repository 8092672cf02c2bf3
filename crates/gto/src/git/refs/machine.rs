//! This machine since it was started, and the file systems that no other machine writes to.
//!
//! Reads facts about the system. If one cannot be read, it is unknown, and nothing may follow from it.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// File systems that one machine alone has mounted.
const LOCAL: [&str; 16] = [
    "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "nilfs2", "overlay",
    "ramfs", "reiserfs", "tmpfs", "xfs", "zfs",
];

/// What no other machine, and not this one after its next start, has for an id.
pub(in crate::git) fn boot_id() -> Option<&'static str> {
    static ID: OnceLock<Option<String>> = OnceLock::new();
    let is_word = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
    ID.get_or_init(|| read_boot_id().map(|id| id.trim().to_owned()).filter(is_word)).as_deref()
}

#[cfg(target_os = "linux")]
fn read_boot_id() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()
}

#[cfg(target_os = "macos")]
fn read_boot_id() -> Option<String> {
    let mut sysctl = std::process::Command::new("/usr/sbin/sysctl");
    let output = sysctl.args(["-n", "kern.bootsessionuuid"]).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn read_boot_id() -> Option<String> {
    None
}

/// When this machine was started.
pub(in crate::git) fn booted() -> Option<SystemTime> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Whether only this machine writes to the file system that holds `path`.
pub(in crate::git) fn is_local(path: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    path.canonicalize()
        .is_ok_and(|path| file_system(&mounts, &path).is_some_and(|file_system| LOCAL.contains(&file_system)))
}

/// The kind of the file system that holds `path`, by the lines of `/proc/self/mountinfo`: see proc(5).
fn file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mounted = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let place = place.split(' ').nth(4)?.replace("\\040", " ");
        path.starts_with(&place).then_some((place.len(), kind.split(' ').next()?))
    });
    // Of two in one place the later one is seen.
    mounted.max_by_key(|(len, _)| *len).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_says_what_file_system_it_is() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      23 22 0:40 / /home rw shared:1 - nfs4 server:/home rw\n\
                      24 23 0:41 / /home/my\\040disk rw - xfs /dev/sdb rw\n\
                      25 22 0:42 / /over rw - ext4 /dev/sdc rw\n\
                      26 25 0:43 / /over rw - nfs4 server:/over rw\n";
        for (path, expected) in [
            ("/etc/x", "ext4"),
            ("/home/ann/r", "nfs4"),
            ("/home2", "ext4"),
            ("/home/my disk/r", "xfs"),
            ("/over/r", "nfs4"),
        ] {
            assert_eq!(file_system(mounts, Path::new(path)), Some(expected), "{path}");
        }
        assert!(!LOCAL.contains(&"nfs4") && !LOCAL.contains(&"9p"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_has_an_id_and_was_started_in_the_past() {
        assert!(boot_id().is_some());
        assert!(booted().is_some_and(|booted| booted < SystemTime::now()));
    }
}
