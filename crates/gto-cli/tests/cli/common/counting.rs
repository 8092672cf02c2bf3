//! A `git` that keeps a list of how it was started.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use gto_testkit::Sandbox;

/// The folder of such a `git`, to be put in front of `PATH`.
pub struct CountingGit {
    list: PathBuf,
    /// The `PATH` with it.
    pub path: OsString,
}

impl CountingGit {
    /// Makes it in the sandbox.
    pub fn new(sandbox: &Sandbox) -> Self {
        let folder = sandbox.path().join("counting-git");
        let (script, list) = (folder.join("git"), folder.join("list"));
        let path = std::env::var_os("PATH").expect("there is a git on it");
        let real = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file());
        let real = real.expect("tests need git");
        fs::create_dir_all(&folder).expect("the sandbox can be written to");
        let text =
            format!("#!/bin/sh\necho \"$*\" >>'{}'\nexec '{}' \"$@\"\n", list.display(), real.display());
        fs::write(&script, text).expect("the sandbox can be written to");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
        Self { list, path: std::env::join_paths(folders).expect("the paths came from a list of paths") }
    }

    /// How it was started since the last look.
    pub fn started(&self) -> Vec<String> {
        let lines = fs::read_to_string(&self.list).unwrap_or_default();
        // There is none if it was not started.
        let _ = fs::remove_file(&self.list);
        lines.lines().map(str::to_owned).collect()
    }
}
