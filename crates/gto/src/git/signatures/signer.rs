//! Whose key a signature will be made with: for the names of approvals, which must be the same in all clones of one person.
//!
//! Asks the programs that sign, and never for a passphrase.

use std::io::Write as _;
use std::process::Stdio;

use crate::approval::ApprovalId;
use crate::git::signatures::sign::{SignError, literal_ssh_key};
use crate::git::{Repository, lossy};
use crate::object_id::ObjectId;
use crate::signing::{SignatureFormat, Signing};

impl Repository {
    /// The key that will sign: its fingerprint; where it cannot be found out, what Git calls it.
    pub fn signer(&self, signing: &Signing, name: &str, email: &str) -> Result<String, SignError> {
        let key = match (&signing.key, signing.format) {
            (Some(key), _) => key.clone(),
            (None, SignatureFormat::Ssh) => self.default_ssh_key()?,
            (None, _) => format!("{name} <{email}>"),
        };
        let found = match signing.format {
            SignatureFormat::Ssh => self.ssh_fingerprint(&key),
            SignatureFormat::OpenPgp | SignatureFormat::X509 => self.fingerprint(signing.format, &key)?,
        };
        Ok(format!("{}:{}", signing.format.word(), found.unwrap_or(key)))
    }

    fn ssh_fingerprint(&self, key: &str) -> Option<String> {
        let literal = literal_ssh_key(key);
        let mut command = self.program("ssh-keygen");
        command.args(["-l", "-E", "sha256", "-f", if literal.is_some() { "-" } else { key }]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        if let Some(mut input) = child.stdin.take() {
            // What it does not read it does not need.
            let _ = input.write_all(format!("{}\n", literal.unwrap_or_default()).as_bytes());
        }
        let output = child.wait_with_output().ok().filter(|output| output.status.success())?;
        lossy(&output.stdout).split(' ').nth(1).map(str::to_owned)
    }

    fn fingerprint(&self, format: SignatureFormat, key: &str) -> Result<Option<String>, SignError> {
        let mut command = self.program(&self.signing_program(format)?);
        command.env("LC_ALL", "C").args(["--batch", "--with-colons", "--list-secret-keys", "--", key]);
        let output = command.stdin(Stdio::null()).output();
        let Some(output) = output.ok().filter(|output| output.status.success()) else { return Ok(None) };
        let listed = lossy(&output.stdout);
        let print = listed.lines().find_map(|line| line.strip_prefix("fpr:")?.split(':').nth(8));
        Ok(print.map(str::to_owned))
    }
}

/// What tells this approver's approval of a commit from others.
pub(crate) fn approval_id(commit: ObjectId, approver: &str) -> ApprovalId {
    let text = format!("{commit} {approver}");
    let hash = gix::objs::compute_hash(gix::hash::Kind::Sha256, gix::objs::Kind::Blob, text.as_bytes());
    let bytes = hash.map(|id| id.as_bytes().to_owned()).unwrap_or_default();
    ApprovalId::of_bits(bytes.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
}
