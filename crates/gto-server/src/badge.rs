//! A small picture of what is in a stage, for pages elsewhere.

use askama::Template;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};
use gto::name::{ArtifactName, StageName};

use std::net::SocketAddr;

use crate::app::App;
use crate::auth::guard::Known;
use crate::auth::secret::Secret;
use crate::failure::Failure;
use crate::view::params::Params;

#[derive(Template)]
#[template(
    source = r##"<svg xmlns="http://www.w3.org/2000/svg" width="{{ width }}" height="20" role="img" aria-label="{{ label }}: {{ value }}"><rect width="{{ width }}" height="20" rx="3" fill="#3b424b"/><rect x="{{ middle }}" width="{{ width - middle }}" height="20" rx="3" fill="{{ colour }}"/><g fill="#fff" font-family="sans-serif" font-size="11"><text x="6" y="14">{{ label }}</text><text x="{{ middle + 6 }}" y="14">{{ value }}</text></g></svg>"##,
    ext = "html"
)]
struct Badge<'a> {
    label: &'a str,
    value: &'a str,
    middle: usize,
    width: usize,
    colour: &'static str,
}

/// `/badge/{repo}/{name}/{stage}.svg`
pub async fn badge(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((repo, name, stage)): Path<(String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !may_read(&app, app.settings.badge_token.as_ref(), peer, &uri, &headers) {
        return Failure::new(axum::http::StatusCode::UNAUTHORIZED, "Badges need a token")
            .hint("add `?token=` with the one of `badge_token_file` to the address")
            .respond_json(&uri);
    }
    let found = || {
        let name = ArtifactName::from_user(&name).ok()?;
        let stage: StageName = stage.strip_suffix(".svg")?.parse().ok()?;
        let row = app.repository(&repo)?.picture().rows.get(&name).cloned()?;
        let version = row.in_stage(&stage).map(|placed| placed.version.short());
        Some((stage, version))
    };
    let Some((stage, version)) = found() else {
        return Failure::not_found("There is no such artifact").respond_json(&uri);
    };
    let value = version.as_deref().unwrap_or("nothing");
    let wide = |text: &str| text.chars().count() * 7 + 12;
    let middle = wide(stage.as_str());
    let colour = if version.is_some() { "#1f6f43" } else { "#6b7280" };
    let badge = Badge { label: stage.as_str(), value, middle, width: middle + wide(value), colour };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "private, max-age=60"),
        // Pages elsewhere are what it is for.
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, badge.render().unwrap_or_default()).into_response()
}

/// Whether somebody may read what has a token of its own: with that token, or as one who may read everything.
pub fn may_read(app: &App, token: Option<&String>, peer: SocketAddr, uri: &Uri, headers: &HeaderMap) -> bool {
    let given = Params::of(uri.query()).get("token").map(ToOwned::to_owned);
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|text| text.strip_prefix("Bearer ")).map(ToOwned::to_owned);
    let is_it = |text: &String| token.is_some_and(|token| Secret::from(token.clone()).is(text));
    given.iter().chain(&bearer).any(is_it) || matches!(app.guard.who(headers, peer.ip()), Known::As(..))
}
