//! Objects on a server that is asked by HTTP: a remote of DVC with an address `http(s)://…`.
//!
//! Owns one request, redirects, and to whom credentials go. `ureq` with rustls, as it is synchronous like the rest, and small; without
//! its gzip, so that no answer can be larger than what was sent.

use std::io::Read;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;
use ureq::http::{Method, Request, Response, StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;

use super::answer::{Opened, PlaceError};
use super::resolver::NotLinkLocal;
use super::settings::{Remote, Trust};

/// How long the server may take to be reached, and to begin its answer.
const CONNECT: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(120);

/// How long one answer may take as a whole; what has come then is kept, and the rest asked for again.
const BODY: Duration = Duration::from_secs(3600);

/// More redirects are followed nowhere.
const MAX_REDIRECTS: usize = 5;

/// A server with objects.
pub(crate) struct Http {
    agent: Agent,
    /// The address that objects are below, without a password.
    base: String,
    shown: String,
    /// Headers with a credential, for the server that is asked first alone.
    headers: Vec<(String, String)>,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// The content, and its type.
    pub body: &'a str,
    pub kind: &'static str,
    /// The type of the answer that is wanted.
    pub accept: &'static str,
}

impl Http {
    /// The server of a remote.
    ///
    /// # Errors
    /// Why it cannot be asked, in one clause.
    pub fn new(remote: &Remote, url: &str, name: &str, trust: &Trust) -> Result<Self, String> {
        let (base, in_url) = without_login(url);
        let uri: Uri = base.parse().map_err(|_| format!("'{base}' is no address"))?;
        let host = host_of(&uri).ok_or_else(|| format!("'{base}' has no host"))?;
        if host.starts_with('-') {
            return Err(format!("'{host}' is no host"));
        }
        trust.may_ask(&host)?;
        if remote.own("ssl_verify").is_some_and(|value| !value.eq_ignore_ascii_case("true")) {
            return Err(
                "it has its own `ssl_verify`, which gto does not read: set SSL_CERT_FILE to the certificates"
                    .to_owned(),
            );
        }
        if let Some(method) = remote.place("auth").filter(|auth| *auth == "digest") {
            return Err(format!("gto cannot log in by `auth = {method}`"));
        }
        let own = login(remote, in_url.as_deref().filter(|_| remote.is_place_own("url")));
        // The password may be the user's, but a commit could send it anywhere.
        let login = match own {
            Some(_) if !remote.is_place_own("url") && !trust.has(&host) => {
                return Err(format!(
                    "the commit chooses its address, so that no password is sent to '{host}' without --trust-remote {host}"
                ));
            }
            login => login,
        };
        Ok(Self::at(agent(), &base, &format!("{name} ({base})"), login.into_iter().collect()))
    }

    /// The server at an address, with headers that have a credential.
    pub fn at(agent: Agent, base: &str, shown: &str, headers: Vec<(String, String)>) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { agent, base, shown: shown.to_owned(), headers }
    }

    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn open(&self, path: &str, offset: u64) -> Result<Opened, PlaceError> {
        self.open_at(&format!("{}/{path}", self.base), offset)
    }

    /// What is at an address, which may have a signature in it: no message has it.
    pub fn open_at(&self, url: &str, offset: u64) -> Result<Opened, PlaceError> {
        self.open_with(url, offset, &[])
    }

    /// The same, with headers for this request alone.
    pub fn open_with(
        &self,
        url: &str,
        offset: u64,
        headers: &[(String, String)],
    ) -> Result<Opened, PlaceError> {
        let response = self.send(&Method::GET, url, offset, headers, None)?;
        let status = response.status();
        match status {
            StatusCode::OK => Ok(Opened { content: content(response), offset: 0 }),
            StatusCode::PARTIAL_CONTENT if begins_at(&response, offset) => {
                Ok(Opened { content: content(response), offset })
            }
            // What is here is all, or too much: from the beginning, then.
            StatusCode::RANGE_NOT_SATISFIABLE if offset > 0 => Err(PlaceError::Restart),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(PlaceError::Absent),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(PlaceError::Failed(format!("it denies access ({status})")))
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Err(PlaceError::Later(format!("it is busy ({status})")))
            }
            status if status.is_server_error() => Err(PlaceError::Later(format!("it failed ({status})"))),
            status => Err(PlaceError::Failed(format!("it answered {status}"))),
        }
    }

    /// Sends something, and returns the status and at most so many bytes of the answer.
    pub fn post(&self, url: &str, sent: Sent<'_>, limit: u64) -> Result<(StatusCode, Vec<u8>), PlaceError> {
        let response = self.send(&Method::POST, url, 0, &[], Some(sent))?;
        let (status, mut answer) = (response.status(), Vec::new());
        let read = content(response).take(limit).read_to_end(&mut answer);
        read.map_err(|error| PlaceError::Later(error.to_string()))?;
        Ok((status, answer))
    }

    /// Follows redirects. Another host gets no credential.
    fn send(
        &self,
        method: &Method,
        url: &str,
        offset: u64,
        headers: &[(String, String)],
        sent: Option<Sent<'_>>,
    ) -> Result<Response<ureq::Body>, PlaceError> {
        let first: Uri = url.parse().map_err(|_| PlaceError::Failed("that is no address".to_owned()))?;
        let mut uri = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = Request::builder().method(method).uri(uri.clone());
            if offset > 0 {
                request = request.header("Range", format!("bytes={offset}-"));
            }
            let own = self.headers.iter().chain(headers).filter(|_| is_same_server(&uri, &first));
            for (header, value) in own {
                request = request.header(header, value);
            }
            let odd = |_| PlaceError::Failed("a header of the request is none".to_owned());
            let response = match sent {
                Some(Sent { body, kind, accept }) => {
                    let request = request.header("Content-Type", kind).header("Accept", accept);
                    self.agent.run(request.body(body).map_err(odd)?)
                }
                None => self.agent.run(request.body(()).map_err(odd)?),
            };
            let response = response.map_err(|error| failed(&error))?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let to = response.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
            uri = redirected(&uri, to)
                .ok_or_else(|| PlaceError::Failed(format!("it redirects to '{}'", crate::text::shown(to))))?;
        }
        Err(PlaceError::Failed("it redirects in a circle".to_owned()))
    }
}

/// What requests are made with: one for all that may use the same connections.
pub(crate) fn agent() -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_recv_body(Some(BODY))
        .user_agent(concat!("gto/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(config, DefaultConnector::default(), NotLinkLocal::default())
}

fn content(response: Response<ureq::Body>) -> Box<dyn Read> {
    Box::new(response.into_body().into_with_config().limit(u64::MAX).reader())
}

fn begins_at(response: &Response<ureq::Body>, offset: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.trim().starts_with(&format!("bytes {offset}-")))
}

fn failed(error: &ureq::Error) -> PlaceError {
    use ureq::Error::{ConnectionFailed, HostNotFound, Io, Protocol, Timeout};
    let text = error.to_string();
    match error {
        Io(_) | Timeout(_) | ConnectionFailed | Protocol(_) => PlaceError::Later(text),
        HostNotFound => PlaceError::Failed("its host cannot be found".to_owned()),
        _ => PlaceError::Failed(text),
    }
}

/// Where a redirect leads; `None` if that is nowhere, or no longer encrypted.
fn redirected(from: &Uri, to: &str) -> Option<Uri> {
    let next: Uri = if to.contains("://") {
        to.parse().ok()?
    } else if to.starts_with('/') && !to.starts_with("//") {
        let (scheme, authority) = (from.scheme_str()?, from.authority()?);
        format!("{scheme}://{authority}{to}").parse().ok()?
    } else {
        return None;
    };
    let is_web = matches!(next.scheme_str(), Some("http" | "https"));
    let is_downgrade = from.scheme_str() == Some("https") && next.scheme_str() == Some("http");
    (is_web && !is_downgrade && next.host().is_some()).then_some(next)
}

pub(crate) fn is_same_server(a: &Uri, b: &Uri) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_u16() == b.port_u16()
}

pub(crate) fn host_of(uri: &Uri) -> Option<String> {
    let host = uri.host()?;
    Some(uri.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// An address without name and password, and these.
pub(crate) fn without_login(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((login, host)) => (format!("{scheme}://{host}{path}"), Some(login.to_owned())),
        None => (url.to_owned(), None),
    }
}

/// The header with the user's credential: `user` and `password`, or `custom_auth_header`.
fn login(remote: &Remote, in_url: Option<&str>) -> Option<(String, String)> {
    let password = remote.own("password");
    if let (Some(header), Some(password)) = (remote.own("custom_auth_header"), password) {
        return Some((header.to_owned(), password.to_owned()));
    }
    let pair = match (remote.own("user"), password, in_url) {
        (Some(user), password, _) => format!("{user}:{}", password.unwrap_or_default()),
        (None, _, Some(login)) => login.to_owned(),
        _ => return None,
    };
    Some(basic(&pair))
}

/// The header with a name and a password, with a colon between.
pub(crate) fn basic(pair: &str) -> (String, String) {
    ("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_the_web_and_encrypted() {
        let from: Uri = "https://host/a/b".parse().unwrap();
        let to = |text: &str| redirected(&from, text).map(|uri| uri.to_string());
        assert_eq!(to("/x").as_deref(), Some("https://host/x"));
        assert_eq!(to("https://other/x").as_deref(), Some("https://other/x"));
        for bad in ["http://host/x", "file:///etc/passwd", "x", "", "//other/x"] {
            assert_eq!(to(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_password_is_taken_out_of_an_address() {
        let (url, login) = without_login("https://me:se/cret@host/x");
        assert_eq!((url.as_str(), login), ("https://me:se/cret@host/x", None), "no address at all");
        let (url, login) = without_login("https://me:secret@host:8/x@y");
        assert_eq!((url.as_str(), login.as_deref()), ("https://host:8/x@y", Some("me:secret")));
    }
}
