//! Owns the temporary folder of a test and the environment of every process started in it. Must not know Git
//! repositories or the tool under test.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

/// The name in `GIT_AUTHOR_NAME` and `GIT_COMMITTER_NAME` of every sandbox.
const NAME: &str = "Ada Tester";
/// The address in `GIT_AUTHOR_EMAIL` and `GIT_COMMITTER_EMAIL` of every sandbox.
const EMAIL: &str = "ada@example.com";

/// A temporary folder with its own home folder, and an environment built from scratch.
///
/// Cloning is cheap: the clones share the folder, which goes away with the last of them, and each has its own
/// environment from there on. A [`Repo`](crate::Repo) holds one, so a test can change the environment of one repository.
#[derive(Clone, Debug)]
pub struct Sandbox {
    dir: Arc<TempDir>,
    env: BTreeMap<OsString, OsString>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// A fresh, empty sandbox with a fixed identity.
    pub fn new() -> Self {
        let dir =
            tempfile::Builder::new().prefix("gto-test-").tempdir().expect("a temporary folder can be made");
        let home = dir.path().join("home");
        let config_home = home.join("config");
        let git_config = home.join("gitconfig");
        std::fs::create_dir_all(&config_home).expect("the sandbox is writable");
        std::fs::write(&git_config, "").expect("the sandbox is writable");

        let mut sandbox = Self { dir: Arc::new(dir), env: BTreeMap::new() };
        // PATH finds `git`; SYSTEMROOT is what Windows needs to start any process at all.
        for kept in ["PATH", "SYSTEMROOT"] {
            if let Some(value) = std::env::var_os(kept) {
                sandbox.set_env(kept, value);
            }
        }
        sandbox.set_env("HOME", &home);
        sandbox.set_env("XDG_CONFIG_HOME", &config_home);
        sandbox.set_env("GIT_CONFIG_GLOBAL", &git_config);
        sandbox.set_env("GIT_CONFIG_NOSYSTEM", "1");
        sandbox.set_env("GIT_TERMINAL_PROMPT", "0");
        sandbox.set_env("GIT_ALLOW_PROTOCOL", "file");
        sandbox.set_env("TZ", "UTC");
        sandbox.set_env("LC_ALL", "C.UTF-8");
        for who in ["AUTHOR", "COMMITTER"] {
            sandbox.set_env(format!("GIT_{who}_NAME"), NAME);
            sandbox.set_env(format!("GIT_{who}_EMAIL"), EMAIL);
        }
        sandbox
    }

    /// The folder of this sandbox.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The home folder, inside the sandbox.
    pub fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// Sets a variable for every process started from here on.
    pub fn set_env(&mut self, key: impl Into<OsString>, value: impl AsRef<OsStr>) -> &mut Self {
        self.env.insert(key.into(), value.as_ref().to_owned());
        self
    }

    /// Takes a variable out of the environment.
    pub fn remove_env(&mut self, key: impl AsRef<OsStr>) -> &mut Self {
        self.env.remove(key.as_ref());
        self
    }

    /// Takes the identity out of the environment, and forbids Git to guess one from the host's name.
    pub fn remove_identity(&mut self) -> &mut Self {
        for who in ["AUTHOR", "COMMITTER"] {
            self.remove_env(format!("GIT_{who}_NAME"));
            self.remove_env(format!("GIT_{who}_EMAIL"));
        }
        self.set_git_config("[user]\n\tuseConfigOnly = true\n")
    }

    /// Writes the user's own Git configuration, which is empty otherwise.
    pub fn set_git_config(&mut self, text: &str) -> &mut Self {
        std::fs::write(self.home().join("gitconfig"), text).expect("the sandbox is writable");
        self
    }

    /// Every variable that a process started here sees.
    pub fn environment(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.env.iter().map(|(key, value)| (key.as_os_str(), value.as_os_str()))
    }

    /// A command in the sandbox's folder and environment, and in no other.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.env).current_dir(self.path());
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_sees_nothing_of_the_callers_environment_but_the_path() {
        let sandbox = Sandbox::new();
        let output = sandbox.command("env").output().expect("env runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let allowed = ["PATH", "SYSTEMROOT", "HOME", "XDG_CONFIG_HOME", "TZ", "LC_ALL"];
        for line in text.lines() {
            let key = line.split('=').next().unwrap_or(line);
            assert!(allowed.contains(&key) || key.starts_with("GIT_"), "{line}");
        }
        assert!(text.contains("GIT_AUTHOR_NAME=Ada Tester"));
    }

    #[test]
    fn without_an_identity_git_refuses_to_commit() {
        let mut sandbox = Sandbox::new();
        sandbox.remove_identity();
        let repo = sandbox.repo("r");
        assert!(!repo.git(&["commit", "--allow-empty", "-m", "x"]).status.success());
    }
}
