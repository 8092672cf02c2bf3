//! Who git would write as the tagger.
//!
//! Owns the order of the places where a name and an address may be configured. Must not guess: git makes an address
//! from the host's name if it must, and such addresses are worth nothing in a registry.

use super::Repository;

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
        let config = self.gix.config_snapshot();
        identity(env, &|key| Some(super::lossy(&config.string(key)?)))
    }
}

fn identity(
    env: &dyn Fn(&str) -> Option<String>,
    config: &dyn Fn(&str) -> Option<String>,
) -> Result<(String, String), IdentityError> {
    // To git an empty variable is an answer, an empty key is none.
    let configured = |key| config(key).filter(|value| !value.is_empty());
    let name = env("GIT_COMMITTER_NAME")
        .or_else(|| configured("committer.name"))
        .or_else(|| configured("user.name"))
        .map(|name| clean(&name))
        .filter(|name| !name.is_empty());
    let email = env("GIT_COMMITTER_EMAIL")
        .or_else(|| configured("committer.email"))
        .or_else(|| configured("user.email"))
        .or_else(|| env("EMAIL").filter(|email| !email.is_empty()))
        .map(|email| clean(&email));
    match (name, email) {
        (Some(name), Some(email)) => Ok((name, email)),
        (name, email) => Err(IdentityError::NotConfigured { name: name.is_none(), email: email.is_none() }),
    }
}

/// A name or an address as git writes it: without the characters that delimit one, and trimmed of what git calls crud.
/// See `strbuf_addstr_without_crud` in git's `ident.c`.
pub(super) fn clean(text: &str) -> String {
    let crud = |c: char| c <= ' ' || matches!(c, ',' | ':' | ';' | '<' | '>' | '"' | '\\' | '\'');
    // A NUL ends the text for git, since it keeps it as a C string.
    let text = text.split('\0').next().unwrap_or_default();
    text.trim_matches(crud).replace(['\n', '<', '>'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(env: &[(&str, &str)], config: &[(&str, &str)]) -> Result<(String, String), IdentityError> {
        let find = |pairs: &[(&str, &str)], key: &str| {
            pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        };
        identity(&|key| find(env, key), &|key| find(config, key))
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
