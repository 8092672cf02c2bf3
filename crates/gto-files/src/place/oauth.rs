//! Tokens of OAuth 2, for which a cloud takes a secret of the user.
//!
//! Owns asking for one, and keeping it while it is good. All that is sent, and the address that it is sent to, is from the user's own
//! files and variables.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gto::environment::Environment;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;

use super::answer::PlaceError;
use super::http::{Http, Sent};

/// A token is asked for anew so long before its end, in seconds.
const SPARE: i64 = 60;

/// A longer answer is none, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

const GOOGLE: &str = "https://oauth2.googleapis.com/token";

/// Reading alone.
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_only";

/// Where tokens come from, and the last one.
pub(super) struct Tokens {
    url: String,
    secret: Secret,
    token: Mutex<Option<(String, i64)>>,
}

/// What a token is given for.
enum Secret {
    /// These words, as they are.
    Form(String),
    /// What is signed with a key: the name of its owner, and the key.
    Key(String, Box<RsaKeyPair>),
}

/// A file with credentials of Google.
#[derive(Deserialize)]
struct GoogleFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: Option<String>,
    private_key: Option<String>,
    token_uri: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: i64,
}

impl Tokens {
    /// Those of a program that is known to Azure; `None` unless all of it is there.
    pub fn of_azure(tenant: Option<String>, id: Option<String>, secret: Option<String>) -> Option<Self> {
        let (tenant, id, secret) = (tenant?, id?, secret?);
        let is_name = tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let words = form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &id),
            ("client_secret", &secret),
            ("scope", "https://storage.azure.com/.default"),
        ]);
        let url = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
        is_name.then(|| Self { url, secret: Secret::Form(words), token: Mutex::default() })
    }

    /// Those of a file with credentials of Google.
    ///
    /// # Errors
    /// Why it is of no use, in one clause.
    pub fn of_google(text: &str) -> Result<Self, String> {
        let file: GoogleFile = serde_json::from_str(text)
            .map_err(|error| format!("its file of credentials is none: {error}"))?;
        let url = file.token_uri.unwrap_or_else(|| GOOGLE.to_owned());
        if !url.starts_with("https://") {
            return Err("its file of credentials has a token_uri that is not https".to_owned());
        }
        let secret = match (&*file.kind, file.client_email, file.private_key) {
            ("service_account", Some(email), Some(key)) => {
                let key = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes())
                    .ok()
                    .and_then(|key| RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok());
                Secret::Key(
                    email,
                    Box::new(key.ok_or("its file of credentials has a private_key that is none")?),
                )
            }
            ("authorized_user", ..) => {
                let all = file.client_id.zip(file.client_secret).zip(file.refresh_token);
                let ((id, secret), token) = all.ok_or("its file of credentials lacks something")?;
                Secret::Form(form(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", &id),
                    ("client_secret", &secret),
                    ("refresh_token", &token),
                ]))
            }
            (kind, ..) => {
                return Err(format!(
                    "gto cannot log in with credentials of the kind '{}'",
                    crate::text::shown(kind)
                ));
            }
        };
        Ok(Self { url, secret, token: Mutex::default() })
    }

    /// The header with a token that is good now.
    pub fn header(&self, http: &Http, environment: &Environment) -> Result<(String, String), PlaceError> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let now = environment.now().seconds();
        let is_good = token.as_ref().is_some_and(|(_, until)| *until > now + SPARE);
        if !is_good {
            *token = Some(self.ask(http, now)?);
        }
        let text = token.as_ref().map(|(text, _)| text.as_str()).unwrap_or_default();
        Ok(("Authorization".to_owned(), format!("Bearer {text}")))
    }

    fn ask(&self, http: &Http, now: i64) -> Result<(String, i64), PlaceError> {
        let body = match &self.secret {
            Secret::Form(words) => words.clone(),
            Secret::Key(email, key) => form(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &self.assertion(email, key, now).map_err(PlaceError::Failed)?),
            ]),
        };
        let sent =
            Sent { body: &body, kind: "application/x-www-form-urlencoded", accept: "application/json" };
        let (status, answer) = http.post(&self.url, sent, MAX_ANSWER)?;
        if !status.is_success() {
            return Err(PlaceError::Failed(format!("no token is given for the credentials ({status})")));
        }
        let answer: Answer = serde_json::from_slice(&answer)
            .map_err(|_| PlaceError::Failed("the answer to the credentials has no token".to_owned()))?;
        Ok((answer.access_token, now + answer.expires_in))
    }

    /// A JSON web token (RFC 7523).
    fn assertion(&self, email: &str, key: &RsaKeyPair, now: i64) -> Result<String, String> {
        let claims = serde_json::json!({
            "iss": email, "scope": GOOGLE_SCOPE, "aud": self.url, "iat": now, "exp": now + 3600,
        });
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let text = format!("{}.{}", encoded(r#"{"alg":"RS256","typ":"JWT"}"#), encoded(&claims.to_string()));
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| "its private_key cannot sign".to_owned())?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
