//! Verifying tags with given public keys, and with no others.
//!
//! Puts the keys into a folder of their own, for `git verify-tag` and what it runs. The key rings of the machine count for
//! nothing. Must not decide whose keys they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;
use tempfile::TempDir;

use crate::git::objects::ancestry::AS_STORED;
use crate::git::objects::text::split_signature;
use crate::git::signatures::verify::{Verdict, lacks_revocations, of_gpg, of_ssh};
use crate::git::{Repository, UnreadableTag, lossy};
use crate::object_id::ObjectId;
use crate::signing::{SignatureFormat, Verified};

/// Public keys in a folder that is removed with this value.
#[derive(Debug)]
pub(crate) struct KeyRing {
    folder: TempDir,
    has_revoked: bool,
    /// Whether `gpgsm` has started an agent in the folder.
    has_agent: bool,
    /// Whether it must know what their authorities have revoked of certificates.
    asks_authorities: bool,
    /// Why some keys cannot be used.
    problem: Option<String>,
}

/// What the signature of a tag is worth by the keys of a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckedTag {
    pub result: Verified,
    /// `None` without a signature.
    pub format: Option<SignatureFormat>,
    /// What the key names: an address, `Name <address>`, or the subject of a certificate.
    pub signer: Option<String>,
    /// The fingerprint.
    pub key: Option<String>,
    pub reason: Option<String>,
    /// The message that was signed.
    pub message: String,
}

impl CheckedTag {
    /// That of an object without a signature.
    fn unsigned(message: String) -> Self {
        Self { result: Verified::Unsigned, format: None, signer: None, key: None, reason: None, message }
    }
}

const ALLOWED: &str = "allowed_signers";
const REVOKED: &str = "revoked";

impl Drop for KeyRing {
    fn drop(&mut self) {
        if self.has_agent {
            self.end_agent();
        }
    }
}

impl KeyRing {
    fn end_agent(&self) {
        let mut end = Command::new("gpgconf");
        end.arg("--homedir").arg(self.folder.path()).args(["--kill", "all"]);
        // What is left ends when its folder is gone.
        let _ = end.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }

    /// Remembers why a file cannot be used.
    fn note(&mut self, name: &str, reason: &str) {
        let name = crate::text::printable(name);
        self.problem.get_or_insert(format!("the key file '{name}' cannot be used: {reason}"));
    }

    /// Why it is not known what the authority of a certificate has revoked, if that was to be known and is not.
    fn refuse_unlisted(&self, said: &str) -> Result<(), String> {
        if !self.asks_authorities || !lacks_revocations(said) {
            return Ok(());
        }
        let none = "no current list (`*.crl`) of what its authority has revoked is in the folder of keys";
        Err(self.problem.clone().unwrap_or_else(|| none.to_owned()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Repository {
    /// Makes a ring of these files, by their names: `*.pub` has public keys of SSH, with an address behind each,
    /// `allowed_signers` what git takes for that, `revoked` keys of SSH that are revoked, `*.asc`, `*.gpg` and `*.pgp` keys of
    /// `gpg`, `*.pem` and `*.crt` certificates, `*.crl` lists of certificates that were revoked.
    ///
    /// # Errors
    /// Why the folder cannot be made.
    pub fn key_ring(&self, files: &[(String, Vec<u8>)]) -> Result<KeyRing, String> {
        // The path of an agent's socket in it must be short.
        let near_the_root = Path::new("/tmp");
        let parent = if near_the_root.is_dir() { near_the_root } else { self.git_dir() };
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let no_folder = |error: std::io::Error| format!("no folder for the keys can be made: {error}");
        let folder = builder.prefix("gto-keys-").tempdir_in(parent).map_err(no_folder)?;
        let asks_authorities = files.iter().any(|(name, _)| is_revocation_list(name));
        let mut ring =
            KeyRing { folder, has_revoked: false, has_agent: false, asks_authorities, problem: None };
        self.fill(&mut ring, files).map_err(no_folder)?;
        Ok(ring)
    }

    fn fill(&self, ring: &mut KeyRing, files: &[(String, Vec<u8>)]) -> std::io::Result<()> {
        let mut allowed = String::new();
        for (name, content) in files {
            let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
            match kind {
                _ if name == ALLOWED => allowed.push_str(&lossy(content)),
                _ if name == REVOKED => {
                    ring.has_revoked = true;
                    fs::write(ring.path(REVOKED), content)?;
                }
                "pub" => allowed.push_str(&allowed_signers(stem, &lossy(content))),
                "asc" | "gpg" | "pgp" => self.import(ring, SignatureFormat::OpenPgp, name, content),
                "pem" | "crt" => self.import(ring, SignatureFormat::X509, name, content),
                _ => {}
            }
            if !allowed.ends_with('\n') {
                allowed.push('\n');
            }
        }
        // They are checked with the certificates of those who signed them.
        for (name, content) in files.iter().filter(|(name, _)| is_revocation_list(name)) {
            if let Err(reason) = self.load_revocations(ring, content) {
                ring.note(name, &reason);
            }
        }
        fs::write(ring.path(ALLOWED), allowed)
    }

    /// Gives `dirmngr`, whom `gpgsm` asks, lists of revoked certificates.
    fn load_revocations(&self, ring: &KeyRing, content: &[u8]) -> Result<(), String> {
        let io = |error: std::io::Error| error.to_string();
        let program = self.signing_program(SignatureFormat::X509).map_err(|error| error.to_string())?;
        let is_pem = content.starts_with(b"-----BEGIN");
        let of_pem = || CertificateRevocationListDer::pem_slice_iter(content).collect::<Result<Vec<_>, _>>();
        let lists = if is_pem {
            of_pem().map_err(|error| error.to_string())?
        } else {
            vec![CertificateRevocationListDer::from(content)]
        };
        let file = ring.path("revocations");
        for list in lists {
            fs::write(&file, list).map_err(io)?;
            let path = file.to_string_lossy();
            let output = self.in_ring(ring, &program, &["--call-dirmngr", "LOADCRL", &path])?;
            if !output.status.success() {
                let said = lossy(output.stderr.trim_ascii());
                let why = said.rsplit("response of dirmngr: ").next().unwrap_or_default();
                return Err(crate::text::printable(why));
            }
        }
        Ok(())
    }

    /// Runs a program with the keys of the ring and no others.
    fn in_ring(&self, ring: &KeyRing, program: &str, args: &[&str]) -> Result<Output, String> {
        let mut command = self.program(program);
        command
            .env("LC_ALL", "C")
            .env("GNUPGHOME", ring.folder.path())
            .args(["--batch", "--quiet"])
            .args(args);
        let output = command.stdin(Stdio::null()).output();
        output.map_err(|error| format!("`{program}` cannot be run ({error})"))
    }

    fn import(&self, ring: &mut KeyRing, format: SignatureFormat, name: &str, content: &[u8]) {
        let imported = self.import_into(ring, format, content);
        if let Err(reason) = imported {
            ring.note(name, &reason);
        }
    }

    fn import_into(&self, ring: &mut KeyRing, format: SignatureFormat, content: &[u8]) -> Result<(), String> {
        let io = |error: std::io::Error| error.to_string();
        let file = ring.path("import");
        fs::write(&file, content).map_err(io)?;
        let program = self.signing_program(format).map_err(|error| error.to_string())?;
        if format == SignatureFormat::X509 {
            ring.has_agent = true;
            // Also of certificates that do not say where the list is. Nothing is asked of a network.
            let asks = if ring.asks_authorities {
                "enable-crl-checks\nenable-issuer-based-crl-check\n"
            } else {
                "disable-crl-checks\ndisable-dirmngr\n"
            };
            fs::write(ring.path("gpgsm.conf"), asks).map_err(io)?;
            fs::write(ring.path("dirmngr.conf"), "disable-http\ndisable-ldap\n").map_err(io)?;
        }
        let output = self.in_ring(ring, &program, &["--import", &file.to_string_lossy()])?;
        if !output.status.success() {
            return Err(crate::text::printable(&lossy(output.stderr.trim_ascii())));
        }
        if format == SignatureFormat::X509 {
            // Which authorities are trusted is said by the keys of the policy as well.
            let listed = self.in_ring(ring, &program, &["--with-colons", "--list-keys"])?;
            let listed = lossy(&listed.stdout);
            let prints = listed.lines().filter_map(|line| line.strip_prefix("fpr:")?.split(':').nth(8));
            let trusted = prints.fold(String::new(), |list, print| list + print + " S relax\n");
            fs::write(ring.path("trustlist.txt"), trusted).map_err(io)?;
            // An agent that has been started has read the list already.
            ring.end_agent();
        }
        Ok(())
    }

    /// Verifies a tag object with the keys of a ring. The object must have the name of its ref inside.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub fn check_tag(&self, name: &str, id: ObjectId, ring: &KeyRing) -> Result<CheckedTag, String> {
        let mut buffer = Vec::new();
        let object = match self.tag_parts(id, &mut buffer) {
            Ok(Some(parts)) => parts,
            Ok(None) => return Err(format!("'{name}' is no annotated tag")),
            Err(UnreadableTag::Missing) => return Err(format!("the object of '{name}' is missing")),
            Err(why) => return Err(format!("'{name}' cannot be read: {why}")),
        };
        let store = self.gix().objects.store_ref();
        if self.to_gix(id).is_some_and(|id| store.replacements().any(|(replaced, _)| replaced == id)) {
            // Git verifies what is stored, and that is not what was read.
            return Err(format!("'{name}' is replaced here: `git replace --list` shows by what"));
        }
        let (message, signature) = split_signature(object.body);
        let unsigned = CheckedTag::unsigned(lossy(message));
        if signature.is_empty() {
            return Ok(unsigned);
        }
        let (format, said, accepted) = self.verify_with("verify-tag", id, signature, ring)?;
        let mut verdict = match format {
            SignatureFormat::Ssh => of_ssh(&said, accepted, ring.has_revoked),
            _ => of_gpg(&said, accepted),
        };
        let seconds = object.field("tagger").and_then(seconds_of);
        if verdict.result == Verified::Expired && seconds.is_some_and(|seconds| was_good_then(&said, seconds))
        {
            (verdict.result, verdict.reason) = (Verified::Good, None);
        }
        let inside = lossy(object.field("tag").unwrap_or_default());
        if inside != name {
            let reason = format!("it is a copy of tag '{}'", crate::text::printable(&inside));
            verdict = Verdict { result: Verified::Bad, reason: Some(reason), ..verdict };
        }
        if let (Verified::Unknown, Some(problem)) = (verdict.result, &ring.problem) {
            verdict.reason = Some(problem.clone());
        }
        let Verdict { result, signer, key, reason } = verdict;
        Ok(CheckedTag { result, format: Some(format), signer, key, reason, ..unsigned })
    }

    /// Verifies the signature of a commit with the keys of a ring.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub fn check_commit_signature(&self, id: ObjectId, ring: &KeyRing) -> Result<CheckedTag, String> {
        let read = |git: &mut Command| _ = git.envs(AS_STORED);
        let args = ["cat-file", "commit", &id.to_string()];
        let output =
            self.run_git_as("reading commits", args, b"", read).map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("cannot be read: {}", lossy(output.stderr.trim_ascii())));
        }
        let text = lossy(&output.stdout);
        let head = text.split("\n\n").next().unwrap_or_default();
        let signature = head
            .lines()
            .find_map(|line| line.strip_prefix("gpgsig ").or_else(|| line.strip_prefix("gpgsig-sha256 ")));
        let message = text.get(head.len()..).unwrap_or_default().trim().to_owned();
        let unsigned = CheckedTag::unsigned(message);
        let Some(signature) = signature else { return Ok(unsigned) };
        let (format, said, accepted) = self.verify_with("verify-commit", id, signature.as_bytes(), ring)?;
        let Verdict { result, signer, key, reason } = match format {
            SignatureFormat::Ssh => of_ssh(&said, accepted, ring.has_revoked),
            _ => of_gpg(&said, accepted),
        };
        Ok(CheckedTag { result, format: Some(format), signer, key, reason, ..unsigned })
    }

    fn verify_with(
        &self,
        command: &str,
        id: ObjectId,
        signature: &[u8],
        ring: &KeyRing,
    ) -> Result<(SignatureFormat, String, bool), String> {
        let format = if signature.starts_with(b"-----BEGIN SSH SIGNATURE-----") {
            SignatureFormat::Ssh
        } else if signature.starts_with(b"-----BEGIN SIGNED MESSAGE-----") {
            SignatureFormat::X509
        } else {
            SignatureFormat::OpenPgp
        };
        let setting = |key: &str, path: &Path| format!("{key}={}", path.display());
        let revoked = if ring.has_revoked { ring.path(REVOKED) } else { PathBuf::new() };
        let settings = [
            setting("gpg.ssh.allowedSignersFile", &ring.path(ALLOWED)),
            setting("gpg.ssh.revocationFile", &revoked),
            "gpg.minTrustLevel=undefined".to_owned(),
        ];
        let mut args: Vec<String> =
            settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]).collect();
        args.extend([command.to_owned(), "--raw".to_owned(), id.to_string()]);
        let output = self.run_git_as("checking signatures", args, b"", |git| {
            git.envs(AS_STORED).env("GNUPGHOME", ring.folder.path());
        });
        let output = output.map_err(|error| error.to_string())?;
        let said = lossy(&output.stderr);
        if format == SignatureFormat::X509 {
            ring.refuse_unlisted(&said)?;
        }
        Ok((format, said, output.status.success()))
    }
}

/// Whether a file has certificates that their authority has revoked.
fn is_revocation_list(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, kind)| kind == "crl")
}

/// The lines of an allowed-signers file for these public keys: whose they are is behind each, or else the file's name.
fn allowed_signers(stem: &str, keys: &str) -> String {
    let is_plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "@._+-".contains(c));
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (kind, key) = (words.next().filter(|kind| !kind.starts_with('#'))?, words.next()?);
        let who = words.next().filter(is_plain).or(Some(stem).filter(is_plain)).unwrap_or("key");
        Some(format!("{who} namespaces=\"git\" {kind} {key}\n"))
    };
    keys.lines().filter_map(line).collect()
}

/// The seconds in a line of a tag object about its tagger.
fn seconds_of(line: &[u8]) -> Option<i64> {
    let line = std::str::from_utf8(line).ok()?;
    line.rsplit(' ').nth(1)?.parse().ok()
}

/// Whether the key had not expired at that time, by what gpg prints of it. A signature that has expired itself is no good.
fn was_good_then(said: &str, seconds: i64) -> bool {
    let lines = || said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] "));
    let of_key =
        lines().filter_map(|line| line.strip_prefix("KEYEXPIRED ")?.trim().parse::<i64>().ok()).min();
    // gpgsm has no such line, but the end of the certificate where gpg has that of the signature.
    let of_certificate =
        || lines().find_map(|line| iso_seconds(line.strip_prefix("VALIDSIG ")?.split(' ').nth(3)?));
    let ended = of_key.or_else(of_certificate);
    lines().any(|line| line.starts_with("EXPKEYSIG ")) && ended.is_some_and(|ended| seconds < ended)
}

/// The seconds since 1970 of a time such as `20261130T041808`, in UTC.
fn iso_seconds(text: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
