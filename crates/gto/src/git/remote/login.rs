//! Where the remote is, for those who ask its server for more than Git does, and what logs the user in there.
//!
//! Owns asking the user's own Git: `insteadOf`, credential helpers, headers, and the program for ssh. What a commit says counts for
//! nothing here.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::git::process::command::{broken_off, run_traced};
use crate::git::remote::url::without_passwords;
use crate::git::{GitError, Repository, lossy};

/// An address of a remote, after `insteadOf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteAddress {
    /// A server of HTTP. May have a login in it.
    Http(String),
    /// A server of ssh.
    Ssh(SshAddress),
    /// A folder of this machine.
    Folder(std::path::PathBuf),
}

/// A repository on a server of ssh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    /// The user and the host, as ssh takes them.
    pub host: String,
    /// The port, if it is not the usual one.
    pub port: Option<u16>,
    /// The path, as the server takes it.
    pub path: String,
}

/// A login for a server of HTTP. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The name.
    pub username: String,
    /// The password, or a token.
    pub password: String,
    /// All that the helper has said, to be told whether it was right.
    said: Vec<u8>,
}

impl Repository {
    /// Where the remote is that Git would fetch from; `None` if there is none, or that is no address that is known here.
    pub fn fetch_address(&self) -> Option<(String, RemoteAddress)> {
        let remotes = self.remotes();
        let branch = self.current_branch();
        let of_branch = branch.and_then(|branch| self.setting(&format!("branch.{branch}.remote")));
        let name = of_branch
            .filter(|name| remotes.contains(name))
            .or_else(|| remotes.iter().find(|name| *name == "origin").cloned())
            .or_else(|| remotes.first().filter(|_| remotes.len() == 1).cloned())?;
        let output = self.run_git("finding an address", ["ls-remote", "--get-url", "--", &name], b"").ok()?;
        let text = lossy(output.stdout.trim_ascii());
        Some((name, self.address_of(&text)?))
    }

    fn address_of(&self, text: &str) -> Option<RemoteAddress> {
        let url = gix::url::parse(text).ok()?;
        match url.scheme {
            gix::url::Scheme::Http | gix::url::Scheme::Https => Some(RemoteAddress::Http(text.to_owned())),
            gix::url::Scheme::File => {
                let path = text.strip_prefix("file://").unwrap_or(text);
                Some(RemoteAddress::Folder(self.root().join(path)))
            }
            gix::url::Scheme::Ssh => {
                // What begins with `-` would be an option of ssh.
                let host = url.host_argument_safe()?;
                let user = match url.user() {
                    Some(_) => Some(url.user_argument_safe()?),
                    None => None,
                };
                let host = user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
                // As the server of `git@host:org/x` takes it, without a slash.
                let path = lossy(&url.path);
                Some(RemoteAddress::Ssh(SshAddress { host, port: url.port, path }))
            }
            _ => None,
        }
    }

    /// The value of a setting that has one for some addresses, such as `http.extraHeader`.
    pub fn setting_for(&self, key: &str, url: &str) -> Option<String> {
        let output = self.run_git("reading settings", ["config", "--get-urlmatch", key, url], b"").ok()?;
        let value = lossy(output.stdout.trim_ascii());
        Some(value).filter(|value| output.status.success() && !value.is_empty())
    }

    /// The login that the user's Git has for an address; `None` if it has none. Asks a person only where Git may.
    pub fn credential(&self, url: &str) -> Result<Option<Credential>, GitError> {
        if url.contains(|c: char| c.is_control()) {
            return Ok(None);
        }
        let asked = format!("url={url}\n\n");
        let output = self.run_git("asking for a login", ["credential", "fill"], asked.as_bytes())?;
        let said = lossy(&output.stdout);
        let value = |key: &str| {
            said.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned()))
        };
        let found = value("username").zip(value("password")).filter(|_| output.status.success());
        let said = output.stdout.clone();
        Ok(found.map(|(username, password)| Credential { username, password, said }))
    }

    /// Tells the credential helpers whether a login was right, so that they keep or forget it.
    pub fn judge_credential(&self, credential: &Credential, is_right: bool) {
        let verdict = if is_right { "approve" } else { "reject" };
        // Without that it is asked for again the next time.
        let _ = self.run_git("keeping a login", ["credential", verdict], &credential.said);
    }

    /// What `git-lfs-authenticate` on a server of ssh prints, which is asked as Git itself asks servers.
    pub fn authenticate_lfs(&self, server: &SshAddress) -> Result<Vec<u8>, GitError> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(port) = server.port {
            words.extend(["-p".into(), port.to_string().into()]);
        }
        let path = quoted(&server.path);
        words.extend([(&*server.host).into(), format!("git-lfs-authenticate {path} download").into()]);
        let mut ssh = self.ssh();
        ssh.args(&words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let purpose = "asking a server for the files of Git LFS";
        let output = run_traced(&self.environment, self.silence, &mut ssh, b"", |_| {})
            .map_err(|source| GitError::NoGit { purpose, source })?
            .map_err(|error| broken_off(purpose, &["ssh".into()], error))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message = without_passwords(&lossy(output.stderr.trim_ascii()));
        let message = if message.is_empty() { output.status.to_string() } else { message };
        Err(GitError::Command { command: "ssh".to_owned(), message })
    }

    /// The program for ssh that Git would run: see git-config(1) on `core.sshCommand`.
    fn ssh(&self) -> Command {
        let variable = |name: &str| self.environment.variable(name).filter(|value| !value.is_empty());
        let command = variable("GIT_SSH_COMMAND").or_else(|| self.setting("core.sshCommand"));
        match command {
            // Git has a shell read it, too.
            Some(command) => {
                let mut shell = self.program("sh");
                shell.args(["-c", &format!("{command} \"$@\""), &command]);
                shell
            }
            None => self.program(&variable("GIT_SSH").unwrap_or_else(|| "ssh".to_owned())),
        }
    }
}

/// The value of a key in a configuration file of a commit, without what it includes.
pub(crate) fn setting_in(file: &[u8], key: &str) -> Option<String> {
    let metadata = gix::config::file::Metadata::api();
    let options = gix::config::file::init::Options::default();
    let config = gix::config::File::from_bytes_no_includes(file, metadata, options).ok()?;
    config.string(key).map(|value| lossy(&value))
}

/// A word for the shell of the server.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
