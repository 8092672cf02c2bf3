//! What a page is asked for.

use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde::Serialize;

use crate::app::App;
use crate::auth::actor::Actor;
use crate::config::settings::AuthMode;
use crate::failure::Failure;
use crate::view::params::Params;

/// What is asked for, and by whom.
pub struct Asked {
    pub app: App,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub actor: Actor,
    pub params: Params,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let uri = parts.uri.clone();
        Ok(Self {
            app: app.clone(),
            params: Params::of(uri.query()),
            headers: parts.headers.clone(),
            actor: parts.extensions.get().cloned().unwrap_or(Actor::Anybody),
            uri,
        })
    }
}

impl Asked {
    /// Whether a program asks.
    pub fn wants_json(&self) -> bool {
        crate::failure::wants_json(&self.uri, &self.headers)
    }

    /// The address of this server, as it was asked: behind a proxy that knows users, that one's.
    pub fn base(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let scheme = if self.app.settings.auth == AuthMode::Proxy { "https" } else { "http" };
        format!("{scheme}://{host}")
    }

    /// Makes an answer on a thread where it may read repositories.
    pub async fn answer(
        self,
        make: impl FnOnce(&Self) -> Result<Response, Failure> + Send + 'static,
    ) -> Response {
        let (app, uri, headers) = (self.app.clone(), self.uri.clone(), self.headers.clone());
        let made = app
            .turns
            .make(move || make(&self).unwrap_or_else(|failure| failure.respond(&self.uri, &self.headers)));
        made.await.unwrap_or_else(|_| {
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made")
                .hint("this is a bug of gto: please report the address of the page")
                .respond(&uri, &headers)
        })
    }
}

/// A page.
pub fn page(page: &impl Template) -> Result<Response, Failure> {
    let html = page.render();
    let html =
        html.map_err(|_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made"))?;
    Ok(Html(html).into_response())
}

/// A value as JSON.
pub fn json(value: &impl Serialize) -> Result<Response, Failure> {
    let text = serde_json::to_string(value);
    let text =
        text.map_err(|_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "This answer could not be made"))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
