//! Objects on a server of ssh, by the system's `sftp`.
//!
//! Owns one process of it, which is asked for one object after the other. It never asks a person, and reaches only servers whose keys
//! the user knows: its own settings are the user's, and a commit chooses no more than a host, a user, a port and a folder.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, PipeReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::answer::{Opened, PlaceError};
use super::settings::{Remote, Trust};
use crate::text::shown;

/// What `sftp` prints for `pwd`: all that it was asked before is done then.
const DONE: &str = "Remote working directory:";

/// More is not taken for one line of what it says, nor kept of all, in bytes.
const MAX_LINE: u64 = 4096;
const MAX_SAID: usize = 16 * 1024;

/// How many connections there are at most.
const CONNECTIONS: usize = 4;

/// A folder on a server.
pub(crate) struct Sftp {
    arguments: Vec<String>,
    folder: String,
    shown: String,
    /// Those that nobody uses now.
    idle: Mutex<Vec<Session>>,
}

/// A process at work.
struct Session {
    child: Child,
    commands: Option<ChildStdin>,
    /// What it prints, messages among it: in the order of what it does.
    printed: BufReader<PipeReader>,
}

impl Sftp {
    /// The server of a remote whose address, after `ssh://`, is `rest`.
    ///
    /// # Errors
    /// Why it cannot be asked, in one clause.
    pub fn new(remote: &Remote, rest: &str, name: &str, trust: &Trust) -> Result<Self, String> {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let (host, port) = match host.rsplit_once(':') {
            Some((name, port)) if !host.ends_with(']') => (name, Some(port)),
            _ => (host, None),
        };
        let user = remote.place("user").or(user).map(|user| user.split(':').next().unwrap_or(user));
        let port = remote.place("port").or(port).map(str::parse::<u16>).transpose();
        let port = port.map_err(|_| "its port is none".to_owned())?;
        check_word(host, "host")?;
        user.map_or(Ok(()), |user| check_word(user, "user"))?;
        trust.may_ask(host)?;
        if remote.own("password").is_some() || remote.own("ask_password").is_some() {
            return Err(
                "`sftp` takes no password from gto: put a key into ssh-agent or ~/.ssh/config".to_owned()
            );
        }
        if path.contains(|c: char| c.is_control()) {
            return Err("its path is none".to_owned());
        }
        // Strangers' servers are none that the user knows, and get nothing but a connection.
        let options = [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "ForwardAgent=no",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
        ];
        let mut arguments = vec!["-b".to_owned(), "-".to_owned()];
        arguments.extend(options.iter().flat_map(|option| ["-o".to_owned(), (*option).to_owned()]));
        if let Some(key) = remote.own("keyfile") {
            arguments.extend(["-i".to_owned(), key.to_owned()]);
        }
        if let Some(port) = port {
            arguments.extend(["-P".to_owned(), port.to_string()]);
        }
        let host = user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
        arguments.extend(["--".to_owned(), host]);
        let folder = if path.is_empty() { "." } else { path };
        Ok(Self {
            arguments,
            folder: folder.trim_end_matches('/').to_owned(),
            shown: format!("{name} (ssh://{})", shown(rest)),
            idle: Mutex::default(),
        })
    }

    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Gets an object into a file without a name, as `sftp` prints none.
    pub fn open(&self, path: &str) -> Result<Opened, PlaceError> {
        let failed = |error: io::Error| PlaceError::Failed(format!("no room for what comes: {error}"));
        let waiting = tempfile::NamedTempFile::new().map_err(failed)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = idle.map_or_else(|| Session::start(&self.arguments), Ok)?;
        let got = session.get(&format!("{}/{path}", self.folder), waiting.path());
        if got.is_ok() || matches!(got, Err(PlaceError::Absent)) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < CONNECTIONS {
                idle.push(session);
            }
        }
        got?;
        let file = File::open(waiting.path()).map_err(failed)?;
        Ok(Opened { content: Box::new(file), offset: 0 })
    }
}

/// What ssh takes for a host or a user, and not for an option.
fn check_word(word: &str, what: &str) -> Result<(), String> {
    let is_odd =
        |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '$' | '\\' | ';');
    if word.is_empty() || word.starts_with('-') || word.contains(is_odd) {
        return Err(format!("'{}' is no {what}", shown(word)));
    }
    Ok(())
}

impl Session {
    fn start(arguments: &[String]) -> Result<Self, PlaceError> {
        let failed = |error: io::Error| PlaceError::Failed(format!("`sftp` cannot be run: {error}"));
        let (printed, out) = io::pipe().map_err(failed)?;
        let mut sftp = Command::new("sftp");
        sftp.args(arguments).env("LC_ALL", "C").env_remove("SSH_ASKPASS").stdin(Stdio::piped());
        sftp.stdout(out.try_clone().map_err(failed)?).stderr(out);
        let mut child = sftp.spawn().map_err(failed)?;
        let commands = child.stdin.take();
        // It has our end of the pipe, too, which would never end.
        drop(sftp);
        let mut session = Self { child, commands, printed: BufReader::new(printed) };
        // What a server greets with is not about what it is asked for.
        session.run("")?;
        Ok(session)
    }

    /// Gets one file. `sftp` goes on after an error in a command that begins with `-`.
    fn get(&mut self, from: &str, to: &Path) -> Result<(), PlaceError> {
        let odd = || PlaceError::Failed("the folder for files that wait has an odd name".to_owned());
        let said = self.run(&format!("-get {} {}\n", quoted(from), quoted(to.to_str().ok_or_else(odd)?)))?;
        if said.trim().is_empty() {
            return Ok(());
        }
        let is_absent = said.contains("not found") || said.contains("No such file");
        Err(if is_absent { PlaceError::Absent } else { PlaceError::Failed(why(&said)) })
    }

    /// Has it run a command, and returns what it says of it.
    fn run(&mut self, command: &str) -> Result<String, PlaceError> {
        let text = format!("{command}pwd\n");
        let sent = self.commands.as_mut().map(|commands| commands.write_all(text.as_bytes()));
        let is_sent = matches!(sent, Some(Ok(())));
        let (mut said, mut line) = (String::new(), Vec::new());
        loop {
            line.clear();
            let read = (&mut self.printed).take(MAX_LINE).read_until(b'\n', &mut line);
            let line = String::from_utf8_lossy(&line);
            match read {
                Ok(0) | Err(_) => break,
                Ok(_) if is_sent && line.starts_with(DONE) => return Ok(said),
                Ok(_) if line.starts_with("sftp> ") || line.starts_with("Fetching ") => {}
                Ok(_) if said.len() < MAX_SAID => said.push_str(&line),
                Ok(_) => {}
            }
        }
        // It has ended: no connection, or no more. What refuses a login refuses it again.
        let passing = ["Connection reset", "timed out", "Connection closed by", "Broken pipe"];
        let is_passing =
            passing.iter().any(|words| said.contains(words)) && !said.contains("Permission denied");
        Err(if is_passing { PlaceError::Later(why(&said)) } else { PlaceError::Failed(why(&said)) })
    }
}

/// The end of what it says, which is the reason.
fn why(said: &str) -> String {
    let mut last: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = last.len().saturating_sub(2);
    let last = last.split_off(from).join("; ");
    if last.is_empty() { "`sftp` ended without a word".to_owned() } else { format!("sftp: {last}") }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A word for `sftp`, which takes what is in quotes as it is.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_would_take_for_an_option_is_no_host() {
        let new =
            |url: &str| Sftp::new(&Remote::default(), url, "r", &Trust::default()).map(|sftp| sftp.arguments);
        for bad in ["-oProxyCommand=x/p", "me@-x/p", "-x@host/p", "/p", "a b/p", "host:port/p", "$(x)/p"] {
            assert!(new(bad).is_err(), "{bad}");
        }
        let arguments = new("me@host:22/p/q").unwrap();
        assert_eq!(arguments[arguments.len() - 4..], ["-P", "22", "--", "me@host"]);
    }
}
