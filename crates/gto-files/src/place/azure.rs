//! Objects in a container of Azure Blob Storage.
//!
//! Owns finding the user's credentials, as DVC does, and signing requests (Azure's "Authorize with Shared Key"). By hand, since the crates
//! that do it bring tokio and a second HTTP client: what it takes is one HMAC over a text.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gto::environment::Environment;
use ring::hmac;
use url::Url;

use super::answer::{Opened, PlaceError};
use super::http::{Http, agent};
use super::oauth::Tokens;
use super::settings::{Remote, Trust};

/// The version of the service that is spoken to.
const VERSION: &str = "2021-12-02";

/// A container, and the folder in it.
pub(crate) struct Azure {
    http: Http,
    /// The address of the container.
    base: Url,
    prefix: String,
    login: Login,
    environment: Environment,
}

/// What logs in.
enum Login {
    /// The name of the account, and its key.
    Key(String, Vec<u8>),
    /// What is added to an address.
    Signature(String),
    /// A program's secret, for which the service gives tokens.
    Program(Box<Tokens>),
    /// Anyone may read.
    None,
}

impl Azure {
    /// The container of a remote whose address, after `azure://`, is `rest`.
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
        let (container, prefix) = super::bucket::split(rest);
        if container.is_empty() {
            return Err("its url has no container".to_owned());
        }
        let variable = |name: &str| environment.variable(name).filter(|value| !value.is_empty());
        let own = |key: &str, name: &str| remote.own(key).map(str::to_owned).or_else(|| variable(name));
        // It has a key and an address: no commit may say either.
        let connection = connection(own("connection_string", "AZURE_STORAGE_CONNECTION_STRING"));
        let part = |key: &str| connection.get(key).cloned();
        let chosen = remote.place("account_name").map(str::to_owned);
        let own_account = part("accountname").or_else(|| own("account_name", "AZURE_STORAGE_ACCOUNT"));
        let is_own = chosen.is_none() || remote.is_place_own("account_name") || chosen == own_account;
        let account = part("accountname").or(chosen).or(own_account).ok_or("it has no account_name")?;
        if !account.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err("its account_name is none".to_owned());
        }
        let usual = || {
            let suffix = part("endpointsuffix").unwrap_or_else(|| "core.windows.net".to_owned());
            let scheme = part("defaultendpointsprotocol").unwrap_or_else(|| "https".to_owned());
            format!("{scheme}://{account}.blob.{suffix}")
        };
        let endpoint = part("blobendpoint").unwrap_or_else(usual);
        let mut base: Url = endpoint.parse().map_err(|_| "its BlobEndpoint is no address".to_owned())?;
        let host = base.host_str().unwrap_or_default();
        let host = base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        trust.may_ask(&host)?;
        let key = part("accountkey").or_else(|| own("account_key", "AZURE_STORAGE_KEY"));
        let signature = part("sharedaccesssignature").or_else(|| own("sas_token", "AZURE_STORAGE_SAS_TOKEN"));
        let program = Tokens::of_azure(
            own("tenant_id", "AZURE_TENANT_ID"),
            own("client_id", "AZURE_CLIENT_ID"),
            own("client_secret", "AZURE_CLIENT_SECRET"),
        );
        let login = if let Some(key) = key {
            // A signature with it is good for one address alone: it may go to another account of the same service.
            let key = STANDARD.decode(key.trim()).map_err(|_| "its account_key is none".to_owned())?;
            Login::Key(account, key)
        } else if signature.is_some() && !is_own && !trust.has(&host) {
            return Err(format!(
                "the commit chooses its account_name, so that no token is sent to '{host}' without --trust-remote {host}"
            ));
        } else if let Some(signature) = signature {
            Login::Signature(signature.trim_start_matches('?').to_owned())
        } else if let Some(program) = program {
            Login::Program(Box::new(program))
        } else if is_true(remote, "allow_anonymous_login") {
            Login::None
        } else {
            return Err(
                "no credentials of Azure were found in the user's DVC configuration or the environment \
                        (AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN)"
                    .to_owned(),
            );
        };
        base.path_segments_mut()
            .map_err(|()| "its address has no path".to_owned())?
            .pop_if_empty()
            .push(container);
        let http = Http::at(agent(), "", &format!("{name} (azure://{rest})"), Vec::new());
        Ok(Self { http, base, prefix, login, environment: environment.clone() })
    }

    pub fn shown(&self) -> &str {
        self.http.shown()
    }

    /// A blob, in this version if one is named, from a byte on.
    pub fn open(&self, path: &str, version: Option<&str>, offset: u64) -> Result<Opened, PlaceError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(self.prefix.split('/').filter(|part| !part.is_empty()));
            segments.extend(path.split('/'));
        }
        if let Some(version) = version {
            url.query_pairs_mut().append_pair("versionid", version);
        }
        let mut headers = vec![("x-ms-version".to_owned(), VERSION.to_owned())];
        match &self.login {
            Login::None => {}
            Login::Signature(signature) => {
                let query =
                    url.query().map_or_else(|| signature.clone(), |query| format!("{query}&{signature}"));
                url.set_query(Some(&query));
            }
            Login::Program(tokens) => {
                headers.push(("x-ms-date".to_owned(), self.date()));
                headers.push(tokens.header(&self.http, &self.environment)?);
            }
            Login::Key(account, key) => {
                let date = self.date();
                let range = if offset > 0 { format!("bytes={offset}-") } else { String::new() };
                let signed = signed_text(account, url.path(), version, &range, &date);
                let sum = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
                headers.push(("x-ms-date".to_owned(), date));
                let value = format!("SharedKey {account}:{}", STANDARD.encode(sum));
                headers.push(("Authorization".to_owned(), value));
            }
        }
        self.http.open_with(url.as_str(), offset, &headers)
    }

    fn date(&self) -> String {
        date(self.environment.now().seconds())
    }
}

/// What a key signs: the method, standard headers, those of the service, the path, and what is asked about it.
fn signed_text(account: &str, path: &str, version: Option<&str>, range: &str, date: &str) -> String {
    let query = version.map_or_else(String::new, |version| format!("\nversionid:{version}"));
    format!(
        "GET\n\n\n\n\n\n\n\n\n\n\n{range}\nx-ms-date:{date}\nx-ms-version:{VERSION}\n/{account}{path}{query}"
    )
}

/// The date of a request: `Mon, 30 Nov 2026 04:07:23 GMT`.
fn date(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The parts of a connection string, by their names in lower case.
fn connection(text: Option<String>) -> BTreeMap<String, String> {
    let text = text.unwrap_or_default();
    let parts = text.split(';').filter_map(|part| part.split_once('='));
    parts.map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
}

fn is_true(remote: &Remote, key: &str) -> bool {
    remote.place(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_and_a_connection_string_are_as_azure_has_them() {
        assert_eq!(date(1_796_011_643), "Mon, 30 Nov 2026 04:07:23 GMT");
        let parts = connection(Some("AccountName=a;AccountKey=eA==;BlobEndpoint=http://h/a;".to_owned()));
        assert_eq!((&*parts["accountkey"], &*parts["blobendpoint"]), ("eA==", "http://h/a"));
    }
}
