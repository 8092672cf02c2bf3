//! Objects on a server that is asked by HTTP: a remote of DVC with an address `http(s)://…`.
//!
//! Owns one request, redirects, and to whom credentials go. `ureq` with rustls, as it is synchronous like the rest, and small; without
//! its gzip, so that no answer can be larger than what was sent.

use std::io::Read;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};

use super::answer::{Opened, PlaceError};
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
    /// A header with a credential, for the host of `base` alone.
    login: Option<(String, String)>,
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
        Ok(Self::at(&base, &format!("{name} ({base})"), login))
    }

    /// The server at an address, with a header of a credential.
    pub fn at(base: &str, shown: &str, login: Option<(String, String)>) -> Self {
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
        let base = base.trim_end_matches('/').to_owned();
        Self { agent: config.into(), base, shown: shown.to_owned(), login }
    }

    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn open(&self, path: &str, offset: u64) -> Result<Opened, PlaceError> {
        self.open_at(&format!("{}/{path}", self.base), offset)
    }

    /// What is at an address, which may have a signature in it: no message has it.
    pub fn open_at(&self, url: &str, offset: u64) -> Result<Opened, PlaceError> {
        let response = self.get(url, offset)?;
        let status = response.status();
        match status {
            StatusCode::OK => Ok(Opened { content: content(response), offset: 0 }),
            StatusCode::PARTIAL_CONTENT if begins_at(&response, offset) => {
                Ok(Opened { content: content(response), offset })
            }
            // What is here is all, or too much: from the beginning, then.
            StatusCode::RANGE_NOT_SATISFIABLE if offset > 0 => self.open_at(url, 0),
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

    /// Follows redirects. Another host gets no credential.
    fn get(&self, url: &str, offset: u64) -> Result<Response<ureq::Body>, PlaceError> {
        let first: Uri = url.parse().map_err(|_| PlaceError::Failed("that is no address".to_owned()))?;
        let mut uri = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.agent.get(uri.clone());
            if offset > 0 {
                request = request.header("Range", format!("bytes={offset}-"));
            }
            if let Some((header, value)) = self.login.as_ref().filter(|_| is_same_server(&uri, &first)) {
                request = request.header(header, value);
            }
            let response = request.call().map_err(|error| failed(&error))?;
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

fn is_same_server(a: &Uri, b: &Uri) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_u16() == b.port_u16()
}

fn host_of(uri: &Uri) -> Option<String> {
    let host = uri.host()?;
    Some(uri.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// An address without name and password, and these.
fn without_login(url: &str) -> (String, Option<String>) {
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
    Some(("Authorization".to_owned(), format!("Basic {}", base64(pair.as_bytes()))))
}

/// Base64, which a header with a password is in.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let is_there = digit <= group.len();
            let place = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if is_there { DIGITS[place] as char } else { '=' });
        }
    }
    text
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
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }
}
