//! Calls of hosts that something was pushed: a hint to look at a repository now, and nothing else.
//!
//! The body is only checked against the signature, never read: it could name any address. Which repository is meant is an id in the
//! address of the hook.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::app::App;
use crate::auth::secret::Secret;
use crate::failure::Failure;
use crate::view::params::Params;

/// `/hooks/{host}?repo=ID`
pub async fn hook(
    State(app): State<App>,
    Path(host): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&app, &host, &uri, &headers, &body).unwrap_or_else(|failure| failure.respond_json(&uri))
}

fn answer(app: &App, host: &str, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Response, Failure> {
    let Some(secret) = &app.settings.hook_secret else {
        return Err(Failure::not_found("This server takes no hooks")
            .hint("set `hook_secret_file` in the configuration file"));
    };
    if !is_genuine(host, &Secret::from(secret.clone()), headers, body)? {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "The signature of this hook is missing or wrong")
            .hint("the host and this server must have the same secret"));
    }
    let params = Params::of(uri.query());
    let repository = match (params.get("repo"), &app.repositories[..]) {
        (Some(id), _) => app.repository(id),
        (None, [alone]) => Some(alone),
        (None, _) => None,
    };
    let repository = repository.ok_or_else(|| {
        Failure::not_found("The address of this hook names no repository of this server")
            .hint("as in `/hooks/github?repo=ID`")
    })?;
    app.refresher.hint(&repository.id);
    Ok((StatusCode::ACCEPTED, "looking\n").into_response())
}

/// Whether a hook comes from somebody who has the secret. Compares in constant time.
fn is_genuine(host: &str, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> Result<bool, Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = |name: &str, prefix: &str| {
        text(name)
            .and_then(|text| text.strip_prefix(prefix))
            .is_some_and(|hex| is_signature(secret, hex, body))
    };
    Ok(match host {
        "github" | "bitbucket" => {
            signed(if host == "github" { "x-hub-signature-256" } else { "x-hub-signature" }, "sha256=")
        }
        "gitea" => signed("x-gitea-signature", "") || signed("x-forgejo-signature", ""),
        "gitlab" => text("x-gitlab-token").is_some_and(|token| secret.is(token)),
        "generic" => {
            let bearer = text("authorization").and_then(|text| text.strip_prefix("Bearer "));
            bearer.is_some_and(|token| secret.is(token)) || signed("x-hub-signature-256", "sha256=")
        }
        _ => {
            return Err(Failure::not_found("No host has this name")
                .hint("github, gitlab, gitea, bitbucket or generic"));
        }
    })
}

fn is_signature(secret: &Secret, hex: &str, body: &[u8]) -> bool {
    let bytes: Option<Vec<u8>> = (hex.len() == 64 && hex.is_ascii()).then_some(()).and_then(|()| {
        (0..64).step_by(2).map(|place| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok()).collect()
    });
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return false };
    mac.update(body);
    bytes.is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_secret_signs() {
        // The example of GitHub's documentation.
        let secret = Secret::from("It's a Secret to Everybody".to_owned());
        let right = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signature(&secret, right, b"Hello, World!"));
        assert!(!is_signature(&secret, right, b"Hello, World"));
        let other = right.replace('7', "8");
        for wrong in [
            "",
            "00",
            other.as_str(),
            &right[1..],
            "+57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ] {
            assert!(!is_signature(&secret, wrong, b"Hello, World!"), "{wrong}");
        }
    }
}
