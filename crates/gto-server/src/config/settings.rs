//! Checked settings.
//!
//! Owns defaults, and which combinations are refused because they are not safe.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use crate::config::arguments::Arguments;
use crate::config::file::{self, File};
use crate::error::ServeError;

/// Where the server listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8417";
const DEFAULT_REFRESH: Duration = Duration::from_secs(30);
const DEFAULT_BUDGET: u64 = 2 << 30;
const SMALLEST_BUDGET: u64 = 1 << 20;
const LONGEST_REFRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;

/// Who may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Nobody; buttons show the command to type.
    Off,
    /// The person at this machine, with their own identity.
    Local,
    /// Users of the server, under an identity of the server.
    Service,
}

/// How a request is known to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// By a token.
    Token,
    /// By the user that a trusted proxy names.
    Proxy,
    /// Not at all.
    None,
}

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositorySource {
    /// A folder.
    Folder(PathBuf),
    /// A remote repository.
    Url(String),
}

/// A repository that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySetting {
    /// What it is called in addresses.
    pub id: String,
    /// Where it is.
    pub source: RepositorySource,
}

/// What the server does.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The heading of every page.
    pub title: Option<String>,
    /// The repositories, in the order in which they are shown.
    pub repositories: Vec<RepositorySetting>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Who may write.
    pub write: WriteMode,
    /// How a request is known to be allowed.
    pub auth: AuthMode,
    /// The token; a random one if `None`.
    pub token: Option<String>,
    /// The secret that hosts sign their hooks with; without it none are taken.
    pub hook_secret: Option<String>,
    /// A token that opens badges alone.
    pub badge_token: Option<String>,
    /// A token that opens `/metrics` alone.
    pub metrics_token: Option<String>,
    /// The proxies that may name a user.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they do, in lower case.
    pub user_header: String,
    /// Names under which the server is reached, beside those of this machine.
    pub allowed_hosts: Vec<String>,
    /// How often a repository is looked at.
    pub refresh: Duration,
    /// How many bytes looks at the repositories of one host may take in an hour.
    pub host_budget: u64,
}

impl Settings {
    /// The settings of these arguments, and of the file that they name. `here` is the current folder.
    ///
    /// # Errors
    /// [`ServeError::Setting`] for what is wrong or not safe, [`ServeError::File`].
    pub fn new(arguments: Arguments, here: &Path) -> Result<Self, ServeError> {
        let path = arguments.config.as_ref().map(|path| here.join(path));
        let file = path.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let beside = path.as_deref().and_then(Path::parent).unwrap_or(here).to_owned();
        let either = |first: Vec<String>, second: Vec<String>| if first.is_empty() { second } else { first };
        let listen = arguments.listen.or(file.listen).unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        let settings = Self {
            title: file.title.filter(|title| !title.trim().is_empty()),
            repositories: repositories(&arguments.repositories, file.repositories, here, &beside)?,
            listen: read_listen(&listen)?,
            write: read_write(arguments.write.or(file.write).as_deref())?,
            auth: read_auth(arguments.auth.or(file.auth).as_deref())?,
            token: read_token("token_file", arguments.token, file.token_file.map(|path| beside.join(path)))?,
            hook_secret: read_token(
                "hook_secret_file",
                None,
                file.hook_secret_file.map(|path| beside.join(path)),
            )?,
            badge_token: read_token(
                "badge_token_file",
                None,
                file.badge_token_file.map(|path| beside.join(path)),
            )?,
            metrics_token: read_token(
                "metrics_token_file",
                None,
                file.metrics_token_file.map(|path| beside.join(path)),
            )?,
            trusted_proxies: read_proxies(&either(arguments.trusted_proxies, file.trusted_proxies))?,
            user_header: read_header(arguments.user_header.or(file.user_header))?,
            allowed_hosts: read_hosts(either(arguments.allowed_hosts, file.allowed_hosts))?,
            refresh: read_refresh(arguments.refresh.or(file.refresh).as_deref())?,
            host_budget: read_budget(file.host_budget.as_deref())?,
        };
        settings.check_safety()?;
        Ok(settings)
    }

    /// Whether only programs of this machine reach the server.
    pub fn is_local(&self) -> bool {
        self.listen.ip().is_loopback()
    }

    fn check_safety(&self) -> Result<(), ServeError> {
        let refuse = |message: &str, hint: &str| Err(ServeError::setting(message, hint));
        if self.auth == AuthMode::None && !self.is_local() {
            return refuse(
                "`--auth none` would show the registry to everyone who reaches this machine",
                "use `--auth token`, or `--auth proxy` behind a proxy that knows the users",
            );
        }
        if self.auth == AuthMode::None && self.write != WriteMode::Off {
            return refuse(
                "`--auth none` would let every user of this machine write under your name",
                "use `--auth token`, or leave out `--write`",
            );
        }
        if self.auth == AuthMode::Proxy && self.trusted_proxies.is_empty() {
            return refuse(
                "`--auth proxy` needs to know which proxy to believe",
                "name its address, as in `--trusted-proxy 10.0.0.5/32`",
            );
        }
        if self.write == WriteMode::Local && self.auth == AuthMode::Proxy {
            return refuse(
                "`--write local` writes under your own name, and with `--auth proxy` others would do so",
                "use `--auth token`, or leave out `--write`",
            );
        }
        if self.write == WriteMode::Service && self.auth != AuthMode::Proxy {
            return refuse(
                "`--write service` writes for users, and only a proxy knows who they are",
                "use `--auth proxy` with `--trusted-proxy`; to write under your own name, use `--write local`",
            );
        }
        if self.write == WriteMode::Local && !self.is_local() {
            return refuse(
                "`--write local` writes under your own name, so that it is only for this machine",
                "listen on 127.0.0.1, or leave out `--write`",
            );
        }
        Ok(())
    }
}

fn repositories(
    typed: &[String],
    listed: Vec<file::Repository>,
    here: &Path,
    beside: &Path,
) -> Result<Vec<RepositorySetting>, ServeError> {
    let mut found: Vec<(Option<String>, RepositorySource)> = Vec::new();
    for text in typed {
        let source = if gto_frontend::process::is_remote(text) {
            RepositorySource::Url(text.clone())
        } else {
            RepositorySource::Folder(here.join(text))
        };
        found.push((None, source));
    }
    for repository in listed {
        let source = match (repository.path, repository.url) {
            (Some(path), None) => RepositorySource::Folder(beside.join(path)),
            (None, Some(url)) => RepositorySource::Url(url),
            _ => {
                return Err(ServeError::setting(
                    "A repository of the configuration file needs either `path` or `url`",
                    "as in `- path: ../models` or `- url: https://host/models.git`",
                ));
            }
        };
        found.push((repository.id, source));
    }
    if found.is_empty() {
        found.push((None, RepositorySource::Folder(here.to_owned())));
    }
    with_ids(found)
}

fn with_ids(found: Vec<(Option<String>, RepositorySource)>) -> Result<Vec<RepositorySetting>, ServeError> {
    let mut taken = HashSet::new();
    for id in found.iter().filter_map(|(id, _)| id.as_ref()) {
        let hint = "use letters, digits, `.`, `_` and `-`, and each id once";
        if !is_id(id) {
            return Err(ServeError::setting(
                format!("'{}' cannot be the id of a repository", id.escape_debug()),
                hint,
            ));
        }
        if !taken.insert(id.clone()) {
            return Err(ServeError::setting(format!("Two repositories have the id '{id}'"), hint));
        }
    }
    let mut settings = Vec::with_capacity(found.len());
    for (id, source) in found {
        let id = id.unwrap_or_else(|| {
            let wanted = id_of(&source);
            let numbered = (2..).map(|number: u32| format!("{wanted}-{number}"));
            let free = std::iter::once(wanted.clone()).chain(numbered).find(|id| !taken.contains(id));
            let id = free.unwrap_or(wanted);
            taken.insert(id.clone());
            id
        });
        settings.push(RepositorySetting { id, source });
    }
    Ok(settings)
}

fn is_id(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
        && text.len() <= 100
        && text.bytes().all(is_allowed)
}

/// The last part of a path or an address, as an id.
fn id_of(source: &RepositorySource) -> String {
    let text = match source {
        RepositorySource::Folder(path) => {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        }
        RepositorySource::Url(url) => {
            url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default().to_owned()
        }
    };
    let text = text.strip_suffix(".git").or_else(|| text.strip_suffix(".bundle")).unwrap_or(&text);
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let id: String = text.chars().map(allowed).take(60).collect();
    let id = id.trim_matches(['.', '-', '_']);
    if id.is_empty() { "registry".to_owned() } else { id.to_owned() }
}

fn read_listen(text: &str) -> Result<SocketAddr, ServeError> {
    let text = text.replacen("localhost:", "127.0.0.1:", 1);
    text.parse().map_err(|_| {
        let message = format!("'{}' is no address with a port", text.escape_debug());
        ServeError::setting(message, format!("as in `--listen {DEFAULT_LISTEN}`, or `--listen 0.0.0.0:8417`"))
    })
}

fn read_write(text: Option<&str>) -> Result<WriteMode, ServeError> {
    match text {
        // YAML reads `off` as a boolean.
        None | Some("off" | "false") => Ok(WriteMode::Off),
        Some("local") => Ok(WriteMode::Local),
        Some("service") => Ok(WriteMode::Service),
        Some(other) => Err(one_of("--write", other, "off, local or service")),
    }
}

fn read_auth(text: Option<&str>) -> Result<AuthMode, ServeError> {
    match text {
        None | Some("token") => Ok(AuthMode::Token),
        Some("proxy") => Ok(AuthMode::Proxy),
        Some("none") => Ok(AuthMode::None),
        Some(other) => Err(one_of("--auth", other, "token, proxy or none")),
    }
}

fn one_of(what: &str, got: &str, choices: &str) -> ServeError {
    ServeError::setting(format!("`{what} {}` is not known", got.escape_debug()), format!("choose {choices}"))
}

/// A secret that was given, or that is in the file that a key of the configuration names.
fn read_token(key: &str, given: Option<String>, file: Option<PathBuf>) -> Result<Option<String>, ServeError> {
    let given = given.filter(|token| !token.is_empty());
    let (of, token) = match (given, file) {
        (Some(token), _) => ("The token".to_owned(), token),
        (None, Some(path)) => {
            let what = format!("the file of `{key}`,");
            let text = std::fs::read_to_string(&path).map_err(|source| ServeError::File {
                what,
                path: path.clone(),
                source,
            })?;
            let token = text.lines().next().unwrap_or_default().trim().to_owned();
            (format!("The first line of the file of `{key}`, '{}',", path.display()), token)
        }
        (None, None) => return Ok(None),
    };
    let is_plain = token.bytes().all(|b| b.is_ascii_graphic());
    if token.len() < SHORTEST_TOKEN || !is_plain {
        return Err(ServeError::setting(
            format!("{of} must have at least {SHORTEST_TOKEN} characters, all of them visible ASCII"),
            "make one with `openssl rand -hex 32`, or set none, and a random one is printed at the start",
        ));
    }
    Ok(Some(token))
}

fn read_proxies(texts: &[String]) -> Result<Vec<IpNet>, ServeError> {
    let read = |text: &String| {
        let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        net.ok_or_else(|| {
            let message = format!("'{}' is no range of addresses", text.escape_debug());
            ServeError::setting(message, "as in `--trusted-proxy 10.0.0.0/8`")
        })
    };
    texts.iter().map(read).collect()
}

fn read_header(text: Option<String>) -> Result<String, ServeError> {
    let header = text.unwrap_or_else(|| "X-Forwarded-User".to_owned()).to_ascii_lowercase();
    let is_token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if header.is_empty() || !header.bytes().all(is_token) {
        let message = format!("'{}' is no name of a header", header.escape_debug());
        return Err(ServeError::setting(message, "as in `--user-header X-Forwarded-User`"));
    }
    Ok(header)
}

fn read_hosts(hosts: Vec<String>) -> Result<Vec<String>, ServeError> {
    for host in &hosts {
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']');
        if host.is_empty() || !host.bytes().all(is_name) {
            let message = format!("'{}' is no name of a host", host.escape_debug());
            return Err(ServeError::setting(
                message,
                "as in `--allowed-host models.example.com`, without `https://`",
            ));
        }
    }
    Ok(hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect())
}

fn read_refresh(text: Option<&str>) -> Result<Duration, ServeError> {
    let Some(text) = text else { return Ok(DEFAULT_REFRESH) };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "s" | "" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let number: Option<u64> = digits.parse().ok();
    let time =
        seconds.zip(number).and_then(|(unit, number)| number.checked_mul(unit)).map(Duration::from_secs);
    time.filter(|time| !time.is_zero() && *time <= LONGEST_REFRESH).ok_or_else(|| {
        let message = format!("'{}' is no time between two looks at a repository", text.escape_debug());
        ServeError::setting(message, "as in `--refresh 30s`, at most `24h`")
    })
}

fn read_budget(text: Option<&str>) -> Result<u64, ServeError> {
    let Some(text) = text else { return Ok(DEFAULT_BUDGET) };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = match text[digits.len()..].trim() {
        "MB" => Some(1_000_000),
        "MiB" => Some(1 << 20),
        "GB" => Some(1_000_000_000),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    let bytes = unit.zip(digits.parse::<u64>().ok()).and_then(|(unit, number)| number.checked_mul(unit));
    bytes.filter(|bytes| *bytes >= SMALLEST_BUDGET).ok_or_else(|| {
        let message = format!("`host_budget: {}` is no size", text.escape_debug());
        ServeError::setting(
            message,
            "as in `host_budget: 2GiB`, at least `1MiB`: what one host sends in an hour",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut Arguments)) -> Result<Settings, String> {
        let mut arguments = Arguments::default();
        change(&mut arguments);
        Settings::new(arguments, Path::new("/srv/models")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_safe_on_a_machine_with_other_users() {
        let settings = settings(|_| {}).unwrap();
        assert_eq!((settings.auth, settings.write), (AuthMode::Token, WriteMode::Off));
        assert!(settings.is_local());
        assert_eq!(settings.repositories[0].id, "models");
    }

    #[test]
    fn what_would_be_open_to_strangers_is_refused() {
        let none = |listen: &str, write: &str| {
            let (listen, write) = (listen.to_owned(), write.to_owned());
            settings(|a| (a.auth, a.listen, a.write) = (Some("none".into()), Some(listen), Some(write)))
        };
        assert!(none("127.0.0.1:0", "off").is_ok());
        assert!(none("[::1]:0", "off").is_ok());
        assert!(none("0.0.0.0:0", "off").is_err());
        assert!(none("127.0.0.1:0", "local").is_err());
        assert!(
            settings(|a| (a.write, a.listen) = (Some("local".into()), Some("0.0.0.0:1".into()))).is_err()
        );
        assert!(settings(|a| a.auth = Some("proxy".into())).is_err());
        assert!(settings(|a| a.token = Some("short".into())).is_err());
    }

    #[test]
    fn a_secret_that_cannot_be_read_or_used_is_called_by_its_key() {
        let folder = gto_testkit::Sandbox::new();
        std::fs::write(folder.path().join("short"), "x\n").unwrap();
        for (key, file) in
            [("hook_secret_file", "absent"), ("badge_token_file", "short"), ("token_file", "short")]
        {
            std::fs::write(folder.path().join("gto-serve.yaml"), format!("{key}: {file}\n")).unwrap();
            let arguments = Arguments { config: Some("gto-serve.yaml".into()), ..Arguments::default() };
            let error = Settings::new(arguments, folder.path()).unwrap_err().to_string();
            assert!(error.contains(&format!("`{key}`")) && error.contains(file), "{error}");
            assert!(!error.contains("configuration file"), "{error}");
        }
    }

    #[test]
    fn a_budget_is_a_size() {
        assert_eq!(read_budget(None).unwrap(), 2 << 30);
        assert_eq!(read_budget(Some("500 MB")).unwrap(), 500_000_000);
        assert_eq!(read_budget(Some("1GiB")).unwrap(), 1 << 30);
        for wrong in ["", "1", "GiB", "1KiB", "-1GiB", "1.5GiB", "99999999999999999999GiB", "1TiB", "é"] {
            assert!(read_budget(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_wrong_text_is_refused_with_a_hint() {
        for change in [
            (|a: &mut Arguments| a.listen = Some("8417".into())) as fn(&mut Arguments),
            |a| a.write = Some("yes".into()),
            |a| a.auth = Some("basic".into()),
            |a| a.trusted_proxies = vec!["10.0.0.0/99".into()],
            |a| a.user_header = Some("a b".into()),
            |a| a.allowed_hosts = vec!["https://x".into()],
            |a| a.refresh = Some("0s".into()),
            |a| a.refresh = Some("99999999999999999999h".into()),
            |a| a.refresh = Some("2w".into()),
        ] {
            let mut arguments = Arguments::default();
            change(&mut arguments);
            let error = Settings::new(arguments, Path::new("/x")).unwrap_err();
            assert!(error.hint().is_some(), "{error}");
        }
    }

    #[test]
    fn repositories_get_ids_that_are_safe_in_addresses_and_each_its_own() {
        let typed = ["https://user@host/team/models.git", "git@host:models", "/a/models/", "/b/ä ö"];
        let settings = settings(|a| a.repositories = typed.map(str::to_owned).to_vec()).unwrap();
        let ids: Vec<_> = settings.repositories.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["models", "models-2", "models-3", "registry"]);
    }
}
