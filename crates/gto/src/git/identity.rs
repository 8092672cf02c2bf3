//! Who git would write as the tagger.
//!
//! Owns the order of the places where a name and an address may be configured. Must not guess: git makes an address
//! from the host's name if it must, and such addresses are worth nothing in a registry.

use crate::git::{Repository, lossy};
use crate::signature::Signature;

/// Nobody is configured to be the tagger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityError {
    /// A name, an address or both are configured nowhere.
    #[error("who writes the tag is not configured: {} not set", keys(*name, *email))]
    NotConfigured {
        /// Whether the name is missing.
        name: bool,
        /// Whether the address is missing.
        email: bool,
    },
}

fn keys(name: bool, email: bool) -> &'static str {
    match (name, email) {
        (true, true) => "user.name and user.email are",
        (true, false) => "user.name is",
        _ => "user.email is",
    }
}

impl Repository {
    /// The name and the address of the tagger: `GIT_COMMITTER_NAME` and `GIT_COMMITTER_EMAIL`, then `committer.*`,
    /// then `user.*` of the configuration, then for the address `EMAIL`. `env` looks up an environment variable.
    pub fn committer(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<(String, String), IdentityError> {
        let (name, email) = self.identity(&|key| env(key).map(String::into_bytes))?;
        Ok((lossy(&name), lossy(&email)))
    }

    /// The bytes of a tagger's name and address, clean. They are those of the text, unless that shows what is not UTF-8 in the
    /// environment or the configuration: Git keeps it as it is.
    pub(super) fn exact(&self, tagger: &Signature) -> (Vec<u8>, Vec<u8>) {
        let shown = (clean(&tagger.name), clean(&tagger.email));
        let is_whole = |text: &str| !text.contains(char::REPLACEMENT_CHARACTER);
        let configured = if is_whole(&shown.0) && is_whole(&shown.1) {
            None
        } else {
            self.identity(&|name| self.bytes_of(name)).ok()
        };
        let Some((name, email)) = configured else { return (shown.0.into_bytes(), shown.1.into_bytes()) };
        let choose =
            |exact: Vec<u8>, shown: String| if lossy(&exact) == shown { exact } else { shown.into_bytes() };
        (choose(name, shown.0), choose(email, shown.1))
    }

    fn bytes_of(&self, variable: &str) -> Option<Vec<u8>> {
        Some(self.environment.variable_os(variable)?.as_encoded_bytes().to_vec())
    }

    fn identity(&self, env: Lookup<'_>) -> Result<(Vec<u8>, Vec<u8>), IdentityError> {
        let config = self.gix().config_snapshot();
        let only_configured = config.boolean("user.useConfigOnly").unwrap_or(false);
        let env = |name: &str| if only_configured && name == "EMAIL" { None } else { env(name) };
        identity(&env, &|key| Some(config.string(key)?.to_vec()))
    }
}

/// Finds a variable or a setting.
type Lookup<'l> = &'l dyn Fn(&str) -> Option<Vec<u8>>;

/// As `fmt_ident` in git's `ident.c` chooses, but that nothing is guessed.
fn identity(env: Lookup<'_>, config: Lookup<'_>) -> Result<(Vec<u8>, Vec<u8>), IdentityError> {
    // To git an empty variable is an answer, an empty key is none.
    let configured = |key: &str| config(key).filter(|value| !value.is_empty());
    let name = env("GIT_COMMITTER_NAME")
        .or_else(|| configured("committer.name"))
        .or_else(|| configured("user.name"))
        .map(|name| clean_bytes(&name))
        .filter(|name| !name.is_empty());
    // But if any address is given, even an empty one or that of the author, no other is used.
    let is_given =
        || ["user.email", "author.email", "committer.email"].iter().any(|key| config(key).is_some());
    let email = env("GIT_COMMITTER_EMAIL")
        .or_else(|| configured("committer.email"))
        .or_else(|| configured("user.email"))
        .or_else(|| if is_given() { Some(Vec::new()) } else { None })
        .or_else(|| env("EMAIL").filter(|email| !email.is_empty()))
        .map(|email| clean_bytes(&email));
    match (name, email) {
        (Some(name), Some(email)) => Ok((name, email)),
        (name, email) => Err(IdentityError::NotConfigured { name: name.is_none(), email: email.is_none() }),
    }
}

/// A name or an address as git writes it: without the characters that delimit one, and trimmed of what git calls crud.
/// See `strbuf_addstr_without_crud` in git's `ident.c`.
pub(super) fn clean(text: &str) -> String {
    lossy(&clean_bytes(text.as_bytes()))
}

fn clean_bytes(text: &[u8]) -> Vec<u8> {
    let is_crud =
        |byte: u8| byte <= b' ' || matches!(byte, b',' | b':' | b';' | b'<' | b'>' | b'"' | b'\\' | b'\'');
    // A NUL ends the text for git, since it keeps it as a C string.
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    let Some(first) = text.iter().position(|&byte| !is_crud(byte)) else { return Vec::new() };
    let last = text.iter().rposition(|&byte| !is_crud(byte)).unwrap_or(first);
    text[first..=last].iter().copied().filter(|byte| !matches!(byte, b'\n' | b'<' | b'>')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(env: &[(&str, &str)], config: &[(&str, &str)]) -> Result<(String, String), IdentityError> {
        let find = |pairs: &[(&str, &str)], key: &str| {
            pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_bytes().to_vec())
        };
        let (name, email) = identity(&|key| find(env, key), &|key| find(config, key))?;
        Ok((lossy(&name), lossy(&email)))
    }

    fn person(who: Result<(String, String), IdentityError>) -> String {
        who.map(|(name, email)| format!("{name} <{email}>")).unwrap()
    }

    #[test]
    fn the_environment_wins_over_the_configuration_and_committer_over_user() {
        let env = [("GIT_COMMITTER_NAME", "Env"), ("GIT_COMMITTER_EMAIL", "env@x"), ("EMAIL", "mail@x")];
        let user = [("user.name", "User"), ("user.email", "user@x")];
        let committer = [&user[..], &[("committer.name", "Com"), ("committer.email", "com@x")]].concat();
        assert_eq!(person(who(&env, &committer)), "Env <env@x>");
        assert_eq!(person(who(&env[2..], &committer)), "Com <com@x>");
        assert_eq!(person(who(&env[2..], &user)), "User <user@x>");
        assert_eq!(person(who(&env[2..], &user[..1])), "User <mail@x>");
        assert_eq!(person(who(&env[..1], &user)), "Env <user@x>");
    }

    #[test]
    fn what_is_not_configured_is_named_and_never_guessed() {
        let missing = |name, email| Err(IdentityError::NotConfigured { name, email });
        assert_eq!(who(&[], &[]), missing(true, true));
        assert_eq!(who(&[], &[("user.name", "A")]), missing(false, true));
        assert_eq!(who(&[("EMAIL", "a@x")], &[("user.name", "")]), missing(true, false));
        assert_eq!(
            who(&[("GIT_COMMITTER_NAME", " <>")], &[("user.name", "A"), ("user.email", "a@x")]),
            missing(true, false)
        );
        assert_eq!(who(&[("EMAIL", "")], &[("user.name", "A")]), missing(false, true));
    }

    #[test]
    fn crud_is_taken_off_a_name_as_git_does() {
        assert_eq!(clean("  Ann, Jr. "), "Ann, Jr.");
        assert_eq!(clean("\"A <n>\nn\";"), "A nn");
        assert_eq!(clean("Ann\0Bob"), "Ann");
        assert_eq!(clean(",;:"), "");
    }
}
