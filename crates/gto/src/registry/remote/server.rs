//! The server of the remote, for those who ask it for more than Git does: files of Git LFS.
//!
//! Passes on what the user's Git knows. Must not read what a commit says but `.lfsconfig`, which is a stranger's word.

use crate::error::Result;
use crate::git::{Credential, RemoteAddress, SshAddress, setting_in};
use crate::object_id::ObjectId;
use crate::registry::Registry;

/// A larger `.lfsconfig` is not read, in bytes.
const MAX_LFS_CONFIG: usize = 1 << 20;

impl Registry {
    /// The name of the remote that Git would fetch from, and where it is; `None` if there is none, or it is of a kind that is not known
    /// here.
    pub fn fetch_address(&self) -> Option<(String, RemoteAddress)> {
        self.repository.fetch_address()
    }

    /// The value of a setting of Git that may have another one for some addresses: of the user's files and the repository's own, not of
    /// a commit.
    pub fn git_setting_for(&self, key: &str, url: &str) -> Option<String> {
        self.repository.setting_for(key, url)
    }

    /// The value of a setting in the file `.lfsconfig` of a commit, which anyone may have written.
    ///
    /// # Errors
    /// What keeps Git from reading the file.
    pub fn lfs_config(&self, commit: ObjectId, key: &str) -> Result<Option<String>> {
        let file = self.repository.file_at(commit, ".lfsconfig", MAX_LFS_CONFIG)?;
        Ok(file.and_then(|file| setting_in(&file, key)))
    }

    /// The login that the user's Git has for an address of HTTP. Asks a person only where Git may.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn credential(&self, url: &str) -> Result<Option<Credential>> {
        Ok(self.repository.credential(url)?)
    }

    /// Tells Git whether a login was right, so that its helpers keep or forget it.
    pub fn judge_credential(&self, credential: &Credential, is_right: bool) {
        self.repository.judge_credential(credential, is_right);
    }

    /// What `git-lfs-authenticate` on a server of ssh prints.
    ///
    /// # Errors
    /// What ssh says.
    pub fn authenticate_lfs(&self, server: &SshAddress) -> Result<Vec<u8>> {
        Ok(self.repository.authenticate_lfs(server)?)
    }
}
