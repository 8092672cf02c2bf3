//! Owns keys that sign tags in tests: a key ring of gpg, and pairs of SSH keys. Must not know Git.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A key ring of gpg in its own folder, with an agent that is stopped with it.
///
/// Give it to a sandbox as `GNUPGHOME`. It is not inside one: the path of the agent's socket must be short.
#[derive(Debug)]
pub struct GpgHome {
    dir: TempDir,
}

impl GpgHome {
    /// An empty key ring for a test, which returns if there is no `gpg`: the skip is reported.
    pub fn or_skip() -> Option<Self> {
        if !starts("gpg", "--version") || !starts("gpg-agent", "--version") {
            crate::skip("no gpg and gpg-agent");
            return None;
        }
        let near_the_root = Path::new("/tmp");
        let folder = if near_the_root.is_dir() { near_the_root.to_owned() } else { std::env::temp_dir() };
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let dir = builder.prefix("gpg-").tempdir_in(folder).expect("a temporary folder can be made");
        Some(Self { dir })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Makes a key without a passphrase for `Name <address>`, and returns its fingerprint.
    pub fn add_key(&self, who: &str) -> String {
        self.gpg(&["--passphrase", "", "--quick-generate-key", who, "ed25519", "sign", "never"]);
        let listed = self.gpg(&["--with-colons", "--list-keys", &format!("={who}")]);
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap_or_default();
        line.split(':').nth(9).expect("gpg lists a fingerprint").to_owned()
    }

    /// Runs `gpg`, which must succeed.
    pub fn gpg(&self, args: &[&str]) -> Output {
        let mut gpg = Command::new("gpg");
        gpg.arg("--homedir").arg(self.path()).args(["--batch", "--yes", "--pinentry-mode", "loopback"]);
        let output = gpg.args(args).output().expect("gpg was found");
        assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

impl Drop for GpgHome {
    fn drop(&mut self) {
        // The agents that gpg started for this folder; nothing is to be done about a failure here.
        let _ = Command::new("gpgconf").arg("--homedir").arg(self.path()).args(["--kill", "all"]).output();
    }
}

/// A pair of SSH keys in two files.
#[derive(Debug)]
pub struct SshKey {
    private: PathBuf,
}

impl SshKey {
    /// Makes a pair without a passphrase at `path` for a test, which returns if there is no `ssh-keygen`: the skip is
    /// reported.
    pub fn or_skip(path: PathBuf) -> Option<Self> {
        // It has no option that does nothing; any makes it start.
        if !starts("ssh-keygen", "-?") {
            crate::skip("no ssh-keygen");
            return None;
        }
        let mut keygen = Command::new("ssh-keygen");
        let output = keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(&path).output();
        let output = output.expect("ssh-keygen was found");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Self { private: path })
    }

    /// The file with the private key.
    pub fn private(&self) -> &Path {
        &self.private
    }

    /// The public key: `ssh-ed25519 AAAA… test`.
    pub fn public(&self) -> String {
        let text = std::fs::read_to_string(self.private.with_extension("pub"));
        text.expect("ssh-keygen wrote it").trim_end().to_owned()
    }
}

fn starts(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok()
}
