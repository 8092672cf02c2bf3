//! Files of a work tree.

use std::fs;

use gto_testkit::Repo;

/// The text of a file.
pub fn read(repo: &Repo, file: &str) -> String {
    fs::read_to_string(repo.path().join(file)).expect("it is there, and text")
}

/// Writes a file, and makes its folder.
pub fn write(repo: &Repo, file: &str, text: &str) {
    let path = repo.path().join(file);
    fs::create_dir_all(path.parent().expect("it has one")).expect("the sandbox can be written to");
    fs::write(path, text).expect("the sandbox can be written to");
}

/// The changed files according to git, one per line.
pub fn status(repo: &Repo) -> String {
    repo.git_ok(&["status", "--porcelain"])
}
