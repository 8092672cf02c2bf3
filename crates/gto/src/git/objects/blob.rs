//! The content of files, for those who hand it out.
//!
//! Owns writing a blob to a file, and computing the id that bytes have as a blob. Every blob that is handed out is the one that its
//! id names.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::process::Stdio;

use gix::objs::Kind;

use crate::git::process::command::{broken_off, run_traced};
use crate::git::{GitError, Repository, from_gix};
use crate::object_id::ObjectId;

/// A larger blob is not taken into memory, in bytes: `git` streams it.
const IN_MEMORY: u64 = 1 << 20;

/// What is hashed at once.
const CHUNK: usize = 256 * 1024;

/// Why a blob was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlobError {
    /// The repository does not have it, or not as its id names it.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl Repository {
    /// The size of a blob; `None` if it is not here, or no blob. Fetches nothing.
    pub fn blob_size(&self, id: ObjectId) -> Option<u64> {
        self.count_read(1);
        let (kind, size) = self.find_header(&self.to_gix(id)?).ok()??;
        (kind == Kind::Blob).then_some(size)
    }

    /// Writes a blob to a file that is empty, after a check that it is what its id names.
    pub fn write_blob(&self, id: ObjectId, file: &mut File) -> Result<(), BlobError> {
        let (kind, size) = self.header(id)?;
        if kind != Kind::Blob {
            return Err(GitError::WrongKind { id, expected: "blob" }.into());
        }
        if size > IN_MEMORY {
            return self.stream_blob(id, size, file);
        }
        let gix_id = self.to_gix(id).ok_or(GitError::Missing { id })?;
        let mut data = Vec::new();
        let read = self.read_object(&gix_id, &mut data);
        read.map_err(|error| GitError::broken_object(id, error))?.ok_or(GitError::Missing { id })?;
        if !self.is_intact(&gix_id, kind, &data) {
            return Err(damaged(id).into());
        }
        Ok(file.write_all(&data)?)
    }

    /// By a `git` of its own, since gix has objects in memory as a whole.
    fn stream_blob(&self, id: ObjectId, size: u64, file: &mut File) -> Result<(), BlobError> {
        let mut git = self.git();
        git.args(["cat-file", "blob", &id.to_string()]);
        git.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(Stdio::piped());
        let purpose = "reading a large file";
        let finished = run_traced(&self.environment, self.silence, &mut git, b"", |_| {})
            .map_err(|source| GitError::NoGit { purpose, source })?;
        let output = finished.map_err(|error| broken_off(purpose, &["cat-file".into()], error))?;
        if !output.status.success() {
            // It does not say why it cannot write, which may be that the disk is full.
            file.write_all(&vec![0; CHUNK])?;
            return Err(self.command_error("cat-file", &output).into());
        }
        io::Seek::rewind(file)?;
        if file.metadata()?.len() != size || self.blob_id(size, file)? != Some(id) {
            return Err(damaged(id).into());
        }
        Ok(())
    }

    /// The id that this many bytes have as a blob of the repository; `None` if there are fewer, or more.
    pub fn blob_id(&self, size: u64, from: &mut dyn Read) -> io::Result<Option<ObjectId>> {
        let mut hasher = gix::hash::hasher(self.gix().object_hash());
        hasher.update(&gix::objs::encode::loose_header(Kind::Blob, size));
        let mut chunk = vec![0; CHUNK];
        let mut left = size;
        loop {
            let len = match from.read(&mut chunk) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(&chunk[..len]);
            left = match left.checked_sub(len as u64) {
                Some(left) => left,
                None => return Ok(None),
            };
        }
        Ok(if left == 0 { hasher.try_finalize().ok().map(|id| from_gix(&id)) } else { None })
    }
}

fn damaged(id: ObjectId) -> GitError {
    GitError::broken_object(id, "its content is not what its id stands for")
}

#[cfg(test)]
mod tests {
    use std::io::Seek as _;

    use gto_testkit::{Repo, RepoOptions};

    use super::*;
    use crate::git::test_repo::{id, open};

    #[test]
    fn small_and_large_blobs_are_written_whole_in_both_hashes() {
        for sha256 in [false, true] {
            let repo =
                gto_testkit::Sandbox::new().repo_with("r", RepoOptions { sha256, ..RepoOptions::default() });
            for content in [String::new(), "one".to_owned(), "0123456789abcdef".repeat(200_000)] {
                let blob = id(&repo.git_stdin(&["hash-object", "-w", "--stdin"], content.as_bytes()));
                let repository = open(&repo);
                assert_eq!(repository.blob_size(blob), Some(content.len() as u64));
                let mut file = tempfile::tempfile().unwrap();
                repository.write_blob(blob, &mut file).unwrap();
                let mut read = String::new();
                file.rewind().unwrap();
                file.read_to_string(&mut read).unwrap();
                assert!(read == content);
                assert_eq!(repository.blob_id(read.len() as u64, &mut read.as_bytes()).unwrap(), Some(blob));
                assert_eq!(repository.blob_id(read.len() as u64 + 1, &mut read.as_bytes()).unwrap(), None);
            }
        }
    }

    #[test]
    fn a_blob_that_is_not_what_its_id_names_is_not_handed_out() {
        let repo = Repo::new();
        let large = "0123456789abcdef".repeat(200_000);
        for (content, other) in [("one", "two"), (large.as_str(), "two")] {
            let [blob, other] = [content, other]
                .map(|content| repo.git_stdin(&["hash-object", "-w", "--stdin"], content.as_bytes()));
            let path = |id: &str| repo.git_dir().join(format!("objects/{}/{}", &id[..2], &id[2..]));
            std::fs::remove_file(path(&blob)).unwrap();
            std::fs::copy(path(&other), path(&blob)).unwrap();
            let mut file = tempfile::tempfile().unwrap();
            assert!(open(&repo).write_blob(id(&blob), &mut file).is_err());
        }
    }
}
