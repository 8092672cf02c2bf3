//! Signing tag objects, as `git tag -s` does it.
//!
//! Selects the program and the key, and keeps its message on failure. Follows git's `gpg-interface.c`. Ours rather than
//! gix's, which looks for relative keys in another folder, runs `gpg.ssh.defaultKeyCommand` by a shell and loses what a
//! program says that stops early. Must not write anything: an object that cannot be signed is never made.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use crate::git::objects::text::Parts;
use crate::git::{GitError, Repository, lossy};
use crate::signing::{Sign, SignatureFormat, Signing};

/// Why a tag cannot be signed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignError {
    /// A setting that git would not accept either.
    #[error("the value `{value}` of {key} is not understood")]
    Setting {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// There is no default for SSH.
    #[error("neither user.signingKey nor gpg.ssh.defaultKeyCommand names an SSH key")]
    NoSshKey,
    /// The program cannot be run.
    #[error("the program `{program}` cannot be run")]
    NoProgram {
        /// The program.
        program: String,
        /// The system's message.
        source: io::Error,
    },
    /// The program did not sign.
    #[error("`{program}` said: {said}")]
    Refused {
        /// The program.
        program: String,
        /// Its message.
        said: String,
    },
    /// A temporary file for the program cannot be written.
    #[error("the temporary files for the signing program cannot be used")]
    TemporaryFile(#[source] io::Error),
    /// The repository's configuration may name any program, and is someone else's.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl SignError {
    /// Whether the program found no terminal to ask for a passphrase in, by what gpg says if its pinentry has none.
    pub fn lacks_terminal(&self) -> bool {
        let Self::Refused { said, .. } = self else { return false };
        said.contains("ioctl") || said.contains("No pinentry")
    }
}

type Result<T> = std::result::Result<T, SignError>;

impl Repository {
    /// How new tags are to be signed; `None` if they are not.
    pub fn signing(&self, sign: &Sign) -> Result<Option<Signing>> {
        let wanted_key = match sign {
            Sign::Never => return Ok(None),
            Sign::AsConfigured if !self.wants_signatures()? => return Ok(None),
            Sign::AsConfigured => None,
            Sign::Always(key) => key.clone(),
        };
        let config = self.gix().config_snapshot();
        let format = match config.string("gpg.format").map(|value| lossy(&value)) {
            None => SignatureFormat::OpenPgp,
            Some(value) => {
                SignatureFormat::from_config(&value).ok_or(SignError::Setting { key: "gpg.format", value })?
            }
        };
        let key = wanted_key.map_or_else(|| self.configured_key(format), |key| Ok(Some(key)))?;
        if key.is_none() && format == SignatureFormat::Ssh && self.default_key_command().is_none() {
            return Err(SignError::NoSshKey);
        }
        Ok(Some(Signing { format, key }))
    }

    /// `tag.gpgSign`; and `tag.forceSignAnnotated`, which `git tag -a` overrides, but there is no `-a` here.
    fn wants_signatures(&self) -> Result<bool> {
        let config = self.gix().config_snapshot();
        let is_set = |key: &'static str| {
            let value = config.try_boolean(key).map_err(|_| self.bad_setting(key));
            value.map(|value| value.unwrap_or(false))
        };
        Ok(is_set("tag.gpgSign")? || is_set("tag.forceSignAnnotated")?)
    }

    fn configured_key(&self, format: SignatureFormat) -> Result<Option<String>> {
        const KEY: &str = "user.signingKey";
        let config = self.gix().config_snapshot();
        let Some(key) = config.string(KEY).map(|key| lossy(&key)).filter(|key| !key.is_empty()) else {
            return Ok(None);
        };
        if format != SignatureFormat::Ssh || literal_ssh_key(&key).is_some() {
            return Ok(Some(key));
        }
        // A file, perhaps in `~`.
        let path = config.trusted_path(KEY).map_err(|_| self.bad_setting(KEY))?;
        Ok(path.map(|path| path.to_string_lossy().into_owned()))
    }

    fn bad_setting(&self, key: &'static str) -> SignError {
        let value = self.gix().config_snapshot().string(key);
        SignError::Setting { key, value: value.map(|value| lossy(&value)).unwrap_or_default() }
    }

    fn default_key_command(&self) -> Option<String> {
        let command = self.gix().config_snapshot().string("gpg.ssh.defaultKeyCommand")?;
        Some(lossy(&command)).filter(|command| !command.trim().is_empty())
    }

    /// Puts a signature at the end of each tag object.
    pub(in crate::git) fn sign(&self, objects: &mut [Vec<u8>], signing: &Signing) -> Result<()> {
        let program = self.signing_program(signing.format)?;
        let key = match (&signing.key, signing.format) {
            (None, SignatureFormat::Ssh) => Some(self.default_ssh_key()?),
            (key, _) => key.clone(),
        };
        for object in objects {
            let key = key.clone().unwrap_or_else(|| tagger(object));
            let signature = match signing.format {
                SignatureFormat::Ssh => self.ssh_signature(&program, &key, object)?,
                SignatureFormat::OpenPgp | SignatureFormat::X509 => {
                    self.gpg_signature(&program, &key, object)?
                }
            };
            object.extend(without_carriage_returns(&signature));
        }
        Ok(())
    }

    pub(in crate::git) fn signing_program(&self, format: SignatureFormat) -> Result<String> {
        let (keys, default): (&[&'static str], _) = match format {
            SignatureFormat::OpenPgp => (&["gpg.openpgp.program", "gpg.program"], "gpg"),
            SignatureFormat::X509 => (&["gpg.x509.program"], "gpgsm"),
            SignatureFormat::Ssh => (&["gpg.ssh.program"], "ssh-keygen"),
        };
        let config = self.gix().config_snapshot();
        for &key in keys {
            let program = config.trusted_path(key).map_err(|_| self.bad_setting(key))?;
            if let Some(program) = program {
                return Ok(program.to_string_lossy().into_owned());
            }
        }
        Ok(default.to_owned())
    }

    fn gpg_signature(&self, program: &str, key: &str, payload: &[u8]) -> Result<Vec<u8>> {
        let mut command = self.program(program);
        command.args(["--status-fd=2", "-bsau", key]);
        let output = run(command, program, Some(payload))?;
        let is_made =
            output.stderr.split(|&b| b == b'\n').any(|line| line.starts_with(b"[GNUPG:] SIG_CREATED "));
        if output.status.success() && is_made { Ok(output.stdout) } else { Err(refused(program, &output)) }
    }

    fn ssh_signature(&self, program: &str, key: &str, payload: &[u8]) -> Result<Vec<u8>> {
        // Readable by this user alone, and gone at the end, with the file that the program writes beside the payload.
        let folder = private_folder().map_err(SignError::TemporaryFile)?;
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).map(|()| path).map_err(SignError::TemporaryFile)
        };
        let payload = file("tag", payload)?;
        let mut command = self.program(program);
        command.args(["-Y", "sign", "-n", "git", "-f"]);
        match literal_ssh_key(key) {
            // The private half is in the agent.
            Some(literal) => command.arg(file("key", literal.as_bytes())?).arg("-U"),
            None => command.arg(key),
        };
        command.arg(&payload);
        let output = run(command, program, None)?;
        if !output.status.success() {
            return Err(refused(program, &output));
        }
        std::fs::read(payload.with_extension("sig")).map_err(SignError::TemporaryFile)
    }

    /// The first line that `gpg.ssh.defaultKeyCommand` prints.
    pub(super) fn default_ssh_key(&self) -> Result<String> {
        let command = self.default_key_command().ok_or(SignError::NoSshKey)?;
        let invalid = || SignError::Setting { key: "gpg.ssh.defaultKeyCommand", value: command.clone() };
        let words = split_words(&command).ok_or_else(invalid)?;
        let (program, arguments) = words.split_first().ok_or_else(invalid)?;
        let mut process = self.program(program);
        process.args(arguments);
        let output = run(process, program, None)?;
        if !output.status.success() {
            return Err(refused(program, &output));
        }
        let key = lossy(output.stdout.split(|&b| b == b'\n').next().unwrap_or_default()).trim().to_owned();
        if literal_ssh_key(&key).is_some() {
            return Ok(key);
        }
        let said = "no key that begins with `key::` or `ssh-`, as gpg.ssh.defaultKeyCommand must";
        Err(SignError::Refused { program: program.clone(), said: said.to_owned() })
    }
}

/// `key::ssh-ed25519 …`, or the older `ssh-ed25519 …`: the public key itself, and not a file.
pub(super) fn literal_ssh_key(key: &str) -> Option<&str> {
    key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key))
}

/// A temporary folder for this user alone.
fn private_folder() -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.prefix("gto-sign-").tempdir()
}

/// `Name <address>`, by which gpg finds a key.
fn tagger(object: &[u8]) -> String {
    let line = lossy(Parts::of(object).field("tagger").unwrap_or_default());
    line.rfind('>').map(|end| line[..=end].to_owned()).unwrap_or(line)
}

/// Runs a program that may ask for a passphrase: its terminal stays its own.
fn run(mut command: Command, program: &str, input: Option<&[u8]>) -> Result<Output> {
    let no_program = |source| SignError::NoProgram { program: program.to_owned(), source };
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::inherit() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(no_program)?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        match stdin.write_all(input) {
            // It exited early, and its message explains why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.map_err(no_program)?,
        }
    }
    child.wait_with_output().map_err(no_program)
}

/// The relevant part of a program's message.
fn refused(program: &str, output: &Output) -> SignError {
    let stderr = lossy(&output.stderr);
    let lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let human: Vec<&str> = lines.clone().filter(|line| !line.starts_with("[GNUPG:] ")).collect();
    let said = if human.is_empty() { lines.collect() } else { human };
    let said = if said.is_empty() { format!("nothing ({})", output.status) } else { said.join("; ") };
    SignError::Refused { program: program.to_owned(), said }
}

/// As git does on every system, so that a signature is the same bytes everywhere.
fn without_carriage_returns(signature: &[u8]) -> impl Iterator<Item = u8> {
    let is_kept = |i: usize| signature[i] != b'\r' || signature.get(i + 1) != Some(&b'\n');
    (0..signature.len()).filter(move |&i| is_kept(i)).map(|i| signature[i])
}

/// A command line as words, with quotes and backslashes: git's `split_cmdline`. `None` if a quote stays open.
fn split_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (' ' | '\t' | '\n', None) => words.extend(word.take()),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, Some(open)) if letter == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().push(letters.next()?),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_into_words_without_a_shell() {
        let words = |line| split_words(line).map(|words| words.join("|"));
        assert_eq!(words("ssh-add -L").as_deref(), Some("ssh-add|-L"));
        assert_eq!(words(r#"  a 'b c' "d \" e" f\ g '' "#).as_deref(), Some(r#"a|b c|d " e|f g|"#));
        assert_eq!(words("echo $(id); x").as_deref(), Some("echo|$(id);|x"));
        assert_eq!(words("a 'b"), None);
        assert_eq!(words("a \\"), None);
    }

    #[test]
    fn carriage_returns_at_line_ends_go() {
        let clean =
            |text: &str| String::from_utf8(without_carriage_returns(text.as_bytes()).collect()).unwrap();
        assert_eq!(clean("a\r\nb\rc\n\r"), "a\nb\rc\n\r");
    }
}
