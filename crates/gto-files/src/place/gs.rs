//! Objects in a bucket of Google Cloud Storage.
//!
//! Owns finding the user's credentials, as Google's own tools do. A machine of Google is not asked for its own: that address may be
//! anyone's.

use std::path::PathBuf;

use gto::environment::Environment;
use url::Url;

use super::answer::{Opened, PlaceError};
use super::http::{Http, agent};
use super::oauth::Tokens;
use super::settings::{Remote, Trust};

const USUAL: &str = "https://storage.googleapis.com";

/// A file with credentials is not larger, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A bucket, and the folder in it.
pub(crate) struct Gs {
    http: Http,
    endpoint: Url,
    bucket: String,
    /// The beginning of all names, with a slash at its end unless it is empty.
    prefix: String,
    tokens: Option<Tokens>,
    environment: Environment,
}

impl Gs {
    /// The bucket of a remote whose address, after `gs://`, is `rest`.
    ///
    /// # Errors
    /// Why it cannot be asked, in one clause.
    pub fn new(
        remote: &Remote,
        rest: &str,
        name: &str,
        trust: &Trust,
        environment: &Environment,
    ) -> Result<Self, String> {
        let (bucket, prefix) = super::bucket::split(rest);
        let variable = |name: &str| environment.variable(name).filter(|value| !value.is_empty());
        let emulator = variable("STORAGE_EMULATOR_HOST")
            .map(|host| if host.contains("://") { host } else { format!("http://{host}") });
        let of_remote = remote.place("endpointurl").map(str::to_owned);
        let is_own = of_remote.is_none() || remote.is_place_own("endpointurl");
        let endpoint = of_remote.or_else(|| emulator.clone()).unwrap_or_else(|| USUAL.to_owned());
        let (endpoint, host) = super::bucket::endpoint(&endpoint)?;
        trust.may_ask(&host)?;
        let is_usual = endpoint.as_str().trim_end_matches('/') == USUAL;
        let is_anonymous =
            remote.place("allow_anonymous_login").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let file = credentials(remote, environment)?;
        let tokens = match file {
            _ if is_own && emulator.is_some() => None,
            Some(_) if !is_own && !is_usual && !trust.has(&host) => {
                return Err(format!(
                    "the commit chooses its endpointurl, so that no token is sent to '{host}' without --trust-remote {host}"
                ));
            }
            Some(text) => Some(Tokens::of_google(&text)?),
            None if is_anonymous => None,
            None => {
                return Err("no credentials of Google were found in the user's DVC configuration (credentialpath), in \
                            GOOGLE_APPLICATION_CREDENTIALS, or from `gcloud auth application-default login`"
                    .to_owned());
            }
        };
        let http = Http::at(agent(), "", &format!("{name} (gs://{rest})"), Vec::new());
        Ok(Self {
            http,
            endpoint,
            bucket: bucket.to_owned(),
            prefix,
            tokens,
            environment: environment.clone(),
        })
    }

    pub fn shown(&self) -> &str {
        self.http.shown()
    }

    /// An object, in this generation if one is named, from a byte on.
    pub fn open(&self, path: &str, version: Option<&str>, offset: u64) -> Result<Opened, PlaceError> {
        let name = format!("{}{path}", self.prefix);
        let mut url = self.endpoint.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["storage", "v1", "b", &self.bucket, "o", &name]);
        }
        url.set_query(Some("alt=media"));
        if let Some(generation) = version {
            url.query_pairs_mut().append_pair("generation", generation);
        }
        let header = self.tokens.as_ref().map(|tokens| tokens.header(&self.http, &self.environment));
        let headers: Vec<_> = header.transpose()?.into_iter().collect();
        self.http.open_with(url.as_str(), offset, &headers)
    }
}

/// The text of the user's file with credentials: that of the user's DVC configuration, that of the variable, or that of `gcloud`.
fn credentials(remote: &Remote, environment: &Environment) -> Result<Option<String>, String> {
    let variable = |name: &str| environment.variable(name).filter(|value| !value.is_empty());
    let named = remote
        .own("credentialpath")
        .map(str::to_owned)
        .or_else(|| variable("GOOGLE_APPLICATION_CREDENTIALS"));
    let of_gcloud = || {
        let folder = variable("CLOUDSDK_CONFIG").map(PathBuf::from);
        let home = || Some(PathBuf::from(variable("HOME")?).join(".config/gcloud"));
        Some(folder.or_else(home)?.join("application_default_credentials.json"))
    };
    let is_named = named.is_some();
    let Some(path) = named.map(PathBuf::from).or_else(of_gcloud) else { return Ok(None) };
    let read = || -> std::io::Result<String> {
        let mut text = String::new();
        std::io::Read::read_to_string(
            &mut std::io::Read::take(std::fs::File::open(&path)?, MAX_FILE),
            &mut text,
        )?;
        Ok(text)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if is_named => Err(format!("'{}' cannot be read: {error}", path.display())),
        Err(_) => Ok(None),
    }
}
