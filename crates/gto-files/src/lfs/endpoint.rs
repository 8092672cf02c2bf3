//! Where the server of Git LFS is that a repository uses, and what logs the user in there.
//!
//! Owns whose word counts: what `.lfsconfig` of a commit says may choose a server, and gets no credential for it unless the user's own
//! settings name the same host, or the user has confirmed it (Git LFS specification, `docs/api/server-discovery.md`).

use std::path::PathBuf;

use gto::object_id::ObjectId;
use gto::{Registry, RemoteAddress, SshAddress};
use serde::Deserialize;
use ureq::http::Uri;

use crate::place::http::{host_of, without_login};
use crate::place::settings::Trust;
use crate::text::shown;

/// Where the server is.
pub(super) enum Endpoint {
    /// Another repository of this machine, with the files in its folder.
    Folder(PathBuf),
    /// A server of HTTP.
    Http(Api),
}

/// A server of HTTP that is asked for where files are.
pub(super) struct Api {
    /// The address, without a login.
    pub url: String,
    /// The same as the user has it, which may have a login.
    pub with_login: String,
    /// Whether the user's credentials may go there.
    pub gets_login: bool,
    /// Headers that it gets at once.
    pub headers: Vec<(String, String)>,
}

/// What `git-lfs-authenticate` prints.
#[derive(Deserialize)]
struct Authenticated {
    href: Option<String>,
    #[serde(default)]
    header: std::collections::BTreeMap<String, String>,
}

/// Finds the server.
///
/// # Errors
/// Why none can be asked, in one clause; empty, if there is none.
pub(super) fn find(registry: &Registry, commit: ObjectId, trust: &Trust) -> Result<Endpoint, String> {
    let remote = registry.fetch_address();
    let of_remote = |(name, _): &(String, RemoteAddress)| format!("remote.{name}.lfsurl");
    let key = remote.as_ref().map(of_remote);
    let keys = || ["lfs.url"].into_iter().chain(key.as_deref());
    if let Some(url) = keys().find_map(|key| registry.git_setting(key)) {
        return of_url(registry, &url, true, trust);
    }
    let of_commit = keys().find_map(|key| registry.lfs_config(commit, key).ok().flatten());
    if let Some(url) = of_commit {
        let own = remote.as_ref().and_then(|(_, address)| host(address));
        let named = host_in(&url);
        let is_own = own.is_some() && own == named;
        return of_url(registry, &url, is_own, trust);
    }
    match remote {
        None => Err(String::new()),
        Some((_, RemoteAddress::Http(url))) => of_url(registry, &with_ending(&url), true, trust),
        Some((_, RemoteAddress::Ssh(server))) => of_ssh(registry, &server, trust),
        Some((_, RemoteAddress::Folder(path))) => {
            let git_dir = path.join(".git");
            let git_dir = if git_dir.is_dir() { git_dir } else { path };
            Ok(Endpoint::Folder(git_dir.join("lfs/objects")))
        }
    }
}

fn of_url(registry: &Registry, url: &str, is_own: bool, trust: &Trust) -> Result<Endpoint, String> {
    let (plain, _) = without_login(url);
    let uri: Uri = plain.parse().map_err(|_| format!("'{}' is no address", shown(&plain)))?;
    let host = host_of(&uri).filter(|_| matches!(uri.scheme_str(), Some("http" | "https")));
    let host = host.ok_or_else(|| format!("gto cannot ask '{}' for files of Git LFS", shown(&plain)))?;
    trust.may_ask(&host)?;
    let gets_login = is_own || trust.has(&host);
    let header = registry.git_setting_for("http.extraheader", &plain).filter(|_| gets_login);
    let header = header.as_deref().and_then(|text| text.split_once(':'));
    let headers = header.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    Ok(Endpoint::Http(Api {
        url: plain.trim_end_matches('/').to_owned(),
        with_login: url.to_owned(),
        gets_login,
        headers: headers.into_iter().collect(),
    }))
}

/// The server of ssh names one of HTTP, and what logs in there.
fn of_ssh(registry: &Registry, server: &SshAddress, trust: &Trust) -> Result<Endpoint, String> {
    let host = server.host.rsplit('@').next().unwrap_or(&server.host);
    trust.may_ask(host)?;
    let printed = registry.authenticate_lfs(server).map_err(|error| shown(&error.to_string()))?;
    let answer: Authenticated = serde_json::from_slice(&printed)
        .map_err(|error| format!("git-lfs-authenticate on '{host}' prints no JSON: {error}"))?;
    let path = server.path.trim_start_matches('/');
    let url = answer.href.unwrap_or_else(|| with_ending(&format!("https://{host}/{path}")));
    let headers = answer.header.into_iter().collect();
    match of_url(registry, &url, true, trust)? {
        Endpoint::Http(api) => Ok(Endpoint::Http(Api { headers, ..api })),
        folder @ Endpoint::Folder(_) => Ok(folder),
    }
}

fn with_ending(url: &str) -> String {
    let url = url.trim_end_matches('/');
    format!("{}.git/info/lfs", url.strip_suffix(".git").unwrap_or(url))
}

/// The host of a remote, with its port.
fn host(address: &RemoteAddress) -> Option<String> {
    match address {
        RemoteAddress::Http(url) => host_in(url),
        // A server for HTTP may be another one.
        RemoteAddress::Ssh(_) | RemoteAddress::Folder(_) => None,
    }
}

/// What logs in at `https` must not go to `http`.
fn host_in(url: &str) -> Option<String> {
    let uri: Uri = without_login(url).0.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, host_of(&uri)?.to_ascii_lowercase()))
}
