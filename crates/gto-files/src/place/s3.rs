//! Objects in a bucket of S3, or of another server that speaks its language.
//!
//! Owns finding the user's credentials, as the tools of AWS do, and signing requests. `rusty-s3` signs and sends nothing: with the
//! client for plain HTTP that is all it takes to read an object. `object_store` would bring tokio, hyper and reqwest into every command.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use gto::environment::Environment;
use rusty_s3::actions::GetObject;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};

use super::answer::{Opened, PlaceError};
use super::http::{Http, agent};
use super::settings::{Remote, Trust};

/// How long a signed address is good for; each request has its own.
const GOOD_FOR: Duration = Duration::from_secs(15 * 60);

/// Where buckets are if nothing says otherwise.
const REGION: &str = "us-east-1";

/// A bucket, and the folder in it.
pub(crate) struct S3 {
    http: Http,
    bucket: Bucket,
    /// The beginning of all keys, with a slash at its end unless it is empty.
    prefix: String,
    credentials: Option<Credentials>,
}

/// A file of the tools of AWS: the options of each section.
type Profiles = BTreeMap<String, BTreeMap<String, String>>;

impl S3 {
    /// The bucket of a remote whose address, after `s3://`, is `rest`.
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
        let aws = Aws { remote, environment };
        let region = aws.region();
        let of_user = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
        let of_remote = remote.place("endpointurl").map(str::to_owned);
        let is_own = of_remote.is_none() || remote.is_place_own("endpointurl");
        let is_custom = of_remote.is_some() || of_user.is_some();
        let endpoint = of_remote.or(of_user).unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let (url, host) = super::bucket::endpoint(&endpoint)?;
        trust.may_ask(&host)?;
        let is_aws = url.scheme() == "https"
            && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"));
        let is_anonymous =
            remote.place("allow_anonymous_login").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let credentials = aws.credentials();
        if credentials.is_none() && !is_anonymous {
            return Err("no credentials of AWS were found in the environment or in ~/.aws/credentials; \
                        `aws configure export-credentials --format env` prints those of other kinds"
                .to_owned());
        }
        if credentials.is_some() && !is_own && !is_aws && !trust.has(&host) {
            return Err(format!(
                "the commit chooses its endpointurl, so that no credentials are used at '{host}' without --trust-remote {host}"
            ));
        }
        // A name with a dot fits no certificate.
        let style = if is_custom || bucket.contains('.') { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = Bucket::new(url, style, bucket.to_owned(), region);
        let bucket = bucket.map_err(|_| "its url has no bucket".to_owned())?;
        let http = Http::at(agent(), "", &format!("{name} (s3://{rest})"), Vec::new());
        Ok(Self { http, bucket, prefix, credentials })
    }

    pub fn shown(&self) -> &str {
        self.http.shown()
    }

    /// An object, in this version if one is named, from a byte on.
    pub fn open(&self, path: &str, version: Option<&str>, offset: u64) -> Result<Opened, PlaceError> {
        let key = format!("{}{path}", self.prefix);
        let mut get = GetObject::new(&self.bucket, self.credentials.as_ref(), &key);
        if let Some(version) = version {
            get.query_mut().insert("versionId", version.to_owned());
        }
        let url = get.sign(GOOD_FOR);
        self.http.open_at(url.as_str(), offset)
    }
}

/// What the tools of AWS know about the user. A commit may choose a region, but no credential, and no file with one.
struct Aws<'a> {
    remote: &'a Remote,
    environment: &'a Environment,
}

impl Aws<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.environment.variable(name).filter(|value| !value.is_empty())
    }

    fn profile(&self) -> String {
        let own = self.remote.own("profile").map(str::to_owned);
        own.or_else(|| self.variable("AWS_PROFILE"))
            .or_else(|| self.variable("AWS_DEFAULT_PROFILE"))
            .unwrap_or_else(|| "default".to_owned())
    }

    fn file(&self, option: &str, variable: &str, name: &str) -> Profiles {
        let own = self.remote.own(option).map(PathBuf::from);
        let home = || Some(PathBuf::from(self.variable("HOME")?).join(".aws").join(name));
        let path = own.or_else(|| self.variable(variable).map(PathBuf::from)).or_else(home);
        let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        profiles(&text)
    }

    fn region(&self) -> String {
        let of_file = || {
            let file = self.file("configpath", "AWS_CONFIG_FILE", "config");
            file.get(&self.profile())?.get("region").cloned()
        };
        let of_remote = self.remote.place("region").map(str::to_owned);
        of_remote
            .or_else(|| self.variable("AWS_REGION"))
            .or_else(|| self.variable("AWS_DEFAULT_REGION"))
            .or_else(of_file)
            .unwrap_or_else(|| REGION.to_owned())
    }

    fn credentials(&self) -> Option<Credentials> {
        let make =
            |key: Option<String>, secret: Option<String>, token: Option<String>| match (key, secret, token) {
                (Some(key), Some(secret), Some(token)) => {
                    Some(Credentials::new_with_token(key, secret, token))
                }
                (Some(key), Some(secret), None) => Some(Credentials::new(key, secret)),
                _ => None,
            };
        let own = |name: &str| self.remote.own(name).map(str::to_owned);
        let of_remote = make(own("access_key_id"), own("secret_access_key"), own("session_token"));
        let has_profile = self.remote.own("profile").is_some();
        let variable = |name: &str| self.variable(name).filter(|_| !has_profile);
        let of_variables = || {
            make(
                variable("AWS_ACCESS_KEY_ID"),
                variable("AWS_SECRET_ACCESS_KEY"),
                variable("AWS_SESSION_TOKEN"),
            )
        };
        if let Some(found) = of_remote.or_else(of_variables) {
            return Some(found);
        }
        let profile = self.profile();
        let file = self.file("credentialpath", "AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let option = |name: &str| file.get(&profile)?.get(name).cloned();
        make(option("aws_access_key_id"), option("aws_secret_access_key"), option("aws_session_token"))
    }
}

fn profiles(text: &str) -> Profiles {
    let mut profiles = Profiles::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.trim().trim_start_matches("profile ").trim().clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) {
            let options = profiles.entry(section.clone()).or_default();
            options.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    profiles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_aws_are_read_by_profile() {
        let text = "# x = y\n[default]\naws_access_key_id = A\n[profile work]\nRegion=eu-west-1\n";
        let profiles = profiles(text);
        assert_eq!(profiles["default"]["aws_access_key_id"], "A");
        assert_eq!(profiles["work"]["region"], "eu-west-1");
    }
}
