//! The address of a remote repository, as `git clone` takes it: `https://host/x`, `ssh://me@host/x`, `host:x`.
//!
//! Keeps credentials out of messages, files and names. Must not decide which URLs Git can reach.

use gix::objs::Kind;

use crate::environment::Environment;

/// An address that Git may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    given: String,
    plain: String,
}

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAddress {
    /// It would be taken for an option.
    #[error("an address does not begin with `-`")]
    Option,
    /// Nobody types that.
    #[error("an address has no control characters")]
    Control,
    /// There is nothing.
    #[error("the address is empty")]
    Empty,
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        if text.is_empty() {
            return Err(NoAddress::Empty);
        }
        if text.starts_with('-') {
            return Err(NoAddress::Option);
        }
        if text.contains(|c: char| c.is_control()) {
            return Err(NoAddress::Control);
        }
        Ok(Self { given: text.to_owned(), plain: plain(text) })
    }

    /// The URL without credentials: for messages and persistent files.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// A file name, the same for a URL with any credentials.
    pub fn key(&self) -> String {
        let hash = gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, self.plain.as_bytes());
        hash.expect("no one can make an address that SHA-1 refuses as an attack").to_string()
    }

    /// As [`Address::key`], of the clone that has some of the tags alone.
    pub fn key_of_tags(&self) -> String {
        self.key_of("tags")
    }

    /// As [`Address::key_of_tags`], of the clone that has the history of some branches as well.
    pub fn key_of_history(&self) -> String {
        self.key_of("history")
    }

    /// The names of all clones of this address.
    pub fn keys(&self) -> [String; 3] {
        [self.key(), self.key_of_tags(), self.key_of_history()]
    }

    fn key_of(&self, part: &str) -> String {
        // No address has a line break.
        Self { given: String::new(), plain: format!("{}\n{part}", self.plain) }.key()
    }

    /// Variables that make Git use the whole address where it finds the plain one, and these settings: none is in a file then,
    /// nor among the arguments of the `git` that is started. Git itself gives the address to its `git-remote-https` as an
    /// argument, which anyone on the machine can read.
    pub fn variables(
        &self,
        environment: &Environment,
        settings: &[(String, String)],
    ) -> Vec<(String, String)> {
        let whole = (format!("url.{}.insteadOf", self.given), self.plain.clone());
        let whole = Some(&whole).filter(|_| self.given != self.plain);
        let settings: Vec<_> = whole.into_iter().chain(settings).collect();
        if settings.is_empty() {
            return Vec::new();
        }
        let count =
            environment.variable("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0_usize);
        let mut variables = vec![("GIT_CONFIG_COUNT".to_owned(), (count + settings.len()).to_string())];
        for (at, (key, value)) in settings.into_iter().enumerate() {
            variables.push((format!("GIT_CONFIG_KEY_{}", count + at), key.clone()));
            variables.push((format!("GIT_CONFIG_VALUE_{}", count + at), value.clone()));
        }
        variables
    }
}

/// Without user and password; with ssh the user is a part of where it is, and stays.
fn plain(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (login, host, path) = parts(rest, |_| false);
    let Some(login) = login else { return text.to_owned() };
    let login = match login.split_once(':').map_or(login, |(user, _)| user) {
        user if scheme.contains("ssh") && !user.is_empty() => format!("{user}@"),
        _ => String::new(),
    };
    format!("{scheme}://{login}{host}{path}")
}

/// What logs somebody in, the host, and the rest of what follows `://`; in a text around the address this ends where `ends`
/// says. A `?` or `#` ends the host too, for Git and for curl, but not here: in a password that somebody forgot to encode
/// it would leave the rest of that in sight. At worst less is shown than could be.
fn parts(after_scheme: &str, ends: impl Fn(char) -> bool) -> (Option<&str>, &str, &str) {
    let is_end = |c: char| c == '/' || ends(c);
    let (host, rest) = after_scheme.split_at(after_scheme.find(is_end).unwrap_or(after_scheme.len()));
    match host.rsplit_once('@') {
        Some((login, host)) => (Some(login), host, rest),
        None => (None, host, rest),
    }
}

/// Whether this is an address of GitHub: `https://github.com/x`, `git@github.com:x`, `ssh://git@ssh.github.com:443/x`.
pub(in crate::git) fn is_github(address: &str) -> bool {
    let host = match address.split_once("://") {
        Some((_, rest)) => parts(rest, |_| false).1,
        None => address.split_once(':').map_or("", |(host, _)| host.rsplit('@').next().unwrap_or(host)),
    };
    let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
    host == "github.com" || host.ends_with(".github.com") || host.ends_with(".ghe.com")
}

/// The text without who logs in, and with what, in the addresses in it.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        // Quotes may be part of a password. Those around an address are not lost: nothing goes but what is before an `@`.
        let (_, host, after) = parts(after, char::is_whitespace);
        shown.push_str(before);
        shown.push_str(host);
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_logs_in_is_shown_or_kept() {
        for (given, plain) in [
            ("https://ann:secret@host:8080/x.git", "https://host:8080/x.git"),
            ("https://token@host/x", "https://host/x"),
            ("https://ann:s@cr@t@host/x@y", "https://host/x@y"),
            ("ssh://git@host/x", "ssh://git@host/x"),
            ("git+ssh://git:secret@host:22/x", "git+ssh://git@host:22/x"),
            ("https://ann:secret@host?x", "https://host?x"),
            ("https://ann:sec#ret?@host/x", "https://host/x"),
            ("git@host:x@y", "git@host:x@y"),
            ("file:///a@b/c", "file:///a@b/c"),
            ("https://host", "https://host"),
        ] {
            let address = Address::parse(given).unwrap();
            assert_eq!(address.plain(), plain);
            assert_eq!(address.key(), Address::parse(plain).unwrap().key());
            assert_eq!(
                address.variables(&crate::git::test_repo::environment(), &[]).is_empty(),
                given == plain
            );
        }
    }

    #[test]
    fn the_addresses_in_a_text_are_told_without_passwords() {
        assert_eq!(without_passwords("a://b@c d://e:f@g@h/@i"), "a://c d://h/@i");
        assert_eq!(without_passwords("'a://me:s'e\"c@host': no 'd://e'"), "'a://host': no 'd://e'");
        assert_eq!(without_passwords("a://me:s#e?c@host?x"), "a://host?x");
    }

    #[test]
    fn github_is_known_by_its_host() {
        for address in [
            "https://github.com/o/r",
            "https://token@github.com/o/r.git",
            "git@github.com:o/r.git",
            "github.com:o/r",
            "ssh://git@ssh.github.com:443/o/r.git",
            "https://octo.ghe.com/o/r",
        ] {
            assert!(is_github(address), "{address}");
        }
        for address in [
            "https://example.com/github.com/r",
            "/srv/github.com:x",
            "https://github.com.example.org/o",
            "notgithub.com:o/r",
            "",
        ] {
            assert!(!is_github(address), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, why) in [
            ("", NoAddress::Empty),
            ("-x://y", NoAddress::Option),
            ("--upload-pack=touch x:y", NoAddress::Option),
            ("https://host/\nx", NoAddress::Control),
            ("host:x\u{1b}[31m", NoAddress::Control),
            ("host:x\0", NoAddress::Control),
        ] {
            assert_eq!(Address::parse(text), Err(why), "{text:?}");
        }
    }
}
