//! Asking a server of Git LFS where files are, and logging in there.
//!
//! Owns the batch API (Git LFS specification, `docs/api/batch.md`): many files with one request, each answer once. What the server
//! answers are a stranger's words: an address of the web for each file, and headers for that address alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, OnceLock, PoisonError};

use gto::Registry;
use serde::{Deserialize, Serialize};
use ureq::Agent;
use ureq::http::{StatusCode, Uri};

use super::endpoint::{self, Api, Endpoint};
use super::pointer::Pointer;
use crate::listing::Listing;
use crate::place::Place;
use crate::place::answer::PlaceError;
use crate::place::folder::Folder;
use crate::place::http::{Http, Sent, agent, basic, is_same_server};
use crate::text::shown;
use crate::version_file::Content;

/// How many files one request asks about.
const BATCH: usize = 100;

/// A longer answer is none, in bytes.
const MAX_ANSWER: u64 = 16 << 20;

const KIND: &str = "application/vnd.git-lfs+json";

/// The server of a repository, once a file is wanted from it.
pub(crate) struct Server<'a> {
    registry: &'a Registry,
    listing: &'a Listing,
    agent: Agent,
    endpoint: OnceLock<Result<Endpoint, String>>,
    session: Mutex<Session>,
}

/// What is known of the server.
#[derive(Default)]
struct Session {
    /// What has logged in.
    login: Option<(String, String)>,
    /// Where files are, by their hashes, or why the server does not say it.
    links: HashMap<String, Result<Link, String>>,
}

/// Where a file is.
#[derive(Clone)]
struct Link {
    url: String,
    headers: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Question<'a> {
    operation: &'a str,
    transfers: [&'a str; 1],
    objects: Vec<Object<'a>>,
    hash_algo: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    oid: &'a str,
    size: u64,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    transfer: Option<String>,
    objects: Vec<Answered>,
}

#[derive(Deserialize)]
struct Answered {
    oid: String,
    #[serde(default)]
    authenticated: bool,
    actions: Option<Actions>,
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Actions {
    download: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Refused {
    code: u16,
    #[serde(default)]
    message: String,
}

impl<'a> Server<'a> {
    pub fn new(registry: &'a Registry, listing: &'a Listing) -> Self {
        let (endpoint, session) = (OnceLock::new(), Mutex::default());
        Self { registry, listing, agent: agent(), endpoint, session }
    }

    /// The place that has a file; asked again, what the server has said before is not taken.
    pub fn place(&self, pointer: &Pointer, again: bool) -> Place {
        let commit = self.listing.located.commit;
        let find = || endpoint::find(self.registry, commit, &self.listing.trust);
        let unusable =
            |shown: &str, reason: String| Place::Unusable { shown: shown.to_owned(), reason: Some(reason) };
        let api = match self.endpoint.get_or_init(find) {
            Ok(Endpoint::Http(api)) => api,
            Ok(Endpoint::Folder(path)) => {
                return Place::Folder(Folder::new(path.clone(), "the files of Git LFS in the remote's"));
            }
            Err(reason) if reason.is_empty() => {
                let shown = "any server: the repository has no remote".to_owned();
                return Place::Unusable { shown, reason: None };
            }
            Err(reason) => return unusable("the server of Git LFS", reason.clone()),
        };
        let name = format!("the server of Git LFS ({})", api.url);
        match self.link(api, pointer, again) {
            Ok(link) => {
                let http = Http::at(self.agent.clone(), "", &name, link.headers);
                Place::Link { http, url: link.url }
            }
            Err(PlaceError::Absent) => Place::Unusable { shown: name, reason: None },
            Err(PlaceError::Failed(reason) | PlaceError::Later(reason)) => unusable(&name, reason),
            Err(PlaceError::Restart) => unusable(&name, "it gives no parts".to_owned()),
        }
    }

    fn link(&self, api: &Api, pointer: &Pointer, again: bool) -> Result<Link, PlaceError> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if again {
            session.links.remove(pointer.sha256());
        }
        if !session.links.contains_key(pointer.sha256()) {
            self.ask(api, pointer, &mut session)?;
        }
        match session.links.get(pointer.sha256()) {
            Some(Ok(link)) => Ok(link.clone()),
            Some(Err(reason)) if reason.is_empty() => Err(PlaceError::Absent),
            Some(Err(reason)) => Err(PlaceError::Failed(reason.clone())),
            None => Err(PlaceError::Failed("its answer does not have the file".to_owned())),
        }
    }

    /// Asks about this file and others that are wanted soon.
    fn ask(&self, api: &Api, pointer: &Pointer, session: &mut Session) -> Result<(), PlaceError> {
        let of =
            |content: &'a Content| if let Content::Lfs(pointer) = content { Some(pointer) } else { None };
        let others = self.listing.files.iter().filter_map(|file| of(&file.content));
        let others = others.filter(|other| !session.links.contains_key(other.sha256()) && *other != pointer);
        let wanted = std::iter::once(pointer).chain(others).take(BATCH);
        let objects = wanted.map(|pointer| Object { oid: pointer.sha256(), size: pointer.size }).collect();
        let question = Question { operation: "download", transfers: ["basic"], objects, hash_algo: "sha256" };
        let body = serde_json::to_string(&question).map_err(|error| PlaceError::Failed(error.to_string()))?;
        let answer = self.send(api, &body, session)?;
        let answer: Answer = serde_json::from_slice(&answer)
            .map_err(|error| PlaceError::Failed(format!("its answer cannot be read: {error}")))?;
        if let Some(other) = answer.transfer.filter(|transfer| transfer != "basic") {
            return Err(PlaceError::Failed(format!("it wants the transfer '{}'", shown(&other))));
        }
        for object in answer.objects {
            let oid = object.oid.clone();
            session.links.insert(oid, link_of(api, object, session.login.as_ref()));
        }
        Ok(())
    }

    /// Logs in where the server wants it.
    fn send(&self, api: &Api, body: &str, session: &mut Session) -> Result<Vec<u8>, PlaceError> {
        let url = format!("{}/objects/batch", api.url);
        let ask = |login: Option<&(String, String)>| {
            let headers = api.headers.iter().chain(login).cloned().collect();
            let http = Http::at(self.agent.clone(), "", "", headers);
            http.post(&url, Sent { body, kind: KIND, accept: KIND }, MAX_ANSWER)
        };
        let (mut status, mut answer) = ask(session.login.as_ref())?;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && session.login.is_none() {
            if !api.gets_login {
                return Err(PlaceError::Failed(format!(
                    "it denies access ({status}), and gets no credentials, since the commit's `.lfsconfig` chooses it: \
                     confirm its host with --trust-remote"
                )));
            }
            let credential = self.registry.credential(&api.with_login);
            let credential = credential.map_err(|error| PlaceError::Failed(error.to_string()))?;
            if let Some(credential) = credential {
                let login = basic(&format!("{}:{}", credential.username, credential.password));
                (status, answer) = ask(Some(&login))?;
                let is_denied = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
                self.registry.judge_credential(&credential, !is_denied);
                session.login = Some(login).filter(|_| !is_denied);
            }
        }
        match status {
            StatusCode::OK => Ok(answer),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(PlaceError::Failed(format!("it denies access ({status}): see `git help credentials`")))
            }
            StatusCode::NOT_FOUND => Err(PlaceError::Failed(format!("there is no such server ({status})"))),
            status => Err(PlaceError::Failed(format!("it answered {status}"))),
        }
    }
}

/// Where a file is, by the answer; an empty reason says that the server does not have it.
fn link_of(api: &Api, object: Answered, login: Option<&(String, String)>) -> Result<Link, String> {
    if let Some(error) = object.error {
        return match error.code {
            404 | 410 => Err(String::new()),
            code => Err(format!("it refuses the file ({code}): {}", shown(&error.message))),
        };
    }
    let Some(action) = object.actions.and_then(|actions| actions.download) else { return Err(String::new()) };
    let odd = || format!("it names '{}' for the file", shown(&action.href));
    let (to, from): (Uri, Uri) = action.href.parse().ok().zip(api.url.parse().ok()).ok_or_else(odd)?;
    let is_web = to.host().is_some() && matches!(to.scheme_str(), Some("http" | "https"));
    let is_downgrade = from.scheme_str() == Some("https") && to.scheme_str() == Some("http");
    if !is_web || is_downgrade {
        return Err(odd());
    }
    let mut headers: Vec<(String, String)> =
        action.header.into_iter().filter(|(name, _)| is_for_a_server(name)).collect();
    let has_login = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if !has_login && !object.authenticated && is_same_server(&to, &from) {
        headers.extend(login.or(api.headers.first()).cloned());
    }
    Ok(Link { url: action.href, headers })
}

/// Headers that a server may ask for: not those that say how the request itself is to be read.
fn is_for_a_server(name: &str) -> bool {
    !matches!(
        &*name.to_ascii_lowercase(),
        "host"
            | "content-length"
            | "content-type"
            | "transfer-encoding"
            | "connection"
            | "upgrade"
            | "te"
            | "range"
            | "accept-encoding"
            | "expect"
            | "proxy-authorization"
            | "proxy-connection"
    )
}
